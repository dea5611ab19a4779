"""The square lattice of cells around a tower, in metres east and north of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError

MAX_CELLS: Final = 40_000_000
"""Cells beyond which a grid is refused: 320 MB of double precision."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Cell centres at whole multiples of the resolution.

    Attributes
    ----------
    resolution
        Cell size [m].
    west, south
        Index of the first column and row; the centre lies at index * resolution.
    columns, rows
        Number of cells.
    """

    resolution: float
    west: int
    south: int
    columns: int
    rows: int

    @classmethod
    def around(cls, extent: float, resolution: float) -> Self:
        """Return the grid that reaches at least ``extent`` [m] from the tower on every side.

        >>> Grid.around(1000.0, 4.0).columns
        501
        """
        return cls.within((-extent, extent, -extent, extent), resolution)

    @classmethod
    def within(cls, bounds: tuple[float, float, float, float], resolution: float) -> Self:
        """Return the grid whose centres span west, east, south and north [m].

        Raises
        ------
        OutOfBoundsError
            If resolution or bounds are no positive finite lengths or the grid is too large.
        """
        if not (np.isfinite(resolution) and resolution > 0.0):
            msg = f"resolution must be a positive length [m], got {resolution!r}"
            raise OutOfBoundsError(msg, resolution=resolution)
        west, east, south, north = bounds
        if not (np.all(np.isfinite(bounds)) and east > west and north > south):
            msg = f"bounds must be finite west < east, south < north [m], got {bounds!r}"
            raise OutOfBoundsError(msg, bounds=bounds)
        # The small allowance keeps an extent that is a multiple of the resolution one.
        first = [int(np.floor(edge / resolution + 1e-9)) for edge in (west, south)]
        last = [int(np.ceil(edge / resolution - 1e-9)) for edge in (east, north)]
        columns, rows = (b - a + 1 for a, b in zip(first, last, strict=True))
        if columns * rows > MAX_CELLS:
            msg = (
                f"a grid of {columns} x {rows} cells exceeds {MAX_CELLS} cells; "
                f"take a coarser resolution than {resolution:g} m or a smaller extent"
            )
            raise OutOfBoundsError(msg, columns=columns, rows=rows)
        return cls(float(resolution), first[0], first[1], columns, rows)

    @property
    def x(self) -> NDArray[np.float64]:
        """Centres of the columns, metres east of the tower."""
        return np.arange(self.west, self.west + self.columns) * np.float64(self.resolution)

    @property
    def y(self) -> NDArray[np.float64]:
        """Centres of the rows, metres north of the tower."""
        return np.arange(self.south, self.south + self.rows) * np.float64(self.resolution)

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """West, east, south and north edge of the area that the cells cover [m]."""
        step = self.resolution
        return (
            (self.west - 0.5) * step,
            (self.west + self.columns - 0.5) * step,
            (self.south - 0.5) * step,
            (self.south + self.rows - 0.5) * step,
        )

    @property
    def cell_area(self) -> float:
        """Area of one cell [m2]."""
        return self.resolution**2
