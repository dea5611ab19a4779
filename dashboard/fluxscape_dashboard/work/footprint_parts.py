"""Climatologies of parts of a record: what the bootstrap of the Representativeness page draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.errors import RunError
from fluxscape.footprint import footprint_climatology
from fluxscape.footprint.periods import period_mask
from fluxscape.footprint.stack import MONTHS_BY_DAY, stack_fields

THIRDS: Final = ((1, 10), (11, 20), (21, 31))
"""First and last day of each third of a month."""


def blocks_of(
    records: xr.Dataset, options: dict[str, Any], say: Callable[[float], None]
) -> xr.Dataset:
    """Return the climatology of each third of a month, by day and by night, on one grid.

    Parameters
    ----------
    records
        As :func:`fluxscape.footprint.footprint_climatology` takes them.
    options
        Of the climatology; resolution and extent are among them, so that all share one grid.
    say
        Told the fraction done.

    Returns
    -------
    xarray.Dataset
        ``footprint`` (period, y, x) [m-2], NaN where no record is left, ``n_used`` (period).

    Raises
    ------
    RunError
        If no part has a record.
    """
    day = records["time"].dt.day.to_numpy()
    place = {name: options[name] for name in ("latitude", "longitude")}
    fields: dict[str, xr.Dataset | None] = {}
    for number, period in enumerate(MONTHS_BY_DAY):
        say(number / len(MONTHS_BY_DAY))
        month = period_mask(records, period, **place)
        for first, last in THIRDS:
            chosen = month & (day >= first) & (day <= last)
            fields[f"{period}+{first}"] = _climatology(records, chosen, options)
    if not any(field is not None for field in fields.values()):
        msg = "no part of the record has a half-hour that the footprint model accepts"
        raise RunError(msg)
    return stack_fields(fields, "period")


def _climatology(records: xr.Dataset, chosen: Any, options: dict[str, Any]) -> xr.Dataset | None:
    if not chosen.any():
        return None
    try:
        return footprint_climatology(records, selected=chosen, **options)
    except RunError:
        return None


def months_by_day(blocks: xr.Dataset) -> xr.Dataset:
    """Return the climatology of each month by day and by night, pooled from its thirds."""
    months = [pooled(_rows(blocks, slice(i, i + 3))) for i in range(0, blocks.sizes["period"], 3)]
    return xr.concat(months, dim="period").assign_coords(period=list(MONTHS_BY_DAY))


def of_month(blocks: xr.Dataset, month: int) -> tuple[xr.Dataset, xr.Dataset | None]:
    """Return the blocks of a month and their pooled climatology, None without records."""
    size = 2 * len(THIRDS)
    rows = _rows(blocks, slice(size * (month - 1), size * month))
    whole = pooled(rows)
    return rows, whole if float(whole["n_used"]) > 0.0 else None


def pooled(blocks: xr.Dataset) -> xr.Dataset:
    """Return the mean of climatologies by their records; NaN without any."""
    counts = blocks["n_used"].astype(np.float64)
    total = counts.sum("period")
    mean = (blocks["footprint"] * counts).sum("period") / total.where(total > 0.0)
    return xr.Dataset({"footprint": mean, "n_used": total})


def _rows(blocks: xr.Dataset, rows: slice) -> xr.Dataset:
    return blocks[["footprint", "n_used"]].isel(period=rows)
