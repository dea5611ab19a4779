"""Header of the page: name, navigation, language, theme, and the help dialog."""

from __future__ import annotations

from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape import __version__
from fluxscape_dashboard.client import Client
from fluxscape_dashboard.state import PAGES, AppState
from fluxscape_dashboard.text import bound, t
from fluxscape_dashboard.theme import (
    HIDDEN_WHEN_COMPACT,
    HIDDEN_WHEN_NARROW,
    NAVIGATION_SX,
    ON_HEADER_SX,
    WIDE_TOOLTIP,
)

_HELP_KEYS: Final = (
    ("1 – 5", "common.key_pages"),
    ("Shift + O", "common.key_reset"),
    ("?", "common.key_help"),
    ("Esc", "common.key_escape"),
)


def header(state: AppState, client: Client, dialog: Any) -> Any:
    """Return the header's row."""
    lang = state.param.lang
    name = pmui.Column(
        pmui.Typography("fluxscape", variant="h3", margin=0, sx={"color": "#ffffff"}),
        pmui.Typography(
            bound("common.app_subtitle", lang),
            margin=0,
            sx={
                "color": "#b9d3d3",
                "fontSize": "0.74rem",
                "lineHeight": 1.2,
                "whiteSpace": "nowrap",
            },
            stylesheets=[HIDDEN_WHEN_COMPACT],
        ),
        margin=(0, 24, 0, 4),
        # So wide in both languages that the navigation does not move; less on a small screen.
        sx={"minWidth": "300px", "@media (max-width: 1200px)": {"minWidth": "96px"}},
        stylesheets=[HIDDEN_WHEN_NARROW],
    )
    pages = pmui.RadioButtonGroup(
        options=pn.bind(lambda lang: {t(f"common.page_{key}", lang): key for key in PAGES}, lang),
        value=state.param.page,
        description=bound("common.navigation", lang),
        variant="outlined",
        sx=NAVIGATION_SX,
        margin=0,
        align="center",
    )
    pages.param.watch(lambda event: state.param.update(page=event.new), "value")
    languages = pmui.RadioButtonGroup(
        options={"EN": "en", "中文": "zh"},
        value=lang,
        description=bound("common.language", lang),
        variant="outlined",
        sx=NAVIGATION_SX,
        margin=(0, 6),
        width=130,
        align="center",
    )
    languages.param.watch(lambda event: state.param.update(lang=event.new), "value")
    return pmui.Row(
        name,
        pages,
        pmui.Row(sizing_mode="stretch_width"),
        languages,
        _icon(state, "contrast", "common.theme", lambda: state.param.update(dark=not state.dark)),
        _icon(state, "restart_alt", "common.reset_view", state.reset),
        _icon(state, "link", "common.copy_link", client.copy_address),
        _icon(state, "help_outline", "common.help", lambda: dialog.param.update(open=True)),
        sizing_mode="stretch_width",
        margin=0,
        sx={"alignItems": "center", "overflowX": "auto", "overflowY": "hidden"},
    )


def _icon(state: AppState, icon: str, key: str, action: Any) -> Any:
    return pmui.IconButton(
        icon=icon,
        description=bound(key, state.param.lang),
        on_click=lambda _: action(),
        stylesheets=[WIDE_TOOLTIP],
        sx=ON_HEADER_SX,
        margin=0,
        align="center",
    )


def help_dialog(state: AppState) -> Any:
    """Return the dialog with what the pages are for and the keys."""
    lang = state.param.lang
    rows = [
        pmui.Typography(bound("common.help_text", lang), variant="body1"),
        pmui.Typography(bound("common.help_keys", lang), variant="h6"),
    ]
    for key, text in _HELP_KEYS:
        rows.append(
            pmui.Row(
                pmui.Chip(label=key, variant="outlined", size="small", width=100),
                pmui.Typography(bound(text, lang), variant="body1", margin=(4, 8)),
                margin=0,
            )
        )
    rows.append(
        pmui.Typography(bound("common.version", lang, version=__version__), variant="caption")
    )
    return pmui.Dialog(
        *rows,
        title=bound("common.help_title", lang),
        show_close_button=True,
        close_on_click=True,
        width_option="sm",
    )
