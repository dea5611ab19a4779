"""The Atlas page without a browser: layers, regions, tables and the comparison tab."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fluxscape.atlas.product import GPP
from fluxscape.atlas.zones import band_area
from fluxscape_dashboard.pages.atlas import AtlasPage
from fluxscape_dashboard.process import configure
from fluxscape_dashboard.views import atlas as view
from fluxscape_dashboard.views import atlas_zones as zones
from fluxscape_dashboard.views.atlas_compare import compared
from fluxscape_dashboard.views.atlas_product import NationalProduct
from fluxscape_dashboard.work.product_uploads import read_product_upload
from helpers.atlas_page import page_on, shown_text, small_product

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


def test_the_difference_is_the_year_less_the_mean(product: NationalProduct) -> None:
    style = product.style("gpp", "difference", "wang_swail")
    assert style.low == -style.high
    window = view.Window.around((110.0, 32.0, 8.0), 300, 200)
    shown = view.raster(product, style, 2012, window).dimension_values("value", flat=False)
    pixel = product.pixel("gpp", 110.1, 32.1)
    assert pixel is not None
    low, high = np.nanmin(shown), np.nanmax(shown)
    series = np.asarray(pixel.values)
    assert low <= series[-1] - series.mean() <= high
    assert high < 250.0


def test_percentiles_stretch_the_colours_over_all_years(product: NationalProduct) -> None:
    values = product.pyramid.read_native(GPP).to_numpy()
    style = product.style("gpp", "annual", "wang_swail", "p5")
    expected = np.nanpercentile(values, (5, 95))
    assert (style.low, style.high) == pytest.approx(tuple(expected))
    assert product.style("gpp", "trend", "wang_swail", "p2").low < 0


def test_the_false_discovery_rate_is_that_of_the_whole_product(
    page: AtlasPage, product: NationalProduct
) -> None:
    found = product.field("gpp", "wang_swail", 0.05)
    assert 0 < found.threshold < 0.05
    page.state.param.update(at_layer="trend", at_field=True)
    assert str(found.tests) in shown_text(page._legend)


def test_a_product_without_an_ensemble_offers_no_uncertainty(product: NationalProduct) -> None:
    assert "uncertainty" not in product.layers()
    assert "difference" in product.layers()


def test_regions_are_found_by_key_and_by_hand(page: AtlasPage) -> None:
    page.state.at_region = "province:420000"
    assert page._found is not None
    assert page._found.figures.zone.name_en == "Hubei"
    assert page._map.region
    assert "Hubei" in page._charts["region"].chart.title.text
    square = [108.0, 30.0, 112.0, 30.0, 112.0, 33.0, 108.0, 33.0]
    page.state.param.update(at_polygon=square, at_region=zones.DRAWN)
    assert page._found.figures.area == pytest.approx(float(band_area(30, 33, 4.0)), rel=1e-5)
    page.state.at_polygon = [1.0, 2.0]
    assert page.state.at_region == zones.NATION


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [1.0] * 5,
        [float("nan")] * 8,
        [0.0, 0.0, 1e9, 0.0, 0.0, 1.0],
        [1.0, 1.0] * 4,
        [0.0] * 500,
    ],
)
def test_a_polygon_of_an_address_that_is_none_is_passed_over(numbers: list[float]) -> None:
    assert zones.drawn_polygon(numbers) is None


def test_a_free_hand_line_has_few_corners() -> None:
    turn = np.linspace(0, 2 * np.pi, 2000)
    numbers = zones.corners(110 + np.cos(turn), 30 + np.sin(turn))
    assert 16 <= len(numbers) <= 2 * zones.MOST_CORNERS
    polygon = zones.drawn_polygon(numbers)
    assert polygon is not None
    assert polygon.area == pytest.approx(np.pi, rel=0.02)


def test_the_table_of_a_kind_is_made_when_its_tab_is_opened(page: AtlasPage) -> None:
    assert "regions" not in page._made
    page.state.at_tab = "regions"
    tab = page._made["regions"]
    assert len(tab._figures) > 10
    page.state.at_zones = "koppen"
    assert {item.zone.kind for item in tab._figures} == {"koppen"}
    page.state.lang = "zh"
    text = str(tab._place.objects[0].object.to_dict())
    assert "柯本" in text


def test_the_comparison_holds_published_numbers_apart_from_ours(page: AtlasPage) -> None:
    page.state.at_tab = "comparison"
    tab = page._made["comparison"]
    published = tab._tables["published"].objects[0].object
    assert published.shape[0] == 13
    assert published.iloc[0]["Mean"] == "4.32 Pg C yr⁻¹"
    assert published.iloc[5]["Mean"] == ""
    own = tab._tables["own"].objects[0].object
    assert own.shape[0] == 4
    assert "4.32" not in str(own.to_dict())


def test_a_product_is_read_compared_and_put_on_every_chart(
    page: AtlasPage, product: NationalProduct, tmp_path: Path
) -> None:
    native = product.pyramid.read_native(GPP)[10:] * 1.1 + 20.0
    native.attrs = {"units": "g m-2 year-1"}
    path, output = tmp_path / "gpp.nc", tmp_path / "out.nc"
    native.rename(y="lat", x="lon").rename("GPP").to_netcdf(path)
    edges = zones.product_grid(product).edges
    facts = read_product_upload(str(path), str(output), "gpp", "", 1.0, None, edges)
    assert (facts["first"], facts["last"]) == (1989, 2012)
    page.state.at_tab = "comparison"
    tab = page._made["comparison"]
    found = compared(product, "gpp", str(output))
    assert found.agreement.correlation == pytest.approx(1.0, abs=1e-5)
    tab._take([("a <b>.nc", found), ("b.nc", found)])
    assert tab._charts.visible
    assert tab._difference.mapper.high > 0
    assert tab._taylor._source.data["ratio"][0] == pytest.approx(1.1, rel=1e-3)
    assert len(tab._tables["agreement"].objects) >= 5
    page.state.lang = "zh"
    assert "本产品" in tab._difference.chart.title.text
    page.state.at_variable = "et"
    assert not tab._charts.visible
