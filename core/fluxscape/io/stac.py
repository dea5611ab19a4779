"""Fine maps around a tower from public catalogues (STAC), where the machine is online.

``pystac-client`` asks the catalogue, ``odc-stac`` reads the window around the tower out of
cloud-optimised GeoTIFFs. Nothing of them is imported before a fetch. Everything that is asked for
goes through :mod:`fluxscape.io._remote`; sizes are worked out before a pixel is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import (
    MissingVariableError,
    OutOfBoundsError,
    UnsafeInputError,
    did_you_mean,
)
from fluxscape.io._stac_read import Area, ask_pass, grouped, read_bands, search
from fluxscape.io._stac_sources import (
    SOURCES,
    Source,
    radiometric_offset,
    vegetation_indices,
)
from fluxscape.io.atomic import write_geotiff, write_json

if TYPE_CHECKING:
    from fluxscape.io._remote import Door

__all__ = ["SOURCES", "Area", "Fetched", "Source", "fetch"]

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

HALF_WIDTHS: Final = (100.0, 20_000.0)
"""Bounds of the half-width of an area [m]."""

LARGEST_READ: Final = 400_000_000
"""Most pixels of one fetch, all bands and scenes together."""

LONGEST_SILENCE: Final = 600.0
"""Longest silence of a host that may be waited for [s]."""

LEAST_CLEAR: Final = 0.3
"""Share of an area that a scene must show for it to be kept."""

_DATE: Final = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a fetch brought.

    Attributes
    ----------
    files
        GeoTIFFs, and ``SITE_SOURCE.json`` that lists them.
    scenes
        Items of the catalogue that they come from.
    left_out
        Scenes that show too little ground, with the share that they show.
    """

    files: tuple[Path, ...]
    scenes: tuple[str, ...]
    left_out: dict[str, float]


def fetch(
    source: str,
    area: Area,
    folder: str | Path,
    *,
    catalogue: str = "",
    hosts: Iterable[str] = (),
    start: str = "",
    end: str = "",
    most_cloud: float = 60.0,
    most_scenes: int = 24,
    resolution: float | None = None,
    timeout: float = 30.0,
    on_progress: Progress | None = None,
) -> Fetched:
    """Bring a data set around a tower into a folder.

    Parameters
    ----------
    source
        A key of :data:`SOURCES`.
    area
        Square to bring.
    folder
        Where files are made: ``SITE_land_cover.tif`` (WorldCover), ``SITE_surface_altitude.tif``
        (DEM), ``SITE_YYYYMMDD_ndvi.tif`` and ``..._evi.tif`` (a day of Sentinel-2), cloud-optimised
        GeoTIFFs in the tower's UTM zone, each written whole or not at all.
    catalogue
        Address of a STAC API; that of the source when empty.
    hosts
        Hosts that may be asked beside the public ones.
    start, end
        First and last day, ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``; needed for Sentinel-2.
    most_cloud
        Most cloud of a whole scene [%].
    most_scenes
        Most days that are kept, those with the least cloud.
    resolution
        Of the pixels [m]; that of the data set when absent.
    timeout
        Longest silence of a host [s].
    on_progress
        Called as ``on_progress(fraction, message)``.

    Raises
    ------
    NoAnswerError
        If the catalogue or a file's host does not answer.
    UnsafeInputError
        If an address may not be asked, or too much would be read.
    FileFormatError
        If the catalogue or a file is not what it should be.
    OutOfBoundsError, MissingVariableError
        If an argument is impossible or nothing is found.
    """
    known = _source(source)
    _check(area, most_scenes, most_cloud, timeout)
    _check_days(known, start, end)
    pixel = known.resolution if resolution is None else resolution
    _check_size(area, known, pixel, most_scenes)
    # requests and the clients take half a second to import, and most work is done off line.
    from fluxscape.io._remote import open_door  # noqa: PLC0415

    door = open_door(catalogue or known.catalogue, hosts=hosts, timeout=timeout)
    items = search(door, known, area, start, end, most_cloud)
    days = grouped(items, known, most_scenes)
    ticket = ask_pass(door, known)
    report = on_progress or (lambda *_: None)
    files: list[Path] = []
    left_out: dict[str, float] = {}
    for place, group in enumerate(days):
        report(place / len(days), group[0].id)
        bands = read_bands(door, known, area, group, pixel, ticket)
        for array in _products(bands, known, area, group, door, left_out):
            path = Path(folder) / f"{array.name}.tif"
            Path(folder).mkdir(parents=True, exist_ok=True)
            write_geotiff(array, path, cloud_optimised=True, nodata=array.attrs.get("missing"))
            files.append(path)
    report(1.0, "done")
    if not files:
        msg = (
            f"{known.title}: none of {len(days)} scenes shows {LEAST_CLEAR:.0%} of the area; "
            "name a longer period"
        )
        raise OutOfBoundsError(msg, scenes=len(days))
    scenes = tuple(item.id for group in days for item in group)
    files.append(_listed(files, scenes, left_out, known, area, door.catalogue, folder))
    return Fetched(tuple(files), scenes, left_out)


def _source(name: str) -> Source:
    if name not in SOURCES:
        msg = f"there is no source {name!r}; known are {', '.join(SOURCES)}."
        raise MissingVariableError(msg + did_you_mean(name, SOURCES), source=name)
    return SOURCES[name]


