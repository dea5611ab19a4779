"""The door through which rasters come onto a footprint's cells: by area, with their gaps.

A raster in any reference system is averaged over each cell in the tower's frame by GDAL's
``average``, which weighs every pixel by the part of it inside the cell. Values and a mask of valid
pixels go through together, so that a cell knows how much of it holds data: every mean in this
package weighs by that share instead of filling gaps. Classes are never averaged: the membership in
each class is, which gives its exact share of the cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.footprint.vector import local_crs
from fluxscape.representativeness.frame import (
    Floats,
    Lattice,
    Located,
    Place,
    footprint_weights,
    place_of,
)
from fluxscape.representativeness.raster_checks import check_classes, check_raster, check_values

Kind = Literal["continuous", "categorical"]

LARGEST_CLASS_COUNT: Final = 64
_MARGIN: Final = 2
"""Pixels kept around the part of a raster that is used."""


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A surface property on a lattice.

    Attributes
    ----------
    grid
        The cells.
    value
        Mean over the valid part of each cell (y, x); 0 where there is none.
    valid
        Share of each cell on pixels with a value (y, x).
    """

    grid: Lattice
    value: Floats
    valid: Floats

    def labelled(self, name: str = "value") -> xr.DataArray:
        """Return the values (y, x), NaN where a cell holds no data."""
        shown = np.where(self.valid > 0.0, self.value, np.nan)
        return xr.DataArray(shown, dims=("y", "x"), coords=self.grid.coords(), name=name)


@dataclass(frozen=True, slots=True, eq=False)
class ClassField:
    """Land-cover classes on a lattice.

    Attributes
    ----------
    grid
        The cells.
    codes
        Class codes in rising order.
    share
        Share of each cell that belongs to each class (class, y, x); they sum to the valid share.
    """

    grid: Lattice
    codes: tuple[int, ...]
    share: Floats

    @property
    def valid(self) -> Floats:
        """Share of each cell on pixels with a class (y, x)."""
        return np.asarray(np.minimum(self.share.sum(axis=0), 1.0))


def to_footprint_grid(
    raster: xr.DataArray,
    climatology: xr.Dataset,
    tower: Located | None = None,
    *,
    kind: Kind = "continuous",
) -> xr.Dataset:
    """Return a raster on the cells of a footprint, averaged by area.

    Parameters
    ----------
    raster
        (y, x) or (time, y, x) in any reference system, NaN where missing; attribute ``crs``. A
        continuous raster whose name is that of a known index is checked against its range.
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    tower
        Position of the tower; by default the climatology's attributes.
    kind
        ``continuous``, or ``categorical`` for class codes.

    Returns
    -------
    xarray.Dataset
        ``value`` (y, x) or (time, y, x), NaN where a cell holds no data; or ``class_share``
        (class, y, x). ``valid_share`` says how much of each cell holds data.

    Raises
    ------
    DimsError
        If the raster is no even grid or has no reference system.
    FileFormatError
        If its coordinates contradict the reference system, or its values the kind.
    OutOfBoundsError
        If it does not overlap the footprint, or holds no value there.
    """
    grid, place = footprint_weights(climatology).grid, place_of(tower, climatology)
    if kind == "categorical":
        classes = class_field(raster, grid, place)
        dims = ("class", "y", "x")
        data = {
            "class_share": (dims, classes.share, {"units": "1"}),
            "valid_share": (dims[1:], classes.valid, {"units": "1"}),
        }
        return xr.Dataset(data, coords={"class": list(classes.codes), **grid.coords()})
    fields = list(fields_on(raster, grid, place))
    stack = {
        "value": np.stack([field.labelled().to_numpy() for field in fields]),
        "valid_share": np.stack([field.valid for field in fields]),
    }
    coords = grid.coords()
    if "time" in raster.dims:
        coords["time"] = raster["time"]
        return xr.Dataset({k: (("time", "y", "x"), v) for k, v in stack.items()}, coords=coords)
    return xr.Dataset({k: (("y", "x"), v[0]) for k, v in stack.items()}, coords=coords)


def scenes_of(raster: xr.DataArray) -> list[xr.DataArray]:
    """Return the scenes of a raster (time, y, x), or the raster itself.

    Raises
    ------
    DimsError
        If it has times but no scene.
    """
    if "time" not in raster.dims:
        return [raster]
    if raster.sizes["time"] == 0:
        msg = f"{raster.name or 'raster'} has a time axis without a scene"
        raise DimsError(msg, got=raster.dims)
    return [raster.isel(time=i) for i in range(raster.sizes["time"])]


