"""Compiled parts of the generator's daily step: chains that need the day before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@kernel
def wet_days(wet_share: Floats, uniform: Floats, out: Flags) -> None:
    """Fill ``out`` with whether each day is wet: a Markov chain of first order.

    Transition probabilities from the share ``f`` of wet days (Geng et al. 1986,
    doi:10.1016/0168-1923(86)90014-6): wet after dry 0.75 f, wet after wet 0.25 + 0.75 f.
    """
    wet = uniform[0] < wet_share[0]
    out[0] = wet
    for i in range(1, wet_share.size):
        chance = 0.75 * wet_share[i]
        if wet:
            chance += 0.25
        wet = uniform[i] < chance
        out[i] = wet


@kernel
def persistent(innovation: Floats, persistence: float, out: Floats) -> None:
    """Fill ``out`` with a first-order autoregression of unit variance."""
    fresh = np.sqrt(1.0 - persistence * persistence)
    state = innovation[0]
    out[0] = state
    for i in range(1, innovation.size):
        state = persistence * state + fresh * innovation[i]
        out[i] = state
