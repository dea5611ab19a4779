"""Several models on the same records: what they share and how far they are apart."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import combinations
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import DimsError
from fluxscape.footprint.climatology import Progress, footprint_climatology, prepare
from fluxscape.footprint.models import find_models

PER_MODEL: Final = (
    "model_provenance",
    "n_used",
    "n_rejected",
    "rejected_by",
    "sum",
    "captured_fraction",
    "x_peak",
)
"""Facts that a stack of models keeps for each of them."""


PREPARE: Final = frozenset(inspect.signature(prepare).parameters) - {"records", "model"}
"""Arguments that do not depend on the grid."""


def compare_models(
    records: xr.Dataset,
    models: str = "all",
    *,
    on_progress: Progress | None = None,
    **options: Any,
) -> dict[str, xr.Dataset]:
    """Return the climatology of each model on one grid.

    Parameters
    ----------
    records
        As :func:`fluxscape.footprint.footprint_climatology` takes them.
    models
        ``all`` or names with commas between.
    on_progress
        Called as ``on_progress(fraction, message)``.
    **options
        Further arguments of :func:`fluxscape.footprint.footprint_climatology`; an automatic
        resolution is the finest and an automatic extent the largest that any model asks for.
    """
    chosen = find_models(models)
    grid = shared_grid(records, [model.name for model in chosen], options)
    return {
        model.name: footprint_climatology(
            records,
            model=model.name,
            on_progress=_part(on_progress, i, len(chosen)),
            **options | grid,
        )
        for i, model in enumerate(chosen)
    }


def shared_grid(
    records: xr.Dataset, names: list[str], options: Mapping[str, Any]
) -> dict[str, float]:
    """Return the finest resolution and the largest extent that any of the models asks for.

    Nothing is returned for what ``options`` fixes.
    """
    if "auto" not in (options.get("resolution"), options.get("extent")):
        return {}
    passed = {key: value for key, value in options.items() if key in PREPARE}
    ready = [prepare(records, model=name, **passed) for name in names]
    step = options.get("resolution", 4.0)
    if step == "auto":
        step = min(one.fitting_resolution for one in ready)
    if options.get("extent") != "auto":
        return {"resolution": step}
    return {"resolution": step, "extent": max(one.fitting_extent(step) for one in ready)}


def _part(report: Progress | None, index: int, count: int) -> Progress | None:
    """Return a report of one of several equal parts of a job."""
    if report is None:
        return None
    return lambda fraction, message: report((index + fraction) / count, message)


def differences(climatologies: Mapping[str, xr.Dataset]) -> dict[str, dict[str, float]]:
    """Return how far each pair of climatologies is apart, under keys such as ``km01-ffp``.

    ``overlap`` is the integral of the smaller of the two densities (1 if equal, in units of all
    flux), ``l1`` that of their absolute difference, ``max_difference`` [m-2] the largest one,
    ``centroid_distance`` [m] how far their centres of mass are apart.

    Raises
    ------
    DimsError
        If their grids differ.
    """
    found = {}
    for (one, first), (two, second) in combinations(climatologies.items(), 2):
        if not (first["x"].equals(second["x"]) and first["y"].equals(second["y"])):
            msg = f"the climatologies {one!r} and {two!r} have different grids"
            raise DimsError(msg)
        a, b = first["footprint"].to_numpy(), second["footprint"].to_numpy()
        area = float(first.attrs["resolution"]) ** 2
        apart = np.subtract(first.attrs["centroid_xy"], second.attrs["centroid_xy"])
        found[f"{one}-{two}"] = {
            "overlap": float(np.minimum(a, b).sum()) * area,
            "l1": float(np.abs(a - b).sum()) * area,
            "max_difference": float(np.abs(a - b).max()),
            "centroid_distance": float(np.hypot(*apart)),
        }
    return found


def stack_models(climatologies: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return one dataset with ``footprint`` over ``model``; the facts of each as its attributes."""
    names = list(climatologies)
    stacked = xr.concat(
        [climatologies[name]["footprint"] for name in names],
        dim=xr.DataArray(names, dims=("model",), name="model"),
    )
    product = stacked.to_dataset(name="footprint")
    for key in PER_MODEL:
        product[key] = ("model", [climatologies[name].attrs[key] for name in names])
    product.attrs = {
        key: value
        for key, value in climatologies[names[0]].attrs.items()
        if key not in PER_MODEL and all(c.attrs.get(key) == value for c in climatologies.values())
    }
    return product
