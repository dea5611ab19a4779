"""A user's polygons: both formats, foreign reference systems, and what is refused in words."""

from __future__ import annotations

import json
import sqlite3
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely

from fluxscape.errors import FileFormatError, FluxscapeError, OutOfBoundsError, UnsafeInputError
from fluxscape.io import polygons
from fluxscape.io.guards import run_in_child
from fluxscape.io.polygons import read_polygons

SQUARE = shapely.box(100.0, 30.0, 105.0, 35.0)


def geojson(folder: Path, geometry: Any = None, *, crs: str = "", properties: Any = None) -> Path:
    """Return a GeoJSON file with one feature."""
    shape = shapely.geometry.mapping(SQUARE) if geometry is None else geometry
    feature = {"type": "Feature", "properties": properties, "geometry": shape}
    content: dict[str, Any] = {"type": "FeatureCollection", "features": [feature]}
    if crs:
        content["crs"] = {"type": "name", "properties": {"name": crs}}
    path = folder / "area.geojson"
    path.write_text(json.dumps(content))
    return path


def geopackage(
    folder: Path, shape: Any = SQUARE, *, srs: int = 4326, blob: bytes | None = None, view: str = ""
) -> Path:
    """Return a GeoPackage with one layer."""
    path = folder / "area.gpkg"
    with sqlite3.connect(path) as base:
        base.execute("PRAGMA application_id = 1196444487")
        base.execute(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, "
            "organization TEXT, organization_coordsys_id INTEGER, definition TEXT)"
        )
        for code in (4326, 3857, 32648, 999999):
            base.execute(
                "INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, 'EPSG', ?, '')",
                (str(code), code, code),
            )
        base.execute(
            "INSERT INTO gpkg_spatial_ref_sys VALUES ('none', -1, 'NONE', -1, 'undefined')"
        )
        base.execute(
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, "
            "geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER)"
        )
        base.execute(
            "INSERT INTO gpkg_geometry_columns VALUES ('areas', 'geom', 'POLYGON', ?, 0, 0)", (srs,)
        )
        header = b"GP\x00\x03" + struct.pack("<i", srs) + struct.pack("<4d", *shape.bounds)
        content = header + shapely.to_wkb(shape) if blob is None else blob
        if view:
            base.execute(f"CREATE VIEW areas AS {view}")
        else:
            base.execute('CREATE TABLE areas (fid INTEGER, "Name" TEXT, geom BLOB)')
            base.execute("INSERT INTO areas VALUES (1, '盆地 <b>', ?)", (content,))
    base.close()
    return path


def area(found: list[dict[str, Any]]) -> Any:
    """Return the only polygon."""
    (one,) = found
    return shapely.from_wkb(one["wkb"])


def test_geojson_is_read_in_degrees_with_its_name(tmp_path: Path) -> None:
    found = read_polygons(geojson(tmp_path, properties={"name": "A"}))
    assert found[0]["name"] == "A"
    assert area(found).equals(SQUARE)
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(shapely.geometry.mapping(SQUARE)))
    assert read_polygons(bare)[0]["name"] == "1"


def test_a_geopackage_gives_the_same_polygon_as_geojson(tmp_path: Path) -> None:
    found = read_polygons(geopackage(tmp_path))
    assert area(found).equals(SQUARE)
    assert found[0]["name"].startswith("盆地")


@pytest.mark.parametrize("code", [3857, 32648])
def test_a_foreign_reference_system_is_transformed_along_its_edges(
    tmp_path: Path, code: int
) -> None:
    to_map = pyproj.Transformer.from_crs(4326, code, always_xy=True).transform
    dense = shapely.segmentize(SQUARE, 0.02)
    projected = shapely.transform(dense, to_map, interleaved=False)
    for path in (
        geojson(tmp_path, shapely.geometry.mapping(projected), crs=f"urn:ogc:def:crs:EPSG::{code}"),
        geopackage(tmp_path, projected, srs=code),
    ):
        found = area(read_polygons(path))
        assert found.symmetric_difference(SQUARE).area < 1e-5
    corners = shapely.transform(SQUARE, to_map, interleaved=False)
    path = geojson(tmp_path, shapely.geometry.mapping(corners), crs=f"EPSG:{code}")
    assert len(shapely.get_coordinates(area(read_polygons(path)))) > 100


def test_holes_and_crossed_outlines_are_taken_as_areas(tmp_path: Path) -> None:
    ring = shapely.box(100, 30, 105, 35).difference(shapely.box(101, 31, 102, 32))
    assert area(read_polygons(geojson(tmp_path, shapely.geometry.mapping(ring)))).area == 24.0
    bow = {
        "type": "Polygon",
        "coordinates": [[[100, 30], [105, 35], [105, 30], [100, 35], [100, 30]]],
    }
    assert area(read_polygons(geojson(tmp_path, bow))).area == pytest.approx(12.5)


