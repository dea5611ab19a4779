"""Simulated landscapes: the mix around, the tower's own class, seeds, texture, terrain, labels."""

from __future__ import annotations

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import FileFormatError, OutOfBoundsError
from fluxscape.io.climatology import read_climatology
from fluxscape.representativeness.landscape import (
    LEAST_TOWER_SHARE,
    _class_shares,
    _frame,
    relief_per_kilometre,
    simulate_landscape,
)
from fluxscape.representativeness.random_fields import (
    correlated_field,
    fractal_field,
    matern_correlation,
)
from fluxscape.representativeness.surroundings import (
    Surroundings,
    day_length,
    monthly_season,
    surroundings_of,
)
from fluxscape.towers import find_tower

CHANGBAI = find_tower("CN-Cha")
PLACE = {"latitude": CHANGBAI.latitude, "longitude": CHANGBAI.longitude}


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return surroundings_of(read_climatology(), CHANGBAI.latitude, CHANGBAI.longitude)


def two_covers(left: int, right: int, ndvi: float = 0.8) -> Surroundings:
    """Return surroundings whose western half has one class and whose eastern half another."""
    step = np.arange(-10, 11) * 5000.0
    cover = np.where(step < 0, left, right) * np.ones((21, 1), dtype=np.int64)
    return Surroundings(
        north=step,
        east=step + 2500.0,
        land_cover=cover.astype(np.int64),
        ndvi_minimum=np.full((21, 21), 0.2),
        ndvi_maximum=np.full((21, 21), ndvi),
        elevation=np.full((21, 21), 300.0),
        tower_elevation=300.0,
        air_temperature=283.0 + 12.0 * np.cos(2 * np.pi * (np.arange(12) - 6.5) / 12),
        latitude=40.0,
        longitude=110.0,
    )


def landscape(surroundings: Surroundings, **options):
    place = {"latitude": surroundings.latitude, "longitude": surroundings.longitude}
    return simulate_landscape(surroundings, **({"seed": 3} | place | options))


def test_a_landscape_has_the_mix_of_the_cells_around_it() -> None:
    cover = landscape(two_covers(4, 12), land_cover="DBF")["land_cover"].to_numpy()
    assert set(np.unique(cover)) == {4, 12}
    # The two classes meet at the tower.
    assert (cover == 4).mean() == pytest.approx(0.5, abs=0.02)
    west, east = cover[:, :60], cover[:, -60:]
    assert (west == 4).mean() > 0.7
    assert (east == 4).mean() < 0.3


def test_real_towers_have_the_expected_share_of_every_class(around: Surroundings) -> None:
    own = 5
    frame = _frame(around, **PLACE, seed=1, size=10_000.0, resolution=30.0)
    wanted = {code: float(share.mean()) for code, share in _class_shares(frame, own).items()}
    assert sum(wanted.values()) == pytest.approx(1.0)
    cover = simulate_landscape(around, **PLACE, land_cover="MF", seed=1)["land_cover"].to_numpy()
    for code, share in wanted.items():
        assert (cover == code).mean() == pytest.approx(share, abs=0.001)


@pytest.mark.parametrize("seed", range(8))
def test_the_tower_stands_inside_a_patch_of_its_own_class(around, seed: int) -> None:
    scene = simulate_landscape(around, **PLACE, land_cover="WET", seed=seed)
    cover = scene["land_cover"]
    assert int(cover.sel(x=0.0, y=0.0)) == 11
    near = cover.sel(x=slice(-60, 60), y=slice(-60, 60)).to_numpy()
    assert (near == 11).mean() > 0.5
    # No map cell around has wetland: the assumed share stands in.
    assert float((cover == 11).mean()) == pytest.approx(LEAST_TOWER_SHARE, abs=0.001)


def test_a_country_of_one_class_becomes_a_landscape_of_one_class() -> None:
    cover = landscape(two_covers(10, 10), land_cover="GRA")["land_cover"]
    assert (cover == 10).all()


def test_one_seed_gives_the_same_bytes_and_another_gives_others(around: Surroundings) -> None:
    one, same, other = (
        simulate_landscape(around, **PLACE, land_cover="MF", seed=seed) for seed in (7, 7, 8)
    )
    for name in one.data_vars:
        assert one[name].to_numpy().tobytes() == same[name].to_numpy().tobytes()
        assert one[name].to_numpy().tobytes() != other[name].to_numpy().tobytes()


