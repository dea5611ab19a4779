"""Kernel of a monthly water balance: what the soil still holds, and what it gives up.

Symbols: ``P`` precipitation, ``E`` potential evaporation, ``W`` soil water, ``S`` snow, ``C``
capacity [mm].
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel

FloatArray = npt.NDArray[np.float64]

DAYS = 30.4375
"""Mean length of a month [d]."""

_STEPS = 10
"""Parts of a month that are balanced one after another."""
_UNSTRESSED = 0.6
"""Share of capacity above which evaporation is potential, assumed."""
_MELT = 60.0
"""Snow that melts in a month for each degree above freezing [mm], 2 mm a degree and day."""
_SPIN_UP = 3
"""Times that the first year runs before the record starts."""


@kernel
def fill_water_balance(
    P: FloatArray,
    E: FloatArray,
    T: FloatArray,
    start: npt.NDArray[np.int64],
    C: float,
    water: FloatArray,
    actual: FloatArray,
    snow: FloatArray,
) -> None:
    """Fill soil water as a share of capacity, actual evaporation [mm d-1] and snow [mm].

    ``start`` holds where each site's months start and, last, where all end. Evaporation falls in
    proportion to soil water below 60 % of capacity (Thornthwaite and Mather 1955, in the linear
    form of Manabe 1969).
    """
    for site in range(start.size - 1):
        first, end = start[site], start[site + 1]
        year = min(12, end - first)
        W, S = 0.7 * C, 0.0
        for step in range(_SPIN_UP * year + end - first):
            i = first + (step % year if step < _SPIN_UP * year else step - _SPIN_UP * year)
            liquid = min(max((T[i] + 2.0) / 4.0, 0.0), 1.0)
            S += P[i] * DAYS * (1.0 - liquid)
            melt = min(S, max(T[i], 0.0) * _MELT)
            S -= melt
            gain = (P[i] * DAYS * liquid + melt) / _STEPS
            total = 0.0
            for _ in range(_STEPS):
                loss = min(E[i] * DAYS / _STEPS * min(1.0, W / (_UNSTRESSED * C)), W + gain)
                W = min(W + gain - loss, C)
                total += loss
            water[i], actual[i], snow[i] = W / C, total / DAYS, S
