"""The map kit: base map, inset of the South China Sea, view and scale, for every national map.

All maps are Web Mercator (EPSG:3857) and draw only what this server holds: a relief picture,
the nation's border, the provinces and the dashed line. Nothing is laid over the frame, so that
no island is ever covered: legends and the inset stand beside the map.

The functions take Bokeh figures; a map of GeoViews or HoloViews hands them its own in a hook.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.models import (
    BoxZoomTool,
    CustomJSTickFormatter,
    MercatorTicker,
    PanTool,
    Range1d,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from fluxscape.assets import asset
from fluxscape_dashboard.map_view import NATIONAL, MapView, View
from fluxscape_dashboard.mercator import (
    RADIUS,
    Bounds,
    mercator_bounds,
    to_degrees,
    to_mercator,
)
from fluxscape_dashboard.text import t

__all__ = [
    "LOD_TIMEOUT_MS",
    "NATIONAL",
    "PICTURE_ROUTE",
    "SOUTH_CHINA_SEA",
    "Bounds",
    "MapView",
    "View",
    "add_base_map",
    "approval_number",
    "border_line",
    "dress_axes",
    "inset_caption",
    "mercator_bounds",
    "national_figure",
    "set_language",
    "south_china_sea_inset",
    "to_degrees",
    "to_mercator",
]

SEA_COLOUR: Final = "#dce7ee"
LINE_COLOUR: Final = "#4a4f55"
FONT: Final = (
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'PingFang SC', "
    "'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)

Floats = npt.NDArray[np.float64]

LOD_TIMEOUT_MS: Final = 80
"""Wait of Bokeh after the last turn of the wheel before it reports the view [ms]."""

PICTURE_ROUTE: Final = "basemap"
"""Address below which the server serves the folder ``assets/basemap``."""

SOUTH_CHINA_SEA: Final = Bounds(105.0, 2.6, 123.4, 25.4)
"""What the inset shows."""


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
def _line_within(layer: str, bounds: Bounds | None) -> tuple[Floats, Floats]:
    """Return a border layer without the points outside some bounds, to send less of it."""
    x, y = border_line(layer)
    if bounds is None:
        return x, y
    west, south, east, north = mercator_bounds(bounds)
    inside = (x >= west) & (x <= east) & (y >= south) & (y <= north)
    # Neighbours of inside points stay, so that lines reach the frame; the first gap breaks them.
    kept = inside | np.roll(inside, 1) | np.roll(inside, -1)
    line = np.where(kept, x, np.nan), np.where(kept, y, np.nan)
    shown = kept | np.roll(kept, 1)
    return line[0][shown], line[1][shown]


@cache
def _base_map_facts() -> dict[str, Any]:
    """Return what the makers of the base map say of it: extents, approval number."""
    facts: dict[str, Any] = json.loads(asset("basemap/basemap.json").read_text(encoding="utf-8"))
    return facts


def approval_number() -> str:
    """Return the map approval number of the borders; empty unless an administrator has one."""
    return str(_base_map_facts().get("approval_number", ""))


def add_base_map(chart: Any, *, picture: str = "relief", bounds: Bounds | None = None) -> None:
    """Put the base map into a Bokeh figure: relief below everything, borders above rasters.

    A second call on the same figure does nothing, so that it may be called from a HoloViews hook,
    which runs at every update. ``picture`` names a picture of ``assets/basemap/basemap.json``;
    ``bounds`` leaves out the borders beyond them.
    """
    if "base_map" in chart.tags:
        return
    chart.tags = [*chart.tags, "base_map"]
    _add_relief(chart, picture)
    for layer, width, alpha in _LINES:
        x, y = _line_within(layer, bounds)
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
    edge = math.pi * RADIUS
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


def inset_caption(lang: str) -> str:
    """Return what stands below the inset: its name and the approval number of the borders."""
    number = approval_number()
    name = t("common.south_china_sea", lang)
    return f"{name} · {t('common.approval_number', lang, number=number)}" if number else name


# ---------------------------------------------------------------- figures
# A round number of degrees for every labelled line; hemisphere letters are the same in Chinese.
_DEGREES: Final = """
const r = 6378137, text = (v, plus, minus) => {
  const a = Math.abs(v), digits = [0, 1, 2, 3].find((n) => Math.abs(a - a.toFixed(n)) < 1e-6)
  return a.toFixed(digits ?? 3) + '°' + (a < 1e-6 ? '' : v < 0 ? minus : plus)
}
return horizontal
  ? text(tick / r * 180 / Math.PI, 'E', 'W')
  : text(Math.asin(Math.tanh(tick / r)) * 180 / Math.PI, 'N', 'S')
"""


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
        **{"sizing_mode": "stretch_both", "min_border": 8, "min_border_left": 52, **options},
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


def south_china_sea_inset(name: str = "south_china_sea", *, width: int = 116) -> Any:
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
    add_base_map(chart, picture="relief_south_china_sea", bounds=SOUTH_CHINA_SEA)
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
