r"""Soil water: Clapp-Hornberger hydraulics and implicit Richards flow that conserves mass.

Fluxes between layers are linearised in the water contents at the end of the step and balanced
exactly, so what leaves one layer enters the next whatever the error of the linearisation (as CLM,
Oleson et al. 2013, section 7.4; Celia et al. 1990 for why the mass form).

Symbols: ``theta`` water content, ``phi`` porosity, ``psi`` matric potential [m], ``psi_s`` its
value at air entry (positive suction), ``b`` exponent, ``K`` conductivity.

References
----------
Clapp and Hornberger 1978: doi:10.1029/WR014i004p00601. Celia et al. 1990:
doi:10.1029/WR026i007p01483. Oleson et al. 2013: doi:10.5065/D6RR1W7M. Granier et al. 1999:
doi:10.1016/S0304-3800(98)00205-1. Jackson et al. 1996: doi:10.1007/BF00333714.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel
from fluxscape.constants import WATER_DENSITY

_Array = npt.NDArray[np.float64]

_DRIEST = 0.01
"""Saturation below which suction no longer rises."""


@kernel
def matric_potential(saturation: float, psi_s: float, b: float) -> float:
    """Return psi = -psi_s s^-b [m] (Clapp and Hornberger 1978)."""
    return -psi_s * math.exp(-b * math.log(min(max(saturation, _DRIEST), 1.0)))


@kernel
def hydraulic_conductivity(saturation: float, k_s: float, b: float) -> float:
    """Return K = Ks s^(2b+3) [m s-1] (Clapp and Hornberger 1978)."""
    return k_s * math.exp((2.0 * b + 3.0) * math.log(min(max(saturation, 1e-3), 1.0)))


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
def infiltration_capacity(
    water_content: float, thickness: float, phi: float, k_s: float, psi_s: float, b: float
) -> float:
    """Return the largest infiltration [m s-1]: Darcy's law over a wet surface on the top layer.

    Ks (1 + (phi - theta) / d dpsi/dtheta at saturation), as Mahrt and Pan 1984,
    doi:10.1007/BF00119411.
    """
    return k_s * (1.0 + max(phi - water_content, 0.0) / thickness * psi_s * b / phi)


@kernel
def flow_step(
    liquid: _Array,
    source: _Array,
    thickness: _Array,
    phi: float,
    k_s: float,
    psi_s: float,
    b: float,
    impedance: _Array,
    step: float,
    upper: _Array,
    right: _Array,
) -> float:
    """Move water for one step; return the drainage below the last layer [kg m-2].

    Parameters
    ----------
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
    psi = matric_potential(theta / phi, psi_s, b)
    drainage_rate, drainage_slope = 0.0, 0.0
    for i in range(n):
        floor = _DRIEST * phi
        if i < n - 1:
            theta_next = liquid[i + 1] / (WATER_DENSITY * thickness[i + 1])
            psi_next = matric_potential(theta_next / phi, psi_s, b)
            mean = min(max(0.5 * (theta + theta_next) / phi, _DRIEST), 1.0)
            k = hydraulic_conductivity(mean, k_s, b) * impedance[i]
            dk = (2.0 * b + 3.0) * k / mean * 0.5 / phi
            distance = 0.5 * (thickness[i] + thickness[i + 1])
            gradient = 1.0 - (psi_next - psi) / distance
            flux_out = k * gradient
            slope_here = dk * gradient + k * (-b * psi / max(theta, floor)) / distance
            slope_next = dk * gradient - k * (-b * psi_next / max(theta_next, floor)) / distance
        else:
            theta_next, psi_next = theta, psi
            s = min(max(theta / phi, _DRIEST), 1.0)
            flux_out = hydraulic_conductivity(s, k_s, b) * impedance[i]  # free drainage
            slope_here = (2.0 * b + 3.0) * flux_out / s / phi
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
        theta, psi = theta_next, psi_next
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
