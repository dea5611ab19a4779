"""Compiled parts of the generator's sub-daily step: from daily values to half-hours.

Days are days of mean solar time at the point, so that a day holds one course of the sun; steps
are in UTC and may lie across midnight of solar time. Only rain goes by days of UTC, so that its
monthly totals are exact; the day of that date is at most half a day away.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel
from fluxscape.constants import (
    GAS_CONSTANT_DRY_AIR,
    HEAT_CAPACITY_DRY_AIR,
    STEFAN_BOLTZMANN,
    VON_KARMAN,
)
from fluxscape.meteorology._kernels_boundary_layer import diagnose
from fluxscape.meteorology._kernels_humidity import saturation
from fluxscape.meteorology._kernels_solar import (
    hour_angle,
    lit_integral,
    sunset_angle,
)
from fluxscape.meteorology._kernels_stability import lateral_deviation, stable_air, unstable_air

Floats = NDArray[np.float64]

DAY = 86400.0

# Daily course of temperature between maximum (1) and minimum (0), Campbell and Norman 1998,
# doi:10.1007/978-1-4612-1626-1, Eq. 2.2; its mean over the day is the first number.
COURSE_MEAN = 0.44
COURSE_FIRST = -0.46
COURSE_SECOND = 0.11
COURSE_PHASE = 0.9


class Days(NamedTuple):
    """Daily weather, each of shape (day,): days of mean solar time, but UTC days for rain."""

    air_temperature: Floats
    temperature_range: Floats
    clearness: Floats
    clear_sky: Floats
    vapour_pressure: Floats
    air_pressure: Floats
    rain: Floats
    storm_start: Floats
    storm_length: Floats
    wind_speed: Floats
    wind_from: Floats
    evaporative_fraction: Floats
    declination: Floats
    noon_lead: Floats
    normal_irradiance: Floats


class Place(NamedTuple):
    """The point and its instrument: radians, degrees, metres, Coriolis parameter [s-1]."""

    phi: float
    longitude: float
    height: float
    roughness: float
    coriolis: float


class Settings(NamedTuple):
    """Assumptions that act within the day; see :mod:`~fluxscape.meteorology.weather_parameters`."""

    cloud_flicker: float
    afternoon_wind: float
    gustiness: float
    direction_spread: float
    direction_memory: float
    albedo: float
    ground_heat_share: float


class Steps(NamedTuple):
    """Weather of the steps, each of shape (time,), in the units of the vocabulary."""

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


@kernel
def temperature_course(hour: float) -> float:
    """Return the daily course of temperature less its mean [1] at an hour of solar time."""
    w = math.pi / 12.0 * hour
    return COURSE_FIRST * math.sin(w + COURSE_PHASE) + COURSE_SECOND * math.sin(
        2.0 * w + COURSE_PHASE
    )


@kernel
def hourly_share(w: float, ws: float) -> float:
    """Return how clearness varies with the hour angle, Collares-Pereira and Rabl 1979.

    doi:10.1016/0038-092X(79)90100-3: a + b cos(w), a = 0.409 + 0.5016 sin(ws - 60 deg), b = 0.6609
    - 0.4767 sin(ws - 60 deg).
    """
    s = math.sin(ws - math.pi / 3.0)
    return 0.409 + 0.5016 * s + (0.6609 - 0.4767 * s) * math.cos(w)


@kernel
def storm_share(hour: float, start: float, length: float) -> float:
    """Return the share of a storm that fell until an hour of its day; its intensity is a tent."""
    x = min(1.0, max(0.0, (hour - start) / length))
    if x < 0.5:
        return 2.0 * x * x
    return 1.0 - 2.0 * (1.0 - x) * (1.0 - x)


@kernel
def clear_emissivity(e: float, T: float) -> float:
    """Return the emissivity of the cloudless sky, Brutsaert 1975, doi:10.1029/WR011i005p00742.

    Eq. 11: 1.24 (e / T)^(1/7), e in hPa.
    """
    return 1.24 * math.pow(0.01 * e / T, 1.0 / 7.0)


@kernel
def sky_longwave(e: float, T: float, cloud: float) -> float:
    """Return the longwave radiation of the sky [W m-2] under a share ``cloud`` of cloud.

    Crawford and Duchon 1999, doi:10.1175/1520-0450(1999)038<0474:AIPFEE>2.0.CO;2: emissivity =
    cloud + (1 - cloud) clear emissivity, cloud = 1 - irradiance / clear irradiance.
    """
    emissivity = cloud + (1.0 - cloud) * clear_emissivity(e, T)
    return min(1.0, emissivity) * STEFAN_BOLTZMANN * T**4


@kernel
def fill_radiation(
    seconds: Floats,
    step: float,
    days: Days,
    place: Place,
    flicker: float,
    noise: Floats,
    out: Floats,
) -> None:
    """Fill shortwave radiation [W m-2]: the day's clearness, shared out over its course.

    ``seconds`` are starts of steps since midnight of solar time of the first day.
    """
    count = days.clearness.size
    outside = np.zeros(count)
    shared = np.zeros(count)
    span = 2.0 * math.pi * step / DAY
    for i in range(seconds.size):
        d = int((seconds[i] + 0.5 * step) / DAY)
        utc = seconds[i] - place.longitude * DAY / 360.0
        start = hour_angle(utc % DAY, place.longitude, days.noon_lead[d])
        total, _ = lit_integral(place.phi, days.declination[d], start, start + span)
        out[i] = 0.0
        if total > 0.0:
            top = days.normal_irradiance[d] * total / span
            ws = sunset_angle(place.phi, days.declination[d])
            w = start + 0.5 * span
            weight = max(0.05, hourly_share(w, ws))
            cloud = max(0.0, 1.0 - days.clearness[d] / days.clear_sky[d])
            weight *= math.exp(flicker * cloud * noise[i])
            out[i] = top * weight
            outside[d] += top
            shared[d] += top * weight
    for i in range(seconds.size):
        d = int((seconds[i] + 0.5 * step) / DAY)
        if shared[d] > 0.0:
            out[i] *= days.clearness[d] * outside[d] / shared[d]


@kernel
def fill_rain(step: float, days: Days, out: Floats) -> None:
    """Fill rain [kg m-2 s-1]: one storm a wet day of UTC, cut into steps without loss."""
    for i in range(out.size):
        day = int(i * step / DAY)
        low = (i * step - day * DAY) / 3600.0
        start, length = days.storm_start[day], days.storm_length[day]
        share = storm_share(low + step / 3600.0, start, length) - storm_share(low, start, length)
        out[i] = days.rain[day] * share / step


@kernel
def fill_air(
    seconds: Floats,
    step: float,
    days: Days,
    settings: Settings,
    noise: Floats,
    steps: Steps,
) -> None:
    """Fill temperature, humidity, pressure, longwave radiation and wind.

    ``noise`` has the deviates of wind speed and direction, shape (2, time), of unit variance.
    """
    last = days.air_temperature.size - 1
    for i in range(seconds.size):
        middle = (seconds[i] + 0.5 * step) / DAY
        d = int(middle)
        hour = 24.0 * (middle - d)
        # Between the noons before and after.
        a = max(0, math.floor(middle - 0.5))
        b = min(last, a + 1)
        w = min(1.0, max(0.0, middle - 0.5 - a))
        span = (1.0 - w) * days.temperature_range[a] + w * days.temperature_range[b]
        T = (1.0 - w) * days.air_temperature[a] + w * days.air_temperature[b]
        T += span * temperature_course(hour)
        p = (1.0 - w) * days.air_pressure[a] + w * days.air_pressure[b]
        es = saturation(T)
        e = (1.0 - w) * days.vapour_pressure[a] + w * days.vapour_pressure[b]
        e = min(e, es)
        bright = (1.0 - w) * days.clearness[a] / days.clear_sky[a]
        bright += w * days.clearness[b] / days.clear_sky[b]
        cloud = min(1.0, max(0.0, 1.0 - bright))
        u = (1.0 - w) * days.wind_speed[a] + w * days.wind_speed[b]
        u *= 1.0 + settings.afternoon_wind * math.cos(math.pi / 12.0 * (hour - 14.0))
        spread = settings.gustiness
        u = max(0.3, u * math.exp(spread * noise[0, i] - 0.5 * spread * spread))
        steps.air_temperature[i] = T
        steps.air_pressure[i] = p
        steps.relative_humidity[i] = e / es
        steps.vapour_pressure_deficit[i] = es - e
        steps.wind_speed[i] = u
        turned = days.wind_from[d] + settings.direction_spread * noise[1, i]
        steps.wind_from_direction[i] = turned - 360.0 * math.floor(turned / 360.0)
        steps.surface_downwelling_longwave_flux[i] = sky_longwave(e, T, cloud)


@kernel
def fill_stability(
    seconds: Floats,
    step: float,
    days: Days,
    place: Place,
    settings: Settings,
    steps: Steps,
) -> None:
    """Fill sensible heat, friction velocity and Obukhov length from what the others filled.

    By day the heat is what net radiation leaves after ground heat and evaporation; without such
    heat air is stable.
    """
    for i in range(seconds.size):
        d = int((seconds[i] + 0.5 * step) / DAY)
        T = steps.air_temperature[i]
        u = steps.wind_speed[i]
        density = steps.air_pressure[i] / (GAS_CONSTANT_DRY_AIR * T)
        net = (1.0 - settings.albedo) * steps.surface_downwelling_shortwave_flux[i]
        net += steps.surface_downwelling_longwave_flux[i] - STEFAN_BOLTZMANN * T**4
        heat = net * (1.0 - settings.ground_heat_share) * (1.0 - days.evaporative_fraction[d])
        if heat > 1.0:
            kinematic = heat / (density * HEAT_CAPACITY_DRY_AIR)
            us, L = unstable_air(u, place.height, place.roughness, T, kinematic)
        else:
            cloud = min(1.0, max(0.0, 1.0 - days.clearness[d] / days.clear_sky[d]))
            us, L, ts = stable_air(u, place.height, place.roughness, T, cloud)
            heat = -density * HEAT_CAPACITY_DRY_AIR * us * ts
        steps.friction_velocity[i] = us
        steps.obukhov_length[i] = L
        steps.sensible_heat_flux[i] = heat


@kernel
def fill_boundary_layer(seconds: Floats, step: float, place: Place, steps: Steps) -> None:
    """Fill the boundary-layer height [m] and from it the deviation of the cross-wind [m s-1]."""
    kinematic = np.empty(seconds.size)
    for i in range(seconds.size):
        density = steps.air_pressure[i] / (GAS_CONSTANT_DRY_AIR * steps.air_temperature[i])
        kinematic[i] = steps.sensible_heat_flux[i] / (density * HEAT_CAPACITY_DRY_AIR)
    diagnose(
        seconds,
        step,
        DAY,
        steps.friction_velocity,
        steps.obukhov_length,
        kinematic,
        steps.air_temperature,
        place.coriolis,
        VON_KARMAN,
        steps.boundary_layer_height,
    )
    for i in range(seconds.size):
        steps.lateral_velocity_std[i] = lateral_deviation(
            steps.friction_velocity[i],
            steps.obukhov_length[i],
            steps.boundary_layer_height[i],
        )
