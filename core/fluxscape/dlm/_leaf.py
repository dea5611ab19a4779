r"""One class of leaves in the iteration of the surface balance: its gas exchange and conductances.

Symbols: ``An`` net assimilation, ``Rd`` leaf respiration [umol m-2 s-1], ``gs`` stomatal
conductance [mol m-2 s-1], all per leaf area; ``gb`` boundary layer conductance [m s-1].
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fluxscape._jit import kernel
from fluxscape.dlm._canopy import MIN_LEAF_AREA, Capacity, Light
from fluxscape.dlm._energy import saturation_vapour_pressure
from fluxscape.dlm._photosynthesis import (
    OXYGEN,
    c4_capacity_response,
    c4_carboxylation_slope,
    c4_respiration_response,
    electron_transport,
    jmax_response,
    leaf_respiration_response,
    michaelis_constants,
    vcmax_response,
)
from fluxscape.dlm._stomata import (
    ball_berry_slope,
    leaf_gas_exchange_c3,
    leaf_gas_exchange_c4,
    medlyn_slope,
)

DIFFUSIVITY_RATIO = 1.37
"""Conductance of boundary layers to water vapour over that to CO2 [1] (Jones 2013, chapter 3)."""


class LeafClass(NamedTuple):
    """What a step gives a class of leaves."""

    area: float
    """Leaf area index of the class [1]; 0 where there are no such leaves."""
    shortwave: float
    """Absorbed shortwave radiation per ground [W m-2]."""
    photons: float
    """Photons that leaves of the upper storey absorb, per leaf area [umol m-2 s-1]."""
    vcmax25: float
    """Their mean carboxylation capacity at 25 degrees Celsius [umol m-2 s-1]."""
    emission_share: float
    """Share of the class in the canopy's longwave exchange [1]."""
    lower_share: float
    """Share of the class that belongs to the understorey [1]."""
    lower_photons: float
    """Photons that those leaves absorb, per leaf area [umol m-2 s-1]."""
    lower_vcmax25: float
    """Their carboxylation capacity [umol m-2 s-1]."""


class Leaf(NamedTuple):
    """A class of leaves at one pass of the iteration."""

    temperature: float
    """[K]."""
    saturation: float
    """Saturation vapour pressure at the leaf [Pa]."""
    slope: float
    """Its slope [Pa K-1]."""
    assimilation: float
    """An."""
    respiration: float
    """Rd."""
    stomatal: float
    """gs."""
    depletion: float
    """CO2 in the canopy air less that at the leaf's surface [umol mol-1]."""
    heat: float
    """Conductance to heat per ground [m s-1]."""
    transpiring: float
    """Conductance to vapour through stomata per ground [m s-1]."""
    evaporating: float
    """Conductance to vapour from water on leaves per ground [m s-1]."""
    lower_gross: float
    """An + Rd of the understorey's leaves, per leaf area of the class."""


class Kinetics(NamedTuple):
    """Photosynthesis of a unit of capacity at the temperature of a leaf."""

    respiration: float
    """Rd over Vcmax25 [1]."""
    vcmax: float
    """Vcmax over Vcmax25 [1]."""
    jmax: float
    """Jmax over Vcmax25 [1]."""
    michaelis: float
    """Kc (1 + O / Ko) [umol mol-1]."""
    compensation: float
    """Compensation point [umol mol-1]."""


@kernel
def leaf_class(
    area: float,
    shortwave: float,
    photons: float,
    vcmax25: float,
    emission_share: float,
    lower_area: float,
    lower_photons: float,
    lower_vcmax25: float,
) -> LeafClass:
    """Return a class of leaves of both storeys; photons are per ground, of the whole class."""
    upper = max(area - lower_area, 1e-9)
    return LeafClass(
        area,
        shortwave,
        max(photons - lower_photons, 0.0) / upper,
        vcmax25,
        emission_share,
        lower_area / area,
        lower_photons / max(lower_area, 1e-9),
        lower_vcmax25,
    )


