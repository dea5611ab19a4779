"""Where should the tower stand? The location bias that its footprint would have at every place.

The climatology is moved over the landscape, as if the wind were the same there, and weighs the
property at every place: a correlation, done for all places at once by the fast Fourier transform.
Gaps are left out and told as the share of the footprint that is captured.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.contracts import provenance
from fluxscape.errors import OutOfBoundsError
from fluxscape.representativeness._bias_sums import relative
from fluxscape.representativeness._fourier import moving_sums
from fluxscape.representativeness.areas import Shape, area_means, coverage, half_width
from fluxscape.representativeness.frame import (
    Floats,
    Lattice,
    Located,
    Weights,
    footprint_weights,
    place_of,
    shared_status,
)
from fluxscape.representativeness.regrid import Field, field_on, pixel_size

LEAST_CAPTURED: Final = 0.5
"""Share of the moved footprint on valid pixels below which a place gets no number."""

LARGEST_SIDE: Final = 3000
"""Most cells along one side of a map."""


def bias_map(
    climatology: xr.Dataset,
    raster: xr.DataArray,
    tower: Located | None = None,
    *,
    size: float = 1000.0,
    shape: Shape = "disc",
    extent: float | None = None,
    resolution: float | None = None,
    least_captured: float = LEAST_CAPTURED,
) -> xr.Dataset:
    """Return the location bias that the tower would have at every place around it.

    Parameters
    ----------
    climatology
        As :func:`fluxscape.footprint.footprint_climatology` returns it.
    raster
        Surface property (y, x), NaN where missing; attribute ``crs``.
    tower
        Position; by default the climatology's attributes.
    size, shape
        Area to compare with: a ``disc`` of this radius or a ``square`` of this side [m].
    extent
        How far from the tower the map reaches [m]; by default to 2.5 sizes or the footprint's
        edge.
    resolution
        Cell of the map [m]; by default the raster's pixel.
    least_captured
        Least share of the moved footprint, and of its area, on valid pixels.

    Returns
    -------
    xarray.Dataset
        Over (y, x) in metres from the tower: ``footprint_mean``, ``captured_share`` (relative to
        what the grid of the climatology captures), ``area_mean`` of the area that moves along,
        ``location_bias`` against it, and ``target_bias`` against the area around the real tower.

    Raises
    ------
    DimsError, FileFormatError, OutOfBoundsError
        As :func:`fluxscape.representativeness.regrid.to_footprint_grid`; also if the map would
        have more than 3,000 cells a side.
    """
    weights, place = footprint_weights(climatology), place_of(tower, climatology)
    step = pixel_size(raster, place) if resolution is None else float(resolution)
    reach = max(2.5 * size, weights.grid.reach) if extent is None else float(extent)
    if not (math.isfinite(step) and step > 0.0 and 2.0 * reach / step <= LARGEST_SIDE):
        msg = (
            f"a map of {reach:g} m to each side in cells of {step:g} m has more than "
            f"{LARGEST_SIDE} cells a side; name a coarser resolution or a smaller extent"
        )
        raise OutOfBoundsError(msg, extent=reach, resolution=step)
    field = field_on(raster, Lattice.around(reach, step), place)
    made = bias_of_field(field, weights, size=size, shape=shape, least_captured=least_captured)
    made.attrs = provenance(
        status=shared_status(climatology, raster),
        source=f"location bias of {raster.name or 'a raster'} for a moved footprint climatology",
        latitude=place.latitude,
        longitude=place.longitude,
        shape=shape,
        size=float(size),
        resolution=step,
        least_captured=float(least_captured),
    )
    return made


def bias_of_field(
    field: Field,
    weights: Weights,
    *,
    size: float,
    shape: Shape = "disc",
    least_captured: float = LEAST_CAPTURED,
) -> xr.Dataset:
    """Return the map of a property that already lies on a lattice; see :func:`bias_map`."""
    grid = field.grid
    footprint = kernel_of(weights, grid.resolution)
    window = Lattice.around(half_width(shape, size), grid.resolution)
    area = coverage(window, shape, size)
    held = field.valid > 0.0
    middle = float(field.value[held].mean()) if held.any() else 0.0
    mass = (field.value - middle) * field.valid
    (seen, seen_share), (around, around_share) = moving_sums((mass, field.valid), (footprint, area))
    means = {}
    for name, total, share, whole in (
        ("footprint", seen, seen_share, float(footprint.sum())),
        ("area", around, around_share, float(area.sum())),
    ):
        captured = np.clip(share / whole, 0.0, 1.0)
        known = (captured >= least_captured) & (captured > 1e-6)
        value = np.where(known, total / np.where(known, share, 1.0) + middle, np.nan)
        means[name] = (value, captured)
    here = area_means(field.value, field.valid, grid, shape, [size])
    target = float(here.mean[0]) if here.valid_share[0] >= least_captured else math.nan
    dims = ("y", "x")
    variables: dict[str, Any] = {
        "footprint_mean": (dims, means["footprint"][0]),
        "captured_share": (dims, means["footprint"][1], {"units": "1"}),
        "area_mean": (dims, means["area"][0]),
        "area_valid_share": (dims, means["area"][1], {"units": "1"}),
        "location_bias": (dims, relative(*(means[k][0] for k in ("footprint", "area")))),
        "target_bias": (dims, relative(means["footprint"][0], np.full(grid.shape, target))),
    }
    made = xr.Dataset(variables, coords=grid.coords())
    for name in ("location_bias", "target_bias"):
        made[name].attrs["units"] = "1"
    return made


def kernel_of(weights: Weights, step: float) -> Floats:
    """Return a climatology's shares on cells of another width, the tower's cell in the middle."""
    return weights.on(Lattice.around(weights.grid.reach, step)).relative
