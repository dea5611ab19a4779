"""Partial attribution: how much of a flux's trend goes with each driver, the others held.

Multiple regression of an annual flux on annual drivers (carbon dioxide, temperature, rain,
radiation, leaf area) at every pixel or over a zone. A driver's contribution is its coefficient
times its own trend; what is left of the trend goes with none of them.

What it cannot do: it finds what goes together, not what causes. Carbon dioxide rises every year, as
other drivers do: where a driver's variance inflation is above
:data:`HIGH_INFLATION`, its share cannot be told from the others'. Effects are taken as linear and
without memory, and with 34 years and five drivers the errors are large: runs with one driver held
still (``scenario`` of a run) answer the question better.

References
----------
Partial correlation by the inverse of the correlation matrix: Whittaker 1990, *Graphical Models in
Applied Multivariate Statistics*, corollary 5.8.2. Variance inflation: Marquardt 1970,
doi:10.1080/00401706.1970.10488699. Contributions: Piao et al. 2015, doi:10.1111/gcb.12795.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import xarray as xr

from fluxscape.atlas import _kernels_attribution as kernels
from fluxscape.atlas.trends import MINIMUM_COUNT, time_in_years
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError

HIGH_INFLATION: Final = 10.0
"""Variance inflation above which a driver's share cannot be told from the others'."""

MOST_DRIVERS: Final = 8


def attribute(
    flux: xr.DataArray,
    drivers: Mapping[str, xr.DataArray],
    *,
    minimum_count: int = MINIMUM_COUNT,
) -> xr.Dataset:
    """Return what goes with each driver at every pixel.

    Parameters
    ----------
    flux
        Annual values with a dimension ``time`` and a ``units`` attribute; NaN is missing.
    drivers
        Annual drivers by name on the same times, with ``time`` alone (carbon dioxide) or with the
        dimensions of the flux as well.
    minimum_count
        Fewest years with all values; there must be three more than drivers besides.

    Returns
    -------
    xarray.Dataset
        Over ``driver`` and the dimensions of the flux but time: ``coefficient`` [units per unit of
        the driver], ``partial_correlation``, ``p_value`` (two-sided, years as independent),
        ``variance_inflation``, ``contribution`` [units year-1]; without ``driver``: ``trend`` (by
        least squares) and ``remainder`` [units year-1], ``r2`` and ``n``. NaN where a driver is
        constant or repeats others.

    Raises
    ------
    UnitsError
        If the flux carries no unit.
    MissingVariableError
        If there is no driver, or too many.
    DimsError
        If a driver stands on other times or dimensions.
    OutOfBoundsError
        If a value is infinite.
    """
    if "units" not in flux.attrs:
        msg = f"attribution: {flux.name} carries no units attribute"
        raise UnitsError(msg, variable=str(flux.name))
    if not 1 <= len(drivers) <= MOST_DRIVERS:
        msg = f"attribution: wanted 1 to {MOST_DRIVERS} drivers, got {len(drivers)}"
        raise MissingVariableError(msg, got=len(drivers))
    times = time_in_years(flux)
    last = flux.transpose(..., "time")
    places = last.dims[:-1]
    columns = [_driver(name, values, last) for name, values in drivers.items()]
    y = np.ascontiguousarray(last.to_numpy(), np.float64).reshape(-1, times.size)
    x = np.ascontiguousarray(np.stack(columns, axis=1))
    if np.isinf(y).any() or np.isinf(x).any():
        msg = f"attribution: {flux.name} or a driver holds infinite values"
        raise OutOfBoundsError(msg, variable=str(flux.name))
    count = len(drivers)
    out = np.empty((y.shape[0], count * kernels.FACTS + 2))
    kernels.attribution_rows(y, x, times - times[0], minimum_count, out)
    facts = out[:, : count * kernels.FACTS].reshape(-1, count, kernels.FACTS)
    number = out[:, count * kernels.FACTS + kernels.COUNT]
    r2 = out[:, count * kernels.FACTS + kernels.R2]
    contribution = facts[..., kernels.COEFFICIENT] * facts[..., kernels.SLOPE]
    trend = _slopes(y, x, times - times[0])
    trend[np.isnan(r2)] = np.nan
    units = str(flux.attrs["units"])
    template = last.isel(time=0, drop=True)
    shape = template.shape
    found = xr.Dataset(coords={**template.coords, "driver": list(drivers)})
    wide = {
        "coefficient": (facts[..., kernels.COEFFICIENT], f"{units} per unit of the driver"),
        "partial_correlation": (facts[..., kernels.PARTIAL], "1"),
        "p_value": (_p_values(facts[..., kernels.PARTIAL], number, count), "1"),
        "variance_inflation": (facts[..., kernels.INFLATION], "1"),
        "contribution": (contribution, f"{units} year-1"),
    }
    for name, (values, unit) in wide.items():
        data = values.T.reshape(count, *shape)
        found[name] = (("driver", *places), data, {"units": unit})
    flat = {
        "trend": (trend, f"{units} year-1"),
        "remainder": (trend - contribution.sum(axis=1), f"{units} year-1"),
        "r2": (r2, "1"),
        "n": (number, "1"),
    }
    for name, (values, unit) in flat.items():
        found[name] = (places, values.reshape(shape), {"units": unit})
    found.attrs = {
        "attribution_of": str(flux.name),
        "note": "what goes together, not what causes; linear, without memory",
        "high_variance_inflation": HIGH_INFLATION,
    }
    return found


def _driver(
    name: str, values: xr.DataArray, flux: xr.DataArray
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return a driver as rows of the flux (row, time)."""
    if "time" not in values.dims or not set(values.dims) <= set(flux.dims):
        msg = f"attribution: driver {name!r} has dimensions {values.dims}, flux {flux.dims}"
        raise DimsError(msg, driver=name, got=values.dims)
    for dim in values.dims:
        if not np.array_equal(values[dim].to_numpy(), flux[dim].to_numpy()):
            msg = f"attribution: driver {name!r} stands on another {dim!r} than the flux"
            raise DimsError(msg, driver=name, axis=str(dim))
    full = values.broadcast_like(flux).transpose(*flux.dims)
    return np.asarray(full.to_numpy(), np.float64).reshape(-1, flux.sizes["time"])


def _slopes(
    y: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    x: np.ndarray[tuple[int, int, int], np.dtype[np.float64]],
    t: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the least-squares slope of every row over the years with all values."""
    known = np.isfinite(y) & np.isfinite(x).all(axis=1)
    count = np.maximum(known.sum(axis=1), 1)
    mean_t = (known * t).sum(axis=1) / count
    away = np.where(known, t - mean_t[:, np.newaxis], 0.0)
    square = (away**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((away * np.where(known, y, 0.0)).sum(axis=1) / square)


def _p_values(
    partial: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    number: np.ndarray[tuple[int], np.dtype[np.float64]],
    count: int,
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return two-sided p-values of partial correlations by Student's t, n - k - 1 degrees."""
    from scipy.stats import t as student  # noqa: PLC0415

    degrees = np.maximum(number - count - 1, 1)[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.abs(partial) * np.sqrt(degrees / (1.0 - partial**2))
    return np.asarray(2.0 * student.sf(score, degrees))
