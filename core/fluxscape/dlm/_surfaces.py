r"""Iteration of the coupled surface balance: temperatures, stability and stomata together.

Each pass takes stability, conductances and stomata at the last temperatures, solves the linearised
balances exactly (:mod:`fluxscape.dlm._balance`), and the iteration stops when no temperature moves
by more than 0.03 K and the aerodynamic conductance by less than 2 % (in lean mode
:mod:`fluxscape.dlm.options` says otherwise). What curvature is left then
is the residual that the step reports, three orders of magnitude below 0.1 W m-2. Where conductances
and temperatures chase each other, new stomatal conductances count half, and after 16 passes
all conductances stay, so that the balance settles.
"""

from __future__ import annotations

import math
from typing import Any

from fluxscape._jit import kernel
from fluxscape.constants import (
    EPSILON_WATER,
    GAS_CONSTANT,
    GAS_CONSTANT_DRY_AIR,
    HEAT_CAPACITY_DRY_AIR,
    LATENT_HEAT_FUSION,
    ZERO_CELSIUS,
)
from fluxscape.dlm._balance import (
    CanopyAir,
    Medium,
    assemble,
    canopy_emission,
    mix_canopy_air,
    solve_system,
)
from fluxscape.dlm._canopy import Capacity, Light
from fluxscape.dlm._energy import (
    aerodynamic_exchange,
    ground_conductance,
    leaf_boundary_conductance,
    saturation_vapour_pressure,
    stability,
    surface_saturation,
)
from fluxscape.dlm._leaf import (
    Leaf,
    LeafClass,
    follow_leaf,
    leaf_classes,
    transfer_leaf,
    update_leaf,
    warm_leaf,
)
from fluxscape.dlm._radiation import canopy_longwave
from fluxscape.dlm._surface_records import Air, Ground, Limits, Surfaces
from fluxscape.meteorology._kernels_humidity import latent_heat

MAX_ITERATIONS = 40
_HALVE = 4
"""Passes after which new stomatal conductances count half."""
_HOLD = 16
"""Passes after which conductances stay."""


@kernel
def make_medium(p: Any, air: Air, light: Light, ground: Ground, canopy: bool) -> Medium:
    """Return the properties of the air that the balances need."""
    density = air.pressure / (GAS_CONSTANT_DRY_AIR * air.temperature)
    latent = latent_heat(air.temperature)
    return Medium(
        density * HEAT_CAPACITY_DRY_AIR,
        density * EPSILON_WATER / air.pressure,
        latent,
        latent + LATENT_HEAT_FUSION if ground.snow else latent,
        air.longwave_down,
        p.leaf_emissivity * (1.0 - light.sky_gap) if canopy else 0.0,
        ground.emissivity,
    )


@kernel
def tighten(
    limits: Limits,
    medium: Medium,
    canopy: CanopyAir,
    leaf1: Leaf,
    leaf2: Leaf,
    ground_saturation: float,
    ground_vapour: float,
    leaf_water: float,
    ground_water: float,
    root_water: float,
) -> Limits:
    """Return limits that keep evaporation and transpiration within what is there."""
    leaves, ground, roots = limits.leaves, limits.ground, limits.roots
    ec = canopy.vapour_pressure
    flux = leaf1.evaporating * (leaf1.saturation - ec) + leaf2.evaporating * (leaf2.saturation - ec)
    if medium.vapour * flux > leaf_water:
        leaves *= leaf_water / (medium.vapour * flux)
    flux = medium.vapour * ground_vapour * (ground_saturation - ec)
    if flux > ground_water:
        ground *= max(ground_water / flux, 1e-6)
    flux = leaf1.transpiring * (leaf1.saturation - ec)
    flux += leaf2.transpiring * (leaf2.saturation - ec)
    if medium.vapour * flux > root_water:
        roots *= root_water / (medium.vapour * flux)
    return Limits(leaves, ground, roots)


@kernel
def start_leaf(temperature: float, depletion: float, stomatal: float) -> Leaf:
    """Return a leaf class where the last step left it."""
    return Leaf(temperature, 0.0, 0.0, 0.0, 0.0, stomatal, depletion, 0.0, 0.0, 0.0, 0.0)


