"""What a national product adds to its annual maps: mean, trend, significance, national figures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import xarray as xr

from fluxscape.atlas.pyramid import write_pyramid
from fluxscape.atlas.trends import MINIMUM_COUNT, SeriesTrend, series_trend, time_in_years, trend
from fluxscape.atlas.zones import area_mean, area_total, cell_areas
from fluxscape.contracts import Need, check_dataset
from fluxscape.errors import MissingVariableError

GPP: Final = "annual_gross_primary_production"
ET: Final = "annual_evapotranspiration"
FLUXES: Final = {"gpp": GPP, "et": ET}
"""Short names, as in addresses and tables, of the annual variables."""

STATISTICS: Final = ("mean", "trend", "p_value", "p_value_wang_swail")
"""Suffixes of the maps that :func:`with_statistics` adds."""

LAND_FRACTION: Final = "land_fraction"
"""Share of a cell that lies inside the product's mask [1]."""

SIGNIFICANT: Final = 0.05
_FIGURES: Final = "national_figures"

QUANTUM: Final = 1.0
"""Step of the map levels [g m-2 year-1, mm year-1]; the native copy is not rounded."""

_GRAMS_PER_PETAGRAM: Final = 1e15


def with_statistics(annual: xr.Dataset) -> xr.Dataset:
    """Return annual maps with their mean, Theil-Sen slope and Mann-Kendall p-values.

    Parameters
    ----------
    annual
        Variables of :data:`FLUXES` with dimensions (time, y, x) in the vocabulary's units.

    Returns
    -------
    xarray.Dataset
        The input and for each flux ``<name>_mean``, ``<name>_trend`` [per year], ``<name>_p_value``
        (values taken as independent) and ``<name>_p_value_wang_swail`` (autocorrelation removed),
        each (y, x).

    Raises
    ------
    MissingVariableError
        If it holds none of the fluxes.
    UnitsError, DimsError, OutOfBoundsError
        If a flux is not as the vocabulary says.
    """
    out = annual.copy()
    for name in _fluxes(annual):
        values = annual[name]
        plain = trend(values)
        white = trend(values, method="wang_swail")
        units = values.attrs["units"]
        maps = {
            "mean": (values.mean("time"), units, "mean of all years"),
            "trend": (plain["slope"], plain["slope"].attrs["units"], "Theil-Sen slope"),
            "p_value": (plain["p_value"], "1", "Mann-Kendall p-value"),
            "p_value_wang_swail": (
                white["p_value"],
                "1",
                "Mann-Kendall p-value without autocorrelation",
            ),
        }
        for suffix, (array, unit, text) in maps.items():
            attrs = {"units": unit, "long_name": f"{values.attrs['long_name']}: {text}"}
            if suffix.startswith("p_value"):
                # The mean of p-values is no p-value.
                attrs["pyramid_resampling"] = "nearest"
            out[f"{name}_{suffix}"] = (array.dims, array.to_numpy(), attrs)
    return out


