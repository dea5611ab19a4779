"""Names and texts from outside."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.io.guards import check_upload_name, local_file, plain_text, resolve_below


@pytest.mark.parametrize(
    "name",
    ["flux.csv", "CN-Cha_2010 (v2).csv.gz", "通量塔_2020.csv", "Größe=1.nc", "a+b@c[1].tif"],
)
def test_plain_names_of_any_script_pass_unchanged(name: str) -> None:
    assert check_upload_name(name) == name


@given(st.text(max_size=60))
def test_a_name_that_passes_is_one_visible_part_of_a_path(name: str) -> None:
    try:
        passed = check_upload_name(name)
    except UnsafeInputError as error:
        assert error.details["reason"]  # noqa: PT017 - both outcomes are right
        return
    assert passed == name
    assert Path("root", passed).parent == Path("root")
    assert os.path.normpath(passed) == passed
    assert passed.isprintable()
    assert unicodedata.normalize("NFKC", passed) == passed


def test_names_lead_to_files_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "china").mkdir()
    assert resolve_below(tmp_path, "china/ndvi.tif") == tmp_path.resolve() / "china/ndvi.tif"


def test_text_becomes_one_bounded_visible_line() -> None:
    assert plain_text("a\0b\x1b[31m\r\nc\u202ed\u200be\ufeff") == "ab[31m cde"
    assert plain_text("通量\u3000塔") == "通量 塔"
    assert plain_text(None) == "None"
    long = plain_text("x" * 10_000_000, limit=50)
    assert len(long) == 50
    assert long.endswith("…")


@given(st.text())
def test_plain_text_is_printable_and_stays_the_same_when_cleaned_again(value: str) -> None:
    cleaned = plain_text(value)
    assert cleaned.isprintable()
    assert plain_text(cleaned) == cleaned


def test_only_regular_files_of_this_computer_are_opened(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a")
    assert local_file(file) == file
    os.mkfifo(tmp_path / "pipe")
    for refused in (tmp_path, tmp_path / "pipe", "/dev/zero", "https://example.org/a.nc"):
        with pytest.raises(UnsafeInputError):
            local_file(refused)
    with pytest.raises(FileFormatError, match="No such file"):
        local_file(tmp_path / "none.csv")
