"""A tower named ``<img src=x onerror=…>``: in a real browser no script runs anywhere (H5)."""

from __future__ import annotations

import contextlib
import csv
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from fluxscape.io.names import plain_text
from fluxscape_dashboard.state import PAGES
from fluxscape_dashboard.text import t
from helpers.browser import FluxPage
from helpers.payloads import PAYLOADS

TESTS = Path(__file__).resolve().parents[1]
WATCH = "window.seen = []; window.ran = (number) => { window.seen.push(number) }"


@contextlib.contextmanager
def _serving(*module: str, **environment: str) -> Iterator[str]:
    """Run ``python -m …`` until the end; give the address that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", *module],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(TESTS)} | environment,
    )
    assert process.stdout is not None
    try:
        found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stdout)))
        yield found.group()
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextlib.contextmanager
def _watched_page(browser: Browser) -> Iterator[Page]:
    """Give a page that remembers which scripts of the payloads ran."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.add_init_script(WATCH)
    yield context.new_page()
    context.close()


def _ran(page: Page) -> list[int]:
    page.wait_for_timeout(500)
    seen: list[int] = page.evaluate("window.seen")
    return seen


@pytest.fixture(scope="module")
def places() -> Iterator[str]:
    """Address of the page with every place where outside text is shown."""
    with _serving("helpers.hostile_page") as address:
        yield address


def test_the_payloads_do_run_where_text_is_taken_for_markup(browser: Browser, places: str) -> None:
    with _watched_page(browser) as page:
        FluxPage(page, places).open(unsafe=1)
        assert len(set(_ran(page))) >= 5


def test_no_script_runs_in_any_place_where_outside_text_is_shown(
    browser: Browser, places: str
) -> None:
    with _watched_page(browser) as page:
        flux = FluxPage(page, places).open()
        box = flux.figure_box("hostile_hover")
        middle = box["left"] + box["width"] / 2, box["top"] + box["height"] / 2
        page.mouse.move(*middle)
        page.mouse.move(middle[0] + 5, middle[1] + 5)
        flux.wait_text("is open")
        shown = flux.visible_text()
        # What is closed is opened: lists of options, folded parts, the other tabs.
        # Handles, since a locator counts anew after each one that opens.
        parts = "[role=tab], [role=combobox], [aria-expanded=false]"
        for closed in page.query_selector_all(parts):
            closed.dispatch_event("mousedown")
            closed.dispatch_event("click")
        assert _ran(page) == []
        assert shown.count("DE-Tha<img src=x onerror=ran(1)>") >= 10
        assert "<b>bold</b><a href='javascript:ran(9)' class=hostile>link</a>" in shown
        assert page.locator("a.hostile, a[href^='javascript:' i], iframe").count() == 0


@pytest.fixture(scope="module")
def hostile_dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the dashboard with a tower table of hostile words, another one in each column."""
    table = tmp_path_factory.mktemp("towers") / "towers.csv"
    words = ("name", "code", "vegetation", "climate", "networks", "reference", "source", "note")
    # The reader of towers refuses control characters itself.
    texts = [plain_text(payload) for payload in PAYLOADS]
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["site", "key", "latitude", "longitude", "igbp", "region", *words])
        for i in range(len(texts)):
            row = [f"H{i}", f"H{i}", 25 + i, 100 + i, "MF", "mainland"]
            writer.writerow([*row, *(texts[(8 * i + j) % len(texts)] for j in range(len(words)))])
    with _serving("fluxscape_dashboard", "--port", "0", FLUXSCAPE_TOWERS=str(table)) as address:
        yield address


# The columns of two towers that follow each other hold all fifteen payloads.
VIEWS = [
    ("towers", "H0", {}),
    ("towers", "H1", {"tw_view": "table"}),
    ("footprint", "H0", {}),
    ("representativeness", "H0", {}),
    ("representativeness", "H1", {"rep_view": "network"}),
    ("model", "H1", {}),
    ("atlas", "H0", {}),
]


def test_every_page_is_visited() -> None:
    assert {key for key, _, _ in VIEWS} == set(PAGES)


@pytest.mark.parametrize(("key", "site", "query"), VIEWS)
def test_no_script_of_a_tower_table_runs(
    browser: Browser, hostile_dashboard: str, key: str, site: str, query: dict[str, str]
) -> None:
    with _watched_page(browser) as page:
        flux = FluxPage(page, hostile_dashboard).open(page=key, tower=site, lang="en", **query)
        page.wait_for_timeout(1000)
        assert _ran(page) == []
        assert "ran(" in flux.visible_text() or key != "towers"
        assert flux.errors == []


@pytest.mark.parametrize(("key", "source"), [("footprint", "fp_source"), ("model", "dlm_source")])
def test_no_script_of_an_uploaded_table_runs(
    browser: Browser, hostile_dashboard: str, key: str, source: str
) -> None:
    header = ",".join('"' + plain_text(payload).replace('"', '""') + '"' for payload in PAYLOADS)
    content = f"TIMESTAMP_START,{header}\n202001010000,{header}\n".encode()
    with _watched_page(browser) as page:
        query = {"page": key, "tower": "H0", "lang": "en", source: "upload"}
        flux = FluxPage(page, hostile_dashboard).open(**query)
        for name in ("hostile.csv", "<img src=x onerror=ran(77)>.csv"):
            page.locator("input[type=file]").first.set_input_files(
                {"name": name, "mimeType": "text/csv", "buffer": content}
            )
            # Only once the answer is there does the button take another file.
            flux.wait_text(t("work.upload_failed", "en", name=name))
            assert _ran(page) == []
