"""Half-hours from series of any step, each with intervals of its own: for gridded forcing.

The variables of a gridded dataset may be means, sums or moments, of three hours or eight days, and
their intervals need not agree. Here each becomes half-hours at one point. The mean of the
half-hours of an interval is the interval's value: exactly for temperature, radiation, rain, wind
and pressure, within what saturation allows for humidity. How the weather runs inside an interval is
assumed, as in :mod:`fluxscape.meteorology.refinement`, whose rules these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.constants import STEFAN_BOLTZMANN
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.interval_means import course_of_means, interval_means, spread_means
from fluxscape.meteorology.monthly import RAIN_OF_A_WET_DAY
from fluxscape.meteorology.refinement import RAIN_HOURS, WARMEST_HOUR, range_of_clearness
from fluxscape.meteorology.solar import sun_over_steps

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TimeArray = npt.NDArray[np.datetime64]

STEP: Final = 1800
"""Length of the fine steps [s]."""

METHODS: Final = {
    "air_temperature": "straight lines through moments or means; from half a day on a cosine with "
    f"its top at {WARMEST_HOUR} h solar time, of the range of the dataset's extremes, else of the "
    "clearness (Bristow and Campbell 1984, doi:10.1016/0168-1923(84)90017-0)",
    "surface_downwelling_shortwave_flux": "clearness of the interval times the sun over the step",
    "surface_downwelling_longwave_flux": "emissivity constant within the interval",
    "precipitation_flux": "even within intervals of hours; that of half a day and longer between "
    f"{RAIN_HOURS[0]:g} and {RAIN_HOURS[1]:g} h solar time, that of several days on as many of "
    f"them, evenly spaced, as {RAIN_OF_A_WET_DAY:g} mm a day make",
    "vapour_pressure": "straight lines through moments or means, at most saturation; what that "
    "cuts is put into the unsaturated steps of the interval",
    "others": "straight lines through moments or means",
}
"""How the weather runs inside an interval; every mean is kept."""

_HALF_DAY: Final = 43200
_DAY: Final = 86400


@dataclass(frozen=True)
class PointSeries:
    """One variable at one point.

    Attributes
    ----------
    starts
        Starts of intervals, or moments, UTC, shape (time,).
    seconds
        Lengths of intervals [s], 0 for moments, shape (time,).
    values
        Means or values, shape (time,).
    """

    starts: TimeArray
    seconds: IntArray
    values: FloatArray

    @property
    def instant(self) -> bool:
        """Whether values are of moments."""
        return bool(self.seconds[0] == 0)


class HalfHours:
    """The half-hours of a period at a point, and series brought to them.

    Parameters
    ----------
    begin, end
        Period, UTC, whole half-hours.
    latitude, longitude
        Of the point [degrees north, east].
    margin
        How far intervals reach beyond the period [s].
    """

    def __init__(
        self,
        begin: np.datetime64,
        end: np.datetime64,
        latitude: float,
        longitude: float,
        margin: int = _DAY,
    ) -> None:
        step, beyond = np.timedelta64(STEP, "s"), np.timedelta64(margin, "s")
        self.first = begin.astype("datetime64[s]") - beyond
        self.times: TimeArray = np.arange(self.first, end.astype("datetime64[s]") + beyond, step)
        skipped = margin // STEP
        self.inside = slice(skipped, self.times.size - skipped)
        self.sun = sun_over_steps(self.times.astype("datetime64[ns]"), STEP, latitude, longitude)
        middle = self.times + step // 2
        hours = (middle - middle.astype("datetime64[D]")) / np.timedelta64(3600, "s")
        self.solar_hour: FloatArray = (hours + longitude / 15.0) % 24.0

    def intervals(self, series: PointSeries) -> tuple[slice[int, int, None], IntArray]:
        """Return the half-hours that a series covers and the interval of each."""
        low = int((series.starts[0] - self.first) / np.timedelta64(STEP, "s"))
        lengths = series.seconds // STEP
        interval = np.repeat(np.arange(lengths.size), lengths)
        start, stop = max(low, 0), min(low + interval.size, self.times.size)
        return slice(start, stop), interval[start - low : stop - low]

    def smooth(
        self, series: PointSeries, *, lower: float = -np.inf, upper: float = np.inf
    ) -> FloatArray:
        """Return straight lines through moments, or through means so that these come out."""
        if series.instant:
            stamps = (series.starts - self.first) / np.timedelta64(STEP, "s")
            course = np.interp(np.arange(self.times.size) + 0.5, stamps, series.values)
            return np.asarray(np.clip(course, lower, upper))
        part, interval = self.intervals(series)
        used = slice(int(interval[0]), int(interval[-1]) + 1)
        course = course_of_means(
            series.values[used], interval - interval[0], lower=lower, upper=upper
        )
        return self._placed(part, course)

    def spread(self, series: PointSeries, shape: FloatArray) -> FloatArray:
        """Return means with the course of ``shape`` inside each interval."""
        part, interval = self.intervals(series)
        return self._placed(part, spread_means(series.values, shape[part], interval))

    def temperature(self, mean: PointSeries, swing: PointSeries | None) -> FloatArray:
        """Return air temperature [K]; ``swing`` is the diurnal range of each interval [K]."""
        course = self.smooth(mean, lower=170.0, upper=340.0)
        if mean.instant or swing is None or mean.seconds[0] < _HALF_DAY:
            return course
        part, interval = self.intervals(swing)
        wave = np.cos(2.0 * np.pi * (self.solar_hour[part] - WARMEST_HOUR) / 24.0)
        wave -= interval_means(wave, interval, swing.values.size)[interval]
        course[part] += 0.5 * swing.values[interval] * wave
        return course

    def clearness_range(self, radiation: PointSeries) -> PointSeries:
        """Return the diurnal range that radiation tells [K]; 10 K where the sun stays low."""
        part, interval = self.intervals(radiation)
        outside = interval_means(self.sun.irradiance[part], interval, radiation.values.size)
        with np.errstate(invalid="ignore", divide="ignore"):
            swing = range_of_clearness(radiation.values / outside)
        swing = np.where(np.isfinite(swing) & (outside > 20.0), swing, 10.0)
        return PointSeries(radiation.starts, radiation.seconds, swing)

    def longwave(self, series: PointSeries, temperature: FloatArray) -> FloatArray:
        """Return incoming longwave radiation [W m-2]."""
        if series.instant:
            return self.smooth(series)
        return self.spread(series, STEFAN_BOLTZMANN * temperature**4)

    def rain(self, series: PointSeries) -> FloatArray:
        """Return precipitation [kg m-2 s-1]."""
        if series.instant:
            return self.smooth(series, lower=0.0)
        if series.seconds[0] < _HALF_DAY:
            return self.spread(series, np.ones(self.times.size))
        first, last = RAIN_HOURS
        shape = ((self.solar_hour >= first) & (self.solar_hour < last)).astype(np.float64)
        if series.seconds.max() > _DAY:
            shape *= self._wet(series)
        return self.spread(series, shape)

    def vapour(self, series: PointSeries, temperature: FloatArray) -> FloatArray:
        """Return vapour pressure [Pa] of at most saturation."""
        course = self.smooth(series, lower=0.0)
        saturated = saturation_vapour_pressure(temperature)
        held = np.minimum(course, saturated)
        if series.instant:
            return np.asarray(held)
        part, interval = self.intervals(series)
        count = series.values.size
        room = (saturated - held)[part]
        lost = interval_means((course - held)[part], interval, count)
        free = interval_means(room, interval, count)
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(free > 0.0, np.minimum(lost / free, 1.0), 0.0)
        held[part] += room * share[interval]
        return np.asarray(held)

    def _wet(self, series: PointSeries) -> FloatArray:
        """Return 1 in the days of an interval of several days on which rain falls, else 0."""
        part, interval = self.intervals(series)
        days = series.seconds // _DAY
        amount = series.values * series.seconds
        with np.errstate(invalid="ignore"):
            wet = np.clip(np.round(np.nan_to_num(amount) / RAIN_OF_A_WET_DAY), 1, days)
        into = (self.times[part] - series.starts[interval]) / np.timedelta64(_DAY, "s")
        day = np.floor(into).astype(np.int64)
        chosen = np.floor((day + 1) * wet[interval] / days[interval]) > np.floor(
            day * wet[interval] / days[interval]
        )
        return self._placed(part, chosen.astype(np.float64))

    def _placed(self, part: slice[int, int, None], values: FloatArray) -> FloatArray:
        """Return values over all half-hours, those beyond the series as at its ends."""
        out = np.empty(self.times.size)
        out[part] = values
        out[: part.start], out[part.stop :] = values[0], values[-1]
        return out
