"""Writing a grid as GeoTIFF."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fluxscape.errors import WriteError
from fluxscape.io._replace import named_write_errors, write_bytes

if TYPE_CHECKING:
    import xarray as xr


def write_geotiff(
    array: xr.DataArray,
    path: str | Path,
    *,
    crs: object | None = None,
    nodata: float | None = None,
    cloud_optimised: bool = False,
) -> None:
    """Write a grid as GeoTIFF, whole or not at all.

    Parameters
    ----------
    array
        Dimensions (y, x) or (band, y, x) with evenly spaced cell-centre coordinates ``x`` and ``y``
        in ``crs``; a coordinate ``band_name`` names the bands.
    path
        File to make or replace.
    crs
        Coordinate reference system; by default ``array.attrs["crs"]``.
    nodata
        Value of missing cells; NaN for floating-point grids by default.
    cloud_optimised
        Write tiles and overviews for reading in parts.

    Raises
    ------
    WriteError
        If dimensions, coordinates or reference system are not as said, or writing fails.
    """
    # rasterio and GDAL take 0.3 s to import.
    from rasterio.io import MemoryFile  # noqa: PLC0415

    check_attributes(array.attrs, "the grid")
    profile, values = _geotiff_profile(array, crs, nodata)
    profile["driver"] = "COG" if cloud_optimised else "GTiff"
    if not cloud_optimised:
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    # GDAL hides errors of closing a file; in memory there are none, and ours below are seen.
    with named_write_errors(Path(path), ValueError, TypeError), MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.write(values)
            for number, name in enumerate(_band_names(array), 1):
                raster.set_band_description(number, name)
            tags = {str(k): str(v) for k, v in array.attrs.items() if k != "crs"}
            raster.update_tags(**tags)
        write_bytes(memory.getbuffer(), path)


def _band_names(array: xr.DataArray) -> list[str]:
    """Return the names of the bands, none if they have none."""
    if "band_name" not in array.coords or array.dims[0] != "band":
        return []
    return [str(name) for name in array["band_name"].to_numpy()]


def _geotiff_profile(
    array: xr.DataArray, crs: object | None, nodata: float | None
) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Return rasterio's profile and the values (band, y, x), north up."""
    from rasterio import Affine  # noqa: PLC0415

    reference = array.attrs.get("crs") if crs is None else crs
    if array.dims not in {("y", "x"), ("band", "y", "x")} or reference is None:
        msg = (
            "a GeoTIFF needs dimensions (y, x) or (band, y, x) and a crs; got "
            f"{array.dims} and {reference}"
        )
        raise WriteError(msg, dims=array.dims)
    values = array.to_numpy()
    values = values if values.ndim == 3 else values[np.newaxis]
    x, y = _even_axis(array, "x"), _even_axis(array, "y")
    if y[1] > 0:
        values, y = values[:, ::-1], (y[0] + y[1] * (values.shape[1] - 1), -y[1])
    if x[1] < 0:
        msg = "a GeoTIFF needs x to increase"
        raise WriteError(msg)
    transform = Affine(x[1], 0.0, x[0] - x[1] / 2, 0.0, y[1], y[0] - y[1] / 2)
    if nodata is None and values.dtype.kind == "f":
        nodata = math.nan
    profile = {
        "width": values.shape[2],
        "height": values.shape[1],
        "count": values.shape[0],
        "dtype": values.dtype.name,
        "crs": reference,
        "transform": transform,
        "nodata": nodata,
        "compress": "deflate",
    }
    return profile, np.ascontiguousarray(values)


def _even_axis(array: xr.DataArray, dim: str) -> tuple[float, float]:
    """Return the first coordinate and the step of an evenly spaced axis."""
    values = array[dim].to_numpy().astype(np.float64) if dim in array.coords else np.empty(0)
    if values.size < 2:
        msg = f"a GeoTIFF needs at least two coordinates along {dim!r}, got {values.size}"
        raise WriteError(msg, axis=dim)
    step = (values[-1] - values[0]) / (values.size - 1)
    if not np.allclose(np.diff(values), step, rtol=1e-4, atol=0.0) or step == 0.0:
        msg = f"a GeoTIFF needs evenly spaced coordinates; {dim!r} is not"
        raise WriteError(msg, axis=dim)
    return float(values[0]), float(step)


def check_attributes(attrs: Mapping[Any, Any], owner: str) -> None:
    """Raise WriteError at what netCDF or GDAL would cut off or split without a word."""
    for name, value in attrs.items():
        if set("\0\n=") & set(str(name)) or (isinstance(value, str) and "\0" in value):
            msg = f"attribute {name!r} of {owner} holds a character that files cannot keep"
            raise WriteError(msg, attribute=str(name))
