"""Kernels that grow a linear model tree.

Symbols: ``x`` predictors, ``y`` target, ``z`` rows of ``[1, terms, y]``, ``n`` cases, ``v``
parameters of a linear model, ``sse`` sum of squared residuals. A split is judged by Quinlan's
reduction of spread (1992, section 3), with the spread taken about the linear models of both
sides: with no terms it is his target's own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape._jit import kernel

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_SINGULAR = 1e-9
"""Share of a term's own variance below which the other terms explain it."""


@kernel
def sweep(table: FloatArray, k: int) -> None:
    """Sweep a symmetric matrix on pivot ``k`` (Goodnight 1979, doi:10.1080/00031305.1979.10482685).

    After sweeping on a set of terms, the last column holds their least-squares coefficients and
    the last diagonal element the residual sum of squares.
    """
    size = table.shape[0]
    pivot = table[k, k]
    for i in range(size):
        if i == k:
            continue
        factor = table[i, k] / pivot
        if factor == 0.0:
            continue
        for j in range(size):
            if j != k:
                table[i, j] -= factor * table[k, j]
    for i in range(size):
        if i != k:
            table[i, k] /= -pivot
            table[k, i] /= pivot
    table[k, k] = 1.0 / pivot


@kernel
def adjusted_error(sse: float, n: float, v: float, penalty: float) -> float:
    """Return the spread of residuals, raised for the parameters spent: (n + v) / (n - v).

    Quinlan (1992), section 3.2, with ``penalty`` parameters counted for each.
    """
    spent = penalty * v
    if n <= spent + 1.0:
        return np.inf
    return float(np.sqrt(max(sse, 0.0) / n) * (n + spent) / (n - spent))


@kernel
def select_terms(
    table: FloatArray, n: int, most: int, penalty: float, floor: float, chosen: IntArray
) -> int:
    """Choose terms of a linear model one by one; return how many stand in ``chosen``.

    ``table`` holds centred cross products of the candidates and, last, the target. The term that
    takes most of the residual sum of squares enters while the adjusted error falls. ``floor`` is
    the sum of squares that rounding leaves.
    """
    last = table.shape[0] - 1
    variance = np.empty(last)
    free = np.ones(last, dtype=np.bool_)
    for j in range(last):
        variance[j] = table[j, j]
    error = adjusted_error(table[last, last], n, 1.0, penalty)
    count = 0
    while count < most and table[last, last] > floor:
        best, gain = -1, 0.0
        for j in range(last):
            if not free[j] or table[j, j] <= _SINGULAR * variance[j] or variance[j] <= 0.0:
                continue
            taken = table[j, last] * table[j, last] / table[j, j]
            if taken > gain:
                best, gain = j, taken
        if best < 0:
            break
        tried = adjusted_error(table[last, last] - gain, n, count + 2.0, penalty)
        if tried >= error:
            break
        sweep(table, best)
        free[best] = False
        chosen[count] = best
        error = tried
        count += 1
    return count


@kernel
def _residual(cross: FloatArray, work: FloatArray, ridge: float) -> float:
    """Return the residual sum of squares of the regression whose cross products are given.

    Row and column 0 belong to the intercept, the last ones to the target. Cholesky elimination in
    ``work``; a term that the earlier ones explain is left out.
    """
    size = cross.shape[0]
    n = cross[0, 0]
    for i in range(size):
        for j in range(i + 1):
            work[i, j] = cross[i, j]
    for k in range(size - 1):
        own = cross[k, k]
        if k > 0:
            own -= cross[k, 0] * cross[k, 0] / n
            work[k, k] += ridge * own
        pivot = work[k, k]
        if pivot <= _SINGULAR * own or pivot <= 0.0:
            continue
        for i in range(k + 1, size):
            factor = work[i, k] / pivot
            if factor == 0.0:
                continue
            for j in range(k + 1, i + 1):
                work[i, j] -= factor * work[j, k]
    return float(max(work[size - 1, size - 1], 0.0))


@kernel
def _spread(cross: FloatArray, work: FloatArray, ridge: float) -> float:
    """Return cases times the spread about the regression."""
    n = cross[0, 0]
    return float(np.sqrt(n * _residual(cross, work, ridge)))


@kernel
def _add_case(cross: FloatArray, z: FloatArray, row: int) -> None:
    """Add one case to the lower triangle of cross products."""
    for i in range(z.shape[1]):
        zi = z[row, i]
        for j in range(i + 1):
            cross[i, j] += zi * z[row, j]


