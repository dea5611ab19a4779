"""Kernels of changes at a moment: Pettitt's statistic and a broken line.

Symbols: ``x`` values and ``t`` times of one series, ``n`` its length, ``K`` Pettitt's statistic.
Pettitt 1979, doi:10.2307/2346729.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel, parallel_kernel, prange

Floats = npt.NDArray[np.float64]

K = 0
CHANGE = 1
P_VALUE = 2
BEFORE = 3
AFTER = 4
COUNT = 5
COLUMNS = 6


@kernel
def _mean_rank(x: Floats, value: float) -> float:
    """Return the rank of a value among others; ties share their mean rank."""
    below = 0.0
    equal = 0.0
    for j in range(x.size):
        below += x[j] < value
        equal += x[j] == value
    return below + 0.5 * (equal + 1.0)


@kernel
def pettitt_row(x: Floats, minimum: int, kept: Floats, place: Floats, out: Floats) -> None:
    """Write K, the last index before the change, p, and the means before and after it.

    U_k = 2 sum of the first k ranks - k (n + 1), K = max |U_k|,
    p = 2 exp(-6 K^2 / (n^3 + n^2)), bounded by 1 (Pettitt 1979; good for p to 0.5). Gaps are left
    out; ``kept`` and ``place`` are overwritten.
    """
    n = 0
    for i in range(x.size):
        if not math.isnan(x[i]):
            kept[n] = x[i]
            place[n] = i
            n += 1
    out[:] = np.nan
    out[COUNT] = n
    if n < minimum:
        return
    values = kept[:n]
    total = 0.0
    largest = -1.0
    change = 0
    for i in range(n - 1):
        total += _mean_rank(values, values[i])
        size = abs(2.0 * total - (i + 1) * (n + 1.0))
        if size > largest:
            largest = size
            change = i
    out[K] = largest
    out[CHANGE] = place[change]
    out[P_VALUE] = min(2.0 * math.exp(-6.0 * largest * largest / (n * n * n + n * n)), 1.0)
    out[BEFORE] = np.mean(values[: change + 1])
    out[AFTER] = np.mean(values[change + 1 :])


@parallel_kernel
def pettitt_rows(rows: Floats, minimum: int, out: Floats) -> None:
    """Fill ``out`` (rows, COLUMNS) from ``rows`` (rows, time)."""
    for i in prange(rows.shape[0]):
        n = rows.shape[1]
        pettitt_row(rows[i], minimum, np.empty(n), np.empty(n), out[i])


@kernel
def broken_line(x: Floats, t: Floats, knot: float) -> float:
    """Return the sum of squares that a + b t + c max(t - knot, 0) leaves; least squares."""
    a = np.zeros((3, 3))
    b = np.zeros(3)
    squares = 0.0
    row = np.empty(3)
    for i in range(x.size):
        row[0] = 1.0
        row[1] = t[i] - t[0]
        row[2] = max(t[i] - knot, 0.0)
        for j in range(3):
            b[j] += row[j] * x[i]
            for k in range(3):
                a[j, k] += row[j] * row[k]
        squares += x[i] * x[i]
    found = np.linalg.solve(a, b)
    rest: float = squares - found[0] * b[0] - found[1] * b[1] - found[2] * b[2]
    return rest


@kernel
def best_break(x: Floats, t: Floats, margin: int) -> tuple[int, float, float]:
    """Return the index of the best knot, its sum of squares and that of a straight line.

    Knots are the times from ``margin`` to ``n - 1 - margin``.
    """
    n = x.size
    mean_t = np.mean(t)
    mean_x = np.mean(x)
    slope = np.sum((t - mean_t) * (x - mean_x)) / np.sum((t - mean_t) ** 2)
    straight = np.sum((x - mean_x - slope * (t - mean_t)) ** 2)
    best = -1
    least = np.inf
    for i in range(margin, n - margin):
        # Centred values keep the sums of squares well away from cancellation.
        rest = broken_line(x - mean_x, t, t[i])
        if rest < least:
            least = rest
            best = i
    return best, max(least, 0.0), straight
