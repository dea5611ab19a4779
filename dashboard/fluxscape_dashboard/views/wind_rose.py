"""A wind rose: share of time by direction the wind comes from and by speed."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, Legend, LegendItem, Range1d

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    FONT,
    MIDDLE,
    describe,
    hover_tool,
    new_chart,
    style_legend,
)
from fluxscape_dashboard.work.wind import SECTORS, SPEED_LIMITS

COLOURS: Final = ("#dbe9f6", "#9ecae1", "#4292c6", "#08519c", "#08204d")

_POINTS: Final = ("N", "E", "S", "W")


class WindRose:
    """The chart; :meth:`show` fills it, :meth:`speak` words it."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(
            name="wind_rose",
            frame_width=250,
            frame_height=250,
            x_range=Range1d(-1.25, 1.25),
            y_range=Range1d(-1.25, 1.25),
        )
        self.chart.axis.visible = False
        self.chart.grid.visible = False
        self._source = ColumnDataSource({name: [] for name in _COLUMNS})
        self._rings = ColumnDataSource({"radius": [], "x": [], "y": [], "text": []})
        zeros = {"x": 0, "y": 0}
        wedges = self.chart.annular_wedge(
            **zeros,
            inner_radius="inner",
            outer_radius="outer",
            start_angle="start",
            end_angle="end",
            fill_color="colour",
            line_color="white",
            line_width=0.5,
            source=self._source,
            name="wind_rose_wedges",
        )
        self.chart.circle(
            **zeros, radius="radius", source=self._rings, fill_alpha=0, line_color="#cfd8dc"
        )
        self.chart.text(
            "x",
            "y",
            "text",
            source=self._rings,
            text_font_size="10px",
            text_font=value(FONT),
            text_color=MIDDLE,
            text_baseline="bottom",
        )
        self._points = ColumnDataSource(
            {"x": [0.0, 1.12, 0.0, -1.12], "y": [1.1, 0.0, -1.1, 0.0], "text": list(_POINTS)}
        )
        self.chart.text(
            "x",
            "y",
            "text",
            source=self._points,
            text_align="center",
            text_baseline="middle",
            text_font=value(FONT),
            text_font_style="bold",
            text_font_size="12px",
            text_color=MIDDLE,
        )
        legend = Legend(items=[LegendItem(label={"field": "label"}, renderers=[wedges])])
        style_legend(legend)
        legend.click_policy = "none"
        self.chart.add_layout(legend, "right")
        self._hover = hover_tool([wedges])
        self.chart.add_tools(self._hover)
        self._shares = np.zeros((SECTORS, len(SPEED_LIMITS) - 1))

    def show(self, shares: npt.NDArray[np.float64], lang: str) -> None:
        """Put the shares of :func:`wind_shares` into the chart."""
        self._shares = shares
        longest = float(shares.sum(axis=1).max(initial=0.0)) or 1.0
        outer = np.cumsum(shares, axis=1) / longest
        inner = outer - shares / longest
        width = 2 * math.pi / SECTORS
        centre = math.pi / 2 - np.arange(SECTORS) * width
        classes = len(SPEED_LIMITS) - 1
        labels = speed_labels(lang)
        self._source.data = {
            "inner": inner.ravel(),
            "outer": outer.ravel(),
            "start": np.repeat(centre - 0.45 * width, classes),
            "end": np.repeat(centre + 0.45 * width, classes),
            "colour": list(COLOURS) * SECTORS,
            "label": labels * SECTORS,
            "share": 100 * shares.ravel(),
            "from": [
                t("footprint.degrees", lang, value=f"{360 / SECTORS * k:g}")
                for k in range(SECTORS)
                for _ in range(classes)
            ],
        }
        steps = (0.5, 1.0)
        self._rings.data = {
            "radius": list(steps),
            # Between two sectors, clear of the letter at the top.
            "x": [step * math.sin(math.radians(34.0)) for step in steps],
            "y": [step * math.cos(math.radians(34.0)) for step in steps],
            "text": [f"{100 * longest * step:.0f} %" for step in steps],
        }

    def speak(self, lang: str, *, title: str) -> None:
        """Put every word into a language."""
        self.show(self._shares, lang)
        self._points.data = dict(self._points.data) | {
            "text": [t(f"footprint.point_{point.lower()}", lang) for point in _POINTS]
        }
        self.chart.title.text = title
        self._hover.tooltips = [
            (t("footprint.hover_from", lang), "@from"),
            (t("footprint.hover_speed", lang), "@label"),
            (t("footprint.hover_share", lang), "@share{0.0} %"),
        ]
        describe(self.chart, title)


_COLUMNS: Final = ("inner", "outer", "start", "end", "colour", "label", "share", "from")


def speed_labels(lang: str) -> list[str]:
    """Return the names of the speed classes."""
    labels: list[str] = []
    for low, high in pairwise(SPEED_LIMITS):
        key = "footprint.speed_above" if math.isinf(high) else "footprint.speed_between"
        labels.append(t(key, lang, low=f"{low:g}", high=f"{high:g}"))
    return labels
