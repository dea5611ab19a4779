"""Kernels of representativeness: sums over discs and squares, lags of a variogram, model fits.

Symbols: r radius or half side of an area; s(x) = sqrt(r2 - x2) its upper rim; gamma semivariance;
h lag; c0 nugget; c partial sill; a practical range.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel

Array = NDArray[Any]

DISC: Final = 0
SQUARE: Final = 1

SPHERICAL: Final = 0
EXPONENTIAL: Final = 1
GAUSSIAN: Final = 2


@kernel
def _below_rim(c: float, r: float, low: float, high: float) -> float:
    """Return the integral of min(s(x), c) from low to high, both within the disc."""
    if c <= 0.0:
        return c * (high - low)
    half = math.sqrt(r * r - c * c) if c < r else 0.0
    left = min(max(low, -half), high)
    right = max(min(high, half), low)
    flat = max(right - left, 0.0)
    if flat == 0.0:
        return _under_rim(high, r) - _under_rim(low, r)
    rest = _under_rim(left, r) - _under_rim(low, r) + _under_rim(high, r) - _under_rim(right, r)
    return c * flat + rest


@kernel
def _under_rim(x: float, r: float) -> float:
    """Return the antiderivative of s(x)."""
    t = min(max(x / r, -1.0), 1.0)
    return 0.5 * r * r * (t * math.sqrt(1.0 - t * t) + math.asin(t))


@kernel
def disc_overlap(x0: float, x1: float, y0: float, y1: float, r: float) -> float:
    """Return the area that a rectangle shares with the disc of radius r about the origin."""
    low, high = max(x0, -r), min(x1, r)
    if high <= low:
        return 0.0
    above = _below_rim(y1, r, low, high) - _below_rim(y0, r, low, high)
    below = _below_rim(-y0, r, low, high) - _below_rim(-y1, r, low, high)
    return max((y0 - y1) * (high - low) + above + below, 0.0)


@kernel
def square_overlap(x0: float, x1: float, y0: float, y1: float, r: float) -> float:
    """Return the area that a rectangle shares with the square of half side r about the origin."""
    wide = min(x1, r) - max(x0, -r)
    tall = min(y1, r) - max(y0, -r)
    return wide * tall if wide > 0.0 and tall > 0.0 else 0.0


@kernel
def _reach(kind: int, x: float, y: float) -> float:
    """Return the size of the disc or square on whose rim a point lies."""
    return math.sqrt(x * x + y * y) if kind == DISC else max(x, y)


@kernel
def area_sums(
    kind: int, value: Array, valid: Array, x: Array, y: Array, step: float, sizes: Array, out: Array
) -> None:
    """Add up valid area, value and squared value over nested discs or squares, exactly at the rim.

    ``sizes`` must rise; ``out`` has shape (3, sizes). A cell wholly inside one size is inside all
    larger ones: it is added once and the sums are accumulated at the end.
    """
    out[:] = 0.0
    rim = np.zeros(out.shape)
    half, cell = 0.5 * step, step * step
    for i in range(y.size):
        for j in range(x.size):
            share = valid[i, j]
            if not share > 0.0:
                continue
            z = value[i, j]
            far = _reach(kind, abs(x[j]) + half, abs(y[i]) + half)
            near = _reach(kind, max(abs(x[j]) - half, 0.0), max(abs(y[i]) - half, 0.0))
            k = int(np.searchsorted(sizes, near))
            while k < sizes.size and sizes[k] < far:
                box = (x[j] - half, x[j] + half, y[i] - half, y[i] + half)
                if kind == DISC:
                    part = disc_overlap(box[0], box[1], box[2], box[3], sizes[k]) * share
                else:
                    part = square_overlap(box[0], box[1], box[2], box[3], sizes[k]) * share
                rim[0, k] += part
                rim[1, k] += part * z
                rim[2, k] += part * z * z
                k += 1
            if k < sizes.size:
                part = cell * share
                out[0, k] += part
                out[1, k] += part * z
                out[2, k] += part * z * z
    for m in range(3):
        total = 0.0
        for k in range(sizes.size):
            total += out[m, k]
            out[m, k] = total + rim[m, k]


@kernel
def fill_coverage(kind: int, x: Array, y: Array, r: float, out: Array) -> None:
    """Fill out with the share of each cell, between edges x and y, inside the disc or square."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            cell = (x[j + 1] - x[j]) * (y[i + 1] - y[i])
            if kind == DISC:
                out[i, j] = disc_overlap(x[j], x[j + 1], y[i], y[i + 1], r) / cell
            else:
                out[i, j] = square_overlap(x[j], x[j + 1], y[i], y[i + 1], r) / cell


@kernel
def bin_lags(
    squares: Array,
    pairs: Array,
    step: float,
    bounds: Array,
    directions: Array,
    tolerance: float,
    out: Array,
) -> None:
    """Sort the sums of each lag vector into distance bins, all directions and each direction.

    ``squares`` and ``pairs`` hold the lags of the half plane: row dy = 0, 1, ... cells north,
    column dx + (columns - 1) / 2. Bins are closed on the right. ``directions`` are azimuths
    [degree] clockwise from north, taken both ways. ``out`` has shape (1 + directions, 3, bins):
    weighted squared differences, weights, weighted distance.
    """
    out[:] = 0.0
    half = (squares.shape[1] - 1) // 2
    for dy in range(squares.shape[0]):
        for column in range(squares.shape[1]):
            dx = column - half
            weight = pairs[dy, column]
            if (dy == 0 and dx <= 0) or not weight > 0.0:
                continue
            h = step * math.sqrt(float(dx * dx + dy * dy))
            k = np.searchsorted(bounds, h) - 1
            if k < 0 or k >= bounds.size - 1:
                continue
            azimuth = math.degrees(math.atan2(float(dx), float(dy)))
            _add(out[0, :, k], squares[dy, column], weight, h)
            for d in range(directions.size):
                turn = abs(azimuth - directions[d]) % 180.0
                if min(turn, 180.0 - turn) <= tolerance:
                    _add(out[1 + d, :, k], squares[dy, column], weight, h)


