"""Any product on the grid of ours: area-weighted means, whatever its grid or map projection."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.atlas.totals_zones import CellGrid
from fluxscape.atlas.zones import band_area
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.rasters import LONGITUDE_LATITUDE

FloatArray = npt.NDArray[np.float64]

LEAST_COVER = 0.5
"""Least share of a cell that must have values for the cell to have one."""


def regrid(values: xr.DataArray, grid: CellGrid) -> xr.DataArray:
    """Return a product on another grid of degrees.

    On a grid of degrees every cell gets the mean of the cells that it overlaps, weighted by the
    ellipsoidal area of the overlap (first-order conservative remapping, Jones 1999,
    doi:10.1175/1520-0493(1999)127<2204:FASOCR>2.0.CO;2, eq. 5; separable here). Maps in another
    reference system are resampled to it by the mean of the pixels that fall into a cell.

    Parameters
    ----------
    values
        (y, x) or (time, y, x) with increasing centres and a ``crs`` attribute.
    grid
        Wanted grid.

    Returns
    -------
    xarray.DataArray
        Same leading dimension; NaN where less than half of a cell has values.

    Raises
    ------
    DimsError
        If the axes are uneven.
    OutOfBoundsError
        If the product does not reach the grid.
    """
    source = CellGrid.of(values)
    stack = values.transpose(..., "y", "x").to_numpy().astype(np.float64)
    layers = stack.reshape(-1, *stack.shape[-2:])
    if str(values.attrs.get("crs", LONGITUDE_LATITUDE)) == LONGITUDE_LATITUDE:
        out = _conservative(layers, source, grid)
    else:
        out = _warped(layers, source, str(values.attrs["crs"]), grid)
    if not np.isfinite(out).any():
        west, south, east, north = (f"{value:.6g}" for value in source.edges)
        msg = (
            f"{values.name} has no value on the grid of the product: it reaches from {west}, "
            f"{south} to {east}, {north}"
        )
        raise OutOfBoundsError(msg, got=source.edges)
    shape = (*stack.shape[:-2], grid.y.size, grid.x.size)
    coords: dict[str, Any] = {"y": grid.y, "x": grid.x}
    if "time" in values.coords:
        coords["time"] = values["time"]
    dims = values.transpose(..., "y", "x").dims
    attrs = dict(values.attrs) | {"crs": LONGITUDE_LATITUDE}
    return xr.DataArray(out.reshape(shape), dims=dims, coords=coords, name=values.name, attrs=attrs)


def _conservative(layers: FloatArray, source: CellGrid, grid: CellGrid) -> FloatArray:
    """Return area-weighted means of overlapping cells."""
    rows = _latitude_overlap(source, grid)
    columns = _length_overlap(source.x, source.steps[1], grid.x, grid.steps[1])
    whole = np.outer(
        band_area(grid.y - grid.steps[0] / 2, grid.y + grid.steps[0] / 2, 1.0),
        np.full(grid.x.size, grid.steps[1]),
    )
    out = np.empty((layers.shape[0], grid.y.size, grid.x.size))
    for number, layer in enumerate(layers):
        known = np.isfinite(layer)
        weight = rows @ known.astype(np.float64) @ columns.T
        total = rows @ np.where(known, layer, 0.0) @ columns.T
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = total / weight
        out[number] = np.where(weight >= LEAST_COVER * whole, mean, np.nan)
    return out


def _latitude_overlap(source: CellGrid, grid: CellGrid) -> FloatArray:
    """Return the area per degree of longitude that bands of two grids share; (wanted, source)."""
    half, other = grid.steps[0] / 2, source.steps[0] / 2
    south = np.maximum((grid.y - half)[:, np.newaxis], source.y - other)
    north = np.minimum((grid.y + half)[:, np.newaxis], source.y + other)
    touch = north > south
    south, north = np.where(touch, south, 0.0), np.where(touch, north, 0.0)
    bands = band_area(np.clip(south, -90, 90), np.clip(north, -90, 90), 1.0)
    return np.asarray(np.where(touch, bands, 0.0))


def _length_overlap(source: FloatArray, step: float, grid: FloatArray, wide: float) -> FloatArray:
    """Return the degrees of longitude that columns of two grids share; (wanted, source)."""
    low = np.maximum((grid - wide / 2)[:, np.newaxis], source - step / 2)
    high = np.minimum((grid + wide / 2)[:, np.newaxis], source + step / 2)
    return np.asarray(np.maximum(high - low, 0.0))


def _warped(layers: FloatArray, source: CellGrid, crs: str, grid: CellGrid) -> FloatArray:
    """Return layers of a projected map on a grid of degrees."""
    from rasterio.warp import Resampling, reproject  # noqa: PLC0415

    out = np.full((layers.shape[0], grid.y.size, grid.x.size), np.nan)
    for number, layer in enumerate(layers):
        for values, found in ((layer, True), (np.isfinite(layer).astype(np.float64), False)):
            warped = np.full(out.shape[1:], np.nan)
            reproject(
                np.ascontiguousarray(values[::-1]),
                warped,
                src_transform=_transform(source),
                src_crs=crs,
                src_nodata=np.nan,
                dst_transform=_transform(grid),
                dst_crs=LONGITUDE_LATITUDE,
                dst_nodata=np.nan,
                resampling=Resampling.average,
            )
            if found:
                out[number] = warped[::-1]
            else:
                out[number][~(warped[::-1] >= LEAST_COVER)] = np.nan
    return out


def _transform(grid: CellGrid) -> Any:
    """Return the affine transformation of a grid whose rows run from north to south."""
    from rasterio.transform import Affine  # noqa: PLC0415

    west, _, _, north = grid.edges
    high, wide = grid.steps
    return Affine(wide, 0.0, west, 0.0, -high, north)
