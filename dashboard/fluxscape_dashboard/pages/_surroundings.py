"""The pixels of the embedded national maps around a tower, coloured and worded for a chart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.assets import asset
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.rasters import read_raster
from fluxscape.towers import METRES_PER_DEGREE
from fluxscape_dashboard.mercator import to_mercator
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.footprint_scene import MapCells
from fluxscape_dashboard.work.land_cover import class_code

FILES: Final = {
    "land_cover": "china/land_cover.tif",
    "ndvi": "china/ndvi_maximum.tif",
    "relief": "china/elevation.tif",
}
"""Asset of every map layer."""

CLASS_COLOURS: Final = {
    "ENF": "#1b5e20",
    "EBF": "#2e8b57",
    "DNF": "#5a9e4b",
    "DBF": "#7cb860",
    "MF": "#4b8b6f",
    "CSH": "#b08d57",
    "OSH": "#cdb38b",
    "WSA": "#9fb35c",
    "SAV": "#c2c96b",
    "GRA": "#d9e48f",
    "WET": "#6fb7c4",
    "CRO": "#f0d77b",
    "URB": "#b0564f",
    "CVM": "#dcc07a",
    "SNO": "#eef4f8",
    "BSV": "#cfc6ba",
    "WAT": "#5c8fc9",
}
"""Colour of every IGBP class."""

_NDVI: Final = ("#e8dcc4", "#d9d29a", "#bccb74", "#92b958", "#5f9e46", "#2f7d37", "#0e5a2a")
_NDVI_STEP: Final = 1.0 / 7.0
_RELIEF: Final = ("#7fa98a", "#a9bf8a", "#cfcf95", "#d8bf8b", "#c49d75", "#a97f66", "#e3dedb")
_RELIEF_EDGES: Final = (100.0, 300.0, 600.0, 1200.0, 2400.0, 4000.0)


@dataclass(frozen=True)
class Surroundings:
    """Pixels of one layer near a tower.

    Attributes
    ----------
    values
        Value of each pixel.
    west, south
        Lower corner of each pixel [degree].
    size
        Width and height of a pixel [degree].
    """

    values: npt.NDArray[np.float64]
    west: npt.NDArray[np.float64]
    south: npt.NDArray[np.float64]
    size: tuple[float, float]

    def size_km(self, latitude: float) -> tuple[float, float]:
        """Return width and height of a pixel [km]."""
        metres = METRES_PER_DEGREE * math.cos(math.radians(latitude))
        return self.size[0] * metres / 1e3, self.size[1] * METRES_PER_DEGREE / 1e3


@lru_cache(maxsize=64)
def pixels_around(
    layer: str, longitude: float, latitude: float, radius: float
) -> Surroundings | None:
    """Return the pixels within ``radius`` [m] of a place, or None beyond the embedded maps."""
    high = radius / METRES_PER_DEGREE
    wide = high / math.cos(math.radians(latitude))
    bounds = (longitude - wide, latitude - high, longitude + wide, latitude + high)
    try:
        raster = read_raster(asset(FILES[layer]), bounds=bounds, categorical=layer == "land_cover")
    except OutOfBoundsError:
        return None
    width, height = raster.attrs["resolution"]
    x, y = np.meshgrid(raster["x"].to_numpy(), raster["y"].to_numpy())
    values = raster.to_numpy().ravel()
    known = np.isfinite(values)
    return Surroundings(
        values=values[known],
        west=(x.ravel() - width / 2)[known],
        south=(y.ravel() - height / 2)[known],
        size=(float(width), float(height)),
    )


def map_cells(layer: str, around: Surroundings | None, lang: str) -> MapCells:
    """Return the pixels as rectangles in Web Mercator, with colours and words."""
    if around is None:
        return MapCells.none()
    left, bottom = to_mercator(around.west, around.south)
    right, top = to_mercator(around.west + around.size[0], around.south + around.size[1])
    painted = [_paint(layer, float(value), lang) for value in around.values]
    colours, words, groups = zip(*painted, strict=True) if painted else ((), (), ())
    return MapCells(left, right, bottom, top, colours, words, groups)


def _paint(layer: str, value: float, lang: str) -> tuple[str, str, str]:
    """Return colour, hover words and legend entry of one pixel."""
    if layer == "land_cover":
        code = class_code(value)
        words = t(f"towers.igbp_{code}", lang)
        return CLASS_COLOURS[code], words, words
    if layer == "ndvi":
        step = min(max(int(value / _NDVI_STEP), 0), len(_NDVI) - 1)
        span = f"NDVI {step * _NDVI_STEP:.2f}–{(step + 1) * _NDVI_STEP:.2f}"
        return _NDVI[step], f"NDVI {value:.2f}", span
    step = int(np.searchsorted(_RELIEF_EDGES, value))
    return _RELIEF[step], f"{value:.0f} m", _relief_span(step)


def _relief_span(step: int) -> str:
    """Return the legend entry of a class of heights."""
    if step == 0:
        return f"< {_RELIEF_EDGES[0]:g} m"
    if step == len(_RELIEF_EDGES):
        return f"> {_RELIEF_EDGES[-1]:g} m"
    return f"{_RELIEF_EDGES[step - 1]:g}–{_RELIEF_EDGES[step]:g} m"
