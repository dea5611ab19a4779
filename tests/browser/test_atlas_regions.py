"""New journeys of the Atlas page in a browser: regions, swipe, tables, published numbers, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
import xarray as xr

from fluxscape_dashboard.text import t
from helpers.browser import FluxPage

MAP = "atlas_map"

# How many pixels of both rasters have a value west and east of the swipe.
_SIDES = """
() => {
  for (const document of Bokeh.documents) {
    for (const model of document._all_models.values()) {
      if (model.type !== 'Slider' || model.name !== 'atlas_swipe' || model.tags.length < 2) continue
      const counts = model.tags.map((source) => {
        const image = source.data.image[0]
        let count = 0
        for (const value of image) if (Number.isFinite(value)) count += 1
        return count
      })
      if (counts.every((count) => count > 0)) return {counts, value: model.value}
    }
  }
  return null
}
"""


def open_atlas(page: FluxPage, **query: object) -> FluxPage:
    """Open the page and wait for its map."""
    page.open(page="atlas", **{"lang": "en", **query})
    page.settled_box(MAP)
    return page


def test_a_province_of_the_address_has_its_series_and_breaks(page: FluxPage) -> None:
    open_atlas(page, at_region="province:420000", lang="zh")
    page.wait_text("湖北省")
    page.wait_text(t("atlas.row_break", "zh"))
    assert page.figure_box("atlas_region")["y1"] > 0


def test_a_swipe_shows_one_layer_on_either_side_and_moves_by_keys(page: FluxPage) -> None:
    open_atlas(page, at_second="trend")
    before: dict[str, Any] = page.page.wait_for_function(_SIDES).json_value()
    handle = page.page.locator(".noUi-handle").first
    handle.focus()
    for _ in range(10):
        page.page.keyboard.press("ArrowLeft")
    moved: dict[str, Any] = page.page.wait_for_function(
        f"(old) => {{ const now = ({_SIDES})(); return now && now.value < old ? now : null }}",
        arg=before["value"],
    ).json_value()
    assert moved["counts"][0] < before["counts"][0]
    assert moved["counts"][1] > before["counts"][1]
    page.wait_text(t("atlas.swipe", "en"))


def test_the_published_numbers_stand_apart_from_ours(page: FluxPage) -> None:
    page.open(page="atlas", lang="en", at_tab="comparison")
    page.wait_text("4.32 Pg C yr⁻¹")
    page.wait_text(t("compare.own_note", "en"))
    page.wait_text("doi:10.5194/esd-11-235-2020")


def test_provinces_are_tabulated(page: FluxPage) -> None:
    page.open(page="atlas", lang="en", at_tab="regions")
    page.wait_text("Heilongjiang")
    page.wait_text("Taiwan")


def test_a_polygon_is_loaded_and_a_broken_one_refused(page: FluxPage, tmp_path: Path) -> None:
    open_atlas(page)
    good, bad = tmp_path / "basin.geojson", tmp_path / "bad.geojson"
    shape = shapely.geometry.mapping(shapely.box(105, 30, 110, 34))
    name = "<img src=x onerror=alert(1)>"
    good.write_text(
        json.dumps({"type": "Feature", "properties": {"name": name}, "geometry": shape})
    )
    bad.write_text(
        '{"type": "Polygon", "coordinates": [[[1e7, 3e6], [2e7, 3e6], [2e7, 4e6], [1e7, 3e6]]]}'
    )
    field = page.page.locator("input[type=file]").first
    field.set_input_files(str(bad))
    page.wait_text("which are no degrees")
    field.set_input_files(str(good))
    page.wait_text("basin.geojson: polygons read: 1")
    page.wait_query("at_region=own:1")
    page.wait_text(t("atlas.row_break", "en"))


def test_a_product_is_compared(page: FluxPage, tmp_path: Path) -> None:
    y, x = np.arange(18.5, 54), np.arange(73.5, 136)
    time = pd.date_range("2000-01-01", "2011-01-01", freq="YS")
    values = np.random.default_rng(1).uniform(200, 1500, (time.size, y.size, x.size))
    path = tmp_path / "mine.nc"
    xr.Dataset(
        {"GPP": (("time", "lat", "lon"), values.astype("f4"), {"units": "g C m-2 yr-1"})},
        coords={"time": time, "lat": y, "lon": x},
    ).to_netcdf(path)
    page.open(page="atlas", lang="en", at_tab="comparison")
    page.wait_text(t("compare.product_1", "en"))
    page.page.locator("input[type=file]").nth(1).set_input_files(str(path))
    page.wait_text(t("compare.agreement", "en"))
    page.wait_text(t("compare.trend_same_sign", "en"))
