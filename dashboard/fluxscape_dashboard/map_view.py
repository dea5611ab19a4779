"""The view of a national map: equal scale on both axes, one way home, told in degrees."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from bokeh.events import MouseWheel, PanStart, PinchStart, RangesUpdate
from bokeh.models import ColumnDataSource, CustomAction, CustomJS, ResetTool

from fluxscape_dashboard.mercator import Bounds, mercator_bounds, to_degrees, to_mercator

View = tuple[float, float, float]
"""Longitude and latitude of a map's centre and its width [degree]."""


NATIONAL: Final = Bounds(73.0, 11.0, 135.6, 54.2)
"""What the main map opens with; the inset shows the rest of the country."""

PICTURE: Final = Bounds(60.0, 0.0, 150.0, 60.0)
"""What the relief picture covers; beyond it there is only the colour of the sea."""

# Degrees must count the same number of metres on both axes at the centre of the frame, whatever
# its shape; half_y = NaN means that the width alone decides. What a hand on the map has chosen is
# kept in place, so that it survives a change of the frame's size but is not sent back; HoloViews
# sets ranges as well, which is no choice.
_FIT: Final = """
const w = chart.inner_width, h = chart.inner_height, v = view.data
const [x, y] = [chart.x_range, chart.y_range]
if (!(w > 0 && h > 0)) return
if (view.touched && view.fitted !== [x.start, x.end, y.start, y.end].join()) {
  v.x[0] = (x.start + x.end) / 2
  v.y[0] = (y.start + y.end) / 2
  v.half_x[0] = (x.end - x.start) / 2
  v.half_y[0] = NaN
}
const across = v.half_x[0] / w, down = Number.isFinite(v.half_y[0]) ? v.half_y[0] / h : 0
const scale = Math.max(across, down)
// The home view moves north or south rather than show what lies beyond the relief.
if (down > 0 && 2 * scale * h <= north - south) {
  v.y[0] = Math.min(Math.max(v.y[0], south + scale * h), north - scale * h)
}
x.setv({start: v.x[0] - scale * w, end: v.x[0] + scale * w})
y.setv({start: v.y[0] - scale * h, end: v.y[0] + scale * h})
view.fitted = [x.start, x.end, y.start, y.end].join()
"""

_TOUCHED: Final = "view.touched = true"
_UNTOUCHED: Final = "view.touched = false"

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
        _, low, _, high = mercator_bounds(PICTURE)
        limits = {"south": low, "north": high}
        fit = CustomJS(args={"view": self._source, "chart": chart, **limits}, code=_FIT)
        self._source.js_on_change("data", self._script(_UNTOUCHED), fit)
        chart.js_on_change("inner_width", fit)
        chart.js_on_change("inner_height", fit)
        for event in (MouseWheel, PanStart, PinchStart):
            chart.js_on_event(event, self._script(_TOUCHED))
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

    def _script(self, code: str) -> CustomJS:
        return CustomJS(args={"view": self._source}, code=code)

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
