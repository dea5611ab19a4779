"""Numbers that others have published, as data beside our own and never among them.

``assets/atlas/published.json`` holds what is known and nothing else: a number that is not known is
null there and stays blank on every table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cache
from typing import Final

from fluxscape.assets import asset
from fluxscape.errors import FileFormatError

ORIGINS: Final = ("project", "literature")
"""The study that this software continues, and others."""


@dataclass(frozen=True, slots=True)
class PublishedNumber:
    """One published number; what is None is not known here.

    Attributes
    ----------
    key, label
        Key of the row and name of the product or study.
    origin
        One of :data:`ORIGINS`.
    flux
        ``gpp``, ``et`` or ``nep``.
    region
        ``china`` or ``plateau``.
    mean, mean_uncertainty, mean_units
        Mean of the period.
    trend, trend_units, trend_p
        Trend and how its significance is stated.
    period, mask
        Years, and land that was counted.
    doi, reference
        Source.
    note
        Key of a remark.
    """

    key: str
    origin: str
    label: str
    flux: str
    region: str
    mean: float | None
    mean_uncertainty: float | None
    mean_units: str
    trend: float | None
    trend_units: str
    trend_p: str | None
    period: str | None
    mask: str | None
    doi: str | None
    reference: str | None
    note: str | None


@cache
def published_numbers() -> tuple[PublishedNumber, ...]:
    """Return the published numbers in the order of the table.

    Raises
    ------
    FileFormatError
        If the shipped table is damaged.
    """
    path = asset("atlas/published.json")
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["rows"]
        found = tuple(PublishedNumber(**row) for row in rows)
    except (ValueError, KeyError, TypeError) as error:
        known = ", ".join(field.name for field in fields(PublishedNumber))
        msg = f"{path.name} is no table of published numbers with {known}: {error}"
        raise FileFormatError(msg, file=path.name) from error
    wrong = [row.key for row in found if row.origin not in ORIGINS]
    if wrong:
        msg = f"{path.name}: the origin of {wrong} is none of {ORIGINS}"
        raise FileFormatError(msg, file=path.name)
    return found
