"""The card of one tower: facts with their units, precision, source and quality notes."""

from __future__ import annotations

import math
from typing import Any, Final

from fluxscape.towers import Tower
from fluxscape_dashboard import safe
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.towers import NO_VALUE, class_key, class_name, position, year_span

COARSE: Final = 100.0
"""Precision of a position [m] beyond which a footprint may lie over the wrong ground."""

_STYLE: Final = """
:host { display: block }
h2 { font-size: 1.15rem; font-weight: 600; margin: 0 0 2px; line-height: 1.3 }
.site { color: var(--mui-palette-text-secondary, #4c5f63); margin: 0 0 10px; font-size: 0.85rem }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; line-height: 1.4 }
th { text-align: left; font-weight: 400; vertical-align: top; padding: 4px 10px 4px 0; width: 42%;
  color: var(--mui-palette-text-secondary, #4c5f63) }
td { vertical-align: top; padding: 4px 0; overflow-wrap: anywhere }
tr + tr th, tr + tr td { border-top: 1px solid var(--mui-palette-divider, #d8dfe0) }
.note { margin: 10px 0 0; padding: 8px 10px; border-left: 3px solid #c77700; font-size: 0.82rem;
  line-height: 1.45; background: rgba(199, 119, 0, 0.10) }
dl { margin: 0; font-size: 0.8rem; line-height: 1.45 }
dt { color: var(--mui-palette-text-secondary, #4c5f63); margin-top: 8px }
dd { margin: 0; overflow-wrap: anywhere }
"""


def card(tower: Tower, lang: str) -> Any:
    """Return the facts of a tower; every text of the table is treated as text from outside."""
    rows = (
        ("position", _with_precision(tower, lang)),
        ("elevation", _metres(tower.elevation, lang)),
        ("class", class_name(class_key(tower), lang)),
        ("vegetation", tower.vegetation or NO_VALUE),
        ("climate", tower.climate or NO_VALUE),
        ("tower_height", _metres(tower.tower_height, lang)),
        ("measurement_height", _metres(tower.measurement_height, lang)),
        ("canopy_height", _metres(tower.canopy_height, lang)),
        ("years", year_span(tower, lang)),
        ("networks", "; ".join(tower.networks) or NO_VALUE),
    )
    values: dict[str, object] = {"name": tower.name, "site": _names(tower, lang)}
    template = '<h2 translate="no">{name}</h2><p class="site" translate="no">{site}</p><table>'
    for key, value in rows:
        template += f'<tr><th>{{head_{key}}}</th><td translate="no">{{{key}}}</td></tr>'
        values |= {f"head_{key}": t(f"towers.row_{key}", lang), key: value}
    template += "</table>"
    if tower.has_position and tower.coordinate_precision > COARSE:
        template += '<p class="note">{coarse}</p>'
        length = _length(tower.coordinate_precision)
        values["coarse"] = t("towers.coarse_position", lang, length=length)
    return _pane(template, values)


def sources(tower: Tower, lang: str) -> Any:
    """Return reference, sources and quality notes of a tower."""
    template = "<dl>"
    values: dict[str, object] = {}
    for key in ("reference", "source", "note"):
        template += f'<dt>{{head_{key}}}</dt><dd translate="no">{{{key}}}</dd>'
        values |= {f"head_{key}": t(f"towers.row_{key}", lang)}
        values |= {key: getattr(tower, key) or NO_VALUE}
    return _pane(template + "</dl>", values)


def _pane(template: str, values: dict[str, object]) -> Any:
    options = {"stylesheets": [_STYLE], "margin": 0, "sizing_mode": "stretch_width"}
    return safe.html_pane(template, pane=options, **values)


def _names(tower: Tower, lang: str) -> str:
    names = list(dict.fromkeys((*tower.names, tower.key)))
    region = t("towers.region_taiwan", lang) if tower.region == "Taiwan" else ""
    region = t("towers.region_hong_kong", lang) if tower.region == "Hong Kong" else region
    return " · ".join([*names, *([region] if region else [])])


def _with_precision(tower: Tower, lang: str) -> str:
    if not tower.has_position:
        return t("towers.position_unknown", lang)
    if not math.isfinite(tower.coordinate_precision):
        return position(tower)
    length = _length(tower.coordinate_precision)
    return t("towers.position_to", lang, position=position(tower), length=length)


def _length(metres: float) -> str:
    return f"{metres / 1000:.2g} km" if metres >= 1000 else f"{metres:.3g} m"


def _metres(value: float, lang: str) -> str:
    if not math.isfinite(value):
        return t("towers.unknown", lang)
    return f"{value:,.0f} m".replace(",", "\u2009") if value >= 100 else f"{value:g} m"
