"""Temperature and water of the soil over depth and time, a colour a day and layer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, FixedTicker, LinearColorMapper, Range1d
from bokeh.palettes import Viridis256

from fluxscape.constants import ZERO_CELSIUS
from fluxscape.dlm import LAYER_THICKNESS
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    MIDDLE,
    colour_bar,
    describe,
    hover_tool,
    new_chart,
    pretty_unit,
    with_unit,
)
from fluxscape_dashboard.views.model import DATES

DAY_MS: Final = 86_400_000.0

_KINDS: Final = {
    # Variable: unit on the screen, what is added to the model's unit, fixed colour limits.
    "soil_temperature": ("degC", -ZERO_CELSIUS, (-20.0, 35.0)),
    "soil_water_content": ("m3 m-3", 0.0, (0.0, 0.6)),
}


def _blue_to_red() -> list[str]:
    """Return colours from blue over near white to red, zero degrees lying near the middle."""
    anchors = np.array(
        [(5, 48, 97), (67, 147, 195), (235, 240, 243), (244, 165, 130), (103, 0, 31)]
    )
    at = np.linspace(0.0, 1.0, len(anchors))
    places = np.linspace(0.0, 1.0, 256)
    colours = np.stack([np.interp(places, at, column) for column in anchors.T], axis=1)
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in colours.round().astype(int)]


_PALETTES: Final[dict[str, Any]] = {
    "soil_temperature": _blue_to_red(),
    "soil_water_content": tuple(reversed(Viridis256)),
}


def layer_names() -> list[str]:
    """Return the depths of the layers in centimetres, from the top."""
    edges = np.concatenate([[0.0], np.cumsum(LAYER_THICKNESS)])
    # An en dash, as between numbers in print.
    return [f"{100 * top:.0f}\u2013{100 * low:.0f}" for top, low in pairwise(edges)]


class ProfileCharts:
    """One chart of temperature and one of water; layers are drawn equally tall."""

    def __init__(self) -> None:
        self._sources = {name: ColumnDataSource(_empty()) for name in _KINDS}
        self._bars: dict[str, Any] = {}
        self._hovers: dict[str, Any] = {}
        shared: Any = None
        self.charts: dict[str, Any] = {}
        for name in _KINDS:
            self.charts[name] = self._chart(name, shared)
            shared = self.charts[name].x_range

    def _chart(self, name: str, x_range: Any) -> Any:
        names = layer_names()
        options = {} if x_range is None else {"x_range": x_range}
        chart = new_chart(
            name=f"profile_{name}",
            height=290,
            sizing_mode="stretch_width",
            min_width=300,
            min_border_left=66,
            x_axis_type="datetime",
            y_range=Range1d(len(names), 0),
            **options,
        )
        chart.xaxis[0].formatter = DATES.clone()
        chart.xaxis[0].ticker.desired_num_ticks = 5
        chart.yaxis[0].ticker = FixedTicker(ticks=[i + 0.5 for i in range(len(names))])
        chart.yaxis[0].major_label_overrides = {i + 0.5: word for i, word in enumerate(names)}
        chart.grid.visible = False
        if x_range is None:
            chart.x_range.range_padding = 0.0
        low, high = _KINDS[name][2]
        mapper = LinearColorMapper(
            palette=_PALETTES[name], low=low, high=high, nan_color="rgba(128, 128, 128, 0.3)"
        )
        picture = chart.image(
            "image",
            x="x",
            y="y",
            dw="dw",
            dh="dh",
            source=self._sources[name],
            color_mapper=mapper,
            name=name,
        )
        self._bars[name] = colour_bar(
            mapper, colour=MIDDLE, width=10, padding=4, background_fill_alpha=0.0
        )
        chart.add_layout(self._bars[name], "right")
        self._hovers[name] = hover_tool([picture])
        chart.add_tools(self._hovers[name])
        return chart

    def show(self, profile: xr.Dataset | None) -> None:
        """Draw daily means on (day, layer); nothing for a model without soil."""
        for name, source in self._sources.items():
            if profile is None or not profile.sizes["day"]:
                source.data = _empty()
                continue
            days = profile["day"].to_numpy().astype("datetime64[D]")
            first, last = days[0], days[-1]
            # Days that a chosen part of the year leaves out stay empty.
            values = np.full((int((last - first).astype(int)) + 1, profile.sizes["layer"]), np.nan)
            values[(days - first).astype(int)] = profile[name].to_numpy() + _KINDS[name][1]
            source.data = {
                "image": [np.ascontiguousarray(values.T.astype(np.float32))],
                "x": [first.astype("datetime64[ms]").astype(float)],
                "y": [0.0],
                "dw": [values.shape[0] * DAY_MS],
                "dh": [float(values.shape[1])],
            }

    def speak(self, lang: str) -> None:
        """Put every word into a language."""
        for name, chart in self.charts.items():
            unit = _KINDS[name][0]
            words = t(f"work.variable_{name}", lang)
            chart.title.text = t("model.profile_title", lang, name=words)
            chart.yaxis[0].axis_label = with_unit(t("model.axis_depth", lang), "cm", lang)
            chart.xaxis[0].axis_label = t("model.axis_day", lang)
            self._bars[name].title = pretty_unit(unit)
            self._hovers[name].tooltips = [
                (t("model.axis_day", lang), "$x{%F}"),
                (words, f"@image{{0.00}} {pretty_unit(unit)}"),
            ]
            self._hovers[name].formatters = {"$x": "datetime"}
            describe(chart, chart.title.text)


def _empty() -> dict[str, list[Any]]:
    return {"image": [], "x": [], "y": [], "dw": [], "dh": []}
