"""The Towers page: choosing by tap, by search and in the table; filters; the card."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from fluxscape.towers import find_tower
from fluxscape_dashboard import maps
from fluxscape_dashboard.map_view import PICTURE
from fluxscape_dashboard.text import t
from helpers.browser import FluxPage

MAP = "towers_map"


def at(site: str) -> tuple[float, float]:
    """Return the Web Mercator position of a tower."""
    tower = find_tower(site)
    x, y = maps.to_mercator(tower.longitude, tower.latitude)
    return float(x), float(y)


def test_a_tap_on_a_tower_opens_its_card(page: FluxPage) -> None:
    page.open(lang="en")
    page.wait_text(t("towers.none_chosen", "en"))
    page.tap(*at("CN-Cha"), MAP)
    page.wait_text("42.4025°N, 128.0958°E (quoted to 11 m)")
    page.wait_text("738 m")
    page.wait_query("tower=CN-Cha")


def test_a_tap_beside_every_tower_closes_the_card(page: FluxPage) -> None:
    page.open(lang="en", tower="CN-Cha")
    page.wait_text("738 m")
    page.tap(*(float(v) for v in maps.to_mercator(88.0, 47.0)), MAP)
    page.wait_text(t("towers.none_chosen", "en"))


def test_a_tower_is_found_by_typing_and_opened_from_the_list(page: FluxPage) -> None:
    page.open(lang="en")
    page.search_tower("dinghu", "Dinghushan")
    page.wait_text(t("towers.count", "en", found=1, total=150))
    page.wait_query("tower=CN-Din")
    page.wait_text("23.1733°N")


def test_filters_leave_fewer_towers_on_map_and_list(page: FluxPage) -> None:
    page.open(lang="en", tw_igbp="WAT,SAV")
    page.wait_text(t("towers.count", "en", found=3, total=150))
    page.open(lang="en", tw_igbp="WAT", tw_search="nothing like this")
    page.wait_text(t("towers.nothing_found", "en"))


def test_a_row_of_the_table_opens_the_tower(page: FluxPage) -> None:
    page.open(lang="en", tw_view="table", tw_search="CN-Dan")
    page.page.get_by_role("gridcell", name="Dangxiong", exact=True).first.click()
    page.wait_query("tower=CN-Dan")
    page.wait_text("4\u2009333 m")


def test_the_card_leads_to_the_other_pages_with_the_tower_kept(page: FluxPage) -> None:
    page.open(lang="en", tower="CN-Cha")
    page.wait_text("738 m")
    page.page.get_by_role("button", name=t("common.page_model", "en")).last.click()
    page.wait_query("page=model")
    assert "tower=CN-Cha" in page.query()


def test_moving_the_map_is_kept_in_the_address_and_restored(page: FluxPage) -> None:
    page.open(lang="en")
    box = page.figure_box(MAP)
    middle = box["left"] + box["width"] / 2, box["top"] + box["height"] / 2
    page.page.mouse.move(*middle)
    page.page.mouse.wheel(0, -600)
    page.wait_query("map_view=")
    page.page.wait_for_timeout(400)
    seen = page.figure_box(MAP)
    assert seen["x1"] - seen["x0"] < 0.8 * (box["x1"] - box["x0"])
    page.page.reload()
    page.wait_idle()
    page.wait_text(t("towers.none_chosen", "en"))
    again = page.settled_box(MAP)
    for edge in ("x0", "x1", "y0", "y1"):
        assert again[edge] == pytest.approx(seen[edge], abs=0.01 * (seen["x1"] - seen["x0"]))


def test_the_nation_fills_the_map_at_equal_scale_on_its_relief_in_any_window(
    page: FluxPage,
) -> None:
    limits = maps.mercator_bounds(PICTURE)
    for width, height in ((1440, 900), (1024, 768), (1920, 1080), (1700, 700)):
        page.page.set_viewport_size({"width": width, "height": height})
        page.open(lang="en")
        box = page.settled_box(MAP)
        across = (box["x1"] - box["x0"]) / box["width"]
        down = (box["y1"] - box["y0"]) / box["height"]
        assert across == pytest.approx(down, rel=0.01)
        west, south, east, north = maps.mercator_bounds(maps.NATIONAL)
        assert box["x0"] <= west + 1
        assert box["x1"] >= east - 1
        assert box["y0"] <= south + 1
        assert box["y1"] >= north - 1
        assert limits[0] <= box["x0"] < box["x1"] <= limits[2]
        assert limits[1] <= box["y0"] < box["y1"] <= limits[3]
        filled = (east - west) * (north - south) / (box["x1"] - box["x0"])
        assert filled / (box["y1"] - box["y0"]) > 0.7


def test_the_inset_of_the_south_china_sea_is_there_and_nothing_lies_over_the_map(
    page: FluxPage,
) -> None:
    for width, height in ((1440, 900), (1920, 1080)):
        page.page.set_viewport_size({"width": width, "height": height})
        page.open(lang="en")
        frame, inset = page.settled_box(MAP), page.settled_box("south_china_sea")
        beside = inset["left"] >= frame["left"] + frame["width"]
        below = inset["top"] >= frame["top"] + frame["height"]
        assert beside or below
        assert inset["top"] + inset["height"] < height
        assert inset["height"] > 100
        page.wait_text(t("common.south_china_sea", "en"))


def test_hovering_shows_the_tower_in_words(page: FluxPage) -> None:
    page.open(lang="zh")
    page.settled_box(MAP)
    page.page.mouse.move(*page.screen_point(*at("CN-Cha"), MAP))
    expect(page.page.get_by_text("Changbaishan").last).to_be_visible()
    page.wait_text(t("towers.igbp_MF", "zh"))
