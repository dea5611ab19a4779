"""Tables of site months: checked, sorted, with every month between a site's first and last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SITE, TIME, LATITUDE, LONGITUDE = "Site", "TIMESTAMP", "Lat", "Lon"

MISSING_CODES: Final = (-9999.0, -6999.0)
"""Codes of missing values in flux tables."""

WEATHER: Final = {
    "TA": (-90.0, 60.0, "degC"),
    "SW_IN": (-1.0, 600.0, "W m-2"),
    "LW_IN": (50.0, 700.0, "W m-2"),
    "VPD": (-0.1, 100.0, "hPa"),
    "PA": (30.0, 110.0, "kPa"),
    "P": (-0.01, 100.0, "mm d-1"),
    "WS": (0.0, 40.0, "m s-1"),
}
"""Weather by FLUXNET's name: bounds of a monthly mean and unit. A column with ``_F``, measured and
filled, comes before one with ``_ERA``, downscaled reanalysis."""

VEGETATION: Final = {"LAI": (0.0, 12.0, "1"), "EVI": (-0.3, 1.2, "1")}
"""Vegetation by column: bounds and unit."""


@dataclass(frozen=True)
class Target:
    """A flux that can be predicted.

    Attributes
    ----------
    column, quality
        Column of the flux and of the share of it that was measured or filled well.
    factor, units
        What turns the column into ``units``.
    name
        Its name in the vocabulary.
    """

    column: str
    quality: str
    factor: float
    units: str
    name: str


LATENT_HEAT: Final = 2.45
"""Latent heat of vaporisation that turns W m-2 into mm d-1 [MJ kg-1], Allen et al. 1998."""

TARGETS: Final = {
    "GPP": Target(
        "GPP_NT_VUT_REF", "NEE_VUT_REF_QC", 1.0, "gC m-2 d-1", "gross_primary_production"
    ),
    "NEE": Target("NEE_VUT_REF", "NEE_VUT_REF_QC", 1.0, "gC m-2 d-1", "net_ecosystem_exchange"),
    "ET": Target("LE_CORR", "LE_F_MDS_QC", 0.0864 / LATENT_HEAT, "mm d-1", "evapotranspiration"),
}
"""Fluxes by name. ET is that of the energy-balance corrected latent heat flux."""

LEAST_QUALITY: Final = 0.7
"""Least share of a month's half-hours that were measured or filled well."""


def need_columns(frame: pd.DataFrame, names: Iterable[str], *, where: str) -> None:
    """Raise MissingVariableError at the first column that a table lacks."""
    known = [str(name) for name in frame.columns]
    for name in names:
        if name not in known:
            msg = f"{where}: column {name!r} is missing.{did_you_mean(name, known)}"
            raise MissingVariableError(msg, column=name, where=where)


def numbers(frame: pd.DataFrame, column: str, *, where: str) -> FloatArray:
    """Return a column as numbers, NaN where missing, or raise OutOfBoundsError at a word."""
    import pandas as pd  # noqa: PLC0415

    given = frame[column]
    values = pd.to_numeric(given, errors="coerce").to_numpy(dtype=np.float64)
    words = np.isnan(values) & given.notna().to_numpy()
    if words.any():
        row = int(np.argmax(words))
        msg = f"{where}: {column} of row {row} is {given.iloc[row]!r}, wanted a number"
        raise OutOfBoundsError(msg, column=column, row=row)
    return np.where(np.isin(values, MISSING_CODES), np.nan, values)


def bounded(
    frame: pd.DataFrame, column: str, bounds: tuple[float, float, str], *, where: str
) -> FloatArray:
    """Return a column as numbers within bounds or raise OutOfBoundsError, naming site and month."""
    values = numbers(frame, column, where=where)
    low, high, units = bounds
    with np.errstate(invalid="ignore"):
        bad = (values < low) | (values > high)
    if bad.any():
        row = int(np.argmax(bad))
        msg = (
            f"{where}: {column} = {values[row]:g} {units} at {frame[SITE].iloc[row]}, "
            f"{frame[TIME].iloc[row]} lies outside {low:g} to {high:g} {units} "
            f"({int(bad.sum())} of {values.size} values do)"
        )
        raise OutOfBoundsError(msg, column=column, row=row, got=float(values[row]))
    return values


