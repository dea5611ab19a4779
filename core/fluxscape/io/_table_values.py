"""The variables of a flux table: which column each comes from, converted, checked, with flags."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.io._table_rules import ColumnRule, TableLayout
from fluxscape.io._table_text import TableBody
from fluxscape.io._table_time import TableTimes, time_columns
from fluxscape.io._table_units import to_vocabulary, unit_text
from fluxscape.io.guards import plain_text
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES, Variable

SHARE_SUFFIX: Final = "_measured_share"
"""Quality of daily and longer steps: share of half-hours measured or filled well."""

MAX_SPIKE_SHARE: Final = 0.01
"""Share of values outside physical bounds up to which raw covariances count as spiky [1]."""

MAX_NEGATIVE_DEFICIT: Final = 200.0
"""Vapour pressure deficit below zero that a humidity sensor in fog can give [Pa]."""

_MIN_VALUES_FOR_UNIT_CHECK: Final = 48


@dataclass(frozen=True)
class Column:
    """One variable on the records of a table."""

    data: NDArray[Any]
    attrs: dict[str, Any]


@dataclass
class TableValues:
    """What was read from a table.

    Attributes
    ----------
    columns
        Variables and flags by name.
    constants
        Numbers that hold for the whole table.
    recognised
        Variable by column.
    ignored
        Columns that were not read.
    missing, spikes
        Number of missing fields, and of spikes that were set to missing, by column.
    notes
        What a reader must know, by variable.
    """

    columns: dict[str, Column] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)
    recognised: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    missing: dict[str, int] = field(default_factory=dict)
    spikes: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def read_values(
    body: TableBody, layout: TableLayout, times: TableTimes, ignore: Collection[str]
) -> TableValues:
    """Return the variables of a table.

    Raises
    ------
    MissingVariableError
        If the table holds no known column, or a column to ignore does not exist.
    FileFormatError, OutOfBoundsError
        If a field is no number or cannot be true; names file, row, column, value and unit.
    """
    _check_ignored(body, ignore)
    offered = [name for name in layout.columns if name not in ignore]
    candidates = {rule.variable: layout.choose(rule, offered) for rule in layout.rules}
    wanted = {name for names in candidates.values() for name in names}
    qualities = {
        quality
        for rule in layout.rules
        for name in candidates[rule.variable]
        if (quality := layout.quality_column(rule, name)) and quality in offered
    }
    if not wanted:
        _raise_unknown(body, layout)
    frame, missing = body.numbers([name for name in layout.columns if name in wanted | qualities])
    values = TableValues()
    for rule in layout.rules:
        chosen = _first_with_numbers(frame, candidates[rule.variable])
        if chosen is None:
            continue
        if rule.constant:
            _take_constant(values, body, rule, chosen, frame[chosen])
            continue
        column = _read_column(values, body, layout, rule, chosen, frame[chosen], times)
        values.columns[rule.variable] = column
        values.recognised[chosen] = rule.variable
        _take_quality(values, body, layout, rule, chosen, frame)
    values.missing = {name: n for name, n in missing.items() if name in values.recognised}
    known = {*values.recognised, *time_columns(layout)}
    values.ignored = [name for name in layout.columns if name not in known]
    _check_humidity(body, values)
    return values


def _check_ignored(body: TableBody, ignore: Collection[str]) -> None:
    """Raise MissingVariableError if a column to ignore does not exist."""
    for name in ignore:
        if name not in body.columns:
            msg = f"{body.name} has no column {name!r} to ignore.{did_you_mean(name, body.columns)}"
            raise MissingVariableError(msg, column=name)


def _raise_unknown(body: TableBody, layout: TableLayout) -> None:
    """Raise the error of a table without any known column."""
    found = ", ".join(plain_text(name, limit=30) for name in layout.columns[:8])
    known = ", ".join(rule.columns[0] for rule in layout.rules[:8]) or ", ".join(
        list(VARIABLES)[:5]
    )
    msg = (
        f"{body.name} was taken for {layout.label} but holds no known column; it begins with "
        f"{found}; known are {known} ..."
    )
    raise MissingVariableError(msg, file=body.name, got=layout.columns[:8])


def _first_with_numbers(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """Return the first column that holds a number."""
    return next((name for name in names if frame[name].notna().any()), None)


def _take_constant(
    values: TableValues, body: TableBody, rule: ColumnRule, chosen: str, column: pd.Series
) -> None:
    """Keep the one number of a constant column."""
    numbers = column.dropna().unique()
    if numbers.size > 1:
        place = int(np.argmax((column != numbers[0]) & column.notna()))
        msg = (
            f"{body.name}, row {body.row(place)}, column {chosen!r}: {column.iloc[place]:g} "
            f"differs from {numbers[0]:g} above; the {rule.variable} must be one number"
        )
        raise FileFormatError(msg, file=body.name, row=body.row(place), column=chosen)
    values.constants[rule.variable] = float(numbers[0])
    values.recognised[chosen] = rule.variable


def _read_column(
    values: TableValues,
    body: TableBody,
    layout: TableLayout,
    rule: ColumnRule,
    chosen: str,
    column: pd.Series,
    times: TableTimes,
) -> Column:
    """Return one variable in the vocabulary's unit, checked against its bounds."""
    variable = VARIABLES[rule.variable]
    units = layout.units.get(chosen) or rule.units
    raw = column.to_numpy()
    data = to_vocabulary(
        raw, units, variable, step_seconds=times.length, square_root=rule.square_root
    )
    if rule.square_root:
        data[raw < 0] = -1.0
    if rule.variable == "vapour_pressure_deficit":
        _lift_deficit(values, data)
    outside = (data < variable.lower) | (data > variable.upper) | np.isinf(data)
    if outside.any():
        share = outside.sum() / np.isfinite(data).sum()
        if not rule.raw or share > MAX_SPIKE_SHARE:
            shown = unit_text(units, times.duration)
            _raise_outside(body, chosen, raw, outside, variable, shown, layout)
        values.spikes[chosen] = int(outside.sum())
        data[outside] = np.nan
    attrs = variable.attrs() | {"source_column": chosen, "source_units": units}
    note = layout.notes.get(chosen)
    if note:
        attrs["comment"] = values.notes[rule.variable] = f"{chosen}: {note}"
    return Column(data, attrs)


