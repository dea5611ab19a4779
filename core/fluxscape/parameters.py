"""Frozen, typed parameter sets: default, bounds, unit and source of every parameter as data.

A parameter set is a frozen dataclass whose fields are made by :func:`parameter`. The model, the
page's sliders, the assimilation's priors and the saved YAML file all read the same table.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self, cast

from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean


@dataclass(frozen=True, slots=True)
class Parameter:
    """What is known of one parameter.

    Attributes
    ----------
    name, default, lower, upper, unit
        Name; default and inclusive bounds in ``unit``, as CF writes it.
    source
        Paper, DOI and table or equation of the default; or a plain statement that it is assumed.
    description, group, symbol
        Plain words, the heading under which pages show it, the published symbol.
    """

    name: str
    default: float
    lower: float
    upper: float
    unit: str
    source: str
    description: str = ""
    group: str = ""
    symbol: str = ""


def parameter(
    default: float,
    *,
    lower: float,
    upper: float,
    unit: str,
    source: str,
    description: str = "",
    group: str = "",
    symbol: str = "",
) -> Any:
    """Declare one field of a :class:`ParameterSet`.

    Raises
    ------
    ValueError
        If the bounds do not enclose the default (an error of the programmer).
    """
    if not lower <= default <= upper:
        msg = f"default {default} lies outside [{lower}, {upper}]"
        raise ValueError(msg)
    metadata = {
        "lower": lower,
        "upper": upper,
        "unit": unit,
        "source": source,
        "description": description,
        "group": group,
        "symbol": symbol,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class ParameterSet:
    """Base of all parameter sets; checks every value against its bounds when made."""

    def __post_init__(self) -> None:
        for row in self.table():
            _check_value(type(self).__name__, row, getattr(self, row.name))

    @classmethod
    def table(cls) -> tuple[Parameter, ...]:
        """Return the parameters in their declared order."""
        return tuple(
            Parameter(name=item.name, default=cast("float", item.default), **item.metadata)
            for item in fields(cls)
        )

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Make a set from names and numbers; absent ones keep their default.

        Raises
        ------
        MissingVariableError
            If a name is unknown.
        OutOfBoundsError
            If a value is no finite number or lies outside its bounds.
        """
        return cls().replace(values)

    def replace(self, values: Mapping[str, object]) -> Self:
        """Return a copy with some values changed; errors as in :meth:`from_dict`."""
        rows = {row.name: row for row in self.table()}
        changed: dict[str, float] = {}
        for name, value in values.items():
            if name not in rows:
                msg = f"{type(self).__name__} has no parameter {name!r}.{did_you_mean(name, rows)}"
                raise MissingVariableError(msg, parameter=name)
            changed[name] = _check_value(type(self).__name__, rows[name], value)
        return dataclasses.replace(self, **changed)

    def to_dict(self) -> dict[str, float]:
        """Return names and values in the declared order."""
        return {row.name: float(getattr(self, row.name)) for row in self.table()}


def _check_value(owner: str, row: Parameter, value: object) -> float:
    """Return ``value`` as a float inside the bounds of ``row`` or raise OutOfBoundsError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        msg = f"{owner}.{row.name} must be a finite number [{row.unit}], got {value!r}"
        raise OutOfBoundsError(msg, parameter=row.name, got=value)
    if not row.lower <= value <= row.upper:
        msg = (
            f"{owner}.{row.name} = {value:g} {row.unit} lies outside its bounds "
            f"{row.lower:g} to {row.upper:g} {row.unit}"
        )
        raise OutOfBoundsError(msg, parameter=row.name, got=value, lower=row.lower, upper=row.upper)
    return float(value)
