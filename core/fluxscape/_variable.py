"""What is known of one variable: unit, bounds, names. The rows stand in the vocabulary."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the vocabulary.

    Attributes
    ----------
    name
        Name inside fluxscape datasets.
    units
        Unit inside fluxscape datasets, as CF writes it.
    long_name
        Plain English name for axes and tables.
    lower, upper
        Physical bounds in ``units``; infinite where there is none.
    standard_name
        CF standard name, or an empty string where CF has none.
    """

    name: str
    units: str
    long_name: str
    lower: float = -math.inf
    upper: float = math.inf
    standard_name: str = ""

    def attrs(self) -> dict[str, str]:
        """Return the CF attributes of this variable."""
        attrs = {"units": self.units, "long_name": self.long_name}
        if self.standard_name:
            attrs["standard_name"] = self.standard_name
        return attrs
