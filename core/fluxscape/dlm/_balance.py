r"""The linearised energy balances of sunlit leaves, shaded leaves and ground, and their solution.

Symbols: ``f`` residual of a balance [W m-2] and ``j`` its negative slopes [W m-2 K-1], with
suffixes ``1`` sunlit leaves, ``2`` shaded leaves, ``g`` ground.
"""

from __future__ import annotations

from typing import NamedTuple

from fluxscape._jit import kernel
from fluxscape.constants import STEFAN_BOLTZMANN, ZERO_CELSIUS
from fluxscape.dlm._leaf import Leaf, LeafClass
from fluxscape.dlm._radiation import canopy_longwave

_LONGEST_STEP = 20.0
"""Largest change of a temperature in one pass [K]; further, tangents mean nothing."""


class System(NamedTuple):
    """Three linear balances: the j matrix times the temperature changes equals f."""

    f1: float
    f2: float
    fg: float
    j11: float
    j12: float
    j1g: float
    j21: float
    j22: float
    j2g: float
    jg1: float
    jg2: float
    jgg: float


class Medium(NamedTuple):
    """What turns differences of temperature and vapour pressure into heat fluxes."""

    heat: float
    """rho cp [J m-3 K-1]."""
    vapour: float
    """rho epsilon / p [kg m-3 Pa-1]."""
    latent: float
    """Latent heat of vaporisation [J kg-1]."""
    latent_ground: float
    """That of what evaporates from the ground: with fusion where snow lies [J kg-1]."""
    longwave_down: float
    """[W m-2]."""
    emittance: float
    """Of the canopy, see :func:`fluxscape.dlm._radiation.canopy_longwave` [1]."""
    ground_emissivity: float
    """[1]."""


class CanopyAir(NamedTuple):
    """Canopy air, a mean of what exchanges with it, and the conductances that weigh it [m s-1]."""

    temperature: float
    vapour_pressure: float
    heat_sum: float
    vapour_sum: float


@kernel
def canopy_emission(sun: LeafClass, shade: LeafClass, leaf1: Leaf, leaf2: Leaf) -> float:
    """Return sigma T^4 of the leaves, weighted by their areas [W m-2]."""
    return STEFAN_BOLTZMANN * (
        sun.emission_share * leaf1.temperature**4 + shade.emission_share * leaf2.temperature**4
    )


@kernel
def mix_canopy_air(
    air_temperature: float,
    air_vapour: float,
    aerodynamic: float,
    leaf1: Leaf,
    leaf2: Leaf,
    ground_temperature: float,
    ground_saturation: float,
    ground_heat: float,
    ground_vapour: float,
) -> CanopyAir:
    """Return the canopy air that stores neither heat nor vapour."""
    gw1 = leaf1.transpiring + leaf1.evaporating
    gw2 = leaf2.transpiring + leaf2.evaporating
    heat_sum = aerodynamic + leaf1.heat + leaf2.heat + ground_heat
    vapour_sum = aerodynamic + gw1 + gw2 + ground_vapour
    temperature = aerodynamic * air_temperature + ground_heat * ground_temperature
    temperature += leaf1.heat * leaf1.temperature + leaf2.heat * leaf2.temperature
    vapour = aerodynamic * air_vapour + ground_vapour * ground_saturation
    vapour += gw1 * leaf1.saturation + gw2 * leaf2.saturation
    return CanopyAir(temperature / heat_sum, vapour / vapour_sum, heat_sum, vapour_sum)


