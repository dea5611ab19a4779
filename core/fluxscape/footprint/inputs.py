"""From a dataset of half-hours to the inputs that the footprint models take.

Absent geometry follows from the canopy height; absent sigma_v, boundary-layer height and Obukhov
length follow from what is measured. Every filled value is counted and every assumption said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.footprint.rules import ABOVE_ROUGHNESS_SUBLAYER
from fluxscape.meteorology.boundary_layer import boundary_layer_height
from fluxscape.meteorology.similarity import obukhov_length
from fluxscape.vocabulary import VARIABLES, Variable

Floats = NDArray[np.float64]

DISPLACEMENT_RATIO: Final = 0.67
"""d / canopy height: EddyPro's default; Stanhill 1969, doi:10.1175/1520-0450(1969)008."""

ROUGHNESS_RATIO: Final = 0.1
"""z0 / canopy height: Brutsaert 1982, Evaporation into the Atmosphere, p. 113."""

SUBLAYER_RATIO: Final = ABOVE_ROUGHNESS_SUBLAYER.lower
"""z_m / z0 up to which no logarithmic profile over a roughness length holds."""

SIGMA_V_STABLE: Final = 1.92
"""sigma_v / u* of neutral and stable air: Panofsky and Dutton 1984, Atmospheric Turbulence."""

ASSUMED_LATITUDE: Final = 45.0
"""Latitude [degrees] for the boundary-layer height where none is known."""

_ALWAYS: Final = ("friction_velocity", "wind_from_direction")
_OPTIONAL: Final = (
    "obukhov_length",
    "wind_speed",
    "lateral_velocity_std",
    "boundary_layer_height",
    "sensible_heat_flux",
    "air_temperature",
    "air_pressure",
)


def _unbounded(name: str) -> Variable:
    """Return the variable without bounds: values out of range are rejected record by record."""
    known = VARIABLES[name]
    return Variable(name, known.units, known.long_name)


RECORD_NEEDS: Final = tuple(
    Need(name, required=name in _ALWAYS, variable=_unbounded(name)) for name in _ALWAYS + _OPTIONAL
)
"""What a dataset of records must or may hold."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """Heights of the measurement [m]; ``roughness_length`` NaN means: from the measured wind.

    Attributes
    ----------
    measurement_height
        Above ground.
    displacement_height, roughness_length
        Of the zero plane and for momentum.
    assumptions
        What was assumed, in plain words.
    """

    measurement_height: float
    displacement_height: float
    roughness_length: float
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
    roughness_length: float | None = None,
) -> Geometry:
    """Return the heights from the arguments, else from the records' attributes, else estimated.

    Raises
    ------
    MissingVariableError
        If no measurement height is known.
    OutOfBoundsError
        If a height is out of bounds or the instrument stands within the displacement height.
    """
    given = {
        "measurement_height": measurement_height,
        "canopy_height": canopy_height,
        "displacement_height": displacement_height,
        "roughness_length": roughness_length,
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
    if roughness is None and canopy:
        roughness = ROUGHNESS_RATIO * canopy
        assumption = f"roughness length is {ROUGHNESS_RATIO} of the canopy height"
        if zm - displacement <= SUBLAYER_RATIO * roughness and "wind_speed" in records:
            roughness = None
            assumption = (
                "the instrument stands inside the roughness sublayer of such a canopy, so the "
                "profile follows from the measured wind speed, record by record"
            )
        assumptions.append(assumption)
    elif roughness is None:
        assumptions.append("the profile follows from the measured wind speed, record by record")
    if not zm > displacement:
        msg = (
            f"measurement height {zm:g} m does not exceed the displacement height "
            f"{displacement:g} m; heights are above ground"
        )
        raise OutOfBoundsError(msg, measurement_height=zm, displacement_height=displacement)
    return Geometry(zm, displacement, math.nan if roughness is None else roughness, (*assumptions,))


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


@dataclass(frozen=True, slots=True)
class RecordInputs:
    """Inputs of all models, record by record.

    Attributes
    ----------
    values
        By name, each of shape (time,): the vocabulary's names, ``height`` above displacement [m].
    filled
        Number of records in which a value was filled, by name.
    assumptions
        What was assumed, in plain words.
    """

    values: dict[str, Floats]
    filled: dict[str, int] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Number of records."""
        return int(self.values["height"].size)


