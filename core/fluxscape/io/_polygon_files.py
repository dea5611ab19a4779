"""GeoJSON and GeoPackage as names, geometries and the reference system that the file declares.

Both are read without GDAL: it takes an unknown reference system of GeoJSON for degrees, which would
put a polygon in the wrong place without a word, and a GeoPackage is a database, of which here only
plain tables are read, with its functions switched off.

OGC 12-128r18 (GeoPackage 1.3.1), RFC 7946 (GeoJSON) and the member ``crs`` of GeoJSON 2008.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.io.guards import read_text_guarded
from fluxscape.io.names import plain_text

LARGEST_FILE: Final = 32 * 2**20
"""Bytes of one file."""

MOST_POLYGONS: Final = 500
"""Features of one file."""

_DEGREES: Final = "EPSG:4326"
_NAME_FIELDS: Final = ("name", "name_en", "id", "code")
_EPSG_URN: Final = re.compile(r"urn:ogc:def:crs:(\w+):[\w.]*:(\w+)")

_SQLITE_MAGIC: Final = b"SQLite format 3\0"
_GEOPACKAGE_IDS: Final = (b"GPKG", b"GP10", b"GP11")
_ENVELOPE_BYTES: Final = (0, 32, 48, 48, 64)
_HEADER_BYTES: Final = 8
_ALLOWED_ACTIONS: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ})


@dataclass(frozen=True)
class Features:
    """Features of a file.

    Attributes
    ----------
    crs
        Reference system as pyproj understands it.
    names
        One for each feature; a number where the file has none.
    shapes
        Shapely geometries.
    """

    crs: str
    names: tuple[str, ...]
    shapes: tuple[Any, ...]


def read_geojson(file: Path) -> Features:
    """Read GeoJSON; errors as :func:`fluxscape.io.polygons.read_polygons`."""
    import shapely  # noqa: PLC0415

    text = read_text_guarded(file, LARGEST_FILE, max_line_bytes=LARGEST_FILE)
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
        features = _features(content)
        shapes = [_shape(feature.get("geometry")) for feature in features]
        names = [_feature_name(feature) for feature in features]
        crs = _declared_crs(content)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        msg = f"{file.name} is no GeoJSON of polygons: {plain_text(str(error), limit=200)}"
        raise FileFormatError(msg, file=file.name) from error
    except shapely.errors.ShapelyError as error:
        msg = f"{file.name} holds a broken geometry: {plain_text(str(error), limit=200)}"
        raise FileFormatError(msg, file=file.name) from error
    _check_count(len(features), file)
    return Features(crs, _numbered(names), tuple(shapes))


def _features(content: Any) -> list[dict[str, Any]]:
    """Return the features of any kind of GeoJSON object."""
    kind = content["type"]
    if kind == "FeatureCollection":
        return list(content["features"])
    if kind == "Feature":
        return [content]
    return [{"type": "Feature", "geometry": content, "properties": {}}]


def _shape(geometry: Any) -> Any:
    """Return a geometry in two dimensions."""
    import shapely  # noqa: PLC0415

    if geometry is None:
        return shapely.Polygon()
    return shapely.force_2d(shapely.geometry.shape(geometry))


def _feature_name(feature: dict[str, Any]) -> object:
    properties = {str(k).lower(): v for k, v in (feature.get("properties") or {}).items()}
    return next((properties[field] for field in _NAME_FIELDS if properties.get(field)), None)


def _declared_crs(content: dict[str, Any]) -> str:
    """Return the reference system of the member ``crs``; RFC 7946 knows none but degrees."""
    member = content.get("crs")
    if not member:
        return _DEGREES
    name = str(member["properties"]["name"])
    found = _EPSG_URN.fullmatch(name)
    if found is None:
        return name
    authority, code = found.groups()
    return _DEGREES if code.upper() == "CRS84" else f"{authority}:{code}"


def _refuse_constant(text: str) -> Any:
    msg = f"it holds {text}, which is no number"
    raise ValueError(msg)


def read_geopackage(file: Path, layer: str) -> Features:
    """Read one layer of a GeoPackage; errors as :func:`fluxscape.io.polygons.read_polygons`."""
    import shapely  # noqa: PLC0415

    with file.open("rb") as stream:
        head = stream.read(100)
    if not head.startswith(_SQLITE_MAGIC) or head[68:72] not in _GEOPACKAGE_IDS:
        msg = f"{file.name} is no GeoPackage"
        raise UnsafeInputError(msg, file=file.name)
    with _database(file) as rows:
        table, column, system = _layer(rows, layer, file)
        crs = _reference_system(rows, system)
        fields = [str(row[1]) for row in rows(f"PRAGMA table_info({_quoted(table)})")]
        wanted = next((f for f in fields if f.lower() in _NAME_FIELDS and f != column), None)
        name = _quoted(wanted) if wanted else "NULL"
        # Both names are those of the database itself, quoted as its language wants it.
        query = f"SELECT {_quoted(column)}, {name} FROM {_quoted(table)} LIMIT ?"  # noqa: S608
        found = rows(query, MOST_POLYGONS + 1)
    _check_count(len(found), file)
    try:
        shapes = [shapely.force_2d(shapely.from_wkb(_well_known(blob))) for blob, _ in found]
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError) as error:
        msg = f"{file.name} holds a broken geometry: {plain_text(str(error), limit=200)}"
        raise FileFormatError(msg, file=file.name) from error
    return Features(crs, _numbered([name for _, name in found]), tuple(shapes))


@contextmanager
def _database(file: Path) -> Iterator[Any]:
    """Open a database for reading; yields a function that returns the rows of a query."""
    address = f"file:{quote(str(file.resolve()))}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_FILE)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.set_authorizer(_authorise)

            def rows(query: str, *values: object) -> list[Any]:
                return connection.execute(query, values).fetchall()

            yield rows
    except sqlite3.Error as error:
        msg = f"{file.name} cannot be read as a GeoPackage: {plain_text(str(error), limit=200)}"
        raise FileFormatError(msg, file=file.name) from error


def _authorise(action: int, first: str | None, *others: str | None) -> int:
    """Allow reading of columns only; no functions, so that views cannot compute."""
    del others
    if action in _ALLOWED_ACTIONS or (action == sqlite3.SQLITE_PRAGMA and first == "table_info"):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


def _layer(rows: Any, wanted: str, file: Path) -> tuple[str, str, int]:
    """Return table, geometry column and number of the reference system of a layer."""
    columns = rows("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns")
    tables = {str(row[0]) for row in rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    layers = {str(table): (str(column), int(srs)) for table, column, srs in columns}
    layers = {table: rest for table, rest in layers.items() if table in tables}
    if wanted not in layers and (wanted or len(layers) != 1):
        known = ", ".join(plain_text(name, limit=40) for name in list(layers)[:10]) or "none"
        msg = f"{file.name} has layers {known}; name one of them"
        raise FileFormatError(msg, file=file.name, layers=list(layers)[:10])
    table = wanted or next(iter(layers))
    return table, *layers[table]


def _reference_system(rows: Any, number: int) -> str:
    """Return a reference system; empty for those that GeoPackage calls undefined, 0 and -1."""
    query = (
        "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys "
        "WHERE srs_id = ?"
    )
    found = rows(query, number)
    if number <= 0 or not found:
        return ""
    organisation, code, definition = found[0]
    if str(organisation).upper() in {"EPSG", "ESRI"}:
        return f"{str(organisation).upper()}:{code}"
    return str(definition)


def _well_known(blob: bytes | None) -> bytes:
    """Return the well-known binary behind the header of a geometry."""
    if blob is None:
        return b"\x01\x03\x00\x00\x00\x00\x00\x00\x00"  # an empty polygon
    if not blob.startswith(b"GP"):
        msg = "a geometry does not begin with 'GP'"
        raise ValueError(msg)
    return bytes(blob[_HEADER_BYTES + _ENVELOPE_BYTES[(blob[3] >> 1) & 7] :])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _check_count(count: int, file: Path) -> None:
    if count > MOST_POLYGONS:
        msg = f"{file.name} has more than {MOST_POLYGONS} polygons"
        raise UnsafeInputError(msg, file=file.name, wanted=MOST_POLYGONS)
    if count == 0:
        msg = f"{file.name} holds no polygon"
        raise FileFormatError(msg, file=file.name)


def _numbered(names: Sequence[object]) -> tuple[str, ...]:
    """Return names as clean text, a number where there is none."""
    return tuple(
        plain_text(str(name), limit=60).strip() or str(number) if name else str(number)
        for number, name in enumerate(names, start=1)
    )
