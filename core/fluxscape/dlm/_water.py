r"""Water of the column: stress, uptake, infiltration, flow, and what leaves.

``s`` is the state record, ``p`` the parameter record, ``work`` that of the work arrays.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from fluxscape._jit import kernel
from fluxscape.constants import LATENT_HEAT_FUSION, WATER_DENSITY
from fluxscape.dlm._records import N_LAYERS, N_SNOW
from fluxscape.dlm._snowpack import drain_snow, snow_mass, sublimate
from fluxscape.dlm._soil_water import (
    extractable_stress,
    flow_step,
    infiltration_capacity,
    redistribute,
)
from fluxscape.dlm._surface_records import Surfaces

DRIEST = 0.02
"""Saturation that evaporation leaves in the top layer [1]."""

_MAX_INFLOW = 3.0
"""Water into the soil [kg m-2] above which the flow is solved in shorter steps."""

_MOST_PARTS = 8
"""Parts into which heavy rain divides a step."""

_FINEST_PARTS = 128
_LEAST_DRAWN = 1e-9
"""Water drawn from below the column [kg m-2] above which the flow is solved in shorter steps."""


class Departure(NamedTuple):
    """Water that left its stores within a step."""

    latent_heat: float
    """Latent heat flux, less what was taken for ice that was not there [W m-2]."""
    returned_heat: float
    """That heat, given to the top soil layer [W m-2]."""
    runoff: float
    """[kg m-2]."""
    drainage: float
    """[kg m-2]."""
    melt: float
    """Water that ran out of the snow [kg m-2]."""


@kernel
def water_stress(s: Any, p: Any, work: Any) -> float:
    """Return the share of full supply, and set each layer's share of uptake."""
    total = 0.0
    for i in range(N_LAYERS):
        theta = s.soil_liquid[i] / (WATER_DENSITY * work.thickness[i])
        work.uptake[i] = work.roots[i] * extractable_stress(
            theta, p.wilting_point, p.field_capacity, p.stress_threshold
        )
        total += work.uptake[i]
    for i in range(N_LAYERS):
        work.uptake[i] = work.uptake[i] / total if total > 0.0 else work.roots[i]
    return min(total, 1.0)


@kernel
def uptake_limit(s: Any, p: Any, work: Any) -> float:
    """Return the water [kg m-2] that roots can take before a layer falls to half of wilting.

    Stomata close before that, unless they leak (an intercept above 0).
    """
    limit = math.inf
    for i in range(N_LAYERS):
        if work.uptake[i] > 0.0:
            floor = 0.5 * p.wilting_point * WATER_DENSITY * work.thickness[i]
            limit = min(limit, max(s.soil_liquid[i] - floor, 0.0) / work.uptake[i])
    return limit


@kernel
def total_water(s: Any) -> float:
    """Return all water of the column [kg m-2]."""
    total: float = s.canopy_water + snow_mass(s)
    for i in range(N_LAYERS):
        total += s.soil_liquid[i] + s.soil_ice[i]
    return total


