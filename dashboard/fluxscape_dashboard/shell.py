"""The frame of a session: header, navigation, three zones a page, address bar."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape_dashboard.client import Client
from fluxscape_dashboard.header import header, help_dialog
from fluxscape_dashboard.pages import PageView, Services, page_class
from fluxscape_dashboard.process import is_warming_up, job_pool
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.state import PAGES, AppState, Notice, read_query, write_query
from fluxscape_dashboard.text import t
from fluxscape_dashboard.theme import (
    DISPLAY_WHEN_NARROW,
    LEFT_WHEN_COMPACT,
    PAGE_SX,
    RIGHT_WHEN_COMPACT,
    STACKED_WHEN_NARROW,
    ZONE_SX,
    ZONE_WHEN_NARROW,
    theme_config,
)
from fluxscape_dashboard.tower_table import tower_or_none

LEFT_WIDTH: Final = 276
RIGHT_WIDTH: Final = 310

_STEPS: Final = ("page", "tower")
_LOG = logging.getLogger(__name__)


def session_page() -> Any:
    """Build the page of one session."""
    return Shell().page


class Shell:
    """One session: the state, the pages that were visited, and the frame around them."""

    def __init__(self) -> None:
        self.state = AppState(lang=_wished_language())
        self.pages: dict[str, PageView] = {}
        self.zones: dict[str, Any] = {}
        self._writing = self._new_step = False
        self.services = Services(
            jobs=job_pool(),
            session=_session_id(),
            notify=self.notify,
            on_close=_on_close,
        )
        # Whatever its pages forget to stop.
        _on_close(partial(self.services.jobs.end_session, self.services.session))
        notices = list(read_query(self.state, _requested_query()))
        notices += self._check_tower()
        self.client = Client(
            query=write_query(self.state), lang=self.state.param.lang, pages=list(PAGES)
        )
        self.client.listen(
            page=self._open_page,
            reset=lambda _: self.state.reset(),
            help=lambda _: self.help.param.update(open=True),
            address=self._read_address,
            copied=self._say_copied,
        )
        self.help = help_dialog(self.state)
        self.body = pn.Column(sizing_mode="stretch_both", margin=0)
        # Known before the page is made, or its charts take a dark theme for one of their own and
        # keep dark words.
        pn.config.theme = "dark" if self.state.dark else "default"
        self.page = pmui.Page(
            title="",
            meta_title="fluxscape",
            meta_name="fluxscape",
            theme_toggle=False,
            theme_config=theme_config(),
            dark_theme=self.state.param.dark,
            sx=PAGE_SX,
            header=[header(self.state, self.client, self.help), self.client],
            main=[self.body, self.help],
        )
        pn.config.exception_handler = self._report
        self._word_connection()
        self.state.param.watch(self._word_connection, "lang")
        self._show_page()
        self.state.param.watch(self._show_page, "page")
        self.state.param.watch(self._note_change, [n for n in self.state.param if n != "name"])
        self.state.param.watch(lambda _: self._tell(self._check_tower()), "tower")
        pn.state.onload(partial(self._tell, notices))
        if is_warming_up():
            self._rehearse()

    def _rehearse(self) -> None:
        """Import every page and draw the one whose kernels take longest to load."""
        for key in PAGES:
            page_class(key)
        shown = self.state.page
        self.state.page = "atlas"
        self.state.page = shown

    def notify(self, kind: str, key: str, **values: object) -> None:
        """Show a message of the text catalogue; its values may come from outside."""
        area = pn.state.notifications
        if area is None:
            _LOG.warning("no place for the message %s", key)
            return
        clean = {name: label(value) for name, value in values.items()}
        area.send(t(key, self.state.lang, **clean), type=kind, duration=6000)

    def _report(self, error: Exception) -> None:
        """Log what a callback did not expect, and say that it failed."""
        _LOG.error("a callback of page %s failed", self.state.page, exc_info=error)
        self.notify("error", "common.callback_failed")

    def _tell(self, notices: list[Notice]) -> None:
        for notice in notices:
            self.notify(notice.kind, notice.key, **notice.values)

    def _check_tower(self) -> list[Notice]:
        """Replace other names of a tower by its site; drop unknown ones with a notice."""
        asked = self.state.tower
        tower = tower_or_none(asked)
        self.state.tower = tower.site if tower else ""
        return [Notice("common.notice_no_tower", {"tower": asked})] if asked and not tower else []

    def _open_page(self, key: object) -> None:
        if key in PAGES:
            self.state.page = key

    def _word_connection(self, *_: Any) -> None:
        """Say in the present language what the browser shows when the server goes away."""
        lost = {"type": "error", "message": t("common.connection_lost", self.state.lang)}
        if pn.state.notifications is not None:
            pn.state.notifications.js_events = {"connection_lost": lost}

    def _read_address(self, query: str) -> None:
        self._tell(list(read_query(self.state, str(query))))

    def _note_change(self, *events: Any) -> None:
        """Write the address once after all that one action of the user changes."""
        self._new_step = self._new_step or any(event.name in _STEPS for event in events)
        if not self._writing:
            self._writing = True
            pn.state.execute(self._write_address, schedule=True)

    def _write_address(self) -> None:
        self._writing = False
        self.client.param.update(step=self._new_step, query=write_query(self.state))
        self._new_step = False

    def _say_copied(self, done: object) -> None:
        if done:
            self.notify("success", "common.link_copied")
        else:
            self.notify("warning", "common.link_not_copied")

    def _show_page(self, *_: Any) -> None:
        key = self.state.page
        for name, page in self.pages.items():
            if name != key and self.zones[name].visible:
                self.zones[name].visible = False
                page.on_hide()
        if key not in self.zones:
            self.zones[key] = self._build(key)
            self.body.append(self.zones[key])
        self.zones[key].visible = True
        if key in self.pages:
            self.pages[key].on_show()

    def _build(self, key: str) -> Any:
        """Return the zones of a page; one that cannot be built shows so and harms no other."""
        try:
            page = page_class(key)(self.state, self.services)
            zones = (page.selectors(), page.display(), page.details())
        # Whatever is wrong with one page, the others must stay usable.
        except Exception:  # noqa: BLE001
            _LOG.exception("page %s cannot be built", key)
            return broken_page(self.state)
        self.pages[key] = page
        return page_layout(*zones)


def page_layout(selectors: Any, display: Any, details: Any) -> Any:
    """Return the three zones side by side."""
    left = pmui.Column(
        selectors,
        width=LEFT_WIDTH,
        sizing_mode="stretch_height",
        margin=0,
        stylesheets=[ZONE_WHEN_NARROW, LEFT_WHEN_COMPACT],
        sx={**ZONE_SX, "borderRight": "1px solid", "borderColor": "divider"},
    )
    right = pmui.Column(
        details,
        width=RIGHT_WIDTH,
        sizing_mode="stretch_height",
        margin=0,
        stylesheets=[ZONE_WHEN_NARROW, RIGHT_WHEN_COMPACT],
        sx={**ZONE_SX, "borderLeft": "1px solid", "borderColor": "divider"},
    )
    # The theme sizes the words of Bokeh's figures in em of what they inherit.
    middle = pmui.Column(
        display,
        sizing_mode="stretch_both",
        margin=0,
        styles={"font-size": "12px"},
        stylesheets=[DISPLAY_WHEN_NARROW],
        sx={"minWidth": 0, "height": "100%"},
    )
    return pn.Row(
        left,
        middle,
        right,
        sizing_mode="stretch_both",
        margin=0,
        stylesheets=[STACKED_WHEN_NARROW],
    )


def broken_page(state: AppState) -> Any:
    """Return what stands in place of a page that cannot be built."""
    return pmui.Alert(
        object=pn.bind(lambda lang: t("common.page_failed", lang), state.param.lang),
        severity="error",
        margin=30,
    )


def _wished_language() -> str:
    """Return the first language that the browser asks for, if there is a text in it."""
    wished = str(pn.state.headers.get("Accept-Language", "")) if pn.state.headers else ""
    return "zh" if wished.lower().lstrip().startswith("zh") else "en"


def _requested_query() -> str:
    return str(pn.state.location.search) if pn.state.location else ""


def _session_id() -> str:
    context = pn.state.curdoc.session_context if pn.state.curdoc else None
    return str(context.id) if context else "warm-up"


def _on_close(function: Any) -> None:
    if pn.state.curdoc and pn.state.curdoc.session_context:
        pn.state.on_session_destroyed(lambda _: function())
