"""Amounts a year from products in any unit and step: a year, month, 8 days or a day."""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.errors import DimsError, UnitsError

Times = npt.NDArray[np.datetime64]

_AMOUNT: Final = re.compile(r"(kg|g|mg|mm)\s*(?:c|h2o|water)?(?![a-z0-9])")
_TIME: Final = re.compile(
    r"(?:/\s*|per\s+)?(?P<name>8\s*-?\s*d(?:ays?)?|years?|yr|y|a|months?|mon|days?|d|sec(?:onds?)?|s)"
    r"(?:\s*\^?-1)?$"
)
_GRAMS: Final = {"g": 1.0, "kg": 1000.0, "mg": 0.001}
_SECONDS_PER_DAY: Final = 86400.0
_STEPS: Final = {1: "year", 12: "month", 46: "8 days", 365: "day", 366: "day"}

DAYS: Final = {"year": 365.25, "8 days": 8.0, "day": 1.0, "second": 1.0 / _SECONDS_PER_DAY}
"""Length of a unit of time [days]; that of a month is its own."""


def flux_unit(text: str, flux: str) -> tuple[float, str]:
    """Return the factor to g m-2 (``gpp``) or mm (``et``) and the time that a unit is per.

    Parameters
    ----------
    text
        A unit as products spell it: ``kg C m-2 yr-1``, ``gC/m^2/day``, ``mm/month``, ``mm``.
    flux
        ``gpp`` or ``et``.

    Returns
    -------
    tuple
        Factor, and ``year``, ``month``, ``8 days``, ``day``, ``second`` or ``step`` (of the file).

    Raises
    ------
    UnitsError
        If it is no such unit; says how to name one.

    Examples
    --------
    >>> flux_unit("kg C m-2 yr-1", "gpp"), flux_unit("kg/m^2/8day", "et"), flux_unit("mm", "et")
    ((1000.0, 'year'), (1.0, '8 days'), (1.0, 'step'))
    """
    plain = " ".join(text.replace("**", "^").replace("⁻", "-").replace("²", "2").lower().split())
    amount = _AMOUNT.match(plain)
    if amount is None:
        raise _no_unit(text, flux)
    rest = plain[amount.end() :].strip(" ./*")
    per_area = re.match(r"(?:m\^?-2|/?\s*m\^?2|m\^-2)\s*", rest)
    rest = rest[per_area.end() :].strip(" .*") if per_area else rest
    found = amount.group(1)
    depth = found == "mm"
    if (depth and (per_area or flux == "gpp")) or (not depth and not per_area):
        raise _no_unit(text, flux)
    if depth:
        factor = 1.0
    elif found in _GRAMS:
        factor = _GRAMS[found] / (1.0 if flux == "gpp" else 1000.0)
    else:
        raise _no_unit(text, flux)
    return factor, _time(rest, text, flux)


def annual_amounts(values: xr.DataArray, flux: str, *, units: str = "") -> xr.DataArray:
    """Return the amount of every complete year.

    Parameters
    ----------
    values
        (time, ...) with datetimes, one value a year, month, eight days or day; NaN is missing.
    flux
        ``gpp`` or ``et``.
    units
        Unit, instead of the attribute ``units``. Where it names no time, as ``mm``, values are
        amounts of a step.

    Returns
    -------
    xarray.DataArray
        (time, ...) in g m-2 year-1 or mm year-1; a year of which a value is missing is missing,
        and years without all their steps are left out.

    Raises
    ------
    UnitsError
        If the unit is unknown.
    DimsError
        If there are no datetimes, or steps of another length.
    """
    factor, per = flux_unit(units or str(values.attrs.get("units", "")), flux)
    times = step_times(values)
    years = times.astype("datetime64[Y]")
    counts = np.unique(years, return_counts=True)[1]
    usual = int(counts.max())
    if usual not in _STEPS:
        msg = (
            f"{values.name} has {usual} values a year; wanted one a year, month, 8 days or day "
            "(1, 12, 46, 365)"
        )
        raise DimsError(msg, got=usual)
    weights = factor * _days(times, _STEPS[usual]) / _unit_days(times, per, _STEPS[usual])
    whole = [year for year in np.unique(years) if _complete(years == year, usual)]
    if not whole:
        msg = f"{values.name} has no complete year"
        raise DimsError(msg)
    weighted = values * xr.DataArray(weights, dims="time", coords={"time": values["time"]})
    rows = [weighted.isel(time=years == year).sum("time", skipna=False) for year in whole]
    out = xr.concat(rows, dim="time").assign_coords(time=np.array(whole).astype("datetime64[ns]"))
    unit = "g m-2 year-1" if flux == "gpp" else "mm year-1"
    out.attrs = {**values.attrs, "units": unit}
    out.name = values.name
    return out


def step_times(values: xr.DataArray) -> Times:
    """Return the times of a product.

    Raises
    ------
    DimsError
        If they are no datetimes.
    """
    if "time" not in values.dims or values["time"].dtype.kind != "M":
        msg = f"{values.name} has no dates: say its first year"
        raise DimsError(msg, got=values.dims)
    return np.asarray(values["time"].to_numpy(), dtype="datetime64[ns]")


def _time(rest: str, text: str, flux: str) -> str:
    """Return what time a unit is per."""
    if not rest:
        return "step"
    found = _TIME.fullmatch(rest)
    if found is None:
        raise _no_unit(text, flux)
    name = found["name"].replace(" ", "").replace("-", "")
    if name.startswith("8"):
        return "8 days"
    if name.startswith("y") or name == "a":
        return "year"
    return {"m": "month", "d": "day", "s": "second"}[name[0]]


def _no_unit(text: str, flux: str) -> UnitsError:
    example = (
        "g C m-2 yr-1 or kg m-2 8d-1" if flux == "gpp" else "mm yr-1, mm month-1 or kg m-2 s-1"
    )
    msg = f"units {text[:60]!r} are none of {flux.upper()}: name them, for example {example}"
    return UnitsError(msg, got=text[:60])


def _days(times: Times, step: str) -> npt.NDArray[np.float64]:
    """Return the length of every step [days]; the last of 46 ends with the year."""
    year = times.astype("datetime64[Y]")
    left = ((year + 1).astype("datetime64[D]") - times.astype("datetime64[D]")).astype(np.float64)
    if step == "day":
        return np.ones(times.size)
    if step == "8 days":
        return np.asarray(np.minimum(8.0, left))
    unit = {"year": "Y", "month": "M"}[step]
    start = times.astype(f"datetime64[{unit}]")
    length = (start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")
    return np.asarray(length.astype(np.float64))


def _unit_days(times: Times, per: str, step: str) -> npt.NDArray[np.float64]:
    """Return the length of the unit's time at every step [days]."""
    if per == "step" or (per == "8 days" and step == "8 days"):
        # A composite of the last days of a year is given as what it holds.
        return _days(times, step)
    if per in {"month", "year"}:
        return _days(times, per)
    return np.full(times.size, DAYS[per])


def _complete(members: npt.NDArray[np.bool_], usual: int) -> bool:
    """Return whether a year has all its steps."""
    return int(members.sum()) >= (365 if usual >= 365 else usual)
