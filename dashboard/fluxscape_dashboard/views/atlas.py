"""The national map: GeoViews elements in Web Mercator, resampled by Datashader for the screen.

The product is stored in Web Mercator, so nothing is reprojected. Of the pyramid the level is read
whose pixels are nearest to the screen's, and of it the window in view; Datashader brings that to
at most the pixels of the screen. Colours are applied by the browser, so that hovering tells values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import geoviews as gv
import holoviews as hv
import numpy as np
import numpy.typing as npt
from bokeh.models import (
    BasicTicker,
    ColorBar,
    CustomJS,
    CustomJSHover,
    FixedTicker,
    HoverTool,
)
from bokeh.palettes import Cividis256, Viridis256, brewer, interp_palette
from cartopy import crs as ccrs
from holoviews.operation.datashader import rasterize

from fluxscape.atlas.mercator import to_mercator
from fluxscape_dashboard import safe
from fluxscape_dashboard.maps import FONT, View
from fluxscape_dashboard.views.atlas_product import (
    P_VALUE_EDGES,
    LayerStyle,
    NationalProduct,
    p_value_name,
)

Floats = npt.NDArray[np.float64]

WEB_MERCATOR: Final = ccrs.GOOGLE_MERCATOR
NO_DATA_COLOUR: Final = "#b9bdbf"
HATCH_COLOUR: Final = "#2b2b2b"
CHOSEN_COLOUR: Final = "#d81b60"

REGION_COLOUR: Final = "#7b1fa2"

HATCH_PIXELS: Final = 9
"""Distance of the hatching's strokes on the screen [pixels]."""

_HOVER_DEGREES: Final = """
const r = 6378137, v = special_vars[axis] / r
const a = (axis === 'x' ? v : Math.asin(Math.tanh(v))) * 180 / Math.PI
const letter = axis === 'x' ? (a < 0 ? 'W' : 'E') : (a < 0 ? 'S' : 'N')
return Math.abs(a).toFixed(2) + '°' + letter
"""

_ONLY_NUMBERS: Final = "export default (args, tool, {value}) => Number.isFinite(value)"
"""No hover where the map has no value."""

_HOVER_P_VALUE: Final = """
const k = Math.min(Math.floor(value), edges.length - 2)
return (edges[k] + (value - k) * (edges[k + 1] - edges[k])).toFixed(3)
"""


@dataclass(frozen=True)
class Window:
    """What the map shows and how many pixels it has for it.

    Attributes
    ----------
    x, y
        West and east, south and north edge [m in Web Mercator].
    width, height
        Pixels of the frame.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    width: int
    height: int

    @classmethod
    def around(cls, view: View, width: int, height: int) -> Window:
        """Return the window of a view (centre and width in degrees) on a frame."""
        longitude, latitude, degrees = view
        x, y = (float(value) for value in to_mercator(longitude, latitude))
        half = float(to_mercator(degrees / 2, 0.0)[0])
        tall = half * height / max(width, 1)
        return cls((x - half, x + half), (y - tall, y + tall), width, height)


# ---------------------------------------------------------------- colours
_PALETTES: Final = {"viridis": Viridis256, "cividis": Cividis256}


@cache
def palette(variable: str, kind: str, colours: str = "standard") -> list[str]:
    """Return the colours of a layer, from low to high; all can be told apart by colour-blind eyes.

    Sequential and diverging palettes are those of Cynthia Brewer's ColorBrewer 2, interpolated, or
    matplotlib's ``viridis`` and ``cividis`` with Brewer's purple and orange.
    """
    if kind == "classes":
        return ["#3f007d", "#7a6fb5", "#bcbddc", "#f2f0f7"]
    if kind == "diverging":
        name = "BrBG" if colours == "standard" else "PuOr"
        return list(interp_palette(brewer[name][11][::-1], 255))
    if colours in _PALETTES:
        return list(_PALETTES[colours])
    name = "YlGnBu" if "evapotranspiration" in variable else "YlGn"
    # Brewer's lists run from dark to light.
    return list(interp_palette(brewer[name][9][::-1], 256))


# ---------------------------------------------------------------- elements
def raster(product: NationalProduct, style: LayerStyle, year: int, window: Window) -> Any:
    """Return the layer in the window as a GeoViews image of at most the screen's pixels."""
    pyramid = product.pyramid
    time = product.years.index(year) if style.annual else None
    level = pyramid.level_for(window.x, window.width)
    part: dict[str, Any] = {"level": level, "x_range": window.x, "y_range": window.y}
    values = pyramid.read(style.variable, time=time, **part)
    shown = values.to_numpy()
    if style.less:
        shown = shown - pyramid.read(style.less, **part).to_numpy()
    if style.kind == "classes":
        shown = by_class(shown)
    return rasterize(
        _image(values.x.to_numpy(), values.y.to_numpy(), shown, "value", style.shown_limits),
        dynamic=False,
        expand=False,
        x_range=window.x,
        y_range=window.y,
        width=window.width,
        height=window.height,
        interpolation="nearest",
    )


