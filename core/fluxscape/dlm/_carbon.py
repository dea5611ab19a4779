r"""Respiration of the ecosystem: leaves, stems and roots, soil.

References
----------
Lloyd and Taylor 1994 (LT94): doi:10.2307/2389824. Ju et al. 2006 (J06):
doi:10.1016/j.agrformet.2006.08.008. Waring et al. 1998: doi:10.1093/treephys/18.2.129.
"""

from __future__ import annotations

import math

from fluxscape._jit import kernel

RECENT_DAYS = 7.0
"""Memory of stems and roots for assimilation [d]; assumed, within the days to weeks reported."""

GROWTH_DAYS = 30.0
"""Memory of leaves for temperature [d] (Kattge and Knorr 2007,
doi:10.1111/j.1365-3040.2007.01690.x)."""


@kernel
def temperature_response(soil_temperature: float, activation: float) -> float:
    """Return exp(E0 (1 / 56.02 - 1 / (T - 227.13))), 1 at 10 degrees Celsius (LT94, eq. 11)."""
    return math.exp(activation * (1.0 / 56.02 - 1.0 / max(soil_temperature - 227.13, 5.0)))


@kernel
def moisture_response(saturation: float) -> float:
    """Return the moisture scalar 5.44 s - 5.03 s^2 - 0.472, at least 0.3 (J06, fine soils)."""
    return min(max(5.44 * saturation - 5.03 * saturation * saturation - 0.472, 0.3), 1.0)


@kernel
def newest_weight(step: float, days: float) -> float:
    """Return the weight of a step [s] in an exponential running mean over some days."""
    return 1.0 - math.exp(-step / (86400.0 * days))


@kernel
def running_mean(mean: float, value: float, weight: float) -> float:
    """Return an exponential running mean after a step of the given weight."""
    return mean + (value - mean) * weight
