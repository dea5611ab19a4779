"""Compiled loops of FSDAF (Zhu et al. 2016, doi:10.1016/j.rse.2015.11.016).

Symbols: fine pixels lie in coarse cells; ``R`` is what the change of a cell has beyond that of its
classes, ``E_ho`` the error that a homogeneous landscape would have (spatial less temporal
prediction), ``HI`` the share of pixels of the centre's class in a window as large as a cell.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Codes = NDArray[np.uint8]

SIMILAR, ALONE, MISSING = range(3)
"""Status of a prediction: by similar pixels, by none but itself, missing."""

_LEAST_WEIGHT = 1e-12
_MOST_SHARE = 10.0
"""No pixel gets more than this many times its even share of a cell's residual."""


@kernel
def homogeneity(classes: Integers, half: int, out: Floats) -> None:
    """Fill ``out`` with HI; ``classes`` is negative where there is none."""
    rows, columns = classes.shape
    for row in range(rows):
        for column in range(columns):
            same, there = 0, 0
            own = classes[row, column]
            for i in range(max(0, row - half), min(rows, row + half + 1)):
                for j in range(max(0, column - half), min(columns, column + half + 1)):
                    there += 1 if classes[i, j] >= 0 else 0
                    same += 1 if classes[i, j] == own else 0
            out[row, column] = same / there if own >= 0 else np.nan


@kernel
def distribute(
    residual: Floats, spatial: Floats, temporal: Floats, index: Floats,
    cell_rows: Integers, cell_columns: Integers, out: Floats,
) -> None:  # fmt: skip
    """Fill ``out`` (y, x) with each pixel's part r = R W of its cell's residual.

    ``residual`` (cell y, cell x) is R; ``spatial`` and ``temporal`` predictions and ``index`` (HI)
    are (y, x). The weight of a pixel is |E_ho| HI + |R| (1 - HI), E_ho counting only where it has
    the sign of R; W is that over its mean in the cell, so that the mean of r is R.
    """
    cells = np.zeros((2, *residual.shape))
    rows, columns = out.shape
    for limited in (False, True):
        previous = cells.copy()
        cells[:] = 0.0
        for i in range(rows):
            for j in range(columns):
                a, b = cell_rows[i], cell_columns[j]
                error = residual[a, b]
                if not math.isfinite(error + temporal[i, j]):
                    out[i, j] = np.nan
                    continue
                if limited:
                    mean = previous[1, a, b] / previous[0, a, b]
                    weight = out[i, j] / mean
                    weight = 1.0 if weight > _MOST_SHARE else weight
                else:
                    gap = spatial[i, j] - temporal[i, j]
                    gap = abs(gap) if gap * error > 0.0 else 0.0
                    share = index[i, j]
                    weight = gap * share + abs(error) * (1.0 - share) + _LEAST_WEIGHT
                out[i, j] = weight
                cells[0, a, b] += 1.0
                cells[1, a, b] += weight
    for i in range(rows):
        for j in range(columns):
            a, b = cell_rows[i], cell_columns[j]
            if math.isfinite(out[i, j]):
                out[i, j] *= residual[a, b] * cells[0, a, b] / cells[1, a, b]


@kernel
def kth_smallest(values: Floats, size: int, heap: Floats) -> float:
    """Return the k-th smallest of ``values[:size]``, k the size of ``heap``; infinite if fewer."""
    k = heap.size
    if size <= k:
        return np.inf
    heap[:k] = np.inf
    for n in range(size):
        value = values[n]
        if value >= heap[k - 1]:
            continue
        place = k - 1
        while place > 0 and heap[place - 1] > value:
            heap[place] = heap[place - 1]
            place -= 1
        heap[place] = value
    return float(heap[k - 1])


@kernel
def difference(
    fine: Floats, change: Floats, spreads: Floats, i: int, j: int, row: int, column: int
) -> float:
    """Return the sum over bands of the differences of two pixels; infinite if a band is missing."""
    total = 0.0
    for b in range(fine.shape[0]):
        if not math.isfinite(change[b, i, j]):
            return np.inf
        total += abs(fine[b, i, j] - fine[b, row, column]) / spreads[b]
    return float(total)


@kernel
def mean_change(
    fine: Floats, change: Floats, classes: Integers, spreads: Floats, half: int, row: int,
    column: int, apart: Floats, heap: Floats, out: Floats,
) -> float:  # fmt: skip
    """Fill ``out`` (band) with the weighted change of similar pixels; return their number.

    ``apart`` (pixel of the window) and ``heap`` (number of similar pixels) are scratch.
    """
    rows, columns = classes.shape
    own = classes[row, column]
    top, bottom = max(0, row - half), min(rows, row + half + 1)
    left, right = max(0, column - half), min(columns, column + half + 1)
    size = 0
    for i in range(top, bottom):
        for j in range(left, right):
            if classes[i, j] == own:
                apart[size] = difference(fine, change, spreads, i, j, row, column)
                size += 1
    limit = kth_smallest(apart, size, heap)
    out[:] = 0.0
    total, found, size = 0.0, 0.0, 0
    for i in range(top, bottom):
        for j in range(left, right):
            if classes[i, j] != own:
                continue
            size += 1
            if apart[size - 1] > limit or math.isinf(apart[size - 1]):
                continue
            weight = 1.0 / (1.0 + math.hypot(i - row, j - column) / (half + 0.5))
            total += weight
            found += 1.0
            out += weight * change[:, i, j]
    out /= total
    return found


@kernel
def smooth_rows(
    fine: Floats, change: Floats, classes: Integers, spreads: Floats, half: int, similar: int,
    first: int, last: int, value: Floats, count: Floats, status: Codes,
) -> None:  # fmt: skip
    """Predict the rows first..last: F plus the weighted change of the most similar pixels.

    ``fine`` and ``change`` are (band, y, x); ``spreads`` (band) makes the bands' differences
    comparable. Similar are the ``similar`` pixels of the centre's class in the window whose fine
    values are nearest to it, with all that tie with the last; weights 1 / D, D = 1 + d / (w / 2).
    """
    bands, _rows, columns = fine.shape
    apart, heap, changes = np.empty((2 * half + 1) ** 2), np.empty(similar), np.empty(bands)
    for row in range(first, last):
        out = row - first
        for column in range(columns):
            count[out, column] = 0.0
            there = classes[row, column] >= 0
            if not there or math.isinf(difference(fine, change, spreads, row, column, row, column)):
                value[:, out, column] = np.nan
                status[out, column] = MISSING
                continue
            found = mean_change(
                fine, change, classes, spreads, half, row, column, apart, heap, changes
            )
            count[out, column] = found
            status[out, column] = SIMILAR if found > 1.0 else ALONE
            value[:, out, column] = fine[:, row, column] + changes
