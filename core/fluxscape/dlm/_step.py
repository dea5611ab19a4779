r"""One time step of the land-surface model: canopy, snow, soil, water, carbon, and its balances.

Order: precipitation reaches leaves and snow; light; the surface balance; heat in snow and soil;
freezing and thawing; water leaves and moves; respiration. Energy is balanced over the masses at
the surface balance: water that later moves takes the temperature of where it arrives (the heat
that it carries is not counted, as in CLM 4.5).

``p``, ``s``, ``o`` and ``work`` are the records of parameters, state, output and work arrays.
"""

from __future__ import annotations

import math
from typing import Any

from fluxscape._jit import kernel
from fluxscape.constants import LATENT_HEAT_FUSION, WATER_DENSITY
from fluxscape.dlm._canopy import (
    MIN_LEAF_AREA,
    Light,
    absorb_light,
    intercept_rain,
    leaf_capacity,
    understorey_area,
    wet_fraction,
)
from fluxscape.dlm._carbon import moisture_response, running_mean, temperature_response
from fluxscape.dlm._carbon_pools import MASS_PER_MICROMOLE, total_carbon, turn_over
from fluxscape.dlm._column import conduct, freeze_and_thaw, heat_content, set_column
from fluxscape.dlm._energy import soil_surface_resistance
from fluxscape.dlm._records import (
    CARBON_LOST,
    CARBON_TOLERANCE,
    ENERGY_LOST,
    ENERGY_TOLERANCE,
    N_SNOW,
    NOT_CONVERGED,
    NOT_FINITE,
    OK,
    WATER_LOST,
    WATER_TOLERANCE,
)
from fluxscape.dlm._snow import SMALLEST_SNOW, snow_cover, snow_share
from fluxscape.dlm._snowpack import add_snow, snow_depth, snow_ice, snow_mass, top_layer
from fluxscape.dlm._soil_heat import eliminate_column
from fluxscape.dlm._surface_records import Air, Ground, Surfaces
from fluxscape.dlm._surfaces import solve_surfaces
from fluxscape.dlm._water import (
    DRIEST,
    Departure,
    hold_water,
    leave_water,
    total_water,
    uptake_limit,
    water_stress,
)
from fluxscape.dlm._work import Settings, Static, Weather

_GROUND_EMISSIVITY = 0.97
"""Emissivity of soil and snow [1] (Oleson et al. 2013, section 4.1: 0.96 and 0.97)."""


@kernel
def advance(
    p: Any, s: Any, o: Any, static: Static, work: Any, weather: Weather, settings: Settings
) -> int:
    """Advance state ``s`` by one step, fill the output record ``o``, return a status code."""
    step, before = settings.step, total_water(s)
    upper_area = weather.leaf_area_index if weather.leaf_area_index > MIN_LEAF_AREA else 0.0
    leaf_area = upper_area + understorey_area(p, upper_area)
    fallen = weather.precipitation * step
    snowfall = fallen * snow_share(weather.air_temperature)
    if snow_mass(s) + snowfall < SMALLEST_SNOW:
        snowfall = 0.0
    add_snow(s, p, work, snowfall, weather.air_temperature, step)
    light = light_of_step(p, s, work, weather, leaf_area, upper_area)
    capacity = leaf_capacity(p, light, leaf_area, upper_area, s.growth_temperature)
    leaf_store = p.interception_capacity * leaf_area
    s.canopy_water, throughfall = intercept_rain(
        s.canopy_water, fallen - snowfall, leaf_store, light.sky_gap
    )
    # The surface balance, with the column below it eliminated
    first = top_layer(s)
    link = set_column(s, p, static, work, first)
    heat_before = heat_content(s, work, first)
    base, pliancy = eliminate_column(
        work.temperature, work.capacity, work.link, first, step, work.intercept, work.coupling
    )
    ground = make_ground(
        p, s, static, work, base, link / (1.0 + link * pliancy), first, leaf_area, step
    )
    stress = water_stress(s, p, work)
    out = solve_surfaces(
        p,
        s,
        make_air(p, static, weather, leaf_area),
        light,
        capacity,
        ground,
        wet_fraction(s.canopy_water, leaf_store),
        s.canopy_water / step,
        uptake_limit(s, p, work) / step,
        stress,
        settings.exchange_passes,
        settings.tolerance,
        settings.steadiness,
    )
    # Heat
    top = base + pliancy * out.ground_flux
    conduct(work, first, top)
    freeze_and_thaw(s, p, work, first, out.melt_flux * step)
    stored = (heat_content(s, work, first) - heat_before) / step
    # Water and carbon
    gone = leave_water(
        s, p, work, out, first, throughfall, leaf_store, step, settings.flow_interval
    )
    added = hold_water(s, p, work) if static.water_held else 0.0
    respire(s, p, o, static, work, out, settings)
    s.growth_temperature = running_mean(
        s.growth_temperature, weather.air_temperature, static.growth_weight
    )
    remember(s, out, weather)
    # Balances
    after = total_water(s)
    net = max(weather.shortwave_down, 0.0) - light.reflected + out.net_longwave
    o.net_radiation = net
    o.ground_heat_flux = stored + gone.returned_heat
    o.energy_residual = net - gone.latent_heat - out.sensible_heat - o.ground_heat_flux
    evaporated = out.transpiration + out.canopy_evaporation + out.ground_evaporation
    o.water_residual = fallen + added - evaporated * step - gone.runoff - gone.drainage
    o.water_residual -= after - before
    report_water(o, out, gone, first, evaporated, added, step)
    report_stores(o, s, after)
    report_canopy(o, out, light, stress)
    return step_status(o, out.converged)


