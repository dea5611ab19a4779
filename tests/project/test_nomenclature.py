"""docs/nomenclature.md and the vocabulary say the same."""

from __future__ import annotations

import re
from pathlib import Path

from fluxscape.vocabulary import VARIABLES

PAGE = Path(__file__).resolve().parents[2] / "docs/nomenclature.md"


def test_the_page_lists_every_variable_with_its_unit() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", PAGE.read_text(), re.M))
    assert rows == {name: variable.units for name, variable in VARIABLES.items()}
