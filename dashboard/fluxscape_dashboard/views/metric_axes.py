"""Axes, hover and scale bar that count true metres from a tower on a Web Mercator chart.

The browser computes them from one data source, so that they follow every zoom and every change of
tower without asking the server.
"""

from __future__ import annotations

from typing import Any, Final

from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    CustomJSHover,
    CustomJSTicker,
    CustomJSTickFormatter,
    Range1d,
    ScaleBar,
)
from bokeh.models.annotations.dimensional import Metric

from fluxscape_dashboard.views.charts import FONT, INK

_TICKS: Final = """
const x0 = frame.data[origin][0], k = frame.data[scale][0]
let pixels = 0
try { pixels = origin === 'x' ? chart.inner_width : chart.inner_height } catch { /* later */ }
const raw = (cb_data.end - cb_data.start) / k / Math.min(Math.max(pixels / 80, 3), 7)
const power = 10 ** Math.floor(Math.log10(Math.abs(raw)))
const lead = Math.abs(raw) / power
const step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10)
const ticks = []
const low = Math.min(cb_data.start, cb_data.end), high = Math.max(cb_data.start, cb_data.end)
for (let m = Math.ceil((low - x0) / k / step) * step; x0 + m * k <= high; m += step) {
  ticks.push(x0 + m * k)
}
return ticks
"""

_METRES: Final = "return String(Math.round((tick - frame.data[origin][0]) / frame.data[scale][0]))"
_HOVER_METRES: Final = (
    "return String(Math.round((special_vars[axis] - frame.data[origin][0]) / frame.data[scale][0]))"
)

# The frame is wider than high: show more of the surroundings rather than stretch the map.
_FIT: Final = """
const f = frame.data
let width = 0, height = 0
try { width = chart.inner_width; height = chart.inner_height } catch { /* not laid out yet */ }
if (width > 0 && height > 0) {
  const half = f.half[0] * f.y_scale[0]
  const wide = half * Math.max(width / height, 0.2)
  chart.x_range.setv({start: f.x[0] - wide, end: f.x[0] + wide})
  chart.y_range.setv({start: f.y[0] - half, end: f.y[0] + half})
  chart.x_range.setv({reset_start: f.x[0] - wide, reset_end: f.x[0] + wide})
  chart.y_range.setv({reset_start: f.y[0] - half, reset_end: f.y[0] + half})
}
"""

_SPAN: Final = (
    "to.setv({start: 0, end: (chart.x_range.end - chart.x_range.start) / frame.data.x_scale[0]})"
)


def frame_source() -> ColumnDataSource:
    """Return the source that says where the tower is, how the map is stretched, how far to see."""
    return ColumnDataSource(
        {"x": [0.0], "y": [0.0], "x_scale": [1.0], "y_scale": [1.0], "half": [1000.0]}
    )


def add_metric_axes(chart: Any, frame: ColumnDataSource, *, leads: bool = True) -> None:
    """Give a chart axes and a scale bar in metres, and let it show a square at true proportions.

    Parameters
    ----------
    chart
        Figure in Web Mercator with ranges of type Range1d.
    frame
        As :func:`frame_source` makes it; ``half`` is the half-width to show [m].
    leads
        Whether the chart fits its ranges to its own size. Of charts that share ranges and size,
        one leads.
    """
    for axis, name in ((chart.xaxis[0], "x"), (chart.yaxis[0], "y")):
        arguments = {"frame": frame, "origin": name, "scale": f"{name}_scale"}
        axis.ticker = CustomJSTicker(args=arguments | {"chart": chart}, major_code=_TICKS)
        axis.formatter = CustomJSTickFormatter(args=arguments, code=_METRES)
    chart.grid.visible = False
    if leads:
        fit = CustomJS(args={"frame": frame, "chart": chart}, code=_FIT)
        chart.js_on_change("inner_width", fit)
        chart.js_on_change("inner_height", fit)
        frame.js_on_change("data", fit)
    # The bar reads its length from a range: this one counts true metres, not map metres.
    metres = Range1d(0.0, 1.0)
    follow = CustomJS(args={"frame": frame, "chart": chart, "to": metres}, code=_SPAN)
    chart.x_range.js_on_change("start", follow)
    chart.x_range.js_on_change("end", follow)
    chart.add_layout(
        ScaleBar(
            range=metres,
            unit="m",
            dimensional=Metric(base_unit="m", exclude=["hm", "dm", "cm", "mm"]),
            location="bottom_left",
            bar_length=0.2,
            label_text_font=FONT,
            label_text_color=INK,
            background_fill_alpha=0.8,
            border_line_color=None,
        )
    )


def metre_formatters(frame: ColumnDataSource) -> dict[str, CustomJSHover]:
    """Return formatters that turn ``$x`` and ``$y`` of a hover into metres from the tower."""
    return {
        f"${axis}": CustomJSHover(
            args={"frame": frame, "origin": axis, "scale": f"{axis}_scale", "axis": axis},
            code=_HOVER_METRES,
        )
        for axis in ("x", "y")
    }
