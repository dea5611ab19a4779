"""Figures, words and files of the Representativeness page from a small made-up result."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.representativeness.evaluation import assess
from fluxscape.representativeness.frame import Lattice
from fluxscape_dashboard.pages._network_words import headline, saved_table, towers_table
from fluxscape_dashboard.pages._network_words import reason_words as tower_reason
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages._representativeness_exports import (
    everything,
    fields_of,
    table_of,
    write_map,
)
from fluxscape_dashboard.pages._representativeness_move import place_table
from fluxscape_dashboard.pages._representativeness_stage import cards_of, cover_rows
from fluxscape_dashboard.pages._representativeness_words import (
    Assessed,
    class_words,
    cover_tests,
    largest_words,
    notes,
    percent_words,
    structure_rows,
)
from fluxscape_dashboard.text import LANGUAGES
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.aspect_cards import Cards
from fluxscape_dashboard.views.network import CoverageChart, NetworkMap, mercator_picture
from fluxscape_dashboard.views.representativeness import BiasCurve, MonthlyBias, symmetric
from fluxscape_dashboard.views.representativeness_ground import CoverBars, VariogramChart
from fluxscape_dashboard.views.representativeness_place import (
    Ground,
    PlacementMap,
    best_place,
    bias_top,
    value_at,
)
from fluxscape_dashboard.work.representativeness import Stand

LONGITUDE, LATITUDE = 128.0958, 42.4025


def _climatology() -> xr.Dataset:
    """Return a round footprint of 150 m in cells of 20 m."""
    grid = Lattice.around(600.0, 20.0)
    x, y = np.meshgrid(grid.x, grid.y)
    density = np.exp(-(x**2 + y**2) / (2.0 * 150.0**2))
    density *= 0.95 / (density.sum() * 400.0)
    attrs = {"captured_fraction": 0.95, "data_status": "simulated", "model": "ffp", "n_used": 9}
    attrs |= {"source": "made up", "latitude": LATITUDE, "longitude": LONGITUDE}
    return xr.Dataset(
        {"footprint": (("y", "x"), density, {"units": "m-2"})}, coords=grid.coords(), attrs=attrs
    )


def _maps() -> dict[str, xr.DataArray]:
    """Return an index that rises to the east and forest west of a meadow, 50 m pixels."""
    grid = Lattice.around(6000.0, 50.0)
    x, _ = np.meshgrid(grid.x, grid.y)
    crs = f"+proj=aeqd +lat_0={LATITUDE} +lon_0={LONGITUDE} +datum=WGS84 +units=m"
    attrs = {"crs": crs, "data_status": "simulated"}
    index = xr.DataArray(0.5 + x / 40_000.0, dims=("y", "x"), coords=grid.coords(), attrs=attrs)
    cover = xr.DataArray(
        np.where(x < 100.0, 5, 10), dims=("y", "x"), coords=grid.coords(), attrs=attrs
    )
    return {"index": index.rename("ndvi"), "cover": cover.assign_attrs(legend="igbp")}


@pytest.fixture(scope="module")
def shown() -> Assessed:
    climatology, maps = _climatology(), _maps()
    made = assess(
        climatology,
        Stand(LATITUDE, LONGITUDE, "MF"),
        land_cover=maps["cover"],
        indices={"ndvi": maps["index"]},
    )
    grid = made.maps["ndvi"]
    layer = (("y", "x"), np.full((grid.sizes["y"], grid.sizes["x"]), 5.0))
    months = xr.Dataset(
        {name: ("month", np.linspace(low, low + 0.1, 12)) for name, low in _ENDS.items()},
        coords={"month": np.arange(1, 13)},
        attrs={"replicates": 500},
    )
    turn = np.linspace(0.0, 2.0 * math.pi, 40)
    ring = 200.0 * np.column_stack([np.cos(turn), np.sin(turn)])
    result: dict[str, Any] = {
        "facts": made.to_dict(),
        "tables": made.datasets(),
        "months": months,
        "ground": xr.Dataset({"cover": layer, "index": layer}, coords=grid.coords),
        "areas": [{"fraction": f, "area": 1e5 * f, "rings": [ring]} for f in (0.5, 0.8)],
        "about": {name: climatology.attrs[name] for name in _ABOUT},
    }
    return Assessed(result, _place(), simulated=True)


_ENDS = {"bias": 0.0, "low": -0.05, "high": 0.05, "footprint_mean": 0.4}
_ABOUT = ("model", "n_used", "captured_fraction", "data_status", "source")


def _place(precision: float = 11.0) -> Place:
    tower = tower_or_none("CN-Cha")
    assert tower is not None
    return Place(tower, tower.latitude, tower.longitude, precision, 8.0, None)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_cards_speak_of_score_and_aspects(shown: Assessed, lang: str) -> None:
    cards = cards_of(shown, lang)
    assert len(cards) == 4
    assert all(card.number and card.reason and card.level_words for card in cards)
    row = Cards()
    row.show(cards)
    assert row.pane.object.count('class="card"') == 4


def test_percentages_read_well() -> None:
    assert percent_words(0.0643, signed=True) == "+6.4 %"
    assert percent_words(-0.2, signed=True) == "−20 %"
    assert percent_words(math.nan) == "–"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_tables_and_notes_have_words(shown: Assessed, lang: str) -> None:
    assert len(structure_rows(shown.facts, lang)) >= 5
    assert len(cover_tests(shown.facts, lang)) == 7
    assert len(cover_rows(shown.facts["land_cover"], lang)) > 10
    assert len(set(class_words(shown.facts["land_cover"], lang))) == 2
    assert "m" in largest_words(shown.facts, lang)
    kinds = [kind for kind, _ in notes(shown, _place(5000.0), lang)]
    assert kinds[0] == "warning"
    assert kinds[-1] == "info"


def test_the_place_table_tells_the_bias_where_the_tower_is_tried(shown: Assessed) -> None:
    at_home = place_table(shown, 0.0, 0.0, "en")
    assert at_home.iloc[0, 1] == at_home.iloc[1, 1]
    away = place_table(shown, 900.0, -300.0, "en")
    assert away.iloc[6, 1] == "949 m towards 108°"
    assert "unknown" in place_table(shown, 9000.0, 0.0, "en").iloc[0, 1]


def test_charts_take_a_result_and_both_languages(shown: Assessed) -> None:
    curve, months, variogram = BiasCurve(), MonthlyBias(), VariogramChart()
    curve.show(shown.table("location_bias"), {0.5: 5e4, 0.8: 8e4}, 500.0, 0.1)
    months.show(shown.result["months"], 0.1)
    variogram.show(shown.table("variogram"), None, ((), ()))
    for lang in LANGUAGES:
        curve.speak(lang, title="a", source="b")
        months.speak(lang, title="a", source="b")
        variogram.speak(lang, title="a", source="b", model="c")
        assert curve.chart.html_attributes["aria-label"] == "a"
    assert curve.chart.y_range.start == -curve.chart.y_range.end
    months.show(None, 0.1)
    bars = CoverBars()
    bars.show([("top", [0.25, 0.75]), ("bottom", [1.0, math.nan])], ["x", "y"], ["red", "blue"])
    assert bars.chart.y_range.factors == ["bottom", "top"]


def test_the_colours_of_bias_are_centred_and_round() -> None:
    assert bias_top(np.array([0.0, 0.02, -0.31])) == 0.5
    assert bias_top(np.array([np.nan])) == 0.1
    assert symmetric([3.0, -20.0]) == pytest.approx(23.0)


def test_the_best_place_is_the_nearest_of_least_bias() -> None:
    axis = np.arange(-200.0, 201.0, 100.0)
    bias = np.full((5, 5), 0.2)
    bias[0, 0] = bias[2, 3] = 0.01
    assert best_place(axis, axis, bias, 500.0) == (100.0, 0.0)
    assert best_place(axis, axis, np.full((5, 5), np.nan), 500.0) is None
    assert value_at(axis, axis, bias, 100.0, 0.0) == 0.01
    assert math.isnan(value_at(axis, axis, bias, 900.0, 0.0))


def test_the_map_of_places_moves_tower_and_outlines_together() -> None:
    chart = PlacementMap()
    axis = np.arange(-200.0, 201.0, 100.0)
    ring = np.array([[0.0, 10.0], [10.0, 0.0], [0.0, 10.0]])
    for kind, classes in (("bias", {}), ("index", {}), ("cover", {0: "#111111", 1: "#222222"})):
        ground = Ground(axis, axis, np.eye(5), kind, classes)
        chart.show(ground, [ring], (100.0, 0.0), 200.0)
        chart.speak("zh", title="a", source="b", value="c", kind=kind)
    chart.move(50.0, -50.0)
    outline = chart.chart.select_one({"name": "home"})
    assert outline.data_source.data == {"x": [0.0], "y": [0.0]}
    assert chart.tower.data == {"x": [50.0], "y": [-50.0]}


def test_files_carry_limits_status_and_place(shown: Assessed, tmp_path: Path) -> None:
    table = table_of(shown)
    assert set(table["data_status"]) == {"simulated"}
    assert {"score", "bias_disc", "bias_month", "limit_bias_medium"} <= set(table["quantity"])
    made = fields_of(shown)
    assert made.attrs["limit_bias_medium"] == 0.1
    assert made.attrs["site"] == "CN-Cha"
    assert everything(shown)["landscape"] == "simulated"
    write_map(shown, tmp_path / "a.tif")
    import rasterio  # noqa: PLC0415

    with rasterio.open(tmp_path / "a.tif", driver="GTiff") as raster:
        assert raster.tags()["data_status"] == "simulated"
        assert raster.read(1).shape == made["location_bias"].shape


def test_a_map_in_degrees_keeps_its_rows_in_web_mercator() -> None:
    field = xr.DataArray(
        np.repeat([[1.0], [2.0], [3.0]], 2, axis=1),
        dims=("y", "x"),
        coords={"y": [20.0, 40.0, 60.0], "x": [100.0, 120.0]},
    )
    picture, (x, y, width, height) = mercator_picture(field)
    assert picture.shape == (9, 2)
    counts = [int((picture[:, 0] == value).sum()) for value in (1.0, 2.0, 3.0)]
    # The same degrees are taller farther north.
    assert counts == sorted(counts)
    assert x < x + width
    assert y < y + height


NETWORK: dict[str, Any] = {
    "towers": [
        {
            "site": f"T{i}",
            "name": f"Tower {i}",
            "latitude": 30.0 + i,
            "longitude": 110.0,
            "igbp": "GRA",
            "stratum": "temperate grassland",
            "stratum_share": 0.4,
            "stratum_towers": 4,
            "stratum_chosen": 2,
            "state": state,
            "order": order,
            "constituency_share": 0.2,
            "stratum_words": "x",
        }
        for i, (state, order) in enumerate(
            [("chosen", 1), ("added", 2), ("removed", 0), ("left", 0)]
        )
    ],
    "curve": {
        name: [1, 2] for name in ("count", "coverage", "random_low", "random_median", "random_high")
    }
    | {"site": ["T0", "T1"]},
    "chosen": {"count": 2, "coverage": 0.5, "mean_distance": 0.4, "radius": 1.0},
    "present": {"count": 2, "coverage": 0.6, "mean_distance": 0.4, "radius": 1.0},
    "everything": 0.9,
    "chance": {
        "draws": 1000,
        "low": 0.3,
        "median": 0.4,
        "high": 0.45,
        "beaten_coverage": 0.99,
        "beaten_mean_distance": 1.0,
    },
    "threshold": 0.5,
    "by": "area",
    "map": xr.Dataset(attrs={"data_status": "mixed"}),
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_network_says_why_and_how_much(lang: str) -> None:
    assert len(headline(NETWORK, lang)) == 2
    assert len({tower_reason(row, lang) for row in NETWORK["towers"]}) == 4
    assert len(towers_table(NETWORK, lang)) == 2
    assert saved_table(NETWORK)["in_set"].tolist() == [True, True, False, False]


def test_the_network_map_finds_the_tapped_tower() -> None:
    chart, curve = NetworkMap(), CoverageChart()
    chart.show_towers(NETWORK["towers"], {f"T{i}": "why" for i in range(4)})
    source = chart.chart.select_one({"name": "towers_chosen"}).data_source
    x, y = float(source.data["x"][0]), float(source.data["y"][0])
    assert chart.nearest(x + 1000.0, y, 5000.0) == "T0"
    assert chart.nearest(x + 1e6, y + 2e6, 5000.0) is None
    curve.show(NETWORK)
    for lang in LANGUAGES:
        chart.speak(lang, title="a")
        curve.speak(lang, title="a", source="b")
