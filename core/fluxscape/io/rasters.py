"""Read GeoTIFF rasters into labelled arrays, whole or in part, and take their values at points."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from fluxscape.errors import DimsError, FileFormatError, OutOfBoundsError, UnsafeInputError
from fluxscape.io._grid_sampling import Grid, Method
from fluxscape.io.guards import open_raster

LARGEST_READ: Final = 64_000_000
"""Most cells that one call reads, all bands together."""

UNDECLARED_FILL: Final = 9.0e36
"""Larger magnitudes are the fill value of netCDF (9.97e36) or of GIS programs (-3.4e38)."""

LONGITUDE_LATITUDE: Final = "EPSG:4326"

Bounds = tuple[float, float, float, float]


def read_raster(
    path: str | os.PathLike[str],
    *,
    bounds: Bounds | None = None,
    band: int | None = None,
    categorical: bool = False,
) -> xr.DataArray:
    """Return a GeoTIFF, or the part of it inside ``bounds``, as a labelled array.

    Parameters
    ----------
    path
        A local GeoTIFF with a coordinate reference system and without rotation.
    bounds
        West, south, east, north [degree]; every cell that they touch is read.
    band
        Number of one band, from 1. By default the only band, or all of several.
    categorical
        Whether values are class numbers: they are not scaled and must be whole numbers.

    Returns
    -------
    xarray.DataArray
        ``(y, x)``, or ``(band, y, x)`` if several bands are read; float64, NaN where the file
        declares a value as missing or holds a well-known fill value. ``x`` and ``y`` are the
        centres of the cells in the raster's own reference system, both increasing. Attributes:
        ``crs``, ``resolution`` (width and height of a cell), ``units`` and ``long_name`` if the
        file has them, and all its tags.

    Raises
    ------
    FileFormatError
        If the file has no reference system, one that its coordinates contradict, is rotated, has
        no such band, or holds fractions where classes are wanted.
    OutOfBoundsError
        If ``bounds`` are no such box or lie outside the raster.
    UnsafeInputError
        If the file declares more than it may, or the part has more than 64 million cells.
    """
    name = Path(path).name
    with open_raster(Path(path)) as raster:
        _check_georeference(raster, name)
        bands = _bands(raster, band, name)
        window = _window(raster, bounds, name)
        rows, columns = window
        cells = len(bands) * (rows.stop - rows.start) * (columns.stop - columns.start)
        if cells > LARGEST_READ:
            msg = (
                f"{name}: {cells} cells are asked for at once, allowed are {LARGEST_READ}; "
                "name smaller bounds or one band"
            )
            raise UnsafeInputError(msg, path=str(path), got=cells, wanted=LARGEST_READ)
        stored = raster.read(
            list(bands), window=((rows.start, rows.stop), (columns.start, columns.stop))
        )
        values = _physical(stored, raster, bands, categorical=categorical, name=name)
        array = _labelled(values, raster, rows, columns, bands)
    array.name = Path(path).stem
    array.attrs["kind"] = "categorical" if categorical else array.attrs.get("kind", "continuous")
    return array


def sample_point(
    raster: xr.DataArray, longitude: float, latitude: float, *, method: Method = "nearest"
) -> float:
    """Return the value of a raster ``(y, x)`` at one point; NaN where it is missing.

    Raises
    ------
    OutOfBoundsError
        If the point lies outside the raster.
    DimsError
        If the raster is no evenly spaced ``(y, x)`` grid with a ``crs`` attribute.
    """
    return float(sample_points(raster, [longitude], [latitude], method=method)[0])


def sample_points(
    raster: xr.DataArray,
    longitude: ArrayLike,
    latitude: ArrayLike,
    *,
    method: Method = "nearest",
) -> NDArray[np.float64]:
    """Return the values of a raster ``(..., y, x)`` at points, ``(..., point)``.

    Parameters
    ----------
    raster
        As :func:`read_raster` returns it.
    longitude, latitude
        One-dimensional positions [degree], WGS 84.
    method
        The cell that holds the point, or ``"bilinear"`` between the four around it.

    Raises
    ------
    OutOfBoundsError, DimsError
        As :func:`sample_point`.
    """
    grid = _grid(raster)
    east, north = np.atleast_1d(longitude).astype(float), np.atleast_1d(latitude).astype(float)
    x, y = _to_crs(str(raster.attrs["crs"]), east, north)
    outside = ~grid.covers(x, y)
    if outside.any():
        first = int(np.argmax(outside))
        msg = (
            f"{raster.name}: {east[first]:.8g} E, {north[first]:.8g} N lies outside the raster "
            f"({int(outside.sum())} of {outside.size} points do)"
        )
        raise OutOfBoundsError(msg, longitude=float(east[first]), latitude=float(north[first]))
    return grid.sample(x, y, method=method)


def _check_georeference(raster: Any, name: str) -> None:
    if not raster.crs:
        msg = f"{name} declares no coordinate reference system, so its place on Earth is unknown"
        raise FileFormatError(msg, file=name)
    transform = raster.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        msg = f"{name} is rotated or mirrored ({tuple(transform)[:6]}); wanted north up, east right"
        raise FileFormatError(msg, file=name)
    if raster.crs.is_geographic:
        left, bottom, right, top = raster.bounds
        if left < -360.01 or right > 360.01 or bottom < -90.01 or top > 90.01:
            msg = (
                f"{name} says that its coordinates are degrees ({raster.crs.to_string()[:60]}) but "
                f"they reach from {left:g}, {bottom:g} to {right:g}, {top:g}: the declared "
                "coordinate reference system is wrong"
            )
            raise FileFormatError(msg, file=name)


def _bands(raster: Any, band: int | None, name: str) -> tuple[int, ...]:
    if band is None:
        return tuple(range(1, raster.count + 1))
    if not 1 <= band <= raster.count:
        msg = f"{name} has bands 1 to {raster.count}, not {band}"
        raise FileFormatError(msg, file=name, got=band, wanted=raster.count)
    return (band,)


def _window(raster: Any, bounds: Bounds | None, name: str) -> tuple[slice, slice]:
    """Return the rows and columns that touch ``bounds``."""
    if bounds is None:
        return slice(0, raster.height), slice(0, raster.width)
    west, south, east, north = bounds
    if not (-180.0 <= west <= east <= 180.0 and -90.0 <= south <= north <= 90.0):
        msg = f"bounds must be west, south, east, north in degrees, got {bounds}"
        raise OutOfBoundsError(msg, got=bounds)
    left, bottom, right, top = _projected_box(raster, bounds, name)
    transform = raster.transform
    columns = slice(
        max(int(np.floor((left - transform.c) / transform.a)), 0),
        min(int(np.floor((right - transform.c) / transform.a)) + 1, raster.width),
    )
    rows = slice(
        max(int(np.floor((top - transform.f) / transform.e)), 0),
        min(int(np.floor((bottom - transform.f) / transform.e)) + 1, raster.height),
    )
    if columns.start >= columns.stop or rows.start >= rows.stop:
        msg = (
            f"{name} does not reach the bounds {west:g}, {south:g}, {east:g}, {north:g}: in its "
            f"own reference system it covers {tuple(round(v, 6) for v in raster.bounds)}"
        )
        raise OutOfBoundsError(msg, file=name, got=bounds)
    return rows, columns


def _projected_box(raster: Any, bounds: Bounds, name: str) -> Bounds:
    # rasterio is imported by the guards when a file is opened, not before.
    from rasterio.errors import RasterioError  # noqa: PLC0415
    from rasterio.warp import transform_bounds  # noqa: PLC0415

    try:
        box = transform_bounds(LONGITUDE_LATITUDE, raster.crs, *bounds, densify_pts=21)
    except RasterioError as error:
        msg = f"{name}: the bounds {bounds} cannot be expressed in {raster.crs}: {error}"
        raise OutOfBoundsError(msg, file=name, got=bounds) from error
    if not np.isfinite(box).all():
        msg = f"{name}: the bounds {bounds} lie outside the domain of {raster.crs}"
        raise OutOfBoundsError(msg, file=name, got=bounds)
    return box[0], box[1], box[2], box[3]


def _physical(
    stored: NDArray[Any], raster: Any, bands: tuple[int, ...], *, categorical: bool, name: str
) -> NDArray[np.float64]:
    if stored.dtype.kind not in "iuf":
        msg = f"{name} holds {stored.dtype} values; wanted real numbers"
        raise FileFormatError(msg, file=name, got=str(stored.dtype))
    values = stored.astype(np.float64)
    missing = ~np.isfinite(values) | (np.abs(values) > UNDECLARED_FILL)
    for place, band in enumerate(bands):
        declared = raster.nodatavals[band - 1]
        if declared is not None:
            missing[place] |= values[place] == _as_stored(declared, stored.dtype)
        if not categorical:
            values[place] *= raster.scales[band - 1]
            values[place] += raster.offsets[band - 1]
    values[missing] = np.nan
    if categorical:
        fractions = ~missing & (values != np.rint(values))
        if fractions.any():
            example = float(values[fractions][0])
            msg = f"{name} is read as classes but holds {example:g}, which is no whole number"
            raise FileFormatError(msg, file=name, got=example)
    return values


def _as_stored(code: float, dtype: np.dtype[Any]) -> float:
    """Return a missing code as a floating-point file holds it: -3.4e38 is no exact double."""
    if dtype.kind != "f":
        return code
    with np.errstate(over="ignore"):
        return float(np.asarray(code).astype(dtype))


def _labelled(
    values: NDArray[np.float64], raster: Any, rows: slice, columns: slice, bands: tuple[int, ...]
) -> xr.DataArray:
    transform = raster.transform
    x = transform.c + transform.a * (np.arange(columns.start, columns.stop) + 0.5)
    y = transform.f + transform.e * (np.arange(rows.start, rows.stop) + 0.5)
    attrs: dict[str, Any] = {
        key: value for key, value in raster.tags().items() if key != "AREA_OR_POINT"
    }
    units = {raster.units[band - 1] for band in bands} - {None, ""}
    if len(units) == 1:
        attrs["units"] = units.pop()
    attrs["crs"] = raster.crs.to_string()
    attrs["resolution"] = (transform.a, -transform.e)
    coords: dict[str, Any] = {"y": y[::-1], "x": x}
    values = values[:, ::-1, :]
    if len(bands) == 1:
        return xr.DataArray(values[0], dims=("y", "x"), coords=coords, attrs=attrs)
    names = [raster.descriptions[band - 1] or f"band {band}" for band in bands]
    coords["band"] = list(bands)
    coords["band_name"] = ("band", names)
    return xr.DataArray(values, dims=("band", "y", "x"), coords=coords, attrs=attrs)


def _grid(raster: xr.DataArray) -> Grid:
    if raster.dims[-2:] != ("y", "x") or "crs" not in raster.attrs:
        msg = f"{raster.name}: wanted a raster (..., y, x) with a crs, got {raster.dims}"
        raise DimsError(msg, got=raster.dims)
    first, step = {}, {}
    for place, dim in enumerate(("x", "y")):
        axis = raster[dim].to_numpy().astype(float)
        steps = np.diff(axis)
        if axis.size < 1 or (steps.size and np.ptp(steps) > 1e-6 * abs(steps[0])):
            msg = f"{raster.name}: axis {dim!r} is not evenly spaced"
            raise DimsError(msg, axis=dim)
        first[dim] = float(axis[0])
        if steps.size:
            step[dim] = float((axis[-1] - axis[0]) / steps.size)
        elif "resolution" in raster.attrs:
            step[dim] = float(raster.attrs["resolution"][place])
        else:
            msg = f"{raster.name}: axis {dim!r} has one cell and no attribute tells its size"
            raise DimsError(msg, axis=dim)
    return Grid(
        raster.to_numpy(),
        x_first=first["x"],
        y_first=first["y"],
        x_step=step["x"],
        y_step=step["y"],
    )


def _to_crs(
    crs: str, longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if crs == LONGITUDE_LATITUDE:
        return longitude, latitude
    # pyproj takes 0.2 s to import and only projected rasters need it.
    from pyproj import Transformer  # noqa: PLC0415

    x, y = Transformer.from_crs(LONGITUDE_LATITUDE, crs, always_xy=True).transform(
        longitude, latitude
    )
    return np.asarray(x), np.asarray(y)
