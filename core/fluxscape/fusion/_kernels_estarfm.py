"""Compiled loops of ESTARFM and of its unbiased variant.

Zhu et al. 2010, doi:10.1016/j.rse.2010.05.032; Yu et al. 2023, doi:10.1016/j.rse.2023.113784.

Symbols: ``F_k`` and ``C_k`` fine and coarse images of the two pairs k = 1, 2, ``P`` coarse image of
the wanted date, all (band, y, x) on the fine grid; ``w`` width of the window.

Pixels i of the window are similar to its centre c if |F_k(i) - F_k(c)| <= 2 s_k / m in every band
of both pairs (s_k standard deviation of the image, m number of classes). With

    R_i   correlation of fine and coarse values over bands and pairs,
    D_i = (1 - R_i) (1 + d_i / (w / 2)),   W_i = (1 / D_i) / sum (1 / D),
    V     slope of fine on coarse values over similar pixels of both pairs,

each pair predicts F_k(c) + V sum W_i (P(i) - C_k(i)), and the two are weighted by the inverse of
the mean change |mean (P - C_k)| of the window. Unbiased: F_k(c) is first moved by the mean of
C_k - F_k over similar pixels, and V = 1.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]

SIMILAR, ONE_PAIR, ALONE, MISSING = range(4)
"""Status of a prediction: by similar pixels; coarse change added to the one pair that there is;
mean coarse change of the window, for want of similar pixels; missing."""

_LEAST_DISTANCE = 1e-7
"""Added to D, so that pixels of perfect correlation share the weight evenly."""

_N, _C, _F, _CC, _CF, _FF, _LOW, _HIGH = range(8)
"""Sums of the regression of fine on coarse values, and the range of the coarse values."""


@kernel
def agreement(fine: Floats, coarse: Floats, out: Floats) -> None:
    """Fill ``out`` (y, x) with R of each pixel; ``fine`` and ``coarse`` are (pair, band, y, x).

    Two numbers, those of a single band, always correlate by 1 or -1: for one band
    R = 1 - sum |F_k - C_k| / |F_k + C_k| / 2, one half if that leaves -1 to 1. A pixel whose values
    do not vary over bands and pairs has R = 1 / 2 as well. NaN where an image is missing.
    """
    pairs, bands, rows, columns = fine.shape
    n = pairs * bands
    for i in range(rows):
        for j in range(columns):
            f, c, apart = 0.0, 0.0, 0.0
            for k in range(pairs):
                for b in range(bands):
                    f += fine[k, b, i, j]
                    c += coarse[k, b, i, j]
                    gap = abs(fine[k, b, i, j] - coarse[k, b, i, j])
                    if gap > 0.0:
                        apart += gap / abs(fine[k, b, i, j] + coarse[k, b, i, j])
            if not math.isfinite(f + c):
                out[i, j] = np.nan
                continue
            if bands == 1:
                r = 1.0 - 0.5 * apart
            else:
                ff, cc, fc = 0.0, 0.0, 0.0
                for k in range(pairs):
                    for b in range(bands):
                        x = fine[k, b, i, j] - f / n
                        y = coarse[k, b, i, j] - c / n
                        ff += x * x
                        cc += y * y
                        fc += x * y
                r = fc / math.sqrt(ff * cc) if ff * cc > 0.0 else 0.5
            out[i, j] = min(r, 1.0) if r >= -1.0 else 0.5


@kernel
def slope(sums: Floats, critical: Floats, least_range: float, largest: float) -> float:
    """Return V, or 1 where the regression does not carry it.

    It does if the coarse values span ``least_range``, the slope differs from 0 (two-sided t test;
    ``critical`` holds the limits of |t| by degrees of freedom) and lies between 0 and ``largest``.
    """
    n = sums[_N]
    degrees = int(n) - 2
    if degrees < 1 or sums[_HIGH] - sums[_LOW] < least_range:
        return 1.0
    xx = sums[_CC] - sums[_C] * sums[_C] / n
    xy = sums[_CF] - sums[_C] * sums[_F] / n
    yy = sums[_FF] - sums[_F] * sums[_F] / n
    if not xx > 0.0:
        return 1.0
    found = xy / xx
    error = math.sqrt(max(yy - found * xy, 0.0) / degrees / xx)
    if not 0.0 < found <= largest or found < critical[degrees] * error:
        return 1.0
    return float(found)


@kernel
def is_similar(fine: Floats, limits: Floats, i: int, j: int, row: int, column: int) -> bool:
    """Return whether pixel (i, j) is like (row, column) in all bands of both pairs."""
    for k in range(fine.shape[0]):
        for b in range(fine.shape[1]):
            if not abs(fine[k, b, i, j] - fine[k, b, row, column]) <= limits[k, b]:
                return False
    return True


@kernel
def add_pixel(
    fine: Floats, coarse: Floats, wanted: Floats, place: tuple[int, int, int, int],
    share: float, regression: Floats, change: Floats, offset: Floats,
) -> None:  # fmt: skip
    """Add a similar pixel: to the sums of the regression, weighted change and fine less coarse.

    Sums are of deviations from the centre's values, which keeps their digits.
    """
    i, j, row, column = place
    for b in range(fine.shape[1]):
        # Both pairs at once: each sum is then loaded and stored once.
        c0, c1 = coarse[0, b, i, j], coarse[1, b, i, j]
        f0, f1 = fine[0, b, i, j], fine[1, b, i, j]
        offset[0, b] += c0 - f0
        offset[1, b] += c1 - f1
        change[0, b] += share * (wanted[b, i, j] - c0)
        change[1, b] += share * (wanted[b, i, j] - c1)
        origin, fine_origin = coarse[0, b, row, column], fine[0, b, row, column]
        c0, c1, f0, f1 = c0 - origin, c1 - origin, f0 - fine_origin, f1 - fine_origin
        sums = regression[b]
        sums[_N] += 2.0
        sums[_C] += c0 + c1
        sums[_F] += f0 + f1
        sums[_CC] += c0 * c0 + c1 * c1
        sums[_CF] += c0 * f0 + c1 * f1
        sums[_FF] += f0 * f0 + f1 * f1
        sums[_LOW] = min(sums[_LOW], c0, c1)
        sums[_HIGH] = max(sums[_HIGH], c0, c1)


@kernel
def temporal_weight(first: float, second: float) -> float:
    """Return the weight of the first pair from the windows' mean changes; no change takes all."""
    a, b = abs(first), abs(second)
    return 0.5 if a + b == 0.0 else b / (a + b)


