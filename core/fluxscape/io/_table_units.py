"""Units as flux tables write them, to the units of the vocabulary."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.constants import MOLAR_MASS_CARBON, ZERO_CELSIUS
from fluxscape.contracts import convert_units
from fluxscape.vocabulary import Variable

_DAY: Final = 86400.0
_UMOL_PER_GRAM_CARBON: Final = 1e3 / MOLAR_MASS_CARBON

# Factor and offset by unit in the file and unit in the vocabulary. Others go through pint, which
# takes half a second to import.
_LINEAR: Final = {
    ("degC", "K"): (1.0, ZERO_CELSIUS),
    ("hPa", "Pa"): (100.0, 0.0),
    ("kPa", "Pa"): (1000.0, 0.0),
    ("%", "1"): (0.01, 0.0),
    ("%", "m3 m-3"): (0.01, 0.0),
    ("mm h-1", "kg m-2 s-1"): (1.0 / 3600.0, 0.0),
    ("mm d-1", "kg m-2 s-1"): (1.0 / _DAY, 0.0),
    ("gC m-2 d-1", "umol m-2 s-1"): (_UMOL_PER_GRAM_CARBON / _DAY, 0.0),
}

# Amounts of one step, which become rates when divided by its length.
_AMOUNTS: Final = {
    ("mm", "kg m-2 s-1"): 1.0,
    ("gC m-2", "umol m-2 s-1"): _UMOL_PER_GRAM_CARBON,
}


def to_vocabulary(
    values: NDArray[np.float64],
    units: str,
    variable: Variable,
    *,
    step_seconds: float | NDArray[np.float64],
    square_root: bool = False,
) -> NDArray[np.float64]:
    """Return ``values`` in the unit of ``variable``.

    Parameters
    ----------
    values
        Numbers as the file has them; one per record.
    units
        Their unit; ``"mm"`` and ``"gC m-2"`` of a flux are amounts of one step.
    variable
        What they are.
    step_seconds
        Length of the steps [s].
    square_root
        Whether the values are variances, in the square of the variable's unit.

    Raises
    ------
    UnitsError
        If the unit is unknown or of another dimension.
    """
    if square_root:
        factor, offset = _factor(units, f"{variable.units}", squared=True)
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(values * factor + offset))
    if (units, variable.units) in _AMOUNTS:
        return np.asarray(values * (_AMOUNTS[units, variable.units] / step_seconds))
    factor, offset = _factor(units, variable.units)
    return np.asarray(values * factor + offset)


def unit_text(units: str, step: str) -> str:
    """Return how a message names a unit: amounts say that they belong to a step."""
    return f"{units} per {step or 'step'}" if units in {"mm", "gC m-2"} else units


def _factor(units: str, wanted: str, *, squared: bool = False) -> tuple[float, float]:
    """Return factor and offset between two units."""
    if squared:
        wanted = _SQUARES[wanted]
    if units == wanted:
        return 1.0, 0.0
    known = _LINEAR.get((units, wanted))
    if known is not None:
        return known
    attrs: dict[str, Any] = {"units": units}
    pair = xr.DataArray(np.array([0.0, 1.0]), name="column", attrs=attrs)
    zero, one = convert_units(pair, wanted, where="flux table").to_numpy()
    return float(one - zero), float(zero)


_SQUARES: Final = {"m s-1": "m2 s-2"}
