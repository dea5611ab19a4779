"""What the embedded maps know of a tower's surroundings: a lattice of 0.05 degrees around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.meteorology._weather_land import growing_season
from fluxscape.meteorology.point_climate import SamplesPoints
from fluxscape.towers import METRES_PER_DEGREE

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEP: Final = 0.05
"""Spacing of the lattice [degrees]: that of the land-cover map."""

REACH: Final = 10
"""Cells of the lattice on each side of the tower's, 0.5 degrees."""

HALF_DAILY_RANGE: Final = 5.0
"""By how much the coldest hour is colder than the day's mean [K]; assumed."""

_MONTH_LENGTHS: Final = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Land cover, vegetation, terrain and warmth around a place, from the embedded maps.

    Attributes
    ----------
    north, east
        Positions of the lattice's rows and columns from the tower [m], increasing.
    land_cover
        Class numbers of MCD12C1, 0 water to 16 barren (row, column).
    ndvi_minimum, ndvi_maximum
        Extremes of the vegetation index over the year [1] (row, column).
    elevation
        [m] (row, column).
    tower_elevation
        At the tower [m].
    air_temperature
        Monthly means at the tower [K], shape (12,).
    latitude, longitude
        Of the tower [degrees].
    """

    north: Floats
    east: Floats
    land_cover: Integers
    ndvi_minimum: Floats
    ndvi_maximum: Floats
    elevation: Floats
    tower_elevation: float
    air_temperature: Floats
    latitude: float
    longitude: float

    @property
    def own_class(self) -> int:
        """Class of the map's cell that holds the tower."""
        row, column = int(np.abs(self.north).argmin()), int(np.abs(self.east).argmin())
        return int(self.land_cover[row, column])


def surroundings_of(climatology: SamplesPoints, latitude: float, longitude: float) -> Surroundings:
    """Return the surroundings of a place.

    Parameters
    ----------
    climatology
        From :func:`fluxscape.io.climatology.read_climatology`.
    latitude, longitude
        [degrees].

    Raises
    ------
    OutOfBoundsError
        If the place lies outside the climatology or within half a degree of its edge.
    """
    offsets = np.arange(-REACH, REACH + 1)
    latitudes = (np.floor(latitude / STEP) + 0.5 + offsets) * STEP
    longitudes = (np.floor(longitude / STEP) + 0.5 + offsets) * STEP
    grid = np.meshgrid(latitudes, longitudes, indexing="ij")
    names = ("land_cover", "ndvi_minimum", "ndvi_maximum", "elevation")
    layers = climatology.values(grid[0].ravel(), grid[1].ravel(), names)
    at_tower = climatology.values([latitude], [longitude], ("elevation", "air_temperature"))
    maps = {name: layers[name].reshape(grid[0].shape) for name in names}
    temperature = at_tower["air_temperature"][0]
    if not np.isfinite(temperature).all() or not np.isfinite(maps["land_cover"]).all():
        msg = f"the climatology has no land cover or temperature around {latitude:g} N, "
        msg += f"{longitude:g} E"
        raise OutOfBoundsError(msg, latitude=latitude, longitude=longitude)
    width = METRES_PER_DEGREE * float(np.cos(np.radians(latitude)))
    return Surroundings(
        north=(latitudes - latitude) * METRES_PER_DEGREE,
        east=(longitudes - longitude) * width,
        land_cover=maps["land_cover"].astype(np.int64),
        ndvi_minimum=maps["ndvi_minimum"],
        ndvi_maximum=maps["ndvi_maximum"],
        elevation=np.nan_to_num(maps["elevation"]),
        tower_elevation=float(np.nan_to_num(at_tower["elevation"][0])),
        air_temperature=temperature,
        latitude=float(latitude),
        longitude=float(longitude),
    )


def monthly_season(latitude: float, air_temperature: Floats) -> Floats:
    """Return how far vegetation has come by month between its winter and its summer, 0 to 1.

    The growing-season index that the simulated weather uses for its leaves
    (:func:`fluxscape.meteorology._weather_land.growing_season`), as monthly means, stretched so
    that the greenest month has 1 and the barest 0; all 1 where no month is bare.

    Parameters
    ----------
    latitude
        [degrees].
    air_temperature
        Monthly means [K], shape (12,).
    """
    ends = np.cumsum(_MONTH_LENGTHS)
    middles = ends - 0.5 * _MONTH_LENGTHS
    days = np.arange(365, dtype=np.float64) + 0.5
    daily = np.interp(days, middles, air_temperature, period=365.0)
    index = growing_season(daily - HALF_DAILY_RANGE, day_length(latitude, days))
    months = np.array([part.mean() for part in np.split(index, ends[:-1])])
    low, high = float(months.min()), float(months.max())
    return (months - low) / (high - low) if high - low > 1e-6 else np.ones(12)


def day_length(latitude: float, day: Floats) -> Floats:
    """Return hours of daylight, 24 / pi arccos(-tan phi tan delta).

    References
    ----------
    Cooper 1969, doi:10.1016/0038-092X(69)90047-4, for the declination,
    delta = 23.45 sin(360 (284 + n) / 365) degrees, n = 1 on 1 January.
    """
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284.5 + day) / 365.0)
    cosine = -np.tan(np.radians(latitude)) * np.tan(declination)
    return np.asarray(24.0 / np.pi * np.arccos(np.clip(cosine, -1.0, 1.0)))
