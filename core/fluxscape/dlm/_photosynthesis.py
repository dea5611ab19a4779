r"""Leaf photosynthesis: Farquhar et al. 1980 (C3) and Collatz et al. 1992 (C4).

Symbols: ``V`` maximum carboxylation rate, ``J`` electron transport, ``Kc``, ``Ko`` Michaelis
constants for CO2 [umol mol-1] and O2 [mmol mol-1], ``G*`` CO2 compensation point [umol mol-1],
``Ci`` CO2 between the cells [umol mol-1], ``Rd`` leaf respiration; rates in umol m-2 s-1.

References
----------
Farquhar et al. 1980: doi:10.1007/BF00386231. Bernacchi et al. 2001 (B01):
doi:10.1111/j.1365-3040.2001.00668.x. Kattge and Knorr 2007 (KK07):
doi:10.1111/j.1365-3040.2007.01690.x. Collatz et al. 1992 (C92): doi:10.1071/PP9920499. Medlyn et
al. 2002 (M02): doi:10.1046/j.1365-3040.2002.00891.x.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel

FITTED_GAS_CONSTANT = 8.314
"""Gas constant with which the responses below were fitted [J mol-1 K-1] (B01; KK07)."""

REFERENCE_TEMPERATURE = 298.15
OXYGEN = 210.0
"""Oxygen in air [mmol mol-1] (B01)."""

_DEACTIVATION = 200000.0  # [J mol-1], KK07
_VCMAX_ACTIVATION = 71513.0  # [J mol-1], KK07
_JMAX_ACTIVATION = 49884.0  # [J mol-1], KK07


@kernel
def arrhenius_argument(temperature: float) -> float:
    """Return (T - 298.15) / (298.15 R T) [mol J-1]: times an activation energy, then exp."""
    return (temperature - REFERENCE_TEMPERATURE) / (
        REFERENCE_TEMPERATURE * FITTED_GAS_CONSTANT * temperature
    )


@kernel
def michaelis_constants(temperature: float) -> tuple[float, float, float]:
    """Return Kc, Ko and G* at leaf temperature [K] (B01, Table 1)."""
    x = arrhenius_argument(temperature)
    kc = 404.9 * math.exp(79430.0 * x)
    ko = 278.4 * math.exp(36380.0 * x)
    gamma_star = 42.75 * math.exp(37830.0 * x)
    return kc, ko, gamma_star


@kernel
def peak_entropies(growth_temperature: float) -> tuple[float, float, float]:
    """Return entropy terms of V and J [J mol-1 K-1] and Jmax25 / Vcmax25 (KK07).

    ``growth_temperature`` [K] is kept to the 11 to 35 degrees Celsius of the data behind it.
    """
    celsius = min(max(growth_temperature - 273.15, 11.0), 35.0)
    return 668.39 - 1.07 * celsius, 659.70 - 0.75 * celsius, 2.59 - 0.035 * celsius


@kernel
def peak_norm(entropy: float) -> float:
    """Return 1 + exp((T0 dS - Hd) / (T0 R)), the constant part of the peaked response."""
    return 1.0 + math.exp(
        (REFERENCE_TEMPERATURE * entropy - _DEACTIVATION)
        / (REFERENCE_TEMPERATURE * FITTED_GAS_CONSTANT)
    )


@kernel
def peaked_response(temperature: float, activation: float, entropy: float, norm: float) -> float:
    """Return the peaked Arrhenius response relative to 25 degrees Celsius (M02, eq. 17)."""
    rise = math.exp(activation * arrhenius_argument(temperature))
    fall = 1.0 + math.exp(
        (temperature * entropy - _DEACTIVATION) / (temperature * FITTED_GAS_CONSTANT)
    )
    return rise * norm / fall


@kernel
def vcmax_response(temperature: float, entropy: float, norm: float) -> float:
    """Return Vcmax over Vcmax25 (KK07)."""
    return peaked_response(temperature, _VCMAX_ACTIVATION, entropy, norm)


@kernel
def jmax_response(temperature: float, entropy: float, norm: float) -> float:
    """Return Jmax over Jmax25 (KK07)."""
    return peaked_response(temperature, _JMAX_ACTIVATION, entropy, norm)


@kernel
def electron_transport(
    absorbed_photons: float, jmax: float, electron_yield: float, curvature: float
) -> float:
    """Return J, the smaller root of theta J^2 - (alpha I + Jmax) J + alpha I Jmax (M02, eq. 4)."""
    limited = electron_yield * absorbed_photons
    total = limited + jmax
    root = math.sqrt(max(total * total - 4.0 * curvature * limited * jmax, 0.0))
    return (total - root) / (2.0 * curvature)


@kernel
def rubisco_limited(ci: float, vcmax: float, kc: float, ko: float, gamma_star: float) -> float:
    """Return Ac = V (Ci - G*) / (Ci + Kc (1 + O / Ko)) (Farquhar et al. 1980, as M02, eq. 2)."""
    return vcmax * (ci - gamma_star) / (ci + kc * (1.0 + OXYGEN / ko))


@kernel
def light_limited(ci: float, electron_rate: float, gamma_star: float) -> float:
    """Return Aj = J / 4 (Ci - G*) / (Ci + 2 G*) (Farquhar et al. 1980, as M02, eq. 3)."""
    return 0.25 * electron_rate * (ci - gamma_star) / (ci + 2.0 * gamma_star)


@kernel
def leaf_respiration_response(temperature: float) -> float:
    """Return Rd over Rd at 25 degrees Celsius (B01, Table 1: 46.39 kJ mol-1)."""
    return math.exp(46390.0 * arrhenius_argument(temperature))


@kernel
def smooth_minimum(first: float, second: float, curvature: float) -> float:
    """Return the smaller root of theta x^2 - (a + b) x + a b (C92)."""
    total = first + second
    root = math.sqrt(max(total * total - 4.0 * curvature * first * second, 0.0))
    return (total - root) / (2.0 * curvature)


@kernel
def _doubling(temperature: float) -> float:
    """Return 2^((T - 25 C) / 10), the response of C92."""
    return math.exp(0.1 * math.log(2.0) * (temperature - 298.15))


@kernel
def c4_capacity_response(temperature: float) -> float:
    """Return C4 Vmax over its value at 25 degrees Celsius (C92)."""
    rise = _doubling(temperature)
    cold = 1.0 + math.exp(0.3 * (286.15 - temperature))
    hot = 1.0 + math.exp(0.3 * (temperature - 309.15))
    return rise / (cold * hot)


@kernel
def c4_respiration_response(temperature: float) -> float:
    """Return C4 leaf respiration over its value at 25 degrees Celsius (C92)."""
    return _doubling(temperature) / (1.0 + math.exp(1.3 * (temperature - 328.15)))


@kernel
def c4_carboxylation_slope(vmax25: float, temperature: float) -> float:
    """Return k [mol m-2 s-1] of the CO2-limited rate k Ci (C92).

    k is 0.7 mol m-2 s-1 where Vmax is 39 umol m-2 s-1 and doubles every 10 K; it is scaled with
    Vmax as PEP carboxylase goes with Rubisco.
    """
    return 0.7 / 39.0 * vmax25 * _doubling(temperature)
