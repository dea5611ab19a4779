"""The one checker of dimensions, units and bounds on labelled arrays, and of provenance.

A face declares what it needs as a tuple of :class:`Need`; :func:`check_dataset` returns a dataset
in the declared units and order or raises an error that names the variable, what was found, what
was wanted and the first offending coordinate. Nothing is clipped.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape._version import __version__
from fluxscape.errors import (
    DimsError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
    did_you_mean,
)
from fluxscape.vocabulary import DATA_STATUS, VARIABLES, Variable

_MAX_UNIT_LENGTH: Final = 60
_TERM: Final = r"(?:[^\W\d]+|%|°[CF]?)(?:(?:\*\*|\^)?[-+]?\d)?"
_BETWEEN: Final = r"(?: ?[*/.] ?| )"
# Names, each with an optional power of one digit: "kg m-2 s-1", "mm/day", "1/s".
_UNIT_FORM: Final = re.compile(f"1?(?:{_BETWEEN}?{_TERM})?(?:{_BETWEEN}{_TERM}){{0,7}}")


@dataclass(frozen=True, slots=True)
class Need:
    """A variable that a face needs.

    Attributes
    ----------
    name
        Name from :data:`fluxscape.vocabulary.VARIABLES`, unless ``variable`` is given.
    dims
        Wanted dimensions in order.
    required
        Whether absence is an error.
    missing_allowed
        Whether NaN may stand in it.
    variable
        Unit and bounds where the vocabulary has none for this name.
    """

    name: str
    dims: tuple[str, ...] = ("time",)
    required: bool = True
    missing_allowed: bool = True
    variable: Variable | None = None

    def vocabulary(self) -> Variable:
        """Return unit and bounds of this need."""
        return self.variable or VARIABLES[self.name]


def check_dataset(dataset: xr.Dataset, needs: Iterable[Need], *, where: str) -> xr.Dataset:
    """Return the needed variables of ``dataset``, float64, in the units and order declared.

    Parameters
    ----------
    dataset
        Input with CF ``units`` attributes.
    needs
        What the face declares.
    where
        Name of the face or file, for the message.

    Raises
    ------
    MissingVariableError, DimsError, UnitsError, OutOfBoundsError
        Each naming ``where``, the variable, what was found and what was wanted.
    """
    checked: dict[str, xr.DataArray] = {}
    for need in needs:
        if need.name not in dataset.variables:
            if need.required:
                known = [str(name) for name in dataset.variables]
                msg = (
                    f"{where}: variable {need.name!r} [{need.vocabulary().units}] is missing."
                    f"{did_you_mean(need.name, known)}"
                )
                raise MissingVariableError(msg, variable=need.name, where=where)
            continue
        checked[need.name] = check_array(
            dataset[need.name],
            need.vocabulary(),
            dims=need.dims,
            missing_allowed=need.missing_allowed,
            where=where,
        )
    return xr.Dataset(checked, attrs=dict(dataset.attrs))


def check_array(
    array: xr.DataArray,
    variable: Variable,
    *,
    dims: tuple[str, ...],
    where: str,
    missing_allowed: bool = True,
) -> xr.DataArray:
    """Check one array against a variable and return it as float64 in the variable's unit."""
    if array.dims != dims:
        msg = f"{where}: {variable.name} has dimensions {array.dims}, wanted {dims}"
        raise DimsError(msg, variable=variable.name, got=array.dims, wanted=dims)
    for dim in dims:
        _check_axis(array, dim, variable.name, where)
    converted = convert_units(array, variable.units, where=where)
    check_bounds(converted, variable, where=where, missing_allowed=missing_allowed)
    return converted


def convert_units(array: xr.DataArray, units: str, *, where: str) -> xr.DataArray:
    """Return ``array`` as float64 in ``units``.

    Raises
    ------
    UnitsError
        If the array carries no unit, an unknown one, or one of another dimension.
    """
    found = array.attrs.get("units")
    if found is None:
        msg = f"{where}: {array.name} carries no units attribute, wanted {units!r}"
        raise UnitsError(msg, variable=str(array.name), wanted=units)
    values = array.astype(np.float64)
    if found == units:
        return values
    factor, offset = _conversion(str(found), units, f"{where}: {array.name}")
    out = values * factor + offset
    out.attrs = {**array.attrs, "units": units}
    return out


