"""Charts of a calibration: prior against posterior, misfit by pass, bands over observations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.models import ColumnDataSource, FixedTicker, Range1d, Span

from fluxscape.parameters import Parameter
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    COMPARED,
    LIMIT,
    MODELLED,
    OBSERVED,
    describe,
    hover_tool,
    new_chart,
    pretty_unit,
    style_legend,
    with_unit,
)
from fluxscape_dashboard.views.model import DATES
from fluxscape_dashboard.views.series import Quantity

Floats = npt.NDArray[np.float64]

GRID: Final = np.linspace(0.0, 1.0, 121)
"""Places between the bounds where densities are drawn [1]."""

ROW_HEIGHT: Final = 42
"""Height of a parameter's row [px]."""

_TALL: Final = 0.85
"""Height of the highest density in rows."""


def density(values: Floats) -> Floats:
    """Return a Gaussian kernel density on :data:`GRID`, by Silverman's rule of thumb.

    Silverman 1986, Density Estimation, eq. 3.30.
    """
    spread = float(values.std(ddof=1))
    quartiles = np.quantile(values, (0.25, 0.75))
    width = 0.9 * min(spread, float(quartiles[1] - quartiles[0]) / 1.34 or spread)
    width = max(width * values.size**-0.2, 0.004)
    scaled = (GRID[:, np.newaxis] - values) / width
    total = np.exp(-0.5 * scaled**2).sum(axis=1)
    return np.asarray(total / (values.size * width * np.sqrt(2.0 * np.pi)))


def shares(values: Floats, rows: Sequence[Parameter]) -> Floats:
    """Return where values lie between the bounds of their parameters, shape as ``values``."""
    lower = np.array([row.lower for row in rows])
    upper = np.array([row.upper for row in rows])
    return np.asarray((values - lower) / (upper - lower))


class RidgeChart:
    """Prior and posterior of every parameter, a row each, between its bounds."""

    def __init__(self) -> None:
        self._prior = ColumnDataSource({"xs": [], "ys": []})
        self._posterior = ColumnDataSource({"xs": [], "ys": []})
        self._boxes = ColumnDataSource({"low": [], "high": [], "y": []})
        self._points = ColumnDataSource({"median": [], "y": [], "name": [], "range": []})
        self._truth = ColumnDataSource({"x": [], "y": []})
        chart = self.chart = new_chart(
            name="calibration_ridges",
            height=300,
            sizing_mode="stretch_width",
            min_width=320,
            x_range=Range1d(0.0, 1.0),
            y_range=Range1d(0.0, 1.0),
        )
        chart.ygrid.visible = False
        common = {"line_width": 1.2, "fill_alpha": 0.35}
        self._items = {
            "prior": chart.patches(
                "xs", "ys", source=self._prior, color=OBSERVED, legend_label="prior", **common
            ),
            "posterior": chart.patches(
                "xs",
                "ys",
                source=self._posterior,
                color=MODELLED,
                legend_label="posterior",
                **common,
            ),
            "interval": chart.segment(
                "low",
                "y",
                "high",
                "y",
                source=self._boxes,
                color=MODELLED,
                line_width=4,
                legend_label="interval",
            ),
            "truth": chart.scatter(
                "x",
                "y",
                source=self._truth,
                marker="diamond",
                size=12,
                color=COMPARED,
                legend_label="truth",
            ),
        }
        points = chart.scatter(
            "median", "y", source=self._points, size=8, color=MODELLED, line_color="white"
        )
        self._hover = hover_tool([points], tooltips=[("", "@name"), ("", "@range")])
        chart.add_tools(self._hover)
        _legend_above(chart)

    def show(
        self,
        rows: Sequence[Parameter],
        prior: Floats,
        posterior: Floats,
        truth: Mapping[str, float] | None,
    ) -> None:
        """Draw ensembles of shape (member, parameter) in the parameters' units."""
        # The first parameter stands at the top.
        base = np.arange(len(rows))[::-1].astype(float)
        before, after = shares(prior, rows), shares(posterior, rows)
        curves = [(density(a), density(b)) for a, b in zip(before.T, after.T, strict=True)]
        self._prior.data = _patches([a / max(a.max(), b.max()) for a, b in curves], base)
        self._posterior.data = _patches([b / max(a.max(), b.max()) for a, b in curves], base)
        low, middle, high = np.quantile(after, (0.05, 0.5, 0.95), axis=0)
        self._boxes.data = {"low": low, "high": high, "y": base}
        values = np.quantile(posterior, (0.05, 0.5, 0.95), axis=0).T
        self._points.data = {
            "median": middle,
            "y": base,
            "name": [row.name for row in rows],
            "range": [_range(row, *three) for row, three in zip(rows, values, strict=True)],
        }
        places = {"x": [], "y": []} if truth is None else _truth(rows, base, truth)
        self._truth.data = places
        self.chart.y_range.update(start=-0.2, end=len(rows) + 0.1)
        self.chart.height = 90 + ROW_HEIGHT * len(rows)

    def speak(self, lang: str, rows: Sequence[Parameter], reduction: Floats) -> None:
        """Put every word into a language; names stand with the variance that is gone."""
        ticks = [i + 0.35 for i in range(len(rows))][::-1]
        names = [t(f"model.parameter_{row.name}", lang) for row in rows]
        axis = self.chart.yaxis[0]
        axis.ticker = FixedTicker(ticks=ticks)
        axis.major_label_overrides = {
            tick: t("model.cal_row", lang, name=name, percent=f"{100 * share:.0f}")
            for tick, name, share in zip(ticks, names, reduction, strict=True)
        }
        self._points.data = {**self._points.data, "name": names}
        self.chart.title.text = t("model.cal_ridge_title", lang)
        self.chart.xaxis[0].axis_label = t("model.cal_ridge_axis", lang)
        _word_legend(self.chart, self._items, "model.cal_legend_", lang)
        describe(self.chart, self.chart.title.text)


