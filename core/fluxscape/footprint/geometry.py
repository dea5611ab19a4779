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
"""Roughness or displacement that is to be fitted by wind direction."""

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
    fit_displacement
        Whether the displacement height is to be fitted by wind direction; it is NaN then.
    assumptions
        What was assumed, in plain words.
    """

    measurement_height: float
    displacement_height: float
    roughness_length: float
    fit_roughness: bool = False
    fit_displacement: bool = False
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
    displacement_height: float | str | None = None,
    roughness_length: float | str | None = None,
) -> Geometry:
    """Return the heights from the arguments, else from the records' attributes, else estimated.

    ``roughness_length`` and ``displacement_height`` may be :data:`SECTORS`: to be fitted by wind
    direction. A fitted displacement brings its roughness with it unless that is given.

    Raises
    ------
    MissingVariableError
        If no measurement height is known.
    OutOfBoundsError
        If a height is out of bounds or the instrument stands within the displacement height.
    """
    zm = _height(records, "measurement_height", measurement_height)
    canopy = _height(records, "canopy_height", canopy_height)
    if zm is None:
        msg = "measurement_height [m] is neither given nor in the records' attributes"
        raise MissingVariableError(msg, variable="measurement_height")
    fit_displacement = _is_to_fit("displacement_height", displacement_height)
    fit_roughness = _is_to_fit("roughness_length", roughness_length)
    displacement, roughness = math.nan, None
    assumptions = []
    if fit_displacement:
        assumptions.append(
            "displacement height is fitted by wind direction from nearly neutral records, "
            f"taking it for {DISPLACEMENT_RATIO} and the roughness for {ROUGHNESS_RATIO} of the "
            "aerodynamic canopy height"
        )
    else:
        displacement, words = _displacement(records, displacement_height, canopy)
        assumptions += words
        if not zm > displacement:
            msg = (
                f"measurement height {zm:g} m does not exceed the displacement height "
                f"{displacement:g} m; heights are above ground"
            )
            raise OutOfBoundsError(msg, measurement_height=zm, displacement_height=displacement)
    if fit_roughness:
        assumptions.append("roughness is fitted by wind direction from nearly neutral records")
    else:
        roughness = _height(records, "roughness_length", roughness_length)
        if roughness is None and not fit_displacement:
            roughness, assumption = _estimate_roughness(records, zm - displacement, canopy)
            assumptions.append(assumption)
    return Geometry(
        zm,
        displacement,
        math.nan if roughness is None else roughness,
        fit_roughness,
        fit_displacement,
        tuple(assumptions),
    )


def _is_to_fit(name: str, value: float | str | None) -> bool:
    """Return whether a height is to be fitted, or raise if it is another word."""
    if isinstance(value, str) and value != SECTORS:
        msg = f"{name} must be a length [m] or {SECTORS!r}, got {value!r}"
        raise OutOfBoundsError(msg, got=value)
    return value == SECTORS


def _displacement(
    records: xr.Dataset, given: float | str | None, canopy: float | None
) -> tuple[float, list[str]]:
    """Return the displacement height [m] and what was assumed for it."""
    known = _height(records, "displacement_height", given)
    if known is not None:
        return known, []
    if canopy is None:
        return 0.0, ["displacement height is zero: neither it nor a canopy height is known"]
    return (
        DISPLACEMENT_RATIO * canopy,
        [f"displacement height is {DISPLACEMENT_RATIO} of the canopy height"],
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


def _height(records: xr.Dataset, name: str, given: float | str | None) -> float | None:
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
