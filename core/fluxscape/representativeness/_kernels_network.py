"""Kernels of the network: distances in environmental space, many sets at once, interchanges.

d[j, i] is the distance of cell i from tower j, w[i] the weight of a cell (sum 1).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fluxscape._jit import kernel, parallel_kernel, prange

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@parallel_kernel
def fill_distances(cells: Floats, towers: Floats, out: Floats) -> None:
    """Fill out[j, i] with the Euclidean distance of every cell i from every tower j."""
    for j in prange(towers.shape[0]):
        for i in range(cells.shape[0]):
            total = 0.0
            for k in range(cells.shape[1]):
                step = cells[i, k] - towers[j, k]
                total += step * step
            out[j, i] = math.sqrt(total)


@kernel
def lower_to(row: Floats, least: Floats) -> None:
    """Lower ``least`` to ``row`` wherever that is less."""
    for i in range(least.size):
        least[i] = min(least[i], row[i])


@kernel
def nearest_two(
    d: Floats, members: Integers, first: Floats, second: Floats, nearest: Integers
) -> None:
    """Fill distances to the nearest two members and the place of the nearest in the set."""
    for i in range(d.shape[1]):
        first[i] = math.inf
        second[i] = math.inf
        nearest[i] = -1
        for m in range(members.size):
            value = d[members[m], i]
            if value < first[i]:
                second[i] = first[i]
                first[i] = value
                nearest[i] = m
            elif value < second[i]:
                second[i] = value


@parallel_kernel
def fill_set_statistics(
    d: Floats, w: Floats, sets: Integers, threshold: float, out: Floats
) -> None:
    """Fill out[s] with the covered share and the mean distance of every set of towers."""
    for s in prange(sets.shape[0]):
        least = np.full(d.shape[1], math.inf)
        for m in range(sets.shape[1]):
            lower_to(d[sets[s, m]], least)
        covered = 0.0
        mean = 0.0
        for i in range(d.shape[1]):
            if least[i] <= threshold:
                covered += w[i]
            mean += w[i] * least[i]
        out[s, 0] = covered
        out[s, 1] = mean


@parallel_kernel
def fill_growing_coverage(
    d: Floats, w: Floats, orders: Integers, threshold: float, out: Floats
) -> None:
    """Fill out[s, m] with the covered share of the first m + 1 towers of every order."""
    for s in prange(orders.shape[0]):
        left = w.copy()
        covered = 0.0
        for m in range(orders.shape[1]):
            row = d[orders[s, m]]
            for i in range(left.size):
                if row[i] <= threshold:
                    covered += left[i]
                    left[i] = 0.0
            out[s, m] = covered


@parallel_kernel
def fill_joint_means(d: Floats, w: Floats, least: Floats, out: Floats) -> None:
    """Fill out[j] with the mean distance once tower j joins towers at the distances ``least``."""
    for j in prange(d.shape[0]):
        total = 0.0
        for i in range(d.shape[1]):
            total += w[i] * min(least[i], d[j, i])
        out[j] = total


@parallel_kernel
def fill_interchanges(
    d: Floats,
    w: Floats,
    candidates: Integers,
    count: int,
    first: Floats,
    second: Floats,
    nearest: Integers,
    out: Floats,
) -> None:
    """Fill out[c, m] with the change of the mean distance if candidate c replaces member m.

    Whitaker 1983, doi:10.1080/03155986.1983.11731889: one pass over the cells gives the gain of
    adding a candidate and, by nearest member, the loss of removing each.
    """
    for c in prange(candidates.size):
        gain = 0.0
        for m in range(count):
            out[c, m] = 0.0
        for i in range(d.shape[1]):
            value = d[candidates[c], i]
            kept = min(first[i], value)
            gain += w[i] * (kept - first[i])
            out[c, nearest[i]] += w[i] * (min(second[i], value) - kept)
        for m in range(count):
            out[c, m] += gain
