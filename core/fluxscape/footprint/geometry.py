"""Heights of a measurement: instrument, zero plane, roughness; given, known or estimated."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import xarray as xr

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.footprint.rules import ABOVE_ROUGHNESS_SUBLAYER
from fluxscape.vocabulary import VARIABLES

SECTORS: Final = "sectors"
"""Roughness length that is to be fitted by wind direction."""

DISPLACEMENT_RATIO: Final = 0.67
"""d / canopy height, as EddyPro and most sites take it."""

ROUGHNESS_RATIO: Final = 0.1
"""z0 / canopy height: Brutsaert 1982, Evaporation into the Atmosphere, p. 113."""

SUBLAYER_RATIO: Final = ABOVE_ROUGHNESS_SUBLAYER.lower
"""z_m / z0 up to which no logarithmic profile over a roughness length holds."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Heights of the measurement [m]; ``roughness_length`` NaN means: from the measured wind.

    Attributes
    ----------
    measurement_height
        Above ground.
    displacement_height, roughness_length
        Of the zero plane and for momentum.
    fit_roughness
        Whether the roughness is to be fitted by wind direction.
    assumptions
        What was assumed, in plain words.
    """

    measurement_height: float
    displacement_height: float
    roughness_length: float
    fit_roughness: bool = False
    assumptions: tuple[str, ...] = ()

    @property
    def height(self) -> float:
        """Height of the instrument above the displacement height [m]."""
        return self.measurement_height - self.displacement_height


def find_geometry(
    records: xr.Dataset,
    *,
    measurement_height: float | None = None,
    canopy_height: float | None = None,
    displacement_height: float | None = None,
    roughness_length: float | str | None = None,
) -> Geometry:
    """Return the heights from the arguments, else from the records' attributes, else estimated.

    ``roughness_length`` may be :data:`SECTORS`: to be fitted by wind direction.

    Raises
    ------
    MissingVariableError
        If no measurement height is known.
    OutOfBoundsError
        If a height is out of bounds or the instrument stands within the displacement height.
    """
    fit = roughness_length == SECTORS
    if isinstance(roughness_length, str) and not fit:
        msg = f"roughness_length must be a length [m] or {SECTORS!r}, got {roughness_length!r}"
        raise OutOfBoundsError(msg, got=roughness_length)
    given = {
        "measurement_height": measurement_height,
        "canopy_height": canopy_height,
        "displacement_height": displacement_height,
        "roughness_length": None if isinstance(roughness_length, str) else roughness_length,
    }
    values = {name: _height(records, name, value) for name, value in given.items()}
    zm, canopy = values["measurement_height"], values["canopy_height"]
    displacement, roughness = values["displacement_height"], values["roughness_length"]
    if zm is None:
        msg = "measurement_height [m] is neither given nor in the records' attributes"
        raise MissingVariableError(msg, variable="measurement_height")
    assumptions = []
    if displacement is None:
        displacement = DISPLACEMENT_RATIO * canopy if canopy is not None else 0.0
        assumptions.append(
            f"displacement height is {DISPLACEMENT_RATIO} of the canopy height"
            if canopy is not None
            else "displacement height is zero: neither it nor a canopy height is known"
        )
    if fit:
        roughness = None
        assumptions.append("roughness is fitted by wind direction from nearly neutral records")
    elif roughness is None:
        roughness, assumption = _estimate_roughness(records, zm - displacement, canopy)
        assumptions.append(assumption)
    if not zm > displacement:
        msg = (
            f"measurement height {zm:g} m does not exceed the displacement height "
            f"{displacement:g} m; heights are above ground"
        )
        raise OutOfBoundsError(msg, measurement_height=zm, displacement_height=displacement)
    unknown = math.nan
    return Geometry(
        zm, displacement, unknown if roughness is None else roughness, fit, tuple(assumptions)
    )


def _estimate_roughness(
    records: xr.Dataset, height: float, canopy: float | None
) -> tuple[float | None, str]:
    """Return the roughness length [m] from the canopy, None for the wind's, and what was done."""
    if not canopy:
        return None, "the profile follows from the measured wind speed, record by record"
    roughness = ROUGHNESS_RATIO * canopy
    if height <= SUBLAYER_RATIO * roughness and "wind_speed" in records:
        return None, (
            "the instrument stands inside the roughness sublayer of such a canopy, so the profile "
            "follows from the measured wind speed, record by record"
        )
    return roughness, f"roughness length is {ROUGHNESS_RATIO} of the canopy height"


def _height(records: xr.Dataset, name: str, given: float | None) -> float | None:
    """Return one height from the argument or the attributes, checked; None if unknown."""
    value = records.attrs.get(name) if given is None else given
    if value is None:
        return None
    number = float(value)
    known = VARIABLES[name]
    if not known.lower <= number <= known.upper:
        msg = f"{name} = {number:g} m lies outside {known.lower:g} to {known.upper:g} m"
        raise OutOfBoundsError(msg, variable=name, got=number)
    return number
