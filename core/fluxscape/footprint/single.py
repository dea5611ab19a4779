"""The footprint of one record, on a grid and along the wind, by the plain sum."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from fluxscape.constants import VON_KARMAN
from fluxscape.contracts import provenance
from fluxscape.errors import MissingVariableError, did_you_mean
from fluxscape.footprint import _kernels
from fluxscape.footprint.climatology import CAPTURE_NODES
from fluxscape.footprint.domain import fitting_resolution
from fluxscape.footprint.grid import Grid
from fluxscape.footprint.models import find_model
from fluxscape.footprint.plume import (
    crosswind_integrated,
    distance_of_share,
    peak_distance,
    share_within,
    spread,
)
from fluxscape.footprint.point import INPUTS, point_footprint, solve_plume

DISTANCES = 400
"""Points along the wind."""


def footprint(
    model: str,
    inputs: Mapping[str, float],
    *,
    resolution: float | None = None,
    extent: float | None = None,
    von_karman: float = VON_KARMAN,
) -> xr.Dataset:
    """Return the footprint of one record.

    Parameters
    ----------
    model
        A key of :data:`fluxscape.footprint.models.MODELS` or of its variants.
    inputs
        ``height`` above displacement [m], ``friction_velocity`` [m s-1], ``obukhov_length`` [m],
        ``lateral_velocity_std`` [m s-1], ``wind_from_direction`` [degrees], and what else the model
        takes of ``roughness_length`` [m], ``wind_speed`` [m s-1], ``boundary_layer_height`` [m].
    resolution
        Cell size [m]; by default a fifth of the peak distance.
    extent
        Half-width of the grid [m]; by default the distance of 80 % of the flux.
    von_karman
        [1].

    Returns
    -------
    xarray.Dataset
        ``footprint`` (y, x) [m-2], ``crosswind_integrated`` [m-1], ``cumulative_share`` [1] and
        ``crosswind_spread`` [m] over ``distance`` [m]; attributes ``x_peak``, ``x_10`` ...,
        ``captured_fraction``, ``violations`` (JSON) and provenance. Nothing is renormalised.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        As :func:`fluxscape.footprint.point_footprint`, and for a name that is no input.
    """
    chosen = find_model(model)
    known = (*INPUTS, "wind_from_direction")
    for name in inputs:
        if name not in known:
            msg = f"{name!r} is no input of a footprint.{did_you_mean(name, known)}"
            raise MissingVariableError(msg, variable=name)
    for name in ("wind_from_direction", "lateral_velocity_std"):
        if math.isnan(inputs.get(name, math.nan)):
            msg = f"model {model!r} needs {name} for a footprint across the wind"
            raise MissingVariableError(msg, variable=name)
    given = {name: float(inputs.get(name, math.nan)) for name in INPUTS}
    plume = solve_plume(chosen, given, von_karman)
    table = np.empty((1, _kernels.PLUME_COLUMNS))
    angle = math.radians(inputs["wind_from_direction"])
    table[0] = (*plume, math.sin(angle), math.cos(angle), 1.0)
    step = fitting_resolution(table, chosen.spread_kind) if resolution is None else resolution
    reach = distance_of_share(plume, 0.8) if extent is None else extent
    grid = Grid.around(reach, step)
    density = np.zeros((grid.rows, grid.columns))
    corner = (grid.west * grid.resolution, grid.south * grid.resolution)
    _kernels.accumulate_direct(
        table, chosen.spread_kind, *corner, grid.resolution, grid.columns, density
    )
    captured = np.empty(1)
    _kernels.captured_shares(table, chosen.spread_kind, *grid.edges, CAPTURE_NODES, captured)
    distance = np.geomspace(0.05 * peak_distance(plume), 1.5 * reach, DISTANCES)
    along = [(crosswind_integrated(plume, x), share_within(plume, x)) for x in distance.tolist()]
    sigma = [spread(plume, chosen.spread_kind, x) for x in distance.tolist()]
    numbers = point_footprint(model, **given, von_karman=von_karman)
    return xr.Dataset(
        {
            "footprint": (("y", "x"), density, {"units": "m-2", "long_name": "flux footprint"}),
            "crosswind_integrated": ("distance", [a[0] for a in along], {"units": "m-1"}),
            "cumulative_share": ("distance", [a[1] for a in along], {"units": "1"}),
            "crosswind_spread": ("distance", sigma, {"units": "m"}),
        },
        coords={
            "x": ("x", grid.x, {"units": "m", "long_name": "distance east of the tower"}),
            "y": ("y", grid.y, {"units": "m", "long_name": "distance north of the tower"}),
            "distance": ("distance", distance, {"units": "m", "long_name": "upwind distance"}),
        },
        attrs=provenance(
            status="mixed",
            source=f"footprint by {chosen.long_title}: {chosen.reference}",
            parameters={name: value for name, value in inputs.items() if math.isfinite(value)},
            von_karman=von_karman,
            model_provenance=chosen.provenance,
            captured_fraction=float(captured[0]),
            **_attributes(numbers),
        ),
    )


def _attributes(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the calculator's numbers as attributes of a netCDF file."""
    kept = {k: v for k, v in numbers.items() if k not in {"provenance", "valid", "violations"}}
    return kept | {"violations": json.dumps(numbers["violations"])}
