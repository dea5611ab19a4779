"""Location bias over radius, months and scenes, its intervals, and windows."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.representativeness import (
    Limits,
    bias_profile,
    relative_coefficients,
    window_statistics,
)
from fluxscape.representativeness._plain import plain
from fluxscape.representativeness.bias import curve_radii, largest_radius
from fluxscape.representativeness.frame import Lattice
from fluxscape.representativeness.regrid import Field
from fluxscape.representativeness.scale import window_of
from helpers.fields import parts_of, random_field, round_footprint, stacked, surface

NEAR = {"radii": (250.0, 500.0, 1000.0), "sides": (250.0, 1000.0)}


def ramp(slope: float, mean: float = 0.5):
    return surface(lambda x, y: mean + slope * x + 0.0 * y, step=20.0, cells=151)


def test_months_and_years_have_their_own_bias() -> None:
    field = round_footprint(100.0)
    scenes = stacked(
        [ramp(1e-4), ramp(2e-4), ramp(-1e-4), ramp(-2e-4)],
        ["2020-01-05", "2021-01-05", "2020-07-05", "2021-07-05"],
    )
    found = bias_profile(field, scenes, **NEAR)
    table = found.table
    january = table["month_disc_bias"].sel(month=1, radius=1000.0)
    assert float(january) == pytest.approx(100.0 * 1.5e-4 / 0.5, rel=1e-6)
    assert float(table["month_disc_bias"].sel(month=7, radius=500.0)) == pytest.approx(-0.03)
    assert table["year_disc_bias"].to_numpy() == pytest.approx(0.0, abs=1e-9)
    assert table["year"].to_numpy().tolist() == [2020, 2021]
    assert table["scene_disc_bias"].sel(radius=250.0).to_numpy() == pytest.approx(
        [0.02, 0.04, -0.02, -0.04]
    )
    assert found.bias_at(1000.0)[0] == pytest.approx(0.0, abs=1e-9)
    assert found.resampled == "scenes"


def test_interval_over_scenes_holds_the_bias_and_narrows_with_them() -> None:
    random = np.random.default_rng(8)
    widths = []
    for count in (8, 60):
        slopes = 1e-4 + 5e-5 * random.standard_normal(count)
        days = np.datetime64("2020-01-01") + np.arange(count) * 5
        scenes = stacked([ramp(slope) for slope in slopes], days.astype(str).tolist())
        found = bias_profile(round_footprint(100.0), scenes, **NEAR, seed=4)
        bias, low, high = found.bias_at(500.0)
        assert low < bias < high
        widths.append(high - low)
        # The standard error of a mean, twice to either side.
        spread = 100.0 / 0.5 * slopes.std() / math.sqrt(count)
        assert high - low == pytest.approx(3.92 * spread, rel=0.15)
    assert widths[1] < widths[0]


def test_interval_over_parts_of_the_record_is_that_of_their_means() -> None:
    parts = parts_of({f"{2000 + i}": round_footprint(20.0 * i, spread=40.0) for i in range(10)})
    whole = round_footprint(90.0, spread=40.0)
    found = bias_profile(whole, ramp(1e-4), parts=parts, **NEAR)
    _, low, high = found.bias_at(500.0)
    assert found.resampled == "records"
    spread = 1e-4 / 0.5 * np.std(20.0 * np.arange(10)) / math.sqrt(10.0)
    assert (low, high) == pytest.approx((0.018 - 1.96 * spread, 0.018 + 1.96 * spread), rel=0.08)


def test_scenes_are_weighed_by_the_footprint_of_their_month() -> None:
    parts = parts_of({"month-01": round_footprint(-100.0), "month-07": round_footprint(100.0)})
    scenes = stacked([ramp(1e-4), ramp(1e-4)], ["2021-01-15", "2021-07-15"])
    found = bias_profile(round_footprint(0.0), scenes, parts=parts, **NEAR)
    assert found.resampled == "records and scenes"
    assert found.table["scene_disc_bias"].sel(radius=1000.0).to_numpy() == pytest.approx(
        [-0.02, 0.02]
    )
    assert found.bias_at(1000.0)[0] == pytest.approx(0.0, abs=1e-9)


def test_cloudy_scene_is_left_out() -> None:
    scenes = stacked(
        [ramp(1e-4), ramp(1e-4) * np.nan, ramp(3e-4)], ["2021-01-15", "2021-02-15", "2021-03-15"]
    )
    found = bias_profile(round_footprint(100.0), scenes, **NEAR)
    assert found.bias_at(500.0)[0] == pytest.approx(100.0 * 2e-4 / 0.5)
    assert math.isnan(float(found.table["month_disc_bias"].sel(month=2, radius=500.0)))


def test_map_without_a_reference_system_is_refused() -> None:
    bare = ramp(1e-4)
    del bare.attrs["crs"]
    with pytest.raises(DimsError, match="crs"):
        bias_profile(round_footprint(), bare, **NEAR)


def test_same_seed_gives_the_same_interval() -> None:
    parts = parts_of({f"{2000 + i}": round_footprint(3.0 * i * i) for i in range(9)})
    made = [
        bias_profile(round_footprint(30.0), ramp(1e-4), parts=parts, seed=seed, **NEAR).bias_at(
            500.0
        )
        for seed in (3, 3, 4)
    ]
    assert made[0] == made[1]
    assert made[0] != made[2]


def test_single_map_and_climatology_have_no_interval() -> None:
    found = bias_profile(round_footprint(), ramp(1e-4), **NEAR)
    assert found.resampled == "nothing"
    assert all(math.isnan(end) for end in found.bias_at(500.0)[1:])


def test_largest_radius_ends_where_the_surroundings_change() -> None:
    # Beyond 300 m the land is barer: a disc's mean falls as its share of 0.6 does.
    clearing = surface(lambda x, y: np.where(np.hypot(x, y) < 300.0, 0.6, 0.3))
    found = bias_profile(round_footprint(spread=30.0), clearing)
    # 0.6 / (0.3 + 0.3 s) = 1.1 at s = 0.818: r = 300 / sqrt(s).
    share = (0.6 / 1.1 - 0.3) / 0.3
    radii = found.table["curve_radius"].to_numpy()
    true = 300.0 / math.sqrt(share)
    assert found.largest_radius == radii[radii < true].max()


def test_largest_radius_of_hand_worked_curves() -> None:
    radii = np.array([1.0, 2.0, 3.0])
    assert largest_radius(radii, np.array([0.0, 0.1, 0.3]), 0.1) == 2.0
    assert largest_radius(radii, np.array([0.2, 0.0, 0.0]), 0.1) == 0.0
    assert largest_radius(radii, np.array([math.nan, 0.0, -0.2]), 0.1) == 2.0
    assert largest_radius(radii, np.array([0.0, math.nan, 0.0]), 0.1) == 1.0
    assert math.isnan(largest_radius(radii, np.full(3, math.nan), 0.1))


def test_area_beyond_the_map_is_unknown_and_its_share_told() -> None:
    found = bias_profile(round_footprint(), surface(lambda x, y: 0.5 + 0.0 * (x + y), cells=121))
    table = found.table
    assert float(table["disc_bias"].sel(radius=500.0)) == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(float(table["disc_bias"].sel(radius=2000.0)))
    square = 1210.0**2 / (math.pi * 2000.0**2)
    assert float(table["disc_valid_share"].sel(radius=2000.0)) == pytest.approx(square, rel=1e-6)


def test_zero_mean_has_no_bias() -> None:
    found = bias_profile(round_footprint(), surface(lambda x, y: 0.0 * (x + y)), **NEAR)
    assert np.isnan(found.table["disc_bias"]).all()
    assert math.isnan(found.largest_radius)


def test_source_area_is_compared_with_its_own_plain_mean() -> None:
    # A bump under the footprint's densest part weighs more than the plain mean says.
    bump = surface(lambda x, y: 0.4 + 0.2 * np.exp(-(x**2 + y**2) / (2.0 * 60.0**2)))
    found = bias_profile(round_footprint(spread=60.0), bump, **NEAR)
    # Over the whole footprint: 0.4 + 0.1; within the 80 % contour, R = 1.794 sigma, the plain mean
    # is 0.4 + 0.2 * 2 sigma^2 / R^2 * 0.8.
    plain_mean = 0.4 + 0.2 * 2.0 / (-2.0 * math.log(0.2)) * 0.8
    bias = float(found.table["source_area_bias"].sel(fraction=0.8))
    assert bias == pytest.approx((0.5 - plain_mean) / plain_mean, abs=2e-3)


def test_sizes_must_rise() -> None:
    for radii in ((500.0, 250.0), (), (-1.0,), (math.nan,)):
        with pytest.raises(OutOfBoundsError, match="rising order"):
            bias_profile(round_footprint(), ramp(1e-4), radii=radii)


def test_curve_holds_the_named_radii() -> None:
    radii = curve_radii((250.0, 1000.0))
    assert {250.0, 1000.0} <= set(radii)
    assert radii == tuple(sorted(radii))
    assert curve_radii((40.0,)) == (40.0,)


def test_profile_becomes_json() -> None:
    scenes = stacked([ramp(1e-4), ramp(2e-4)], ["2020-01-05", "2021-01-05"])
    made = plain(bias_profile(round_footprint(captured=0.6), scenes, **NEAR).to_dict())
    assert json.loads(json.dumps(made, allow_nan=False))["source_area_bias"][-1] is None


def test_windows_grow_until_they_differ_from_the_footprint() -> None:
    grid = Lattice.around(300.0, 10.0)
    x, y = np.meshgrid(grid.x, grid.y)
    value = np.where(np.maximum(np.abs(x), np.abs(y)) < 105.0, 0.6, 0.3)
    found = window_statistics(Field(grid, value, np.ones(grid.shape)), 0.6)
    assert found["side"].to_numpy()[:3].tolist() == [10.0, 30.0, 50.0]
    assert float(found["coefficient_of_variation"].sel(side=210.0)) == pytest.approx(0.0, abs=1e-7)
    # Within 10 % while the share s of 0.6 keeps 0.3 + 0.3 s above 0.54: side 210 / sqrt(0.8).
    assert found.attrs["representative_side"] == 230.0
    at = found.sel(side=410.0)
    share = (210.0 / 410.0) ** 2
    assert float(at["mean"]) == pytest.approx(0.3 + 0.3 * share)
    assert float(at["standard_deviation"]) == pytest.approx(0.3 * math.sqrt(share * (1.0 - share)))


def test_relative_coefficients_of_a_stationary_field_are_small() -> None:
    made = random_field(lambda h: np.exp(-3.0 * h / 8.0), 180, 2)
    grid = Lattice.around(89.0, 1.0)
    value = 5.0 + made.to_numpy()[: grid.shape[0], : grid.shape[1]]
    field = Field(grid, value, np.ones(grid.shape))
    found = relative_coefficients(field, footprint_width=60.0, window=100.0)
    assert abs(found.variation) < 0.1
    assert abs(found.strength) < 0.2
    # The footprint spans seven ranges.
    assert found.scale < 0.01
    total = (abs(found.variation) + abs(found.strength) + abs(found.structure)) / 3.0 + found.scale
    assert found.score == pytest.approx(1.0 / total)
    narrow = relative_coefficients(field, footprint_width=2.0, window=100.0)
    assert narrow.score < found.score


def test_variation_that_begins_beyond_the_inner_window_has_no_score() -> None:
    grid = Lattice.around(89.0, 1.0)
    x, y = np.meshgrid(grid.x, grid.y)
    inside = np.maximum(np.abs(x), np.abs(y)) <= 50.0
    noise = np.random.default_rng(3).random(grid.shape)
    field = Field(grid, np.where(inside, 0.5, noise), np.ones(grid.shape))
    found = relative_coefficients(field, footprint_width=20.0, window=100.0)
    assert math.isnan(found.variation)
    assert math.isnan(found.score)


def test_uniform_land_needs_no_scale() -> None:
    grid = Lattice.around(100.0, 1.0)
    field = Field(grid, np.full(grid.shape, 0.5), np.ones(grid.shape))
    assert math.isinf(relative_coefficients(field, footprint_width=20.0, window=100.0).score)
    with pytest.raises(OutOfBoundsError, match="wider than the lattice"):
        relative_coefficients(field, footprint_width=20.0, window=1000.0)
    with pytest.raises(OutOfBoundsError, match="positive length"):
        relative_coefficients(field, footprint_width=0.0, window=50.0)
    assert window_of(field, 21.0).grid.shape == (21, 21)


def test_footprint_on_too_few_valid_pixels_has_no_bias() -> None:
    holed = surface(lambda x, y: np.where(x > 0.0, np.nan, 0.5 + 0.0 * y))
    found = bias_profile(round_footprint(), holed, **NEAR)
    assert math.isnan(found.footprint_mean)
    assert found.footprint_valid_share == pytest.approx(0.5, abs=0.04)
    lenient = Limits.from_dict({"least_valid": 0.3})
    assert bias_profile(round_footprint(), holed, limits=lenient, **NEAR).footprint_mean == 0.5
