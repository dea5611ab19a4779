"""The Representativeness page in a browser: cards, a tower to move, network, rasters, languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from helpers.browser import FluxPage
from helpers.waiting import wait_without_chinese

SLOW_MS = 150_000
"""The first run of a server compiles the kernels [ms]."""

SITE = "CN-Cha"
LONGITUDE, LATITUDE = 128.0958, 42.4025

READ_TOWER = """
() => {
  for (const document of Bokeh.documents) for (const model of document.all_models) {
    if (model.name !== 'representativeness_map') continue
    for (const renderer of model.renderers) {
      if (renderer.name !== 'tower') continue
      const data = renderer.data_source.data
      const column = (name) => data.get ? data.get(name) : data[name]
      return [column('x')[0], column('y')[0]]
    }
  }
  return null
}
"""


def open_tower(page: FluxPage, **query: object) -> None:
    """Open the page at a tower and wait for its cards."""
    page.open(page="representativeness", tower=SITE, **query)
    page.wait_text("Records used", timeout_ms=SLOW_MS)


def bias_here(page: FluxPage) -> str:
    """Return what the table says of the bias at the place where the tower is tried."""
    lines = page.visible_text().splitlines()
    return lines[lines.index("Bias at this place") + 1]


def raster(path: Path, values: np.ndarray[Any, Any]) -> Path:
    """Write a square raster of 0.0005 degrees around the tower."""
    step, side = 0.0005, values.shape[0]
    west, north = LONGITUDE - 0.5 * side * step, LATITUDE + 0.5 * side * step
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=side,
        height=side,
        count=1,
        dtype=values.dtype,
        crs="EPSG:4326",
        transform=Affine(step, 0.0, west, 0.0, -step, north),
    ) as out:
        out.write(values, 1)
    return path


@pytest.mark.timeout(400)
def test_a_link_shows_three_aspects_and_the_tower_can_be_moved(page: FluxPage) -> None:
    open_tower(page, rep_tab="place")
    text = page.visible_text()
    for words in ("Land cover", "Spatial structure", "Location bias", "Score", "95 % interval"):
        assert words in text
    assert "Simulated landscape" in text
    before = bias_here(page)
    page.settled_box("representativeness_map")
    page.tap(900.0, -700.0, "representativeness_map")
    page.wait_text("m towards")
    assert bias_here(page) != before
    page.wait_query("rep_place=")
    # The same by hand: the tower is dragged back to where it stands.
    start = page.screen_point(*page.page.evaluate(READ_TOWER), "representativeness_map")
    goal = page.screen_point(0.0, 300.0, "representativeness_map")
    page.page.mouse.move(*start)
    page.page.mouse.down()
    page.page.mouse.move(*goal, steps=6)
    page.page.mouse.up()
    page.page.wait_for_function(f"() => Math.abs(({READ_TOWER})()[1] - 300) < 60", timeout=20_000)


@pytest.mark.timeout(400)
def test_the_network_follows_a_tower_that_is_taken_away(page: FluxPage) -> None:
    page.open(page="representativeness", rep_view="network")
    page.wait_text("chosen towers of 146 cover", timeout_ms=SLOW_MS)
    where = page.page.wait_for_function(
        """() => { for (const d of Bokeh.documents) for (const m of d.all_models) {
          if (m.name !== 'network_map') continue
          const r = m.renderers.find((one) => one.name === 'towers_chosen').data_source.data
          const column = (name) => r.get ? r.get(name) : r[name]
          return column('x').length ? [column('x')[0], column('y')[0]] : null
        } }""",
        timeout=60_000,
    ).json_value()
    page.tap(*where, "network_map")
    page.wait_text("With your changes: 47 towers cover", timeout_ms=60_000)
    page.wait_query("rep_remove=")
    with page.page.expect_download(timeout=60_000) as download:
        page.page.get_by_role("button", name="CSV", exact=True).click()
    table = Path(download.value.path()).read_text()
    assert table.splitlines()[0].startswith("site,name,latitude")
    assert "removed" in table


@pytest.mark.timeout(400)
def test_classes_given_as_an_index_are_refused_with_the_reason_in_both_languages(
    page: FluxPage, tmp_path: Path
) -> None:
    page.open(page="representativeness", tower=SITE, rep_maps="upload")
    page.wait_text("GeoTIFFs with a coordinate system")
    classes = np.tile(np.array([1, 4, 5, 10], dtype=np.uint8), (300, 75))
    inputs = page.page.locator("input[type=file]")
    named = raster(tmp_path / "ndvi-july.tif", classes)
    index = next(i for i in range(inputs.count()) if inputs.nth(i).is_enabled() and i == 2)
    inputs.nth(index).set_input_files(named)
    page.wait_text("ndvi-july.tif could not be read", timeout_ms=60_000)
    assert "is it a land-cover map?" in page.visible_text()
    page.page.get_by_role("button", name="中文").click()
    page.wait_text("无法读取 ndvi-july.tif")


@pytest.mark.timeout(400)
def test_every_word_turns_chinese_and_back(page: FluxPage) -> None:
    page.open(page="representativeness", tower=SITE, lang="zh")
    page.wait_text("采用的记录数", timeout_ms=SLOW_MS)
    text = page.visible_text()
    for word in ("代表性", "土地覆盖", "空间结构", "位置偏差", "模拟景观", "总评分"):
        assert word in text
    page.page.get_by_role("button", name="EN", exact=True).click()
    page.wait_text("Spatial structure")
    wait_without_chinese(page)
