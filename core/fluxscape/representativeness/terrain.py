"""The ground under the footprint: slope, aspect, height above its surroundings, by wind sector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.representativeness._fourier import moving_sums
from fluxscape.representativeness.areas import coverage
from fluxscape.representativeness.frame import (
    Floats,
    Lattice,
    Located,
    Weights,
    footprint_weights,
    place_of,
    truncated,
)
from fluxscape.representativeness.limits import Limits
from fluxscape.representativeness.regrid import Field, field_on, pixel_size

SECTORS: Final = 8
"""Sectors of the compass, the first centred on north."""

FINEST: Final = 10.0
"""Smallest cell [m] on which slopes are taken: finer ones show errors of the heights."""


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """The ground in a footprint; every mean is weighted by the footprint.

    Attributes
    ----------
    elevation, tower_elevation
        Footprint's mean and the tower's cell [m].
    height
        Mean height above the surroundings, a disc of ``Limits.surroundings`` about each cell [m].
    tower_height
        The same of the tower's cell [m].
    slope, steepest
        Mean slope and the steepest in the source area [degree].
    aspect, aspect_strength
        Mean direction that the slopes face [degree clockwise from north] and how much they agree,
        0 to 1.
    steep_share, apart_share, beyond_share
        Share of the footprint on ground steeper than ``Limits.slope``, higher or lower than the
        tower's by more than ``Limits.height``, and either.
    valid_share
        Share of the gridded footprint on ground of known slope.
    sectors
        ``share`` of the footprint and ``beyond_share`` of it upwind in each ``sector``, named by
        the azimuth of its middle [degree].
    """

    elevation: float
    tower_elevation: float
    height: float
    tower_height: float
    slope: float
    steepest: float
    aspect: float
    aspect_strength: float
    steep_share: float
    apart_share: float
    beyond_share: float
    valid_share: float
    sectors: xr.Dataset

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers; the sectors as lists."""
        names = [name for name in self.__slots__ if name != "sectors"]
        facts: dict[str, Any] = {name: getattr(self, name) for name in names}
        return facts | {
            f"sector_{name}": self.sectors[name].to_numpy().tolist()
            for name in self.sectors.variables
        }


def slope_aspect(elevation: Floats, step: float) -> tuple[Floats, Floats]:
    """Return slope and aspect [degree] by the method of Horn 1981, NaN on the rim and at gaps.

    Parameters
    ----------
    elevation
        Heights [m] (y, x), rows from south to north.
    step
        Width of a cell [m].

    Returns
    -------
    tuple
        Slope from 0 to 90, and aspect: the direction that the slope faces, clockwise from north;
        NaN where the ground is level.

    References
    ----------
    Horn 1981, doi:10.1109/PROC.1981.11918, p. 18: differences over three rows or columns weighted
    1, 2, 1.
    """
    slope = np.full(elevation.shape, np.nan)
    aspect = np.full(elevation.shape, np.nan)
    z = elevation
    west = z[:-2, :-2] + 2.0 * z[1:-1, :-2] + z[2:, :-2]
    east = z[:-2, 2:] + 2.0 * z[1:-1, 2:] + z[2:, 2:]
    south = z[:-2, :-2] + 2.0 * z[:-2, 1:-1] + z[:-2, 2:]
    north = z[2:, :-2] + 2.0 * z[2:, 1:-1] + z[2:, 2:]
    # A gap in the middle cell does not enter the differences, but nothing is known there.
    hole = np.where(np.isfinite(z[1:-1, 1:-1]), 0.0, np.nan)
    to_east = (east - west) / (8.0 * step) + hole
    to_north = (north - south) / (8.0 * step) + hole
    steepness = np.hypot(to_east, to_north)
    slope[1:-1, 1:-1] = np.degrees(np.arctan(steepness))
    facing = np.degrees(np.arctan2(-to_east, -to_north)) % 360.0
    aspect[1:-1, 1:-1] = np.where(steepness > 0.0, facing, np.nan)
    return slope, aspect


