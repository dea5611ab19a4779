"""Small tables of one variable at any moments, such as leaf area of satellite scenes."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from fluxscape.contracts import check_array
from fluxscape.errors import FileFormatError, MissingVariableError
from fluxscape.io.guards import read_text_guarded
from fluxscape.vocabulary import VARIABLES

LARGEST_TABLE: Final = 20_000_000
"""Most bytes of a table that is read."""

TIME_COLUMNS: Final = ("time", "date", "timestamp", "datetime", "calendar_date")
VALUE_COLUMNS: Final = {
    "leaf_area_index": ("leaf_area_index", "lai"),
    "absorbed_par_fraction": ("absorbed_par_fraction", "fapar"),
    "normalized_difference_vegetation_index": ("normalized_difference_vegetation_index", "ndvi"),
    "enhanced_vegetation_index": ("enhanced_vegetation_index", "evi"),
    "land_surface_water_index": ("land_surface_water_index", "lswi"),
}
MISSING: Final = (-9999.0, -6999.0, 255.0, 32700.0, 32766.0)
"""Codes of missing values, which become NaN."""


def read_series(path: str | os.PathLike[str], name: str = "leaf_area_index") -> xr.DataArray:
    """Read one variable over ``time`` from a CSV table with uneven times.

    Parameters
    ----------
    path
        CSV with a header, plain or gzip-compressed; columns of :data:`TIME_COLUMNS` (ISO 8601,
        UTC) and :data:`VALUE_COLUMNS`, in upper or lower case.
    name
        A key of :data:`VALUE_COLUMNS`.

    Raises
    ------
    FileFormatError
        If it is no such table, or a time or value cannot be read, naming file, column and row.
    MissingVariableError
        If a column is absent.
    OutOfBoundsError
        If a value cannot be true.
    """
    file = Path(path)
    table = lower_case_table(file)
    twice = table.columns[table.columns.duplicated()]
    if twice.size:
        msg = f"{file.name}: column {twice[0][:40]!r} comes twice, in upper or lower case"
        raise FileFormatError(msg, file=file.name, column=str(twice[0]))
    times = times_of(table, file.name)
    values = numbers_of(table, _column(table, VALUE_COLUMNS[name], file.name), file.name)
    order = np.argsort(times, kind="stable")
    if (np.diff(times[order]) == np.timedelta64(0, "ns")).any():
        msg = f"{file.name}: a time comes twice"
        raise FileFormatError(msg, file=file.name)
    array = xr.DataArray(
        values[order], coords={"time": times[order]}, dims="time", attrs=VARIABLES[name].attrs()
    )
    return check_array(array.rename(name), VARIABLES[name], dims=("time",), where=file.name)


def lower_case_table(file: Path) -> pd.DataFrame:
    """Return the cells of a CSV table as text, its columns in lower case.

    Raises
    ------
    FileFormatError
        If it is no such table.
    """
    text = read_text_guarded(file, max_bytes=LARGEST_TABLE)
    try:
        table = pd.read_csv(io.StringIO(text), dtype=str, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        msg = f"{file.name} is no CSV table: {error}"
        raise FileFormatError(msg, file=file.name) from error
    table.columns = [str(column).strip().lower() for column in table.columns]
    return table


def series_at(series: xr.DataArray, times: npt.NDArray[np.datetime64]) -> xr.DataArray:
    """Return a series at other times: straight lines between its values, the ends held.

    Raises
    ------
    MissingVariableError
        If it has no value.
    """
    known = series.dropna("time")
    if not known.size:
        msg = f"{series.name} has no value"
        raise MissingVariableError(msg, variable=str(series.name))
    moments = times.astype("datetime64[ns]").astype(np.int64)
    places = known["time"].to_numpy().astype("datetime64[ns]").astype(np.int64)
    values = np.interp(moments, places, known.to_numpy())
    return xr.DataArray(values, coords={"time": times}, dims="time", attrs=series.attrs)


def _column(table: pd.DataFrame, wanted: tuple[str, ...], file: str) -> str:
    """Return the first wanted column that is there."""
    for name in wanted:
        if name in table.columns:
            return name
    msg = f"{file}: no column {' or '.join(wanted)} among {', '.join(table.columns[:20])}"
    raise MissingVariableError(msg, file=file)


def times_of(table: pd.DataFrame, file: str) -> npt.NDArray[np.datetime64]:
    """Return the times of the rows."""
    column = _column(table, TIME_COLUMNS, file)
    stamps = pd.to_datetime(table[column], errors="coerce", utc=True, format="ISO8601")
    bad = stamps.isna().to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        msg = (
            f"{file}, row {row + 2}: {column} = {str(table[column].iloc[row])[:40]!r} is no time "
            "such as 2004-07-12"
        )
        raise FileFormatError(msg, file=file, row=row + 2)
    return np.asarray(stamps.dt.tz_localize(None).to_numpy(), "datetime64[ns]")


def numbers_of(table: pd.DataFrame, column: str, file: str) -> npt.NDArray[np.float64]:
    """Return the values of a column, NaN for empty cells and codes of missing values."""
    text = table[column]
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    empty = text.isna().to_numpy() | text.str.strip().str.lower().isin(("", "nan", "na")).to_numpy()
    bad = np.isnan(numbers) & ~empty
    if bad.any():
        row = int(np.argmax(bad))
        msg = f"{file}, row {row + 2}: {column} = {str(text.iloc[row])[:40]!r} is no number"
        raise FileFormatError(msg, file=file, row=row + 2)
    return np.where(np.isin(numbers, MISSING), np.nan, numbers)
