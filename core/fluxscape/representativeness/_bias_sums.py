"""Sums of a property over a footprint, its parts and areas around it, scene by scene.

The footprint's mean is linear in the climatology wherever pixels are valid: with the sums of every
part of the record kept, any draw of parts and scenes costs one product of small matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.representativeness.areas import Shape, area_means
from fluxscape.representativeness.chu import period_weights
from fluxscape.representativeness.frame import (
    LATTICE_STEP,
    Floats,
    Lattice,
    Place,
    Weights,
    truncated,
    within_source_area,
)
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.regrid import Field, fields_on, pixel_size, scenes_of


@dataclass(frozen=True, slots=True, eq=False)
class SceneSums:
    """Means of every scene and what a bootstrap draws from.

    Attributes
    ----------
    times
        Of the scenes; None for a single raster without time.
    footprint_mean, footprint_valid, cut_mean
        Mean over the whole footprint, the valid share, and the mean inside the source area that
        Chu et al. use (scene,).
    part_value, part_weight
        Sums over each part of the record (part, scene), already times its records; None without
        parts.
    sizes, area_mean, area_valid
        By kind of area; means and shares (scene, size).
    """

    times: NDArray[np.datetime64] | None
    footprint_mean: Floats
    footprint_valid: Floats
    cut_mean: Floats
    part_value: Floats | None
    part_weight: Floats | None
    sizes: dict[str, tuple[float, ...]]
    area_mean: dict[str, Floats]
    area_valid: dict[str, Floats]

    @property
    def scenes(self) -> int:
        """Number of scenes."""
        return int(self.footprint_mean.size)

    @property
    def resampled(self) -> str:
        """What a bootstrap draws from."""
        parts = self.part_value is not None and self.part_value.shape[0] > 1
        if parts and self.scenes > 1:
            return "records and scenes"
        return "records" if parts else "scenes" if self.scenes > 1 else "nothing"

    def periods(self) -> dict[str, NDArray[Any]]:
        """Return month and year of every scene; nothing without times."""
        if self.times is None:
            return {}
        months = self.times.astype("datetime64[M]").astype(np.int64)
        return {"month": months % 12 + 1, "year": months // 12 + 1970}

    def mean_over(self, kind: str, chosen: NDArray[np.bool_]) -> Floats:
        """Return the mean of each area over the scenes in which it and the footprint are known."""
        return self._pair(kind, chosen)[1]

    def bias(self, kind: str, chosen: NDArray[np.bool_]) -> Floats:
        """Return the bias of the means over chosen scenes, by size; NaN where unknown."""
        return relative(*self._pair(kind, chosen))

    def bias_by_scene(self, kind: str) -> Floats:
        """Return the bias of every scene (scene, size)."""
        return relative(self.footprint_mean[:, None], self.area_mean[kind])

    def _pair(self, kind: str, chosen: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        counts = chosen.astype(np.float64)[None, :]
        seen, around = self._drawn(kind, counts, self.footprint_mean[None, :])
        return seen[0], around[0]

    def draws(self, replicates: int, random: np.random.Generator) -> tuple[Floats, Floats] | None:
        """Return counts of scenes and the footprint's means of every replicate (replicate, scene).

        None if there is nothing to draw from.
        """
        if self.resampled == "nothing" or replicates < 1:
            return None
        shape = (replicates, self.scenes)
        counts: NDArray[Any] = np.ones(shape)
        if self.scenes > 1:
            counts = random.multinomial(
                self.scenes, np.full(self.scenes, 1 / self.scenes), replicates
            )
        seen = np.broadcast_to(self.footprint_mean, shape)
        if self.part_value is not None and self.part_weight is not None:
            parts = self.part_value.shape[0]
            if parts > 1:
                taken = random.multinomial(parts, np.full(parts, 1 / parts), replicates)
                with np.errstate(invalid="ignore", divide="ignore"):
                    drawn = (taken @ self.part_value) / (taken @ self.part_weight)
                # A scene whose month was not drawn keeps its own mean.
                seen = np.where(np.isfinite(drawn), drawn, seen)
        return counts.astype(np.float64), np.asarray(seen)

    def drawn_bias(self, kind: str, counts: Floats, seen: Floats) -> Floats:
        """Return the bias of every replicate (replicate, size)."""
        return relative(*self._drawn(kind, counts, seen))

    def _drawn(self, kind: str, counts: Floats, seen: Floats) -> tuple[Floats, Floats]:
        """Return means over drawn scenes of the footprint and of each area (draw, size)."""
        area = self.area_mean[kind]
        known = np.isfinite(area) & np.isfinite(self.footprint_mean)[:, None]
        total = counts @ known.astype(np.float64)
        first = (counts * np.nan_to_num(seen)) @ known.astype(np.float64)
        second = counts @ np.where(known, area, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return first / total, second / total


def relative(seen: Floats, around: Floats) -> Floats:
    """Return (seen - around) / around; NaN where the area's mean is zero or unknown."""
    with np.errstate(invalid="ignore", divide="ignore"):
        bias = (seen - around) / around
    return np.where(np.isfinite(bias), bias, np.nan)


