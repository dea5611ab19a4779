"""Overlaps of cells with discs and squares, against fine sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fluxscape.representativeness import _kernels
from fluxscape.representativeness.areas import area_means, coverage
from fluxscape.representativeness.frame import Lattice


def sampled(x0: float, x1: float, y0: float, y1: float, radius: float, count: int = 400) -> float:
    """Return the area of a rectangle inside a disc from points spread over it."""
    x = x0 + (np.arange(count) + 0.5) / count * (x1 - x0)
    y = y0 + (np.arange(count) + 0.5) / count * (y1 - y0)
    inside = np.hypot(*np.meshgrid(x, y)) <= radius
    return float(inside.mean()) * (x1 - x0) * (y1 - y0)


@pytest.mark.kernel
@pytest.mark.parametrize(
    "box",
    [
        (-1.0, 1.0, -1.0, 1.0),
        (-9.0, 9.0, -9.0, 9.0),
        (3.0, 5.0, 2.0, 4.0),
        (-6.0, -2.0, 1.0, 6.0),
        (-3.0, 2.0, -7.0, -4.0),
        (4.9, 7.0, -1.0, 1.0),
        (5.0, 7.0, 0.0, 1.0),
        (3.6, 3.9, 3.6, 3.9),
    ],
)
def test_overlap_of_a_cell_and_a_disc_is_the_area_that_they_share(box) -> None:
    exact = _kernels.disc_overlap(*box, 5.0)
    assert exact == pytest.approx(sampled(*box, 5.0), abs=0.02)


@pytest.mark.kernel
def test_cells_of_a_disc_add_up_to_it() -> None:
    grid = Lattice.around(20.0, 3.0)
    for radius in (0.5, 1.5, 7.9, 20.0):
        cells = coverage(grid, "disc", radius)
        assert float(cells.sum()) * 9.0 == pytest.approx(math.pi * radius**2, rel=1e-12)
        assert cells.min() >= 0.0
        assert cells.max() <= 1.0 + 1e-12


@pytest.mark.kernel
def test_nested_sums_equal_the_sum_over_each_area_by_itself() -> None:
    random = np.random.default_rng(2)
    grid = Lattice.around(12.0, 2.0)
    value, valid = random.random(grid.shape), random.random(grid.shape)
    valid[valid < 0.3] = 0.0
    for shape, sizes in (("disc", (1.5, 4.0, 11.0)), ("square", (3.0, 9.0, 22.0))):
        found = area_means(value, valid, grid, shape, sizes)
        for i, size in enumerate(sizes):
            weight = coverage(grid, shape, size) * valid
            mean = float((weight * value).sum() / weight.sum())
            spread = float((weight * (value - mean) ** 2).sum() / weight.sum())
            assert found.mean[i] == pytest.approx(mean)
            assert found.deviation[i] == pytest.approx(math.sqrt(spread))
