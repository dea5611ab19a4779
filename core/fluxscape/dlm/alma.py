"""A run under the names that land-surface benchmarks read: ALMA (PLUMBER2) and CMIP (ILAMB).

Fluxes of carbon are umol m-2 s-1 in ALMA files of PLUMBER2 and kg m-2 s-1 of carbon in CMIP's;
all else is SI in both. Downward is positive for radiation and ground heat, upward for heat,
vapour and net ecosystem exchange; CMIP's ``nep`` is its negative.

References
----------
ALMA convention, version 3 (Polcher et al. 2000); Ukkola et al. 2022, doi:10.5194/essd-14-449-2022
(PLUMBER2 files); CMIP6 data request, Juckes et al. 2020, doi:10.5194/gmd-13-201-2020.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from fluxscape.constants import WATER_DENSITY
from fluxscape.dlm._carbon_pools import MASS_PER_MICROMOLE
from fluxscape.dlm._records import LAYER_THICKNESS
from fluxscape.errors import MissingVariableError

_NAMES: Final = (
    # fluxscape, ALMA, CMIP
    ("surface_downwelling_shortwave_flux", "SWdown", "rsds"),
    ("surface_downwelling_longwave_flux", "LWdown", "rlds"),
    ("air_temperature", "Tair", "tas"),
    ("air_pressure", "Psurf", "ps"),
    ("wind_speed", "Wind", "sfcWind"),
    ("precipitation_flux", "Precip", "pr"),
    ("leaf_area_index", "LAI", "lai"),
    ("upwelling_shortwave_flux", "SWup", "rsus"),
    ("upwelling_longwave_flux", "LWup", "rlus"),
    ("net_radiation", "Rnet", "rns"),
    ("latent_heat_flux", "Qle", "hfls"),
    ("sensible_heat_flux", "Qh", "hfss"),
    ("ground_heat_flux", "Qg", "hfds"),
    ("evapotranspiration", "Evap", "evspsbl"),
    ("transpiration", "TVeg", "tran"),
    ("soil_evaporation", "ESoil", "evspsblsoi"),
    ("canopy_evaporation", "ECanop", "evspsblveg"),
    ("snow_sublimation", "SubSnow", "sbl"),
    ("surface_runoff", "Qs", "mrros"),
    ("drainage", "Qsb", "mrrob"),
    ("snow_melt", "Qsm", "snm"),
    ("snow_water_equivalent", "SWE", "snw"),
    ("snow_depth", "SnowDepth", "snd"),
    ("canopy_water", "CanopInt", "cw"),
    ("ground_temperature", "AvgSurfT", "ts"),
    ("soil_temperature", "SoilTemp", "tsl"),
    ("plant_carbon", "TotLivBiom", "cVeg"),
    ("litter_carbon", "LitterCarbon", "cLitter"),
    ("soil_carbon", "SoilCarbon", "cSoil"),
)

_CARBON: Final = (
    ("GPP", "gpp", "gross primary production"),
    ("NPP", "npp", "net primary production"),
    ("AutoResp", "ra", "respiration of plants"),
    ("HeteroResp", "rh", "respiration of litter and soil"),
    ("Reco", "reco", "ecosystem respiration"),
    ("NEE", "nee", "net ecosystem exchange, upwards"),
)


def alma_names(run: xr.Dataset) -> xr.Dataset:
    """Return a run under ALMA names, as PLUMBER2 reads them.

    Parameters
    ----------
    run
        Output of :func:`fluxscape.dlm.run_dlm`.

    Returns
    -------
    xarray.Dataset
        Over ``time, y, x`` and ``time, soil, y, x`` of one point with ``latitude`` and
        ``longitude``; carbon fluxes (GPP, NPP, AutoResp, HeteroResp, Reco, NEE) in umol m-2 s-1,
        ``SoilMoist`` in kg m-2 of each layer.

    Raises
    ------
    MissingVariableError
        If the dataset is no run of the model.
    """
    out = _renamed(run, 1)
    for alma, _, words in _CARBON:
        flux = _carbon(run)[alma]
        out[alma] = flux.assign_attrs(units="umol m-2 s-1", long_name=words)
    return _placed(out, run)


def cmip_names(run: xr.Dataset) -> xr.Dataset:
    """Return a run under CMIP names, as ILAMB reads them.

    Parameters
    ----------
    run
        Output of :func:`fluxscape.dlm.run_dlm`.

    Returns
    -------
    xarray.Dataset
        As :func:`alma_names`, carbon fluxes (gpp, npp, ra, rh, reco, nee, and nep) in kg m-2 s-1,
        ``mrsol`` [kg m-2] of each layer and ``mrro``, all runoff [kg m-2 s-1].

    Raises
    ------
    MissingVariableError
        If the dataset is no run of the model.
    """
    out = _renamed(run, 2)
    fluxes = _carbon(run)
    for alma, cmip, words in _CARBON:
        flux = fluxes[alma] * MASS_PER_MICROMOLE
        out[cmip] = flux.assign_attrs(units="kg m-2 s-1", long_name=words)
    out["nep"] = -out["nee"]
    out["nep"].attrs = {"units": "kg m-2 s-1", "long_name": "net ecosystem production, downwards"}
    out["mrro"] = out["mrros"] + out["mrrob"]
    out["mrro"].attrs = {"units": "kg m-2 s-1", "long_name": "runoff"}
    return _placed(out, run)


def _renamed(run: xr.Dataset, column: int) -> xr.Dataset:
    """Return what needs no arithmetic under the names of a column, and soil moisture by layer."""
    required = [row[0] for row in _NAMES if not row[0].endswith("_carbon")]
    missing = [name for name in (*required, "soil_water_content") if name not in run]
    if missing:
        msg = f"the dataset holds no {missing[0]}: it is not the output of a DLM run"
        raise MissingVariableError(msg, variable=missing[0])
    out = xr.Dataset(
        {row[column]: run[row[0]] for row in _NAMES if row[0] in run},
        coords={"time": run["time"], "layer": run["layer"]},
    )
    mass = xr.DataArray(np.array(LAYER_THICKNESS) * WATER_DENSITY, dims="layer")
    moisture = (run["soil_water_content"] * mass).transpose("time", "layer")
    moisture.attrs = {"units": "kg m-2", "long_name": "liquid and frozen water of the layer"}
    out[("SoilMoist", "mrsol")[column - 1]] = moisture
    return out


def _carbon(run: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return the fluxes of carbon by their ALMA names [umol m-2 s-1]."""
    gpp, reco = run["gross_primary_production"], run["ecosystem_respiration"]
    soil = run["heterotrophic_respiration"]
    return {
        "GPP": gpp,
        "NPP": gpp - reco + soil,
        "AutoResp": reco - soil,
        "HeteroResp": soil,
        "Reco": reco,
        "NEE": run["net_ecosystem_exchange"],
    }


def _placed(out: xr.Dataset, run: xr.Dataset) -> xr.Dataset:
    """Return the dataset as one cell of a map, with the attributes of the run."""
    out = out.rename(layer="soil").expand_dims(y=[1], x=[1])
    out = out.transpose("time", "soil", "y", "x")
    for name, units in (("latitude", "degrees_north"), ("longitude", "degrees_east")):
        value = np.array([[float(run.attrs[name])]])
        out[name] = xr.DataArray(value, dims=("y", "x"), attrs={"units": units})
    out.attrs = dict(run.attrs)
    return out
