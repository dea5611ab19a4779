"""A power-law Eulerian footprint in the manner of SAFE-f (Chen et al. 2009; Fang et al. 2024).

Chen et al. 2009, doi:10.1007/s10546-008-9339-1, describe "a simple model based on an analytical
solution of the Eulerian advection-diffusion equation"; its equations and code are not public, nor
are those that Fang et al. 2024, doi:10.1038/s41597-024-03291-3, ran. What is built here is the
family that the description fits: the exact solution for power-law profiles (van Ulden 1978, Huang
1979, Horst and Weil 1992, Kormann and Meixner 2001), with the choices that the text leaves open as
options. It is a reconstruction and no copy: its numbers need not equal the authors'.

Options: how the power laws follow from the Monin-Obukhov profiles (at the instrument, or by least
squares over a layer), and how the plume spreads (in proportion to travel time, or after Draxler
1976 with a Lagrangian time scale).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from fluxscape.footprint.kormann_meixner import (
    PowerLaws,
    match_analytically,
    plume_of_power_laws,
    wind_at,
)
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.plume import DRAXLER, NO_PLUME, POWER, Plume
from fluxscape.footprint.rules import (
    FRICTION_VELOCITY,
    HEIGHT,
    LATERAL_STD,
    OBUKHOV_LENGTH,
    SURFACE_LAYER,
    WIND_DIRECTION,
    WIND_SPEED,
)
from fluxscape.meteorology.similarity import (
    momentum_profile_dyer,
    roughness_from_wind,
    scalar_gradient,
)

PROVENANCE: Final = "reconstruction after Chen et al. 2009"

LOWEST_ROUGHNESS_LENGTHS: Final = 3.0
HIGHEST_HEIGHTS: Final = 1.4
"""The layer of the least squares: from 3 z0 to (1 + k) zm with k = 0.4, the bounds that open
implementations of Kormann and Meixner's numerical matching use."""

LEVELS: Final = 20
"""Heights of the least squares, evenly spaced in ln z."""

UNSTABLE_TIME_SCALE: Final = 0.15
STABLE_TIME_SCALE: Final = 0.07
"""Lateral Lagrangian time scale T_L = 0.15 h / sigma_v when unstable, 0.07 h / sigma_v (z/h)^0.5
when stable: Hanna 1982, in Nieuwstadt and van Dop, doi:10.1007/978-94-010-9112-1_7."""


@dataclass(frozen=True, slots=True)
class PowerLawEulerian:
    """One member of the family; call it like any plume function.

    Attributes
    ----------
    least_squares
        Whether the power laws are fitted over a layer instead of matched at the instrument.
    draxler
        Whether the spread saturates with travel time.
    """

    least_squares: bool
    draxler: bool

    def __call__(
        self,
        height: float,
        roughness: float,
        wind_speed: float,
        friction_velocity: float,
        obukhov_length: float,
        lateral_std: float,
        boundary_layer_height: float,
        von_karman: float,
    ) -> Plume:
        """Return the plume of one half-hour; lengths [m], velocities [m s-1]."""
        wind = wind_at(height, roughness, wind_speed, friction_velocity, obukhov_length, von_karman)
        if not wind > 0.0:
            return NO_PLUME
        matched = match_by_least_squares if self.least_squares else match_analytically
        laws = matched(height, wind, friction_velocity, obukhov_length, von_karman)
        if not 2.0 + laws.wind_exponent > laws.diffusivity_exponent:
            return NO_PLUME
        plume = plume_of_power_laws(laws, height, lateral_std)
        if not self.draxler or math.isnan(lateral_std):
            return plume
        scale = time_scale(height, obukhov_length, lateral_std, boundary_layer_height)
        # T = x / ubar, and sigma_y = sigma_v T / (1 + sqrt(T / (2 T_L))): Draxler 1976,
        # Atmos. Environ. 10, 99.
        seconds_at_1m = plume.spread_scale / lateral_std
        return plume._replace(saturation=seconds_at_1m / (2.0 * scale))