@kernel
def adapt_leaf(
    p: Any,
    capacity: Capacity,
    kind: LeafClass,
    leaf: Leaf,
    canopy_vapour: float,
    air: Air,
    boundary: float,
    wet: float,
    supply: float,
    stress: float,
    weight: float,
    exchanging: bool,
) -> Leaf:
    """Return a leaf class at its temperature, its stomata as they were unless ``exchanging``."""
    volume = GAS_CONSTANT * air.temperature / air.pressure
    if exchanging:
        leaf = update_leaf(
            p,
            capacity,
            kind,
            leaf,
            canopy_vapour,
            air.carbon_dioxide,
            boundary,
            volume,
            stress,
            weight,
        )
    else:
        leaf = follow_leaf(leaf)
    return transfer_leaf(kind, leaf, canopy_vapour, boundary, volume, wet, supply)


@kernel
def solve_surfaces(
    p: Any,
    s: Any,
    air: Air,
    light: Light,
    capacity: Capacity,
    ground: Ground,
    wet: float,
    leaf_water: float,
    root_water: float,
    stress: float,
    exchange_passes: int,
    tolerance: float,
    steadiness: float,
) -> Surfaces:
    """Return temperatures and fluxes of the step.

    ``p`` is the parameter record, ``s`` the state record with the last solution to start from,
    ``wet`` the wet share of leaves, ``leaf_water`` what lies on them and ``root_water`` what
    roots reach over the step [kg m-2 s-1], ``stress`` the factor of soil water on the stomatal
    slope; for the last two see :class:`fluxscape.dlm._work.Settings`.
    """
    sun, shade = leaf_classes(p, light, capacity)
    has_sun, has_shade = sun.area > 0.0, shade.area > 0.0
    medium = make_medium(p, air, light, ground, has_shade)
    leaf1 = start_leaf(air.temperature + s.sunlit_excess, s.sunlit_depletion, 0.0)
    leaf2 = start_leaf(air.temperature + s.shaded_excess, s.shaded_depletion, 0.0)
    tg = air.temperature + s.ground_excess
    if ground.snow:
        tg = min(tg, ZERO_CELSIUS)
    zeta, ga, gb, gg, gwg, ustar = s.stability, 0.0, 0.0, 0.0, 0.0, 0.0
    limits = Limits(1.0, 1.0, 1.0)
    canopy = CanopyAir(air.temperature, max(air.vapour_pressure + s.vapour_excess, 0.0), 1.0, 1.0)
    melt, last_ga, n, converged = 0.0, -1.0, 0, False
    while n < MAX_ITERATIONS and not converged:
        n += 1
        adapting = n <= _HOLD
        eg, deg = surface_saturation(tg, ground.snow)
        if adapting:
            ustar, ga = aerodynamic_exchange(air.wind_speed, air.log_height, zeta)
            gb = leaf_boundary_conductance(ustar, p.leaf_dimension)
            gg = ground_conductance(ustar, ground.bare_coefficient, ground.cover_gap)
            ec, weight = canopy.vapour_pressure, 1.0 if n <= _HALVE else 0.5
            exchanging, moist = n <= exchange_passes, wet * limits.leaves
            leaf1 = adapt_leaf(
                p,
                capacity,
                sun,
                leaf1,
                ec,
                air,
                gb,
                moist,
                limits.roots,
                stress,
                weight,
                exchanging,
            )
            leaf2 = adapt_leaf(
                p,
                capacity,
                shade,
                leaf2,
                ec,
                air,
                gb,
                moist,
                limits.roots,
                stress,
                weight,
                exchanging,
            )
            gwg = limits.ground / (1.0 / gg + ground.resistance) if eg > ec else gg
        else:
            leaf1, leaf2 = follow_leaf(leaf1), follow_leaf(leaf2)
        canopy = mix_canopy_air(
            air.temperature, air.vapour_pressure, ga, leaf1, leaf2, tg, eg, gg, gwg
        )
        system = assemble(
            medium,
            sun,
            shade,
            leaf1,
            leaf2,
            canopy,
            light.ground_shortwave,
            tg,
            eg,
            deg,
            gg,
            gwg,
            ground.conductance,
            ground.base,
        )
        first, second, third, melt = solve_system(
            system, has_sun, has_shade, ground.snow, tg, ground.melt_limit
        )
        leaf1, leaf2, tg = warm_leaf(leaf1, first), warm_leaf(leaf2, second), tg + third
        canopy = mix_canopy_air(
            air.temperature, air.vapour_pressure, ga, leaf1, leaf2, tg, eg + deg * third, gg, gwg
        )
        if adapting:
            rise = canopy.temperature - air.temperature
            target = stability(ustar, air.height, air.temperature, ga * rise)
            zeta = target if n <= 2 else 0.5 * (zeta + target)
            limits = tighten(
                limits,
                medium,
                canopy,
                leaf1,
                leaf2,
                eg + deg * third,
                gwg,
                leaf_water,
                ground.evaporation_limit,
                root_water,
            )
        steady = abs(ga - last_ga) < steadiness * ga
        last_ga = ga
        converged = steady and max(abs(first), abs(second), abs(third)) < tolerance
    if not has_sun:
        leaf1 = start_leaf(leaf2.temperature if has_shade else canopy.temperature, 0.0, 0.0)
    if not has_shade:
        leaf2 = start_leaf(canopy.temperature, 0.0, 0.0)
    return close_surfaces(
        air,
        ground,
        medium,
        sun,
        shade,
        leaf1,
        leaf2,
        tg,
        ga,
        gg,
        gwg,
        zeta,
        ustar,
        melt,
        n,
        converged,
    )


