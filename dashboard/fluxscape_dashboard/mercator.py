"""Web Mercator on the screen: rectangles in degrees and the projection of every map."""

from __future__ import annotations

from typing import NamedTuple

from fluxscape.atlas.mercator import RADIUS, to_degrees, to_mercator

__all__ = ["RADIUS", "Bounds", "mercator_bounds", "to_degrees", "to_mercator"]


class Bounds(NamedTuple):
    """A rectangle in degrees."""

    west: float
    south: float
    east: float
    north: float


def mercator_bounds(bounds: Bounds) -> tuple[float, float, float, float]:
    """Return x and y of the south-west, then of the north-east corner [m]."""
    x, y = to_mercator([bounds.west, bounds.east], [bounds.south, bounds.north])
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])
