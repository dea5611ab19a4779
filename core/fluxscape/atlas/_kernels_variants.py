"""Kernels of further trend tests: Hamed and Rao's variance, trend-free pre-whitening, seasons.

Symbols as in :mod:`fluxscape.atlas._kernels`; ``rho`` is the autocorrelation of ranks. Hamed and
Rao 1998, doi:10.1016/S0022-1694(97)00125-X. Yue et al. 2002, doi:10.1002/hyp.1095. Hirsch et al.
1982, doi:10.1029/WR018i001p00107. A row of ``out`` holds the columns of ``_kernels``.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel, parallel_kernel, prange
from fluxscape.atlas._kernels import (
    COUNT,
    INTERCEPT,
    P_VALUE,
    SLOPE,
    TAU,
    VARIANCE,
    S,
    Z,
    keep_finite,
    kendall_s,
    lag_one_autocorrelation,
    middle,
    standard_score,
    statistics,
    tie_term,
    two_sided_p,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HAMED_RAO = 3
TREND_FREE = 4

_ROUNDING = 1e-10
"""Share of the range within which residuals are equal."""

_NORMAL_975 = 1.959963984540054


@kernel
def _ranks(x: Floats, out: Floats) -> None:
    """Write ranks from 1; equal values share their mean rank.

    Where the Sen slope is that of one pair, both have the same residual but for rounding.
    """
    near = _ROUNDING * (np.max(x) - np.min(x))
    for i in range(x.size):
        below = 0.0
        equal = 0.0
        for j in range(x.size):
            below += x[j] < x[i] - near
            equal += abs(x[j] - x[i]) <= near
        out[i] = below + 0.5 * (equal + 1.0)


@kernel
def rank_inflation(rest: Floats, ranks: Floats) -> float:
    """Return n / n* of a series without its trend, Hamed and Rao 1998, eq. 8.

    1 + 2 / (n (n-1) (n-2)) sum (n-i) (n-i-1) (n-i-2) rho(i) over the lags i whose rho is
    significant at 5 %. Large negative rho can make it negative, which no variance is: then 1.
    """
    n = rest.size
    _ranks(rest, ranks)
    mean = 0.5 * (n + 1.0)
    squares = 0.0
    for i in range(n):
        squares += (ranks[i] - mean) ** 2
    if squares <= 0.0:
        return 1.0
    bound = _NORMAL_975 / math.sqrt(n)
    total = 0.0
    for lag in range(1, n):
        products = 0.0
        for i in range(n - lag):
            products += (ranks[i] - mean) * (ranks[i + lag] - mean)
        rho = products / squares
        if abs(rho) > bound:
            total += (n - lag) * (n - lag - 1.0) * (n - lag - 2.0) * rho
    factor = 1.0 + 2.0 / (n * (n - 1.0) * (n - 2.0)) * total
    return factor if factor > 0.0 else 1.0


@kernel
def variant_row(
    x: Floats,
    t: Floats,
    step: float,
    minimum: int,
    method: int,
    kept: Floats,
    buffers: Floats,
    out: Floats,
) -> None:
    """Write the slope of the series and the test of one of the two variants."""
    n = keep_finite(x, t, kept[0], kept[1])
    if n < minimum:
        out[:] = np.nan
        out[COUNT] = n
        return
    known, times = kept[0, :n], kept[1, :n]
    statistics(known, times, buffers, out)
    slope, intercept = out[SLOPE], out[INTERCEPT]
    rest = kept[2, :n]
    for i in range(n):
        rest[i] = known[i] - slope * times[i]
    if method == HAMED_RAO:
        out[VARIANCE] *= rank_inflation(rest, kept[3, :n])
        out[Z] = standard_score(out[S], out[VARIANCE])
        out[P_VALUE] = two_sided_p(out[Z])
        return
    r1 = lag_one_autocorrelation(rest, times, step)
    m = 0
    for i in range(1, n):
        if abs(times[i] - times[i - 1] - step) < 0.25 * step:
            kept[3, m] = rest[i] - r1 * rest[i - 1] + slope * times[i]
            kept[4, m] = times[i]
            m += 1
    if m < max(2, minimum - 1):
        out[S:COUNT] = np.nan
        return
    statistics(kept[3, :m], kept[4, :m], buffers, out)
    out[SLOPE], out[INTERCEPT], out[COUNT] = slope, intercept, n


@parallel_kernel
def variant_rows(
    rows: Floats, times: Floats, step: float, minimum: int, method: int, out: Floats
) -> None:
    """Fill ``out`` (rows, COLUMNS) from ``rows`` (rows, time)."""
    n = times.size
    for i in prange(rows.shape[0]):
        buffers = np.empty((4, max(16, n * (n - 1) // 2)))
        variant_row(rows[i], times, step, minimum, method, np.empty((5, n)), buffers, out[i])


@kernel
def seasonal_row(
    x: Floats, t: Floats, season: Ints, seasons: int, minimum: int, buffers: Floats, out: Floats
) -> None:
    """Write the test of values that are compared within their season only.

    S and its variance are the sums over seasons, Hirsch et al. 1982, eqs 5 and 6; the slope is the
    median of all slopes within seasons. ``t`` is in years; a season needs two values.
    """
    n = x.size
    known, times = np.empty(n), np.empty(n)
    s = 0.0
    variance = 0.0
    pairs = 0
    used = 0
    possible = 0.0
    for number in range(seasons):
        m = 0
        for i in range(n):
            if season[i] == number and not math.isnan(x[i]):
                known[m] = x[i]
                times[m] = t[i]
                m += 1
        if m < 2:
            continue
        used += m
        possible += 0.5 * m * (m - 1)
        s += kendall_s(known[:m], times[:m])
        variance += (m * (m - 1) * (2 * m + 5) - tie_term(known[:m])) / 18.0
        for i in range(m):
            for j in range(i):
                buffers[0, pairs] = (known[i] - known[j]) / (times[i] - times[j])
                pairs += 1
    out[:] = np.nan
    out[COUNT] = used
    if used < minimum or pairs == 0:
        return
    out[SLOPE] = middle(buffers[0, :pairs], buffers[1], buffers[2], buffers[3])
    out[S] = s
    out[VARIANCE] = variance
    out[Z] = standard_score(s, variance)
    out[P_VALUE] = two_sided_p(out[Z])
    out[TAU] = s / possible


@parallel_kernel
def seasonal_rows(
    rows: Floats, times: Floats, season: Ints, seasons: int, minimum: int, out: Floats
) -> None:
    """Fill ``out`` (rows, COLUMNS) from ``rows`` (rows, time); the intercept stays NaN."""
    n = times.size
    most = 0
    for number in range(seasons):
        m = 0
        for i in range(n):
            m += season[i] == number
        most += m * (m - 1) // 2
    for i in prange(rows.shape[0]):
        buffers = np.empty((4, max(16, most)))
        seasonal_row(rows[i], times, season, seasons, minimum, buffers, out[i])
