"""The footprint's charts: where things stand on the map, colours, words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import Geod, Transformer

from fluxscape_dashboard.mercator import to_mercator
from fluxscape_dashboard.views.footprint import (
    FootprintMap,
    MapCells,
    Scene,
    block_mean,
    nice_ceiling,
)
from fluxscape_dashboard.views.local_frame import LocalFrame
from fluxscape_dashboard.views.location_bias import LocationBiasChart
from fluxscape_dashboard.views.wind_rose import WindRose, speed_labels
from fluxscape_dashboard.work.wind import SECTORS, SPEED_LIMITS, wind_shares


@pytest.mark.parametrize("latitude", [18.3, 42.4025, 52.9])
@pytest.mark.parametrize("azimuth", [0.0, 90.0, 215.0])
def test_metres_from_the_tower_land_where_the_geodesic_does(
    latitude: float, azimuth: float
) -> None:
    longitude, distance = 128.0958, 3000.0
    far = Geod(ellps="WGS84").fwd(longitude, latitude, azimuth, distance)
    wanted = Transformer.from_crs(4326, 3857, always_xy=True).transform(far[0], far[1])
    frame = LocalFrame.at(longitude, latitude)
    east = distance * math.sin(math.radians(azimuth))
    north = distance * math.cos(math.radians(azimuth))
    got = (float(frame.map_x(east)), float(frame.map_y(north)))
    # Two metres on a map of 3 km: far below a cell.
    assert got == pytest.approx(wanted, abs=2.5)


def test_geographic_coordinates_become_web_mercator() -> None:
    wanted = Transformer.from_crs(4326, 3857, always_xy=True).transform(101.33, 37.6)
    assert [float(v) for v in to_mercator(101.33, 37.6)] == pytest.approx(wanted, rel=1e-12)


def _scene(size: int = 41, precision: float = math.nan) -> Scene:
    x = (np.arange(size) - size // 2) * 50.0
    east, north = np.meshgrid(x, x)
    density = 1e-5 * np.exp(-((east - 300.0) ** 2 + (north - 200.0) ** 2) / 2e5)
    ring = np.array([[0.0, 0.0], [500.0, 0.0], [500.0, 400.0], [0.0, 0.0]])
    return Scene(
        frame=LocalFrame.at(128.0958, 42.4025),
        half_width=float(x[-1] + 25.0),
        density=density,
        rings={0.5: [ring], 0.8: [ring, ring + 100.0]},
        cells=MapCells.none(),
        precision=precision,
    )


def _source(chart: FootprintMap, name: str) -> dict[str, list[object]]:
    renderer = next(r for r in chart.chart.renderers if r.name == name)
    return dict(renderer.data_source.data)


def test_the_raster_and_the_outlines_stand_around_the_tower() -> None:
    chart, scene = FootprintMap(), _scene()
    chart.show(scene, log=True)
    raster = _source(chart, "footprint_raster")
    centre = raster["x"][0] + raster["dw"][0] / 2
    assert centre == pytest.approx(scene.frame.x)
    assert raster["dw"][0] == pytest.approx(2 * scene.half_width * scene.frame.x_scale)
    assert len(_source(chart, "contour_80")["xs"]) == 2
    assert _source(chart, "contour_50")["xs"][0][1] == pytest.approx(
        scene.frame.x + 500.0 * scene.frame.x_scale
    )


def test_the_colours_span_four_decades_or_start_at_zero() -> None:
    chart = FootprintMap()
    chart.show(_scene(), log=True)
    image = next(r for r in chart.chart.renderers if r.name == "footprint_raster")
    assert image.glyph.color_mapper.high == pytest.approx(1e-5)
    assert image.glyph.color_mapper.low == pytest.approx(1e-9)
    chart.scale(log=False)
    assert image.glyph.color_mapper.low == 0.0


def test_an_uncertain_position_is_drawn_as_a_circle() -> None:
    chart = FootprintMap()
    chart.show(_scene(precision=1500.0), log=True)
    circle = _source(chart, "precision")
    assert circle["width"][0] == pytest.approx(3000.0 * _scene().frame.x_scale)
    chart.show(_scene(precision=10.0), log=True)
    assert _source(chart, "precision")["x"] == []


def test_every_word_of_the_map_follows_the_language() -> None:
    chart = FootprintMap()
    chart.show(_scene(), log=True)
    chart.speak("en", title="Title", source="Source")
    english = (chart.chart.xaxis[0].axis_label, chart.chart.title.text)
    chart.speak("zh", title="标题", source="来源")
    assert english == ("East of the tower [m]", "Title")
    assert chart.chart.xaxis[0].axis_label == "塔以东 [m]"
    assert chart.chart.title.text == "标题"


def test_block_means_keep_the_mean_and_the_edge() -> None:
    field = np.arange(49.0).reshape(7, 7)
    small = block_mean(field, 4)
    assert small.shape == (4, 4)
    assert small[0, 0] == pytest.approx(field[:2, :2].mean())
    assert small[3, 3] == field[6, 6]
    assert block_mean(field, 7) is field


@pytest.mark.parametrize(
    ("value", "wanted"), [(3.4e-5, 5e-5), (1e-4, 1e-4), (1.01e-4, 2e-4), (7.0, 10.0)]
)
def test_colour_limits_are_round(value: float, wanted: float) -> None:
    assert nice_ceiling(value) == pytest.approx(wanted)


def test_wind_from_north_fills_the_first_sector() -> None:
    shares = wind_shares(np.array([0.0, 359.9, 11.0, 12.0]), np.array([0.5, 0.5, 3.0, 9.0]))
    assert shares[0].sum() == pytest.approx(0.75)
    assert shares[1, -1] == pytest.approx(0.25)


def test_records_without_wind_are_left_out_of_the_rose() -> None:
    shares = wind_shares(np.array([np.nan, 90.0]), np.array([1.0, np.nan]))
    assert shares.shape == (SECTORS, len(SPEED_LIMITS) - 1)
    assert shares.sum() == 0.0


def test_the_rose_speaks_both_languages() -> None:
    rose = WindRose()
    rose.show(wind_shares(np.array([10.0, 200.0]), np.array([2.5, 7.0])), "en")
    rose.speak("zh", title="风向频率")
    assert speed_labels("zh")[-1] == "大于 6 m s⁻¹"
    assert "北" in rose._points.data["text"]


def test_the_bias_chart_counts_in_percent() -> None:
    chart = LocationBiasChart()
    chart.show([250.0, 1000.0], [0.02, math.nan], [0.5, math.nan])
    assert chart._source.data["bias"][0] == pytest.approx(2.0)
    assert chart.chart.y_range.end == pytest.approx(15.0)
