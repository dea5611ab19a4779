"""Runs of the land-surface model and of light-use-efficiency models for the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, cast

import numpy as np
import xarray as xr

from fluxscape.dlm import (
    LAYER_THICKNESS,
    DlmParameters,
    parameters_for,
    prepare_forcing,
    run_dlm,
)
from fluxscape.dlm.scores import SCORED
from fluxscape.lue import LueParameters, run_lue
from fluxscape.lue.inputs import GREENNESS
from fluxscape.meteorology.humidity import latent_heat_of_vaporisation
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES
from fluxscape_dashboard.work.model_sets import DLM, ModelSet
from fluxscape_dashboard.work.records import simulated_year, uploaded_table

Report = Callable[[float, str], None]

ROOT_ZONE: Final = 0.5
"""Depth of the soil whose mean water content is drawn [m]."""

PROFILES: Final = ("soil_temperature", "soil_water_content")
"""Variables drawn over depth and time."""

_MEASURED_STATES: Final = ("soil_temperature", "soil_water_content")

_RUNS: Final = count()
"""Runs of this process so far."""

LEAST_CLEARANCE: Final = 1.1
"""Height of the instrument over canopy height that simulated weather is made for, at least."""

_USUAL_TEMPERATURE: Final = 288.15
"""Air temperature where a table has a gap [K]; heat of vaporisation hardly depends on it."""

_BASAL: Final = "heterotrophic_respiration10"
"""A set that says at what rate soil respires runs at it, as it was calibrated, without pools."""

_HEAT: Final = ("latent_heat_flux", "sensible_heat_flux")


@dataclass(frozen=True, slots=True)
class Site:
    """Where a model runs.

    Attributes
    ----------
    latitude, longitude
        [degree].
    elevation
        [m], or None if unknown.
    height
        Of the instrument above ground [m], for simulated weather.
    table
        netCDF of an uploaded table, or empty for simulated weather.
    utc_offset_hours
        Clock of the site ahead of UTC [h], for daily means.
    """

    latitude: float
    longitude: float
    elevation: float | None
    height: float
    table: str
    utc_offset_hours: float = 0.0

    def weather(self, canopy_height: float) -> xr.Dataset:
        """Return the table, or a year of simulated weather above a canopy."""
        if self.table:
            return uploaded_table(self.table)
        above = max(self.height, LEAST_CLEARANCE * canopy_height + 1.0)
        return simulated_year(self.latitude, self.longitude, height=above, canopy=canopy_height)

    def forcing(self, parameters: DlmParameters, defaults: DlmParameters) -> xr.Dataset:
        """Return what drives the land-surface model with some parameters."""
        weather = self.weather(parameters.canopy_height)
        if parameters.leaf_area_index != defaults.leaf_area_index:
            # The parameter speaks where the forcing brings no leaf area of its own.
            return weather.drop_vars("leaf_area_index", errors="ignore")
        return weather


def run_models(
    report: Report, *, site: Mapping[str, Any], sets: Sequence[Mapping[str, object]]
) -> dict[str, Any]:
    """Run one model or several at a place.

    Parameters
    ----------
    report
        Told the fraction done and the key of the text that names the step.
    site
        Fields of :class:`Site`.
    sets
        Entries of :class:`ModelSet`, one a run.

    Returns
    -------
    dict
        ``runs``, each with ``series`` (Dataset of every scalar output, float32) and ``profile``
        (daily means over depth, or None); ``observed`` (Dataset of measured fluxes, or None).
    """
    first = next(_RUNS) == 0
    report(0.02, "work.step_first" if first else "work.step_weather")
    place = Site(**site)
    runs = []
    for number, entries in enumerate(sets):
        start, share = number / len(sets), 0.95 / len(sets)
        step = "work.step_model" if number == 0 else "work.step_compare"

        def told(
            done: float,
            _: str = "",
            start: float = start,
            share: float = share,
            step: str = step,
        ) -> None:
            report(start + share * done, step)

        # Until the first steps are done a new process loads the compiled code or compiles it.
        report(start + 0.05 * share, "work.step_first" if first else step)
        runs.append(_run(place, ModelSet.from_entries(entries), told))
        first = False
    return {"runs": runs, "observed": measured_at(place)}


def _run(site: Site, chosen: ModelSet, told: Report) -> dict[str, Any]:
    if chosen.model == DLM:
        output = run_land_surface(site, chosen, told)
        return {"series": slim(output), "profile": daily_profile(output, site.utc_offset_hours)}
    return {"series": _float32(_run_efficiency(site, chosen, told)), "profile": None}


def run_land_surface(site: Site, chosen: ModelSet, told: Report) -> xr.Dataset:
    """Return the output of the land-surface model."""
    parameters = cast("DlmParameters", chosen.parameters())
    defaults = cast("DlmParameters", chosen.defaults())
    return run_dlm(
        site.forcing(parameters, defaults),
        parameters,
        carbon="basal" if _BASAL in dict(chosen.changes) else None,
        latitude=site.latitude,
        longitude=site.longitude,
        elevation=site.elevation,
        on_progress=told,
    )


def _run_efficiency(site: Site, chosen: ModelSet, told: Report) -> xr.Dataset:
    """Return the output of a light-use-efficiency model, with the rain for the sums."""
    plants = parameters_for(chosen.igbp, chosen.soil)
    weather = site.weather(plants.canopy_height)
    if site.elevation is not None:
        weather = weather.assign_attrs(elevation=site.elevation)
    added: dict[str, str] = {}
    if not any(name in weather for name in GREENNESS):
        weather = weather.assign(leaf_area_index=_seasonal_leaves(site, weather, plants))
        added["leaf_area_index"] = "seasons"
    if chosen.model == "ec-lue" and not all(name in weather for name in _HEAT):
        land = run_land_surface(site, ModelSet(DLM, chosen.igbp, chosen.soil), told)
        land = land.reindex(time=weather["time"])
        weather = weather.assign({name: land[name] for name in _HEAT})
        added["latent_heat_flux"] = "dlm"
    output = run_lue(
        weather,
        cast("LueParameters", chosen.parameters()),
        model=chosen.model,
        latitude=site.latitude,
        longitude=site.longitude,
    )
    if "precipitation_flux" in weather:
        output["precipitation_flux"] = weather["precipitation_flux"]
    notes = {f"input_{name}": how for name, how in added.items()}
    return output.assign_attrs(notes)


def _seasonal_leaves(site: Site, weather: xr.Dataset, plants: DlmParameters) -> xr.DataArray:
    """Return leaf area that follows the seasons of a land cover."""
    prepared = prepare_forcing(
        weather,
        plants,
        latitude=site.latitude,
        longitude=site.longitude,
        elevation=site.elevation,
    )
    name = "leaf_area_index"
    leaves = xr.DataArray(
        prepared.arrays.leaf_area_index[0],
        dims="time",
        coords={"time": prepared.times},
        attrs=VARIABLES[name].attrs(),
    )
    return leaves.reindex(time=weather["time"], method="nearest")


def slim(run: xr.Dataset) -> xr.Dataset:
    """Return the scalar outputs of a run as float32, with water and warmth of the upper soil."""
    layers = np.array(LAYER_THICKNESS)
    top = np.cumsum(layers) - layers
    inside = np.clip(ROOT_ZONE - top, 0.0, layers)
    moisture = run["soil_water_content"]
    mean = (moisture * xr.DataArray(inside / inside.sum(), dims="layer")).sum("layer")
    kept = [
        str(name)
        for name, array in run.data_vars.items()
        if array.dims == ("time",) and not str(name).endswith(QUALITY_SUFFIX)
    ]
    small = _float32(run[kept].drop_vars("layer", errors="ignore"))
    attrs = {**moisture.attrs, "long_name": f"water content of the upper {ROOT_ZONE:g} m of soil"}
    small["soil_water_content"] = mean.astype(np.float32).assign_attrs(attrs)
    warmth = run["soil_temperature"].isel(layer=0, drop=True)
    attrs = {**warmth.attrs, "long_name": f"temperature of the upper {layers[0]:g} m of soil"}
    small["soil_temperature"] = warmth.astype(np.float32).assign_attrs(attrs)
    return small


def daily_profile(run: xr.Dataset, utc_offset_hours: float) -> xr.Dataset:
    """Return means of temperature and water over days of the site's clock, on (day, layer)."""
    times = run["time"].to_numpy() + np.timedelta64(round(utc_offset_hours * 3600), "s")
    days, index = np.unique(times.astype("datetime64[D]"), return_inverse=True)
    counts = np.bincount(index)[:, np.newaxis]
    found = {}
    for name in PROFILES:
        total = np.zeros((days.size, len(LAYER_THICKNESS)))
        np.add.at(total, index, run[name].to_numpy())
        values = (total / counts).astype(np.float32)
        found[name] = xr.DataArray(values, dims=("day", "layer"), attrs=run[name].attrs)
    return xr.Dataset(found, coords={"day": days.astype("datetime64[ns]"), "layer": run["layer"]})


