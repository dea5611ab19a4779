r"""One time step of the land-surface model: canopy, snow, soil, water, carbon, and its balances.

Order: precipitation reaches leaves and snow; light; the surface balance; heat in snow and soil;
freezing and thawing; water leaves and moves; respiration. Energy is balanced over the masses at
the surface balance: water that later moves takes the temperature of where it arrives (the heat
that it carries is not counted, as in CLM 4.5).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel
from fluxscape.constants import (
    HEAT_CAPACITY_ICE,
    HEAT_CAPACITY_WATER,
    LATENT_HEAT_FUSION,
    WATER_DENSITY,
    ZERO_CELSIUS,
)
from fluxscape.dlm._canopy import (
    MIN_LEAF_AREA,
    absorb_light,
    intercept_rain,
    leaf_capacity,
    wet_fraction,
)
from fluxscape.dlm._carbon import (
    GROWTH_DAYS,
    RECENT_DAYS,
    moisture_response,
    running_mean,
    temperature_response,
)
from fluxscape.dlm._energy import bare_ground_coefficient, soil_surface_resistance
from fluxscape.dlm._records import (
    ENERGY_LOST,
    ENERGY_TOLERANCE,
    N_LAYERS,
    NOT_CONVERGED,
    NOT_FINITE,
    OK,
    WATER_LOST,
    WATER_TOLERANCE,
)
from fluxscape.dlm._snow import (
    age_albedo,
    drain_snow,
    fresh_density,
    refresh_albedo,
    settle,
    snow_conductivity,
    snow_cover,
    snow_share,
)
from fluxscape.dlm._soil_heat import (
    change_phase,
    dry_conductivity,
    eliminate_column,
    heat_capacity,
    solid_conductivity,
    substitute_column,
    supercooled_water,
    thermal_conductivity,
)
from fluxscape.dlm._soil_water import (
    extractable_stress,
    flow_step,
    infiltration_capacity,
    redistribute,
    root_share,
)
from fluxscape.dlm._surfaces import Air, Ground, Surfaces, solve_surfaces

_Array = npt.NDArray[np.float64]

_GROUND_EMISSIVITY = 0.97
"""Emissivity of soil and snow [1] (Oleson et al. 2013, section 4.1: 0.96 and 0.97)."""

_DRIEST = 0.02
"""Saturation that evaporation leaves in the top layer [1]."""

_MAX_INFLOW = 3.0
"""Water into the soil [kg m-2] above which the flow is solved in shorter steps."""


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


class Static(NamedTuple):
    """What a member's parameters settle once for all steps."""

    height: float
    """Reference height above ground [m]."""
    dry_conductivity: float
    saturated_conductivity: float
    frozen_ratio: float
    water_held: bool
    """Whether the soil is held at field capacity."""


class Work(NamedTuple):
    """Work arrays of one member; node 0 of heat arrays is snow, the soil follows."""

    thickness: _Array
    roots: _Array
    uptake: _Array
    source: _Array
    impedance: _Array
    upper: _Array
    right: _Array
    temperature: _Array
    capacity: _Array
    link: _Array
    intercept: _Array
    coupling: _Array


@kernel
def prepare_static(p: Any, height: float, water_held: bool, work: Work) -> Static:
    """Return what does not change with time, and set root shares."""
    top, total = 0.0, 0.0
    for i in range(N_LAYERS):
        work.roots[i] = root_share(top, top + work.thickness[i], p.root_distribution)
        top += work.thickness[i]
        total += work.roots[i]
    for i in range(N_LAYERS):
        work.roots[i] /= total
    solid = solid_conductivity(p.quartz_fraction)
    saturated = solid ** (1.0 - p.porosity) * 0.57**p.porosity
    return Static(
        height,
        dry_conductivity(p.porosity),
        saturated,
        (2.2 / 0.57) ** p.porosity,
        water_held,
    )


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
def set_column(s: Any, p: Any, static: Static, work: Work, first: int) -> float:
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
def heat_content(s: Any, work: Work, first: int) -> float:
    """Return sensible heat less heat of fusion of snow and soil [J m-2]."""
    total = -LATENT_HEAT_FUSION * s.snow_ice
    for i in range(N_LAYERS):
        total -= LATENT_HEAT_FUSION * s.soil_ice[i]
    for k in range(first, N_LAYERS + 1):
        total += work.capacity[k] * (work.temperature[k] - ZERO_CELSIUS)
    return total


