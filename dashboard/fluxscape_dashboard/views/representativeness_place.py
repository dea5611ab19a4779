"""Where the tower should stand: the bias it would have at every place, with a tower to move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.models import (
    ColumnDataSource,
    CrosshairTool,
    CustomJS,
    LinearColorMapper,
    PointDrawTool,
    Range1d,
)
from bokeh.palettes import interp_palette

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    caption,
    colour_bar,
    describe,
    hover_tool,
    new_chart,
    with_unit,
)
from fluxscape_dashboard.views.footprint_scene import nice_ceiling

Floats = npt.NDArray[np.float64]

# Blue is too low, orange too high; both ends are equally dark, and colour-blind people tell them.
DIVERGING: Final = (
    "#08306b", "#2171b5", "#6baed6", "#c6dbef", "#f7f7f7", "#fdd0a2", "#fd8d3c", "#d94801",
    "#7f2704",
)  # fmt: skip
GREENS: Final = ("#f3ecd6", "#dcd79b", "#b7ca73", "#86b457", "#4f9a44", "#217a34", "#0b5127")
NO_VALUE: Final = "#c9cfd3"

_PALETTES: Final = {
    "bias": tuple(interp_palette(DIVERGING, 255)),
    "index": tuple(interp_palette(GREENS, 255)),
}

# One metre is one metre in both directions, whatever the shape of the frame.
_FIT: Final = """
const w = chart.inner_width, h = chart.inner_height, half = view.data.half[0]
if (!(w > 0 && h > 0)) return
const scale = 2 * half / Math.min(w, h)
chart.x_range.setv({start: -scale * w / 2, end: scale * w / 2})
chart.y_range.setv({start: -scale * h / 2, end: scale * h / 2})
"""

LEAST_TOP: Final = 0.1
"""Bias at which the colours end at least, on both sides [1]."""


@dataclass(frozen=True)
class Ground:
    """What the map shows.

    Attributes
    ----------
    x, y
        Axes, metres east and north of the tower.
    values
        Bias [1], index, or class codes (y, x); NaN where unknown.
    kind
        ``bias``, ``index`` or ``cover``.
    classes
        Colour of each class code, for ``cover``.
    """

    x: Floats
    y: Floats
    values: npt.NDArray[np.floating[Any]]
    kind: str
    classes: Mapping[int, str]


def bias_top(values: npt.NDArray[np.floating[Any]]) -> float:
    """Return a round bias at which the colours may end: all but the most extreme 2 % fit.

    >>> bias_top(np.array([0.0, 0.02, -0.31])), bias_top(np.array([np.nan]))
    (0.5, 0.1)
    """
    known = np.abs(values[np.isfinite(values)])
    top = float(np.percentile(known, 98.0)) if known.size else 0.0
    return nice_ceiling(max(top, LEAST_TOP))


class PlacementMap:
    """The chart; :meth:`show` fills it, :meth:`move` moves the tower, :meth:`speak` words it."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(
            name="representativeness_map",
            height=540,
            sizing_mode="stretch_width",
            x_range=Range1d(-1.0, 1.0),
            y_range=Range1d(-1.0, 1.0),
            background_fill_color=NO_VALUE,
        )
        self.chart.grid.visible = False
        self._raster = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self._colours = LinearColorMapper(
            palette=list(_PALETTES["bias"]), low=-10.0, high=10.0, nan_color=NO_VALUE
        )
        self._image = self.chart.image(
            image="image",
            x="x",
            y="y",
            dw="dw",
            dh="dh",
            source=self._raster,
            color_mapper=self._colours,
            name="places",
        )
        self._bar = colour_bar(self._colours, width=12)
        self.chart.add_layout(self._bar, "right")
        self._build_tower()
        self._hover = hover_tool([self._image])
        self.chart.add_tools(self._hover, CrosshairTool(line_alpha=0.35))
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")
        self._rings: Sequence[Floats] = ()
        self._half = ColumnDataSource({"half": [1000.0]})
        fit = CustomJS(args={"chart": self.chart, "view": self._half}, code=_FIT)
        self._half.js_on_change("data", fit)
        for side in ("inner_width", "inner_height"):
            self.chart.js_on_change(side, fit)

    def _build_tower(self) -> None:
        """Add the tower where it stands, the one that can be moved, and its source areas."""
        self._outlines = ColumnDataSource({"xs": [], "ys": []})
        for colour, width in (("white", 3.0), ("#111111", 1.3)):
            self.chart.multi_line(
                "xs",
                "ys",
                source=self._outlines,
                line_color=colour,
                line_width=width,
                line_alpha=0.85,
                name="outlines",
            )
        self._home = ColumnDataSource({"x": [0.0], "y": [0.0]})
        self.chart.scatter(
            "x",
            "y",
            source=self._home,
            marker="triangle",
            size=13,
            fill_color=None,
            line_color="#111111",
            line_width=2.0,
            name="home",
        )
        self.tower = ColumnDataSource({"x": [0.0], "y": [0.0]})
        mark = self.chart.scatter(
            "x",
            "y",
            source=self.tower,
            marker="triangle",
            size=16,
            fill_color="#ffd54f",
            line_color="#111111",
            line_width=1.6,
            name="tower",
        )
        self._best = ColumnDataSource({"x": [], "y": []})
        self.chart.scatter(
            "x",
            "y",
            source=self._best,
            marker="star",
            size=15,
            fill_color="#ffffff",
            line_color="#111111",
            line_width=1.2,
            name="best",
        )
        self.draw = PointDrawTool(renderers=[mark], add=False, drag=True, num_objects=1)
        self.chart.add_tools(self.draw)
        self.chart.toolbar.active_drag = self.draw

    # ------------------------------------------------------------------ updating
    def show(
        self,
        ground: Ground,
        rings: Sequence[Floats],
        best: tuple[float, float] | None,
        reach: float,
    ) -> None:
        """Show a map.

        Parameters
        ----------
        ground
            What the colours show.
        rings
            Outlines of the source areas, (n, 2) metres.
        best
            The best place, if there is one.
        reach
            Distance from the tower that is in view [m].
        """
        self._rings = rings
        if self._half.data["half"] != [reach]:
            self._half.data = {"half": [reach]}
        scale = 100.0 if ground.kind == "bias" else 1.0
        step = float(ground.x[1] - ground.x[0])
        box = (ground.x[0] - 0.5 * step, ground.y[0] - 0.5 * step)
        width, height = step * ground.x.size, step * ground.y.size
        self._raster.data = {
            "image": [np.asarray(scale * ground.values, dtype=np.float32)],
            "x": [box[0]],
            "y": [box[1]],
            "dw": [width],
            "dh": [height],
        }
        self._colour(ground)
        self._best.data = {"x": [], "y": []} if best is None else {"x": [best[0]], "y": [best[1]]}

    def _colour(self, ground: Ground) -> None:
        """Set palette and ends; a new mapper would not recolour what is drawn."""
        low, high, palette = -1.0, 1.0, _PALETTES.get(ground.kind, ())
        if ground.kind == "bias":
            high = 100.0 * bias_top(ground.values)
            low = -high
        elif ground.kind == "index":
            known = ground.values[np.isfinite(ground.values)]
            if known.size:
                low, high = (float(end) for end in np.percentile(known, [1, 99]))
            high = max(high, low + 0.01)
        else:
            # One colour a code; codes between are not on the map.
            codes = range(min(ground.classes, default=0), max(ground.classes, default=0) + 1)
            low, high = codes[0] - 0.5, codes[-1] + 0.5
            palette = tuple(ground.classes.get(code, NO_VALUE) for code in codes)
        self._colours.update(palette=list(palette), low=low, high=high)
        self._bar.visible = ground.kind != "cover"

    def move(self, east: float, north: float) -> None:
        """Put the tower and its source areas at a place [m]."""
        if (self.tower.data["x"][:1], self.tower.data["y"][:1]) != ([east], [north]):
            self.tower.data = {"x": [east], "y": [north]}
        self._outlines.data = {
            "xs": [(ring[:, 0] + east).tolist() for ring in self._rings],
            "ys": [(ring[:, 1] + north).tolist() for ring in self._rings],
        }

    def speak(self, lang: str, *, title: str, source: str, value: str, kind: str) -> None:
        """Put every word into a language; ``value`` names what the colours show."""
        self.chart.title.text, self._caption.text = title, source
        self.chart.xaxis[0].axis_label = with_unit(t("footprint.axis_east", lang), "m", lang)
        self.chart.yaxis[0].axis_label = with_unit(t("footprint.axis_north", lang), "m", lang)
        self._bar.title = value
        shown = {"bias": "@image{+0.0} %", "index": "@image{0.000}", "cover": "@image{0}"}[kind]
        self._hover.tooltips = [
            (value, shown),
            (t("footprint.hover_east", lang), "$x{0} m"),
            (t("footprint.hover_north", lang), "$y{0} m"),
        ]
        describe(self.chart, title)


def value_at(ground_x: Floats, ground_y: Floats, values: Any, east: float, north: float) -> float:
    """Return the value of the cell at a place; NaN outside the map."""
    found = []
    for axis, at in ((ground_y, north), (ground_x, east)):
        step = float(axis[1] - axis[0])
        place = round((at - float(axis[0])) / step)
        if not 0 <= place < axis.size:
            return math.nan
        found.append(place)
    return float(np.asarray(values)[found[0], found[1]])


def best_place(x: Floats, y: Floats, bias: Any, reach: float) -> tuple[float, float] | None:
    """Return the place of least bias within a reach of the tower [m]; the nearest of equals.

    Places whose bias differs by less than a tenth of a percent count as equal.
    """
    east, north = np.meshgrid(x, y)
    distance = np.hypot(east, north)
    size = np.where(distance <= reach, np.abs(np.asarray(bias)), np.nan)
    if not np.isfinite(size).any():
        return None
    near = np.where(size <= np.nanmin(size) + 1e-3, distance, np.inf)
    row, column = np.unravel_index(int(near.argmin()), near.shape)
    return float(x[column]), float(y[row])
