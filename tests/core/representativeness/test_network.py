"""Networks of towers: coverage in closed form, what a tower adds, maps, the real network."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.io.basemap import read_nation
from fluxscape.io.climatology import read_climatology
from fluxscape.representativeness import _kernels_network as kernels
from fluxscape.representativeness.environment import (
    environmental_space,
    national_environment,
)
from fluxscape.representativeness.growth import coverage_curve, new_places
from fluxscape.representativeness.network import (
    coverage,
    coverage_change,
    network_space,
    representativeness_map,
)
from fluxscape.towers import load_towers
from helpers.networks import toy_network

LINE = [[float(x)] for x in range(11)]


def maps(**variables: np.ndarray) -> xr.Dataset:
    """Return an environment of 3 x 4 cells of equal area."""
    data = {
        name: (("y", "x"), np.asarray(values, dtype=float), {"units": "1", "block": "terrain"})
        for name, values in variables.items()
    }
    area = (("y", "x"), np.ones((3, 4)), {"units": "m2"})
    return xr.Dataset(data | {"land_area": area}, coords={"y": np.arange(3.0), "x": np.arange(4.0)})


@pytest.fixture(scope="module")
def environment() -> xr.Dataset:
    return national_environment(read_climatology(), read_nation().polygon, resolution=0.5)


@pytest.fixture(scope="module")
def china(environment):
    return network_space(environment, load_towers())


@pytest.mark.kernel
def test_distances_are_euclidean() -> None:
    random = np.random.default_rng(1)
    cells, towers = random.normal(size=(50, 4)), random.normal(size=(7, 4))
    out = np.empty((7, 50))
    kernels.fill_distances(cells, towers, out)
    assert out == pytest.approx(np.linalg.norm(towers[:, None] - cells[None], axis=2), abs=1e-12)


@pytest.mark.kernel
def test_sets_have_the_statistics_of_their_nearest_members() -> None:
    random = np.random.default_rng(2)
    d, w = random.uniform(size=(9, 40)), np.full(40, 1 / 40)
    sets = np.array([[0, 3, 5], [8, 1, 2]])
    out = np.empty((2, 2))
    kernels.fill_set_statistics(d, w, sets, 0.2, out)
    for row, members in zip(out, sets, strict=True):
        nearest = d[members].min(axis=0)
        assert row == pytest.approx([(nearest <= 0.2).mean(), nearest.mean()])


@pytest.mark.kernel
def test_interchanges_change_the_mean_distance_as_recomputed() -> None:
    random = np.random.default_rng(3)
    d, w = random.uniform(size=(8, 60)), random.dirichlet(np.ones(60))
    members, candidates = np.array([0, 4, 6]), np.array([1, 2, 3, 5, 7])
    first, second, nearest = np.empty(60), np.empty(60), np.empty(60, dtype=np.int64)
    kernels.nearest_two(d, members, first, second, nearest)
    out = np.empty((5, 3))
    kernels.fill_interchanges(d, w, candidates, 3, first, second, nearest, out)
    before = w @ d[members].min(axis=0)
    for c, candidate in enumerate(candidates):
        for m in range(3):
            after = members.copy()
            after[m] = candidate
            assert out[c, m] == pytest.approx(w @ d[after].min(axis=0) - before, abs=1e-12)


def test_a_line_of_cells_is_covered_as_counted_by_hand() -> None:
    network = toy_network(LINE, [0, 5, 10], threshold=1.0)
    one = coverage(network, ["T1"])
    # Cells 4, 5, 6 of 11 lie within 1; distances sum to 2 (1 + 2 + 3 + 4 + 5) = 30.
    assert one.share == pytest.approx(3 / 11)
    assert one.mean_distance == pytest.approx(30 / 11)
    assert one.radius == 5.0
    three = coverage(network, ["T0", "T1", "T2"])
    assert three.share == pytest.approx(7 / 11)
    assert three.constituency.tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2]
    assert three.constituency_shares == pytest.approx([3 / 11, 5 / 11, 3 / 11])


def test_no_tower_covers_nothing() -> None:
    network = toy_network(LINE, [0, 5])
    nothing = coverage(network, [])
    assert nothing.share == 0.0
    assert nothing.mean_distance == np.inf


def test_names_are_found_in_any_case_and_counted_once() -> None:
    network = toy_network(LINE, [0, 5])
    assert coverage(network, ["t1", "T1", " T1 "]).sites == ("T1",)


def test_an_unknown_tower_is_named_with_the_nearest_name() -> None:
    network = toy_network(LINE, [0, 5])
    with pytest.raises(MissingVariableError, match=r"'TT1'.*2 towers.*Did you mean 'T1'"):
        coverage(network, ["TT1"])


def test_a_tower_added_by_hand_changes_coverage_by_its_cells() -> None:
    network = toy_network(LINE, [0, 5, 10])
    before, after = coverage_change(network, ["T0"], add=["T1"])
    assert (before.share, after.share) == pytest.approx((2 / 11, 5 / 11))
    back, again = coverage_change(network, after.sites, remove=["T1"])
    assert (back.share, again.share) == pytest.approx((after.share, before.share))
    with pytest.raises(MissingVariableError, match="T2 cannot be removed"):
        coverage_change(network, ["T0"], remove=["T2"])


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 8))
def test_adding_a_tower_never_lowers_coverage(seed: int, size: int) -> None:
    random = np.random.default_rng(seed)
    network = toy_network(
        random.normal(size=(40, 3)), random.choice(40, 9, replace=False), threshold=0.7
    )
    order = [f"T{place}" for place in random.permutation(9)]
    before, after = coverage_change(network, order[:size], add=[order[size]])
    assert after.share >= before.share
    assert after.mean_distance <= before.mean_distance
    assert after.radius <= before.radius
    assert (after.distance <= before.distance).all()
    assert after.constituency_shares.sum() == pytest.approx(1.0)


def test_the_curve_grows_to_the_coverage_of_all_towers() -> None:
    network = toy_network(LINE, [0, 2, 5, 8, 10])
    curve = coverage_curve(network, draws=20)
    assert curve.sites[0] == "T2"
    assert sorted(curve.sites) == ["T0", "T1", "T2", "T3", "T4"]
    assert (np.diff(curve.coverage) >= 0).all()
    assert (np.diff(curve.mean_distance) <= 0).all()
    everything = coverage(network, network.sites)
    assert curve.coverage[-1] == pytest.approx(everything.share)
    assert curve.random_low[-1] == pytest.approx(everything.share)
    assert curve.mean_distance[-1] == pytest.approx(everything.mean_distance)
    with pytest.raises(OutOfBoundsError, match="draws"):
        coverage_curve(network, draws=0)


def test_a_new_tower_belongs_where_most_is_uncovered() -> None:
    cells = np.concatenate([np.zeros((5, 1)), np.full((20, 1), 9.0)])
    network = toy_network(cells, [0])
    (place,) = new_places(network, ["T0"], count=1)
    assert place.longitude == pytest.approx(104.0)
    assert (place.gain, place.coverage) == pytest.approx((0.8, 1.0))


def test_a_standardised_space_ignores_units_and_offsets() -> None:
    random = np.random.default_rng(5)
    height, slope = random.normal(size=(2, 3, 4))
    one = environmental_space(maps(height=height, slope=slope))
    two = environmental_space(maps(height=1000.0 * height - 77.0, slope=0.01 * slope))
    assert one.scores == pytest.approx(two.scores, abs=1e-9)
    assert (one.scores**2).sum(axis=1).mean() == pytest.approx(1.0)
    assert one.explained.sum() == pytest.approx(1.0)


def test_a_variable_repeated_in_its_block_does_not_count_twice() -> None:
    random = np.random.default_rng(6)
    height, green = random.normal(size=(2, 3, 4))
    single = maps(height=height, green=green)
    single["green"].attrs["block"] = "vegetation"
    double = single.assign(again=single["height"])
    distances = [
        np.linalg.norm(space.scores[:, None] - space.scores[None], axis=2)
        for space in map(environmental_space, (single, double))
    ]
    assert distances[0] == pytest.approx(distances[1], abs=1e-9)


def test_components_keep_the_distances_of_the_variables() -> None:
    random = np.random.default_rng(7)
    table = random.normal(size=(5, 3, 4))
    space = environmental_space(maps(**{f"v{k}": row for k, row in enumerate(table)}), kept=1.0)
    flat = table.reshape(5, 12).T
    standard = (flat - flat.mean(axis=0)) / flat.std(axis=0)
    wanted = np.linalg.norm(standard[:, None] - standard[None], axis=2) / np.sqrt(5)
    found = np.linalg.norm(space.scores[:, None] - space.scores[None], axis=2)
    assert found == pytest.approx(wanted, abs=1e-9)


def test_constant_and_missing_values_do_no_harm() -> None:
    height = np.arange(12.0).reshape(3, 4)
    height[0, 0] = np.nan
    space = environmental_space(maps(height=height, flat=np.full((3, 4), 0.1)))
    assert np.isfinite(space.scores).all()
    with pytest.raises(OutOfBoundsError, match="same environment"):
        environmental_space(maps(flat=np.ones((3, 4))))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"kept": 0.0}, OutOfBoundsError),
        ({"blocks": {"terrain": -1.0}}, OutOfBoundsError),
        ({"blocks": {"weather": 1.0}}, MissingVariableError),
        ({"blocks": {"soil": 1.0}}, MissingVariableError),
    ],
)
def test_impossible_spaces_are_named(options, error) -> None:
    with pytest.raises(error):
        environmental_space(maps(height=np.arange(12.0).reshape(3, 4)), **options)


def test_the_nation_has_its_area_and_every_tower_a_cell(environment, china) -> None:
    assert float(environment["land_area"].sum()) / 1e12 == pytest.approx(9.4, abs=0.15)
    with_position = [tower for tower in load_towers() if tower.has_position]
    assert len(china.sites) == len(with_position) == 146
    assert china.left_out == ("SET", "NAD", "MAW", "FUK")
    # Every tower stands in its own cell, in which its environment is its own.
    for row, cell in zip(china.distances, china.tower_cells, strict=True):
        assert row[cell] == 0.0


def test_all_towers_cover_most_of_the_nation_but_not_all(china) -> None:
    everything = coverage(china, china.sites)
    assert 0.8 < everything.share < 0.99
    scene = representativeness_map(china, everything)
    assert int(np.isfinite(scene["environmental_distance"]).sum()) == china.weights.size
    gap = scene["gap"].to_numpy()[china.space.rows, china.space.columns]
    assert china.weights[gap == 1].sum() == pytest.approx(1.0 - everything.share)
    assert scene.attrs["sites"].split(",")[0] == china.sites[0]


def test_towers_abroad_are_left_out_and_named(environment) -> None:
    towers = load_towers()
    away = dataclasses.replace(towers[0], site="DE-Hai", latitude=51.1, longitude=10.5)
    network = network_space(environment, [*towers[:3], away])
    assert network.left_out == ("DE-Hai",)
    with pytest.raises(OutOfBoundsError, match="none of the 1 towers"):
        network_space(environment, [away])


def test_cells_may_count_by_production(environment) -> None:
    area = environment["land_area"]
    west = xr.where(area["x"] < 100.0, 0.0, 1.0) * xr.ones_like(area)
    network = network_space(
        environment.assign(gross_primary_production=west), load_towers(), by="gpp"
    )
    column = network.longitude[network.space.columns]
    assert network.weights[column < 100.0].sum() == 0.0
    assert network.weights.sum() == pytest.approx(1.0)
    with pytest.raises(MissingVariableError, match="gross_primary_production"):
        network_space(environment, load_towers(), by="gpp")
    with pytest.raises(OutOfBoundsError, match="area or gpp"):
        network_space(environment, load_towers(), by="people")


def test_further_maps_are_taken_at_the_cells_and_soil_joins_the_space() -> None:
    box = shapely.box(110.0, 34.0, 112.0, 36.0)
    axis = {"latitude": np.arange(33.5, 37.0, 0.5), "longitude": np.arange(109.5, 113.0, 0.5)}
    sand = xr.DataArray(
        np.add.outer(axis["latitude"], axis["longitude"]),
        dims=("latitude", "longitude"),
        coords=axis,
        attrs={"units": "1"},
    )
    scene = national_environment(
        read_climatology(), box, resolution=0.5, extra={"soil_sand": sand, "other": sand}
    )
    assert float(scene["soil_sand"][0, 0]) in {144.0, 144.5, 145.0}
    space = environmental_space(scene)
    assert space.blocks["soil"] == ("soil_sand",)


@pytest.mark.parametrize(
    ("box", "resolution", "error"),
    [
        ((110.0, 34.0, 112.0, 36.0), 0.13, DimsError),
        ((110.0, 34.0, 112.0, 36.0), float("nan"), DimsError),
        ((110.0, 34.0, 112.0, 36.0), 1e9, DimsError),
        ((110.0, 34.0, 112.0, 36.0), -0.5, DimsError),
        ((10.0, 34.0, 12.0, 36.0), 0.5, OutOfBoundsError),
        ((130.0, 20.0, 132.0, 22.0), 0.5, OutOfBoundsError),
    ],
)
def test_impossible_nations_are_named(box, resolution, error) -> None:
    with pytest.raises(error):
        national_environment(read_climatology(), shapely.box(*box), resolution=resolution)