@kernel
def freeze_and_thaw(s: Any, p: Any, work: Work, first: int, surface_melt: float) -> None:
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
            kept = (
                supercooled_water(
                    temperature, p.porosity, p.saturated_potential, p.retention_exponent
                )
                * WATER_DENSITY
                * work.thickness[i]
            )
        elif s.soil_ice[i] <= 0.0:
            s.soil_temperature[i] = temperature
            continue
        s.soil_temperature[i], s.soil_liquid[i], s.soil_ice[i] = change_phase(
            temperature, s.soil_liquid[i], s.soil_ice[i], work.capacity[i + 1], kept
        )
        work.temperature[i + 1] = s.soil_temperature[i]


@kernel
def water_stress(s: Any, p: Any, work: Work) -> float:
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
    return total


@kernel
def total_water(s: Any) -> float:
    """Return all water of the column [kg m-2]."""
    total = s.canopy_water + s.snow_ice + s.snow_liquid
    for i in range(N_LAYERS):
        total += s.soil_liquid[i] + s.soil_ice[i]
    return total


@kernel
def move_soil_water(
    s: Any, p: Any, work: Work, supply: float, evaporation: float, uptake: float, step: float
) -> tuple[float, float]:
    """Move soil water for a step; return surface runoff and drainage [kg m-2].

    ``supply`` reaches the ground, ``evaporation`` leaves the top layer, ``uptake`` the roots,
    all in kg m-2 within the step.
    """
    theta = s.soil_liquid[0] / (WATER_DENSITY * work.thickness[0])
    ice_share = s.soil_ice[0] / (p.porosity * WATER_DENSITY * work.thickness[0])
    limit = (
        infiltration_capacity(
            theta + ice_share * p.porosity,
            work.thickness[0],
            p.porosity,
            p.saturated_conductivity,
            p.saturated_potential,
            p.retention_exponent,
        )
        * max(1.0 - ice_share, 0.0)
        * WATER_DENSITY
        * step
    )
    infiltration = min(supply, limit)
    runoff = supply - infiltration
    for i in range(N_LAYERS):
        work.source[i] = -uptake * work.uptake[i] / step
        # Ice blocks pores: power-law impedance 10^(-6 f) of CLM 4.5, eq. 7.95.
        share = s.soil_ice[i] / (p.porosity * WATER_DENSITY * work.thickness[i])
        work.impedance[i] = math.exp(-13.8155 * share) if share > 0.0 else 1.0
    work.source[0] += (infiltration - evaporation) / step
    parts = min(1 + int(infiltration / _MAX_INFLOW), 8)
    drainage = 0.0
    for _ in range(parts):
        drainage += flow_step(
            s.soil_liquid,
            work.source,
            work.thickness,
            p.porosity,
            p.saturated_conductivity,
            p.saturated_potential,
            p.retention_exponent,
            work.impedance,
            step / parts,
            work.upper,
            work.right,
        )
        spilled, drawn = redistribute(
            s.soil_liquid, s.soil_ice, work.thickness, p.porosity, 0.5 * _DRIEST * p.porosity
        )
        runoff += spilled
        drainage -= drawn
    return runoff, drainage


@kernel
def hold_water(s: Any, p: Any, work: Work) -> float:
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
def make_air(p: Any, static: Static, weather: Weather, leaf_area: float) -> Air:
    """Return the air, with displacement and roughness that fade as leaves fall."""
    # CLM 4.5, eq. 5.126-5.127: V = (1 - exp(-min(L, 2))) / (1 - exp(-2)).
    cover = (1.0 - math.exp(-min(leaf_area, 2.0))) / 0.8646647167633873
    displacement = p.displacement_ratio * p.canopy_height * cover
    log_roughness = cover * math.log(max(p.roughness_ratio * p.canopy_height, p.ground_roughness))
    log_roughness += (1.0 - cover) * math.log(p.ground_roughness)
    height = max(static.height - displacement, 0.5)
    return Air(
        weather.air_temperature,
        weather.vapour_pressure,
        weather.air_pressure,
        weather.wind_speed,
        weather.carbon_dioxide,
        weather.longwave_down,
        height,
        math.log(height) - log_roughness,
    )


@kernel
def ground_albedo(s: Any, p: Any, work: Work) -> float:
    """Return the broadband albedo of soil and snow."""
    top = s.soil_liquid[0] / (p.porosity * WATER_DENSITY * work.thickness[0])
    albedo = p.soil_albedo_dry + (p.soil_albedo_wet - p.soil_albedo_dry) * min(top, 1.0)
    if s.snow_ice > 0.0:
        cover = snow_cover((s.snow_ice + s.snow_liquid) / s.snow_density)
        albedo += (s.snow_albedo - albedo) * cover
    return albedo


