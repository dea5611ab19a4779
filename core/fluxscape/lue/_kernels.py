r"""Scalars of light-use-efficiency models: one number in, one number out.

Every scalar lies between 0 and 1; what is not known (NaN) stays so.

Symbols: ``T`` air temperature [degC], ``D`` vapour pressure deficit [Pa], ``p`` air pressure [Pa],
``ca`` carbon dioxide [umol mol-1], ``L`` leaf area index, ``omega`` clumping index, ``mu`` cosine
of the zenith angle.

References
----------
MOD17: Running et al. 2004, doi:10.1641/0006-3568(2004)054[0547:ACSMOG]2.0.CO;2. CASA: Potter et
al. 1993, doi:10.1029/93GB02725. VPM: Xiao et al. 2004, doi:10.1016/j.rse.2004.03.010. EC-LUE: Yuan
et al. 2007, doi:10.1016/j.agrformet.2006.12.001; revised: Zheng et al. 2020,
doi:10.5194/essd-12-2725-2020. TL-LUE: He et al. 2013, doi:10.1016/j.agrformet.2013.01.003.
Equations are named by what they say, not by number.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel
from fluxscape.constants import GAS_CONSTANT, OXYGEN_MOLE_FRACTION, ZERO_CELSIUS

_REFERENCE: float = 298.15
"""25 degrees C [K]."""

_MIN_COSINE: float = 0.02
"""Lowest sun for which a beam is told from diffuse light."""


@kernel
def clipped(x: float) -> float:
    """Return x, at least 0 and at most 1; NaN stays NaN."""
    if x < 0.0:
        return 0.0
    if x > 1.0:
        return 1.0
    return x


@kernel
def ramp(x: float, low: float, high: float) -> float:
    """Return 0 below ``low``, 1 above ``high``, a straight line between (Running et al. 2004)."""
    return clipped((x - low) / (high - low))


@kernel
def parabola(T: float, lowest: float, best: float, highest: float) -> float:
    """Return (T-Tn)(T-Tx) / [(T-Tn)(T-Tx) - (T-To)^2], 0 outside Tn to Tx (Xiao et al. 2004)."""
    if lowest >= T or highest <= T:
        return 0.0
    product = (T - lowest) * (T - highest)
    return product / (product - (T - best) ** 2)


@kernel
def casa_temperature(T: float, best: float) -> float:
    """Return T1 T2 of CASA (Potter et al. 1993): To of the site, and T about it.

    T1 = 0.8 + 0.02 To - 0.0005 To^2, 0 at and below -10 degrees C;
    T2 = 1.1814 / [1 + e^(0.2 (To - 10 - T))] / [1 + e^(0.3 (T - To - 10))].
    """
    if T <= -10.0:
        return 0.0
    first = 0.8 + 0.02 * best - 0.0005 * best * best
    cold = 1.0 + math.exp(0.2 * (best - 10.0 - T))
    warm = 1.0 + math.exp(0.3 * (T - best - 10.0))
    return clipped(first * 1.1814 / cold / warm)


@kernel
def casa_water(evaporation: float, potential: float) -> float:
    """Return W = 0.5 + 0.5 EET / PET (Potter et al. 1993); 1 where nothing could evaporate."""
    if potential <= 0.0:
        return 1.0
    return 0.5 + 0.5 * clipped(evaporation / potential)


@kernel
def priestley_taylor(available: float, slope: float, gamma: float) -> float:
    """Return 1.26 s / (s + gamma) (Rn - G) (Priestley and Taylor 1972, eq. 5).

    doi:10.1175/1520-0493(1972)100<0081:OTAOSH>2.3.CO;2.
    """
    return 1.26 * slope / (slope + gamma) * available


@kernel
def water_index(lswi: float, highest: float) -> float:
    """Return (1 + LSWI) / (1 + LSWImax) (Xiao et al. 2004)."""
    return clipped((1.0 + lswi) / (1.0 + highest))


@kernel
def evaporative_fraction(latent: float, sensible: float) -> float:
    """Return LE / (LE + H) (Yuan et al. 2007); 1, no limit, where LE + H is not positive."""
    available = latent + sensible
    if available <= 0.0:
        return 1.0
    return clipped(latent / available)


@kernel
def dryness(D: float, half: float) -> float:
    """Return VPD0 / (VPD0 + VPD) (Zheng et al. 2020)."""
    return half / (half + D)


@kernel
def relative_viscosity(T: float) -> float:
    """Return the viscosity of water over that at 25 degrees C, held below -15 degrees C.

    eta = 0.02939 exp(507.88 / (TK - 149.3)) mPa s (Viswanath et al. 2007, Viscosity of Liquids,
    Vogel's equation), within 1.2 % from 0 to 40 degrees C.
    """
    kelvin = max(T, -15.0) + ZERO_CELSIUS
    return math.exp(507.88 / (kelvin - 149.3) - 507.88 / (_REFERENCE - 149.3))


@kernel
def carbon_dioxide(
    ca: float, T: float, D: float, p: float, beta: float, compensation: float
) -> float:
    """Return Cs = (Ci - phi) / (Ci + 2 phi) (Zheng et al. 2020), Ci = ca chi [umol mol-1].

    chi = xi / (xi + sqrt(D)), xi = sqrt(beta K / (1.6 eta*)) (Prentice et al. 2014,
    doi:10.1111/ele.12211), K the Michaelis coefficient of Rubisco [Pa] after Bernacchi et al. 2001,
    doi:10.1111/j.1365-3040.2001.00668.x: Kc 39.97 Pa, 79.43 kJ mol-1; Ko 27480 Pa, 36.38 kJ mol-1.
    """
    kelvin = T + ZERO_CELSIUS
    warm = (kelvin - _REFERENCE) / (_REFERENCE * GAS_CONSTANT * kelvin)
    kc = 39.97 * math.exp(79430.0 * warm)
    ko = 27480.0 * math.exp(36380.0 * warm)
    michaelis = kc * (1.0 + OXYGEN_MOLE_FRACTION * p / ko)
    xi = math.sqrt(beta * michaelis / (1.6 * relative_viscosity(T)))
    ci = ca * xi / (xi + math.sqrt(max(D, 0.0)))
    return clipped((ci - compensation) / (ci + 2.0 * compensation))


@kernel
def soil_moisture(relative: float, floor: float) -> float:
    """Return 1 - q (theta - 0.6)^2 below theta = 0.6, q = (1 - floor) / 0.36, else 1.

    Stocker et al. 2020, doi:10.5194/gmd-13-1545-2020, the empirical soil moisture stress;
    ``relative`` is soil moisture over that at field capacity.
    """
    if relative >= 0.6:
        return 1.0
    return clipped(1.0 - (1.0 - floor) / 0.36 * (relative - 0.6) ** 2)


@kernel
def diffuse_share(clearness: float) -> float:
    """Return the diffuse share of light from clearness (Black et al. 1991, doi:10.1139/x91-151)."""
    if clearness >= 0.8:
        return 0.13
    kt = max(clearness, 0.0)
    share = 0.943 + 0.734 * kt - 4.9 * kt**2 + 1.796 * kt**3 + 2.058 * kt**4
    return min(max(share, 0.13), 1.0)


@kernel
def two_leaf_par(
    par: float, diffuse: float, mu: float, L: float, omega: float, albedo: float
) -> tuple[float, float]:
    """Return what sunlit and shaded leaves absorb, in the unit of ``par`` (He et al. 2013).

    Sunlit leaves, L_sun = 2 mu (1 - e^(-omega L / (2 mu))), intercept the beam; all leaves share
    diffuse light by area, with 0.537 + 0.025 L as the sky's mean cosine. The multiple scattering
    C = 0.07 omega beam (1.1 - 0.1 L) e^(-mu) of each leaf area is taken from the beam that sunlit
    leaves intercepted: added on top, as the paper has it, it would make light.
    """
    if par <= 0.0 or L <= 0.0:
        return 0.0 * par * L, 0.0 * par * L
    cosine = max(mu, _MIN_COSINE)
    sunlit = 2.0 * cosine * (1.0 - math.exp(-0.5 * omega * L / cosine))
    share = min(sunlit / L, 1.0)
    beam = par * (1.0 - diffuse)
    intercepted = beam * 0.5 * sunlit / cosine
    sky = par * diffuse * (1.0 - math.exp(-0.5 * omega * L / (0.537 + 0.025 * L)))
    scattered = 0.07 * omega * beam * max(1.1 - 0.1 * L, 0.0) * math.exp(-cosine) * L
    scattered = min(scattered, intercepted)
    on_sunlit = intercepted - scattered + (sky + scattered) * share
    on_shaded = (sky + scattered) * (1.0 - share)
    return (1.0 - albedo) * on_sunlit, (1.0 - albedo) * on_shaded
