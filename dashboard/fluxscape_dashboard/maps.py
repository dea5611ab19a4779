"""The map kit: base map, inset of the South China Sea, view and scale, for every national map.

All maps are Web Mercator (EPSG:3857) and draw only what this server holds: a relief picture,
the nation's border, the provinces and the dashed line. Nothing is laid over the frame, so that
no island is ever covered: legends and the inset stand beside the map.

:func:`add_base_map` works on any Bokeh figure; :func:`base_map` wraps it for HoloViews.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from bokeh.events import RangesUpdate
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    CustomAction,
    CustomJS,
    CustomJSTickFormatter,
    MercatorTicker,
    PanTool,
    Range1d,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from fluxscape.assets import asset
from fluxscape_dashboard.text import t

EARTH_RADIUS: Final = 6_378_137.0
"""Radius of the sphere of EPSG:3857 [m] (EPSG Guidance Note 7-2, section 3.5.2)."""

SEA_COLOUR: Final = "#dce7ee"
LINE_COLOUR: Final = "#4a4f55"
FONT: Final = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)

LOD_TIMEOUT_MS: Final = 80
"""Wait of Bokeh after the last turn of the wheel before it reports the view [ms]."""

PICTURE_ROUTE: Final = "basemap"
"""Address below which the server serves the folder ``assets/basemap``."""

Floats = npt.NDArray[np.float64]


class Bounds(NamedTuple):
    """A rectangle in degrees."""

    west: float
    south: float
    east: float
    north: float


NATIONAL: Final = Bounds(73.0, 10.0, 135.6, 54.2)
"""What the main map opens with; the inset shows the rest of the country."""

SOUTH_CHINA_SEA: Final = Bounds(105.0, 2.6, 123.4, 25.4)
"""What the inset shows."""

View = tuple[float, float, float]
"""Longitude and latitude of a map's centre and its width [degree]."""