@kernel
def leaf_classes(p: Any, light: Light, capacity: Capacity) -> tuple[LeafClass, LeafClass]:
    """Return sunlit and shaded leaves; a class of no area takes no part."""
    none = LeafClass(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    area = light.sunlit_area + light.shaded_area
    if area <= MIN_LEAF_AREA:
        return none, none
    lower = light.understorey
    shaded_area = max(light.shaded_area, 1e-6)
    share = light.sunlit_area / area
    sunlit = none
    if light.sunlit_area > 0.0:
        sunlit = leaf_class(
            light.sunlit_area,
            light.sunlit_shortwave,
            light.sunlit_photons,
            p.vcmax25 * capacity.sunlit,
            share,
            lower.sunlit_area,
            lower.sunlit_photons,
            p.vcmax25 * capacity.lower_sunlit,
        )
    shaded = leaf_class(
        shaded_area,
        light.shaded_shortwave,
        light.shaded_photons,
        p.vcmax25 * capacity.shaded,
        1.0 - share,
        min(lower.shaded_area, shaded_area),
        lower.shaded_photons,
        p.vcmax25 * capacity.lower_shaded,
    )
    return sunlit, shaded


@kernel
def leaf_kinetics(p: Any, capacity: Capacity, temperature: float, lit: bool) -> Kinetics:
    """Return what temperature makes of a unit of capacity; in the dark only respiration."""
    ratio = p.leaf_respiration_ratio
    if p.c4_fraction >= 0.5:
        rd = ratio * c4_respiration_response(temperature)
        return Kinetics(rd, c4_capacity_response(temperature) if lit else 0.0, 0.0, 0.0, 0.0)
    rd = ratio * leaf_respiration_response(temperature)
    if not lit:
        return Kinetics(rd, 0.0, 0.0, 0.0, 0.0)
    vcmax = vcmax_response(temperature, capacity.vcmax_entropy, capacity.vcmax_norm)
    jmax = capacity.jmax_ratio
    jmax *= jmax_response(temperature, capacity.jmax_entropy, capacity.jmax_norm)
    kc, ko, gamma_star = michaelis_constants(temperature)
    return Kinetics(rd, vcmax, jmax, kc * (1.0 + OXYGEN / ko), gamma_star)


@kernel
def leaf_exchange(
    p: Any,
    kinetics: Kinetics,
    vcmax25: float,
    temperature: float,
    photons: float,
    slope: float,
    surface_co2: float,
) -> tuple[float, float, float]:
    """Return An, gs and Rd of a leaf; ``slope`` is (gs - g0) / An."""
    g0, rd = p.stomatal_intercept, vcmax25 * kinetics.respiration
    if photons <= 0.0:
        return -rd, g0, rd
    if p.c4_fraction >= 0.5:
        net, conductance = leaf_gas_exchange_c4(
            vcmax25 * kinetics.vcmax,
            photons,
            rd,
            c4_carboxylation_slope(vcmax25, temperature),
            g0,
            slope,
            surface_co2,
        )
        return net, conductance, rd
    net, conductance = leaf_gas_exchange_c3(
        vcmax25 * kinetics.vcmax,
        electron_transport(
            photons, vcmax25 * kinetics.jmax, p.electron_yield, p.electron_curvature
        ),
        rd,
        kinetics.michaelis,
        kinetics.compensation,
        g0,
        slope,
        surface_co2,
    )
    return net, conductance, rd


@kernel
def update_leaf(
    p: Any,
    capacity: Capacity,
    kind: LeafClass,
    leaf: Leaf,
    canopy_vapour: float,
    carbon_dioxide: float,
    boundary: float,
    molar_volume: float,
    stress: float,
    weight: float,
) -> Leaf:
    """Return the class with gas exchange at its temperature, its conductances yet to be set.

    ``stress`` scales the stomatal slope, ``weight`` is that of the new stomatal conductance
    against the last one, ``boundary`` gb, ``molar_volume`` of air [m3 mol-1].
    """
    saturation, slope = saturation_vapour_pressure(leaf.temperature)
    if kind.area <= 0.0:
        return Leaf(leaf.temperature, saturation, slope, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    surface_co2 = carbon_dioxide - leaf.depletion
    if p.ball_berry_slope > 0.0:
        humidity = canopy_vapour / saturation
        m = ball_berry_slope(p.ball_berry_slope * stress, humidity, surface_co2)
    else:
        deficit = 0.001 * (saturation - canopy_vapour)
        m = medlyn_slope(p.stomatal_slope * stress, deficit, surface_co2)
    lit = kind.photons > 0.0 or kind.lower_photons > 0.0
    kinetics = leaf_kinetics(p, capacity, leaf.temperature, lit)
    net, conductance, rd = leaf_exchange(
        p, kinetics, kind.vcmax25, leaf.temperature, kind.photons, m, surface_co2
    )
    lower_gross = 0.0
    if kind.lower_share > 0.0:
        lower_net, lower_conductance, lower_rd = leaf_exchange(
            p, kinetics, kind.lower_vcmax25, leaf.temperature, kind.lower_photons, m, surface_co2
        )
        lower_gross = kind.lower_share * (lower_net + lower_rd)
        net += kind.lower_share * (lower_net - net)
        rd += kind.lower_share * (lower_rd - rd)
        conductance += kind.lower_share * (lower_conductance - conductance)
    stomatal = leaf.stomatal + weight * (conductance - leaf.stomatal)
    depletion = min(DIFFUSIVITY_RATIO * net * molar_volume / boundary, 0.5 * carbon_dioxide)
    depletion = 0.5 * (leaf.depletion + depletion)
    return Leaf(
        leaf.temperature,
        saturation,
        slope,
        net,
        rd,
        stomatal,
        depletion,
        0.0,
        0.0,
        0.0,
        lower_gross,
    )


@kernel
def transfer_leaf(
    kind: LeafClass,
    leaf: Leaf,
    canopy_vapour: float,
    boundary: float,
    molar_volume: float,
    wet: float,
    supply: float,
) -> Leaf:
    """Return the class with its conductances to canopy air, given its stomata.

    ``wet`` is the wet share of leaves, ``supply`` the share of transpiration that roots can give,
    ``boundary`` gb, ``molar_volume`` of air [m3 mol-1].
    """
    heat = kind.area * boundary
    if leaf.saturation < canopy_vapour:  # dew forms on all of the leaf
        transpiring, evaporating = 0.0, heat
    else:
        inside = leaf.stomatal * molar_volume
        series = boundary * inside / (boundary + inside)
        transpiring, evaporating = kind.area * (1.0 - wet) * series * supply, heat * wet
    return Leaf(
        leaf.temperature,
        leaf.saturation,
        leaf.slope,
        leaf.assimilation,
        leaf.respiration,
        leaf.stomatal,
        leaf.depletion,
        heat,
        transpiring,
        evaporating,
        leaf.lower_gross,
    )


@kernel
def follow_leaf(leaf: Leaf) -> Leaf:
    """Return the leaf with saturation at its temperature and everything else as it was."""
    saturation, slope = saturation_vapour_pressure(leaf.temperature)
    return Leaf(
        leaf.temperature,
        saturation,
        slope,
        leaf.assimilation,
        leaf.respiration,
        leaf.stomatal,
        leaf.depletion,
        leaf.heat,
        leaf.transpiring,
        leaf.evaporating,
        leaf.lower_gross,
    )


@kernel
def warm_leaf(leaf: Leaf, change: float) -> Leaf:
    """Return the leaf warmed by ``change`` [K], its saturation following the tangent."""
    return Leaf(
        leaf.temperature + change,
        leaf.saturation + leaf.slope * change,
        leaf.slope,
        leaf.assimilation,
        leaf.respiration,
        leaf.stomatal,
        leaf.depletion,
        leaf.heat,
        leaf.transpiring,
        leaf.evaporating,
        leaf.lower_gross,
    )
