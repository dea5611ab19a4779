"""The cells of a national run: which are land, what grows there, which point stands for each.

A cell is judged by the finer cells of a land-cover map inside it. Only the part inside the
nation's outline that is neither water nor permanent ice is *active*: it counts in totals as
``land_fraction``. The cell runs with its most frequent active class, at the finer cell of that
class that lies nearest to its centre, so that vegetation, terrain and climate belong together.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr

from fluxscape.atlas.product import LAND_FRACTION
from fluxscape.contracts import provenance
from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.towers import IGBP_CLASSES

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WATER: Final = 0
PERMANENT_ICE: Final = 15
CLASS_CODES: Final = dict(enumerate(list(IGBP_CLASSES)[:16], start=1))
"""IGBP code of each class number of the land-cover map, 1 to 16."""

MINIMUM_SHARE: Final = 0.2
"""Least active share of a cell that is run: slivers along coasts and borders are left out."""

COVER: Final = "land_cover"


def national_cells(
    outline: shapely.Geometry,
    land_cover: xr.DataArray,
    *,
    resolution: float,
    minimum_share: float = MINIMUM_SHARE,
) -> xr.Dataset:
    """Return the cells of a nation on a regular grid.

    Parameters
    ----------
    outline
        Area of the nation in degrees.
    land_cover
        Class numbers of :data:`CLASS_CODES`, 0 water, over ``latitude`` and ``longitude``
        (increasing, evenly spaced cell centres).
    resolution
        Side of a cell [degrees], a whole multiple of the map's.
    minimum_share
        Least active share of a cell.

    Returns
    -------
    xarray.Dataset
        Over (y, x): ``land_fraction`` (active share, 0 where the cell is not run), ``inside``
        (share inside the outline), ``land_cover`` (class number, 0 where not run),
        ``point_latitude`` and ``point_longitude`` [degrees], NaN where not run.

    Raises
    ------
    DimsError
        If the resolution is no multiple of the map's.
    OutOfBoundsError
        If no cell is active.
    """
    fine_y = land_cover["latitude"].to_numpy().astype(np.float64)
    fine_x = land_cover["longitude"].to_numpy().astype(np.float64)
    factor = _factor(fine_y, fine_x, resolution)
    rows = _aligned(fine_y, resolution, factor)
    columns = _aligned(fine_x, resolution, factor)
    inside = _inside(outline, fine_y[rows], fine_x[columns])
    classes = np.where(inside, land_cover.to_numpy()[rows, columns], WATER).astype(np.int64)
    active = inside & (classes != WATER) & (classes != PERMANENT_ICE)
    share = _blocks(active, factor).mean(axis=-1)
    cover, member = _dominant(_blocks(np.where(active, classes, 0), factor), factor)
    run = share >= minimum_share
    if not run.any():
        msg = "no cell has active land inside the outline"
        raise OutOfBoundsError(msg)
    latitude, longitude = _members(fine_y[rows], fine_x[columns], member, factor)
    dataset = xr.Dataset(
        {
            LAND_FRACTION: _map(np.where(run, share, 0.0), "share that counts in totals", "1"),
            "inside": _map(_blocks(inside, factor).mean(axis=-1), "share inside the nation", "1"),
            COVER: _map(np.where(run, cover, 0), "IGBP class that stands for the cell", "1"),
            "point_latitude": _map(np.where(run, latitude, np.nan), "latitude", "degrees_north"),
            "point_longitude": _map(np.where(run, longitude, np.nan), "longitude", "degrees_east"),
        },
        coords={
            "y": fine_y[rows].reshape(-1, factor).mean(axis=1).round(9),
            "x": fine_x[columns].reshape(-1, factor).mean(axis=1).round(9),
        },
        attrs=provenance(
            status="observed",
            source="land cover map inside the nation's outline",
            parameters={"resolution": resolution, "minimum_share": minimum_share},
        ),
    )
    return _trimmed(dataset)


def _map(values: npt.NDArray[Any], long_name: str, units: str) -> Any:
    """Return one variable over (y, x)."""
    return (("y", "x"), values, {"units": units, "long_name": long_name})


def _factor(fine_y: FloatArray, fine_x: FloatArray, resolution: float) -> int:
    """Return the number of fine cells along a coarse one."""
    step_y = (fine_y[-1] - fine_y[0]) / (fine_y.size - 1)
    step_x = (fine_x[-1] - fine_x[0]) / (fine_x.size - 1)
    factor = round(resolution / step_y)
    fits = np.allclose([step_y * factor, step_x * factor], resolution, rtol=1e-6)
    if factor < 1 or not fits:
        msg = (
            f"the resolution {resolution:g} degrees must be a whole multiple of the land-cover "
            f"map's {step_y:g} degrees"
        )
        raise DimsError(msg, got=resolution)
    return int(factor)


def _aligned(fine: FloatArray, resolution: float, factor: int) -> slice[int, int, None]:
    """Return the fine cells that fill whole coarse cells whose edges are multiples of theirs."""
    step = resolution / factor
    first_edge = fine[0] - step / 2
    start = round((np.ceil(first_edge / resolution - 1e-6) * resolution - first_edge) / step)
    count = (fine.size - start) // factor * factor
    return slice(start, start + count)


def _inside(outline: shapely.Geometry, y: FloatArray, x: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which fine centres lie inside the outline."""
    shapely.prepare(outline)
    grid_x, grid_y = np.meshgrid(x, y)
    return np.asarray(shapely.contains_xy(outline, grid_x, grid_y), dtype=bool)


def _blocks(values: npt.NDArray[Any], factor: int) -> npt.NDArray[Any]:
    """Return an array (rows, columns, members) of coarse cells."""
    height, width = values.shape
    blocks = values.reshape(height // factor, factor, width // factor, factor)
    return blocks.swapaxes(1, 2).reshape(height // factor, width // factor, factor * factor)


def _dominant(classes: IntArray, factor: int) -> tuple[IntArray, IntArray]:
    """Return the most frequent active class of each cell and its member nearest to the centre.

    Among equally frequent classes the smaller number wins, among equally near members the first.
    """
    numbers = sorted(CLASS_CODES)
    counts = np.stack([(classes == number).sum(axis=-1) for number in numbers], axis=-1)
    cover = np.asarray(numbers, dtype=np.int64)[np.argmax(counts, axis=-1)]
    offset = np.arange(factor) - (factor - 1) / 2
    distance = (offset[:, np.newaxis] ** 2 + offset**2).ravel()
    candidates = np.where(classes == cover[..., np.newaxis], distance, np.inf)
    return cover, np.argmin(candidates, axis=-1)


def _members(
    fine_y: FloatArray, fine_x: FloatArray, member: IntArray, factor: int
) -> tuple[FloatArray, FloatArray]:
    """Return latitude and longitude of the chosen member of each cell."""
    rows = np.arange(member.shape[0])[:, np.newaxis] * factor + member // factor
    columns = np.arange(member.shape[1]) * factor + member % factor
    return fine_y[rows], fine_x[columns]


def _trimmed(dataset: xr.Dataset) -> xr.Dataset:
    """Return the smallest window that holds every cell with land inside the outline."""
    used = dataset["inside"].to_numpy() > 0
    rows, columns = np.flatnonzero(used.any(axis=1)), np.flatnonzero(used.any(axis=0))
    return dataset.isel(
        y=slice(int(rows[0]), int(rows[-1]) + 1), x=slice(int(columns[0]), int(columns[-1]) + 1)
    )
