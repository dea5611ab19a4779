"""Footprint climatologies: the weighted mean footprint of many records on a grid."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.contracts import provenance
from fluxscape.errors import DimsError, OutOfBoundsError, RunError
from fluxscape.footprint import _kernels
from fluxscape.footprint.grid import Grid
from fluxscape.footprint.inputs import Geometry, RecordInputs, find_geometry, gather_inputs
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.models import find_model
from fluxscape.footprint.screening import Screening, screen

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]

CHUNK_RECORDS: Final = 1024
"""Records between two reports of progress; bounds the memory of the tables in between."""

CAPTURE_NODES: Final = 320
"""Nodes of the integral that gives each record's captured share; error below 1e-3."""

_ARGUMENTS: Final = (
    "height",
    "roughness_length",
    "wind_speed",
    "friction_velocity",
    "obukhov_length",
    "lateral_velocity_std",
    "boundary_layer_height",
)


def footprint_climatology(
    records: xr.Dataset,
    *,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    displacement_height: float | None = None,
    roughness_length: float | None = None,
    model: str = "ffp",
    resolution: float = 4.0,
    extent: float = 1000.0,
    bounds: tuple[float, float, float, float] | None = None,
    weights: ArrayLike | None = None,
    selected: ArrayLike | None = None,
    latitude: float | None = None,
    longitude: float | None = None,
    von_karman: float = VON_KARMAN,
    smooth: bool = False,
    on_progress: Progress | None = None,
) -> xr.Dataset:
    """Return the weighted mean footprint of the records, F = sum(w f) / sum(w).

    Densities are absolute: nothing is renormalised, and what the grid misses shows in
    ``captured_fraction``.

    Parameters
    ----------
    records
        Dataset over ``time``; see :func:`fluxscape.footprint.inputs.gather_inputs`.
    measurement_height, canopy_height, displacement_height, roughness_length
        [m]. Heights are above ground. Without ``displacement_height`` it is 0.67 and without
        ``roughness_length`` that is 0.1 of the canopy height.
    model
        A key of :data:`fluxscape.footprint.models.MODELS`.
    resolution
        Cell size [m].
    extent
        Half-width of the grid [m].
    bounds
        West, east, south and north cell centre [m] instead of ``extent``.
    weights
        Weight of each record, not negative; NaN rejects the record. By default all are equal.
    selected
        Which records to use, shape (time,); the others count neither as used nor as rejected.
    latitude, longitude
        Of the tower [degrees]; kept in the product, the latitude fills boundary-layer heights.
    von_karman
        [1].
    smooth
        Smooth twice with the 3 x 3 kernel of Kljun's reference code. Off by default: it moves
        flux out of narrow peaks.
    on_progress
        Called as ``on_progress(fraction, message)``; an exception that it raises ends the run.

    Returns
    -------
    xarray.Dataset
        ``footprint`` (y, x) [m-2], and per record ``record_status``, ``record_captured_fraction``
        and ``record_peak_distance``; attributes ``n_used``, ``n_rejected``, ``rejected_by``
        (JSON), ``sum``, ``captured_fraction``, ``x_peak`` and the provenance.

    Raises
    ------
    MissingVariableError, UnitsError, DimsError, OutOfBoundsError
        If an input or argument is absent, of the wrong unit or shape, or out of bounds.
    RunError
        If no record is left; the message says why they were rejected.
    """
    chosen = find_model(model)
    grid = Grid.around(extent, resolution) if bounds is None else Grid.within(bounds, resolution)
    geometry = find_geometry(
        records,
        measurement_height=measurement_height,
        canopy_height=canopy_height,
        displacement_height=displacement_height,
        roughness_length=roughness_length,
    )
    inputs = gather_inputs(records, geometry, latitude=latitude, von_karman=von_karman)
    weight = _weights(weights, inputs.count)
    mask = None if selected is None else _flags(selected, inputs.count)
    screening = screen(chosen, inputs, selected=mask, weights=weight)
    table = plume_table(chosen, inputs, screening, weight, von_karman)
    if not table.size:
        msg = f"no record is left for model {chosen.name!r}: rejected {screening.rejected_by}"
        raise RunError(msg, model=chosen.name, rejected_by=screening.rejected_by)
    density = accumulate(chosen, table, grid, on_progress=on_progress)
    if smooth:
        density = _smoothed(_smoothed(density))
    captured = np.empty(table.shape[0])
    _kernels.captured_shares(table, chosen.spread_kind, *grid.edges, CAPTURE_NODES, captured)
    product = _labelled(grid, density, screening, table, captured, records)
    attrs = _facts(chosen, geometry, inputs, screening, von_karman, smooth, weight is not None)
    product.attrs = provenance(
        status=_status(records, inputs),
        source=f"footprint climatology by {chosen.long_title}: {chosen.reference}",
        **attrs,
        **_numbers(product, table, captured),
    )
    place = {"latitude": latitude, "longitude": longitude}
    known = {k: records.attrs.get(k) if v is None else v for k, v in place.items()}
    product.attrs |= {k: float(v) for k, v in known.items() if v is not None}
    return product


