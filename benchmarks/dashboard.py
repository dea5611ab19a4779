"""What a user waits for, measured in a real browser against a real server on this machine.

    .venv/bin/python benchmarks/dashboard.py --json [--quick]

Times run from the user's event inside the browser to the first frame that shows the answer; the
server is warm (one visit before), every visit starts with an empty browser cache. ``first_map_s``
is the Towers map with its towers and its relief picture; pan, zoom and year are those of the
national raster of the Atlas; a tap runs from the button's release to the frame with the tower's
card. ``rss_per_viewer_mb`` is what the server's memory grows by for each of a few viewers who have
the Towers map open at once. Medians; the browser draws without a graphics card.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from fluxscape.towers import find_tower
from fluxscape_dashboard import maps
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.towers import position
from helpers.browser import FluxPage, find_chromium
from helpers.server import running_server

TOWERS = ("CN-Cha", "CN-Din", "CN-Dan", "CN-Ha2", "CN-Cng", "CN-Qia")

# Notes when the user acts and which rasters and texts are on the screen at that moment.
WATCH = """
(events) => {
  const figures = () => {
    const found = []
    const visit = (view) => {
      if (!view) return
      if (view.frame && view.model.renderers) found.push(view)
      for (const child of view.child_views ?? []) visit(child)
      for (const child of view.element_views ?? []) visit(child)
    }
    for (const root of Object.values(Bokeh.index)) visit(root)
    return [...new Set(found)]
  }
  const rasters = () => figures().flatMap((view) => view.model.renderers)
    .filter((item) => ['Image', 'ImageRGBA'].includes(item.glyph?.type))
    .map((item) => item.data_source.data.image ?? item.data_source.data)
  const bench = window.bench = {start: null, before: rasters()}
  bench.changed = () => {
    const now = rasters()
    return now.length !== bench.before.length || now.some((item, i) => item !== bench.before[i])
  }
  const note = () => { bench.start = performance.now() }
  for (const name of events) {
    document.addEventListener(name, note, {capture: true, once: name !== 'wheel', passive: true})
  }
}
"""

RASTER_CHANGED = """
() => new Promise((resolve) => {
  const look = () => {
    if (bench.start !== null && bench.changed()) {
      requestAnimationFrame(() => resolve(performance.now() - bench.start))
    } else requestAnimationFrame(look)
  }
  look()
})
"""

TEXT_SHOWN = """
(wanted) => new Promise((resolve) => {
  const holds = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.textContent.includes(wanted)
    const children = [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]
    return children.some(holds)
  }
  const look = () => {
    if (bench.start !== null && holds(document.body)) {
      requestAnimationFrame(() => resolve(performance.now() - bench.start))
    } else requestAnimationFrame(look)
  }
  look()
})
"""

# Since the navigation began: the towers are drawn, the relief has come, nothing is outstanding,
# the veil of loading is gone.
MAP_SHOWN = """
() => {
  if (!window.Bokeh?.documents?.length || !Bokeh.documents[0].is_idle) return null
  if (document.getElementById('loader')?.checkVisibility()) return null
  const pictures = performance.getEntriesByType('resource')
  const come = (item) => item.name.includes('relief.jpg') && item.responseEnd > 0
  if (!pictures.some(come)) return null
  return performance.now() / 1000
}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="few repeats")
    options = parser.parse_args()
    with running_server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        result = measure(browser, address, repeats=3 if options.quick else 10)
        browser.close()
        result["rss_mb"] = _server_memory_mb()
    if options.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:20} {value}")


