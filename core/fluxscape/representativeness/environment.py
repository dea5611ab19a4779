"""The nation as points in an environmental space: climate, vegetation, terrain, and soil if given.

Every cell of the map is described by variables in blocks. Each variable is standardised over the
nation by area; each block is divided by the root of its number of variables, so that twelve months
of rain do not count twelve times as much as one elevation; principal components then keep nearly
all of the variance in few dimensions. After Hargrove and Hoffman 2004,
doi:10.1007/s00267-003-1084-0, whose multivariate clustering of ecoregions starts so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from fluxscape.contracts import provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.meteorology.point_climate import SamplesPoints
from fluxscape.towers import METRES_PER_DEGREE

Floats = NDArray[np.float64]
Places = NDArray[np.intp]

RESOLUTION: Final = 0.25
"""Side of a cell [degrees]."""

COARSEST: Final = 5.0
"""Largest side of a cell [degrees]."""

FINE: Final = 0.05
"""Spacing of the points that a cell is judged by [degrees]: that of the land-cover map."""

MINIMUM_LAND: Final = 0.2
"""Least share of land in a cell [1]."""

EXTENT: Final = (70.0, 15.0, 140.0, 55.0)
"""West, south, east, north of the embedded maps [degrees]; what lies beyond is left out (islets of
the South China Sea)."""

WATER: Final = 0

BLOCKS: Final[Mapping[str, float]] = {
    "temperature": 1.0,
    "rain": 1.0,
    "irradiance": 1.0,
    "vapour": 1.0,
    "vegetation": 2.0,
    "terrain": 1.0,
    "soil": 1.0,
}
"""Weight of each block of variables; assumed."""

KEPT_VARIANCE: Final = 0.99
"""Share of the variance that the principal components keep."""

_CLASSES: Final = ("land_cover", "climate_zone")


class ClimateMaps(SamplesPoints, Protocol):
    """What this needs of :class:`fluxscape.io.climatology.Climatology`."""


@dataclass(frozen=True, eq=False)
class EnvironmentalSpace:
    """Cells of land as points in a space in which distance means unlike environments.

    Attributes
    ----------
    scores
        Principal components (cell, component). The mean squared distance of cells from their
        centre, by area, is 1.
    explained
        Share of the variance that each component explains.
    blocks
        Variables of each block, in order.
    rows, columns
        Place of each cell in the grid.
    """

    scores: Floats
    explained: Floats
    blocks: dict[str, tuple[str, ...]]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]


def national_environment(
    climatology: ClimateMaps,
    outline: shapely.Geometry,
    *,
    resolution: float = RESOLUTION,
    extra: Mapping[str, xr.DataArray] | None = None,
) -> xr.Dataset:
    """Return the environment of every cell of a nation.

    Parameters
    ----------
    climatology
        From :func:`fluxscape.io.climatology.read_climatology`.
    outline
        Area of the nation [degrees].
    resolution
        Side of a cell [degrees], a whole multiple of 0.05 up to 5.
    extra
        Further maps over ``latitude`` and ``longitude`` or ``y`` and ``x`` [degrees], such as soil
        properties or gross primary production, taken at the cell's centre. Those whose name begins
        with ``soil`` count in the environmental space.

    Returns
    -------
    xarray.Dataset
        Over (y, x), NaN outside: monthly and single variables, those with ``block`` in their
        attributes span the space; ``land_area`` [m2], ``land_cover`` (commonest class but water)
        and ``climate_zone`` (commonest).

    Raises
    ------
    DimsError
        If the resolution is no multiple of 0.05 degrees, or above 5.
    OutOfBoundsError
        If the outline holds no land, or lies outside the climatology.
    """
    factor = round(resolution / FINE) if FINE <= resolution <= COARSEST else 0
    if factor < 1 or abs(factor * FINE - resolution) > 1e-9:
        msg = (
            f"the resolution must be a whole multiple of {FINE:g} degrees up to {COARSEST:g}, got "
            f"{resolution:g}"
        )
        raise DimsError(msg, got=resolution)
    bounds = np.array(outline.bounds)
    west, south = np.maximum(bounds[:2], EXTENT[:2])
    east, north = np.minimum(bounds[2:], EXTENT[2:])
    if not (west < east and south < north):
        msg = f"the outline, {bounds.tolist()}, lies outside the embedded maps, {EXTENT}"
        raise OutOfBoundsError(msg, got=bounds.tolist(), wanted=EXTENT)
    y = (np.arange(np.floor(south / resolution), np.ceil(north / resolution)) + 0.5) * resolution
    x = (np.arange(np.floor(west / resolution), np.ceil(east / resolution)) + 0.5) * resolution
    fine = _fine_points(outline, y, x, factor)
    land, cover = _cover(climatology, fine)
    used = land >= MINIMUM_LAND
    if not used.any():
        msg = "no cell has land inside the outline"
        raise OutOfBoundsError(msg)
    rows, columns = np.nonzero(used)
    variables = _vegetation_and_terrain(climatology, fine, used)
    variables |= _climate(climatology, y[rows], x[columns])
    for name, values in (extra or {}).items():
        block = "soil" if name.startswith("soil") else ""
        units = str(values.attrs.get("units", "1"))
        variables[name] = (_nearest(values, y[rows], x[columns]), units, block)
    data: dict[str, Any] = {
        name: _mapped(values, used, units, block)
        for name, (values, units, block) in variables.items()
    }
    area = land[used] * _cell_areas(y, resolution)[rows]
    data["land_area"] = _mapped(area, used, "m2", "")
    data["land_cover"] = _mapped(cover[used], used, "1", "")
    coords = {"y": y.round(6), "x": x.round(6)}
    return xr.Dataset(
        data,
        coords=coords,
        attrs=provenance(
            status="mixed",
            source="embedded maps of climate, vegetation and terrain inside the nation's outline",
            parameters={"resolution": resolution, "minimum_land": MINIMUM_LAND},
        ),
    )


def environmental_space(
    environment: xr.Dataset,
    *,
    blocks: Mapping[str, float] | None = None,
    kept: float = KEPT_VARIANCE,
) -> EnvironmentalSpace:
    """Return the environmental space of a nation.

    Parameters
    ----------
    environment
        As :func:`national_environment` returns it; variables with a ``block`` count.
    blocks
        Weight of each block, :data:`BLOCKS` by default; 0 leaves a block out.
    kept
        Share of the variance that the components keep, in (0, 1].

    Raises
    ------
    MissingVariableError
        If no variable belongs to a block of positive weight, or a weight names no block.
    OutOfBoundsError
        If ``kept`` is no share or a weight is negative.
    """
    weights = dict(BLOCKS if blocks is None else blocks)
    if not 0.0 < kept <= 1.0 or any(not 0.0 <= weight < np.inf for weight in weights.values()):
        msg = f"kept must be a share and weights not negative, got {kept!r} and {weights}"
        raise OutOfBoundsError(msg, kept=kept)
    unknown = sorted(set(weights) - set(BLOCKS))
    if unknown:
        msg = f"there is no block {unknown[0]!r}; known are {', '.join(BLOCKS)}"
        raise MissingVariableError(msg, block=unknown[0])
    area = environment["land_area"].to_numpy()
    rows, columns = np.nonzero(np.isfinite(area))
    share = area[rows, columns] / area[rows, columns].sum()
    parts, members = [], {}
    for block, weight in weights.items():
        names = tuple(str(n) for n, v in environment.items() if v.attrs.get("block") == block)
        if not names or weight == 0.0:
            continue
        table = np.concatenate([_columns(environment[n], rows, columns) for n in names], axis=1)
        parts.append(_standardised(table, share) * np.sqrt(weight / table.shape[1]))
        members[block] = names
    if not parts:
        msg = "the environment has no variable in a block of positive weight"
        raise MissingVariableError(msg)
    scores, explained = _components(np.concatenate(parts, axis=1), share, kept)
    scale = np.sqrt(float(share @ (scores**2).sum(axis=1)))
    return EnvironmentalSpace(scores / scale, explained, members, rows, columns)


def _fine_points(
    outline: shapely.Geometry, y: Floats, x: Floats, factor: int
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return latitudes, longitudes and whether inside, each (row, column, member)."""
    offset = (np.arange(factor) - (factor - 1) / 2) * FINE
    shape = (y.size, x.size, factor, factor)
    latitude = np.broadcast_to(y[:, None, None, None] + offset[:, None], shape)
    longitude = np.broadcast_to(x[None, :, None, None] + offset, shape)
    members = (y.size, x.size, factor * factor)
    latitude, longitude = latitude.reshape(members), longitude.reshape(members)
    shapely.prepare(outline)
    inside = np.asarray(shapely.contains_xy(outline, longitude, latitude), dtype=bool)
    return latitude, longitude, inside


