"""A model's parameters as sliders: groups, units, bounds and sources from the model's table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import panel_material_ui as pmui

from fluxscape.parameters import Parameter, ParameterSet
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.theme import WIDE_TOOLTIP
from fluxscape_dashboard.views.charts import pretty_unit

STEPS: Final = 100
"""Positions of a slider."""

FIRST_OPEN: Final = ("Photosynthesis", "Efficiency")
"""Groups whose card is open at first."""

WIDE_RANGE: Final = 100.0
"""Ratio of the bounds from which a slider is logarithmic."""

_CARD_SX: Final[dict[str, Any]] = {
    "boxShadow": "none",
    "& .MuiCardHeader-root": {"padding": "4px 10px"},
    "& .MuiCardHeader-root *": {"fontSize": "0.88rem"},
}

Groups = dict[str, tuple[Parameter, ...]]


def parameter_groups(kind: type[ParameterSet]) -> Groups:
    """Return the parameters of a model by group, both in the order of the table."""
    groups: dict[str, list[Parameter]] = {}
    for row in kind.table():
        groups.setdefault(row.group, []).append(row)
    return {name: tuple(rows) for name, rows in groups.items()}


def is_logarithmic(row: Parameter) -> bool:
    """Return whether a parameter spans so many magnitudes that its slider counts in them."""
    return row.lower > 0 and row.upper / row.lower >= WIDE_RANGE


def group_key(group: str) -> str:
    """Return the key of a group's name."""
    return f"model.group_{group.lower().replace(' ', '_')}"


