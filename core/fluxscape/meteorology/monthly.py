"""Half-hours completed from monthly means: where only part of the weather was kept by half-hours.

Public records of many towers hold half-hourly radiation, temperature and humidity, and all the rest
as monthly means. :func:`complete_from_monthly` adds the rest so that every monthly mean comes out:
longwave radiation follows an estimate from the half-hours, rain falls in the cloudiest and most
humid hours, wind, pressure and carbon dioxide run smoothly. What is added is flagged and named.
"""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import DimsError, MissingVariableError
from fluxscape.meteorology.estimates import clear_sky_longwave
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.interval_means import SMOOTH, course_of_means
from fluxscape.meteorology.solar import sun_over_steps
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RAIN_OF_A_WET_DAY: Final = 8.0
"""Mean rain of a day with rain [mm], which tells how many such days a month had; assumed."""

EVENT_HOURS: Final = 6.0
"""Hours of a wet day in which it rains; assumed."""

_SHORTWAVE: Final = "surface_downwelling_shortwave_flux"
_LONGWAVE: Final = "surface_downwelling_longwave_flux"
_TEMPERATURE: Final = "air_temperature"
_DEFICIT: Final = "vapour_pressure_deficit"
_RAIN: Final = "precipitation_flux"
COMPLETED: Final = (_LONGWAVE, _RAIN, *SMOOTH)
"""Variables that can be completed from monthly means."""


def complete_from_monthly(
    dataset: xr.Dataset,
    monthly: xr.Dataset,
    *,
    latitude: float,
    longitude: float,
    where: str = "forcing",
) -> xr.Dataset:
    """Return a dataset with the variables it lacks taken from monthly means.

    Parameters
    ----------
    dataset
        Half-hours or hours over ``time`` (UTC, start of step), with air temperature and, for rain
        and longwave radiation, shortwave radiation and vapour pressure deficit.
    monthly
        Some of :data:`COMPLETED` over ``time``, any moment of each month of the local calendar.
    latitude, longitude
        Of the point [degrees north, east].
    where
        What the datasets are, for messages.

    Returns
    -------
    xarray.Dataset
        The dataset and what was added, with flags ``<name>_quality`` of 3 and the attribute
        ``completed_from_monthly``, JSON. Steps of months without a value stay NaN.

    Raises
    ------
    DimsError
        If the two share no month, or months come twice.
    MissingVariableError
        If ``monthly`` has nothing that the dataset lacks.

    References
    ----------
    Sheng and Zwiers 1998, doi:10.1007/s003820050258 (means).
    """
    checked = check_dataset(
        monthly, [Need(name, required=False) for name in COMPLETED], where=f"{where}, monthly"
    )
    wanted = [name for name in COMPLETED if name in checked and not _holds(dataset, name)]
    if not wanted:
        msg = (
            f"{where}: the monthly means hold none of {', '.join(COMPLETED)} that the half-hours "
            "lack"
        )
        raise MissingVariableError(msg)
    months = _Months(dataset, checked, longitude, where)
    out = dataset.copy()
    methods: dict[str, str] = {}
    for name in wanted:
        values = months.of(checked[name].to_numpy())
        if name == _RAIN:
            fine, method = _rain(months, dataset, values, latitude, longitude, where)
        elif name == _LONGWAVE:
            fine, method = _longwave(months, dataset, values, latitude, longitude, where)
        else:
            row = VARIABLES[name]
            fine = course_of_means(values, months.interval, lower=row.lower, upper=row.upper)
            method = "straight lines through the monthly means"
        out[name] = ("time", fine, VARIABLES[name].attrs())
        out[name + QUALITY_SUFFIX] = (
            "time",
            np.full(fine.size, 3, np.int8),
            {"long_name": f"quality of {name}: 0 measured, 1 to 3 filled"},
        )
        methods[name] = method
    out.attrs["completed_from_monthly"] = json.dumps(methods, sort_keys=True)
    if out.attrs.get("data_status") == "observed":
        out.attrs["data_status"] = "mixed"
    return out


def _holds(dataset: xr.Dataset, name: str) -> bool:
    """Return whether a dataset has any value of a variable."""
    return name in dataset and bool(np.isfinite(dataset[name].to_numpy()).any())


class _Months:
    """The months of a record and the monthly values that belong to them."""

    def __init__(
        self, dataset: xr.Dataset, monthly: xr.Dataset, longitude: float, where: str
    ) -> None:
        self.times = dataset["time"].to_numpy().astype("datetime64[ns]")
        if self.times.size < 2:
            msg = f"{where}: two half-hours or more are wanted"
            raise DimsError(msg)
        # Records may lack days: the shortest step is the step.
        self.step = int(np.diff(self.times).min() / np.timedelta64(1, "s"))
        local = self.times + np.timedelta64(round(longitude / 15.0), "h")
        names, self.interval = np.unique(local.astype("datetime64[M]"), return_inverse=True)
        self.days = (local.astype("datetime64[D]") - local[0].astype("datetime64[D]")).astype(
            np.int64
        )
        self.names = names
        stated = monthly["time"].to_numpy().astype("datetime64[M]")
        if np.unique(stated).size != stated.size:
            msg = f"{where}: a month comes twice in the monthly means"
            raise DimsError(msg)
        self.place = np.searchsorted(stated, names)
        self.found = np.zeros(names.size, bool)
        inside = self.place < stated.size
        self.found[inside] = stated[self.place[inside]] == names[inside]
        if not self.found.any():
            msg = (
                f"{where}: the half-hours run from {names[0]} to {names[-1]}, the monthly means "
                f"from {stated.min()} to {stated.max()}: no month is in both"
            )
            raise DimsError(msg)

    def of(self, values: FloatArray) -> FloatArray:
        """Return the value of each month of the record, NaN where there is none."""
        out = np.full(self.names.size, np.nan)
        out[self.found] = values[self.place[self.found]]
        return out

    def means(self, fine: FloatArray) -> FloatArray:
        """Return the mean of each month."""
        count = np.bincount(self.interval)
        return np.asarray(np.bincount(self.interval, weights=fine) / count)


