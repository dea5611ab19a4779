"""Location bias over the radius and by month: how far the footprint's mean is from the area's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import xarray as xr
from bokeh.models import (
    Band,
    BoxAnnotation,
    ColumnDataSource,
    FixedTicker,
    LabelSet,
    Legend,
    LegendItem,
    Range1d,
    Span,
    Whisker,
)

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    COMPARED,
    FONT,
    MIDDLE,
    MODELLED,
    OBSERVED,
    caption,
    describe,
    hover_tool,
    new_chart,
    style_legend,
    with_unit,
)

LEAST_SPAN: Final = 15.0
"""Bias [%] to which the vertical axis reaches at least on both sides."""

_TICKS: Final = (50, 100, 250, 500, 1000, 2000, 5000)


def symmetric(values: Sequence[float]) -> float:
    """Return how far a symmetric axis must reach to hold values [%].

    >>> symmetric([3.0, -20.0]), symmetric([])
    (23.0, 15.0)
    """
    known = [abs(value) for value in values if math.isfinite(value)]
    return max(LEAST_SPAN, 1.15 * max(known, default=0.0))


def percent(values: Any) -> list[float]:
    """Return shares as percentages."""
    return [100.0 * value for value in np.asarray(values, dtype=np.float64).tolist()]


class _BiasChart:
    """What charts of the bias have in common: the zero line and the band that counts as little."""

    def __init__(self, name: str, **options: Any) -> None:
        self.chart: Any = new_chart(
            name=name, sizing_mode="stretch_width", y_range=Range1d(-15.0, 15.0), **options
        )
        self._band = BoxAnnotation(fill_color="#a5d6a7", fill_alpha=0.25, line_alpha=0.0)
        self.chart.add_layout(self._band)
        self.chart.add_layout(Span(location=0.0, dimension="width", line_color="#90a4ae"))
        self._caption = caption()

    def _frame(self, limit: float, values: Sequence[float]) -> None:
        """Set the band [%] and the reach of the vertical axis."""
        self._band.update(bottom=-limit, top=limit)
        reach = symmetric([*values, 1.2 * limit])
        self.chart.y_range.update(start=-reach, end=reach)

    def _speak_axes(self, lang: str, below: str) -> None:
        self.chart.xaxis[0].axis_label = below
        label = with_unit(t("representativeness.axis_bias", lang), "%", lang)
        self.chart.yaxis[0].axis_label = label


class BiasCurve(_BiasChart):
    """Bias over the radius; :meth:`show` fills it, :meth:`speak` words it."""

    def __init__(self) -> None:
        super().__init__(
            "representativeness_curve",
            height=400,
            x_axis_type="log",
            x_range=Range1d(45.0, 5600.0),
        )
        self.chart.xaxis[0].ticker = FixedTicker(ticks=list(_TICKS))
        self._sources = {
            kind: ColumnDataSource({"radius": [], "bias": [], "low": [], "high": [], "size": []})
            for kind in ("disc", "square", "source_area")
        }
        self.chart.add_layout(
            Band(
                base="radius",
                lower="low",
                upper="high",
                source=self._sources["disc"],
                fill_color=MODELLED,
                fill_alpha=0.15,
                line_alpha=0.0,
            )
        )
        line = self.chart.line(
            "radius", "bias", source=self._sources["disc"], line_width=2.2, color=MODELLED
        )
        line.name = "bias_curve"
        squares = [
            self.chart.line(
                "radius",
                "bias",
                source=self._sources["square"],
                line_width=1.4,
                line_dash="dashed",
                color=COMPARED,
            ),
            self.chart.scatter(
                "radius",
                "bias",
                source=self._sources["square"],
                marker="square",
                size=7,
                color=COMPARED,
            ),
        ]
        areas = self.chart.scatter(
            "radius",
            "bias",
            source=self._sources["source_area"],
            marker="diamond",
            size=11,
            color=OBSERVED,
        )
        self._hovers = [hover_tool([item]) for item in (line, squares[1], areas)]
        self.chart.add_tools(*self._hovers)
        self._legend = Legend(
            items=[
                LegendItem(label="", renderers=list(group)) for group in ([line], squares, [areas])
            ],
            orientation="horizontal",
        )
        style_legend(self._legend)
        self.chart.add_layout(self._legend, "below")
        self.chart.add_layout(self._caption, "below")
        self._largest = Span(
            dimension="height", line_color="#2e7d32", line_width=1.6, line_dash="dotted"
        )
        self.chart.add_layout(self._largest)
        self._build_marks()

    def _build_marks(self) -> None:
        """Mark the discs that are as large as the source areas."""
        self._marks = ColumnDataSource({"x": [], "low": [], "high": [], "words": []})
        self.chart.segment(
            x0="x",
            x1="x",
            y0="low",
            y1="high",
            source=self._marks,
            line_color=OBSERVED,
            line_dash="dotdash",
            line_alpha=0.6,
            name="source_area_marks",
        )
        self.chart.add_layout(
            LabelSet(
                x="x",
                y="high",
                text="words",
                source=self._marks,
                y_offset=-13,
                x_offset=3,
                text_font=FONT,
                text_font_size="10px",
                text_color=MIDDLE,
            )
        )

    def show(
        self, table: xr.Dataset, areas: Mapping[float, float], largest: float, limit: float
    ) -> None:
        """Show a table of biases.

        Parameters
        ----------
        table
            Of :class:`fluxscape.representativeness.bias.BiasProfile`.
        areas
            Size of each source area [m2] by fraction.
        largest
            Largest representative radius [m].
        limit
            Bias within which an area is represented [1].
        """
        equal = {fraction: math.sqrt(area / math.pi) for fraction, area in areas.items()}
        sizes = {
            "disc": ("curve", table["curve_radius"].to_numpy(), table["curve_radius"].to_numpy()),
            "square": ("square", 0.5 * table["side"].to_numpy(), table["side"].to_numpy()),
            "source_area": (
                "source_area",
                np.array([equal.get(float(f), math.nan) for f in table["fraction"]]),
                100.0 * table["fraction"].to_numpy(),
            ),
        }
        shown: list[float] = []
        for kind, (prefix, radius, size) in sizes.items():
            columns = {
                end or "bias": percent(table[f"{prefix}_bias{'_' + end if end else ''}"])
                for end in ("", "low", "high")
            }
            self._sources[kind].data = {"radius": radius, "size": size, **columns}
            shown += columns["bias"]
        shown += [*self._sources["disc"].data["low"], *self._sources["disc"].data["high"]]
        self._frame(100.0 * limit, shown)
        reach = self.chart.y_range.end
        self._marks.data = {
            "x": list(equal.values()),
            "low": [-reach] * len(equal),
            "high": [reach] * len(equal),
            "words": [f"{100 * fraction:.0f} %" for fraction in equal],
        }
        self._largest.update(location=largest, visible=math.isfinite(largest) and largest > 0.0)

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word into a language."""
        self.chart.title.text, self._caption.text = title, source
        radius = t("representativeness.axis_radius", lang)
        self._speak_axes(lang, with_unit(radius, "m", lang))
        for item, kind in zip(self._legend.items, self._sources, strict=True):
            item.label = {"value": t(f"representativeness.area_{kind}", lang)}
        bias = (t("representativeness.axis_bias", lang), "@bias{0.0} %")
        span = (t("representativeness.interval", lang), "@low{0.0} – @high{0.0} %")
        sizes = (
            (t("representativeness.hover_radius", lang), "@radius{0} m"),
            (t("representativeness.hover_side", lang), "@size{0} m"),
            (t("representativeness.area_source_area", lang), "@size{0} %"),
        )
        for hover, size in zip(self._hovers, sizes, strict=True):
            hover.tooltips = [size, bias, span]
        describe(self.chart, title)


