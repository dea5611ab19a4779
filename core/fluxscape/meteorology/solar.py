"""The sun over a point: zenith angle, and irradiance outside the atmosphere over steps and days.

Refraction is left out: it lifts the rising sun by half a degree, which no energy budget here
notices. Times are UTC.

References
----------
Michalsky 1988, doi:10.1016/0038-092X(88)90045-X; Iqbal 1983, An Introduction to Solar Radiation.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.meteorology import _kernels_solar as kernels

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]

_EPOCH: Final = np.datetime64("2000-01-01T12:00:00", "ns")


class SunOverSteps(NamedTuple):
    """Means over steps, each of shape (time,).

    Attributes
    ----------
    irradiance
        Of a horizontal plane outside the atmosphere [W m-2], mean of the whole step.
    cosine_zenith
        Mean while the sun is up [1], 0 where it stays down.
    """

    irradiance: Floats
    cosine_zenith: Floats


def days_since_epoch(times: Times) -> Floats:
    """Return days since 2000-01-01 12:00 UTC [d]."""
    return np.asarray((times - _EPOCH) / np.timedelta64(1, "D"), dtype=np.float64)


def solar_zenith(times: Times, latitude: float, longitude: float) -> Floats:
    """Return the angle between the sun and the vertical [rad] at moments.

    Parameters
    ----------
    times
        UTC, shape (time,).
    latitude, longitude
        [degrees north, east].

    Raises
    ------
    OutOfBoundsError
        If the point lies on no globe.
    """
    phi = _latitude(latitude, longitude)
    days = np.atleast_1d(days_since_epoch(times))
    out = np.empty(days.shape)
    kernels.fill_zenith(days, phi, longitude, out)
    return out


def sun_over_steps(
    starts: Times, step_seconds: float, latitude: float, longitude: float
) -> SunOverSteps:
    """Return means of the sun over steps, integrated exactly between sunrise and sunset.

    Parameters
    ----------
    starts
        Starts of the steps, UTC, shape (time,).
    step_seconds
        Length of a step [s], up to a day.
    latitude, longitude
        [degrees north, east].

    Raises
    ------
    OutOfBoundsError
        If the point lies on no globe, or the step is no part of a day.
    """
    phi = _latitude(latitude, longitude)
    if not 0 < step_seconds <= 86400:
        msg = f"step_seconds must lie between 0 and 86400, got {step_seconds!r}"
        raise OutOfBoundsError(msg, got=step_seconds)
    days = np.atleast_1d(days_since_epoch(starts))
    mean, lit = np.empty(days.shape), np.empty(days.shape)
    kernels.fill_steps(days, float(step_seconds), phi, longitude, mean, lit)
    return SunOverSteps(mean, lit)


def daily_irradiance(days: Times, latitude: float) -> Floats:
    """Return daily means of the irradiance outside the atmosphere on a horizontal plane [W m-2].

    Parameters
    ----------
    days
        Any moment of each day, shape (time,).
    latitude
        [degrees north].
    """
    phi = _latitude(latitude, 0.0)
    numbers = np.atleast_1d(days_since_epoch(days))
    out = np.empty(numbers.shape)
    kernels.fill_days(numbers, phi, out)
    return out


def _latitude(latitude: float, longitude: float) -> float:
    """Return the latitude in radians after checking the point."""
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 360.0):
        msg = (
            f"latitude {latitude!r}, longitude {longitude!r}: wanted -90 to 90 and -180 to 360 "
            "degrees"
        )
        raise OutOfBoundsError(msg, latitude=latitude, longitude=longitude)
    return math.radians(latitude)
