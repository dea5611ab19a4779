"""Cells and tiles of a run: which cells run, and which task writes which part of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from fluxscape.atlas.cells import national_cells
from fluxscape.atlas.product import LAND_FRACTION
from fluxscape.atlas.settings import Bounds, RunSettings
from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.io.basemap import read_nation
from fluxscape.io.climatology import read_climatology

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

MOST_CELLS: Final = 50_000_000
"""Most cells of a grid: a nation at 1 km."""

_SLACK: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of the grid that one task runs and one shard holds.

    Attributes
    ----------
    rows, columns
        Its cells.
    """

    rows: slice
    columns: slice

    @property
    def region(self) -> tuple[slice, slice]:
        """Its part of an array over (y, x)."""
        return self.rows, self.columns


def run_cells_of(settings: RunSettings) -> xr.Dataset:
    """Return the cells of a run, as :func:`fluxscape.atlas.cells.national_cells` does.

    Raises
    ------
    OutOfBoundsError
        If no land lies inside the bounds, boxes overlap, or the grid is too large.
    DimsError
        If the resolution fits the land-cover map in no way.
    """
    land_cover = _land_cover(settings)
    outline = read_nation().polygon if settings.mask == "nation" else shapely.box(70, 15, 140, 55)
    try:
        cells = national_cells(outline, land_cover, resolution=settings.resolution)
    except OutOfBoundsError as error:
        if settings.bounds is None:
            raise
        raise _no_land(settings.bounds) from error
    if settings.bounds is not None:
        west, south, east, north = settings.bounds
        cells = cells.sel(y=slice(south, north), x=slice(west, east))
        if min(cells.sizes["y"], cells.sizes["x"]) < 2 or not (cells[LAND_FRACTION] > 0).any():
            raise _no_land(settings.bounds)
    if settings.boxes:
        inside = box_mask(cells["y"].to_numpy(), cells["x"].to_numpy(), settings.boxes)
        cells[LAND_FRACTION] = (
            cells[LAND_FRACTION].where(inside, 0.0).assign_attrs(cells[LAND_FRACTION].attrs)
        )
        if not (cells[LAND_FRACTION] > 0).any():
            msg = "no land lies within the tiles that were asked for"
            raise OutOfBoundsError(msg, got=settings.boxes)
    return cells


def _no_land(bounds: Bounds) -> OutOfBoundsError:
    """Return the error that bounds hold no land."""
    west, south, east, north = bounds
    msg = f"no land of the nation lies within {west:g} to {east:g} E, {south:g} to {north:g} N"
    return OutOfBoundsError(msg, got=bounds)


def _land_cover(settings: RunSettings) -> xr.DataArray:
    """Return the land-cover map, cut and split where cells are finer than its own."""
    cover = read_climatology()["land_cover"]
    step = float(np.diff(cover["latitude"].to_numpy()).mean())
    parts = round(step / settings.resolution)
    if parts <= 1:
        return cover
    if not np.isclose(parts * settings.resolution, step, rtol=1e-6):
        msg = (
            f"the resolution {settings.resolution:g} degrees must be a whole multiple or a whole "
            f"part of the land-cover map's {step:g} degrees"
        )
        raise DimsError(msg, got=settings.resolution)
    if settings.bounds is not None:
        west, south, east, north = settings.bounds
        cover = cover.sel(
            latitude=slice(south - step, north + step), longitude=slice(west - step, east + step)
        )
    if cover.size * parts**2 > MOST_CELLS:
        msg = (
            f"a grid of {settings.resolution:g} degrees has {cover.size * parts**2} cells here, at "
            f"most {MOST_CELLS} are run at once: give bounds"
        )
        raise OutOfBoundsError(msg, got=cover.size * parts**2)
    offsets = (np.arange(parts) + 0.5) / parts - 0.5
    axes = {
        name: (cover[name].to_numpy()[:, None] + step * offsets).ravel()
        for name in ("latitude", "longitude")
    }
    values = np.repeat(np.repeat(cover.to_numpy(), parts, axis=0), parts, axis=1)
    return xr.DataArray(values, dims=("latitude", "longitude"), coords=axes, attrs=cover.attrs)


def box_mask(y: FloatArray, x: FloatArray, boxes: Sequence[Bounds]) -> BoolArray:
    """Return which cells lie inside one of several boxes [degrees].

    Raises
    ------
    OutOfBoundsError
        If two boxes share a cell, naming both and the cell, or one holds none.
    """
    owner = np.full((y.size, x.size), -1)
    for number, (west, south, east, north) in enumerate(boxes):
        rows = (y > south - _SLACK) & (y < north + _SLACK)
        columns = (x > west - _SLACK) & (x < east + _SLACK)
        mine = rows[:, None] & columns[None, :]
        if not mine.any():
            msg = f"tile {number + 1} {boxes[number]} holds no cell of the grid"
            raise OutOfBoundsError(msg, got=boxes[number])
        shared = mine & (owner >= 0)
        if shared.any():
            row, column = (int(i[0]) for i in np.nonzero(shared))
            other = int(owner[row, column])
            msg = (
                f"tiles {other + 1} {boxes[other]} and {number + 1} {boxes[number]} overlap: both "
                f"hold the cell at {y[row]:g} N, {x[column]:g} E"
            )
            raise OutOfBoundsError(msg, got=(boxes[other], boxes[number]))
        owner[mine] = number
    return owner >= 0


def active_tiles(run: BoolArray, side: int) -> list[Tile]:
    """Return the tiles that hold a cell to run, row by row from the south-west."""
    height, width = run.shape
    tiles = []
    for top in range(0, height, side):
        for left in range(0, width, side):
            rows = slice(top, min(top + side, height))
            columns = slice(left, min(left + side, width))
            if run[rows, columns].any():
                tiles.append(Tile(rows, columns))
    return tiles
