"""Colours and fonts of the frame, from ``assets/style``. Colour maps of data do not follow it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from fluxscape.assets import asset

PAGE_SX: Final[dict[str, Any]] = {
    "& .MuiAppBar-root": {
        "backgroundColor": "#0f3d42",
        "backgroundImage": "none",
        "color": "#ffffff",
        "boxShadow": "none",
    },
    "& .main-content": {"padding": 0, "height": "100%"},
}
"""Style of the page: one header colour in both themes."""

ZONE_SX: Final[dict[str, Any]] = {
    "backgroundColor": "background.paper",
    "padding": "14px 16px",
    "overflowY": "auto",
    "overflowX": "hidden",
}
"""Style of the zones beside the display."""

ON_HEADER_SX: Final[dict[str, Any]] = {"color": "#ffffff"}
"""Style of icon buttons in the header."""

NAVIGATION_SX: Final[dict[str, Any]] = {
    "& .MuiToggleButton-root": {
        "color": "#d5e6e6",
        "border": 0,
        "borderRadius": "6px",
        "margin": "0 2px",
        "padding": "5px 14px",
        "fontSize": "0.9rem",
        "textTransform": "none",
        "whiteSpace": "nowrap",
    },
    "& .MuiToggleButton-root:hover": {"backgroundColor": "rgba(255,255,255,0.10)"},
    "& .MuiToggleButton-root.Mui-selected, & .MuiToggleButton-root.Mui-selected:hover": {
        "backgroundColor": "rgba(255,255,255,0.18)",
        "color": "#ffffff",
    },
}
"""Style of the navigation and the language switch in the header."""


@cache
def theme_config() -> dict[str, Any]:
    """Return the theme of both schemes, as panel-material-ui wants it."""
    style = json.loads(asset("style/theme.json").read_text(encoding="utf-8"))
    shared = style["shared"]
    return {scheme: {**shared, **style[scheme]} for scheme in ("light", "dark")}