class ParameterSliders:
    """Cards of sliders over ``dlm_params``, the values that differ from the defaults.

    A group's sliders are built when its card is first opened: forty at once would make a page
    slow to open. Another model brings other cards.

    Parameters
    ----------
    page
        The page.
    on_change
        Called with a name and a value when the user has let go of a slider.
    on_reset
        Called with the names of parameters whose defaults are wanted back.
    """

    def __init__(
        self,
        page: PageView,
        *,
        on_change: Callable[[str, float], None],
        on_reset: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._page, self._on_change, self._on_reset = page, on_change, on_reset
        self._values: dict[str, float] = {}
        self._defaults: dict[str, float] = {}
        self._kind: type[ParameterSet] | None = None
        self._groups: Groups = {}
        self._cards: dict[str, Any] = {}
        self._sliders: dict[str, Any] = {}
        self._resets: dict[str, Any] = {}
        self._quiet = False
        self.view = pmui.Column(sizing_mode="stretch_width", margin=0)
        page.state.param.watch(lambda _: self._speak(), "lang")

    def show(self, parameters: ParameterSet, defaults: ParameterSet) -> None:
        """Put the sliders where the parameters are."""
        self._values, self._defaults = parameters.to_dict(), defaults.to_dict()
        if type(parameters) is not self._kind:
            self._build(type(parameters))
        self._quiet = True
        try:
            for name, slider in self._sliders.items():
                _move(slider, self._values[name])
        finally:
            self._quiet = False
        self._speak()

    def _build(self, kind: type[ParameterSet]) -> None:
        """Make the cards of another model."""
        self._kind, self._groups = kind, parameter_groups(kind)
        self._sliders, self._resets = {}, {}
        self._cards = {name: self._card(name) for name in self._groups}
        for name in FIRST_OPEN:
            if name in self._cards:
                self._cards[name].collapsed = False
        self.view.objects = list(self._cards.values())

    def _card(self, group: str) -> Any:
        card: Any = pmui.Card(
            title=t(group_key(group), self._page.state.lang),
            collapsed=True,
            sizing_mode="stretch_width",
            margin=(3, 0),
            sx=_CARD_SX,
        )
        card.param.watch(lambda event: None if event.new else self._fill(card, group), "collapsed")
        return card

    def _fill(self, card: Any, group: str) -> None:
        """Build the sliders of a group."""
        # A card of the model before may still be opened on its way out.
        if len(card.objects) or group not in self._cards:
            return
        rows = self._groups[group]
        lines = [self._line(row) for row in rows]
        names = tuple(row.name for row in rows)
        reset = pmui.Button(
            label=self._page.bound("model.reset_group"),
            icon="restart_alt",
            size="small",
            variant="text",
            on_click=lambda _: self._on_reset(names),
            margin=0,
        )
        card.objects = [*lines, reset]
        self._speak()

    def _line(self, row: Parameter) -> Any:
        """Return a parameter's slider and, beside it, what sets it back."""
        slider = self._sliders[row.name] = self._slider(row)
        back = self._resets[row.name] = pmui.IconButton(
            icon="restart_alt",
            size="small",
            on_click=lambda _: self._on_reset((row.name,)),
            visible=False,
            margin=(10, 0),
            stylesheets=[WIDE_TOOLTIP],
        )
        return pmui.Row(slider, back, sizing_mode="stretch_width", margin=0)

    def _slider(self, row: Parameter) -> Any:
        value = self._values.get(row.name, row.default)
        common: dict[str, Any] = {
            "size": "small",
            "sizing_mode": "stretch_width",
            "margin": (2, 12),
        }
        slider: Any
        if is_logarithmic(row):
            slider = pmui.DiscreteSlider(options=_log_options(row, value), value=value, **common)
        else:
            step = (row.upper - row.lower) / STEPS
            slider = pmui.FloatSlider(
                start=row.lower,
                end=row.upper,
                step=step,
                value=value,
                format="0.[0000]",
                **common,
            )
        slider.param.watch(lambda event: self._moved(row, event.new), "value_throttled")
        return slider

    def _moved(self, row: Parameter, value: float | None) -> None:
        if self._quiet or value is None or value == self._values.get(row.name):
            return
        # Steps of a hundredth leave digits that mean nothing.
        tidy = float(f"{value:.4g}")
        self._on_change(row.name, min(max(tidy, row.lower), row.upper))

    def _is_changed(self, name: str) -> bool:
        return self._values.get(name) != self._defaults.get(name)

    def _speak(self) -> None:
        """Word titles, labels and tooltips in the present language."""
        lang = self._page.state.lang
        for group, rows in self._groups.items():
            changed = sum(self._is_changed(row.name) for row in rows)
            title = t(group_key(group), lang)
            if changed:
                title = t("model.group_changed", lang, group=title, count=changed)
            self._cards[group].title = title
            for row in rows:
                if row.name in self._sliders:
                    self._word(row, lang)

    def _word(self, row: Parameter, lang: str) -> None:
        slider, back = self._sliders[row.name], self._resets[row.name]
        words = t(f"model.parameter_{row.name}", lang)
        unit = "" if row.unit == "1" else f" [{pretty_unit(row.unit)}]"
        changed = self._is_changed(row.name)
        default = f"{self._defaults.get(row.name, row.default):g}"
        slider.label = f"{'• ' if changed else ''}{words}{unit}"
        slider.description = t(
            "model.parameter_tooltip",
            lang,
            symbol=row.symbol or words,
            default=default,
            lower=f"{row.lower:g}",
            upper=f"{row.upper:g}",
            source=row.source,
        )
        back.param.update(
            visible=changed,
            description=t("model.reset_one", lang, name=words, default=default),
        )


def _log_options(row: Parameter, *values: float) -> dict[str, float]:
    """Return the positions of a logarithmic slider, with the given values among them."""
    grid = np.geomspace(row.lower, row.upper, STEPS + 1)
    numbers = sorted({float(f"{value:.3g}") for value in grid} | {row.lower, row.upper, *values})
    inside = [number for number in numbers if row.lower <= number <= row.upper]
    return {f"{number:.3g}": number for number in inside}


def _move(slider: Any, value: float) -> None:
    """Set a slider; one with fixed positions gets the value as a position of its own."""
    options = getattr(slider, "options", None)
    if options is not None and not any(
        math.isclose(value, item, rel_tol=1e-12) for item in options.values()
    ):
        wider = options | {f"{value:.6g}": value}
        slider.options = dict(sorted(wider.items(), key=lambda item: item[1]))
    if slider.value != value:
        slider.value = value
