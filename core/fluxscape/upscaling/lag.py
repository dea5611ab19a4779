"""Vegetation that runs late against the flux: found over sites, said, and put right.

The table of monthly predictors that fluxscape is tested on has leaf area and EVI three months
late: the median correlation of leaf area and production is -0.17 as the file stands and 0.78 when
each value is moved back. A lag is corrected only where it is unmistakable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import OutOfBoundsError
from fluxscape.lue.lag import find_lag
from fluxscape.upscaling.tables import SITE, VEGETATION, SiteMonths, bounded, need_columns

FloatArray = npt.NDArray[np.float64]

LARGEST: Final = 6
"""Largest lag that is tried, either way [months]."""

CLEAR: Final = 0.1
"""Least gain of the median correlation for which a column is moved."""

SMALLEST: Final = 2
"""Least lag that is taken for an error: leaves follow or lead a flux by a month of themselves."""


@dataclass(frozen=True)
class LagFinding:
    """How late a column runs against the flux.

    Attributes
    ----------
    column
        The column.
    steps
        Months by which it is moved back.
    found
        Lag of the highest median correlation [months].
    as_given, best
        Median correlation over sites as the table stands, and at the lag that was found.
    sites
        Sites that had a say.
    """

    column: str
    steps: int
    found: int
    as_given: float
    best: float
    sites: int

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LagFinding:
        """Return what :meth:`to_dict` gave."""
        return cls(
            str(values["column"]),
            int(values["steps"]),
            int(values["found"]),
            float(values["as_given"]),
            float(values["best"]),
            int(values["sites"]),
        )

    def text(self) -> str:
        """Return what was found and done, in words."""
        if not self.steps:
            return (
                f"{self.column}: no lag (correlation {self.as_given:.2f} over {self.sites} sites)"
            )
        way = "late" if self.steps > 0 else "early"
        return (
            f"{self.column} runs {abs(self.steps)} months {way}: median correlation with the flux "
            f"{self.as_given:.2f} as given, {self.best:.2f} when moved, over {self.sites} sites; "
            "moved"
        )


def find_lags(
    months: SiteMonths, flux: FloatArray, *, where: str = "table"
) -> tuple[LagFinding, ...]:
    """Return how late each vegetation column runs.

    Parameters
    ----------
    months
        Complete site months.
    flux
        The flux in each of them, NaN where unknown, shape (month,).
    where
        Name of the table, for messages.
    """
    need_columns(months.frame, VEGETATION, where=where)
    site = months.frame[SITE].to_numpy().astype(np.str_)
    found = []
    for column, bounds in VEGETATION.items():
        values = bounded(months.frame, column, bounds, where=where)
        try:
            lag = find_lag(values, flux, site, largest=LARGEST)
        except OutOfBoundsError:
            # Too few months to tell: nothing is moved, and the report says that no site had a say.
            found.append(LagFinding(column, 0, 0, float("nan"), float("nan"), 0))
            continue
        given, best = lag.correlation[0], lag.correlation[lag.steps]
        clear = abs(lag.steps) >= SMALLEST and best - given >= CLEAR
        found.append(
            LagFinding(column, lag.steps if clear else 0, lag.steps, given, best, lag.sites)
        )
    return tuple(found)
