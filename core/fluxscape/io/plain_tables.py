"""Small CSV tables that users write by hand: rows with named columns, told apart by header."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fluxscape.errors import FileFormatError, MissingVariableError, did_you_mean
from fluxscape.io.guards import read_text_guarded

LARGEST_TABLE: Final = 8 * 1024**2
"""Most bytes of a table that is read."""


class PlainTable:
    """Rows of a CSV table.

    Attributes
    ----------
    file
        Name of the file, for messages.
    columns
        Names in the header.
    rows
        Cells by column, without blanks around them.
    """

    def __init__(self, path: str | Path, needed: Sequence[str]) -> None:
        """Read a table that has at least the ``needed`` columns.

        Raises
        ------
        FileFormatError
            If it is no CSV table or has no row.
        MissingVariableError
            If a column is missing.
        """
        self.file = Path(path).name
        text = read_text_guarded(path, max_bytes=LARGEST_TABLE)
        reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
        try:
            found = list(reader)
        except csv.Error as error:
            msg = f"{self.file}: not a CSV table: {error}"
            raise FileFormatError(msg, file=self.file) from error
        self.columns = [str(name).strip() for name in reader.fieldnames or ()]
        for name in needed:
            if name not in self.columns:
                there = ", ".join(self.columns[:20]) or "none"
                hint = did_you_mean(name, self.columns)
                msg = f"{self.file}: no column {name!r} among {there}.{hint}"
                raise MissingVariableError(msg, file=self.file, column=name)
        if not found:
            msg = f"{self.file}: the table has no row"
            raise FileFormatError(msg, file=self.file)
        self.rows = [
            {str(key).strip(): str(cell or "").strip() for key, cell in row.items() if key}
            for row in found
        ]

    def text(self, row: int, column: str, default: str | None = None) -> str:
        """Return a cell, or a default where it is empty; FileFormatError without a default."""
        cell = self.rows[row].get(column, "")
        if cell:
            return cell
        if default is None:
            msg = f"{self.file}, row {row + 2}, column {column}: the cell is empty"
            raise FileFormatError(msg, file=self.file, row=row + 2, column=column)
        return default

    def number(self, row: int, column: str, default: float | None = None) -> float:
        """Return a cell as a finite number; FileFormatError names row and column otherwise."""
        cell = self.text(row, column, "" if default is not None else None)
        if not cell and default is not None:
            return default
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            msg = f"{self.file}, row {row + 2}, column {column}: {cell[:40]!r} is no number"
            raise FileFormatError(msg, file=self.file, row=row + 2, column=column)
        return value
