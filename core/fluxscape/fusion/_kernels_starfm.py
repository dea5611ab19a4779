"""Compiled loops of STARFM (Gao et al. 2006, doi:10.1109/TGRS.2006.872081).

Symbols, for one band: ``F`` fine and ``C`` coarse image of a pair, ``P`` coarse image of the wanted
date, all on the fine grid; ``B`` digital numbers per unit of the images; ``A`` distance scale.

    S = |F - C|,   T = |P - C|,   D = 1 + d / A,
    w = 1 / ((S B + 1) (T B + 1) D)   or   1 / (ln(S B + 2) ln(T B + 2) D),
    prediction = sum w (F + P - C) / sum w

over the pixels i of the window around pixel c with

    |F_i - F_c| <= 2 s / m,   S_i < S_c + sigma_FC,   T_i < T_c + sigma_CC (if asked for),

where s is the standard deviation of F in the window and m the number of classes. Where S_c = 0 or
T_c = 0 the pixel itself takes all the weight. Windows are cut off at the border of the image.

How the loop keeps its pace: what depends on one pixel alone is computed once; the innermost loop
runs along the row over centre pixels, not over neighbours, so that it is free of sums into one
number and the compiler turns it into vector code without reordering any addition. A pixel's result
therefore depends on its window alone, to the last bit, however the image is cut into blocks.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel

Floats = NDArray[np.float64]
Codes = NDArray[np.uint8]

SIMILAR, CENTRE, ALONE, MISSING = range(4)
"""Status of a prediction: weighted mean; exact, since S or T is 0; no similar pixel; missing."""

_TILE = 256
"""Centre pixels that are worked on at once: their sums stay in the nearest cache."""


@kernel
def inverse_distances(half: int, scale: float) -> Floats:
    """Return 1 / D over the window, shape (2 half + 1, 2 half + 1)."""
    width = 2 * half + 1
    out = np.empty((width, width))
    for i in range(width):
        for j in range(width):
            out[i, j] = 1.0 / (1.0 + math.hypot(i - half, j - half) / scale)
    return out


@kernel
def window_spread(
    fine: Floats, origin: float, half: int, row: int, start: int, stop: int, out: Floats
) -> None:
    """Fill ``out`` with the standard deviation of F around the pixels start..stop of a row.

    Sums are taken anew for every pixel, of deviations from ``origin``, a value of the image's
    middle: running sums would depend on where a block begins.
    """
    rows, columns = fine.shape
    top, bottom = max(0, row - half), min(rows, row + half + 1)
    left, right = max(0, start - half), min(columns, stop + half)
    width = right - left
    count, first, second = np.zeros(width), np.zeros(width), np.zeros(width)
    for i in range(top, bottom):
        line = fine[i, left:right]
        for j in range(width):
            deviation = line[j] - origin
            there = math.isfinite(deviation)
            count[j] += 1.0 if there else 0.0
            first[j] += deviation if there else 0.0
            second[j] += deviation * deviation if there else 0.0
    for x in range(start, stop):
        n, total, squares = 0.0, 0.0, 0.0
        for j in range(max(0, x - half) - left, min(columns, x + half + 1) - left):
            n += count[j]
            total += first[j]
            squares += second[j]
        if n == 0.0:
            out[x - start] = 0.0
            continue
        mean = total / n
        out[x - start] = math.sqrt(max(squares / n - mean * mean, 0.0))


@kernel
def prepare(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    scale: float,
    logarithmic: bool,
    work: Floats,
) -> None:
    """Fill ``work`` (5, y, x) with F, S, T, 1 / (weight of S and T) and F + P - C.

    A pixel that lacks one of the three images gets an infinite F, which is like no other pixel.
    """
    rows, columns = fine.shape
    for i in range(rows):
        for j in range(columns):
            change = wanted[i, j] - coarse[i, j]
            moved = fine[i, j] + change
            if not math.isfinite(moved):
                work[0, i, j] = np.inf
                work[1:, i, j] = 0.0
                continue
            s, t = abs(fine[i, j] - coarse[i, j]), abs(change)
            work[0, i, j] = fine[i, j]
            work[1, i, j] = s
            work[2, i, j] = t
            if logarithmic:
                cost = math.log(s * scale + 2.0) * math.log(t * scale + 2.0)
            else:
                cost = (s * scale + 1.0) * (t * scale + 1.0)
            work[3, i, j] = 1.0 / cost
            work[4, i, j] = moved


@kernel
def gather(
    work: Floats,
    nearness: Floats,
    half: int,
    row: int,
    start: int,
    stop: int,
    centre: Floats,
    sums: Floats,
) -> None:
    """Add up weights, weighted predictions and similar pixels of the centres start..stop of a row.

    ``centre`` (4, centre): F_c and the limits of |F_i - F_c|, S_i and T_i. ``sums`` (3, centre).
    """
    rows, columns = work.shape[1], work.shape[2]
    for i in range(max(0, row - half), min(rows, row + half + 1)):
        for step in range(-half, half + 1):
            low, high = max(start, -step), min(stop, columns - step)
            if high <= low:
                continue
            closeness = nearness[i - row + half, step + half]
            f = work[0, i, low + step : high + step]
            s = work[1, i, low + step : high + step]
            t = work[2, i, low + step : high + step]
            goodness = work[3, i, low + step : high + step]
            moved = work[4, i, low + step : high + step]
            own = centre[0, low - start : high - start]
            most_apart = centre[1, low - start : high - start]
            most_s = centre[2, low - start : high - start]
            most_t = centre[3, low - start : high - start]
            weights = sums[0, low - start : high - start]
            totals = sums[1, low - start : high - start]
            counts = sums[2, low - start : high - start]
            for k in range(high - low):
                kept = (abs(f[k] - own[k]) <= most_apart[k]) & (s[k] < most_s[k])
                kept &= t[k] < most_t[k]
                weight = closeness * goodness[k] if kept else 0.0
                weights[k] += weight
                totals[k] += weight * moved[k]
                counts[k] += 1.0 if kept else 0.0


@kernel
def predict_rows(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    origin: float,
    scale: float,
    half: int,
    classes: float,
    distance_scale: float,
    spectral_limit: float,
    temporal_limit: float,
    logarithmic: bool,
    first: int,
    last: int,
    value: Floats,
    weight: Floats,
    count: Floats,
    status: Codes,
) -> None:
    """Predict the rows first..last of one band from one pair.

    ``spectral_limit`` is sigma_FC, ``temporal_limit`` sigma_CC [unit of the images], infinite for
    no test. ``value``, ``weight`` (sum of w), ``count`` (of similar pixels) and ``status`` have the
    shape (last - first, x).
    """
    rows, columns = fine.shape
    above, below = max(0, first - half), min(rows, last + half)
    work = np.empty((5, below - above, columns))
    prepare(fine[above:below], coarse[above:below], wanted[above:below], scale, logarithmic, work)
    nearness = inverse_distances(half, distance_scale)
    centre, sums = np.empty((4, _TILE)), np.empty((3, _TILE))
    for row in range(first, last):
        own = row - above
        for start in range(0, columns, _TILE):
            stop = min(columns, start + _TILE)
            size = stop - start
            window_spread(fine[above:below], origin, half, own, start, stop, centre[1])
            for k in range(size):
                there = math.isfinite(work[0, own, start + k])
                centre[0, k] = work[0, own, start + k] if there else 0.0
                # No difference is below 0: a missing centre has no similar pixel.
                centre[1, k] = centre[1, k] * 2.0 / classes if there else -1.0
                centre[2, k] = work[1, own, start + k] + spectral_limit
                centre[3, k] = work[2, own, start + k] + temporal_limit
            sums[:] = 0.0
            gather(work, nearness, half, own, start, stop, centre, sums)
            for k in range(size):
                x = start + k
                out = row - first
                count[out, x] = sums[2, k]
                weight[out, x] = sums[0, k]
                if math.isinf(work[0, own, x]):
                    status[out, x], value[out, x], count[out, x] = MISSING, np.nan, 0.0
                elif work[1, own, x] == 0.0 or work[2, own, x] == 0.0:
                    status[out, x], value[out, x] = CENTRE, work[4, own, x]
                elif sums[0, k] == 0.0:
                    status[out, x], value[out, x] = ALONE, work[4, own, x]
                else:
                    status[out, x], value[out, x] = SIMILAR, sums[1, k] / sums[0, k]