def describe_terrain(
    climatology: xr.Dataset,
    elevation: xr.DataArray,
    tower: Located | None = None,
    *,
    limits: Limits | None = None,
) -> Terrain:
    """Return slope, aspect and height above the surroundings within a footprint.

    The footprint lies upwind of the tower, so that its shares are shares upwind, weighted by how
    much each place counts; ``sectors`` tells them by direction.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    elevation
        Heights (y, x) [m], NaN where missing; attribute ``crs``.
    tower
        Position; by default the climatology's attributes.
    limits
        Of slope, height and surroundings.

    Raises
    ------
    DimsError, FileFormatError, OutOfBoundsError
        As :func:`fluxscape.representativeness.regrid.to_footprint_grid`.
    """
    rules = limits if limits is not None else Limits()
    weights, place = footprint_weights(climatology), place_of(tower, climatology)
    step = max(pixel_size(elevation, place), FINEST)
    lattice = Lattice.around(weights.grid.reach + rules.surroundings, step)
    named = elevation if elevation.name else elevation.rename("elevation")
    return terrain_of(field_on(named, lattice, place), weights.on(lattice), rules)


def terrain_of(field: Field, weights: Weights, limits: Limits) -> Terrain:
    """Return the terrain from heights and a footprint on one lattice."""
    grid = field.grid
    heights = np.where(field.valid > 0.0, field.value, np.nan)
    slope, aspect = slope_aspect(heights, grid.resolution)
    above = _above_surroundings(field, limits.surroundings)
    middle = np.unravel_index(int(np.argmin(np.hypot(*np.meshgrid(grid.x, grid.y)))), grid.shape)
    known = np.isfinite(slope) & np.isfinite(above)
    share = np.where(known, weights.share, 0.0)
    total = float(share.sum())
    valid = total / weights.captured
    counted = share / total if total > 0.0 and valid >= limits.least_valid else share * np.nan
    ground = float(heights[middle])
    steep = slope > limits.slope
    apart = np.abs(heights - ground) > limits.height
    facing = _mean_direction(aspect, counted)
    return Terrain(
        elevation=_mean(heights, counted),
        tower_elevation=ground,
        height=_mean(above, counted),
        tower_height=float(above[middle]),
        slope=_mean(slope, counted),
        steepest=_steepest(slope, weights, limits),
        aspect=facing[0],
        aspect_strength=facing[1],
        steep_share=_mean(steep, counted),
        apart_share=_mean(apart, counted),
        beyond_share=_mean(steep | apart, counted),
        valid_share=valid,
        sectors=_by_sector(grid, counted, steep | apart),
    )


def _mean(values: Any, counted: Floats) -> float:
    """Return the weighted mean; weights are zero where values are unknown."""
    return float((np.nan_to_num(np.asarray(values, dtype=np.float64)) * counted).sum())


def _steepest(slope: Floats, weights: Weights, limits: Limits) -> float:
    inside = slope[truncated(weights, limits.source_area).share > 0.0]
    return float(np.nanmax(inside)) if np.isfinite(inside).any() else math.nan


def _above_surroundings(field: Field, radius: float) -> Floats:
    """Return the height of each cell above the mean of a disc about it [m]."""
    disc = coverage(Lattice.around(radius, field.grid.resolution), "disc", radius)
    held = field.valid > 0.0
    middle = float(field.value[held].mean()) if held.any() else 0.0
    mass = (field.value - middle) * field.valid
    [(total, share)] = moving_sums((mass, field.valid), (disc,))
    known = held & (share > 0.5)
    mean = total / np.where(known, share, 1.0)
    return np.where(known, field.value - middle - mean, np.nan)


def _mean_direction(aspect: Floats, counted: Floats) -> tuple[float, float]:
    """Return the weighted mean direction [degree] and the length of the mean vector."""
    turn = np.radians(aspect)
    east, north = _mean(np.sin(turn), counted), _mean(np.cos(turn), counted)
    strength = math.hypot(east, north)
    if not strength > 1e-12:
        return math.nan, 0.0 if math.isfinite(strength) else math.nan
    return math.degrees(math.atan2(east, north)) % 360.0, strength


def _by_sector(grid: Lattice, counted: Floats, beyond: Any) -> xr.Dataset:
    """Return shares of the footprint by direction from the tower."""
    x, y = np.meshgrid(grid.x, grid.y)
    azimuth = np.degrees(np.arctan2(x, y)) % 360.0
    width = 360.0 / SECTORS
    number = np.floor((azimuth + 0.5 * width) / width).astype(np.int64) % SECTORS
    share = np.bincount(number.ravel(), counted.ravel(), SECTORS)
    far = np.bincount(number.ravel(), (counted * beyond).ravel(), SECTORS)
    with np.errstate(invalid="ignore", divide="ignore"):
        inside = far / share
    return xr.Dataset(
        {
            "share": ("sector", share, {"units": "1"}),
            "beyond_share": ("sector", inside, {"units": "1"}),
        },
        coords={"sector": ("sector", np.arange(SECTORS) * width, {"units": "degree"})},
    )
