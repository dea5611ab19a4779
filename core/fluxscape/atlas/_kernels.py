"""Kernels of the trend statistics: Mann-Kendall's S and its variance, Theil-Sen's slope.

Symbols: ``x`` values and ``t`` times of one series, ``n`` its length, ``S`` Kendall's statistic,
``z`` its standard score, ``r1`` the lag-1 autocorrelation.

S and its variance with ties: Kendall 1975, *Rank Correlation Methods*, 4th ed., as Gilbert 1987,
*Statistical Methods for Environmental Pollution Monitoring*, eqs 16.2 to 16.5. Slope: Sen 1968,
doi:10.1080/01621459.1968.10480934. Pre-whitening: von Storch 1995,
doi:10.1007/978-3-662-03167-4_2; freed from the trend first: Wang and Swail 2001,
doi:10.1175/1520-0442(2001)014<2204:COEWHI>2.0.CO;2.

A row of ``out`` holds the columns numbered by the constants below.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel, parallel_kernel, prange

Floats = npt.NDArray[np.float64]

SLOPE = 0
INTERCEPT = 1
S = 2
VARIANCE = 3
Z = 4
P_VALUE = 5
TAU = 6
COUNT = 7
COLUMNS = 8

MANN_KENDALL = 0
PREWHITENED = 1
WANG_SWAIL = 2

_BLOCK = 256
"""Rows that share one set of work buffers in the parallel loop."""

_SMALL = 24
"""Below this length a straight insertion sort beats another partition."""

_LEAST_MEMORY = 0.05
"""Autocorrelation below which a series is left as it is, Wang and Swail 2001, appendix A."""

_LARGEST_MEMORY = 0.95
_STANDS_STILL = 1e-4
_MOST_TURNS = 20

_STEP_TOLERANCE = 0.25
"""Neighbours are one step apart within this share of it, so that months of 28 to 31 days are."""


@kernel
def _middle_pair(values: Floats, low: Floats, high: Floats, scratch: Floats) -> tuple[float, float]:
    """Return the two middle order statistics of ``values``; equal where the count is odd.

    Quickselect whose partition copies instead of swapping: the two counters advance by the result
    of a comparison, so the processor has no branch to guess, which on half-random slopes is worth
    a factor of two. ``values``, ``low`` and ``high`` are overwritten.
    """
    count = values.size
    rank = (count - 1) // 2
    second = rank + 1 - count % 2
    source, below_buffer, above_buffer = values, low, high
    size = count
    while size > _SMALL:
        pivot = _pivot(source, size, scratch)
        below = 0
        above = 0
        for i in range(size):
            value = source[i]
            below_buffer[below] = value
            above_buffer[above] = value
            below += value < pivot
            above += value > pivot
        equal = size - below - above
        if second < below:
            source, below_buffer = below_buffer, source
            size = below
        elif rank >= below + equal:
            source, above_buffer = above_buffer, source
            size = above
            rank -= below + equal
            second -= below + equal
        elif rank >= below and second < below + equal:
            return pivot, pivot
        elif rank < below:
            # The pair straddles the cut: largest below, and the pivot itself.
            return np.max(below_buffer[:below]), pivot
        else:
            return pivot, np.min(above_buffer[:above])
    _insertion_sort(source, size)
    return source[rank], source[second]


@kernel
def _pivot(values: Floats, size: int, scratch: Floats) -> float:
    """Return the median of a small even sample of ``values``."""
    sample = 5 if size < 128 else 15
    step = size // sample
    for i in range(sample):
        scratch[i] = values[i * step + step // 2]
    _insertion_sort(scratch, sample)
    middle: float = scratch[sample // 2]
    return middle


@kernel
def _insertion_sort(values: Floats, size: int) -> None:
    """Sort the first ``size`` values in place."""
    for i in range(1, size):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value


@kernel
def middle(values: Floats, low: Floats, high: Floats, scratch: Floats) -> float:
    """Return the median; ``values`` and the buffers are overwritten."""
    first, second = _middle_pair(values, low, high, scratch)
    return first if first == second else 0.5 * (first + second)


@kernel
def _pairs(x: Floats, t: Floats, slopes: Floats) -> tuple[int, int]:
    """Fill ``slopes`` with those of all pairs and return S and the number of tied pairs.

    ``t`` increases strictly. Lag by lag, so that the inner loop runs over contiguous memory.
    """
    n = x.size
    rising = 0
    falling = 0
    k = 0
    for lag in range(1, n):
        for i in range(n - lag):
            rise = x[i + lag] - x[i]
            rising += rise > 0.0
            falling += rise < 0.0
            slopes[k + i] = rise / (t[i + lag] - t[i])
        k += n - lag
    return rising - falling, k - rising - falling


@kernel
def tie_term(x: Floats) -> int:
    """Return the sum of t (t - 1) (2 t + 5) over the groups of t equal values.

    Each of the t members of a group adds (t - 1) (2 t + 5).
    """
    total = 0
    for i in range(x.size):
        equal = 0
        for j in range(x.size):
            equal += x[i] == x[j]
        total += (equal - 1) * (2 * equal + 5)
    return total


@kernel
def two_sided_p(z: float) -> float:
    """Return the two-sided p-value of a standard normal score."""
    return math.erfc(abs(z) / math.sqrt(2.0))


@kernel
def standard_score(s: float, variance: float) -> float:
    """Return z of S with the continuity correction, Gilbert 1987 eq. 16.5; 0 where S is 0."""
    if s == 0 or variance <= 0.0:
        return 0.0
    return (s - 1.0 if s > 0 else s + 1.0) / math.sqrt(variance)


@kernel
def statistics(x: Floats, t: Floats, buffers: Floats, out: Floats) -> None:
    """Write the statistics of one complete series; ``t`` increases strictly."""
    n = x.size
    pairs = n * (n - 1) // 2
    slopes, low, high, scratch = buffers[0], buffers[1], buffers[2], buffers[3]
    s, tied = _pairs(x, t, slopes)
    ties = tie_term(x) if tied > 0 else 0
    variance = (n * (n - 1) * (2 * n + 5) - ties) / 18.0
    slope = middle(slopes[:pairs], low, high, scratch)
    # Conover's intercept through the medians, at the first time of the whole record.
    slopes[:n] = x
    middle_x = middle(slopes[:n], low, high, scratch)
    slopes[:n] = t
    middle_t = middle(slopes[:n], low, high, scratch)
    z = standard_score(s, variance)
    out[SLOPE] = slope
    out[INTERCEPT] = middle_x - slope * middle_t
    out[S] = s
    out[VARIANCE] = variance
    out[Z] = z
    out[P_VALUE] = two_sided_p(z)
    out[TAU] = s / pairs
    out[COUNT] = n


@kernel
def keep_finite(x: Floats, t: Floats, kept_x: Floats, kept_t: Floats) -> int:
    """Copy the members that are no NaN and return their number; true times stay with them."""
    n = 0
    for i in range(x.size):
        if not math.isnan(x[i]):
            kept_x[n] = x[i]
            kept_t[n] = t[i]
            n += 1
    return n


@kernel
def _trend_row(
    x: Floats, t: Floats, minimum: int, kept: Floats, buffers: Floats, out: Floats
) -> None:
    """Write the statistics of one series that may have gaps; NaN where too few values stand."""
    n = keep_finite(x, t, kept[0], kept[1])
    if n < minimum:
        out[:] = np.nan
        out[COUNT] = n
        return
    statistics(kept[0, :n], kept[1, :n], buffers, out)


@kernel
def lag_one_autocorrelation(x: Floats, t: Floats, step: float) -> float:
    """Return r1 of a series with gaps; 0 where it has no variance.

    Sum of products of neighbours exactly one ``step`` apart over the sum of squares, as Box and
    Jenkins estimate it, so that |r1| < 1.
    """
    n = x.size
    mean = 0.0
    for i in range(n):
        mean += x[i]
    mean /= n
    squares = 0.0
    products = 0.0
    for i in range(n):
        squares += (x[i] - mean) ** 2
        if i > 0 and abs(t[i] - t[i - 1] - step) < _STEP_TOLERANCE * step:
            products += (x[i] - mean) * (x[i - 1] - mean)
    return products / squares if squares > 0.0 else 0.0


@kernel
def _whiten(
    x: Floats, t: Floats, step: float, r1: float, scale: float, whitened: Floats, times: Floats
) -> int:
    """Fill x'(t) = scale (x(t) - r1 x(t - 1)) and its times; return how many there are.

    Only values with a predecessor exactly one step before have an x'.
    """
    m = 0
    for i in range(1, x.size):
        if abs(t[i] - t[i - 1] - step) < _STEP_TOLERANCE * step:
            whitened[m] = scale * (x[i] - r1 * x[i - 1])
            times[m] = t[i]
            m += 1
    return m


@kernel
def trend_free_autocorrelation(
    x: Floats, t: Floats, step: float, slope: float, kept: Floats, buffers: Floats
) -> float:
    """Return r1 of a series freed from its trend, after Wang and Swail 2001, appendix A.

    The slope and r1 of what remains when it is taken away are found in turns until r1 stands
    still. A short series shows less memory than it has; the bias -(1 + 4 r1) / n (Kendall 1954,
    doi:10.1093/biomet/41.3-4.403) is added back. Below 0.05 there is nothing to remove: 0.
    """
    n = x.size
    rest, whitened, times = kept[2], kept[3], kept[4]
    r1 = 0.0
    for _ in range(_MOST_TURNS):
        for i in range(n):
            rest[i] = x[i] - slope * t[i]
        before = r1
        r1 = lag_one_autocorrelation(rest[:n], t, step)
        r1 = min(r1 + (1.0 + 4.0 * r1) / n, _LARGEST_MEMORY)
        if r1 < _LEAST_MEMORY:
            return 0.0
        if abs(r1 - before) < _STANDS_STILL:
            return r1
        m = _whiten(x, t, step, r1, 1.0 / (1.0 - r1), whitened, times)
        if m < 3:
            return r1
        _pairs(whitened[:m], times[:m], buffers[0])
        slope = middle(buffers[0, : m * (m - 1) // 2], buffers[1], buffers[2], buffers[3])
    return r1


@kernel
def _whitened_row(
    x: Floats,
    t: Floats,
    step: float,
    minimum: int,
    method: int,
    kept: Floats,
    buffers: Floats,
    out: Floats,
) -> None:
    """Write the slope of the series itself and the test of the series freed from its memory."""
    _trend_row(x, t, minimum, kept, buffers, out)
    n = int(out[COUNT])
    if n < minimum:
        return
    slope, intercept = out[SLOPE], out[INTERCEPT]
    known, times = kept[0, :n], kept[1, :n]
    if method == WANG_SWAIL:
        r1 = trend_free_autocorrelation(known, times, step, slope, kept, buffers)
        if r1 == 0.0:
            return
    else:
        r1 = lag_one_autocorrelation(known, times, step)
    m = _whiten(known, times, step, r1, 1.0, kept[3], kept[4])
    if m < max(2, minimum - 1):
        out[S:COUNT] = np.nan
        return
    statistics(kept[3, :m], kept[4, :m], buffers, out)
    out[SLOPE], out[INTERCEPT], out[COUNT] = slope, intercept, n


@kernel
def kendall_s(x: Floats, t: Floats) -> int:
    """Return S of pairs at different times; ``t`` never decreases but may repeat."""
    total = 0
    for i in range(x.size):
        for j in range(i):
            if t[i] > t[j]:
                total += x[i] > x[j]
                total -= x[i] < x[j]
    return total


@kernel
def trend_block(
    rows: Floats, times: Floats, step: float, minimum: int, method: int, out: Floats
) -> None:
    """Loop over rows with one set of buffers; ``step`` is used by whitening only."""
    n = times.size
    buffers = np.empty((4, max(16, n * (n - 1) // 2)))
    kept = np.empty((5, n))
    for i in range(rows.shape[0]):
        if method == MANN_KENDALL:
            _trend_row(rows[i], times, minimum, kept, buffers, out[i])
        else:
            _whitened_row(rows[i], times, step, minimum, method, kept, buffers, out[i])


@parallel_kernel
def trend_rows(
    rows: Floats, times: Floats, step: float, minimum: int, method: int, out: Floats
) -> None:
    """Fill ``out`` (rows, COLUMNS) from ``rows`` (rows, time) block by block on all threads."""
    blocks = (rows.shape[0] + _BLOCK - 1) // _BLOCK
    for block in prange(blocks):
        first = block * _BLOCK
        last = min(first + _BLOCK, rows.shape[0])
        trend_block(rows[first:last], times, step, minimum, method, out[first:last])
