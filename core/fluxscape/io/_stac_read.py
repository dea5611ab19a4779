"""Asking a STAC catalogue and reading windows of the files that it names."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np
import xarray as xr

from fluxscape.errors import (
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
    RunError,
)
from fluxscape.io._stac_sources import Source, radiometric_offset

if TYPE_CHECKING:
    from fluxscape.io._remote import Door

MOST_ITEMS: Final = 200
"""Most entries of a catalogue that one fetch looks at."""


@dataclass(frozen=True, slots=True)
class Area:
    """A square around a tower.

    Attributes
    ----------
    site
        Name for files.
    latitude, longitude
        Of the tower [degrees].
    half_width
        [m].
    """

    site: str
    latitude: float
    longitude: float
    half_width: float = 5000.0


def search(
    door: Door, source: Source, area: Area, start: str, end: str, most_cloud: float
) -> list[Any]:
    """Return the items of a catalogue that touch the area."""
    from pystac import STACError  # noqa: PLC0415
    from pystac_client import Client  # noqa: PLC0415
    from pystac_client.errors import ClientTypeError  # noqa: PLC0415
    from pystac_client.exceptions import APIError  # noqa: PLC0415
    from pystac_client.stac_api_io import StacApiIO  # noqa: PLC0415

    from fluxscape.io._remote import cause_of  # noqa: PLC0415

    gate = StacApiIO(timeout=door.timeout, max_retries=None)
    gate.session = door.session
    try:
        client = Client.open(door.catalogue, stac_io=gate)
        search = client.search(
            collections=[source.collection],
            bbox=_bounds(area),
            datetime=f"{start or '..'}/{end or '..'}" if start or end else None,
            max_items=MOST_ITEMS,
            limit=100,
        )
        items = list(search.items())
    except (
        APIError,
        STACError,
        ClientTypeError,
        AttributeError,
        KeyError,
        NotImplementedError,
        TypeError,
        ValueError,
    ) as error:
        own = cause_of(error)
        if own is not None:
            raise own from error
        msg = f"{door.catalogue} does not answer as a STAC API: {str(error)[:200]}"
        raise FileFormatError(msg, catalogue=door.catalogue) from error
    kept = [item for item in items if _cloud(item) <= most_cloud]
    if not kept:
        found = f"{len(items)} with more cloud than {most_cloud:g} %" if items else "nothing"
        msg = f"{door.catalogue} has {found} of {source.collection} at {area.site} {start} {end}"
        raise OutOfBoundsError(msg.rstrip(), catalogue=door.catalogue, items=len(items))
    return kept


def _bounds(area: Area) -> list[float]:
    """Return west, south, east, north of the area [degrees]; west > east across the dateline."""
    north = area.half_width / 110_000.0
    east = north / max(math.cos(math.radians(area.latitude)), 0.1)
    edges = (area.longitude - east, area.longitude + east)
    # A box across the dateline has its west above its east (RFC 7946, section 5.2).
    west, east = (edge - 360.0 * math.floor((edge + 180.0) / 360.0) for edge in edges)
    return [west, area.latitude - north, east, area.latitude + north]


def _cloud(item: Any) -> float:
    value = item.properties.get("eo:cloud_cover", 0.0)
    return float(value) if isinstance(value, (int, float)) else 0.0


def grouped(items: list[Any], source: Source, most_scenes: int) -> list[list[Any]]:
    """Return items that belong to one picture: tiles of one day, or all of a map."""
    if not source.by_date:
        # A newer version of a tile lies on top.
        return [sorted(items, key=lambda item: (str(item.datetime), item.id), reverse=True)]
    days: dict[tuple[str, float], list[Any]] = {}
    for item in sorted(items, key=lambda item: (str(item.datetime), item.id)):
        day = f"{item.datetime:%Y%m%d}" if item.datetime else "undated"
        days.setdefault((day, radiometric_offset(item.properties)), []).append(item)
    clearest = sorted(days, key=lambda key: (min(_cloud(item) for item in days[key]), key))
    return [days[key] for key in sorted(clearest[:most_scenes])]


def ask_pass(door: Door, source: Source) -> str:
    """Return the query that opens the files of a collection, empty where none is needed."""
    desk = source.desk
    if not desk or urlsplit(door.catalogue).netloc != urlsplit(desk).netloc:
        return ""
    answer = door.session.get(desk)
    try:
        return str(answer.json()["token"])
    except (ValueError, KeyError, TypeError) as error:
        msg = f"{desk} gave no pass to its files (status {answer.status_code})"
        raise FileFormatError(msg, address=desk) from error


def read_bands(
    door: Door, source: Source, area: Area, group: list[Any], pixel: float, ticket: str
) -> xr.Dataset:
    """Return the bands of one picture in the tower's UTM zone, float64, NaN where missing."""
    import odc.stac  # noqa: PLC0415
    from rasterio.errors import RasterioError  # noqa: PLC0415

    names = _asset_names(source, group)
    for item in group:
        for asset in names.values():
            door.check_raster(_with_pass(item.assets[asset].href, ticket))
    assets = {
        names[band]: {"data_type": facts.dtype, "nodata": facts.nodata}
        for band, facts in source.bands.items()
    }
    # An environment of rasterio around the call would be lost: odc-stac opens its own.
    odc.stac.configure_rio(**_gdal_options(door))
    try:
        loaded = odc.stac.load(
            group,
            bands=list(assets),
            geobox=_geobox(area, pixel),
            # A layer an item, in the order given: by id odc-stac would put the oldest map first.
            groupby=lambda _item, _parsed, place: place,
            resampling={
                names[band]: "nearest" if facts.categorical else _resampling(source, pixel)
                for band, facts in source.bands.items()
            },
            stac_cfg={group[0].collection_id or "_": {"assets": assets}},
            patch_url=lambda href: _gdal_name(_with_pass(href, ticket)),
            fail_on_error=True,
        )
    except (RasterioError, OSError, ValueError, KeyError) as error:
        address = group[0].assets[next(iter(names.values()))].href
        host = urlsplit(address).netloc
        msg = f"reading {group[0].id} from {host} failed: {str(error)[:200]}"
        raise RunError(msg, host=host) from error
    bands = {}
    for band, facts in source.bands.items():
        layers = loaded[names[band]].astype(np.float64).drop_vars("time")
        if facts.nodata is not None:
            layers = layers.where(layers != facts.nodata)
        bands[band] = layers[0]
        for layer in layers[1:]:
            bands[band] = bands[band].where(np.isfinite(bands[band]), layer)
    return xr.Dataset(bands)


