"""The table of flux towers as typed records.

The shipped table, ``assets/towers.csv``, holds 150 towers of China as facts with their source and
quality notes. An administrator may load another table with the same columns. Text of the table is
kept as it stands: whoever shows it on a page must treat it as text from outside.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

from fluxscape.assets import asset
from fluxscape.errors import (
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
    UnsafeInputError,
    did_you_mean,
)

IGBP_CLASSES: Final[Mapping[str, str]] = {
    "ENF": "evergreen needleleaf forest",
    "EBF": "evergreen broadleaf forest",
    "DNF": "deciduous needleleaf forest",
    "DBF": "deciduous broadleaf forest",
    "MF": "mixed forest",
    "CSH": "closed shrubland",
    "OSH": "open shrubland",
    "WSA": "woody savanna",
    "SAV": "savanna",
    "GRA": "grassland",
    "WET": "permanent wetland",
    "CRO": "cropland",
    "URB": "urban and built-up land",
    "CVM": "cropland and natural vegetation mosaic",
    "SNO": "permanent snow and ice",
    "BSV": "barren or sparsely vegetated land",
    "WAT": "water body",
}
"""IGBP land-cover classes by code, in the order of MODIS classes 1 to 17."""

METRES_PER_DEGREE: Final = 111_195.0
"""Length of one degree of a meridian on a sphere of 6371 km [m]."""

_SITE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
_LARGEST_TABLE: Final = 8 * 1024**2
_FIRST_YEAR, _LAST_YEAR = 1950, 2100


@dataclass(frozen=True, slots=True)
class Tower:
    """One flux tower. A number that no source gives is NaN, a year None, a text empty.

    Attributes
    ----------
    site
        Unique name used in URLs: the FLUXNET code, or ``key`` where there is none.
    name
        Name of the station.
    code, other_codes
        FLUXNET-style code and further codes that other lists use for the same tower.
    key
        Unique short name inside this table.
    latitude, longitude
        Position [degree], WGS 84.
    coordinate_precision
        Length of the last quoted digit of the position [m]; see :func:`coordinate_precision`.
    elevation
        Height of the ground above sea level [m].
    igbp
        IGBP class, a key of :data:`IGBP_CLASSES`.
    vegetation, climate
        What the sources call them.
    tower_height, measurement_height, canopy_height
        Heights above ground [m].
    year_start, year_end
        First and last year of known data.
    networks
        Networks that list the tower.
    region
        Part of the country.
    reference, source, note
        Publication, where each fact came from, and where sources disagree.
    """

    site: str
    key: str
    name: str
    code: str
    other_codes: tuple[str, ...]
    latitude: float
    longitude: float
    coordinate_precision: float
    elevation: float
    igbp: str
    vegetation: str
    climate: str
    tower_height: float
    measurement_height: float
    canopy_height: float
    year_start: int | None
    year_end: int | None
    networks: tuple[str, ...]
    region: str
    reference: str
    source: str
    note: str

    @property
    def has_position(self) -> bool:
        """Whether latitude and longitude are known."""
        return math.isfinite(self.latitude) and math.isfinite(self.longitude)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which :func:`find_tower` knows the tower, the site first."""
        return tuple(dict.fromkeys(n for n in (self.site, self.code, self.key) if n)) + (
            self.other_codes
        )


def load_towers(path: str | os.PathLike[str] | None = None) -> tuple[Tower, ...]:
    """Return all towers of the shipped table, or of another CSV file with the same columns.

    Parameters
    ----------
    path
        An administrator's own table. Only ``site``, ``name``, ``latitude`` and ``longitude`` must
        be there; without ``coordinate_precision_m`` it follows from the digits of the position.

    Raises
    ------
    FileFormatError
        If the file is not such a table; names file, row and column.
    MissingVariableError
        If a needed column is absent.
    OutOfBoundsError
        If a number lies outside its physical bounds; names row and column.
    """
    if path is None:
        return _shipped_towers()
    return _read_towers(Path(path))