@dataclass(frozen=True)
class NationalFigures:
    """One flux over the whole mask.

    Attributes
    ----------
    flux, units
        Short name, and unit of the series.
    years, series
        Total (GPP) or area-weighted mean (ET) of every year.
    mean, interannual_spread
        Mean and standard deviation of the series.
    trend
        Its trend [units per year].
    significant_increase, significant_decrease
        Share of the mask's area with that sign and p < 0.05 by Wang and Swail's test [1].
    area
        Area of the mask [m2].
    """

    flux: str
    units: str
    years: tuple[int, ...]
    series: tuple[float, ...]
    mean: float
    interannual_spread: float
    trend: SeriesTrend
    significant_increase: float
    significant_decrease: float
    area: float

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the figures that :meth:`to_dict` made plain."""
        rows = {**values, "trend": SeriesTrend(**values["trend"])}
        for name in ("years", "series"):
            rows[name] = tuple(rows[name])
        return cls(**rows)


def national_figures(product: xr.Dataset) -> tuple[NationalFigures, ...]:
    """Return totals, means and trends of every flux over the product's mask.

    Cells count with the ellipsoidal area of their :data:`LAND_FRACTION`, wholly where the product
    has none.

    Raises
    ------
    MissingVariableError
        If the product holds none of the fluxes.
    """
    area = cell_areas(product["y"], product["x"])
    if LAND_FRACTION in product:
        area = area * product[LAND_FRACTION].fillna(0.0)
    if any(f"{name}_trend" not in product for name in _fluxes(product)):
        product = with_statistics(product)
    return tuple(
        _figures(short, product, area) for short, name in FLUXES.items() if name in product
    )


def figures_attribute(figures: Iterable[NationalFigures]) -> dict[str, str]:
    """Return the attribute in which a store keeps its national figures."""
    return {_FIGURES: json.dumps([row.to_dict() for row in figures], sort_keys=True)}


def write_product(annual: xr.Dataset, path: str | Path) -> xr.Dataset:
    """Write annual maps with their statistics and national figures as a pyramid.

    Years too few for a trend get their mean alone.

    Parameters
    ----------
    annual
        As :func:`with_statistics` takes it, with what else a run keeps over (time, y, x) or (y, x).
    path
        Directory of the store to make or replace.

    Returns
    -------
    xarray.Dataset
        What was written.

    Raises
    ------
    WriteError
        If it cannot be written; an old store is unchanged then.
    """
    if annual.sizes["time"] >= MINIMUM_COUNT:
        product = with_statistics(annual)
        product.attrs |= figures_attribute(national_figures(product))
    else:
        product = annual.copy()
        for name in _fluxes(annual):
            text = f"{annual[name].attrs['long_name']}: mean of all years"
            attrs = {"units": annual[name].attrs["units"], "long_name": text}
            product[f"{name}_mean"] = annual[name].mean("time").assign_attrs(attrs)
    quanta = {name: QUANTUM for name in FLUXES.values() if name in product}
    write_pyramid(product, path, quanta=quanta)
    return product


def figures_of(attrs: Mapping[str, Any]) -> tuple[NationalFigures, ...]:
    """Return the national figures that a store keeps in its attributes.

    Raises
    ------
    MissingVariableError
        If it keeps none.
    """
    if _FIGURES not in attrs:
        msg = f"the product has no attribute {_FIGURES!r}: build it with 'fluxscape atlas build'"
        raise MissingVariableError(msg)
    return tuple(NationalFigures.from_dict(row) for row in json.loads(attrs[_FIGURES]))


def _figures(short: str, product: xr.Dataset, area: xr.DataArray) -> NationalFigures:
    """Return the figures of one flux."""
    name = FLUXES[short]
    values = product[name]
    if short == "gpp":
        series = area_total(values, area) / _GRAMS_PER_PETAGRAM
        units = "Pg year-1"
    else:
        series = area_mean(values, area)
        units = str(values.attrs["units"])
    inside = area.where(values.notnull().any("time"), 0.0)
    total = float(inside.sum())
    significant = inside.where(product[f"{name}_p_value_wang_swail"] < SIGNIFICANT, 0.0)
    slope = product[f"{name}_trend"]
    years = time_in_years(values)
    numbers = series.to_numpy()
    return NationalFigures(
        flux=short,
        units=units,
        years=tuple(int(year) for year in np.floor(years)),
        series=tuple(float(value) for value in numbers),
        mean=float(numbers.mean()),
        interannual_spread=float(numbers.std(ddof=1)),
        trend=series_trend(numbers, years),
        significant_increase=float(significant.where(slope > 0, 0.0).sum()) / total,
        significant_decrease=float(significant.where(slope < 0, 0.0).sum()) / total,
        area=total,
    )


def _fluxes(dataset: xr.Dataset) -> list[str]:
    """Return the annual fluxes of a dataset, checked."""
    names = [name for name in FLUXES.values() if name in dataset]
    if not names:
        msg = f"the product holds none of {tuple(FLUXES.values())}, only {tuple(dataset.data_vars)}"
        raise MissingVariableError(msg)
    check_dataset(dataset, [Need(n, ("time", "y", "x")) for n in names], where="national product")
    return names