def _lift_deficit(values: TableValues, data: NDArray[np.float64]) -> None:
    """Set slightly negative deficits, which saturated sensors give, to zero and say so."""
    slight = (data < 0) & (data >= -MAX_NEGATIVE_DEFICIT)
    if slight.any():
        data[slight] = 0.0
        values.notes["vapour_pressure_deficit"] = (
            f"{int(slight.sum())} values from {-MAX_NEGATIVE_DEFICIT:g} Pa to zero were set to zero"
        )


def _raise_outside(
    body: TableBody,
    column: str,
    raw: NDArray[np.float64],
    outside: NDArray[np.bool_],
    variable: Variable,
    units: str,
    layout: TableLayout,
) -> None:
    """Raise OutOfBoundsError at the first value that cannot be true."""
    place = int(np.argmax(outside))
    msg = (
        f"{body.name}, row {body.row(place)}, column {plain_text(column, limit=60)!r}: "
        f"{raw[place]:g} cannot be {variable.long_name} in {units}, as {layout.label} files have "
        f"it ({int(outside.sum())} of {int(np.isfinite(raw).sum())} values cannot); wanted "
        f"{variable.lower:g} to {variable.upper:g} {variable.units}. Mend the column or leave it "
        "out with ignore_columns"
    )
    raise OutOfBoundsError(
        msg, file=body.name, row=body.row(place), column=column, got=float(raw[place]), units=units
    )