def match_by_least_squares(
    height: float,
    wind_speed: float,
    friction_velocity: float,
    obukhov_length: float,
    von_karman: float,
) -> PowerLaws:
    """Return the power laws nearest to the Monin-Obukhov profiles in a layer, in ln u and ln K.

    Kormann and Meixner 2001, Eq. 39 and 40, with the layer that the constants of this module name.
    The roughness is that which the wind implies, so that the profile meets the measured wind.
    """
    stability = height / obukhov_length
    roughness = roughness_from_wind(height, wind_speed, friction_velocity, stability, von_karman)
    low = LOWEST_ROUGHNESS_LENGTHS * roughness
    high = HIGHEST_HEIGHTS * height
    if not 0.0 < low < 0.9 * high:
        return match_analytically(height, wind_speed, friction_velocity, obukhov_length, von_karman)
    step = math.log(high / low) / (LEVELS - 1)
    log_z, log_u, log_k = [], [], []
    for level in range(LEVELS):
        z = low * math.exp(level * step)
        zeta = z / obukhov_length
        profile = math.log(z / roughness) - momentum_profile_dyer(zeta)
        if not profile > 0.0:
            continue
        log_z.append(math.log(z / height))
        log_u.append(math.log(friction_velocity / von_karman * profile))
        log_k.append(math.log(von_karman * friction_velocity * z / scalar_gradient(zeta)))
    m, log_wind = _line(log_z, log_u)
    n, log_diffusivity = _line(log_z, log_k)
    return PowerLaws(m, n, math.exp(log_wind), math.exp(log_diffusivity))


def _line(x: list[float], y: list[float]) -> tuple[float, float]:
    """Return slope and value at zero of the least-squares line."""
    count = len(x)
    mean_x, mean_y = sum(x) / count, sum(y) / count
    slope = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum(
        (a - mean_x) ** 2 for a in x
    )
    return slope, mean_y - slope * mean_x


def time_scale(
    height: float, obukhov_length: float, lateral_std: float, boundary_layer_height: float
) -> float:
    """Return the lateral Lagrangian time scale T_L [s] of Hanna 1982."""
    if obukhov_length > 0.0:
        depth = math.sqrt(height / boundary_layer_height) * boundary_layer_height
        return STABLE_TIME_SCALE * depth / lateral_std
    return UNSTABLE_TIME_SCALE * boundary_layer_height / lateral_std


def _member(
    name: str, title: str, long_title: str, *, least_squares: bool, draxler: bool
) -> FootprintModel:
    """Return one member of the family as a model."""
    needs = ("friction_velocity", "obukhov_length", "wind_from_direction", "lateral_velocity_std")
    return FootprintModel(
        name=name,
        title=title,
        long_title=long_title,
        reference=(
            "Chen et al. 2009, Boundary-Layer Meteorol. 130, 137, doi:10.1007/s10546-008-9339-1; "
            "Kormann and Meixner 2001, doi:10.1023/A:1018991015119"
        ),
        provenance=PROVENANCE,
        plume=PowerLawEulerian(least_squares=least_squares, draxler=draxler),
        spread_kind=DRAXLER if draxler else POWER,
        needs=(*needs, "boundary_layer_height") if draxler else needs,
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


SAFE_F: Final = _member(
    "safe-f",
    "SAFE-f*",
    "SAFE-f, reconstructed (profiles fitted over 3 z0 to 1.4 zm, short-range spread)",
    least_squares=True,
    draxler=False,
)
SAFE_F_ANALYTIC: Final = _member(
    "safe-f-analytic",
    "SAFE-f* analytic",
    "SAFE-f, reconstructed (profiles matched at the instrument, short-range spread)",
    least_squares=False,
    draxler=False,
)
SAFE_F_DRAXLER: Final = _member(
    "safe-f-draxler",
    "SAFE-f* Draxler",
    "SAFE-f, reconstructed (profiles fitted over 3 z0 to 1.4 zm, spread after Draxler)",
    least_squares=True,
    draxler=True,
)
SAFE_F_ANALYTIC_DRAXLER: Final = _member(
    "safe-f-analytic-draxler",
    "SAFE-f* analytic Draxler",
    "SAFE-f, reconstructed (profiles matched at the instrument, spread after Draxler)",
    least_squares=False,
    draxler=True,
)