def _weights(weights: ArrayLike | None, count: int) -> Floats | None:
    """Return the weights as an array of the records' shape, none of them negative."""
    if weights is None:
        return None
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (count,):
        msg = f"weights have shape {values.shape}, wanted ({count},)"
        raise DimsError(msg, got=values.shape)
    if (values < 0.0).any() or np.isinf(values).any():
        at = int(np.argmax((values < 0.0) | np.isinf(values)))
        msg = f"weights must be finite and not negative; record {at} has {values[at]:g}"
        raise OutOfBoundsError(msg, record=at, got=float(values[at]))
    if not np.nansum(values) > 0.0:
        msg = "weights must not all be zero or missing"
        raise OutOfBoundsError(msg)
    return values


def _flags(selected: ArrayLike, count: int) -> NDArray[np.bool_]:
    """Return the selection as an array of the records' shape."""
    flags = np.asarray(selected)
    if flags.shape != (count,) or flags.dtype != np.bool_:
        msg = f"selected must be {count} truth values, got {flags.dtype} of shape {flags.shape}"
        raise DimsError(msg, got=flags.shape)
    return flags


def plume_table(
    model: FootprintModel,
    inputs: RecordInputs,
    screening: Screening,
    weights: Floats | None,
    von_karman: float,
) -> Floats:
    """Return the plumes of the used records, one a row, as the kernels take them.

    A record whose equations have no solution is rejected here, in ``screening``.
    """
    used = np.flatnonzero(screening.used)
    arguments = [inputs.values[name][used].tolist() for name in _ARGUMENTS]
    arguments.append([von_karman] * used.size)
    plumes = [model.plume(*row) for row in zip(*arguments, strict=True)]
    table = np.empty((used.size, _kernels.PLUME_COLUMNS))
    table[:, : _kernels.SINE] = np.array(plumes).reshape(used.size, _kernels.SINE)
    direction = np.deg2rad(inputs.values["wind_from_direction"][used])
    table[:, _kernels.SINE] = np.sin(direction)
    table[:, _kernels.COSINE] = np.cos(direction)
    table[:, _kernels.WEIGHT] = 1.0 if weights is None else weights[used]
    solved = np.isfinite(table).all(axis=1)
    screening.status[used[~solved]] = len(screening.reasons)
    return np.ascontiguousarray(table[solved])


def accumulate(
    model: FootprintModel, table: Floats, grid: Grid, *, on_progress: Progress | None = None
) -> Floats:
    """Return the weighted mean density [m-2] of a table of plumes, shape (y, x)."""
    weighing = table[table[:, _kernels.WEIGHT] > 0.0]
    total_weight = float(weighing[:, _kernels.WEIGHT].sum())
    padded = grid.columns + (-grid.columns) % _kernels.PADDING
    total = np.zeros((grid.rows, padded))
    for start in range(0, weighing.shape[0], CHUNK_RECORDS):
        if on_progress is not None:
            on_progress(start / weighing.shape[0], f"{start} of {weighing.shape[0]} records")
        chunk = weighing[start : start + CHUNK_RECORDS].copy()
        # Weights of any size stay within single precision.
        chunk[:, _kernels.WEIGHT] /= total_weight
        _kernels.accumulate(
            chunk,
            model.spread_kind,
            grid.west * grid.resolution,
            grid.south * grid.resolution,
            grid.resolution,
            grid.columns,
            total,
        )
    if on_progress is not None:
        on_progress(1.0, f"{weighing.shape[0]} records")
    return total[:, : grid.columns].copy()