@kernel
def from_one_pair(
    fine: Floats, coarse: Floats, wanted: Floats, row: int, column: int, out: Floats
) -> bool:
    """Fill ``out`` (band) with F + P - C of a pair that has them; return whether there is one."""
    for k in range(fine.shape[0]):
        complete = True
        for b in range(fine.shape[1]):
            out[b] = fine[k, b, row, column] + (wanted[b, row, column] - coarse[k, b, row, column])
            complete = complete and math.isfinite(out[b])
        if complete:
            return True
    out[:] = np.nan
    return False


@kernel
def likeness_rows(fine: Floats, coarse: Floats, wanted: Floats, out: Floats) -> None:
    """Fill ``out`` (y, x) with R, NaN where any image of any date is missing."""
    agreement(fine, coarse, out)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for b in range(wanted.shape[0]):
                if not math.isfinite(wanted[b, i, j]):
                    out[i, j] = np.nan


@kernel
def distances(half: int) -> Floats:
    """Return 1 + d / (w / 2) over the window, shape (w, w)."""
    width = 2 * half + 1
    out = np.empty((width, width))
    for i in range(width):
        for j in range(width):
            out[i, j] = 1.0 + math.hypot(i - half, j - half) / (half + 0.5)
    return out


@kernel
def window_changes(
    coarse: Floats, wanted: Floats, likeness: Floats, half: int, row: int, out: Floats
) -> None:
    """Fill ``out`` (pair band + 1, x): sums of P - C_k over the window, and its valid pixels.

    Sums are taken anew for every pixel of the row, first along columns, then along the row.
    """
    pairs, bands, rows, columns = coarse.shape
    sums = np.zeros((pairs * bands + 1, columns))
    for i in range(max(0, row - half), min(rows, row + half + 1)):
        for j in range(columns):
            if math.isnan(likeness[i, j]):
                continue
            sums[pairs * bands, j] += 1.0
            for k in range(pairs):
                for b in range(bands):
                    sums[k * bands + b, j] += wanted[b, i, j] - coarse[k, b, i, j]
    for n in range(out.shape[0]):
        for x in range(columns):
            total = 0.0
            for j in range(max(0, x - half), min(columns, x + half + 1)):
                total += sums[n, j]
            out[n, x] = total


