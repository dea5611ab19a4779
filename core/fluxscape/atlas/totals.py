"""Totals and means of annual fluxes over zones: every year, their spread, trend and its interval.

Gross primary production is a total in Pg C a year, evapotranspiration a mean in mm a year, as are
all fluxes that are not given in grams. Cells count with their area on the WGS 84 ellipsoid, times
the product's ``land_fraction``, times the share of that land which lies in the zone
(:mod:`fluxscape.atlas.totals_zones`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from fluxscape.atlas.breaks import BrokenLine, broken_line, pettitt
from fluxscape.atlas.product import FLUXES, LAND_FRACTION
from fluxscape.atlas.totals_zones import CellGrid, Zone, ZoneCells
from fluxscape.atlas.trend_intervals import SlopeInterval, memory_interval
from fluxscape.atlas.trends import MINIMUM_COUNT, SeriesTrend, series_trend, time_in_years
from fluxscape.atlas.zones import cell_areas
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]

_GRAMS_PER_PETAGRAM: Final = 1e15
_ROWS_AT_ONCE: Final = 4_000_000
"""Most values that are multiplied at once, so that memory stays bounded on fine grids."""


@dataclass(frozen=True)
class SeriesBreaks:
    """Changes of a series at a moment.

    Attributes
    ----------
    shift_after, shift_p_value
        Last year before the most likely shift of the mean of the series without its trend, and
        the p-value of Pettitt's test.
    line
        The line with one break and the p-value of its test against a straight one.
    """

    shift_after: float
    shift_p_value: float
    line: BrokenLine


@dataclass(frozen=True)
class ZoneFigures:
    """One flux over one zone.

    Attributes
    ----------
    zone
        The zone.
    flux, units
        Short name, and unit of the series.
    years, series
        Total or area-weighted mean of every year.
    mean, interannual_spread
        Mean and standard deviation of the series.
    per_area, per_area_units
        Mean per square metre, in the unit of the maps.
    trend
        Trend of the series [units per year].
    interval
        95 % interval of its slope that allows for memory.
    area
        Area that was counted [m2].
    missing
        Share of the zone's active land that has no value [1].
    """

    zone: Zone
    flux: str
    units: str
    years: tuple[int, ...]
    series: tuple[float, ...]
    mean: float
    interannual_spread: float
    per_area: float
    per_area_units: str
    trend: SeriesTrend | None
    interval: SlopeInterval | None
    area: float
    missing: float

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return asdict(self)

    def breaks(self) -> SeriesBreaks | None:
        """Return what changes at a moment; None for series too short to tell."""
        return series_breaks(self.series, self.years)


def zone_figures(
    values: xr.DataArray, zones: Iterable[ZoneCells], *, land_fraction: xr.DataArray | None = None
) -> tuple[ZoneFigures, ...]:
    """Return totals or means of an annual flux over zones.

    Parameters
    ----------
    values
        (time, y, x) with units, per square metre and year; NaN is missing.
    zones
        From :func:`fluxscape.atlas.totals_zones.zone_cells` or ``polygon_cells``, for this grid.
    land_fraction
        Active share of every cell (y, x) [1]; whole cells count where absent.

    Raises
    ------
    DimsError
        If the dimensions are others.
    OutOfBoundsError
        If no zone has a cell with a value. One zone of several without any has figures of NaN.
    """
    if values.dims != ("time", "y", "x"):
        msg = f"totals: {values.name} has dimensions {values.dims}, wanted ('time', 'y', 'x')"
        raise DimsError(msg, got=values.dims)
    CellGrid.of(values)
    area = cell_areas(values["y"], values["x"]).to_numpy()
    if land_fraction is not None:
        area = area * np.nan_to_num(land_fraction.to_numpy().astype(np.float64))
    years = time_in_years(values)
    found = tuple(_figures(values, years, area, cells) for cells in zones)
    if not any(item.area > 0 for item in found):
        names = ", ".join(item.zone.name_en for item in found[:5])
        msg = f"no cell with a value lies in {names}"
        raise OutOfBoundsError(msg, zones=[item.zone.key for item in found[:5]])
    return found


def product_figures(
    product: xr.Dataset, flux: str, zones: Iterable[ZoneCells]
) -> tuple[ZoneFigures, ...]:
    """Return :func:`zone_figures` of a flux (``gpp`` or ``et``) of a product.

    Raises
    ------
    MissingVariableError
        If the product has no such flux.
    """
    name = FLUXES.get(flux, "")
    if name not in product:
        msg = (
            f"the product holds no {flux!r}, only {[f for f, n in FLUXES.items() if n in product]}"
        )
        raise MissingVariableError(msg, got=flux)
    return zone_figures(product[name], zones, land_fraction=product.get(LAND_FRACTION))


def figures_table(figures: Iterable[ZoneFigures]) -> pd.DataFrame:
    """Return figures as a table, one row a zone, for CSV and screens."""
    rows = []
    for item in figures:
        row: dict[str, Any] = {
            "zone": item.zone.key,
            "name": item.zone.name_en,
            "flux": item.flux,
            "first_year": item.years[0],
            "last_year": item.years[-1],
            "mean": item.mean,
            "interannual_spread": item.interannual_spread,
            "units": item.units,
            "per_area": item.per_area,
            "per_area_units": item.per_area_units,
            "area_km2": item.area / 1e6,
            "missing_share": item.missing,
        }
        if item.trend is not None and item.interval is not None:
            row |= {
                "slope_per_year": item.trend.slope,
                "slope_low": item.interval.low,
                "slope_high": item.interval.high,
                "p_value": item.trend.p_value,
                "p_value_wang_swail": item.trend.p_value_wang_swail,
                "autocorrelation": item.trend.autocorrelation,
            }
        rows.append(row)
    return pd.DataFrame(rows)


def series_breaks(series: npt.ArrayLike, years: npt.ArrayLike) -> SeriesBreaks | None:
    """Return shift and break of a series, None where fewer than 12 years stand."""
    x, t = np.asarray(series, np.float64), np.asarray(years, np.float64)
    if np.isfinite(x).sum() < MINIMUM_COUNT + 2:
        return None
    array = xr.DataArray(x, dims="time", coords={"time": t}, attrs={"units": "1"})
    shift = pettitt(array, detrend=True)
    return SeriesBreaks(
        float(shift["last_before"]), float(shift["p_value"]), broken_line(x, t, resamples=399)
    )


def _figures(
    values: xr.DataArray, years: FloatArray, area: FloatArray, cells: ZoneCells
) -> ZoneFigures:
    """Return the figures of one zone."""
    window = (cells.rows, cells.columns)
    weights = area[window] * cells.share
    sums, known, ever = _weighted_sums(values, weights, window)
    counted, whole = float(weights[ever].sum()), float(weights.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        per_area = np.where(known > 0, sums / known, np.nan)
    units = str(values.attrs.get("units", "")).replace("kg m-2 ", "mm ")
    series, unit = per_area, units
    if units.split()[:2] == ["g", "m-2"]:
        series = np.where(known > 0, sums / _GRAMS_PER_PETAGRAM, np.nan)
        unit = "Pg year-1"
    finite = np.isfinite(series)
    trend = series_trend(series, years) if finite.sum() >= MINIMUM_COUNT else None
    short = {name: flux for flux, name in FLUXES.items()}
    return ZoneFigures(
        zone=cells.zone,
        flux=short.get(str(values.name), str(values.name)),
        units=unit,
        years=tuple(int(year) for year in np.floor(years)),
        series=tuple(float(value) for value in series),
        mean=_mean(series),
        interannual_spread=float(series[finite].std(ddof=1)) if finite.sum() > 1 else float("nan"),
        per_area=_mean(per_area),
        per_area_units=units,
        trend=trend,
        interval=memory_interval(series, years, found=trend) if trend is not None else None,
        area=counted,
        missing=max(1.0 - counted / whole, 0.0) if whole > 0 else 1.0,
    )


def _mean(series: FloatArray) -> float:
    """Return the mean of the values that are known, NaN if there are none."""
    known = series[np.isfinite(series)]
    return float(known.mean()) if known.size else float("nan")


def _weighted_sums(
    values: xr.DataArray, weights: FloatArray, window: tuple[slice, slice]
) -> tuple[FloatArray, FloatArray, npt.NDArray[np.bool_]]:
    """Return sums of values times weights, sums of known weights, and cells ever known."""
    rows, columns = window
    count = values.sizes["time"]
    sums, known = np.zeros(count), np.zeros(count)
    ever = np.zeros(weights.shape, dtype=bool)
    step = max(1, _ROWS_AT_ONCE // max(count * weights.shape[1], 1))
    for first in range(0, weights.shape[0], step):
        part = slice(first, min(first + step, weights.shape[0]))
        taken = values[:, rows.start + part.start : rows.start + part.stop, columns].to_numpy()
        finite = np.isfinite(taken)
        weight = weights[part]
        sums += np.where(finite, taken, 0.0).reshape(count, -1) @ weight.ravel()
        known += finite.reshape(count, -1) @ weight.ravel()
        ever[part] = finite.any(axis=0)
    return sums, known, ever
