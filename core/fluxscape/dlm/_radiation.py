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


@kernel
def canopy_shortwave(
    beam: float,
    diffuse: float,
    sigma: float,
    ground_albedo: float,
    kb: float,
    kd: float,
    clumped_area: float,
    omega: float,
    beam_gap: float,
    sunlit_share: float,
) -> tuple[float, float, float, float]:
    """Return what sunlit leaves, shaded leaves and ground absorb, and what is reflected.

    All per ground area, in the unit of ``beam`` and ``diffuse``. ``clumped_area`` is omega L,
    ``beam_gap`` is exp(-kb omega L), ``sunlit_share`` the sunlit share of the leaf area.
    """
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
    upward = ground_albedo * on_ground
    absorbed_up = upward * (1.0 - rho_d) * (1.0 - gap_d)
    canopy = (
        beam * (1.0 - rho_b) * (1.0 - gap_b) + diffuse * (1.0 - rho_d) * (1.0 - gap_d) + absorbed_up
    )
    # PF97, eq. 20: direct, diffuse and scattered beam light on sunlit leaves.
    direct = beam * (1.0 - sigma) * (1.0 - beam_gap)
    from_sky = diffuse * (1.0 - rho_d) * omega * kds / (kds + kb) * (1.0 - gap_d * beam_gap)
    scattered = (
        beam
        * omega
        * (
            (1.0 - rho_b) * kbs / (kbs + kb) * (1.0 - gap_b * beam_gap)
            - (1.0 - sigma) * 0.5 * (1.0 - beam_gap * beam_gap)
        )
    )
    sunlit = direct + from_sky + max(scattered, 0.0) + absorbed_up * sunlit_share
    sunlit = min(sunlit, canopy)
    ground = (1.0 - ground_albedo) * on_ground
    reflected = beam * rho_b + diffuse * rho_d + upward * (1.0 - rho_d) * gap_d
    return sunlit, canopy - sunlit, ground, reflected


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
