"""Several climatologies on one grid as one dataset: periods of a record, or models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import MissingVariableError, RunError
from fluxscape.footprint.climatology import Progress, footprint_climatology
from fluxscape.footprint.compare import domain_options, shared_domain
from fluxscape.footprint.periods import MONTHS, period_mask

MONTHS_BY_DAY: Final = tuple(f"{light}+{month}" for month in MONTHS for light in ("day", "night"))
"""The months of the year, by day and by night."""

PER_FIELD: Final = {
    "model_provenance": "",
    "n_used": 0,
    "n_rejected": 0,
    "rejected_by": "{}",
    "n_filled": "{}",
    "sum": float("nan"),
    "captured_fraction": float("nan"),
    "x_peak": float("nan"),
}
"""Facts that a stack keeps for each of its fields, and what an empty one has in their place."""

_UNITS: Final = {
    "n_used": "1",
    "n_rejected": "1",
    "sum": "1",
    "captured_fraction": "1",
    "x_peak": "m",
}


def climatology_by_period(
    records: xr.Dataset,
    periods: Sequence[str] = MONTHS_BY_DAY,
    *,
    model: str = "ffp",
    on_progress: Progress | None = None,
    **options: Any,
) -> xr.Dataset:
    """Return the climatology of each period on one grid.

    Parameters
    ----------
    records
        As :func:`fluxscape.footprint.footprint_climatology` takes them.
    periods
        As :func:`fluxscape.footprint.period_mask` reads them.
    model
        A key of :data:`fluxscape.footprint.models.MODELS`.
    on_progress
        Called as ``on_progress(fraction, message)``.
    **options
        Further arguments of :func:`fluxscape.footprint.footprint_climatology`.

    Returns
    -------
    xarray.Dataset
        ``footprint`` (period, y, x) [m-2], NaN where a period has no record that the model
        accepts, with ``n_used``, ``captured_fraction`` and more (period).

    Raises
    ------
    RunError
        If no period has a record.
    MissingVariableError
        If no period is given, or day and night cannot be told.
    """
    fields = period_climatologies(records, periods, model=model, on_progress=on_progress, **options)
    return stack_fields(fields, "period")


def period_climatologies(
    records: xr.Dataset,
    periods: Sequence[str],
    *,
    model: str = "ffp",
    on_progress: Progress | None = None,
    **options: Any,
) -> dict[str, xr.Dataset | None]:
    """Return the climatology of each period on one grid, None for one without a record.

    Parameters and errors are those of :func:`climatology_by_period`.
    """
    if not periods:
        msg = "climatology_by_period needs one period or more"
        raise MissingVariableError(msg)
    grid = domain_options(shared_domain(records, [model], options))
    place = {name: options.get(name) for name in ("latitude", "longitude")}
    fields: dict[str, xr.Dataset | None] = {}
    for i, period in enumerate(periods):
        if on_progress is not None:
            on_progress(i / len(periods), period)
        mask = period_mask(records, period, **place)
        try:
            field = footprint_climatology(records, model=model, selected=mask, **options | grid)
        except RunError:
            fields[period] = None
        else:
            fields[period] = field.assign_attrs(period=period)
    if on_progress is not None:
        on_progress(1.0, "done")
    if not any(field is not None for field in fields.values()):
        msg = f"no period of {', '.join(periods)} has a record that model {model!r} accepts"
        raise RunError(msg, model=model)
    return fields


def stack_fields(fields: Mapping[str, xr.Dataset | None], dim: str) -> xr.Dataset:
    """Return climatologies on one grid as one dataset over a new dimension.

    Parameters
    ----------
    fields
        By label; None gives NaN. One at least is there.
    dim
        Name of the dimension: ``period`` or ``model``.

    Returns
    -------
    xarray.Dataset
        ``footprint`` (dim, y, x) [m-2], the facts of :data:`PER_FIELD` over ``dim``, and as
        attributes those facts that all fields share.
    """
    there = [field for field in fields.values() if field is not None]
    first = there[0]
    empty = first["footprint"] * np.nan
    density = xr.concat(
        [empty if field is None else field["footprint"] for field in fields.values()],
        dim=xr.DataArray(list(fields), dims=(dim,), name=dim),
    )
    stack = density.to_dataset(name="footprint")
    stack["footprint"].attrs = first["footprint"].attrs
    for key, none in PER_FIELD.items():
        values = [none if field is None else field.attrs[key] for field in fields.values()]
        stack[key] = (dim, values, {"units": _UNITS[key]} if key in _UNITS else {})
    if "crs" in first:
        stack["crs"] = first["crs"]
    stack.attrs = {
        key: value
        for key, value in first.attrs.items()
        if key not in PER_FIELD and all(_same(field.attrs.get(key), value) for field in there)
    }
    return stack


def _same(one: Any, other: Any) -> bool:
    """Return whether two attributes are equal, NaN and lists of NaN included."""
    return repr(one) == repr(other)
