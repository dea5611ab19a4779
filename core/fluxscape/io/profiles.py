"""Records of a mole fraction at several heights: CSV with a time and one column an inlet."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.contracts import check_array
from fluxscape.errors import DimsError, MissingVariableError
from fluxscape.io.series import lower_case_table, numbers_of, times_of
from fluxscape.vocabulary import VARIABLES

_INLET: Final = re.compile(r"co2_([0-9]+(?:\.[0-9]+)?)m?")


def read_profile(path: str | os.PathLike[str]) -> xr.DataArray:
    """Read mole fractions of carbon dioxide at inlets.

    Parameters
    ----------
    path
        CSV with a column of times (ISO 8601, UTC, start of step) and columns ``co2_<height>`` with
        the height above ground [m] in their name, such as ``co2_30`` or ``co2_30m`` [umol mol-1];
        plain or gzip-compressed. Empty cells and -9999 are missing.

    Returns
    -------
    xarray.DataArray
        Over (time, level) with the coordinate ``inlet_height`` [m], from the lowest on.

    Raises
    ------
    FileFormatError
        If it is no such table, or a time or value cannot be read.
    MissingVariableError
        If there is no column of an inlet.
    DimsError
        If two inlets have one height, or times do not increase.
    OutOfBoundsError
        If a value cannot be true.
    """
    file = Path(path)
    table = lower_case_table(file)
    inlets = sorted(
        (float(match.group(1)), name)
        for name in table.columns
        if (match := _INLET.fullmatch(str(name)))
    )
    if not inlets:
        msg = f"{file.name}: no column co2_<height in m> among {', '.join(table.columns[:20])}"
        raise MissingVariableError(msg, file=file.name)
    heights = np.array([height for height, _ in inlets])
    if np.diff(heights).min(initial=1.0) <= 0.0:
        msg = f"{file.name}: two inlets have one height: {', '.join(name for _, name in inlets)}"
        raise DimsError(msg, file=file.name)
    values = np.stack([numbers_of(table, name, file.name) for _, name in inlets], axis=1)
    array = xr.DataArray(
        values,
        coords={
            "time": times_of(table, file.name),
            "inlet_height": ("level", heights, {"units": "m"}),
        },
        dims=("time", "level"),
        name="inlet_carbon_dioxide_mole_fraction",
        attrs=VARIABLES["inlet_carbon_dioxide_mole_fraction"].attrs(),
    )
    variable = VARIABLES["inlet_carbon_dioxide_mole_fraction"]
    return check_array(array, variable, dims=("time", "level"), where=file.name)
