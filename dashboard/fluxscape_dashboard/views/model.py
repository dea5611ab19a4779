"""Charts of a model's series: half-hours of a week, mean days, days, sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.models import ColumnDataSource, DatetimeTickFormatter, FixedTicker, Range1d

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    COMPARED,
    MODELLED,
    OBSERVED,
    describe,
    hover_tool,
    new_chart,
    pretty_unit,
    style_legend,
)
from fluxscape_dashboard.views.series import (
    QUANTITIES,
    Floats,
    Quantity,
    Times,
    daily_mean,
    diurnal_by_month,
    local_times,
    running_sum,
    week_of,
)

VIEWS: Final = ("week", "diurnal", "daily", "cumulative")
"""Ways of showing the series, by key."""

DATES: Final = DatetimeTickFormatter(
    hours="%H:%M", days="%m-%d", months="%Y-%m", years="%Y", hourmin="%H:%M"
)


@dataclass(frozen=True)
class Run:
    """The series of one run, ready for charts.

    Attributes
    ----------
    times
        Starts of the steps, UTC.
    step_seconds
        Length of a step.
    offset_hours
        Clock of the site ahead of UTC.
    series
        Modelled series by name, in the model's units.
    """

    times: Times
    step_seconds: int
    offset_hours: float
    series: Mapping[str, Floats]


@dataclass(frozen=True)
class Lines:
    """What one chart draws: shared or separate abscissae and one ordinate a series."""

    x: npt.NDArray[Any]
    y: Floats


class SeriesChart:
    """One quantity of up to three series: modelled, compared, observed."""

    KINDS: Final = ("modelled", "compared", "observed")

    def __init__(self, quantity: Quantity, *, dated: bool, x_range: Any = None) -> None:
        self.quantity = quantity
        options = {"x_axis_type": "datetime"} if dated else {}
        if x_range is not None:
            options["x_range"] = x_range
        self.chart: Any = new_chart(
            name=f"series_{quantity.name}",
            height=270,
            sizing_mode="stretch_width",
            min_width=300,
            min_border_left=66,
            **options,
        )
        if dated:
            self.chart.xaxis[0].formatter = DATES.clone()
            self.chart.xaxis[0].ticker.desired_num_ticks = 5
        colours: dict[str, str] = dict(zip(self.KINDS, (MODELLED, COMPARED, OBSERVED), strict=True))
        self.sources = {kind: ColumnDataSource({"x": [], "y": []}) for kind in self.KINDS}
        self._lines: dict[str, Any] = {}
        # The newest run is drawn last, above what it is compared with.
        for kind in ("observed", "compared", "modelled"):
            common = {"source": self.sources[kind], "legend_label": kind, "name": kind}
            if kind == "observed":
                self._lines[kind] = self.chart.scatter(
                    "x", "y", size=3, color=colours[kind], alpha=0.8, **common
                )
            else:
                self._lines[kind] = self.chart.line(
                    "x",
                    "y",
                    color=colours[kind],
                    line_width=1.8 if kind == "modelled" else 1.4,
                    line_dash="solid" if kind == "modelled" else "dashed",
                    **common,
                )
        legend = self.chart.legend[0]
        style_legend(legend)
        # Beside the curves, not over them.
        legend.orientation = "horizontal"
        legend.location = "right"
        self.chart.add_layout(legend, "above")
        self._hover = hover_tool([self._lines["modelled"]], mode="vline")
        self.chart.add_tools(self._hover)
        self._dated = dated

    def show(self, kind: str, lines: Lines | None) -> None:
        """Draw one of the three series, or take it away."""
        empty: dict[str, Any] = {"x": [], "y": []}
        self.sources[kind].data = empty if lines is None else {"x": lines.x, "y": lines.y}
        for item in self.chart.legend[0].items:
            if item.renderers and item.renderers[0] is self._lines[kind]:
                item.visible = lines is not None

    @property
    def has_values(self) -> bool:
        """Whether any of the three series is drawn."""
        return any(len(source.data["y"]) for source in self.sources.values())

    def speak(self, lang: str, *, names: Mapping[str, str], x_label: str, note: str = "") -> None:
        """Put every word into a language; ``names`` are those of the three series."""
        name = t(f"work.variable_{self.quantity.name}", lang)
        unit = unit_words(self.quantity, lang)
        self.chart.title.text = f"{name} · {note}" if note else name
        self.chart.yaxis[0].axis_label = pretty_unit(unit) if unit != "1" else ""
        self.chart.xaxis[0].axis_label = x_label
        for item in self.chart.legend[0].items:
            for kind, line in self._lines.items():
                if item.renderers and item.renderers[0] is line:
                    item.label = {"value": names[kind]}
        when = "@x{%m-%d %H:%M}" if self._dated else "@x{0.00}"
        self._hover.tooltips = [
            (x_label, when),
            (names["modelled"], f"@y{{0.000}} {pretty_unit(unit)}"),
        ]
        self._hover.formatters = {"@x": "datetime"} if self._dated else {}
        describe(self.chart, f"{name} [{pretty_unit(unit)}]")


def unit_words(quantity: Quantity, lang: str) -> str:
    """Return the unit with the substance it counts, such as ``g C m-2``."""
    unit = quantity.unit
    carbon = {"gross_primary_production", "net_ecosystem_exchange"}
    if quantity.name in carbon and unit.startswith("g "):
        return unit.replace("g ", t("model.grams_carbon", lang) + " ", 1)
    return unit


class SeriesGrid:
    """The charts of one view, two a row."""

    def __init__(self, view: str) -> None:
        self.view = view
        kind = {"daily": "daily", "cumulative": "cumulative"}.get(view, "half-hourly")
        dated = view != "diurnal"
        self.charts: list[SeriesChart] = []
        shared: Any = None if dated else Range1d(0, 12)
        for quantity in QUANTITIES[kind]:
            chart = SeriesChart(quantity, dated=dated, x_range=shared)
            shared = chart.chart.x_range
            self.charts.append(chart)
        if view == "diurnal":
            for chart in self.charts:
                chart.chart.xaxis[0].ticker = FixedTicker(ticks=[m + 0.5 for m in range(12)])
                chart.chart.xgrid[0].ticker = FixedTicker(ticks=list(range(13)))

    def show(self, kind: str, run: Run | None, *, week: int = 1) -> None:
        """Draw one of ``modelled``, ``compared``, ``observed``."""
        for chart in self.charts:
            values = None if run is None else run.series.get(chart.quantity.name)
            if run is None or values is None or not np.isfinite(values).any():
                chart.show(kind, None)
            else:
                lines = lines_of(self.view, run, values, week)
                chart.show(kind, Lines(lines.x, chart.quantity.shown(lines.y)))

    def speak(
        self,
        lang: str,
        *,
        names: Mapping[str, str],
        offset_hours: float,
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Put every word into a language; ``notes`` are added to the titles of quantities."""
        clock = f"UTC{offset_hours:+g}"
        key = "model.axis_month" if self.view == "diurnal" else "model.axis_time"
        for chart in self.charts:
            note = (notes or {}).get(chart.quantity.name, "")
            chart.speak(lang, names=names, x_label=t(key, lang, clock=clock), note=note)
            if self.view == "diurnal":
                # Every second month: all twelve names do not fit.
                chart.chart.xaxis[0].major_label_overrides = {
                    month + 0.5: "" if month % 2 else t(f"work.month_{month + 1}", lang)
                    for month in range(12)
                }


def lines_of(view: str, run: Run, values: Floats, week: int) -> Lines:
    """Return what a view draws of one series."""
    times = local_times(run.times, run.offset_hours)
    if view == "week":
        part = week_of(times, week)
        return Lines(times[part].astype("datetime64[ms]"), values[part])
    if view == "diurnal":
        return Lines(*diurnal_by_month(times, values, run.step_seconds))
    if view == "daily":
        return Lines(*daily_mean(times, values))
    # Ends of days are enough for a year's curve; a value a step would be half a megabyte.
    per_day = max(1, round(86_400 / run.step_seconds))
    ends = slice(per_day - 1, None, per_day)
    return Lines(times[ends].astype("datetime64[ms]"), running_sum(values, run.step_seconds)[ends])
