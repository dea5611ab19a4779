"""One face for all light-use-efficiency models."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.contracts import driven_status, provenance
from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.lue import _loops, casa, ec_lue, mod17, p_model, tl_lue, vpm
from fluxscape.lue.common import FloatArray, LueParameters, LueResult, type_of
from fluxscape.lue.inputs import Inputs


@dataclass(frozen=True)
class LueModel:
    """A light-use-efficiency model.

    Attributes
    ----------
    label
        What people call it, with paper and DOI.
    parameters
        Class of its parameters.
    by_type
        Gives the parameters of a plant functional type.
    simulate
        Gives the result from forcing, parameters and a further scalar of water.
    """

    label: str
    parameters: type[LueParameters]
    by_type: Callable[[str], LueParameters]
    simulate: Callable[[Inputs, Any, FloatArray], LueResult]


MODELS: Final = {
    "mod17": LueModel(
        "MOD17 (Running et al. 2004, doi:10.1641/0006-3568(2004)054[0547:ACSMOG]2.0.CO;2)",
        mod17.Mod17Parameters,
        mod17.by_type,
        mod17.simulate,
    ),
    "casa": LueModel(
        "CASA (Potter et al. 1993, doi:10.1029/93GB02725)",
        casa.CasaParameters,
        casa.by_type,
        casa.simulate,
    ),
    "vpm": LueModel(
        "VPM (Xiao et al. 2004, doi:10.1016/j.rse.2004.03.010)",
        vpm.VpmParameters,
        vpm.by_type,
        vpm.simulate,
    ),
    "ec-lue": LueModel(
        "EC-LUE (Yuan et al. 2007, doi:10.1016/j.agrformet.2006.12.001)",
        ec_lue.EcLueParameters,
        ec_lue.by_type,
        ec_lue.simulate,
    ),
    "ec-lue-2020": LueModel(
        "revised EC-LUE (Zheng et al. 2020, doi:10.5194/essd-12-2725-2020)",
        ec_lue.EcLue2020Parameters,
        ec_lue.by_type_2020,
        ec_lue.simulate_2020,
    ),
    "tl-lue": LueModel(
        "TL-LUE (He et al. 2013, doi:10.1016/j.agrformet.2013.01.003)",
        tl_lue.TlLueParameters,
        tl_lue.by_type,
        tl_lue.simulate,
    ),
    "p-model": LueModel(
        "P-model through pyrealm (Stocker et al. 2020, doi:10.5194/gmd-13-1545-2020)",
        p_model.PModelParameters,
        p_model.by_type,
        p_model.simulate,
    ),
}
"""Every model by name."""


def find_model(name: str) -> LueModel:
    """Return a model by name.

    Raises
    ------
    MissingVariableError
        If there is none.
    """
    if name not in MODELS:
        msg = f"no model {name!r}, wanted one of {', '.join(MODELS)}.{did_you_mean(name, MODELS)}"
        raise MissingVariableError(msg, model=name)
    return MODELS[name]


def lue_parameters_for(igbp: str, model: str = "mod17") -> LueParameters:
    """Return the default parameters of a model for a land cover.

    Parameters
    ----------
    igbp
        Class of the International Geosphere-Biosphere Programme, such as ``"ENF"``.
    model
        One of :data:`MODELS`.

    Raises
    ------
    MissingVariableError
        If the class or the model is unknown.

    Examples
    --------
    >>> lue_parameters_for("ENF").maximum_light_use_efficiency
    1.211
    """
    return find_model(model).by_type(type_of(igbp))


def run_lue(
    forcing: xr.Dataset,
    parameters: LueParameters,
    *,
    model: str = "mod17",
    latitude: float | None = None,
    longitude: float | None = None,
    soil_moisture_stress: bool = False,
) -> xr.Dataset:
    """Run a light-use-efficiency model.

    Parameters
    ----------
    forcing
        Variables of the vocabulary over ``(time)``, ``(tower, time)`` or ``(time, y, x)``, start of
        step, steps from minutes to months. All models need ``air_temperature``; shortwave radiation
        or photon flux density; and one of absorbed fraction, leaf area, NDVI, EVI. Most need
        vapour pressure deficit or relative humidity; EC-LUE needs the heat fluxes. What is derived
        or filled stands in the attribute ``fills``; other gaps stay gaps.
    parameters
        Of this model; :func:`lue_parameters_for` has defaults.
    model
        One of :data:`MODELS`.
    latitude, longitude
        Of the point [degrees north, east]; else coordinates or attributes of the forcing. Needed
        by TL-LUE, the revised EC-LUE and the sub-daily P-model.
    soil_moisture_stress
        Whether efficiency is lowered in dry soil (Stocker et al. 2020), from
        ``soil_water_content``; no part of the models as published but for the P-model.

    Returns
    -------
    xarray.Dataset
        ``gross_primary_production`` and ``absorbed_par`` [umol m-2 s-1], ``light_use_efficiency``
        [mol mol-1], ``temperature_scalar``, ``water_scalar`` and what else the model has [1], over
        the dimensions of the forcing.

    Raises
    ------
    MissingVariableError, UnitsError, DimsError, OutOfBoundsError
        If the forcing is not what the model needs, or the parameters are of another model.

    References
    ----------
    See :data:`MODELS` and ``docs/methods/lue.md``.
    """
    chosen = find_model(model)
    if type(parameters) is not chosen.parameters:
        msg = (
            f"model {model!r} takes {chosen.parameters.__name__}, got {type(parameters).__name__}; "
            f"lue_parameters_for(igbp, {model!r}) has defaults"
        )
        raise OutOfBoundsError(msg, model=model)
    inputs = Inputs(forcing, parameters, latitude=latitude, longitude=longitude)
    soil = np.ones_like(inputs.temperature())
    if soil_moisture_stress:
        _loops.fill_soil_moisture(inputs.relative_soil_water(), parameters.soil_stress_floor, soil)
    result = chosen.simulate(inputs, parameters, soil)
    with np.errstate(invalid="ignore", divide="ignore"):
        efficiency = np.where(result.absorbed > 0.0, result.production / result.absorbed, np.nan)
    found = {
        "gross_primary_production": result.production,
        "absorbed_par": result.absorbed,
        "light_use_efficiency": efficiency,
        **result.scalars,
    }
    attrs = provenance(
        status=driven_status(forcing),
        source=chosen.label,
        parameters=parameters.to_dict(),
        model=model,
        site=str(forcing.attrs.get("site", "")),
        forcing_status=str(forcing.attrs.get("data_status", "not stated")),
        time_step_seconds=inputs.step_seconds,
        time_reference=str(forcing.attrs.get("time_reference", "start of step, UTC")),
        soil_moisture_stress=int(soil_moisture_stress),
        fills=json.dumps(inputs.fills, sort_keys=True),
    )
    variables = {name: inputs.labelled(name, values) for name, values in found.items()}
    coords = {
        name: forcing.coords[name]
        for name in forcing.coords
        if set(map(str, forcing.coords[name].dims)) <= set(inputs.layout)
    }
    return xr.Dataset(variables, coords=coords, attrs=attrs)