def to_mercator(longitude: npt.ArrayLike, latitude: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return Web Mercator x and y [m] of longitudes and latitudes [degree]."""
    x = EARTH_RADIUS * np.radians(np.asarray(longitude, dtype=np.float64))
    phi = np.radians(np.asarray(latitude, dtype=np.float64))
    return x, EARTH_RADIUS * np.arctanh(np.sin(phi))


def to_degrees(x: npt.ArrayLike, y: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Return longitudes and latitudes [degree] of Web Mercator x and y [m]."""
    longitude = np.degrees(np.asarray(x, dtype=np.float64) / EARTH_RADIUS)
    latitude = np.degrees(np.arcsin(np.tanh(np.asarray(y, dtype=np.float64) / EARTH_RADIUS)))
    return longitude, latitude


def mercator_bounds(bounds: Bounds) -> tuple[float, float, float, float]:
    """Return x and y of the south-west, then of the north-east corner [m]."""
    x, y = to_mercator([bounds.west, bounds.east], [bounds.south, bounds.north])
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


# ---------------------------------------------------------------- base map
_LINES: Final = (
    ("neighbours", 0.5, 0.3),
    ("provinces", 0.5, 0.55),
    ("nation", 1.3, 0.95),
    ("dashed_line", 1.6, 0.95),
)
"""Border layers with their width [pixel] and opacity."""


@cache
def border_line(layer: str) -> tuple[Floats, Floats]:
    """Return one border layer as a single line in Web Mercator [m], broken by NaN."""
    points = np.load(asset(f"basemap/{layer}.npy"), allow_pickle=False)
    return points[:, 0], points[:, 1]


@cache
def _base_map_facts() -> dict[str, Any]:
    """Return what the makers of the base map say of it: extents, approval number."""
    facts: dict[str, Any] = json.loads(asset("basemap/basemap.json").read_text(encoding="utf-8"))
    return facts


def approval_number() -> str:
    """Return the map approval number of the borders; empty unless an administrator has one."""
    return str(_base_map_facts().get("approval_number", ""))


def add_base_map(chart: Any, *, picture: str = "relief") -> None:
    """Put the base map into a Bokeh figure: relief below everything, borders above rasters.

    A second call on the same figure does nothing, so that it may be called from a HoloViews hook,
    which runs at every update. ``picture`` names a picture of ``assets/basemap/basemap.json``.
    """
    if "base_map" in chart.tags:
        return
    chart.tags = [*chart.tags, "base_map"]
    _add_relief(chart, picture)
    for layer, width, alpha in _LINES:
        x, y = border_line(layer)
        chart.line(
            x,
            y,
            line_color=LINE_COLOUR,
            line_width=width,
            line_alpha=alpha,
            level="underlay",
            name=layer,
        )


def _add_relief(chart: Any, picture: str) -> None:
    """Put sea and relief at the bottom of a figure; the browser fetches the picture once."""
    facts = _base_map_facts()[picture]
    west, south, east, north = facts["bounds_m"]
    # A rectangle, not the figure's background: that follows the dark theme.
    edge = math.pi * EARTH_RADIUS
    sea = chart.quad(
        left=-2 * edge,
        right=2 * edge,
        bottom=-edge,
        top=edge,
        fill_color=SEA_COLOUR,
        line_color=None,
        level="image",
        name="sea",
    )
    relief = chart.image_url(
        url=[f"{PICTURE_ROUTE}/{facts['file']}"],
        x=west,
        y=north,
        w=east - west,
        h=north - south,
        anchor="top_left",
        level="image",
        name="relief",
    )
    first = (sea, relief)
    chart.renderers = [*first, *(item for item in chart.renderers if item not in first)]


def base_map(lang: str) -> Any:
    """Return the base map for HoloViews: an empty overlay whose figure gets the base map.

    Lay other elements over it with ``*``. The axes carry degrees; the words follow ``lang``.
    """
    import holoviews as hv  # noqa: PLC0415 (slow import)

    west, south, east, north = mercator_bounds(NATIONAL)
    return hv.Points([]).opts(
        hooks=[lambda plot, _: _dress(plot.state, lang)],
        xlim=(west, east),
        ylim=(south, north),
    )


def _dress(chart: Any, lang: str) -> None:
    add_base_map(chart)
    dress_axes(chart)
    set_language(chart, lang)


# ---------------------------------------------------------------- figures
# A round number of degrees for every labelled line; hemisphere letters are the same in Chinese.
_DEGREES: Final = """
const r = 6378137, text = (v, plus, minus) => {
  const a = Math.abs(v), digits = a > 0 && Math.abs(a - Math.round(a)) > 1e-6 ? 2 : 0
  return a.toFixed(digits) + '°' + (v < 0 ? minus : plus)
}
return horizontal
  ? text(tick / r * 180 / Math.PI, 'E', 'W')
  : text(Math.asin(Math.tanh(tick / r)) * 180 / Math.PI, 'N', 'S')
"""

# Degrees must count the same number of metres on both axes at the centre of the frame, whatever
# its shape; half_y = NaN means that the width alone decides.
_FIT: Final = """
const w = chart.inner_width, h = chart.inner_height, v = view.data
if (!(w > 0 && h > 0)) return
const across = v.half_x[0] / w, down = Number.isFinite(v.half_y[0]) ? v.half_y[0] / h : 0
const scale = Math.max(across, down)
view.fitting = true
chart.x_range.setv({start: v.x[0] - scale * w, end: v.x[0] + scale * w})
chart.y_range.setv({start: v.y[0] - scale * h, end: v.y[0] + scale * h})
view.fitting = false
"""

# In place: what the user chose must survive a change of the frame's size, but not be sent back.
_MOVED: Final = """
if (view.fitting) return
const v = view.data
v.x[0] = (chart.x_range.start + chart.x_range.end) / 2
v.y[0] = (chart.y_range.start + chart.y_range.end) / 2
v.half_x[0] = (chart.x_range.end - chart.x_range.start) / 2
v.half_y[0] = NaN
"""

# The time makes it a change for the server too, which was not told of the moves in between.
_HOME: Final = """
view.data = {x: [x], y: [y], half_x: [half_x], half_y: [half_y], turn: [-Date.now()]}
"""


class MapView:
    """Keeps a figure's scale equal on both axes and tells of its view.

    Parameters
    ----------
    chart
        A Bokeh figure in Web Mercator with :class:`~bokeh.models.Range1d` ranges.
    on_move
        Called with the view when the user has moved the map, with None when the map went home.
    home
        What the map opens with and returns to.
    """

    def __init__(
        self,
        chart: Any,
        on_move: Callable[[View | None], None] | None = None,
        home: Bounds = NATIONAL,
    ) -> None:
        west, south, east, north = mercator_bounds(home)
        self._home = {
            "x": (west + east) / 2,
            "y": (south + north) / 2,
            "half_x": (east - west) / 2,
            "half_y": (north - south) / 2,
        }
        self._on_move = on_move
        self._shown: View | None = None
        self._turn = 0
        self._source = ColumnDataSource(self._columns(None))
        fit = CustomJS(args={"view": self._source, "chart": chart}, code=_FIT)
        self._source.js_on_change("data", fit)
        chart.js_on_change("inner_width", fit)
        chart.js_on_change("inner_height", fit)
        moved = CustomJS(args={"view": self._source, "chart": chart}, code=_MOVED)
        for axis_range in (chart.x_range, chart.y_range):
            axis_range.js_on_change("end", moved)
        # One way home: Bokeh's own would return to the ranges of the first frame.
        others = [tool for tool in chart.toolbar.tools if not isinstance(tool, ResetTool)]
        chart.toolbar.tools = others
        chart.add_tools(
            CustomAction(
                icon="reset",
                tags=["home"],
                callback=CustomJS(args={"view": self._source, **self._home}, code=_HOME),
            )
        )
        if on_move is not None:
            chart.on_event(RangesUpdate, self._moved)
            self._source.on_change("data", self._went_home)

    def show(self, view: View | None) -> None:
        """Show a view, or the home view if None; without effect when it is shown already."""
        if view != self._shown:
            self._shown = view
            self._source.data = self._columns(view)

    def _columns(self, view: View | None) -> dict[str, list[float]]:
        self._turn += 1
        turn = [float(self._turn)]
        if view is None:
            return {**{name: [value] for name, value in self._home.items()}, "turn": turn}
        longitude, latitude, width = view
        x, y = to_mercator(longitude, latitude)
        half = float(to_mercator(width / 2, 0.0)[0])
        return {
            "x": [float(x)],
            "y": [float(y)],
            "half_x": [half],
            "half_y": [math.nan],
            "turn": turn,
        }

    def _moved(self, event: Any) -> None:
        longitude, latitude = to_degrees((event.x0 + event.x1) / 2, (event.y0 + event.y1) / 2)
        width = float(to_degrees(event.x1 - event.x0, 0.0)[0])
        # A thousandth of the width is less than a pixel.
        digits = max(0, 3 - math.floor(math.log10(max(width, 1e-6))))
        self._tell(
            (round(float(longitude), digits), round(float(latitude), digits), float(f"{width:.4g}"))
        )

    def _went_home(self, _: str, __: Any, new: Any) -> None:
        if new["turn"][0] < 0:
            self._tell(None)

    def _tell(self, view: View | None) -> None:
        self._shown = view
        if self._on_move is not None:
            self._on_move(view)


def national_figure(name: str, *, hover: Sequence[Any] = (), **options: Any) -> Any:
    """Return an empty national map: base map, degrees on the axes, tools, nothing over the frame.

    Parameters
    ----------
    name
        Name of the figure, by which tests and scripts find it.
    hover
        Hover tools.
    **options
        Passed to :func:`bokeh.plotting.figure`.
    """
    west, south, east, north = mercator_bounds(NATIONAL)
    wheel = WheelZoomTool(zoom_on_axis=False)
    chart = figure(
        name=name,
        x_range=Range1d(west, east),
        y_range=Range1d(south, north),
        tools=[PanTool(), wheel, BoxZoomTool(match_aspect=True), SaveTool(), *hover],
        active_scroll=wheel,
        toolbar_location="above",
        output_backend="canvas",
        lod_timeout=LOD_TIMEOUT_MS,
        **{"sizing_mode": "stretch_both", "min_border": 8, "min_border_left": 46, **options},
    )
    add_base_map(chart)
    dress_axes(chart)
    return chart


def dress_axes(chart: Any) -> None:
    """Give a Web Mercator figure its sea, quiet axes in degrees and no grid."""
    chart.border_fill_color = None
    chart.outline_line_color = "#9fb0b8"
    chart.grid.grid_line_color = None
    chart.toolbar.logo = None
    for axis, horizontal in ((chart.xaxis, True), (chart.yaxis, False)):
        dimension = "lon" if horizontal else "lat"
        axis.ticker = MercatorTicker(dimension=dimension, desired_num_ticks=5)
        axis.formatter = CustomJSTickFormatter(args={"horizontal": horizontal}, code=_DEGREES)
        axis.axis_label = None
        axis.axis_line_color = axis.minor_tick_line_color = None
        axis.major_tick_line_color = "#9fb0b8"
        axis.major_label_text_color = "#7c8c92"
        axis.major_label_text_font = FONT
        axis.major_label_text_font_size = "10px"


def south_china_sea_inset(name: str = "south_china_sea", *, width: int = 132) -> Any:
    """Return the inset that stands beside every national map; its view is fixed."""
    west, south, east, north = mercator_bounds(SOUTH_CHINA_SEA)
    chart = figure(
        name=name,
        width=width,
        height=round(width * (north - south) / (east - west)),
        x_range=Range1d(west, east),
        y_range=Range1d(south, north),
        tools="",
        toolbar_location=None,
        output_backend="canvas",
        min_border=1,
    )
    add_base_map(chart, picture="relief_south_china_sea")
    dress_axes(chart)
    chart.axis.visible = False
    return chart


_TOOL_TEXTS: Final = {
    PanTool: "common.tool_pan",
    WheelZoomTool: "common.tool_wheel_zoom",
    BoxZoomTool: "common.tool_box_zoom",
    SaveTool: "common.tool_save",
}


def set_language(chart: Any, lang: str, *, label: str = "") -> None:
    """Translate the tools of a figure; ``label`` becomes the accessible name of its canvas."""
    for tool in chart.toolbar.tools:
        key = "common.tool_reset" if "home" in tool.tags else _TOOL_TEXTS.get(type(tool))
        if key and tool.description != (words := t(key, lang)):
            tool.description = words
    if label:
        chart.html_attributes = {"role": "img", "aria-label": label}
