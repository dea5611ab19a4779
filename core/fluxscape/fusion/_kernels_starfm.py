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
number and the compiler turns it into vector code without reordering any addition; it adds four
neighbours at a time, so that sums and limits of the centres are loaded once for four. A pixel's
result depends on its window alone, to the last bit, however the image is cut into blocks.
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

_TILE = 512
"""Centre pixels that are worked on at once: their sums stay in the nearest cache."""

_STRIDE = 4
"""Neighbours along a row that are added at a time."""


@kernel
def inverse_distances(half: int, scale: float) -> Floats:
    """Return 1 / D over the window, its rows filled up with 0 to a multiple of the stride."""
    width = 2 * half + 1
    out = np.zeros((width, -(-width // _STRIDE) * _STRIDE))
    for i in range(width):
        for j in range(width):
            out[i, j] = 1.0 / (1.0 + math.hypot(i - half, j - half) / scale)
    return out


@kernel
def deviations(fine: Floats, origin: float, half: int) -> Floats:
    """Return presence, deviation of F from ``origin`` and its square, (3, y, x + 2 half).

    All are 0 where there is no value, and on margins of ``half`` pixels.
    """
    rows, columns = fine.shape
    out = np.zeros((3, rows, columns + 2 * half))
    for i in range(rows):
        for j in range(columns):
            deviation = fine[i, j] - origin
            if math.isfinite(deviation):
                out[0, i, half + j] = 1.0
                out[1, i, half + j] = deviation
                out[2, i, half + j] = deviation * deviation
    return out


@kernel
def add_line(line: Floats, out: Floats) -> None:
    """Add a line to ``out``."""
    for k in range(out.size):
        out[k] += line[k]


@kernel
def window_spread(parts: Floats, half: int, row: int, start: int, out: Floats) -> None:
    """Fill ``out`` with the standard deviation of F around pixels of a row, from ``start`` on.

    ``parts`` are :func:`deviations` from a value of the middle of the image. Sums are taken anew
    for every pixel: running sums would depend on where a block begins.
    """
    size = out.size
    columns = np.zeros((3, size + 2 * half))
    windows = np.zeros((3, size))
    for n in range(3):
        for i in range(max(0, row - half), min(parts.shape[1], row + half + 1)):
            add_line(parts[n, i, start : start + size + 2 * half], columns[n])
        for offset in range(2 * half + 1):
            add_line(columns[n, offset : offset + size], windows[n])
    for x in range(size):
        count = max(windows[0, x], 1.0)
        mean = windows[1, x] / count
        out[x] = math.sqrt(max(windows[2, x] / count - mean * mean, 0.0))


@kernel
def prepare(
    fine: Floats,
    coarse: Floats,
    wanted: Floats,
    scale: float,
    logarithmic: bool,
    half: int,
) -> Floats:
    """Return F, S, T, 1 / (weight of S and T) and F + P - C, shape (5, y, x + margins).

    A pixel that lacks one of the three images, and the margins of ``half`` pixels and more, get an
    infinite F, which is like no other pixel.
    """
    rows, columns = fine.shape
    work = np.zeros((5, rows, columns + 2 * half + _STRIDE))
    work[0] = np.inf
    for i in range(rows):
        for j in range(columns):
            change = wanted[i, j] - coarse[i, j]
            moved = fine[i, j] + change
            if not math.isfinite(moved):
                continue
            s, t = abs(fine[i, j] - coarse[i, j]), abs(change)
            if logarithmic:
                cost = math.log(s * scale + 2.0) * math.log(t * scale + 2.0)
            else:
                cost = (s * scale + 1.0) * (t * scale + 1.0)
            x = half + j
            work[0, i, x] = fine[i, j]
            work[1, i, x] = s
            work[2, i, x] = t
            work[3, i, x] = 1.0 / cost
            work[4, i, x] = moved
    return work


@kernel
def add_four(
    f: Floats, s: Floats, t: Floats, goodness: Floats, moved: Floats,
    c0: float, c1: float, c2: float, c3: float,
    own: Floats, apart: Floats, most_s: Floats, most_t: Floats | None,
    weights: Floats, totals: Floats, counts: Floats,
) -> None:  # fmt: skip
    """Add four neighbours, one pixel apart, of centres in a row.

    The first five are lines of ``work`` from the first neighbour on, c0 to c3 its 1 / D and so on;
    the others belong to the centres. Without ``most_t`` the compiler leaves the test of T out.
    """
    for k in range(own.size):
        centre, gap, limit = own[k], apart[k], most_s[k]
        near0 = (abs(f[k] - centre) <= gap) & (s[k] < limit)
        near1 = (abs(f[k + 1] - centre) <= gap) & (s[k + 1] < limit)
        near2 = (abs(f[k + 2] - centre) <= gap) & (s[k + 2] < limit)
        near3 = (abs(f[k + 3] - centre) <= gap) & (s[k + 3] < limit)
        if most_t is not None:
            near0 &= t[k] < most_t[k]
            near1 &= t[k + 1] < most_t[k]
            near2 &= t[k + 2] < most_t[k]
            near3 &= t[k + 3] < most_t[k]
        w0 = c0 * goodness[k] if near0 else 0.0
        w1 = c1 * goodness[k + 1] if near1 else 0.0
        w2 = c2 * goodness[k + 2] if near2 else 0.0
        w3 = c3 * goodness[k + 3] if near3 else 0.0
        weights[k] = (((weights[k] + w0) + w1) + w2) + w3
        total = (totals[k] + w0 * moved[k]) + w1 * moved[k + 1]
        totals[k] = (total + w2 * moved[k + 2]) + w3 * moved[k + 3]
        low = (1.0 if w0 > 0.0 else 0.0) + (1.0 if w1 > 0.0 else 0.0)
        high = (1.0 if w2 > 0.0 else 0.0) + (1.0 if w3 > 0.0 else 0.0)
        counts[k] += low + high


@kernel
def gather(
    work: Floats,
    nearness: Floats,
    half: int,
    row: int,
    start: int,
    size: int,
    centre: Floats,
    most_t: Floats | None,
    sums: Floats,
) -> None:
    """Add up weights, weighted predictions and similar pixels of ``size`` centres of a row.

    ``centre`` (3, centre): F_c and the limits of |F_i - F_c| and S_i; ``most_t`` (centre) that of
    T_i, if there is one; ``sums`` (3, centre).
    """
    sums[:] = 0.0
    own, apart, most_s = centre[0, :size], centre[1, :size], centre[2, :size]
    weights, totals, counts = sums[0, :size], sums[1, :size], sums[2, :size]
    for i in range(max(0, row - half), min(work.shape[1], row + half + 1)):
        line = nearness[i - row + half]
        for step in range(0, line.size, _STRIDE):
            low, high = start + step, start + step + size + _STRIDE - 1
            add_four(
                work[0, i, low:high], work[1, i, low:high], work[2, i, low:high],
                work[3, i, low:high], work[4, i, low:high],
                line[step], line[step + 1], line[step + 2], line[step + 3],
                own, apart, most_s, most_t, weights, totals, counts,
            )  # fmt: skip


@kernel
def conclude(
    middle: Floats, sums: Floats, value: Floats, weight: Floats, count: Floats, status: Codes
) -> None:
    """Fill the results of centres in a row; ``middle`` is their part of ``work``."""
    for k in range(value.size):
        count[k], weight[k] = sums[2, k], sums[0, k]
        if math.isinf(middle[0, k]):
            status[k], value[k] = MISSING, np.nan
        elif middle[1, k] == 0.0 or middle[2, k] == 0.0:
            status[k], value[k] = CENTRE, middle[4, k]
        elif sums[0, k] == 0.0:
            status[k], value[k] = ALONE, middle[4, k]
        else:
            status[k], value[k] = SIMILAR, sums[1, k] / sums[0, k]


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
    temporal_limit: float | None,
    logarithmic: bool,
    first: int,
    last: int,
    value: Floats,
    weight: Floats,
    count: Floats,
    status: Codes,
) -> None:
    """Predict the rows first..last of one band from one pair.

    ``spectral_limit`` is sigma_FC, ``temporal_limit`` sigma_CC [unit of the images] or None for no
    test. ``value``, ``weight`` (sum of w), ``count`` (of similar pixels) and ``status`` have the
    shape (last - first, x).
    """
    rows, columns = fine.shape
    above, below = max(0, first - half), min(rows, last + half)
    work = prepare(
        fine[above:below], coarse[above:below], wanted[above:below], scale, logarithmic, half
    )
    parts = deviations(fine[above:below], origin, half)
    nearness = inverse_distances(half, distance_scale)
    centre, sums, most_t = np.empty((3, _TILE)), np.empty((3, _TILE)), np.empty(_TILE)
    for row in range(first, last):
        own, out = row - above, row - first
        for start in range(0, columns, _TILE):
            stop = min(columns, start + _TILE)
            middle = work[:, own, half + start : half + stop]
            window_spread(parts, half, own, start, centre[1, : stop - start])
            for k in range(stop - start):
                there = math.isfinite(middle[0, k])
                # No difference is below 0: a missing centre has no similar pixel.
                centre[0, k] = middle[0, k] if there else 0.0
                centre[1, k] = centre[1, k] * 2.0 / classes if there else -1.0
                centre[2, k] = middle[1, k] + spectral_limit
            if temporal_limit is None:
                gather(work, nearness, half, own, start, stop - start, centre, None, sums)
            else:
                most_t[: stop - start] = middle[2] + temporal_limit
                gather(work, nearness, half, own, start, stop - start, centre, most_t, sums)
            conclude(
                middle,
                sums,
                value[out, start:stop],
                weight[out, start:stop],
                count[out, start:stop],
                status[out, start:stop],
            )
