"""Hsieh et al. 2000, doi:10.1016/S0309-1708(99)00042-1, with Detto et al. 2006 across the wind.

Symbols: ``zm`` height above displacement [m], ``z0`` roughness [m], ``zu`` length scale of the
profile [m], ``D`` and ``P`` similarity constants of the stability class, k von Karman constant.

The scale A jumps where the class changes; published codes switch to the neutral constants at
|zu/L| < 0.04 (EddyPro and others) or 0.02 (eddy-footprint). Here it is 0.04.
"""

from __future__ import annotations

import math
from typing import Final

from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.plume import NO_PLUME, POWER, Plume
from fluxscape.footprint.rules import (
    ABOVE_ROUGHNESS_ELEMENTS,
    FRICTION_VELOCITY,
    HEIGHT,
    LATERAL_STD,
    OBUKHOV_LENGTH,
    SURFACE_LAYER,
    WIND_DIRECTION,
)
from fluxscape.meteorology.similarity import roughness_from_wind

NEUTRAL: Final = 0.04
"""|zu/L| below which the air counts as neutral."""

UNSTABLE_CONSTANTS: Final = (0.28, 0.59)
NEUTRAL_CONSTANTS: Final = (0.97, 1.0)
STABLE_CONSTANTS: Final = (2.44, 1.33)
"""D and P of Hsieh et al. 2000, Eq. 15."""

CROSS_FACTOR: Final = 0.3
CROSS_EXPONENT: Final = 0.86
"""sigma_y = 0.3 z0 (sigma_v / u*) (x / z0)^0.86: Detto et al. 2006, Eq. B4,
doi:10.1029/2005WR004693."""


def length_scale(height: float, roughness: float) -> float:
    """Return zu [m] (Eq. 13): zm (ln(zm/z0) - 1 + z0/zm)."""
    return height * (math.log(height / roughness) - 1.0 + roughness / height)


def decay_length(
    height: float, roughness: float, obukhov_length: float, von_karman: float
) -> float:
    """Return A = D zu^P |L|^(1-P) / k^2 [m] (Eq. 17), twice the peak distance."""
    zu = length_scale(height, roughness)
    ratio = zu / obukhov_length
    if abs(ratio) < NEUTRAL:
        d, p = NEUTRAL_CONSTANTS
    else:
        d, p = UNSTABLE_CONSTANTS if ratio < 0.0 else STABLE_CONSTANTS
    return d * math.pow(zu, p) * math.pow(abs(obukhov_length), 1.0 - p) / von_karman**2


def plume_hsieh(
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

    ``roughness`` NaN makes it follow from the measured wind.
    """
    z0 = roughness
    if math.isnan(z0):
        stability = height / obukhov_length
        z0 = roughness_from_wind(height, wind_speed, friction_velocity, stability, von_karman)
    if not 0.0 < z0 < height:
        return NO_PLUME
    decay = decay_length(height, z0, obukhov_length, von_karman)
    return Plume(
        log_amplitude=math.log(decay),  # Eq. 18: F = A / x^2 exp(-A / x)
        exponent=2.0,
        decay=decay,
        shift=0.0,
        spread_scale=CROSS_FACTOR
        * lateral_std
        / friction_velocity
        * math.pow(z0, 1.0 - CROSS_EXPONENT),
        spread_exponent=CROSS_EXPONENT,
        saturation=0.0,
    )


HSIEH: Final = FootprintModel(
    name="hsieh",
    title="Hsieh",
    long_title="Hsieh et al. 2000 with Detto et al. 2006",
    reference=(
        "Hsieh et al. 2000, Adv. Water Resour. 23, 765, doi:10.1016/S0309-1708(99)00042-1; "
        "Detto et al. 2006, Water Resour. Res. 42, W08419, doi:10.1029/2005WR004693"
    ),
    provenance="published parameterisation",
    plume=plume_hsieh,
    spread_kind=POWER,
    needs=(
        "friction_velocity",
        "obukhov_length",
        "wind_from_direction",
        "lateral_velocity_std",
    ),
    profile_inputs=("roughness_length", "wind_speed"),
    rules=(
        HEIGHT,
        WIND_DIRECTION,
        FRICTION_VELOCITY,
        LATERAL_STD,
        OBUKHOV_LENGTH,
        SURFACE_LAYER,
        ABOVE_ROUGHNESS_ELEMENTS,
    ),
)
