"""The Atlas page without a browser: what it draws, says and saves for a small product."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio

from fluxscape.assets import asset
from fluxscape.atlas.mercator import to_mercator
from fluxscape.atlas.product import ET, GPP
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape_dashboard.pages import _atlas_words as words
from fluxscape_dashboard.pages._atlas_exports import series_table, write_data, write_map
from fluxscape_dashboard.pages.atlas import AtlasPage
from fluxscape_dashboard.process import configure
from fluxscape_dashboard.views import atlas as view
from fluxscape_dashboard.views import atlas_zones as zones
from fluxscape_dashboard.views.atlas_product import NationalProduct, round_up
from fluxscape_dashboard.views.atlas_series import SeriesChart, YearlySeries
from helpers.atlas_page import YEARS, page_on, shown_text, small_product

CHINA = (104.3, 36.4, 62.6)


# Panel 1.9 warns of what panel-material-ui 0.16 itself passes to its download button.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style'")


@pytest.fixture(scope="module", autouse=True)
def _screen() -> None:
    """Load the drawing libraries as the server does."""
    configure()


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> NationalProduct:
    """Return a small product."""
    return small_product(tmp_path_factory.mktemp("product"))


@pytest.fixture
def page(product: NationalProduct, monkeypatch: pytest.MonkeyPatch) -> AtlasPage:
    """Return a page on it."""
    return page_on(product, monkeypatch)


# ---------------------------------------------------------------- the map
def test_the_raster_has_the_level_of_the_screen_and_is_not_reprojected(
    product: NationalProduct,
) -> None:
    style = product.style("gpp", "annual", "wang_swail")
    large = view.raster(product, style, 2001, view.Window.around(CHINA, 1000, 700))
    small = view.raster(product, style, 2001, view.Window.around(CHINA, 120, 84))
    assert large.crs == view.WEB_MERCATOR
    assert large.dimension_values("x", expanded=False).size > 350
    assert small.dimension_values("x", expanded=False).size <= 130
    x, y = (float(value) for value in to_mercator(110.1, 30.1))
    native = product.pyramid.read_series(GPP, 110.1, 30.1).sel(time="2001-01-01").item()
    assert float(large[x, y]) == pytest.approx(native, rel=1e-5)


def test_colours_are_the_same_in_every_year_and_for_the_mean(product: NationalProduct) -> None:
    annual = product.style("gpp", "annual", "wang_swail")
    mean = product.style("gpp", "mean", "wang_swail")
    assert (annual.low, annual.high) == (mean.low, mean.high) == (0.0, 1000.0)
    trend = product.style("gpp", "trend", "wang_swail")
    assert trend.low == -trend.high
    assert view.palette(trend.variable, trend.kind)[127] == "#f5f5f5"


def test_p_values_are_spread_so_that_small_ones_can_be_seen() -> None:
    assert view.by_class(np.array([0.0, 0.01, 0.03, 0.05, 0.1, 1.0])).tolist() == pytest.approx(
        [0.0, 1.0, 1.5, 2.0, 3.0, 4.0]
    )


def test_only_trends_that_are_not_significant_are_hatched(product: NationalProduct) -> None:
    window = view.Window.around(CHINA, 800, 560)
    strokes = view.hatching(product, "gpp", "wang_swail", 0.05, window)
    middle = (strokes.dimension_values("x0") + strokes.dimension_values("x1")) / 2
    border = float(to_mercator(105.0, 0.0)[0])
    west_of_data = float(to_mercator(80.0, 0.0)[0])
    assert len(strokes) > 500
    assert (middle < border).mean() > 0.95
    assert middle.min() > west_of_data
    assert len(view.hatching(product, "gpp", "wang_swail", 0.05, None)) == 0


def test_hatching_does_not_swim_when_the_map_moves(product: NationalProduct) -> None:
    first = view.hatching(
        product, "gpp", "wang_swail", 0.05, view.Window.around((90.0, 36.0, 8.0), 800, 560)
    )
    moved = view.hatching(
        product, "gpp", "wang_swail", 0.05, view.Window.around((90.7, 36.3, 8.0), 800, 560)
    )
    common = set(np.round(first.dimension_values("x0"))) & set(
        np.round(moved.dimension_values("x0"))
    )
    assert len(common) > 20


def test_pixels_of_the_nation_without_a_value_are_grey(product: NationalProduct) -> None:
    grey = view.no_data(product)
    x, y = (float(value) for value in to_mercator(76.0, 36.0))
    assert float(grey[x, y]) == 1.0
    x, y = (float(value) for value in to_mercator(110.0, 36.0))
    assert np.isnan(float(grey[x, y]))


def test_the_chosen_pixel_is_outlined(product: NationalProduct) -> None:
    outline = view.chosen_pixel(product, (110.125, 30.125))
    x0, y0 = (float(value) for value in to_mercator(110.0, 30.0))
    assert outline.range("x")[0] == pytest.approx(x0)
    assert outline.range("y")[0] == pytest.approx(y0)
    assert len(view.chosen_pixel(product, None).dimension_values("x")) == 0


def test_limits_are_round_numbers() -> None:
    assert [round_up(value) for value in (870.0, 1001.0, 3.1, 0.0)] == [1000.0, 1500.0, 4.0, 1.0]


# ---------------------------------------------------------------- the page
def test_a_tap_shows_series_table_and_keeps_the_pixel_in_the_state(page: AtlasPage) -> None:
    page._tapped(*(float(value) for value in to_mercator(110.1, 30.1)))
    assert page.state.at_point == (110.125, 30.125)
    table = shown_text(page._tables["pixel"])
    assert "30.12°N 110.12°E" in table
    assert "Cropland (CRO)" in table
    chart = page._charts["pixel"]
    assert "30.12°N 110.12°E" in chart.chart.title.text
    source = chart.chart.renderers[0].data_source.data
    line = np.asarray(source["line"])
    assert np.diff(line) == pytest.approx(np.full(33, line[1] - line[0]))
    assert 4.0 < line[1] - line[0] < 8.0


def test_a_tap_without_a_value_and_one_beside_the_product_are_explained(page: AtlasPage) -> None:
    page._tapped(*(float(value) for value in to_mercator(76.0, 36.0)))
    assert "no value" in shown_text(page._tables["pixel"])
    page._tapped(*(float(value) for value in to_mercator(20.0, 10.0)))
    assert page.state.at_point is None
    assert page.services.notify.keys == ["atlas.pixel_outside"]


def test_the_title_names_layer_year_and_status(page: AtlasPage, product: NationalProduct) -> None:
    state = page.state
    state.at_year = 2001
    assert words.map_title(state, product) == "GPP, 2001 (simulated weather)"
    state.param.update(lang="zh", at_variable="et", at_layer="trend")
    assert words.map_title(state, product) == "ET，1979–2012 年趋势（模拟天气）"


def test_playing_steps_through_the_years_and_begins_again(page: AtlasPage) -> None:
    page.state.param.update(at_layer="trend", at_year=2011)
    page._years.step(1)
    assert (page.state.at_layer, page.state.at_year) == ("annual", 2012)
    page._years.step(1)
    assert page.state.at_year == 1979
    page._years.step(-1)
    assert page.state.at_year == 2012
    assert page._years._slider.value == 2012


def test_the_button_says_what_it_will_do_in_the_present_language(page: AtlasPage) -> None:
    button = page._years.view[1]
    assert (button.icon, button.description) == ("play_arrow", "Play the years")
    page._years.toggle()
    assert (button.icon, button.description) == ("pause", "Stop")
    assert (page.state.at_layer, page.state.at_year) == ("annual", 1979)
    page.state.lang = "zh"
    assert button.description == "停止"
    page.on_hide()
    assert (button.icon, button.description) == ("play_arrow", "逐年播放")


def test_a_year_beyond_the_product_shows_the_nearest(page: AtlasPage) -> None:
    page.state.at_year = 2050
    assert page._years._slider.value == 2012
    assert page.state.at_year == 2050


def test_every_word_follows_the_language(page: AtlasPage) -> None:
    page.on_show()
    page._tapped(*(float(value) for value in to_mercator(110.1, 30.1)))
    page.state.lang = "zh"
    for chart in page._charts.values():
        assert re.search(r"[\u4e00-\u9fff]", chart.chart.title.text)
        assert all(re.search(r"[\u4e00-\u9fff-]", name) for name, _ in chart._hover.tooltips)
    for name in ("pixel", "region", "facts"):
        heads = re.findall(r"<th>(.*?)</th>", str(page._tables[name].objects[0].object))
        assert all(re.search(r"[\u4e00-\u9fff]", head) for head in heads)


def test_national_figures_are_those_of_the_product(
    page: AtlasPage, product: NationalProduct
) -> None:
    page.on_show()
    table = shown_text(page._tables["region"])
    assert words.number(product.figures["gpp"].mean) in table
    assert "Pg C yr⁻¹" in table
    page.state.at_variable = "et"
    assert "mm yr⁻²" in shown_text(page._tables["region"])


# ---------------------------------------------------------------- what is saved
def test_the_series_are_saved_with_place_unit_and_status(product: NationalProduct) -> None:
    pixel = product.pixel("gpp", 110.1, 30.1)
    nation = zones.region(product, "gpp", zones.NATION)
    frame = series_table("gpp", nation, pixel)
    assert frame["place"].unique().tolist() == [zones.NATION, "pixel"]
    assert frame["unit"].unique().tolist() == ["Pg year-1", "g m-2 year-1"]
    assert set(frame["data_status"]) == {"simulated"}
    rows = frame[frame.place == "pixel"]
    assert rows["longitude"].unique().tolist() == [110.125]
    assert rows["year"].tolist() == YEARS.tolist()
    assert len(series_table("gpp", nation, None)) == 34
    text = pd.read_csv(BytesIO(frame.to_csv(index=False).encode()))
    assert text["value"].notna().all()


def test_the_map_in_view_is_saved_as_geotiff(
    page: AtlasPage, product: NationalProduct, tmp_path: Path
) -> None:
    page.state.param.update(at_year=2001, map_view=(110.0, 30.0, 6.0))
    write_map(product, page, page._map, tmp_path / "map.tif")
    with rasterio.open(tmp_path / "map.tif", driver="GTiff") as raster:
        assert raster.crs.to_epsg() == 3857
        assert raster.tags()["year"] == "2001"
        assert raster.tags()["data_status"] == "simulated"
        x, y = (float(value) for value in to_mercator(110.1, 30.1))
        value = next(raster.sample([(x, y)]))[0]
        # To the pixel what the frame of 900 by 620 shows, and nothing beyond it.
        window = view.Window.around((110.0, 30.0, 6.0), 900, 620)
        step = raster.res[0]
        edges = zip(
            raster.bounds, (window.x[0], window.y[0], window.x[1], window.y[1]), strict=True
        )
        for side, (got, wanted) in enumerate(edges):
            beyond = got - wanted if side >= 2 else wanted - got
            assert 0.0 <= beyond <= 1.01 * step
    native = product.pyramid.read_series(GPP, 110.1, 30.1).sel(time="2001-01-01").item()
    assert value == pytest.approx(native, rel=1e-5)


# ---------------------------------------------------------------- words
def test_the_catalogue_is_complete_and_used() -> None:
    rows = json.loads(asset("text/atlas.json").read_text(encoding="utf-8"))
    assert all(set(row) == {"en", "zh"} and all(row.values()) for row in rows.values())
    for key, row in rows.items():
        fields = [sorted(re.findall(r"{(\w+)}", row[lang])) for lang in ("en", "zh")]
        assert fields[0] == fields[1], key


def test_numbers_have_significant_digits_and_a_true_minus() -> None:
    assert words.number(0.012345) == "0.0123"
    assert words.number(-1234.5) == "−1234"
    assert words.number(0.0) == "0"
    assert words.number(float("nan")) == "–"
    assert words.p_text(0.0004, "en") == "below 0.001"
    assert words.p_text(0.0312, "zh") == "0.031"


def test_a_line_begins_at_the_first_known_year() -> None:
    values = np.array([np.nan, np.nan, 3.0, 4.0, 5.0, 6.0])
    from fluxscape.atlas.trends import series_trend  # noqa: PLC0415

    series = YearlySeries(range(2000, 2006), values, series_trend(values, np.arange(2000, 2006)))
    assert series.line().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    chart = SeriesChart("test")
    chart.show(series)
    chart.mark(2003)
    assert chart._year.location == 2003
    chart.mark(None)
    assert not chart._year.visible


def test_all_years_in_view_are_saved_as_netcdf(
    page: AtlasPage, product: NationalProduct, tmp_path: Path
) -> None:
    page.state.param.update(map_view=(110.0, 30.0, 4.0))
    write_data(product, page, page._map, tmp_path / "data.nc")
    with open_netcdf_guarded(tmp_path / "data.nc") as data:
        assert data.attrs["data_status"] == "simulated"
        assert {GPP, f"{GPP}_trend", "land_fraction"} <= set(data.data_vars)
        assert ET not in data
        assert data.sizes["time"] == 34
        assert 107.0 < float(data["x"].min()) < float(data["x"].max()) < 113.0
