"""Grids of fine and coarse images: whether they fit, and which fine pixel lies in which cell."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import DimsError, OutOfBoundsError, did_you_mean

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Resampling = Literal["nearest", "bilinear"]

RESAMPLING: Final = ("nearest", "bilinear")
_EVEN: Final = 0.01
"""Greatest departure of an axis from even steps, and of two grids from each other [step]."""

_SHORT: Final = 24


class Axis(NamedTuple):
    """An evenly spaced axis: centre of the first pixel, step (positive), number of pixels."""

    first: float
    step: float
    size: int

    @property
    def low(self) -> float:
        """Outer edge of the first pixel."""
        return self.first - self.step / 2.0

    @property
    def high(self) -> float:
        """Outer edge of the last pixel."""
        return self.low + self.step * self.size


class Grid(NamedTuple):
    """Grid of an image: reference system (empty: pixels without place) and axes."""

    crs: str
    y: Axis
    x: Axis

    def describe(self) -> str:
        """Return size, pixel, extent and reference system in words."""
        return (
            f"{self.y.size} x {self.x.size} pixels of {self.x.step:.6g} x {self.y.step:.6g}, x "
            f"{self.x.low:.8g} to {self.x.high:.8g}, y {self.y.low:.8g} to {self.y.high:.8g}, "
            f"{crs_words(self.crs)}"
        )


class Cells(NamedTuple):
    """Coarse cells over a fine grid: number of the cell of every fine row and column."""

    rows: Integers
    columns: Integers
    pixels: float
    """Fine pixels along the side of a cell."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of cells along y and x."""
        return int(self.rows[-1]) + 1, int(self.columns[-1]) + 1


def grid_of(image: xr.DataArray, what: str) -> Grid:
    """Return the grid of an image (..., y, x) with increasing, evenly spaced axes.

    An image without coordinates stands on pixel numbers.

    Raises
    ------
    DimsError
        If dimensions or axes are not as said.
    """
    if image.dims[-2:] != ("y", "x"):
        msg = f"{what}: dimensions must end with (y, x), got {image.dims}"
        raise DimsError(msg, got=image.dims)
    axes = [_axis(image, dim, what) for dim in ("y", "x")]
    return Grid(str(image.attrs.get("crs", "")), *axes)


def _axis(image: xr.DataArray, dim: str, what: str) -> Axis:
    size = image.sizes[dim]
    if size == 0:
        msg = f"{what}: axis {dim!r} has no pixels"
        raise DimsError(msg, axis=dim)
    if dim not in image.coords:
        return Axis(0.0, 1.0, size)
    values = image[dim].to_numpy().astype(np.float64)
    steps = np.diff(values)
    if size == 1:
        resolution = image.attrs.get("resolution")
        if resolution is None:
            msg = f"{what}: axis {dim!r} has one pixel and no attribute 'resolution' tells its size"
            raise DimsError(msg, axis=dim)
        return Axis(float(values[0]), float(resolution[0 if dim == "x" else 1]), 1)
    step = float((values[-1] - values[0]) / (size - 1))
    if not step > 0.0 or not np.isfinite(values).all() or np.abs(steps / step - 1.0).max() > _EVEN:
        msg = (
            f"{what}: axis {dim!r} must increase in even steps, got {values[0]:g} to {values[-1]:g}"
        )
        raise DimsError(msg, axis=dim)
    return Axis(float(values[0]), step, size)


def same_crs(one: str, other: str) -> bool:
    """Return whether two texts name the same reference system."""
    if one == other or not one or not other:
        return one == other
    # pyproj takes 0.2 s to import and is asked only where the texts differ.
    from pyproj import CRS  # noqa: PLC0415
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        return bool(CRS.from_user_input(one).equals(CRS.from_user_input(other)))
    except CRSError:
        return False


def crs_words(crs: str) -> str:
    """Return the code or the name of a reference system, for messages."""
    if len(crs) <= _SHORT:
        return crs or "no reference system"
    from pyproj import CRS  # noqa: PLC0415
    from pyproj.exceptions import CRSError  # noqa: PLC0415

    try:
        system = CRS.from_user_input(crs)
    except CRSError:
        return f"{crs[:_SHORT]}..."
    authority = system.to_authority()
    return ":".join(authority) if authority else str(system.name)


def check_same_grid(first: Grid, other: Grid, names: tuple[str, str]) -> None:
    """Raise DimsError unless two images stand on one grid, telling what each has."""
    close = same_crs(first.crs, other.crs) and all(
        a.size == b.size
        and abs(a.first - b.first) <= _EVEN * a.step
        and abs(a.high - b.high) <= _EVEN * a.step
        for a, b in ((first.y, other.y), (first.x, other.x))
    )
    if not close:
        msg = (
            f"{names[0]} and {names[1]} must share one grid: {names[0]} has {first.describe()}; "
            f"{names[1]} has {other.describe()}"
        )
        raise DimsError(msg, first=first.describe(), other=other.describe())


