"""The generator's daily step: from monthly climate to the weather of every day of a year."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from fluxscape.meteorology import _kernels_solar as sun
from fluxscape.meteorology import _weather_land as land
from fluxscape.meteorology._kernels_humidity import saturation, vapour_pressure_of_density
from fluxscape.meteorology._kernels_weather_days import persistent, wet_days
from fluxscape.meteorology._kernels_weather_steps import Days
from fluxscape.meteorology._weather_calendar import Calendar
from fluxscape.meteorology.point_climate import PointClimate
from fluxscape.meteorology.weather_parameters import WeatherParameters

Floats = NDArray[np.float64]

PROBABILITIES: Final = np.array([0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0])
"""Where the distribution of clearness is known, and its two ends."""

# Mean of a piecewise linear quantile function: each end of a piece counts half of it.
_MEAN_WEIGHT: Final = 0.5 * (
    np.diff(PROBABILITIES, prepend=0.0) + np.diff(PROBABILITIES, append=1.0)
)

MOST_CLEARNESS: Final = 0.84
"""Greatest share of the irradiance outside the atmosphere that a day may have [1]; assumed."""

MOST_WET_SHARE: Final = 0.75
"""Greatest share of wet days in a month [1]; assumed."""

LEAST_RANGE: Final = 2.0
MOST_RANGE: Final = 20.0
"""Bounds of the daily temperature range [K]; assumed."""

_MONTH_DAYS: Final = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_EVAPORATION_HEAT: Final = 2.45e6
_NET_SHARE: Final = 0.55
"""Net radiation over shortwave radiation in monthly means [1]; assumed, for stability only."""


class DailyWeather(NamedTuple):
    """What the sub-daily step needs.

    Attributes
    ----------
    days
        Daily weather.
    leaf_area_index
        By day [1].
    """

    days: Days
    leaf_area_index: Floats


class _Sun(NamedTuple):
    """The sun of every day: declination, lead of noon, normal and daily irradiance, day length."""

    declination: Floats
    lead: Floats
    normal: Floats
    daily: Floats
    day_length: Floats


class _Clearness(NamedTuple):
    """Distribution of daily clearness by month."""

    nodes: Floats
    clear_sky: Floats
    mean: Floats


def daily_weather(
    climate: PointClimate,
    days: Calendar,
    random: np.random.Generator,
    parameters: WeatherParameters,
) -> DailyWeather:
    """Return the simulated weather of every day of a year."""
    sky = _sun(climate, days)
    clearness = _clearness(climate, days, sky)
    wet, rain = _rain(climate, days, random, parameters)
    bright = _bright(wet, climate, days, clearness, random, parameters)
    reach = np.clip((bright / parameters.range_coefficient) ** 2, LEAST_RANGE, MOST_RANGE)
    usual = days.smooth @ climate.air_temperature
    anomaly = _anomaly(wet, climate, days, random, parameters)
    temperature = usual + anomaly
    length = np.minimum(
        24.0, parameters.storm_hours + parameters.storm_hours_of_amount * np.sqrt(rain)
    )
    start = random.uniform(size=rain.size) * (24.0 - length)
    return DailyWeather(
        Days(
            air_temperature=temperature,
            temperature_range=reach,
            clearness=bright,
            clear_sky=clearness.clear_sky[days.month],
            vapour_pressure=_vapour(temperature, anomaly, wet, climate, days, random, parameters),
            air_pressure=_pressure(climate, days.month.size, random, parameters),
            rain=rain,
            storm_start=start,
            storm_length=length,
            wind_speed=_wind_speed(climate, days, random, parameters),
            wind_from=land.prevailing_wind(climate.latitude, climate.longitude, days.year_share),
            evaporative_fraction=_evaporative_fraction(climate, parameters)[days.month],
            declination=sky.declination,
            noon_lead=sky.lead,
            normal_irradiance=sky.normal,
        ),
        _leaf_area(climate, usual, clearness, days, sky, parameters),
    )


def _sun(climate: PointClimate, days: Calendar) -> _Sun:
    """Return the sun of every day."""
    phi = np.radians(climate.latitude)
    count = days.noon.size
    out = _Sun(*(np.empty(count) for _ in _Sun._fields))
    sun.fill_course(
        days.noon, phi, out.declination, out.lead, out.normal, out.daily, out.day_length
    )
    return out


def _clearness(climate: PointClimate, days: Calendar, sky: _Sun) -> _Clearness:
    """Return the distribution of daily clearness by month from that of irradiance.

    Beyond the known quantiles it goes on as between the outer two, within a tenth of the least and
    :data:`MOST_CLEARNESS`; then all are scaled so that the mean is the climatology's.
    """
    outside = np.maximum(days.month_mean @ sky.daily, 1.0)
    known = climate.irradiance_quantiles / outside[:, None]
    least = np.maximum(2.0 * known[:, 0] - known[:, 1], 0.1 * known[:, 0])
    most = np.minimum(2.0 * known[:, -1] - known[:, -2], MOST_CLEARNESS)
    nodes = np.column_stack([least, known, np.maximum(most, known[:, -1])])
    wanted = climate.irradiance_mean / outside
    nodes *= (wanted / (nodes @ _MEAN_WEIGHT))[:, None]
    # Cloudless sky of FAO-56, Eq. 37, unless the climatology's brightest days are brighter.
    clear = np.maximum(nodes[:, -1], 0.75 + 2e-5 * max(climate.elevation, 0.0))
    return _Clearness(nodes, clear, wanted)


def _rain(
    climate: PointClimate,
    days: Calendar,
    random: np.random.Generator,
    parameters: WeatherParameters,
) -> tuple[NDArray[np.bool_], Floats]:
    """Return which days are wet, and the rain [mm] of the days of the UTC year.

    Amounts are gamma-distributed with the shape that Geng et al. 1986, doi:10.1016/0168-1923(86)
    90014-6, give the mean amount of a wet day, mean / (1.83 mean - 2.16), at most 1; then every
    month is scaled to what the year and the month draw of the climatology.
    """
    share = wet_share(climate.precipitation, parameters)
    wet = np.empty(days.month.size, dtype=np.bool_)
    wet_days(share[days.month], random.uniform(size=wet.size), wet)
    own = wet[days.utc_days]
    month = days.month[days.utc_days]
    draw = random.uniform(size=12)
    for number in np.flatnonzero(climate.precipitation > 0):
        members = np.flatnonzero(month == number)
        if not own[members].any():
            own[members[int(draw[number] * members.size)]] = True
    mean = climate.precipitation / np.maximum(share * _MONTH_DAYS, 1e-6)
    shape = np.where(mean > 2.7, mean / np.maximum(1.83 * mean - 2.16, 1e-6), 1.0)
    gamma = random.standard_gamma(np.minimum(shape, 1.0)[month]) + 1e-3
    amount = np.where(own, gamma, 0.0)
    factor = _lognormal(random, parameters.annual_rain_variation, 1) * _lognormal(
        random, parameters.monthly_rain_variation, 12
    )
    drawn = np.maximum(np.bincount(month, amount, minlength=12), 1e-9)
    return wet, amount * (climate.precipitation * factor / drawn)[month]


def wet_share(precipitation: Floats, parameters: WeatherParameters) -> Floats:
    """Return the share of wet days by month [1] from monthly rain [mm]."""
    count = (
        parameters.wet_days_of_a_millimetre
        * np.maximum(precipitation, 0.0) ** parameters.wet_day_exponent
    )
    return np.asarray(np.minimum(count / _MONTH_DAYS, MOST_WET_SHARE))


def _lognormal(random: np.random.Generator, variation: float, count: int) -> Floats:
    """Return factors of mean 1 with a coefficient of variation."""
    spread = np.sqrt(np.log(1.0 + variation**2))
    return np.asarray(np.exp(spread * random.standard_normal(count) - 0.5 * spread**2))


def _bright(
    wet: NDArray[np.bool_],
    climate: PointClimate,
    days: Calendar,
    clearness: _Clearness,
    random: np.random.Generator,
    parameters: WeatherParameters,
) -> Floats:
    """Return the clearness of every day [1].

    A wet day has its normal deviate from the lowest part, as wide as the share of wet days, a dry
    day from the rest: over all days it is normal. Mixed with a persistent deviate it stays normal,
    so that clearness keeps the distribution of its month.
    """
    share = np.clip(wet_share(climate.precipitation, parameters)[days.month], 1e-3, 1.0)
    uniform = np.clip(random.uniform(size=wet.size), 1e-6, 1.0 - 1e-6)
    own = ndtri(np.where(wet, share * uniform, share + (1.0 - share) * uniform))
    cloud = np.empty(wet.size)
    persistent(random.standard_normal(wet.size), parameters.cloud_persistence, cloud)
    link = parameters.rain_cloud_correlation
    rank = ndtr(link * own + np.sqrt(1.0 - link**2) * cloud)
    out = np.empty(wet.size)
    for month in range(12):
        members = days.month == month
        out[members] = np.interp(rank[members], PROBABILITIES, clearness.nodes[month])
    return out


def _anomaly(
    wet: NDArray[np.bool_],
    climate: PointClimate,
    days: Calendar,
    random: np.random.Generator,
    parameters: WeatherParameters,
) -> Floats:
    """Return the temperature anomaly of every day [K], of mean zero over many years."""
    monthly = climate.air_temperature
    spread = parameters.summer_anomaly + parameters.anomaly_of_cold * (monthly.max() - monthly)
    state = np.empty(wet.size)
    persistent(random.standard_normal(wet.size), parameters.temperature_persistence, state)
    state *= spread[days.month]
    state -= parameters.monthly_damping * (days.month_mean @ state)[days.month]
    state += parameters.annual_anomaly * random.standard_normal()
    warm = np.clip((monthly - 278.15) / 15.0, 0.0, 1.0) * parameters.wet_day_cooling
    share = wet_share(climate.precipitation, parameters)
    return np.asarray(state - warm[days.month] * (wet - share[days.month]))


def _vapour(
    temperature: Floats,
    anomaly: Floats,
    wet: NDArray[np.bool_],
    climate: PointClimate,
    days: Calendar,
    random: np.random.Generator,
    parameters: WeatherParameters,
) -> Floats:
    """Return the vapour pressure of every day [Pa].

    The climatology has three quantiles of vapour density over the year. Months take theirs by the
    rank of their temperature: the warmest month the highest, the coldest the lowest.
    """
    usual = np.exp(days.linear @ np.log(monthly_vapour_pressure(climate)))
    noise = parameters.humidity_variation * random.standard_normal(wet.size)
    pressure = usual * np.exp(parameters.humidity_of_warmth * anomaly + noise)
    saturated = saturation(temperature)
    pressure = np.where(
        wet, np.maximum(pressure, parameters.wet_day_saturation * saturated), pressure
    )
    return np.asarray(np.minimum(pressure, 0.97 * saturated))


def monthly_vapour_pressure(climate: PointClimate) -> Floats:
    """Return the vapour pressure of the months [Pa] from the year's quantiles of vapour density.

    Log density is linear in the normal deviate between and beyond the quantiles; relative humidity
    is kept between 12 and 90 %.
    """
    temperature = climate.air_temperature
    rank = np.argsort(np.argsort(temperature))
    deviate = ndtri((rank + 0.5) / 12.0)
    knots = ndtri(np.array([0.1, 0.5, 0.9]))
    values = np.log(np.maximum(climate.vapour_density, 1e-6))
    slopes = np.diff(values) / np.diff(knots)
    log_density = values[1] + np.where(deviate < 0, slopes[0], slopes[1]) * deviate
    pressure = vapour_pressure_of_density(np.exp(log_density), temperature)
    saturated = saturation(temperature)
    return np.asarray(np.clip(pressure, 0.12 * saturated, 0.9 * saturated))


def _pressure(
    climate: PointClimate, count: int, random: np.random.Generator, parameters: WeatherParameters
) -> Floats:
    """Return the air pressure of every day [Pa]: the standard atmosphere's and its weather."""
    share = standard_pressure_share(climate.elevation)
    state = np.empty(count)
    persistent(random.standard_normal(count), 0.7, state)
    return np.asarray(share * (101325.0 + parameters.pressure_variation * state))


