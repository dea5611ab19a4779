"""Triple collocation: errors of three products from each other, without a truth.

For products X_i = a_i + b_i T + e_i of one unknown truth T, with errors that are independent of it
and of each other, the covariances Q_ij give (McColl et al. 2014, doi:10.1002/2014GL061322,
section 2)::

    var(e_1) = Q_11 - Q_12 Q_13 / Q_23
    R_1^2    = Q_12 Q_13 / (Q_11 Q_23)

and so in turn. Products that share forcing or satellite data do not have independent errors: theirs
come out too small.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError

FloatArray = npt.NDArray[np.float64]

LEAST_TRIPLETS: Final = 10
"""Fewest triplets; a hundred and more are wanted for a stable answer."""


@dataclass(frozen=True, slots=True)
class TripleCollocation:
    """What three products say of each other.

    Attributes
    ----------
    error
        Standard deviation of the random error of each, in its own units; NaN where the covariances
        contradict the assumptions (a negative variance).
    correlation
        Correlation of each with the truth [1].
    gain
        Slope of each on the truth relative to the first [1].
    count
        Number of triplets.
    """

    error: tuple[float, float, float]
    correlation: tuple[float, float, float]
    gain: tuple[float, float, float]
    count: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def triple_collocation(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    third: npt.ArrayLike,
    *,
    weights: npt.ArrayLike | None = None,
) -> TripleCollocation:
    """Return errors and correlations with the truth of three products.

    Parameters
    ----------
    first, second, third
        Values at the same places and times, any common shape; triplets with a NaN are left out.
    weights
        Weight of every triplet, such as its area; equal where absent.

    Raises
    ------
    DimsError
        If shapes differ or fewer than ten triplets remain.
    """
    rows = [np.asarray(values, np.float64).ravel() for values in (first, second, third)]
    weight = np.ones(rows[0].size) if weights is None else np.asarray(weights, np.float64).ravel()
    if len({row.size for row in (*rows, weight)}) != 1:
        msg = f"triple collocation: sizes differ: {[row.size for row in (*rows, weight)]}"
        raise DimsError(msg)
    stack = np.stack(rows)
    keep = np.isfinite(stack).all(axis=0) & (weight > 0)
    if keep.sum() < LEAST_TRIPLETS:
        msg = f"triple collocation: {int(keep.sum())} triplets, wanted {LEAST_TRIPLETS} or more"
        raise DimsError(msg, got=int(keep.sum()), wanted=LEAST_TRIPLETS)
    stack, weight = stack[:, keep], weight[keep] / weight[keep].sum()
    centred = stack - (stack @ weight)[:, np.newaxis]
    return from_covariances((centred * weight) @ centred.T, int(keep.sum()))


def from_covariances(q: FloatArray, count: int) -> TripleCollocation:
    """Return the result for a 3 x 3 matrix of covariances."""
    error, correlation = [], []
    with np.errstate(invalid="ignore", divide="ignore"):
        for i in range(3):
            j, k = (i + 1) % 3, (i + 2) % 3
            signal = q[i, j] * q[i, k] / q[j, k]
            variance = q[i, i] - signal
            error.append(float(np.sqrt(variance)) if variance >= 0 else float("nan"))
            squared = signal / q[i, i]
            sound = 0.0 <= squared <= 1.0
            # The sign is that of the slope on the truth, taken as positive for the first.
            correlation.append(float(np.sqrt(squared)) if sound else float("nan"))
        gain = (1.0, float(q[1, 2] / q[0, 2]), float(q[1, 2] / q[0, 1]))
    return TripleCollocation(
        (error[0], error[1], error[2]),
        (correlation[0], correlation[1], correlation[2]),
        gain,
        count,
    )
