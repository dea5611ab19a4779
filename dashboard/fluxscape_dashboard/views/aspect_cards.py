"""Cards of the rated aspects and of the score: level, number, interval and reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from fluxscape_dashboard import safe

LEVEL_COLOURS: Final = {0: "#78909c", 1: "#c8501e", 2: "#b98a00", 3: "#1b6ca8"}
"""Colour of each level; the dots and the word say the same without colour."""

_STYLE: Final = """
:host { display: block }
.cards { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)) }
.card { border: 1px solid var(--mui-palette-divider, #d8dfe0); border-top: 4px solid;
  border-radius: 6px; padding: 8px 12px 10px; font-size: 12.5px; line-height: 1.38 }
.name { font-weight: 600; font-size: 13px }
.level { font-weight: 600; margin: 1px 0 2px }
.number { font-size: 22px; line-height: 1.25 }
.interval { opacity: .75; font-size: 11.5px }
.reason { margin-top: 5px }
"""


@dataclass(frozen=True, slots=True)
class Card:
    """Words of one card.

    Attributes
    ----------
    level
        0 unknown, 1 low, 2 medium, 3 high.
    name, level_words, number, interval, reason
        What it says, from the top.
    """

    level: int
    name: str
    level_words: str
    number: str
    interval: str
    reason: str


class Cards:
    """A row of cards, filled again with every result."""

    def __init__(self) -> None:
        self.pane: Any = safe.html_pane(
            "", pane={"stylesheets": [_STYLE], "sizing_mode": "stretch_width", "margin": (4, 0)}
        )

    def show(self, cards: Sequence[Card]) -> None:
        """Show these cards instead."""
        template = '<div class="cards">'
        fields: dict[str, str] = {}
        for i, card in enumerate(cards):
            colour, dots = LEVEL_COLOURS[card.level], "●" * card.level + "○" * (3 - card.level)
            template += (
                f'<div class="card" role="group" style="border-top-color:{colour}">'
                f'<div class="name">{{name{i}}}</div>'
                f'<div class="level" style="color:{colour}">{dots} {{level{i}}}</div>'
                f'<div class="number">{{number{i}}}</div>'
                f'<div class="interval">{{interval{i}}}</div>'
                f'<div class="reason">{{reason{i}}}</div></div>'
            )
            fields |= {
                f"name{i}": card.name,
                f"level{i}": card.level_words,
                f"number{i}": card.number,
                f"interval{i}": card.interval,
                f"reason{i}": card.reason,
            }
        self.pane.object = safe.fill(template + "</div>", **fields)