def _conversion(found: str, wanted: str, what: str) -> tuple[float, float]:
    """Return factor and offset from unit ``found`` to unit ``wanted``."""
    # pint computes what it reads: "10**10**10 m" from a file would never end.
    if len(found) > _MAX_UNIT_LENGTH or not _UNIT_FORM.fullmatch(found):
        msg = f"{what} has units {found[:_MAX_UNIT_LENGTH]!r}, which is no unit; wanted {wanted!r}"
        raise UnitsError(msg, got=found[:_MAX_UNIT_LENGTH], wanted=wanted)
    # pint takes half a second to import: only inputs in foreign units pay for it.
    import cf_xarray.units  # noqa: PLC0415
    import pint  # noqa: PLC0415

    registry = cf_xarray.units.units
    try:
        zero, one = (registry.Quantity(value, found).to(wanted).magnitude for value in (0.0, 1.0))
    except (pint.PintError, AttributeError, ValueError, TypeError, AssertionError) as error:
        msg = f"{what} has units {found!r}, which cannot be converted to {wanted!r}"
        raise UnitsError(msg, got=found, wanted=wanted) from error
    return float(one - zero), float(zero)


def check_bounds(
    array: xr.DataArray, variable: Variable, *, where: str, missing_allowed: bool = True
) -> None:
    """Raise OutOfBoundsError at the first value outside the bounds, infinite, or NaN if barred."""
    values = array.to_numpy()
    with np.errstate(invalid="ignore"):
        bad = (values < variable.lower) | (values > variable.upper) | np.isinf(values)
    if not missing_allowed:
        bad |= np.isnan(values)
    if not bad.any():
        return
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), values.shape))
    place = coordinate_text(array, index)
    msg = (
        f"{where}: {variable.name} = {values[index]:g} {variable.units} at {place} lies outside "
        f"{variable.lower:g} to {variable.upper:g} {variable.units} "
        f"({int(bad.sum())} of {values.size} values do)"
    )
    raise OutOfBoundsError(
        msg, variable=variable.name, got=float(values[index]), place=place, count=int(bad.sum())
    )


def coordinate_text(array: xr.DataArray, index: tuple[int, ...]) -> str:
    """Return ``dim=value`` pairs of one element, or its index where there is no coordinate."""
    parts = []
    for dim, i in zip(array.dims, index, strict=True):
        value: object = array[dim].to_numpy()[i] if dim in array.coords else f"[{i}]"
        if isinstance(value, np.datetime64):
            value = np.datetime_as_string(value, unit="m")
        parts.append(f"{dim}={value}")
    return ", ".join(parts) or "the only element"


def _check_axis(array: xr.DataArray, dim: str, name: str, where: str) -> None:
    """Raise DimsError unless the coordinate of ``dim`` is strictly increasing and complete."""
    if dim not in array.coords:
        return
    values = array[dim].to_numpy()
    if values.dtype.kind not in "Mmiuf" or values.size < 2:
        return
    steps = np.diff(values)
    good = steps > np.zeros(1, dtype=steps.dtype)
    if not good.all():
        i = int(np.argmin(good))
        msg = (
            f"{where}: axis {dim!r} of {name} must increase strictly, but {values[i + 1]} "
            f"follows {values[i]} at position {i + 1}"
        )
        raise DimsError(msg, variable=name, axis=dim, position=i + 1)


def check_place(latitude: float, longitude: float) -> None:
    """Raise OutOfBoundsError unless a place [degrees north, east] lies on Earth."""
    for name, value, limit in (("latitude", latitude, 90.0), ("longitude", longitude, 180.0)):
        if not np.isfinite(value) or abs(value) > limit:
            msg = f"{name} must lie within -{limit:g} to {limit:g} degrees, got {value}"
            raise OutOfBoundsError(msg, got=value)


def driven_status(forcing: xr.Dataset) -> str:
    """Return the data status of a model run: what simulated weather drives is simulated."""
    status = str(forcing.attrs.get("data_status", "observed"))
    if status not in DATA_STATUS:
        return "mixed"
    return {"observed": "reconstructed"}.get(status, status)


def provenance(
    *, status: str, source: str, parameters: Mapping[str, Any] | None = None, **facts: Any
) -> dict[str, Any]:
    """Return the attributes that every product carries.

    Parameters
    ----------
    status
        One of :data:`fluxscape.vocabulary.DATA_STATUS`.
    source
        What the product was made from and by which method.
    parameters
        Parameter values; written as JSON.
    **facts
        Further plain facts such as ``seed``, ``period``, ``mask``, ``input_sha256``.
    """
    import json  # noqa: PLC0415

    if status not in DATA_STATUS:
        msg = f"data status must be one of {DATA_STATUS}, got {status!r}"
        raise OutOfBoundsError(msg, got=status)
    attrs: dict[str, Any] = {
        "Conventions": "CF-1.11",
        "data_status": status,
        "source": source,
        "fluxscape_version": __version__,
        "history": f"{_now()} created by fluxscape {__version__}",
    }
    if parameters is not None:
        attrs["parameters"] = json.dumps(dict(parameters), sort_keys=True)
    return attrs | facts


def _now() -> str:
    """Return the time for the history attribute; SOURCE_DATE_EPOCH makes it reproducible."""
    import os  # noqa: PLC0415

    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = dt.datetime.fromtimestamp(int(epoch), dt.UTC) if epoch else dt.datetime.now(dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
