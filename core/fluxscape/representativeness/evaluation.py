"""Everything that is known of how far a tower stands for its surroundings, in one call."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import xarray as xr

from fluxscape.errors import MissingVariableError, did_you_mean
from fluxscape.representativeness._index_run import IndexRun
from fluxscape.representativeness._uncertainty import Drawn, draw_levels
from fluxscape.representativeness.assessment import Assessment
from fluxscape.representativeness.chu import (
    footprint_shape,
    steadiness,
)
from fluxscape.representativeness.cover import CoverProfile, cover_profile
from fluxscape.representativeness.frame import (
    Located,
    Place,
    Weights,
    footprint_weights,
    place_of,
    shared_status,
)
from fluxscape.representativeness.legends import PLANT_FUNCTIONAL_TYPES, find_legend
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.rating import (
    Aspect,
    Reason,
    Score,
    notes_on,
    overall,
    rate_bias,
    rate_cover,
    rate_structure,
)
from fluxscape.representativeness.regrid import pixel_size, scenes_of
from fluxscape.representativeness.structure import footprint_width
from fluxscape.representativeness.terrain import describe_terrain

REPLICATES: Final = 200
"""Bootstrap replicates of levels and intervals in an assessment."""

Progress = Callable[[float, str], None]


def assess(
    climatology: xr.Dataset,
    tower: Located | None = None,
    *,
    land_cover: xr.DataArray | None = None,
    indices: Mapping[str, xr.DataArray] | None = None,
    elevation: xr.DataArray | None = None,
    parts: xr.Dataset | None = None,
    target: str | int | None = None,
    legend: str | None = None,
    rated: str | None = None,
    thresholds: Limits | None = None,
    replicates: int = REPLICATES,
    seed: int = 0,
    on_progress: Progress | None = None,
) -> Assessment:
    """Return every metric of representativeness, three rated aspects and the score.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    tower
        Position and, if it has one, ``igbp`` class; by default the climatology's attributes.
    land_cover
        Class codes (y, x); attribute ``crs``, and ``legend`` unless that is named.
    indices
        Surface properties by name, each (y, x) or scenes (time, y, x); attribute ``crs``. A name
        such as ``ndvi`` is held against the index's range.
    elevation
        Heights (y, x) [m]; attribute ``crs``.
    parts
        Climatologies of parts of the record, as
        :func:`fluxscape.footprint.climatology_by_period` returns them; the bootstrap draws them.
    target, legend
        As :func:`fluxscape.representativeness.cover.cover_profile` takes them.
    rated
        Index that the score rates; by default the first.
    thresholds
        Limits of the levels; they are saved with the result.
    replicates, seed
        Of the bootstrap over parts and scenes.
    on_progress
        Called as ``on_progress(fraction, message)``.

    Raises
    ------
    MissingVariableError
        If no map is given, ``rated`` names none or the position is unknown.
    DimsError, FileFormatError, OutOfBoundsError
        If the climatology or a raster is not what it should be; see
        :func:`fluxscape.representativeness.regrid.to_footprint_grid`.
    """
    rules = thresholds if thresholds is not None else Limits()
    given = dict(indices or {})
    if not given and land_cover is None and elevation is None:
        msg = "an assessment needs a map: land cover, an index such as NDVI, or elevation"
        raise MissingVariableError(msg)
    if rated is not None and rated not in given:
        msg = f"there is no index {rated!r} to rate; given are {sorted(given)}."
        raise MissingVariableError(msg + did_you_mean(rated, given), got=rated)
    chosen = rated if rated is not None else next(iter(given), "")
    weights, place = footprint_weights(climatology), place_of(tower, climatology)
    say = _Teller(on_progress, 3 + len(given) + (0 if elevation is None else 2))

    say("footprint")
    shape = footprint_shape(climatology, rules.source_area)
    steady = None if parts is None else steadiness(parts, rules.source_area)
    say("land cover")
    cover = None
    if land_cover is not None:
        cover = cover_profile(
            climatology, land_cover, tower, target=target, legend=legend, limits=rules
        )
    run = IndexRun(weights, place, parts, rules, replicates, seed)
    for name, raster in given.items():
        say(name)
        run.add_index(name, raster.rename(name))
    ground = None
    if elevation is not None:
        say("elevation")
        ground = describe_terrain(climatology, elevation, tower, limits=rules)
        run.add_terrain(elevation, say)
    say("score")
    maps = [raster for raster in (land_cover, *given.values(), elevation) if raster is not None]
    return Assessment(
        latitude=place.latitude,
        longitude=place.longitude,
        score=_score(cover, run, chosen, land_cover, parts),
        limits=rules,
        captured_fraction=float(climatology.attrs.get("captured_fraction", weights.captured)),
        shape=shape,
        steadiness=steady,
        cover=cover,
        biases=run.biases,
        structures=run.structures,
        maps=run.maps,
        terrain=ground,
        rated=chosen,
        notes=_notes(weights, tower, place, land_cover, given, rules),
        seed=seed,
        replicates=replicates,
        data_status=shared_status(climatology, *maps),
    )


def _notes(
    weights: Weights,
    tower: Located | None,
    place: Place,
    land_cover: xr.DataArray | None,
    given: Mapping[str, xr.DataArray],
    limits: Limits,
) -> tuple[Reason, ...]:
    """Return what the maps, the position and the grid leave uncertain."""
    maps = {} if land_cover is None else {"land cover": land_cover}
    pixels = {
        name: pixel_size(scenes_of(one)[0], place) for name, one in (maps | dict(given)).items()
    }
    precision = float(getattr(tower, "coordinate_precision", math.nan))
    width = footprint_width(weights, limits.source_area)
    return notes_on(width, weights.captured, precision, pixels, limits)


class _Teller:
    """Tells how far an assessment is."""

    def __init__(self, on_progress: Progress | None, steps: int) -> None:
        self._tell, self._steps, self._done = on_progress, steps, 0

    def __call__(self, message: str) -> None:
        if self._tell is not None:
            self._tell(min(self._done / self._steps, 1.0), message)
        self._done += 1


def _score(
    cover: CoverProfile | None,
    run: IndexRun,
    chosen: str,
    land_cover: xr.DataArray | None,
    parts: xr.Dataset | None,
) -> Score:
    """Return the three aspects with intervals, the score and its probability."""
    limits = run.limits
    aspects = [
        Aspect("land_cover", 0, math.nan, Reason("cover.absent")),
        Aspect("spatial_structure", 0, math.nan, Reason("structure.absent")),
        Aspect("location_bias", 0, math.nan, Reason("bias.absent")),
    ]
    if cover is not None:
        named = PLANT_FUNCTIONAL_TYPES.get(cover.target) or _class_name(cover)
        aspects[0] = rate_cover(cover.target_share, named, cover.valid_share, limits)
    if chosen:
        aspects[1] = rate_structure(run.structures[chosen], limits)
        bias = run.biases[chosen].bias_at(limits.bias_radius)[0]
        aspects[2] = rate_bias(chosen, bias, limits)
    drawn = draw_levels(
        aspects,
        cover=None if cover is None or land_cover is None else (cover, land_cover),
        parts=parts,
        place=run.place,
        sums=run.sums.get(chosen),
        lags=run.lags.get(chosen),
        contrast=run.structures[chosen].contrast if chosen else None,
        replicates=run.replicates,
        seed=run.seed,
        limits=limits,
    )
    return overall(_with_intervals(aspects, drawn), drawn.probability, drawn.resampled)


def _with_intervals(aspects: list[Aspect], drawn: Drawn) -> tuple[Aspect, ...]:
    return tuple(
        Aspect(one.name, one.level, one.value, one.reason, *drawn.intervals[one.name])
        for one in aspects
    )


def _class_name(cover: CoverProfile) -> str:
    """Return the name of the target's first class, as the legend writes it."""
    return find_legend(cover.legend).label(cover.target_codes[0])
