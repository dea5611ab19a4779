r"""How strongly soil holds water and how fast it lets it go, by either of two laws.

Clapp and Hornberger 1978 (CH78) unless ``van_genuchten_n`` is above 1: then van Genuchten 1980
(VG80) with Mualem's conductivity. ``p`` is the record of parameters.

Symbols: ``theta`` water content, ``phi`` porosity, ``psi`` matric potential [m], ``psi_s`` its
value at air entry (positive suction), ``b`` exponent, ``K`` conductivity; ``Se`` effective
saturation, ``alpha`` [m-1], ``n`` and ``m`` = 1 - 1 / n of VG80.

References
----------
CH78: doi:10.1029/WR014i004p00601. VG80: doi:10.2136/sssaj1980.03615995004400050002x.
Morel-Seytoux et al. 1996 (M96): doi:10.1029/96WR00069.
"""

from __future__ import annotations

import math
from typing import Any

from fluxscape._jit import kernel

DRIEST_SATURATION = 0.01
"""Saturation below which suction no longer rises."""

_WETTEST = 1.0 - 1e-6
"""Effective saturation of VG80 up to which slopes are finite."""

_LARGEST_SUCTION = 1e6
"""Suction that VG80 stops at [m]; oven-dry soil is at 1e5."""


@kernel
def matric_potential(saturation: float, psi_s: float, b: float) -> float:
    """Return psi = -psi_s s^-b [m] (CH78)."""
    return -psi_s * math.exp(-b * math.log(min(max(saturation, DRIEST_SATURATION), 1.0)))


@kernel
def hydraulic_conductivity(saturation: float, k_s: float, b: float) -> float:
    """Return K = Ks s^(2b+3) [m s-1] (CH78)."""
    return k_s * math.exp((2.0 * b + 3.0) * math.log(min(max(saturation, 1e-3), 1.0)))


@kernel
def van_genuchten_potential(se: float, alpha: float, n: float) -> tuple[float, float]:
    """Return psi = -(Se^(-1/m) - 1)^(1/n) / alpha [m] and its slope in Se (VG80, eq. 3)."""
    m = 1.0 - 1.0 / n
    x = math.exp(-math.log(se) / m)
    suction = math.exp(math.log(x - 1.0) / n) / alpha
    if suction >= _LARGEST_SUCTION:
        return -_LARGEST_SUCTION, 0.0
    return -suction, suction / (n * m) * x / ((x - 1.0) * se)


@kernel
def van_genuchten_conductivity(se: float, k_s: float, n: float) -> tuple[float, float]:
    """Return K = Ks Se^0.5 (1 - (1 - Se^(1/m))^m)^2 [m s-1] and its slope in Se (VG80, eq. 8)."""
    m = 1.0 - 1.0 / n
    y = math.exp(math.log(se) / m)
    log_rest = math.log1p(-y)
    rise = -math.expm1(m * log_rest)
    root = math.sqrt(se)
    slope = k_s * rise / root * (0.5 * rise + 2.0 * y * math.exp((m - 1.0) * log_rest))
    return k_s * root * rise * rise, slope


@kernel
def effective_saturation(p: Any, theta: float) -> float:
    """Return Se = (theta - theta_r) / (phi - theta_r), inside the range of VG80's slopes."""
    se: float = (theta - p.residual_water_content) / (p.porosity - p.residual_water_content)
    return min(max(se, DRIEST_SATURATION), _WETTEST)


@kernel
def retention(p: Any, theta: float) -> tuple[float, float]:
    """Return psi [m] and d psi / d theta [m]."""
    if p.van_genuchten_n > 1.0:
        se = effective_saturation(p, theta)
        psi, slope = van_genuchten_potential(se, p.van_genuchten_alpha, p.van_genuchten_n)
        return psi, slope / (p.porosity - p.residual_water_content)
    psi = matric_potential(theta / p.porosity, p.saturated_potential, p.retention_exponent)
    return psi, -p.retention_exponent * psi / max(theta, DRIEST_SATURATION * p.porosity)


@kernel
def conductivity(p: Any, theta: float) -> tuple[float, float]:
    """Return K [m s-1] and d K / d theta [m s-1]."""
    if p.van_genuchten_n > 1.0:
        se = effective_saturation(p, theta)
        k, slope = van_genuchten_conductivity(se, p.saturated_conductivity, p.van_genuchten_n)
        return k, slope / (p.porosity - p.residual_water_content)
    b = p.retention_exponent
    s = min(max(theta / p.porosity, DRIEST_SATURATION), 1.0)
    k = hydraulic_conductivity(s, p.saturated_conductivity, b)
    return k, (2.0 * b + 3.0) * k / s / p.porosity


@kernel
def water_at_suction(p: Any, suction: float) -> float:
    """Return the water content that is held against a suction [m]."""
    if p.van_genuchten_n > 1.0:
        n = p.van_genuchten_n
        grip = math.exp(n * math.log(max(p.van_genuchten_alpha * suction, 1e-9)))
        se = math.exp(-(1.0 - 1.0 / n) * math.log1p(grip))
        return float(p.residual_water_content + (p.porosity - p.residual_water_content) * se)
    entry = max(suction / p.saturated_potential, 1.0)
    return float(p.porosity * math.exp(-math.log(entry) / p.retention_exponent))


@kernel
def capillary_drive(p: Any) -> float:
    """Return the suction that draws water into dry soil [m].

    psi_s b for CH78 (the slope of psi at saturation, as Mahrt and Pan 1984,
    doi:10.1007/BF00119411); for VG80 the effective capillary drive, the integral of K / Ks over
    suction, by the fit of M96.
    """
    if p.van_genuchten_n > 1.0:
        m = 1.0 - 1.0 / p.van_genuchten_n
        drive = (0.046 * m + 2.07 * m * m + 19.5 * m * m * m) / (1.0 + 4.7 * m + 16.0 * m * m)
        return float(drive / p.van_genuchten_alpha)
    return float(p.saturated_potential * p.retention_exponent)
