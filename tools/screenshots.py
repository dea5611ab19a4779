"""Make the pictures of the README, or any page in either language and in the dark theme.

    .venv/bin/python tools/screenshots.py [--out docs/images] [NAME ...]

Starts a server, opens each view in Chromium, waits until its work is done and saves a WebP
picture below 300 kB.
"""

from __future__ import annotations

import argparse
import io
import sys
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fluxscape_dashboard.text import t  # noqa: E402
from helpers.browser import FluxPage, find_chromium  # noqa: E402
from helpers.server import running_server  # noqa: E402

LARGEST = 300_000
SIZE = (1440, 900)
WAIT_MS = 90_000


@dataclass(frozen=True)
class View:
    """A picture: its name, the address that shows it, the figure that must be drawn."""

    name: str
    figure: str | None
    query: dict[str, object] = field(default_factory=dict)


PAGES = (
    View("towers", "towers_map", {"page": "towers", "tower": "CN-Cha"}),
    View("footprint", None, {"page": "footprint", "tower": "CN-Cha"}),
    View(
        "representativeness",
        None,
        {"page": "representativeness", "tower": "CN-Cha", "rep_tab": "place"},
    ),
    View("model", None, {"page": "model", "tower": "CN-Cha"}),
    View("atlas", "atlas_map", {"page": "atlas", "at_point": "110,30"}),
)
VIEWS = tuple(
    View(f"{page.name}-{lang}", page.figure, {**page.query, "lang": lang})
    for page in PAGES
    for lang in ("en", "zh")
) + tuple(View(f"{page.name}-dark", page.figure, {**page.query, "dark": 1}) for page in PAGES)


README = (
    "towers-en",
    "footprint-en",
    "representativeness-en",
    "model-en",
    "atlas-en",
    "atlas-zh",
)
"""Pictures that the README shows; the others are made when they are named."""


def main() -> None:
    """Photograph the views that are named, or those of the README."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(view.name for view in VIEWS)}")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    unknown = set(options.names) - {view.name for view in VIEWS}
    if unknown:
        parser.error(f"no such view: {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    with running_server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        for view in VIEWS:
            if view.name in (options.names or README):
                path = options.out / f"{view.name}.webp"
                path.write_bytes(small_webp(photograph(browser, address, view)))
                print(f"{path.name} {path.stat().st_size // 1000} kB")
        browser.close()


def photograph(browser: Browser, address: str, view: View) -> bytes:
    """Return the picture of a view as PNG, once nothing moves any more."""
    context = browser.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]}, locale="en-GB", reduced_motion="reduce"
    )
    page = FluxPage(context.new_page(), address)
    page.open(**view.query)
    if view.figure:
        page.settled_box(view.figure)
    # A calculation shows a button to cancel it for as long as it runs.
    page.page.wait_for_timeout(2500)
    cancel = page.page.get_by_role(
        "button", name=t("work.cancel", str(view.query.get("lang", "en")))
    )
    cancel.last.wait_for(state="hidden", timeout=WAIT_MS)
    picture = page.page.screenshot()
    for _ in range(WAIT_MS // 1500):
        page.page.wait_for_timeout(1500)
        before, picture = picture, page.page.screenshot()
        if picture == before:
            break
    context.close()
    if page.errors or page.foreign_requests:
        msg = f"{view.name}: {page.errors} {page.foreign_requests}"
        raise SystemExit(msg)
    return picture


def small_webp(picture: bytes) -> bytes:
    """Return the picture in the best quality that fits into the size limit."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for quality in (92, 85, 75, 60):
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() < LARGEST:
            break
    return buffer.getvalue()


if __name__ == "__main__":
    main()
