"""The row of years below the national map: a slider, one step back or on, play and stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui
import param

from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import NationalProduct

YEARLY: Final = ("annual", "difference")
"""Layers that change with the year."""

PAUSE_MS: Final = 700
"""Pause between two years when they play [ms]; a slow server shows them slower, not in a heap."""


class YearRow(param.Parameterized):
    """The row; it follows the state and changes it.

    Parameters
    ----------
    page
        The page, for its state and language.
    product
        The national product.
    """

    playing = param.Boolean(default=False, doc="Whether the years play.")

    def __init__(self, page: PageView, product: NationalProduct) -> None:
        super().__init__()
        self._page = page
        self._state = page.state
        self._product = product
        self._frame: Any = None
        self._slider = pmui.DiscreteSlider(
            label=page.bound("atlas.year"),
            options=product.years,
            value=product.nearest_year(self._state.at_year),
            size="small",
            sizing_mode="stretch_width",
            margin=(0, 16),
        )
        self._slider.param.watch(lambda event: self._choose(int(event.new)), "value")
        self._state.param.watch(self._follow, "at_year")
        page.services.on_close(self.stop)
        self.view = pn.Row(
            self._button("chevron_left", page.bound("atlas.earlier"), lambda: self.step(-1)),
            self._button(
                pn.bind(lambda playing: "pause" if playing else "play_arrow", self.param.playing),
                pn.bind(_play_words, self._state.param.lang, self.param.playing),
                self.toggle,
            ),
            self._button("chevron_right", page.bound("atlas.later"), lambda: self.step(1)),
            self._slider,
            sizing_mode="stretch_width",
            margin=(4, 10, 0, 10),
        )

    @property
    def year(self) -> int:
        """Year of the product that the state asks for."""
        return self._product.nearest_year(self._state.at_year)

    def step(self, years: int) -> None:
        """Go some years on, from the last to the first again, and show single years."""
        known = self._product.years
        place = (known.index(self.year) + years) % len(known)
        self._show(known[place])

    def toggle(self) -> None:
        """Begin to play, or stop."""
        if self.playing:
            self.stop()
            return
        self.playing = True
        self._play()

    def stop(self) -> None:
        """Stop playing."""
        self.playing = False

    def _play(self) -> None:
        """Show the next year, and once it is on its way, wait for the one after."""
        if not self.playing:
            return
        self.step(1)
        if (document := pn.state.curdoc) is not None:
            document.add_timeout_callback(self._play, PAUSE_MS)

    def _choose(self, year: int) -> None:
        """Show a year that the user has chosen; a slider that only follows changes nothing."""
        if year != self.year:
            self._show(year)

    def _show(self, year: int) -> None:
        """Show a year, of a layer that has years."""
        layer = self._state.at_layer if self._state.at_layer in YEARLY else "annual"
        self._state.param.update(at_layer=layer, at_year=year)

    def _follow(self, _: Any) -> None:
        self._slider.value = self.year

    @staticmethod
    def _button(icon: Any, words: Any, action: Callable[[], None]) -> Any:
        button = pmui.IconButton(icon=icon, description=words, margin=(4, 0))
        button.on_click(lambda _: action())
        return button


def _play_words(lang: str, playing: bool) -> str:
    return t("atlas.pause" if playing else "atlas.play", lang)
