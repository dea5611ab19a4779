"""A running server and a browser that records what it asks for and complains about."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from helpers.browser import FluxPage, find_chromium
from helpers.server import running_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window. Its absence fails in CI and skips elsewhere."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
        except Error as error:
            if os.environ.get("CI"):
                pytest.fail(f"browser tests need Chromium: {error}")
            pytest.skip("no Chromium: set CHROMIUM or install one")
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Address of a dashboard that runs for the whole test session."""
    with running_server() as address:
        yield address


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
