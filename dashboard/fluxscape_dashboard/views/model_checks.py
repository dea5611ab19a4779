"""Charts that check a model: budgets that close, observed against modelled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource, Range1d, Span

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    LIMIT,
    MODELLED,
    OBSERVED,
    describe,
    new_chart,
    power_of_ten,
    pretty_unit,
    with_unit,
)
from fluxscape_dashboard.views.model import DATES, unit_words
from fluxscape_dashboard.views.series import Floats, Quantity, Times

RESIDUALS: Final = {
    "energy_residual": ("W m-2", 0.1),
    "water_residual": ("mm", 1e-6),
    "carbon_residual": ("kg m-2", 1e-9),
}
"""Unit of each residual and the limit that no step may reach."""


class BudgetCharts:
    """The largest residual of every day beside the limit, for energy, water and carbon."""

    def __init__(self) -> None:
        self._sources = {name: ColumnDataSource({"x": [], "y": []}) for name in RESIDUALS}
        self.charts = {name: self._chart(name, limit) for name, (_, limit) in RESIDUALS.items()}

    def _chart(self, name: str, limit: float) -> Any:
        chart = new_chart(
            name=name,
            height=270,
            sizing_mode="stretch_width",
            min_width=300,
            min_border_left=66,
            x_axis_type="datetime",
            y_axis_type="log",
            y_range=Range1d(limit * 1e-14, limit * 10),
        )
        chart.xaxis[0].formatter = DATES.clone()
        chart.xaxis[0].ticker.desired_num_ticks = 5
        chart.line("x", "y", source=self._sources[name], color=MODELLED, line_width=1.5)
        chart.add_layout(
            Span(location=limit, dimension="width", line_color=LIMIT, line_dash="dashed")
        )
        return chart

    def show(self, times: Times, residuals: Mapping[str, Floats]) -> None:
        """Show the residual of every step as the largest of its day."""
        for name, source in self._sources.items():
            if name not in residuals:
                source.data = {"x": [], "y": []}
                continue
            days, index = np.unique(times.astype("datetime64[D]"), return_inverse=True)
            largest = np.zeros(days.size)
            np.maximum.at(largest, index, np.nan_to_num(np.abs(residuals[name])))
            # A logarithmic axis has no zero; an exact closure stands on the axis.
            floor = self.charts[name].y_range.start
            source.data = {"x": days.astype("datetime64[ms]"), "y": np.maximum(largest, floor)}

    def speak(self, lang: str) -> None:
        """Put every word into a language."""
        for name, (unit, limit) in RESIDUALS.items():
            chart = self.charts[name]
            title = t(f"model.{name}", lang, limit=power_of_ten(limit), unit=pretty_unit(unit))
            chart.title.text = title
            chart.yaxis[0].axis_label = with_unit(t("model.axis_residual", lang), unit, lang)
            chart.xaxis[0].axis_label = t("model.axis_day", lang)
            describe(chart, title)


class ScatterGrid:
    """Observed against modelled, one chart a flux."""

    def __init__(self, quantities: Sequence[Quantity]) -> None:
        self.quantities = tuple(quantities)
        self._sources = {q.name: ColumnDataSource({"x": [], "y": []}) for q in self.quantities}
        self.charts: dict[str, Any] = {}
        for quantity in self.quantities:
            chart = new_chart(
                name=f"scatter_{quantity.name}", height=280, sizing_mode="stretch_width"
            )
            chart.scatter(
                "x", "y", source=self._sources[quantity.name], size=4, color=MODELLED, alpha=0.35
            )
            chart.line(
                "x", "x", source=self._diagonal(quantity.name), color=OBSERVED, line_dash="dashed"
            )
            self.charts[quantity.name] = chart

    def _diagonal(self, name: str) -> ColumnDataSource:
        source = self._sources[f"{name}:1"] = ColumnDataSource({"x": []})
        return source

    def show(self, pairs: Mapping[str, tuple[Floats, Floats]]) -> None:
        """Show pairs of observed and modelled values by name."""
        for quantity in self.quantities:
            observed, modelled = pairs.get(quantity.name, (np.empty(0), np.empty(0)))
            both = np.isfinite(observed) & np.isfinite(modelled)
            x, y = quantity.shown(observed[both]), quantity.shown(modelled[both])
            self._sources[quantity.name].data = {"x": x, "y": y}
            ends = [float(np.min([x, y])), float(np.max([x, y]))] if x.size else []
            self._sources[f"{quantity.name}:1"].data = {"x": ends}

    def speak(self, lang: str) -> None:
        """Put every word into a language."""
        for quantity in self.quantities:
            chart = self.charts[quantity.name]
            unit = unit_words(quantity, lang)
            chart.title.text = t(f"work.variable_{quantity.name}", lang)
            chart.xaxis[0].axis_label = with_unit(t("model.legend_observed", lang), unit, lang)
            chart.yaxis[0].axis_label = with_unit(t("model.legend_modelled", lang), unit, lang)
            describe(chart, chart.title.text)
