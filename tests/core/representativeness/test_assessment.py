"""The three aspects, the score with its reasons, and the whole assessment."""

from __future__ import annotations

import json
import math
import time

import numpy as np
import pytest

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.representativeness import Limits, assess, describe_terrain
from fluxscape.representativeness.areas import coverage
from fluxscape.representativeness.frame import Lattice, footprint_weights
from fluxscape.representativeness.rating import (
    ASPECTS,
    TEXTS,
    Aspect,
    Reason,
    bias_level,
    cover_level,
    overall,
    structure_level,
)
from fluxscape.representativeness.structure import Contrast
from fluxscape.representativeness.terrain import slope_aspect
from fluxscape.representativeness.variogram_fit import VariogramFit
from fluxscape.towers import Tower
from helpers.fields import parts_of, random_field, round_footprint, stacked, surface

LIMITS = Limits()


def patches(seed: int, *, mean: float = 0.5, spread: float = 0.15, cells: int = 121):
    """Return a smooth field with patches of some hundred metres on pixels of 30 m."""
    random = np.random.default_rng(seed)
    waves = random.normal(0.0, 2.0 * math.pi / 900.0, (40, 2))
    phases = random.uniform(0.0, 2.0 * math.pi, 40)

    def field(x, y):
        total = sum(np.cos(a * x + b * y + c) for (a, b), c in zip(waves, phases, strict=True))
        return np.clip(mean + spread * total * math.sqrt(2.0 / 40.0), -1.0, 1.0)

    return surface(field, step=30.0, cells=cells)


@pytest.mark.parametrize(
    ("share", "level"), [(0.8, 3), (0.79, 2), (0.5, 2), (0.1, 1), (math.nan, 0)]
)
def test_levels_of_cover(share: float, level: int) -> None:
    assert cover_level(share, LIMITS) == level


@pytest.mark.parametrize(("bias", "level"), [(-0.05, 3), (0.06, 2), (-0.11, 1), (math.nan, 0)])
def test_levels_of_bias(bias: float, level: int) -> None:
    assert bias_level(bias, LIMITS) == level


@pytest.mark.parametrize(
    ("error", "level"), [(0.0, 3), (0.05, 3), (0.1, 2), (0.2, 1), (math.nan, 0)]
)
def test_levels_of_structure(error: float, level: int) -> None:
    assert structure_level(error, LIMITS) == level


def test_expected_bias_is_that_of_many_landscapes_of_the_same_structure() -> None:
    weights = footprint_weights(round_footprint(60.0, step=10.0, extent=300.0, spread=40.0))
    contrast = Contrast.between(weights, 300.0, 10.0)
    grid = Lattice.around(300.0, 10.0)
    disc = coverage(grid, "disc", 300.0)
    difference = weights.on(grid).relative - disc / disc.sum()
    # Sums of fields of known covariance, without a fit between.
    true = VariogramFit("exponential", 0.0, 1.0, 150.0, 0.0, 0.0, True, True)
    drawn = [
        (difference * random_field(lambda h: np.exp(-3.0 * h * 10.0 / 150.0), 61, seed)).sum()
        for seed in range(400)
    ]
    assert contrast.expected_difference(true) == pytest.approx(np.std(drawn), rel=0.1)
    assert contrast.weight.sum() == pytest.approx(0.0, abs=1e-12)


def test_wide_footprints_and_wide_patches_are_representative_and_what_lies_between_is_not() -> None:
    contrast = Contrast.between(footprint_weights(round_footprint()), 1000.0, 10.0)
    errors = [
        contrast.expected_difference(
            VariogramFit("spherical", 0.0, 1.0, reach, 0.0, 0.0, True, True)
        )
        for reach in (20.0, 500.0, 20_000.0)
    ]
    assert errors[1] > 3.0 * errors[0]
    assert errors[1] > 3.0 * errors[2]
    assert contrast.expected_difference(None) == 0.0


def aspects(*levels: int) -> tuple[Aspect, ...]:
    reason = Reason("bias.absent")
    return tuple(
        Aspect(name, level, math.nan, reason) for name, level in zip(ASPECTS, levels, strict=True)
    )


