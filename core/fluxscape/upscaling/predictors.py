"""Predictors as the tower sees them: weighted by its footprint, beside its pixel and a box.

A flux comes from the footprint, not from the pixel of the mast: predictors are weighted with the
footprint of the same half-hour, day or month, over the cells that are known, and the share of the
footprint that these hold is kept (Chen et al. 2010, doi:10.5194/bg-7-2943-2010, section 2; Fu et
al. 2014).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.contracts import provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.scores import score

FloatArray = npt.NDArray[np.float64]

WAYS: Final = ("footprint", "centre", "box")
"""Ways to take a predictor: weighted by the footprint, of the tower's cell, mean of a box."""

LEAST_CAPTURED: Final = 0.7
"""Least share of a footprint on known cells for a predictor to count, assumed."""


def extract_predictors(
    field: xr.DataArray,
    footprint: xr.DataArray,
    *,
    box: int = 3,
    least_captured: float = LEAST_CAPTURED,
) -> xr.Dataset:
    """Return a predictor at a tower in three ways.

    Parameters
    ----------
    field
        Predictor, dimensions (y, x) or (time, y, x), axes in metres from the tower, NaN where
        unknown.
    footprint
        Footprint [m-2], dimensions (y, x), or (time, y, x) or (period, y, x): half-hours, days or
        months. On the axes of ``field``. With a ``time`` of its own that ``field`` has too, both
        must agree.
    box
        Cells along a side of the box around the tower, odd.
    least_captured
        Least share of the footprint on known cells; below it the weighted predictor is NaN.

    Returns
    -------
    xarray.Dataset
        ``footprint``, ``centre`` and ``box`` [unit of the field] and ``captured`` [1], the share of
        the footprint's sum (of 1, where it is a density whose sum over the domain falls short)
        that lies on known cells.

    Raises
    ------
    DimsError, OutOfBoundsError, MissingVariableError
        If axes differ, the box is even, or the footprint is nothing anywhere.
    """
    _check_axes(field, footprint)
    if box < 1 or box % 2 == 0:
        msg = f"box must be an odd number of cells, got {box}"
        raise OutOfBoundsError(msg, got=box)
    if not 0.0 <= least_captured <= 1.0:
        msg = f"least_captured must lie between 0 and 1, got {least_captured}"
        raise OutOfBoundsError(msg, got=least_captured)
    values, density = xr.broadcast(field, footprint.fillna(0.0), exclude=("y", "x"))
    if bool((density < 0.0).any()):
        msg = "a footprint cannot be negative"
        raise OutOfBoundsError(msg)
    area = _cell_area(footprint)
    known = values.notnull()
    whole = density.sum(("y", "x"))
    weights = density.where(known, 0.0)
    weight = weights.sum(("y", "x"))
    mean = (weights * values.fillna(0.0)).sum(("y", "x")) / weight.where(weight > 0.0)
    captured = (weight * area).where(whole > 0.0, 0.0)
    here = {
        "y": int(np.argmin(np.abs(field["y"].to_numpy()))),
        "x": int(np.argmin(np.abs(field["x"].to_numpy()))),
    }
    half = box // 2
    around = {dim: slice(max(i - half, 0), i + half + 1) for dim, i in here.items()}
    out = xr.Dataset(
        {
            "footprint": mean.where(captured >= least_captured),
            "centre": values.isel(here, drop=True),
            "box": values.isel(around).mean(("y", "x")),
            "captured": captured,
        }
    )
    for way in WAYS:
        out[way].attrs = {"units": field.attrs.get("units", "1")}
    out["captured"].attrs = {"units": "1", "long_name": "share of the footprint on known cells"}
    status = str(field.attrs.get("data_status", "mixed"))
    out.attrs = provenance(
        status=status,
        source="predictor weighted by the footprint, of the tower's cell, and mean of a box",
        parameters={"box": box, "least_captured": least_captured},
    )
    return out


def compare_ways(extracted: xr.Dataset, truth: FloatArray) -> dict[str, dict[str, Any]]:
    """Return how well each way of taking a predictor explains a flux by a line.

    Parameters
    ----------
    extracted
        From :func:`extract_predictors`, one dimension.
    truth
        Flux at the same moments, shape (time,).

    Returns
    -------
    dict
        For each way ``r2``, ``rmse`` and ``n`` of the least-squares line, over moments that all
        three ways have.

    Raises
    ------
    OutOfBoundsError
        If fewer than three moments are common.
    """
    columns = {way: extracted[way].to_numpy().astype(np.float64) for way in WAYS}
    good = np.isfinite(truth)
    for values in columns.values():
        if values.shape != truth.shape:
            msg = f"predictors have shape {values.shape}, the flux {truth.shape}"
            raise DimsError(msg)
        good &= np.isfinite(values)
    if good.sum() < 3:
        msg = f"{int(good.sum())} moments have all three predictors and the flux, wanted 3 or more"
        raise OutOfBoundsError(msg)
    found: dict[str, dict[str, Any]] = {}
    for way, values in columns.items():
        design = np.column_stack([np.ones(int(good.sum())), values[good]])
        slopes, *_ = np.linalg.lstsq(design, truth[good], rcond=None)
        scores = score(design @ slopes, truth[good])
        found[way] = {key: scores[key] for key in ("r2", "rmse", "n")}
    return found


def _check_axes(field: xr.DataArray, footprint: xr.DataArray) -> None:
    """Raise an error unless both lie on the same axes around the tower."""
    for name, array in (("field", field), ("footprint", footprint)):
        if array.dims[-2:] != ("y", "x") or array.ndim > 3:
            msg = f"{name} has dimensions {array.dims}, wanted (y, x) with one more before at most"
            raise DimsError(msg, got=array.dims)
        for dim in ("y", "x"):
            if dim not in array.coords:
                msg = f"{name} has no coordinate {dim!r}: metres from the tower"
                raise MissingVariableError(msg, variable=dim)
    for dim in ("y", "x"):
        one, other = field[dim].to_numpy(), footprint[dim].to_numpy()
        if one.shape != other.shape or not np.allclose(one, other, rtol=0.0, atol=1e-3):
            msg = f"field and footprint have different {dim} axes"
            raise DimsError(msg, axis=dim)
    both = "time" in field.dims and "time" in footprint.dims
    if both and not np.array_equal(field["time"].to_numpy(), footprint["time"].to_numpy()):
        msg = "field and footprint have different times"
        raise DimsError(msg, axis="time")


def _cell_area(footprint: xr.DataArray) -> float:
    """Return the area of a cell [m2]."""
    steps = []
    for dim in ("y", "x"):
        axis = footprint[dim].to_numpy().astype(np.float64)
        if axis.size < 2:
            msg = f"axis {dim} has {axis.size} cell, wanted 2 or more"
            raise DimsError(msg, axis=dim)
        steps.append(abs(float(axis[1] - axis[0])))
    return steps[0] * steps[1]