@kernel
def gather(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    likeness: Floats,
    limits: Floats,
    apart: Floats,
    row: int,
    column: int,
    regression: Floats,
    sums: Floats,
) -> tuple[float, float]:
    """Add up the similar pixels around a pixel; return their number and the sum of 1 / D.

    ``apart`` as :func:`distances` gives it; ``sums`` (2, pair, band): weighted change, and offset.
    """
    rows, columns = likeness.shape
    half = apart.shape[0] // 2
    regression[:] = 0.0
    sums[:] = 0.0
    similar, total = 0.0, 0.0
    for i in range(max(0, row - half), min(rows, row + half + 1)):
        for j in range(max(0, column - half), min(columns, column + half + 1)):
            r = likeness[i, j]
            if math.isnan(r) or not is_similar(fine, limits, i, j, row, column):
                continue
            distance = apart[i - row + half, j - column + half]
            share = 1.0 / ((1.0 - r) * distance + _LEAST_DISTANCE)
            total += share
            similar += 1.0
            place = (i, j, row, column)
            add_pixel(fine, coarse, wanted, place, share, regression, sums[0], sums[1])
    return similar, total


@kernel
def predict_rows(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    limits: Floats,
    ranges: Floats,
    critical: Floats,
    half: int,
    least_similar: float,
    largest_slope: float,
    unbiased: bool,
    first: int,
    last: int,
    value: Floats,
    count: Floats,
    status: Codes,
) -> None:
    """Predict the rows first..last.

    ``fine``, ``coarse`` (pair, band, y, x); ``wanted`` (band, y, x); ``limits`` (pair, band) of
    similarity; ``ranges`` (band), least range of coarse values in the regression; ``critical``
    limits of |t|. ``value`` (band, last - first, x); ``count``, ``status`` (last - first, x).
    """
    bands, rows, columns = wanted.shape
    above, below = max(0, first - half), min(rows, last + half)
    f, c, p = fine[:, :, above:below], coarse[:, :, above:below], wanted[:, above:below]
    likeness = np.empty((below - above, columns))
    likeness_rows(f, c, p, likeness)
    regression, sums = np.empty((bands, 8)), np.empty((2, 2, bands))
    apart, around = distances(half), np.empty((2 * bands + 1, columns))
    for row in range(first, last):
        own, out = row - above, row - first
        window_changes(c, p, likeness, half, own, around)
        for column in range(columns):
            count[out, column] = 0.0
            if math.isnan(likeness[own, column]):
                there = from_one_pair(f, c, p, own, column, value[:, out, column])
                status[out, column] = ONE_PAIR if there else MISSING
                continue
            similar, total = gather(f, c, p, likeness, limits, apart, own, column, regression, sums)
            count[out, column] = similar
            enough = similar > least_similar
            status[out, column] = SIMILAR if enough else ALONE
            for b in range(bands):
                v = 1.0
                if enough and not unbiased:
                    v = slope(regression[b], critical, ranges[b], largest_slope)
                near = temporal_weight(around[b, column], around[bands + b, column])
                value[b, out, column] = 0.0
                for k in range(2):
                    mean = around[k * bands + b, column] / around[2 * bands, column]
                    moved = v * sums[0, k, b] / total if enough else mean
                    if unbiased:
                        moved += sums[1, k, b] / similar
                    weight = near if k == 0 else 1.0 - near
                    value[b, out, column] += weight * (f[k, b, own, column] + moved)
