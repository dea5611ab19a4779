"""From the text of a flux table to checked columns of numbers.

Rows are counted as lines of the file from 1, header included, so that a message points at what an
editor or a spreadsheet shows. Every record must have as many fields as the header, every needed
field must be a number or a known code for "missing"; nothing is guessed.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fluxscape.errors import FileFormatError
from fluxscape.io.guards import plain_text, read_text_guarded

MAX_COLUMNS: Final = 5000
MAX_ROWS: Final = 2_000_000

MISSING_CODES: Final = (-9999.0, -6999.0, -99999.0, 9.969209968386869e36)
"""Numbers that stand for "missing": AmeriFlux, FLUXNET and EddyPro; LSCE; loggers; netCDF."""

MISSING_TEXTS: Final = ("", "NA", "NaN", "nan", "NAN", "N/A", "#N/A", "null", "NULL", "None", "-")
"""Texts that stand for "missing"."""

_LINE_END: Final = ord("\n")
_COMMA: Final = ord(",")


def _with_commas(text: str) -> str:
    """Return a table whose fields semicolons or tabs divide as one that commas divide.

    Spreadsheets of many countries write ``1,5;2,5``: a comma beside semicolons is a decimal point.
    """
    lines = (line for line in itertools.islice(text.split("\n", 200), 200) if line.strip())
    header = next((line for line in lines if not line.startswith("#")), "")
    if "," in header:
        return text
    if header.count(";") > 1:
        return text.replace(",", ".").replace(";", ",")
    return text.replace("\t", ",") if header.count("\t") > 1 and "," not in text else text


@dataclass(frozen=True)
class TableText:
    """A table whose fields are counted but not yet read.

    Attributes
    ----------
    path, name
        Where it lies and how messages call it.
    lines
        The first lines, comments included.
    text
        The whole text.
    """

    path: Path
    name: str
    lines: tuple[str, ...]
    text: str

    @classmethod
    def open(cls, path: Path) -> TableText:
        """Read a plain or gzip-compressed file through the guards."""
        name = plain_text(path.name)
        text = _with_commas(read_text_guarded(path).rstrip())
        if not text:
            msg = f"{name} is empty"
            raise FileFormatError(msg, file=name)
        lines = tuple(itertools.islice(text.split("\n", 200), 200))
        return cls(path, name, lines, text)

    def first_line(self) -> int:
        """Return the line, from 1, of the first one that is no comment."""
        for row, line in enumerate(self.lines, start=1):
            if not line.startswith("#") and line.strip():
                return row
        msg = f"{self.name} has no header in its first {len(self.lines)} lines"
        raise FileFormatError(msg, file=self.name)

    def header(self, row: int) -> tuple[str, ...]:
        """Return the column names that stand in line ``row``.

        Raises
        ------
        FileFormatError
            If fields are not divided by commas, a name is empty or stands twice.
        """
        fields = tuple(field.strip() for field in next(csv.reader([self.lines[row - 1]])))
        if len(fields) > MAX_COLUMNS:
            msg = f"{self.name} has {len(fields)} columns, at most {MAX_COLUMNS} are read"
            raise FileFormatError(msg, file=self.name, got=len(fields))
        if len(fields) < 2:
            msg = (
                f"{self.name}, row {row}: fields must be divided by commas, found "
                f"{plain_text(self.lines[row - 1], limit=60)!r}"
            )
            raise FileFormatError(msg, file=self.name, row=row)
        seen: set[str] = set()
        for position, name in enumerate(fields, start=1):
            if name in seen or not name:
                fault = f"{plain_text(name, limit=60)!r} stands twice" if name else "has no name"
                msg = f"{self.name}, row {row}: column {position} {fault}"
                raise FileFormatError(msg, file=self.name, row=row, column=name)
            seen.add(name)
        return fields


class TableBody:
    """The records of a table, read column by column.

    Parameters
    ----------
    table
        The whole file.
    columns
        Names from the header.
    first_row
        Line of the first record.
    """

    def __init__(self, table: TableText, columns: Sequence[str], first_row: int) -> None:
        self.name = table.name
        self.columns = {name: position for position, name in enumerate(columns)}
        self.first_row = first_row
        self._bytes = _from_line(table.text, first_row).encode()
        if not self._bytes:
            msg = f"{self.name} has a header but no records"
            raise FileFormatError(msg, file=self.name)
        self.rows = self._count_fields(len(columns))

    def _count_fields(self, wanted: int) -> int:
        """Return the number of records after checking that all have ``wanted`` fields."""
        if b'"' in self._bytes:
            reader = csv.reader(io.StringIO(self._bytes.decode(), newline=""))
            counts = np.fromiter((len(record) for record in reader), dtype=np.int64)
        else:
            body = np.frombuffer(self._bytes, dtype=np.uint8)
            ends = np.append(np.flatnonzero(body == _LINE_END), body.size)
            commas = np.flatnonzero(body == _COMMA)
            counts = np.diff(np.searchsorted(commas, ends), prepend=0) + 1
        if counts.size > MAX_ROWS:
            msg = f"{self.name} has {counts.size} records, at most {MAX_ROWS} are read"
            raise FileFormatError(msg, file=self.name, got=counts.size)
        wrong = counts != wanted
        if wrong.any():
            place = int(np.argmax(wrong))
            msg = (
                f"{self.name}, row {self.first_row + place}: {int(counts[place])} fields, "
                f"the header has {wanted}"
            )
            raise FileFormatError(msg, file=self.name, row=self.first_row + place)
        return int(counts.size)

    def texts(self, names: Sequence[str]) -> pd.DataFrame:
        """Return columns as text."""
        return self._read(names, dtype=str)

    def numbers(self, names: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
        """Return columns as float64 with NaN for what is missing, and the missing codes by column.

        Raises
        ------
        FileFormatError
            If a field is neither a number nor a known code; names row, column and content.
        """
        frame = self._read(names, dtype=None)
        values = np.empty((self.rows, len(names)), order="F")
        replaced: dict[str, int] = {}
        for position, name in enumerate(names):
            column = self._as_float(frame[name], name)
            coded = np.isclose(column[:, None], MISSING_CODES, rtol=1e-6, atol=0.0).any(axis=1)
            column[coded] = np.nan
            values[:, position] = column
            missing = int(np.isnan(column).sum())
            if missing:
                replaced[name] = missing
        return pd.DataFrame(values, columns=list(names)), replaced

    def _as_float(self, column: pd.Series, name: str) -> NDArray[np.float64]:
        """Return one column as float64."""
        if column.dtype.kind in "iuf":
            return column.to_numpy(dtype=np.float64, copy=True)
        numbers = pd.to_numeric(column.astype("string"), errors="coerce").to_numpy(
            dtype=np.float64, na_value=np.nan, copy=True
        )
        wrong = np.isnan(numbers) & column.notna().to_numpy()
        if wrong.any():
            place = int(np.argmax(wrong))
            found = plain_text(column.iloc[place], limit=40)
            msg = (
                f"{self.name}, row {self.row(place)}, column {plain_text(name, limit=60)!r}: "
                f"{found!r} is no number"
            )
            raise FileFormatError(msg, file=self.name, row=self.row(place), column=name)
        return numbers

    def row(self, record: int) -> int:
        """Return the line of a record counted from 0."""
        return self.first_row + record

    def _read(self, names: Sequence[str], dtype: type[str] | None) -> pd.DataFrame:
        """Return some columns as pandas reads them."""
        places = [self.columns[name] for name in names]
        try:
            frame = pd.read_csv(
                io.BytesIO(self._bytes),
                header=None,
                usecols=sorted(places),
                dtype=dtype,
                na_values=list(MISSING_TEXTS),
                keep_default_na=False,
                skipinitialspace=True,
                skip_blank_lines=False,
                low_memory=False,
            )
        except (pd.errors.ParserError, ValueError, OverflowError) as error:
            msg = f"{self.name} cannot be read as a table: {plain_text(error, limit=200)}"
            raise FileFormatError(msg, file=self.name) from error
        return frame[places].set_axis(list(names), axis=1)


def _from_line(text: str, line: int) -> str:
    """Return the text from a line, counted from 1, on."""
    start = 0
    for _ in range(line - 1):
        end = text.find("\n", start)
        if end < 0:
            return ""
        start = end + 1
    return text[start:]
