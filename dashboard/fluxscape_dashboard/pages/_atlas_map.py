"""The map of the Atlas page: layers over the base map that follow the state and the view."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import holoviews as hv
import panel as pn
import param
from bokeh.events import Tap
from bokeh.models import ColorBar, ResetTool, SaveTool

from fluxscape_dashboard import maps
from fluxscape_dashboard.pages._atlas_swipe import LEFT, RIGHT, Swipe
from fluxscape_dashboard.pages._atlas_words import (
    bar_title,
    layer_words,
    map_title,
    value_words,
)
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views import atlas as view
from fluxscape_dashboard.views.atlas_product import NationalProduct

NATIONAL_VIEW: Final = (
    (maps.NATIONAL.west + maps.NATIONAL.east) / 2,
    36.4,
    maps.NATIONAL.east - maps.NATIONAL.west,
)
"""Centre and width [degrees] of the map before its frame is known."""

_FRAME: Final = (900, 620)
"""Pixels of the frame before the browser has told them."""

_MARGIN: Final = 1.25
"""Window read over window seen: the browser tells width and height of its frame one after the
other, and a pan should not meet bare edges at once."""

MOVING: Final = ("raster", "second", "hatching")
"""Layers that are read anew when the view moves."""

_KEPT_OF_AXES: Final = ("ticker", "formatter", "axis_label")


class _Turn(hv.streams.Stream):
    """Asks a layer to draw itself again."""

    turn = param.Integer(default=0)


class AtlasMap:
    """The map; the page tells it what has changed.

    Parameters
    ----------
    page
        The page, for its state and language.
    product
        The national product.
    on_tap
        Called with x and y [m in Web Mercator] of a tap.
    """

    def __init__(
        self, page: PageView, product: NationalProduct, on_tap: Callable[[float, float], None]
    ) -> None:
        self.state = page.state
        self.product = product
        self.chart: Any = None
        self._on_tap = on_tap
        self._view: maps.View = self.state.map_view or NATIONAL_VIEW
        self._map_view: maps.MapView | None = None
        self._bars: dict[str, Any] = {}
        self._axes: list[dict[str, Any]] = []
        self.swipe = Swipe(page)
        self._two = False
        layers = {
            "raster": self._raster,
            "second": self._second,
            "hatching": self._hatching,
            "pixel": self._pixel,
            "region": self._region,
        }
        self._turns = {name: _Turn() for name in layers}
        self.region: Any = None
        self.save = SaveTool(filename="fluxscape_atlas_map.png")
        self._attach: list[Callable[[Any], None]] = [self.swipe.attach]
        drawn = [
            hv.DynamicMap(layer, streams=[self._turns[name]]) for name, layer in layers.items()
        ]
        self.figure = view.overlay(view.no_data(product), *drawn, hooks=[self._dress])
        self.pane = pn.pane.HoloViews(self.figure, sizing_mode="stretch_both", margin=0)

    # ------------------------------------------------------------------ what the page asks for
    def redraw(self, *names: str) -> None:
        """Draw some layers again: ``raster``, ``second``, ``hatching``, ``pixel``, ``region``."""
        for name in names:
            if name == "second" and not (self.swipe.on or self._two):
                # Nothing there, and nothing to take away.
                continue
            stream = self._turns[name]
            stream.event(turn=stream.turn + 1)
        if "raster" in names:
            self.speak()

    def speak(self) -> None:
        """Word tools and title."""
        if self.chart is None:
            return
        state = self.state
        title = map_title(state, self.product)
        maps.set_language(
            self.chart, state.lang, label=t("atlas.map_label", state.lang, title=title)
        )
        self.chart.title.text = title
        left, right = (layer_words(state, self.product, side) for side in ("first", "second"))
        self.swipe.speak(left, right, t("atlas.swipe", state.lang))

    def on_chart(self, attach: Callable[[Any], None]) -> None:
        """Call a function with the figure when it is made."""
        self._attach.append(attach)

    def show_view(self, seen: maps.View | None) -> None:
        """Show a view that the state asks for."""
        self._view = seen or NATIONAL_VIEW
        if self._map_view is not None:
            self._map_view.show(seen)
        self.redraw(*MOVING)

    def seen(self) -> view.Window:
        """Return what the frame shows."""
        chart = self.chart
        if chart is None or not (chart.inner_width and chart.inner_height):
            return view.Window.around(self._view, *_FRAME)
        x, y = chart.x_range, chart.y_range
        width, height = int(chart.inner_width), int(chart.inner_height)
        return view.Window((x.start, x.end), (y.start, y.end), width, height)

    def window(self) -> view.Window:
        """Return what is in view and a margin around it, for drawing."""
        # Not from the ranges: the browser tells them only after it has fitted a new view.
        now = self.seen()
        longitude, latitude, degrees = self._view
        wide, high = round(now.width * _MARGIN), round(now.height * _MARGIN)
        return view.Window.around((longitude, latitude, degrees * _MARGIN), wide, high)

    # ------------------------------------------------------------------ layers
    def _raster(self, turn: int) -> Any:
        del turn
        state, product = self.state, self.product
        return self._image(state.at_layer, product.nearest_year(state.at_year), self._dress_raster)

    def _second(self, turn: int) -> Any:
        del turn
        state = self.state
        self._two = self.swipe.on
        if not self._two:
            return view.empty_raster().opts(hooks=[view.below_borders])
        year = self.product.nearest_year(state.at_second_year)
        return self._image(state.at_second, year, self._dress_second)

    def _image(self, layer: str, year: int, hook: Callable[[Any, Any], None]) -> Any:
        """Return one of the two rasters."""
        state, product = self.state, self.product
        style = product.style(state.at_variable, layer, state.at_test, state.at_stretch)
        image = view.raster(product, style, year, self.window())
        words = value_words(state, product, layer, year)
        hover = view.raster_hover(style, words, int(words["digits"]))
        options = view.raster_options(style, state.at_opacity, state.at_colours)
        return image.opts(**options, tools=[hover], hooks=[view.below_borders, hook])

    def _hatching(self, turn: int) -> Any:
        del turn
        state = self.state
        wanted = state.at_hatch and state.at_layer == "trend" and not self.swipe.on
        threshold = state.at_level
        if wanted and state.at_field:
            found = self.product.field(state.at_variable, state.at_test, state.at_level)
            # The largest p-value that counts is significant itself.
            threshold = math.nextafter(found.threshold, 1.0)
        return view.hatching(
            self.product,
            state.at_variable,
            state.at_test,
            threshold,
            self.window() if wanted else None,
        )

    def _pixel(self, turn: int) -> Any:
        del turn
        return view.chosen_pixel(self.product, self.state.at_point)

    def _region(self, turn: int) -> Any:
        del turn
        return view.region_outline(self.region)

    # ------------------------------------------------------------------ the figure
    def _dress_raster(self, plot: Any, element: Any) -> None:
        """Put the colour bar beside the map; it follows the colours of the raster."""
        del element
        self.swipe.take(LEFT, plot)
        self._dress_bar(plot, self.state.at_layer, LEFT)

    def _dress_second(self, plot: Any, element: Any) -> None:
        """Put the second colour bar below the first where its colours are others."""
        del element
        self.swipe.take(RIGHT, plot)
        self._dress_bar(plot, self.state.at_second, RIGHT)

    def _dress_bar(self, plot: Any, layer: str, side: str) -> None:
        """Word the colour bar of one raster, made anew where its colours are."""
        mapper = plot.handles["color_mapper"]
        bar = self._bars.get(side)
        if bar is None or bar.color_mapper is not mapper:
            bar = self._bars[side] = view.colour_bar(mapper)
        state = self.state
        style = self.product.style(state.at_variable, layer, state.at_test, state.at_stretch)
        mark = ""
        if self.swipe.on and self._two_scales():
            mark = t(f"atlas.swipe_{side}", state.lang) + " "
        view.set_colour_bar(bar, style, mark + bar_title(state, layer))
        self._place_bars(plot.state)

    def _two_scales(self) -> bool:
        """Return whether the two rasters have different colours."""
        kinds = {"annual": "level", "mean": "level"}
        state = self.state
        first, second = (kinds.get(name, name) for name in (state.at_layer, state.at_second))
        return bool(first != second)

    def _place_bars(self, chart: Any) -> None:
        """Put the colour bars that are needed below the map."""
        wanted = [self._bars[LEFT]] if LEFT in self._bars else []
        if self.swipe.on and RIGHT in self._bars and self._two_scales():
            wanted.append(self._bars[RIGHT])
        present = [item for item in chart.below if isinstance(item, ColorBar)]
        if present != wanted:
            others = [item for item in chart.below if not isinstance(item, ColorBar)]
            chart.below = others + wanted

    def _dress(self, plot: Any, element: Any) -> None:
        """Make the figure of HoloViews a national map; hooks run at every update."""
        del element
        chart = plot.state
        if self.chart is not chart:
            self._dress_new(chart)
        # GeoViews gives the axes its own ticks at every update.
        for axis, kept in zip((*chart.xaxis, *chart.yaxis), self._axes, strict=True):
            axis.update(**kept)

    def _dress_new(self, chart: Any) -> None:
        """Dress a figure for the first time."""
        self.chart = chart
        chart.name = "atlas_map"
        chart.lod_timeout = maps.LOD_TIMEOUT_MS
        # The way home is that of the map kit.
        others = [tool for tool in chart.tools if not isinstance(tool, (ResetTool, SaveTool))]
        chart.tools = [*others, self.save]
        maps.add_base_map(chart)
        maps.dress_axes(chart)
        chart.sizing_mode, chart.aspect_ratio, chart.match_aspect = "stretch_both", None, False
        self._axes = [
            {name: getattr(axis, name) for name in _KEPT_OF_AXES}
            for axis in (*chart.xaxis, *chart.yaxis)
        ]
        self._map_view = maps.MapView(chart, self._moved)
        self._map_view.show(self.state.map_view)
        for attach in self._attach:
            attach(chart)
        chart.on_event(Tap, lambda event: self._on_tap(event.x, event.y))
        chart.on_change("inner_width", self._resized)
        chart.on_change("inner_height", self._resized)
        self.speak()

    def _resized(self, attr: str, old: Any, new: Any) -> None:
        del attr, old, new
        self.redraw(*MOVING)

    def _moved(self, seen: maps.View | None) -> None:
        self._view = seen or NATIONAL_VIEW
        self.state.map_view = seen
        self.redraw(*MOVING)