@kernel
def light_of_step(
    p: Any, s: Any, work: Any, weather: Weather, leaf_area: float, upper_area: float
) -> Light:
    """Return light and leaf areas over ground of the present wetness and snow."""
    top = s.soil_liquid[0] / (p.porosity * WATER_DENSITY * work.thickness[0])
    albedo = p.soil_albedo_dry + (p.soil_albedo_wet - p.soil_albedo_dry) * min(top, 1.0)
    # Soil reflects near infrared twice as well as visible light (Dickinson et al. 1993);
    # for snow one albedo serves both bands.
    visible, infrared = albedo * 2.0 / 3.0, albedo * 4.0 / 3.0
    depth = snow_depth(s)
    if depth > 0.0:
        cover = snow_cover(depth)
        visible += (s.snow_albedo - visible) * cover
        infrared += (s.snow_albedo - infrared) * cover
    return absorb_light(
        p,
        leaf_area,
        upper_area,
        weather.shortwave_down,
        weather.extraterrestrial,
        weather.cosine_zenith,
        visible,
        infrared,
    )


@kernel
def make_ground(
    p: Any,
    s: Any,
    static: Static,
    work: Any,
    base: float,
    conductance: float,
    first: int,
    leaf_area: float,
    step: float,
) -> Ground:
    """Return the ground as the surface balance sees it."""
    resistance, available = 0.0, snow_ice(s, first)
    melt_limit = LATENT_HEAT_FUSION * available / step
    if first == N_SNOW:
        full = p.porosity * WATER_DENSITY * work.thickness[0]
        saturation = min((s.soil_liquid[0] + s.soil_ice[0]) / full, 1.0)
        resistance = p.soil_resistance_scale * soil_surface_resistance(saturation)
        available = max(s.soil_liquid[0] - DRIEST * full, 0.0)
    return Ground(
        base,
        conductance,
        first < N_SNOW,
        melt_limit,
        resistance,
        static.bare_coefficient,
        math.exp(-leaf_area),
        available / step,
        _GROUND_EMISSIVITY,
    )


@kernel
def make_air(p: Any, static: Static, weather: Weather, leaf_area: float) -> Air:
    """Return the air, with displacement and roughness that fade as leaves fall."""
    # CLM 4.5, eq. 5.126-5.128: V = (1 - exp(-min(L, 2))) / (1 - exp(-2)).
    cover = (1.0 - math.exp(-min(leaf_area, 2.0))) / 0.8646647167633873
    displacement = p.displacement_ratio * p.canopy_height * cover
    log_roughness = static.log_canopy_roughness * cover
    log_roughness += static.log_ground_roughness * (1.0 - cover)
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
def respire(
    s: Any, p: Any, o: Any, static: Static, work: Any, out: Surfaces, settings: Settings
) -> None:
    """Fill the carbon fluxes, advance the pools and update the plants' memory of assimilation."""
    temperature = (s.soil_temperature[0] + 2.0 * s.soil_temperature[1]) / 3.0
    depth = work.thickness[0] + work.thickness[1]
    saturation = (s.soil_liquid[0] + s.soil_liquid[1]) / (p.porosity * WATER_DENSITY * depth)
    modifier = moisture_response(saturation)
    modifier *= temperature_response(temperature, p.respiration_activation)
    gpp, leaves = out.assimilation + out.leaf_respiration, out.leaf_respiration
    plants = leaves + p.autotrophic_share * s.recent_assimilation
    mass = MASS_PER_MICROMOLE * settings.step
    before = total_carbon(s)
    if settings.carbon_pools:
        limit = gpp + s.plant_carbon / mass
        if plants > limit:  # no plant respires carbon that it does not have
            leaves, plants = leaves * limit / plants, limit
        soil = turn_over(s, static.turnover, (gpp - plants) * mass, modifier) / mass
        o.plant_carbon = s.plant_carbon
        o.litter_carbon = s.decomposable_litter_carbon + s.resistant_litter_carbon
        o.soil_carbon = s.microbial_carbon + s.humus_carbon
    else:
        soil = p.heterotrophic_respiration10 * modifier
    o.gross_primary_production = gpp
    o.leaf_respiration = leaves
    o.heterotrophic_respiration = soil
    o.decomposition_modifier = modifier
    o.ecosystem_respiration = plants + soil
    o.net_ecosystem_exchange = o.ecosystem_respiration - gpp
    if settings.carbon_pools:
        o.carbon_residual = before - total_carbon(s) - o.net_ecosystem_exchange * mass
    s.recent_assimilation = running_mean(s.recent_assimilation, gpp, static.recent_weight)


