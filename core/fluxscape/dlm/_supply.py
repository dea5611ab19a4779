"""Whether a record shows water that did not fall as rain: irrigation, groundwater, run-on."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.dlm.parameters import DlmParameters
from fluxscape.meteorology.humidity import latent_heat_of_vaporisation

ROOT_DEPTH: Final = 1.0
"""Depth whose water is counted as there from before the record [m]; assumed."""

EXCESS: Final = 1.5
"""Measured evapotranspiration over what rain and soil can give, above which it must come from
elsewhere; assumed, wide enough for errors of both."""

_LEAST_SHARE: Final = 0.5


def water_from_elsewhere(dataset: xr.Dataset, parameters: DlmParameters) -> str:
    """Return why the water of a record must come from elsewhere, or nothing.

    Parameters
    ----------
    dataset
        With precipitation, latent heat flux and air temperature over ``time``; otherwise nothing
        can be said.
    parameters
        Of the point: field capacity and wilting point.
    """
    names = ("latent_heat_flux", "precipitation_flux", "air_temperature")
    if not all(name in dataset for name in names):
        return ""
    step = dataset.attrs.get("time_step_seconds")
    heat = dataset["latent_heat_flux"].to_numpy()
    temperature = dataset["air_temperature"].to_numpy()
    rain = dataset["precipitation_flux"].to_numpy()
    known = np.isfinite(heat) & np.isfinite(temperature)
    if step is None or min(known.mean(), np.isfinite(rain).mean()) < _LEAST_SHARE:
        return ""
    vapour = np.full(heat.shape, np.nan)
    vapour[known] = heat[known] / latent_heat_of_vaporisation(temperature[known])
    seconds = heat.size * float(step)
    lost = _mean_by_hour(vapour, dataset["time"].to_numpy()) * seconds
    fallen = float(np.nanmean(rain)) * seconds
    stored = (parameters.field_capacity - parameters.wilting_point) * ROOT_DEPTH * 1000.0
    if lost <= EXCESS * (fallen + stored):
        return ""
    return (
        f"measured evapotranspiration, {lost:.0f} mm, cannot come from {fallen:.0f} mm of rain and "
        f"{stored:.0f} mm in the first metre of soil: irrigation or groundwater"
    )


def _mean_by_hour(values: npt.NDArray[np.float64], times: npt.NDArray[np.datetime64]) -> float:
    """Return the mean of the means of each hour of the day: most gaps of eddy fluxes are nights."""
    hour = times.astype("datetime64[h]").astype(np.int64) % 24
    known = np.isfinite(values)
    total = np.bincount(hour[known], weights=values[known], minlength=24)
    count = np.bincount(hour[known], minlength=24)
    return float((total[count > 0] / count[count > 0]).mean())
