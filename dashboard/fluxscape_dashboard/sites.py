"""What a page needs to know of a place, and what is assumed where the tower table is silent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from fluxscape.towers import Tower

CHINA_OFFSET: Final = 8.0
"""Standard time of China ahead of UTC [h]."""

CANOPY_BY_CLASS: Final = {
    "ENF": 20.0,
    "EBF": 23.0,
    "DNF": 20.0,
    "DBF": 23.0,
    "MF": 20.0,
    "CSH": 1.0,
    "OSH": 1.0,
    "WSA": 3.0,
    "SAV": 3.0,
    "GRA": 0.3,
    "WET": 0.5,
    "CRO": 0.8,
    "URB": 10.0,
    "CVM": 0.8,
    "SNO": 0.05,
    "BSV": 0.1,
    "WAT": 0.05,
}
"""Canopy height [m] assumed by IGBP class: the means by type of the land-surface model's
parameter table, with plain guesses for towns, snow, bare ground and water."""

UNKNOWN_COVER: Final = "GRA"
"""IGBP class that stands for a cover nobody gives."""

LOWEST_CANOPY: Final = 0.02
"""Height [m] of ground that the table calls bare."""


@dataclass(frozen=True, slots=True)
class Heights:
    """Heights above ground at a tower, and which of them are assumed.

    Attributes
    ----------
    measurement, canopy
        [m].
    measurement_assumed, canopy_assumed
        Whether the tower table has none.
    """

    measurement: float
    canopy: float
    measurement_assumed: bool
    canopy_assumed: bool


def cover_of(tower: Tower) -> str:
    """Return the IGBP class of a tower, or :data:`UNKNOWN_COVER`."""
    return tower.igbp if tower.igbp in CANOPY_BY_CLASS else UNKNOWN_COVER


def heights_of(tower: Tower) -> Heights:
    """Return the heights of a tower; what the table lacks follows from its land cover.

    An assumed instrument stands at the top of the tower if that is known, else 3 m over low
    canopies and at one and a half times the height of tall ones.
    """
    canopy_assumed = not math.isfinite(tower.canopy_height)
    canopy = CANOPY_BY_CLASS[cover_of(tower)] if canopy_assumed else tower.canopy_height
    canopy = max(canopy, LOWEST_CANOPY)
    measurement_assumed = not math.isfinite(tower.measurement_height)
    measurement = tower.measurement_height
    if measurement_assumed:
        measurement = max(canopy + 3.0, 1.5 * canopy)
        if math.isfinite(tower.tower_height):
            measurement = max(tower.tower_height, canopy + 0.5)
    return Heights(round(measurement, 2), canopy, measurement_assumed, canopy_assumed)


def has_position(tower: Tower) -> bool:
    """Return whether the table has coordinates of a tower."""
    return math.isfinite(tower.latitude) and math.isfinite(tower.longitude)
