"""Measured means at towers, one row a tower, to hold maps against."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Final

from fluxscape.errors import FileFormatError, MissingVariableError
from fluxscape.io.guards import read_text_guarded

_LARGEST: Final = 4 * 2**20


def read_site_values(path: str | Path) -> dict[str, float]:
    """Return the values of a CSV with columns ``site`` and ``value``; several of a site are meant.

    Parameters
    ----------
    path
        Text file; values in the unit of the maps (g m-2 year-1 or mm year-1).

    Raises
    ------
    MissingVariableError
        If a column is absent.
    FileFormatError
        If a value is no number; names the row.
    """
    file = Path(path)
    rows = list(csv.DictReader(read_text_guarded(file, _LARGEST).splitlines()))
    columns = {str(name).strip().lower(): name for name in (rows[0] if rows else {})}
    if not {"site", "value"} <= set(columns):
        msg = f"{file.name} has columns {list(columns)[:10]}, wanted site and value"
        raise MissingVariableError(msg, file=str(file))
    found: dict[str, list[float]] = {}
    for number, row in enumerate(rows, start=2):
        text = str(row[columns["value"]] or "").strip()
        if not text:
            continue
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            msg = f"{file.name}, row {number}: value {text[:30]!r} is no number"
            raise FileFormatError(msg, file=str(file), row=number)
        found.setdefault(str(row[columns["site"]]).strip(), []).append(value)
    return {site: sum(values) / len(values) for site, values in found.items()}
