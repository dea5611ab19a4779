"""The network on the national map, and its coverage over the number of towers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xarray as xr
from bokeh.models import (
    Band,
    ColumnDataSource,
    HoverTool,
    Legend,
    LegendItem,
    LinearColorMapper,
    Range1d,
    Whisker,
)
from bokeh.palettes import interp_palette

from fluxscape_dashboard import maps, safe
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    COMPARED,
    MODELLED,
    OBSERVED,
    caption,
    colour_bar,
    describe,
    hover_tool,
    new_chart,
    style_legend,
    with_unit,
)
from fluxscape_dashboard.views.towers import TAP_RADIUS

# Light where a tower is near, dark where none is; cividis-like, so that colour-blind people and
# grey prints keep the order.
_DISTANCE: Final = ("#fdf6d8", "#e3d9a0", "#b3b58f", "#7f9191", "#4d6a8c", "#26406f", "#0c1c45")
_PALETTE: Final = tuple(interp_palette(_DISTANCE, 200))
_GAP: Final = ("#cfe3e6", "#8c2d04")

STATES: Final = ("left", "removed", "added", "chosen")
"""States of a tower, those drawn last on top."""

_MARKS: Final = {
    "left": ("circle", 7, "#ffffff", 0.55),
    "removed": ("circle_x", 11, "#ffffff", 0.9),
    "added": ("diamond", 15, "#ff8f00", 1.0),
    "chosen": ("circle", 10, "#ffd54f", 1.0),
}
"""Marker, size, colour and opacity by state."""

_HOVER: Final = """
<div style="max-width: 280px; font-size: 12px; line-height: 1.35" translate="no">
  <div style="font-weight: 600">@name</div>
  <div>@site · @stratum</div>
  <div style="color: #5a6b70">@words</div>
