r"""Solution of the coupled energy balance of sunlit leaves, shaded leaves and ground.

Newton's method in the three surface temperatures: each pass takes the stability, the conductances
and the stomata at the last temperatures, solves the linearised balances exactly, and stops when
no temperature moves by more than 0.01 K; what curvature leaves is the residual that the step
reports. Canopy air has no capacity, so its temperature and vapour pressure are conductance means.

Symbols: suffixes ``1`` sunlit leaves, ``2`` shaded leaves, ``g`` ground; ``gh`` heat, ``gw``
vapour, ``ga`` aerodynamic conductance [m s-1]; ``f`` residual of a balance, ``j`` its negative
slope.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from fluxscape._jit import kernel
from fluxscape.constants import (
    EPSILON_WATER,
    GAS_CONSTANT,
    GAS_CONSTANT_DRY_AIR,
    HEAT_CAPACITY_DRY_AIR,
    LATENT_HEAT_FUSION,
    LATENT_HEAT_VAPORISATION_0C,
    STEFAN_BOLTZMANN,
    ZERO_CELSIUS,
)
from fluxscape.dlm._canopy import MIN_LEAF_AREA, Capacity, Light
from fluxscape.dlm._energy import (
    aerodynamic_exchange,
    ground_conductance,
    leaf_boundary_conductance,
    saturation_over_ice,
    saturation_vapour_pressure,
    stability,
)
from fluxscape.dlm._photosynthesis import (
    OXYGEN,
    c4_capacity_response,
    c4_respiration_response,
    electron_transport,
    jmax_response,
    leaf_respiration_response,
    michaelis_constants,
    vcmax_response,
)
from fluxscape.dlm._radiation import canopy_longwave
from fluxscape.dlm._stomata import leaf_gas_exchange_c3, leaf_gas_exchange_c4

MAX_ITERATIONS = 40
_FREEZE_STABILITY = 12
"""Passes after which stability and limits stay, so that the balance itself can settle."""
_TOLERANCE = 0.01
"""Largest change of a temperature at the solution [K]."""


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
    frozen: bool
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


class Surfaces(NamedTuple):
    """The solution."""

    sunlit_temperature: float
    shaded_temperature: float
    ground_temperature: float
    vapour_pressure: float
    stability: float
    sunlit_depletion: float
    shaded_depletion: float
    friction_velocity: float
    assimilation: float
    """Net assimilation of the canopy [umol m-2 s-1]."""
    leaf_respiration: float
    conductance: float
    """Stomatal conductance of the canopy [mol m-2 s-1]."""
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


@kernel
def leaf_exchange(
    p: Any,
    capacity: Capacity,
    relative_capacity: float,
    temperature: float,
    photons: float,
    deficit: float,
    surface_co2: float,
    stress: float,
) -> tuple[float, float, float]:
    """Return An, gs and Rd of a leaf class per leaf area; ``photons`` per leaf area."""
    vcmax25 = p.vcmax25 * relative_capacity
    rd25 = p.leaf_respiration_ratio * vcmax25
    c4 = p.c4_fraction >= 0.5
    rd = rd25 * (
        c4_respiration_response(temperature) if c4 else leaf_respiration_response(temperature)
    )
    if photons <= 0.0:
        return -rd, p.stomatal_intercept, rd
    slope = p.stomatal_slope * stress
    if c4:
        response = c4_capacity_response(temperature)
        # Initial slope 0.7 mol m-2 s-1 at Vmax 39 umol m-2 s-1 (Collatz et al. 1992, Table 1).
        co2_slope = 0.018 * vcmax25 * 2.0 ** (0.1 * (temperature - 298.15))
        net, conductance = leaf_gas_exchange_c4(
            vcmax25 * response,
            photons,
            rd,
            co2_slope,
            p.stomatal_intercept,
            slope,
            deficit,
            surface_co2,
        )
        return net, conductance, rd
    vcmax = vcmax25 * vcmax_response(temperature, capacity.vcmax_entropy, capacity.vcmax_norm)
    jmax = (
        vcmax25
        * capacity.jmax_ratio
        * jmax_response(temperature, capacity.jmax_entropy, capacity.jmax_norm)
    )
    electron_rate = electron_transport(photons, jmax, p.electron_yield, p.electron_curvature)
    kc, ko, gamma_star = michaelis_constants(temperature)
    net, conductance = leaf_gas_exchange_c3(
        vcmax,
        electron_rate,
        rd,
        kc * (1.0 + OXYGEN / ko),
        gamma_star,
        p.stomatal_intercept,
        slope,
        deficit,
        surface_co2,
    )
    return net, conductance, rd


@kernel
def leaf_vapour_conductance(
    area: float, boundary: float, stomatal: float, wet: float
) -> tuple[float, float]:
    """Return conductances of a leaf class through stomata and from wet leaves [m s-1]."""
    series = boundary * stomatal / (boundary + stomatal)
    return area * (1.0 - wet) * series, area * wet * boundary


@kernel
def solve_surfaces(
    p: Any,
    s: Any,
    air: Air,
    light: Light,
    capacity: Capacity,
    ground: Ground,
    ground_emissivity: float,
    wet: float,
    wet_limit: float,
    stress: float,
) -> Surfaces:
    """Return temperatures and fluxes of the step.

    ``p`` is the parameter record, ``s`` the state record with the last solution to start from,
    ``wet`` the wet share of leaves, ``wet_limit`` the water on them over the step
    [kg m-2 s-1], ``stress`` the factor of soil water on the stomatal slope.
    """
    a1, a2 = light.sunlit_area, light.shaded_area
    area = a1 + a2
    has1, has2 = a1 > 1e-6, a2 > 1e-6 and area > MIN_LEAF_AREA
    w1 = a1 / area if has1 else 0.0
    emittance = p.leaf_emissivity * (1.0 - light.sky_gap) if has2 else 0.0
    # Air
    density = air.pressure / (GAS_CONSTANT_DRY_AIR * air.temperature)
    heat = density * HEAT_CAPACITY_DRY_AIR
    vapour = density * EPSILON_WATER / air.pressure
    lam = LATENT_HEAT_VAPORISATION_0C - 2361.0 * (air.temperature - ZERO_CELSIUS)
    lam_g = lam + LATENT_HEAT_FUSION if ground.frozen else lam
    molar_volume = GAS_CONSTANT * air.temperature / air.pressure
    # Start
    t1 = air.temperature + s.sunlit_excess
    t2 = air.temperature + s.shaded_excess
    tg = air.temperature + s.ground_excess
    if ground.frozen:
        tg = min(tg, ZERO_CELSIUS)
    ea = air.vapour_pressure
    ec = max(ea + s.vapour_excess, 0.0)
    zeta = s.stability
    dep1, dep2 = s.sunlit_depletion, s.shaded_depletion
    wet_scale, ground_scale = 1.0, 1.0
    an1 = an2 = rd1 = rd2 = gs1 = gs2 = 0.0
    gt1 = gt2 = gwet1 = gwet2 = gwg = ga = gb = ustar = 0.0
    tc, melt, last_ga = air.temperature, 0.0, -1.0
    converged, n = False, 0
    while n < MAX_ITERATIONS and not converged:
        n += 1
        adapting = n <= _FREEZE_STABILITY
        if adapting:
            ustar, ga = aerodynamic_exchange(air.wind_speed, air.log_height, zeta)
            gb = leaf_boundary_conductance(ustar, p.leaf_dimension)
        gg = ground_conductance(ustar, ground.bare_coefficient, ground.cover_gap)
        e1, de1 = saturation_vapour_pressure(t1)
        e2, de2 = saturation_vapour_pressure(t2)
        if ground.frozen:
            eg, deg = saturation_over_ice(tg)
        else:
            eg, deg = saturation_vapour_pressure(tg)
        # Leaves
        gh1 = gh2 = 0.0
        if has1:
            an1, gs1, rd1 = leaf_exchange(
                p,
                capacity,
                capacity.sunlit,
                t1,
                light.sunlit_photons / a1,
                0.001 * (e1 - ec),
                air.carbon_dioxide - dep1,
                stress,
            )
            dep1 = 0.5 * (dep1 + min(1.37 * an1 * molar_volume / gb, 0.5 * air.carbon_dioxide))
            gh1 = a1 * gb
            gt1, gwet1 = leaf_vapour_conductance(a1, gb, gs1 * molar_volume, wet * wet_scale)
            if e1 < ec:
                gt1, gwet1 = 0.0, a1 * gb
        if has2:
            an2, gs2, rd2 = leaf_exchange(
                p,
                capacity,
                capacity.shaded,
                t2,
                light.shaded_photons / a2,
                0.001 * (e2 - ec),
                air.carbon_dioxide - dep2,
                stress,
            )
            dep2 = 0.5 * (dep2 + min(1.37 * an2 * molar_volume / gb, 0.5 * air.carbon_dioxide))
            gh2 = a2 * gb
            gt2, gwet2 = leaf_vapour_conductance(a2, gb, gs2 * molar_volume, wet * wet_scale)
            if e2 < ec:
                gt2, gwet2 = 0.0, a2 * gb
        gwg = ground_scale / (1.0 / gg + ground.resistance) if eg > ec else gg
        gw1, gw2 = gt1 + gwet1, gt2 + gwet2
        gh_sum, gw_sum = ga + gh1 + gh2 + gg, ga + gw1 + gw2 + gwg
        # Residuals at the present temperatures
        tc = (ga * air.temperature + gh1 * t1 + gh2 * t2 + gg * tg) / gh_sum
        ec = (ga * ea + gw1 * e1 + gw2 * e2 + gwg * eg) / gw_sum
        emission = STEFAN_BOLTZMANN * (w1 * t1**4 + (1.0 - w1) * t2**4)
        net_c, net_g, _ = canopy_longwave(
            air.longwave_down, emittance, ground_emissivity, emission, tg
        )
        f1 = light.sunlit_shortwave + w1 * net_c
        f1 -= heat * gh1 * (t1 - tc) + lam * vapour * gw1 * (e1 - ec)
        f2 = light.shaded_shortwave + (1.0 - w1) * net_c
        f2 -= heat * gh2 * (t2 - tc) + lam * vapour * gw2 * (e2 - ec)
        fg = light.ground_shortwave + net_g - ground.conductance * (tg - ground.base)
        fg -= heat * gg * (tg - tc) + lam_g * vapour * gwg * (eg - ec)
        # Negative slopes: longwave (canopy_longwave differentiated), heat, vapour
        r1 = 4.0 * STEFAN_BOLTZMANN * w1 * t1**3 * emittance
        r2 = 4.0 * STEFAN_BOLTZMANN * (1.0 - w1) * t2**3 * emittance
        rg = 4.0 * STEFAN_BOLTZMANN * tg**3 * ground_emissivity
        back = 2.0 - emittance * (1.0 - ground_emissivity)
        q1, q2, qg = lam * vapour * gw1, lam * vapour * gw2, lam_g * vapour * gwg
        h1, h2, hg = heat * gh1, heat * gh2, heat * gg
        x1, x2, xg = gh1 / gh_sum, gh2 / gh_sum, gg / gh_sum
        y1, y2, yg = gw1 / gw_sum * de1, gw2 / gw_sum * de2, gwg / gw_sum * deg
        j11 = w1 * back * r1 + h1 * (1.0 - x1) + q1 * (de1 - y1)
        j12 = w1 * back * r2 - h1 * x2 - q1 * y2
        j1g = -w1 * emittance * rg - h1 * xg - q1 * yg
        j21 = (1.0 - w1) * back * r1 - h2 * x1 - q2 * y1
        j22 = (1.0 - w1) * back * r2 + h2 * (1.0 - x2) + q2 * (de2 - y2)
        j2g = -(1.0 - w1) * emittance * rg - h2 * xg - q2 * yg
        jg1 = -ground_emissivity * r1 - hg * x1 - qg * y1
        jg2 = -ground_emissivity * r2 - hg * x2 - qg * y2
        jgg = rg + hg * (1.0 - xg) + qg * (deg - yg) + ground.conductance
        if not has1:
            j11, j12, j1g, f1 = 1.0, 0.0, 0.0, 0.0
        if not has2:
            j22, j21, j2g, f2 = 1.0, 0.0, 0.0, 0.0
        # Eliminate leaves, then the ground with or without melting snow
        ratio = j21 / j11
        j22 -= ratio * j12
        j2g -= ratio * j1g
        f2 -= ratio * f1
        ratio = jg1 / j11
        jg2 -= ratio * j12
        jgg -= ratio * j1g
        fg -= ratio * f1
        ratio = jg2 / j22
        jgg -= ratio * j2g
        fg -= ratio * f2
        melt = 0.0
        if ground.frozen and tg + fg / jgg > ZERO_CELSIUS:
            melt = min(fg - jgg * (ZERO_CELSIUS - tg), ground.melt_limit)
        dg = (fg - melt) / jgg
        d2 = (f2 - j2g * dg) / j22
        d1 = (f1 - j12 * d2 - j1g * dg) / j11
        change = max(abs(d1), abs(d2), abs(dg))
        t1 += d1
        t2 += d2
        tg += dg
        if not has2:
            t2 = tc
        if not has1:
            t1 = t2
        # Canopy air at the new temperatures
        e1 += de1 * d1
        e2 += de2 * d2
        eg += deg * dg
        tc = (ga * air.temperature + gh1 * t1 + gh2 * t2 + gg * tg) / gh_sum
        ec = (ga * ea + gw1 * e1 + gw2 * e2 + gwg * eg) / gw_sum
        if adapting:
            target = stability(ustar, air.height, air.temperature, ga * (tc - air.temperature))
            zeta = 0.5 * (zeta + target) if n > 2 else target
            wet_flux = vapour * (gwet1 * (e1 - ec) + gwet2 * (e2 - ec))
            if wet_flux > wet_limit:
                wet_scale *= wet_limit / wet_flux
            ground_flux = vapour * gwg * (eg - ec)
            if ground_flux > ground.evaporation_limit:
                ground_scale *= max(ground.evaporation_limit / ground_flux, 1e-6)
        steady = abs(ga - last_ga) < 0.01 * ga or not adapting
        last_ga = ga
        converged = change < _TOLERANCE and steady
    # Fluxes at the solution
    e1, _ = saturation_vapour_pressure(t1)
    e2, _ = saturation_vapour_pressure(t2)
    if ground.frozen:
        eg, _ = saturation_over_ice(tg)
    else:
        eg, _ = saturation_vapour_pressure(tg)
    gw_sum = ga + gt1 + gwet1 + gt2 + gwet2 + gwg
    ec = (ga * ea + (gt1 + gwet1) * e1 + (gt2 + gwet2) * e2 + gwg * eg) / gw_sum
    emission = STEFAN_BOLTZMANN * (w1 * t1**4 + (1.0 - w1) * t2**4)
    net_c, net_g, up = canopy_longwave(
        air.longwave_down, emittance, ground_emissivity, emission, tg
    )
    transpiration = vapour * (gt1 * (e1 - ec) + gt2 * (e2 - ec))
    interception = vapour * (gwet1 * (e1 - ec) + gwet2 * (e2 - ec))
    evaporation = vapour * gwg * (eg - ec)
    return Surfaces(
        t1,
        t2,
        tg,
        ec,
        zeta,
        dep1 if has1 else 0.0,
        dep2,
        ustar,
        a1 * an1 + a2 * an2,
        a1 * rd1 + a2 * rd2,
        a1 * gs1 + a2 * gs2,
        transpiration,
        interception,
        evaporation,
        lam * (transpiration + interception) + lam_g * evaporation,
        heat * ga * (tc - air.temperature),
        up,
        net_c + net_g,
        ground.conductance * (tg - ground.base),
        melt,
        n,
        converged and math.isfinite(tg),
    )
