"""Seasons of leaf area where no series is given."""

from __future__ import annotations

from typing import Final

import numpy as np

from fluxscape.constants import ZERO_CELSIUS
from fluxscape.meteorology.clock import TimeArray
from fluxscape.meteorology.gaps import FloatArray

MEMORY_DAYS: Final = 21
"""Days over which the index is averaged (Jolly et al. 2005)."""


def seasonal_leaf_area(
    times: TimeArray,
    step_seconds: int,
    air_temperature: FloatArray,
    latitude: float,
    minimum_share: float,
) -> FloatArray:
    """Return leaf area over its maximum, between ``minimum_share`` and 1, shape (time,).

    Growing season index: ramps of daily minimum temperature (-2 to 5 degrees C) and day length (10
    to 11 h), multiplied and averaged over the 21 days before (Jolly et al. 2005,
    doi:10.1111/j.1365-2486.2005.00930.x, eq. 1-4). Its vapour term is left out: soil water stress
    stands for drought.
    """
    steps_per_day = round(86400 / step_seconds)
    days = -(-times.size // steps_per_day)
    padded = np.full(days * steps_per_day, np.nan)
    padded[: times.size] = air_temperature
    padded[times.size :] = air_temperature[-1]
    coldest = padded.reshape(days, steps_per_day).min(axis=1) - ZERO_CELSIUS
    start = times[0].astype("datetime64[D]") + np.arange(days)
    day_of_year = (start - start.astype("datetime64[Y]")).astype(np.float64)
    warm = np.clip((coldest + 2.0) / 7.0, 0.0, 1.0)
    light = np.clip(day_length(day_of_year, latitude) - 10.0, 0.0, 1.0)
    index = warm * light
    head = np.full(MEMORY_DAYS - 1, index[:MEMORY_DAYS].mean())
    mean = np.convolve(
        np.concatenate((head, index)), np.full(MEMORY_DAYS, 1.0 / MEMORY_DAYS), "valid"
    )
    share = minimum_share + (1.0 - minimum_share) * np.clip(mean, 0.0, 1.0)
    middle = (np.arange(days) + 0.5) * steps_per_day
    return np.asarray(np.interp(np.arange(times.size), middle, share))


def day_length(day_of_year: FloatArray, latitude: float) -> FloatArray:
    """Return hours of daylight (Allen et al. 1998, FAO-56, eq. 24, 25 and 34)."""
    declination = 0.409 * np.sin(2.0 * np.pi * (day_of_year + 1.0) / 365.0 - 1.39)
    cosine = -np.tan(np.deg2rad(np.clip(latitude, -89.9, 89.9))) * np.tan(declination)
    return np.asarray(24.0 / np.pi * np.arccos(np.clip(cosine, -1.0, 1.0)))