def _sky(
    dataset: xr.Dataset, latitude: float, longitude: float, step: int, where: str
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return temperature, deficit, shortwave and irradiance outside the atmosphere, without gaps.

    Gaps are bridged by straight lines: only the pattern of the month is read from these.
    """
    needs = [Need(name) for name in (_TEMPERATURE, _DEFICIT, _SHORTWAVE)]
    data = check_dataset(dataset, needs, where=where)
    series = []
    for need in needs:
        values = data[need.name].to_numpy()
        known = np.flatnonzero(np.isfinite(values))
        if not known.size:
            msg = f"{where}: {need.name} has no values"
            raise MissingVariableError(msg, variable=need.name)
        series.append(np.interp(np.arange(values.size), known, values[known]))
    sun = sun_over_steps(data["time"].to_numpy(), step, latitude, longitude).irradiance
    return series[0], series[1], series[2], sun


def _longwave(
    months: _Months,
    dataset: xr.Dataset,
    values: FloatArray,
    latitude: float,
    longitude: float,
    where: str,
) -> tuple[FloatArray, str]:
    """Return incoming longwave radiation: an estimate moved to the monthly means."""
    temperature, deficit, shortwave, sun = _sky(dataset, latitude, longitude, months.step, where)
    vapour = np.maximum(saturation_vapour_pressure(temperature) - deficit, 1.0)
    estimate = clear_sky_longwave(temperature, vapour, shortwave, sun)
    shift = course_of_means(values - months.means(estimate), months.interval)
    return estimate + shift, (
        "Prata 1996 with the cloud factor of Crawford and Duchon 1999, moved to the monthly mean"
    )


def _rain(
    months: _Months,
    dataset: xr.Dataset,
    values: FloatArray,
    latitude: float,
    longitude: float,
    where: str,
) -> tuple[FloatArray, str]:
    """Return the precipitation rate: the monthly amount in the cloudiest, most humid hours."""
    temperature, deficit, shortwave, sun = _sky(dataset, latitude, longitude, months.step, where)
    saturated = saturation_vapour_pressure(temperature)
    damp = 1.0 - np.clip(deficit / saturated, 0.0, 1.0)
    day_size = np.maximum(np.bincount(months.days), 1)
    bright = np.bincount(months.days, weights=sun)
    cloud = 1.0 - np.bincount(months.days, weights=shortwave) / np.maximum(bright, 1.0)
    moist = np.bincount(months.days, weights=damp) / day_size
    wetness = np.where(bright > 0.0, cloud, 0.0) + moist
    fine = np.zeros(months.times.size)
    for month, rate in enumerate(values):
        inside = np.flatnonzero(months.interval == month)
        if not np.isfinite(rate):
            fine[inside] = np.nan
        elif rate > 0.0:
            days = np.unique(months.days[inside])
            wettest = days[np.argsort(-wetness[days], kind="stable")]
            amounts = _amounts(rate * inside.size * months.step, days.size)
            _place_events(fine, amounts, wettest, inside, months, damp)
    return fine, (
        f"monthly amount on the cloudiest and most humid days, {RAIN_OF_A_WET_DAY:g} mm a wet day "
        f"on average, in the {EVENT_HOURS:g} most humid hours of each; assumed"
    )


def _place_events(
    fine: FloatArray,
    amounts: FloatArray,
    days: IntArray,
    inside: IntArray,
    months: _Months,
    damp: FloatArray,
) -> None:
    """Let an amount [mm] fall on each of the first days, in its most humid hours."""
    event = max(round(EVENT_HOURS * 3600 / months.step), 1)
    for amount, day in zip(amounts, days[: amounts.size], strict=True):
        steps = inside[months.days[inside] == day]
        wettest = steps[np.argsort(-damp[steps], kind="stable")[:event]]
        fine[wettest] += amount / months.step / wettest.size


def _amounts(total: float, days: int) -> FloatArray:
    """Return the rain of the wet days of a month [mm], the largest first; they add up to it.

    Amounts follow an exponential distribution, the usual one of daily rain (Richardson 1981,
    doi:10.1029/WR017i001p00182): the means of its equal shares from above.
    """
    count = int(np.clip(round(total / RAIN_OF_A_WET_DAY), 1, days))
    edges = np.arange(count + 1) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        below = np.where(edges > 0.0, edges * (1.0 - np.log(edges)), 0.0)
    shares = np.diff(below)
    return np.asarray(total * shares / shares.sum())
