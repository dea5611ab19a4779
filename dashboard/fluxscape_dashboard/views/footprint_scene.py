"""What a footprint chart shows, and how its numbers are thinned and rounded for the screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluxscape_dashboard.views.local_frame import LocalFrame


@dataclass(frozen=True)
class MapCells:
    """The pixels of a map layer around the tower, as rectangles in Web Mercator.

    Attributes
    ----------
    left, right, bottom, top
        Edges [m].
    colours
        Colour of each pixel.
    words
        What the hover says of each pixel, in the present language.
    groups
        Legend entry of each pixel.
    """

    left: npt.NDArray[np.float64]
    right: npt.NDArray[np.float64]
    bottom: npt.NDArray[np.float64]
    top: npt.NDArray[np.float64]
    colours: Sequence[str]
    words: Sequence[str]
    groups: Sequence[str]

    @classmethod
    def none(cls) -> MapCells:
        """Return no pixels."""
        empty = np.empty(0)
        return cls(empty, empty, empty, empty, [], [], [])


@dataclass(frozen=True)
class Scene:
    """All that the chart shows.

    Attributes
    ----------
    frame
        Position of the tower.
    half_width
        Half the side of the grid [m].
    density
        Footprint [m-2] as (y, x), south to north and west to east.
    rings
        Closed outlines of the source areas by fraction, each (n, 2) metres east and north.
    cells
        Pixels of the map layer.
    precision
        Uncertainty of the tower's position [m]; NaN if unknown.
    """

    frame: LocalFrame
    half_width: float
    density: npt.NDArray[np.float64]
    rings: Mapping[float, Sequence[npt.NDArray[np.float64]]]
    cells: MapCells
    precision: float


def block_mean(field: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.float64]:
    """Return ``field`` averaged in equal blocks so that no side exceeds ``most`` cells.

    Edge cells that fill no whole block join the mean of what there is.
    """
    factor = max(math.ceil(size / most) for size in field.shape)
    if factor <= 1:
        return field
    starts = [np.arange(0, size, factor) for size in field.shape]
    total = np.add.reduceat(np.add.reduceat(field, starts[0], axis=0), starts[1], axis=1)
    counts = [
        np.diff(np.append(start, size)) for start, size in zip(starts, field.shape, strict=True)
    ]
    mean: npt.NDArray[np.float64] = total / np.outer(*counts)
    return mean


def nice_ceiling(value: float) -> float:
    """Return the next number of the series 1, 2, 5, 10 at or above a positive value.

    >>> nice_ceiling(3.4e-5)
    5e-05
    """
    power = 10.0 ** math.floor(math.log10(value))
    lead = value / power
    step = next(item for item in (1.0, 2.0, 5.0, 10.0) if lead <= item * (1 + 1e-12))
    return float(f"{step * power:.6g}")
