r"""Soil water: implicit Richards flow that conserves mass, infiltration, roots and their stress.

Fluxes between layers are linearised in the water contents at the end of the step and balanced
exactly, so what leaves one layer enters the next whatever the error of the linearisation (as CLM,
Oleson et al. 2013, section 7.4; Celia et al. 1990 for why the mass form).

Symbols: ``theta`` water content, ``phi`` porosity, ``psi`` matric potential [m], ``K``
conductivity; their laws are in :mod:`fluxscape.dlm._retention`.

References
----------
Celia et al. 1990: doi:10.1029/WR026i007p01483. Oleson et al. 2013: doi:10.5065/D6RR1W7M. Granier et
al. 1999: doi:10.1016/S0304-3800(98)00205-1. Jackson et al. 1996: doi:10.1007/BF00333714.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel
from fluxscape.constants import WATER_DENSITY
from fluxscape.dlm._retention import capillary_drive, conductivity, retention

_Array = npt.NDArray[np.float64]


@kernel
def extractable_stress(
    water_content: float, wilting_point: float, field_capacity: float, threshold: float
) -> float:
    """Return min(1, REW / REW_c) of a layer (Granier et al. 1999)."""
    extractable = (water_content - wilting_point) / max(field_capacity - wilting_point, 1e-3)
    return min(max(extractable / threshold, 0.0), 1.0)


@kernel
def root_share(top: float, bottom: float, root_distribution: float) -> float:
    """Return the share of roots between two depths [m] (Jackson et al. 1996, eq. 1)."""
    return float(root_distribution ** (100.0 * top) - root_distribution ** (100.0 * bottom))


@kernel
def infiltration_capacity(p: Any, water_content: float, thickness: float) -> float:
    """Return the largest infiltration [m s-1]: Darcy's law over a wet surface on the top layer.

    Ks (1 + (1 - theta / phi) / d times the suction that draws water in); with the law of Clapp and
    Hornberger this is Mahrt and Pan 1984, doi:10.1007/BF00119411.
    """
    deficit = max(p.porosity - water_content, 0.0) / p.porosity
    pull: float = deficit / thickness * capillary_drive(p)
    return float(p.saturated_conductivity * (1.0 + pull))


@kernel
def flow_step(
    p: Any,
    liquid: _Array,
    source: _Array,
    thickness: _Array,
    impedance: _Array,
    step: float,
    upper: _Array,
    right: _Array,
) -> float:
    """Move water for one step; return the drainage below the last layer [kg m-2].

    Parameters
    ----------
    p
        Record of parameters: hydraulics of the soil.
    liquid
        Liquid water of each layer [kg m-2], changed in place; it may leave the physical range by
        the error of linearisation, which :func:`redistribute` mends.
    source
        Water put into each layer (infiltration less evaporation and uptake) [kg m-2 s-1].
    impedance
        Factor of ice on the conductivity below each layer [1].
    upper, right
        Work arrays of the elimination.
    """
    n = liquid.shape[0]
    flux_in, d_above, d_here_in = 0.0, 0.0, 0.0  # flux from above and its derivatives
    theta = liquid[0] / (WATER_DENSITY * thickness[0])
    psi, dpsi = retention(p, theta)
    drainage_rate, drainage_slope = 0.0, 0.0
    for i in range(n):
        if i < n - 1:
            theta_next = liquid[i + 1] / (WATER_DENSITY * thickness[i + 1])
            psi_next, dpsi_next = retention(p, theta_next)
            k, dk = conductivity(p, 0.5 * (theta + theta_next))
            k, dk = k * impedance[i], 0.5 * dk * impedance[i]
            distance = 0.5 * (thickness[i] + thickness[i + 1])
            gradient = 1.0 - (psi_next - psi) / distance
            flux_out = k * gradient
            slope_here = dk * gradient + k * dpsi / distance
            slope_next = dk * gradient - k * dpsi_next / distance
        else:
            theta_next, psi_next, dpsi_next = theta, psi, dpsi
            k, dk = conductivity(p, theta)
            flux_out, slope_here = k * impedance[i], dk * impedance[i]  # free drainage
            slope_next = 0.0
            drainage_rate, drainage_slope = flux_out, slope_here
        # (d / dt) dtheta = q_in - q_out + source, fluxes linearised in dtheta.
        diagonal = thickness[i] / step - d_here_in + slope_here
        off_lower = -d_above
        balance = flux_in - flux_out + source[i] / WATER_DENSITY
        if i == 0:
            upper[0] = slope_next / diagonal
            right[0] = balance / diagonal
        else:
            pivot = diagonal - off_lower * upper[i - 1]
            upper[i] = slope_next / pivot
            right[i] = (balance - off_lower * right[i - 1]) / pivot
        flux_in, d_above, d_here_in = flux_out, slope_here, slope_next
        theta, psi, dpsi = theta_next, psi_next, dpsi_next
    change = right[n - 1]
    drained: float = (drainage_rate + drainage_slope * change) * step * WATER_DENSITY
    liquid[n - 1] += change * thickness[n - 1] * WATER_DENSITY
    for i in range(n - 2, -1, -1):
        change = right[i] - upper[i] * change
        liquid[i] += change * thickness[i] * WATER_DENSITY
    return drained


@kernel
def redistribute(
    liquid: _Array, ice: _Array, thickness: _Array, phi: float, driest: float
) -> tuple[float, float]:
    """Push water above saturation upwards and fill layers below ``driest`` from below.

    Returns
    -------
    spilled
        Water that leaves at the surface [kg m-2].
    drawn
        Water drawn from below the column so that none falls below ``driest`` [kg m-2].
    """
    n = liquid.shape[0]
    for i in range(n - 1, 0, -1):
        room = phi * WATER_DENSITY * thickness[i] - ice[i]
        excess = liquid[i] - max(room, 0.0)
        if excess > 0.0:
            liquid[i] -= excess
            liquid[i - 1] += excess
    spilled = max(liquid[0] - max(phi * WATER_DENSITY * thickness[0] - ice[0], 0.0), 0.0)
    liquid[0] -= spilled
    drawn = 0.0
    for i in range(n):
        least = max(driest * WATER_DENSITY * thickness[i] - ice[i], 0.0) - liquid[i]
        if least > 0.0:
            liquid[i] += least
            if i < n - 1:
                liquid[i + 1] -= least
            else:
                drawn = least
    return spilled, drawn