class MonthlyBias(_BiasChart):
    """Bars of the bias by month with bootstrap intervals."""

    def __init__(self) -> None:
        super().__init__("representativeness_months", height=300, x_range=Range1d(0.4, 12.6))
        self._source = ColumnDataSource(
            {"month": [], "bias": [], "low": [], "high": [], "word": [], "mean": []}
        )
        bars = self.chart.vbar(
            x="month", top="bias", width=0.7, source=self._source, color=MODELLED, fill_alpha=0.75
        )
        whisker = Whisker(
            base="month", lower="low", upper="high", source=self._source, line_color=OBSERVED
        )
        whisker.upper_head.size = whisker.lower_head.size = 8
        whisker.upper_head.line_color = whisker.lower_head.line_color = OBSERVED
        self.chart.add_layout(whisker)
        self._hover = hover_tool([bars])
        self.chart.add_tools(self._hover)
        self.chart.xaxis[0].ticker = FixedTicker(ticks=list(range(1, 13)))
        self.chart.xgrid.grid_line_color = None
        self.chart.add_layout(self._caption, "below")

    def show(self, months: xr.Dataset | None, limit: float) -> None:
        """Show the bias of each month, ``bias``, ``low`` and ``high`` [1]."""
        if months is None:
            self._source.data = {name: [] for name in self._source.data}
            return
        columns = {name: percent(months[name]) for name in ("bias", "low", "high")}
        number = months["month"].to_numpy()
        self._source.data = {
            "month": number,
            "word": [str(one) for one in number],
            "mean": months["footprint_mean"].to_numpy(),
            **columns,
        }
        self._frame(100.0 * limit, [value for column in columns.values() for value in column])

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word into a language."""
        self.chart.title.text, self._caption.text = title, source
        self._speak_axes(lang, t("representativeness.axis_month", lang))
        names = {month: t(f"work.month_{month}", lang) for month in range(1, 13)}
        self.chart.xaxis[0].major_label_overrides = names
        known = [int(one) for one in self._source.data["month"]]
        self._source.patch({"word": [(i, names[month]) for i, month in enumerate(known)]})
        self._hover.tooltips = [
            (t("representativeness.axis_month", lang), "@word"),
            (t("representativeness.axis_bias", lang), "@bias{0.0} %"),
            (t("representativeness.interval", lang), "@low{0.0} – @high{0.0} %"),
            (t("representativeness.footprint_mean", lang), "@mean{0.000}"),
        ]
        describe(self.chart, title)
