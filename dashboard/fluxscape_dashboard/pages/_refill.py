"""Texts and tables that are made once and filled again with every result.

To build a pane costs some hundredths of a second, to fill one a thousandth: what changes with
every month of a slider is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import panel as pn

from fluxscape_dashboard import safe
from fluxscape_dashboard.pages._widgets import TEXT_PANE, message, small_table


class Lines:
    """Paragraphs of words of any origin."""

    def __init__(self) -> None:
        self.pane: Any = safe.html_pane("", pane=TEXT_PANE)

    def show(self, lines: Sequence[str]) -> None:
        """Show these paragraphs instead."""
        fields = {f"line{i}": line for i, line in enumerate(lines)}
        template = "".join(f"<div style='margin:4px 0'>{{{name}}}</div>" for name in fields)
        self.pane.object = safe.fill(template, **fields)


class Facts:
    """Names over their values, both of any origin."""

    def __init__(self) -> None:
        self.pane: Any = safe.html_pane("", pane=TEXT_PANE)

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these facts instead."""
        fields = {f"name{i}": name for i, (name, _) in enumerate(rows)}
        fields |= {f"value{i}": value for i, (_, value) in enumerate(rows)}
        template = "".join(
            f"<div style='opacity:.7;font-size:.85em;margin-top:6px'>{{name{i}}}</div>"
            f"<div>{{value{i}}}</div>"
            for i in range(len(rows))
        )
        self.pane.object = safe.fill(template, **fields)


class Table:
    """A small plain table; pandas escapes its cells and headings."""

    def __init__(self) -> None:
        self.pane: Any = small_table(pd.DataFrame())

    def show(self, frame: pd.DataFrame) -> None:
        """Show this table instead."""
        self.pane.object = frame


class Messages:
    """Boxes with messages of any origin; they are built again only when they change."""

    def __init__(self) -> None:
        self.column: Any = pn.Column(sizing_mode="stretch_width", margin=0)
        self._shown: list[tuple[str, ...]] = []

    def show(self, messages: Sequence[tuple[str, ...]]) -> None:
        """Show these messages instead: each a kind, a headline and further lines."""
        wanted = list(messages)
        if wanted != self._shown:
            self._shown = wanted
            self.column.objects = [message(*one) for one in wanted]
