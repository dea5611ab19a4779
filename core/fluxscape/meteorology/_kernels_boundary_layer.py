"""Compiled growth of the boundary layer through the day.

Symbols of Kljun et al. 2015, appendix B: ``h`` height of the layer [m], ``L`` Obukhov length [m],
``u`` friction velocity [m s-1], ``w`` kinematic heat flux [K m s-1], ``T`` air temperature [K],
``f`` Coriolis parameter [s-1], ``k`` von Karman constant, ``gamma`` lapse rate above [K m-1].
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel
from fluxscape.constants import GRAVITY

Floats = NDArray[np.float64]

A = 0.2
B = 2.5
C = 8.0
"""Entrainment parameters (Batchvarova and Gryning 1991, doi:10.1007/BF00120423)."""

LAPSE_RATE = 0.01
"""Potential temperature gradient above the convective layer [K m-1]."""

SUBSTEP_SECONDS = 60.0


@kernel
def stable_height(u: float, L: float, f: float) -> float:
    """Return h [m] of stable or neutral air (Eq. B1); L infinite gives 0.3 u* / f (Eq. B2)."""
    ratio = u / (f * L)
    if ratio < 1e-6:
        return 0.3 * u / f
    return L / 3.8 * (-1.0 + math.sqrt(1.0 + 2.28 * ratio))


@kernel
def growth_rate(h: float, u: float, L: float, w: float, T: float, k: float, gamma: float) -> float:
    """Return dh/dt [m s-1] of convective air (Eq. B5); L is negative."""
    depth = h * h / ((1.0 + 2.0 * A) * h - 2.0 * B * k * L)
    spin_up = C * u * u * T / (gamma * GRAVITY * ((1.0 + A) * h - B * k * L))
    return w / gamma / (depth + spin_up)


@kernel
def diagnose(
    seconds: Floats,
    step: float,
    reset: float,
    u: Floats,
    L: Floats,
    w: Floats,
    T: Floats,
    f: float,
    k: float,
    out: Floats,
) -> None:
    """Fill ``out`` with h [m] record by record; NaN inputs give NaN.

    Convective growth starts from the last stable height; after ``reset`` seconds without a record
    from the neutral height.
    """
    h = math.nan
    before = -math.inf
    for i in range(seconds.size):
        if math.isnan(u[i]) or math.isnan(L[i]) or L[i] == 0.0 or not u[i] > 0.0:
            out[i] = math.nan
            continue
        if L[i] > 0.0:
            h = stable_height(u[i], L[i], f)
        else:
            if math.isnan(h) or seconds[i] - before > reset:
                h = 0.3 * u[i] / f
            elapsed = 0.0
            while elapsed < step:
                part = min(SUBSTEP_SECONDS, step - elapsed)
                h += part * growth_rate(h, u[i], L[i], w[i], T[i], k, LAPSE_RATE)
                elapsed += part
        before = seconds[i]
        out[i] = h
