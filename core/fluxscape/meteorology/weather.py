"""Simulated weather: half-hourly years at any point of China from its embedded climatology.

The climatology knows monthly means and distributions but no single year. From them and a seed
:func:`simulate_weather` draws years that have the climatology's monthly temperature, rain and
irradiance and look like weather from day to day and through the day. No number of it was observed;
every product of it says ``data_status = "simulated"``. Years are independent: the draw of a year
depends on seed, place and year only, not on which other years are made.

The method, with what is cited and what is assumed, is told in ``docs/methods/weather.md``; the
assumed numbers are :class:`~fluxscape.meteorology.weather_parameters.WeatherParameters`.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.climatology import annual_co2
from fluxscape.meteorology import _kernels_weather_steps as kernels
from fluxscape.meteorology import _weather_land as land
from fluxscape.meteorology._kernels_weather_days import persistent
from fluxscape.meteorology._weather_calendar import calendar
from fluxscape.meteorology._weather_days import daily_weather
from fluxscape.meteorology.boundary_layer import coriolis_parameter
from fluxscape.meteorology.point_climate import PointClimate, point_climate, point_climates
from fluxscape.meteorology.weather_parameters import WeatherParameters
from fluxscape.vocabulary import VARIABLES

__all__ = [
    "PointClimate",
    "WeatherArrays",
    "WeatherParameters",
    "point_climate",
    "point_climates",
    "simulate_weather",
    "simulate_weather_arrays",
]

Floats = NDArray[np.float64]

STEPS: Final = (600, 900, 1200, 1800, 3600)
"""Steps that can be simulated [s]."""

CLOUD_MEMORY: Final = 1.0
GUST_MEMORY: Final = 3.0
"""Times in which clouds and gusts within a day are forgotten to 1/e [h]; assumed."""

DISPLACEMENT_SHARE: Final = 0.67
ROUGHNESS_SHARE: Final = 0.1
"""Displacement height and roughness length over canopy height [1]; LI-COR EddyPro uses 0.67 and
0.15, Stull 1988 gives 0.1 for the latter."""


class WeatherArrays(NamedTuple):
    """Weather of one year as plain arrays of shape (time,), in the units of the vocabulary."""

    air_temperature: Floats
    relative_humidity: Floats
    vapour_pressure_deficit: Floats
    air_pressure: Floats
    wind_speed: Floats
    wind_from_direction: Floats
    surface_downwelling_shortwave_flux: Floats
    surface_downwelling_longwave_flux: Floats
    precipitation_flux: Floats
    friction_velocity: Floats
    obukhov_length: Floats
    lateral_velocity_std: Floats
    boundary_layer_height: Floats
    sensible_heat_flux: Floats
    leaf_area_index: Floats
    carbon_dioxide_mole_fraction: Floats


def simulate_weather(
    climate: PointClimate,
    *,
    start_year: int,
    years: int = 1,
    step_seconds: int = 1800,
    seed: int,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    parameters: WeatherParameters | None = None,
) -> xr.Dataset:
    """Return simulated weather of whole years at a point.

    Parameters
    ----------
    climate
        From :func:`point_climate`.
    start_year, years
        Calendar years; they set the sun, leap days and the carbon dioxide.
    step_seconds
        One of :data:`STEPS`.
    seed
        Not negative. One seed, place and year always give the same weather.
    measurement_height, canopy_height
        Of the instrument and the vegetation above ground [m], for wind and stability; usual ones
        of the land cover when absent.
    parameters
        What is assumed.

    Returns
    -------
    xarray.Dataset
        Over ``time`` (UTC, start of step): ``air_temperature``, ``relative_humidity``,
        ``vapour_pressure_deficit``, ``air_pressure``, ``wind_speed``, ``wind_from_direction``,
        ``surface_downwelling_shortwave_flux``, ``surface_downwelling_longwave_flux``,
        ``precipitation_flux``, ``carbon_dioxide_mole_fraction`` (annual mean),
        ``friction_velocity``, ``obukhov_length``, ``lateral_velocity_std``,
        ``boundary_layer_height``, ``sensible_heat_flux`` (rough, for stability only) and
        ``leaf_area_index`` (climatological), with ``data_status = "simulated"``.

    Raises
    ------
    OutOfBoundsError
        If step, seed, years or heights are impossible.

    References
    ----------
    Richardson 1981, doi:10.1029/WR017i001p00182, for the scheme of daily generators.
    """
    if not 1 <= years <= 200:
        msg = f"years must lie between 1 and 200, got {years!r}"
        raise OutOfBoundsError(msg, got=years)
    settings = parameters or WeatherParameters()
    heights = _heights(climate, measurement_height, canopy_height)
    parts = [
        simulate_weather_arrays(
            climate,
            year,
            step_seconds=step_seconds,
            seed=seed,
            measurement_height=heights[0],
            canopy_height=heights[1],
            parameters=settings,
        )
        for year in range(start_year, start_year + years)
    ]
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in WeatherArrays._fields
    }
    start = np.datetime64(f"{start_year:04d}-01-01", "ns")
    count = columns["air_temperature"].size
    time = start + np.arange(count) * np.timedelta64(step_seconds, "s")
    variables = {
        name: ("time", values, VARIABLES[name].attrs()) for name, values in columns.items()
    }
    attrs = provenance(
        status="simulated",
        source="simulated weather, drawn from the embedded climatology of China",
        parameters=settings.to_dict(),
        seed=seed,
        period=f"{start_year} to {start_year + years - 1}",
        latitude=climate.latitude,
        longitude=climate.longitude,
        elevation=climate.elevation,
        measurement_height=heights[0],
        canopy_height=heights[1],
        time_step_seconds=step_seconds,
        time_reference="start of step, UTC",
    )
    return xr.Dataset(variables, coords={"time": time}, attrs=attrs)


def simulate_weather_arrays(
    climate: PointClimate,
    year: int,
    *,
    seed: int,
    step_seconds: int = 1800,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    carbon_dioxide: float | None = None,
    stability: bool = True,
    parameters: WeatherParameters | None = None,
) -> WeatherArrays:
    """Return one year of simulated weather as plain arrays, for runs over many points.

    Parameters
    ----------
    climate, seed, step_seconds, measurement_height, canopy_height, parameters
        As in :func:`simulate_weather`, whose years are these, to the last bit.
    year
        Calendar year.
    carbon_dioxide
        Mole fraction [umol mol-1]; the embedded annual mean of the year when absent.
    stability
        Whether friction velocity, Obukhov length, sensible heat, cross-wind deviation and
        boundary-layer height are worked out, which takes most of the time; NaN otherwise.

    Raises
    ------
    OutOfBoundsError
        If step, seed or heights are impossible.
    """
    if step_seconds not in STEPS:
        msg = f"step_seconds must be one of {STEPS}, got {step_seconds!r}"
        raise OutOfBoundsError(msg, got=step_seconds)
    settings = parameters or WeatherParameters()
    height, canopy = _heights(climate, measurement_height, canopy_height)
    random = _generator(climate, year, seed)
    days = calendar(year, round(climate.longitude * 100))
    daily = daily_weather(climate, days, random, settings)
    count = days.length * 86400 // step_seconds
    seconds: Floats = days.first_second + np.arange(count, dtype=np.float64) * step_seconds
    steps = kernels.Steps(*(np.full(count, np.nan) for _ in kernels.Steps._fields))
    place = kernels.Place(
        phi=float(np.radians(climate.latitude)),
        longitude=round(climate.longitude, 2),
        height=height - DISPLACEMENT_SHARE * canopy,
        roughness=ROUGHNESS_SHARE * canopy,
        coriolis=coriolis_parameter(climate.latitude),
    )
    within = kernels.Settings(
        *(float(getattr(settings, name)) for name in kernels.Settings._fields)
    )
    step = float(step_seconds)
    _fill(seconds, step, daily.days, place, within, random, steps)
    if stability:
        kernels.fill_stability(seconds, step, daily.days, place, within, steps)
        kernels.fill_boundary_layer(seconds, step, place, steps)
    leaves = daily.leaf_area_index[((seconds + 0.5 * step_seconds) // 86400).astype(np.intp)]
    carbon = annual_co2(year) if carbon_dioxide is None else carbon_dioxide
    return WeatherArrays(*steps, leaves, np.full(count, float(carbon)))


def _fill(
    seconds: Floats,
    step: float,
    days: kernels.Days,
    place: kernels.Place,
    settings: kernels.Settings,
    random: np.random.Generator,
    steps: kernels.Steps,
) -> None:
    """Fill the weather of a year but for stability."""
    noise = np.empty((3, seconds.size))
    for row, hours in enumerate((CLOUD_MEMORY, GUST_MEMORY, settings.direction_memory)):
        fresh = random.standard_normal(seconds.size)
        persistent(fresh, float(np.exp(-step / 3600.0 / hours)), noise[row])
    kernels.fill_radiation(
        seconds,
        step,
        days,
        place,
        settings.cloud_flicker,
        noise[0],
        steps.surface_downwelling_shortwave_flux,
    )
    kernels.fill_rain(step, days, steps.precipitation_flux)
    kernels.fill_air(seconds, step, days, settings, noise[1:], steps)


def _generator(climate: PointClimate, year: int, seed: int) -> np.random.Generator:
    """Return the source of randomness of one seed, place (to a ten-thousandth degree) and year."""
    if seed < 0:
        msg = f"seed must not be negative, got {seed!r}"
        raise OutOfBoundsError(msg, got=seed)
    place = [round((climate.latitude + 90.0) * 1e4), round((climate.longitude + 360.0) * 1e4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *place, year])))


def _heights(
    climate: PointClimate, measurement_height: float | None, canopy_height: float | None
) -> tuple[float, float]:
    """Return heights of instrument and canopy [m], usual ones where they are not given."""
    canopy = land.CANOPY_HEIGHT[climate.land_cover] if canopy_height is None else canopy_height
    if not 0.001 <= canopy <= VARIABLES["canopy_height"].upper:
        msg = f"canopy_height = {canopy:g} m lies outside 0.001 to 120 m"
        raise OutOfBoundsError(msg, variable="canopy_height", got=canopy)
    height = land.instrument_height(canopy) if measurement_height is None else measurement_height
    lowest = canopy * (DISPLACEMENT_SHARE + 2.0 * ROUGHNESS_SHARE)
    if not lowest < height <= VARIABLES["measurement_height"].upper:
        msg = (
            f"measurement_height = {height:g} m must lie above {lowest:.3g} m, where the profile "
            f"over a canopy of {canopy:g} m begins, and below 600 m"
        )
        raise OutOfBoundsError(msg, variable="measurement_height", got=height)
    return float(height), float(canopy)
