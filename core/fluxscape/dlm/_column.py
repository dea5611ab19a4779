r"""Heat of the column of snow and soil: its nodes, what they conduct, what freezes and thaws.

``s``, ``p`` and ``work`` are the records of state, parameters and work arrays. Nodes of snow come
first in the heat arrays, soil follows; ``first`` is the top layer of snow, ``N_SNOW`` without.
"""

from __future__ import annotations

from typing import Any

from fluxscape._jit import kernel
from fluxscape.constants import LATENT_HEAT_FUSION, WATER_DENSITY, ZERO_CELSIUS
from fluxscape.dlm._records import N_LAYERS, N_SNOW
from fluxscape.dlm._retention import water_at_suction
from fluxscape.dlm._snow import layer_capacity, layer_temperature, snow_conductivity
from fluxscape.dlm._snowpack import snow_heat, warm_snow
from fluxscape.dlm._soil_heat import (
    change_phase,
    freezing_suction,
    heat_capacity,
    substitute_column,
    thermal_conductivity,
)
from fluxscape.dlm._work import Static


@kernel
def set_column(s: Any, p: Any, static: Static, work: Any, first: int) -> float:
    """Set capacities and links of snow and soil; return the link of surface and top node."""
    above = 0.0  # resistance from the node above to the interface [m2 K W-1]
    surface = 0.0
    for k in range(first, N_SNOW):
        mass, enthalpy, density = s.snow_mass[k], s.snow_enthalpy[k], s.snow_density[k]
        work.temperature[k] = layer_temperature(mass, enthalpy)
        work.capacity[k] = layer_capacity(mass, enthalpy)
        half = 0.5 * mass / (density * snow_conductivity(density))
        if k == first:
            surface = 1.0 / half
        else:
            work.link[k] = 1.0 / (above + half)
        above = half
    for i in range(N_LAYERS):
        liquid, ice, thickness = s.soil_liquid[i], s.soil_ice[i], work.thickness[i]
        water = liquid + ice
        full = p.porosity * WATER_DENSITY * thickness
        conductivity = thermal_conductivity(
            min(water / full, 1.0),
            ice / water if ice > 0.0 else 0.0,
            static.dry_conductivity,
            static.saturated_conductivity,
            static.frozen_ratio,
        )
        half = 0.5 * thickness / conductivity
        k = N_SNOW + i
        work.temperature[k] = s.soil_temperature[i]
        work.capacity[k] = heat_capacity(p.porosity, thickness, liquid, ice)
        if k == first:
            surface = 1.0 / half
        else:
            work.link[k] = 1.0 / (above + half)
        above = half
    return surface


@kernel
def heat_content(s: Any, work: Any, first: int) -> float:
    """Return sensible heat less heat of fusion of snow and soil [J m-2]."""
    total = snow_heat(s, first)
    for i in range(N_LAYERS):
        total -= LATENT_HEAT_FUSION * s.soil_ice[i]
        k = N_SNOW + i
        total += work.capacity[k] * (work.temperature[k] - ZERO_CELSIUS)
    return total


@kernel
def conduct(work: Any, first: int, top: float) -> None:
    """Set the temperatures of the end of the step, given the top node's, and what snow gained."""
    for k in range(first, N_SNOW):
        work.gain[k] = -work.capacity[k] * work.temperature[k]
    substitute_column(work.temperature, first, top, work.intercept, work.coupling)
    for k in range(first, N_SNOW):
        work.gain[k] += work.capacity[k] * work.temperature[k]


@kernel
def freeze_and_thaw(s: Any, p: Any, work: Any, first: int, melt_heat: float) -> None:
    """Change phases in snow and soil; ``melt_heat`` [J m-2] came to melt snow at its surface."""
    if first < N_SNOW:
        # What heat the melted snow has left warms the soil.
        work.temperature[N_SNOW] += warm_snow(s, work, first, melt_heat) / work.capacity[N_SNOW]
    for i in range(N_LAYERS):
        k = N_SNOW + i
        temperature, kept = work.temperature[k], 0.0
        if temperature < ZERO_CELSIUS:
            kept = water_at_suction(p, freezing_suction(temperature))
            kept *= WATER_DENSITY * work.thickness[i]
        elif s.soil_ice[i] <= 0.0:
            s.soil_temperature[i] = temperature
            continue
        s.soil_temperature[i], s.soil_liquid[i], s.soil_ice[i] = change_phase(
            temperature, s.soil_liquid[i], s.soil_ice[i], work.capacity[k], kept
        )
        work.temperature[k] = s.soil_temperature[i]