@kernel
def move_soil_water(
    s: Any,
    p: Any,
    work: Any,
    supply: float,
    evaporation: float,
    uptake: float,
    step: float,
    flow_interval: float,
) -> tuple[float, float]:
    """Move soil water for a step; return surface runoff and drainage [kg m-2].

    ``supply`` reaches the ground, ``evaporation`` leaves the top layer, ``uptake`` the roots,
    all in kg m-2 within the step. Where the flow may wait (``flow_interval`` [s], longer than a
    step, and no rain) water is only taken from where it was, and flows for all of the time later.
    """
    theta = s.soil_liquid[0] / (WATER_DENSITY * work.thickness[0])
    ice_share = s.soil_ice[0] / (p.porosity * WATER_DENSITY * work.thickness[0])
    limit = (
        infiltration_capacity(p, theta + ice_share * p.porosity, work.thickness[0])
        * max(1.0 - ice_share, 0.0)
        * WATER_DENSITY
        * step
    )
    infiltration = min(supply, limit)
    runoff = supply - infiltration
    s.still_time += step
    if infiltration <= 0.0 and s.still_time < flow_interval:
        s.soil_liquid[0] -= evaporation
        for i in range(N_LAYERS):
            s.soil_liquid[i] -= uptake * work.uptake[i]
        spilled, drawn = redistribute(
            s.soil_liquid, s.soil_ice, work.thickness, p.porosity, 0.5 * DRIEST * p.porosity
        )
        return runoff + spilled, -drawn
    step, s.still_time = s.still_time, 0.0
    for i in range(N_LAYERS):
        work.source[i] = -uptake * work.uptake[i] / step
        # Ice blocks pores: power-law impedance 10^(-6 f) of CLM 4.5, chapter 7.
        share = s.soil_ice[i] / (p.porosity * WATER_DENSITY * work.thickness[i])
        work.impedance[i] = math.exp(-13.8155 * share) if share > 0.0 else 1.0
    work.source[0] += (infiltration - evaporation) / step
    parts = min(1 + int(infiltration / _MAX_INFLOW), _MOST_PARTS)
    for i in range(N_LAYERS):
        work.before[i] = s.soil_liquid[i]
    spilled, drainage, drawn = flow_in_parts(s, p, work, parts, step)
    while drawn > _LEAST_DRAWN and parts < _FINEST_PARTS:
        # The step was too long for so steep a soil: again from the start, in shorter ones.
        parts *= 4
        for i in range(N_LAYERS):
            s.soil_liquid[i] = work.before[i]
        spilled, drainage, drawn = flow_in_parts(s, p, work, parts, step)
    return runoff + spilled, drainage - drawn


@kernel
def flow_in_parts(s: Any, p: Any, work: Any, parts: int, step: float) -> tuple[float, float, float]:
    """Solve the flow of a step in equal parts; return water spilled, drained and drawn [kg m-2]."""
    spilled, drained, drawn = 0.0, 0.0, 0.0
    for _ in range(parts):
        drained += flow_step(
            p,
            s.soil_liquid,
            work.source,
            work.thickness,
            work.impedance,
            step / parts,
            work.upper,
            work.right,
        )
        up, below = redistribute(
            s.soil_liquid, s.soil_ice, work.thickness, p.porosity, 0.5 * DRIEST * p.porosity
        )
        spilled += up
        drawn += below
    return spilled, drained, drawn


@kernel
def hold_water(s: Any, p: Any, work: Any) -> float:
    """Fill every layer to field capacity; return the water added [kg m-2]."""
    added = 0.0
    for i in range(N_LAYERS):
        missing = (
            p.field_capacity * WATER_DENSITY * work.thickness[i] - s.soil_liquid[i] - s.soil_ice[i]
        )
        if missing > 0.0:
            s.soil_liquid[i] += missing
            added += missing
    return added


@kernel
def leave_water(
    s: Any,
    p: Any,
    work: Any,
    out: Surfaces,
    first: int,
    throughfall: float,
    leaf_store: float,
    step: float,
    flow_interval: float,
) -> Departure:
    """Take evaporation from its stores and move water through snow and soil."""
    latent_heat, stored, melt = out.latent_heat, 0.0, 0.0
    uptake = out.transpiration * step
    s.canopy_water -= out.canopy_evaporation * step
    if s.canopy_water < 0.0:  # rounding of the limit: roots give the rest
        uptake -= s.canopy_water
        s.canopy_water = 0.0
    elif s.canopy_water > leaf_store:  # dew drips
        throughfall += s.canopy_water - leaf_store
        s.canopy_water = leaf_store
    evaporation = out.ground_evaporation * step
    if first < N_SNOW:
        evaporation = sublimate(s, first, evaporation)
        # The rest was soil water: it evaporated but did not melt before.
        stored = LATENT_HEAT_FUSION * evaporation / step
        latent_heat -= stored
        melt, borrowed = drain_snow(s, first, throughfall)
        s.soil_temperature[0] += (stored * step - borrowed) / work.capacity[N_SNOW]
        throughfall = melt
    runoff, drainage = move_soil_water(
        s, p, work, throughfall, evaporation, uptake, step, flow_interval
    )
    return Departure(latent_heat, stored, runoff, drainage, melt)
