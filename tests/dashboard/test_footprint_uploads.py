"""A user's table on a page: read in a child, said in words, kept apart, dropped at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxscape_dashboard.pages import _upload
from fluxscape_dashboard.pages._upload import LARGEST_UPLOAD, Upload, UploadCard
from fluxscape_dashboard.pages._widgets import NumberField
from fluxscape_dashboard.pages.base import Services
from fluxscape_dashboard.state import AppState
from helpers.empty_page import EmptyPage

WANTED = (("friction_velocity", "work.needed"), ("wind_speed", "footprint.without_wind"))


class _Document:
    """Runs callbacks at once, as the session would at its next tick."""

    def add_next_tick_callback(self, callback: Callable[[], None]) -> None:
        callback()


class _State:
    curdoc = _Document()


class _Inline:
    def submit(self, function: Callable[[], None]) -> None:
        function()


class _Bench:
    def __init__(self) -> None:
        self.taken: list[Upload] = []
        self.closers: list[Callable[[], None]] = []
        self.notices: list[tuple[str, dict[str, object]]] = []
        self.state = AppState()
        services = Services(
            jobs=None,  # type: ignore[arg-type]
            session="test",
            notify=lambda _kind, key, **values: self.notices.append((key, values)),
            on_close=self.closers.append,
        )
        self.page = EmptyPage(self.state, services)
        self.card = UploadCard(self.page, wanted=WANTED, on_upload=self.taken.append)

    def send(self, name: str, content: bytes) -> None:
        self.card._button.param.update(filename=name, value=content)

    def news(self) -> str:
        return _words(self.card._news)

    def report(self) -> str:
        return _words(self.card.report)


def _words(column: Any) -> str:
    found = []
    for item in column.objects:
        found.append(str(getattr(item, "object", "")))
        found += [str(pane.object) for pane in getattr(item, "objects", [])]
    return "\n".join(found)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> _Bench:
    monkeypatch.setattr(_upload, "_READERS", _Inline())
    bench = _Bench()
    monkeypatch.setattr(_upload.pn, "state", _State)
    return bench


def _table(*, broken: bool = False) -> bytes:
    lines = ["TIMESTAMP_START,TIMESTAMP_END,USTAR,WD,MO_LENGTH,MYSTERY"]
    start = np.datetime64("2012-07-01T00:00")
    for step in range(60):
        moments = (start + np.timedelta64(30 * (step + end), "m") for end in (0, 1))
        stamps = [str(moment).translate({45: None, 84: None, 58: None}) for moment in moments]
        lines.append(",".join([*stamps, "0.3", "200", "-60", "1"]))
    if broken:
        lines[20] = lines[20].replace("0.3", "<b>much</b>")
    return "\n".join(lines).encode()


def test_a_good_table_is_taken_and_its_columns_and_gaps_are_said(bench: _Bench) -> None:
    bench.send("july.csv", _table())
    assert [upload.name for upload in bench.taken] == ["july.csv"]
    report = bench.report()
    assert "USTAR" in report
    assert "Missing inputs" in report
    assert "the profile follows from the roughness" in report
    assert "needed: nothing" not in report
    bench.state.lang = "zh"
    assert "摩擦风速" in bench.report()
    assert "缺少的输入" in bench.report()


def test_a_broken_table_names_the_users_file_column_and_row_and_changes_nothing(
    bench: _Bench,
) -> None:
    bench.send("good.csv", _table())
    bench.send("bad name.csv", _table(broken=True))
    news = bench.news()
    assert "bad name.csv could not be read" in news
    assert "USTAR" in news
    assert "21" in news
    assert "table-" not in news
    assert "<b>much" not in news
    assert bench.card.upload is not None
    assert bench.card.upload.name == "good.csv"
    bench.state.lang = "zh"
    assert "无法读取 bad name.csv" in bench.news()
    assert "USTAR" in bench.news()


@pytest.mark.parametrize(
    "name", ["../evil.csv", "a/b.csv", "<script>.csv", "table.exe", "", ".hidden.csv", "x.csv\0"]
)
def test_names_that_are_no_plain_table_names_are_refused(bench: _Bench, name: str) -> None:
    bench.send(name, _table())
    assert bench.taken == []
    assert "refused" in bench.news()
    assert "<script>" not in bench.news()


def test_another_clock_reads_the_same_table_again(bench: _Bench) -> None:
    bench.send("july.csv", _table())
    bench.card._offset.widget.value = 0.0
    firsts = [upload.summary["first"] for upload in bench.taken]
    assert firsts == ["2012-06-30T16:00", "2012-07-01T00:00"]


def test_only_two_tables_lie_on_the_disk_and_none_after_the_session(bench: _Bench) -> None:
    for _ in range(4):
        bench.send("july.csv", _table())
    folder = Path(bench.taken[-1].path).parent
    assert Path(bench.taken[-1].path).exists()
    assert len(list(folder.glob("records-*"))) == 2
    for closer in bench.closers:
        closer()
    assert not folder.exists()


def test_a_file_that_grows_beyond_the_limit_is_dropped_while_it_arrives(bench: _Bench) -> None:
    button = bench.card._button
    button._handle_msg({"status": "initializing", "type": "status"})
    chunk = {
        "status": "upload_event",
        "name": "big.csv",
        "chunk": 1,
        "total_chunks": 9,
        "mime_type": "text/csv",
        "data": bytes(LARGEST_UPLOAD // 2 + 1),
    }
    button._handle_msg(chunk)
    assert button._file_buffer
    button._handle_msg({**chunk, "chunk": 2})
    assert not button._file_buffer
    assert "64 MiB" in bench.news()
    button._handle_msg({"status": "error", "error": "too large", "type": "status"})
    assert "64 MiB" in bench.news()


def test_a_number_out_of_bounds_is_put_back_with_a_word(bench: _Bench) -> None:
    given: list[float] = []
    field = NumberField(bench.page, "work.latitude", (-90.0, 90.0), given.append, value=42.0)
    field.widget.value = 400.0
    assert field.widget.value == 42.0
    assert given == []
    key, values = bench.notices[0]
    assert key == "work.out_of_bounds"
    assert values["name"] == "Latitude"
    field.widget.value = 30.0
    assert given == [30.0]
    field.show(10.0)
    assert given == [30.0]
