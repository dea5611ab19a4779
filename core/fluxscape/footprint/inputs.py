"""From a dataset of half-hours to the inputs that the footprint models take.

What is absent is filled from what is measured; every filled value is counted and every assumption
said.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import MissingVariableError
from fluxscape.footprint.filling import (
    ASSUMED_LATITUDE,
    filled_boundary_layer,
    filled_obukhov_length,
    filled_sigma_v,
)
from fluxscape.footprint.geometry import DISPLACEMENT_RATIO, ROUGHNESS_RATIO, Geometry
from fluxscape.footprint.roughness import fit_sector_canopy, fit_sector_roughness
from fluxscape.vocabulary import VARIABLES, Variable

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

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
class RecordInputs:
    """Inputs of all models, record by record.

    Attributes
    ----------
    values
        By name, each of shape (time,): the vocabulary's names, ``height`` above displacement [m].
    gaps
        Whether each record's value was missing and is filled, by name; shape (time,).
    assumptions
        What was assumed, in plain words.
    """

    values: dict[str, Floats]
    gaps: dict[str, Flags] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()

    @property
    def filled(self) -> dict[str, int]:
        """Number of records in which a value was filled, by name."""
        return {name: int(gaps.sum()) for name, gaps in self.gaps.items()}

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
    RunError
        If heights are to be fitted and too few records are fit for it.
    """
    where = "footprint records"
    checked = _checked(records, where)
    if "obukhov_length" not in checked and "sensible_heat_flux" not in checked:
        msg = (
            f"{where}: neither 'obukhov_length' [m] nor 'sensible_heat_flux' [W m-2] with air "
            "temperature and pressure is there, so the stability is unknown"
        )
        raise MissingVariableError(msg, variable="obukhov_length")
    count = checked.sizes["time"]
    values = {
        name: checked[name].to_numpy() if name in checked else np.full(count, np.nan)
        for name in _ALWAYS + _OPTIONAL
    }
    gaps: dict[str, Flags] = {}
    assumptions = list(geometry.assumptions)
    _fill(values, "obukhov_length", filled_obukhov_length(values, von_karman), gaps)
    _set_heights(values, geometry, count, von_karman)
    if np.isnan(values["boundary_layer_height"]).any():
        known = latitude if latitude is not None else records.attrs.get("latitude")
        estimate = filled_boundary_layer(
            values, _seconds(records), latitude=known, step_seconds=_step(records), k=von_karman
        )
        _fill(values, "boundary_layer_height", estimate, gaps)
        if known is None and "boundary_layer_height" in gaps:
            assumptions.append(
                f"boundary-layer height is filled for latitude {ASSUMED_LATITUDE:g}: none is known"
            )
    estimate, origin = filled_sigma_v(values)
    _fill(values, "lateral_velocity_std", estimate, gaps)
    if "lateral_velocity_std" in gaps:
        assumptions.append(origin)
    return RecordInputs(values, gaps, tuple(assumptions))


def _checked(records: xr.Dataset, where: str) -> xr.Dataset:
    """Return the variables that models take, infinite values as missing."""
    names = [need.name for need in RECORD_NEEDS if need.name in records]
    finite = records[names].map(lambda array: array.where(np.isfinite(array)), keep_attrs=True)
    return check_dataset(finite, RECORD_NEEDS, where=where)


def _fill(values: dict[str, Floats], name: str, estimate: Floats, filled: dict[str, Flags]) -> None:
    """Put the estimate where a value is missing and mark the places."""
    gaps = np.isnan(values[name]) & np.isfinite(estimate)
    if gaps.any():
        values[name] = np.where(gaps, estimate, values[name])
        filled[name] = gaps


def _set_heights(
    values: dict[str, Floats], geometry: Geometry, count: int, von_karman: float
) -> None:
    """Set the height above displacement and the roughness length [m] of every record.

    A roughness of NaN means that the wind fixes the profile.
    """
    columns = [
        values[name]
        for name in (
            "wind_from_direction",
            "wind_speed",
            "friction_velocity",
            "obukhov_length",
        )
    ]
    values["height"] = np.full(count, geometry.height)
    values["roughness_length"] = np.full(count, geometry.roughness_length)
    if geometry.fit_displacement:
        zm = geometry.measurement_height
        sectors = fit_sector_canopy(*columns, measurement_height=zm, von_karman=von_karman)
        canopy = sectors.at(columns[0])
        values["height"] = zm - DISPLACEMENT_RATIO * canopy
        if np.isnan(geometry.roughness_length):
            values["roughness_length"] = ROUGHNESS_RATIO * canopy
    elif geometry.fit_roughness:
        sectors = fit_sector_roughness(*columns, height=geometry.height, von_karman=von_karman)
        values["roughness_length"] = sectors.at(columns[0])


def _step(records: xr.Dataset) -> float:
    """Return the length of a record [s]."""
    return float(records.attrs.get("time_step_seconds", 1800))


def _seconds(records: xr.Dataset) -> Floats:
    """Return the time since the first record [s]; evenly spaced if the records bear no time."""
    if "time" not in records.coords or records["time"].dtype.kind != "M":
        return np.arange(records.sizes["time"]) * np.float64(_step(records))
    times = records["time"].to_numpy()
    return np.asarray((times - times[:1]) / np.timedelta64(1, "s"), dtype=np.float64)
