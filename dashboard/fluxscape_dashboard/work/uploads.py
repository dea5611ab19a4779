"""Reads a user's table once, in a child process, and leaves a checked netCDF for the runs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from fluxscape.io.atomic import write_netcdf
from fluxscape.io.flux_tables import read_flux_table
from fluxscape.vocabulary import VARIABLES

MOST_STEPS: Final = 60 * 17_568
"""Longest series that is taken: sixty years of half-hours."""


def read_upload(path: str, output: str, utc_offset_hours: float) -> dict[str, Any]:
    """Read the table at ``path``, write it as netCDF to ``output``, and say what is in it.

    Returns
    -------
    dict
        ``format``; ``steps``, ``step_seconds``, ``first`` and ``last`` (UTC); ``variables``, a
        list of dicts with ``name``, ``units``, ``column``, ``column_units`` and the ``share`` of
        steps with a value; ``ignored``, the columns that were not taken.

    Raises
    ------
    FluxscapeError
        If the table is not what it claims to be; names file, row and column.
    """
    dataset = read_flux_table(path, utc_offset_hours=utc_offset_hours)
    write_netcdf(dataset, output)
    times = dataset["time"].to_numpy()
    variables = [
        {
            "name": str(name),
            "units": VARIABLES[str(name)].units,
            "column": str(array.attrs.get("source_column", "")),
            "column_units": str(array.attrs.get("source_units", "")),
            "share": float(np.isfinite(array.to_numpy()).mean()),
        }
        for name, array in dataset.data_vars.items()
        if str(name) in VARIABLES
    ]
    return {
        "format": str(dataset.attrs.get("table_format", "")),
        "steps": int(times.size),
        "step_seconds": int(dataset.attrs.get("time_step_seconds", 0)),
        "first": str(np.datetime_as_string(times[0], unit="m")),
        "last": str(np.datetime_as_string(times[-1], unit="m")),
        "variables": variables,
        "ignored": str(dataset.attrs.get("columns_ignored", "[]")),
    }
