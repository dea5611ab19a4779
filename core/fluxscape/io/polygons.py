"""A user's polygons, from GeoJSON or GeoPackage, in degrees of WGS 84.

What the file declares decides: a foreign reference system is transformed, with points added along
long edges first, since a straight edge there is a curve in degrees; one that is unknown, or that
the coordinates contradict, is refused. Read what users upload by
``run_in_child(read_polygons, path)``: the answer is plain data.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import numpy as np

from fluxscape.errors import FileFormatError, OutOfBoundsError, UnsafeInputError
from fluxscape.io._polygon_files import (
    LARGEST_FILE,
    MOST_POLYGONS,
    read_geojson,
    read_geopackage,
)
from fluxscape.io.names import local_file, plain_text

__all__ = ["LARGEST_FILE", "MOST_POINTS", "MOST_POLYGONS", "SUFFIXES", "read_polygons"]

SUFFIXES: Final = (".geojson", ".json", ".gpkg")
"""How the names of such files end."""

MOST_POINTS: Final = 500_000
"""Points of all polygons of a file together."""

_CRS_FORM: Final = re.compile(
    r"(EPSG|ESRI|OGC|IGNF|IAU_2015):\w+\Z|(PROJ|GEOG|BOUND|COMPOUND|GEOD|PROJCRS|LOCAL)\w*\[",
    re.IGNORECASE,
)
"""An authority's code or well-known text."""

_PARTS_OF_EDGE: Final = 200
"""Edges longer than the extent over this get further points before they are transformed."""


def read_polygons(path: str | Path, *, layer: str = "") -> list[dict[str, Any]]:
    """Return the polygons of a file.

    Parameters
    ----------
    path
        GeoJSON (RFC 7946, or older with a member ``crs``) or GeoPackage.
    layer
        Layer of a GeoPackage that has several.

    Returns
    -------
    list of dict
        ``name``; ``wkb`` (well-known binary of a valid polygon in degrees, EPSG:4326); ``crs`` as
        the file declares it.

    Raises
    ------
    UnsafeInputError
        If it is larger than may be, or of another format than its name says.
    FileFormatError
        If it holds no polygons, or its reference system is unknown or contradicted.
    OutOfBoundsError
        If a coordinate is no place on Earth.
    """
    import shapely  # noqa: PLC0415

    file = local_file(path)
    size = file.stat().st_size
    if size > LARGEST_FILE:
        msg = f"{file.name} has {size} bytes, allowed are {LARGEST_FILE}"
        raise UnsafeInputError(msg, got=size, wanted=LARGEST_FILE)
    database = file.suffix.lower() == ".gpkg"
    features = read_geopackage(file, layer) if database else read_geojson(file)
    count = int(sum(shapely.get_num_coordinates(shape) for shape in features.shapes))
    if count > MOST_POINTS:
        msg = f"{file.name} has {count} points, allowed are {MOST_POINTS}: simplify it"
        raise UnsafeInputError(msg, got=count, wanted=MOST_POINTS)
    found = []
    for name, shape in zip(features.names, features.shapes, strict=True):
        polygon = _in_degrees(_polygon(shape, name, file), features.crs, file)
        crs = plain_text(features.crs, limit=80)
        found.append({"name": name, "wkb": shapely.to_wkb(polygon), "crs": crs})
    return found


def _polygon(shape: Any, name: str, file: Path) -> Any:
    """Return the area of a geometry as a valid polygon."""
    import shapely  # noqa: PLC0415

    kind = "nothing" if shape is None else shape.geom_type
    if kind not in {"Polygon", "MultiPolygon", "GeometryCollection"} or shape.is_empty:
        msg = f"{file.name}: {name!r} is a {kind}, wanted a polygon"
        raise FileFormatError(msg, file=file.name, feature=name)
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        msg = f"{file.name}: {name!r} has a coordinate that is no number"
        raise OutOfBoundsError(msg, feature=name)
    valid = shape if shape.is_valid else shapely.make_valid(shape)
    parts = [part for part in shapely.get_parts(valid) if part.geom_type.endswith("Polygon")]
    area = shapely.union_all(parts)
    if area.is_empty or area.area == 0:
        msg = f"{file.name}: {name!r} encloses no area"
        raise FileFormatError(msg, file=file.name, feature=name)
    return area


def _in_degrees(polygon: Any, crs: str, file: Path) -> Any:
    """Return a polygon in longitude and latitude of WGS 84."""
    import pyproj  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    if not _CRS_FORM.match(crs):
        # PROJ takes file names and command lines too.
        msg = f"{file.name} declares no known reference system, so its place on Earth is unknown"
        raise FileFormatError(msg, file=file.name)
    try:
        system = pyproj.CRS.from_user_input(crs)
        if not (system.is_geographic or system.is_projected):
            msg = f"{file.name}: its reference system {crs[:60]!r} is neither degrees nor a map"
            raise FileFormatError(msg, file=file.name)
        if not system.is_geographic:
            west, south, east, north = polygon.bounds
            longest = max(east - west, north - south) / _PARTS_OF_EDGE
            polygon = shapely.segmentize(polygon, longest)
        if system != pyproj.CRS.from_epsg(4326):
            to_degrees = pyproj.Transformer.from_crs(system, 4326, always_xy=True)
            polygon = shapely.transform(polygon, to_degrees.transform, interleaved=False)
    except pyproj.exceptions.ProjError as error:
        msg = f"{file.name}: its reference system {crs[:60]!r} is not known: {error}"
        raise FileFormatError(msg, file=file.name) from error
    bounds = np.array(polygon.bounds)
    if not np.isfinite(bounds).all() or (np.abs(bounds) > [180.0, 90.0, 180.0, 90.0]).any():
        west, south, east, north = (f"{value:.6g}" for value in bounds)
        msg = (
            f"{file.name}: its coordinates reach from {west}, {south} to {east}, {north}, which "
            f"are no degrees: it declares the reference system {crs[:60]!r}, which is wrong"
        )
        raise OutOfBoundsError(msg, file=file.name)
    return polygon if polygon.is_valid else shapely.make_valid(polygon)
