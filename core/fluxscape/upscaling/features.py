"""What the regression learns from: physical features of site months, without looking at fluxes.

A row of the table gives weather, vegetation and plant type; from these and the other months of the
same site come light and energy, light use, a water balance, what weather was like before, and
what the site is like on average. Place is left out on purpose: coordinates would let a model
recognise the neighbours of towers that it knows. What is learned from the training table (how late
vegetation runs, which plant types there are, what stands for missing values) is kept and stored
with the model.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import OutOfBoundsError, did_you_mean
from fluxscape.upscaling import _physics as physics
from fluxscape.upscaling._site_series import (
    rolling,
    seasonal_cycle,
    shifted,
    site_mean,
    with_cycle,
)
from fluxscape.upscaling.lag import LagFinding, find_lags
from fluxscape.upscaling.tables import (
    VEGETATION,
    WEATHER,
    SiteMonths,
    bounded,
    complete_months,
    need_columns,
    target_of,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float64]

PLANT_TYPE: Final = "PFT"
_FOREST: Final = ("ENF", "EBF", "DBF", "DNF", "MF")
_DECIDUOUS: Final = {"DBF": 1.0, "DNF": 1.0, "MF": 0.5}

_WINDOWS: Final = {
    "P": (2, 3, 6, 12),
    "TA": (2, 3, 12),
    "VPD": (3,),
    "SW_IN": (2,),
    "potential_evaporation": (3, 6, 12),
}
"""Months that means of weather before look back, the month itself included."""


@dataclass(frozen=True)
class Features:
    """How features are made, as learned from a training table.

    Attributes
    ----------
    lags
        How late each vegetation column runs, and how that was found.
    plant_types
        Plant types of the training table.
    names
        Features in order.
    fill
        What stands for a missing feature: its median in the training table.
    """

    lags: tuple[LagFinding, ...]
    plant_types: tuple[str, ...]
    names: tuple[str, ...]
    fill: FloatArray

    def matrix(
        self, frame: pd.DataFrame, *, where: str = "table", unseen_types: bool = False
    ) -> FloatArray:
        """Return the features of each row of a table, shape (row, feature).

        ``unseen_types`` lets rows of plant types pass that the training table did not have: they
        are of no known type.

        Raises
        ------
        MissingVariableError, OutOfBoundsError
            If a column is absent, a value impossible, or a plant type was not trained.
        """
        if not unseen_types:
            check_plant_types(frame, self.plant_types, where=where)
        columns = _columns(complete_months(frame, where=where), self.lags, self.plant_types, where)
        values = np.column_stack([columns[name] for name in self.names])
        return np.where(np.isfinite(values), values, self.fill)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for a file."""
        return {
            "lags": [lag.to_dict() for lag in self.lags],
            "plant_types": list(self.plant_types),
            "names": list(self.names),
            "fill": self.fill.tolist(),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Features:
        """Return what :meth:`to_dict` gave."""
        return cls(
            tuple(LagFinding.from_dict(lag) for lag in values["lags"]),
            tuple(str(name) for name in values["plant_types"]),
            tuple(str(name) for name in values["names"]),
            np.array(values["fill"], dtype=np.float64),
        )


def learn_features(
    frame: pd.DataFrame, target: str, *, rows: Any = None, where: str = "table"
) -> Features:
    """Return how features are made, learned from the table or from some of its rows.

    Parameters
    ----------
    frame
        Table of site months.
    target
        A key of :data:`fluxscape.upscaling.tables.TARGETS`; the lag of vegetation is sought
        against it.
    rows
        Rows to learn from, whole sites, as a mask; all by default.
    where
        Name of the table, for messages.
    """
    known = frame if rows is None else frame[np.asarray(rows)]
    months = complete_months(known, where=where)
    flux = np.full(len(months.frame), np.nan)
    flux[months.place] = target_of(known, target, where=where)
    lags = find_lags(months, flux, where=where)
    need_columns(known, (PLANT_TYPE,), where=where)
    kinds = tuple(sorted({str(kind) for kind in known[PLANT_TYPE].dropna()}))
    columns = _columns(months, lags, kinds, where)
    names = tuple(name for name, values in columns.items() if np.isfinite(values).any())
    fill = np.array([np.nanmedian(columns[name]) for name in names])
    return Features(lags, kinds, names, fill)


def check_plant_types(frame: pd.DataFrame, known: Iterable[str], *, where: str) -> None:
    """Raise OutOfBoundsError at the first plant type that is not known."""
    need_columns(frame, (PLANT_TYPE,), where=where)
    known = tuple(known)
    for row, kind in enumerate(frame[PLANT_TYPE]):
        if str(kind) not in known:
            msg = (
                f"{where}: plant type {kind!r} of row {row} was not in the training table, which "
                f"had {', '.join(known)}.{did_you_mean(str(kind), known)}"
            )
            raise OutOfBoundsError(msg, column=PLANT_TYPE, row=row, got=kind)


def _columns(
    months: SiteMonths, lags: tuple[LagFinding, ...], kinds: tuple[str, ...], where: str
) -> dict[str, FloatArray]:
    """Return the features of the table's own rows by name."""
    weather = _weather(months, where)
    leaves = _vegetation(months, lags, where)
    season = physics.season(months, where)
    energy = physics.energy(weather, season)
    light = physics.light(weather, leaves)
    water = physics.water(months, weather, energy)
    mixed = physics.products(weather, leaves, energy, light, water)
    before = _memory(months, weather | energy)
    site = _site(months, weather | energy | light | water)
    parts = (season, weather, leaves, energy, light, water, mixed, before, site)
    features = {name: months.given(values) for part in parts for name, values in part.items()}
    return features | _kinds(months, kinds)


def _weather(months: SiteMonths, where: str) -> dict[str, FloatArray]:
    """Return weather, measured and filled or else reanalysis, gaps by the site's own cycle."""
    found: dict[str, FloatArray] = {}
    for name, bounds in WEATHER.items():
        columns = [c for c in (f"{name}_F", f"{name}_ERA", name) if c in months.frame.columns]
        if not columns:
            need_columns(months.frame, (f"{name}_F",), where=where)
        values = bounded(months.frame, columns[0], bounds, where=where)
        for other in columns[1:]:
            more = bounded(months.frame, other, bounds, where=where)
            values = np.where(np.isnan(values), more, values)
        found[name] = with_cycle(values, months)
    day = "TA_ERA_DAY"
    if day in months.frame.columns:
        values = bounded(months.frame, day, WEATHER["TA"], where=where)
        found["TA_DAY"] = np.where(np.isnan(values), found["TA"], values)
    else:
        found["TA_DAY"] = found["TA"]
    return found


def _vegetation(
    months: SiteMonths, lags: tuple[LagFinding, ...], where: str
) -> dict[str, FloatArray]:
    """Return vegetation moved to where it belongs, with what comes before and after it."""
    found: dict[str, FloatArray] = {}
    for lag in lags:
        name = lag.column
        need_columns(months.frame, (name,), where=where)
        values = bounded(months.frame, name, VEGETATION[name], where=where)
        values = with_cycle(shifted(values, lag.steps, months), months)
        cycle = seasonal_cycle(values, months)
        high = _of_sites(np.fmax, cycle, months)
        low = _of_sites(np.fmin, cycle, months)
        found |= {
            name: values,
            f"{name}_before": _or(shifted(values, -1, months), values),
            f"{name}_after": _or(shifted(values, 1, months), values),
            f"{name}_relative": (values - low) / (high - low + 0.02),
            f"{name}_site_high": high,
            f"{name}_site_low": low,
            f"{name}_site_mean": site_mean(cycle, months),
        }
    return found


def _memory(months: SiteMonths, values: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return means of weather over months before and with each, and warming since the last."""
    found = {
        f"{name}_of_{width}": rolling(values[name], width, months)
        for name, widths in _WINDOWS.items()
        for width in widths
    }
    for width in (3, 6, 12):
        potential = found[f"potential_evaporation_of_{width}"]
        found[f"wetness_of_{width}"] = found[f"P_of_{width}"] / (potential + 0.3)
    found["warmth_of_12"] = rolling(np.maximum(values["TA"], 0.0), 12, months)
    found["warming"] = values["TA"] - _or(shifted(values["TA"], -1, months), values["TA"])
    return found


def _site(months: SiteMonths, values: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return means of a site's year, each month of the year counting alike."""
    names = (
        "TA",
        "SW_IN",
        "VPD",
        "P",
        "WS",
        "potential_evaporation",
        "net_radiation",
        "light_use",
        "green_light_use",
        "evaporation_deep",
        "soil_water_deep",
    )
    found = {
        f"{name}_site_mean": site_mean(seasonal_cycle(values[name], months), months)
        for name in names
    }
    for name in ("TA", "P", "green_light_use"):
        cycle = seasonal_cycle(values[name], months)
        found[f"{name}_site_high"] = _of_sites(np.fmax, cycle, months)
        found[f"{name}_site_low"] = _of_sites(np.fmin, cycle, months)
    found["wetness_site_mean"] = found["P_site_mean"] / (
        found["potential_evaporation_site_mean"] + 0.1
    )
    return found


def _kinds(months: SiteMonths, kinds: tuple[str, ...]) -> dict[str, FloatArray]:
    """Return plant types as shares of one, and what types have in common."""
    given = months.frame[PLANT_TYPE].to_numpy()[months.place].astype(str)
    found = {f"type_{kind}": (given == kind).astype(np.float64) for kind in kinds}
    found["forest"] = np.isin(given, _FOREST).astype(np.float64)
    found["deciduous"] = np.array([_DECIDUOUS.get(kind, 0.0) for kind in given])
    return found


def _of_sites(function: np.ufunc, values: FloatArray, months: SiteMonths) -> FloatArray:
    """Return an extreme of each site in every one of its months."""
    return np.asarray(function.reduceat(values, months.start[:-1]))[months.site]


def _or(values: FloatArray, other: FloatArray) -> FloatArray:
    """Return values, others where they are missing."""
    return np.where(np.isnan(values), other, values)
