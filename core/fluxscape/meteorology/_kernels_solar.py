"""Compiled position of the sun and irradiance outside the atmosphere.

Symbols: ``n`` days since 2000-01-01 12:00 UTC [d], ``delta`` declination [rad], ``phi`` latitude
[rad], ``w`` hour angle [rad], zero at solar noon, positive after it.

Michalsky 1988, doi:10.1016/0038-092X(88)90045-X (erratum doi:10.1016/0038-092X(88)90122-3), good
to 0.01 degree from 1950 to 2050; equation numbers are of the Astronomical Almanac's list there.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel
from fluxscape.constants import SOLAR_CONSTANT

Floats = NDArray[np.float64]

RADIANS_PER_HOUR = math.pi / 12.0
SECONDS_PER_DAY = 86400.0


@kernel
def declination_and_noon(n: float) -> tuple[float, float]:
    """Return delta [rad] and the equation of time [rad], the lead of the true over the mean sun."""
    mean_longitude = 280.460 + 0.9856474 * n
    anomaly = math.radians(357.528 + 0.9856003 * n)
    ecliptic = math.radians(
        mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2.0 * anomaly)
    )
    obliquity = math.radians(23.439 - 4.0e-7 * n)
    ascension = math.atan2(math.cos(obliquity) * math.sin(ecliptic), math.cos(ecliptic))
    delta = math.asin(math.sin(obliquity) * math.sin(ecliptic))
    lead = math.radians(mean_longitude) - ascension
    return delta, lead - 2.0 * math.pi * math.floor(lead / (2.0 * math.pi) + 0.5)


@kernel
def hour_angle(seconds_of_day: float, longitude: float, lead: float) -> float:
    """Return w [rad] between -pi and pi from UTC [s] and longitude [degrees east]."""
    w = 2.0 * math.pi * (seconds_of_day / SECONDS_PER_DAY - 0.5) + math.radians(longitude) + lead
    return w - 2.0 * math.pi * math.floor(w / (2.0 * math.pi) + 0.5)


@kernel
def cosine_zenith(phi: float, delta: float, w: float) -> float:
    """Return the cosine of the zenith angle, negative below the horizon (Iqbal 1983, 1.5.1)."""
    return math.sin(phi) * math.sin(delta) + math.cos(phi) * math.cos(delta) * math.cos(w)


@kernel
def sunset_angle(phi: float, delta: float) -> float:
    """Return w at sunset [rad], 0 in polar night, pi in polar day (Iqbal 1983, 1.5.4)."""
    x = -math.tan(phi) * math.tan(delta)
    return math.acos(min(1.0, max(-1.0, x)))


@kernel
def _primitive(phi: float, delta: float, w: float) -> float:
    """Return the integral of :func:`cosine_zenith` over w."""
    return math.sin(phi) * math.sin(delta) * w + math.cos(phi) * math.cos(delta) * math.sin(w)


@kernel
def lit_integral(phi: float, delta: float, start: float, end: float) -> tuple[float, float]:
    """Return the integral of cos(zenith) and the length [rad] of the lit part of a span of w.

    ``start`` lies between -pi and pi, ``end`` up to 2 pi after it.
    """
    ws = sunset_angle(phi, delta)
    total = 0.0
    lit = 0.0
    for turn in range(2):
        low = max(start, -ws + 2.0 * math.pi * turn)
        high = min(end, ws + 2.0 * math.pi * turn)
        if high > low:
            shift = 2.0 * math.pi * turn
            total += _primitive(phi, delta, high - shift) - _primitive(phi, delta, low - shift)
            lit += high - low
    return total, lit


@kernel
def normal_irradiance(n: float) -> float:
    """Return the irradiance [W m-2] normal to the sun's rays outside the atmosphere."""
    anomaly = math.radians(357.528 + 0.9856003 * n)
    distance = 1.00014 - 0.01671 * math.cos(anomaly) - 0.00014 * math.cos(2.0 * anomaly)
    return SOLAR_CONSTANT / (distance * distance)


@kernel
def daily_irradiance(n: float, phi: float) -> float:
    """Return the daily mean irradiance [W m-2] of a horizontal plane outside the atmosphere.

    Iqbal 1983, Eq. 4.2.22: the integral of :func:`cosine_zenith` between sunrise and sunset.
    """
    delta, _ = declination_and_noon(n)
    ws = sunset_angle(phi, delta)
    day = 2.0 * _primitive(phi, delta, ws)
    return normal_irradiance(n) * day / (2.0 * math.pi)


@kernel
def fill_zenith(n: Floats, phi: float, longitude: float, out: Floats) -> None:
    """Fill ``out`` with the zenith angle [rad] at moments ``n``."""
    for i in range(n.size):
        delta, lead = declination_and_noon(n[i])
        since_midnight = (n[i] + 0.5) % 1.0 * SECONDS_PER_DAY
        mu = cosine_zenith(phi, delta, hour_angle(since_midnight, longitude, lead))
        out[i] = math.acos(min(1.0, max(-1.0, mu)))


@kernel
def fill_steps(
    n: Floats, step_seconds: float, phi: float, longitude: float, mean: Floats, lit_mean: Floats
) -> None:
    """Fill means over steps that start at ``n``.

    ``mean`` with the irradiance [W m-2] outside the atmosphere, ``lit_mean`` with the mean cosine
    of the zenith angle while the sun is up, 0 where it stays down.
    """
    span = 2.0 * math.pi * step_seconds / SECONDS_PER_DAY
    for i in range(n.size):
        middle = n[i] + 0.5 * step_seconds / SECONDS_PER_DAY
        delta, lead = declination_and_noon(middle)
        start = hour_angle((n[i] + 0.5) % 1.0 * SECONDS_PER_DAY, longitude, lead)
        total, lit = lit_integral(phi, delta, start, start + span)
        mean[i] = normal_irradiance(middle) * total / span
        lit_mean[i] = total / lit if lit > 0.0 else 0.0


@kernel
def fill_days(n: Floats, phi: float, out: Floats) -> None:
    """Fill ``out`` with :func:`daily_irradiance` of the days ``n``."""
    for i in range(n.size):
        out[i] = daily_irradiance(n[i], phi)


@kernel
def fill_course(
    n: Floats,
    phi: float,
    declination: Floats,
    lead: Floats,
    normal: Floats,
    daily: Floats,
    length: Floats,
) -> None:
    """Fill the sun of the days ``n``: delta, lead, normal and daily irradiance, day length [h]."""
    for i in range(n.size):
        declination[i], lead[i] = declination_and_noon(n[i])
        normal[i] = normal_irradiance(n[i])
        daily[i] = daily_irradiance(n[i], phi)
        length[i] = 2.0 * sunset_angle(phi, declination[i]) / RADIANS_PER_HOUR
