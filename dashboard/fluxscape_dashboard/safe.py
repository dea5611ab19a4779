"""The only place where outside text becomes markup.

Names, attributes, file names, error messages and job messages come from outside. Panel renders
most strings as HTML (HTML, Markdown, Str, Alert, titles of cards, column headers of tables), so
pages take their text panes from here and never from Panel; a test forbids the others.

:func:`text` is for places that take HTML, :func:`label` for places that escape by themselves
(options of selects, axis titles, hover values).
"""

from __future__ import annotations

import html
import re
import string
from typing import TYPE_CHECKING, Any, Final

import panel as pn

from fluxscape.errors import UnsafeInputError
from fluxscape.io.names import plain_text

if TYPE_CHECKING:
    import pandas as pd

SHORT: Final = 300
LONG: Final = 4000
_ADDRESS: Final = re.compile(r"(https?://|mailto:|[#?]|/(?![/\\]))", re.IGNORECASE)
_MARKDOWN_SIGNS: Final = re.compile(r"[^\w\s,]|_")
_OPEN_TAG: Final = re.compile(r"<[^>]*\Z")
#: Elements whose text is not plain text, or that end otherwise than others.
_ODD_TAG: Final = re.compile(
    r"<\s*(script|style|textarea|title|iframe|noscript|template|svg|math)\b", re.IGNORECASE
)

# What a page forgot to pass through this module stays text: Markdown, and with it Alert, strings
# in layouts and Material's Typography, takes no HTML unless a page asks for it.
pn.pane.Markdown.param.renderer_options.default = {"html": False}


class Markup(str):
    """HTML that this module made of outside values; :func:`fill` puts it in as it is."""

    __slots__ = ()


def label(value: object, *, limit: int = SHORT) -> str:
    """Return outside text for places that escape by themselves: cleaned and shortened."""
    return plain_text(value, limit=limit)


def title(value: object, *, limit: int = SHORT) -> str:
    """Return outside text for the ``title`` option of HoloViews, which fills in braces."""
    return label(value, limit=limit).replace("{", "{{").replace("}", "}}")


def text(value: object, *, limit: int = SHORT) -> str:
    """Return outside text for places that take HTML: cleaned, shortened, escaped.

    >>> text("DE-Tha<img src=x onerror=alert(1)>")
    'DE-Tha&lt;img src=x onerror=alert(1)&gt;'
    """
    return html.escape(label(value, limit=limit), quote=True)


def markdown_text(value: object, *, limit: int = SHORT) -> str:
    """Return outside text for a place inside Markdown: every sign becomes a character reference."""
    return _MARKDOWN_SIGNS.sub(lambda m: f"&#{ord(m.group())};", label(value, limit=limit))


def address(value: object) -> str:
    """Return an outside address for an ``href``, or ``#`` if it is not a plain web address."""
    cleaned = label(value, limit=LONG)
    return text(cleaned, limit=LONG) if _ADDRESS.match(cleaned) else "#"


def link(url: object, caption: object) -> Markup:
    """Return the HTML of a link to an outside address with an outside caption."""
    start = f'<a href="{address(url)}" rel="noopener noreferrer" target="_blank">'
    return Markup(f"{start}{text(caption)}</a>")


def fill(template: str, /, **outside: object) -> Markup:
    """Return a trusted HTML template with outside values put in its text.

    Parameters
    ----------
    template
        HTML of the program or of the text catalogue with ``{name}`` fields between tags.
    **outside
        Values of any origin; results of :func:`link` and :func:`fill` stay markup.

    Raises
    ------
    UnsafeInputError
        If a field stands inside a tag, where escaping is not enough.
    """
    return Markup(_fill(template, outside, _text_or_markup))


def html_pane(template: str, /, *, pane: dict[str, Any] | None = None, **outside: object) -> Any:
    """Return a pane of trusted HTML with outside values; ``pane`` are options of the pane."""
    return pn.pane.HTML(fill(template, **outside), **(pane or {}))


def markdown_pane(
    template: str, /, *, pane: dict[str, Any] | None = None, **outside: object
) -> Any:
    """Return a pane of trusted Markdown with outside values; HTML in it stays text."""
    return pn.pane.Markdown(
        _fill(template, outside, markdown_text),
        renderer="markdown-it",
        renderer_options={"html": False},
        **(pane or {}),
    )


def plain(value: object, /, *, limit: int = LONG, pane: dict[str, Any] | None = None) -> Any:
    """Return a pane of outside text."""
    return pn.pane.HTML(text(value, limit=limit), **(pane or {}))


def table(frame: pd.DataFrame, /, **options: Any) -> Any:
    """Return a Tabulator of outside data: headers escaped, cells shown as plain text."""
    barred = {"formatters", "titles", "title_formatters", "header_tooltips"} & options.keys()
    if barred:
        msg = f"safe.table takes no {sorted(barred)}: they can turn cells into markup"
        raise UnsafeInputError(msg)
    names = [label(name) for name in frame.columns]
    if len(set(names)) < len(names):
        msg = f"a column name stands twice among {names}"
        raise UnsafeInputError(msg)
    shown = frame.set_axis(names, axis="columns")
    titles = {str(name): text(name) for name in shown.columns}
    return pn.widgets.Tabulator(shown, titles=titles, **options)


def _text_or_markup(value: object) -> str:
    """Return the markup of this module as it is, and anything else as text."""
    return value if isinstance(value, Markup) else text(value)


def _fill(template: str, outside: dict[str, object], escape: Any) -> str:
    """Fill the fields of a template; they are plain names that stand between tags."""
    parts: list[str] = []
    for literal, field, spec, conversion in string.Formatter().parse(template):
        parts.append(literal)
        if field is None:
            continue
        if not field.isidentifier() or conversion or spec:
            msg = f"the template field {field!r} must be a plain name"
            raise UnsafeInputError(msg)
        if _OPEN_TAG.search("".join(parts)) or _ODD_TAG.search(template):
            msg = f"the template field {field!r} stands inside a tag, a script or the like"
            raise UnsafeInputError(msg)
        parts.append(escape(outside[field]))
    return "".join(parts)