def test_the_tower_stands_in_the_middle_of_the_middle_pixel(around: Surroundings) -> None:
    scene = simulate_landscape(around, **PLACE, land_cover="MF", seed=1, size=2000.0)
    assert dict(scene.sizes) == {"time": 12, "y": 67, "x": 67}
    assert scene["x"].to_numpy()[33] == 0.0
    assert float(scene["surface_altitude"].sel(x=0.0, y=0.0)) == pytest.approx(
        around.tower_elevation, abs=0.01
    )


def test_everything_says_that_it_is_simulated(around: Surroundings) -> None:
    scene = simulate_landscape(around, **PLACE, land_cover="MF", seed=5)
    assert scene.attrs["data_status"] == "simulated"
    assert scene.attrs["seed"] == 5
    assert scene.attrs["utm_crs"] == "EPSG:32652"
    for name in scene.data_vars:
        assert scene[name].attrs["data_status"] == "simulated"
        assert "+proj=aeqd" in scene[name].attrs["crs"]
        assert "units" in scene[name].attrs
    meanings = scene["land_cover"].attrs["flag_meanings"].split()
    assert (meanings[0], meanings[1], meanings[16]) == (
        "water_body",
        "evergreen_needleleaf_forest",
        "barren_or_sparsely_vegetated_land",
    )


def test_vegetation_follows_the_growing_season_and_the_maps(around: Surroundings) -> None:
    scene = simulate_landscape(around, **PLACE, land_cover="MF", seed=1)
    index = scene["normalized_difference_vegetation_index"]
    assert -0.2 <= float(index.min()) <= float(index.max()) <= 1.0
    course = index.mean(("y", "x")).to_numpy()
    assert int(course.argmax()) in {5, 6, 7}
    # The map's cells within 5 km of the tower, at the height and at the bottom of the year.
    close = (np.abs(around.north)[:, None] < 5000) & (np.abs(around.east) < 5000)
    assert course.max() == pytest.approx(around.ndvi_maximum[close].mean(), abs=0.04)
    assert course.min() == pytest.approx(around.ndvi_minimum[close].mean(), abs=0.06)


def test_classes_differ_in_their_vegetation_and_water_has_none() -> None:
    around = two_covers(4, 0)
    scene = landscape(around, land_cover="DBF")
    summer = scene["normalized_difference_vegetation_index"][6].to_numpy()
    water = scene["land_cover"].to_numpy() == 0
    assert abs(summer[water].mean()) < 0.1
    assert summer[~water].mean() == pytest.approx(0.8, abs=0.02)


def test_a_warm_place_stays_green_and_a_cold_one_rests() -> None:
    assert monthly_season(5.0, np.full(12, 300.0)) == pytest.approx(np.ones(12))
    course = 283.0 - 15.0 * np.cos(2 * np.pi * np.arange(12) / 12)
    cold = monthly_season(45.0, course)
    assert (cold.min(), cold.max()) == (0.0, 1.0)
    assert (cold[5:7] == 1.0).any()


def test_day_lengths_are_those_of_the_solstices_and_the_equinox() -> None:
    # By hand: arccos(-tan 40 tan 23.45) = 111.34 degrees, two hours to 30 degrees.
    assert float(day_length(40.0, np.array([171.5]))[0]) == pytest.approx(14.845, abs=0.01)
    assert float(day_length(40.0, np.array([80.5]))[0]) == pytest.approx(12.0, abs=0.1)
    assert float(day_length(0.0, np.array([171.5]))[0]) == pytest.approx(12.0)


def test_relief_grows_with_that_of_the_map(around: Surroundings) -> None:
    flat = dataclasses.replace(around, elevation=np.full_like(around.elevation, 10.0))
    assert relief_per_kilometre(flat) == 0.0
    slope = dataclasses.replace(
        around, elevation=np.broadcast_to(around.east * 0.01, around.elevation.shape)
    )
    assert relief_per_kilometre(slope) == pytest.approx(0.0, abs=1e-6)
    assert relief_per_kilometre(around) > 1.0


