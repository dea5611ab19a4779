"""The swipe of the Atlas map: one layer left of a line, another right of it.

The browser alone moves the line: each layer keeps a copy of its picture and blanks the columns on
the other side, so that nothing is asked of the server while a hand moves. The line itself can be
dragged, and the slider below the map works by mouse, touch and arrow keys.
"""

from __future__ import annotations

from typing import Any, Final

import panel as pn
from bokeh.models import CustomJS, Slider, Span

from fluxscape_dashboard.maps import FONT
from fluxscape_dashboard.pages.base import PageView

LEFT: Final = "left"
RIGHT: Final = "right"

_SLIDER_STYLE: Final = f".bk-slider-title {{ font: 12px {FONT} }}"

_LINE_COLOUR: Final = "#102027"

# A source whose picture is new has no copy yet. `change` draws again and tells the server nothing.
_MASK: Final = """
if (typeof chart === 'undefined') return
const x_range = chart.x_range
const on = slider.visible
const x = x_range.start + slider.value * (x_range.end - x_range.start)
span.visible = on
if (on && span.location !== x) span.location = x
const copies = (window.fluxscape_swipe ??= new WeakMap())
for (const [source, keep_left] of [[slider.tags[0], true], [slider.tags[1], false]]) {
  const data = source?.data
  const image = data?.image?.[0]
  if (!image?.length) continue
  if (!copies.has(image)) {
    if (!on) continue
    copies.set(image, Float64Array.from(image))
  }
  const whole = copies.get(image)
  const [rows, columns] = image.shape
  const cut = Math.round((x - data.x[0]) / data.dw[0] * columns)
  const first = Math.min(Math.max(cut, 0), columns)
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    for (let column = 0; column < columns; column++) {
      const shown = !on || (column < first) === keep_left
      image[start + column] = shown ? whole[start + column] : NaN
    }
  }
  source.change.emit()
}
"""

_DRAGGED: Final = """
const range = chart.x_range
const share = (span.location - range.start) / (range.end - range.start)
const value = Math.min(Math.max(share, 0), 1)
if (slider.visible && Math.abs(value - slider.value) > 1e-6) {
  slider.value = value
  clearTimeout(slider.told)
  slider.told = setTimeout(() => { slider.value_throttled = slider.value }, 300)
}
"""


class Swipe:
    """The line and the slider of one map.

    Parameters
    ----------
    page
        The page, whose state says whether there is a second layer and where the line stands.
    """

    def __init__(self, page: PageView) -> None:
        self._page = page
        self._sources: dict[str, Any] = {}
        state = page.state
        self._slider = Slider(
            name="atlas_swipe",
            start=0.0,
            end=1.0,
            step=0.005,
            value=state.at_swipe,
            show_value=False,
            visible=False,
            sizing_mode="stretch_width",
            margin=(0, 12, 4, 52),
            stylesheets=[_SLIDER_STYLE],
        )
        self._slider.on_change("value_throttled", self._kept)
        self._span = Span(
            dimension="height",
            location=0.0,
            line_color=_LINE_COLOUR,
            line_width=4,
            editable=True,
            visible=False,
            level="overlay",
        )
        # Layers are drawn before the figure is known; it is told then.
        self._callback = CustomJS(args={"slider": self._slider}, code=_MASK)
        self.view = pn.pane.Bokeh(self._slider, sizing_mode="stretch_width", margin=0)

    @property
    def on(self) -> bool:
        """Whether there is a second layer."""
        return bool(self._page.state.at_second != "none")

    def attach(self, chart: Any) -> None:
        """Put the line into a figure that is new."""
        chart.add_layout(self._span)
        args = {"chart": chart, "slider": self._slider, "span": self._span}
        self._callback.args = args
        for model, change in (
            (self._slider, "value"),
            (self._slider, "visible"),
            (chart.x_range, "start"),
            (chart.x_range, "end"),
        ):
            model.js_on_change(change, self._callback)
        dragged = CustomJS(args=args, code=_DRAGGED)
        self._span.js_on_change("location", dragged)

    def take(self, side: str, plot: Any) -> None:
        """Take the source of a layer that was drawn; called from its hook at every update."""
        source = plot.handles.get("source")
        if source is None:
            return
        if self._sources.get(side) is not source:
            self._sources[side] = source
            source.js_on_change("data", self._callback)
        if len(self._sources) == 2:
            # Tags may hold models, and the script finds the sources there.
            self._slider.tags = [self._sources[LEFT], self._sources[RIGHT]]

    def speak(self, left: str, right: str, label: str) -> None:
        """Word the slider, with the layer on either side."""
        # Not on the map: nothing may cover an island.
        self._slider.title = f"◂ {left} | {right} ▸ · {label}"
        self._slider.visible = self.on

    def _kept(self, attr: str, old: float, new: float) -> None:
        del attr, old
        self._page.change(at_swipe=round(float(new), 3))
