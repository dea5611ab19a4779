"""Write the table of variables in docs/nomenclature.md from the vocabulary, after editing it."""

from __future__ import annotations

import math
from pathlib import Path

from fluxscape.vocabulary import VARIABLES, Variable

PAGE = Path(__file__).resolve().parents[1] / "docs/nomenclature.md"
HEADING = "## Variables\n"


def row(variable: Variable) -> str:
    """Return one line of the table."""
    low, high = (f"{x:g}" if math.isfinite(x) else "" for x in (variable.lower, variable.upper))
    bounds = f"{low} to {high}" if low or high else ""
    cells = (f"`{variable.name}`", variable.units, variable.long_name, bounds)
    return "| " + " | ".join((*cells, variable.standard_name)) + " |\n"


def main() -> None:
    """Replace everything below the heading."""
    text = PAGE.read_text(encoding="utf-8")
    kept = text[: text.index(HEADING) + len(HEADING)]
    head = "| name | unit | meaning | bounds | CF standard name |\n|---|---|---|---|---|\n"
    table = "".join(row(variable) for variable in VARIABLES.values())
    PAGE.write_text(kept + head + table, encoding="utf-8")


if __name__ == "__main__":
    main()