def target_of(frame: pd.DataFrame, target: str, *, where: str = "table") -> FloatArray:
    """Return the flux of each row, NaN where it was not measured well enough.

    Parameters
    ----------
    frame
        Table of site months.
    target
        A key of :data:`TARGETS`.
    where
        Name of the table, for messages.

    Returns
    -------
    numpy.ndarray
        In the target's unit, shape (row,). Rows count if 70 % of their half-hours were measured or
        filled well.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If the target is unknown, a column absent, or the flux is the same in all rows.
    """
    if target not in TARGETS:
        msg = f"there is no target {target!r}; known are {', '.join(TARGETS)}."
        raise MissingVariableError(msg + did_you_mean(target, TARGETS), target=target)
    facts = TARGETS[target]
    need_columns(frame, (facts.column, facts.quality), where=where)
    values = numbers(frame, facts.column, where=where) * facts.factor
    quality = numbers(frame, facts.quality, where=where)
    values = np.where(quality >= LEAST_QUALITY, values, np.nan)
    measured = values[np.isfinite(values)]
    if measured.size and np.ptp(measured) == 0.0:
        msg = f"{where}: {facts.column} is {measured[0]:g} in all {measured.size} rows that count"
        raise OutOfBoundsError(msg, target=target)
    return values


@dataclass(frozen=True)
class SiteMonths:
    """A table with every month of each site, sorted by site and month.

    Attributes
    ----------
    frame
        The months, those that the table lacked with missing values.
    start
        Where each site's months start and, last, where all end, shape (site + 1,).
    month
        Month of the year of each row, 0 to 11, shape (month,).
    place
        Row of ``frame`` of each row of the table, shape (row,).
    """

    frame: pd.DataFrame
    start: IntArray
    month: IntArray
    place: IntArray

    @property
    def site(self) -> IntArray:
        """Number of the site of each row, shape (month,)."""
        return np.repeat(np.arange(self.start.size - 1), np.diff(self.start))

    def given(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values of the table's own rows, in its order."""
        return values[self.place]


def complete_months(frame: pd.DataFrame, *, where: str = "table") -> SiteMonths:
    """Return a table of site months sorted and without gaps.

    Parameters
    ----------
    frame
        Columns ``Site`` and ``TIMESTAMP`` (year and month as YYYYMM) and others.
    where
        Name of the table, for messages.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If a column is absent, a month cannot be read, or a site has one twice.
    """
    import pandas as pd  # noqa: PLC0415

    need_columns(frame, (SITE, TIME), where=where)
    if not len(frame):
        msg = f"{where}: the table has no row"
        raise OutOfBoundsError(msg, where=where)
    if bool(frame[SITE].isna().any()):
        msg = f"{where}: row {int(np.argmax(frame[SITE].isna()))} has no site"
        raise OutOfBoundsError(msg, where=where)
    stamps = numbers(frame, TIME, where=where)
    year, month = stamps // 100, stamps % 100
    bad = ~((year >= 1900) & (year <= 2200) & (month >= 1) & (month <= 12) & (stamps % 1 == 0))
    if bad.any():
        row = int(np.argmax(bad))
        msg = f"{where}: TIMESTAMP of row {row} is {frame[TIME].iloc[row]!r}, wanted YYYYMM"
        raise OutOfBoundsError(msg, row=row)
    count = (year * 12 + month - 1).astype(np.int64)
    names, site = np.unique(frame[SITE].astype(str).to_numpy(), return_inverse=True)
    first = np.full(names.size, np.iinfo(np.int64).max)
    last = np.zeros(names.size, dtype=np.int64)
    np.minimum.at(first, site, count)
    np.maximum.at(last, site, count)
    start = np.concatenate([[0], np.cumsum(last - first + 1)]).astype(np.int64)
    place = start[site] + count - first[site]
    distinct, hits = np.unique(place, return_counts=True)
    if (hits > 1).any():
        row = int(np.argmax(place == distinct[int(np.argmax(hits > 1))]))
        msg = f"{where}: {frame[SITE].iloc[row]} has month {frame[TIME].iloc[row]} twice"
        raise OutOfBoundsError(msg, row=row)
    whole = frame.set_axis(pd.Index(place)).reindex(np.arange(start[-1]))
    all_sites = np.repeat(np.arange(names.size), np.diff(start))
    all_counts = first[all_sites] + np.arange(start[-1]) - start[all_sites]
    whole[SITE] = names[all_sites]
    whole[TIME] = (all_counts // 12) * 100 + all_counts % 12 + 1
    return SiteMonths(whole, start, (all_counts % 12).astype(np.int64), place)


def attribute_matrix(
    frame: pd.DataFrame,
    names: Iterable[str],
    levels: dict[str, tuple[str, ...]],
    *,
    where: str = "table",
) -> FloatArray:
    """Return columns as a rule model takes them: numbers, and codes of categories.

    A model's text names only the categories that its rules use, so another one has the code -1,
    which no condition on categories holds for.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If a column is absent or a number cannot be read.
    """
    names = tuple(names)
    need_columns(frame, names, where=where)
    columns = []
    for name in names:
        if name in levels:
            codes = {level: float(code) for code, level in enumerate(levels[name])}
            given = frame[name].to_numpy()
            columns.append(np.array([codes.get(str(value), -1.0) for value in given]))
        else:
            columns.append(numbers(frame, name, where=where))
    return np.column_stack(columns)
