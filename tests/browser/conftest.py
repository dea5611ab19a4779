"""A running server and a browser that records what it asks for and complains about."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from helpers.browser import FluxPage

READ_TIMEOUT = 180.0


def _chromium() -> str | None:
    """Return Chromium's path from CHROMIUM or PATH; None means playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Its absence fails in CI and skips elsewhere."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
        except Error as error:
            if os.environ.get("CI"):
                pytest.fail(f"browser tests need Chromium: {error}")
            pytest.skip("no Chromium: set CHROMIUM or install one")
        yield browser
        browser.close()


def start_server(*arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
    """Start a dashboard on a free port; return the process and its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fluxscape_dashboard", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=None,
        text=True,
        env={**os.environ, **environment},
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdout is not None
    deadline = time.monotonic() + READ_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        if not select.select([process.stdout], [], [], 0.5)[0]:
            continue
        if found := re.search(r"http://\S+", process.stdout.readline()):
            return process, found.group()
    stop_server(process)
    pytest.fail(f"the server did not start: exit status {process.returncode}")


def stop_server(process: subprocess.Popen[str]) -> None:
    """End a server and wait for it."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a dashboard that runs for the whole test session."""
    process, address = start_server()
    yield address
    stop_server(process)


@pytest.fixture
def page(browser: Browser, server: str) -> Iterator[FluxPage]:
    """A fresh browser page on the dashboard; it fails on console errors and foreign requests."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    raw: Page = context.new_page()
    flux = FluxPage(raw, server)
    yield flux
    context.close()
    assert flux.foreign_requests == [], "the page asked another host"
    assert flux.errors == [], "the console shows errors"
