"""From a latitude-longitude grid to Web Mercator (EPSG:3857), once, when a product is built.

Web Mercator is separable: a column of the map is a meridian, a row a parallel. Nearest-neighbour
warping is therefore an index for each row and one for each column, and every map pixel shows one
value of the grid, unchanged. With two map pixels per grid column the columns fall exactly on the
grid and rows are misplaced by at most a quarter of a grid column's width.

EPSG:3857 is the spherical formula applied to geodetic coordinates, EPSG Guidance Note 7-2, 2024,
section 3.5.1.2 ("Popular Visualisation Pseudo Mercator").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.errors import DimsError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RADIUS: Final = 6378137.0
"""Radius of the projection's sphere, the semi-major axis of WGS 84 [m]."""


def to_mercator(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return EPSG:3857 metres of degrees.

    >>> x, y = to_mercator(180.0, 0.0)
    >>> round(float(x), 2), abs(round(float(y), 2))
    (20037508.34, 0.0)
    """
    x = RADIUS * np.deg2rad(np.asarray(longitude, dtype=np.float64))
    half = np.deg2rad(45.0 + np.asarray(latitude, dtype=np.float64) / 2.0)
    return np.asarray(x), np.asarray(RADIUS * np.log(np.tan(half)))


def to_degrees(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return longitude and latitude of EPSG:3857 metres [degrees]."""
    longitude = np.rad2deg(np.asarray(x, dtype=np.float64) / RADIUS)
    angle = np.arctan(np.exp(np.asarray(y, dtype=np.float64) / RADIUS))
    return np.asarray(longitude), np.asarray(2.0 * np.rad2deg(angle) - 90.0)


@dataclass(frozen=True, slots=True)
class MercatorGrid:
    """A raster of square pixels in EPSG:3857, rows from south to north.

    Attributes
    ----------
    left, bottom
        Outer corner [m].
    pixel
        Side of a pixel [m of the projection].
    width, height
        Number of columns and rows.
    """

    left: float
    bottom: float
    pixel: float
    width: int
    height: int

    @classmethod
    def around(
        cls, latitude: FloatArray, longitude: FloatArray, *, oversampling: int, multiple: int
    ) -> Self:
        """Return the grid that covers cells with the given centres.

        Parameters
        ----------
        latitude, longitude
            Evenly spaced, increasing cell centres [degrees].
        oversampling
            Map pixels per grid column.
        multiple
            Width and height become multiples of it, so that levels halve evenly.
        """
        step_y, step_x = _step(latitude, "y"), _step(longitude, "x")
        corners_x = np.array([longitude[0] - step_x / 2, longitude[-1] + step_x / 2])
        corners_y = np.array([latitude[0] - step_y / 2, latitude[-1] + step_y / 2])
        x, y = to_mercator(corners_x, corners_y)
        pixel = float(np.deg2rad(step_x) * RADIUS / oversampling)
        columns = round((x[1] - x[0]) / pixel)
        rows = int(np.ceil((y[1] - y[0]) / pixel - 1e-9))
        return cls(
            left=float(x[0]),
            bottom=float(y[0]),
            pixel=pixel,
            width=-(-columns // multiple) * multiple,
            height=-(-rows // multiple) * multiple,
        )

    @property
    def x(self) -> FloatArray:
        """Pixel centres from west to east [m]."""
        return np.asarray(self.left + self.pixel * (np.arange(self.width) + 0.5), np.float64)

    @property
    def y(self) -> FloatArray:
        """Pixel centres from south to north [m]."""
        return np.asarray(self.bottom + self.pixel * (np.arange(self.height) + 0.5), np.float64)

    def halved(self) -> MercatorGrid:
        """Return the next coarser grid."""
        return MercatorGrid(
            self.left, self.bottom, 2 * self.pixel, self.width // 2, self.height // 2
        )


def warp_nearest(values: xr.DataArray, grid: MercatorGrid) -> xr.DataArray:
    """Return ``values`` (..., y, x) in degrees on a Mercator grid; NaN outside.

    Raises
    ------
    DimsError
        If the last dimensions are not ``y`` and ``x`` with even, increasing coordinates.
    """
    if values.dims[-2:] != ("y", "x"):
        msg = f"warp: {values.name} must end in dimensions (y, x), found {values.dims}"
        raise DimsError(msg, got=values.dims)
    longitude, latitude = to_degrees(grid.x, grid.y)
    rows = _nearest(values["y"].to_numpy().astype(np.float64), latitude, "y")
    columns = _nearest(values["x"].to_numpy().astype(np.float64), longitude, "x")
    data = values.to_numpy()
    taken = data[..., np.maximum(rows, 0)[:, np.newaxis], np.maximum(columns, 0)]
    outside = (rows < 0)[:, np.newaxis] | (columns < 0)
    taken = np.where(outside, np.nan, taken)
    kept = {k: v for k, v in values.coords.items() if not {"y", "x"} & set(v.dims)}
    return xr.DataArray(
        taken,
        dims=values.dims,
        coords=kept | {"y": grid.y, "x": grid.x},
        name=values.name,
        attrs=values.attrs,
    )


def coarsen_mean(values: FloatArray) -> FloatArray:
    """Return means of 2 x 2 pixels of the last two axes; missing where more than two are.

    Within four neighbours true areas differ by less than 0.1 %, so the mean is not weighted.
    """
    blocks = _blocks(values)
    valid = np.isfinite(blocks)
    count = valid.sum(axis=(-3, -1))
    total = np.where(valid, blocks, 0.0).sum(axis=(-3, -1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(count >= 2, total / count, np.nan))


def coarsen_first(values: FloatArray) -> FloatArray:
    """Return one of each 2 x 2 pixels: for values that have no mean, such as p-values."""
    return np.asarray(_blocks(values)[..., 0, :, 0])


def _blocks(values: FloatArray) -> FloatArray:
    """Return a view (..., rows, 2, columns, 2)."""
    *front, height, width = values.shape
    return values.reshape(*front, height // 2, 2, width // 2, 2)


def _nearest(centres: FloatArray, wanted: FloatArray, name: str) -> IntArray:
    """Return the index of the cell that holds each wanted coordinate, -1 outside."""
    step = _step(centres, name)
    index = np.floor((wanted - centres[0]) / step + 0.5).astype(np.int64)
    return np.where((index >= 0) & (index < centres.size), index, -1)


def _step(centres: FloatArray, name: str) -> float:
    """Return the spacing of an evenly spaced, increasing axis."""
    steps = np.diff(centres)
    if centres.size < 2 or steps[0] <= 0 or not np.allclose(steps, steps[0], rtol=1e-5):
        msg = f"warp: axis {name!r} must be evenly spaced and increasing"
        raise DimsError(msg, axis=name)
    return float((centres[-1] - centres[0]) / (centres.size - 1))
