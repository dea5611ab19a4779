"""English and Chinese strings from ``assets/text/<namespace>.json``.

A catalogue is ``{"key": {"en": "…", "zh": "…"}}``; ``t("towers.search", "zh")`` reads the key
``search`` of ``towers.json``. A missing key is an error, never shown text: the tests read every
catalogue in both languages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import param

from fluxscape.assets import asset
from fluxscape.errors import FileFormatError, MissingVariableError, did_you_mean

LANGUAGES: Final = ("en", "zh")
"""Languages of every visible string."""


@cache
def catalogue(namespace: str) -> Mapping[str, Mapping[str, str]]:
    """Return the strings of one namespace, by key and language.

    Raises
    ------
    MissingVariableError
        If there is no such namespace.
    FileFormatError
        If a key lacks a language.
    """
    path = asset(f"text/{namespace}.json")
    rows: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    for key, row in rows.items():
        if set(row) != set(LANGUAGES) or not all(row.values()):
            msg = f"{path.name}: {key!r} needs a text in each of {LANGUAGES}, got {sorted(row)}"
            raise FileFormatError(msg, key=key)
    return rows


def t(key: str, lang: str, **values: object) -> str:
    """Return the string ``namespace.key`` in ``lang`` with ``{name}`` fields filled in.

    Raises
    ------
    MissingVariableError
        If the key, or a field it asks for, is missing.
    """
    namespace, _, name = key.partition(".")
    rows = catalogue(namespace)
    if name not in rows:
        msg = f"text {key!r} is not in {namespace}.json.{did_you_mean(name, rows)}"
        raise MissingVariableError(msg, key=key)
    text = rows[name][lang]
    try:
        return text.format(**values) if values or "{" in text else text
    except KeyError as error:
        msg = f"text {key!r} needs a value for {error}"
        raise MissingVariableError(msg, key=key) from error


def bound(key: str, lang: param.Parameter, **values: object) -> Any:
    """Return a reactive string for a widget's label: it follows the language of the session.

    Parameters
    ----------
    key
        ``namespace.key`` as in :func:`t`.
    lang
        ``state.param.lang``.
    **values
        Values of the text's fields; a parameter among them is followed as well.
    """
    return param.bind(_translate, key=key, lang=lang, **values)


def _translate(key: str, lang: str, **values: object) -> str:
    return t(key, lang, **values)