def _range(row: Parameter, low: float, middle: float, high: float) -> str:
    """Return median and interval of a parameter."""
    unit = "" if row.unit == "1" else f" {pretty_unit(row.unit)}"
    return f"{middle:.4g} ({low:.4g} \u2013 {high:.4g}){unit}"


def _patches(curves: list[Floats], base: Floats) -> dict[str, list[Floats]]:
    """Return closed outlines of densities standing on their rows."""
    xs = [np.concatenate([[0.0], GRID, [1.0]]) for _ in curves]
    ys = [
        y0 + _TALL * np.concatenate([[0.0], curve, [0.0]])
        for y0, curve in zip(base, curves, strict=True)
    ]
    return {"xs": xs, "ys": ys}


def _truth(
    rows: Sequence[Parameter], base: Floats, truth: Mapping[str, float]
) -> dict[str, list[float]]:
    return {
        "x": [(truth[row.name] - row.lower) / (row.upper - row.lower) for row in rows],
        "y": list(base),
    }


class MisfitChart:
    """Mean squared innovation over its error variance, before each pass and after the last."""

    def __init__(self) -> None:
        self._source = ColumnDataSource({"x": [], "y": []})
        chart = self.chart = new_chart(
            name="calibration_misfit",
            height=260,
            sizing_mode="stretch_width",
            min_width=300,
            y_axis_type="log",
        )
        chart.line("x", "y", source=self._source, color=MODELLED, line_width=2)
        chart.scatter("x", "y", source=self._source, color=MODELLED, size=8, name="misfit")
        chart.add_layout(
            Span(location=1.0, dimension="width", line_color=LIMIT, line_dash="dashed")
        )

    def show(self, misfit: Sequence[float]) -> None:
        """Draw the misfit so far."""
        self._source.data = {"x": list(range(len(misfit))), "y": list(misfit)}
        self.chart.xaxis[0].ticker = FixedTicker(ticks=list(range(len(misfit))))

    def speak(self, lang: str) -> None:
        """Put every word into a language."""
        self.chart.title.text = t("model.cal_misfit_title", lang)
        self.chart.xaxis[0].axis_label = t("model.cal_misfit_axis", lang)
        self.chart.yaxis[0].axis_label = t("model.cal_misfit_unit", lang)
        describe(self.chart, self.chart.title.text)


