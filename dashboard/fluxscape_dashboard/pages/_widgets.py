"""Widgets that the pages have in common, bound to the session state and its language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
import panel_material_ui as pmui

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
    shown = pn.bind(
        lambda lang: {words(option, lang): option for option in options}, state.param.lang
    )
    if buttons:
        widget = pmui.RadioButtonGroup(
            options=shown,
            value=state.param[name],
            description=page.bound(label_key),
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
            sx={"& .MuiToggleButton-root": {"textTransform": "none", "padding": "4px 8px"}},
        )
    else:
        widget = pmui.Select(
            label=page.bound(label_key),
            options=shown,
            value=state.param[name],
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
        )
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


def heading(page: PageView, key: str) -> Any:
    """Return a heading of a zone."""
    return pmui.Typography(page.bound(key), variant="h5", margin=(10, 0, 2, 0))


def note(page: PageView, key: str) -> Any:
    """Return small print."""
    return pmui.Typography(page.bound(key), variant="caption", margin=(2, 0))
