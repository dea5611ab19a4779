"""The Atlas page in a browser: years, layers, a tap, languages, the address, downloads."""

from __future__ import annotations

import re
from typing import Any

import pytest
import rasterio
from playwright.sync_api import expect

from fluxscape.atlas.mercator import to_mercator
from fluxscape_dashboard.pages._atlas_words import position
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import national_product
from helpers.browser import FluxPage

MAP = "atlas_map"
FOREST = (110.125, 30.125)


def forest() -> tuple[str, str]:
    """Return the pixel of the forest as the address and as the page write it."""
    pixel = national_product().pixel("gpp", *FOREST)
    assert pixel is not None
    address = f"{pixel.longitude:.10g},{pixel.latitude:.10g}"
    return address, position(pixel.longitude, pixel.latitude)


# The mean of the finite values of the raster on display, and its colour limits.
_RASTER = """
() => {
  for (const document of Bokeh.documents) {
    for (const model of document._all_models.values()) {
      if (model.type !== 'ColorBar') continue
      const mapper = model.color_mapper
      for (const other of document._all_models.values()) {
        if (other.type !== 'GlyphRenderer' || other.glyph.color_mapper !== mapper) continue
        const image = other.data_source.data.image[0]
        let sum = 0, count = 0
        for (const value of image) if (Number.isFinite(value)) { sum += value; count += 1 }
        return {mean: sum / count, count, low: mapper.low, high: mapper.high}
      }
    }
  }
  return null
}
"""


def raster(page: FluxPage) -> dict[str, Any]:
    """Return mean, number of values and colour limits of the raster on display."""
    shown: dict[str, Any] = page.page.wait_for_function(_RASTER).json_value()
    return shown


def wait_raster(page: FluxPage, old: dict[str, Any]) -> dict[str, Any]:
    """Wait until another raster is on display and return it."""
    for _ in range(200):
        shown = raster(page)
        if shown["mean"] != old["mean"]:
            return shown
        page.page.wait_for_timeout(50)
    msg = "the raster does not change"
    raise AssertionError(msg)


def open_atlas(page: FluxPage, **query: object) -> FluxPage:
    """Open the page and wait for its map."""
    page.open(page="atlas", **{"lang": "en", **query})
    page.settled_box(MAP)
    return page


def tap(page: FluxPage, longitude: float, latitude: float) -> None:
    """Click at degrees."""
    x, y = to_mercator(longitude, latitude)
    page.tap(float(x), float(y), MAP)


def test_the_map_says_that_it_is_simulated_and_fills_the_nation(page: FluxPage) -> None:
    open_atlas(page)
    page.wait_text("Simulated weather.")
    assert raster(page)["count"] > 5000
    page.wait_text(t("atlas.legend_no_data", "en"))
    page.wait_text(t("common.south_china_sea", "en"))


def test_a_change_of_the_year_changes_the_raster_and_not_its_colours(page: FluxPage) -> None:
    open_atlas(page, at_year=2001)
    before = raster(page)
    page.page.get_by_role("button", name=t("atlas.later", "en")).click()
    after = wait_raster(page, before)
    assert (after["low"], after["high"]) == (before["low"], before["high"])
    page.wait_query("at_year=2002")
    text = page.visible_text()
    assert "2002" in text
    assert not re.search(r"\d,\d{3}", text), "a year or number is written with a comma"


def test_the_years_play_and_stop(page: FluxPage) -> None:
    open_atlas(page, at_year=1990)
    before = raster(page)
    page.page.get_by_role("button", name=t("atlas.play", "en")).click()
    wait_raster(page, before)
    page.page.get_by_role("button", name=t("atlas.pause", "en")).click()
    page.page.get_by_role("button", name=t("atlas.play", "en")).wait_for()
    assert re.search(r"at_year=199[1-9]", page.query())


