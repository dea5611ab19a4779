"""Monin-Obukhov similarity of the surface layer: gradients, profiles, the Obukhov length.

The stability functions are plain scalar functions of ``z / L`` on :mod:`math`, so that the
calculator answers without loading numpy; :func:`obukhov_length` and :func:`kinematic_heat_flux` use
arithmetic only and take floats or arrays.

Sign convention: u(z) = u* / k [ln(z / z0) - psi(z / L)], so psi is negative in stable air.

References
----------
Dyer 1974, doi:10.1007/BF00240838; Businger et al. 1971; Hogstrom 1988, doi:10.1007/BF00119875.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

from fluxscape.constants import (
    GAS_CONSTANT_DRY_AIR,
    GRAVITY,
    HEAT_CAPACITY_DRY_AIR,
    VON_KARMAN,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Number = TypeVar("Number", "float", "NDArray[np.float64]")
"""A float or an array."""


def momentum_gradient(stability: float) -> float:
    """Return phi_m after Dyer 1974: 1 + 5 z/L when stable, (1 - 16 z/L)^(-1/4) when not.

    >>> momentum_gradient(0.2)
    2.0
    """
    if stability > 0.0:
        return 1.0 + 5.0 * stability
    return float((1.0 - 16.0 * stability) ** -0.25)


def scalar_gradient(stability: float) -> float:
    """Return phi_c after Dyer 1974: 1 + 5 z/L when stable, (1 - 16 z/L)^(-1/2) when not."""
    if stability > 0.0:
        return 1.0 + 5.0 * stability
    return float((1.0 - 16.0 * stability) ** -0.5)


def momentum_profile_dyer(stability: float) -> float:
    """Return psi_m, the integral of Dyer's gradient (Paulson 1970): -5 z/L when stable."""
    if stability > 0.0:
        return -5.0 * stability
    return paulson_profile(stability, 16.0)


def momentum_profile_hogstrom(stability: float) -> float:
    """Return psi_m with Hogstrom's 1988 coefficients: -5.3 z/L when stable, 19 z/L when not."""
    if stability > 0.0:
        return -5.3 * stability
    return paulson_profile(stability, 19.0)


def paulson_profile(stability: float, slope: float) -> float:
    """Return psi_m of unstable air, 2 ln[(1+x)/2] + ln[(1+x^2)/2] - 2 atan x + pi/2.

    x = (1 - slope z/L)^(1/4): Paulson 1970, doi:10.1175/1520-0450(1970)009<0857:TMROWS>2.0.CO;2.
    """
    x = (1.0 - slope * stability) ** 0.25
    return (
        math.log((1.0 + x * x) / 2.0)
        + 2.0 * math.log((1.0 + x) / 2.0)
        - 2.0 * math.atan(x)
        + math.pi / 2.0
    )


def log_wind(
    height: float,
    roughness: float,
    friction_velocity: float,
    stability: float,
    von_karman: float = VON_KARMAN,
) -> float:
    """Return the wind speed [m s-1] of the diabatic logarithmic profile.

    Parameters
    ----------
    height
        Height above the displacement height [m].
    roughness
        Roughness length for momentum [m].
    friction_velocity
        [m s-1].
    stability
        height / Obukhov length [1].
    von_karman
        [1].
    """
    profile = math.log(height / roughness) - momentum_profile_dyer(stability)
    return friction_velocity / von_karman * profile


def roughness_from_wind(
    height: float,
    wind_speed: float,
    friction_velocity: float,
    stability: float,
    von_karman: float = VON_KARMAN,
) -> float:
    """Return the roughness length [m] that a measured wind implies: :func:`log_wind` inverted.

    Parameters
    ----------
    height
        Height above the displacement height [m].
    wind_speed, friction_velocity
        [m s-1].
    stability
        height / Obukhov length [1].
    von_karman
        [1].
    """
    profile = von_karman * wind_speed / friction_velocity
    return height * math.exp(-profile - momentum_profile_dyer(stability))


def air_density(air_pressure: Number, air_temperature: Number) -> Number:
    """Return the density of dry air [kg m-3] from pressure [Pa] and temperature [K]."""
    return air_pressure / (GAS_CONSTANT_DRY_AIR * air_temperature)


def obukhov_length(
    friction_velocity: Number,
    sensible_heat_flux: Number,
    air_temperature: Number,
    air_pressure: Number,
    von_karman: float = VON_KARMAN,
) -> Number:
    """Return the Obukhov length [m]: L = -u*^3 T / (k g H / (rho c_p)).

    Parameters
    ----------
    friction_velocity
        [m s-1].
    sensible_heat_flux
        [W m-2], upwards; where it is zero the length is infinite (arrays) or undefined (floats).
    air_temperature
        [K]; the potential temperature at the height of the measurement differs by less than 1 %.
    air_pressure
        [Pa].
    von_karman
        [1].

    References
    ----------
    Obukhov 1946, translated in Boundary-Layer Meteorol. 2, 7 (1971).
    """
    density = air_density(air_pressure, air_temperature)
    kinematic = sensible_heat_flux / (density * HEAT_CAPACITY_DRY_AIR)
    return -(friction_velocity**3) * air_temperature / (von_karman * GRAVITY * kinematic)


def kinematic_heat_flux(
    friction_velocity: Number,
    obukhov_length: Number,
    air_temperature: Number,
    von_karman: float = VON_KARMAN,
) -> Number:
    """Return the kinematic heat flux w'theta' [K m s-1] that an Obukhov length stands for."""
    return -(friction_velocity**3) * air_temperature / (von_karman * GRAVITY * obukhov_length)
