"""What a run of a column says: rectifiers, profiles by hour, observed against modelled."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from fluxscape.errors import DimsError
from fluxscape.scores import score
from fluxscape.transport.column import Column

Floats = NDArray[np.float64]

RECTIFIERS: Final = ("diurnal", "seasonal", "mean")
"""Parts of the surface flux: course within days, course of daily means, mean of the period."""


def split_flux(flux: Floats, step_seconds: int) -> Floats:
    """Return a flux as diurnal, seasonal and mean part, shape (time, 3); they add up to the flux.

    The first two have no mean over the whole days of the period.
    """
    per_day = round(86400 / step_seconds)
    day = np.arange(flux.size) // per_day
    daily = (np.bincount(day, flux) / np.bincount(day))[day]
    mean = np.full(flux.size, flux.mean())
    return np.stack([flux - daily, daily - mean, mean], axis=1)


def rectifier(column: Column, flux: Floats | None = None) -> xr.Dataset:
    """Return the diurnal and seasonal rectifier of a column.

    Transport is linear, so the time-mean profile that each part of the flux leaves is known apart.
    The diurnal and the seasonal part bring no carbon over the period; what their covariance with
    mixing leaves near the ground, against the mean of the column, is the rectifier (Denning et al.
    1995, doi:10.1038/376240a0; Larson and Volkmer 2009, 11th AMS Conference on Atmospheric
    Chemistry, JP2.12).

    Parameters
    ----------
    column
        From :func:`~fluxscape.transport.column.make_column`.
    flux
        Surface flux instead of the forcing's [umol m-2 s-1], shape (time,).

    Returns
    -------
    xarray.Dataset
        ``mean_response`` [umol mol-1] over (part, layer), and ``surface_excess`` [umol mol-1] over
        (part): lowest layer less the mean of the column.
    """
    forced = column.forcing.flux if flux is None else flux
    parts = split_flux(forced, column.forcing.step_seconds)
    layers, steps = column.grid.layers, forced.size
    state = np.zeros((layers, parts.shape[1]))
    total = np.zeros_like(state)
    size = 2048
    for start in range(0, steps, size):
        part = slice(start, min(start + size, steps))
        mean, state = column.operator(part).run(state, parts[part])
        total += mean.sum(axis=0)
    response = total / steps
    amount = column.grid.air_amount
    excess = response[0] - amount @ response / amount.sum()
    attrs = {"units": "umol mol-1"}
    return xr.Dataset(
        {
            "mean_response": (("part", "layer"), response.T, attrs),
            "surface_excess": (("part",), excess, attrs),
        },
        coords={
            "part": list(RECTIFIERS),
            "height": ("layer", column.grid.centres, {"units": "m"}),
        },
    )


def by_hour(series: xr.DataArray, utc_offset_hours: float) -> xr.DataArray:
    """Return the mean over the hours of local standard time, dimension ``hour`` first.

    Parameters
    ----------
    series
        Over ``time`` (UTC, start of step) and any other dimension.
    utc_offset_hours
        Local standard time minus UTC [h].
    """
    local = series["time"].to_numpy() + np.timedelta64(round(utc_offset_hours * 3600), "s")
    hour = (local - local.astype("datetime64[D]")) // np.timedelta64(1, "h")
    groups = xr.DataArray(hour.astype(np.int64), dims="time", name="hour")
    return series.groupby(groups).mean(keep_attrs=True)


def level_scores(modelled: Floats, observed: Floats) -> list[dict[str, float]]:
    """Return n, bias, RMSE, R2 and NSE of each inlet, over the steps that were observed.

    Parameters
    ----------
    modelled, observed
        [umol mol-1], shape (time, level); NaN where nothing was observed.

    Raises
    ------
    DimsError
        If shapes differ or a level was never observed.
    """
    if modelled.shape != observed.shape or modelled.ndim != 2:
        msg = f"modelled {modelled.shape} and observed {observed.shape} must be (time, level) both"
        raise DimsError(msg)
    rows = []
    for level in range(modelled.shape[1]):
        known = np.isfinite(observed[:, level])
        rows.append(score(modelled[known, level], observed[known, level]))
    return rows
