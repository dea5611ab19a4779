r"""Radiation in a two-leaf canopy with clumping; every term sums exactly to what falls in.

Shortwave follows Goudriaan's scheme as de Pury and Farquhar 1997 (PF97) and Wang and Leuning 1998
integrate it over sunlit and shaded leaves, with the clumping index of Chen et al. 1999 (C99) and a
geometric series for the light that goes to and fro between canopy and ground. Shaded leaves get
the canopy's absorption less that of the sunlit leaves, so nothing is lost or made.

Symbols: ``mu`` cosine of the zenith angle, ``L`` leaf area index, ``omega`` clumping index, ``kb``
and ``kd`` extinction of the beam and of diffuse light by black leaves, ``sigma`` leaf scattering,
``rho`` reflectance, ``tau`` transmittance.

References
----------
PF97: doi:10.1111/j.1365-3040.1997.00094.x. Wang and Leuning 1998:
doi:10.1016/S0168-1923(98)00061-6. C99: doi:10.1016/S0304-3800(99)00156-8. Black et al. 1991:
doi:10.1139/x91-151.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fluxscape._jit import kernel
from fluxscape.constants import STEFAN_BOLTZMANN

_MIN_COSINE = 0.02
"""Lowest sun for which a beam is told from diffuse light: below it the beam is nothing."""


@kernel
def diffuse_fraction(shortwave_down: float, extraterrestrial: float) -> float:
    """Return the diffuse share of global radiation (Black et al. 1991, as C99)."""
    if extraterrestrial <= 1.0:
        return 1.0
    kt = min(shortwave_down / extraterrestrial, 0.8)
    fraction = 0.943 + kt * (0.734 + kt * (-4.9 + kt * (1.796 + kt * 2.058)))
    return min(max(fraction, 0.13), 1.0)


@kernel
def beam_extinction(mu: float) -> float:
    """Return kb of leaves of spherical orientation (PF97, Table 2: 0.5 / sin beta)."""
    return 0.5 / max(mu, _MIN_COSINE)


@kernel
def diffuse_extinction(leaf_area_index: float) -> float:
    """Return kd: the sky's mean cosine is 0.537 + 0.025 L (C99)."""
    return 0.5 / (0.537 + 0.025 * leaf_area_index)


@kernel
def sunlit_leaf_area(kb: float, beam_gap: float) -> float:
    """Return the sunlit leaf area index (1 - exp(-kb omega L)) / kb (C99)."""
    return (1.0 - beam_gap) / kb


class Band(NamedTuple):
    """How a canopy over its ground passes and returns the light of one band."""

    beam: float
    diffuse: float
    """Light above the canopy [W m-2]."""
    sigma: float
    kbs: float
    kds: float
    """Extinction of the beam and of diffuse light by leaves that scatter [1]."""
    gap_b: float
    gap_d: float
    """The canopy's gaps for them [1]."""
    rho_b: float
    rho_d: float
    on_ground: float
    """Light on the ground [W m-2]."""
    upward: float
    """Light that the ground returns [W m-2]."""


@kernel
def band_of(
    beam: float,
    diffuse: float,
    sigma: float,
    ground_albedo: float,
    kb: float,
    kd: float,
    clumped_area: float,
) -> Band:
    """Return the band over a canopy of ``clumped_area`` omega L."""
    root = math.sqrt(1.0 - sigma)
    kbs, kds = kb * root, kd * root  # PF97, Table 2
    rho_h = (1.0 - root) / (1.0 + root)  # PF97, eq. A20
    gap_b, gap_d = math.exp(-kbs * clumped_area), math.exp(-kds * clumped_area)
    # Deep-canopy reflectance (PF97, eq. A19), fading as the canopy thins (Wang and Leuning 1998).
    # For the sky it is taken at the extinction kd instead of integrated over it.
    rho_b = (1.0 - math.exp(-2.0 * rho_h * kb / (1.0 + kb))) * (1.0 - gap_b * gap_b)
    rho_d = (1.0 - math.exp(-2.0 * rho_h * kd / (1.0 + kd))) * (1.0 - gap_d * gap_d)
    # The ground sends ground_albedo of what it gets back up, the canopy rho_d of that down again.
    passed = beam * (1.0 - rho_b) * gap_b + diffuse * (1.0 - rho_d) * gap_d
    on_ground = passed / (1.0 - ground_albedo * rho_d)
    return Band(
        beam,
        diffuse,
        sigma,
        kbs,
        kds,
        gap_b,
        gap_d,
        rho_b,
        rho_d,
        on_ground,
        ground_albedo * on_ground,
    )


@kernel
def absorbed_above(
    band: Band,
    kb: float,
    omega: float,
    share: float,
    beam_gap: float,
    gap_b: float,
    gap_d: float,
    gap_up: float,
) -> tuple[float, float]:
    """Return what sunlit and shaded leaves above a depth absorb, per ground.

    The gaps are those of the leaves above that depth for the direct beam, the beam and its
    scattering, and diffuse light; ``gap_up`` is that of the leaves below for diffuse light.
    ``share`` is the sunlit leaf area above over the leaf area of the canopy: of the ground's light
    all leaves take alike.
    """
    from_ground = band.upward * (1.0 - band.rho_d)
    leaves = band.beam * (1.0 - band.rho_b) * (1.0 - gap_b)
    leaves += band.diffuse * (1.0 - band.rho_d) * (1.0 - gap_d)
    leaves += from_ground * (gap_up - band.gap_d)
    # PF97, eq. 20: direct, diffuse and scattered beam light on sunlit leaves.
    direct = band.beam * (1.0 - band.sigma) * (1.0 - beam_gap)
    sky = band.diffuse * (1.0 - band.rho_d) * omega * band.kds / (band.kds + kb)
    scattered = (
        band.beam
        * omega
        * (
            (1.0 - band.rho_b) * band.kbs / (band.kbs + kb) * (1.0 - gap_b * beam_gap)
            - (1.0 - band.sigma) * 0.5 * (1.0 - beam_gap * beam_gap)
        )
    )
    sunlit = direct + sky * (1.0 - gap_d * beam_gap) + max(scattered, 0.0)
    sunlit = min(sunlit + from_ground * (1.0 - band.gap_d) * share, leaves)
    return sunlit, leaves - sunlit


@kernel
def ground_and_sky(band: Band, ground_albedo: float) -> tuple[float, float]:
    """Return what the ground absorbs and what leaves upwards, per ground."""
    up = band.upward * (1.0 - band.rho_d) * band.gap_d
    reflected = band.beam * band.rho_b + band.diffuse * band.rho_d + up
    return (1.0 - ground_albedo) * band.on_ground, reflected


@kernel
def canopy_longwave(
    longwave_down: float,
    emittance: float,
    ground_emissivity: float,
    canopy_emission: float,
    ground_temperature: float,
) -> tuple[float, float, float]:
    """Return net longwave of canopy and ground, and what leaves upwards [W m-2].

    ``emittance`` is the canopy's leaf emissivity times 1 - exp(-kd omega L); it lets the rest
    through. ``canopy_emission`` is sigma T^4 of the leaves, weighted by their areas. The three
    sum to ``longwave_down`` (layer balance, as Wang and Leuning 1998).
    """
    emission = emittance * canopy_emission
    on_ground = (1.0 - emittance) * longwave_down + emission
    ground_emission = STEFAN_BOLTZMANN * ground_temperature**4
    net_ground = ground_emissivity * (on_ground - ground_emission)
    upward = on_ground - net_ground
    net_canopy = emittance * (longwave_down + upward) - 2.0 * emission
    return net_canopy, net_ground, (1.0 - emittance) * upward + emission
