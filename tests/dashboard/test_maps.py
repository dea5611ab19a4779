"""The map kit: projection, base map, inset and what the borders hold."""

from __future__ import annotations

import json

import numpy as np
import pytest
from bokeh.plotting import figure
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from fluxscape.assets import asset
from fluxscape_dashboard import maps
from fluxscape_dashboard.map_view import PICTURE


@given(st.floats(-179.9, 179.9), st.floats(-85.0, 85.0))
def test_the_projection_goes_there_and_back(longitude: float, latitude: float) -> None:
    x, y = maps.to_mercator(longitude, latitude)
    assert maps.to_degrees(x, y) == pytest.approx((longitude, latitude), abs=1e-9)


def test_the_projection_agrees_with_proj() -> None:
    proj = Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    longitude, latitude = np.array([73.5, 104.2, 135.0]), np.array([3.9, 35.1, 53.5])
    assert np.allclose(maps.to_mercator(longitude, latitude), proj.transform(longitude, latitude))


def test_the_base_map_lies_in_order_and_is_added_once() -> None:
    chart = figure()
    chart.scatter([0], [0])
    maps.add_base_map(chart)
    maps.add_base_map(chart)
    names = [item.name for item in chart.renderers]
    assert names[:2] == ["sea", "relief"]
    assert names[-4:] == ["neighbours", "provinces", "nation", "dashed_line"]
    levels = {item.name: item.level for item in chart.renderers}
    assert levels["relief"] == "image"
    assert levels["nation"] == levels["dashed_line"] == "underlay"


def test_the_limits_of_the_home_view_are_those_of_the_relief() -> None:
    facts = json.loads(asset("basemap/basemap.json").read_text(encoding="utf-8"))
    assert tuple(facts["relief"]["bounds_degree"]) == PICTURE


def test_the_inset_shows_the_islands_and_has_no_tools() -> None:
    inset = maps.south_china_sea_inset()
    assert inset.toolbar.tools == []
    x, y = maps.border_line("dashed_line")
    inside = (
        (x > inset.x_range.start)
        & (x < inset.x_range.end)
        & (y > inset.y_range.start)
        & (y < inset.y_range.end)
    )
    drawn = np.isfinite(x)
    assert inside[drawn].mean() > 0.9


def test_the_inset_draws_the_same_lines_with_far_fewer_points() -> None:
    inset = maps.south_china_sea_inset()
    lines = {item.name: item.data_source.data for item in inset.renderers if item.name}
    west, south, east, north = maps.mercator_bounds(maps.SOUTH_CHINA_SEA)
    for layer in ("nation", "dashed_line"):
        x, y = maps.border_line(layer)
        within = (x >= west) & (x <= east) & (y >= south) & (y <= north)
        drawn = set(zip(lines[layer]["x"], lines[layer]["y"], strict=True))
        assert set(zip(x[within], y[within], strict=True)) <= drawn
    assert len(lines["nation"]["x"]) < 0.5 * len(maps.border_line("nation")[0])


# Points that every map of China published in China encloses or shows within its dashed line.
@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [(121.0, 23.7), (109.8, 19.2), (94.0, 28.5), (79.3, 35.2), (123.47, 25.74), (112.33, 16.83)],
)
def test_the_nation_reaches_its_far_parts(longitude: float, latitude: float) -> None:
    x, y = maps.border_line("nation")
    px, py = maps.to_mercator(longitude, latitude)
    crossings = 0
    for start in range(len(x) - 1):
        x0, y0, x1, y1 = x[start], y[start], x[start + 1], y[start + 1]
        if np.isfinite(x0) and np.isfinite(x1) and (y0 > py) != (y1 > py):
            crossings += bool(px < x0 + (py - y0) / (y1 - y0) * (x1 - x0))
    near = np.nanmin(np.hypot(x - px, y - py)) < 12_000
    assert crossings % 2 == 1 or near


def test_a_view_has_the_digits_that_a_pixel_needs() -> None:
    chart = maps.national_figure("test")
    seen: list[maps.View | None] = []
    view = maps.MapView(chart, seen.append)
    x0, y0 = maps.to_mercator(100.0, 30.0)
    x1, y1 = maps.to_mercator(110.0, 40.0)
    event = type("Event", (), {"x0": float(x0), "x1": float(x1), "y0": float(y0), "y1": float(y1)})
    view._moved(event)
    longitude, latitude, width = seen[0] or (0.0, 0.0, 0.0)
    assert (longitude, width) == (105.0, 10.0)
    assert latitude == pytest.approx(35.2, abs=0.1)


def test_every_tool_of_a_map_speaks_both_languages() -> None:
    chart = maps.national_figure("test")
    maps.MapView(chart)
    words = {}
    for lang in ("en", "zh"):
        maps.set_language(chart, lang, label="x")
        words[lang] = [tool.description for tool in chart.toolbar.tools]
        assert all(words[lang]), words[lang]
    assert not set(words["en"]) & set(words["zh"])
