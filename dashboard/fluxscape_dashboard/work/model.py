"""One run of the land-surface model for the page, with the default parameters beside it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.dlm import LAYER_THICKNESS, DlmParameters, parameters_for, run_dlm, score_run
from fluxscape.dlm.scores import SCORED
from fluxscape.vocabulary import QUALITY_SUFFIX
from fluxscape_dashboard.work.records import simulated_year, uploaded_table

Report = Callable[[float, str], None]

ROOT_ZONE: Final = 0.5
"""Depth of the soil whose mean water content is drawn [m]."""

_RUNS: Final = count()
"""Runs of this process so far."""

LEAST_CLEARANCE: Final = 1.1
"""Height of the instrument over canopy height that simulated weather is made for, at least."""


def run_model(
    report: Report,
    *,
    latitude: float,
    longitude: float,
    elevation: float | None,
    height: float,
    table: str,
    igbp: str,
    soil: str,
    changes: dict[str, float],
    with_default: bool,
) -> dict[str, Any]:
    """Run the model at a place.

    Parameters
    ----------
    report
        Told the fraction done and the key of the text that names the step.
    latitude, longitude
        [degree].
    elevation
        [m], or None if unknown.
    height
        Of the instrument above ground [m], for simulated weather.
    table
        netCDF of an uploaded table, or empty for simulated weather.
    igbp, soil
        Land cover and soil texture of the default parameters.
    changes
        Values that differ from the defaults, by name.
    with_default
        Whether to run the default parameters as well.

    Returns
    -------
    dict
        ``run`` (Dataset of every scalar output, float32); ``default`` (the same, or None);
        ``observed`` (Dataset of measured fluxes, or None); ``scores`` (by variable).
    """
    first = next(_RUNS) == 0
    report(0.02, "work.step_first" if first else "work.step_weather")
    defaults = parameters_for(igbp, soil)
    share = 0.5 if with_default else 0.95

    def weather(parameters: DlmParameters) -> xr.Dataset:
        if table:
            return uploaded_table(table)
        canopy = parameters.canopy_height
        above = max(height, LEAST_CLEARANCE * canopy + 1.0)
        return simulated_year(latitude, longitude, height=above, canopy=canopy)

    def run(parameters: DlmParameters, start: float, step: str) -> xr.Dataset:
        forcing = weather(parameters)
        # Until the first steps are done a new process loads the compiled code or compiles it.
        report(start, "work.step_first" if first else step)
        if parameters.leaf_area_index != defaults.leaf_area_index:
            # The parameter speaks where the forcing brings no leaf area of its own.
            forcing = forcing.drop_vars("leaf_area_index", errors="ignore")
        return run_dlm(
            forcing,
            parameters,
            latitude=latitude,
            longitude=longitude,
            elevation=elevation,
            on_progress=lambda done, _: report(start + share * 0.9 * done, step),
        )

    full = run(defaults.replace(changes), 0.1, "work.step_model")
    first = False
    default = run(defaults, 0.55, "work.step_compare") if with_default else None
    return {
        "run": slim(full),
        "default": None if default is None else slim(default),
        "observed": _observed(uploaded_table(table)) if table else None,
        "scores": score_run(full, uploaded_table(table)) if table else {},
    }


def slim(run: xr.Dataset) -> xr.Dataset:
    """Return the scalar outputs of a run as float32, with the water content of the root zone."""
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
    small = run[kept].astype(np.float32).drop_vars("layer", errors="ignore")
    # Residuals are far below what single precision resolves beside the fluxes, not by themselves.
    attrs = {**moisture.attrs, "long_name": f"water content of the upper {ROOT_ZONE:g} m of soil"}
    small["soil_water_content"] = mean.astype(np.float32).assign_attrs(attrs)
    return small


def _observed(table: xr.Dataset) -> xr.Dataset | None:
    """Return measured fluxes, without filled values, or None if there are none."""
    kept: dict[str, xr.DataArray] = {}
    for name in (*SCORED, "soil_water_content"):
        if name not in table:
            continue
        values = table[name]
        flag = name + QUALITY_SUFFIX
        kept[name] = (values.where(table[flag] <= 0) if flag in table else values).astype("f4")
    return xr.Dataset(kept) if kept else None
