"""``fluxscape data describe FILE``: what a flux table holds, before it is put to use."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._output import emit_json

if TYPE_CHECKING:
    import xarray as xr

_LISTS = ("columns_recognised", "columns_ignored", "missing_by_column", "spikes_removed", "notes")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``data`` and its sub-commands."""
    data = subparsers.add_parser("data", help="look into flux tables")
    commands = data.add_subparsers(metavar="ACTION", required=True)
    describe = commands.add_parser(
        "describe",
        help="variables, period, units, what was left out",
        description="Read a FLUXNET2015, AmeriFlux BASE, EddyPro or plain CSV table and say what "
        "it holds.",
    )
    describe.add_argument("file", metavar="FILE", help="CSV file, plain or gzip-compressed")
    describe.add_argument("--site", help="FLUXNET code; found in the file's name when absent")
    describe.add_argument(
        "--utc-offset",
        type=float,
        metavar="HOURS",
        help="local standard time minus UTC, for example 8 in China",
    )
    describe.add_argument("--longitude", type=float, help="degrees east, to check the clock")
    describe.add_argument(
        "--format",
        dest="table_format",
        metavar="FORMAT",
        help="fluxnet2015, ameriflux, eddypro or generic; told by the header when absent",
    )
    describe.add_argument("--json", action="store_true", help="one JSON object on stdout")
    describe.set_defaults(run=run_describe)


def run_describe(arguments: argparse.Namespace) -> int:
    """Describe one table."""
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    dataset = read_flux_table(
        arguments.file,
        site=arguments.site,
        utc_offset_hours=arguments.utc_offset,
        longitude=arguments.longitude,
        table_format=arguments.table_format,
        local_time_allowed=True,
    )
    facts = description(dataset)
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(as_text(facts))
    return 0


def description(dataset: xr.Dataset) -> dict[str, Any]:
    """Return what a dataset of :func:`fluxscape.io.flux_tables.read_flux_table` holds."""
    import numpy as np  # noqa: PLC0415

    times = np.datetime_as_string(dataset["time"].to_numpy()[[0, -1]], unit="m").tolist()
    variables = {}
    for name, array in dataset.data_vars.items():
        if "units" not in array.attrs:
            continue
        values = array.to_numpy()
        found = values[np.isfinite(values)]
        variables[str(name)] = {
            "units": array.attrs["units"],
            "column": array.attrs.get("source_column"),
            "n": found.size,
            "min": found.min() if found.size else None,
            "mean": found.mean() if found.size else None,
            "max": found.max() if found.size else None,
        }
    attrs = {key: value for key, value in dataset.attrs.items() if key not in _LISTS}
    lists = {key: json.loads(dataset.attrs[key]) for key in _LISTS}
    return {"first": times[0], "last": times[1], **attrs, "variables": variables, **lists}


def as_text(facts: dict[str, Any]) -> str:
    """Return a description for people; names from the file lose their control characters."""
    from fluxscape.io.guards import plain_text  # noqa: PLC0415

    lines = [
        f"{facts['source']}",
        f"site {facts['site'] or 'not stated'}, {facts['rows_read']} records of "
        f"{facts['time_step']} from {facts['first']} to {facts['last']} "
        f"({facts['time_reference']})",
        "",
    ]
    for name, row in facts["variables"].items():
        column = plain_text(row["column"], limit=18)
        numbers = f"{row['min']:>12.4g} {row['mean']:>12.4g} {row['max']:>12.4g}"
        lines.append(f"{name:38} {column:>18} {row['n']:>8} {numbers} {row['units']}")
    ignored = ", ".join(plain_text(name, limit=40) for name in facts["columns_ignored"])
    lines += ["", f"not read: {ignored or 'nothing'}"]
    lines += [f"note: {plain_text(note, limit=200)}" for note in facts["notes"].values()]
    return "\n".join(lines) + "\n"
