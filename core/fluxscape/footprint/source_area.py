"""Source areas: the smallest areas from which a given absolute share of the flux comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xarray as xr
from contourpy import FillType, contour_generator
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError

Floats = NDArray[np.float64]
Polygon = tuple[Floats, ...]
"""An outer ring and its holes, each of shape (n, 2): metres east and north, closed."""


@dataclass(frozen=True, slots=True)
class SourceArea:
    """The area where the density exceeds the level that encloses a share of the flux.

    Attributes
    ----------
    fraction
        Absolute share of the flux [1]: of all flux, not of what the grid captures.
    level
        Density at its edge [m-2]; NaN if unreachable.
    area
        Area of its cells [m2]; NaN if unreachable.
    polygon_area
        Area within its outline [m2]; NaN if unreachable.
    polygons
        Its parts, each an outer ring followed by its holes.
    reachable
        Whether the grid captures that share at all.
    touches_edge
        Whether it is cut by the edge of the grid, so that the true area is larger.
    advice
        What to do about either, in plain words; empty if nothing.
    """

    fraction: float
    level: float
    area: float
    polygon_area: float
    polygons: tuple[Polygon, ...]
    reachable: bool
    touches_edge: bool
    advice: str = ""

    @property
    def rings(self) -> tuple[Floats, ...]:
        """Every ring, outer ones and holes."""
        return tuple(ring for polygon in self.polygons for ring in polygon)


def source_areas(
    climatology: xr.Dataset, fractions: Iterable[float] = (0.5, 0.8)
) -> tuple[SourceArea, ...]:
    """Return the source areas of a climatology.

    Cells are taken in order of density until their sum reaches the fraction. The outline is that
    of the density at the last cell's level, between cell centres, with every ring.

    Parameters
    ----------
    climatology
        Dataset with ``footprint`` (y, x) [m-2].
    fractions
        Absolute shares of the flux, each between 0 and 1.

    Raises
    ------
    OutOfBoundsError
        If a fraction is not between 0 and 1.
    """
    density = climatology["footprint"].to_numpy()
    x, y = climatology["x"].to_numpy(), climatology["y"].to_numpy()
    cell = float((x[1] - x[0]) * (y[1] - y[0]))
    ordered = np.sort(density, axis=None)[::-1]
    captured = np.cumsum(ordered) * cell
    return tuple(_source_area(density, x, y, cell, ordered, captured, f) for f in fractions)


def _source_area(
    density: Floats,
    x: Floats,
    y: Floats,
    cell: float,
    ordered: Floats,
    captured: Floats,
    fraction: float,
) -> SourceArea:
    """Return one source area from the densities in falling order and their running sum."""
    if not 0.0 < fraction < 1.0:
        msg = f"a source area's fraction must lie between 0 and 1, got {fraction!r}"
        raise OutOfBoundsError(msg, got=fraction)
    if captured[-1] < fraction:
        nan = float("nan")
        advice = (
            f"the grid captures {captured[-1]:.1%} of the flux: enlarge the extent to reach "
            f"{fraction:.0%}"
        )
        return SourceArea(fraction, nan, nan, nan, (), False, False, advice)
    index = int(np.searchsorted(captured, fraction))
    level = float(ordered[index])
    inside = density >= level
    edges = (inside[0], inside[-1], inside[:, 0], inside[:, -1])
    touches = bool(any(edge.any() for edge in edges))
    polygons = _outline(density, x, y, level)
    advice = "the edge of the grid cuts this area: enlarge the extent" if touches else ""
    return SourceArea(
        fraction=fraction,
        level=level,
        area=float(inside.sum()) * cell,
        polygon_area=sum(abs(ring_area(p[0])) - _holes(p) for p in polygons),
        polygons=polygons,
        reachable=True,
        touches_edge=touches,
        advice=advice,
    )


def _outline(density: Floats, x: Floats, y: Floats, level: float) -> tuple[Polygon, ...]:
    """Return the polygons where the density exceeds a level, closed along the grid's edge."""
    # A rim of zeros closes every ring that would run off the grid.
    padded = np.pad(density, 1)
    wider_x = np.concatenate(([2 * x[0] - x[1]], x, [2 * x[-1] - x[-2]]))
    wider_y = np.concatenate(([2 * y[0] - y[1]], y, [2 * y[-1] - y[-2]]))
    generator = contour_generator(wider_x, wider_y, padded, fill_type=FillType.OuterOffset)
    points, offsets = generator.filled(level, np.inf)
    return tuple(
        tuple(part[start:stop] for start, stop in pairwise(cut))
        for part, cut in zip(points, offsets, strict=True)
    )


def ring_area(ring: Floats) -> float:
    """Return the signed area [m2] of a closed ring: positive when it runs anticlockwise."""
    x, y = ring[:, 0], ring[:, 1]
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _holes(polygon: Polygon) -> float:
    """Return the area [m2] of a polygon's holes."""
    return sum(abs(ring_area(ring)) for ring in polygon[1:])
