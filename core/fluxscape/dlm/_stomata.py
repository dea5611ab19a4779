r"""Stomatal conductance solved together with photosynthesis, without iterating Ci.

Medlyn et al. 2011 (M11): gs = g0 + 1.6 (1 + g1 / sqrt(D)) An / Cs = g0 + m An, where water stress
scales g1. With Ci = Cs - 1.6 An / gs, each biochemical limit of the form
A = a (Ci - G) / (Ci + c) makes a quadratic in An, so An, gs and Ci are exact.

Ball, Woodrow and Berry 1987 (BWB), gs = g0 + g1 hs An / Cs, has the same form and stands beside.

Symbols: ``An`` net assimilation [umol m-2 s-1], ``gs`` conductance to water vapour
[mol m-2 s-1], ``Cs`` CO2 at the leaf's surface [umol mol-1], ``D`` vapour pressure deficit at the
leaf's surface [kPa], ``hs`` relative humidity there [1], ``g0``, ``g1`` intercept and slope,
``m`` = (gs - g0) / An.

References
----------
M11: doi:10.1111/j.1365-2486.2010.02375.x. BWB: doi:10.1007/978-94-017-0519-6_48.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel
from fluxscape.dlm._photosynthesis import smooth_minimum

_MIN_DEFICIT = 0.05
"""Smallest deficit [kPa] below which the root of M11 would open stomata without end."""


@kernel
def medlyn_slope(g1: float, deficit: float, surface_co2: float) -> float:
    """Return m = 1.6 (1 + g1 / sqrt(D)) / Cs, so that gs = g0 + m An (M11, eq. 11)."""
    return 1.6 * (1.0 + g1 / math.sqrt(max(deficit, _MIN_DEFICIT))) / surface_co2


@kernel
def ball_berry_slope(g1: float, humidity: float, surface_co2: float) -> float:
    """Return m = g1 hs / Cs (BWB), at least that of M11 without g1, where Ci would be nothing."""
    return max(g1 * min(humidity, 1.0), 1.6) / surface_co2


@kernel
def medlyn_conductance(
    g0: float, g1: float, assimilation: float, deficit: float, surface_co2: float
) -> float:
    """Return gs [mol m-2 s-1] (M11, eq. 11)."""
    return g0 + medlyn_slope(g1, deficit, surface_co2) * max(assimilation, 0.0)


@kernel
def coupled_assimilation(
    rate: float,
    offset: float,
    compensation: float,
    respiration: float,
    g0: float,
    slope: float,
    surface_co2: float,
) -> float:
    """Return An where A = rate (Ci - compensation) / (Ci + offset) meets gs = g0 + slope An.

    Put Ci = Cs - 1.6 An / (g0 + m An) into An + Rd = rate (Ci - G) / (Ci + c) and clear the
    fractions: one root is positive where the leaf gains carbon at Ci = Cs. Where it does not,
    stomata stay at g0 and An = A(Cs) - Rd, which meets the other branch at An = 0.
    """
    at_surface = rate * (surface_co2 - compensation) / (surface_co2 + offset) - respiration
    if at_surface <= 0.0:
        return at_surface
    drawdown = slope * surface_co2 - 1.6
    a = drawdown + slope * offset
    closed = g0 * (surface_co2 + offset)
    b = closed + respiration * a - rate * (drawdown - slope * compensation)
    c = -at_surface * closed
    return (-b + math.sqrt(b * b - 4.0 * a * c)) / (2.0 * a)


@kernel
def leaf_gas_exchange_c3(
    vcmax: float,
    electron_rate: float,
    respiration: float,
    kinetic_constant: float,
    gamma_star: float,
    g0: float,
    slope: float,
    surface_co2: float,
) -> tuple[float, float]:
    """Return An and gs of a C3 leaf; ``kinetic_constant`` is Kc (1 + O / Ko), ``slope`` m."""
    rubisco = coupled_assimilation(
        vcmax, kinetic_constant, gamma_star, respiration, g0, slope, surface_co2
    )
    light = coupled_assimilation(
        0.25 * electron_rate, 2.0 * gamma_star, gamma_star, respiration, g0, slope, surface_co2
    )
    net = max(min(rubisco, light), -respiration)
    return net, g0 + slope * max(net, 0.0)


@kernel
def leaf_gas_exchange_c4(
    vmax: float,
    absorbed_photons: float,
    respiration: float,
    carboxylation_slope: float,
    g0: float,
    slope: float,
    surface_co2: float,
) -> tuple[float, float]:
    """Return An and gs of a C4 leaf (Collatz et al. 1992, doi:10.1071/PP9920499).

    The CO2-limited rate k Ci is coupled to the stomata on its own; the smooth minimum with the
    light- and enzyme-limited rates follows, with curvatures 0.83 and 0.93.
    ``carboxylation_slope`` is k [mol m-2 s-1].
    """
    # A = k Ci is the limit of the rate law for a very large constant: k Ci = (k c) Ci / (Ci + c).
    large = 1e6
    co2_limited = (
        coupled_assimilation(
            carboxylation_slope * large, large, 0.0, respiration, g0, slope, surface_co2
        )
        + respiration
    )
    inner = smooth_minimum(vmax, 0.067 * absorbed_photons, 0.83)
    gross = smooth_minimum(inner, max(co2_limited, 0.0), 0.93)
    net = gross - respiration
    return net, g0 + slope * max(net, 0.0)
