"""Compiled loops that fill the days between dated values of a pixel.

Symbols: ``y`` anchors (observed or fused values) with weights ``w`` on days ``t``; ``z`` a smooth
daily series, which minimises sum w (y - z)^2 + lambda sum (second difference of z)^2 (Whittaker
1923; Eilers 2003, doi:10.1021/ac034173t), only to tell anchors that lie far from it; the days
between those that are kept follow a monotone cubic (Fritsch and Carlson 1980, doi:10.1137/0717021,
with the slopes of Fritsch and Butland 1984, doi:10.1137/0905021).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.int8]

ABSENT, OBSERVED, FUSED, INTERPOLATED = range(4)
"""Where the value of a day comes from."""

_PASSES = 3
_LEAST_ANCHORS = 5
_MEDIAN_ABSOLUTE_TO_CUT = 6.0
"""Anchors farther than six median absolute residuals get no weight (Cleveland 1979,
doi:10.1080/01621459.1979.10481038)."""


@kernel
def whittaker(
    days: Integers, values: Floats, weights: Floats, stiffness: float, out: Floats
) -> None:
    """Fill ``out`` (day) with the smooth series through ``values`` on ``days`` (anchor).

    Solves (W + lambda D'D) z = W y by the factors L D L' of the matrix, which has five diagonals.
    """
    n = out.size
    right = np.zeros(n)
    diagonal = np.empty(n)
    first, second = np.zeros(n), np.zeros(n)
    for i in range(n):
        ends = min(i, n - 1 - i)
        main = 1.0 if ends == 0 else (5.0 if ends == 1 else 6.0)
        diagonal[i] = stiffness * main
        if i + 1 < n:
            first[i] = stiffness * (-2.0 if i == 0 or i + 2 == n else -4.0)
        if i + 2 < n:
            second[i] = stiffness
    for k in range(days.size):
        diagonal[days[k]] += weights[k]
        right[days[k]] += weights[k] * values[k]
    for i in range(n):
        # Rows above have been eliminated; scale row i and take it out of the two below.
        c, e = first[i] / diagonal[i], second[i] / diagonal[i]
        if i + 1 < n:
            diagonal[i + 1] -= c * first[i]
            first[i + 1] -= c * second[i]
            right[i + 1] -= c * right[i]
        if i + 2 < n:
            diagonal[i + 2] -= e * second[i]
            right[i + 2] -= e * right[i]
        first[i], second[i] = c, e
    for i in range(n - 1, -1, -1):
        z = right[i] / diagonal[i]
        if i + 1 < n:
            z -= first[i] * out[i + 1]
        if i + 2 < n:
            z -= second[i] * out[i + 2]
        out[i] = z


@kernel
def reject(
    days: Integers, values: Floats, weights: Floats, stiffness: float, least: float, smooth: Floats
) -> None:
    """Set to 0 the weights of anchors that lie far from the smooth series.

    Far: more than six times the median absolute residual, and more than ``least``, for an anchor of
    weight 1/2; twice that for one of weight 1, such as an observed value among fused ones.
    """
    if days.size < _LEAST_ANCHORS:
        return
    given = weights.copy()
    robust = weights.copy()
    residuals = np.empty(days.size)
    for _ in range(_PASSES):
        whittaker(days, values, robust, stiffness, smooth)
        for k in range(days.size):
            residuals[k] = abs(values[k] - smooth[days[k]])
        cut = max(_MEDIAN_ABSOLUTE_TO_CUT * np.median(residuals), least)
        for k in range(days.size):
            share = residuals[k] / (2.0 * given[k] * cut)
            weights[k] = given[k] if share < 1.0 else 0.0
            # Bisquare; the remainder keeps the matrix regular.
            robust[k] = given[k] * max((1.0 - share * share) ** 2 if share < 1.0 else 0.0, 1e-6)


@kernel
def end_slope(near_step: float, far_step: float, near: float, far: float) -> float:
    """Return the slope at an end from the secants of the two nearest intervals."""
    slope = ((2.0 * near_step + far_step) * near - near_step * far) / (near_step + far_step)
    if slope * near <= 0.0:
        return 0.0
    if near * far <= 0.0 and abs(slope) > 3.0 * abs(near):
        return 3.0 * near
    return slope


@kernel
def slopes(days: Floats, values: Floats, out: Floats) -> None:
    """Fill ``out`` with slopes that make the cubic through the points monotone between them."""
    n = days.size
    if n == 1:
        out[0] = 0.0
        return
    if n == 2:
        out[:] = (values[1] - values[0]) / (days[1] - days[0])
        return
    for k in range(1, n - 1):
        before, after = days[k] - days[k - 1], days[k + 1] - days[k]
        left, right = (values[k] - values[k - 1]) / before, (values[k + 1] - values[k]) / after
        if left * right <= 0.0:
            out[k] = 0.0
        else:
            a, b = 2.0 * after + before, after + 2.0 * before
            out[k] = (a + b) / (a / left + b / right)
    h0, h1 = days[1] - days[0], days[2] - days[1]
    out[0] = end_slope(h0, h1, (values[1] - values[0]) / h0, (values[2] - values[1]) / h1)
    h0, h1 = days[n - 1] - days[n - 2], days[n - 2] - days[n - 3]
    last, before = (values[n - 1] - values[n - 2]) / h0, (values[n - 2] - values[n - 3]) / h1
    out[n - 1] = end_slope(h0, h1, last, before)


@kernel
def fill_pixel(
    days: Integers, values: Floats, weights: Floats, observed: Codes, longest_gap: int,
    stiffness: float, least: float, series: Floats, origin: Codes, smooth: Floats,
) -> int:  # fmt: skip
    """Fill the days of one pixel; return how many anchors were rejected.

    Days farther apart than ``longest_gap`` are not bridged, and none lies outside the anchors.
    """
    there = np.isfinite(values)
    t, y, w, seen = days[there], values[there], weights[there], observed[there]
    series[:], origin[:] = np.nan, ABSENT
    if t.size == 0:
        return 0
    reject(t, y, w, stiffness, least, smooth)
    kept = w > 0.0
    rejected = t.size - int(kept.sum())
    t, y, seen = t[kept], y[kept], seen[kept]
    if t.size == 0:
        return rejected
    x = t.astype(np.float64)
    m = np.empty(t.size)
    slopes(x, y, m)
    for k in range(t.size):
        series[t[k]] = y[k]
        origin[t[k]] = OBSERVED if seen[k] else FUSED
        if k + 1 == t.size or t[k + 1] - t[k] > longest_gap:
            continue
        step = x[k + 1] - x[k]
        for day in range(t[k] + 1, t[k + 1]):
            s = (day - x[k]) / step
            series[day] = (
                (1.0 + 2.0 * s) * (1.0 - s) ** 2 * y[k]
                + s * (1.0 - s) ** 2 * step * m[k]
                + s * s * (3.0 - 2.0 * s) * y[k + 1]
                + s * s * (s - 1.0) * step * m[k + 1]
            )
            origin[day] = INTERPOLATED
    return rejected


@kernel
def fill_rows(
    days: Integers, values: Floats, weights: Floats, observed: Codes, longest_gap: int,
    stiffness: float, least: float, series: NDArray[np.float32], origin: Codes,
    rejected: Integers,
) -> None:  # fmt: skip
    """Fill (day, pixel) of many pixels.

    ``days`` (anchor) increase; ``values``, ``weights`` (anchor, pixel), NaN where there is none;
    ``observed`` (anchor, pixel); ``rejected`` (pixel).
    """
    count = series.shape[0]
    line, smooth = np.empty(count), np.empty(count)
    codes = np.empty(count, dtype=np.int8)
    for p in range(values.shape[1]):
        rejected[p] = fill_pixel(
            days, values[:, p].copy(), weights[:, p].copy(), observed[:, p].copy(), longest_gap,
            stiffness, least, line, codes, smooth,
        )  # fmt: skip
        for day in range(count):
            series[day, p] = line[day]
            origin[day, p] = codes[day]
