"""Several models on the same records: what they share and how far they are apart."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import DimsError
from fluxscape.footprint.climatology import Progress, footprint_climatology, prepare
from fluxscape.footprint.domain import AUTOMATIC, Domain, choose_domain
from fluxscape.footprint.models import find_models

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
    domain = shared_domain(records, [model.name for model in chosen], options)
    grid = domain_options(domain)
    fields = {
        model.name: footprint_climatology(
            records,
            model=model.name,
            on_progress=_part(on_progress, i, len(chosen)),
            **options | grid,
        )
        for i, model in enumerate(chosen)
    }
    return {name: _with_choice(field, domain) for name, field in fields.items()}


def shared_domain(
    records: xr.Dataset, names: Sequence[str], options: Mapping[str, Any]
) -> Domain | None:
    """Return the finest resolution and the largest extent that any of the models asks for.

    None if ``options`` fixes both.
    """
    wanted = {name: options.get(name) for name in ("resolution", "extent")}
    if AUTOMATIC not in wanted.values():
        return None
    passed = {key: value for key, value in options.items() if key in PREPARE}
    ready = [prepare(records, model=name, **passed) for name in names]
    defaults = inspect.signature(footprint_climatology).parameters
    step, extent = (
        defaults[name].default if value is None else value for name, value in wanted.items()
    )
    return choose_domain(ready, step, extent)


def domain_options(domain: Domain | None) -> dict[str, float]:
    """Return a shared domain as arguments of a climatology; none if nothing was chosen."""
    if domain is None:
        return {}
    return {"resolution": domain.resolution, "extent": domain.extent}


def _with_choice(field: xr.Dataset, domain: Domain | None) -> xr.Dataset:
    """Return a field that says how the shared grid was chosen."""
    if domain is None:
        return field
    return field.assign_attrs(grid_choice=domain.words(float(field.attrs["captured_fraction"])))


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
