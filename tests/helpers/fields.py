"""Footprints, rasters and random fields with known answers, in a tower's own frame of metres."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.footprint.vector import local_crs
from fluxscape.representativeness.frame import Place

Floats = NDArray[np.float64]

PLACE = Place(latitude=37.6, longitude=101.33)
"""A tower."""


def round_footprint(
    east: float = 0.0,
    north: float = 0.0,
    *,
    spread: float = 60.0,
    captured: float = 1.0,
    step: float = 10.0,
    extent: float = 600.0,
) -> xr.Dataset:
    """Return a Gaussian footprint about a point; ``captured`` is its share on the whole plane."""
    axis = np.arange(-round(extent / step), round(extent / step) + 1) * step
    x, y = np.meshgrid(axis, axis)
    density = np.exp(-0.5 * ((x - east) ** 2 + (y - north) ** 2) / spread**2)
    density *= captured / (density.sum() * step**2)
    return climatology(density, axis)


def climatology(density: Floats, axis: Floats) -> xr.Dataset:
    """Return a density [m-2] on a square lattice as a climatology of :data:`PLACE`."""
    return xr.Dataset(
        {"footprint": (("y", "x"), density, {"units": "m-2"})},
        coords={"x": axis, "y": axis},
        attrs={"latitude": PLACE.latitude, "longitude": PLACE.longitude},
    )


def surface(
    function: Callable[[Floats, Floats], Any],
    *,
    name: str = "ndvi",
    step: float = 10.0,
    cells: int = 601,
    **attrs: Any,
) -> xr.DataArray:
    """Return a raster of a function of metres east and north, the tower in the middle pixel."""
    axis = (np.arange(cells) - cells // 2) * step
    x, y = np.meshgrid(axis, axis)
    values = np.broadcast_to(np.asarray(function(x, y), dtype=np.float64), x.shape).copy()
    return xr.DataArray(
        values,
        dims=("y", "x"),
        coords={"y": axis, "x": axis},
        attrs={"crs": local_crs(PLACE.latitude, PLACE.longitude), "units": "1", **attrs},
        name=name,
    )


def stacked(scenes: list[xr.DataArray], times: list[str]) -> xr.DataArray:
    """Return scenes as one raster over time."""
    moments = np.array(times, dtype="datetime64[ns]")
    return xr.concat(scenes, dim=xr.DataArray(moments, dims=("time",), name="time")).assign_attrs(
        scenes[0].attrs
    )


def parts_of(fields: dict[str, xr.Dataset], counts: list[int] | None = None) -> xr.Dataset:
    """Return climatologies as parts of a record, as ``climatology_by_period`` does."""
    labels = xr.DataArray(list(fields), dims=("period",), name="period")
    made = xr.concat([one["footprint"] for one in fields.values()], dim=labels).to_dataset()
    made["n_used"] = ("period", counts or [100] * len(fields))
    return made


def random_field(
    covariance: Callable[[Floats], Floats], cells: int, seed: int, *, squeeze: float = 1.0
) -> xr.DataArray:
    """Return a Gaussian random field of known covariance over distance in cells, step 1 m.

    By circulant embedding on a torus twice as wide (Dietrich and Newsam 1997,
    doi:10.1137/S1064827592240555). ``squeeze`` shortens distances eastwards.
    """
    side = 2 * cells
    steps = np.minimum(np.arange(side), side - np.arange(side)).astype(float)
    distance = np.hypot(steps[:, None], steps[None, :] / squeeze)
    spectrum = np.clip(np.fft.fft2(covariance(distance)).real, 0.0, None)
    random = np.random.default_rng(seed)
    noise = random.standard_normal((side, side)) + 1j * random.standard_normal((side, side))
    values = np.fft.fft2(np.sqrt(spectrum) / side * noise).real[:cells, :cells]
    return lattice(values)


def lattice(values: Floats, step: float = 1.0) -> xr.DataArray:
    """Return values on a lattice of metres."""
    rows, columns = values.shape
    return xr.DataArray(
        values,
        dims=("y", "x"),
        coords={"y": np.arange(rows) * step, "x": np.arange(columns) * step},
        name="field",
    )
