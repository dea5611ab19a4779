"""Weather of three hours to a day as weather of half-hours, every mean kept.

What the coarse series tells is kept exactly: the mean of the fine steps of an interval is the
interval's value (for the vapour pressure deficit within what saturation allows). What it does not
tell is assumed, and named in ``refinement``: the sun's course makes that of radiation, a day
without its extremes gets a diurnal range from its clearness, rain of a day falls in the afternoon.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.constants import PAR_FRACTION, PAR_PHOTONS_PER_JOULE, STEFAN_BOLTZMANN
from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.interval_means import (
    SMOOTH,
    course_of_means,
    interval_means,
    spread_means,
)
from fluxscape.meteorology.solar import sun_over_steps
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TimeArray = npt.NDArray[np.datetime64]

DAY: Final = 86400
COARSE_STEPS: Final = (7200, 10800, 14400, 21600, 43200, DAY)
"""Steps that :func:`refine_forcing` takes [s]."""

RAIN_HOURS: Final = (14.0, 20.0)
"""Local solar hours over which the rain of half a day or a day is spread; assumed."""

WARMEST_HOUR: Final = 14.5
"""Local solar time of the highest temperature [h]; assumed."""

_RANGE_FACTOR: Final = 0.036 * math.exp(-0.154 * 10.0)

_SHORTWAVE: Final = "surface_downwelling_shortwave_flux"
_PHOTONS: Final = "photosynthetic_photon_flux_density"
_LONGWAVE: Final = "surface_downwelling_longwave_flux"
_TEMPERATURE: Final = "air_temperature"
_DEFICIT: Final = "vapour_pressure_deficit"
_HUMIDITY: Final = "relative_humidity"
_RAIN: Final = "precipitation_flux"

_TAKEN: Final = (
    _TEMPERATURE,
    _SHORTWAVE,
    _PHOTONS,
    _LONGWAVE,
    _DEFICIT,
    _HUMIDITY,
    _RAIN,
    *SMOOTH,
)


def refine_forcing(
    dataset: xr.Dataset,
    *,
    latitude: float,
    longitude: float,
    step_seconds: int = 1800,
    where: str = "forcing",
) -> xr.Dataset:
    """Return weather on fine steps whose means are those of a coarse dataset.

    Parameters
    ----------
    dataset
        Weather over ``time`` (start of step, evenly spaced) with steps of :data:`COARSE_STEPS`.
        Days may be days of the local calendar (``time_reference`` says so): they are then taken to
        begin at midnight of the local standard time, ``utc_offset_hours`` or the longitude's.
    latitude, longitude
        Of the point [degrees north, east].
    step_seconds
        Wanted step [s], a part of an hour.
    where
        What the dataset is, for messages.

    Returns
    -------
    xarray.Dataset
        The variables over the fine ``time``, UTC, start of step; flags ``<name>_quality`` are 3,
        a model's value. Attributes ``refined_from_step_seconds`` and, as JSON, ``refinement``.

    Raises
    ------
    DimsError, UnitsError, MissingVariableError, OutOfBoundsError
        If the dataset is not what is wanted.

    References
    ----------
    Bristow and Campbell 1984, doi:10.1016/0168-1923(84)90017-0 (range of a day); Sheng and
    Zwiers 1998, doi:10.1007/s003820050258 (means).
    """
    needs = [Need(name, required=name == _TEMPERATURE) for name in _TAKEN]
    data = check_dataset(dataset, needs, where=where)
    grid = _Grid(data, latitude, longitude, step_seconds, where)
    temperature, how = _temperature(grid, data)
    fine: dict[str, FloatArray] = {_TEMPERATURE: temperature}
    methods = {_TEMPERATURE: how}
    for name in (_SHORTWAVE, _PHOTONS):
        if name in data:
            fine[name] = _sunlight(grid, data[name].to_numpy())
            methods[name] = "clearness of the interval times the sun over the step"
    deficit = _deficit(grid, data, temperature)
    if deficit is not None:
        fine[_DEFICIT] = deficit
        methods[_DEFICIT] = "vapour pressure constant within the interval"
    if _LONGWAVE in data:
        emitted = STEFAN_BOLTZMANN * temperature**4
        fine[_LONGWAVE] = grid.spread(data[_LONGWAVE].to_numpy(), emitted)
        methods[_LONGWAVE] = "emissivity constant within the interval"
    if _RAIN in data:
        fine[_RAIN], methods[_RAIN] = _rain(grid, data[_RAIN].to_numpy())
    for name in SMOOTH:
        if name in data:
            row = VARIABLES[name]
            values = data[name].to_numpy()
            fine[name] = course_of_means(values, grid.interval, lower=row.lower, upper=row.upper)
            methods[name] = "straight lines through the means"
    return _labelled(dataset, grid, fine, methods)


class _Grid:
    """Coarse intervals, fine steps, and the sun over both."""

    def __init__(
        self, data: xr.Dataset, latitude: float, longitude: float, step: int, where: str
    ) -> None:
        times = data["time"].to_numpy().astype("datetime64[ns]")
        self.coarse = _even_step(times, where)
        if step <= 0 or 3600 % step:
            msg = f"step_seconds must be a part of an hour, got {step}"
            raise OutOfBoundsError(msg, got=step)
        self.step = step
        self.longitude = longitude
        self.starts = times - np.timedelta64(round(_offset(data, longitude) * 3600), "s")
        self.factor = self.coarse // step
        inside = np.arange(self.factor) * np.timedelta64(step, "s")
        self.times: TimeArray = (self.starts[:, np.newaxis] + inside).ravel().astype(times.dtype)
        self.interval = np.repeat(np.arange(times.size), self.factor)
        self.sun = sun_over_steps(self.times, step, latitude, longitude).irradiance

    def means(self, fine: FloatArray) -> FloatArray:
        """Return the mean of each interval."""
        return interval_means(fine, self.interval, self.starts.size)

    def spread(self, coarse: FloatArray, shape: FloatArray) -> FloatArray:
        """Return ``coarse`` with the course of ``shape`` in each interval; even where it is 0."""
        return spread_means(coarse, shape, self.interval)

    def solar_hour(self) -> FloatArray:
        """Return the local mean solar time of the middle of each step [h]."""
        middle = self.times + np.timedelta64(self.step // 2, "s")
        since = (middle - middle.astype("datetime64[D]")) / np.timedelta64(1, "h")
        return np.asarray((since + self.longitude / 15.0) % 24.0)


def _even_step(times: TimeArray, where: str) -> int:
    """Return the one step of an axis [s] or raise DimsError."""
    steps = np.unique(np.diff(times)) / np.timedelta64(1, "s")
    if steps.size != 1 or int(steps[0]) not in COARSE_STEPS:
        found = ", ".join(f"{value:g}" for value in steps[:4]) or "one time only"
        wanted = ", ".join(map(str, COARSE_STEPS))
        msg = f"{where}: time steps are {found} s, wanted one even step of {wanted} s"
        raise DimsError(msg, got=found)
    return int(steps[0])


def _offset(data: xr.Dataset, longitude: float) -> float:
    """Return local time minus UTC [h] of the dataset's times; 0 where they are UTC."""
    if "UTC" in str(data.attrs.get("time_reference", "UTC")):
        return 0.0
    stated = data.attrs.get("utc_offset_hours")
    return float(round(longitude / 15.0) if stated is None else stated)


