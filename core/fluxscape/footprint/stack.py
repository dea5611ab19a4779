"""Climatologies of several parts of a record on one grid, for example of every month by day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import MissingVariableError, RunError
from fluxscape.footprint.climatology import Progress, footprint_climatology
from fluxscape.footprint.compare import shared_grid
from fluxscape.footprint.periods import period_mask

MONTHS_BY_DAY: Final = tuple(
    f"{light}+month-{month:02d}" for month in range(1, 13) for light in ("day", "night")
)
"""The months of the year, by day and by night."""


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
        accepts, with ``n_used`` and ``captured_fraction`` (period).

    Raises
    ------
    RunError
        If no period has a record.
    MissingVariableError
        If no period is given, or day and night cannot be told.
    """
    if not periods:
        msg = "climatology_by_period needs one period or more"
        raise MissingVariableError(msg)
    grid = shared_grid(records, [model], options)
    place = {name: options.get(name) for name in ("latitude", "longitude")}
    fields: list[xr.Dataset | None] = []
    for i, period in enumerate(periods):
        if on_progress is not None:
            on_progress(i / len(periods), period)
        mask = period_mask(records, period, **place)
        try:
            field = footprint_climatology(records, model=model, selected=mask, **options | grid)
        except RunError:
            field = None
        fields.append(field)
    if on_progress is not None:
        on_progress(1.0, "done")
    first = next((field for field in fields if field is not None), None)
    if first is None:
        msg = f"no period of {', '.join(periods)} has a record that model {model!r} accepts"
        raise RunError(msg, model=model)
    return _stacked(first, fields, periods)


def _stacked(
    first: xr.Dataset, fields: Sequence[xr.Dataset | None], periods: Sequence[str]
) -> xr.Dataset:
    """Return the fields as one dataset; periods without a field are NaN."""
    empty = first["footprint"] * np.nan
    density = xr.concat(
        [empty if field is None else field["footprint"] for field in fields],
        dim=xr.DataArray(list(periods), dims=("period",), name="period"),
    )
    stack = density.to_dataset(name="footprint")
    stack["footprint"].attrs = first["footprint"].attrs
    stack["n_used"] = ("period", [0 if f is None else f.attrs["n_used"] for f in fields])
    captured = [np.nan if f is None else f.attrs["captured_fraction"] for f in fields]
    stack["captured_fraction"] = ("period", captured, {"units": "1"})
    kept = ("model", "model_provenance", "source", "data_status", "fluxscape_version", "history")
    more = ("Conventions", "resolution", "weight", "measurement_height", "latitude", "longitude")
    stack.attrs = {name: first.attrs[name] for name in kept + more if name in first.attrs}
    return stack