@kernel
def assemble(
    medium: Medium,
    sun: LeafClass,
    shade: LeafClass,
    leaf1: Leaf,
    leaf2: Leaf,
    canopy: CanopyAir,
    ground_shortwave: float,
    ground_temperature: float,
    ground_saturation: float,
    ground_slope: float,
    ground_heat: float,
    ground_vapour: float,
    conduction: float,
    conduction_base: float,
) -> System:
    """Return the balances and their slopes at the present temperatures."""
    net_canopy, net_ground, _ = canopy_longwave(
        medium.longwave_down,
        medium.emittance,
        medium.ground_emissivity,
        canopy_emission(sun, shade, leaf1, leaf2),
        ground_temperature,
    )
    w1, w2 = sun.emission_share, shade.emission_share
    # Fluxes of latent heat per vapour pressure and of heat per temperature
    q1 = medium.latent * medium.vapour * (leaf1.transpiring + leaf1.evaporating)
    q2 = medium.latent * medium.vapour * (leaf2.transpiring + leaf2.evaporating)
    qg = medium.latent_ground * medium.vapour * ground_vapour
    h1, h2, hg = medium.heat * leaf1.heat, medium.heat * leaf2.heat, medium.heat * ground_heat
    tc, ec = canopy.temperature, canopy.vapour_pressure
    f1 = sun.shortwave + w1 * net_canopy - h1 * (leaf1.temperature - tc)
    f1 -= q1 * (leaf1.saturation - ec)
    f2 = shade.shortwave + w2 * net_canopy - h2 * (leaf2.temperature - tc)
    f2 -= q2 * (leaf2.saturation - ec)
    fg = ground_shortwave + net_ground - hg * (ground_temperature - tc)
    fg -= qg * (ground_saturation - ec) + conduction * (ground_temperature - conduction_base)
    # Longwave: derivatives of canopy_longwave
    r1 = 4.0 * STEFAN_BOLTZMANN * w1 * leaf1.temperature**3 * medium.emittance
    r2 = 4.0 * STEFAN_BOLTZMANN * w2 * leaf2.temperature**3 * medium.emittance
    rg = 4.0 * STEFAN_BOLTZMANN * ground_temperature**3 * medium.ground_emissivity
    back = 2.0 - medium.emittance * (1.0 - medium.ground_emissivity)
    # Canopy air: how it follows each surface
    x1, x2 = leaf1.heat / canopy.heat_sum, leaf2.heat / canopy.heat_sum
    xg = ground_heat / canopy.heat_sum
    per_flux = 1.0 / (medium.vapour * canopy.vapour_sum)
    y1 = q1 / medium.latent * per_flux * leaf1.slope
    y2 = q2 / medium.latent * per_flux * leaf2.slope
    yg = qg / medium.latent_ground * per_flux * ground_slope
    return System(
        f1,
        f2,
        fg,
        w1 * back * r1 + h1 * (1.0 - x1) + q1 * (leaf1.slope - y1),
        w1 * back * r2 - h1 * x2 - q1 * y2,
        -w1 * medium.emittance * rg - h1 * xg - q1 * yg,
        w2 * back * r1 - h2 * x1 - q2 * y1,
        w2 * back * r2 + h2 * (1.0 - x2) + q2 * (leaf2.slope - y2),
        -w2 * medium.emittance * rg - h2 * xg - q2 * yg,
        -medium.ground_emissivity * r1 - hg * x1 - qg * y1,
        -medium.ground_emissivity * r2 - hg * x2 - qg * y2,
        rg + hg * (1.0 - xg) + qg * (ground_slope - yg) + conduction,
    )


@kernel
def solve_system(
    system: System,
    has_sun: bool,
    has_shade: bool,
    snow: bool,
    ground_temperature: float,
    melt_limit: float,
) -> tuple[float, float, float, float]:
    """Return the changes of the three temperatures [K] and the heat that melts snow [W m-2].

    Leaves are eliminated first. What is left is one balance of the ground, in which snow melts
    by as much as keeps it at freezing point, until all of it melts within the step.
    """
    f1, j11, j12, j1g = system.f1, system.j11, system.j12, system.j1g
    if not has_sun:
        f1, j11, j12, j1g = 0.0, 1.0, 0.0, 0.0
    f2, j21, j22, j2g = system.f2, system.j21, system.j22, system.j2g
    if not has_shade:
        f2, j21, j22, j2g = 0.0, 0.0, 1.0, 0.0
    ratio = j21 / j11
    j22 -= ratio * j12
    j2g -= ratio * j1g
    f2 -= ratio * f1
    ratio = system.jg1 / j11
    jg2 = system.jg2 - ratio * j12
    jgg = system.jgg - ratio * j1g
    fg = system.fg - ratio * f1
    ratio = jg2 / j22
    jgg -= ratio * j2g
    fg -= ratio * f2
    melt = 0.0
    if snow and ground_temperature + fg / jgg > ZERO_CELSIUS:
        melt = min(fg - jgg * (ZERO_CELSIUS - ground_temperature), melt_limit)
    ground = (fg - melt) / jgg
    second = (f2 - j2g * ground) / j22
    first = (f1 - j12 * second - j1g * ground) / j11
    largest = max(abs(first), abs(second), abs(ground))
    if largest > _LONGEST_STEP:
        scale = _LONGEST_STEP / largest
        return scale * first, scale * second, scale * ground, melt
    return first, second, ground, melt
