"""The location bias over the radius: how far the footprint's mean is from the disc's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from bokeh.models import BoxAnnotation, ColumnDataSource, Span

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    MODELLED,
    caption,
    describe,
    hover_tool,
    new_chart,
    with_unit,
)

REPRESENTATIVE = 10.0
"""Bias within which a footprint stands for its surroundings [%], after Chu et al. 2021
(doi:10.1016/j.agrformet.2021.108350)."""


class LocationBiasChart:
    """The chart; :meth:`show` fills it, :meth:`speak` words it."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(name="location_bias", height=280, sizing_mode="stretch_width")
        self._source = ColumnDataSource({"radius": [], "bias": [], "mean": []})
        self.chart.add_layout(
            BoxAnnotation(
                bottom=-REPRESENTATIVE,
                top=REPRESENTATIVE,
                fill_color="#a5d6a7",
                fill_alpha=0.25,
                line_alpha=0,
            )
        )
        self.chart.add_layout(Span(location=0, dimension="width", line_color="#90a4ae"))
        self.chart.line("radius", "bias", source=self._source, line_width=2, color=MODELLED)
        points = self.chart.scatter(
            "radius", "bias", source=self._source, size=8, color=MODELLED, name="bias_points"
        )
        self._hover = hover_tool([points])
        self.chart.add_tools(self._hover)
        self.chart.y_range.flipped = False
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")

    def show(self, radii: Sequence[float], bias: Sequence[float], means: Sequence[float]) -> None:
        """Show the bias [1] and the disc's mean at each radius [m]."""
        self._source.data = {
            "radius": list(radii),
            "bias": [100.0 * value for value in bias],
            "mean": list(means),
        }
        reach = max((abs(100 * value) for value in bias if math.isfinite(value)), default=0.0)
        span = max(15.0, 1.2 * reach)
        self.chart.y_range.start, self.chart.y_range.end = -span, span

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word into a language."""
        self.chart.title.text = title
        self._caption.text = source
        self.chart.xaxis[0].axis_label = with_unit(t("footprint.axis_radius", lang), "m", lang)
        self.chart.yaxis[0].axis_label = with_unit(t("footprint.axis_bias", lang), "%", lang)
        self._hover.tooltips = [
            (t("footprint.axis_radius", lang), "@radius{0} m"),
            (t("footprint.axis_bias", lang), "@bias{0.0} %"),
            (t("footprint.hover_disc_mean", lang), "@mean{0.000}"),
        ]
        describe(self.chart, title)
