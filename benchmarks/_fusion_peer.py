"""The algorithm of starfm4py as a plain loop, for comparison.

starfm4py (github.com/nmileva/starfm4py) is on no package index. What it computes is written down
here anew from its published formulae: for each pixel the window is cut out and weighed with NumPy.
Only the border differs: starfm4py pads the images with zeros, which then count as pixels; here the
window is cut off.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def starfm4py_loop(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    *,
    window: int,
    distance_scale: float,
    classes: float,
    spectral_limit: float,
    temporal_limit: float = math.inf,
    rows: range | None = None,
) -> Floats:
    """Return the prediction of some rows, all by default; images (y, x) in digital numbers."""
    half = window // 2
    chosen = range(fine.shape[0]) if rows is None else rows
    out = np.empty((len(chosen), fine.shape[1]))
    spectral, temporal = np.abs(fine - coarse), np.abs(wanted - coarse)
    moved = fine + wanted - coarse
    offsets = np.arange(-half, half + 1)
    distance = 1.0 + np.hypot(offsets[:, np.newaxis], offsets) / distance_scale
    for row in chosen:
        above, below = max(0, row - half), min(fine.shape[0], row + half + 1)
        for column in range(fine.shape[1]):
            left, right = max(0, column - half), min(fine.shape[1], column + half + 1)
            own = (row, column)
            if spectral[own] == 0.0 or temporal[own] == 0.0:
                out[row - chosen[0], column] = moved[own]
                continue
            part = (slice(above, below), slice(left, right))
            f, s, t = fine[part], spectral[part], temporal[part]
            d = distance[above - row + half : below - row + half,
                         left - column + half : right - column + half]  # fmt: skip
            similar = np.abs(f - fine[own]) <= 2.0 * f.std() / classes
            similar &= s < spectral[own] + spectral_limit
            similar &= t < temporal[own] + temporal_limit
            weights = np.where(similar, 1.0 / ((s + 1.0) * (t + 1.0) * d), 0.0)
            out[row - chosen[0], column] = (weights * moved[part]).sum() / weights.sum()
    return out