def _take_quality(
    values: TableValues,
    body: TableBody,
    layout: TableLayout,
    rule: ColumnRule,
    chosen: str,
    frame: pd.DataFrame,
) -> None:
    """Keep the quality column that belongs to a variable."""
    name = layout.quality_column(rule, chosen)
    if name is None or name not in frame or not frame[name].notna().any():
        return
    raw = frame[name].to_numpy()
    if layout.quality_is_share:
        key = rule.variable + SHARE_SUFFIX
        attrs: dict[str, Any] = {
            "units": "1",
            "long_name": f"share of the step in which {chosen} was measured or filled well",
            "source_column": name,
        }
        wrong = (raw < 0) | (raw > 1)
        data: NDArray[Any] = raw
    else:
        key = rule.variable + QUALITY_SUFFIX
        attrs = {
            "flag_values": np.array((-1, *layout.scheme.flags), dtype=np.int8),
            "flag_meanings": " ".join(("no_flag", *layout.scheme.meanings)),
            "long_name": f"quality of {rule.variable}",
            "source_column": name,
        }
        wrong = (raw < layout.scheme.flags[0]) | (raw > layout.scheme.flags[-1])
        data = np.where(wrong | np.isnan(raw), -1, np.ceil(raw)).astype(np.int8)
        if (raw % 1 > 0).any():
            values.notes[key] = f"{name}: averaged flags were rounded to the worse one"
    if wrong.any():
        place = int(np.argmax(wrong))
        wanted = "0 to 1" if layout.quality_is_share else f"one of {layout.scheme.flags}"
        msg = (
            f"{body.name}, row {body.row(place)}, column {name!r}: {raw[place]:g} is no quality "
            f"flag, wanted {wanted}"
        )
        raise FileFormatError(msg, file=body.name, row=body.row(place), column=name)
    values.columns[key] = Column(data, attrs)
    values.columns[rule.variable].attrs["ancillary_variables"] = key
    values.recognised[name] = key


def _check_humidity(body: TableBody, values: TableValues) -> None:
    """Raise OutOfBoundsError where humidity is within its bounds but in another unit.

    Percent that never exceeds 1.1 is a fraction; a vapour pressure deficit that disagrees with
    temperature and relative humidity by a factor of ten or so is in another unit of pressure.
    """
    humidity = values.columns.get("relative_humidity")
    if humidity is None:
        return
    found = humidity.data[np.isfinite(humidity.data)]
    if found.size >= _MIN_VALUES_FOR_UNIT_CHECK and found.max() < 0.011:
        column = humidity.attrs["source_column"]
        msg = (
            f"{body.name}, column {column!r}: no value exceeds {100 * found.max():g} %; this is a "
            "fraction, wanted per cent"
        )
        raise OutOfBoundsError(msg, file=body.name, column=column, units="%")
    deficit = values.columns.get("vapour_pressure_deficit")
    temperature = values.columns.get("air_temperature")
    if deficit is None or temperature is None:
        return
    _check_deficit(body, deficit, temperature.data, humidity.data)


def _check_deficit(
    body: TableBody,
    deficit: Column,
    temperature: NDArray[np.float64],
    humidity: NDArray[np.float64],
) -> None:
    """Raise OutOfBoundsError where the deficit is not of the order of es(T) (1 - RH)."""
    celsius = temperature - 273.15
    # Order of magnitude only: Magnus form, Alduchov and Eskridge 1996.
    expected = 610.94 * np.exp(17.625 * celsius / (243.04 + celsius)) * (1.0 - humidity)
    dry = np.isfinite(deficit.data) & (expected > 300.0)
    if dry.sum() < _MIN_VALUES_FOR_UNIT_CHECK:
        return
    ratio = float(np.median(deficit.data[dry] / expected[dry]))
    if 0.25 <= ratio <= 4.0:
        return
    column = deficit.attrs["source_column"]
    msg = (
        f"{body.name}, column {column!r}: temperature and relative humidity give a vapour pressure "
        f"deficit {1 / ratio:.3g} times as large; wanted {deficit.attrs['source_units']}"
    )
    raise OutOfBoundsError(msg, file=body.name, column=column, units=deficit.attrs["source_units"])