@pytest.mark.parametrize("reach", [300.0, 900.0])
def test_fields_have_the_correlation_asked_for_in_every_direction(reach: float) -> None:
    lag = round(reach / 30.0 / 3.0)
    found = {"east": [], "north": [], "diagonal": []}
    shift = round(lag / np.sqrt(2.0))
    for seed in range(12):
        field = correlated_field(np.random.default_rng(seed), 333, 30.0, reach)
        found["east"].append(np.mean(field[:, lag:] * field[:, :-lag]))
        found["north"].append(np.mean(field[lag:] * field[:-lag]))
        found["diagonal"].append(np.mean(field[shift:, shift:] * field[:-shift, :-shift]))
        found.setdefault("variance", []).append(np.mean(field**2))
    wanted = float(matern_correlation(np.array(lag * 30.0), reach))
    assert np.mean(found["variance"]) == pytest.approx(1.0, abs=0.05)
    assert np.mean(found["east"]) == pytest.approx(wanted, abs=0.05)
    assert np.mean(found["north"]) == pytest.approx(wanted, abs=0.05)
    diagonal = float(matern_correlation(np.array(shift * np.sqrt(2.0) * 30.0), reach))
    assert np.mean(found["diagonal"]) == pytest.approx(diagonal, abs=0.05)


def test_correlation_falls_to_a_twentieth_at_its_reach() -> None:
    assert float(matern_correlation(np.array(500.0), 500.0)) == pytest.approx(0.05, abs=1e-4)


def test_terrain_differs_by_one_over_a_kilometre_and_is_self_affine() -> None:
    squares = {3: [], 9: [], 33: []}
    for seed in range(10):
        field = fractal_field(np.random.default_rng(seed), 333, 30.0, hurst=0.7, longest=9000.0)
        for lag, rows in squares.items():
            rows.append(0.5 * np.mean((field[lag:] - field[:-lag]) ** 2))
            rows.append(0.5 * np.mean((field[:, lag:] - field[:, :-lag]) ** 2))
    near, middle, far = (2.0 * np.mean(squares[lag]) for lag in (3, 9, 33))
    assert far == pytest.approx(1.0, abs=0.15)
    assert 0.5 * np.log(middle / near) / np.log(3.0) == pytest.approx(0.7, abs=0.1)


def test_a_landscape_takes_less_than_a_second(around: Surroundings) -> None:
    walls = []
    for seed in range(3):
        start = time.process_time()
        simulate_landscape(around, **PLACE, land_cover="MF", seed=seed)
        walls.append(time.process_time() - start)
    assert min(walls) < 1.0


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"seed": -1}, "seed"),
        ({"size": 0.0}, "landscape"),
        ({"resolution": 0.0}, "landscape"),
        ({"resolution": float("nan")}, "landscape"),
        ({"resolution": 1.0, "size": 10_000.0}, "2001"),
        ({"latitude": 10.0}, "surroundings"),
    ],
)
def test_impossible_arguments_are_named(around: Surroundings, change, error: str) -> None:
    with pytest.raises(OutOfBoundsError, match=error):
        simulate_landscape(around, **(PLACE | {"seed": 1, "land_cover": "MF"} | change))


def test_an_unknown_class_is_named(around: Surroundings) -> None:
    with pytest.raises(FileFormatError, match="ENF"):
        simulate_landscape(around, **PLACE, land_cover="ENV", seed=1)


def test_a_place_beyond_the_maps_is_named() -> None:
    with pytest.raises(OutOfBoundsError, match="outside the embedded climatology"):
        surroundings_of(read_climatology(), 50.0, 11.0)


@settings(max_examples=10)
@given(st.integers(0, 2**31), st.sampled_from([(1, 12), (4, 13), (10, 16), (2, 0)]))
def test_any_seed_gives_finite_pixels_of_known_classes(seed: int, classes) -> None:
    around = two_covers(*classes)
    scene = landscape(around, seed=seed, size=1500.0)
    assert set(np.unique(scene["land_cover"])) <= set(classes)
    for name in scene.data_vars:
        assert np.isfinite(scene[name].to_numpy()).all()
