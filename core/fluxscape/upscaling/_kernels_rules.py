"""Kernels that evaluate rules and correct by neighbours.

A model is a set of flat arrays (see :class:`fluxscape.upscaling.rules.RuleModel`). Symbols follow
Quinlan (1993, "Combining instance-based and model-based learning", section 2).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape._jit import inlined_kernel, kernel, parallel_kernel, prange

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LOWER, UPPER, SUBSET = 0, 1, 2
"""Kinds of conditions: at most a threshold, above it, one of a set of categories."""


@inlined_kernel
def _holds(value: float, kind: int, cut: float, levels: int) -> bool:
    """Return whether one condition holds; a missing value fails every one."""
    if np.isnan(value):
        return False
    if kind == LOWER:
        return value <= cut
    if kind == UPPER:
        return value > cut
    code = int(value)
    return 0 <= code < 62 and (levels >> code) & 1 == 1


@kernel
def evaluate_row(
    x: FloatArray,
    member_start: IntArray,
    rule_start: IntArray,
    attribute: IntArray,
    kind: IntArray,
    cut: FloatArray,
    levels: IntArray,
    term_start: IntArray,
    term: IntArray,
    slope: FloatArray,
    intercept: FloatArray,
    low: FloatArray,
    high: FloatArray,
    fallback: float,
) -> tuple[float, float]:
    """Return mean and spread over members of the mean of the rules that fire.

    Each rule's value is clipped to its range; a member of which no rule fires gives ``fallback``.
    """
    members = member_start.size - 1
    total, squares = 0.0, 0.0
    for m in range(members):
        value, fired = 0.0, 0
        for r in range(member_start[m], member_start[m + 1]):
            fires = True
            for c in range(rule_start[r], rule_start[r + 1]):
                if not _holds(x[attribute[c]], kind[c], cut[c], levels[c]):
                    fires = False
                    break
            if fires:
                estimate = intercept[r]
                for t in range(term_start[r], term_start[r + 1]):
                    estimate += slope[t] * x[term[t]]
                value += min(max(estimate, low[r]), high[r])
                fired += 1
        value = value / fired if fired else fallback
        # Welford's recurrence: mean and sum of squared deviations in one pass.
        step = value - total
        total += step / (m + 1.0)
        squares += step * (value - total)
    return total, np.sqrt(squares / members)


@parallel_kernel
def evaluate(
    x: FloatArray,
    member_start: IntArray,
    rule_start: IntArray,
    attribute: IntArray,
    kind: IntArray,
    cut: FloatArray,
    levels: IntArray,
    term_start: IntArray,
    term: IntArray,
    slope: FloatArray,
    intercept: FloatArray,
    low: FloatArray,
    high: FloatArray,
    fallback: float,
    out: FloatArray,
    spread: FloatArray,
) -> None:
    """Fill ``out`` with the model's value of every row and ``spread`` with that of its members."""
    for i in prange(x.shape[0]):
        out[i], spread[i] = evaluate_row(
            x[i],
            member_start,
            rule_start,
            attribute,
            kind,
            cut,
            levels,
            term_start,
            term,
            slope,
            intercept,
            low,
            high,
            fallback,
        )


@kernel
def which_rules(
    x: FloatArray,
    rule_start: IntArray,
    attribute: IntArray,
    kind: IntArray,
    cut: FloatArray,
    levels: IntArray,
    out: npt.NDArray[np.bool_],
) -> None:
    """Mark which rule fires in which row, shape (row, rule)."""
    for i in range(x.shape[0]):
        for r in range(rule_start.size - 1):
            fires = True
            for c in range(rule_start[r], rule_start[r + 1]):
                if not _holds(x[i, attribute[c]], kind[c], cut[c], levels[c]):
                    fires = False
                    break
            out[i, r] = fires


@inlined_kernel
def _distance(a: FloatArray, b: FloatArray, scale: FloatArray, classes: IntArray) -> float:
    """Return the Manhattan distance in units of five spreads, each at most 1, to 1/16.

    Unequal categories are 2/(levels - 1) apart.
    """
    total = 0.0
    for j in range(a.size):
        if classes[j] > 1:
            if a[j] != b[j]:
                total += 2.0 / (classes[j] - 1.0)
        elif scale[j] > 0.0:
            total += min(1.0, abs(a[j] - b[j]) / (5.0 * scale[j]))
    return float(np.floor(total * 16.0 + 0.5) / 16.0)


@parallel_kernel
def correct(
    x: FloatArray,
    estimate: FloatArray,
    known_x: FloatArray,
    known_y: FloatArray,
    known_estimate: FloatArray,
    scale: FloatArray,
    classes: IntArray,
    count: int,
    low: float,
    high: float,
    out: FloatArray,
) -> None:
    """Correct estimates by the residuals of the nearest known cases.

    Each neighbour proposes ``y + f(x) - f(x_known)``, held within ``low`` and ``high``, with the
    weight ``1 / (D + 0.5)``; neighbours that tie at the last distance share the places left.
    """
    for i in prange(x.shape[0]):
        distance = np.empty(known_y.size)
        nearest = np.full(count, np.inf)
        for k in range(known_y.size):
            d = _distance(x[i], known_x[k], scale, classes)
            distance[k] = d
            if d < nearest[count - 1]:
                place = count - 1
                while place > 0 and nearest[place - 1] > d:
                    nearest[place] = nearest[place - 1]
                    place -= 1
                nearest[place] = d
        last = nearest[count - 1]
        closer, ties = 0, 0
        for k in range(known_y.size):
            closer += distance[k] < last
            ties += distance[k] == last
        share = (count - closer) / ties if ties else 0.0
        total, weights = 0.0, 0.0
        for k in range(known_y.size):
            if distance[k] > last:
                continue
            weight = 1.0 / (distance[k] + 0.5)
            if distance[k] == last:
                weight *= share
            proposal = known_y[k] + estimate[i] - known_estimate[k]
            total += weight * min(max(proposal, low), high)
            weights += weight
        out[i] = total / weights