def scene_sums(
    weights: Weights,
    raster: xr.DataArray,
    place: Place,
    *,
    parts: xr.Dataset | None,
    radii: tuple[float, ...],
    sides: tuple[float, ...],
    fractions: tuple[float, ...],
    limits: Limits,
    on_scene: Any = None,
) -> SceneSums:
    """Return the sums of a raster, scene by scene.

    ``on_scene(wide)`` is called with each scene's :class:`Field` on the lattice around the tower,
    so that other metrics need not lay it out again.
    """
    times = raster["time"].to_numpy() if "time" in raster.dims else None
    step = min(pixel_size(scenes_of(raster)[0], place), LATTICE_STEP)
    lattice = Lattice.around(max(radii[-1], 0.5 * sides[-1]), step)
    pieces = [] if parts is None else period_weights(parts)
    inside = [within_source_area(weights, fraction) for fraction in fractions]
    plain = [
        None if one is None else Weights(one.grid, (one.share > 0.0).astype(float))
        for one in inside
    ]
    cut = truncated(weights, limits.source_area)
    rows: list[dict[str, Any]] = []
    both = (fields_on(raster, weights.grid, place), fields_on(raster, lattice, place))
    for fine, wide in zip(*both, strict=True):
        if on_scene is not None:
            on_scene(wide)
        row: dict[str, Any] = {
            "footprint": _weighted(fine, weights, limits),
            "cut": _weighted(fine, cut, limits),
            "source_area": [
                (np.nan, 0.0) if w is None else _weighted(fine, w, limits) for w in plain
            ],
            "parts": [_sums(fine, piece, count) for _, count, piece in pieces],
        }
        row["disc"] = _area_rows(wide, "disc", radii, limits)
        row["square"] = _area_rows(wide, "square", sides, limits)
        rows.append(row)
    sizes = {"disc": radii, "square": sides, "source_area": fractions}
    return _gathered(rows, times, [label for label, _, _ in pieces], sizes)


def _gathered(
    rows: Sequence[dict[str, Any]],
    times: NDArray[np.datetime64] | None,
    labels: Sequence[str],
    sizes: dict[str, tuple[float, ...]],
) -> SceneSums:
    """Return the rows of all scenes as arrays."""
    footprint = np.array([row["footprint"] for row in rows])
    areas = {kind: np.array([row[kind] for row in rows]) for kind in sizes}
    value = weight = None
    mean = footprint[:, 0]
    if labels:
        both = np.array([row["parts"] for row in rows])
        matched, monthly = _same_month(labels, times, len(rows))
        value, weight = both[:, :, 0].T * matched, both[:, :, 1].T * matched
        if monthly:
            with np.errstate(invalid="ignore", divide="ignore"):
                own = value.sum(axis=0) / weight.sum(axis=0)
            mean = np.where(np.isfinite(mean) & np.isfinite(own), own, mean)
    return SceneSums(
        times=times,
        footprint_mean=mean,
        footprint_valid=footprint[:, 1],
        cut_mean=np.array([row["cut"][0] for row in rows]),
        part_value=value,
        part_weight=weight,
        sizes=sizes,
        area_mean={kind: area[:, :, 0] for kind, area in areas.items()},
        area_valid={kind: area[:, :, 1] for kind, area in areas.items()},
    )


def _same_month(
    labels: Sequence[str], times: NDArray[np.datetime64] | None, scenes: int
) -> tuple[Floats, bool]:
    """Return which part weighs which scene (part, scene), and whether months decide."""
    months = [_month(label) for label in labels]
    if times is None or any(month is None for month in months):
        return np.ones((len(labels), scenes)), False
    of_scene = times.astype("datetime64[M]").astype(np.int64) % 12 + 1
    same = np.array(months)[:, None] == of_scene[None, :]
    same |= ~same.any(axis=0)[None, :]
    return same.astype(np.float64), True


def _month(label: str) -> int | None:
    found = [piece[6:] for piece in label.split("+") if piece.startswith("month-")]
    return int(found[0]) if found else None


def _sums(field: Field, weights: Weights, count: float) -> tuple[float, float]:
    """Return the sums of weight times value and of weight over the valid part."""
    held = weights.share * field.valid
    return count * float((held * field.value).sum()), count * float(held.sum())


def _weighted(field: Field, weights: Weights, limits: Limits) -> tuple[float, float]:
    """Return the weighted mean and the valid share; NaN below the least valid share."""
    value, held = _sums(field, weights, 1.0)
    share = held / weights.captured
    known = held > 0.0 and share >= limits.least_valid
    return (value / held if known else float("nan")), share


def _area_rows(
    field: Field, shape: Shape, sizes: tuple[float, ...], limits: Limits
) -> list[tuple[float, float]]:
    """Return mean and valid share of each area; NaN below the least valid share."""
    found = area_means(field.value, field.valid, field.grid, shape, sizes)
    known = np.where(found.valid_share >= limits.least_valid, found.mean, np.nan)
    return list(zip(known.tolist(), found.valid_share.tolist(), strict=True))
