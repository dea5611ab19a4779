"""Physical features of site months: season, energy, light use, water, and their products.

Arrays have shape (month,); weather is in the units of :data:`fluxscape.upscaling.tables.WEATHER`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.constants import STEFAN_BOLTZMANN
from fluxscape.errors import OutOfBoundsError
from fluxscape.upscaling import _kernels_water
from fluxscape.upscaling._site_series import site_mean
from fluxscape.upscaling.tables import LATITUDE, SITE, SiteMonths, need_columns, numbers

FloatArray = npt.NDArray[np.float64]
Columns = dict[str, FloatArray]

_PRIESTLEY_TAYLOR: Final = 1.26
_LATENT: Final = 28.4
"""W m-2 that evaporate 1 mm d-1."""
_ALBEDO: Final = 0.2
_EMISSIVITY: Final = 0.97
_EXTINCTION: Final = 0.5
_BARE_EVI: Final = 0.08
"""EVI of ground without leaves, assumed."""
_CAPACITIES: Final = {"shallow": 100.0, "deep": 300.0}
"""Water that soils hold for plants [mm]."""


def season(months: SiteMonths, where: str) -> Columns:
    """Return the season, counted from the same solstice in both hemispheres, and the sun."""
    from fluxscape.meteorology.solar import daily_irradiance  # noqa: PLC0415

    need_columns(months.frame, (LATITUDE,), where=where)
    given = numbers(months.frame, LATITUDE, where=where)
    latitude = site_mean(given, months)
    if np.isnan(latitude).any() or (np.abs(latitude) > 90.0).any():
        row = int(np.argmax(~(np.abs(latitude) <= 90.0)))
        msg = f"{where}: {months.frame[SITE].iloc[row]} has no latitude between -90 and 90 degrees"
        raise OutOfBoundsError(msg, column=LATITUDE, row=row)
    month = (months.month + np.where(latitude < 0.0, 6, 0)) % 12
    angle = 2.0 * np.pi * (month + 1.0) / 12.0
    middle = np.array([f"2001-{m + 1:02d}-15T12:00" for m in range(12)], dtype="datetime64[ns]")
    sun = np.empty(latitude.size)
    for site in range(months.start.size - 1):
        rows = slice(months.start[site], months.start[site + 1])
        sun[rows] = daily_irradiance(middle, float(latitude[rows][0]))[months.month[rows]]
    tilt = np.radians(23.44) * np.sin(2.0 * np.pi * (months.month * 30.4 + 15.0 - 81.0) / 365.0)
    cosine = np.clip(-np.tan(np.radians(latitude)) * np.tan(tilt), -1.0, 1.0)
    return {
        "season_sine": np.sin(angle),
        "season_cosine": np.cos(angle),
        "sun_above_air": sun,
        "day_length": 24.0 / np.pi * np.arccos(cosine),
    }


def energy(weather: Columns, season: Columns) -> Columns:
    """Return estimates of net radiation and of evaporation without lack of water.

    Priestley and Taylor (1972), doi:10.1175/1520-0493(1972)100<0081:OTAOSH>2.3.CO;2, equation 13,
    with the saturation curve and psychrometer constant of Allen et al. (1998), equations 8, 11, 13.
    """
    warm = weather["TA"]
    saturated = 0.6108 * np.exp(17.27 * warm / (warm + 237.3))
    slope = 4098.0 * saturated / (warm + 237.3) ** 2
    psychrometer = 0.000665 * weather["PA"]
    lost = _EMISSIVITY * STEFAN_BOLTZMANN * (warm + 273.15) ** 4
    net = (1.0 - _ALBEDO) * weather["SW_IN"] + _EMISSIVITY * weather["LW_IN"] - lost
    share = slope / (slope + psychrometer)
    return {
        "net_radiation": net,
        "potential_evaporation": _PRIESTLEY_TAYLOR * share * np.maximum(net, 0.0) / _LATENT,
        "relative_humidity": np.clip(1.0 - weather["VPD"] / 10.0 / saturated, 0.0, 1.0),
        "clearness": np.clip(weather["SW_IN"] / np.maximum(season["sun_above_air"], 5.0), 0.0, 1.0),
    }


def light(weather: Columns, leaves: Columns) -> Columns:
    """Return absorbed light and its use under ramps of temperature and dryness.

    The ramps have the form of Running et al. (2004), doi:10.1641/0006-3568(2004)054, with limits
    between those of its biomes.
    """
    fraction = 1.0 - np.exp(-_EXTINCTION * leaves["LAI"])
    green = np.maximum(leaves["EVI"] - _BARE_EVI, 0.0)
    ramp = np.clip((weather["TA_DAY"] + 2.0) / 14.0, 0.0, 1.0)
    ramp = ramp * np.clip(1.0 - (weather["VPD"] - 6.5) / 28.5, 0.0, 1.0)
    return {
        "absorbed_fraction": fraction,
        "absorbed_light": weather["SW_IN"] * fraction,
        "green_light": weather["SW_IN"] * green,
        "light_use": weather["SW_IN"] * fraction * ramp,
        "green_light_use": weather["SW_IN"] * green * ramp,
    }


def water(months: SiteMonths, weather: Columns, energy: Columns) -> Columns:
    """Return soil water, actual evaporation and snow of a monthly balance, for two soils."""
    rain = np.maximum(weather["P"], 0.0)
    found: Columns = {}
    snow = np.empty(rain.size)
    for depth, capacity in _CAPACITIES.items():
        water, actual = np.empty(rain.size), np.empty(rain.size)
        _kernels_water.fill_water_balance(
            rain,
            energy["potential_evaporation"],
            weather["TA"],
            months.start,
            capacity,
            water,
            actual,
            snow,
        )
        found |= {f"soil_water_{depth}": water, f"evaporation_{depth}": actual}
    return found | {"snow": np.minimum(snow, 300.0)}


def products(
    weather: Columns,
    leaves: Columns,
    energy: Columns,
    light: Columns,
    water: Columns,
) -> Columns:
    """Return products that a linear model cannot make: what limits, together.

    Light use times the root of the deficit is what evaporates with carbon (Zhou et al. 2014,
    doi:10.1002/2013WR014766, underlying water-use efficiency).
    """
    root = np.sqrt(np.maximum(weather["VPD"], 0.0))
    deep, evaporation = water["soil_water_deep"], water["evaporation_deep"]
    return {
        "potential_by_green": energy["potential_evaporation"] * leaves["EVI"],
        "potential_by_leaves": energy["potential_evaporation"] * light["absorbed_fraction"],
        "evaporation_by_green": evaporation * leaves["EVI"],
        "evaporation_by_leaves": evaporation * light["absorbed_fraction"],
        "light_use_by_water": light["light_use"] * deep,
        "green_light_use_by_water": light["green_light_use"] * deep,
        "water_with_light_use": light["light_use"] * root,
        "water_with_green_light_use": light["green_light_use"] * root,
        "deficit_by_wind": weather["VPD"] * weather["WS"],
    }