def _cover(
    climatology: ClimateMaps, fine: tuple[Floats, Floats, NDArray[np.bool_]]
) -> tuple[Floats, Floats]:
    """Return the share of land in every cell and its commonest class but water."""
    latitude, longitude, inside = fine
    classes = np.full(inside.shape, float(WATER))
    sampled = climatology.values(latitude[inside], longitude[inside], ("land_cover",))
    classes[inside] = np.nan_to_num(sampled["land_cover"])
    land = (classes != WATER).mean(axis=-1)
    return land, _commonest(np.where(classes == WATER, np.nan, classes))


def _commonest(values: Floats) -> Floats:
    """Return the commonest value along the last axis, the smallest of equals; NaN if none."""
    numbers = np.unique(values[np.isfinite(values)])
    if not numbers.size:
        return np.full(values.shape[:-1], np.nan)
    counts = np.stack([(values == number).sum(axis=-1) for number in numbers])
    return np.where(counts.max(axis=0) > 0, numbers[counts.argmax(axis=0)], np.nan)


def _vegetation_and_terrain(
    climatology: ClimateMaps,
    fine: tuple[Floats, Floats, NDArray[np.bool_]],
    used: NDArray[np.bool_],
) -> dict[str, tuple[Floats, str, str]]:
    latitude, longitude, inside = (part[used] for part in fine)
    names = ("ndvi_minimum", "ndvi_maximum", "elevation", "climate_zone")
    layers = climatology.values(latitude[inside], longitude[inside], names)
    maps = {}
    for name in names:
        maps[name] = np.full(inside.shape, np.nan)
        maps[name][inside] = layers[name]
    height = maps["elevation"]
    return {
        "ndvi_minimum": (_mean(maps["ndvi_minimum"]), "1", "vegetation"),
        "ndvi_maximum": (_mean(maps["ndvi_maximum"]), "1", "vegetation"),
        "elevation": (_mean(height), "m", "terrain"),
        # Heights spread over orders of magnitude: ten metres matter in a plain, not in mountains.
        "log_relief": (np.log(_spread(height) + 10.0), "1", "terrain"),
        "climate_zone": (_commonest(maps["climate_zone"]), "1", ""),
    }


