"""Compiled rows of the climatology's fast loop: powers and logarithms in single precision.

Symbols: a plume has ``p`` exponent, ``c`` decay, ``d`` shift, ``s`` spread scale, ``q`` spread
exponent, ``g`` saturation (see :mod:`fluxscape.footprint.plume`). Amplitude, decay and scale come
as logarithms to base 2 (``a0``, ``c2``, ``s2``); ``u`` and ``v`` are the upwind and crosswind
distance of a row's first cell, ``du`` and ``dv`` their steps.

There are no branches but selections and no calls but inlined ones, so that the compiler turns each
loop into vector code; the functions below are as exact as single precision sums deserve.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import inlined_kernel, kernel

Floats = NDArray[np.float64]
Single = np.float32
Singles = NDArray[np.float32]

_HALF_LOG2_E = np.float32(0.5 / math.log(2.0))

_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_LOWEST = np.float32(-126.0)
_BIAS = np.int32(127)
_MANTISSA_BITS = np.int32(23)
_ROOT_HALF_BITS = np.int32(0x3F3504F3)


def _float32_fit(
    function: Callable[[Floats], Floats], low: float, high: float, degree: int
) -> tuple[Single, ...]:
    """Return polynomial coefficients in single precision, fitted at Chebyshev points."""
    nodes = np.cos(np.linspace(0.0, np.pi, 40 * degree))
    x = 0.5 * (low + high) + 0.5 * (high - low) * nodes
    fit = np.polynomial.Chebyshev.fit(x, function(x), degree, domain=[low, high])
    return tuple(np.float32(value) for value in fit.convert(kind=np.polynomial.Polynomial).coef)


_E0, _E1, _E2, _E3, _E4, _E5 = _float32_fit(np.exp2, -0.5, 0.5, 5)
# log2(1 + z) / z between 1/sqrt(2) - 1 and sqrt(2) - 1; the nodes never meet z = 0.
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7 = _float32_fit(
    lambda z: np.log2(1.0 + z) / z, math.sqrt(0.5) - 1.0, math.sqrt(2.0) - 1.0, 7
)


@inlined_kernel
def _exp2(t: Single) -> Single:
    """Return 2^t in single precision, relative error below 1e-6, for t below 127."""
    t = t if t > _LOWEST else _LOWEST
    whole = np.floor(t + _HALF)
    f = t - whole
    mantissa = ((((_E5 * f + _E4) * f + _E3) * f + _E2) * f + _E1) * f + _E0
    scale = np.int32((np.int32(whole) + _BIAS) << _MANTISSA_BITS).view(np.float32)
    return Single(mantissa * scale)


@inlined_kernel
def _log2(x: Single) -> Single:
    """Return log2(x) in single precision, absolute error below 2e-6, for positive normal x."""
    bits = np.float32(x).view(np.int32)
    exponent = (bits - _ROOT_HALF_BITS) >> _MANTISSA_BITS
    z = np.int32(bits - (exponent << _MANTISSA_BITS)).view(np.float32) - _ONE
    fit = ((((((_L7 * z + _L6) * z + _L5) * z + _L4) * z + _L3) * z + _L2) * z + _L1) * z + _L0
    return np.float32(exponent) + fit * z


@kernel
def add_power_row(
    row: Singles,
    u: Single,
    du: Single,
    v: Single,
    dv: Single,
    smallest: Single,
    a0: Single,
    p: Single,
    c2: Single,
    s2: Single,
    q: Single,
) -> None:
    """Add a plume with sigma = s x^q to a row; ``a0``, ``c2``, ``s2`` are logarithms to base 2."""
    for j in range(row.size):
        index = np.float32(np.int32(j))
        x = u + index * du
        x = x if x > smallest else smallest
        y = v + index * dv
        log_x = _log2(x)
        inverse = _exp2(s2 - q * log_x)
        across = y * inverse
        row[j] += inverse * _exp2(a0 - p * log_x - c2 / x - _HALF_LOG2_E * across * across)


@kernel
def add_root_linear_row(
    row: Singles,
    u: Single,
    du: Single,
    v: Single,
    dv: Single,
    smallest: Single,
    a0: Single,
    p: Single,
    c2: Single,
    d: Single,
    k: Single,
    g: Single,
) -> None:
    """Add a plume with sigma = s x / sqrt(1 + g x) to a row; ``k`` = 1 / s^2."""
    for j in range(row.size):
        index = np.float32(np.int32(j))
        inner = u + index * du
        inner = inner if inner > smallest else smallest
        x = inner + d
        y = v + index * dv
        inverse_square = k * (_ONE + g * x) / (x * x)
        exponent = a0 - p * _log2(inner) - c2 / inner - _HALF_LOG2_E * y * y * inverse_square
        row[j] += np.sqrt(inverse_square) * _exp2(exponent)


@kernel
def add_draxler_row(
    row: Singles,
    u: Single,
    du: Single,
    v: Single,
    dv: Single,
    smallest: Single,
    a0: Single,
    p: Single,
    c2: Single,
    s2: Single,
    q: Single,
    root_g: Single,
) -> None:
    """Add a plume with sigma = s x^q / (1 + sqrt(g x^q)) to a row."""
    for j in range(row.size):
        index = np.float32(np.int32(j))
        x = u + index * du
        x = x if x > smallest else smallest
        y = v + index * dv
        log_x = _log2(x)
        half_power = _exp2(_HALF * q * log_x)
        inverse = s2 * (_ONE + root_g * half_power) / (half_power * half_power)
        across = y * inverse
        row[j] += inverse * _exp2(a0 - p * log_x - c2 / x - _HALF_LOG2_E * across * across)
