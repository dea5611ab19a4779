"""Towers on map, list, table and card."""

from __future__ import annotations

import dataclasses

import pytest

from fluxscape.towers import IGBP_CLASSES, Tower, find_tower, load_towers
from fluxscape_dashboard import maps
from fluxscape_dashboard.views import tower_card
from fluxscape_dashboard.views import towers as view


@pytest.fixture(scope="module")
def towers() -> tuple[Tower, ...]:
    return load_towers()


def test_every_class_has_its_own_look_and_name() -> None:
    assert set(view.CLASS_STYLES) == {*IGBP_CLASSES, view.UNKNOWN}
    assert len(set(view.CLASS_STYLES.values())) == len(view.CLASS_STYLES)
    for key in view.CLASS_STYLES:
        assert view.class_name(key, "en") != view.class_name(key, "zh")
        assert view.CLASS_STYLES[key].marker in view._SHAPES


def test_no_filter_leaves_all_towers(towers: tuple[Tower, ...]) -> None:
    assert view.select(towers) == towers


def test_words_are_looked_for_everywhere_and_all_must_occur(towers: tuple[Tower, ...]) -> None:
    assert [t.site for t in view.select(towers, words="cn-cha")] == ["CN-Cha"]
    assert [t.site for t in view.select(towers, words="pine KOREAN")] == ["CN-Cha"]
    assert view.select(towers, words="korean bamboo") == ()


def test_filters_add_up(towers: tuple[Tower, ...]) -> None:
    forests = view.select(towers, classes=["MF"])
    assert {t.igbp for t in forests} == {"MF"}
    both = view.select(towers, classes=["MF"], networks=["FLUXNET2015"])
    assert [t.site for t in both] == ["CN-Cha"]
    unknown = view.select(towers, classes=[view.UNKNOWN])
    assert unknown
    assert {t.igbp for t in unknown} == {""}


def test_years_keep_towers_with_data_in_one_of_them(towers: tuple[Tower, ...]) -> None:
    sites = {t.site for t in view.select(towers, years=(2010, 2012))}
    assert "CN-Cha" in sites  # 2003-2010
    assert "CN-Cha" not in {t.site for t in view.select(towers, years=(2011, 2012))}
    assert all(
        t.year_start is not None or t.year_end is not None
        for t in view.select(towers, years=(1990, 2030))
    )


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        (11.0, "42.4025°N, 128.0958°E"),
        (110.0, "42.403°N, 128.096°E"),
        (1900.0, "42.40°N, 128.10°E"),
        (float("nan"), "42.40°N, 128.10°E"),
    ],
)
def test_a_position_has_no_more_digits_than_it_bears(precision: float, shown: str) -> None:
    tower = dataclasses.replace(find_tower("CN-Cha"), coordinate_precision=precision)
    assert view.position(tower) == shown


def test_years_are_words_without_thousands_separators() -> None:
    tower = find_tower("CN-Cha")
    assert view.year_span(tower, "en") == "2003–2010"
    assert view.year_span(dataclasses.replace(tower, year_end=None), "en") == "2003–?"
    assert view.year_span(dataclasses.replace(tower, year_end=2003), "en") == "2003"
    nothing = dataclasses.replace(tower, year_start=None, year_end=None)
    assert view.year_span(nothing, "zh") == "年份未知"


def test_a_tap_takes_the_nearest_tower_within_a_finger(towers: tuple[Tower, ...]) -> None:
    marks = view.TowerMarks(maps.national_figure("test"))
    placed = [tower for tower in towers if tower.has_position]
    x, y = maps.to_mercator([t.longitude for t in placed], [t.latitude for t in placed])
    marks.show(placed, x, y, "en")
    cha = find_tower("CN-Cha")
    at_x, at_y = (float(v) for v in maps.to_mercator(cha.longitude, cha.latitude))
    pixel = 10_000.0
    near = marks.nearest(at_x + 10 * pixel, at_y, pixel, "")
    assert near is not None
    assert near.site == "CN-Cha"
    assert marks.nearest(at_x + 25 * pixel, at_y, pixel, "") is None


def test_taps_at_one_place_go_round_the_towers_there() -> None:
    cha = find_tower("CN-Cha")
    three = [dataclasses.replace(cha, site=f"T-{i}") for i in range(3)]
    marks = view.TowerMarks(maps.national_figure("test"))
    marks.show(three, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], "en")
    chosen, order = "", []
    for _ in range(4):
        tower = marks.nearest(0.0, 0.0, 1.0, chosen)
        assert tower is not None
        chosen = tower.site
        order.append(chosen)
    assert order == ["T-0", "T-1", "T-2", "T-0"]


def test_the_card_shows_units_precision_and_a_warning_for_coarse_positions() -> None:
    tower = find_tower("CN-Cha")
    card = tower_card.card(tower, "en").object
    assert "42.4025°N, 128.0958°E (quoted to 11 m)" in card
    assert "738 m" in card
    assert "too coarse" not in card
    coarse = dataclasses.replace(tower, coordinate_precision=1900.0)
    assert "quoted to 1.9 km: too coarse" in tower_card.card(coarse, "en").object


def test_markup_in_any_text_of_a_tower_stays_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    texts = {
        field.name: evil
        for field in dataclasses.fields(Tower)
        if field.name in {"name", "vegetation", "climate", "reference", "source", "note"}
    }
    tower = dataclasses.replace(find_tower("CN-Cha"), **texts, networks=(evil,))
    for pane in (tower_card.card(tower, "en"), tower_card.sources(tower, "zh")):
        assert "<img" not in pane.object
        assert "&lt;img" in pane.object


def test_the_table_has_headings_in_the_language_and_numbers_that_sort() -> None:
    frame = view.table(load_towers(), "zh")
    assert next(iter(frame.columns)) == "站点"
    assert frame["海拔 [m]"].dtype == "Int64"
    assert len(frame) == 150
