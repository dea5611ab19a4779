"""The base map: borders as lines, province and nation as polygons, relief pictures.

The shipped boundaries are listed in ``assets/ATTRIBUTION.md``. An administrator who publishes maps
replaces them by an approved map: the environment variable ``FLUXSCAPE_BASEMAP`` names a folder
that ``tools/build_basemap.py`` has made. Boundaries then come from that folder only, never mixed
with shipped ones; a relief picture that it lacks is the shipped one.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.assets import asset
from fluxscape.errors import FileFormatError, MissingVariableError, did_you_mean
from fluxscape.io.guards import read_text_guarded

FOLDER_VARIABLE: Final = "FLUXSCAPE_BASEMAP"
"""Environment variable that names a folder of boundaries to use instead of the shipped ones."""

BORDER_LAYERS: Final = ("nation", "provinces", "dashed_line", "neighbours")
"""Line layers; ``neighbours``, borders and coasts of other countries, may be empty."""

_LARGEST_POLYGONS: Final = 64 * 1024**2
_MOST_POINTS: Final = 5_000_000


@dataclass(frozen=True)
class Region:
    """A province or the nation.

    Attributes
    ----------
    code
        Administrative division code, GB/T 2260.
    name_en, name_zh
        Names.
    polygon
        Shapely polygon in longitude and latitude [degree].
    """

    code: str
    name_en: str
    name_zh: str
    polygon: Any


@dataclass(frozen=True)
class Picture:
    """A relief picture in Web Mercator.

    Attributes
    ----------
    path
        JPEG file.
    bounds
        x and y of the south-west, then of the north-east corner in EPSG:3857 [m].
    """

    path: Path
    bounds: tuple[float, float, float, float]


def border_line(layer: str) -> NDArray[np.float64]:
    """Return one border layer as a single line broken by NaN.

    Parameters
    ----------
    layer
        One of :data:`BORDER_LAYERS`.

    Returns
    -------
    numpy.ndarray
        (point, 2): x and y in EPSG:3857 [m].

    Raises
    ------
    MissingVariableError
        If there is no such layer, or the administrator's folder lacks its file.
    FileFormatError
        If the file holds something else.
    """
    if layer not in BORDER_LAYERS:
        msg = f"there is no border layer {layer!r}.{did_you_mean(layer, BORDER_LAYERS)}"
        raise MissingVariableError(msg, layer=layer)
    return _line(_boundary_file(f"{layer}.npy"))


def read_provinces() -> tuple[Region, ...]:
    """Return the provinces in the order of their codes; errors as :func:`border_line`."""
    return _regions(_boundary_file("provinces.geojson"))


def read_nation() -> Region:
    """Return the nation, the union of the provinces; errors as :func:`border_line`."""
    (nation,) = _regions(_boundary_file("nation.geojson"))
    return nation


def relief_picture(name: str = "relief") -> Picture:
    """Return a relief picture: ``relief`` or ``relief_south_china_sea``."""
    facts = _facts(asset("basemap/basemap.json"))
    folder = _own_folder()
    if folder is not None and (folder / f"{name}.jpg").is_file():
        own = _facts(folder / "basemap.json")
        if name not in own:
            msg = f"{folder / 'basemap.json'} does not tell the bounds of {name}.jpg"
            raise FileFormatError(msg, file=str(folder / "basemap.json"))
        return Picture(folder / f"{name}.jpg", _bounds(own[name]))
    if name not in facts:
        msg = f"there is no relief picture {name!r}.{did_you_mean(name, facts)}"
        raise MissingVariableError(msg, picture=name)
    return Picture(asset(f"basemap/{name}.jpg"), _bounds(facts[name]))


def approval_number() -> str:
    """Return the approval number of the administrator's map, empty for the shipped boundaries."""
    folder = _own_folder()
    if folder is None or not (folder / "basemap.json").is_file():
        return ""
    return str(_facts(folder / "basemap.json").get("approval_number", ""))


def _own_folder() -> Path | None:
    named = os.environ.get(FOLDER_VARIABLE)
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        msg = f"{FOLDER_VARIABLE} names {named!r}, which is no folder"
        raise MissingVariableError(msg, folder=named)
    return folder


def _boundary_file(name: str) -> Path:
    folder = _own_folder()
    if folder is None:
        return asset(f"basemap/{name}")
    if not (folder / name).is_file():
        msg = (
            f"{name} is missing in {folder}, which {FOLDER_VARIABLE} names; boundaries of two "
            "maps are not mixed. Make the folder with tools/build_basemap.py"
        )
        raise MissingVariableError(msg, file=name, folder=str(folder))
    return folder / name


@cache
def _line(path: Path) -> NDArray[np.float64]:
    try:
        points = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        msg = f"{path} is no array of points: {error}"
        raise FileFormatError(msg, file=str(path)) from error
    if (
        not isinstance(points, np.ndarray)
        or points.ndim != 2
        or points.shape[1] != 2
        or points.dtype.kind != "f"
        or len(points) > _MOST_POINTS
    ):
        shape, dtype = getattr(points, "shape", None), getattr(points, "dtype", None)
        msg = (
            f"{path}: wanted numbers (point, 2), at most {_MOST_POINTS} points, got {shape} {dtype}"
        )
        raise FileFormatError(msg, file=str(path))
    line = np.array(points, dtype=np.float64)
    line.setflags(write=False)
    return line


@cache
def _regions(path: Path) -> tuple[Region, ...]:
    # shapely takes 0.1 s to import, and lines need it not.
    import shapely  # noqa: PLC0415
    from shapely.geometry import shape  # noqa: PLC0415

    try:
        text = read_text_guarded(path, _LARGEST_POLYGONS, max_line_bytes=_LARGEST_POLYGONS)
        features = json.loads(text)["features"]
        regions = tuple(
            Region(
                code=str(feature["properties"]["code"]),
                name_en=str(feature["properties"]["name_en"]),
                name_zh=str(feature["properties"]["name_zh"]),
                polygon=shape(feature["geometry"]),
            )
            for feature in features
        )
    except (ValueError, KeyError, TypeError, shapely.errors.ShapelyError) as error:
        msg = f"{path} is no GeoJSON of regions with code, name_en and name_zh: {error!r}"
        raise FileFormatError(msg, file=str(path)) from error
    for region in regions:
        if region.polygon.geom_type not in {"Polygon", "MultiPolygon"}:
            msg = f"{path}: {region.name_en} is a {region.polygon.geom_type}, wanted a polygon"
            raise FileFormatError(msg, file=str(path))
    return tuple(sorted(regions, key=lambda region: region.code))


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(read_text_guarded(path, 1024**2))
    except ValueError as error:
        msg = f"{path} is no JSON: {error}"
        raise FileFormatError(msg, file=str(path)) from error
    if not isinstance(facts, dict):
        msg = f"{path}: wanted a JSON object"
        raise FileFormatError(msg, file=str(path))
    return facts


def _bounds(facts: dict[str, Any]) -> tuple[float, float, float, float]:
    west, south, east, north = (float(value) for value in facts["bounds_m"])
    return west, south, east, north