def by_class(p_values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return p-values on a scale on which every class has the length 1, so that all can be seen."""
    places = np.arange(len(P_VALUE_EDGES), dtype=np.float64)
    return np.asarray(np.interp(p_values, P_VALUE_EDGES, places), dtype=np.float32)


def no_data(product: NationalProduct) -> Any:
    """Return an image of the nation's pixels that have no value: water, ice, narrow slivers."""
    inside = product.pyramid.read("inside", level=0)
    active = product.pyramid.read("land_fraction", level=0).to_numpy()
    missing = (inside.to_numpy() >= 0.5) & ~(active > 0)
    values = np.where(missing, np.float32(1.0), np.float32(np.nan))
    return _image(inside.x.to_numpy(), inside.y.to_numpy(), values, "missing", (0.0, 1.0)).opts(
        cmap=[NO_DATA_COLOUR], apply_ranges=False, hooks=[below_borders]
    )


def below_borders(plot: Any, element: Any) -> None:
    """Draw an image below the borders, which stand on the level ``underlay``; a hook."""
    del element
    plot.handles["glyph_renderer"].level = "image"


def hatching(
    product: NationalProduct, flux: str, test: str, threshold: float, window: Window | None
) -> Any:
    """Return diagonal strokes over the pixels whose p-value is not below a threshold.

    None for no window.

    Strokes stand on a lattice of the map, not of the screen, so they do not swim when it moves;
    each is the diagonal of its lattice cell, so neighbours join into lines.
    """
    if window is None:
        return _strokes(np.empty(0), np.empty(0), 0.0)
    pyramid = product.pyramid
    level = pyramid.level_for(window.x, window.width)
    values = pyramid.read(p_value_name(flux, test), level=level, x_range=window.x, y_range=window.y)
    grid = pyramid.levels[level]
    side = _lattice_side(window, grid.pixel)
    x = _lattice(window.x, grid.left, side)
    y = _lattice(window.y, grid.bottom, side)
    columns = _pixels_below(x, values.x.to_numpy(), grid.pixel)
    rows = _pixels_below(y, values.y.to_numpy(), grid.pixel)
    x, columns = x[columns >= 0], columns[columns >= 0]
    y, rows = y[rows >= 0], rows[rows >= 0]
    weak = values.to_numpy()[rows[:, np.newaxis], columns] >= threshold
    found_y, found_x = np.nonzero(weak)
    return _strokes(x[found_x], y[found_y], side)


def chosen_pixel(product: NationalProduct, point: tuple[float, float] | None) -> Any:
    """Return the outline of the chosen pixel of the product's grid, empty if none is chosen."""
    corners = np.empty((0, 2))
    if point is not None:
        half = product.cell_width / 2
        (longitude, latitude) = point
        west, east, south, north = (
            longitude - half,
            longitude + half,
            latitude - half,
            latitude + half,
        )
        x, y = to_mercator([west, east, east, west, west], [south, south, north, north, south])
        corners = np.column_stack([x, y])
    return hv.Path([corners]).opts(color=CHOSEN_COLOUR, line_width=2.5, apply_ranges=False)


def empty_raster() -> Any:
    """Return a raster without values, for a layer that is not shown."""
    nothing = np.full((2, 2), np.nan, dtype=np.float32)
    axis = np.array([0.0, 1.0])
    return _image(axis, axis, nothing, "value", (0.0, 1.0)).opts(
        clipping_colors={"NaN": "transparent"}, apply_ranges=False, colorbar=False
    )


def region_outline(rings: Sequence[Floats] | None) -> Any:
    """Return the outline of a region, x and y in Web Mercator [m] of each ring."""
    line = np.empty((0, 2))
    if rings:
        gap = np.full((1, 2), np.nan)
        # One line broken by gaps: a path of many parts takes seconds to draw.
        line = np.concatenate([part for ring in rings for part in (ring, gap)])
    return hv.Path([line]).opts(color=REGION_COLOUR, line_width=2.0, apply_ranges=False)


def _image(
    x: Floats, y: Floats, values: npt.NDArray[Any], name: str, limits: tuple[float, float]
) -> Any:
    """Return an image whose coordinates are Web Mercator already.

    HoloViews looks for the limits itself if they are not given, and stumbles where a view has no
    value at all.
    """
    value = hv.Dimension(name, range=limits)
    return gv.Image((x, y, values), kdims=["x", "y"], vdims=[value], crs=WEB_MERCATOR)


def _strokes(x: Floats, y: Floats, side: float) -> Any:
    """Return the rising diagonals of lattice cells."""
    half = side / 2
    # Plain HoloViews: GeoViews would project every stroke, and they are projected already.
    return hv.Segments((x - half, y - half, x + half, y + half)).opts(
        color=HATCH_COLOUR, line_width=0.7, alpha=0.55, apply_ranges=False
    )


def _lattice_side(window: Window, pixel: float) -> float:
    """Return the side of lattice cells: about HATCH_PIXELS, a whole part or multiple of a pixel."""
    screen = (window.x[1] - window.x[0]) / max(window.width, 1)
    ratio = HATCH_PIXELS * screen / pixel
    return pixel * max(1, round(ratio)) if ratio >= 1 else pixel / max(1, round(1 / ratio))


def _lattice(limits: tuple[float, float], origin: float, side: float) -> Floats:
    """Return the centres of the lattice cells in view along one axis."""
    first = np.floor((limits[0] - origin) / side)
    count = int(np.ceil((limits[1] - limits[0]) / side)) + 1
    return np.asarray(origin + side * (first + 0.5 + np.arange(count)), dtype=np.float64)


def _pixels_below(points: Floats, centres: Floats, pixel: float) -> npt.NDArray[np.int64]:
    """Return the pixel that holds each point along one axis, -1 outside."""
    index = np.floor((points - centres[0]) / pixel + 0.5).astype(np.int64)
    return np.where((index >= 0) & (index < centres.size), index, -1)


# ---------------------------------------------------------------- options
def raster_options(style: LayerStyle, opacity: float, colours: str = "standard") -> dict[str, Any]:
    """Return HoloViews options of the raster; its colours are the same in every year."""
    return {
        "cmap": palette(style.variable, style.kind, colours),
        "clim": style.shown_limits,
        "alpha": opacity,
        "colorbar": False,
        "clipping_colors": {"NaN": "transparent"},
        "apply_ranges": False,
    }


def raster_hover(style: LayerStyle, words: Mapping[str, str], digits: int) -> HoverTool:
    """Return the hover of the raster.

    Parameters
    ----------
    style
        Layer on display.
    words
        ``title`` of the value, its ``unit``, and ``place``, in the present language.
    digits
        Decimals of the value.
    """
    classes = style.kind == "classes"
    number = "custom" if classes else "0,0." + "0" * digits if digits else "0,0"
    formatters = {
        f"${axis}": CustomJSHover(args={"axis": axis}, code=_HOVER_DEGREES) for axis in "xy"
    }
    if classes:
        formatters["@image"] = CustomJSHover(
            args={"edges": list(P_VALUE_EDGES)}, code=_HOVER_P_VALUE
        )
    rows = [
        (words["title"], f"@image{{{number}}} {words['unit']}"),
        (words["place"], "$x{custom} $y{custom}"),
    ]
    return HoverTool(
        tooltips=rows, formatters=formatters, filters={"@image": CustomJS(code=_ONLY_NUMBERS)}
    )


def colour_bar(mapper: Any) -> ColorBar:
    """Return the colour bar that stands beside the map; :func:`set_colour_bar` words it."""
    return ColorBar(
        color_mapper=mapper,
        orientation="horizontal",
        title_text_font=FONT,
        title_text_font_style="normal",
        title_standoff=4,
        major_label_text_font=FONT,
        background_fill_alpha=0.0,
        height=10,
        padding=4,
    )


def set_colour_bar(bar: ColorBar, style: LayerStyle, title: str) -> None:
    """Put title and ticks of a layer on the colour bar."""
    if bar.title != title:
        bar.title = title
    classes = style.kind == "classes"
    if classes != isinstance(bar.ticker, FixedTicker):
        ticks = list(range(len(P_VALUE_EDGES)))
        bar.ticker = FixedTicker(ticks=ticks) if classes else BasicTicker(desired_num_ticks=6)
    names = {i: f"{edge:g}" for i, edge in enumerate(P_VALUE_EDGES)} if classes else {}
    if bar.major_label_overrides != names:
        bar.major_label_overrides = names


def overlay(*layers: Any, hooks: Sequence[Any]) -> Any:
    """Return the layers one over the other as one map."""
    options = {
        "projection": WEB_MERCATOR,
        "responsive": True,
        "aspect": None,
        "data_aspect": None,
        "toolbar": "above",
        "active_tools": ["pan", "wheel_zoom"],
        "show_title": False,
        "hooks": list(hooks),
    }
    return hv.Overlay(list(layers)).collate().opts(**options)


def legend(entries: Mapping[str, str]) -> Any:
    """Return the legend of what the colour bar does not say; entries without words are left out.

    Parameters
    ----------
    entries
        Words of ``no_data``, ``hatch`` and ``pixel``.
    """
    template, values = "", {}
    for key, mark in _MARKS.items():
        if entries.get(key):
            template += f'<p><span class="mark {mark}"></span><span>{{{key}}}</span></p>'
            values[key] = entries[key]
    return safe.html_pane(template, pane={"stylesheets": [_LEGEND_STYLE], "margin": 0}, **values)


_MARKS: Final = {"no_data": "grey", "hatch": "hatch", "pixel": "pixel"}

_LEGEND_STYLE: Final = f"""
:host {{ display: block; font-size: 0.8rem; line-height: 1.35 }}
p {{ display: flex; gap: 8px; margin: 4px 0; align-items: flex-start }}
.mark {{ flex: none; width: 18px; height: 13px; margin-top: 2px; box-sizing: border-box }}
.grey {{ background: {NO_DATA_COLOUR} }}
.hatch {{ border: 1px solid #999; background: repeating-linear-gradient(
  135deg, {HATCH_COLOUR} 0 1px, transparent 1px 5px) }}
.pixel {{ border: 2.5px solid {CHOSEN_COLOUR} }}
"""
