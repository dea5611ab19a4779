"""The frame of a session: header, navigation, three zones a page, address bar."""

from __future__ import annotations

import logging
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard.pages import PageView, Services, page_class
from fluxscape_dashboard.state import PAGES, AppState, read_query, write_query
from fluxscape_dashboard.text import bound, t

NEEDED_ASSETS: Final = ("towers.csv", "text/common.json")
"""Assets without which no page can be shown."""

_LOG = logging.getLogger(__name__)


def configure() -> None:
    """Set the process-wide options of Panel and HoloViews once, before the first session."""
    pn.extension(notifications=True)


def close() -> None:
    """Release what the process holds: the worker processes."""


def session_page() -> Any:
    """Build the page of one session."""
    return Shell().page


class Shell:
    """One session."""

    def __init__(self) -> None:
        self.state = AppState()
        self.views: dict[str, PageView] = {}
        self.zones: dict[str, Any] = {}
        self.body = pn.Column(sizing_mode="stretch_both")
        self.services = Services(
            jobs=None,  # type: ignore[arg-type]
            session="",
            notify=self.notify,
            on_close=lambda f: pn.state.on_session_destroyed(lambda _: f()),
        )
        notices = read_query(self.state, pn.state.location.search if pn.state.location else "")
        self.page = pmui.Page(
            title="fluxscape",
            theme_toggle=False,
            header=[
                *(
                    pmui.Button(
                        label=bound(f"common.page_{key}", self.state.param.lang),
                        on_click=lambda _, key=key: self.state.param.update(page=key),
                    )
                    for key in PAGES
                )
            ],
            main=[self.body],
        )
        self.state.param.watch(self._show, "page")
        self.state.param.watch(self._write, list(self.state.param))
        self._show()
        for notice in notices:
            self.notify(notice.kind, notice.key, **notice.values)

    def notify(self, kind: str, key: str, **values: object) -> None:
        """Show a message."""
        if pn.state.notifications is not None:
            pn.state.notifications.send(t(key, self.state.lang, **values), notification_type=kind)

    def _write(self, *_: object) -> None:
        if pn.state.location is not None:
            pn.state.location.search = write_query(self.state)

    def _show(self, *_: object) -> None:
        key = self.state.page
        if key not in self.views:
            view = self.views[key] = page_class(key)(self.state, self.services)
            self.zones[key] = pn.Row(
                pn.Column(view.selectors(), width=300),
                pn.Column(view.display(), sizing_mode="stretch_both"),
                pn.Column(view.details(), width=320),
                sizing_mode="stretch_both",
            )
            self.body.append(self.zones[key])
        for name, zone in self.zones.items():
            zone.visible = name == key
        self.views[key].on_show()