@kernel
def remember(s: Any, out: Surfaces, weather: Weather) -> None:
    """Keep the solution, from which the next step's iteration starts."""
    s.sunlit_excess = out.sunlit.temperature - weather.air_temperature
    s.shaded_excess = out.shaded.temperature - weather.air_temperature
    s.ground_excess = out.ground_temperature - weather.air_temperature
    s.vapour_excess = out.vapour_pressure - weather.vapour_pressure
    s.stability = out.stability
    s.sunlit_depletion, s.shaded_depletion = out.sunlit.depletion, out.shaded.depletion


@kernel
def report_water(
    o: Any,
    out: Surfaces,
    gone: Departure,
    first: int,
    evaporated: float,
    added: float,
    step: float,
) -> None:
    """Fill the fluxes of water and latent heat."""
    o.evapotranspiration = evaporated
    o.transpiration = out.transpiration
    o.canopy_evaporation = out.canopy_evaporation
    o.soil_evaporation = out.ground_evaporation if first == N_SNOW else 0.0
    o.snow_sublimation = out.ground_evaporation if first < N_SNOW else 0.0
    o.latent_heat_flux = gone.latent_heat
    o.surface_runoff = gone.runoff / step
    o.drainage = gone.drainage / step
    o.irrigation = added / step
    o.snow_melt = gone.melt / step


@kernel
def report_stores(o: Any, s: Any, water: float) -> None:
    """Fill the stores of water at the end of the step."""
    snow = snow_mass(s)
    o.snow_water_equivalent = snow
    o.snow_depth = snow_depth(s)
    o.canopy_water = s.canopy_water
    o.soil_water_storage = water - s.canopy_water - snow


@kernel
def report_canopy(o: Any, out: Surfaces, light: Light, stress: float) -> None:
    """Fill radiation, temperatures and conductances."""
    o.sensible_heat_flux = out.sensible_heat
    o.upwelling_shortwave_flux = light.reflected
    o.upwelling_longwave_flux = out.longwave_up
    o.canopy_absorbed_shortwave = light.sunlit_shortwave + light.shaded_shortwave
    o.absorbed_par = light.sunlit_photons + light.shaded_photons
    o.sunlit_leaf_area_index = light.sunlit_area
    o.understorey_leaf_area_index = light.understorey.sunlit_area + light.understorey.shaded_area
    o.understorey_gross_primary_production = out.understorey_gross
    o.sunlit_leaf_temperature = out.sunlit.temperature
    o.shaded_leaf_temperature = out.shaded.temperature
    o.ground_temperature = out.ground_temperature
    o.canopy_conductance = out.conductance
    o.friction_velocity = out.friction_velocity
    o.soil_water_stress = stress
    o.iterations = out.iterations


@kernel
def step_status(o: Any, converged: bool) -> int:
    """Return the status of a step; its balances are the arbiter."""
    if not (
        math.isfinite(o.energy_residual)
        and math.isfinite(o.water_residual)
        and math.isfinite(o.net_ecosystem_exchange)
        and math.isfinite(o.carbon_residual)
    ):
        return NOT_FINITE
    if abs(o.energy_residual) >= ENERGY_TOLERANCE:
        return ENERGY_LOST if converged else NOT_CONVERGED
    if abs(o.water_residual) >= WATER_TOLERANCE:
        return WATER_LOST
    if abs(o.carbon_residual) >= CARBON_TOLERANCE:
        return CARBON_LOST
    return OK