def _mean(members: Floats) -> Floats:
    """Return the mean over members that have a value, 0 where none has one."""
    found = np.isfinite(members)
    total = np.where(found, members, 0.0).sum(axis=-1)
    return np.asarray(total / np.maximum(found.sum(axis=-1), 1))


def _spread(members: Floats) -> Floats:
    """Return the standard deviation over members that have a value."""
    return np.sqrt(np.maximum(_mean(members**2) - _mean(members) ** 2, 0.0))


def _climate(
    climatology: ClimateMaps, latitude: Floats, longitude: Floats
) -> dict[str, tuple[Floats, str, str]]:
    names = (
        "air_temperature",
        "precipitation",
        "irradiance_mean",
        "water_vapour_density",
        "c4_fraction",
    )
    layers = climatology.values(latitude, longitude, names)
    return {
        "air_temperature": (layers["air_temperature"], "K", "temperature"),
        # Rain is skewed: 10 mm more matter in a desert, not in a rain forest.
        "log_precipitation": (
            np.log(np.maximum(layers["precipitation"], 0.0) + 10.0),
            "1",
            "rain",
        ),
        "irradiance_mean": (layers["irradiance_mean"], "W m-2", "irradiance"),
        "water_vapour_density": (layers["water_vapour_density"], "g m-3", "vapour"),
        "c4_fraction": (layers["c4_fraction"], "1", "vegetation"),
    }