def find_tower(site: str, towers: tuple[Tower, ...] | None = None) -> Tower:
    """Return the tower with this site name, code or key; case does not matter.

    Raises
    ------
    MissingVariableError
        If no tower has that name; proposes the nearest one.
    """
    known = load_towers() if towers is None else towers
    wanted = site.strip().casefold()
    for tower in known:
        if tower.site.casefold() == wanted:
            return tower
    for tower in known:
        if wanted in (name.casefold() for name in tower.names):
            return tower
    hint = did_you_mean(site, (name for tower in known for name in tower.names))
    msg = f"no tower is called {site!r} among the {len(known)} towers of the table.{hint}"
    raise MissingVariableError(msg, site=site)


def find_site(site: str) -> Tower:
    """Return a tower of China or, failing that, a site of the world's FLUXNET lists.

    The world's rows, ``assets/fluxnet_sites.csv``, know position, elevation and IGBP class only.

    Raises
    ------
    MissingVariableError
        As :func:`find_tower`.
    """
    return find_tower(site, (*load_towers(), *_world_sites()))


def coordinate_precision(latitude: str, longitude: str) -> float:
    """Return how finely a position is quoted [m], from the digits of its two numbers.

    The unit of quotation is the last decimal digit of the more finely written of the two, unless
    both are whole minutes, tenths of a minute or whole seconds of arc that were turned into more
    decimals: ``26.6, 105.71667`` is 26 deg 36 min N, 105 deg 43 min E. The precision is the length
    of that unit along a meridian: 11 m for four decimals, 1100 m for two, 1900 m for a minute,
    with two significant digits and never less than 10 m. It says nothing about blunders.

    >>> coordinate_precision("42.4025", "128.0958")
    11.0
    >>> coordinate_precision("26.6", "105.71667")
    1900.0
    >>> coordinate_precision("39.6", "116.58")
    1100.0
    """
    if not latitude or not longitude:
        return math.nan
    decimals = max(len(text.partition(".")[2]) for text in (latitude, longitude))
    last_digit = 10.0**-decimals
    unit = last_digit
    for sexagesimal in (1 / 60, 1 / 600, 1 / 3600):
        # A grid as fine as the digits themselves is met by chance: it must be ten times coarser.
        if sexagesimal >= 10 * last_digit and all(
            _is_multiple(float(text), sexagesimal, last_digit) for text in (latitude, longitude)
        ):
            unit = sexagesimal
            break
    metres = max(unit * METRES_PER_DEGREE, 10.0)
    return float(f"{metres:.2g}")


def _is_multiple(value: float, unit: float, last_digit: float) -> bool:
    return abs(value - round(value / unit) * unit) <= 0.6 * last_digit


@cache
def _shipped_towers() -> tuple[Tower, ...]:
    return _read_towers(asset("towers.csv"))


@cache
def _world_sites() -> tuple[Tower, ...]:
    return _read_towers(asset("fluxnet_sites.csv"))


def _read_towers(path: Path) -> tuple[Tower, ...]:
    try:
        size = path.stat().st_size
        if size > _LARGEST_TABLE:
            msg = f"{path}: the tower table has {size} bytes, more than {_LARGEST_TABLE}"
            raise UnsafeInputError(msg, file=str(path), bytes=size)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path}: cannot be read as a UTF-8 tower table: {error}"
        raise FileFormatError(msg, file=str(path)) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = tuple(reader.fieldnames or ())
        _check_columns(columns, path)
        towers = tuple(_tower(row, f"{path}, row {reader.line_num}") for row in reader)
    except csv.Error as error:
        msg = f"{path}, row {reader.line_num}: not a CSV row: {error}"
        raise FileFormatError(msg, file=str(path), row=reader.line_num) from error
    if not towers:
        msg = f"{path}: the tower table has no rows"
        raise FileFormatError(msg, file=str(path))
    _check_unique(towers, path)
    return towers


def _check_columns(columns: tuple[str, ...], path: Path) -> None:
    for needed in ("site", "name", "latitude", "longitude"):
        if needed not in columns:
            msg = (
                f"{path}: column {needed!r} is missing, found {', '.join(columns) or 'none'}."
                f"{did_you_mean(needed, columns)}"
            )
            raise MissingVariableError(msg, file=str(path), column=needed)
    known = {_COLUMN.get(field.name, field.name) for field in fields(Tower)}
    for column in columns:
        if column not in known:
            msg = f"{path}: column {column!r} is unknown.{did_you_mean(column, known)}"
            raise FileFormatError(msg, file=str(path), column=column)