def check_covers(coarse: Grid, fine: Grid, names: tuple[str, str]) -> None:
    """Raise DimsError unless a coarse image has the fine one's reference system and covers it."""
    if not same_crs(coarse.crs, fine.crs):
        msg = (
            f"{names[0]} is in {crs_words(coarse.crs)}, {names[1]} in {crs_words(fine.crs)}: warp "
            "one to the other first (gdalwarp)"
        )
        raise DimsError(msg, got=coarse.crs, wanted=fine.crs)
    for dim in ("y", "x"):
        cell, pixel = getattr(coarse, dim), getattr(fine, dim)
        slack = _EVEN * pixel.step
        if cell.low > pixel.low + slack or cell.high < pixel.high - slack:
            msg = (
                f"{names[0]} does not cover {names[1]}: along {dim} it reaches from {cell.low:.8g} "
                f"to {cell.high:.8g}, wanted {pixel.low:.8g} to {pixel.high:.8g}"
            )
            raise DimsError(msg, axis=dim, got=(cell.low, cell.high))
        if cell.step < pixel.step * (1.0 - _EVEN):
            msg = (
                f"{names[0]} has smaller pixels ({cell.step:g}) than {names[1]} ({pixel.step:g}) "
                f"along {dim}: fine and coarse images are interchanged"
            )
            raise DimsError(msg, axis=dim, got=cell.step, wanted=pixel.step)


def is_same(coarse: Grid, fine: Grid) -> bool:
    """Return whether a coarse image already stands on the fine grid."""
    return (
        coarse.y.size == fine.y.size
        and coarse.x.size == fine.x.size
        and all(
            abs(a.step / b.step - 1.0) <= _EVEN for a, b in ((coarse.y, fine.y), (coarse.x, fine.x))
        )
    )


def to_fine_grid(
    coarse: xr.DataArray, fine: Grid, *, method: Resampling = "nearest", what: str = "coarse image"
) -> xr.DataArray:
    """Return a coarse image (..., y, x) on a fine grid that it covers.

    Parameters
    ----------
    coarse
        Image in the reference system of the fine grid.
    fine
        Grid to fill.
    method
        ``"nearest"`` gives every fine pixel the value of its cell; ``"bilinear"`` interpolates
        between the centres of cells (a missing cell makes all that it would enter missing).
    what
        Name of the image, for messages.

    Raises
    ------
    DimsError
        If the image is in another reference system or does not cover the grid.
    OutOfBoundsError
        If there is no such method.
    """
    if method not in RESAMPLING:
        msg = f"resampling must be one of {', '.join(RESAMPLING)}, got {method!r}."
        raise OutOfBoundsError(msg + did_you_mean(method, RESAMPLING), got=method)
    grid = grid_of(coarse, what)
    check_covers(grid, fine, (what, "the fine image"))
    if is_same(grid, fine):
        return coarse
    if method == "nearest":
        return coarse.isel(y=_cells_of(fine.y, grid.y), x=_cells_of(fine.x, grid.x))
    for dim in ("y", "x"):
        coarse = _linear(coarse, dim, getattr(grid, dim), getattr(fine, dim))
    return coarse


def _cells_of(fine: Axis, coarse: Axis) -> Integers:
    """Return the number of the coarse cell that holds each fine pixel's centre."""
    centres = fine.first + fine.step * np.arange(fine.size)
    cells = np.floor((centres - coarse.low) / coarse.step + 1e-9)
    return np.asarray(np.clip(cells, 0, coarse.size - 1), dtype=np.int64)


def _linear(image: xr.DataArray, dim: str, coarse: Axis, fine: Axis) -> xr.DataArray:
    centres = fine.first + fine.step * np.arange(fine.size)
    place = np.clip((centres - coarse.first) / coarse.step, 0.0, coarse.size - 1.0)
    low = np.minimum(np.floor(place).astype(np.int64), max(coarse.size - 2, 0))
    share = xr.DataArray(place - low, dims=(dim,))
    plain = image.drop_vars(dim, errors="ignore")
    before, after = plain.isel({dim: low}), plain.isel({dim: np.minimum(low + 1, coarse.size - 1)})
    # A cell of no weight must not make its neighbour missing.
    mixed = before * (1.0 - share) + after * share
    mixed = mixed.where(share > 0.0, before).where(share < 1.0, after)
    return mixed.transpose(*image.dims).assign_attrs(image.attrs)


def cells_over(fine: Grid, coarse: Grid, coarse_pixels: int | None) -> Cells:
    """Return which coarse cell every fine row and column lies in.

    Parameters
    ----------
    fine
        Grid of the fine image.
    coarse
        Grid on which the coarse images came.
    coarse_pixels
        Fine pixels along the side of a cell, where the coarse images came on the fine grid.

    Raises
    ------
    DimsError
        If the coarse images came on the fine grid and ``coarse_pixels`` does not say how large
        their cells are.
    """
    if not is_same(coarse, fine):
        rows, columns = _cells_of(fine.y, coarse.y), _cells_of(fine.x, coarse.x)
        return Cells(rows - rows[0], columns - columns[0], coarse.x.step / fine.x.step)
    if coarse_pixels is None or not 2 <= coarse_pixels <= min(fine.y.size, fine.x.size):
        msg = (
            "FSDAF unmixes coarse cells, but the coarse images stand on the fine grid: name the "
            "fine pixels along the side of a cell (coarse_pixels), 2 or more, or give the images "
            f"on their own grid; got {coarse_pixels}"
        )
        raise DimsError(msg, got=coarse_pixels)
    rows, columns = (np.arange(axis.size) // coarse_pixels for axis in (fine.y, fine.x))
    return Cells(rows, columns, float(coarse_pixels))