def test_score_is_the_lowest_known_level_and_names_what_limits_it() -> None:
    found = overall(aspects(3, 1, 0), {}, "nothing")
    assert found.score == 1
    assert found.reasons[0].key == "score.limited"
    assert found.reasons[0].values == {"aspects": "spatial structure", "level": "low"}
    assert "not rated: location bias" in found.text
    assert overall(aspects(2, 2, 2), {}, "nothing").reasons[0].key == "score.all"
    nothing = overall(aspects(0, 0, 0), {}, "nothing")
    assert (nothing.score, nothing.text[:9]) == (0, "No score:")


def test_every_reason_has_a_sentence_with_its_values() -> None:
    for key, text in TEXTS.items():
        assert key.count(".") == 1
        assert not text.endswith(".")


def whole(**changes):
    """Return an assessment of twelve scenes, eight parts of the record, cover and heights."""
    months = [f"2021-{month:02d}-15" for month in range(1, 13)]
    scenes = [patches(1, mean=0.3 + 0.02 * month) for month in range(12)]
    given = {
        "land_cover": surface(
            lambda x, y: np.where(x + 0.0 * y < 170.0, 10.0, 5.0),
            name="cover",
            step=30.0,
            cells=401,
        ),
        "indices": {"ndvi": stacked(scenes, months)},
        "elevation": surface(
            lambda x, y: 3200.0 + 0.05 * x + 10.0 * np.sin(y / 200.0),
            name="heights",
            step=30.0,
            cells=401,
        ),
        "parts": parts_of({str(2000 + i): round_footprint(90.0 + 20.0 * i) for i in range(8)}),
        "target": "GRA",
        "legend": "igbp",
        "replicates": 60,
    }
    return assess(round_footprint(150.0, captured=0.92), **{**given, **changes})


def test_assessment_holds_every_metric_and_becomes_json() -> None:
    found = whole()
    assert found.score.score in {1, 2}
    assert {aspect.name: aspect.level for aspect in found.score.aspects}["land_cover"] == 2
    assert sum(found.score.probability.values()) == pytest.approx(1.0)
    assert found.score.resampled == "records and scenes"
    assert "of the footprint is grassland" in found.score.text
    cover = found.score.aspects[0]
    assert cover.low < cover.value < cover.high
    assert set(found.biases) == {"ndvi", "elevation", "slope"}
    assert found.rated == "ndvi"
    made = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert made["limits"] == LIMITS.to_dict()
    assert made["score"]["text"] == found.score.text
    assert made["shape"]["asymmetric"] is True
    tables = found.datasets()
    assert {"land_cover", "variogram_ndvi", "bias_map_ndvi", "location_bias_ndvi"} <= set(tables)
    assert all(table.attrs["data_status"] == "observed" for table in tables.values())


def test_assessment_with_the_same_seed_is_the_same() -> None:
    assert whole().to_dict() == whole().to_dict()


def test_other_limits_change_the_levels_and_are_saved() -> None:
    strict = Limits.from_dict({"cover_high": 0.4, "bias_radius": 777.0})
    found = whole(thresholds=strict)
    assert found.score.aspects[0].level == 3
    assert found.to_dict()["limits"]["cover_high"] == 0.4
    assert 777.0 in found.biases["ndvi"].table["radius"]


def test_absent_maps_are_said_and_do_not_rate() -> None:
    found = whole(indices={}, elevation=None, parts=None)
    assert [aspect.level for aspect in found.score.aspects] == [2, 0, 0]
    assert found.score.score == 2
    assert found.score.probability == {}
    assert "not rated: spatial structure, location bias" in found.score.text
    assert found.terrain is None
    assert found.steadiness is None


def test_simulated_maps_make_a_mixed_or_simulated_assessment() -> None:
    flat = surface(lambda x, y: 0.5 + 0.0 * (x + y), data_status="simulated")
    assert assess(round_footprint(), indices={"ndvi": flat}).data_status == "mixed"
    field = round_footprint()
    field.attrs["data_status"] = "simulated"
    assert assess(field, indices={"ndvi": flat}).data_status == "simulated"