def standard_pressure_share(elevation: float) -> float:
    """Return pressure over that of sea level [1] in the ICAO standard atmosphere."""
    return float((1.0 - 0.0065 * elevation / 288.15) ** 5.2559)


def _wind_speed(
    climate: PointClimate,
    days: Calendar,
    random: np.random.Generator,
    parameters: WeatherParameters,
) -> Floats:
    """Return the mean wind speed of every day [m s-1], Weibull-distributed."""
    state = np.empty(days.month.size)
    persistent(random.standard_normal(state.size), parameters.wind_persistence, state)
    exceeded = np.clip(ndtr(-state), 1e-6, 1.0)
    shape = parameters.weibull_shape
    speed = (-np.log(exceeded)) ** (1.0 / shape) / math.gamma(1.0 + 1.0 / shape)
    season = 1.0 + parameters.spring_wind * np.cos(2.0 * np.pi * (days.year_share - 0.29))
    return np.asarray(
        parameters.mean_wind_speed * land.exposure(climate.land_cover) * season * speed
    )


def _evaporative_fraction(climate: PointClimate, parameters: WeatherParameters) -> Floats:
    """Return the share of available energy that evaporates by month [1]; for stability only."""
    energy = _NET_SHARE * climate.irradiance_mean * _MONTH_DAYS * 86400.0 / _EVAPORATION_HEAT
    supply = 1.0 - np.exp(
        -climate.precipitation / (parameters.rain_for_evaporation * np.maximum(energy, 1.0))
    )
    least, most = parameters.least_evaporative_fraction, parameters.most_evaporative_fraction
    return np.asarray(least + (most - least) * supply)


def _leaf_area(
    climate: PointClimate,
    usual_temperature: Floats,
    clearness: _Clearness,
    days: Calendar,
    sky: _Sun,
    parameters: WeatherParameters,
) -> Floats:
    """Return the leaf area index by day [1], the same in every year."""
    reach = np.clip((clearness.mean / parameters.range_coefficient) ** 2, LEAST_RANGE, MOST_RANGE)
    coldest = usual_temperature - 0.5 * (days.linear @ reach)
    season = land.growing_season(coldest, sky.day_length)
    least, most = land.leaf_area_limits(
        climate.ndvi_minimum, climate.ndvi_maximum, climate.land_cover
    )
    return np.asarray(least + (most - least) * season)
