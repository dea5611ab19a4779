"""Flux footprint prediction FFP of Kljun et al. 2015, doi:10.5194/gmd-8-3695-2015.

Symbols: ``zm`` height above displacement [m], ``z0`` roughness [m], ``h`` boundary layer [m],
``X*`` and ``F*`` scaled distance and footprint, ``Pi4`` = ln(zm/z0) - psi_M.

With s = (1 - zm/h) / (zm Pi4) the scaled distance is X* = s x, and F(x) = s F*(X*) is the inverse
gamma shape of :mod:`fluxscape.footprint.plume` with p = -b, c/s and d/s.
"""

from __future__ import annotations

import math
from typing import Final

from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.plume import NO_PLUME, ROOT_LINEAR, Plume
from fluxscape.footprint.rules import (
    ABOVE_ROUGHNESS_SUBLAYER,
    BELOW_ENTRAINMENT,
    BOUNDARY_LAYER,
    FRICTION_VELOCITY,
    HEIGHT,
    KLJUN_STABILITY,
    LATERAL_STD,
    OBUKHOV_LENGTH,
    WIND_DIRECTION,
)
from fluxscape.meteorology.similarity import momentum_profile_hogstrom, paulson_profile

A: Final = 1.4524
B: Final = -1.9914
C: Final = 1.4622
D: Final = 0.1359
"""Parameters of F* (Eq. 17)."""

A_CROSS: Final = 2.17
B_CROSS: Final = 1.66
C_CROSS: Final = 20.0
"""Parameters of sigma_y* (Eq. 19)."""

NEUTRAL_LENGTH: Final = 5000.0
"""|L| [m] beyond which the air counts as neutral (reference code)."""

NEUTRAL_STABILITY_LENGTH: Final = -1e6
"""L [m] that stands for neutral air in the crosswind scaling (reference code)."""


def profile(
    height: float,
    roughness: float,
    wind_speed: float,
    friction_velocity: float,
    obukhov_length: float,
    von_karman: float,
) -> float:
    """Return Pi4 [1], from the roughness (Eq. 5 and 6) or, where that is NaN, from the wind."""
    if math.isnan(roughness):
        return von_karman * wind_speed / friction_velocity
    stability = height / obukhov_length
    if obukhov_length >= NEUTRAL_LENGTH:
        # The reference code joins nearly neutral stable air to the unstable branch.
        psi = paulson_profile(stability, 19.0)
    else:
        psi = momentum_profile_hogstrom(stability)
    return math.log(height / roughness) - psi


def plume_kljun(
    height: float,
    roughness: float,
    wind_speed: float,
    friction_velocity: float,
    obukhov_length: float,
    lateral_std: float,
    boundary_layer_height: float,
    von_karman: float,
) -> Plume:
    """Return the plume of one half-hour; lengths [m], velocities [m s-1].

    ``roughness`` NaN makes the profile follow the measured wind.
    """
    pi4 = profile(height, roughness, wind_speed, friction_velocity, obukhov_length, von_karman)
    if not pi4 > 0.0:
        return NO_PLUME
    # Eq. 6 and 7: X* = s x.
    scale = (1.0 - height / boundary_layer_height) / (height * pi4)
    # Eq. 12, 13 and 18: sigma_y = sigma_y* zm / ps1 * sigma_v / u*.
    length = NEUTRAL_STABILITY_LENGTH if abs(obukhov_length) > NEUTRAL_LENGTH else obukhov_length
    offset = 0.8 if length <= 0.0 else 0.55
    ps1 = min(1.0, 1e-5 * abs(length / height) + offset)
    cross = height * lateral_std / (friction_velocity * ps1)
    return Plume(
        log_amplitude=math.log(A) + (1.0 + B) * math.log(scale),
        exponent=-B,
        decay=C / scale,
        shift=D / scale,
        spread_scale=A_CROSS * math.sqrt(B_CROSS) * scale * cross,
        spread_exponent=1.0,
        saturation=C_CROSS * scale,
    )


def paper_distance(plume: Plume, share: float) -> float:
    """Return x_R [m] of the paper's Eq. 25, which takes b for -2: X*_R = -c / ln R + d."""
    return plume.shift - plume.decay / math.log(share)


FFP: Final = FootprintModel(
    name="ffp",
    title="FFP",
    long_title="Kljun et al. 2015 (FFP)",
    reference="Kljun et al. 2015, Geosci. Model Dev. 8, 3695, doi:10.5194/gmd-8-3695-2015",
    provenance="published parameterisation",
    plume=plume_kljun,
    spread_kind=ROOT_LINEAR,
    needs=(
        "friction_velocity",
        "obukhov_length",
        "wind_from_direction",
        "lateral_velocity_std",
        "boundary_layer_height",
    ),
    profile_inputs=("roughness_length", "wind_speed"),
    rules=(
        HEIGHT,
        WIND_DIRECTION,
        FRICTION_VELOCITY,
        LATERAL_STD,
        OBUKHOV_LENGTH,
        BOUNDARY_LAYER,
        BELOW_ENTRAINMENT,
        KLJUN_STABILITY,
        ABOVE_ROUGHNESS_SUBLAYER,
    ),
    paper_distance=paper_distance,
)
