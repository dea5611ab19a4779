"""A year of weather from a gridded dataset, on the step of the model, at a row of points.

Every variable becomes half-hours by :mod:`fluxscape.meteorology.series_steps`, which keeps the mean
of each of its intervals, and half-hours become means of the model's step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.dlm import Forcing
from fluxscape.errors import FileFormatError
from fluxscape.io.climatology import annual_co2
from fluxscape.io.forcing_index import ForcingIndex
from fluxscape.io.forcing_read import ForcingReader, Series
from fluxscape.meteorology.clock import check_clock
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.point_climate import PointClimate
from fluxscape.meteorology.series_steps import STEP, HalfHours, PointSeries
from fluxscape.meteorology.weather import simulate_weather_arrays

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

REACH: Final = 1.5
"""How far from a point the cell of the dataset that stands for it may lie [cells of it]."""

MOST_TRANSMITTED: Final = 1.1
"""Largest share of the irradiance outside the atmosphere that an interval of half a day or more may
hold; above it, place, time or unit are wrong."""

LONGEST_CLOCK_STEP: Final = 21600
"""Longest step of radiation that tells the hour of noon [s]."""

_VAPOUR_RATIO: Final = 0.622
_LEAST_SPEED: Final = 0.0


def wind_factor(height: float) -> float:
    """Return the wind at 10 m over that at another height of a short crop.

    u(z) ~ ln(67.8 z - 5.42), Allen et al. 1998, FAO-56, eq. 47.
    """
    return math.log(67.8 * 10.0 - 5.42) / math.log(67.8 * height - 5.42)


def nearest_cells(
    index: ForcingIndex,
    reader: ForcingReader,
    latitude: FloatArray,
    longitude: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Return row and column of the dataset's cell that stands for each point, -1 where none does.

    The nearest cell with values of every variable, within :data:`REACH` cells: points at the coast
    may lie in a cell that the dataset holds as sea.
    """
    rows, columns = np.full(latitude.size, -1), np.full(latitude.size, -1)
    step_y = float(np.abs(np.diff(index.latitude)).mean())
    step_x = float(np.abs(np.diff(index.longitude)).mean())
    centre_y = np.abs(index.latitude[None, :] - latitude[:, None]).argmin(axis=1)
    centre_x = np.abs(index.longitude[None, :] - longitude[:, None]).argmin(axis=1)
    best = np.full(latitude.size, np.inf)
    for up in (0, -1, 1):
        for right in (0, -1, 1):
            y, x = centre_y + up, centre_x + right
            there = (y >= 0) & (y < index.latitude.size) & (x >= 0) & (x < index.longitude.size)
            y, x = y.clip(0, index.latitude.size - 1), x.clip(0, index.longitude.size - 1)
            away = np.hypot(
                (index.latitude[y] - latitude) / step_y, (index.longitude[x] - longitude) / step_x
            )
            better = there & (away < np.minimum(best, REACH))
            if better.any():
                picked = np.flatnonzero(better)
                good = reader.has_values(y[picked], x[picked])
                picked = picked[good]
                best[picked] = away[picked]
                rows[picked], columns[picked] = y[picked], x[picked]
    return rows.astype(np.int64), columns.astype(np.int64)