def measure(browser: Browser, address: str, repeats: int) -> dict[str, Any]:
    """Return all figures; a visit before the first warms the server."""
    pages: list[FluxPage] = []

    def visit(**query: object) -> FluxPage:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
        page = FluxPage(context.new_page(), address)
        pages.append(page)
        page.open(lang="en", **query)
        return page

    visit().page.context.close()
    firsts = []
    for _ in range(repeats):
        page = visit()
        firsts.append(page.page.wait_for_function(MAP_SHOWN).json_value())
        page.page.context.close()
    viewer_mb = _memory_per_viewer_mb(visit, viewers=3 if repeats < 10 else 8)
    towers = visit()
    towers.settled_box("towers_map")
    taps = [_tap(towers, TOWERS[i % len(TOWERS)]) for i in range(max(repeats, len(TOWERS)))]
    towers.page.context.close()
    atlas = visit(page="atlas")
    atlas.settled_box("atlas_map")
    atlas.page.wait_for_timeout(1500)
    # The first of each kind meets code that no session has run yet.
    years = [_time(atlas, ["click"], lambda: _next_year(atlas)) for _ in range(repeats + 1)][1:]
    pans = [_time(atlas, ["pointerup"], lambda: _drag(atlas)) for _ in range(repeats + 1)][1:]
    zooms = [_time(atlas, ["wheel"], lambda i=i: _zoom(atlas, i)) for i in range(repeats + 1)][1:]
    atlas.page.context.close()
    return {
        "first_map_s": round(statistics.median(firsts), 2),
        "tap_ms": round(statistics.median(taps)),
        "pan_ms": round(statistics.median(pans)),
        "zoom_ms": round(statistics.median(zooms)),
        "year_ms": round(statistics.median(years)),
        "rss_per_viewer_mb": viewer_mb,
        "foreign_requests": sum(len(page.foreign_requests) for page in pages),
        "console_errors": sum(len(page.errors) for page in pages),
        "repeats": repeats,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "browser": browser.version,
    }


def _tap(page: FluxPage, site: str) -> float:
    """Return the time from a tap on a tower to its card [ms]."""
    tower = find_tower(site)
    x, y = maps.to_mercator(tower.longitude, tower.latitude)
    page.page.evaluate(WATCH, ["pointerup"])
    page.tap(float(x), float(y), "towers_map")
    # The hover shows the position as well, but without its precision.
    shown: float = page.page.evaluate(TEXT_SHOWN, f"{position(tower)} (")
    page.page.wait_for_timeout(300)
    return shown


def _time(page: FluxPage, events: list[str], act: Callable[[], None]) -> float:
    """Return the time from the user's last event to a changed raster on the screen [ms]."""
    page.page.evaluate(WATCH, events)
    act()
    shown: float = page.page.evaluate(RASTER_CHANGED)
    page.page.wait_for_timeout(400)
    return shown


def _middle(page: FluxPage) -> tuple[float, float]:
    box = page.figure_box("atlas_map")
    return box["left"] + box["width"] / 2, box["top"] + box["height"] / 2


def _next_year(page: FluxPage) -> None:
    page.page.get_by_role("button", name=t("atlas.earlier", "en")).click()


def _drag(page: FluxPage) -> None:
    x, y = _middle(page)
    page.page.mouse.move(x, y)
    page.page.mouse.down()
    page.page.mouse.move(x + 40, y + 20, steps=4)
    page.page.mouse.move(x + 60, y + 25, steps=4)
    page.page.mouse.up()


def _zoom(page: FluxPage, turn: int) -> None:
    page.page.mouse.move(*_middle(page))
    page.page.mouse.wheel(0, -240 if turn % 4 < 2 else 240)


def _memory_per_viewer_mb(visit: Callable[[], FluxPage], viewers: int) -> float:
    """Return by how much each of some viewers at once makes the server grow [MiB]."""
    server = _server()
    before = server.memory_info().rss
    pages = [visit() for _ in range(viewers)]
    grown = server.memory_info().rss - before
    for page in pages:
        page.page.context.close()
    return round(grown / viewers / 2**20, 1)


def _server() -> psutil.Process:
    return next(
        child
        for child in psutil.Process().children()
        if "fluxscape_dashboard" in " ".join(child.cmdline())
    )


def _server_memory_mb() -> dict[str, int]:
    """Return the resident memory of the server and of its worker processes."""
    server = _server()
    workers = [child.memory_info().rss for child in server.children(recursive=True)]
    return {
        "server": server.memory_info().rss // 2**20,
        "workers": sum(workers) // 2**20,
        "worker_count": len(workers),
    }


if __name__ == "__main__":
    main()
