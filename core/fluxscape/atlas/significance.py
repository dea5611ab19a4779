"""Field significance: how many of many tests may be believed at once.

Of 15 000 pixels without a trend a test at 5 % calls 750 significant. Controlling the false
discovery rate bounds the expected share of false ones among those called significant instead. The
threshold depends on the domain: state it and its number of tests beside every map.

References
----------
Benjamini and Hochberg 1995, doi:10.1111/j.2517-6161.1995.tb02031.x; Wilks 2016,
doi:10.1175/BAMS-D-15-00267.1 (fields whose pixels are correlated).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import OutOfBoundsError

FloatArray = npt.NDArray[np.float64]

CORRELATED: Final = 2.0
"""Factor on the control level where neighbours are strongly correlated: the achieved global level
is then about half the nominal one (Wilks 2016)."""


@dataclass(frozen=True)
class FieldSignificance:
    """Outcome for a field of p-values.

    Attributes
    ----------
    significant
        Which tests are significant, shape of the field; False where there is no p-value.
    threshold
        Largest p-value that counts; 0 where none does.
    level
        Rate that was controlled, after :data:`CORRELATED`.
    tests
        Number of p-values.
    plain
        How many would count at ``alpha`` each for itself.
    """

    significant: npt.NDArray[np.bool_]
    threshold: float
    level: float
    tests: int
    plain: int

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers that belong beside a map."""
        return {
            "threshold": self.threshold,
            "false_discovery_rate": self.level,
            "tests": self.tests,
            "significant": int(self.significant.sum()),
            "significant_each_for_itself": self.plain,
        }


def field_significance(
    p_values: FloatArray, *, alpha: float = 0.05, correlated: bool = False
) -> FieldSignificance:
    """Return which tests of a field are significant with the false discovery rate controlled.

    With the p-values in order, p(1) <= ... <= p(N), the threshold is the largest p(i) with
    p(i) <= (i / N) level (Benjamini and Hochberg 1995, eq. 1).

    Parameters
    ----------
    p_values
        Any shape; NaN where there is no test.
    alpha
        Level, above 0 and below 0.5.
    correlated
        Whether neighbouring tests are strongly correlated, which doubles the level (Wilks 2016).
        Maps of simulated weather that is independent in every cell are not.

    Raises
    ------
    OutOfBoundsError
        If the level or a p-value cannot be one.
    """
    if not 0.0 < alpha < 0.5:
        msg = f"alpha must lie between 0 and 0.5, got {alpha}"
        raise OutOfBoundsError(msg, got=alpha)
    known = np.isfinite(p_values)
    values = p_values[known]
    if values.size and (values.min() < 0.0 or values.max() > 1.0):
        msg = f"p-values must lie between 0 and 1, got {values.min():g} to {values.max():g}"
        raise OutOfBoundsError(msg)
    level = alpha * (CORRELATED if correlated else 1.0)
    ordered = np.sort(values)
    below = ordered <= np.arange(1, ordered.size + 1) / max(ordered.size, 1) * level
    threshold = float(ordered[np.flatnonzero(below)[-1]]) if below.any() else 0.0
    significant = np.zeros(p_values.shape, bool)
    if below.any():
        significant[known] = values <= threshold
    return FieldSignificance(
        significant, threshold, level, int(values.size), int((values <= alpha).sum())
    )