@kernel
def _complement(whole: FloatArray, part: FloatArray, out: FloatArray) -> None:
    """Write the lower triangle of ``whole - part``."""
    for i in range(whole.shape[0]):
        for j in range(i + 1):
            out[i, j] = whole[i, j] - part[i, j]


@kernel
def best_split(
    bins: npt.NDArray[np.uint8],
    rows: IntArray,
    z: FloatArray,
    attributes: IntArray,
    n_bins: int,
    fewest: int,
    ridge: float,
) -> tuple[int, int, float]:
    """Return attribute, last bin of the left side and summed spread of the best split.

    Parameters
    ----------
    bins
        Bin of every value, shape (case, attribute).
    rows
        Cases of the node.
    z
        ``[1, terms, y]`` of these cases, shape (row, 2 + terms).
    attributes
        Attributes to try.
    n_bins, fewest
        Bins of an attribute; cases that either side must keep.
    ridge
        Share of a term's variance that is added to it.
    """
    size = z.shape[1]
    per_bin = np.zeros((n_bins, size, size))
    left, right = np.zeros((size, size)), np.zeros((size, size))
    whole, work = np.zeros((size, size)), np.zeros((size, size))
    for i in range(rows.size):
        _add_case(whole, z, i)
    best_attribute, best_bin, best = -1, -1, np.inf
    for a in range(attributes.size):
        attribute = attributes[a]
        per_bin[:] = 0.0
        for i in range(rows.size):
            _add_case(per_bin[bins[rows[i], attribute]], z, i)
        left[:] = 0.0
        for b in range(n_bins - 1):
            if per_bin[b, 0, 0] == 0.0:
                continue
            left += per_bin[b]
            n_left = left[0, 0]
            if n_left < fewest:
                continue
            if rows.size - n_left < fewest:
                break
            _complement(whole, left, right)
            total = _spread(left, work, ridge) + _spread(right, work, ridge)
            if total < best:
                best_attribute, best_bin, best = attribute, b, total
    return best_attribute, best_bin, best


@kernel
def refine_split(
    values: FloatArray, z: FloatArray, low: float, high: float, fewest: int, ridge: float
) -> tuple[float, float]:
    """Return threshold and summed spread of the best cut of sorted values from low to high.

    ``z`` belongs to ``values``. The threshold lies midway between two values, or at the lower one
    where rounding would put it at the upper.
    """
    size = z.shape[1]
    left, right = np.zeros((size, size)), np.zeros((size, size))
    whole, work = np.zeros((size, size)), np.zeros((size, size))
    for i in range(values.size):
        _add_case(whole, z, i)
    cut, best = np.nan, np.inf
    for i in range(values.size - 1):
        _add_case(left, z, i)
        if values[i] == values[i + 1] or values[i] < low or values[i] > high:
            continue
        if i + 1 < fewest or values.size - i - 1 < fewest:
            continue
        _complement(whole, left, right)
        total = _spread(left, work, ridge) + _spread(right, work, ridge)
        if total < best:
            best = total
            cut = 0.5 * (values[i] + values[i + 1])
            if cut >= values[i + 1]:
                cut = values[i]
    return cut, best


@kernel
def without_each(
    x: FloatArray,
    rows: IntArray,
    attributes: IntArray,
    signs: IntArray,
    cuts: FloatArray,
    residual: FloatArray,
    sums: FloatArray,
    counts: IntArray,
) -> None:
    """Sum residuals and cases of a rule, and of the rule without each of its conditions.

    A case that fails one condition alone belongs to the rule without it. ``sums[c]`` and
    ``counts[c]`` are those without condition c; the last elements those of the whole rule.
    """
    last = attributes.size
    sums[:], counts[:] = 0.0, 0
    for i in range(rows.size):
        row, failed, failures = rows[i], last, 0
        for c in range(last):
            if (x[row, attributes[c]] > cuts[c]) != (signs[c] > 0):
                failed = c
                failures += 1
                if failures > 1:
                    break
        if failures < 2:
            sums[failed] += residual[i]
            counts[failed] += 1
    for c in range(last):
        sums[c] += sums[last]
        counts[c] += counts[last]


@kernel
def cover(
    x: FloatArray,
    rows: IntArray,
    attributes: IntArray,
    signs: IntArray,
    cuts: FloatArray,
    out: npt.NDArray[np.bool_],
) -> None:
    """Mark the rows that all conditions let through."""
    for i in range(rows.size):
        out[i] = True
        for c in range(attributes.size):
            if (x[rows[i], attributes[c]] > cuts[c]) != (signs[c] > 0):
                out[i] = False
                break