def _check_unique(towers: tuple[Tower, ...], path: Path) -> None:
    for what in ("site", "key"):
        seen: set[str] = set()
        for tower in towers:
            name = getattr(tower, what).casefold()
            if name and name in seen:
                msg = f"{path}: {what} {getattr(tower, what)!r} stands in more than one row"
                raise FileFormatError(msg, file=str(path), column=what)
            seen.add(name)


def _tower(row: Mapping[str | None, Any], where: str) -> Tower:
    if None in row or None in row.values():
        msg = f"{where}: the row has more or fewer cells than the header has columns"
        raise FileFormatError(msg, where=where)
    cells = {str(name): str(text).strip() for name, text in row.items()}
    values = {
        name: parse(cells.get(_COLUMN.get(name, name), ""), f"{where}, column {name}")
        for name, parse in _PARSERS.items()
    }
    if not math.isfinite(values["coordinate_precision"]):
        values["coordinate_precision"] = coordinate_precision(cells["latitude"], cells["longitude"])
    values["key"] = values["key"] or values["site"]
    if math.isfinite(values["latitude"]) != math.isfinite(values["longitude"]):
        msg = f"{where}: latitude and longitude must both be given or both be empty"
        raise FileFormatError(msg, where=where)
    first, last = values["year_start"], values["year_end"]
    if first is not None and last is not None and first > last:
        msg = f"{where}: year_start {first} lies after year_end {last}"
        raise OutOfBoundsError(msg, where=where)
    return Tower(**values)


def _text(cell: str, where: str) -> str:
    if any(not character.isprintable() for character in cell):
        msg = f"{where}: the text holds a control character: {cell!r}"
        raise FileFormatError(msg, where=where)
    return cell


def _site(cell: str, where: str) -> str:
    if not _SITE.fullmatch(cell):
        msg = (
            f"{where}: {cell!r} cannot name a tower in an address; wanted 1 to 32 of the letters "
            "A-Z, a-z, 0-9, - and _"
        )
        raise FileFormatError(msg, where=where)
    return cell


def _igbp(cell: str, where: str) -> str:
    if cell and cell not in IGBP_CLASSES:
        msg = f"{where}: {cell!r} is no IGBP class.{did_you_mean(cell, IGBP_CLASSES)}"
        raise FileFormatError(msg, where=where)
    return cell


def _list(cell: str, where: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in _text(cell, where).split(";") if part.strip())


def _number(lower: float, upper: float) -> Callable[[str, str], float]:
    def parse(cell: str, where: str) -> float:
        if not cell:
            return math.nan
        try:
            value = float(cell)
        except ValueError as error:
            msg = f"{where}: {cell!r} is no number"
            raise FileFormatError(msg, where=where) from error
        if not lower <= value <= upper:
            msg = f"{where}: {cell} lies outside {lower:g} to {upper:g}"
            raise OutOfBoundsError(msg, where=where, got=value)
        return value

    return parse


def _year(cell: str, where: str) -> int | None:
    year = _number(_FIRST_YEAR, _LAST_YEAR)(cell, where)
    if math.isnan(year):
        return None
    if year != int(year):
        msg = f"{where}: {cell!r} is no whole year"
        raise FileFormatError(msg, where=where)
    return int(year)


_COLUMN: Final[Mapping[str, str]] = {
    name: f"{name}_m"
    for name in (
        "coordinate_precision",
        "elevation",
        "tower_height",
        "measurement_height",
        "canopy_height",
    )
}
"""Columns whose name in the file carries the unit."""

_HEIGHT: Final = _number(0.0, 600.0)
_PARSERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "site": _site,
    "key": _text,
    "name": _text,
    "code": _text,
    "other_codes": _list,
    "latitude": _number(-90.0, 90.0),
    "longitude": _number(-180.0, 180.0),
    "coordinate_precision": _number(0.0, 200_000.0),
    "elevation": _number(-500.0, 9000.0),
    "igbp": _igbp,
    "vegetation": _text,
    "climate": _text,
    "tower_height": _HEIGHT,
    "measurement_height": _HEIGHT,
    "canopy_height": _HEIGHT,
    "year_start": _year,
    "year_end": _year,
    "networks": _list,
    "region": _text,
    "reference": _text,
    "source": _text,
    "note": _text,
}
