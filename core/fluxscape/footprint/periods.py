"""Parts of a record: day and night, months, seasons, years, and any combination of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.meteorology.solar import sun_over_steps

Flags = NDArray[np.bool_]

SEASONS: Final = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
"""Months of the meteorological seasons."""

DAYLIGHT: Final = 20.0
"""Measured incoming shortwave [W m-2] above which it is day where no coordinates are known."""

MONTHS: Final = tuple(f"month-{month:02d}" for month in range(1, 13))
"""Names of the months of any year."""

DIVISIONS: Final = ("month", "season", "year", "day-night")
"""Ways to cut a record into periods; several with ``+`` between cut it by all of them."""

_MONTH: Final = re.compile(r"month-(\d{2})")
_YEAR: Final = re.compile(r"(\d{4})(?:-(\d{2}))?")


def period_mask(
    records: xr.Dataset,
    period: str,
    *,
    latitude: float | None = None,
    longitude: float | None = None,
    utc_offset_hours: float | None = None,
) -> Flags:
    """Return which records belong to a period.

    Parameters
    ----------
    records
        Dataset over ``time``, starts of steps.
    period
        ``all``, ``day``, ``night``, ``month-07``, ``JJA``, ``2024`` or ``2024-07``; of several
        with ``,`` between one must hold, of several with ``+`` between all, for example
        ``day+month-05,month-06+2024``.
    latitude, longitude
        Of the tower [degrees], else the records' attributes. With them it is day where the sun
        stands above the horizon in some part of the step; without, where the measured incoming
        shortwave exceeds 20 W m-2.
    utc_offset_hours
        Clock of the site ahead of UTC, for months and years, else the records' attribute.

    Raises
    ------
    OutOfBoundsError
        If the text is no period.
    MissingVariableError
        If day and night cannot be told.
    """
    mask = np.ones(records.sizes["time"], dtype=np.bool_)
    for part in period.split("+"):
        held = np.zeros_like(mask)
        for name in map(str.strip, part.split(",")):
            if name in {"day", "night"}:
                lit = _daylight(records, latitude, longitude)
                held |= lit if name == "day" else ~lit
            else:
                held |= name == "all" or _calendar(records, name, utc_offset_hours)
        mask &= held
    return mask


def periods_by(
    records: xr.Dataset,
    division: str,
    *,
    within: str = "all",
    utc_offset_hours: float | None = None,
) -> tuple[str, ...]:
    """Return the names of the periods into which a division cuts a record.

    Parameters
    ----------
    records
        Dataset over ``time``; its years are those of the local calendar.
    division
        One of :data:`DIVISIONS`, or several with ``+`` between: ``month+day-night``.
    within
        A period that confines them all.
    utc_offset_hours
        As in :func:`period_mask`.

    Raises
    ------
    OutOfBoundsError
        If the text is no division.

    >>> times = np.array(["2023-12-31T23:30", "2024-01-01"], dtype="datetime64[ns]")
    >>> periods_by(xr.Dataset(coords={"time": times}), "year+day-night", within="DJF")
    ('DJF+2023+day', 'DJF+2023+night', 'DJF+2024+day', 'DJF+2024+night')
    """
    choices: list[Sequence[str]] = []
    for name in map(str.strip, division.split("+")):
        if name == "year":
            _, years = _local_calendar(records, utc_offset_hours)
            choices.append([str(year) for year in np.unique(years)])
        elif name in DIVISIONS:
            choices.append({"month": MONTHS, "season": list(SEASONS)}.get(name, ("day", "night")))
        else:
            msg = f"{name!r} is no division; wanted {', '.join(DIVISIONS)}, several joined by +."
            raise OutOfBoundsError(msg + did_you_mean(name, DIVISIONS), division=name)
    first = () if within == "all" else (within,)
    return tuple("+".join((*first, *parts)) for parts in product(*choices))


def _local_calendar(
    records: xr.Dataset, utc_offset_hours: float | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return month and year of every record by the clock of the site."""
    offset = records.attrs.get("utc_offset_hours", 0.0)
    offset = float(offset if utc_offset_hours is None else utc_offset_hours)
    local = records["time"].to_numpy() + np.timedelta64(round(offset * 3600.0), "s")
    months = local.astype("datetime64[M]").astype(np.int64)
    return months % 12 + 1, months // 12 + 1970


def _calendar(records: xr.Dataset, name: str, utc_offset_hours: float | None) -> Flags:
    """Return which records fall into a month, season or year of the local calendar."""
    month, year = _local_calendar(records, utc_offset_hours)
    if name in SEASONS:
        return np.isin(month, SEASONS[name])
    if found := _MONTH.fullmatch(name):
        return np.asarray(month == _month(found[1], name))
    if found := _YEAR.fullmatch(name):
        in_year = np.asarray(year == int(found[1]))
        return in_year & (month == _month(found[2], name)) if found[2] else in_year
    raise _no_period(name)


def _month(text: str, name: str) -> int:
    """Return the number of a month."""
    if not 1 <= int(text) <= 12:
        raise _no_period(name)
    return int(text)


def _no_period(name: str) -> OutOfBoundsError:
    """Return the error of a text that is no period."""
    msg = (
        f"{name!r} is no period; wanted all, day, night, month-01 to month-12, "
        f"{', '.join(SEASONS)}, a year such as 2024 or a month such as 2024-07"
    )
    return OutOfBoundsError(msg, period=name)


def _daylight(records: xr.Dataset, latitude: float | None, longitude: float | None) -> Flags:
    """Return in which records it is day."""
    north = records.attrs.get("latitude") if latitude is None else latitude
    east = records.attrs.get("longitude") if longitude is None else longitude
    in_utc = "unknown offset" not in str(records.attrs.get("time_reference", ""))
    if north is not None and east is not None and in_utc:
        step = float(records.attrs.get("time_step_seconds", 1800))
        sun = sun_over_steps(records["time"].to_numpy(), step, float(north), float(east))
        return np.asarray(sun.irradiance > 0.0)
    shortwave = "surface_downwelling_shortwave_flux"
    if shortwave in records:
        return np.asarray(records[shortwave].to_numpy() > DAYLIGHT)
    msg = (
        "day and night cannot be told: give latitude and longitude (and the offset from UTC), or "
        f"records with {shortwave}"
    )
    raise MissingVariableError(msg, variable=shortwave)
