"""The times of a flux table: start of step, strictly increasing, on a regular axis.

Flux networks keep local standard time the year round; a table in clock time, which jumps in spring
and repeats an hour in autumn, is refused, since half a year of it is wrong by an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fluxscape.errors import FileFormatError, MissingVariableError
from fluxscape.io._generic_table import TIME_COLUMNS, bare_name
from fluxscape.io._table_rules import TableLayout
from fluxscape.io._table_text import TableBody
from fluxscape.io.guards import plain_text

MAX_STEPS: Final = 2_000_000
MAX_STEP_SECONDS: Final = 86_400

_STAMP_FORMATS: Final = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 12: "%Y%m%d%H%M"}
_HOUR: Final = np.timedelta64(1, "h")

Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class TableTimes:
    """When the records of a table begin.

    Attributes
    ----------
    start
        Start of every record, datetime64[ns], in UTC if ``is_utc`` else as the file has it.
    length
        Length of every record [s].
    is_utc
        Whether the file itself states its offset from UTC.
    duration
        ISO 8601 duration of a step.
    """

    start: Times
    length: NDArray[np.float64]
    is_utc: bool
    duration: str


def time_columns(layout: TableLayout) -> tuple[str, ...]:
    """Return the columns of a table that tell its times.

    Raises
    ------
    MissingVariableError
        If it has none that is known.
    """
    names = set(layout.columns)
    if layout.format_name == "eddypro":
        return ("date", "time")
    for wanted in (("TIMESTAMP_START", "TIMESTAMP_END"), ("TIMESTAMP_START",), ("YR", "DOY", "HR")):
        if names.issuperset(wanted):
            return wanted
    for column in layout.columns:
        if bare_name(column) in TIME_COLUMNS:
            return (column,)
    found = ", ".join(plain_text(name, limit=30) for name in layout.columns[:8])
    msg = (
        "no time column: wanted TIMESTAMP_START, TIMESTAMP, YR + DOY + HR, date + time, or one of "
        f"{', '.join(TIME_COLUMNS)}; the header begins with {found}"
    )
    raise MissingVariableError(msg, got=layout.columns[:8])


def read_times(body: TableBody, layout: TableLayout) -> TableTimes:
    """Return the start and length of every record.

    Raises
    ------
    FileFormatError
        If a time cannot be read, repeats, runs backwards, or the steps are not equal; names the
        row.
    """
    columns = time_columns(layout)
    if columns == ("date", "time"):
        ends = _parse(body, ("date", "time"), "%Y-%m-%d %H:%M")
        length = _usual_step(body, ends)
        return _regular(body, ends - length, length)
    if columns == ("YR", "DOY", "HR"):
        return _day_of_year_times(body)
    stamps = _stamps(body, columns[0])
    if stamps is None:
        return _iso_times(body, columns[0])
    if layout.time_step:
        return _calendar(body, stamps, layout.time_step)
    if len(columns) == 2:
        return _start_and_end(body, stamps, _required_stamps(body, columns[1]))
    return _regular(body, stamps, _usual_step(body, stamps))


def _stamps(body: TableBody, column: str) -> Times | None:
    """Return time stamps of digits only, or None where the first one is not of that kind."""
    texts = body.texts([column])[column].str.strip()
    first = str(texts.iloc[0])
    form = _STAMP_FORMATS.get(len(first)) if first.isdigit() else None
    if form is None:
        return None
    parsed = pd.to_datetime(texts, format=form, errors="coerce")
    # strptime takes "2014111" for %Y%m%d: lengths must agree too.
    parsed = parsed.mask(texts.str.len() != len(first))
    return _complete(body, parsed, texts, f"a time of the form {_readable(form)}")


def _required_stamps(body: TableBody, column: str) -> Times:
    """Return the digits-only stamps of the second time column."""
    stamps = _stamps(body, column)
    if stamps is None:
        msg = f"{body.name}, row {body.row(0)}: {column} must be digits like TIMESTAMP_START"
        raise FileFormatError(msg, file=body.name, row=body.row(0), column=column)
    return stamps


def _parse(body: TableBody, columns: tuple[str, str], form: str) -> Times:
    """Return the times of two text columns joined by a blank."""
    frame = body.texts(columns)
    texts = frame[columns[0]] + " " + frame[columns[1]]
    parsed = pd.to_datetime(texts, format=form, errors="coerce")
    return _complete(body, parsed, texts, f"a time of the form {_readable(form)}")


def _complete(body: TableBody, parsed: pd.Series, texts: pd.Series, wanted: str) -> Times:
    """Return parsed times or raise at the first that is none."""
    bad = parsed.isna().to_numpy()
    if bad.any():
        place = int(np.argmax(bad))
        found = plain_text(texts.iloc[place], limit=40)
        msg = f"{body.name}, row {body.row(place)}: {found!r} is not {wanted}"
        raise FileFormatError(msg, file=body.name, row=body.row(place))
    return parsed.to_numpy(dtype="datetime64[ns]")


def _readable(form: str) -> str:
    """Return a strptime form in the letters people know."""
    for code, letters in (("%Y", "YYYY"), ("%m", "MM"), ("%d", "DD"), ("%H", "HH"), ("%M", "MM")):
        form = form.replace(code, letters)
    return form


def _iso_times(body: TableBody, column: str) -> TableTimes:
    """Return ISO 8601 times; with an offset or Z they are UTC."""
    texts = body.texts([column])[column].str.strip()
    zoned = texts.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", na=False, regex=True).to_numpy()
    if zoned.any() and not zoned.all():
        place = int(np.argmin(zoned))
        msg = f"{body.name}, row {body.row(place)}: this time has no offset from UTC, others have"
        raise FileFormatError(msg, file=body.name, row=body.row(place), column=column)
    is_utc = bool(zoned.all()) or column.lower().endswith("_utc")
    parsed = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=bool(zoned.all()))
    if zoned.all():
        parsed = parsed.dt.tz_localize(None)
    times = _complete(body, parsed, texts, "an ISO 8601 time such as 2014-06-01 12:30")
    return _regular(body, times, _usual_step(body, times), is_utc=is_utc)


def _day_of_year_times(body: TableBody) -> TableTimes:
    """Return times from year, day of year and decimal hour.

    Hours that reach 24 mark the end of a step, hours that begin at 0 its start.
    """
    frame, _ = body.numbers(["YR", "DOY", "HR"])
    year, day, hour = (frame[name].to_numpy() for name in ("YR", "DOY", "HR"))
    good = (year >= 1900) & (year <= 2200) & (day >= 1) & (day <= 366) & (hour >= 0) & (hour <= 24)
    if not good.all():
        place = int(np.argmin(good))
        msg = (
            f"{body.name}, row {body.row(place)}: YR {year[place]:g}, DOY {day[place]:g}, "
            f"HR {hour[place]:g} is no time"
        )
        raise FileFormatError(msg, file=body.name, row=body.row(place))
    seconds = np.round((day - 1) * 86400 + hour * 3600).astype("timedelta64[s]")
    base = (year - 1970).astype("datetime64[Y]").astype("datetime64[s]")
    times = (base + seconds).astype("datetime64[ns]")
    length = _usual_step(body, times)
    if (hour == 24).any() == (hour == 0).any():
        msg = (
            f"{body.name}: HR must run either from 0 (start of step) or to 24 (end of step), it "
            f"runs from {hour.min():g} to {hour.max():g}"
        )
        raise FileFormatError(msg, file=body.name)
    return _regular(body, times - length if (hour == 24).any() else times, length)


def _start_and_end(body: TableBody, start: Times, end: Times) -> TableTimes:
    """Return times from two stamps, which must span equal steps."""
    steps = end - start
    length = steps[0]
    unequal = (steps != length) | (steps <= np.timedelta64(0))
    if unequal.any():
        place = int(np.argmax(unequal))
        msg = (
            f"{body.name}, row {body.row(place)}: TIMESTAMP_END lies {_minutes(steps[place])} "
            f"after TIMESTAMP_START, in the first record it is {_minutes(length)}"
        )
        raise FileFormatError(msg, file=body.name, row=body.row(place))
    return _regular(body, start, length)


def _calendar(body: TableBody, start: Times, duration: str) -> TableTimes:
    """Return the times of daily to yearly records."""
    check_increasing(body, start)
    unit = {"P1M": "M", "P1Y": "Y"}.get(duration)
    if unit:
        end = (start.astype(f"datetime64[{unit}]") + 1).astype("datetime64[ns]")
    else:
        end = start + np.timedelta64(7 if duration == "P7D" else 1, "D")
    return TableTimes(start, (end - start) / np.timedelta64(1, "s"), False, duration)


def _regular(
    body: TableBody, start: Times, length: np.timedelta64, *, is_utc: bool = False
) -> TableTimes:
    """Return checked times of equal steps."""
    seconds = int(length / np.timedelta64(1, "s"))
    if not 0 < seconds <= MAX_STEP_SECONDS:
        msg = f"{body.name}: steps of {_minutes(length)} are not read, at most a day is"
        raise FileFormatError(msg, file=body.name, got=seconds)
    check_increasing(body, start)
    off = (start - start[0]) % length != np.timedelta64(0)
    if off.any():
        place = int(np.argmax(off))
        msg = (
            f"{body.name}, row {body.row(place)}: {_minute(start[place])} is not a whole number of "
            f"{_minutes(length)} steps after the first record, {_minute(start[0])}"
        )
        raise FileFormatError(msg, file=body.name, row=body.row(place))
    if not is_utc:
        _check_clock_change(body, start)
    duration = "P1D" if seconds == 86400 else f"PT{seconds // 60}M"
    return TableTimes(start, np.full(start.size, float(seconds)), is_utc, duration)


def _usual_step(body: TableBody, times: Times) -> np.timedelta64:
    """Return the most frequent distance of two records."""
    if times.size < 2:
        msg = f"{body.name} has one record: the length of its step cannot be told"
        raise FileFormatError(msg, file=body.name)
    steps = np.diff(times)
    check_increasing(body, times)
    values, counts = np.unique(steps, return_counts=True)
    return np.timedelta64(values[np.argmax(counts)])


def check_increasing(body: TableBody, times: Times) -> None:
    """Raise FileFormatError at the first record that does not follow the one before it."""
    steps = np.diff(times)
    bad = steps <= np.timedelta64(0)
    if not bad.any():
        return
    place = int(np.argmax(bad)) + 1
    earlier = np.flatnonzero(times[:place] == times[place])
    if earlier.size:
        fault = f"repeats the time {_minute(times[place])} of row {body.row(int(earlier[0]))}"
    else:
        fault = f"{_minute(times[place])} comes after {_minute(times[place - 1])}"
    msg = f"{body.name}, row {body.row(place)}: {fault}; times must increase (no summer time)"
    raise FileFormatError(msg, file=body.name, row=body.row(place))


def _check_clock_change(body: TableBody, start: Times) -> None:
    """Raise FileFormatError where exactly the hour that summer time leaves out is absent."""
    steps = np.diff(start)
    usual = steps.min() if steps.size else _HOUR
    if usual > _HOUR:
        return
    for place in np.flatnonzero(steps == _HOUR + usual):
        missing = pd.Timestamp(start[place] + usual)
        if missing.weekday() == 6 and missing.hour <= 3 and _is_season_of_change(missing):
            row = body.row(int(place) + 1)
            msg = (
                f"{body.name}, row {row}: the hour from {_minute(missing.to_datetime64())} on a "
                "Sunday is absent, as where clocks go forward; times must be standard time "
                "throughout (if the hour is truly missing, add its records as -9999)"
            )
            raise FileFormatError(msg, file=body.name, row=row)


def _is_season_of_change(moment: pd.Timestamp) -> bool:
    """Return whether clocks go forward around this date in either hemisphere."""
    day = (moment.month, moment.day)
    return (3, 8) <= day <= (4, 7) or (9, 24) <= day <= (10, 21)


def regular_axis(times: TableTimes, name: str) -> tuple[Times, NDArray[np.intp]]:
    """Return the gapless axis from first to last record and each record's place on it.

    Calendar steps (weeks, months, years) stay as they are.
    """
    if times.duration in {"P7D", "P1M", "P1Y"}:
        return times.start, np.arange(times.start.size)
    length = np.timedelta64(round(times.length[0] * 1e9), "ns")
    places = ((times.start - times.start[0]) // length).astype(np.intp)
    steps = int(places[-1]) + 1
    if steps > MAX_STEPS:
        msg = (
            f"{name}: {times.start.size} records spread over {steps} steps from "
            f"{_minute(times.start[0])} to {_minute(times.start[-1])}; at most {MAX_STEPS} are kept"
        )
        raise FileFormatError(msg, file=name, got=steps)
    return times.start[0] + np.arange(steps) * length, places


def _minutes(step: np.timedelta64) -> str:
    """Return a length of time in minutes."""
    return f"{step / np.timedelta64(60, 's'):g} min"


def _minute(moment: np.datetime64) -> str:
    """Return a moment to the minute."""
    return str(np.datetime_as_string(moment, unit="m")).replace("T", " ")
