"""Fluxes of a landscape or region: a model over a stack of predictors, cell by cell.

A flux is predicted where all predictors are known, with its interval and whether the model applies;
the landscape's budget stands beside what its tower sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.contracts import driven_status, provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.upscaling.model import Prediction

FloatArray = npt.NDArray[np.float64]
Progress = Callable[..., None]

_BLOCK: Final = 200_000
"""Cells that are predicted at once."""


class Predicts(Protocol):
    """What :func:`predict_stack` needs of a model."""

    def predict_features(self, x: FloatArray) -> Prediction:
        """Return the flux of each row."""
        ...


@dataclass(frozen=True)
class StackModel:
    """A regressor over plain layers, such as reflectances and weather of fused images.

    Attributes
    ----------
    names
        Layers, in the order of the features.
    rules, intervals, applicability
        As in :class:`fluxscape.upscaling.model.FluxModel`; intervals and applicability may be None.
    """

    names: tuple[str, ...]
    rules: Any
    intervals: Any = None
    applicability: Any = None

    def predict_features(self, x: FloatArray) -> Prediction:
        """Return the flux of each row; ends and index are NaN where there is nothing to tell."""
        unknown = np.full(x.shape[0], np.nan)
        flux, spread = self.rules.predict_with_spread(x)
        lower, upper = (unknown, unknown)
        if self.intervals is not None:
            lower, upper = self.intervals.bounds(flux, spread)
        index, applies = unknown, np.ones(x.shape[0], dtype=np.bool_)
        if self.applicability is not None:
            index = self.applicability.dissimilarity(x)
            applies = np.isfinite(index) & (index <= self.applicability.threshold)
        return Prediction(flux, lower, upper, index, applies)


def predict_stack(
    model: Predicts,
    stack: xr.Dataset,
    names: Sequence[str],
    *,
    flux: str = "gross_primary_production",
    units: str = "gC m-2 d-1",
    on_progress: Progress | None = None,
) -> xr.Dataset:
    """Return fluxes over a stack of predictors: a landscape at 30 m, or a region's grid.

    Parameters
    ----------
    model
        A :class:`StackModel`, or anything that predicts rows of features.
    stack
        One variable for each feature, dimensions (y, x) or (time, y, x), NaN where unknown; those
        without ``time`` hold at all times.
    names
        Features in the model's order.
    flux, units
        Name and unit of what is predicted.
    on_progress
        Called as ``on_progress(fraction, message)``.

    Returns
    -------
    xarray.Dataset
        ``flux``, ``<flux>_lower``, ``<flux>_upper`` [units], ``dissimilarity`` [1] and
        ``applicable`` (1 where the model applies, 0 where not, NaN where a predictor is missing).

    Raises
    ------
    MissingVariableError, DimsError
        If a feature is absent or has other dimensions.
    """
    layers = _layers(stack, names)
    dims = layers[0].dims
    shape = tuple(layers[0].sizes[dim] for dim in dims)
    total = int(np.prod(shape))
    flat = [np.asarray(layer.to_numpy(), dtype=np.float64).reshape(-1) for layer in layers]
    results = {key: np.full(total, np.nan) for key in ("flux", "lower", "upper", "index", "in")}
    for first in range(0, total, _BLOCK):
        if on_progress is not None:
            on_progress(first / total, f"{first} of {total} cells")
        x = np.column_stack([column[first : first + _BLOCK] for column in flat])
        good = np.isfinite(x).all(axis=1)
        if not good.any():
            continue
        rows = np.flatnonzero(good) + first
        part = model.predict_features(x[good])
        results["flux"][rows], results["lower"][rows] = part.flux, part.lower
        results["upper"][rows], results["index"][rows] = part.upper, part.dissimilarity
        results["in"][rows] = part.applies
    if on_progress is not None:
        on_progress(1.0, "done")
    out = xr.Dataset(
        {
            name: (dims, results[key].reshape(shape), {"units": unit})
            for name, key, unit in (
                (flux, "flux", units),
                (f"{flux}_lower", "lower", units),
                (f"{flux}_upper", "upper", units),
                ("dissimilarity", "index", "1"),
                ("applicable", "in", "1"),
            )
        },
        coords={dim: stack[dim] for dim in dims if dim in stack.coords},
    )
    out.attrs = provenance(
        status=driven_status(stack), source="modified regression tree over a stack of predictors"
    )
    return out


def landscape_budget(
    product: xr.Dataset,
    flux: str,
    *,
    footprint: xr.DataArray | None = None,
    cell_area: xr.DataArray | float | None = None,
) -> dict[str, float]:
    """Return the mean flux of a landscape beside what its tower sees.

    Parameters
    ----------
    product
        From :func:`predict_stack`.
    flux
        Name of the flux in it.
    footprint
        Footprint [m-2] on the product's axes, dimensions (y, x); without it the tower's figures
        are NaN.
    cell_area
        Area of cells [m2], a number or (y, x); equal areas by default.

    Returns
    -------
    dict
        ``landscape`` mean flux over known cells, ``landscape_applicable`` over those where the
        model applies, ``tower``, the mean weighted by the footprint, ``difference`` (landscape less
        tower), ``share_applicable``, ``share_known`` and ``captured``.

    Raises
    ------
    MissingVariableError, DimsError
        If the flux is absent or the axes differ.
    """
    if flux not in product:
        known = [str(name) for name in product.data_vars]
        msg = f"the product has no {flux!r}.{did_you_mean(flux, known)}"
        raise MissingVariableError(msg, variable=flux)
    values = product[flux]
    known_cells = values.notnull()
    area = xr.ones_like(values) if cell_area is None else xr.ones_like(values) * cell_area
    applies = known_cells & (product["applicable"] > 0.5)
    weight = float(area.where(known_cells, 0.0).sum())
    found = {
        "landscape": _mean(values, area.where(known_cells, 0.0)),
        "landscape_applicable": _mean(values, area.where(applies, 0.0)),
        "tower": float("nan"),
        "share_known": float(known_cells.mean()),
        "share_applicable": float(area.where(applies, 0.0).sum()) / weight if weight else 0.0,
        "captured": float("nan"),
    }
    if footprint is not None:
        for dim in ("y", "x"):
            one, other = values[dim].to_numpy(), footprint[dim].to_numpy()
            if one.shape != other.shape or not np.allclose(one, other, rtol=0.0, atol=1e-3):
                msg = f"product and footprint have different {dim} axes"
                raise DimsError(msg, axis=dim)
        seen = (xr.ones_like(values) * footprint.fillna(0.0)).where(known_cells, 0.0)
        found["tower"] = _mean(values, seen)
        times = values.size // footprint.size
        found["captured"] = float(seen.sum()) / max(float(footprint.sum()) * times, 1e-300)
    return found | {"difference": found["landscape"] - found["tower"]}


def _layers(stack: xr.Dataset, names: Sequence[str]) -> list[xr.DataArray]:
    """Return the layers of a stack, each over all dimensions."""
    known = [str(name) for name in stack.data_vars]
    found = []
    for name in names:
        if name not in stack:
            msg = f"the stack has no layer {name!r}.{did_you_mean(name, known)}"
            raise MissingVariableError(msg, variable=name)
        layer = stack[name]
        if layer.dims not in {("y", "x"), ("time", "y", "x"), ("time",)}:
            msg = f"{name} has dimensions {layer.dims}, wanted (y, x), (time, y, x) or (time)"
            raise DimsError(msg, variable=name, got=layer.dims)
        found.append(layer)
    if not found:
        msg = "a stack needs one layer or more"
        raise OutOfBoundsError(msg)
    whole = xr.broadcast(*found)
    order = tuple(dim for dim in ("time", "y", "x") if dim in whole[0].dims)
    return [layer.transpose(*order) for layer in whole]


def _mean(values: xr.DataArray, weight: xr.DataArray) -> float:
    """Return a weighted mean, NaN without weight."""
    total = float(weight.sum())
    return float((values.fillna(0.0) * weight).sum()) / total if total > 0.0 else float("nan")