@kernel
def advance(
    p: Any, s: Any, o: Any, static: Static, work: Work, weather: Weather, step: float
) -> int:
    """Advance state ``s`` by one step [s], fill the output record ``o``, return a status code."""
    before = total_water(s)
    leaf_area = weather.leaf_area_index if weather.leaf_area_index > MIN_LEAF_AREA else 0.0
    # Precipitation
    fallen = weather.precipitation * step
    snowfall = fallen * snow_share(weather.air_temperature)
    add_snow(s, p, snowfall, weather.air_temperature, step)
    # Light
    albedo = ground_albedo(s, p, work)
    # Soil reflects near infrared twice as well as visible light (Dickinson et al. 1993, Table 3);
    # snow the other way round, which the common factor leaves out.
    contrast = 1.0 / 3.0 if s.snow_ice <= 0.0 else 0.0
    light = absorb_light(
        p,
        leaf_area,
        weather.shortwave_down,
        weather.extraterrestrial,
        weather.cosine_zenith,
        albedo * (1.0 - contrast),
        albedo * (1.0 + contrast),
    )
    capacity = leaf_capacity(p, light, leaf_area, s.growth_temperature)
    leaf_store = p.interception_capacity * leaf_area
    s.canopy_water, throughfall = intercept_rain(
        s.canopy_water, fallen - snowfall, leaf_store, light.sky_gap
    )
    wet = wet_fraction(s.canopy_water, leaf_store)
    # Ground
    first = 0 if s.snow_ice > 0.0 else 1
    surface_link = set_column(s, p, static, work, first)
    heat_before = heat_content(s, work, first)
    base, pliancy = eliminate_column(
        work.temperature, work.capacity, work.link, first, step, work.intercept, work.coupling
    )
    full = p.porosity * WATER_DENSITY * work.thickness[0]
    if first == 0:
        resistance, available = 0.0, s.snow_ice
    else:
        saturation = (s.soil_liquid[0] + s.soil_ice[0]) / full
        resistance = p.soil_resistance_scale * soil_surface_resistance(min(saturation, 1.0))
        available = max(s.soil_liquid[0] - _DRIEST * full, 0.0)
    ground = Ground(
        base,
        surface_link / (1.0 + surface_link * pliancy),
        first == 0,
        LATENT_HEAT_FUSION * s.snow_ice / step,
        resistance,
        bare_ground_coefficient(0.3, p.ground_roughness),
        math.exp(-leaf_area),
        available / step,
    )
    stress = water_stress(s, p, work)
    air = make_air(p, static, weather, leaf_area)
    out = solve_surfaces(
        p,
        s,
        air,
        light,
        capacity,
        ground,
        _GROUND_EMISSIVITY,
        wet,
        s.canopy_water / step,
        stress,
    )
    # Heat
    substitute_column(
        work.temperature,
        first,
        base + pliancy * out.ground_flux,
        work.intercept,
        work.coupling,
    )
    freeze_and_thaw(s, p, work, first, out.melt_flux * step / LATENT_HEAT_FUSION)
    stored = (heat_content(s, work, first) - heat_before) / step
    # Water
    latent_heat, stored_more, runoff, drainage, melt = leave_water(
        s, p, work, out, first, throughfall, leaf_store, step
    )
    stored += stored_more
    added = hold_water(s, p, work) if static.water_held else 0.0
    # Carbon
    gpp = out.assimilation + out.leaf_respiration
    respire(s, p, o, work, gpp, out.leaf_respiration, weather.air_temperature, step)
    # Where the next step starts
    s.sunlit_excess = out.sunlit_temperature - weather.air_temperature
    s.shaded_excess = out.shaded_temperature - weather.air_temperature
    s.ground_excess = out.ground_temperature - weather.air_temperature
    s.vapour_excess = out.vapour_pressure - weather.vapour_pressure
    s.stability = out.stability
    s.sunlit_depletion, s.shaded_depletion = out.sunlit_depletion, out.shaded_depletion
    # Balances
    after = total_water(s)
    evaporated = out.transpiration + out.canopy_evaporation + out.ground_evaporation
    net = weather.shortwave_down - light.reflected + out.net_longwave
    if weather.shortwave_down < 0.0:
        net -= weather.shortwave_down
    o.energy_residual = net - latent_heat - out.sensible_heat - stored
    o.water_residual = fallen + added - evaporated * step - runoff - drainage - (after - before)
    # Output
    o.evapotranspiration = evaporated
    o.transpiration = out.transpiration
    o.canopy_evaporation = out.canopy_evaporation
    o.soil_evaporation = out.ground_evaporation if first == 1 else 0.0
    o.snow_sublimation = out.ground_evaporation if first == 0 else 0.0
    o.net_radiation = net
    o.latent_heat_flux = latent_heat
    o.sensible_heat_flux = out.sensible_heat
    o.ground_heat_flux = stored
    o.upwelling_shortwave_flux = light.reflected
    o.upwelling_longwave_flux = out.longwave_up
    o.canopy_absorbed_shortwave = light.sunlit_shortwave + light.shaded_shortwave
    o.absorbed_par = light.sunlit_photons + light.shaded_photons
    o.sunlit_leaf_area_index = light.sunlit_area
    o.sunlit_leaf_temperature = out.sunlit_temperature
    o.shaded_leaf_temperature = out.shaded_temperature
    o.ground_temperature = out.ground_temperature
    o.canopy_conductance = out.conductance
    o.friction_velocity = out.friction_velocity
    o.soil_water_stress = stress
    o.surface_runoff = runoff / step
    o.drainage = drainage / step
    o.irrigation = added / step
    o.snow_melt = melt / step
    o.snow_water_equivalent = s.snow_ice + s.snow_liquid
    o.snow_depth = (s.snow_ice + s.snow_liquid) / s.snow_density if s.snow_ice > 0.0 else 0.0
    o.canopy_water = s.canopy_water
    o.soil_water_storage = after - s.canopy_water - s.snow_ice - s.snow_liquid
    o.iterations = out.iterations
    return step_status(o, out.converged)


