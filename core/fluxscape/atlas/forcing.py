"""A year of simulated weather for a row of points, on the step of the land-surface model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.dlm import Forcing
from fluxscape.errors import OutOfBoundsError
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.point_climate import PointClimate
from fluxscape.meteorology.solar import sun_over_steps
from fluxscape.meteorology.weather import simulate_weather_arrays

FloatArray = npt.NDArray[np.float64]

LONGEST_WEATHER_STEP: Final = 3600
"""Longest step of the weather generator [s]; longer steps are means of its hours."""


def year_of_forcing(
    climates: Sequence[PointClimate],
    year: int,
    *,
    step_seconds: int,
    seed: int,
    canopy_heights: Sequence[float],
    reference_heights: Sequence[float],
) -> Forcing:
    """Return the forcing of one calendar year (UTC) at several points.

    Parameters
    ----------
    climates
        One a point.
    year
        Sets the sun, leap days, carbon dioxide and, with seed and place, the weather.
    step_seconds
        A whole part or multiple of an hour [s].
    seed
        Of the weather.
    canopy_heights, reference_heights
        Of vegetation and of wind above ground, one a point [m].

    Returns
    -------
    Forcing
        Arrays of shape (point, time).

    Raises
    ------
    OutOfBoundsError
        If the step does not fit hours and days.
    """
    weather_step = min(step_seconds, LONGEST_WEATHER_STEP)
    factor, rest = divmod(step_seconds, weather_step)
    if rest or 86400 % step_seconds:
        msg = f"step_seconds = {step_seconds} must be a whole multiple of an hour and part of a day"
        raise OutOfBoundsError(msg, got=step_seconds)
    starts = _starts(year, step_seconds)
    forcing = Forcing(*(np.empty((len(climates), starts.size)) for _ in Forcing._fields))
    for i, climate in enumerate(climates):
        weather = simulate_weather_arrays(
            climate,
            year,
            seed=seed,
            step_seconds=weather_step,
            measurement_height=reference_heights[i],
            canopy_height=canopy_heights[i],
            stability=False,
        )
        vapour = saturation_vapour_pressure(weather.air_temperature)
        vapour *= np.minimum(weather.relative_humidity, 1.0)
        sun = sun_over_steps(starts, step_seconds, climate.latitude, climate.longitude)
        forcing.cosine_zenith[i] = sun.cosine_zenith
        forcing.extraterrestrial[i] = sun.irradiance
        forcing.shortwave_down[i] = _means(weather.surface_downwelling_shortwave_flux, factor)
        forcing.longwave_down[i] = _means(weather.surface_downwelling_longwave_flux, factor)
        forcing.air_temperature[i] = _means(weather.air_temperature, factor)
        forcing.vapour_pressure[i] = _means(vapour, factor)
        forcing.air_pressure[i] = _means(weather.air_pressure, factor)
        forcing.wind_speed[i] = _means(weather.wind_speed, factor)
        forcing.precipitation[i] = _means(weather.precipitation_flux, factor)
        forcing.carbon_dioxide[i] = _means(weather.carbon_dioxide_mole_fraction, factor)
        forcing.leaf_area_index[i] = _means(weather.leaf_area_index, factor)
    return forcing


def _starts(year: int, step_seconds: int) -> npt.NDArray[np.datetime64]:
    """Return the starts of the steps of a calendar year, UTC."""
    first = np.datetime64(f"{year:04d}-01-01", "ns")
    last = np.datetime64(f"{year + 1:04d}-01-01", "ns")
    return np.arange(first, last, np.timedelta64(step_seconds, "s"))


def _means(values: FloatArray, factor: int) -> FloatArray:
    """Return means of ``factor`` values each."""
    return values if factor == 1 else np.asarray(values.reshape(-1, factor).mean(axis=1))
