"""Means over discs and squares around the tower, exact at the rim."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness import _kernels
from fluxscape.representativeness.frame import Floats, Lattice, edges

Shape = Literal["disc", "square"]

SIZES: Final = (250.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0, 5000.0)
"""Radii of the discs and sides of the squares [m]; the discs up to 3 km are those of Chu 2021."""


@dataclass(frozen=True, slots=True, eq=False)
class AreaMeans:
    """Means of a property over nested areas.

    Attributes
    ----------
    mean, deviation
        Mean and standard deviation over the valid part of each area; NaN where there is none.
    valid_share
        Share of each area on pixels with a value.
    """

    mean: Floats
    deviation: Floats
    valid_share: Floats


def check_sizes(sizes: Sequence[float]) -> tuple[float, ...]:
    """Return radii or sides as floats.

    Raises
    ------
    OutOfBoundsError
        If they are no rising positive lengths.
    """
    given = tuple(float(size) for size in sizes)
    rising = all(a < b for a, b in pairwise(given))
    if not given or not all(math.isfinite(size) and size > 0.0 for size in given) or not rising:
        msg = f"sizes of areas must be positive lengths [m] in rising order, got {given!r}"
        raise OutOfBoundsError(msg, got=given)
    return given


def area_of(shape: Shape, size: float) -> float:
    """Return the area [m2] of a disc of a radius or a square of a side."""
    return math.pi * size**2 if shape == "disc" else size**2


def half_width(shape: Shape, size: float) -> float:
    """Return how far an area reaches east of the tower [m]."""
    return size if shape == "disc" else 0.5 * size


def area_means(
    value: Floats, valid: Floats, grid: Lattice, shape: Shape, sizes: Sequence[float]
) -> AreaMeans:
    """Return the means of a property over discs of given radii or squares of given sides.

    Parameters
    ----------
    value, valid
        Mean of each cell and the share of the cell that it stands for (y, x).
    grid
        The cells.
    shape, sizes
        ``disc`` with radii or ``square`` with sides [m], rising.
    """
    checked = check_sizes(sizes)
    reach = np.array([half_width(shape, size) for size in checked])
    middle = float(value[valid > 0.0].mean()) if (valid > 0.0).any() else 0.0
    sums = np.empty((3, reach.size))
    kind = _kernels.DISC if shape == "disc" else _kernels.SQUARE
    _kernels.area_sums(kind, value - middle, valid, grid.x, grid.y, grid.resolution, reach, sums)
    whole = np.array([area_of(shape, size) for size in checked])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(sums[0] > 0.0, sums[1] / sums[0], np.nan)
        variance = np.where(sums[0] > 0.0, sums[2] / sums[0], np.nan) - mean**2
    deviation = np.sqrt(np.clip(variance, 0.0, None))
    return AreaMeans(mean + middle, deviation, np.minimum(sums[0] / whole, 1.0))


def coverage(grid: Lattice, shape: Shape, size: float) -> Floats:
    """Return which share of each cell lies in a disc or square around the tower (y, x)."""
    reach = half_width(shape, size)
    x, y = edges(grid.x, grid.resolution), edges(grid.y, grid.resolution)
    made = np.empty(grid.shape)
    kind = _kernels.DISC if shape == "disc" else _kernels.SQUARE
    _kernels.fill_coverage(kind, x, y, reach, made)
    return made
