"""The towers of this server: the shipped table, or the administrator's own."""

from __future__ import annotations

import os
from functools import cache
from typing import Final

from fluxscape.errors import MissingVariableError
from fluxscape.towers import Tower, find_tower, load_towers

TABLE_VARIABLE: Final = "FLUXSCAPE_TOWERS"
"""Environment variable that names another CSV table with the same columns."""


@cache
def all_towers() -> tuple[Tower, ...]:
    """Return every tower of the table, also those without a position."""
    return load_towers(os.environ.get(TABLE_VARIABLE) or None)


def tower_or_none(site: str) -> Tower | None:
    """Return the tower that an address names, or None if the table has no such tower."""
    if not site:
        return None
    try:
        return find_tower(site, all_towers())
    except MissingVariableError:
        return None