class BandChart:
    """Observations of one stream under what the ensemble predicts, before and after."""

    def __init__(self, quantity: Quantity) -> None:
        self.quantity = quantity
        names = ("x", "mean", "low", "high", "lower", "upper", "prior_low", "prior_high", "seen")
        self._source = ColumnDataSource({name: [] for name in names})
        chart = self.chart = new_chart(
            name=f"band_{quantity.name}",
            height=270,
            sizing_mode="stretch_width",
            min_width=300,
            min_border_left=66,
            x_axis_type="datetime",
        )
        chart.xaxis[0].formatter = DATES.clone()
        chart.xaxis[0].ticker.desired_num_ticks = 5

        def area(low: str, high: str, colour: str, alpha: float, key: str) -> Any:
            return chart.varea(
                "x",
                low,
                high,
                source=self._source,
                color=colour,
                fill_alpha=alpha,
                legend_label=key,
            )

        self._items = {
            "prior_band": area("prior_low", "prior_high", OBSERVED, 0.25, "prior_band"),
            "predictive": area("lower", "upper", MODELLED, 0.2, "predictive"),
            "members": area("low", "high", MODELLED, 0.45, "members"),
            "mean": chart.line(
                "x", "mean", source=self._source, color=MODELLED, width=1.6, legend_label="mean"
            ),
            "seen": chart.scatter(
                "x", "seen", source=self._source, color=COMPARED, size=3.5, legend_label="seen"
            ),
        }
        _legend_above(chart, columns=3)

    def show(
        self,
        times: Any,
        observed: Floats,
        band: Mapping[str, Floats],
        prior: Mapping[str, Floats],
    ) -> None:
        """Draw daily means and central 90 % intervals."""
        # A band across days without observations would show what nobody predicted.
        columns = {
            "mean": band["mean"],
            "low": band["low"],
            "high": band["high"],
            "lower": band["lower"],
            "upper": band["upper"],
            "prior_low": prior["low"],
            "prior_high": prior["high"],
            "seen": observed,
        }
        days = times.astype("datetime64[D]")
        whole = np.arange(days[0], days[-1] + np.timedelta64(1, "D"))
        at = (days - days[0]).astype(int)
        data: dict[str, Any] = {"x": whole.astype("datetime64[ms]")}
        for name, values in columns.items():
            data[name] = np.full(whole.size, np.nan)
            data[name][at] = self.quantity.shown(np.asarray(values, np.float64))
        self._source.data = data

    def speak(self, lang: str, *, twin: bool) -> None:
        """Put every word into a language."""
        title = t(f"work.variable_{self.quantity.name}", lang)
        self.chart.title.text = t("model.cal_band_title", lang, name=title)
        self.chart.xaxis[0].axis_label = t("model.axis_day", lang)
        self.chart.yaxis[0].axis_label = with_unit("", self.quantity.unit, lang).strip()
        _word_legend(self.chart, self._items, "model.cal_legend_", lang)
        if twin:
            _word(self.chart, self._items["seen"], t("model.cal_legend_synthetic", lang))
        describe(self.chart, self.chart.title.text)


def _legend_above(chart: Any, columns: int = 4) -> None:
    legend = chart.legend[0]
    style_legend(legend)
    legend.orientation, legend.location, legend.ncols = "horizontal", "right", columns
    chart.add_layout(legend, "above")


def _word_legend(chart: Any, items: Mapping[str, Any], prefix: str, lang: str) -> None:
    for key, renderer in items.items():
        _word(chart, renderer, t(prefix + key, lang))


def _word(chart: Any, renderer: Any, words: str) -> None:
    for item in chart.legend[0].items:
        if item.renderers and item.renderers[0] is renderer:
            item.label = {"value": words}
            item.visible = bool(len(next(iter(renderer.data_source.data.values()))))
