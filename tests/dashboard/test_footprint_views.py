"""The footprint's charts: where things stand on the map, colours, words."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pyproj import Geod, Transformer

from fluxscape_dashboard.mercator import to_mercator
from fluxscape_dashboard.views.footprint import FootprintMap, colour_top
from fluxscape_dashboard.views.footprint_difference import (
    DifferenceMap,
    decade_ticks,
    linear_ticks,
    signed_decades,
)
from fluxscape_dashboard.views.footprint_scene import MapCells, Scene, block_mean, nice_ceiling
from fluxscape_dashboard.views.local_frame import LocalFrame
from fluxscape_dashboard.views.location_bias import LocationBiasChart
from fluxscape_dashboard.views.stability import StabilityChart, class_labels
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


def test_maps_side_by_side_share_axes_and_colours() -> None:
    first = FootprintMap()
    second = FootprintMap("second", beside=first)
    assert second.chart.x_range is first.chart.x_range
    assert second.chart.y_range is first.chart.y_range
    weak = Scene(**{**vars(_scene()), "density": _scene().density / 7.0})
    top = colour_top(_scene(), weak)
    for chart, scene in ((first, _scene()), (second, weak)):
        chart.show(scene, log=True, top=top)
    mappers = [
        next(r for r in chart.chart.renderers if r.name == "footprint_raster").glyph.color_mapper
        for chart in (first, second)
    ]
    assert [(m.low, m.high) for m in mappers] == [(1e-9, 1e-5)] * 2


def test_a_difference_is_coloured_about_zero_on_both_scales() -> None:
    first = FootprintMap()
    chart = DifferenceMap(first)
    assert chart.chart.x_range is first.chart.x_range
    other = Scene(**{**vars(_scene()), "density": np.roll(_scene().density, 5, axis=1)})
    chart.show(_scene(), other, log=True)
    raster = next(r for r in chart.chart.renderers if r.name == "difference_raster")
    assert raster.glyph.color_mapper.low == -raster.glyph.color_mapper.high == -3.0
    raw = raster.data_source.data["difference"][0]
    assert raw == pytest.approx(_scene().density - other.density, rel=1e-5, abs=1e-12)
    assert np.array_equal(
        np.sign(raster.data_source.data["image"][0]) * np.sign(raw) >= 0, np.full(raw.shape, True)
    )
    chart.scale(log=False)
    assert raster.glyph.color_mapper.low == -raster.glyph.color_mapper.high
    assert raster.data_source.data["image"][0] == pytest.approx(raw)
    chart.speak("zh", title="差", models=("FFP", "KM01"))
    assert "FFP" in chart._legend.items[0].label["value"]


def test_signed_decades_are_odd_and_end_at_the_top() -> None:
    values = np.array([1e-5, 1e-6, 1e-8, 1e-12, 0.0])
    assert signed_decades(values, 1e-5) == pytest.approx([3.0, 2.0, 0.0, 0.0, 0.0])
    assert np.array_equal(signed_decades(-values, 1e-5), -signed_decades(values, 1e-5))


@pytest.mark.parametrize("top", [1e-5, 2e-5, 5e-7])
def test_ticks_of_a_difference_are_symmetric_and_within_the_scale(top: float) -> None:
    for ticks, labels in (decade_ticks(top), linear_ticks(top)):
        assert len(ticks) == len(labels)
        assert ticks == sorted(ticks) == [-tick for tick in reversed(ticks)]
        assert labels[len(labels) // 2] == "0"
    assert max(decade_ticks(top)[0]) <= 3.0


def test_the_stability_of_each_hour_adds_up_to_all_of_it() -> None:
    shares = np.zeros((24, 5))
    shares[3] = [0.0, 0.0, 0.1, 0.2, 0.1]
    chart = StabilityChart()
    chart.show(shares)
    data = chart._source.data
    assert sum(data[name][3] for name in ("neutral", "stable", "very_stable")) == pytest.approx(100)
    assert data["records"][3] == pytest.approx(40.0)
    assert data["stable"][4] == 0.0
    chart.speak("en", title="Stability", source="")
    assert class_labels("en")[0] == "very unstable (< −0.5)"
