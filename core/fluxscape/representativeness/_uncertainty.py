"""Bootstrap of the rated numbers over parts of the record and scenes, and of the score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.representativeness._bias_sums import SceneSums
from fluxscape.representativeness.chu import period_weights
from fluxscape.representativeness.cover import CoverProfile
from fluxscape.representativeness.frame import Floats, Place, truncated
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.rating import Aspect, bias_level, cover_level, structure_level
from fluxscape.representativeness.regrid import class_field
from fluxscape.representativeness.structure import Contrast, best_fit, expected_bias
from fluxscape.representativeness.variogram import LagBins, pooled

TAIL: Final = 2.5
"""Percentile that the intervals leave out at each end."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a bootstrap found.

    Attributes
    ----------
    intervals
        Low and high end of each aspect's number; NaN where nothing could be drawn.
    probability
        Share of the replicates with score 1, 2 and 3; empty if nothing could be drawn.
    resampled
        ``records and scenes``, ``records``, ``scenes`` or ``nothing``.
    """

    intervals: dict[str, tuple[float, float]]
    probability: dict[int, float]
    resampled: str


def draw_levels(
    aspects: Sequence[Aspect],
    *,
    cover: tuple[CoverProfile, xr.DataArray] | None,
    parts: xr.Dataset | None,
    place: Place,
    sums: SceneSums | None,
    lags: tuple[list[LagBins], list[Floats]] | None,
    contrast: Contrast | None,
    replicates: int,
    seed: int,
    limits: Limits,
) -> Drawn:
    """Return intervals of the rated numbers and how often each score came up.

    Parameters
    ----------
    aspects
        As rated from everything; an aspect that is unknown stays so.
    cover
        Land cover and its raster.
    parts
        Climatologies of parts of the record.
    place
        Of the tower.
    sums, lags
        Of the rated index: sums by scene, variograms and moments by scene.
    contrast
        Of the footprint with its surroundings.
    replicates, seed
        Of the bootstrap.
    limits
        Of the levels.
    """
    random = np.random.default_rng(seed)
    numbers: dict[str, Floats] = {}
    levels: dict[str, list[int]] = {}
    by_name = {aspect.name: aspect for aspect in aspects}
    drawn_from: set[str] = set()
    if parts is not None and cover is not None and replicates > 0:
        shares = _cover_shares(*cover, parts, place, limits, random, replicates)
        if shares is not None:
            numbers["land_cover"] = shares
            levels["land_cover"] = [cover_level(share, limits) for share in shares.tolist()]
            drawn_from.add("records")
    draws = None if sums is None else sums.draws(replicates, random)
    if sums is not None and draws is not None:
        bias = sums.drawn_bias("disc", *draws)[:, sums.sizes["disc"].index(limits.bias_radius)]
        numbers["location_bias"] = bias
        levels["location_bias"] = [bias_level(one, limits) for one in bias.tolist()]
        drawn_from |= set(sums.resampled.split(" and "))
        if (
            lags is not None
            and contrast is not None
            and sums.scenes > 1
            and len(lags[0]) == sums.scenes
        ):
            whole = best_fit(pooled(lags[0]))
            # Draws keep the model of all scenes: choosing it anew would add its noise to the range.
            models = (whole.model,) if whole is not None else ()
            found = [_structure(lags, row, contrast, models, limits) for row in draws[0]]
            numbers["spatial_structure"] = np.array([error for error, _ in found])
            levels["spatial_structure"] = [level for _, level in found]
    order = [name for name in ("records", "scenes") if name in drawn_from]
    resampled = " and ".join(order) if order else "nothing"
    intervals = {name: _interval(numbers.get(name)) for name in by_name}
    if not order:
        return Drawn(intervals, {}, resampled)
    rows = [
        levels.get(name, [aspect.level] * replicates)
        for name, aspect in by_name.items()
        if aspect.level
    ]
    return Drawn(intervals, _probability(rows), resampled)


def _probability(rows: list[list[int]]) -> dict[int, float]:
    """Return how often each score came up; a replicate in which nothing is known does not count."""
    if not rows:
        return {}
    scores = [min((level for level in one if level), default=0) for one in zip(*rows, strict=True)]
    known = [score for score in scores if score]
    return {level: known.count(level) / max(len(known), 1) for level in (1, 2, 3)}


def _interval(values: Floats | None) -> tuple[float, float]:
    known = np.empty(0) if values is None else values[np.isfinite(values)]
    if not known.size:
        return math.nan, math.nan
    low, high = np.percentile(known, [TAIL, 100.0 - TAIL])
    return float(low), float(high)


def _cover_shares(
    cover: CoverProfile,
    raster: xr.DataArray,
    parts: xr.Dataset,
    place: Place,
    limits: Limits,
    random: np.random.Generator,
    replicates: int,
) -> Floats | None:
    """Return the target's share in the footprint of every draw of parts."""
    pieces = period_weights(parts)
    if len(pieces) < 2:
        return None
    field = class_field(raster, pieces[0][2].grid, place)
    codes = set(cover.table["class"].to_numpy().tolist())
    known = field.share[[code in codes for code in field.codes]].sum(axis=0)
    wanted = field.share[[code in cover.target_codes for code in field.codes]].sum(axis=0)
    # Each part is cut at its own source area: cutting every draw anew would sort it every time.
    cut = [(count, truncated(piece, limits.source_area).share) for _, count, piece in pieces]
    hits = np.array([count * float((share * wanted).sum()) for count, share in cut])
    total = np.array([count * float((share * known).sum()) for count, share in cut])
    taken = random.multinomial(len(cut), np.full(len(cut), 1.0 / len(cut)), replicates)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((taken @ hits) / (taken @ total))


def _structure(
    lags: tuple[list[LagBins], list[Floats]],
    counts: Floats,
    contrast: Contrast,
    models: tuple[str, ...],
    limits: Limits,
) -> tuple[float, int]:
    """Return the expected bias and its level for a draw of scenes."""
    bins, moments = lags
    fit = best_fit(pooled(bins, counts), models)
    error = expected_bias(contrast, fit, np.tensordot(counts, np.array(moments), axes=1))
    return error, structure_level(error, limits)
