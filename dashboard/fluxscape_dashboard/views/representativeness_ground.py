"""Land cover of footprint and surroundings as bars, and the semivariogram with its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from bokeh.models import (
    ColumnDataSource,
    FactorRange,
    Legend,
    LegendItem,
    NumeralTickFormatter,
    Range1d,
    Span,
)

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    COMPARED,
    MODELLED,
    OBSERVED,
    caption,
    describe,
    hover_tool,
    new_chart,
    style_legend,
    with_unit,
)

DIRECTION_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Colours of the directions, after Okabe and Ito."""

_MARKERS: Final = ("triangle", "square", "diamond", "inverted_triangle")


class CoverBars:
    """Shares of the classes in the source areas and in discs and squares, one bar each."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(
            name="representativeness_cover",
            height=420,
            sizing_mode="stretch_width",
            y_range=FactorRange(),
            x_range=Range1d(0.0, 100.0),
        )
        self._source = ColumnDataSource(
            {"place": [], "left": [], "right": [], "colour": [], "word": [], "share": []}
        )
        bars = self.chart.hbar(
            y="place",
            left="left",
            right="right",
            height=0.78,
            fill_color="colour",
            line_color="white",
            line_width=0.6,
            source=self._source,
            name="cover_bars",
        )
        self._legend = Legend(
            items=[LegendItem(label={"field": "word"}, renderers=[bars])],
            orientation="horizontal",
            ncols=3,
        )
        style_legend(self._legend)
        self._legend.click_policy = "none"
        self.chart.add_layout(self._legend, "below")
        self._hover = hover_tool([bars])
        self.chart.add_tools(self._hover)
        self.chart.ygrid.grid_line_color = None
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")

    def show(
        self,
        rows: Sequence[tuple[str, Sequence[float]]],
        names: Sequence[str],
        colours: Sequence[str],
    ) -> None:
        """Show bars.

        Parameters
        ----------
        rows
            Words of each bar and the share of every class in it [1], from the top.
        names, colours
            Of the classes.
        """
        columns: dict[str, list[Any]] = {name: [] for name in self._source.data}
        for place, shares in rows:
            edges = np.concatenate([[0.0], np.cumsum(np.nan_to_num(np.asarray(shares)))]) * 100.0
            for i, share in enumerate(shares):
                if not share > 0.0:
                    continue
                row = (place, edges[i], edges[i + 1], colours[i], names[i], 100.0 * share)
                for column, value in zip(columns.values(), row, strict=True):
                    column.append(value)
        self.chart.y_range.factors = [place for place, _ in reversed(rows)]
        self._source.data = columns

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word but those of the bars into a language."""
        self.chart.title.text, self._caption.text = title, source
        label = t("representativeness.axis_share", lang)
        self.chart.xaxis[0].axis_label = with_unit(label, "%", lang)
        self._hover.tooltips = [("", "@place"), ("", "@word"), (label, "@share{0.0} %")]
        describe(self.chart, title)


class VariogramChart:
    """Semivariance over distance, its model, range and sill, and the directions."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(
            name="representativeness_variogram", height=380, sizing_mode="stretch_width"
        )
        names = ("distance", "semivariance", "pairs")
        self._points = ColumnDataSource({name: [] for name in names})
        self._model = ColumnDataSource({"distance": [], "semivariance": []})
        self._directions = [
            ColumnDataSource({name: [] for name in names}) for _ in DIRECTION_COLOURS
        ]
        self._azimuths: list[float] = []
        faint = [
            self.chart.scatter(
                "distance",
                "semivariance",
                source=source,
                marker=marker,
                size=5,
                color=colour,
                alpha=0.7,
            )
            for source, marker, colour in zip(
                self._directions, _MARKERS, DIRECTION_COLOURS, strict=True
            )
        ]
        points = self.chart.scatter(
            "distance",
            "semivariance",
            source=self._points,
            size=8,
            color=OBSERVED,
            name="variogram_points",
        )
        model = self.chart.line(
            "distance", "semivariance", source=self._model, line_width=2.4, color=MODELLED
        )
        self._sill = Span(dimension="width", line_color=MODELLED, line_dash="dashed")
        self._range = Span(dimension="height", line_color=COMPARED, line_dash="dashed")
        for span in (self._sill, self._range):
            span.visible = False
            self.chart.add_layout(span)
        self._legend = Legend(
            items=[LegendItem(label="", renderers=[item]) for item in (points, model, *faint)],
            orientation="horizontal",
            ncols=3,
        )
        style_legend(self._legend)
        self.chart.add_layout(self._legend, "below")
        self._hover = hover_tool([points, *faint])
        self.chart.add_tools(self._hover)
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")
        self.chart.yaxis[0].formatter = NumeralTickFormatter(format="0.[00000]")

    def show(
        self,
        variogram: xr.Dataset,
        fit: Mapping[str, Any] | None,
        model: tuple[Sequence[float], Sequence[float]],
    ) -> None:
        """Show a variogram.

        Parameters
        ----------
        variogram
            Of :class:`fluxscape.representativeness.structure.Structure`.
        fit
            Numbers of the fitted model, or None.
        model
            Distances [m] and semivariances of the fitted model.
        """
        self._points.data = {
            name: variogram[name].to_numpy() for name in ("distance", "semivariance", "pairs")
        }
        self._azimuths = variogram["direction"].to_numpy().tolist()
        for i, source in enumerate(self._directions):
            row = variogram.isel(direction=i)
            source.data = {
                name: row[f"directional_{name}"].to_numpy()
                for name in ("distance", "semivariance", "pairs")
            }
        self._model.data = {"distance": list(model[0]), "semivariance": list(model[1])}
        structured = fit is not None and bool(fit["structured"])
        self._sill.visible = fit is not None
        self._range.visible = structured and bool(fit is not None and fit["range_reached"])
        if fit is not None:
            self._sill.location = fit["sill"]
            if structured:
                self._range.location = fit["range"]

    def speak(self, lang: str, *, title: str, source: str, model: str) -> None:
        """Put every word into a language; ``model`` is the fitted model's name."""
        self.chart.title.text, self._caption.text = title, source
        distance = t("representativeness.axis_distance", lang)
        gamma = t("representativeness.axis_semivariance", lang)
        self.chart.xaxis[0].axis_label = with_unit(distance, "m", lang)
        self.chart.yaxis[0].axis_label = gamma
        words = [t("representativeness.all_directions", lang), model]
        words += [
            t("representativeness.direction", lang, degrees=f"{azimuth:.0f}")
            for azimuth in self._azimuths
        ]
        for item, label in zip(self._legend.items, words, strict=False):
            item.label = {"value": label}
        self._hover.tooltips = [
            (distance, "@distance{0} m"),
            (gamma, "@semivariance{0.00000}"),
            (t("representativeness.pairs", lang), "@pairs{0a}"),
        ]
        describe(self.chart, title)
