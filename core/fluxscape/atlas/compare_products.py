"""A user's product of annual, monthly, eight-day or daily maps, read as what a year holds.

GeoTIFF, NetCDF or Zarr; a folder of one file a year or month as well. What no file tells (unit,
scale, first year) the user does. Read uploads by ``run_in_child(read_product, ...)``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.atlas.compare_units import annual_amounts
from fluxscape.errors import DimsError, FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.io.maps import join_scenes, read_map
from fluxscape.io.rasters import LONGITUDE_LATITUDE, Bounds

SUFFIXES: Final = (".nc", ".nc4", ".tif", ".tiff")
"""How the names of such files end."""

MOST_FILES: Final = 500
"""Files of one folder."""

LARGEST_YEAR: Final = {"gpp": 12_000.0, "et": 5_000.0}
"""Largest mean of a product that can be true [g m-2 year-1, mm year-1]: beyond it the unit or the
scale is another."""

_YEAR: Final = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_DAY_OF_YEAR: Final = re.compile(r"(?<!\d)A?((?:19|20)\d{2})(\d{3})(?!\d)")


def read_product(
    path: str,
    flux: str,
    *,
    variable: str = "",
    units: str = "",
    scale: float = 1.0,
    first_year: int | None = None,
    bounds: Bounds | None = None,
) -> xr.DataArray:
    """Return a product as the amount of every complete year.

    Parameters
    ----------
    path
        File, Zarr store, or folder of files of one grid.
    flux
        ``gpp`` or ``et``.
    variable
        Of a file with several maps.
    units
        Unit, where the file has none or a wrong one.
    scale
        Factor to that unit, where the file does not declare it (MOD17: 0.0001, MOD16: 0.1).
    first_year
        Year of the first map, where neither coordinates nor names tell; the maps are then annual.
    bounds
        West, south, east, north [degrees]: what lies beyond is not read, if the map is in degrees
        or a GeoTIFF.

    Returns
    -------
    xarray.DataArray
        (time, y, x) in g m-2 year-1 or mm year-1 with attributes ``crs`` and ``resolution``.

    Raises
    ------
    UnitsError, DimsError, FileFormatError, MissingVariableError, OutOfBoundsError, UnsafeInputError
        If the file is no such product; says what to name.
    """
    if not np.isfinite(scale) or scale <= 0:
        msg = f"the scale must be a positive number, got {scale}"
        raise OutOfBoundsError(msg, got=scale)
    file = Path(path)
    maps = [
        _dated(read_map(part, bounds=bounds, variable=variable), part, first_year)
        for part in _files(file)
    ]
    joined = join_scenes(maps, file.stem).transpose("time", "y", "x")
    times = joined["time"].to_numpy()
    if np.unique(times).size != times.size:
        msg = f"{file.name}: two maps have the same date"
        raise DimsError(msg, file=file.name)
    found = annual_amounts(joined * scale if scale != 1.0 else joined, flux, units=units)
    found = found.assign_attrs(joined.attrs | {"units": found.attrs["units"]})
    _check_size(found, flux, file)
    step = float(found["x"][1] - found["x"][0]) if found.sizes["x"] > 1 else 0.0
    crs = str(found.attrs.get("crs", LONGITUDE_LATITUDE))
    return found.rename(file.stem).assign_attrs(crs=crs, resolution=step)


def _files(file: Path) -> Sequence[Path]:
    """Return the files of a product: itself, or those of a folder that is no Zarr store."""
    if not file.is_dir() or any((file / name).exists() for name in ("zarr.json", ".zgroup")):
        return [file]
    parts = sorted(item for item in file.iterdir() if item.suffix.lower() in SUFFIXES)
    if not parts or len(parts) > MOST_FILES:
        msg = f"{file} holds {len(parts)} maps ({', '.join(SUFFIXES)}), wanted 1 to {MOST_FILES}"
        raise FileFormatError(msg, file=str(file), got=len(parts))
    return parts


def _dated(values: xr.DataArray, file: Path, first_year: int | None) -> xr.DataArray:
    """Return maps with dates: those they have, that of the name, or years from the first on."""
    if "time" in values.coords and values["time"].dtype.kind == "M":
        return values if "time" in values.dims else values.expand_dims("time")
    if "time" in values.dims:
        if first_year is None:
            first_year = _years_of(values)
        if first_year is None:
            msg = f"{file.name} has {values.sizes['time']} maps without dates: name the first year"
            raise MissingVariableError(msg, file=file.name)
        years = [f"{first_year + n:04d}-01-01" for n in range(values.sizes["time"])]
        return values.assign_coords(time=np.array(years, dtype="datetime64[ns]"))
    date = date_of_name(file.name)
    if date is None and first_year is not None:
        date = np.datetime64(f"{first_year:04d}-01-01", "ns")
    if date is None:
        msg = f"neither {file.name} nor its content tells a year: name the first year"
        raise MissingVariableError(msg, file=file.name)
    return values.assign_coords(time=date).expand_dims("time")


def _years_of(values: xr.DataArray) -> int | None:
    """Return the first of consecutive years that the time axis holds as plain numbers."""
    if "time" not in values.coords or values["time"].dtype.kind not in "iuf":
        return None
    years = values["time"].to_numpy().astype(np.float64)
    sound = (np.diff(years) == 1).all() and 1850 <= years[0] <= 2200
    return int(years[0]) if sound else None


def date_of_name(name: str) -> np.datetime64 | None:
    """Return the date in the name of a file: a year, or a year and its day as MODIS writes it.

    >>> date_of_name("MOD17A3_2005.tif"), date_of_name("MOD17A2H.A2005009.tif")
    (np.datetime64('2005-01-01T00:00:00.000000000'), np.datetime64('2005-01-09T00:00:00.000000000'))
    """
    if (found := _DAY_OF_YEAR.search(name)) and 1 <= int(found.group(2)) <= 366:
        day = dt.date(int(found.group(1)), 1, 1) + dt.timedelta(days=int(found.group(2)) - 1)
        return np.datetime64(day.isoformat(), "ns")
    if found := _YEAR.search(name):
        return np.datetime64(f"{found.group(1)}-01-01", "ns")
    return None


def _check_size(found: xr.DataArray, flux: str, file: Path) -> None:
    """Raise unless the values can be what they are said to be."""
    values = found.to_numpy()
    known = values[np.isfinite(values)]
    if known.size == 0:
        msg = f"{file.name} has no value in the years {found['time'].dt.year.to_numpy().tolist()}"
        raise OutOfBoundsError(msg, file=file.name)
    middle = float(np.percentile(known, 90))
    if not -1e-6 <= middle <= LARGEST_YEAR[flux]:
        msg = (
            f"{file.name}: nine tenths of its values lie below {middle:.4g} "
            f"{found.attrs['units']}, which cannot be {flux.upper()}: name unit and scale"
        )
        raise OutOfBoundsError(msg, file=file.name, got=middle, wanted=LARGEST_YEAR[flux])
