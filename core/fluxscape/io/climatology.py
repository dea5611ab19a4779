"""The embedded climatology of China: real vegetation, terrain and monthly climate on a map.

The layers stand in ``assets/china`` as GeoTIFFs on grids of their own, 0.0083 to 3 degrees, for 70
to 140 E and 15 to 55 N; what each is and where it comes from is told in its tags and in
``assets/ATTRIBUTION.md``. They are long-term means: no layer knows single years.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from fluxscape.assets import asset
from fluxscape.errors import (
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
    did_you_mean,
)
from fluxscape.io._grid_sampling import Grid
from fluxscape.io.guards import open_raster

Floats = NDArray[np.float64]

LAYERS: Final = (
    "air_temperature",
    "c4_fraction",
    "climate_zone",
    "elevation",
    "fapar_maximum",
    "irradiance_mean",
    "irradiance_quantiles",
    "irradiance_std",
    "land_cover",
    "linke_turbidity",
    "ndvi_maximum",
    "ndvi_minimum",
    "peak_vcmax_c3",
    "peak_vcmax_c4",
    "precipitation",
    "water_vapour_density",
)
"""Names of the embedded layers."""

COAST_REACH: Final = 2.0
"""How far from a point without a value the nearest one may lie [degree], at least two cells."""


@dataclass(frozen=True)
class Layer:
    """One layer: what it is, and its stored values.

    Attributes
    ----------
    name, units, long_name, source
        As in ``assets/ATTRIBUTION.md``.
    categorical
        Whether values are class numbers, named in ``classes``.
    interpolated
        Whether values between cells are bilinear; otherwise a point has its cell's value.
    dims
        Dimensions before latitude and longitude: none, ``("month",)`` or
        ``("month", "quantile")``.
    coords
        Their coordinates: months 1 to 12, quantiles 0 to 1.
    classes
        Names of classes by number.
    grid
        Stored values, (..., latitude, longitude), north first, as whole numbers.
    """

    name: str
    units: str
    long_name: str
    source: str
    categorical: bool
    interpolated: bool
    dims: tuple[str, ...]
    coords: dict[str, Floats]
    classes: dict[int, str]
    grid: Grid = field(repr=False)

    def attrs(self) -> dict[str, str]:
        """Return the attributes of arrays of this layer."""
        return {"units": self.units, "long_name": self.long_name, "source": self.source}

    def array(self) -> xr.DataArray:
        """Return the whole layer with latitude and longitude increasing, float32, NaN if missing.

        Returns
        -------
        xarray.DataArray
            (..., latitude, longitude) in :attr:`units`.
        """
        grid = self.grid
        height, width = grid.values.shape[-2:]
        stored = grid.values[..., ::-1, :]
        values = stored.astype(np.float32) * np.float32(grid.scale) + np.float32(grid.offset)
        values[stored == grid.missing] = np.nan
        latitude = grid.y_first + grid.y_step * np.arange(height)[::-1]
        longitude = grid.x_first + grid.x_step * np.arange(width)
        return xr.DataArray(
            values,
            dims=(*self.dims, "latitude", "longitude"),
            coords=self.coords | {"latitude": latitude, "longitude": longitude},
            name=self.name,
            attrs=self.attrs() | {"crs": "EPSG:4326"},
        )


@dataclass(frozen=True)
class Climatology:
    """The layers of one folder; each is read from its file when it is first needed.

    Attributes
    ----------
    folder
        Where the GeoTIFFs stand.
    """

    folder: Path
    _read: dict[str, Layer] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the layers."""
        return LAYERS

    def layer(self, name: str) -> Layer:
        """Return one layer.

        Raises
        ------
        MissingVariableError
            If there is none of that name; proposes the nearest one.
        """
        if name not in LAYERS:
            msg = f"the climatology has no layer {name!r}.{did_you_mean(name, LAYERS)}"
            raise MissingVariableError(msg, layer=name)
        if name not in self._read:
            self._read[name] = _read_layer(self.folder / f"{name}.tif")
        return self._read[name]

    def __getitem__(self, name: str) -> xr.DataArray:
        """Return one whole layer; see :meth:`Layer.array`."""
        return self.layer(name).array()

    def values(
        self, latitude: ArrayLike, longitude: ArrayLike, names: Iterable[str] | None = None
    ) -> dict[str, Floats]:
        """Return layers at points as plain arrays, which is faster than :meth:`sample`.

        Parameters
        ----------
        latitude, longitude
            Positions [degree], WGS 84, of any common shape.
        names
            Layers; by default all.

        Returns
        -------
        dict
            By layer, (..., month, quantile) behind the shape of the points. A point without a
            value, such as a mangrove in a cell of sea, has that of the nearest cell with one
            within 2 degrees or two cells; NaN if there is none.

        Raises
        ------
        OutOfBoundsError
            If a point lies outside the climatology; names it.
        MissingVariableError
            If there is no such layer.
        """
        north, east = np.broadcast_arrays(
            np.asarray(latitude, dtype=float), np.asarray(longitude, dtype=float)
        )
        return {
            name: _at_points(self.layer(name), north, east)
            for name in (LAYERS if names is None else names)
        }

    def sample(
        self, latitude: ArrayLike, longitude: ArrayLike, names: Iterable[str] | None = None
    ) -> xr.Dataset:
        """Return layers at points, labelled; parameters and errors as :meth:`values`.

        Returns
        -------
        xarray.Dataset
            One variable a layer with its units; without a dimension for a single point, with
            ``point`` for a row of points; then ``month`` and ``quantile``.
        """
        north, east = np.broadcast_arrays(
            np.asarray(latitude, dtype=float), np.asarray(longitude, dtype=float)
        )
        if north.ndim > 1:
            msg = f"wanted one point or a row of points, got an array of shape {north.shape}"
            raise OutOfBoundsError(msg, got=north.shape)
        places = ("point",) * north.ndim
        data: dict[str, Any] = {}
        coords: dict[str, Any] = {"latitude": (places, north), "longitude": (places, east)}
        for name, values in self.values(north, east, names).items():
            layer = self.layer(name)
            data[name] = ((*places, *layer.dims), values, layer.attrs())
            coords |= layer.coords
        return xr.Dataset(data, coords=coords, attrs={"source": "embedded climatology of China"})


