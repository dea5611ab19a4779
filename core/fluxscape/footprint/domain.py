"""A grid that fits the plumes: cells small against the nearest peaks, reach beyond the nights'."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaln

from fluxscape.footprint import _kernels
from fluxscape.footprint.plume import DRAXLER, ROOT_LINEAR

Floats = NDArray[np.float64]

CELLS_TO_PEAK: Final = 5.0
"""Cells between tower and peak."""

NEAR_QUANTILE: Final = 0.1
"""Records whose peak is nearer than that of this quantile may be seen coarsely."""

FAR_QUANTILE: Final = 0.95
FAR_SHARE: Final = 0.8
"""The grid reaches the distance of 80 % of the flux in 95 % of the stable (nightly) records."""

FINEST: Final = 0.5
COARSEST: Final = 50.0
"""Bounds of the automatic resolution [m]."""

MOST_CELLS: Final = 2001
"""Cells along one side of an automatic grid."""


def fitting_resolution(table: Floats, kind: int) -> float:
    """Return a round cell size [m]: a fifth of the near peaks and no more than their spread."""
    peak = peak_distances(table)
    cell = np.minimum(peak / CELLS_TO_PEAK, spreads(table, kind, peak))
    wanted = float(np.clip(np.quantile(cell, NEAR_QUANTILE), FINEST, COARSEST))
    decade = 10.0 ** math.floor(math.log10(wanted))
    return max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= wanted * (1 + 1e-9))


def fitting_extent(table: Floats, stable: NDArray[np.bool_], resolution: float) -> float:
    """Return a half-width [m] that holds most of the nights, within the cells allowed."""
    far = share_distances(table[stable] if stable.any() else table, FAR_SHARE)
    wanted = float(np.quantile(far, FAR_QUANTILE))
    limit = resolution * (MOST_CELLS - 1) / 2.0
    if not wanted < limit:
        return limit
    return math.ceil(wanted / (10.0 * resolution)) * 10.0 * resolution


def peak_distances(table: Floats) -> Floats:
    """Return the crosswind-integrated peak distance [m] of every plume: d + c / p."""
    peak = table[:, _kernels.SHIFT] + table[:, _kernels.DECAY] / table[:, _kernels.EXPONENT]
    return np.asarray(peak)


def share_distances(table: Floats, share: float) -> Floats:
    """Return the distance [m] within which an absolute share of each plume's flux arises."""
    p, c = table[:, _kernels.EXPONENT], table[:, _kernels.DECAY]
    total = np.exp(table[:, _kernels.LOG_AMPLITUDE] + (1.0 - p) * np.log(c) + gammaln(p - 1.0))
    with np.errstate(divide="ignore"):
        far = table[:, _kernels.SHIFT] + c / gammainccinv(p - 1.0, np.minimum(share / total, 1.0))
    return np.asarray(far)


def spreads(table: Floats, kind: int, distance: Floats) -> Floats:
    """Return sigma_y [m] of every plume at its distance [m]."""
    power = distance ** table[:, _kernels.SPREAD_EXPONENT]
    sigma = table[:, _kernels.SPREAD_SCALE] * power
    if kind == ROOT_LINEAR:
        sigma = sigma / np.sqrt(1.0 + table[:, _kernels.SATURATION] * distance)
    elif kind == DRAXLER:
        sigma = sigma / (1.0 + np.sqrt(table[:, _kernels.SATURATION] * power))
    return np.asarray(sigma)