@kernel
def close_surfaces(
    air: Air,
    ground: Ground,
    medium: Medium,
    sun: LeafClass,
    shade: LeafClass,
    leaf1: Leaf,
    leaf2: Leaf,
    tg: float,
    ga: float,
    gg: float,
    gwg: float,
    zeta: float,
    ustar: float,
    melt: float,
    iterations: int,
    converged: bool,
) -> Surfaces:
    """Return the fluxes at the solution, with saturation at its temperatures, not tangents."""
    e1, _ = saturation_vapour_pressure(leaf1.temperature)
    e2, _ = saturation_vapour_pressure(leaf2.temperature)
    eg, _ = surface_saturation(tg, ground.snow)
    gw1, gw2 = leaf1.transpiring + leaf1.evaporating, leaf2.transpiring + leaf2.evaporating
    heat_sum = ga + leaf1.heat + leaf2.heat + gg
    rise = leaf1.heat * (leaf1.temperature - air.temperature)
    rise += leaf2.heat * (leaf2.temperature - air.temperature)
    rise += gg * (tg - air.temperature)
    ec = (ga * air.vapour_pressure + gw1 * e1 + gw2 * e2 + gwg * eg) / (ga + gw1 + gw2 + gwg)
    net_canopy, net_ground, up = canopy_longwave(
        medium.longwave_down,
        medium.emittance,
        medium.ground_emissivity,
        canopy_emission(sun, shade, leaf1, leaf2),
        tg,
    )
    transpiration = leaf1.transpiring * (e1 - ec) + leaf2.transpiring * (e2 - ec)
    evaporation = leaf1.evaporating * (e1 - ec) + leaf2.evaporating * (e2 - ec)
    from_ground = gwg * (eg - ec)
    latent = medium.latent * (transpiration + evaporation) + medium.latent_ground * from_ground
    return Surfaces(
        leaf1,
        leaf2,
        tg,
        ec,
        zeta,
        ustar,
        sun.area * leaf1.assimilation + shade.area * leaf2.assimilation,
        sun.area * leaf1.respiration + shade.area * leaf2.respiration,
        sun.area * leaf1.stomatal + shade.area * leaf2.stomatal,
        sun.area * leaf1.lower_gross + shade.area * leaf2.lower_gross,
        medium.vapour * transpiration,
        medium.vapour * evaporation,
        medium.vapour * from_ground,
        medium.vapour * latent,
        medium.heat * ga * rise / heat_sum,
        up,
        net_canopy + net_ground,
        ground.conductance * (tg - ground.base),
        melt,
        iterations,
        converged and math.isfinite(tg),
    )