def _check(area: Area, most_scenes: int, most_cloud: float, timeout: float) -> None:
    low, high = HALF_WIDTHS
    if not (low <= area.half_width <= high and most_scenes >= 1):
        msg = (
            f"the half-width must lie between {low:g} and {high:g} m and one scene or more be "
            f"allowed, got {area.half_width:g} m and {most_scenes}"
        )
        raise OutOfBoundsError(msg, half_width=area.half_width, most_scenes=most_scenes)
    if not (abs(area.latitude) <= 84.0 and abs(area.longitude) <= 180.0):
        msg = f"{area.latitude!r} N, {area.longitude!r} E is no place within 84 degrees of latitude"
        raise OutOfBoundsError(msg, latitude=area.latitude, longitude=area.longitude)
    if not 0.0 <= most_cloud <= 100.0 or not 0.0 < timeout <= LONGEST_SILENCE:
        msg = (
            f"wanted a cloud cover within 0 to 100 % and a silence above 0 and up to "
            f"{LONGEST_SILENCE:g} s, got {most_cloud:g} % and {timeout:g} s"
        )
        raise OutOfBoundsError(msg, most_cloud=most_cloud, timeout=timeout)


def _check_days(source: Source, start: str, end: str) -> None:
    """Raise unless days are days, the first before the last, and there where they are needed."""
    dates = [date for date in (start, end) if date]
    if source.by_date and len(dates) < 2:
        msg = f"{source.title} needs a first and a last day"
        raise MissingVariableError(msg, source=source.name)
    moments = [_moment(date) for date in dates]
    if len(moments) == 2 and moments[0].astype("datetime64[D]") >= (moments[1] + 1).astype(
        "datetime64[D]"
    ):
        msg = f"the first day, {start}, comes after the last, {end}"
        raise OutOfBoundsError(msg, start=start, end=end)


def _moment(date: str) -> np.datetime64:
    """Return a day, month or year that a text names."""
    try:
        if _DATE.fullmatch(date):
            return np.datetime64(date)
    except ValueError:
        pass
    msg = f"{date!r} is no day, month or year; wanted YYYY-MM-DD"
    raise OutOfBoundsError(msg, got=date)


def _check_size(area: Area, source: Source, pixel: float, most_scenes: int) -> None:
    """Raise UnsafeInputError if too much would be read."""
    if not (math.isfinite(pixel) and 1.0 <= pixel <= 1000.0):
        msg = f"the resolution must lie between 1 and 1000 m, got {pixel!r}"
        raise OutOfBoundsError(msg, got=pixel)
    scenes = most_scenes if source.by_date else 1
    pixels = (2.0 * area.half_width / pixel) ** 2 * len(source.bands) * scenes
    if pixels > LARGEST_READ:
        msg = (
            f"{pixels:.3g} pixels would be read, allowed are {LARGEST_READ:.3g}: name a smaller "
            "half-width, fewer scenes or a coarser resolution"
        )
        raise UnsafeInputError(msg, got=pixels, wanted=LARGEST_READ)


def _products(
    bands: xr.Dataset,
    source: Source,
    area: Area,
    group: list[Any],
    door: Door,
    left_out: dict[str, float],
) -> Iterator[xr.DataArray]:
    """Yield the grids to write for one picture."""
    first = next(iter(bands.values()))
    coords = {dim: first[dim].to_numpy() for dim in ("y", "x")}
    facts = provenance(
        status="observed",
        source=source.title,
        collection=source.collection,
        catalogue=door.catalogue,
        items=",".join(item.id for item in group),
        attribution=source.attribution,
        crs=str(first.odc.crs),
    )
    if not source.by_date:
        for name, array in bands.items():
            yield _grid(f"{area.site}_{name}", array, source.bands[str(name)].dtype, coords, facts)
        return
    date = f"{group[0].datetime:%Y-%m-%d}" if group[0].datetime else "undated"
    offset = radiometric_offset(group[0].properties)
    values = {str(name): array.to_numpy() for name, array in bands.items()}
    for name, index in vegetation_indices(values, offset).items():
        share = float(np.isfinite(index).mean())
        if share < LEAST_CLEAR:
            left_out[group[0].id] = share
            continue
        array = xr.DataArray(index, dims=("y", "x"))
        extra = {"date": date, "clear_share": share, "radiometric_offset": offset}
        title = f"{area.site}_{date.replace('-', '')}_{name}"
        yield _grid(title, array, "float32", coords, facts | extra)


def _grid(
    name: str,
    array: xr.DataArray,
    dtype: str,
    coords: dict[str, NDArray[Any]],
    facts: dict[str, Any],
) -> xr.DataArray:
    """Return a grid as it is written; class numbers get 0 where they are missing."""
    values = array.to_numpy()
    attrs = dict(facts) | {"units": "m" if name.endswith("altitude") else "1"}
    if dtype != "float32":
        values = np.nan_to_num(values)
        attrs["missing"] = 0
    return xr.DataArray(
        values.astype(dtype), dims=("y", "x"), coords=coords, name=name, attrs=attrs
    )


def _listed(
    files: list[Path],
    scenes: tuple[str, ...],
    left_out: dict[str, float],
    source: Source,
    area: Area,
    catalogue: str,
    folder: str | Path,
) -> Path:
    """Write what was brought beside the files and return that list's path."""
    path = Path(folder) / f"{area.site}_{source.name}.json"
    content = provenance(
        status="observed",
        source=source.title,
        collection=source.collection,
        catalogue=catalogue,
        attribution=source.attribution,
        site=area.site,
        latitude=area.latitude,
        longitude=area.longitude,
        half_width=area.half_width,
        files=[file.name for file in files],
        scenes=list(scenes),
        left_out=left_out,
    )
    write_json(content, path)
    return path