def _float32(data: xr.Dataset) -> xr.Dataset:
    # Residuals are far below what single precision resolves beside the fluxes, not by themselves.
    return data.astype(np.float32)


def measured_at(site: Site) -> xr.Dataset | None:
    """Return measured fluxes, without filled values, or None if there are none."""
    if not site.table:
        return None
    table = uploaded_table(site.table)
    kept: dict[str, xr.DataArray] = {}
    for name in (*SCORED, *_MEASURED_STATES):
        if name not in table:
            continue
        values = table[name]
        flag = name + QUALITY_SUFFIX
        kept[name] = (values.where(table[flag] <= 0) if flag in table else values).astype("f4")
    if "latent_heat_flux" in kept and "evapotranspiration" not in kept:
        kept["evapotranspiration"] = _evapotranspiration(kept["latent_heat_flux"], table)
    return xr.Dataset(kept, attrs=table.attrs) if kept else None


def _evapotranspiration(latent: xr.DataArray, table: xr.Dataset) -> xr.DataArray:
    """Return the water that a latent heat flux carries, as the model reckons it."""
    temperature = table["air_temperature"].to_numpy()
    known = np.where(np.isfinite(temperature), temperature, _USUAL_TEMPERATURE)
    water = latent / latent_heat_of_vaporisation(known)
    return water.astype("f4").assign_attrs(VARIABLES["evapotranspiration"].attrs())