@kernel
def _add(cell: Array, square: float, weight: float, h: float) -> None:
    cell[0] += square
    cell[1] += weight
    cell[2] += weight * h


@kernel
def structure(kind: int, h: float, a: float) -> float:
    """Return the model's share of the partial sill at lag h; a is the practical range.

    The spherical model reaches the sill at a; the exponential, 1 - exp(-3 h/a), and the Gaussian,
    1 - exp(-3 (h/a)^2), reach 95 % of it there.
    """
    t = h / a
    if kind == SPHERICAL:
        return 1.0 if t >= 1.0 else t * (1.5 - 0.5 * t * t)
    if kind == EXPONENTIAL:
        return 1.0 - math.exp(-3.0 * t)
    return 1.0 - math.exp(-3.0 * t * t)


@kernel
def fill_structure(kind: int, h: Array, a: float, out: Array) -> None:
    """Fill out with the model's share of the partial sill at every lag."""
    for k in range(h.size):
        out[k] = structure(kind, h[k], a)


@kernel
def _solve(kind: int, a: float, h: Array, gamma: Array, weight: Array, out: Array) -> float:
    """Fill out with the best c0, c >= 0 at range a and return the weighted squared error."""
    s0 = s1 = s2 = t0 = t1 = t2 = 0.0
    for k in range(h.size):
        f, w, g = structure(kind, h[k], a), weight[k], gamma[k]
        s0 += w
        s1 += w * f
        s2 += w * f * f
        t0 += w * g
        t1 += w * f * g
        t2 += w * g * g
    determinant = s0 * s2 - s1 * s1
    c0, c = t0 / s0, 0.0
    if determinant > 1e-12 * s0 * s2:
        c0 = (s2 * t0 - s1 * t1) / determinant
        c = (s0 * t1 - s1 * t0) / determinant
    if c < 0.0:
        c0, c = t0 / s0, 0.0
    elif c0 < 0.0:
        c0, c = 0.0, max(t1 / s2, 0.0)
    out[0], out[1] = c0, c
    error = t2 - 2.0 * (c0 * t0 + c * t1) + c0 * c0 * s0 + 2.0 * c0 * c * s1 + c * c * s2
    return float(error)


@kernel
def _error_at(
    kind: int, a: float, h: Array, gamma: Array, weight: Array, fixed: bool, out: Array
) -> float:
    """Return the error at range a with free or fixed c0 and c in out."""
    if not fixed:
        return _solve(kind, a, h, gamma, weight, out)
    error = 0.0
    for k in range(h.size):
        miss = gamma[k] - out[0] - out[1] * structure(kind, h[k], a)
        error += weight[k] * miss * miss
    return error


@kernel
def _best_range(
    kind: int,
    h: Array,
    gamma: Array,
    weight: Array,
    low: float,
    high: float,
    fixed: bool,
    out: Array,
) -> float:
    """Return the range of least error between low and high: a scan, then golden section."""
    count = 160
    ratio = (high / low) ** (1.0 / (count - 1))
    best, place = math.inf, 0
    for i in range(count):
        error = _error_at(kind, low * ratio**i, h, gamma, weight, fixed, out)
        if error < best:
            best, place = error, i
    left, right = low * ratio ** max(place - 1, 0), low * ratio ** min(place + 1, count - 1)
    golden = 0.5 * (math.sqrt(5.0) - 1.0)
    for _ in range(40):
        first, second = right - golden * (right - left), left + golden * (right - left)
        if _error_at(kind, first, h, gamma, weight, fixed, out) <= _error_at(
            kind, second, h, gamma, weight, fixed, out
        ):
            right = second
        else:
            left = first
    return float(0.5 * (left + right))


@kernel
def fit_model(
    kind: int,
    h: Array,
    gamma: Array,
    pairs: Array,
    low: float,
    high: float,
    fixed: bool,
    out: Array,
) -> int:
    """Fit c0, c and a by weighted least squares with the weights of Cressie 1985, N / gamma(h)^2.

    Weights follow the model of the round before; the first round weighs by N. With ``fixed``, c0
    and c are taken from ``out`` and only a is fitted. ``out`` receives c0, c, a and the weighted
    mean squared relative error. Returns 0, or 1 if there are fewer than three lags or no variance.
    """
    if h.size < 3 or not np.max(gamma) > 0.0:
        out[:] = math.nan
        return 1
    weight = pairs.copy()
    floor = 1e-6 * np.max(gamma)
    a = math.nan
    for _ in range(12):
        last = a
        a = _best_range(kind, h, gamma, weight, low, high, fixed, out)
        _error_at(kind, a, h, gamma, weight, fixed, out)
        for k in range(h.size):
            model = max(out[0] + out[1] * structure(kind, h[k], a), floor)
            weight[k] = pairs[k] / (model * model)
        if abs(a - last) <= 1e-9 * a:
            break
    out[2] = a
    out[3] = _error_at(kind, a, h, gamma, weight, True, out) / np.sum(pairs)
    return 0
