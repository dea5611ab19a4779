"""How much each feature matters to a fitted model: the error when it is shuffled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

_MOST_ROWS: Final = 2000


def permutation_importance(
    predict: Callable[[FloatArray], FloatArray], x: FloatArray, y: FloatArray, *, seed: int = 0
) -> FloatArray:
    """Return the share of each feature in the error that shuffling adds, shape (feature,).

    Breiman (2001), doi:10.1023/A:1010933404324, section 10, on up to 2,000 rows. None is negative;
    where shuffling never hurts, all features share alike.

    Parameters
    ----------
    predict
        Function of features, shape (row, feature).
    x, y
        Features and target.
    seed
        Of the shuffles.
    """
    rng = np.random.default_rng(seed)
    if y.size > _MOST_ROWS:
        rows = rng.choice(y.size, _MOST_ROWS, replace=False)
        x, y = x[rows], y[rows]
    base = float(np.mean((predict(x) - y) ** 2))
    gain = np.zeros(x.shape[1])
    for j in range(x.shape[1]):
        shuffled = x.copy()
        shuffled[:, j] = rng.permutation(x[:, j])
        gain[j] = float(np.mean((predict(shuffled) - y) ** 2)) - base
    gain = np.maximum(gain, 0.0)
    total = float(gain.sum())
    return gain / total if total > 0.0 else np.full(gain.size, 1.0 / gain.size)
