"""Outside text becomes markup in one place, and there only as text."""

from __future__ import annotations

import ast
import html
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import panel as pn
import panel_material_ui as pmui
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.errors import UnsafeInputError
from fluxscape_dashboard import safe
from helpers.payloads import PAYLOADS

PACKAGE = Path(safe.__file__).parent


class _Tags(HTMLParser):
    """Collects the tags and the text of some HTML as a browser would see them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.shown = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.shown += data


def _seen(markup: str) -> _Tags:
    parser = _Tags()
    parser.feed(markup)
    parser.close()
    return parser


def _rendered(pane: Any) -> str:
    """Return the HTML that a Panel pane sends to the browser."""
    model = pane.get_root()
    return html.unescape(model.text if hasattr(model, "text") else model.data.object)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_shows_what_it_was_given_and_opens_no_tag(payload: str) -> None:
    parsed = _seen(safe.text(payload))
    assert parsed.tags == []
    assert parsed.shown == safe.label(payload)


@given(st.text())
def test_no_text_opens_a_tag_or_leaves_an_attribute(value: str) -> None:
    escaped = safe.text(value)
    assert not set("<>\"'") & set(escaped)
    assert html.unescape(escaped) == safe.label(value)


PANES: dict[str, Callable[[str], Any]] = {
    "plain": safe.plain,
    "html": lambda value: safe.html_pane("<p>{name}</p>", name=value),
    "markdown": lambda value: safe.markdown_pane("{name}", name=value),
    "markdown in bold": lambda value: safe.markdown_pane("a **{name}** b", name=value),
}


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("kind", PANES)
def test_panes_show_what_they_were_given_and_open_only_their_own_tags(
    kind: str, payload: str
) -> None:
    parsed = _seen(_rendered(PANES[kind](payload)))
    assert set(parsed.tags) <= {"p", "strong"}
    assert safe.label(payload) in " ".join(parsed.shown.split())


# Bokeh 3.9 makes a table's index a column by a keyword that pandas 3.1 calls outdated.
@pytest.mark.filterwarnings("ignore:The inplace keyword")
@pytest.mark.parametrize("payload", PAYLOADS)
def test_tables_escape_headers_and_cells(payload: str) -> None:
    grid = safe.table(pd.DataFrame({payload: [payload], "n": [1.5]}))
    columns = [column for column in grid.get_root().columns if column.field != "index"]
    assert columns[0].title == safe.text(payload)
    assert all(_seen(column.title).tags == [] for column in columns)
    assert type(columns[0].formatter).__name__ == "StringFormatter"


def test_tables_take_no_formatters_and_keep_columns_of_the_same_name_apart() -> None:
    frame = pd.DataFrame({"a": [1]})
    for option in ("formatters", "titles", "title_formatters", "header_tooltips"):
        with pytest.raises(UnsafeInputError, match=option):
            safe.table(frame, **{option: {}})
    with pytest.raises(UnsafeInputError, match="twice"):
        safe.table(pd.DataFrame({"a": [1], "a\0": [2]}))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_that_a_page_forgot_to_guard_keeps_html_as_text(payload: str) -> None:
    for pane in (pn.pane.Markdown(payload), pmui.Typography(payload), pn.pane.Alert(payload)):
        tags = _seen(_rendered(pane)).tags
        assert set(tags) <= {"p", "code", "pre", "a", "img", "br"}


def test_text_is_bounded_and_its_invisible_signs_are_gone() -> None:
    assert len(safe.text("x" * 10_000_000)) == 300
    assert safe.text("a\u202eb\0c\x1b\n d") == "abc d"
    assert safe.text(None) == "None"


def test_templates_take_values_between_tags_only() -> None:
    assert safe.fill("<b>{a}</b>{{x}}", a="<") == "<b>&lt;</b>{x}"
    for template in (
        "<a href={a}>",
        "<a href='{a}'>",
        '<b title="{a}">',
        "<{a}>",
        "<!-- {a} -->",
        "<script>{a}</script>",
        "<style>{a}</style>",
        "{a.__class__}",
        "{a[0]}",
        "{a!r}",
        "{a:>9}",
        "{}",
    ):
        with pytest.raises(UnsafeInputError, match="template"):
            safe.fill(template, a="x")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://doi.org/10.1/x?a=1&b=2", "https://doi.org/10.1/x?a=1&amp;b=2"),
        ("?page=footprint&tower=CN-Cha", "?page=footprint&amp;tower=CN-Cha"),
        ("javascript:alert(1)", "#"),
        ("JaVaScRiPt:alert(1)", "#"),
        (" java\nscript:alert(1)", "#"),
        ("java\0script:alert(1)", "#"),
        ("data:text/html,<script>alert(1)</script>", "#"),
        ("vbscript:x", "#"),
        ("//evil.example/x", "#"),
        ("/\\evil.example/x", "#"),
        ('https://a/"onmouseover="x', "https://a/&quot;onmouseover=&quot;x"),
        ("", "#"),
    ],
)
def test_addresses_are_web_addresses_or_none(url: str, expected: str) -> None:
    assert safe.address(url) == expected
    parsed = _seen(safe.link(url, "<img src=x onerror=x>"))
    assert parsed.tags == ["a"]


# Classes that take text for HTML or Markdown, and are therefore used in safe.py alone.
FORBIDDEN = {
    "pn.pane.HTML",
    "pn.pane.Markdown",
    "pn.pane.Str",
    "pn.pane.Alert",
    "pn.pane.LaTeX",
    "pn.pane.panel",
    "pn.panel",
    "pn.Card",
    "pn.Accordion",
    "pn.indicators.Number",
    "pn.widgets.StaticText",
    "pn.widgets.Tabulator",
    "pn.widgets.DataFrame",
    "pn.widgets.MultiChoice",
    "pmui.StaticText",
    "pmui.Tabulator",
}
# Where words are taken for HTML or Markdown, and what may stand there besides the catalogue.
WORDED = {
    ("pmui.Typography", "object"): "markdown_text",
    ("pmui.Alert", "object"): "markdown_text",
    ("pmui.Card", "title"): "text",
    ("pmui.Details", "title"): "text",
}
CATALOGUE = {"t", "bound"}
RETURNS_CATALOGUE_TEXT = {"maps.inset_caption"}


def _sources() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if path.name != "safe.py"]


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _is_trusted(node: ast.expr, escape: str) -> bool:  # noqa: PLR0911 - one per kind
    """Return whether an expression is made of constants, catalogue texts and escaped words."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else _dotted(node.func)
        if called == "bind" and isinstance(node.args[0], ast.Lambda):
            return _is_trusted(node.args[0].body, escape)
        if called == "bind":
            return _dotted(node.args[0]) in RETURNS_CATALOGUE_TEXT
        return called in CATALOGUE or called == escape
    if isinstance(node, ast.BinOp):
        return _is_trusted(node.left, escape) and _is_trusted(node.right, escape)
    if isinstance(node, ast.IfExp):
        return _is_trusted(node.body, escape) and _is_trusted(node.orelse, escape)
    return False


