"""National products as pyramids: map-shaped levels for the screen, a time-chunked copy for series.

A store holds one group per layout::

    native      the latitude-longitude grid itself; one chunk holds all times of a few pixels
    level_0 …   EPSG:3857, each level half as fine as the one before; one chunk is one time

``native`` keeps every value of the product and is what totals, series and downloads read. Level 0
takes the nearest value of the grid (:mod:`fluxscape.atlas.mercator`); coarser levels are means of
2 x 2 pixels, or one pixel of the four for variables marked ``pyramid_resampling = "nearest"``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.atlas.mercator import (
    MercatorGrid,
    coarsen_first,
    coarsen_mean,
    to_degrees,
    warp_nearest,
)
from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.io.stores import open_group, write_dataset, write_store

if TYPE_CHECKING:
    import zarr

FloatArray = npt.NDArray[np.float64]

CRS: Final = "EPSG:3857"
LAYOUT_VERSION: Final = 1
NATIVE: Final = "native"
"""Group of the latitude-longitude copy."""

_TILE: Final = 512
_PIXELS: Final = 16
_RESAMPLING: Final = "pyramid_resampling"


def write_pyramid(
    dataset: xr.Dataset,
    path: str | Path,
    *,
    oversampling: int = 2,
    smallest: int = 128,
    quanta: Mapping[str, float] | None = None,
) -> None:
    """Write a product as a pyramid, whole or not at all.

    Parameters
    ----------
    dataset
        Variables with dimensions (time, y, x) or (y, x) on a latitude-longitude grid [degrees],
        cell centres increasing; attributes are the product's provenance.
    path
        Directory of the store to make or replace.
    oversampling
        Pixels of level 0 per grid column.
    smallest
        Levels are added until the longer side is no longer than this.
    quanta
        Step to which the levels of a variable are rounded [its unit], which halves their size;
        the native copy is never rounded.

    Raises
    ------
    DimsError
        If a variable is not on such a grid.
    WriteError
        If the store cannot be written; an old one is unchanged then.
    """
    levels = _level_count(dataset, oversampling, smallest)
    grid = MercatorGrid.around(
        dataset["y"].to_numpy().astype(np.float64),
        dataset["x"].to_numpy().astype(np.float64),
        oversampling=oversampling,
        multiple=2 ** (levels - 1),
    )
    attrs = {
        "layout_version": LAYOUT_VERSION,
        "levels": levels,
        "oversampling": oversampling,
        "resampling": "level 0 nearest; coarser levels mean of 2 x 2 where two or more are valid",
        "quanta": json.dumps(dict(quanta or {}), sort_keys=True),
    }

    def build(root: zarr.Group) -> None:
        root.attrs.update({str(k): v for k, v in dataset.attrs.items()} | attrs)
        native = root.create_group(NATIVE)
        native.attrs["crs"] = "EPSG:4326"
        chunks = {"y": _PIXELS, "x": _PIXELS}
        write_dataset(native, dataset, chunks=chunks, shards={"y": _TILE, "x": _TILE})
        for number, level in enumerate(_levels(dataset, grid, levels, quanta or {})):
            group = root.create_group(f"level_{number}")
            group.attrs["crs"] = CRS
            sides = {"y": _TILE, "x": _TILE}
            write_dataset(group, level, chunks=sides | {"time": 1}, shards=sides)

    write_store(build, path)


def _level_count(dataset: xr.Dataset, oversampling: int, smallest: int) -> int:
    """Return how many levels bring the longer side down to ``smallest`` pixels."""
    longest = oversampling * max(dataset.sizes["y"], dataset.sizes["x"])
    return max(1, 1 + math.ceil(math.log2(max(longest / smallest, 1.0))))


def _levels(
    dataset: xr.Dataset, grid: MercatorGrid, count: int, quanta: Mapping[str, float]
) -> Any:
    """Yield the levels from fine to coarse."""
    arrays = {str(name): warp_nearest(array, grid) for name, array in dataset.data_vars.items()}
    for number in range(count):
        rounded = {
            name: _rounded(array, quanta.get(name, 0.0), number) for name, array in arrays.items()
        }
        yield xr.Dataset(rounded)
        if number + 1 < count:
            grid = grid.halved()
            arrays = {name: _coarser(array, grid) for name, array in arrays.items()}


def _rounded(array: xr.DataArray, quantum: float, level: int) -> xr.DataArray:
    """Return values rounded to multiples of ``quantum``."""
    out = (array / quantum).round() * quantum if quantum > 0 else array
    return out.astype(np.float32).assign_attrs(array.attrs).assign_attrs(pyramid_level=level)


def _coarser(array: xr.DataArray, grid: MercatorGrid) -> xr.DataArray:
    """Return the next level of one variable."""
    nearest = array.attrs.get(_RESAMPLING) == "nearest"
    values = (coarsen_first if nearest else coarsen_mean)(array.to_numpy())
    coords = {k: v for k, v in array.coords.items() if k not in {"y", "x"}}
    return xr.DataArray(
        values,
        dims=array.dims,
        coords=coords | {"y": grid.y, "x": grid.x},
        name=array.name,
        attrs=array.attrs,
    )


@dataclass(frozen=True)
class Pyramid:
    """An open pyramid; arrays are opened once and read in parts.

    Attributes
    ----------
    root
        The open Zarr group.
    attrs
        Provenance and layout of the product.
    levels
        Grid of every level, from fine to coarse.
    """

    root: zarr.Group
    attrs: Mapping[str, Any]
    levels: tuple[MercatorGrid, ...]
    _arrays: dict[str, zarr.Array] = field(default_factory=dict, repr=False)
    _axes: dict[str, FloatArray] = field(default_factory=dict, repr=False)

    @property
    def variables(self) -> tuple[str, ...]:
        """Names of the variables, without coordinates."""
        return tuple(sorted(set(self.root[NATIVE].array_keys()) - {"time", "y", "x"}))

    @property
    def times(self) -> npt.NDArray[np.datetime64]:
        """Times of the annual variables."""
        days = self._axis(f"{NATIVE}/time").astype(np.int64)
        return days.astype("datetime64[D]").astype("datetime64[ns]")

    @property
    def years(self) -> npt.NDArray[np.int64]:
        """Calendar years of the annual variables."""
        return self.times.astype("datetime64[Y]").astype(np.int64) + 1970

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """West, south, east, north of the levels [m in EPSG:3857]."""
        grid = self.levels[0]
        right, top = grid.left + grid.width * grid.pixel, grid.bottom + grid.height * grid.pixel
        return grid.left, grid.bottom, right, top

    def level_for(self, x_range: tuple[float, float], width: int) -> int:
        """Return the level whose pixels are nearest in size to the screen's.

        Parameters
        ----------
        x_range
            West and east edge of the view [m in EPSG:3857].
        width
            Pixels of the screen across it.
        """
        screen = abs(x_range[1] - x_range[0]) / max(width, 1)
        if not screen > 0:
            return 0
        wanted = round(math.log2(screen / self.levels[0].pixel))
        return min(max(wanted, 0), len(self.levels) - 1)

    def read(
        self,
        name: str,
        *,
        level: int = 0,
        time: int | None = None,
        x_range: tuple[float, float] | None = None,
        y_range: tuple[float, float] | None = None,
    ) -> xr.DataArray:
        """Return a window of a level, at least two pixels wide and high.

        Parameters
        ----------
        name
            Variable.
        level
            Level as :meth:`level_for` gives it.
        time
            Index into :attr:`years`; needed for variables that have a time.
        x_range, y_range
            Window [m in EPSG:3857]; the whole level where absent.

        Raises
        ------
        MissingVariableError
            If there is no such variable.
        OutOfBoundsError
            If level or time do not exist.
        """
        if not 0 <= level < len(self.levels):
            msg = f"the pyramid has levels 0 to {len(self.levels) - 1}, not {level}"
            raise OutOfBoundsError(msg, got=level)
        grid = self.levels[level]
        array = self._array(f"level_{level}/{name}")
        columns = _window(x_range, grid.left, grid.pixel, grid.width)
        rows = _window(y_range, grid.bottom, grid.pixel, grid.height)
        key: tuple[Any, ...] = (rows, columns)
        if array.ndim == 3:
            key = (self._time_index(time), rows, columns)
        values = np.asarray(array[key])
        coords = {"y": grid.y[rows], "x": grid.x[columns]}
        attrs = dict(array.attrs) | {"crs": CRS}
        return xr.DataArray(values, dims=("y", "x"), coords=coords, name=name, attrs=attrs)

    def read_series(self, name: str, longitude: float, latitude: float) -> xr.DataArray:
        """Return all times of the native pixel that holds a point, with its centre as coordinates.

        Raises
        ------
        OutOfBoundsError
            If the point lies outside the grid.
        """
        row = self._cell("y", latitude, "latitude")
        column = self._cell("x", longitude, "longitude")
        array = self._array(f"{NATIVE}/{name}")
        coords = {
            "y": float(self._axis(f"{NATIVE}/y")[row]),
            "x": float(self._axis(f"{NATIVE}/x")[column]),
        }
        attrs = dict(array.attrs)
        if array.ndim == 2:
            value = float(array[row, column])
            return xr.DataArray(value, coords=coords, name=name, attrs=attrs)
        values = np.asarray(array[:, row, column], dtype=np.float64)
        return xr.DataArray(
            values, dims="time", coords=coords | {"time": self.times}, name=name, attrs=attrs
        )

    def read_native(
        self,
        name: str,
        *,
        rows: slice[Any, Any, Any] = slice(None),
        columns: slice[Any, Any, Any] = slice(None),
    ) -> xr.DataArray:
        """Return a variable on its latitude-longitude grid, whole or a window of it."""
        array = self._array(f"{NATIVE}/{name}")
        window = {"y": rows, "x": columns}
        coords: dict[str, Any] = {d: self._axis(f"{NATIVE}/{d}")[w] for d, w in window.items()}
        dims: tuple[str, ...] = ("y", "x")
        if array.ndim == 3:
            dims, coords = ("time", "y", "x"), coords | {"time": self.times}
        attrs = dict(array.attrs)
        values = np.asarray(array[..., rows, columns], dtype=np.float64)
        return xr.DataArray(values, dims=dims, coords=coords, name=name, attrs=attrs)

    def _array(self, path: str) -> zarr.Array:
        """Return an array, opened once."""
        if path not in self._arrays:
            _, _, name = path.partition("/")
            if name not in (*self.variables, "time", "y", "x"):
                hint = did_you_mean(name, self.variables)
                msg = f"the pyramid has no variable {name!r}, only {self.variables}.{hint}"
                raise MissingVariableError(msg, variable=name)
            self._arrays[path] = self.root[path]
        return self._arrays[path]

    def _axis(self, path: str) -> FloatArray:
        """Return a coordinate, read once."""
        if path not in self._axes:
            self._axes[path] = np.asarray(self._array(path)[...])
        return self._axes[path]

    def _cell(self, axis: str, value: float, what: str) -> int:
        """Return the index of the native cell that holds a coordinate."""
        centres = self._axis(f"{NATIVE}/{axis}")
        step = (centres[-1] - centres[0]) / (centres.size - 1)
        index = math.floor((value - centres[0]) / step + 0.5) if math.isfinite(value) else -1
        if not 0 <= index < centres.size:
            low, high = centres[0] - step / 2, centres[-1] + step / 2
            msg = f"{what} {value:g} lies outside the product, {low:g} to {high:g} degrees"
            raise OutOfBoundsError(msg, got=value, lower=low, upper=high)
        return index

    def _time_index(self, time: int | None) -> int:
        """Return a checked index into the times."""
        count = self.times.size
        if time is None or not 0 <= time < count:
            msg = f"a time from 0 to {count - 1} is needed, got {time}"
            raise OutOfBoundsError(msg, got=time)
        return time


def open_pyramid(path: str | Path) -> Pyramid:
    """Open a store that :func:`write_pyramid` made.

    Raises
    ------
    UnsafeInputError, FileFormatError
        If it is no sound Zarr store, or none of this layout.
    """
    root = open_group(path)
    attrs = dict(root.attrs)
    if attrs.get("layout_version") != LAYOUT_VERSION:
        found = attrs.get("layout_version")
        msg = f"{path} is no pyramid of layout {LAYOUT_VERSION}: layout_version is {found!r}"
        raise FileFormatError(msg, path=str(path))
    grids = tuple(_read_grid(root[f"level_{n}"]) for n in range(int(str(attrs["levels"]))))
    return Pyramid(root=root, attrs=attrs, levels=grids)


def _read_grid(group: Any) -> MercatorGrid:
    """Return the grid of one level from its coordinates."""
    x, y = np.asarray(group["x"][...]), np.asarray(group["y"][...])
    pixel = float((x[-1] - x[0]) / (x.size - 1))
    left, bottom = float(x[0] - pixel / 2), float(y[0] - pixel / 2)
    return MercatorGrid(left=left, bottom=bottom, pixel=pixel, width=x.size, height=y.size)


def _window(
    wanted: tuple[float, float] | None, first: float, pixel: float, count: int
) -> slice[int, int, None]:
    """Return the pixels that cover a range and one more on either side."""
    if wanted is None:
        return slice(0, count)
    low, high = sorted(wanted)
    start = math.floor((low - first) / pixel) - 1
    stop = math.ceil((high - first) / pixel) + 1
    start = min(max(start, 0), count - 2)
    return slice(start, max(min(stop, count), start + 2))


def degrees_at(x: float, y: float) -> tuple[float, float]:
    """Return longitude and latitude of a point of the map [degrees]."""
    longitude, latitude = to_degrees(x, y)
    return float(longitude), float(latitude)
