r"""What a step knows of the canopy before its temperatures: light, leaves, water on them.

Symbols: ``L`` leaf area index, ``omega`` clumping index, ``kb``, ``kd`` extinction of beam and
diffuse light, ``kn`` decline of nitrogen with leaf area.

References
----------
Chen et al. 2012 (C12): doi:10.1029/2010GB003996. Deardorff 1978: doi:10.1029/JC083iC04p01889.
Rutter et al. 1971: doi:10.1016/0002-1571(71)90034-3.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from fluxscape._jit import kernel
from fluxscape.constants import PAR_FRACTION, PAR_PHOTONS_PER_JOULE
from fluxscape.dlm._photosynthesis import peak_entropies, peak_norm
from fluxscape.dlm._radiation import (
    beam_extinction,
    canopy_shortwave,
    diffuse_extinction,
    diffuse_fraction,
    sunlit_leaf_area,
)

MIN_LEAF_AREA = 0.01
"""Leaf area index below which there is no canopy to speak of."""


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


class Capacity(NamedTuple):
    """Photosynthetic capacity of a step, per leaf area, and its temperature response."""

    sunlit: float
    """Mean Vcmax25 of sunlit leaves over that of top leaves [1]."""
    shaded: float
    """Mean Vcmax25 of shaded leaves over that of top leaves [1]."""
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
def absorb_light(
    p: Any,
    leaf_area: float,
    shortwave_down: float,
    extraterrestrial: float,
    mu: float,
    albedo_visible: float,
    albedo_near_infrared: float,
) -> Light:
    """Return light and leaf areas; visible and near infrared are half the energy each."""
    kd = diffuse_extinction(leaf_area)
    clumped = p.clumping_index * leaf_area
    sky_gap = math.exp(-kd * clumped)
    shortwave = max(shortwave_down, 0.0)
    if shortwave <= 0.0:
        return Light(0.0, leaf_area, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, sky_gap, 1.0, 0.0)
    diffuse = diffuse_fraction(shortwave, extraterrestrial) if mu > 0.0 else 1.0
    kb = beam_extinction(mu)
    beam_gap = math.exp(-kb * clumped)
    sunlit_area = min(sunlit_leaf_area(kb, beam_gap), leaf_area) if diffuse < 1.0 else 0.0
    share = sunlit_area / leaf_area if leaf_area > MIN_LEAF_AREA else 0.0
    visible, infrared = PAR_FRACTION * shortwave, (1.0 - PAR_FRACTION) * shortwave
    sun_v, shade_v, ground_v, up_v = canopy_shortwave(
        visible * (1.0 - diffuse),
        visible * diffuse,
        p.leaf_scattering_visible,
        albedo_visible,
        kb,
        kd,
        clumped,
        p.clumping_index,
        beam_gap,
        share,
    )
    sun_n, shade_n, ground_n, up_n = canopy_shortwave(
        infrared * (1.0 - diffuse),
        infrared * diffuse,
        p.leaf_scattering_near_infrared,
        albedo_near_infrared,
        kb,
        kd,
        clumped,
        p.clumping_index,
        beam_gap,
        share,
    )
    if share <= 0.0:  # no sunlit leaves: all that the canopy absorbs, shaded leaves absorb
        shade_v, shade_n, sun_v, sun_n = shade_v + sun_v, shade_n + sun_n, 0.0, 0.0
        sunlit_area, beam_gap, kb = 0.0, 1.0, 0.0
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
    )


@kernel
def leaf_capacity(p: Any, light: Light, leaf_area: float, growth_temperature: float) -> Capacity:
    """Return the capacity of both leaf classes for a nitrogen profile exp(-kn l) (C12)."""
    vcmax_entropy, jmax_entropy, ratio = peak_entropies(growth_temperature)
    kn = max(p.nitrogen_extinction, 1e-6)
    decline = math.exp(-kn * leaf_area)
    whole = (1.0 - decline) / kn
    # Sunlit share at depth l is omega exp(-kb omega l), see _radiation.sunlit_leaf_area.
    clumped = light.beam_extinction * p.clumping_index
    sunlit = p.clumping_index * (1.0 - decline * light.beam_gap) / (kn + clumped)
    if light.sunlit_area <= 0.0:
        sunlit = 0.0
    sunlit = min(sunlit, whole)
    return Capacity(
        sunlit / max(light.sunlit_area, 1e-9),
        (whole - sunlit) / max(light.shaded_area, 1e-9),
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
