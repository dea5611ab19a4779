r"""Turbulent exchange and the energy balance of sunlit leaves, shaded leaves and ground.

The three surfaces meet in the canopy air (Shuttleworth and Wallace 1985; Oleson et al. 2013,
section 5.3): their conductances to it and its own to the reference height settle its temperature
and vapour pressure. The balance is solved by Newton's method in the three surface temperatures.

Symbols: ``zeta`` stability (z - d) / L, ``psi_m``, ``psi_h`` stability corrections, ``ustar``
friction velocity, ``ga`` aerodynamic, ``gh`` heat and ``gw`` vapour conductance [m s-1].

References
----------
Paulson 1970: doi:10.1175/1520-0450(1970)009<0857:TMROWS>2.0.CO;2. Shuttleworth and Wallace 1985:
doi:10.1002/qj.49711146910. Oleson et al. 2013 (CLM 4.5): doi:10.5065/D6RR1W7M. Sonntag 1990,
Zeitschrift fuer Meteorologie 40, 340-344. Sellers et al. 1992: doi:10.1029/92JD01096.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel
from fluxscape.constants import GRAVITY, VON_KARMAN, ZERO_CELSIUS
from fluxscape.meteorology._kernels_humidity import MAGNUS_A, MAGNUS_B, MAGNUS_C

_MIN_ZETA = -5.0
_MAX_ZETA = 1.0
_MIN_WIND = 0.3
"""Wind speed below which free convection and gusts keep the air moving [m s-1]."""


@kernel
def saturation_vapour_pressure(temperature: float) -> tuple[float, float]:
    """Return e*(T) [Pa] over water and its slope [Pa K-1] (Sonntag 1990, WMO-No. 8, annex 4.B)."""
    celsius = temperature - ZERO_CELSIUS
    below = celsius + MAGNUS_C
    pressure = MAGNUS_A * math.exp(MAGNUS_B * celsius / below)
    return pressure, pressure * MAGNUS_B * MAGNUS_C / (below * below)


@kernel
def saturation_over_ice(temperature: float) -> tuple[float, float]:
    """Return e*(T) [Pa] over ice and its slope [Pa K-1] (Sonntag 1990, WMO-No. 8, annex 4.B)."""
    celsius = temperature - ZERO_CELSIUS
    below = celsius + 272.62
    pressure = MAGNUS_A * math.exp(22.46 * celsius / below)
    return pressure, pressure * 22.46 * 272.62 / (below * below)


@kernel
def surface_saturation(temperature: float, snow: bool) -> tuple[float, float]:
    """Return e*(T) [Pa] and its slope [Pa K-1] over snow or over soil."""
    if snow:
        return saturation_over_ice(temperature)
    return saturation_vapour_pressure(temperature)


@kernel
def stability_corrections(zeta: float) -> tuple[float, float]:
    """Return psi_m and psi_h (Paulson 1970; stable side -5 zeta, Dyer 1974)."""
    if zeta >= 0.0:
        return -5.0 * zeta, -5.0 * zeta
    square = math.sqrt(1.0 - 16.0 * zeta)
    x = math.sqrt(square)
    psi_h = 2.0 * math.log(0.5 * (1.0 + square))
    psi_m = 2.0 * math.log(0.5 * (1.0 + x)) + 0.5 * psi_h - 2.0 * math.atan(x) + 0.5 * math.pi
    return psi_m, psi_h


@kernel
def aerodynamic_exchange(wind_speed: float, log_height: float, zeta: float) -> tuple[float, float]:
    """Return ustar and ga [m s-1]; ``log_height`` is ln((z - d) / z0)."""
    psi_m, psi_h = stability_corrections(zeta)
    wind = max(wind_speed, _MIN_WIND)
    ustar = VON_KARMAN * wind / max(log_height - psi_m, 0.5)
    conductance = VON_KARMAN * ustar / max(log_height - psi_h, 0.5)
    return ustar, conductance


@kernel
def stability(
    ustar: float, height: float, air_temperature: float, kinematic_heat_flux: float
) -> float:
    """Return zeta from the heat flux H / (rho cp) [K m s-1], kept to -5..1."""
    zeta = -VON_KARMAN * GRAVITY * height * kinematic_heat_flux / (air_temperature * ustar**3)
    return min(max(zeta, _MIN_ZETA), _MAX_ZETA)


@kernel
def leaf_boundary_conductance(ustar: float, leaf_dimension: float) -> float:
    """Return the conductance of a leaf's boundary layer, 0.01 sqrt(ustar / d) [m s-1] (CLM 4.5)."""
    return 0.01 * math.sqrt(ustar / leaf_dimension)


@kernel
def ground_conductance(ustar: float, bare_coefficient: float, leaf_area_gap: float) -> float:
    """Return the conductance from ground to canopy air [m s-1] (CLM 4.5, eq. 5.115-5.117).

    ``leaf_area_gap`` is exp(-L): it blends the coefficient of bare ground with that of a dense
    canopy, 0.004.
    """
    return ustar * (bare_coefficient * leaf_area_gap + 0.004 * (1.0 - leaf_area_gap))


@kernel
def bare_ground_coefficient(ustar: float, ground_roughness: float) -> float:
    """Return k / 0.13 (z0g ustar / nu)^-0.45 (CLM 4.5, eq. 5.119; nu = 1.5e-5 m2 s-1)."""
    return VON_KARMAN / 0.13 * math.exp(-0.45 * math.log(ground_roughness * ustar / 1.5e-5))


@kernel
def soil_surface_resistance(saturation: float) -> float:
    """Return exp(8.206 - 4.255 s) [s m-1] (Sellers et al. 1992, eq. 19)."""
    return math.exp(8.206 - 4.255 * saturation)


@kernel
def penman_monteith(
    available_energy: float,
    slope: float,
    gamma: float,
    air_density: float,
    heat_capacity: float,
    deficit: float,
    aerodynamic_resistance: float,
    surface_resistance: float,
) -> float:
    """Return latent heat flux [W m-2] (Monteith 1965; FAO-56, doi: Allen et al. 1998, eq. 3).

    The closed form for one surface whose emission follows the air's: what the surface balance comes
    to where leaves are one and stability is given.
    """
    demand = slope * available_energy + air_density * heat_capacity * deficit / (
        aerodynamic_resistance
    )
    return demand / (slope + gamma * (1.0 + surface_resistance / aerodynamic_resistance))