@pytest.mark.parametrize(
    ("crs", "words"),
    [
        ("urn:ogc:def:crs:EPSG::999999", "is not known"),
        ("/etc/passwd", "declares no known reference system"),
        ("+proj=pipeline +step +init=/etc/passwd:1", "declares no known reference system"),
        ('LOCAL_CS["x"]', "neither degrees nor a map"),
    ],
)
def test_an_unknown_reference_system_is_refused(tmp_path: Path, crs: str, words: str) -> None:
    with pytest.raises(FileFormatError, match=words):
        read_polygons(geojson(tmp_path, crs=crs))


def test_metres_that_are_said_to_be_degrees_are_refused(tmp_path: Path) -> None:
    metres = shapely.geometry.mapping(shapely.box(1.1e7, 3.5e6, 1.2e7, 4.1e6))
    with pytest.raises(OutOfBoundsError, match=r"no degrees.*EPSG:4326"):
        read_polygons(geojson(tmp_path, metres))


@pytest.mark.parametrize("srs", [-1, 999999])
def test_a_geopackage_without_a_known_system_is_refused(tmp_path: Path, srs: int) -> None:
    with pytest.raises(FileFormatError, match="reference system"):
        read_polygons(geopackage(tmp_path, srs=srs))


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": [[100, 30], [105, 35]]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[100, 30], [105, 30], [100, 30]]]},
        {"type": "Polygon", "coordinates": [[["a", 30], [105, 30], [100, 31], ["a", 30]]]},
        {"type": "Polygon", "coordinates": 7},
        {"type": "Nothing"},
        None,
    ],
)
def test_what_is_no_polygon_is_refused(tmp_path: Path, geometry: Any) -> None:
    path = geojson(tmp_path)
    content = json.loads(path.read_text())
    content["features"][0]["geometry"] = geometry
    path.write_text(json.dumps(content))
    with pytest.raises(FluxscapeError, match=r"area\.geojson"):
        read_polygons(path)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"Polygon","coordinates":[[[NaN,1],[2,2],[3,1],[NaN,1]]]}',
        '{"type":"Polygon","coordinates":[[[1e999,1],[2,2],[3,1],[1e999,1]]]}',
        '{"type":"FeatureCollection","features":' + "[" * 50_000,
        '{"type":"FeatureCollection","features":[]}',
        '{"a": 1}',
        "[]",
        "<OGRVRTDataSource/>",
        "",
    ],
)
def test_broken_geojson_is_refused_in_a_child_too(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.geojson"
    path.write_text(text)
    with pytest.raises(FluxscapeError, match=r"bad\.geojson|no number"):
        run_in_child(read_polygons, str(path))


def test_a_geopackage_that_is_none_or_computes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.gpkg"
    path.write_bytes(b"SQLite format 3\0" + b"x" * 200)
    with pytest.raises(UnsafeInputError, match="no GeoPackage"):
        read_polygons(path)
    path.write_bytes(b"SQLite format 3\0" + b"x" * 52 + b"GPKG" + b"x" * 200)
    with pytest.raises(FileFormatError, match="not a database"):
        read_polygons(path)
    with pytest.raises(FileFormatError, match="layers none"):
        read_polygons(geopackage(tmp_path, view="SELECT 1 AS fid, zeroblob(100000000) AS geom"))


@pytest.mark.parametrize(
    "blob", [b"", b"XX", b"GP\x00\x0f", b"GP\x00\x01" + b"\0" * 4 + b"\x01\x03"]
)
def test_broken_geometries_of_a_geopackage_are_refused(tmp_path: Path, blob: bytes) -> None:
    with pytest.raises(FileFormatError, match="broken geometry"):
        read_polygons(geopackage(tmp_path, blob=blob))


def test_too_many_points_or_polygons_or_bytes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = np.linspace(0, 2 * np.pi, 40)
    many = shapely.Polygon(np.column_stack([100 + np.cos(turn), 30 + np.sin(turn)]))
    path = geojson(tmp_path, shapely.geometry.mapping(many))
    monkeypatch.setattr(polygons, "MOST_POINTS", 20)
    with pytest.raises(UnsafeInputError, match="points"):
        read_polygons(path)
    monkeypatch.setattr(polygons, "LARGEST_FILE", 100)
    with pytest.raises(UnsafeInputError, match="bytes"):
        read_polygons(path)
    monkeypatch.undo()
    content = json.loads(path.read_text())
    content["features"] *= 501
    path.write_text(json.dumps(content))
    with pytest.raises(UnsafeInputError, match="more than 500"):
        read_polygons(path)
