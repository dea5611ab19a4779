"""Humidity of air: saturation, deficit, dew point, specific humidity, latent heat.

Functions take floats or arrays that broadcast, in SI units, and refuse temperatures that are not
kelvin. Saturation is over water, after Sonntag 1990, unless another author is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fluxscape.errors import OutOfBoundsError, did_you_mean
from fluxscape.meteorology import _kernels_humidity as kernels
from fluxscape.vocabulary import VARIABLES

Floats = NDArray[np.float64]

MAGNUS_COEFFICIENTS: Final = {
    "sonntag1990": (kernels.MAGNUS_A, kernels.MAGNUS_B, kernels.MAGNUS_C),
    "alduchov1996": (610.94, 17.625, 243.04),
    "allen1998": (610.8, 17.27, 237.3),
}
"""Coefficients a [Pa], b [1], c [degC] of es = a exp(b t / (c + t)). Sonntag 1990; Alduchov and
Eskridge 1996, doi:10.1175/1520-0450(1996)035<0601:IMFAOS>2.0.CO;2, Eq. 21; Allen et al. 1998,
FAO Irrigation and Drainage Paper 56, Eq. 11."""


def saturation_vapour_pressure(air_temperature: ArrayLike, method: str = "sonntag1990") -> Floats:
    """Return the vapour pressure of saturation over water [Pa].

    Parameters
    ----------
    air_temperature
        [K].
    method
        One of :data:`MAGNUS_COEFFICIENTS`.

    Raises
    ------
    OutOfBoundsError
        If a temperature is no air temperature in kelvin, or the method is unknown.

    Examples
    --------
    >>> float(saturation_vapour_pressure(273.15))
    611.2
    """
    if method not in MAGNUS_COEFFICIENTS:
        msg = f"method must be one of {tuple(MAGNUS_COEFFICIENTS)}, got {method!r}."
        raise OutOfBoundsError(msg + did_you_mean(method, MAGNUS_COEFFICIENTS), got=method)
    a, b, c = MAGNUS_COEFFICIENTS[method]
    return _each(lambda T: kernels.magnus(T, a, b, c), _kelvin(air_temperature))


def saturation_vapour_pressure_slope(air_temperature: ArrayLike) -> Floats:
    """Return the slope of the saturation vapour pressure with temperature [Pa K-1].

    Parameters
    ----------
    air_temperature
        [K].
    """
    return _each(kernels.saturation_slope, _kelvin(air_temperature))


def vapour_pressure_deficit(air_temperature: ArrayLike, relative_humidity: ArrayLike) -> Floats:
    """Return es (1 - RH) [Pa], zero where sensors in fog read more than saturation.

    Parameters
    ----------
    air_temperature
        [K].
    relative_humidity
        [1], 0 to 1.1.
    """
    saturated = saturation_vapour_pressure(air_temperature)
    humidity = _bounded(relative_humidity, "relative_humidity")
    return np.asarray(saturated * np.maximum(1.0 - humidity, 0.0))


def relative_humidity(air_temperature: ArrayLike, deficit: ArrayLike) -> Floats:
    """Return 1 - VPD / es [1], at least 0.

    Parameters
    ----------
    air_temperature
        [K].
    deficit
        Vapour pressure deficit [Pa].
    """
    saturated = saturation_vapour_pressure(air_temperature)
    found = _bounded(deficit, "vapour_pressure_deficit")
    return np.asarray(np.maximum(1.0 - found / saturated, 0.0))


def dew_point_temperature(vapour_pressure: ArrayLike) -> Floats:
    """Return the temperature at which the vapour saturates [K]; NaN for dry air.

    Parameters
    ----------
    vapour_pressure
        [Pa].
    """
    pressure = np.asarray(vapour_pressure, dtype=np.float64)
    return _each(kernels.dew_point, np.where(pressure > 0, pressure, np.nan))


def specific_humidity(vapour_pressure: ArrayLike, air_pressure: ArrayLike) -> Floats:
    """Return the mass of vapour in a mass of moist air [kg kg-1].

    Parameters
    ----------
    vapour_pressure
        [Pa].
    air_pressure
        [Pa].
    """
    return _each(kernels.specific_humidity, vapour_pressure, _bounded(air_pressure, "air_pressure"))


def vapour_pressure(specific_humidity: ArrayLike, air_pressure: ArrayLike) -> Floats:
    """Return the partial pressure of vapour [Pa].

    Parameters
    ----------
    specific_humidity
        [kg kg-1].
    air_pressure
        [Pa].
    """
    return _each(kernels.vapour_pressure, specific_humidity, _bounded(air_pressure, "air_pressure"))


def latent_heat_of_vaporisation(air_temperature: ArrayLike) -> Floats:
    """Return the heat that evaporates a mass of water [J kg-1].

    Parameters
    ----------
    air_temperature
        [K].

    References
    ----------
    Stull 1988, An Introduction to Boundary Layer Meteorology, p. 641.
    """
    return _each(kernels.latent_heat, _kelvin(air_temperature))


def _each(function: Callable[..., Any], *arguments: ArrayLike) -> Floats:
    """Return a kernel over arrays that broadcast."""
    arrays = np.broadcast_arrays(*(np.asarray(item, dtype=np.float64) for item in arguments))
    values = function(*(array.ravel() for array in arrays))
    return np.asarray(values, dtype=np.float64).reshape(arrays[0].shape)


def _kelvin(temperature: ArrayLike) -> Floats:
    """Return a temperature after checking that it is one of air in kelvin."""
    return _bounded(temperature, "air_temperature")


def _bounded(values: ArrayLike, name: str) -> Floats:
    """Return values after checking them against the vocabulary's bounds."""
    variable = VARIABLES[name]
    array = np.asarray(values, dtype=np.float64)
    bad = (array < variable.lower) | (array > variable.upper)
    if bad.any():
        first = array.ravel()[int(np.argmax(bad.ravel()))]
        msg = (
            f"{name} = {first:g} lies outside {variable.lower:g} to {variable.upper:g} "
            f"{variable.units}"
        )
        raise OutOfBoundsError(msg, variable=name, got=float(first))
    return array
