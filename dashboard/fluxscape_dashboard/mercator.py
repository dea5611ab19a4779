"""Web Mercator (EPSG:3857): the projection of every map, formulas only."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

EARTH_RADIUS: Final = 6_378_137.0
"""Radius of the sphere of EPSG:3857 [m] (EPSG Guidance Note 7-2, section 3.5.2)."""

Floats = npt.NDArray[np.float64]


class Bounds(NamedTuple):
    """A rectangle in degrees."""

    west: float
    south: float
    east: float
    north: float


def to_mercator(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return Web Mercator x and y [m] of longitudes and latitudes [degree]."""
    x = EARTH_RADIUS * np.radians(np.asarray(longitude, dtype=np.float64))
    phi = np.radians(np.asarray(latitude, dtype=np.float64))
    return x, EARTH_RADIUS * np.arctanh(np.sin(phi))


def to_degrees(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes [degree] of Web Mercator x and y [m]."""
    longitude = np.degrees(np.asarray(x, dtype=np.float64) / EARTH_RADIUS)
    latitude = np.degrees(np.arcsin(np.tanh(np.asarray(y, dtype=np.float64) / EARTH_RADIUS)))
    return longitude, latitude


def mercator_bounds(bounds: Bounds) -> tuple[float, float, float, float]:
    """Return x and y of the south-west, then of the north-east corner [m]."""
    x, y = to_mercator([bounds.west, bounds.east], [bounds.south, bounds.north])
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])
