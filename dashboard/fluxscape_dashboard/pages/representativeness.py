"""The Representativeness page: one tower and its surroundings, or the network and the nation."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard.pages._representativeness_network import NetworkHalf
from fluxscape_dashboard.pages._representativeness_tower import TowerHalf
from fluxscape_dashboard.pages._widgets import choice, description, heading
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.state_representativeness import VIEWS
from fluxscape_dashboard.text import t


class Half(Protocol):
    """One half of the page."""

    selectors: Any
    display: Any
    details: Any

    def show(self, *, visible: bool) -> None:
        """Bring the half up to the state, or let later changes wait."""


class RepresentativenessPage(PageView):
    """See the module."""

    key: ClassVar[str] = "representativeness"

    def __init__(self, state: AppState, services: Services) -> None:
        super().__init__(state, services)
        self._visible = False
        self._halves: dict[str, Half] = {"tower": TowerHalf(self), "network": NetworkHalf(self)}
        state.param.watch(lambda _: self._follow(), "rep_view")

    def selectors(self) -> Any:
        """Return the switch between the halves and what each is chosen with."""
        switch = choice(
            self,
            "rep_view",
            "representativeness.view",
            VIEWS,
            lambda value, lang: t(f"representativeness.view_{value}", lang),
            buttons=True,
        )
        return pmui.Column(switch, *self._zones("selectors"), sizing_mode="stretch_width", margin=0)

    def display(self) -> Any:
        """Return the figures."""
        return pmui.Column(
            *self._zones("display"),
            sizing_mode="stretch_both",
            scroll="y-auto",
            margin=0,
            sx={"padding": "12px 16px", "height": "100%"},
        )

    def details(self) -> Any:
        """Return the description, the provenance and the downloads."""
        return pmui.Column(
            heading(self, "representativeness.title"),
            description(self, "representativeness.description"),
            *self._zones("details"),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _zones(self, name: str) -> list[Any]:
        """Return one zone of every half, visible with it."""
        return [
            pn.Column(
                getattr(half, name),
                visible=pn.bind(lambda shown, key=key: shown == key, self.state.param.rep_view),
                sizing_mode="stretch_width",
                margin=0,
            )
            for key, half in self._halves.items()
        ]

    def on_show(self) -> None:
        """Run what has changed since the last visit."""
        self._visible = True
        self._follow()

    def on_hide(self) -> None:
        """Let later changes wait for the next visit."""
        self._visible = False
        self._follow()

    def _follow(self) -> None:
        for key, half in self._halves.items():
            half.show(visible=self._visible and self.state.rep_view == key)
