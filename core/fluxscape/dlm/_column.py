r"""Heat of the column of snow and soil: what falls on it, its nodes, what freezes and thaws.

``s``, ``p`` and ``work`` are the records of state, parameters and work arrays. Node 0 of the heat
arrays is snow, soil follows; ``first`` is 0 where snow lies and 1 where it does not.
"""

from __future__ import annotations

from typing import Any

from fluxscape._jit import kernel
from fluxscape.constants import (
    HEAT_CAPACITY_ICE,
    HEAT_CAPACITY_WATER,
    LATENT_HEAT_FUSION,
    WATER_DENSITY,
    ZERO_CELSIUS,
)
from fluxscape.dlm._records import N_LAYERS
from fluxscape.dlm._retention import water_at_suction
from fluxscape.dlm._snow import (
    age_albedo,
    fresh_density,
    refresh_albedo,
    settle,
    snow_conductivity,
)
from fluxscape.dlm._soil_heat import (
    change_phase,
    freezing_suction,
    heat_capacity,
    thermal_conductivity,
)
from fluxscape.dlm._work import Static


@kernel
def add_snow(s: Any, p: Any, snowfall: float, air_temperature: float, step: float) -> None:
    """Age the snow and add what fell in the step [kg m-2]."""
    if s.snow_ice > 0.0:
        s.snow_density = settle(s.snow_density, step)
        melting = s.snow_temperature > ZERO_CELSIUS - 0.01
        s.snow_albedo = age_albedo(s.snow_albedo, melting, p.snow_albedo_old, step)
    if snowfall <= 0.0:
        return
    fresh = fresh_density(air_temperature)
    falling = min(air_temperature, ZERO_CELSIUS)
    if s.snow_ice <= 0.0:
        s.snow_temperature, s.snow_density, s.snow_albedo = falling, fresh, p.snow_albedo_fresh
        s.snow_ice = snowfall
        return
    old = HEAT_CAPACITY_ICE * s.snow_ice + HEAT_CAPACITY_WATER * s.snow_liquid
    new = HEAT_CAPACITY_ICE * snowfall
    s.snow_temperature = (old * s.snow_temperature + new * falling) / (old + new)
    mass = s.snow_ice + snowfall
    s.snow_density = mass / (s.snow_ice / s.snow_density + snowfall / fresh)
    s.snow_albedo = refresh_albedo(s.snow_albedo, snowfall, p.snow_albedo_fresh)
    s.snow_ice = mass


@kernel
def set_column(s: Any, p: Any, static: Static, work: Any, first: int) -> float:
    """Set capacities and links of snow and soil; return the link of surface and top node."""
    above = 0.0  # resistance from the node above to the interface [m2 K W-1]
    surface = 0.0
    if first == 0:
        work.temperature[0] = s.snow_temperature
        work.capacity[0] = HEAT_CAPACITY_ICE * s.snow_ice + HEAT_CAPACITY_WATER * s.snow_liquid
        depth = (s.snow_ice + s.snow_liquid) / s.snow_density
        above = 0.5 * depth / snow_conductivity(s.snow_density)
        surface = 1.0 / above
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
        work.temperature[i + 1] = s.soil_temperature[i]
        work.capacity[i + 1] = heat_capacity(p.porosity, thickness, liquid, ice)
        if i == 0 and first == 1:
            surface = 1.0 / half
        else:
            work.link[i + 1] = 1.0 / (above + half)
        above = half
    return surface


@kernel
def heat_content(s: Any, work: Any, first: int) -> float:
    """Return sensible heat less heat of fusion of snow and soil [J m-2]."""
    total: float = -LATENT_HEAT_FUSION * s.snow_ice
    for i in range(N_LAYERS):
        total -= LATENT_HEAT_FUSION * s.soil_ice[i]
    for k in range(first, N_LAYERS + 1):
        total += work.capacity[k] * (work.temperature[k] - ZERO_CELSIUS)
    return total


@kernel
def freeze_and_thaw(s: Any, p: Any, work: Any, first: int, surface_melt: float) -> None:
    """Change phases in snow and soil; ``surface_melt`` [kg m-2] has its heat already."""
    if first == 0:
        melt = min(surface_melt, s.snow_ice)
        s.snow_ice -= melt
        s.snow_liquid += melt
        work.temperature[0], s.snow_liquid, s.snow_ice = change_phase(
            work.temperature[0], s.snow_liquid, s.snow_ice, work.capacity[0], 0.0
        )
        if s.snow_ice <= 0.0:  # what heat the melted snow has left warms the soil
            left = work.capacity[0] * (work.temperature[0] - ZERO_CELSIUS)
            work.temperature[1] += left / work.capacity[1]
            work.temperature[0] = ZERO_CELSIUS
        s.snow_temperature = work.temperature[0]
    for i in range(N_LAYERS):
        temperature, kept = work.temperature[i + 1], 0.0
        if temperature < ZERO_CELSIUS:
            kept = water_at_suction(p, freezing_suction(temperature))
            kept *= WATER_DENSITY * work.thickness[i]
        elif s.soil_ice[i] <= 0.0:
            s.soil_temperature[i] = temperature
            continue
        s.soil_temperature[i], s.soil_liquid[i], s.soil_ice[i] = change_phase(
            temperature, s.soil_liquid[i], s.soil_ice[i], work.capacity[i + 1], kept
        )
        work.temperature[i + 1] = s.soil_temperature[i]
