"""Analytical footprint of Kormann and Meixner 2001, doi:10.1023/A:1018991015119.

Symbols: ``zm`` height above displacement [m]; u(z) = U z^m and K(z) = kappa z^n power laws of wind
and eddy diffusivity; r = 2 + m - n; mu = (1 + m) / r; xi flux length scale [m]; ubar(x) speed of
the plume.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.plume import NO_PLUME, POWER, Plume
from fluxscape.footprint.rules import (
    FRICTION_VELOCITY,
    HEIGHT,
    LATERAL_STD,
    OBUKHOV_LENGTH,
    SURFACE_LAYER,
    WIND_DIRECTION,
    WIND_SPEED,
)
from fluxscape.meteorology.similarity import log_wind, momentum_gradient, scalar_gradient


class PowerLaws(NamedTuple):
    """Power laws through the values at the instrument: u = wind (z / zm)^m, K likewise with n."""

    wind_exponent: float
    diffusivity_exponent: float
    wind: float
    diffusivity: float


def match_analytically(
    height: float,
    wind_speed: float,
    friction_velocity: float,
    obukhov_length: float,
    von_karman: float,
) -> PowerLaws:
    """Return the power laws that touch the Monin-Obukhov profiles at ``height`` (Eq. 31 to 36)."""
    stability = height / obukhov_length
    m = friction_velocity * momentum_gradient(stability) / (von_karman * wind_speed)
    if stability > 0.0:
        n = 1.0 / (1.0 + 5.0 * stability)
    else:
        n = (1.0 - 24.0 * stability) / (1.0 - 16.0 * stability)
    diffusivity = von_karman * friction_velocity * height / scalar_gradient(stability)
    return PowerLaws(m, n, wind_speed, diffusivity)


def plume_of_power_laws(laws: PowerLaws, height: float, lateral_std: float) -> Plume:
    """Return the exact solution of the advection-diffusion equation with these power laws.

    With U = wind / zm^m and kappa = diffusivity / zm^n the powers of zm cancel: Eq. 19 becomes
    xi = wind zm^2 / (r^2 diffusivity), Eq. 18 ubar = wind Gamma(mu) / Gamma(1/r) (x / xi)^(m/r).
    """
    m, n, wind, diffusivity = laws
    r = 2.0 + m - n
    mu = (1.0 + m) / r
    xi = wind * height * height / (r * r * diffusivity)
    ratio = math.exp(math.lgamma(mu) - math.lgamma(1.0 / r))
    return Plume(
        log_amplitude=mu * math.log(xi) - math.lgamma(mu),  # Eq. 21
        exponent=1.0 + mu,
        decay=xi,
        shift=0.0,
        spread_scale=lateral_std / (wind * ratio) * math.pow(xi, m / r),
        spread_exponent=1.0 - m / r,
        saturation=0.0,
    )


def wind_at(
    height: float,
    roughness: float,
    wind_speed: float,
    friction_velocity: float,
    obukhov_length: float,
    von_karman: float,
) -> float:
    """Return the measured wind or, where it is NaN, that of the logarithmic profile (Eq. 31)."""
    if not math.isnan(wind_speed):
        return wind_speed
    return log_wind(height, roughness, friction_velocity, height / obukhov_length, von_karman)


def plume_kormann_meixner(
    height: float,
    roughness: float,
    wind_speed: float,
    friction_velocity: float,
    obukhov_length: float,
    lateral_std: float,
    boundary_layer_height: float,  # noqa: ARG001 - the models share one signature
    von_karman: float,
) -> Plume:
    """Return the plume of one half-hour; lengths [m], velocities [m s-1].

    ``wind_speed`` NaN makes the logarithmic profile over ``roughness`` stand in for it.
    """
    wind = wind_at(height, roughness, wind_speed, friction_velocity, obukhov_length, von_karman)
    if not wind > 0.0:
        return NO_PLUME
    laws = match_analytically(height, wind, friction_velocity, obukhov_length, von_karman)
    return plume_of_power_laws(laws, height, lateral_std)


KM01: Final = FootprintModel(
    name="km01",
    title="KM01",
    long_title="Kormann and Meixner 2001",
    reference=(
        "Kormann and Meixner 2001, Boundary-Layer Meteorol. 99, 207, doi:10.1023/A:1018991015119"
    ),
    provenance="published analytical solution",
    plume=plume_kormann_meixner,
    spread_kind=POWER,
    needs=(
        "friction_velocity",
        "obukhov_length",
        "wind_from_direction",
        "lateral_velocity_std",
    ),
    profile_inputs=("wind_speed", "roughness_length"),
    rules=(
        HEIGHT,
        WIND_DIRECTION,
        FRICTION_VELOCITY,
        LATERAL_STD,
        OBUKHOV_LENGTH,
        WIND_SPEED,
        SURFACE_LAYER,
    ),
)
