r"""What a step knows of the canopy before its temperatures: light, leaves, water on them.

Symbols: ``L`` leaf area index, ``omega`` clumping index, ``kb``, ``kd`` extinction of beam and
diffuse light, ``kn`` decline of nitrogen with leaf area.

References
----------
Chen et al. 1999: doi:10.1016/S0304-3800(99)00156-8. Chen et al. 2012 (C12):
doi:10.1029/2010GB003996. Deardorff 1978: doi:10.1029/JC083iC04p01889.
Rutter et al. 1971: doi:10.1016/0002-1571(71)90034-3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from fluxscape._jit import kernel
from fluxscape.constants import PAR_FRACTION, PAR_PHOTONS_PER_JOULE
from fluxscape.dlm._photosynthesis import peak_entropies, peak_norm
from fluxscape.dlm._radiation import (
    Band,
    absorbed_above,
    band_of,
    beam_extinction,
    diffuse_extinction,
    diffuse_fraction,
    ground_and_sky,
    sunlit_leaf_area,
)

MIN_LEAF_AREA = 0.01
"""Leaf area index below which there is no canopy to speak of."""


class Understorey(NamedTuple):
    """Leaves below the upper storey; all 0 where there are none."""

    sunlit_area: float
    """[1]."""
    shaded_area: float
    """[1]."""
    sunlit_photons: float
    """Absorbed photons per ground [umol m-2 s-1]."""
    shaded_photons: float
    """Absorbed photons per ground [umol m-2 s-1]."""


class Light(NamedTuple):
    """Shortwave radiation and leaf areas of a step."""

    sunlit_area: float
    """Sunlit leaf area index [1]."""
    shaded_area: float
    """Shaded leaf area index [1]."""
    sunlit_shortwave: float
    """Absorbed by sunlit leaves, per ground [W m-2]."""
    shaded_shortwave: float
    """Absorbed by shaded leaves, per ground [W m-2]."""
    ground_shortwave: float
    """Absorbed by the ground [W m-2]."""
    reflected: float
    """Reflected upwards [W m-2]."""
    sunlit_photons: float
    """Photons absorbed by sunlit leaves, per ground [umol m-2 s-1]."""
    shaded_photons: float
    """Photons absorbed by shaded leaves, per ground [umol m-2 s-1]."""
    sky_gap: float
    """exp(-kd omega L), the canopy's gap for diffuse light [1]."""
    beam_gap: float
    """exp(-kb omega L), the canopy's gap for the beam [1]; 1 without beam."""
    beam_extinction: float
    """kb [1]; 0 without beam."""
    understorey: Understorey
    """Which part of these leaves are the understorey's."""


class Capacity(NamedTuple):
    """Photosynthetic capacity of a step, per leaf area, and its temperature response."""

    sunlit: float
    """Mean Vcmax25 of sunlit leaves over that of top leaves [1]."""
    shaded: float
    """Mean Vcmax25 of shaded leaves over that of top leaves [1]."""
    lower_sunlit: float
    """The same of sunlit leaves of the understorey [1]."""
    lower_shaded: float
    """The same of shaded leaves of the understorey [1]."""
    jmax_ratio: float
    """Jmax25 over Vcmax25 [1]."""
    vcmax_entropy: float
    """Entropy term of Vcmax [J mol-1 K-1]."""
    jmax_entropy: float
    """Entropy term of Jmax [J mol-1 K-1]."""
    vcmax_norm: float
    """Constant part of the response of Vcmax [1]."""
    jmax_norm: float
    """Constant part of the response of Jmax [1]."""


@kernel
def understorey_area(p: Any, upper_area: float) -> float:
    """Return the leaf area below an upper storey: 1.18 exp(-0.99 L), scaled.

    The relation of BEPS (Chen et al. 1999 and its public version 4.11).
    """
    if p.understorey_scale <= 0.0:
        return 0.0
    return float(p.understorey_scale * 1.18 * math.exp(-0.99 * upper_area))


