"""The state of one session: plain parameters, no widgets, and their mirror in the address bar.

Every parameter of :class:`AppState` is a query parameter of the page's address under its own
name, so that a copied address restores the whole view. Only values that differ from their default
are written, besides ``v``, ``page`` and ``lang``. What comes from an address is checked here, on
the server, by the parameter's own declaration (type, bounds, allowed values); a value that fails
becomes a :class:`Notice` and the default stands.

Pages add their parameters through the mixins of ``state_footprint``, ``state_representativeness``,
``state_model`` and ``state_atlas``, prefixed ``fp_``, ``rep_``, ``dlm_`` and ``at_``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlencode

import param

from fluxscape_dashboard.state_atlas import AtlasState
from fluxscape_dashboard.state_footprint import FootprintState
from fluxscape_dashboard.state_model import ModelState
from fluxscape_dashboard.state_representativeness import RepresentativenessState

SCHEMA: Final = 1
"""Version of the address's vocabulary; it changes only when an old link would be misread."""

PAGES: Final = ("towers", "footprint", "representativeness", "model", "atlas")
"""Keys of the pages in the order of the navigation."""

LONGEST_QUERY: Final = 6000
"""Characters of an address that are read; proxies commonly cut at 8 kB."""

MOST_FIELDS: Final = 100
"""Parameters of an address that are read."""

_TRACKING: Final = "utm_"

_ALWAYS_WRITTEN: Final = ("v", "page", "lang")


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the user: a key of the text catalogue and its values.

    Attributes
    ----------
    key
        ``namespace.key`` of the text.
    values
        Values of its fields.
    kind
        ``info``, ``success``, ``warning`` or ``error``.
    """

    key: str
    values: dict[str, object] = field(default_factory=dict)
    kind: str = "warning"


class TowersState(param.Parameterized):
    """What the Towers page shows."""

    tw_search = param.String(default="", doc="Words looked for in names, codes and vegetation.")
    tw_igbp = param.List(default=[], item_type=str, doc="IGBP classes shown; all if empty.")
    tw_network = param.List(default=[], item_type=str, doc="Networks shown; all if empty.")
    tw_years = param.Range(
        default=None, bounds=(1900, 2100), doc="Years in which a tower measured; all if None."
    )
    tw_view = param.Selector(default="map", objects=["map", "table"], doc="Map or table.")


class AppState(TowersState, FootprintState, RepresentativenessState, ModelState, AtlasState):
    """All that one session shows; see the module."""

    v = param.Integer(default=SCHEMA, bounds=(SCHEMA, SCHEMA), doc="Schema of the address.")
    page = param.Selector(default="towers", objects=list(PAGES), doc="Page on display.")
    lang = param.Selector(default="en", objects=["en", "zh"], doc="Language of every text.")
    dark = param.Boolean(default=False, doc="Dark theme; colour maps do not follow it.")
    tower = param.String(
        default="",
        regex=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,31})?$",
        doc="Key of the chosen tower, empty if none.",
    )
    map_view = param.NumericTuple(
        default=None,
        length=3,
        allow_None=True,
        doc="Longitude and latitude of the national map's centre, and its width, in degrees.",
    )

    def reset(self) -> None:
        """Set every parameter but the language and the theme back to its default."""
        kept = {"name", "lang", "dark"}
        self.param.update(**{name: _default(self, name) for name in self.param if name not in kept})


def url_parameters(state: AppState) -> tuple[str, ...]:
    """Return the names of the parameters that the address mirrors."""
    return tuple(name for name in state.param if name != "name")


def write_query(state: AppState) -> str:
    """Return the query string, ``?v=1&page=…``, that restores ``state``."""
    pairs = {
        name: _encode(getattr(state, name))
        for name in url_parameters(state)
        if name in _ALWAYS_WRITTEN or getattr(state, name) != _default(state, name)
    }
    first = {name: pairs.pop(name) for name in _ALWAYS_WRITTEN}
    return "?" + urlencode({**first, **pairs}, safe=",:")


def read_query(state: AppState, query: str) -> tuple[Notice, ...]:
    """Set ``state`` to what a query string says; absent parameters get their default.

    Returns
    -------
    tuple of Notice
        One for each value that was refused or name that is probably misspelt. Unknown names of
        others, such as the tracking marks of mail programs, are passed over.
    """
    if len(query) > LONGEST_QUERY or query.count("&") > MOST_FIELDS:
        return (Notice("common.notice_long_address", {"limit": LONGEST_QUERY}),)
    names = url_parameters(state)
    values = {name: _default(state, name) for name in names if name not in {"lang", "dark"}}
    notices: list[Notice] = []
    probe = AppState()
    for name, text in parse_qsl(query.removeprefix("?")):
        if name not in names:
            notices += _misspelt(name, names)
            continue
        try:
            value = _decode(state.param[name], text)
            setattr(probe, name, value)
        except (ValueError, TypeError, RecursionError):
            key = "common.notice_other_version" if name == "v" else "common.notice_bad_value"
            notices.append(Notice(key, {"name": name, "value": text[:40]}))
        else:
            values[name] = value
    state.param.update(**values)
    return tuple(notices)


def _misspelt(name: str, names: tuple[str, ...]) -> list[Notice]:
    near = get_close_matches(name, names, n=1, cutoff=0.8)
    if not near or name.startswith(_TRACKING):
        return []
    return [Notice("common.notice_unknown_name", {"name": name[:40], "near": near[0]})]


def _default(state: AppState, name: str) -> Any:
    default = state.param[name].default
    return default.copy() if isinstance(default, (list, dict)) else default


def _encode(value: object) -> str:
    """Return a value as the shortest text that :func:`_decode` reads back."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, tuple):
        return ",".join("" if item is None else _encode(item) for item in value)
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
    return "" if value is None else str(value)


def _decode(parameter: param.Parameter, text: str) -> Any:
    """Return the value that ``text`` stands for, or raise ValueError."""
    if text == "" and parameter.allow_None:
        return None
    for kind, decode in _DECODERS:
        if isinstance(parameter, kind):
            return decode(parameter, text)
    return text


def _one_of(options: list[Any], texts: list[str], text: str) -> Any:
    return options[texts.index(text)] if text in texts else _refuse(text)


def _list(parameter: param.List, text: str) -> list[Any]:
    make = parameter.item_type or str
    return [make(item) for item in text.split(",") if item]


def _mapping(text: str) -> dict[str, Any]:
    """Return a flat mapping to finite numbers and words; what is nested could not be written."""
    value = json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_finite)
    if not isinstance(value, dict) or any(
        isinstance(item, (dict, list)) for item in value.values()
    ):
        _refuse(text)
    return cast("dict[str, Any]", value)


_DECODERS: Final[tuple[tuple[type, Callable[[Any, str], Any]], ...]] = (
    (param.Boolean, lambda _, text: _one_of([False, True], ["0", "1"], text)),
    (param.Integer, lambda _, text: int(text)),
    (param.Number, lambda _, text: _finite(text)),
    (param.NumericTuple, lambda _, text: tuple(map(_finite, text.split(",")))),
    (param.List, _list),
    (param.Dict, lambda _, text: _mapping(text)),
    (
        param.Selector,
        lambda kind, text: _one_of(list(kind.objects), list(map(str, kind.objects)), text),
    ),
)
"""Readers by kind of parameter; the more special kind comes first."""


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(text)
    return int(number) if number.is_integer() and "." not in text else number


def _refuse(text: str) -> Any:
    msg = f"{text!r} is not a value of this parameter"
    raise ValueError(msg)
