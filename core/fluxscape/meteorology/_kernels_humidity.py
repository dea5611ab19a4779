"""Compiled humidity of air; every kernel takes floats or arrays of one shape.

Symbols: ``T`` air temperature [K], ``e`` vapour pressure [Pa], ``es`` vapour pressure of saturation
over water [Pa], ``p`` air pressure [Pa], ``q`` specific humidity [kg kg-1].
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel
from fluxscape.constants import (
    EPSILON_WATER,
    GAS_CONSTANT,
    LATENT_HEAT_VAPORISATION_0C,
    MOLAR_MASS_WATER,
    ZERO_CELSIUS,
)

Number = TypeVar("Number", float, NDArray[np.float64])
"""A float or an array."""

# Magnus form es = a exp(b t / (c + t)), t in degrees Celsius. Sonntag 1990, Zeitschrift fuer
# Meteorologie 40, 340-344; recommended by WMO-No. 8 (2018), annex 4.B, -45 to 60 degrees Celsius.
MAGNUS_A = 611.2
MAGNUS_B = 17.62
MAGNUS_C = 243.12

LATENT_HEAT_SLOPE = 2370.0
"""Decrease of the latent heat of vaporisation with temperature [J kg-1 K-1], Stull 1988, p. 641."""


@kernel
def magnus(T: Number, a: float, b: float, c: float) -> Number:
    """Return es [Pa] of the Magnus form with given coefficients."""
    t = T - ZERO_CELSIUS
    saturated: Number = a * np.exp(b * t / (c + t))
    return saturated


@kernel
def saturation(T: Number) -> Number:
    """Return es [Pa] after Sonntag 1990."""
    return magnus(T, MAGNUS_A, MAGNUS_B, MAGNUS_C)


@kernel
def saturation_slope(T: Number) -> Number:
    """Return d es / d T [Pa K-1], the derivative of :func:`saturation`."""
    below = MAGNUS_C + T - ZERO_CELSIUS
    return saturation(T) * MAGNUS_B * MAGNUS_C / (below * below)


@kernel
def dew_point(e: Number) -> Number:
    """Return the temperature [K] at which ``e`` saturates, the inverse of :func:`saturation`."""
    x = np.log(e / MAGNUS_A)
    temperature: Number = ZERO_CELSIUS + MAGNUS_C * x / (MAGNUS_B - x)
    return temperature


@kernel
def specific_humidity(e: Number, p: Number) -> Number:
    """Return q [kg kg-1] = eps e / (p - (1 - eps) e)."""
    return EPSILON_WATER * e / (p - (1.0 - EPSILON_WATER) * e)


@kernel
def vapour_pressure(q: Number, p: Number) -> Number:
    """Return e [Pa], the inverse of :func:`specific_humidity`."""
    return q * p / (EPSILON_WATER + (1.0 - EPSILON_WATER) * q)


@kernel
def vapour_pressure_of_density(rho: Number, T: Number) -> Number:
    """Return e [Pa] of a vapour density ``rho`` [kg m-3], the ideal gas law."""
    return rho * GAS_CONSTANT / MOLAR_MASS_WATER * T


@kernel
def latent_heat(T: Number) -> Number:
    """Return the latent heat of vaporisation [J kg-1], linear after Stull 1988."""
    return LATENT_HEAT_VAPORISATION_0C - LATENT_HEAT_SLOPE * (T - ZERO_CELSIUS)
