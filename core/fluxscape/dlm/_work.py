"""What the kernels of a step hand to each other: weather, a member's constants, work arrays."""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple

import numpy as np

from fluxscape._jit import kernel
from fluxscape.dlm._carbon import GROWTH_DAYS, RECENT_DAYS, newest_weight
from fluxscape.dlm._carbon_pools import Turnover, turnover_of
from fluxscape.dlm._energy import bare_ground_coefficient
from fluxscape.dlm._records import LAYER_THICKNESS, N_LAYERS, N_SNOW
from fluxscape.dlm._soil_heat import dry_conductivity, frozen_factor, saturated_conductivity
from fluxscape.dlm._soil_water import root_share

_TYPICAL_FRICTION = 0.3
"""Friction velocity for which bare ground's transfer coefficient is taken [m s-1]; it enters with
the power 0.45."""


class Weather(NamedTuple):
    """Weather of one step; see :class:`fluxscape.dlm._records.Forcing`."""

    cosine_zenith: float
    extraterrestrial: float
    shortwave_down: float
    longwave_down: float
    air_temperature: float
    vapour_pressure: float
    air_pressure: float
    wind_speed: float
    precipitation: float
    carbon_dioxide: float
    leaf_area_index: float


class Settings(NamedTuple):
    """How a run is computed, the same for all members."""

    step: float
    """Length of a step [s]."""
    carbon_pools: bool
    """Whether soil respires what its pools lose; else at a basal rate."""
    exchange_passes: int
    """Passes of the surface balance after which stomata stay."""
    tolerance: float
    """Largest change of a temperature at the solution of the surface balance [K]."""
    steadiness: float
    """Largest relative change of the aerodynamic conductance there [1]."""
    flow_interval: float
    """Time after which soil water flows [s]; at once where it rains."""


class Static(NamedTuple):
    """What a member's parameters settle once for all steps."""

    height: float
    """Reference height above ground [m]."""
    dry_conductivity: float
    saturated_conductivity: float
    frozen_ratio: float
    bare_coefficient: float
    """Transfer coefficient of bare ground [1]."""
    log_canopy_roughness: float
    log_ground_roughness: float
    growth_weight: float
    """Weight of a step in the running mean of temperature [1]."""
    recent_weight: float
    """Weight of a step in the running mean of assimilation [1]."""
    turnover: Turnover
    """Rates of the pools of carbon."""
    water_held: bool
    """Whether the soil is held at field capacity."""


WORK_DTYPE: Final = np.dtype(
    [
        ("thickness", np.float64, (N_LAYERS,)),  # of soil layers [m]
        ("roots", np.float64, (N_LAYERS,)),  # share of roots [1]
        ("uptake", np.float64, (N_LAYERS,)),  # share of uptake [1]
        ("source", np.float64, (N_LAYERS,)),  # water put into a layer [kg m-2 s-1]
        ("impedance", np.float64, (N_LAYERS,)),  # factor of ice on conductivity [1]
        ("before", np.float64, (N_LAYERS,)),  # liquid water before the flow [kg m-2]
        ("upper", np.float64, (N_LAYERS,)),  # of the elimination of soil water
        ("right", np.float64, (N_LAYERS,)),
        # Of the snow before it is divided, and the heat that it gains in a step.
        ("snow_mass", np.float64, (N_SNOW,)),  # [kg m-2]
        ("snow_enthalpy", np.float64, (N_SNOW,)),  # [J m-2]
        ("snow_depth", np.float64, (N_SNOW,)),  # [m]
        ("gain", np.float64, (N_SNOW,)),  # [J m-2]
        # Nodes of snow come first, those of the soil follow.
        ("temperature", np.float64, (N_SNOW + N_LAYERS,)),  # [K]
        ("capacity", np.float64, (N_SNOW + N_LAYERS,)),  # [J m-2 K-1]
        ("link", np.float64, (N_SNOW + N_LAYERS,)),  # to the node above [W m-2 K-1]
        ("intercept", np.float64, (N_SNOW + N_LAYERS,)),  # of the elimination of heat
        ("coupling", np.float64, (N_SNOW + N_LAYERS,)),
    ],
    align=True,
)
"""Work arrays of one member; tuples of arrays would cost reference counts at every call."""


@kernel
def prepare_static(p: Any, height: float, water_held: bool, step: float, work: Any) -> Static:
    """Return what does not change with time, and set root shares."""
    top, total = 0.0, 0.0
    for i in range(N_LAYERS):
        work.thickness[i] = LAYER_THICKNESS[i]
        work.roots[i] = root_share(top, top + work.thickness[i], p.root_distribution)
        top += work.thickness[i]
        total += work.roots[i]
    for i in range(N_LAYERS):
        work.roots[i] /= total
    return Static(
        height,
        dry_conductivity(p.porosity),
        saturated_conductivity(p.porosity, p.quartz_fraction),
        frozen_factor(p.porosity),
        bare_ground_coefficient(_TYPICAL_FRICTION, p.ground_roughness),
        math.log(max(p.roughness_ratio * p.canopy_height, p.ground_roughness)),
        math.log(p.ground_roughness),
        newest_weight(step, GROWTH_DAYS),
        newest_weight(step, RECENT_DAYS),
        turnover_of(p, step),
        water_held,
    )
