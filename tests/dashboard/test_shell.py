"""The frame of a session, without a browser: lazy pages, failures kept apart, one address."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from fluxscape_dashboard import process
from fluxscape_dashboard import shell as module
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.shell import Shell
from fluxscape_dashboard.state import PAGES


class Visited(PageView):
    """A page that counts its visits."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.visits: list[str] = []

    def selectors(self) -> Any:
        return "left"

    def display(self) -> Any:
        return "middle"

    def details(self) -> Any:
        return "right"

    def on_show(self) -> None:
        self.visits.append("show")

    def on_hide(self) -> None:
        self.visits.append("hide")


class Broken(Visited):
    """A page that cannot be drawn."""

    def display(self) -> Any:
        msg = "this page is broken"
        raise RuntimeError(msg)


class Pool:
    """A pool that only notes which sessions have ended."""

    def __init__(self) -> None:
        self.ended: list[str] = []

    def end_session(self, session: str) -> None:
        self.ended.append(session)


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(module, "job_pool", Pool)
    monkeypatch.setattr(module, "page_class", lambda key: Broken if key == "model" else Visited)
    return Shell()


def test_a_page_is_built_at_its_first_visit_and_kept(shell: Shell) -> None:
    assert list(shell.pages) == ["towers"]
    first = shell.pages["towers"]
    shell.state.page = "atlas"
    shell.state.page = "towers"
    assert shell.pages["towers"] is first
    assert isinstance(first, Visited)
    assert first.visits == ["show", "hide", "show"]
    assert [shell.zones[key].visible for key in ("towers", "atlas")] == [True, False]


def test_a_page_that_cannot_be_built_says_so_and_leaves_the_others_alive(
    shell: Shell, caplog: pytest.LogCaptureFixture
) -> None:
    shell.state.page = "model"
    assert "model" not in shell.pages
    assert "page model cannot be built" in caplog.text
    assert "this page is broken" in caplog.text
    for key in PAGES:
        shell.state.page = key
        assert shell.zones[key].visible
    assert set(shell.pages) == {"towers", "footprint", "representativeness", "atlas"}


def test_the_end_of_a_session_ends_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, at_the_end = Pool(), list[Callable[[], None]]()
    monkeypatch.setattr(module, "job_pool", lambda: pool)
    monkeypatch.setattr(module, "page_class", lambda _: Visited)
    monkeypatch.setattr(module, "_on_close", at_the_end.append)
    session = Shell().services.session
    assert pool.ended == []
    for function in at_the_end:
        function()
    assert pool.ended == [session]


def test_only_the_rehearsal_of_the_server_draws_pages_that_nobody_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "job_pool", Pool)
    monkeypatch.setattr(module, "page_class", lambda _: Visited)
    with process.warming_up():
        rehearsal = Shell()
        # What the server registers while it rehearses runs in a copy of this context later.
        later = contextvars.copy_context()
    assert set(rehearsal.pages) == {"towers", "atlas"}
    assert set(later.run(Shell).pages) == {"towers"}


def test_the_address_follows_the_state_and_marks_new_steps(shell: Shell) -> None:
    shell.state.tw_search = "dinghu"
    assert shell.client.query == "?v=1&page=towers&lang=en&tw_search=dinghu"
    assert not shell.client.step
    shell.state.tower = "CN-Din"
    assert shell.client.query.endswith("&tower=CN-Din")
    assert shell.client.step


def test_an_unknown_tower_is_dropped_and_another_name_of_a_tower_becomes_its_site(
    shell: Shell,
) -> None:
    shell.state.tower = "CBS"
    assert shell.state.tower == "CN-Cha"
    shell.state.tower = "nowhere"
    assert shell.state.tower == ""


def test_keys_and_history_of_the_browser_reach_the_state(shell: Shell) -> None:
    shell.client._handle_msg({"type": "page", "value": "atlas"})
    assert shell.state.page == "atlas"
    shell.client._handle_msg({"type": "address", "value": "?page=towers&tower=CN-Cha"})
    assert (shell.state.page, shell.state.tower) == ("towers", "CN-Cha")
    shell.client._handle_msg({"type": "reset"})
    assert shell.state.tower == ""
    shell.client._handle_msg({"type": "help"})
    assert shell.help.open


@pytest.mark.parametrize(
    "message", [None, [], "page", {"type": "eval", "value": "1"}, {"value": 1}, {"type": ["page"]}]
)
def test_other_messages_of_a_browser_are_passed_over(shell: Shell, message: Any) -> None:
    shell.client._handle_msg(message)
    assert shell.state.page == "towers"


@pytest.mark.parametrize("value", ["moon", None, 7, ["atlas"], "<img src=x>"])
def test_a_browser_cannot_set_an_impossible_page(shell: Shell, value: Any) -> None:
    shell.client._handle_msg({"type": "page", "value": value})
    assert shell.state.page == "towers"
