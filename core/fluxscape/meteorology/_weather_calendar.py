"""The days of a year at a longitude, and how monthly means spread over them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from fluxscape.meteorology.solar import days_since_epoch

Floats = NDArray[np.float64]

DAY_SECONDS = 86400.0


@dataclass(frozen=True, eq=False)
class Calendar:
    """Days of mean solar time that a UTC year touches at one longitude.

    Attributes
    ----------
    length
        Days of the UTC year.
    month
        Month of each day, 0 to 11; the day after the year counts as January.
    noon
        Days since 2000-01-01 12:00 UTC at each local noon.
    year_share
        Time of each local noon as share of the year [1].
    smooth
        Matrix (day, month) that spreads monthly means over days linearly between mid-months, with
        the mid-month values chosen so that the days' means over months are the means given
        (after Rymes and Myers 2001, doi:10.1016/S0038-092X(01)00052-4).
    linear
        Matrix (day, month) of linear interpolation between mid-months.
    month_mean
        Matrix (month, day) that takes means over months.
    utc_days
        Which of the days bear the dates of the UTC year.
    first_second
        Seconds from midnight of solar time of the first day to the beginning of the UTC year.
    """

    length: int
    month: NDArray[np.intp]
    noon: Floats
    year_share: Floats
    smooth: Floats
    linear: Floats
    month_mean: Floats
    utc_days: slice
    first_second: float


@lru_cache(maxsize=512)
def calendar(year: int, longitude_key: int) -> Calendar:
    """Return the days of a UTC year at a longitude of ``longitude_key`` hundredths of a degree."""
    offset = longitude_key / 36000.0 * DAY_SECONDS
    first_day = int(np.floor(offset / DAY_SECONDS))
    first_second = offset - first_day * DAY_SECONDS
    start = np.datetime64(f"{year:04d}-01-01", "D")
    length = int((np.datetime64(f"{year + 1:04d}-01-01", "D") - start).astype(int))
    count = length + (1 if first_second > 0 else 0)
    dates = start + first_day + np.arange(count)
    month = dates.astype("datetime64[M]").astype(int) % 12
    noon = days_since_epoch(dates.astype("datetime64[ns]")) + 0.5 - offset / DAY_SECONDS
    own = np.arange(length, dtype=np.float64)
    own_month = (start + np.arange(length)).astype("datetime64[M]").astype(int) % 12
    linear_year, own_mean = _linear(own + 0.5, own_month, length), _month_mean(own_month)
    anchors = np.linalg.inv(own_mean @ linear_year)
    position = (np.arange(count, dtype=np.float64) + 0.5 - first_second / DAY_SECONDS) % length
    linear = _linear(position, own_month, length)
    return Calendar(
        length=length,
        month=month.astype(np.intp),
        noon=noon,
        year_share=position / length,
        smooth=np.ascontiguousarray(linear @ anchors),
        linear=linear,
        month_mean=_month_mean(month),
        utc_days=slice(-first_day, length - first_day),
        first_second=float(first_second),
    )


def _linear(position: Floats, month: NDArray[np.int_], length: int) -> Floats:
    """Return the matrix that interpolates mid-month values to positions in days, round the year."""
    starts = np.searchsorted(month, np.arange(13))
    middles = 0.5 * (starts[:-1] + starts[1:])
    knots = np.concatenate([[middles[-1] - length], middles, [middles[0] + length]])
    after = np.searchsorted(knots, position, side="right")
    weight = (position - knots[after - 1]) / (knots[after] - knots[after - 1])
    matrix = np.zeros((position.size, 12))
    rows = np.arange(position.size)
    np.add.at(matrix, (rows, (after - 2) % 12), 1.0 - weight)
    np.add.at(matrix, (rows, (after - 1) % 12), weight)
    return matrix


def _month_mean(month: NDArray[np.int_]) -> Floats:
    """Return the matrix (month, day) of monthly means."""
    member = (month[None, :] == np.arange(12)[:, None]).astype(np.float64)
    return np.asarray(member / member.sum(axis=1, keepdims=True))
