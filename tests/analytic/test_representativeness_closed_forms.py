"""Half planes, gradients, checkerboards and steps, whose answers can be written down."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import ndtr

from fluxscape.representativeness import (
    Limits,
    assess,
    bias_map,
    bias_profile,
    cover_profile,
    describe_terrain,
    to_footprint_grid,
)
from fluxscape.representativeness.areas import area_means
from fluxscape.representativeness.frame import Lattice
from helpers.fields import round_footprint, surface

EXACT = 1e-9


@pytest.mark.parametrize(("east", "north"), [(120.0, 0.0), (-80.0, 150.0)])
def test_bias_of_a_gradient_is_the_displacement_times_the_gradient(
    east: float, north: float
) -> None:
    field = round_footprint(east, north)
    plane = surface(lambda x, y: 0.5 + 4e-5 * x - 3e-5 * y)
    found = bias_profile(field, plane, radii=(250.0, 1000.0, 2000.0), sides=(500.0, 3000.0))
    x, y, share = field["x"].to_numpy(), field["y"].to_numpy(), field["footprint"].to_numpy()
    centroid = ((share.sum(0) * x).sum() / share.sum(), (share.sum(1) * y).sum() / share.sum())
    expected = (4e-5 * centroid[0] - 3e-5 * centroid[1]) / 0.5
    assert found.table["disc_bias"].to_numpy() == pytest.approx([expected] * 3, rel=EXACT)
    assert found.table["square_bias"].to_numpy() == pytest.approx([expected] * 2, rel=EXACT)
    # A Gaussian about its centre: the plain mean of a source area is the value at the centroid.
    assert found.table["source_area_bias"].to_numpy() == pytest.approx(0.0, abs=1e-3)


def test_bias_of_a_parabola_is_the_difference_of_second_moments() -> None:
    bowl = surface(lambda x, y: 1.0 + (x**2 + y**2) / 1e6, name="biomass", step=5.0, cells=1201)
    found = bias_profile(round_footprint(spread=60.0), bowl, radii=(500.0, 1500.0), sides=(1000.0,))
    seen = 1.0 + 2.0 * 60.0**2 / 1e6
    around = [1.0 + 0.5 * radius**2 / 1e6 for radius in (500.0, 1500.0)]
    expected = [(seen - one) / one for one in around]
    assert found.table["disc_bias"].to_numpy() == pytest.approx(expected, abs=1e-4)
    square = 1.0 + 2.0 * 1000.0**2 / 12.0 / 1e6
    assert found.table["square_bias"][0] == pytest.approx((seen - square) / square, abs=1e-4)


def test_half_plane_of_two_covers_has_the_share_of_the_normal_integral() -> None:
    field = round_footprint(60.0, 0.0, spread=60.0)
    # The edge runs between two columns of pixels, 5 m east of the tower.
    halves = surface(lambda x, _y: np.where(x < 5.0, 10.0, 12.0), name="cover")
    found = cover_profile(
        field, halves, legend="igbp", radii=(500.0,), sides=(500.0,), target="CRO"
    )
    assert found.table["footprint_share"].to_numpy() == pytest.approx(
        [1.0 - ndtr(55.0 / 60.0), ndtr(55.0 / 60.0)], abs=5e-4
    )
    # A chord 5 m off the centre.
    lune = 0.5 - 2.0 * (5.0 / 500.0) / math.pi
    assert found.table["disc_target_share"][0] == pytest.approx(lune, abs=1e-4)
    assert found.table["square_target_share"][0] == pytest.approx(0.49, abs=1e-6)
    assert found.dominant == 12


def test_checkerboard_of_two_covers_is_half_and_half() -> None:
    board = surface(
        lambda x, y: np.where((np.rint(x / 10.0) + np.rint(y / 10.0)) % 2 == 0, 10.0, 12.0)
    ).rename("cover")
    found = cover_profile(
        round_footprint(spread=80.0), board, legend="igbp", radii=(1000.0,), sides=(2000.0,)
    )
    assert found.table["footprint_share"].to_numpy() == pytest.approx([0.5, 0.5], abs=1e-6)
    assert found.table["disc_share"].to_numpy()[0] == pytest.approx([0.5, 0.5], abs=1e-3)
    assert found.homogeneity in {"representative", "disturbed"}


def test_means_over_discs_and_squares_are_exact_at_the_rim() -> None:
    grid = Lattice.around(100.0, 7.0)
    ones = np.ones(grid.shape)
    radii = (1.0, 3.4, 50.0, 100.0)
    for shape in ("disc", "square"):
        found = area_means(ones, ones, grid, shape, radii)
        assert found.valid_share == pytest.approx([1.0] * 4, abs=1e-12)
        assert found.mean == pytest.approx([1.0] * 4)
        assert found.deviation == pytest.approx([0.0] * 4, abs=1e-12)


def test_second_moment_of_a_square_is_its_side_squared_over_twelve() -> None:
    grid = Lattice.around(200.0, 1.0)
    x = np.broadcast_to(grid.x, grid.shape)
    found = area_means(x, np.ones(grid.shape), grid, "square", [300.0])
    # Cells hold their mean: the variance within a cell, 1/12, is not seen.
    assert found.deviation[0] ** 2 == pytest.approx((300.0**2 - 1.0) / 12.0, rel=1e-4)


def test_pixels_are_shared_out_by_area() -> None:
    field = round_footprint(step=4.0, extent=120.0, spread=30.0)
    stripes = surface(lambda x, _y: np.rint(x / 30.0) % 2, step=30.0, cells=21)
    found = to_footprint_grid(stripes, field)
    # The pixel about x = 0 ends at 15 m: the cell from 14 to 18 m lies a quarter inside it.
    row = found["value"].sel(y=0.0)
    assert row.sel(x=16.0) == pytest.approx(0.75)
    assert float(found["valid_share"].min()) == pytest.approx(1.0)
    shares = to_footprint_grid(stripes.rename("cover") * 2.0 + 10.0, field, kind="categorical")
    assert shares["class"].to_numpy().tolist() == [10, 12]
    assert shares["class_share"].sel({"class": 12, "y": 0.0, "x": 16.0}) == pytest.approx(0.75)


def test_bias_map_of_a_gradient_is_the_displacement_over_the_local_mean() -> None:
    field = round_footprint(100.0, 0.0)
    plane = surface(lambda x, _y: 0.5 + 5e-5 * x, cells=801)
    found = bias_map(field, plane, size=500.0, extent=3000.0)
    inner = found.sel(x=slice(-2000.0, 2000.0), y=slice(-2000.0, 2000.0))
    expected = 100.0 * 5e-5 / (0.5 + 5e-5 * inner["x"])
    np.testing.assert_allclose(
        inner["location_bias"], np.broadcast_to(expected, inner["location_bias"].shape), atol=1e-9
    )
    # Moved 100 m west, the footprint's mean equals the target's.
    assert found["target_bias"].sel(x=-100.0, y=0.0) == pytest.approx(0.0, abs=1e-9)


def test_plane_has_the_slope_and_aspect_of_its_gradient() -> None:
    field = round_footprint(0.0, 200.0, spread=40.0)
    # Rises northwards by one in ten: it faces south.
    plane = surface(lambda _x, y: 1500.0 + 0.1 * y, name="elevation", cells=401)
    found = describe_terrain(field, plane, limits=Limits.from_dict({"height": 15.0}))
    assert found.slope == pytest.approx(math.degrees(math.atan(0.1)), rel=1e-6)
    assert found.aspect == pytest.approx(180.0)
    assert found.aspect_strength == pytest.approx(1.0)
    assert found.elevation == pytest.approx(1520.0, abs=1e-6)
    assert found.height == pytest.approx(0.0, abs=1e-6)
    assert found.steep_share == pytest.approx(1.0)
    # 15 m above the tower's ground lies 150 m north of it: 55 m short of the last cell below.
    assert found.apart_share == pytest.approx(float(ndtr(45.0 / 40.0)), abs=2e-2)
    north = found.sectors.sel(sector=0.0)
    assert float(north["share"]) > 0.9
    assert float(north["beyond_share"]) == pytest.approx(1.0)


def test_cone_stands_above_its_surroundings_by_two_thirds_of_its_height() -> None:
    limits = Limits.from_dict({"surroundings": 600.0})
    # The mean over a disc about the tip lies two thirds of the way down.
    cone = surface(lambda x, y: 300.0 - 0.1 * np.hypot(x, y), name="elevation", cells=401)
    found = describe_terrain(round_footprint(spread=20.0), cone, limits=limits)
    assert found.tower_height == pytest.approx(0.1 * 600.0 * 2.0 / 3.0, abs=0.5)


def test_uniform_surroundings_score_three_in_all() -> None:
    found = assess(
        round_footprint(50.0, 30.0),
        land_cover=surface(lambda x, _y: np.full_like(x, 10.0), name="cover", cells=1101),
        indices={"ndvi": surface(lambda x, _y: np.full_like(x, 0.6), cells=1101)},
        target="GRA",
        legend="igbp",
    )
    assert [aspect.level for aspect in found.score.aspects] == [3, 3, 3]
    assert found.score.score == 3
    assert found.biases["ndvi"].largest_radius == 5000.0
    assert found.cover is not None
    assert found.cover.table["disc_level"].to_numpy().tolist() == ["high"] * 7
