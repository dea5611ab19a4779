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


_NARROW: Final = "@media (max-width: 900px)"
HIDDEN_WHEN_NARROW: Final = f"{_NARROW} {{ :host {{ display: none !important }} }}"
"""Stylesheet of what a telephone has no room for."""

STACKED_WHEN_NARROW: Final = (
    f"{_NARROW} {{ :host {{ flex-direction: column !important; overflow-y: auto !important; "
    "overflow-x: hidden !important } }"
)
"""Stylesheet of a row that becomes a column on a telephone."""

ZONE_WHEN_NARROW: Final = (
    f"{_NARROW} {{ :host {{ width: 100% !important; height: auto !important; "
    "flex: none !important; border: 0 !important } .column { width: 100% !important } }"
)
"""Stylesheet of a zone in such a column."""

DISPLAY_WHEN_NARROW: Final = (
    f"{_NARROW} {{ :host {{ width: 100% !important; height: 86vh !important; "
    "flex: none !important; order: -1 } }"
)
"""Stylesheet of the zone that comes first there."""

_COMPACT: Final = "@media (min-width: 901px) and (max-width: 1200px)"


def _compact(width: int) -> str:
    # The host is sized by its place in the row, its content by a width of its own.
    return (
        f"{_COMPACT} {{ :host {{ flex: 0 0 {width}px !important; width: {width}px !important }} "
        ".column { width: 100% !important } }"
    )


HIDDEN_WHEN_COMPACT: Final = "@media (max-width: 1200px) { :host { display: none !important } }"
"""Stylesheet of what a small screen has no room for."""

LEFT_WHEN_COMPACT: Final = _compact(232)
RIGHT_WHEN_COMPACT: Final = _compact(256)
BESIDE_WHEN_COMPACT: Final = _compact(116)
"""Stylesheets of the zones and of what stands beside a map on a small screen."""

STACKED_WHEN_COMPACT: Final = (
    "@media (max-width: 1200px) { :host { flex-direction: column !important } }"
)
"""Stylesheet of a chart with a table beside it: below it on a small screen."""

_SQUARE: Final = "@media (max-aspect-ratio: 17/10)"
STACKED_WHEN_SQUARE: Final = f"{_SQUARE} {{ :host {{ flex-direction: column !important }} }}"
BELOW_WHEN_SQUARE: Final = (
    f"{_SQUARE} {{ :host {{ width: auto !important; height: auto !important; "
    "align-self: stretch !important; flex: none !important; flex-direction: row !important } }"
)
GROWS_WHEN_SQUARE: Final = f"{_SQUARE} {{ :host {{ flex: 1 1 0 !important }} }}"
GONE_WHEN_SQUARE: Final = f"{_SQUARE} {{ :host {{ display: none !important }} }}"
"""Stylesheets of a map with what stands beside it: below it and side by side on all but wide
screens, so that the nation fills the frame."""

_PHONE: Final = "@media (max-width: 600px)"
HIDDEN_ON_PHONE: Final = f"{_PHONE} {{ :host {{ display: none !important }} }}"
LOW_ON_PHONE: Final = f"{_PHONE} {{ :host {{ max-height: 110vw !important }} }}"
"""Stylesheets of a legend, and of a map that shall not be taller than its relief."""

WIDE_TOOLTIP: Final = ".MuiTooltip-tooltip { width: max-content; max-width: 220px }"
"""Stylesheet of an icon: its hint would else be as narrow as the icon."""


@cache
def theme_config() -> dict[str, Any]:
    """Return the theme of both schemes, as panel-material-ui wants it."""
    style = json.loads(asset("style/theme.json").read_text(encoding="utf-8"))
    shared = style["shared"]
    return {scheme: {**shared, **style[scheme]} for scheme in ("light", "dark")}