@kernel
def no_understorey() -> Understorey:
    """Return the understorey where there is none."""
    return Understorey(0.0, 0.0, 0.0, 0.0)


@kernel
def absorb_light(
    p: Any,
    leaf_area: float,
    upper_area: float,
    shortwave_down: float,
    extraterrestrial: float,
    mu: float,
    albedo_visible: float,
    albedo_near_infrared: float,
) -> Light:
    """Return light and leaf areas; visible and near infrared are half the energy each.

    Both storeys are one canopy of ``leaf_area`` to the light; the understorey is what lies below
    ``upper_area``.
    """
    kd = diffuse_extinction(leaf_area)
    omega = p.clumping_index
    clumped = omega * leaf_area
    sky_gap = math.exp(-kd * clumped)
    shortwave = max(shortwave_down, 0.0)
    if shortwave <= 0.0:
        dark = Understorey(0.0, leaf_area - upper_area, 0.0, 0.0)
        return Light(0.0, leaf_area, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, sky_gap, 1.0, 0.0, dark)
    diffuse = diffuse_fraction(shortwave, extraterrestrial) if mu > 0.0 else 1.0
    kb = beam_extinction(mu)
    beam_gap = math.exp(-kb * clumped)
    sunlit_area = min(sunlit_leaf_area(kb, beam_gap), leaf_area) if diffuse < 1.0 else 0.0
    share = sunlit_area / leaf_area if leaf_area > MIN_LEAF_AREA else 0.0
    visible, infrared = PAR_FRACTION * shortwave, (1.0 - PAR_FRACTION) * shortwave
    visible_band = band_of(
        visible * (1.0 - diffuse),
        visible * diffuse,
        p.leaf_scattering_visible,
        albedo_visible,
        kb,
        kd,
        clumped,
    )
    infrared_band = band_of(
        infrared * (1.0 - diffuse),
        infrared * diffuse,
        p.leaf_scattering_near_infrared,
        albedo_near_infrared,
        kb,
        kd,
        clumped,
    )
    sun_v, shade_v = absorbed_above(
        visible_band, kb, omega, share, beam_gap, visible_band.gap_b, visible_band.gap_d, 1.0
    )
    sun_n, shade_n = absorbed_above(
        infrared_band, kb, omega, share, beam_gap, infrared_band.gap_b, infrared_band.gap_d, 1.0
    )
    ground_v, up_v = ground_and_sky(visible_band, albedo_visible)
    ground_n, up_n = ground_and_sky(infrared_band, albedo_near_infrared)
    lower = no_understorey()
    if upper_area < leaf_area:
        lower = lower_storey(
            visible_band, kb, omega, upper_area, leaf_area, sunlit_area, sun_v, shade_v
        )
    if share <= 0.0:  # no sunlit leaves: all that the canopy absorbs, shaded leaves absorb
        shade_v, shade_n, sun_v, sun_n = shade_v + sun_v, shade_n + sun_n, 0.0, 0.0
        sunlit_area, beam_gap, kb = 0.0, 1.0, 0.0
        photons = lower.sunlit_photons + lower.shaded_photons
        lower = Understorey(0.0, leaf_area - upper_area, 0.0, photons)
    return Light(
        sunlit_area,
        leaf_area - sunlit_area,
        sun_v + sun_n,
        shade_v + shade_n,
        ground_v + ground_n,
        up_v + up_n,
        sun_v * PAR_PHOTONS_PER_JOULE,
        shade_v * PAR_PHOTONS_PER_JOULE,
        sky_gap,
        beam_gap,
        kb,
        lower,
    )


