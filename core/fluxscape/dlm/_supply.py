"""Whether a record shows water that did not fall as rain: irrigation, groundwater, run-on."""

from __future__ import annotations

from typing import Final

import numpy as np
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
    known = np.isfinite(heat) & np.isfinite(temperature)
    if step is None or known.mean() < _LEAST_SHARE:
        return ""
    vapour = heat[known] / latent_heat_of_vaporisation(temperature[known])
    lost = float(vapour.mean()) * heat.size * float(step)
    fallen = float(np.nansum(dataset["precipitation_flux"].to_numpy())) * float(step)
    stored = (parameters.field_capacity - parameters.wilting_point) * ROOT_DEPTH * 1000.0
    if lost <= EXCESS * (fallen + stored):
        return ""
    return (
        f"measured evapotranspiration, {lost:.0f} mm, cannot come from {fallen:.0f} mm of rain and "
        f"{stored:.0f} mm in the first metre of soil: irrigation or groundwater"
    )