def _faults(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        place = f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Attribute) and _dotted(node) in FORBIDDEN:
            yield f"{place}: {_dotted(node)} takes text for markup; use fluxscape_dashboard.safe"
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            ("panel.pane", "panel.widgets", "panel.layout", "panel_material_ui")
        ):
            yield f"{place}: import panel as pn and panel_material_ui as pmui, so that this is seen"
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and "}{safe}" in node.value
        ):
            yield f"{place}: {{safe}} in a hover shows values as markup"
        if isinstance(node, ast.Call):
            yield from _faults_of_words(node, place)


def _faults_of_words(node: ast.Call, place: str) -> Iterator[str]:
    name = _dotted(node.func)
    words = {keyword.arg: keyword.value for keyword in node.keywords}
    if name == "pmui.Typography" and node.args:
        words["object"] = node.args[0]
    for (component, key), escape in WORDED.items():
        if component == name and key in words and not _is_trusted(words[key], escape):
            yield f"{place}: {name}({key}=…) takes words for markup; use t() or safe.{escape}()"


def test_no_page_makes_markup_by_itself() -> None:
    faults = [fault for path in _sources() for fault in _faults(path)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "source",
    [
        "import panel as pn\npn.pane.HTML(name)",
        "from panel.pane import HTML",
        "pn.pane.Markdown('a')",
        "pn.panel(name)",
        "pmui.Typography(name)",
        "pmui.Typography(f'{name}')",
        "pmui.Typography('a' + name)",
        "pmui.Typography(safe.text(name))",
        "pmui.Card(title=name)",
        "pmui.Alert(object=name)",
        "tooltips = '@{name}{safe}'",
    ],
)
def test_the_rule_sees_what_it_forbids(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path)
    path = tmp_path / "page.py"
    path.write_text(source)
    assert list(_faults(path))