@kernel
def lower_storey(
    visible_band: Band,
    kb: float,
    omega: float,
    upper_area: float,
    leaf_area: float,
    sunlit_area: float,
    sunlit_light: float,
    shaded_light: float,
) -> Understorey:
    """Return the understorey's part of leaf area and visible light: the canopy's less the upper's.

    ``sunlit_area`` is the canopy's sunlit leaf area, ``sunlit_light`` and ``shaded_light`` what its
    leaves absorb [W m-2].
    """
    depth = omega * upper_area
    beam_gap = math.exp(-kb * depth)
    sunlit_above = min(sunlit_leaf_area(kb, beam_gap), sunlit_area)
    sun, shade = absorbed_above(
        visible_band,
        kb,
        omega,
        sunlit_above / leaf_area,
        beam_gap,
        math.exp(-visible_band.kbs * depth),
        math.exp(-visible_band.kds * depth),
        math.exp(-visible_band.kds * (omega * leaf_area - depth)),
    )
    sunlit = sunlit_area - sunlit_above
    return Understorey(
        sunlit,
        max(leaf_area - upper_area - sunlit, 0.0),
        max(sunlit_light - sun, 0.0) * PAR_PHOTONS_PER_JOULE,
        max(shaded_light - shade, 0.0) * PAR_PHOTONS_PER_JOULE,
    )


@kernel
def profile_integrals(
    kn: float, clumped: float, omega: float, depth: float, beam_gap: float
) -> tuple[float, float]:
    """Return the integrals of exp(-kn l) over sunlit and over all leaves above a depth (C12).

    The sunlit share at depth l is omega exp(-kb omega l), see ``_radiation.sunlit_leaf_area``;
    ``clumped`` is kb omega, ``beam_gap`` exp(-kb omega l) at the depth.
    """
    decline = math.exp(-kn * depth)
    whole = (1.0 - decline) / kn
    return min(omega * (1.0 - decline * beam_gap) / (kn + clumped), whole), whole


@kernel
def leaf_capacity(
    p: Any, light: Light, leaf_area: float, upper_area: float, growth_temperature: float
) -> Capacity:
    """Return the capacity of leaf classes for a nitrogen profile exp(-kn l) (C12).

    The profile goes on through the understorey, whose leaves have ``understorey_capacity`` of it.
    """
    vcmax_entropy, jmax_entropy, ratio = peak_entropies(growth_temperature)
    kn = max(p.nitrogen_extinction, 1e-6)
    clumped = light.beam_extinction * p.clumping_index
    two_storeys = upper_area < leaf_area
    gap = math.exp(-clumped * upper_area) if two_storeys else light.beam_gap
    sunlit, whole = profile_integrals(kn, clumped, p.clumping_index, upper_area, gap)
    if light.sunlit_area <= 0.0:
        sunlit = 0.0
    lower = light.understorey
    lower_sunlit, lower_shaded = 0.0, 0.0
    if two_storeys:
        below, all_below = profile_integrals(
            kn, clumped, p.clumping_index, leaf_area, light.beam_gap
        )
        below = max(below - sunlit, 0.0) if light.sunlit_area > 0.0 else 0.0
        below = min(below, all_below - whole)
        lower_sunlit = p.understorey_capacity * below / max(lower.sunlit_area, 1e-9)
        lower_shaded = all_below - whole - below
        lower_shaded *= p.understorey_capacity / max(lower.shaded_area, 1e-9)
    return Capacity(
        sunlit / max(light.sunlit_area - lower.sunlit_area, 1e-9),
        (whole - sunlit) / max(light.shaded_area - lower.shaded_area, 1e-9),
        lower_sunlit,
        lower_shaded,
        ratio * p.jmax_ratio_scale,
        vcmax_entropy,
        jmax_entropy,
        peak_norm(vcmax_entropy),
        peak_norm(jmax_entropy),
    )


@kernel
def intercept_rain(
    canopy_water: float, rain: float, capacity: float, gap: float
) -> tuple[float, float]:
    """Return water on leaves and throughfall after rain [kg m-2] (Rutter et al. 1971)."""
    held = min(canopy_water + rain * (1.0 - gap), capacity)
    return held, canopy_water + rain - held


@kernel
def wet_fraction(canopy_water: float, capacity: float) -> float:
    """Return the wet share of leaves (W / Wmax)^(2/3) (Deardorff 1978)."""
    if canopy_water <= 0.0 or capacity <= 0.0:
        return 0.0
    return float(min((canopy_water / capacity) ** (2.0 / 3.0), 1.0))
