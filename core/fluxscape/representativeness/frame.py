"""Where a footprint lies and how its cells share the cells of another lattice.

Footprints live in metres east and north of their tower, in the frame of
:func:`fluxscape.footprint.vector.local_crs`. So does every lattice here: the footprint's own cells,
a fixed lattice of 30 m, or cells as wide as a raster's pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

Floats = NDArray[np.float64]

LATTICE_STEP: Final = 30.0
"""Cell of the fixed lattice [m], that of the Landsat classes of Chu et al. 2021."""


class Located(Protocol):
    """Anything with a position, such as :class:`fluxscape.towers.Tower`."""

    @property
    def latitude(self) -> float:
        """Degrees north."""

    @property
    def longitude(self) -> float:
        """Degrees east."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position on Earth, WGS 84 [degree]."""

    latitude: float
    longitude: float


def place_of(tower: Located | None, climatology: xr.Dataset) -> Place:
    """Return the tower's position, or that which the climatology carries.

    Raises
    ------
    MissingVariableError
        If neither tells it.
    """
    source: Any = tower if tower is not None else Place(*_attribute_position(climatology))
    place = Place(float(source.latitude), float(source.longitude))
    if not (math.isfinite(place.latitude) and math.isfinite(place.longitude)):
        msg = "the tower's position is unknown: give its latitude and longitude in degrees"
        raise MissingVariableError(msg, latitude=place.latitude, longitude=place.longitude)
    return place


def _attribute_position(climatology: xr.Dataset) -> tuple[float, float]:
    missing = float("nan")
    attrs = climatology.attrs
    return float(attrs.get("latitude", missing)), float(attrs.get("longitude", missing))


