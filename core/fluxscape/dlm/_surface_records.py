"""What the surface balance reads and returns."""

from __future__ import annotations

from typing import NamedTuple

from fluxscape.dlm._leaf import Leaf


class Air(NamedTuple):
    """Air at the reference height, and the way up to it."""

    temperature: float
    vapour_pressure: float
    pressure: float
    wind_speed: float
    carbon_dioxide: float
    longwave_down: float
    height: float
    """Reference height over the displacement height [m]."""
    log_height: float
    """ln((z - d) / z0) [1]."""


class Ground(NamedTuple):
    """The ground as the surface balance sees it."""

    base: float
    """Temperature of the top node at the end of the step without heat from above [K]."""
    conductance: float
    """Heat flux into the ground over (surface temperature - base) [W m-2 K-1]."""
    snow: bool
    """Whether snow covers it: it sublimates and may not warm above freezing."""
    melt_limit: float
    """Heat flux that melts all of the snow within the step [W m-2]."""
    resistance: float
    """Resistance of the soil surface to vapour [s m-1]."""
    bare_coefficient: float
    """Transfer coefficient of bare ground [1]."""
    cover_gap: float
    """exp(-L) [1]."""
    evaporation_limit: float
    """Water that the ground can give within the step [kg m-2 s-1]."""
    emissivity: float
    """[1]."""


class Limits(NamedTuple):
    """Factors that keep evaporation within what is there [1]."""

    leaves: float
    ground: float
    roots: float


class Surfaces(NamedTuple):
    """The solution."""

    sunlit: Leaf
    shaded: Leaf
    ground_temperature: float
    vapour_pressure: float
    """Of the canopy air [Pa]."""
    stability: float
    friction_velocity: float
    assimilation: float
    """Net assimilation of the canopy [umol m-2 s-1]."""
    leaf_respiration: float
    conductance: float
    """Stomatal conductance of the canopy [mol m-2 s-1]."""
    understorey_gross: float
    """Gross assimilation of the understorey [umol m-2 s-1]."""
    transpiration: float
    canopy_evaporation: float
    ground_evaporation: float
    """Of soil or snow [kg m-2 s-1]."""
    latent_heat: float
    sensible_heat: float
    longwave_up: float
    net_longwave: float
    ground_flux: float
    """Heat conducted into the ground [W m-2]."""
    melt_flux: float
    """Heat that melts snow at the surface [W m-2]."""
    iterations: int
    converged: bool
