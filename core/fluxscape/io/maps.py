"""Maps of the surface from any file that is read here: GeoTIFF, NetCDF, Zarr; single or scenes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import DimsError, MissingVariableError, UnsafeInputError
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.io.rasters import LARGEST_READ, LONGITUDE_LATITUDE, Bounds, read_raster
from fluxscape.io.stores import open_store

_AXES: Final = {
    "y": ("y", "lat", "latitude", "northing", "nav_lat"),
    "x": ("x", "lon", "longitude", "easting", "nav_lon"),
}
_NETCDF: Final = (".nc", ".nc4", ".cdf")
_DATE: Final = re.compile(r"(?<!\d)((?:19|20)\d{2})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")


def read_map(
    path: str | Path, *, bounds: Bounds | None = None, categorical: bool = False, variable: str = ""
) -> xr.DataArray:
    """Return a map or its scenes as a labelled array.

    Parameters
    ----------
    path
        GeoTIFF, NetCDF file or Zarr store.
    bounds
        West, south, east, north [degree]; cells beyond are not read if the map is in degrees or a
        GeoTIFF.
    categorical
        Whether values are class numbers.
    variable
        Of a NetCDF file or Zarr store with several maps.

    Returns
    -------
    xarray.DataArray
        ``(y, x)``, or ``(time, y, x)`` if there are several scenes: bands of a GeoTIFF or times.
        A scene's time comes from its band's name or the file's tag ``date`` or name; scenes
        without one are numbered. Attribute ``crs``.

    Raises
    ------
    DimsError, MissingVariableError, FileFormatError, OutOfBoundsError, UnsafeInputError
        If the file holds no such map; names it.
    """
    file = Path(path)
    if file.is_dir():
        return _from_dataset(open_store(file), file, bounds, variable)
    if file.suffix.lower() in _NETCDF:
        with open_netcdf_guarded(file) as dataset:
            return _from_dataset(dataset, file, bounds, variable)
    raster = read_raster(file, bounds=bounds, categorical=categorical)
    if "band" in raster.dims:
        names = [str(name) for name in raster["band_name"].to_numpy()]
        dates = [date_in(name) for name in names]
        raster = raster.drop_vars("band_name").rename(band="time")
        if None not in dates:
            raster = raster.assign_coords(time=np.array(dates, dtype="datetime64[ns]"))
        return raster.sortby("time")
    date = date_in(str(raster.attrs.get("date", ""))) or date_in(file.stem)
    return raster if date is None else raster.assign_coords(time=date)


def date_in(text: str) -> np.datetime64 | None:
    """Return the first day that a text names, None if it names none.

    >>> date_in("CN-Cha_20210701_ndvi")
    np.datetime64('2021-07-01T00:00:00.000000000')
    """
    found = _DATE.search(text)
    try:
        return None if found is None else np.datetime64("-".join(found.groups()), "ns")
    except ValueError:
        # Digits such as 20210231 name no day.
        return None


def join_scenes(maps: Iterable[xr.DataArray], name: str) -> xr.DataArray:
    """Return maps of one property as one array, scenes in the order of their times.

    Raises
    ------
    DimsError
        If several maps have no times or stand on different grids.
    """
    parts = list(maps)
    if len(parts) == 1:
        (single,) = parts
        scenes = "time" in single.dims
        return (single if scenes else single.drop_vars("time", errors="ignore")).rename(name)
    for part in parts:
        if "time" not in part.coords:
            msg = f"{part.name}: one of several maps of {name} has no date in its name or tags"
            raise DimsError(msg, map=str(part.name))
        same = all(np.array_equal(part[dim], parts[0][dim]) for dim in ("y", "x"))
        if not same or part.attrs.get("crs") != parts[0].attrs.get("crs"):
            msg = f"{part.name} stands on another grid than {parts[0].name}; scenes must share one"
            raise DimsError(msg, map=str(part.name))
    stacked = [part if "time" in part.dims else part.expand_dims("time") for part in parts]
    joined = xr.concat(stacked, dim="time", combine_attrs="override").sortby("time")
    return joined.transpose("time", "y", "x").rename(name)


def _from_dataset(
    dataset: xr.Dataset, file: Path, bounds: Bounds | None, variable: str
) -> xr.DataArray:
    array = _choose(dataset, file, variable)
    names = {str(dim): axis for axis, known in _AXES.items() for dim in array.dims if dim in known}
    array = array.rename(names)
    others = [str(dim) for dim in array.dims if dim not in ("y", "x")]
    if len(others) > 1 or (others and others != ["time"] and array.sizes[others[0]] > 1):
        msg = (
            f"{file.name}: {array.name} has dimensions {array.dims}, wanted (y, x) or (time, y, x)"
        )
        raise DimsError(msg, got=array.dims)
    if others and others != ["time"]:
        array = array.isel({others[0]: 0}, drop=True)
    crs = _crs(dataset, array, file, degrees="lat" in str(names) or "lon" in str(names))
    array = array.sortby(["y", "x"])
    if bounds is not None and crs == LONGITUDE_LATITUDE:
        west, south, east, north = bounds
        array = array.sel(x=slice(west, east), y=slice(south, north))
    if array.size > LARGEST_READ:
        msg = f"{file.name}: {array.name} has {array.size} cells, allowed are {LARGEST_READ}"
        raise UnsafeInputError(msg, got=array.size, wanted=LARGEST_READ)
    if 0 in array.shape:
        msg = f"{file.name}: {array.name} has no cells around the tower"
        raise DimsError(msg, got=array.shape)
    dims = ("time", "y", "x") if "time" in array.dims else ("y", "x")
    values = array.transpose(*dims).astype(np.float64).load()
    attrs: dict[str, Any] = {
        key: array.attrs[key]
        for key in ("units", "long_name", "legend", "data_status")
        if key in array.attrs
    }
    status = dataset.attrs.get("data_status")
    return values.assign_attrs({"data_status": status} if status else {}).assign_attrs(
        attrs | {"crs": crs}
    )


def _choose(dataset: xr.Dataset, file: Path, variable: str) -> xr.DataArray:
    """Return the map that is asked for, or the only one."""
    maps = [
        str(name)
        for name, array in dataset.data_vars.items()
        if all(any(dim in known for dim in array.dims) for known in _AXES.values())
    ]
    if variable and variable not in maps:
        msg = f"{file.name} has no map {variable!r}; it has {', '.join(maps) or 'none'}"
        raise MissingVariableError(msg, file=str(file), variable=variable)
    if not variable and len(maps) != 1:
        msg = (
            f"{file.name} holds {len(maps)} maps ({', '.join(maps[:10]) or 'none'}); name one as "
            f"{file.name}::VARIABLE"
        )
        raise MissingVariableError(msg, file=str(file), maps=maps)
    return dataset[variable or maps[0]]


def _crs(dataset: xr.Dataset, array: xr.DataArray, file: Path, *, degrees: bool) -> str:
    """Return the reference system that a dataset declares, or that of degrees."""
    mapping = array.attrs.get("grid_mapping") or array.encoding.get("grid_mapping") or ""
    for attrs in (
        array.attrs,
        dataset[mapping].attrs if mapping in dataset.variables else {},
        dataset["spatial_ref"].attrs if "spatial_ref" in dataset.variables else {},
        dataset.attrs,
    ):
        for key in ("crs", "crs_wkt", "spatial_ref"):
            if attrs.get(key):
                return str(attrs[key])
    if degrees:
        return LONGITUDE_LATITUDE
    msg = f"{file.name}: {array.name} declares no reference system, so its place is unknown"
    raise DimsError(msg, file=str(file))