@dataclass(frozen=True, slots=True, eq=False)
class Lattice:
    """Square cells around a tower.

    Attributes
    ----------
    x, y
        Centres, metres east and north of the tower, rising.
    resolution
        Width of a cell [m].
    """

    x: Floats
    y: Floats
    resolution: float

    @classmethod
    def around(cls, extent: float, resolution: float) -> Self:
        """Return the lattice with the tower at a centre that reaches ``extent`` [m] or more."""
        reach = math.ceil(extent / resolution - 0.5 - 1e-9)
        axis = np.arange(-reach, reach + 1, dtype=np.float64) * float(resolution)
        return cls(axis, axis.copy(), float(resolution))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.y.size, self.x.size

    @property
    def reach(self) -> float:
        """Distance from the tower to the farthest edge [m]."""
        far = max(abs(float(end)) for axis in (self.x, self.y) for end in axis[[0, -1]])
        return far + 0.5 * self.resolution

    def coords(self) -> dict[str, Any]:
        """Return labelled axes."""
        return {
            "y": ("y", self.y, {"units": "m", "long_name": "distance north of the tower"}),
            "x": ("x", self.x, {"units": "m", "long_name": "distance east of the tower"}),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Shares of the flux by cell.

    Attributes
    ----------
    grid
        The cells.
    share
        Share of all flux that arises in each cell (y, x); the sum is what the grid captures.
    """

    grid: Lattice
    share: Floats

    @property
    def captured(self) -> float:
        """Share of the flux that the grid captures."""
        return float(self.share.sum())

    @property
    def relative(self) -> Floats:
        """Shares of what the grid captures: they sum to 1."""
        return np.asarray(self.share / self.share.sum())

    def on(self, grid: Lattice) -> Weights:
        """Return the same flux on the cells of another grid, shared out by area."""
        columns = overlap(edges(self.grid.x, self.grid.resolution), edges(grid.x, grid.resolution))
        rows = overlap(edges(self.grid.y, self.grid.resolution), edges(grid.y, grid.resolution))
        return Weights(grid, np.asarray(rows @ self.share @ columns.T))


def footprint_weights(climatology: xr.Dataset) -> Weights:
    """Check a climatology and return its shares by cell.

    Raises
    ------
    MissingVariableError, DimsError, OutOfBoundsError
        If it holds no footprint (y, x) of finite densities >= 0 on an even square grid, or none
        is above zero.
    """
    if "footprint" not in climatology:
        found = [str(name) for name in climatology.data_vars]
        msg = f"a climatology needs the variable 'footprint'; found {found}"
        raise MissingVariableError(msg)
    footprint = climatology["footprint"]
    if footprint.dims != ("y", "x"):
        msg = f"the footprint has dimensions {footprint.dims}, wanted ('y', 'x')"
        raise DimsError(msg, got=footprint.dims)
    return Weights(grid_of(footprint), _shares(footprint))


def grid_of(array: xr.DataArray | xr.Dataset) -> Lattice:
    """Return the lattice of an array whose axes are metres from the tower.

    Raises
    ------
    DimsError
        If the axes are no even lattice of square cells in rising order.
    """
    steps = []
    for dim in ("x", "y"):
        if dim not in array.coords or array.sizes[dim] < 2:
            msg = f"axis {dim!r} is missing or has fewer than two cells"
            raise DimsError(msg, axis=dim)
        step = np.diff(array[dim].to_numpy().astype(np.float64))
        if not (np.allclose(step, step[0], rtol=1e-6, atol=1e-9) and step[0] > 0.0):
            msg = f"axis {dim!r} does not rise in even steps"
            raise DimsError(msg, axis=dim)
        steps.append(float(step.mean()))
    if not math.isclose(steps[0], steps[1], rel_tol=1e-6):
        msg = f"cells must be square, got {steps[0]:g} m by {steps[1]:g} m"
        raise DimsError(msg, got=steps)
    x, y = (array[dim].to_numpy().astype(np.float64) for dim in ("x", "y"))
    return Lattice(x, y, steps[0])


def _shares(footprint: xr.DataArray) -> Floats:
    """Return density times cell area after a check."""
    density = footprint.to_numpy().astype(np.float64)
    if not np.isfinite(density).all() or (density < 0.0).any():
        msg = "the footprint holds densities that are negative, infinite or missing"
        raise OutOfBoundsError(msg)
    cell = float(footprint["x"][1] - footprint["x"][0]) * float(
        footprint["y"][1] - footprint["y"][0]
    )
    if not density.sum() > 0.0:
        msg = "the footprint is empty: its densities sum to zero"
        raise OutOfBoundsError(msg)
    return np.asarray(density * cell)


def shared_status(*inputs: xr.DataArray | xr.Dataset) -> str:
    """Return the data status that all inputs share, or ``mixed``."""
    found = {str(one.attrs.get("data_status", "observed")) for one in inputs}
    return found.pop() if len(found) == 1 else "mixed"


def within_source_area(weights: Weights, fraction: float) -> Weights | None:
    """Return the weights inside the source area of an absolute share of the flux, zero outside.

    None if the grid does not capture that share. Cells are taken in order of density until their
    sum reaches the fraction, as :func:`fluxscape.footprint.source_areas` does.
    """
    ordered = np.sort(weights.share, axis=None)[::-1]
    captured = np.cumsum(ordered)
    if captured[-1] < fraction:
        return None
    level = ordered[int(np.searchsorted(captured, fraction))]
    return Weights(weights.grid, np.where(weights.share >= level, weights.share, 0.0))


def truncated(weights: Weights, fraction: float) -> Weights:
    """Return the source area's weights, or all of them where the grid captures less."""
    inside = within_source_area(weights, fraction)
    return weights if inside is None else inside


def edges(centres: Floats, step: float) -> Floats:
    """Return the edges of evenly spaced cells."""
    return np.append(centres - 0.5 * step, centres[-1] + 0.5 * step)


def overlap(source: Floats, target: Floats) -> Floats:
    """Return which share of each source interval lies in each target interval (target, source)."""
    low = np.maximum(source[None, :-1], target[:-1, None])
    high = np.minimum(source[None, 1:], target[1:, None])
    return np.asarray(np.clip(high - low, 0.0, None) / np.diff(source)[None, :])
