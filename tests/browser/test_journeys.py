"""One visitor's way through all pages, and what happens when the server goes away."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from fluxscape.towers import find_tower
from fluxscape_dashboard import maps
from fluxscape_dashboard.text import t
from helpers.browser import FluxPage
from helpers.server import running_server

SLOW_MS = 150_000
"""The first runs of a server compile kernels [ms]."""

COUNT_ROWS = """
(name) => {
  for (const document of Bokeh.documents) {
    for (const model of document.all_models) {
      if (model.name !== name || !model.renderers) continue
      return model.renderers.reduce((sum, item) => {
        const data = item.data_source?.data ?? {}
        const columns = Object.values(data)
        return sum + (columns.length ? columns[0].length : 0)
      }, 0)
    }
  }
  return 0
}
"""


def test_from_the_map_to_footprint_model_and_atlas_and_back_by_a_link(
    page: FluxPage, browser: Browser, server: str
) -> None:
    page.open(lang="en")
    tower = find_tower("CN-Cha")
    x, y = maps.to_mercator(tower.longitude, tower.latitude)
    page.settled_box("towers_map")
    page.tap(float(x), float(y), "towers_map")
    page.wait_text("738 m")

    page.page.get_by_role("button", name=t("common.page_footprint", "en")).last.click()
    page.wait_query("page=footprint")
    _wait_for_rows(page, "footprint_map")

    page.page.keyboard.press("4")
    page.wait_query("page=model")
    page.wait_text(t("model.title", "en"))

    page.page.keyboard.press("5")
    page.wait_query("page=atlas")
    page.figure_box("atlas_map", timeout_ms=60_000)
    page.page.get_by_role("button", name=t("atlas.earlier", "en")).click()
    page.wait_query("at_year=")

    page.page.get_by_role("button", name="中文").click()
    page.wait_query("lang=zh")
    link = page.page.url

    context = browser.new_context(viewport={"width": 1440, "height": 900})
    friend = FluxPage(context.new_page(), server)
    friend.page.goto(link)
    friend.wait_idle()
    friend.figure_box("atlas_map", timeout_ms=60_000)
    friend.page.get_by_role("button", name=t("common.page_towers", "zh")).first.click()
    friend.wait_text("Changbaishan")
    assert friend.errors == []
    context.close()


def _wait_for_rows(page: FluxPage, figure: str) -> None:
    page.page.wait_for_function(f"({COUNT_ROWS})('{figure}') > 10", timeout=SLOW_MS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_visitor_is_told_when_the_server_has_gone(browser: Browser, lang: str) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    with running_server("--no-warm-up") as address:
        page = FluxPage(context.new_page(), address)
        page.open(lang="en" if lang == "zh" else "zh")
        page.page.get_by_role("button", name="中文" if lang == "zh" else "EN", exact=True).click()
        page.wait_text(t("towers.none_chosen", lang))
    page.wait_text(t("common.connection_lost", lang))
    context.close()