@kernel
def leave_water(
    s: Any,
    p: Any,
    work: Work,
    out: Surfaces,
    first: int,
    throughfall: float,
    leaf_store: float,
    step: float,
) -> tuple[float, float, float, float, float]:
    """Take evaporation from its stores and move water through snow and soil.

    Returns
    -------
    latent_heat
        Latent heat flux, less what was taken for ice that was not there [W m-2].
    stored
        That heat, given to the top soil layer [W m-2].
    runoff, drainage, melt
        Water that left [kg m-2], melt as it left the snow.
    """
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
    if first == 0:
        taken = min(evaporation, s.snow_ice)
        s.snow_ice -= taken
        evaporation -= taken
        # The rest was soil water: it evaporated but did not melt before.
        stored = LATENT_HEAT_FUSION * evaporation / step
        latent_heat -= stored
        s.soil_temperature[0] += stored * step / work.capacity[1]
        s.snow_liquid += throughfall
        s.snow_liquid, melt = drain_snow(s.snow_ice, s.snow_liquid)
        throughfall = melt
    runoff, drainage = move_soil_water(s, p, work, throughfall, evaporation, uptake, step)
    return latent_heat, stored, runoff, drainage, melt


@kernel
def respire(
    s: Any,
    p: Any,
    o: Any,
    work: Work,
    gpp: float,
    leaf_respiration: float,
    air_temperature: float,
    step: float,
) -> None:
    """Fill the carbon fluxes and update the memories of leaves and plants."""
    temperature = (s.soil_temperature[0] + 2.0 * s.soil_temperature[1]) / 3.0
    depth = work.thickness[0] + work.thickness[1]
    saturation = (s.soil_liquid[0] + s.soil_liquid[1]) / (p.porosity * WATER_DENSITY * depth)
    soil = (
        p.heterotrophic_respiration10
        * temperature_response(temperature, p.respiration_activation)
        * moisture_response(saturation)
    )
    respiration = leaf_respiration + p.autotrophic_share * s.recent_assimilation + soil
    o.gross_primary_production = gpp
    o.leaf_respiration = leaf_respiration
    o.ecosystem_respiration = respiration
    o.net_ecosystem_exchange = respiration - gpp
    s.recent_assimilation = running_mean(s.recent_assimilation, gpp, step, RECENT_DAYS)
    s.growth_temperature = running_mean(s.growth_temperature, air_temperature, step, GROWTH_DAYS)


@kernel
def step_status(o: Any, converged: bool) -> int:
    """Return the status of a step; its balances are the arbiter."""
    if not (
        math.isfinite(o.energy_residual)
        and math.isfinite(o.water_residual)
        and math.isfinite(o.net_ecosystem_exchange)
    ):
        return NOT_FINITE
    if abs(o.energy_residual) >= ENERGY_TOLERANCE:
        return ENERGY_LOST if converged else NOT_CONVERGED
    if abs(o.water_residual) >= WATER_TOLERANCE:
        return WATER_LOST
    return OK
