"""Readers of flux tables: FLUXNET2015, AmeriFlux BASE, EddyPro full output, plain CSV.

Whatever the format, :func:`read_flux_table` gives one dataset: names and units of the vocabulary,
UTC, start of step, a gapless axis, NaN for what is missing, quality flags, and in its attributes
which column each variable came from, what was left out and what was replaced. A value that cannot
be true stops the reader with the file, row, column, value and unit.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.contracts import provenance
from fluxscape.errors import FileFormatError, MissingVariableError, did_you_mean
from fluxscape.io._ameriflux import ameriflux_layout, is_ameriflux
from fluxscape.io._eddypro import eddypro_layout, is_eddypro
from fluxscape.io._fluxnet import fluxnet_layout, is_fluxnet
from fluxscape.io._generic_table import generic_layout
from fluxscape.io._table_rules import TableLayout
from fluxscape.io._table_text import TableBody, TableText
from fluxscape.io._table_time import TableTimes, read_times, regular_axis
from fluxscape.io._table_values import TableValues, read_values
from fluxscape.io._time_zone import UtcOffset, find_offset, site_code, unknown_offset_error

FORMATS: Final = ("fluxnet2015", "ameriflux", "eddypro", "generic")
"""Formats that can be read; ``table_format=None`` tells them apart by their header."""

_CALENDAR: Final = ("P1D", "P7D", "P1M", "P1Y")


def read_flux_table(
    path: str | os.PathLike[str],
    *,
    site: str | None = None,
    utc_offset_hours: float | None = None,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    table_format: str | None = None,
    longitude: float | None = None,
    local_time_allowed: bool = False,
    energy_balance_corrected: bool = False,
    ignore_columns: Collection[str] = (),
) -> xr.Dataset:
    """Read a flux table into one dataset over ``time``.

    Parameters
    ----------
    path
        CSV file, plain or gzip-compressed.
    site
        FLUXNET code or key of the site; found in the file's name where it is a FLUXNET code.
    utc_offset_hours
        Local standard time minus UTC [h]. Not needed where the file states it, where the site's
        country keeps one time, or where ``longitude`` is given and the file has radiation.
    measurement_height, canopy_height
        Heights above ground [m] that the file does not hold; kept as attributes.
    table_format
        One of :data:`FORMATS`; told by the header when absent.
    longitude
        Longitude of the tower [degrees east], against which the clock is checked.
    local_time_allowed
        Whether times of unknown offset are kept as they are, with ``time_reference`` saying so.
        Only for uses that do not need the sun, such as a footprint of all hours.
    energy_balance_corrected
        Whether LE_CORR and H_CORR are taken where they hold numbers.
    ignore_columns
        Columns to leave unread, for example one whose sensor is known to be broken.

    Returns
    -------
    xarray.Dataset
        Variables over ``time`` in the units of the vocabulary, flags ``<name>_quality`` (int8, -1
        none; ``<name>_measured_share`` in daily and longer files). Attributes: ``site``,
        ``data_status``, ``time_step_seconds``, ``time_reference``, ``utc_offset_hours``,
        ``input_sha256``, and as JSON ``columns_recognised``, ``columns_ignored``,
        ``missing_by_column``, ``spikes_removed``, ``notes``. Steps of a day and longer bear the
        local calendar date.

    Raises
    ------
    FileFormatError, OutOfBoundsError
        If a row, time or value is not what the format promises; names file, row and column.
    MissingVariableError
        If no known column or no offset from UTC is found.
    UnsafeInputError
        If the file is too large or refused by the guards.

    References
    ----------
    FLUXNET2015: Pastorello et al. 2020, doi:10.1038/s41597-020-0534-3.
    """
    table = TableText.open(Path(path))
    layout = _layout(table, table_format, energy_balance_corrected=energy_balance_corrected)
    body = TableBody(table, layout.columns, layout.first_row)
    times = read_times(body, layout)
    values = read_values(body, layout, times, frozenset(ignore_columns))
    dataset = _assemble(values, layout, times, table.name)
    dataset.attrs |= {"site": site or site_code(table.name) or ""}
    dataset = _to_utc(
        dataset,
        times,
        name=table.name,
        utc_offset_hours=utc_offset_hours,
        longitude=longitude,
        local_time_allowed=local_time_allowed,
    )
    heights = {"measurement_height": measurement_height, "canopy_height": canopy_height}
    dataset.attrs |= {name: float(value) for name, value in heights.items() if value is not None}
    dataset.attrs |= _provenance(table, layout, values)
    return dataset


def _layout(
    table: TableText, table_format: str | None, *, energy_balance_corrected: bool
) -> TableLayout:
    """Return the layout of a table, told by its header or as the caller says."""
    if table_format is not None and table_format not in FORMATS:
        msg = f"table_format must be one of {FORMATS}, got {table_format!r}."
        raise MissingVariableError(msg + did_you_mean(table_format, FORMATS), got=table_format)
    if table_format == "eddypro" or (table_format is None and is_eddypro(table.lines)):
        return eddypro_layout(table.lines, table.name)
    row = table.first_line()
    columns = table.header(row)
    wanted = table_format or _told_by_header(columns)
    if wanted == "fluxnet2015":
        first_record = table.lines[row] if len(table.lines) > row else ""
        return fluxnet_layout(
            columns,
            row + 1,
            first_record.split(",")[0],
            energy_balance_corrected=energy_balance_corrected,
        )
    return (ameriflux_layout if wanted == "ameriflux" else generic_layout)(columns, row + 1)


def _told_by_header(columns: tuple[str, ...]) -> str:
    """Return the format that a header belongs to."""
    if is_fluxnet(columns):
        return "fluxnet2015"
    return "ameriflux" if is_ameriflux(columns) else "generic"


def _assemble(values: TableValues, layout: TableLayout, times: TableTimes, name: str) -> xr.Dataset:
    """Return the dataset on the gapless axis, still in the file's own time."""
    axis, places = regular_axis(times, name)
    whole = axis.size == times.start.size
    variables: dict[str, xr.DataArray] = {}
    for key, column in values.columns.items():
        data = column.data
        if not whole:
            empty = -1 if data.dtype.kind == "i" else np.nan
            data = np.full(axis.size, empty, dtype=column.data.dtype)
            data[places] = column.data
        variables[key] = xr.DataArray(data, dims=("time",), attrs=column.attrs)
    attrs: dict[str, Any] = {
        "time_step": times.duration,
        "rows_read": int(times.start.size),
        "steps_filled": int(axis.size - times.start.size),
        "table_format": layout.format_name,
        **values.constants,
    }
    if times.duration not in {"P1M", "P1Y"}:
        attrs["time_step_seconds"] = int(times.length[0])
    return xr.Dataset(variables, coords={"time": axis}, attrs=attrs)


