"""Reads a user's raster once, in a child process, and leaves what lies around the tower."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import FileFormatError, OutOfBoundsError
from fluxscape.io.atomic import write_netcdf
from fluxscape.io.rasters import read_raster
from fluxscape.representativeness.frame import Place
from fluxscape.representativeness.legends import find_legend, guess_legend
from fluxscape.representativeness.raster_checks import check_classes, check_raster, check_values
from fluxscape.representativeness.regrid import pixel_size
from fluxscape.towers import METRES_PER_DEGREE

REACH: Final = 6000.0
"""How far around the tower a raster is kept [m]: the largest disc and a margin."""

MOST_CELLS: Final = 4_000_000
"""Most pixels around the tower that are kept, all bands together."""

MONTHS: Final = 12

NOMINAL_YEAR: Final = 2010
"""Calendar year of the months of a raster with twelve bands, which names none."""


def read_raster_upload(
    path: str, output: str, kind: str, name: str, legend: str, longitude: float, latitude: float
) -> dict[str, Any]:
    """Read the part of a GeoTIFF around a tower and write it as netCDF to ``output``.

    Parameters
    ----------
    path, output
        Files.
    kind
        ``cover``, ``index`` or ``elevation``.
    name
        What the raster shows, such as ``ndvi``: its values are held against the range of that.
    legend
        Name of the legend of a land-cover map; empty to recognise it by its codes.
    longitude, latitude
        Of the tower [degree].

    Returns
    -------
    dict
        ``rows``, ``columns``, ``scenes``; ``pixel`` [m]; ``low``, ``high``, ``valid`` (share of
        pixels with a value); ``legend`` and number of ``classes`` of a land-cover map.

    Raises
    ------
    FluxscapeError
        If the raster is not what it is said to be, or does not reach the tower.
    """
    place = Place(latitude, longitude)
    high = REACH / METRES_PER_DEGREE
    wide = high / math.cos(math.radians(latitude))
    bounds = (longitude - wide, latitude - high, longitude + wide, latitude + high)
    raster = read_raster(path, bounds=bounds, categorical=kind == "cover").rename(name)
    if raster.size > MOST_CELLS:
        msg = f"{name} has {raster.size} pixels around the tower, at most {MOST_CELLS} are taken"
        raise OutOfBoundsError(msg, got=raster.size, wanted=MOST_CELLS)
    scenes = _scenes(raster, kind)
    first = scenes.isel(time=0, drop=True) if "time" in scenes.dims else scenes
    check_raster(first, place)
    values = scenes.to_numpy()
    known = np.isfinite(values)
    if not known.any():
        msg = f"every pixel of {name} around the tower is missing"
        raise OutOfBoundsError(msg, longitude=longitude, latitude=latitude)
    attrs = {"crs": str(raster.attrs["crs"]), "data_status": "observed", "units": "1"}
    facts: dict[str, Any] = {"legend": "", "classes": 0}
    if kind == "cover":
        check_classes(first, values)
        codes = {int(code) for code in np.unique(values[known])}
        found = find_legend(legend) if legend else guess_legend(codes, where=name)
        found.check(codes, where=name)
        attrs |= {"legend": found.name, "kind": "categorical"}
        facts = {"legend": found.name, "classes": len(codes)}
    else:
        check_values(first, values)
        attrs["units"] = "m" if kind == "elevation" else "1"
    kept = xr.DataArray(scenes.astype(np.float32), attrs=attrs, name=kind)
    write_netcdf(kept.to_dataset(), output)
    return facts | {
        "rows": int(first.sizes["y"]),
        "columns": int(first.sizes["x"]),
        "scenes": int(scenes.sizes.get("time", 1)),
        "pixel": pixel_size(first, place),
        "low": float(values[known].min()),
        "high": float(values[known].max()),
        "valid": float(known.mean()),
    }


def _scenes(raster: xr.DataArray, kind: str) -> xr.DataArray:
    """Return one band, or twelve bands of an index as the months of a year."""
    if "band" not in raster.dims:
        return raster
    bands = raster.sizes["band"]
    if kind != "index" or bands != MONTHS:
        wanted = "one band, or twelve of January to December" if kind == "index" else "one band"
        msg = f"{raster.name} has {bands} bands; wanted {wanted}"
        raise FileFormatError(msg, got=bands)
    months = [f"{NOMINAL_YEAR}-{month:02d}-01" for month in range(1, MONTHS + 1)]
    times = np.array(months, dtype="datetime64[ns]")
    return raster.drop_vars("band_name").rename(band="time").assign_coords(time=times)
