"""The naive prediction that every method must beat: fine image plus change of the coarse one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fluxscape.fusion.images import PairArrays


def predict_baseline(
    pairs: Sequence[PairArrays],
    wanted: Any,
    weights: Sequence[float],
    *,
    others: Sequence[PairArrays] = (),
) -> Any:
    """Return the mean of F + P - C over the pairs that have the pixel, shape (band, y, x).

    Parameters
    ----------
    pairs
        The pairs that the method gets as well: a baseline of one would flatter methods of two.
    wanted
        Coarse image P of the wanted date, (band, y, x).
    weights
        Of the pairs, from :func:`time_weights`.
    others
        Further pairs, nearest first, each of which fills what those before leave missing.
    """
    total: Any = 0.0
    shares: Any = 0.0
    for pair, weight in zip(pairs, weights, strict=True):
        moved = pair.fine + (wanted - pair.coarse)
        there = ~np.isnan(moved)
        total = total + np.where(there, weight * moved, 0.0)
        shares = shares + np.where(there, weight, 0.0)
    if len(pairs) == 1:
        # The only pair keeps its digits.
        out = pairs[0].fine + (wanted - pairs[0].coarse)
    else:
        out = np.where(shares > 0.0, total, np.nan) / np.where(shares > 0.0, shares, 1.0)
    for pair in others:
        out = np.where(np.isnan(out), pair.fine + (wanted - pair.coarse), out)
    return out


def time_weights(pairs: Sequence[PairArrays], when: np.datetime64 | None) -> list[float]:
    """Return weights of pairs: the inverse of their days from a date, evenly without dates.

    A pair of the very day counts alone.
    """
    times = [pair.time for pair in pairs]
    if when is None or any(time is None for time in times):
        return [1.0] * len(times)
    days = [
        abs(float((time - when) / np.timedelta64(1, "D"))) for time in times if time is not None
    ]
    if min(days, default=1.0) == 0.0:
        # Kept above 0, so that the others still stand in for gaps.
        return [1.0 if day == 0.0 else 1e-12 for day in days]
    return [1.0 / day for day in days]
