"""The footprint over the map: raster, source areas, map layer, distances and scale.

The chart lives in Web Mercator; its axes and its scale bar count true metres from the tower.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from bokeh.models import (
    ColumnDataSource,
    Legend,
    LegendItem,
    LinearColorMapper,
    LogColorMapper,
    Range1d,
)
from bokeh.palettes import interp_palette

from fluxscape_dashboard.state_footprint import FRACTIONS
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import (
    INK,
    caption,
    colour_bar,
    describe,
    hover_tool,
    new_chart,
    style_legend,
    with_unit,
)
from fluxscape_dashboard.views.footprint_scene import (
    MapCells,
    Scene,
    block_mean,
    nice_ceiling,
)
from fluxscape_dashboard.views.local_frame import LocalFrame
from fluxscape_dashboard.views.metric_axes import add_metric_axes, frame_source, metre_formatters

DECADES: Final = 4
"""Orders of magnitude below the top of the colours that the logarithmic scale shows."""

MOST_CELLS: Final = 500
"""Cells along one side of the picture; finer grids are averaged in blocks for the screen."""

HEIGHT: Final = 540
"""Of a map that stands alone [pixel]."""

_LINES: Final[dict[float, tuple[Any, float]]] = {
    0.5: ("solid", 2.0),
    0.6: ("dotted", 1.0),
    0.7: ("dotdash", 1.0),
    0.8: ("dashed", 1.8),
    0.9: ([10, 4], 1.2),
}
"""Dash and width of the outline of each share of the flux."""

# From nearly clear to opaque, light to dark: the map below stays readable where little flux
# comes from, and the order survives colour blindness and grey print.
_STOPS: Final = ("#fff7bc22", "#fec44f99", "#ec7014cc", "#b3284ae6", "#5b1a6ef2", "#1d0d3fff")


def new_map(name: str, beside: FootprintMap | None) -> Any:
    """Return an empty map, with the axes of another one if it stands beside it."""
    ranges = (
        {"x_range": Range1d(-1.0, 1.0), "y_range": Range1d(-1.0, 1.0)}
        if beside is None
        else {"x_range": beside.chart.x_range, "y_range": beside.chart.y_range}
    )
    return new_chart(
        name=name,
        height=HEIGHT,
        sizing_mode="stretch_width",
        background_fill_color="#f4f6f7",
        **ranges,
    )


class FootprintMap:
    """The chart; :meth:`show` fills it, :meth:`speak` words it, :meth:`scale` colours it.

    Parameters
    ----------
    name
        Name of the figure.
    beside
        A map whose axes this one shares: a zoom of one is a zoom of both.
    """

    def __init__(self, name: str = "footprint_map", *, beside: FootprintMap | None = None) -> None:
        self.frame: ColumnDataSource = frame_source() if beside is None else beside.frame
        self._leads, self._narrow = beside is None, False
        self.chart = new_map(name, beside)
        self._build_cells()
        self._build_raster()
        self._build_rings()
        self._build_tower()
        self._build_axes()
        self._caption = caption()
        self.chart.add_layout(self._caption, "below")

    # ------------------------------------------------------------------ building
    def _build_cells(self) -> None:
        names = ("left", "right", "bottom", "top", "colour", "word", "group")
        self._cells = ColumnDataSource({name: [] for name in names})
        self._cell_glyphs = self.chart.quad(
            left="left",
            right="right",
            bottom="bottom",
            top="top",
            fill_color="colour",
            fill_alpha=0.75,
            line_color="white",
            line_width=0.6,
            source=self._cells,
            name="map_layer",
        )
        self._layer_legend = Legend(
            items=[LegendItem(label={"field": "group"}, renderers=[self._cell_glyphs])],
            orientation="horizontal",
            ncols=3,
        )
        style_legend(self._layer_legend)
        self._layer_legend.click_policy = "none"
        # Below the map, not over it: the page's theme takes legends their background.
        self.chart.add_layout(self._layer_legend, "below")

    def _build_raster(self) -> None:
        palette = list(interp_palette(_STOPS, 256))
        self._log = LogColorMapper(palette=palette, low=1e-9, high=1e-4, low_color="#00000000")
        self._linear = LinearColorMapper(palette=palette, low=0.0, high=1e-4)
        self._edge = ColumnDataSource({"x": [], "y": [], "dw": [], "dh": []})
        self._raster = ColumnDataSource({"image": [], "x": [], "y": [], "dw": [], "dh": []})
        self._image = self.chart.image(
            image="image",
            x="x",
            y="y",
            dw="dw",
            dh="dh",
            color_mapper=self._log,
            source=self._raster,
            name="footprint_raster",
        )
        self._bar = colour_bar(self._log, width=12)
        self.chart.add_layout(self._bar, "right")
        self.chart.rect(
            x="x",
            y="y",
            width="dw",
            height="dh",
            source=self._edge,
            fill_alpha=0.0,
            line_color=INK,
            line_dash="dotted",
            name="grid_edge",
        )

    def _build_rings(self) -> None:
        self._rings: dict[float, Any] = {}
        items = []
        for fraction in FRACTIONS:
            dash, width = _LINES[fraction]
            source = ColumnDataSource({"xs": [], "ys": []})
            halo = self.chart.multi_line(
                "xs", "ys", source=source, line_color="white", line_width=2 * width, line_alpha=0.7
            )
            line = self.chart.multi_line(
                "xs",
                "ys",
                source=source,
                line_color="#111111",
                line_width=width,
                line_dash=dash,
                name=f"contour_{round(100 * fraction)}",
            )
            self._rings[fraction] = source
            items.append(LegendItem(label="", renderers=[halo, line]))
        self._legend = Legend(items=items, orientation="horizontal")
        style_legend(self._legend)
        self.chart.add_layout(self._legend, "below")

    def _build_tower(self) -> None:
        self._tower = ColumnDataSource({"x": [], "y": []})
        tower = self.chart.scatter(
            "x",
            "y",
            source=self._tower,
            marker="triangle",
            size=12,
            fill_color="#00e5ff",
            line_color="#003b46",
            line_width=1.5,
            name="tower",
        )
        self._doubt = ColumnDataSource({"x": [], "y": [], "width": [], "height": []})
        doubt = self.chart.ellipse(
            "x",
            "y",
            "width",
            "height",
            source=self._doubt,
            fill_alpha=0.0,
            line_color="#c2185b",
            line_dash="dotted",
            line_width=2,
            name="precision",
        )
        self._legend.items.append(LegendItem(label="", renderers=[tower]))
        self._legend.items.append(LegendItem(label="", renderers=[doubt], visible=False))

    def _build_axes(self) -> None:
        add_metric_axes(self.chart, self.frame, leads=self._leads)
        formatters = metre_formatters(self.frame) | {"@image": "printf"}
        self._hover = hover_tool([self._image], formatters=formatters)
        self._cell_hover = hover_tool([self._cell_glyphs], attachment="below")
        self.chart.add_tools(self._hover, self._cell_hover)

    # ------------------------------------------------------------------ updating
    def show(self, scene: Scene, *, log: bool, top: float | None = None) -> None:
        """Put a scene into the chart; ``top`` [m-2] is where its colours end, if not its own."""
        frame, half = scene.frame, scene.half_width
        self._cells.data = _cell_columns(scene.cells)
        picture = block_mean(scene.density, MOST_CELLS).astype(np.float32)
        self._raster.data = {
            "image": [picture],
            "x": [frame.x - half * frame.x_scale],
            "y": [frame.y - half * frame.y_scale],
            "dw": [2 * half * frame.x_scale],
            "dh": [2 * half * frame.y_scale],
        }
        self._edge.data = {
            "x": [frame.x],
            "y": [frame.y],
            "dw": [2 * half * frame.x_scale],
            "dh": [2 * half * frame.y_scale],
        }
        for fraction, source in self._rings.items():
            rings = scene.rings.get(fraction, ())
            source.data = {
                "xs": [frame.map_x(ring[:, 0]).tolist() for ring in rings],
                "ys": [frame.map_y(ring[:, 1]).tolist() for ring in rings],
            }
        self._tower.data = {"x": [frame.x], "y": [frame.y]}
        self._show_doubt(scene)
        end = colour_top(scene) if top is None else top
        self._log.update(low=end / 10**DECADES, high=end)
        self._linear.update(low=0.0, high=end)
        self.scale(log=log)
        if self._leads:
            self._move(frame, half)

    def _move(self, frame: LocalFrame, half: float) -> None:
        """Look at a place."""
        position = {
            "x": [frame.x],
            "y": [frame.y],
            "x_scale": [frame.x_scale],
            "y_scale": [frame.y_scale],
            "half": [half],
        }
        if position != {key: list(value) for key, value in self.frame.data.items()}:
            self.frame.data = position

    def _show_doubt(self, scene: Scene) -> None:
        frame, radius = scene.frame, scene.precision
        known = math.isfinite(radius) and radius > 50.0
        self._doubt.data = (
            {
                "x": [frame.x],
                "y": [frame.y],
                "width": [2 * radius * frame.x_scale],
                "height": [2 * radius * frame.y_scale],
            }
            if known
            else {"x": [], "y": [], "width": [], "height": []}
        )
        self._legend.items[-1].visible = known

    def show_cells(self, cells: MapCells) -> None:
        """Change the map layer below the footprint."""
        self._cells.data = _cell_columns(cells)

    def arrange(self, *, height: int, border: int) -> None:
        """Set the height [pixel], and the least room below, with which maps align."""
        self.chart.update(height=height, **borders(border))
        self._narrow = border > 0
        self._layer_legend.ncols = 1 if self._narrow else 3
        self._legend.ncols = 3 if self._narrow else "auto"

    def scale(self, *, log: bool) -> None:
        """Colour the raster on a logarithmic or a linear scale."""
        mapper = self._log if log else self._linear
        self._image.glyph.color_mapper = mapper
        self._bar.color_mapper = mapper

    def speak(self, lang: str, *, title: str, source: str) -> None:
        """Put every word of the chart into a language."""
        self.chart.title.text = title
        self._caption.text = source
        self.chart.xaxis[0].axis_label = with_unit(t("footprint.axis_east", lang), "m", lang)
        self.chart.yaxis[0].axis_label = with_unit(t("footprint.axis_north", lang), "m", lang)
        self._bar.title = "m⁻²"
        for item, fraction in zip(self._legend.items, FRACTIONS, strict=False):
            percent = round(100 * fraction)
            key = "legend_share_short" if self._narrow else "legend_share"
            item.label = {"value": t(f"footprint.{key}", lang, percent=percent)}
        self._legend.items[len(FRACTIONS)].label = {"value": t("footprint.legend_tower", lang)}
        self._legend.items[-1].label = {"value": t("footprint.legend_precision", lang)}
        self._hover.tooltips = [
            (t("footprint.hover_density", lang), "@image{%.2e} m⁻²"),
            (t("footprint.hover_east", lang), "$x{custom} m"),
            (t("footprint.hover_north", lang), "$y{custom} m"),
        ]
        self._cell_hover.tooltips = [(t("footprint.hover_layer", lang), "@word")]
        describe(self.chart, title)


def borders(below: int) -> dict[str, int | None]:
    """Return the least room around the frame [pixel] with which maps of one size align."""
    if not below:
        return {"min_border_left": None, "min_border_right": None, "min_border_bottom": None}
    return {"min_border_left": 78, "min_border_right": 108, "min_border_bottom": below}


def colour_top(*scenes: Scene) -> float:
    """Return a round density [m-2] at which the colours of all these scenes may end."""
    tops = [np.nanmax(block_mean(scene.density, MOST_CELLS), initial=0.0) for scene in scenes]
    return nice_ceiling(float(max(tops)) or 1e-6)


def _cell_columns(cells: MapCells) -> dict[str, Any]:
    return {
        "left": cells.left,
        "right": cells.right,
        "bottom": cells.bottom,
        "top": cells.top,
        "colour": list(cells.colours),
        "word": list(cells.words),
        "group": list(cells.groups),
    }
