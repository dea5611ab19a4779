"""Source areas as vectors: GeoJSON in WGS 84, tables in the tower's UTM zone, local metres."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint.source_area import SourceArea, ring_area

Floats = NDArray[np.float64]

if TYPE_CHECKING:
    import geopandas as gpd

LOCAL_FRAME: Final = "metres east and north of the tower; no coordinates of the tower were given"
WGS84_FRAME: Final = "WGS 84 longitude and latitude"


def local_crs(latitude: float, longitude: float) -> str:
    """Return the PROJ text of the frame in which footprints live: metres east and north.

    The projection is azimuthal equidistant about the tower, whose north is true north. Adding
    metres to UTM coordinates instead would turn the footprint by the convergence of the meridians,
    up to three degrees.

    Raises
    ------
    OutOfBoundsError
        If the coordinates are none.
    """
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
        msg = f"latitude {latitude!r}, longitude {longitude!r} are no coordinates in degrees"
        raise OutOfBoundsError(msg, latitude=latitude, longitude=longitude)
    return f"+proj=aeqd +lat_0={latitude!r} +lon_0={longitude!r} +datum=WGS84 +units=m +type=crs"


def project_ring(ring: Floats, latitude: float, longitude: float, crs: str = "EPSG:4326") -> Floats:
    """Return a ring given in metres around the tower in another reference system."""
    # pyproj takes a tenth of a second to import.
    from pyproj import Transformer  # noqa: PLC0415

    transformer = Transformer.from_crs(local_crs(latitude, longitude), crs, always_xy=True)
    return np.column_stack(transformer.transform(ring[:, 0], ring[:, 1]))


def utm_crs(latitude: float, longitude: float) -> str:
    """Return the EPSG code of the UTM zone (WGS 84) that holds a tower.

    >>> utm_crs(37.6, 101.33), utm_crs(-33.9, 18.4)
    ('EPSG:32647', 'EPSG:32734')
    """
    local_crs(latitude, longitude)
    zone = min(int((longitude + 180.0) // 6.0) + 1, 60)
    return f"EPSG:{(32600 if latitude >= 0.0 else 32700) + zone}"


def contours_frame(
    areas: Iterable[SourceArea],
    *,
    latitude: float,
    longitude: float,
    properties: dict[str, Any] | None = None,
) -> gpd.GeoDataFrame:
    """Return source areas as a table of multipolygons in the tower's UTM zone.

    Parameters
    ----------
    areas
        As :func:`fluxscape.footprint.source_areas` gives them; unreachable ones have no geometry.
    latitude, longitude
        Of the tower [degrees].
    properties
        Further columns, alike in every row.
    """
    # geopandas and pyproj take half a second to import.
    import geopandas as gpd  # noqa: PLC0415
    from shapely.geometry import MultiPolygon  # noqa: PLC0415

    crs = utm_crs(latitude, longitude)
    rows, shapes = [], []
    for area in areas:
        placed = [
            [project_ring(ring, latitude, longitude, crs) for ring in polygon]
            for polygon in area.polygons
        ]
        shapes.append(MultiPolygon([(rings[0], rings[1:]) for rings in placed]) if placed else None)
        rows.append((properties or {}) | _facts(area))
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=crs)


def _facts(area: SourceArea) -> dict[str, Any]:
    """Return what is said of one source area beside its outline."""
    return {
        "fraction": area.fraction,
        "reachable": area.reachable,
        "touches_edge": area.touches_edge,
        "level_per_m2": area.level,
        "area_m2": area.area,
        "polygon_area_m2": area.polygon_area,
        "advice": area.advice,
    }


def contours_geojson(
    areas: Iterable[SourceArea],
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    properties: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return source areas as a GeoJSON feature collection (RFC 7946), outer rings anticlockwise.

    Parameters
    ----------
    areas
        As :func:`fluxscape.footprint.source_areas` gives them; an unreachable one becomes a
        feature without geometry that says so.
    latitude, longitude
        Of the tower [degrees]. Without them the coordinates are metres from the tower, which
        every feature says in ``coordinate_frame``.
    properties
        Further properties of every feature, for example the model.
    """
    located = latitude is not None and longitude is not None
    frame = WGS84_FRAME if located else LOCAL_FRAME
    features = []
    for area in areas:
        polygons = [
            [_coordinates(ring, i == 0, latitude, longitude) for i, ring in enumerate(polygon)]
            for polygon in area.polygons
        ]
        geometry = {"type": "MultiPolygon", "coordinates": polygons} if polygons else None
        facts = _facts(area) | {"coordinate_frame": frame}
        features.append(
            {"type": "Feature", "geometry": geometry, "properties": (properties or {}) | facts}
        )
    return {"type": "FeatureCollection", "coordinate_frame": frame, "features": features}


def _coordinates(
    ring: Floats, outer: bool, latitude: float | None, longitude: float | None
) -> list[list[float]]:
    """Return one ring as GeoJSON wants it: closed, outer ones anticlockwise, holes clockwise."""
    turned = ring if (ring_area(ring) > 0.0) == outer else ring[::-1]
    if latitude is None or longitude is None:
        return [[round(float(a), 3) for a in point] for point in turned]
    placed = project_ring(turned, latitude, longitude)
    # Eight decimals of a degree are a millimetre.
    return [[round(float(a), 8) for a in point] for point in placed]
