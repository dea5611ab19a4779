"""Waits of browser tests that no single selector can say."""

from __future__ import annotations

import re
import time

from helpers.browser import FluxPage


def wait_without_chinese(page: FluxPage, seconds: float = 60.0) -> None:
    """Wait until no Chinese word but the language switch is on the screen."""
    deadline = time.monotonic() + seconds
    while left := re.findall("[\u4e00-\u9fff]+", page.visible_text().replace("中文", "")):
        assert time.monotonic() < deadline, left
        page.page.wait_for_timeout(200)


def wait_without(page: FluxPage, words: tuple[str, ...], seconds: float = 60.0) -> None:
    """Wait until none of some words is on the screen."""
    deadline = time.monotonic() + seconds
    while left := [word for word in words if word in page.visible_text()]:
        assert time.monotonic() < deadline, left
        page.page.wait_for_timeout(200)
