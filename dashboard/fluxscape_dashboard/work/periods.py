"""Parts of a record: a year, a season, a month, on the clock of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

SEASONS: Final = {
    "spring": (3, 4, 5),
    "summer": (6, 7, 8),
    "autumn": (9, 10, 11),
    "winter": (12, 1, 2),
}
"""Calendar months of the parts of a year."""

PARTS: Final = ("year", *SEASONS, *(f"month_{month}" for month in range(1, 13)))
"""Parts of the year that can be shown alone."""


@dataclass(frozen=True, slots=True)
class Period:
    """What part of a record is shown, summed, scored and calibrated to.

    Attributes
    ----------
    year
        Calendar year on the clock of the site; the whole record if 0.
    part
        One of :data:`PARTS`.
    """

    year: int = 0
    part: str = "year"

    def covers(self, times: Any) -> Any:
        """Return which local times lie in the period."""
        inside = np.ones(times.size, bool)
        if self.year:
            inside = times.astype("datetime64[Y]").astype(int) + 1970 == self.year
        if self.part == "year":
            return inside
        months = times.astype("datetime64[M]").astype(int) % 12 + 1
        wanted = SEASONS.get(self.part) or (int(self.part.removeprefix("month_")),)
        return inside & np.isin(months, wanted)
