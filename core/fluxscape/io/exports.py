"""Tables for spreadsheets, in which no cell is taken for a formula."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.io.atomic import write_text

if TYPE_CHECKING:
    import pandas as pd

#: First characters by which spreadsheets know a formula, with their full-width forms, and the
#: two blanks that they skip before one (OWASP, "CSV Injection").
FORMULA_STARTS: Final = frozenset("=+-@\t\r\n＝＋－＠|%")


def write_csv(frame: pd.DataFrame, path: str | Path, *, index: bool = False) -> None:
    """Write a table as CSV (RFC 4180, UTF-8), whole or not at all, with formulas made text.

    Parameters
    ----------
    frame
        Table; numbers are written as they are, NaN as an empty cell.
    path
        File to make or replace.
    index
        Whether to write the index as first columns.
    """
    write_text(csv_text(frame, index=index), path)


def csv_text(frame: pd.DataFrame, *, index: bool = False) -> str:
    """Return what :func:`write_csv` writes."""
    table = frame.reset_index() if index else frame
    safe = table.set_axis([neutral_cell(name) for name in table.columns], axis="columns")
    for position, dtype in enumerate(table.dtypes):
        if not _is_plain(dtype):
            cells = [neutral_cell(value) for value in table.iloc[:, position]]
            safe = safe.copy(deep=False)
            safe.isetitem(position, cells)
    return str(safe.to_csv(index=False, lineterminator="\r\n"))


def neutral_cell(value: Any) -> Any:
    """Return ``value``; text that a spreadsheet would run gets an apostrophe in front.

    >>> neutral_cell("=cmd|'/c calc'!A1"), neutral_cell("-1.5"), neutral_cell(-1.5)
    ("'=cmd|'/c calc'!A1", '-1.5', -1.5)
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    first = text.lstrip(" \u00a0\u3000\ufeff\u200b")[:1]
    if first not in FORMULA_STARTS or not first or _is_number(text):
        return text
    return "'" + text


def _is_plain(dtype: Any) -> bool:
    """Return whether a column holds numbers, truth values or times, which are never formulas."""
    return getattr(dtype, "kind", "O") in "biufcmM"


def _is_number(text: str) -> bool:
    """Return whether a text is a plain number such as ``-1.5``."""
    try:
        float(text)
    except ValueError:
        return False
    return text.strip() == text and text.lstrip("+-")[:1].isdigit()