@dataclass
class GriddedWeather:
    """Weather of an indexed dataset.

    Attributes
    ----------
    index
        Of the dataset.
    step_seconds
        Step of the model [s].
    first_year
        First year that the run keeps; earlier ones repeat it.
    """

    index: ForcingIndex
    step_seconds: int
    first_year: int
    _reader: ForcingReader = field(init=False)

    def __post_init__(self) -> None:
        self._reader = ForcingReader(self.index)

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def year(
        self, climates: Sequence[PointClimate], rows: IntArray, columns: IntArray, year: int
    ) -> Forcing:
        """Return the forcing of a calendar year (UTC), arrays of shape (point, time).

        Parameters
        ----------
        climates
            Of the points; their leaves stand in where the dataset has none.
        rows, columns
            Cells of the dataset that stand for the points, from :func:`nearest_cells`.
        year
            Which.

        Raises
        ------
        FileFormatError
            If the dataset does not cover the year, holds gaps, or its radiation does not follow
            the sun.
        UnitsError, OutOfBoundsError
            If a unit or a value is impossible.
        """
        used = max(year, self.first_year)
        begin = np.datetime64(f"{used:04d}-01-01", "s")
        end = np.datetime64(f"{used + 1:04d}-01-01", "s")
        series = {
            name: self._reader.series(name, begin, end, rows, columns)
            for name in self.index.rules.variables
        }
        self._check_sun(series, climates)
        steps = int((end - begin) / np.timedelta64(self.step_seconds, "s"))
        forcing = Forcing(*(np.empty((len(climates), steps)) for _ in Forcing._fields))
        reach = max(int(item.seconds.max(initial=0)) for item in series.values())
        for i, climate in enumerate(climates):
            grid = HalfHours(begin, end, climate.latitude, climate.longitude, max(86400, reach))
            point = {
                name: PointSeries(item.starts, item.seconds, item.values[:, i])
                for name, item in series.items()
            }
            self._fill(forcing, i, grid, point)
            if "leaf_area_index" not in point:
                forcing.leaf_area_index[i] = self._climatological_leaves(climate, used)
        forcing.carbon_dioxide[...] = annual_co2(used)
        return forcing

    def _fill(
        self, forcing: Forcing, i: int, grid: HalfHours, point: dict[str, PointSeries]
    ) -> None:
        """Fill the forcing of one point."""
        temperature = grid.temperature(point["air_temperature"], _swing(grid, point))
        fine = {
            "air_temperature": temperature,
            "shortwave_down": grid.spread(
                point["surface_downwelling_shortwave_flux"], grid.sun.irradiance
            ),
            "longwave_down": grid.longwave(point["surface_downwelling_longwave_flux"], temperature),
            "air_pressure": grid.smooth(point["air_pressure"], lower=3e4, upper=1.1e5),
            "precipitation": grid.rain(point["precipitation_flux"]),
            "wind_speed": _wind(grid, point) * wind_factor(self.index.rules.wind_height),
            "vapour_pressure": _vapour(grid, point, temperature),
            "extraterrestrial": grid.sun.irradiance,
        }
        if "leaf_area_index" in point:
            fine["leaf_area_index"] = grid.smooth(point["leaf_area_index"], lower=0.0, upper=15.0)
        factor = self.step_seconds // STEP
        for name, values in fine.items():
            getattr(forcing, name)[i] = values[grid.inside].reshape(-1, factor).mean(axis=1)
        forcing.shortwave_down[i] = np.maximum(forcing.shortwave_down[i], 0.0)
        lit = grid.sun.irradiance[grid.inside].reshape(-1, factor)
        cosine = grid.sun.cosine_zenith[grid.inside].reshape(-1, factor)
        up = (lit > 0.0).sum(axis=1)
        forcing.cosine_zenith[i] = np.where(up > 0, cosine.sum(axis=1) / np.maximum(up, 1), 0.0)

    def _climatological_leaves(self, climate: PointClimate, year: int) -> FloatArray:
        """Return the leaf area of the embedded climatology [1], the same in every year."""
        leaves = simulate_weather_arrays(
            climate, year, seed=0, step_seconds=3600, stability=False
        ).leaf_area_index
        return _regular(leaves, 3600, self.step_seconds)

    def _check_sun(self, series: dict[str, Series], climates: Sequence[PointClimate]) -> None:
        """Raise FileFormatError unless radiation follows the sun at the first point."""
        name = "surface_downwelling_shortwave_flux"
        item, climate = series[name], climates[0]
        step = int(item.seconds[0])
        where = f"{self.index.rules.title}: {self.index.rules.variables[name].source}"
        if step <= LONGEST_CLOCK_STEP:
            check_clock(
                item.starts.astype("datetime64[ns]"),
                step,
                item.values[:, 0],
                latitude=climate.latitude,
                longitude=climate.longitude,
                where=where,
            )
            return
        first, last = item.starts[0], item.starts[-1] + np.timedelta64(int(item.seconds[-1]), "s")
        grid = HalfHours(first, last, climate.latitude, climate.longitude, 0)
        means = np.add.reduceat(
            grid.sun.irradiance, np.concatenate([[0], np.cumsum(item.seconds // STEP)[:-1]])
        ) / (item.seconds // STEP)
        beyond = item.values[:, 0] > MOST_TRANSMITTED * means
        if beyond.any():
            i = int(np.argmax(beyond))
            msg = (
                f"{where} = {item.values[i, 0]:.1f} W m-2 at {item.starts[i]}, "
                f"{climate.latitude:.2f} N {climate.longitude:.2f} E, where the sun outside the "
                f"atmosphere gives {means[i]:.1f}: are place, time or unit others?"
            )
            raise FileFormatError(msg, variable=name)


def _regular(values: FloatArray, step: int, wanted: int) -> FloatArray:
    """Return a series of one step on another that is a multiple or a part of it."""
    if wanted < step:
        return np.repeat(values, step // wanted)
    return np.asarray(values.reshape(-1, wanted // step).mean(axis=1))


def _swing(grid: HalfHours, point: dict[str, PointSeries]) -> PointSeries | None:
    """Return the diurnal range of temperature where steps are too long to hold it."""
    mean = point["air_temperature"]
    if mean.instant or mean.seconds[0] < 43200:
        return None
    highest = point.get("daily_maximum_air_temperature")
    lowest = point.get("daily_minimum_air_temperature")
    if highest is not None and lowest is not None:
        swing = np.maximum(highest.values - lowest.values, 0.0)
        return PointSeries(highest.starts, highest.seconds, swing)
    return grid.clearness_range(point["surface_downwelling_shortwave_flux"])


def _wind(grid: HalfHours, point: dict[str, PointSeries]) -> FloatArray:
    """Return wind speed [m s-1] at the height of the dataset."""
    if "wind_speed" in point:
        return grid.smooth(point["wind_speed"], lower=_LEAST_SPEED, upper=75.0)
    east, north = point["eastward_wind"], point["northward_wind"]
    speed = PointSeries(east.starts, east.seconds, np.hypot(east.values, north.values))
    return grid.smooth(speed, lower=_LEAST_SPEED, upper=75.0)


def _vapour(grid: HalfHours, point: dict[str, PointSeries], temperature: FloatArray) -> FloatArray:
    """Return vapour pressure [Pa] from whatever the dataset tells of humidity.

    e = q p / (0.622 + 0.378 q) for specific humidity q, e_s(T_d) for the dew point.
    """
    air, pressure = point["air_temperature"], point["air_pressure"]
    for name in ("vapour_pressure", "specific_humidity", "dew_point_temperature"):
        if name not in point:
            continue
        item = point[name]
        if name == "vapour_pressure":
            values = item.values
        elif name == "specific_humidity":
            there = _at(pressure, item)
            values = item.values * there / (_VAPOUR_RATIO + (1.0 - _VAPOUR_RATIO) * item.values)
        else:
            values = saturation_vapour_pressure(item.values)
        return grid.vapour(PointSeries(item.starts, item.seconds, values), temperature)
    if "relative_humidity" in point:
        item = point["relative_humidity"]
        values = np.minimum(item.values, 1.0) * saturation_vapour_pressure(_at(air, item))
    else:
        item = point["vapour_pressure_deficit"]
        values = np.maximum(saturation_vapour_pressure(_at(air, item)) - item.values, 0.0)
    return grid.vapour(PointSeries(item.starts, item.seconds, values), temperature)


def _at(values: PointSeries, other: PointSeries) -> FloatArray:
    """Return a series at the middles of another's intervals."""
    mine = values.starts + values.seconds.astype("timedelta64[s]") // 2
    theirs = other.starts + other.seconds.astype("timedelta64[s]") // 2
    origin = mine[0]
    second = np.timedelta64(1, "s")
    there, here = (theirs - origin) / second, (mine - origin) / second
    return np.asarray(np.interp(there, here, values.values))
