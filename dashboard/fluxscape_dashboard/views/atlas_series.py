"""The series below the national map: every year, the Theil-Sen line, the year on the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from bokeh.core.properties import value
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    Legend,
    LegendItem,
    NumeralTickFormatter,
    Span,
)

from fluxscape.atlas.trends import SeriesTrend
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    COMPARED,
    MODELLED,
    describe,
    hover_tool,
    new_chart,
    style_legend,
)

Floats = npt.NDArray[np.float64]

YEAR_COLOUR: Final = "#9e9e9e"


@dataclass(frozen=True)
class YearlySeries:
    """What one chart shows.

    Attributes
    ----------
    years, values
        One value a year.
    trend
        Trend of the values, None to draw no line.
    """

    years: Sequence[int]
    values: Floats
    trend: SeriesTrend | None

    def line(self) -> Floats:
        """Return the Theil-Sen line at every year; NaN without a trend."""
        years = np.asarray(self.years, dtype=np.float64)
        if self.trend is None or years.size == 0:
            return np.full(years.size, np.nan)
        known = years[np.isfinite(self.values)]
        return np.asarray(self.trend.intercept + self.trend.slope * (years - known[0]))


class SeriesChart:
    """A chart; :meth:`show` fills it, :meth:`speak` words it, :meth:`mark` marks a year."""

    def __init__(self, name: str, *, colour: str = MODELLED) -> None:
        self._source = ColumnDataSource({"year": [], "value": [], "line": []})
        self._hover = hover_tool([], mode="vline")
        self.chart = new_chart(
            name=name,
            hover=[self._hover],
            height=205,
            sizing_mode="stretch_width",
            toolbar_location="right",
            min_border_left=56,
        )
        line = self.chart.line(
            "year", "line", source=self._source, line_color=COMPARED, line_width=2, line_dash="6 3"
        )
        values = self.chart.line(
            "year", "value", source=self._source, line_color=colour, line_width=1.3
        )
        dots = self.chart.scatter(
            "year", "value", source=self._source, size=5, fill_color=colour, line_color="white"
        )
        self._hover.renderers = [values]
        self._year = Span(dimension="height", line_color=YEAR_COLOUR, line_width=1, visible=False)
        self.chart.add_layout(self._year)
        self._items = [
            LegendItem(label="", renderers=[values, dots]),
            LegendItem(label="", renderers=[line]),
        ]
        legend = Legend(items=self._items, orientation="horizontal", location="center")
        style_legend(legend)
        self.chart.add_layout(legend, "below")
        # Years are names, not quantities: 2001, never 2,001.
        self.chart.xaxis.formatter = NumeralTickFormatter(format="0")
        self.chart.xaxis.ticker = BasicTicker(desired_num_ticks=4, min_interval=1)
        self.chart.y_range.only_visible = True

    def show(self, series: YearlySeries) -> None:
        """Draw a series."""
        self._source.data = {
            "year": list(series.years),
            "value": series.values,
            "line": series.line(),
        }

    def mark(self, year: int | None) -> None:
        """Mark the year that is on the map, or none."""
        self._year.visible = year is not None
        if year is not None:
            self._year.location = year

    def speak(self, lang: str, *, title: str, unit: str, digits: int) -> None:
        """Word the chart."""
        self.chart.title.text = title
        self.chart.yaxis.axis_label = unit
        self._items[0].label = value(t("atlas.series_values", lang))
        self._items[1].label = value(t("atlas.series_line", lang))
        number = "{0,0." + "0" * digits + "}" if digits else "{0,0}"
        self._hover.tooltips = [
            (t("atlas.year", lang), "@year{0}"),
            (t("atlas.series_values", lang), f"@value{number} {unit}"),
            (t("atlas.series_line", lang), f"@line{number} {unit}"),
        ]
        describe(self.chart, f"{title}, {unit}")
