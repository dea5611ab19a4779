"""Series of site months: cycles, shifts and means that never reach from one site into another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape.upscaling.tables import SiteMonths

FloatArray = npt.NDArray[np.float64]


def seasonal_cycle(values: FloatArray, months: SiteMonths) -> FloatArray:
    """Return, in every month, the mean of the site's same months of all years."""
    key = months.site * 12 + months.month
    return _mean_by(values, key)


def site_mean(values: FloatArray, months: SiteMonths) -> FloatArray:
    """Return, in every month, the mean of the site."""
    return _mean_by(values, months.site)


def with_cycle(values: FloatArray, months: SiteMonths) -> FloatArray:
    """Return values with gaps filled by the site's cycle, or by its mean where it has none."""
    cycle = seasonal_cycle(values, months)
    filled = np.where(np.isnan(values), cycle, values)
    return np.where(np.isnan(filled), site_mean(cycle, months), filled)


def shifted(values: FloatArray, steps: int, months: SiteMonths) -> FloatArray:
    """Return the series of which month t is month ``t + steps`` of the same site, NaN beyond."""
    out = np.full(values.shape, np.nan)
    source = np.arange(values.size) + steps
    inside = (source >= 0) & (source < values.size)
    site = months.site
    rows = np.flatnonzero(inside)
    rows = rows[site[source[rows]] == site[rows]]
    out[rows] = values[source[rows]]
    return out


def rolling(values: FloatArray, width: int, months: SiteMonths) -> FloatArray:
    """Return the mean of each month and those before it, fewer where the record starts."""
    total, count = np.zeros(values.size), np.zeros(values.size)
    for back in range(width):
        part = shifted(values, -back, months)
        total += np.nan_to_num(part)
        count += np.isfinite(part)
    return np.where(count > 0.0, total / np.maximum(count, 1.0), np.nan)


def _mean_by(values: FloatArray, key: npt.NDArray[np.int64]) -> FloatArray:
    """Return the mean of all finite values of the same key, NaN where there is none."""
    good = np.isfinite(values)
    count = np.bincount(key[good], minlength=int(key.max()) + 1)
    total = np.bincount(key[good], weights=values[good], minlength=int(key.max()) + 1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)[key]