def _temperature(grid: _Grid, data: xr.Dataset) -> tuple[FloatArray, str]:
    """Return the temperature of each step [K] and how it was found."""
    course = course_of_means(data[_TEMPERATURE].to_numpy(), grid.interval, lower=170.0, upper=340.0)
    if grid.coarse < DAY // 2:
        return course, "straight lines through the means"
    wave = np.cos(2.0 * np.pi * (grid.solar_hour() - WARMEST_HOUR) / 24.0)
    wave -= grid.means(wave)[grid.interval]
    swing = 0.5 * _diurnal_range(grid, data)[grid.interval]
    return course + swing * wave, (
        f"straight lines through the means and a cosine with its top at {WARMEST_HOUR} h solar "
        "time; its range from the clearness of the day (Bristow and Campbell 1984)"
    )


def range_of_clearness(clearness: FloatArray) -> FloatArray:
    """Return the diurnal range of temperature [K] of days of some clearness [1].

    Bristow and Campbell 1984, T_t = 0.7 [1 - exp(-B dT^2.4)], solved for dT, with B as for a month
    whose mean range is 10 K, 0.036 exp(-0.154 x 10); kept within 2 and 20 K.
    """
    clear = np.clip(clearness, 0.0, 0.69)
    swing = (-np.log(1.0 - clear / 0.7) / _RANGE_FACTOR) ** (1.0 / 2.4)
    return np.asarray(np.clip(swing, 2.0, 20.0))