@cache
def read_climatology() -> Climatology:
    """Return the embedded climatology; layers are read when they are first used."""
    return Climatology(asset("china"))


def annual_co2(year: int) -> float:
    """Return the annual global mean of carbon dioxide in dry air [umol mol-1].

    Raises
    ------
    OutOfBoundsError
        If the shipped table does not reach that year.
    """
    table = _co2_table()
    if year not in table:
        msg = f"carbon dioxide is known for {min(table)} to {max(table)}, not for {year}"
        raise OutOfBoundsError(msg, got=year)
    return table[year]


@cache
def _co2_table() -> dict[int, float]:
    path = asset("china/co2_annual.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return {int(row["year"]): float(row["co2_ppm"]) for row in csv.DictReader(file)}


def _read_layer(path: Path) -> Layer:
    with open_raster(path) as raster:
        if raster.crs is None or raster.crs.to_epsg() != 4326:
            msg = f"{path.name}: a layer of the climatology must be in EPSG:4326, got {raster.crs}"
            raise FileFormatError(msg, file=path.name)
        tags = raster.tags()
        transform = raster.transform
        dims, coords = _band_axes(tags, raster.count, path.name)
        stored = raster.read()
        shape = tuple(coord.size for coord in coords.values())
        return Layer(
            name=path.stem,
            units=tags.get("units", "1"),
            long_name=tags.get("long_name", path.stem),
            source=tags.get("source", ""),
            categorical=tags.get("kind") == "categorical",
            interpolated=tags.get("interpolation") == "bilinear",
            dims=dims,
            coords=coords,
            classes=_classes(tags),
            grid=Grid(
                stored.reshape(*shape, *stored.shape[-2:]),
                x_first=transform.c + transform.a / 2,
                y_first=transform.f + transform.e / 2,
                x_step=transform.a,
                y_step=transform.e,
                missing=np.nan if raster.nodata is None else raster.nodata,
                scale=raster.scales[0],
                offset=raster.offsets[0],
            ),
        )


def _band_axes(
    tags: dict[str, str], count: int, name: str
) -> tuple[tuple[str, ...], dict[str, Floats]]:
    """Return dimensions and coordinates of the bands from the tag ``band_axes``."""
    axes = json.loads(tags.get("band_axes", "{}"))
    coords = {str(dim): np.asarray(values, dtype=float) for dim, values in axes.items()}
    if int(np.prod([coord.size for coord in coords.values()] or [1])) != count:
        msg = f"{name}: its tag band_axes describes other than its {count} bands: {axes}"
        raise FileFormatError(msg, file=name, got=axes)
    return tuple(coords), coords


def _classes(tags: dict[str, str]) -> dict[int, str]:
    if "flag_values" not in tags:
        return {}
    numbers = (int(value) for value in tags["flag_values"].split(","))
    return dict(zip(numbers, tags["flag_meanings"].split("|"), strict=True))


def _at_points(layer: Layer, north: Floats, east: Floats) -> Floats:
    grid = layer.grid
    y, x = north.ravel(), east.ravel()
    outside = ~grid.covers(x, y)
    if outside.any():
        first = int(np.argmax(outside))
        height, width = grid.values.shape[-2:]
        msg = (
            f"{y[first]:g} N, {x[first]:g} E lies outside the embedded climatology, which has "
            f"{layer.name} from {grid.x_first - grid.x_step / 2:g} to "
            f"{grid.x_first + (width - 0.5) * grid.x_step:g} E and "
            f"{grid.y_first + (height - 0.5) * grid.y_step:g} to "
            f"{grid.y_first - grid.y_step / 2:g} N"
        )
        raise OutOfBoundsError(msg, latitude=float(y[first]), longitude=float(x[first]))
    reach = max(round(COAST_REACH / grid.x_step), 2)
    values = grid.sample(x, y, method="bilinear" if layer.interpolated else "nearest", reach=reach)
    # (month, quantile, point) to (point, month, quantile)
    return np.moveaxis(values, -1, 0).reshape((*north.shape, *values.shape[:-1]))
