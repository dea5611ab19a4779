"""Values of a raster under the cells of a footprint and on discs around the tower."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint.vector import local_crs
from fluxscape.representativeness.frame import Floats, Place
from fluxscape.representativeness.raster_checks import check_raster

DISC_POINTS: Final = 20_000
"""Points that stand for a disc; each for the same area."""

_GOLDEN_ANGLE: Final = math.pi * (3.0 - math.sqrt(5.0))


@dataclass(frozen=True, slots=True)
class RasterAround:
    """A raster seen from a tower: values at metres east and north of it.

    Attributes
    ----------
    raster
        (y, x) with attribute ``crs``.
    longitude, latitude
        Of the tower [degrees].
    """

    raster: xr.DataArray
    longitude: float
    latitude: float

    def values_at(self, east: Floats, north: Floats) -> Floats:
        """Return the value of the pixel at each point; NaN outside the raster or where missing."""
        # pyproj takes a tenth of a second to import.
        from pyproj import Transformer  # noqa: PLC0415

        frame = local_crs(self.latitude, self.longitude)
        transformer = Transformer.from_crs(frame, str(self.raster.attrs["crs"]), always_xy=True)
        x, y = transformer.transform(east.ravel(), north.ravel())
        columns, in_x = _places(self.raster["x"].to_numpy(), np.asarray(x))
        rows, in_y = _places(self.raster["y"].to_numpy(), np.asarray(y))
        inside = in_x & in_y
        values = np.full(inside.shape, np.nan)
        values[inside] = self.raster.to_numpy()[rows[inside], columns[inside]]
        return values.reshape(east.shape)

    def on_footprint(self, climatology: xr.Dataset) -> Floats:
        """Return the value under each cell of a climatology, shape (y, x)."""
        x, y = climatology["x"].to_numpy(), climatology["y"].to_numpy()
        return self.values_at(*np.meshgrid(x, y))

    def on_disc(self, radius: float) -> Floats:
        """Return the values at points spread evenly over a disc (Vogel 1979)."""
        index = np.arange(DISC_POINTS) + 0.5
        distance = radius * np.sqrt(index / DISC_POINTS)
        angle = index * _GOLDEN_ANGLE
        return self.values_at(distance * np.cos(angle), distance * np.sin(angle))


def raster_around(raster: xr.DataArray, longitude: float, latitude: float) -> RasterAround:
    """Check a raster and return it as seen from a tower.

    Raises
    ------
    DimsError
        If it is no (y, x) grid of at least 2 x 2 evenly spaced cells with a ``crs``.
    FileFormatError
        If the coordinates contradict the reference system.
    OutOfBoundsError
        If the coordinates are none.
    """
    local_crs(latitude, longitude)
    check_raster(raster, Place(float(latitude), float(longitude)))
    return RasterAround(raster, float(longitude), float(latitude))


def check_radii(radii: tuple[float, ...]) -> tuple[float, ...]:
    """Return the radii as floats or raise OutOfBoundsError unless all are positive lengths [m]."""
    for radius in radii:
        if not (math.isfinite(radius) and radius > 0.0):
            msg = f"a disc's radius must be a positive length [m], got {radius!r}"
            raise OutOfBoundsError(msg, got=radius)
    return tuple(float(radius) for radius in radii)


def _places(axis: Floats, at: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the index of the cell that holds each coordinate, and whether one does."""
    step = float(axis[-1] - axis[0]) / (axis.size - 1)
    place = (at - float(axis[0])) / step
    inside = np.isfinite(place) & (place >= -0.5) & (place < axis.size - 0.5)
    index = np.floor(np.where(inside, place, 0.0) + 0.5).astype(np.intp)
    return np.clip(index, 0, axis.size - 1), np.asarray(inside)