</div>
"""

CURVE_HEIGHT: Final = 420
"""Of the coverage curve [pixel]."""

USUAL_WIDTH: Final = 700
"""Width of a map whose browser has not told it yet [pixel]."""


def mercator_picture(field: xr.DataArray) -> tuple[npt.NDArray[np.float32], tuple[float, ...]]:
    """Return a map over degrees on even Web Mercator rows, and its x, y, width and height [m].

    Columns are even in both; a row of the picture shows the row of the map that holds it.
    """
    latitude, longitude = field["y"].to_numpy(), field["x"].to_numpy()
    half_y, half_x = (0.5 * float(axis[1] - axis[0]) for axis in (latitude, longitude))
    bounds = maps.Bounds(
        longitude[0] - half_x, latitude[0] - half_y, longitude[-1] + half_x, latitude[-1] + half_y
    )
    west, south, east, north = maps.mercator_bounds(bounds)
    rows = 3 * latitude.size
    middle = south + (np.arange(rows) + 0.5) * (north - south) / rows
    _, seen = maps.to_degrees(np.full(rows, west), middle)
    index = np.clip(np.rint((seen - latitude[0]) / (2 * half_y)).astype(int), 0, latitude.size - 1)
    picture = field.to_numpy()[index].astype(np.float32)
    return picture, (west, south, east - west, north - south)


class NetworkMap:
    """The national map; :meth:`show` fills it, :meth:`speak` words it."""

    def __init__(self) -> None:
        self.chart: Any = maps.national_figure("network_map")
        self._raster = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self._colours = LinearColorMapper(
            palette=list(_PALETTE), low=0.0, high=1.0, nan_color="#00000000"
        )
        self.chart.image(
            image="image",
            x="x",
            y="y",
            dw="dw",
            dh="dh",
            source=self._raster,
            color_mapper=self._colours,
            global_alpha=0.88,
            name="network_raster",
        )
        self._bar = colour_bar(self._colours, height=10, background_fill_alpha=0.0)
        names = ("x", "y", "site", "name", "stratum", "words")
        self._towers = {name: ColumnDataSource({key: [] for key in names}) for name in STATES}
        marks = [self._mark(state) for state in STATES]
        self.chart.add_tools(
            HoverTool(
                renderers=marks,
                tooltips=_HOVER,
                point_policy="snap_to_data",
                limit=3,
                visible=False,
            )
        )
        # A square without a place on the map stands for the colour of the gaps.
        gap = self.chart.scatter(
            [], [], marker="square", size=12, fill_color=_GAP[1], line_color=None
        )
        self._gap_item = LegendItem(label="", renderers=[gap], visible=False)
        self._legend = Legend(
            items=[
                *(LegendItem(label="", renderers=[mark]) for mark in reversed(marks)),
                self._gap_item,
            ],
            orientation="horizontal",
        )
        style_legend(self._legend)
        self._legend.click_policy = "none"
        self.chart.add_layout(self._legend, "below")
        self.chart.add_layout(self._bar, "below")

    def _mark(self, state: str) -> Any:
        marker, size, colour, alpha = _MARKS[state]
        return self.chart.scatter(
            "x",
            "y",
            source=self._towers[state],
            marker=marker,
            size=size,
            fill_color=colour,
            fill_alpha=0.2 if state == "left" else 1.0,
            line_color="#1c2a2e",
            line_alpha=alpha,
            line_width=1.1,
            name=f"towers_{state}",
        )

    def show(self, field: xr.Dataset, threshold: float, kind: str) -> None:
        """Show the ``distance`` from the nearest tower or the ``gap`` beyond the threshold."""
        name = {"distance": "environmental_distance", "gap": "gap"}[kind]
        picture, (x, y, width, height) = mercator_picture(field[name])
        self._raster.data = {"image": [picture], "x": [x], "y": [y], "dw": [width], "dh": [height]}
        # A new mapper would not recolour what is drawn: the one there is changes.
        if kind == "gap":
            self._colours.update(palette=list(_GAP), low=-0.5, high=1.5)
        else:
            self._colours.update(palette=list(_PALETTE), low=0.0, high=round(2.0 * threshold, 1))
        self._bar.visible = kind == "distance"
        self._gap_item.visible = kind == "gap"

    def show_towers(self, rows: Sequence[Mapping[str, Any]], words: Mapping[str, str]) -> None:
        """Show the towers; ``words`` by site stand in the hover below name and stratum."""
        for state, source in self._towers.items():
            these = [row for row in rows if row["state"] == state]
            x, y = maps.to_mercator(
                [row["longitude"] for row in these], [row["latitude"] for row in these]
            )
            source.data = {
                "x": x,
                "y": y,
                "site": [row["site"] for row in these],
                "name": [safe.label(row["name"], limit=80) for row in these],
                "stratum": [row["stratum_words"] for row in these],
                "words": [words[row["site"]] for row in these],
            }

    def nearest(self, x: float, y: float, pixel: float) -> str | None:
        """Return the site of the tower at a tap [Web Mercator, m], or None.

        ``pixel`` is the width of a pixel [m].
        """
        best, found = TAP_RADIUS * pixel, None
        for source in self._towers.values():
            for at_x, at_y, site in zip(*(source.data[k] for k in ("x", "y", "site")), strict=True):
                distance = math.hypot(at_x - x, at_y - y)
                if distance < best:
                    best, found = distance, str(site)
        return found

    def speak(self, lang: str, *, title: str) -> None:
        """Put every word into a language."""
        self._bar.title = t("representativeness.bar_distance", lang)
        self._gap_item.label = {"value": t("representativeness.legend_gap", lang)}
        for item, state in zip(self._legend.items, reversed(STATES), strict=False):
            item.label = {"value": t(f"representativeness.tower_{state}", lang)}
            item.visible = len(self._towers[state].data["x"]) > 0
        maps.set_language(self.chart, lang, label=title)


class CoverageChart:
    """Coverage over the number of towers, with chance beside it."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(
            name="network_coverage",
            height=CURVE_HEIGHT,
            sizing_mode="stretch_width",
            y_range=Range1d(0.0, 100.0),
        )
        names = ("count", "coverage", "low", "median", "high", "site")
        self._curve = ColumnDataSource({name: [] for name in names})
        self._chance = ColumnDataSource({name: [] for name in ("count", "low", "median", "high")})
        self._points = {
            name: ColumnDataSource({"count": [], "coverage": []}) for name in ("chosen", "present")
        }
        self.chart.add_layout(
            Band(
                base="count",
                lower="low",
                upper="high",
                source=self._curve,
                fill_color=OBSERVED,
                fill_alpha=0.18,
                line_alpha=0.0,
            )
        )
        median = self.chart.line(
            "count", "median", source=self._curve, color=OBSERVED, line_dash="dashed"
        )
        curve = self.chart.line(
            "count", "coverage", source=self._curve, color=MODELLED, line_width=2.2
        )
        whisker = Whisker(base="count", lower="low", upper="high", source=self._chance)
        whisker.line_color = whisker.upper_head.line_color = COMPARED
        whisker.lower_head.line_color = COMPARED
        self.chart.add_layout(whisker)
        draws = self.chart.scatter(
            "count", "median", source=self._chance, marker="dash", size=12, color=COMPARED
        )
        points = [
            self.chart.scatter(
                "count",
                "coverage",
                source=self._points[name],
                marker=marker,
                size=13,
                fill_color=colour,
                line_color="#111111",
                name=f"coverage_{name}",
            )
            for name, marker, colour in (
                ("chosen", "circle", "#ffd54f"),
                ("present", "diamond", "#ff8f00"),
            )
        ]
        self._hovers = [hover_tool([curve]), hover_tool([draws]), hover_tool(points)]
        self.chart.add_tools(*self._hovers)
        self._legend = Legend(
            items=[
                LegendItem(label="", renderers=[item]) for item in (curve, median, *points, draws)
            ],
            orientation="horizontal",
            ncols=2,
        )
        style_legend(self._legend)
        self.chart.add_layout(self._legend, "below")
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")

    def show(self, result: Mapping[str, Any]) -> None:
        """Show a result of :func:`fluxscape_dashboard.work.network.network_of_nation`."""
        curve, chance = result["curve"], result["chance"]
        columns = {"coverage": "coverage"} | {
            name: f"random_{name}" for name in ("low", "median", "high")
        }
        self._curve.data = {
            "count": curve["count"],
            "site": curve["site"],
            **{name: [100.0 * one for one in curve[key]] for name, key in columns.items()},
        }
        self._chance.data = {
            "count": [result["chosen"]["count"]],
            **{name: [100.0 * chance[name]] for name in ("low", "median", "high")},
        }
        changed = result["present"] != result["chosen"]
        for name, source in self._points.items():
            shown = name == "chosen" or changed
            row = result[name]
            source.data = {
                "count": [row["count"]] if shown else [],
                "coverage": [100.0 * row["coverage"]] if shown else [],
            }

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word into a language."""
        self.chart.title.text, self._caption.text = title, source
        count, share = (t(f"representativeness.axis_{n}", lang) for n in ("towers", "coverage"))
        self.chart.xaxis[0].axis_label = count
        self.chart.yaxis[0].axis_label = with_unit(share, "%", lang)
        keys = ("curve_best", "curve_random", "curve_chosen", "curve_present", "curve_draws")
        for item, key in zip(self._legend.items, keys, strict=True):
            item.label = {"value": t(f"representativeness.{key}", lang)}
        at = (count, "@count")
        band = (
            t("representativeness.curve_random", lang),
            "@median{0.0} (@low{0.0} – @high{0.0}) %",
        )
        self._hovers[0].tooltips = [at, (share, "@coverage{0.0} %"), band]
        self._hovers[1].tooltips = [
            at,
            (t("representativeness.curve_draws", lang), "@median{0.0} (@low{0.0} – @high{0.0}) %"),
        ]
        self._hovers[2].tooltips = [at, (share, "@coverage{0.0} %")]
        describe(self.chart, title)
