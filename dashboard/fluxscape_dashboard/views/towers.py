"""Towers on the map, in the table and on the card: figures and tables from data, without state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from bokeh.models import ColumnDataSource, HoverTool

from fluxscape.towers import Tower
from fluxscape_dashboard import safe
from fluxscape_dashboard.text import t

UNKNOWN: Final = "unknown"
"""Class of a tower whose IGBP class no source gives, in addresses and filters."""

NO_VALUE: Final = "–"
TAP_RADIUS: Final = 16.0
"""How far from a tower a tap may be [pixel]; a finger covers about that much."""


@dataclass(frozen=True, slots=True)
class ClassStyle:
    """Shape and colour of an IGBP class: either alone tells most classes apart."""

    marker: str
    colour: str


# Forests green, shrubs and savannas brown, grass yellow, crops purple, water and wetland blue.
CLASS_STYLES: Final = {
    "ENF": ClassStyle("triangle", "#0b6e4f"),
    "EBF": ClassStyle("circle", "#2e9e5b"),
    "DNF": ClassStyle("inverted_triangle", "#7fb800"),
    "DBF": ClassStyle("square", "#74c69d"),
    "MF": ClassStyle("hex", "#145a6b"),
    "CSH": ClassStyle("diamond", "#8c5a2b"),
    "OSH": ClassStyle("diamond", "#d99a4e"),
    "WSA": ClassStyle("square", "#a65e1f"),
    "SAV": ClassStyle("inverted_triangle", "#e07b39"),
    "GRA": ClassStyle("square", "#f2c744"),
    "WET": ClassStyle("circle", "#3d8bd6"),
    "CRO": ClassStyle("triangle", "#b5479c"),
    "URB": ClassStyle("square", "#6f7780"),
    "CVM": ClassStyle("hex", "#dd8fc4"),
    "SNO": ClassStyle("circle", "#ffffff"),
    "BSV": ClassStyle("diamond", "#d8cfc0"),
    "WAT": ClassStyle("hex", "#2446a8"),
    UNKNOWN: ClassStyle("circle", "#9aa4ab"),
}

_SHAPES: Final = {
    "circle": '<circle cx="8" cy="8" r="5.2"/>',
    "square": '<rect x="3.2" y="3.2" width="9.6" height="9.6"/>',
    "diamond": '<path d="M8 1.6 12.6 8 8 14.4 3.4 8Z"/>',
    "triangle": '<path d="M8 2.2 14 12.8H2Z"/>',
    "inverted_triangle": '<path d="M8 13.8 2 3.2H14Z"/>',
    "hex": '<path d="M2.4 8 5.2 3.1H10.8L13.6 8 10.8 12.9H5.2Z"/>',
}
_EDGE: Final = "#1c2a2e"

_HOVER: Final = """
<div style="max-width: 260px; font-size: 12px; line-height: 1.35" translate="no">
  <div style="font-weight: 600">@name</div>
  <div>@site · @igbp</div>
  <div style="color: #5a6b70">@position</div>
  <div style="color: #5a6b70">@years</div>
</div>
"""


def class_key(tower: Tower) -> str:
    """Return the tower's IGBP class, or :data:`UNKNOWN`."""
    return tower.igbp or UNKNOWN


def class_name(key: str, lang: str) -> str:
    """Return a class in words with its code, such as ``Mixed forest (MF)``."""
    return t(f"towers.igbp_{key}", lang)


def year_span(tower: Tower, lang: str) -> str:
    """Return the years of known data, such as ``2003–2010``."""
    first, last = tower.year_start, tower.year_end
    if first is None and last is None:
        return t("towers.years_unknown", lang)
    if first == last:
        return str(first)
    return f"{first or '?'}–{last or '?'}"


def position(tower: Tower) -> str:
    """Return latitude and longitude with no more digits than their precision bears."""
    if not tower.has_position:
        return NO_VALUE
    metres = tower.coordinate_precision if math.isfinite(tower.coordinate_precision) else 1000.0
    digits = min(4, max(1, 5 - round(math.log10(max(metres, 1.0)))))
    north, east = ("N" if tower.latitude >= 0 else "S"), ("E" if tower.longitude >= 0 else "W")
    return f"{abs(tower.latitude):.{digits}f}°{north}, {abs(tower.longitude):.{digits}f}°{east}"


def select(
    towers: Sequence[Tower],
    *,
    words: str = "",
    classes: Sequence[str] = (),
    networks: Sequence[str] = (),
    years: tuple[float, float] | None = None,
) -> tuple[Tower, ...]:
    """Return the towers that fit every filter that is set.

    ``words`` must all occur in name, codes, vegetation, climate or networks; ``years`` keeps
    towers with data in at least one of these years, and none whose years are unknown.
    """
    wanted = words.casefold().split()
    return tuple(
        tower
        for tower in towers
        if (not classes or class_key(tower) in classes)
        and (not networks or set(networks) & set(tower.networks))
        and (years is None or _measured(tower, years))
        and all(word in _haystack(tower) for word in wanted)
    )


def _measured(tower: Tower, years: tuple[float, float]) -> bool:
    first = tower.year_start if tower.year_start is not None else tower.year_end
    last = tower.year_end if tower.year_end is not None else tower.year_start
    return first is not None and last is not None and first <= years[1] and last >= years[0]


def _haystack(tower: Tower) -> str:
    parts = (tower.name, *tower.names, tower.vegetation, tower.climate, *tower.networks)
    return " ".join(parts).casefold()