def fields_on(raster: xr.DataArray, grid: Lattice, place: Place) -> Iterator[Field]:
    """Yield every scene of a raster on a lattice; errors as :func:`to_footprint_grid`.

    A scene without a value there, such as a cloudy one, yields an empty field if others have some.
    """
    scenes = scenes_of(raster)
    seen = 0
    for i, scene in enumerate(scenes):
        hopeless = seen == 0 and i == len(scenes) - 1
        field = field_on(scene, grid, place, empty_allowed=not hopeless)
        seen += int(field.valid.any())
        yield field


def field_on(
    raster: xr.DataArray, grid: Lattice, place: Place, *, empty_allowed: bool = False
) -> Field:
    """Return a continuous raster (y, x) on a lattice; errors as :func:`to_footprint_grid`."""
    check_raster(raster, place)
    cut = _cut(raster, grid, place)
    check_values(raster, cut.values)
    valid = np.isfinite(cut.values)
    if empty_allowed and not valid.any():
        return Field(grid, np.zeros(grid.shape), np.zeros(grid.shape))
    _refuse_empty(raster, valid, grid)
    # Values move towards zero first: sums of heights above sea level would lose digits.
    middle = float(cut.values[valid].mean())
    bands = np.stack([np.where(valid, cut.values - middle, 0.0), valid.astype(np.float64)])
    total, share = _warp(bands, cut, grid, place)
    share = np.clip(share, 0.0, 1.0)
    held = share > 1e-9
    value = np.where(held, total / np.where(held, share, 1.0) + middle, 0.0)
    return Field(grid, value, np.where(held, share, 0.0))


def class_field(raster: xr.DataArray, grid: Lattice, place: Place) -> ClassField:
    """Return class codes (y, x) on a lattice; errors as :func:`to_footprint_grid`."""
    check_raster(raster, place)
    cut = _cut(raster, grid, place)
    check_classes(raster, cut.values)
    valid = np.isfinite(cut.values)
    _refuse_empty(raster, valid, grid)
    codes = tuple(int(code) for code in np.unique(cut.values[valid]))
    if len(codes) > LARGEST_CLASS_COUNT:
        msg = (
            f"{raster.name or 'land cover'}: {len(codes)} different codes around the tower, "
            f"allowed are {LARGEST_CLASS_COUNT}; is it a land-cover map?"
        )
        raise OutOfBoundsError(msg, got=len(codes), wanted=LARGEST_CLASS_COUNT)
    members = np.stack([cut.values == code for code in codes]).astype(np.float32)
    return ClassField(grid, codes, _warp(members, cut, grid, place).astype(np.float64))


def pixel_size(raster: xr.DataArray, place: Place) -> float:
    """Return the width [m] of a square as large as one pixel at the tower."""
    check_raster(raster, place)
    steps = [abs(float(raster[dim][1] - raster[dim][0])) for dim in ("x", "y")]
    # pyproj takes a tenth of a second to import.
    from pyproj import Transformer  # noqa: PLC0415

    crs = str(raster.attrs["crs"])
    to_local = Transformer.from_crs(crs, local_crs(place.latitude, place.longitude), always_xy=True)
    x, y = to_local.transform(0.0, 0.0, direction="INVERSE")
    east, north = to_local.transform([x, x + steps[0], x], [y, y, y + steps[1]])
    across = (east[1] - east[0]) * (north[2] - north[0])
    along = (east[2] - east[0]) * (north[1] - north[0])
    return math.sqrt(abs(across - along))


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """The part of a raster around a lattice: values from the north-west corner, and where."""

    values: Floats
    west: float
    north: float
    step_x: float
    step_y: float
    crs: str


def _cut(raster: xr.DataArray, grid: Lattice, place: Place) -> _Cut:
    """Return the pixels that the lattice touches, framed by missing ones."""
    array = raster.sortby("x") if float(raster["x"][1]) < float(raster["x"][0]) else raster
    array = array.sortby("y", ascending=False)
    x, y = (array[dim].to_numpy().astype(np.float64) for dim in ("x", "y"))
    step_x, step_y = (x[-1] - x[0]) / (x.size - 1), (y[0] - y[-1]) / (y.size - 1)
    left, bottom, right, top = _bounds_in(str(raster.attrs["crs"]), grid, place)
    columns = _span((left - x[0]) / step_x, (right - x[0]) / step_x, x.size)
    rows = _span((y[0] - top) / step_y, (y[0] - bottom) / step_y, y.size)
    if columns is None or rows is None:
        msg = (
            f"{raster.name or 'raster'} does not overlap the surroundings of the tower at "
            f"{place.latitude:.5f} N, {place.longitude:.5f} E: it covers x {x[0]:.8g} to "
            f"{x[-1]:.8g}, y {y[-1]:.8g} to {y[0]:.8g} in {_short(raster)}, wanted x "
            f"{left:.8g} to {right:.8g}, y {bottom:.8g} to {top:.8g}"
        )
        raise OutOfBoundsError(msg, wanted=(left, bottom, right, top))
    values = array.isel(x=columns, y=rows).to_numpy().astype(np.float64)
    values = np.pad(values, 1, constant_values=np.nan)
    return _Cut(
        values,
        west=float(x[columns][0]) - 1.5 * step_x,
        north=float(y[rows][0]) + 1.5 * step_y,
        step_x=float(step_x),
        step_y=float(step_y),
        crs=str(raster.attrs["crs"]),
    )