def test_tower_gives_position_and_target() -> None:
    class Here(Tower):
        def __init__(self) -> None:
            known = {"latitude": 37.6, "longitude": 101.33, "igbp": "GRA"}
            for name, value in (known | {"coordinate_precision": 1100.0}).items():
                object.__setattr__(self, name, value)

    field = round_footprint()
    field.attrs.clear()
    cover = surface(lambda x, y: 10.0 + 0.0 * (x + y), name="cover", cells=1101)
    found = assess(field, Here(), land_cover=cover, legend="igbp")
    assert found.cover.target == "GRA"
    # A position quoted to 0.01 degrees cannot be laid under a footprint of 200 m.
    assert [note.key for note in found.notes] == ["note.position"]
    assert "known to 1100 m only" in found.notes[0].text


def test_coarse_map_and_small_grid_are_noted() -> None:
    coarse = surface(lambda x, y: 0.5 + 0.0 * (x + y), step=250.0, cells=61)
    cut = assess(round_footprint(captured=0.7), indices={"ndvi": coarse})
    assert [note.key for note in cut.notes] == ["note.captured"]
    found = assess(round_footprint(), indices={"ndvi": coarse})
    assert [note.key for note in found.notes] == ["note.narrow"]
    assert found.to_dict()["notes"][0]["values"]["name"] == "ndvi"


def test_nothing_to_assess_or_to_rate_is_refused() -> None:
    with pytest.raises(MissingVariableError, match="needs a map"):
        assess(round_footprint())
    with pytest.raises(MissingVariableError, match="Did you mean 'ndvi'"):
        whole(rated="ndvy")


def test_index_missing_around_the_tower_is_refused() -> None:
    hole = surface(lambda x, y: np.where(np.hypot(x, y) < 2000.0, np.nan, 0.5), cells=1001)
    with pytest.raises(OutOfBoundsError, match="ndvi has no value within"):
        assess(round_footprint(), indices={"ndvi": hole})


def test_progress_rises_to_the_end() -> None:
    told: list[tuple[float, str]] = []
    whole(on_progress=lambda fraction, message: told.append((fraction, message)))
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert told[-1][1] == "score"
    assert {"land cover", "ndvi", "elevation"} <= {message for _, message in told}


def test_million_pixels_are_assessed_in_seconds() -> None:
    field = round_footprint(150.0, step=4.0, extent=1000.0)
    random = np.random.default_rng(1)
    rasters = {
        "land_cover": surface(lambda x, y: 10.0 + 2.0 * (x + y > 0.0), name="cover", cells=1000),
        "indices": {"ndvi": surface(lambda x, _y: random.uniform(0.2, 0.8, x.shape), cells=1000)},
        "elevation": surface(lambda x, y: 900.0 + 0.01 * (x + y), name="dem", cells=1000),
    }
    assess(field, legend="igbp", **rasters)
    start = time.process_time()
    found = assess(field, legend="igbp", **rasters)
    # Two seconds on an idle machine; this one may be shared.
    assert time.process_time() - start < 8.0
    assert found.score.score >= 1


def test_level_ground_faces_nowhere_and_gaps_stay_gaps() -> None:
    level = np.full((5, 5), 100.0)
    level[1, 1] = np.nan
    slope, aspect = slope_aspect(level, 10.0)
    assert np.isnan(slope[0]).all()
    assert math.isnan(slope[1, 1])
    assert math.isnan(slope[2, 2])
    assert slope[3, 3] == 0.0
    assert np.isnan(aspect).all()


def test_slope_of_a_case_worked_by_hand() -> None:
    # Horn: east side 50 + 2 * 40 + 30, west side 10 + 2 * 20 + 10, over 8 cells of 5 m.
    heights = np.array([[10.0, 0.0, 30.0], [20.0, 7.0, 40.0], [10.0, 0.0, 50.0]])
    slope, aspect = slope_aspect(heights, 5.0)
    to_east, to_north = (160.0 - 60.0) / 40.0, (60.0 - 40.0) / 40.0
    assert slope[1, 1] == pytest.approx(math.degrees(math.atan(math.hypot(to_east, to_north))))
    assert aspect[1, 1] == pytest.approx(math.degrees(math.atan2(-to_east, -to_north)) % 360.0)


def test_terrain_on_too_few_valid_pixels_is_unknown() -> None:
    holed = surface(lambda x, y: np.where(x > 0.0, np.nan, 100.0 + 0.0 * y), name="dem")
    found = describe_terrain(round_footprint(), holed)
    assert math.isnan(found.slope)
    assert found.valid_share < 0.6