class TowerMarks:
    """The towers on a national map: one point each, and a ring around the chosen one."""

    def __init__(self, chart: Any, *, size: float = 10.0) -> None:
        self._points = ColumnDataSource(_columns((), (), (), "en"))
        self._ring = ColumnDataSource({"x": [], "y": []})
        points = chart.scatter(
            "x",
            "y",
            source=self._points,
            marker="marker",
            fill_color="colour",
            line_color=_EDGE,
            line_width=0.9,
            size=size,
            name="towers",
        )
        for width, colour in ((5.0, "#ffffff"), (2.4, "#c1121f")):
            chart.scatter(
                "x",
                "y",
                source=self._ring,
                marker="circle",
                size=size + 9,
                fill_color=None,
                line_color=colour,
                line_width=width,
            )
        chart.add_tools(
            HoverTool(
                renderers=[points],
                tooltips=_HOVER,
                point_policy="snap_to_data",
                limit=3,
                visible=False,
            )
        )
        self._towers: tuple[Tower, ...] = ()
        self._xy: tuple[Any, Any] = (np.empty(0), np.empty(0))

    def show(self, towers: Sequence[Tower], x: Any, y: Any, lang: str) -> None:
        """Show these towers at Web Mercator positions ``x``, ``y`` [m]."""
        self._towers, self._xy = tuple(towers), (np.asarray(x), np.asarray(y))
        self._points.data = _columns(towers, x, y, lang)

    def choose(self, x: float | None, y: float | None) -> None:
        """Draw the ring at a position, or nowhere."""
        here = x is not None and y is not None
        self._ring.data = {"x": [x], "y": [y]} if here else {"x": [], "y": []}

    def nearest(self, x: float, y: float, pixel: float, chosen: str) -> Tower | None:
        """Return the tower at a tap; taps at one place go round the towers that share it.

        Parameters
        ----------
        x, y
            Web Mercator position of the tap [m].
        pixel
            Metres of the map in one pixel.
        chosen
            Site of the tower that is chosen already.
        """
        if not self._towers:
            return None
        far = np.hypot(self._xy[0] - x, self._xy[1] - y) / pixel
        order = np.argsort(far, kind="stable")
        if far[order[0]] > TAP_RADIUS:
            return None
        same = [i for i in order if far[i] <= far[order[0]] + 1.5]
        sites = [self._towers[i].site for i in same]
        turn = (sites.index(chosen) + 1) % len(sites) if chosen in sites else 0
        return self._towers[int(same[turn])]


def _columns(towers: Sequence[Tower], x: Any, y: Any, lang: str) -> dict[str, Any]:
    # Bokeh escapes what it puts into the hover's fields; label() cleans and shortens it before.
    return {
        "x": np.asarray(x, dtype=float),
        "y": np.asarray(y, dtype=float),
        "marker": [CLASS_STYLES[class_key(tower)].marker for tower in towers],
        "colour": [CLASS_STYLES[class_key(tower)].colour for tower in towers],
        "name": [safe.label(tower.name, limit=80) for tower in towers],
        "site": [tower.site for tower in towers],
        "igbp": [class_name(class_key(tower), lang) for tower in towers],
        "position": [position(tower) for tower in towers],
        "years": [year_span(tower, lang) for tower in towers],
    }


def legend(classes: Sequence[str], lang: str) -> Any:
    """Return the legend of the classes that occur, shape and colour with the full name."""
    rows = (f'<div class="row">{{mark_{key}}}<span>{{name_{key}}}</span></div>' for key in classes)
    marks = {f"mark_{key}": safe.fill(_swatch(CLASS_STYLES[key])) for key in classes}
    names = {f"name_{key}": class_name(key, lang) for key in classes}
    style = (
        # As many columns as there is room for.
        ".rows { columns: 148px; column-gap: 14px } "
        ".row { break-inside: avoid; display: flex; gap: 6px; align-items: flex-start; "
        "margin: 3px 0; "
        "font-size: 11px; line-height: 1.35 } svg { flex: none }"
    )
    return safe.html_pane(
        f'<div class="rows">{"".join(rows)}</div>',
        pane={"stylesheets": [style], "margin": 0, "sizing_mode": "stretch_width"},
        **marks,
        **names,
    )


def _swatch(style: ClassStyle) -> str:
    return (
        f'<svg width="16" height="16" fill="{style.colour}" stroke="{_EDGE}" stroke-width="0.9">'
        f"{_SHAPES[style.marker]}</svg>"
    )


def table(towers: Sequence[Tower], lang: str) -> pd.DataFrame:
    """Return the towers as a table with headings in words."""
    columns = {
        "site": [tower.site for tower in towers],
        "name": [safe.label(tower.name, limit=80) for tower in towers],
        "class": [tower.igbp or NO_VALUE for tower in towers],
        "latitude": [_rounded(tower.latitude, 4) for tower in towers],
        "longitude": [_rounded(tower.longitude, 4) for tower in towers],
        "elevation": pd.array([_rounded(tower.elevation, 0) for tower in towers], dtype="Int64"),
        "years": [year_span(tower, lang) for tower in towers],
        "networks": [safe.label("; ".join(tower.networks), limit=120) for tower in towers],
    }
    return pd.DataFrame({t(f"towers.column_{key}", lang): rows for key, rows in columns.items()})


def _rounded(value: float, digits: int) -> float | int | None:
    if not math.isfinite(value):
        return None
    return round(value, digits) if digits else round(value)