def _smoothed(density: Floats) -> Floats:
    """Return the density smoothed once by the kernel of Kljun's reference code."""
    kernel = np.array([[0.05, 0.1, 0.05], [0.1, 0.4, 0.1], [0.05, 0.1, 0.05]])
    padded = np.pad(density, 1)
    rows, columns = density.shape
    out = np.zeros_like(density)
    for i in range(3):
        for j in range(3):
            out += kernel[i, j] * padded[i : i + rows, j : j + columns]
    return out


def _labelled(
    grid: Grid,
    density: Floats,
    screening: Screening,
    table: Floats,
    captured: Floats,
    records: xr.Dataset,
) -> xr.Dataset:
    """Return density and records as labelled arrays."""
    used = screening.used
    shares, peaks = (np.full(used.size, np.nan, dtype=np.float32) for _ in range(2))
    shares[used] = captured
    peaks[used] = _peak_distances(table)
    metre = {"units": "m", "axis": "X", "long_name": "distance east of the tower"}
    north = {"units": "m", "axis": "Y", "long_name": "distance north of the tower"}
    codes = np.arange(-1, len(screening.reasons) + 1, dtype=np.int8)
    product = xr.Dataset(
        {
            "footprint": (
                ("y", "x"),
                density,
                {"units": "m-2", "long_name": "weighted mean flux footprint"},
            ),
            "record_status": (
                ("time",),
                screening.status,
                {
                    "long_name": "fate of the record",
                    "flag_values": codes,
                    "flag_meanings": " ".join(("filtered", "used", *screening.reasons)),
                },
            ),
            "record_captured_fraction": (
                ("time",),
                shares,
                {"units": "1", "long_name": "share of the record's flux that arises on the grid"},
            ),
            "record_peak_distance": (
                ("time",),
                peaks,
                {"units": "m", "long_name": "distance of the crosswind-integrated peak"},
            ),
        },
        coords={"x": ("x", grid.x, metre), "y": ("y", grid.y, north)},
    )
    if "time" in records.coords:
        product = product.assign_coords(time=records["time"])
    return product


def _peak_distances(table: Floats) -> Floats:
    """Return the crosswind-integrated peak distance [m] of every plume: d + c / p."""
    return np.asarray(
        table[:, _kernels.SHIFT] + table[:, _kernels.DECAY] / table[:, _kernels.EXPONENT]
    )


def _numbers(product: xr.Dataset, table: Floats, captured: Floats) -> dict[str, Any]:
    """Return the numbers that describe the climatology as a whole."""
    density = product["footprint"].to_numpy()
    x, y = product["x"].to_numpy(), product["y"].to_numpy()
    area = float((x[1] - x[0]) * (y[1] - y[0]))
    weights = table[:, _kernels.WEIGHT]
    row, column = np.unravel_index(int(np.argmax(density)), density.shape)
    mass = float(density.sum())
    return {
        "sum": mass * area,
        "captured_fraction": float(np.average(captured, weights=weights)),
        "x_peak": float(np.average(_peak_distances(table), weights=weights)),
        "peak_xy": [float(x[column]), float(y[row])],
        "centroid_xy": [
            float((density.sum(axis=0) * x).sum() / mass),
            float((density.sum(axis=1) * y).sum() / mass),
        ],
    }


def _facts(
    model: FootprintModel,
    geometry: Geometry,
    inputs: RecordInputs,
    screening: Screening,
    von_karman: float,
    smooth: bool,
    weighted: bool,
) -> dict[str, Any]:
    """Return what the product says of how it was made."""
    return {
        "model": model.name,
        "model_provenance": model.provenance,
        "n_used": int(screening.used.sum()),
        "n_rejected": screening.n_rejected,
        "n_filtered": int((screening.status < 0).sum()),
        "rejected_by": json.dumps(screening.rejected_by),
        "n_filled": json.dumps(inputs.filled),
        "assumptions": json.dumps(inputs.assumptions),
        "measurement_height": geometry.measurement_height,
        "displacement_height": geometry.displacement_height,
        "roughness_length": geometry.roughness_length,
        "von_karman": von_karman,
        "smoothed": int(smooth),
        "weighted": int(weighted),
    }


def _status(records: xr.Dataset, inputs: RecordInputs) -> str:
    """Return the product's data status: that of the records, or mixed if inputs were filled."""
    status = str(records.attrs.get("data_status", "observed"))
    return "mixed" if inputs.filled and status == "observed" else status
