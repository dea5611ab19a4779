"""The difference of two footprints: where one model sees more of the ground than the other.

Colours are symmetric about zero. On the logarithmic scale a difference keeps its sign and shows
the decades of its size; what is smaller than the least decade counts as none.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from bokeh.models import (
    ColumnDataSource,
    CustomJSTickFormatter,
    FixedTicker,
    Legend,
    LegendItem,
    LinearColorMapper,
)
from bokeh.palettes import interp_palette

from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    colour_bar,
    describe,
    hover_tool,
    power_of_ten,
    scientific,
    style_legend,
    with_unit,
)
from fluxscape_dashboard.views.footprint import MOST_CELLS, FootprintMap, borders, new_map
from fluxscape_dashboard.views.footprint_scene import Scene, block_mean, nice_ceiling
from fluxscape_dashboard.views.metric_axes import add_metric_axes, metre_formatters

DECADES: Final = 3
"""Orders of magnitude of a difference that the logarithmic scale shows on either side."""

OUTLINED: Final = (0.5, 0.8)
"""Shares of the flux whose source areas are outlined, of both models."""

FIRST: Final = "#b2182b"
SECOND: Final = "#2166ac"
"""Ink of the outlines of the two models, that of the side of the colours where each has more."""

_STOPS: Final = ("#0b3c6e", "#2f7fb5", "#a9cfe3", "#f4f6f7", "#f0c2a5", "#c9603f", "#6b0f12")


_LABEL: Final = """
const near = 1e-12 + 1e-6 * Math.abs(tick)
const at = labels.data.tick.findIndex((place) => Math.abs(place - tick) < near)
return at < 0 ? '' : labels.data.label[at]
"""


class DifferenceMap:
    """The chart; :meth:`show` fills it, :meth:`speak` words it, :meth:`scale` colours it.

    Parameters
    ----------
    beside
        The map whose axes it shares.
    """

    def __init__(self, beside: FootprintMap) -> None:
        self._frame = beside.frame
        self._raw: npt.NDArray[np.float64] = np.zeros((1, 1))
        self._box: dict[str, list[float]] = {}
        self.chart = new_map("footprint_difference", beside)
        self._mapper = LinearColorMapper(
            palette=list(interp_palette(_STOPS, 255)), low=-1.0, high=1.0
        )
        self._raster = ColumnDataSource(
            {name: [] for name in ("image", "difference", "x", "y", "dw", "dh")}
        )
        image = self.chart.image(
            image="image",
            x="x",
            y="y",
            dw="dw",
            dh="dh",
            color_mapper=self._mapper,
            source=self._raster,
            name="difference_raster",
        )
        # The bar keeps the ticker and the formatter that it was made with: these change within.
        self._ticker = FixedTicker(ticks=[0.0])
        self._labels = ColumnDataSource({"tick": [0.0], "label": ["0"]})
        bar = colour_bar(
            self._mapper,
            ticker=self._ticker,
            formatter=CustomJSTickFormatter(args={"labels": self._labels}, code=_LABEL),
            width=12,
            title="m⁻²",
        )
        self.chart.add_layout(bar, "right")
        self._outlines = [self._outline(ink) for ink in (FIRST, SECOND)]
        self._tower = ColumnDataSource({"x": [], "y": []})
        self.chart.scatter(
            "x",
            "y",
            source=self._tower,
            marker="triangle",
            size=12,
            fill_color="#00e5ff",
            line_color="#003b46",
            line_width=1.5,
        )
        self._legend = Legend(
            items=[LegendItem(label="", renderers=[line]) for _, line in self._outlines],
            orientation="horizontal",
            ncols=1,
        )
        style_legend(self._legend)
        self.chart.add_layout(self._legend, "below")
        add_metric_axes(self.chart, self._frame, leads=False)
        formatters = metre_formatters(self._frame) | {"@difference": "printf"}
        self._hover = hover_tool([image], formatters=formatters)
        self.chart.add_tools(self._hover)

    def _outline(self, ink: str) -> tuple[ColumnDataSource, Any]:
        source = ColumnDataSource({"xs": [], "ys": []})
        dash = "solid" if ink == FIRST else "dashed"
        line = self.chart.multi_line(
            "xs", "ys", source=source, line_color=ink, line_width=1.6, line_dash=dash
        )
        return source, line

    def show(self, first: Scene, second: Scene, *, log: bool) -> None:
        """Show the first scene's density less the second's; both on one grid."""
        frame, half = first.frame, first.half_width
        self._raw = block_mean(first.density - second.density, MOST_CELLS)
        self._box = {
            "x": [frame.x - half * frame.x_scale],
            "y": [frame.y - half * frame.y_scale],
            "dw": [2 * half * frame.x_scale],
            "dh": [2 * half * frame.y_scale],
        }
        for (source, _), scene in zip(self._outlines, (first, second), strict=True):
            rings = [ring for share in OUTLINED for ring in scene.rings.get(share, ())]
            source.data = {
                "xs": [frame.map_x(ring[:, 0]).tolist() for ring in rings],
                "ys": [frame.map_y(ring[:, 1]).tolist() for ring in rings],
            }
        self._tower.data = {"x": [frame.x], "y": [frame.y]}
        self.scale(log=log)

    def scale(self, *, log: bool) -> None:
        """Colour the difference on a logarithmic or a linear scale."""
        if not self._box:
            return
        top = nice_ceiling(float(np.nanmax(np.abs(self._raw))) or 1e-9)
        picture = signed_decades(self._raw, top) if log else self._raw
        end = float(DECADES) if log else top
        self._mapper.update(low=-end, high=end)
        ticks, labels = decade_ticks(top) if log else linear_ticks(top)
        self._labels.data = {"tick": ticks, "label": labels}
        self._ticker.ticks = ticks
        self._raster.data = {
            "image": [picture.astype(np.float32)],
            "difference": [self._raw.astype(np.float32)],
            **self._box,
        }

    def arrange(self, *, height: int, border: int) -> None:
        """Set the height [pixel], and the least room below, with which maps align."""
        self.chart.update(height=height, **borders(border))

    def speak(self, lang: str, *, title: str, models: tuple[str, str]) -> None:
        """Put every word into a language; ``models`` are the names of the two."""
        self.chart.title.text = title
        self.chart.xaxis[0].axis_label = with_unit(t("footprint.axis_east", lang), "m", lang)
        self.chart.yaxis[0].axis_label = with_unit(t("footprint.axis_north", lang), "m", lang)
        keys = ("legend_outlines_first", "legend_outlines_second")
        for item, key, model in zip(self._legend.items, keys, models, strict=True):
            item.label = {"value": t(f"footprint.{key}", lang, model=model)}
        self._hover.tooltips = [
            (t("footprint.hover_difference", lang), "@difference{%.2e} m⁻²"),
            (t("footprint.hover_east", lang), "$x{custom} m"),
            (t("footprint.hover_north", lang), "$y{custom} m"),
        ]
        describe(self.chart, title)


def signed_decades(values: npt.NDArray[np.float64], top: float) -> npt.NDArray[np.float64]:
    """Return sign and decades above ``top`` / 10^DECADES; what is smaller becomes zero.

    >>> signed_decades(np.array([1e-5, -1e-7, 1e-9]), 1e-5).tolist()
    [3.0, -1.0, 0.0]
    """
    with np.errstate(divide="ignore"):
        decades = np.log10(np.abs(values) / top) + DECADES
    return np.sign(values) * np.maximum(np.round(decades, 9), 0.0)


def decade_ticks(top: float) -> tuple[list[float], list[str]]:
    """Return places and words of the powers of ten on the logarithmic scale, and of zero.

    >>> decade_ticks(2e-5)[1]
    ['−10⁻⁵', '−10⁻⁶', '−10⁻⁷', '0', '10⁻⁷', '10⁻⁶', '10⁻⁵']
    """
    highest = math.floor(math.log10(top) + 1e-9)
    powers = [10.0**exponent for exponent in range(highest - DECADES + 1, highest + 1)]
    places = signed_decades(np.array(powers), top).tolist()
    words = [power_of_ten(power) for power in powers]
    below = [-place for place in reversed(places)]
    return [*below, 0.0, *places], [*(f"−{w}" for w in reversed(words)), "0", *words]


def linear_ticks(top: float) -> tuple[list[float], list[str]]:
    """Return places and words of five ticks on the linear scale."""
    ticks = [top * part for part in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    return ticks, [scientific(tick).replace("-", "−") if tick else "0" for tick in ticks]
