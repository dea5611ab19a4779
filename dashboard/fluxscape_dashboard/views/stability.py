"""The stability of the air through the day: share of records by hour and class."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.models import ColumnDataSource, Legend, LegendItem

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    caption,
    describe,
    hover_tool,
    new_chart,
    style_legend,
    with_unit,
)
from fluxscape_dashboard.work.stability import STABILITY_LIMITS

COLOURS: Final = ("#b2182b", "#f4a582", "#d9d9d9", "#92c5de", "#2166ac")
"""From very unstable to very stable."""

_CLASSES: Final = ("very_unstable", "unstable", "neutral", "stable", "very_stable")


class StabilityChart:
    """The chart; :meth:`show` fills it, :meth:`speak` words it."""

    def __init__(self) -> None:
        self.chart: Any = new_chart(
            name="stability",
            height=340,
            sizing_mode="stretch_width",
            x_range=(-0.6, 23.6),
            y_range=(0.0, 100.0),
        )
        self._source = ColumnDataSource({name: [] for name in ("hour", "records", *_CLASSES)})
        self._bars = self.chart.vbar_stack(
            list(_CLASSES),
            x="hour",
            width=0.9,
            color=list(COLOURS),
            line_color="white",
            line_width=0.5,
            source=self._source,
        )
        self.chart.xaxis[0].ticker = list(range(0, 24, 3))
        self._legend = Legend(
            items=[LegendItem(label="", renderers=[bar]) for bar in self._bars],
            orientation="horizontal",
            ncols=2,
        )
        style_legend(self._legend)
        self.chart.add_layout(self._legend, "below")
        self._hovers = [hover_tool([bar]) for bar in self._bars]
        self.chart.add_tools(*self._hovers)
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")

    def show(self, shares: npt.NDArray[np.float64]) -> None:
        """Show the shares of all records [1], shape (24, classes), as parts of each hour."""
        whole = shares.sum(axis=1, keepdims=True)
        parts = 100.0 * np.divide(shares, whole, out=np.zeros_like(shares), where=whole > 0.0)
        self._source.data = {
            "hour": list(range(24)),
            "records": (100.0 * whole[:, 0]).tolist(),
            **{name: parts[:, i].tolist() for i, name in enumerate(_CLASSES)},
        }

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word into a language."""
        self.chart.title.text = title
        self._caption.text = source
        self.chart.xaxis[0].axis_label = with_unit(t("footprint.axis_hour", lang), "h", lang)
        self.chart.yaxis[0].axis_label = with_unit(t("footprint.axis_share", lang), "%", lang)
        rows = zip(self._legend.items, self._hovers, _CLASSES, class_labels(lang), strict=True)
        for item, hover, name, words in rows:
            item.label = {"value": words}
            hover.tooltips = [
                (t("footprint.axis_hour", lang), "@hour"),
                (words, f"@{name}{{0.0}} %"),
            ]
        describe(self.chart, title)


def class_labels(lang: str) -> list[str]:
    """Return the names of the classes with their limits."""
    labels: list[str] = []
    for name, (low, high) in zip(_CLASSES, pairwise(STABILITY_LIMITS), strict=True):
        words = t(f"footprint.stability_{name}", lang)
        if math.isinf(low):
            limits = f"< {high:g}"
        elif math.isinf(high):
            limits = f"> {low:g}"
        else:
            limits = f"{low:g} … {high:g}"
        labels.append(f"{words} ({limits})".replace("-", "−"))
    return labels