def _diurnal_range(grid: _Grid, data: xr.Dataset) -> FloatArray:
    """Return the range of temperature of each interval [K]; 10 K where there is no radiation."""
    name = _SHORTWAVE if _SHORTWAVE in data else _PHOTONS
    usual = np.full(grid.starts.size, 10.0)
    if name not in data:
        return usual
    outside = grid.means(grid.sun)
    watts = data[name].to_numpy() / (
        1.0 if name == _SHORTWAVE else PAR_FRACTION * PAR_PHOTONS_PER_JOULE
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        swing = range_of_clearness(watts / outside)
    return np.where(np.isfinite(swing) & (outside > 20.0), swing, usual)


def _sunlight(grid: _Grid, values: FloatArray) -> FloatArray:
    """Return radiation of each step; what was measured in the dark stays even."""
    return grid.spread(values, grid.sun)


def _deficit(grid: _Grid, data: xr.Dataset, temperature: FloatArray) -> FloatArray | None:
    """Return the vapour pressure deficit of each step [Pa], its means kept where air allows."""
    if _DEFICIT not in data and _HUMIDITY not in data:
        return None
    saturated = saturation_vapour_pressure(temperature)
    mean = grid.means(saturated)
    if _DEFICIT in data:
        wanted = data[_DEFICIT].to_numpy()
    else:
        wanted = mean * np.clip(1.0 - data[_HUMIDITY].to_numpy(), 0.0, 1.0)
    vapour = np.maximum(mean - wanted, 0.0)[grid.interval]
    shape = np.maximum(saturated - vapour, 0.0)
    # Saturated hours cut the mean up; the rest gives way so that it comes out.
    return grid.spread(wanted, np.where(np.isfinite(shape), shape, np.nan))


def _rain(grid: _Grid, values: FloatArray) -> tuple[FloatArray, str]:
    """Return the precipitation rate of each step and how it was spread."""
    if grid.coarse < DAY // 2:
        return values[grid.interval], "even within the interval"
    first, last = RAIN_HOURS
    hour = grid.solar_hour()
    shape = ((hour >= first) & (hour < last)).astype(np.float64)
    text = (
        f"between {first:g} and {last:g} h solar time where the interval has those hours; assumed"
    )
    return grid.spread(values, shape), text


def _labelled(
    dataset: xr.Dataset, grid: _Grid, fine: dict[str, FloatArray], methods: dict[str, str]
) -> xr.Dataset:
    """Return the fine series as a dataset."""
    variables: dict[str, Any] = {}
    for name, values in fine.items():
        variables[name] = ("time", values, VARIABLES[name].attrs())
        flag = np.full(values.size, 3, np.int8)
        variables[name + QUALITY_SUFFIX] = (
            "time",
            flag,
            {"long_name": f"quality of {name}: 0 measured, 1 to 3 filled"},
        )
    attrs = dict(dataset.attrs) | {
        "time_step_seconds": grid.step,
        "time_reference": "start of step, UTC",
        "refined_from_step_seconds": grid.coarse,
        "refinement": json.dumps(methods, sort_keys=True),
    }
    if attrs.get("data_status") == "observed":
        attrs["data_status"] = "mixed"
    attrs.pop("time_step", None)
    return xr.Dataset(variables, coords={"time": grid.times}, attrs=attrs)