def _gdal_options(door: Door) -> dict[str, Any]:
    """Return how GDAL asks: no listing, no sidecar, one patience for all, no cache of answers."""
    seconds = max(round(door.timeout), 1)
    return {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_HTTP_CONNECTTIMEOUT": seconds,
        "GDAL_HTTP_TIMEOUT": seconds,
        "GDAL_HTTP_MAX_RETRY": 1,
        "GDAL_HTTP_RETRY_DELAY": 1,
        "CPL_VSIL_CURL_USE_HEAD": "NO",
        "VSI_CACHE": "NO",
    }


def _asset_names(source: Source, group: list[Any]) -> dict[str, str]:
    """Return what a catalogue calls the bands."""
    names = {}
    for band, facts in source.bands.items():
        found = [name for name in facts.assets if all(name in item.assets for item in group)]
        if not found:
            msg = (
                f"item {group[0].id} has no asset {' or '.join(facts.assets)}, only "
                f"{', '.join(sorted(group[0].assets))[:200]}"
            )
            raise MissingVariableError(msg, item=group[0].id, band=band)
        names[band] = found[0]
    return names


def _with_pass(address: str, ticket: str) -> str:
    return f"{address}?{ticket}" if ticket else address


def _gdal_name(address: str) -> str:
    """Return an address for GDAL that only its GeoTIFF driver takes."""
    return f"GTIFF_DIR:1:/vsicurl/{address}"


def _resampling(source: Source, pixel: float) -> str:
    return "average" if pixel > 1.5 * source.resolution else "bilinear"


def _geobox(area: Area, pixel: float) -> Any:
    """Return the grid of the area in its UTM zone, its edges at multiples of the pixel."""
    from odc.geo.crs import CRS  # noqa: PLC0415
    from odc.geo.geobox import GeoBox  # noqa: PLC0415
    from pyproj import Transformer  # noqa: PLC0415

    crs = CRS.utm(area.longitude, area.latitude)
    x, y = Transformer.from_crs("EPSG:4326", str(crs), always_xy=True).transform(
        area.longitude, area.latitude
    )
    half = area.half_width
    box = (x - half, y - half, x + half, y + half)
    return GeoBox.from_bbox(box, crs=crs, resolution=pixel, tight=False)
