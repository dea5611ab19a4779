"""The location-bias map against moving the footprint by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness import bias_map
from fluxscape.representativeness.areas import coverage
from fluxscape.representativeness.frame import Lattice, Weights, footprint_weights
from fluxscape.representativeness.placement import bias_of_field, kernel_of
from fluxscape.representativeness.regrid import Field
from helpers.fields import round_footprint, surface


def shifted_mean(kernel, value, valid, row, column):
    """Return weighted mean and captured share with the kernel's middle at one cell."""
    half = kernel.shape[0] // 2
    top, left = row - half, column - half
    total = mass = 0.0
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            if 0 <= top + i < value.shape[0] and 0 <= left + j < value.shape[1]:
                weight = kernel[i, j] * valid[top + i, left + j]
                mass += weight
                total += weight * value[top + i, left + j]
    return (total / mass if mass else math.nan), mass / kernel.sum()


def lopsided() -> Weights:
    random = np.random.default_rng(2)
    grid = Lattice.around(70.0, 10.0)
    x, y = np.meshgrid(grid.x, grid.y)
    share = np.exp(-((x - 25.0) ** 2 + (y + 12.0) ** 2) / 900.0) * random.random(grid.shape)
    return Weights(grid, 0.9 * share / share.sum())


def test_map_equals_moving_the_footprint_cell_by_cell() -> None:
    random = np.random.default_rng(5)
    grid = Lattice.around(200.0, 10.0)
    value = 3000.0 + random.random(grid.shape)
    valid = (random.random(grid.shape) > 0.2).astype(float)
    valid[5:9, 5:12] *= 0.5
    weights = lopsided()
    found = bias_of_field(
        Field(grid, value, valid), weights, size=60.0, shape="disc", least_captured=0.3
    )
    kernel = kernel_of(weights, 10.0)
    disc = coverage(Lattice.around(60.0, 10.0), "disc", 60.0)
    for row, column in ((0, 0), (3, 20), (20, 20), (8, 8), (40, 40), (17, 33)):
        seen, share = shifted_mean(kernel, value, valid, row, column)
        around, held = shifted_mean(disc, value, valid, row, column)
        cell = found.isel(y=row, x=column)
        assert float(cell["captured_share"]) == pytest.approx(share, abs=1e-9)
        known = share >= 0.3 and held >= 0.3
        expected = (seen - around) / around if known else math.nan
        assert float(cell["location_bias"]) == pytest.approx(expected, abs=1e-6, nan_ok=True)
        if share >= 0.3:
            assert float(cell["footprint_mean"]) == pytest.approx(seen, rel=1e-9)


def test_place_of_the_tower_has_the_towers_bias() -> None:
    ramp = surface(lambda x, _y: 0.4 + 1e-4 * x, cells=401)
    found = bias_map(round_footprint(80.0, 0.0, captured=0.7), ramp, size=500.0)
    here = found.sel(x=0.0, y=0.0)
    assert float(here["location_bias"]) == pytest.approx(80.0 * 1e-4 / 0.4, rel=1e-6)
    assert float(here["target_bias"]) == pytest.approx(80.0 * 1e-4 / 0.4, rel=1e-6)
    assert float(here["captured_share"]) == pytest.approx(1.0)
    assert found.attrs["data_status"] == "observed"


def test_places_whose_footprint_falls_on_gaps_get_no_number() -> None:
    halved = surface(lambda x, _y: np.where(x > 0.0, np.nan, 0.5), cells=401)
    found = bias_map(round_footprint(), halved, size=300.0).sel(y=0.0)
    assert math.isnan(float(found["location_bias"].sel(x=300.0)))
    assert float(found["captured_share"].sel(x=300.0)) < 0.01
    assert float(found["location_bias"].sel(x=-300.0)) == pytest.approx(0.0, abs=1e-9)


def test_footprint_on_finer_cells_keeps_its_shares() -> None:
    weights = footprint_weights(round_footprint(step=4.0, extent=200.0))
    coarse = kernel_of(weights, 30.0)
    assert coarse.shape[0] % 2 == 1
    assert coarse.sum() == pytest.approx(1.0)
    x = (np.arange(coarse.shape[1]) - coarse.shape[1] // 2) * 30.0
    assert float((coarse.sum(axis=0) * x).sum()) == pytest.approx(0.0, abs=1e-9)


def test_map_that_would_not_fit_into_memory_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="coarser resolution"):
        bias_map(round_footprint(), surface(lambda x, _y: x * 0.0), resolution=0.5)
