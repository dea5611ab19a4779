"""Widgets that the pages have in common, bound to the session state and its language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard import safe
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.sites import has_position
from fluxscape_dashboard.tower_table import all_towers

MARGIN = (6, 0)


def choice(
    page: PageView,
    name: str,
    label_key: str,
    options: Sequence[Any],
    words: Callable[[Any, str], str],
    *,
    buttons: bool = False,
) -> Any:
    """Return a select, or a row of buttons, for a parameter of the state.

    Parameters
    ----------
    page
        The page.
    name
        The parameter.
    label_key
        Key of the label's text.
    options
        Values that may be chosen.
    words
        From a value and a language to what is shown.
    buttons
        Whether all options stand side by side.
    """
    state = page.state

    def shown(lang: str) -> dict[str, Any]:
        return {words(option, lang): option for option in options}

    common: dict[str, Any] = {
        "options": shown(state.lang),
        "value": state.param[name],
        "size": "small",
        "sizing_mode": "stretch_width",
        "margin": MARGIN,
    }
    if buttons:
        widget = pmui.RadioButtonGroup(
            description=page.bound(label_key),
            sx={"& .MuiToggleButton-root": {"textTransform": "none", "padding": "4px 8px"}},
            **common,
        )
    else:
        widget = pmui.Select(label=page.bound(label_key), **common)

    def relabel(event: Any) -> None:
        widget.options = shown(event.new)
        # The browser knows the choice by its words, which are others now.
        widget.param.trigger("value")

    state.param.watch(relabel, "lang")
    widget.param.watch(lambda event: _take(state, name, event.new), "value")
    return widget


def _take(state: Any, name: str, value: Any) -> None:
    if value is not None and value != getattr(state, name):
        state.param.update(**{name: value})


def tower_choice(page: PageView) -> Any:
    """Return the select of towers, which can be searched by name or code."""
    state = page.state
    options = {"": ""} | {
        label(f"{tower.site} · {tower.name}"): tower.site
        for tower in all_towers()
        if has_position(tower)
    }
    widget = pmui.AutocompleteInput(
        label=page.bound("work.tower"),
        options=options,
        value=state.param.tower,
        case_sensitive=False,
        search_strategy="includes",
        min_characters=0,
        restrict=True,
        size="small",
        sizing_mode="stretch_width",
        margin=MARGIN,
    )
    widget.param.watch(lambda event: _take(state, "tower", event.new or ""), "value")
    return widget


class NumberField:
    """A field for a number; what lies out of bounds is refused with a word and put back.

    Parameters
    ----------
    page
        The page.
    label_key
        Key of the label.
    bounds
        Least and greatest value.
    on_change
        Called with each number that the user gives; not when :meth:`show` sets one.
    """

    def __init__(
        self,
        page: PageView,
        label_key: str,
        bounds: tuple[float, float],
        on_change: Callable[[float], None],
        *,
        value: float | None = None,
        step: float = 0.5,
        pattern: str = "0.[00]",
    ) -> None:
        self._page, self._label_key, self._bounds = page, label_key, bounds
        self._on_change, self._good, self._quiet = on_change, value, False
        self.widget = pmui.FloatInput(
            label=page.bound(label_key),
            value=value,
            start=bounds[0],
            end=bounds[1],
            step=step,
            format=pattern,
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
        )
        self.widget.param.watch(self._changed, "value")

    @property
    def value(self) -> float | None:
        """The last number within the bounds."""
        return self._good

    def show(self, value: float | None) -> None:
        """Put a number into the field."""
        self._good, self._quiet = value, True
        try:
            self.widget.value = value
        finally:
            self._quiet = False

    def _changed(self, event: Any) -> None:
        if self._quiet or event.new is None or event.new == self._good:
            return
        low, high = self._bounds
        if not low <= event.new <= high:
            self._page.services.notify(
                "warning",
                "work.out_of_bounds",
                name=self._page.t(self._label_key),
                value=f"{event.new:g}",
                low=f"{low:g}",
                high=f"{high:g}",
            )
            self.show(self._good)
            return
        self._good = event.new
        self._on_change(event.new)


def heading(page: PageView, key: str) -> Any:
    """Return a heading of a zone."""
    return pmui.Typography(page.bound(key), variant="h5", margin=(10, 0, 2, 0))


def note(page: PageView, key: str) -> Any:
    """Return small print."""
    return pmui.Typography(page.bound(key), variant="caption", margin=(2, 0))


def description(page: PageView, key: str) -> Any:
    """Return what a page is for."""
    return pmui.Typography(page.bound(key), variant="body2", margin=(2, 0))


def chart_pane(chart: Any, **options: Any) -> Any:
    """Return a pane of a Bokeh chart; its words are sized by the page's theme in ``em``."""
    chart.styles = {"font-size": "12px"}
    return pn.pane.Bokeh(chart, **options)


def plain(words: str) -> Any:
    """Return a paragraph of words of any origin."""
    return safe.html_pane("<span>{words}</span>", words=words, pane=TEXT_PANE)


def fact(name: str, value: str) -> Any:
    """Return a name over its value, both of any origin."""
    template = "<div style='opacity:.7;font-size:.85em'>{name}</div><div>{value}</div>"
    return safe.html_pane(template, name=name, value=value, pane=TEXT_PANE)


def message(kind: str, headline: str, *lines: str) -> Any:
    """Return a box with a message of any origin; ``kind`` is info, success, warning or error.

    The words go into a pane inside the box: the box itself takes its text for HTML.
    """
    fields = {f"line{i}": line for i, line in enumerate(lines)}
    below = "".join(f"<div style='margin-top:4px'>{{line{i}}}</div>" for i in range(len(lines)))
    strong = "<b>{headline}</b>" if lines else "<span>{headline}</span>"
    words = safe.html_pane(strong + below, headline=headline, pane=TEXT_PANE, **fields)
    return pmui.Alert(
        words,
        severity=kind,
        variant="outlined",
        sizing_mode="stretch_width",
        margin=(4, 0),
        sx={"padding": "2px 10px", "& .MuiAlert-message": {"padding": "4px 0"}},
    )


def small_table(frame: pd.DataFrame) -> Any:
    """Return a plain small table; cells and headings are escaped by pandas."""
    return pn.pane.DataFrame(
        frame,
        index=False,
        escape=True,
        justify="left",
        sizing_mode="stretch_width",
        margin=(4, 4, 4, 0),
        stylesheets=[_TABLE_STYLE],
    )


TEXT_PANE: Final[dict[str, Any]] = {
    "sizing_mode": "stretch_width",
    "margin": (3, 0),
    "styles": {"font-size": "13px", "line-height": "1.35", "overflow-wrap": "anywhere"},
}

"""Options of a pane of running words."""

_TABLE_STYLE: Final = """
table { width: 100%; font-size: 12.5px; border-collapse: collapse; }
th, td { text-align: left !important; padding: 3px 8px 3px 0 !important; }
th { font-weight: 600; border-bottom: 1px solid rgba(128, 128, 128, 0.6); }
td { border-bottom: 1px solid rgba(128, 128, 128, 0.2); overflow-wrap: break-word; }
"""
