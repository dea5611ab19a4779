"""Footprint climatologies: the weighted mean footprint of many records on a grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.errors import DimsError, OutOfBoundsError, RunError
from fluxscape.footprint import _kernels
from fluxscape.footprint.domain import choose_domain
from fluxscape.footprint.geometry import find_geometry
from fluxscape.footprint.grid import Grid
from fluxscape.footprint.inputs import RecordInputs, gather_inputs
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.models import find_model
from fluxscape.footprint.point import INPUTS
from fluxscape.footprint.product import Prepared, label_climatology
from fluxscape.footprint.screening import Screening, screen
from fluxscape.footprint.weights import record_weights

Floats = NDArray[np.float64]
Progress = Callable[[float, str], None]
Automatic = Literal["auto"]

CHUNK_RECORDS: Final = 1024
"""Records between two reports of progress; bounds the memory of the tables in between."""

CAPTURE_NODES: Final = 320
"""Nodes of the integral that gives each record's captured share. Its error is below 2e-3 where an
edge of the grid cuts the plume lengthwise, and 1e-5 in the mean of many records."""


def footprint_climatology(
    records: xr.Dataset,
    *,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    displacement_height: float | str | None = None,
    roughness_length: float | str | None = None,
    model: str = "ffp",
    resolution: float | Automatic = 4.0,
    extent: float | Automatic = 1000.0,
    bounds: tuple[float, float, float, float] | None = None,
    weights: ArrayLike | str | None = None,
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
        ``roughness_length`` that is 0.1 of the canopy height; ``"sectors"`` fits either by wind
        direction, a fitted displacement bringing its roughness with it.
    model
        A key of :data:`fluxscape.footprint.models.MODELS`.
    resolution
        Cell size [m], or ``"auto"``: a fifth of the near peaks.
    extent
        Half-width of the grid [m], or ``"auto"``: to 80 % of the flux in most nights.
    bounds
        West, east, south and north cell centre [m] instead of ``extent``.
    weights
        Weight of each record, not negative, NaN rejecting the record; or a key of
        :data:`fluxscape.footprint.weights.WEIGHTS`. By default all are equal.
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
    ready = prepare(
        records,
        measurement_height=measurement_height,
        canopy_height=canopy_height,
        displacement_height=displacement_height,
        roughness_length=roughness_length,
        model=model,
        weights=weights,
        selected=selected,
        latitude=latitude,
        von_karman=von_karman,
    )
    kind = ready.model.spread_kind
    domain = choose_domain([ready], resolution, extent if bounds is None else math.nan)
    if bounds is None:
        grid = Grid.around(domain.extent, domain.resolution)
    else:
        grid = Grid.within(bounds, domain.resolution)
    density = accumulate(ready.table, kind, grid, on_progress=on_progress)
    if smooth:
        density = _smoothed(_smoothed(density))
    captured = np.empty(ready.table.shape[0])
    _kernels.captured_shares(ready.table, kind, *grid.edges, CAPTURE_NODES, captured)
    share = float(np.average(captured, weights=ready.table[:, _kernels.WEIGHT]))
    return label_climatology(
        density,
        grid,
        records,
        ready,
        captured,
        smoothed=smooth,
        chosen=domain.words(share),
        place=(latitude, longitude),
    )


def prepare(
    records: xr.Dataset,
    *,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    displacement_height: float | str | None = None,
    roughness_length: float | str | None = None,
    model: str = "ffp",
    weights: ArrayLike | str | None = None,
    selected: ArrayLike | None = None,
    latitude: float | None = None,
    von_karman: float = VON_KARMAN,
) -> Prepared:
    """Return the plumes of the records that the model accepts, before any grid is chosen.

    Parameters and errors are those of :func:`footprint_climatology`.
    """
    chosen = find_model(model)
    geometry = find_geometry(
        records,
        measurement_height=measurement_height,
        canopy_height=canopy_height,
        displacement_height=displacement_height,
        roughness_length=roughness_length,
    )
    inputs = gather_inputs(records, geometry, latitude=latitude, von_karman=von_karman)
    mask = None if selected is None else _flags(selected, inputs.count)
    screening, weight = _screened(chosen, records, inputs, mask, weights)
    table = plume_table(chosen, inputs, screening, weight, von_karman)
    if not table.size:
        msg = f"no record is left for model {chosen.name!r}: rejected {screening.rejected_by}"
        raise RunError(msg, model=chosen.name, rejected_by=screening.rejected_by)
    named = weights if isinstance(weights, str) else "equal" if weights is None else "given"
    return Prepared(chosen, geometry, inputs, screening, table, von_karman, named)


def _screened(
    model: FootprintModel,
    records: xr.Dataset,
    inputs: RecordInputs,
    mask: NDArray[np.bool_] | None,
    weights: ArrayLike | str | None,
) -> tuple[Screening, Floats | None]:
    """Return the fate of every record and the weights."""
    if not isinstance(weights, str):
        weight = None if weights is None else _weights(weights, inputs.count)
        return screen(model, inputs, selected=mask, weights=weight), weight
    accepted = screen(model, inputs, selected=mask)
    named = record_weights(records, weights, accepted.used)
    if named is None:
        return accepted, None
    return screen(model, inputs, selected=mask, weights=named), named


def _weights(weights: ArrayLike, count: int) -> Floats:
    """Return the weights as an array of the records' shape, none of them negative."""
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (count,):
        msg = f"weights have shape {values.shape}, wanted ({count},)"
        raise DimsError(msg, got=values.shape)
    bad = (values < 0.0) | np.isinf(values)
    if bad.any():
        at = int(np.argmax(bad))
        msg = f"weights must be finite and not negative; record {at} has {values[at]:g}"
        raise OutOfBoundsError(msg, record=at, got=float(values[at]))
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

    Raises
    ------
    OutOfBoundsError
        If the weights of all records that are left are zero.
    """
    used = np.flatnonzero(screening.used)
    arguments = [inputs.values[name][used].tolist() for name in INPUTS]
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
    solutions = np.ascontiguousarray(table[solved])
    if solutions.size and not solutions[:, _kernels.WEIGHT].any():
        msg = f"the weights of all {solutions.shape[0]} records that are left are zero"
        raise OutOfBoundsError(msg)
    return solutions


def accumulate(
    table: Floats, spread_kind: int, grid: Grid, *, on_progress: Progress | None = None
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
            spread_kind,
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