def test_a_tap_shows_the_series_of_the_pixel_and_is_kept_in_the_address(page: FluxPage) -> None:
    open_atlas(page)
    page.wait_text(t("atlas.pixel_hint", "en"))
    tap(page, *FOREST)
    address, words = forest()
    page.wait_text(words)
    page.wait_query(f"at_point={address}")
    pixel = national_product().pixel("gpp", *FOREST)
    assert pixel is not None
    assert pixel.trend is not None
    page.wait_text(str(pixel.trend.count))
    assert page.figure_box("atlas_pixel")["y1"] > pixel.values.max()


def test_a_permalink_restores_layer_pixel_language_and_view(page: FluxPage) -> None:
    open_atlas(
        page,
        lang="zh",
        at_variable="et",
        at_layer="trend",
        at_point=forest()[0],
        map_view="110,30,12",
    )
    page.wait_text(t("atlas.row_slope", "zh"))
    page.wait_text(t("atlas.legend_hatch", "zh", level="0.05"))
    page.wait_text(forest()[1])
    shown = raster(page)
    assert shown["low"] == -shown["high"]
    box = page.settled_box(MAP)
    assert (box["x1"] - box["x0"]) == pytest.approx(float(to_mercator(12.0, 0.0)[0]), rel=0.05)


def test_a_change_of_language_leaves_no_english_words_behind(page: FluxPage) -> None:
    open_atlas(page, at_point=forest()[0], at_layer="trend")
    page.page.get_by_role("button", name="中文").click()
    page.wait_text(t("atlas.row_slope", "zh"))
    english = {
        t(f"atlas.{key}", "en")
        for key in ("layer_trend", "row_mean", "region_nation", "provenance", "save_map", "opacity")
    }
    left = english
    for _ in range(40):
        left = english & set(page.visible_text(own_words=True).splitlines())
        if not left:
            break
        page.page.wait_for_timeout(250)
    assert left == set()


def test_zooming_in_reads_a_finer_part(page: FluxPage) -> None:
    open_atlas(page)
    box = page.settled_box(MAP)
    before = raster(page)
    x, y = (float(value) for value in to_mercator(*FOREST))
    across = box["left"] + (x - box["x0"]) / (box["x1"] - box["x0"]) * box["width"]
    down = box["top"] + (box["y1"] - y) / (box["y1"] - box["y0"]) * box["height"]
    page.page.mouse.move(across, down)
    for _ in range(4):
        page.page.mouse.wheel(0, -400)
        page.page.wait_for_timeout(120)
    after = wait_raster(page, before)
    assert after["count"] < before["count"]
    page.wait_query("map_view=")


def test_hovering_tells_value_unit_and_place(page: FluxPage) -> None:
    open_atlas(page, lang="zh", at_year=2001)
    x, y = (float(value) for value in to_mercator(*FOREST))
    page.page.mouse.move(*page.screen_point(x, y, MAP))
    expect(page.page.get_by_text(re.compile(r"^[\d,]+ g C m⁻² a⁻¹$")).last).to_be_visible()
    page.wait_text(t("atlas.place", "zh"))


def test_series_and_map_can_be_saved(page: FluxPage, tmp_path: Any) -> None:
    open_atlas(page, at_year=2001, at_point=forest()[0])
    page.wait_text(forest()[1])
    with page.page.expect_download() as download:
        page.page.get_by_text(t("atlas.save_series", "en")).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    lines = path.read_text().splitlines()
    assert path.name.startswith("fluxscape_atlas_gpp_series_30.")
    assert len(lines) == 1 + 2 * 34
    assert "simulated" in lines[1]
    with page.page.expect_download() as download:
        page.page.get_by_text(t("atlas.save_map", "en")).click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name.startswith("fluxscape_atlas_gpp_2001")
    with rasterio.open(path, driver="GTiff") as opened:
        assert opened.crs.to_epsg() == 3857
        assert opened.tags()["data_status"] == "simulated"