def _nearest(values: xr.DataArray, latitude: Floats, longitude: Floats) -> Floats:
    """Return a map's values at points; NaN outside it."""
    dims = ("latitude", "longitude") if "latitude" in values.dims else ("y", "x")
    places, inside = [], np.ones(latitude.shape, dtype=bool)
    for dim, wanted in zip(dims, (latitude, longitude), strict=True):
        axis = values[dim].to_numpy().astype(np.float64)
        place = (wanted - axis[0]) / ((axis[-1] - axis[0]) / (axis.size - 1))
        inside &= (place >= -0.5) & (place <= axis.size - 0.5)
        places.append(np.clip(np.rint(place).astype(np.intp), 0, axis.size - 1))
    found = values.transpose(*dims).to_numpy()[places[0], places[1]]
    return np.where(inside, found, np.nan)


def _cell_areas(latitude: Floats, resolution: float) -> Floats:
    """Return the area of cells by row [m2] on a sphere of 6371 km."""
    half = np.radians(resolution / 2.0)
    radius = np.degrees(METRES_PER_DEGREE)
    band = 2.0 * np.sin(half) * np.cos(np.radians(latitude))
    return np.asarray(radius**2 * np.radians(resolution) * band)


def _mapped(values: Floats, used: NDArray[np.bool_], units: str, block: str) -> Any:
    """Return values of used cells on the grid, with their months first."""
    grid = np.full((*used.shape, *values.shape[1:]), np.nan)
    grid[used] = values
    attrs = {"units": units} | ({"block": block} if block else {})
    if grid.ndim == 2:
        return (("y", "x"), grid, attrs)
    dim = {12: "month", 3: "quantile"}[grid.shape[2]]
    return ((dim, "y", "x"), np.moveaxis(grid, 2, 0), attrs)


def _columns(array: xr.DataArray, rows: Places, columns: Places) -> Floats:
    """Return a variable as a table (cell, month); what is missing gets the mean."""
    values = array.to_numpy()[..., rows, columns].reshape(-1, rows.size).T
    with np.errstate(invalid="ignore"):
        centre = np.nanmean(values, axis=0)
    return np.where(np.isfinite(values), values, centre)


def _standardised(table: Floats, share: Floats) -> Floats:
    """Return columns with area mean 0 and variance 1; constant ones become 0."""
    centred = table - share @ table
    deviation = np.sqrt(share @ centred**2)
    # Rounding leaves a constant column a spread of its last digits.
    constant = deviation <= 1e-9 * np.maximum(np.abs(table).max(axis=0), 1.0)
    return np.asarray(np.where(constant, 0.0, centred / np.where(constant, 1.0, deviation)))


def _components(table: Floats, share: Floats, kept: float) -> tuple[Floats, Floats]:
    """Return principal components by area and the share of variance that each explains."""
    values, vectors = np.linalg.eigh((table * share[:, np.newaxis]).T @ table)
    values, vectors = np.maximum(values[::-1], 0.0), vectors[:, ::-1]
    total = float(values.sum())
    if total == 0.0:
        msg = "all cells have the same environment"
        raise OutOfBoundsError(msg)
    explained = values / total
    count = int(np.searchsorted(np.cumsum(explained), kept - 1e-12)) + 1
    count = min(count, int((explained > 1e-12).sum()))
    return table @ vectors[:, :count], explained[:count]