def _to_utc(
    dataset: xr.Dataset,
    times: TableTimes,
    *,
    name: str,
    utc_offset_hours: float | None,
    longitude: float | None,
    local_time_allowed: bool,
) -> xr.Dataset:
    """Return the dataset with its time in UTC and with attributes that say how that is known."""
    if times.duration in _CALENDAR:
        dataset.attrs["time_reference"] = "start of step, local calendar date"
        return _with_time_attrs(dataset)
    offset: UtcOffset | None = UtcOffset(0.0, "offset in the file")
    if not times.is_utc:
        offset = find_offset(
            dataset,
            name=name,
            site=str(dataset.attrs["site"]) or None,
            utc_offset_hours=utc_offset_hours,
            longitude=longitude,
        )
    if offset is None:
        if not local_time_allowed:
            raise unknown_offset_error(name)
        dataset.attrs["time_reference"] = "start of step, local time of unknown offset from UTC"
        return _with_time_attrs(dataset)
    shift = np.timedelta64(round(offset.hours * 3600), "s")
    dataset = dataset.assign_coords(time=dataset["time"].to_numpy() - shift)
    dataset.attrs |= {
        "time_reference": "start of step, UTC",
        "utc_offset_hours": offset.hours,
        "utc_offset_source": offset.source,
    }
    return _with_time_attrs(dataset)


def _with_time_attrs(dataset: xr.Dataset) -> xr.Dataset:
    """Return the dataset with CF attributes on its time."""
    dataset["time"].attrs = {
        "standard_name": "time",
        "long_name": dataset.attrs["time_reference"],
    }
    return dataset


def _provenance(table: TableText, layout: TableLayout, values: TableValues) -> dict[str, Any]:
    """Return where the dataset came from and what became of every column."""
    with table.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return provenance(
        status="observed",
        source=f"{layout.label} table {table.name}",
        input_file=table.name,
        input_sha256=digest,
        columns_recognised=json.dumps(values.recognised),
        columns_ignored=json.dumps(values.ignored),
        missing_by_column=json.dumps(values.missing),
        spikes_removed=json.dumps(values.spikes),
        notes=json.dumps(values.notes),
    )


def require_utc(dataset: xr.Dataset, *, where: str) -> None:
    """Raise FileFormatError unless the dataset's times are UTC.

    Parameters
    ----------
    dataset
        From :func:`read_flux_table`.
    where
        What needs it, for the message.
    """
    reference = str(dataset.attrs.get("time_reference", "not stated"))
    if "UTC" not in reference or "unknown" in reference:
        msg = f"{where} needs times in UTC; these are: {reference}. Give utc_offset_hours"
        raise FileFormatError(msg, got=reference)
