"""Exported tables keep numbers and disarm formulas."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.io.exports import csv_text, neutral_cell, write_csv

FORMULAS = [
    "=1+1",
    "=cmd|'/c calc'!A1",
    "+1+cmd",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "＝1+1",
    "＋1+1",
    "＠SUM(A1)",
    "\ufeff=1+1",
    "\0=1+1",
    "|calc",
    "%calc",
    '=HYPERLINK("http://x","y")',
]


@pytest.mark.parametrize("cell", FORMULAS)
def test_formulas_become_text_in_cells_headers_and_index(cell: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({cell: [cell, "CN-Cha"], "flux": [-1.5, np.nan]}, index=[cell, "b"])
    path = tmp_path / "table.csv"
    write_csv(frame, path, index=True)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][1].startswith("'")
    assert rows[1][:2] == [rows[0][1]] * 2
    assert rows[1][2] == "-1.5"
    assert rows[2][2] == ""


@pytest.mark.parametrize("value", ["-5", "+1.5e-3", "-0.1", "CN-Cha", "a=b", "", "-9999"])
def test_numbers_and_plain_text_stay_as_they_are(value: str) -> None:
    assert neutral_cell(value) == value


def test_numeric_columns_round_trip_exactly() -> None:
    frame = pd.DataFrame({"x": [0.1 + 0.2, -1e-300, np.pi], "n": [-1, 0, 7]})
    back = pd.read_csv(io.StringIO(csv_text(frame)))
    pd.testing.assert_frame_equal(back, frame)


def test_commas_quotes_and_line_ends_are_quoted() -> None:
    cells = ['a,b "c"', "two\nlines"]
    rows = list(csv.reader(io.StringIO(csv_text(pd.DataFrame({"a": cells})), newline="")))
    assert [row[0] for row in rows] == ["a", *cells]


@given(st.text())
def test_no_cell_begins_like_a_formula(value: str) -> None:
    cell = neutral_cell(value)
    stripped = cell.lstrip()
    is_number = stripped[:1] in "+-" and stripped[1:2].isdigit()
    assert not stripped or stripped[0] not in "=+-@＝＋－＠" or is_number
