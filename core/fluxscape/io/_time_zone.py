"""From local standard time to UTC: the offset given, known of the country, or seen in the sun.

Flux tables carry local standard time without saying which. Where the offset is not given, the
country of the site's FLUXNET code settles it if the country keeps one time; else the daily course
of incoming radiation does, if the longitude is known. A stated offset that the radiation
contradicts by more than two hours is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError

MAX_CONTRADICTION_HOURS: Final = 2.0

_MIN_SAMPLES: Final = 3
_MIN_AMPLITUDE: Final = 30.0
_RADIATION: Final = (
    "surface_downwelling_shortwave_flux",
    "photosynthetic_photon_flux_density",
    "net_radiation",
)

_OFFSETS: Final = {
    0.0: "GB UK IE PT IS GH SN CI BF",
    1.0: "AT BE CH CZ DE DK ES FR HU IT NL NO PL SE SI SK HR LU SJ TN CG",
    2.0: "FI EE LV LT GR BG RO UA IL ZA ZM BW SD",
    3.0: "KE UG",
    5.5: "IN",
    7.0: "TH VN",
    8.0: "CN MY PH SG TW HK",
    9.0: "JP KR",
    -3.0: "AR UY GF",
    -4.0: "CL BO",
    -5.0: "PA PE CO",
    -6.0: "CR",
    12.0: "NZ",
}

COUNTRY_OFFSETS: Final = {
    country: offset for offset, countries in _OFFSETS.items() for country in countries.split()
}
"""Standard time minus UTC [h] of countries whose towers all keep one time; IANA time zone data."""

_SITE_CODE: Final = re.compile(r"(?<![A-Za-z])([A-Z]{2})-([A-Za-z0-9]{3})(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True)
class UtcOffset:
    """Local standard time minus UTC [h], and how it is known."""

    hours: float
    source: str


def site_code(file_name: str) -> str | None:
    """Return the FLUXNET code in a file's name.

    >>> site_code("FLX_CN-Cha_FLUXNET2015_SUBSET_HH_2003-2005_1-4.csv")
    'CN-Cha'
    """
    match = _SITE_CODE.search(file_name)
    return match.group(0) if match else None


def find_offset(
    dataset: xr.Dataset,
    *,
    name: str,
    site: str | None,
    utc_offset_hours: float | None,
    longitude: float | None,
) -> UtcOffset | None:
    """Return the offset of a table's times from UTC, or None where nothing tells it.

    Parameters
    ----------
    dataset
        Variables over ``time`` as the file has it.
    name
        How messages call the file.
    site
        FLUXNET code of the site.
    utc_offset_hours
        Offset that the user states [h].
    longitude
        Longitude of the tower [degrees east].

    Raises
    ------
    OutOfBoundsError
        If the stated offset is none of this Earth.
    FileFormatError
        If the radiation contradicts it by more than two hours.
    """
    offset = _stated_offset(site, utc_offset_hours)
    if longitude is None:
        return offset
    noon = radiation_noon(dataset)
    if noon is None:
        return offset
    # True solar noon wanders by a quarter of an hour around this over the year.
    implied = _wrap(noon - (12.0 - longitude / 15.0))
    if offset is None:
        return UtcOffset(round(2 * implied) / 2, "daily course of radiation")
    if abs(_wrap(implied - offset.hours)) > MAX_CONTRADICTION_HOURS:
        msg = (
            f"{name}: incoming radiation is centred on {_clock(noon)} in the file's time, which at "
            f"longitude {longitude:g} means UTC{implied:+.1f} h; the {offset.source} says "
            f"UTC{offset.hours:+g} h. Mend the offset, the longitude or the file's times"
        )
        raise FileFormatError(msg, file=name, implied=implied, stated=offset.hours)
    return offset


def _stated_offset(site: str | None, utc_offset_hours: float | None) -> UtcOffset | None:
    """Return the offset that the user or the country of the site's code states."""
    if utc_offset_hours is not None:
        if not -12 <= utc_offset_hours <= 14:
            msg = f"utc_offset_hours = {utc_offset_hours:g} lies outside -12 to 14 h"
            raise OutOfBoundsError(msg, got=utc_offset_hours)
        return UtcOffset(float(utc_offset_hours), "stated offset")
    country = site[:2] if site and _SITE_CODE.fullmatch(site) else ""
    if country in COUNTRY_OFFSETS:
        return UtcOffset(COUNTRY_OFFSETS[country], f"standard time of country {country}")
    return None


def unknown_offset_error(name: str) -> MissingVariableError:
    """Return the error that says what would settle the offset."""
    msg = (
        f"{name} holds local time and nothing tells its offset from UTC: give utc_offset_hours "
        "(local standard time minus UTC, for example 8 in China, -7 in Utah), or the longitude if "
        "the file has incoming radiation"
    )
    return MissingVariableError(msg, file=name, parameter="utc_offset_hours")


def radiation_noon(dataset: xr.Dataset) -> float | None:
    """Return the hour of day around which incoming radiation is centred, or None.

    The mean daily course over all records is taken for a distribution over the circle of 24 hours;
    its mean direction is the centre. Steps of the day without enough records count as dark.
    """
    name = next((item for item in _RADIATION if item in dataset), None)
    step = int(dataset.attrs["time_step_seconds"])
    if name is None or step > 3600 or 86400 % step:
        return None
    values = dataset[name].to_numpy()
    since_midnight = dataset["time"].to_numpy() - dataset["time"].to_numpy().astype("datetime64[D]")
    place = (since_midnight / np.timedelta64(step, "s")).astype(np.intp)
    good = np.isfinite(values)
    count = 86400 // step
    sums = np.bincount(place[good], weights=values[good], minlength=count)
    samples = np.bincount(place[good], minlength=count)
    course = np.where(samples >= _MIN_SAMPLES, sums / np.maximum(samples, 1), 0.0)
    course = np.maximum(course - max(float(course.min()), 0.0), 0.0)
    if course.max() < _MIN_AMPLITUDE:
        return None
    angle = 2 * np.pi * (np.arange(count) + 0.5) / count
    centre = np.arctan2(np.sum(course * np.sin(angle)), np.sum(course * np.cos(angle)))
    return float(np.degrees(centre) / 15.0 % 24.0)


def _wrap(hours: float) -> float:
    """Return a difference of clock times between -12 and 12 hours."""
    return (hours + 12.0) % 24.0 - 12.0


def _clock(hours: float) -> str:
    """Return an hour of day as a clock shows it."""
    minutes = round(hours * 60) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
