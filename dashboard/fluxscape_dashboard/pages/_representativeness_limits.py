"""The limits of the levels as fields in a card: adjustable, in the address, saved with results."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import panel_material_ui as pmui

from fluxscape.representativeness.limits import Limits
from fluxscape_dashboard.pages._representativeness_words import limit_words
from fluxscape_dashboard.pages._widgets import NumberField, note
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.state_representativeness import LIMITS, limits_of
from fluxscape_dashboard.text import t

LARGEST_RADIUS: Final = 5000.0
"""Radius of the largest disc that the landscape holds [m]."""

_UPPER: Final = {"bias_radius": LARGEST_RADIUS, "bias_high": 1.0, "bias_medium": 1.0}
"""Bounds tighter than those of the limits themselves: what the page can show."""


class LimitFields:
    """A card with a field for each limit.

    Parameters
    ----------
    page
        The page; ``rep_limits`` of its state holds what differs from the defaults.
    """

    def __init__(self, page: PageView) -> None:
        self._page = page
        rows = {row.name: row for row in Limits.table()}
        self._defaults = Limits().to_dict()
        self._fields = {
            name: NumberField(
                page,
                f"representativeness.limit_{name}",
                (rows[name].lower, min(rows[name].upper, _UPPER.get(name, rows[name].upper))),
                partial(self._take, name),
                step=100.0 if rows[name].unit == "m" else 0.05,
            )
            for name in LIMITS
        }
        self._reset = pmui.Button(
            label=page.bound("representativeness.limits_reset"),
            icon="restart_alt",
            size="small",
            variant="text",
            on_click=lambda _: page.change(rep_limits={}),
            margin=0,
        )
        self.view = pmui.Card(
            note(page, "representativeness.limits_help"),
            *(field.widget for field in self._fields.values()),
            self._reset,
            title=t("representativeness.limits", page.state.lang),
            collapsed=True,
            sizing_mode="stretch_width",
            margin=(6, 0),
            sx=_CARD_SX,
        )
        page.state.param.watch(lambda _: self._show(), "rep_limits")
        page.state.param.watch(lambda _: self._speak(), "lang")
        self._show()
        self._speak()

    def _take(self, name: str, value: float) -> None:
        changes = {**self._page.state.rep_limits, name: float(value)}
        kept = {key: one for key, one in changes.items() if one != self._defaults[key]}
        if kept != self._page.state.rep_limits:
            self._page.change(rep_limits=kept)

    def _show(self) -> None:
        """Put the limits in force into the fields."""
        limits = limits_of(self._page.state.rep_limits)
        for name, field in self._fields.items():
            field.show(getattr(limits, name))
        self._reset.disabled = not self._page.state.rep_limits

    def _speak(self) -> None:
        lang = self._page.state.lang
        self.view.title = t("representativeness.limits", lang)
        for name, field in self._fields.items():
            field.widget.label = limit_words(name, lang)


_CARD_SX: Final[dict[str, Any]] = {
    "boxShadow": "none",
    "& .MuiCardHeader-root": {"padding": "4px 10px"},
    "& .MuiCardHeader-root *": {"fontSize": "0.88rem"},
}
