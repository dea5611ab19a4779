"""What the Bokeh charts of the pages share: frame, fonts, hover and accessible names.

Charts are drawn once and updated in place, data and words alike, so that a zoom survives a run
and a change of language costs a few bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from bokeh.models import (
    BoxZoomTool,
    ColorBar,
    HoverTool,
    Label,
    PanTool,
    ResetTool,
    SaveTool,
    WheelZoomTool,
)
from bokeh.plotting import figure

from fluxscape_dashboard.text import t

FONT: Final = (
    "Roboto, 'Noto Sans', 'Noto Sans CJK SC', 'Microsoft YaHei', 'PingFang SC', sans-serif"
)
"""Faces with Latin and Chinese glyphs, in the order of preference; the browser has them."""

INK: Final = "#37474f"
"""Colour of axes and words."""

MIDDLE: Final = "#7b8f99"
"""Colour of words drawn on a chart's ground, which is light or dark with the theme."""

MODELLED: Final = "#2f86c9"
COMPARED: Final = "#cf7410"
OBSERVED: Final = "#78868d"
"""Colours of the three series, three times as light or dark as either theme's ground."""

LIMIT: Final = "#d64545"
"""Colour of a bound that must not be crossed."""


def new_chart(*, name: str, hover: Sequence[Any] = (), **options: Any) -> Any:
    """Return an empty chart with the common frame.

    Parameters
    ----------
    name
        Name of the figure, by which tests and scripts find it.
    hover
        Hover tools, already bound to their renderers.
    **options
        Passed to :func:`bokeh.plotting.figure`.
    """
    # Without a file name the browser would ask for one, in English.
    save = SaveTool(filename=f"fluxscape_{name}.png")
    chart = figure(
        name=name,
        tools=[PanTool(), BoxZoomTool(), WheelZoomTool(), ResetTool(), save, *hover],
        active_scroll=None,
        output_backend="canvas",
        toolbar_location=options.pop("toolbar_location", "above"),
        **options,
    )
    chart.toolbar.logo = None
    chart.toolbar.autohide = True
    chart.title.text_font, chart.title.text_color, chart.title.text_font_size = FONT, INK, "13px"
    for axis in chart.axis:
        axis.axis_label_text_font = axis.major_label_text_font = FONT
        axis.axis_label_text_color = axis.major_label_text_color = INK
        axis.axis_label_text_font_style = "normal"
        axis.axis_label_text_font_size = "12px"
        axis.axis_line_color = axis.major_tick_line_color = "#90a4ae"
        axis.minor_tick_line_color = None
    chart.grid.grid_line_color = "#e3e8eb"
    chart.outline_line_color = "#cfd8dc"
    return chart


def save_as(chart: Any, filename: str) -> None:
    """Say under which name the browser saves the picture of a chart."""
    save_tool(chart).filename = filename


def save_tool(chart: Any) -> SaveTool:
    """Return the tool that saves the picture of a chart."""
    return next(tool for tool in chart.tools if isinstance(tool, SaveTool))


def style_legend(legend: Any) -> None:
    """Give a legend the common look; a click hides a series."""
    legend.label_text_font, legend.label_text_color = FONT, INK
    legend.label_text_font_size = "11px"
    # The page's theme sizes words in em of the element that holds them.
    legend.styles = {"font-size": "12px"}
    legend.background_fill_alpha = 0.8
    legend.border_line_color = None
    legend.padding, legend.margin = 4, 10
    legend.spacing = 1
    legend.click_policy = "hide"


def colour_bar(mapper: Any, *, colour: str = INK, **options: Any) -> ColorBar:
    """Return a colour bar with the common look.

    Parameters
    ----------
    mapper
        Colours and their range.
    colour
        Of its words.
    **options
        Passed to :class:`bokeh.models.ColorBar`.
    """
    return ColorBar(
        color_mapper=mapper,
        title_text_font=FONT,
        title_text_font_style="normal",
        title_text_font_size="11px",
        title_text_color=colour,
        major_label_text_color=colour,
        major_label_text_font=FONT,
        **options,
    )


def caption() -> Label:
    """Return an empty line of small print for below a chart.

    A label: titles take the size that the page's theme has for titles.
    """
    return Label(
        x=0,
        y=0,
        padding=3,  # or the feet of letters are cut
        x_units="screen",
        y_units="screen",
        text_font=FONT,
        text_color="#607d8b",
        text_font_size="10px",
        text_font_style="normal",
    )


def hover_tool(renderers: list[Any], **options: Any) -> HoverTool:
    """Return a hover tool for some renderers, without a toolbar button."""
    return HoverTool(renderers=renderers, visible=False, **options)


def describe(chart: Any, words: str) -> None:
    """Give the canvas an accessible name."""
    if chart.html_attributes.get("aria-label") != words:
        chart.html_attributes = {"role": "img", "aria-label": words}


def with_unit(label: str, unit: str, lang: str) -> str:
    """Return an axis label with its unit; a unitless quantity shows none.

    >>> with_unit("Height", "m", "en")
    'Height [m]'
    >>> with_unit("Albedo", "1", "en")
    'Albedo'
    """
    if unit in {"", "1", "-"}:
        return label
    return t("work.label_with_unit", lang, label=label, unit=pretty_unit(unit))


def power_of_ten(value: float) -> str:
    """Return a power of ten, plainly if it is near one.

    >>> power_of_ten(1e-6), power_of_ten(0.1)
    ('10⁻⁶', '0.1')
    """
    exponent = round(math.log10(value))
    return f"{value:g}" if abs(exponent) < 3 else f"10{str(exponent).translate(_SUPERSCRIPT)}"


def scientific(value: float, digits: int = 2) -> str:
    """Return a number with a power of ten.

    >>> scientific(2.114e-6)
    '2.1 × 10⁻⁶'
    """
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"


_SUPERSCRIPT: Final = str.maketrans("-.0123456789", "⁻·⁰¹²³⁴⁵⁶⁷⁸⁹")


def pretty_unit(unit: str) -> str:
    """Return a CF unit as typeset text.

    >>> pretty_unit("umol m-2 s-1"), pretty_unit("kPa0.5")
    ('µmol m⁻² s⁻¹', 'kPa⁰·⁵')
    """
    words = []
    for word in unit.split():
        stem = word.rstrip("-.0123456789")
        words.append(stem + word[len(stem) :].translate(_SUPERSCRIPT) if stem else word)
    text = " ".join(words)
    return text.replace("umol", "µmol").replace("degree", "°").replace("degC", "°C")
