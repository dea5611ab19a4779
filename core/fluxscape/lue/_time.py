"""Steps of any length: their lengths, means over a day, the sun over them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import minimum_filter1d

from fluxscape.errors import DimsError
from fluxscape.meteorology.solar import sun_over_steps

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

DAY: Final = 86400
"""Seconds of a day."""

_LONGEST_STEP: Final = 366 * DAY
_SECOND: Final = np.timedelta64(1, "s")


class SunOverTime(NamedTuple):
    """Means over steps, each of shape (pixel, time).

    Attributes
    ----------
    irradiance
        Of a horizontal plane outside the atmosphere [W m-2], mean of the whole step.
    cosine_zenith
        Mean while the sun is up, weighted by irradiance [1].
    """

    irradiance: FloatArray
    cosine_zenith: FloatArray


def step_lengths(times: TimeArray, stated: int | None, where: str) -> FloatArray:
    """Return the length of each step [s]; the last lasts as long as the one before it.

    Raises
    ------
    DimsError
        If times do not increase, or one time alone has no stated length, or steps shorter than a
        day differ.
    """
    if times.size == 0 or np.isnat(times).any():
        msg = f"{where}: the time axis is empty or has gaps (NaT)"
        raise DimsError(msg)
    steps = np.diff(times) / _SECOND
    if times.size == 1:
        if stated is None:
            msg = f"{where}: one time alone needs the attribute time_step_seconds"
            raise DimsError(msg)
        steps = np.array([float(stated)])
    else:
        steps = np.append(steps, steps[-1])
    if steps.min() <= 0.0 or steps.max() > _LONGEST_STEP:
        msg = (
            f"{where}: steps must be longer than 0 s and at most a year, got {steps.min():g} to "
            f"{steps.max():g} s"
        )
        raise DimsError(msg)
    if steps.min() < DAY and not np.all(steps == steps[0]):
        msg = (
            f"{where}: steps shorter than a day must be even, got {steps.min():g} to "
            f"{steps.max():g} s; fill left-out times with NaN"
        )
        raise DimsError(msg)
    return np.asarray(steps, np.float64)


def over_a_day(values: FloatArray, step_seconds: int, *, lowest: bool = False) -> FloatArray:
    """Return the mean or the lowest of what is known in the 24 h around each step.

    Parameters
    ----------
    values
        Shape (pixel, time).
    step_seconds
        Length of a step [s], a part of a day.
    lowest
        Whether the minimum is wanted.
    """
    width = max(round(DAY / step_seconds), 1)
    known = np.isfinite(values)
    if lowest:
        low = minimum_filter1d(np.where(known, values, np.inf), width, axis=1, mode="nearest")
        return np.where(np.isfinite(low), low, np.nan)
    # The window of minimum_filter1d: width // 2 steps before, the rest from the step on.
    before = width // 2
    sums = np.cumsum(np.pad(np.where(known, values, 0.0), ((0, 0), (before + 1, width))), axis=1)
    counts = np.cumsum(np.pad(known, ((0, 0), (before + 1, width))), axis=1)
    size = values.shape[1]
    total = sums[:, width : width + size] - sums[:, :size]
    count = counts[:, width : width + size] - counts[:, :size]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count > 0, total / count, np.nan)


def interpolated(values: FloatArray, times: TimeArray, longest_days: float) -> FloatArray:
    """Return rows whose gaps of up to ``longest_days`` between known values are interpolated.

    Before the first and after the last known value nothing is added.
    """
    days = (times - times[0]) / np.timedelta64(1, "D")
    out = values.copy()
    for row in out:
        known = np.flatnonzero(np.isfinite(row))
        if known.size < 2 or known.size == row.size:
            continue
        gaps = np.flatnonzero(~np.isfinite(row))
        after = np.searchsorted(known, gaps)
        inside = (after > 0) & (after < known.size)
        gaps, after = gaps[inside], after[inside]
        short = days[known[after]] - days[known[after - 1]] <= longest_days
        row[gaps[short]] = np.interp(days[gaps[short]], days[known], row[known])
    return out


def sun_of_steps(
    times: TimeArray, lengths: FloatArray, latitude: FloatArray, longitude: FloatArray
) -> SunOverTime:
    """Return the sun over steps at pixels, days of longer steps averaged.

    Parameters
    ----------
    times, lengths
        Starts (UTC) and lengths [s] of the steps, shape (time,).
    latitude, longitude
        [degrees north, east], shape (pixel,).
    """
    days = np.maximum(np.rint(lengths / DAY), 1.0).astype(np.int64)
    length = float(min(lengths[0], DAY))
    first = np.concatenate(([0], np.cumsum(days)[:-1]))
    within = np.arange(days.sum()) - np.repeat(first, days)
    starts = np.repeat(times, days) + within * np.timedelta64(DAY, "s")
    irradiance = np.empty((latitude.size, times.size))
    cosine = np.empty_like(irradiance)
    for i, (north, east) in enumerate(zip(latitude, longitude, strict=True)):
        sun = sun_over_steps(starts, length, float(north), float(east))
        total = np.add.reduceat(sun.irradiance, first)
        irradiance[i] = total / days
        weighted = np.add.reduceat(sun.irradiance * sun.cosine_zenith, first)
        cosine[i] = np.divide(weighted, total, out=np.zeros(times.size), where=total > 0.0)
    return SunOverTime(irradiance, cosine)