def gather_inputs(
    records: xr.Dataset,
    geometry: Geometry,
    *,
    latitude: float | None = None,
    von_karman: float = VON_KARMAN,
) -> RecordInputs:
    """Return the inputs of all records, with absent ones filled and counted.

    Parameters
    ----------
    records
        Dataset over ``time`` with ``friction_velocity``, ``wind_from_direction`` and
        ``obukhov_length`` (or ``sensible_heat_flux``, ``air_temperature``, ``air_pressure``), and
        where measured ``wind_speed``, ``lateral_velocity_std``, ``boundary_layer_height``.
    geometry
        Heights of the measurement.
    latitude
        [degrees north], for the boundary-layer height; else the records' attribute ``latitude``.
    von_karman
        [1].

    Raises
    ------
    MissingVariableError, UnitsError, DimsError
        As :func:`fluxscape.contracts.check_dataset` does.
    """
    where = "footprint records"
    names = [need.name for need in RECORD_NEEDS if need.name in records]
    finite = records[names].map(lambda array: array.where(np.isfinite(array)), keep_attrs=True)
    checked = check_dataset(finite, RECORD_NEEDS, where=where)
    count = checked.sizes["time"]
    missing = np.full(count, np.nan)
    values = {
        name: checked[name].to_numpy() if name in checked else missing.copy()
        for name in _ALWAYS + _OPTIONAL
    }
    values["height"] = np.full(count, geometry.height)
    values["roughness_length"] = np.full(count, geometry.roughness_length)
    filled: dict[str, int] = {}
    assumptions = list(geometry.assumptions)
    if "obukhov_length" not in checked and "sensible_heat_flux" not in checked:
        msg = (
            f"{where}: neither 'obukhov_length' [m] nor 'sensible_heat_flux' [W m-2] with air "
            "temperature and pressure is there, so the stability is unknown"
        )
        raise MissingVariableError(msg, variable="obukhov_length")
    _fill(values, "obukhov_length", _obukhov(values, von_karman), filled)
    if np.isnan(values["boundary_layer_height"]).any():
        known = latitude if latitude is not None else records.attrs.get("latitude")
        height = boundary_layer_height(
            _seconds(records),
            values["friction_velocity"],
            values["obukhov_length"],
            values["air_temperature"],
            latitude=ASSUMED_LATITUDE if known is None else float(known),
            step_seconds=float(records.attrs.get("time_step_seconds", 1800)),
            von_karman=von_karman,
        )
        _fill(values, "boundary_layer_height", height, filled)
        if known is None and "boundary_layer_height" in filled:
            assumptions.append(
                f"boundary-layer height is filled for latitude {ASSUMED_LATITUDE:g}: none is known"
            )
    _fill(values, "lateral_velocity_std", _sigma_v(values), filled)
    return RecordInputs(values, filled, tuple(assumptions))


def _fill(values: dict[str, Floats], name: str, estimate: Floats, filled: dict[str, int]) -> None:
    """Put the estimate where a value is missing and count the places."""
    gaps = np.isnan(values[name]) & np.isfinite(estimate)
    if gaps.any():
        values[name] = np.where(gaps, estimate, values[name])
        filled[name] = int(gaps.sum())


def _obukhov(values: dict[str, Floats], von_karman: float) -> Floats:
    """Return the Obukhov length [m] from the sensible heat flux."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return obukhov_length(
            values["friction_velocity"],
            values["sensible_heat_flux"],
            values["air_temperature"],
            values["air_pressure"],
            von_karman,
        )


def _sigma_v(values: dict[str, Floats]) -> Floats:
    """Return sigma_v [m s-1] from u* and stability.

    Convective air: sigma_v = u* (12 + 0.5 h / |L|)^(1/3), Panofsky et al. 1977,
    doi:10.1007/BF02186086; neutral and stable air: 1.92 u*.
    """
    length = values["obukhov_length"]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        convective = (12.0 + 0.5 * values["boundary_layer_height"] / np.abs(length)) ** (1.0 / 3.0)
    factor = np.where(length < 0.0, convective, SIGMA_V_STABLE)
    return np.asarray(values["friction_velocity"] * np.where(np.isnan(length), np.nan, factor))


def _seconds(records: xr.Dataset) -> Floats:
    """Return the time since the first record [s]; evenly spaced if the records bear no time."""
    step = float(records.attrs.get("time_step_seconds", 1800))
    if "time" not in records.coords or records["time"].dtype.kind != "M":
        return np.arange(records.sizes["time"]) * np.float64(step)
    times = records["time"].to_numpy()
    return np.asarray((times - times[:1]) / np.timedelta64(1, "s"), dtype=np.float64)
