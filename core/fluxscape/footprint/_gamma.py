"""The regularised upper incomplete gamma function and its inverse, in plain Python.

Distances within which a share of the flux arises need both. SciPy has them, but its import alone
costs the calculator most of its time; here a dozen terms do. Numerical Recipes (Press et al.
2007, 3rd ed., section 6.2) explains the series and the continued fraction; both are in NIST DLMF
8.11.4 and 8.9.2, https://dlmf.nist.gov/8.
"""

from __future__ import annotations

import math

_MAX_TERMS = 500
_EPSILON = 1e-16


def upper_gamma_share(shape: float, x: float) -> float:
    """Return Q(shape, x) = Gamma(shape, x) / Gamma(shape) for ``shape`` > 0 and ``x`` >= 0.

    >>> round(upper_gamma_share(1.0, 2.0), 12) == round(math.exp(-2.0), 12)
    True
    """
    if x <= 0.0:
        return 1.0
    if math.isinf(x):
        return 0.0
    factor = math.exp(shape * math.log(x) - x - math.lgamma(shape))
    if x < shape + 1.0:
        return 1.0 - factor * _series(shape, x)
    return factor * _continued_fraction(shape, x)


def _series(shape: float, x: float) -> float:
    """Return the series of the lower function without its factor (DLMF 8.11.4)."""
    term = total = 1.0 / shape
    for n in range(1, _MAX_TERMS):
        term *= x / (shape + n)
        total += term
        if term < total * _EPSILON:
            break
    return total


def _continued_fraction(shape: float, x: float) -> float:
    """Return the continued fraction of the upper function without its factor (DLMF 8.9.2)."""
    tiny = 1e-300
    b = x + 1.0 - shape
    c = 1.0 / tiny
    d = 1.0 / b
    total = d
    for n in range(1, _MAX_TERMS):
        a = -n * (n - shape)
        b += 2.0
        d = 1.0 / (a * d + b)
        c = b + a / c
        total *= c * d
        if abs(c * d - 1.0) < _EPSILON:
            break
    return total


def inverse_upper_gamma_share(shape: float, share: float) -> float:
    """Return x with Q(shape, x) = ``share``; 0 for a share of 1, infinity for a share of 0.

    Safeguarded Newton steps in ln x, where the function has no pole for small shapes.

    >>> round(inverse_upper_gamma_share(1.0, math.exp(-2.0)), 12)
    2.0
    """
    if share >= 1.0:
        return 0.0
    if share <= 0.0:
        return math.inf
    low, high = -700.0, math.log(shape + 800.0)
    at = math.log(shape)
    for _ in range(200):
        x = math.exp(at)
        excess = upper_gamma_share(shape, x) - share
        if excess > 0.0:
            low = at
        else:
            high = at
        slope = -math.exp(shape * at - x - math.lgamma(shape))
        step = excess / slope if slope != 0.0 else math.inf
        following = at - step
        if not low < following < high:
            following = 0.5 * (low + high)
        if abs(following - at) < 4e-16 * max(1.0, abs(at)):
            return math.exp(following)
        at = following
    return math.exp(at)
