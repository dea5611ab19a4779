"""The Footprint page in a browser: overlay, uploads good and bad, cancel, languages, downloads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from helpers.browser import FluxPage
from helpers.waiting import wait_without, wait_without_chinese

SLOW_MS = 150_000
"""The first run of a server compiles the kernels [ms]."""

READ_RASTER = """
() => {
  for (const document of Bokeh.documents) {
    for (const model of document.all_models) {
      if (model.name !== 'footprint_map') continue
      const found = {rings: 0}
      for (const renderer of model.renderers) {
        const data = renderer.data_source.data
        const column = (name) => data.get ? data.get(name) : data[name]
        if (renderer.name === 'footprint_raster' && column('image').length) {
          const values = Array.from(column('image')[0])
          found.cells = values.length
          found.peak = Math.max(...values)
        }
        if (String(renderer.name).startsWith('contour')) found.rings += column('xs').length
        if (renderer.name === 'map_layer') found.pixels = column('left').length
        if (renderer.name === 'tower') found.tower = [column('x')[0], column('y')[0]]
      }
      return found.cells ? found : null
    }
  }
  return null
}
"""


def wait_for_overlay(page: FluxPage) -> dict[str, float]:
    """Wait until a footprint is on the map; return what is drawn."""
    page.page.wait_for_function(f"() => ({READ_RASTER})()", timeout=SLOW_MS)
    drawn: dict[str, float] = page.page.evaluate(READ_RASTER)
    return drawn


def flux_table(path: Path, days: int = 30, *, broken: bool = False) -> Path:
    """Write a small AmeriFlux table of half-hours with the inputs of a footprint."""
    start = np.datetime64("2012-07-01T00:00")
    lines = ["TIMESTAMP_START,TIMESTAMP_END,USTAR,MO_LENGTH,WD,WS,V_SIGMA,TA,SW_IN"]
    for step in range(48 * days):
        begin = start + np.timedelta64(30 * step, "m")
        stamps = [
            str(moment).replace("-", "").replace("T", "").replace(":", "")
            for moment in (begin, begin + np.timedelta64(30, "m"))
        ]
        sun = max(0.0, np.sin(2 * np.pi * (step / 48 - 0.25)))
        values = [0.3, -60 if sun > 0 else 90, (step * 7) % 360, 3.0, 0.6, 22.0, 800 * sun]
        lines.append(",".join([*stamps, *(f"{value:g}" for value in values)]))
    if broken:
        lines[100] = lines[100].replace(",0.3,", ",not-a-number,")
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.timeout(400)
def test_a_tower_shows_its_footprint_over_the_map(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-Cha")
    drawn = wait_for_overlay(page)
    assert drawn["peak"] > 1e-6
    assert drawn["rings"] >= 2
    assert drawn["pixels"] >= 1
    x, y = drawn["tower"]
    box = page.figure_box("footprint_map")
    assert box["x0"] < x < box["x1"]
    assert box["y0"] < y < box["y1"]
    # One metre is one metre in both directions.
    across = (box["x1"] - box["x0"]) / box["width"]
    up = (box["y1"] - box["y0"]) / box["height"]
    assert across == pytest.approx(up, rel=0.02)
    page.wait_text("50 % of the flux")
    assert "simulated weather" in page.visible_text().lower()


@pytest.mark.timeout(400)
def test_another_tower_and_month_come_by_the_selects(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-HaM", fp_period="month-07", fp_extent="500")
    first = wait_for_overlay(page)
    page.page.get_by_role("combobox", name="Footprint model").click()
    page.page.get_by_text("Kormann–Meixner (2001)").last.click()
    page.page.wait_for_function(
        f"(peak) => {{ const d = ({READ_RASTER})(); return d && d.peak !== peak }}",
        arg=first["peak"],
        timeout=SLOW_MS,
    )
    assert "fp_model=km01" in page.query()


@pytest.mark.timeout(400)
def test_a_coarse_position_is_said_beside_the_overlay(page: FluxPage) -> None:
    page.open(page="footprint", tower=coarse_tower())
    page.wait_text("coordinates are good to about")
    wait_for_overlay(page)


@pytest.mark.timeout(400)
def test_two_models_and_their_difference_stand_side_by_side(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-Cha", fp_other="km01", fp_period="month-07")
    wait_for_overlay(page)
    boxes = [
        page.figure_box(name, timeout_ms=SLOW_MS)
        for name in ("footprint_map", "footprint_map_second", "footprint_difference")
    ]
    for box in boxes[1:]:
        assert (box["x0"], box["x1"], box["y0"], box["y1"]) == pytest.approx(
            tuple(boxes[0][edge] for edge in ("x0", "x1", "y0", "y1"))
        )
        assert box["width"] == pytest.approx(boxes[0]["width"], rel=0.05)
        assert box["height"] == pytest.approx(boxes[0]["height"], rel=0.05)
    page.wait_text("of all flux comes from the same ground")


@pytest.mark.timeout(400)
def test_a_weight_that_the_records_cannot_serve_is_said_and_breaks_nothing(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-Cha", fp_weight="nee", fp_light="day")
    page.wait_text("These records lack the fluxes", timeout_ms=SLOW_MS)
    page.wait_text("net_ecosystem_exchange", timeout_ms=SLOW_MS)


def coarse_tower() -> str:
    """Return a tower whose position is only good to a kilometre."""
    from fluxscape.towers import load_towers  # noqa: PLC0415 (after the server has started)

    return next(tower.site for tower in load_towers() if tower.coordinate_precision > 1000)


@pytest.mark.timeout(400)
def test_a_broken_table_says_what_is_wrong_and_where_and_changes_nothing(
    page: FluxPage, tmp_path: Path
) -> None:
    page.open(page="footprint", tower="CN-Cha")
    drawn = wait_for_overlay(page)
    page.page.get_by_role("button", name="My file").click()
    broken = flux_table(tmp_path / "broken-july.csv", broken=True)
    page.page.locator("input[type=file]").first.set_input_files(broken)
    page.wait_text("broken-july.csv could not be read", timeout_ms=SLOW_MS)
    text = page.visible_text()
    assert "USTAR" in text
    assert "101" in text
    assert page.page.evaluate(READ_RASTER)["peak"] == drawn["peak"]
    # In the other language the headline changes, the exact detail stays.
    page.page.get_by_role("button", name="中文").click()
    page.wait_text("无法读取 broken-july.csv")
    assert "USTAR" in page.visible_text()
    # The page lives: a good table follows.
    good = flux_table(tmp_path / "good-july.csv")
    page.page.locator("input[type=file]").first.set_input_files(good)
    page.wait_text("摩擦风速", timeout_ms=SLOW_MS)
    page.page.wait_for_function(
        f"(peak) => {{ const d = ({READ_RASTER})(); return d && d.peak !== peak }}",
        arg=drawn["peak"],
        timeout=SLOW_MS,
    )


@pytest.mark.timeout(400)
def test_a_name_with_markup_in_it_is_refused_as_text(page: FluxPage, tmp_path: Path) -> None:
    page.open(page="footprint", tower="CN-Cha", fp_source="upload")
    page.wait_text("Drop a table of half-hours")
    hostile = tmp_path / "<img src=x onerror=alert(1)>.csv"
    flux_table(tmp_path / "plain.csv").rename(hostile)
    page.page.locator("input[type=file]").first.set_input_files(hostile)
    page.wait_text("could not be read", timeout_ms=SLOW_MS)
    assert page.page.locator("img[src=x]").count() == 0


@pytest.mark.timeout(400)
def test_a_run_can_be_cancelled_and_the_last_result_stays(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-Cha")
    drawn = wait_for_overlay(page)
    page.page.get_by_role("combobox", name="Cell size").click()
    page.page.get_by_text("2 m", exact=True).last.click()
    page.page.get_by_role("button", name="Cancel").click(timeout=20_000)
    page.wait_text("Cancelled.", timeout_ms=20_000)
    assert page.page.evaluate(READ_RASTER)["peak"] == drawn["peak"]


@pytest.mark.timeout(400)
def test_what_is_shown_can_be_saved(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-Cha", fp_period="month-07")
    wait_for_overlay(page)
    saved: dict[str, bytes] = {}
    for name in ("CSV", "GeoTIFF", "NetCDF", "GeoJSON", "PNG"):
        with page.page.expect_download(timeout=60_000) as download:
            page.page.get_by_role("button", name=name, exact=True).click()
        saved[name] = Path(download.value.path()).read_bytes()
    assert b"captured_fraction" in saved["CSV"]
    assert saved["GeoTIFF"][:4] in {b"II*\0", b"MM\0*"}
    assert saved["NetCDF"][1:4] == b"HDF"
    assert saved["PNG"][1:4] == b"PNG"
    outlines = json.loads(saved["GeoJSON"])
    shares = [f["properties"]["fraction"] for f in outlines["features"]]
    assert shares == [share / 10 for share in range(1, 10)]


@pytest.mark.timeout(400)
def test_every_word_turns_chinese_and_back(page: FluxPage) -> None:
    page.open(page="footprint", tower="CN-Cha", lang="zh")
    wait_for_overlay(page)
    page.wait_text("计算用时", timeout_ms=SLOW_MS)
    text = page.visible_text()
    for word in ("足迹模型", "通量占比", "数据性质", "模拟天气"):
        assert word in text
    wait_without(page, ("Footprint", "Canopy", "Cell size", "Simulated", "Save"))
    page.page.get_by_role("button", name="EN", exact=True).click()
    page.wait_text("Share of the flux")
    wait_without_chinese(page)