def _bounds_in(crs: str, grid: Lattice, place: Place) -> tuple[float, float, float, float]:
    """Return the lattice's bounding box in a raster's reference system."""
    # rasterio loads GDAL, which takes a third of a second.
    from rasterio.warp import transform_bounds  # noqa: PLC0415

    half = 0.5 * grid.resolution
    local = local_crs(place.latitude, place.longitude)
    box = (grid.x[0] - half, grid.y[0] - half, grid.x[-1] + half, grid.y[-1] + half)
    left, bottom, right, top = transform_bounds(local, crs, *box, densify_pts=21)
    return float(left), float(bottom), float(right), float(top)


def _span(low: float, high: float, size: int) -> slice | None:
    """Return the indices of the pixels from low to high with a margin; None outside the raster.

    Bounds across the dateline, west above east, count as outside: no raster in degrees holds both
    sides in one piece there.
    """
    known = math.isfinite(low) and math.isfinite(high) and low <= high
    if not known or high < -0.5 or low > size - 0.5:
        return None
    return slice(max(math.floor(low) - _MARGIN, 0), min(math.ceil(high) + _MARGIN + 1, size))


def _warp(bands: NDArray[Any], cut: _Cut, grid: Lattice, place: Place) -> NDArray[Any]:
    """Return bands averaged by area on a lattice, rows from south to north."""
    same = _same_cells(bands, cut, grid, place)
    if same is not None:
        return same
    from affine import Affine  # noqa: PLC0415
    from rasterio.warp import Resampling, reproject  # noqa: PLC0415

    step = grid.resolution
    made = np.zeros((bands.shape[0], *grid.shape), dtype=bands.dtype)
    reproject(
        bands,
        made,
        src_transform=Affine(cut.step_x, 0.0, cut.west, 0.0, -cut.step_y, cut.north),
        src_crs=cut.crs,
        dst_transform=Affine(
            step, 0.0, grid.x[0] - 0.5 * step, 0.0, -step, grid.y[-1] + 0.5 * step
        ),
        dst_crs=local_crs(place.latitude, place.longitude),
        resampling=Resampling.average,
        tolerance=0.01,
        num_threads=2,
    )
    return np.ascontiguousarray(made[:, ::-1])


def _same_cells(bands: NDArray[Any], cut: _Cut, grid: Lattice, place: Place) -> NDArray[Any] | None:
    """Return bands whose pixels are the lattice's cells already, or None if they are not."""
    step = grid.resolution
    steps = (cut.step_x, cut.step_y)
    if cut.crs != local_crs(place.latitude, place.longitude):
        return None
    shifts = (
        (grid.x[0] - 0.5 * step - cut.west) / step,
        (cut.north - grid.y[-1] - 0.5 * step) / step,
    )
    even = all(abs(one - step) <= 1e-9 * step for one in steps)
    if not even or any(abs(shift - round(shift)) > 1e-6 for shift in shifts):
        return None
    left, top = (round(shift) for shift in shifts)
    made = np.zeros((bands.shape[0], *grid.shape), dtype=bands.dtype)
    first = max(top, 0), max(left, 0)
    last = min(top + grid.y.size, bands.shape[1]), min(left + grid.x.size, bands.shape[2])
    part = bands[:, first[0] : last[0], first[1] : last[1]]
    rows, columns = first[0] - top, first[1] - left
    made[:, rows : rows + part.shape[1], columns : columns + part.shape[2]] = part
    return np.ascontiguousarray(made[:, ::-1])


def _refuse_empty(raster: xr.DataArray, valid: NDArray[np.bool_], grid: Lattice) -> None:
    if not valid.any():
        msg = (
            f"{raster.name or 'raster'} has no value within {grid.reach:.0f} m of the tower: all "
            f"{valid.size} pixels there are missing"
        )
        raise OutOfBoundsError(msg, count=int(valid.size))


def _short(raster: xr.DataArray) -> str:
    crs = str(raster.attrs.get("crs", ""))
    if not crs:
        msg = f"{raster.name}: no reference system"
        raise DimsError(msg)
    return crs if len(crs) < 60 else f"{crs[:57]}..."
