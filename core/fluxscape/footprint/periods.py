"""Parts of a record: day and night, months, seasons, years, and any combination of them."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.meteorology.solar import sun_over_steps

Flags = NDArray[np.bool_]

SEASONS: Final = {"DJF": (12, 1, 2), "MAM": (3, 4, 5), "JJA": (6, 7, 8), "SON": (9, 10, 11)}
"""Months of the meteorological seasons."""

DAYLIGHT: Final = 20.0
"""Measured incoming shortwave [W m-2] above which it is day where no coordinates are known."""

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
        ``all``, ``day``, ``night``, ``month-07``, ``JJA``, ``2024`` or ``2024-07``; several with
        ``+`` between must all hold, for example ``day+JJA``.
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
        name = part.strip()
        if name in {"day", "night"}:
            lit = _daylight(records, latitude, longitude)
            mask &= lit if name == "day" else ~lit
        elif name != "all":
            mask &= _calendar(records, name, utc_offset_hours)
    return mask


def _calendar(records: xr.Dataset, name: str, utc_offset_hours: float | None) -> Flags:
    """Return which records fall into a month, season or year of the local calendar."""
    offset = records.attrs.get("utc_offset_hours", 0.0)
    offset = float(offset if utc_offset_hours is None else utc_offset_hours)
    local = records["time"].to_numpy() + np.timedelta64(round(offset * 3600.0), "s")
    months = local.astype("datetime64[M]").astype(np.int64)
    month, year = months % 12 + 1, months // 12 + 1970
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
