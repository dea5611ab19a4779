"""What a run computed, with names, units and provenance."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.constants import WATER_DENSITY
from fluxscape.contracts import driven_status, provenance
from fluxscape.dlm._records import LAYER_THICKNESS, OUTPUT_NAMES
from fluxscape.dlm._work import Settings
from fluxscape.dlm.carbon import POOL_OUTPUTS
from fluxscape.dlm.forcing import DlmForcing
from fluxscape.dlm.options import MODES
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.dlm.state import DlmState
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES

METHOD: Final = "fluxscape DLM: two-leaf land-surface model closed in energy, water and carbon"

_FORCING_NAMES: Final = {
    "shortwave_down": "surface_downwelling_shortwave_flux",
    "longwave_down": "surface_downwelling_longwave_flux",
    "air_temperature": "air_temperature",
    "air_pressure": "air_pressure",
    "wind_speed": "wind_speed",
    "precipitation": "precipitation_flux",
    "carbon_dioxide": "carbon_dioxide_mole_fraction",
    "leaf_area_index": "leaf_area_index",
}


class Results(NamedTuple):
    """Plain arrays of a run."""

    outputs: npt.NDArray[np.float64]
    """Of each step, shape (time, output)."""
    profiles: npt.NDArray[np.float64]
    """Soil temperature, liquid water and ice, shape (time, 3, layer)."""
    worst: list[float]
    """Largest residuals of energy, water and carbon."""
    final: DlmState
    """State after the last step."""


def label_run(
    results: Results,
    prepared: DlmForcing,
    forcing: xr.Dataset,
    parameters: DlmParameters,
    *,
    latitude: float,
    longitude: float,
    height: float,
    held: str,
    settings: Settings,
    mode: str,
    cycles: int,
) -> xr.Dataset:
    """Return a run as a Dataset; ``held`` says why the soil was held moist, if it was."""
    variables = _variables(prepared, results) | results.final.to_variables()
    if not settings.carbon_pools:
        variables = {name: item for name, item in variables.items() if name not in POOL_OUTPUTS}
    coords = {
        "time": ("time", prepared.times, {"standard_name": "time"}),
        "layer": ("layer", _layer_depths(), {"units": "m", "long_name": "depth of the layer"}),
    }
    attrs = provenance(
        status=driven_status(forcing),
        source=METHOD,
        parameters=parameters.to_dict(),
        site=str(forcing.attrs.get("site", "")),
        forcing_status=str(forcing.attrs.get("data_status", "not stated")),
        latitude=float(latitude),
        longitude=float(longitude),
        reference_height=height,
        time_step_seconds=prepared.step_seconds,
        time_reference="start of step, UTC",
        soil_water="held at field capacity" if held else "simulated",
        soil_water_reason=held,
        carbon="pools" if settings.carbon_pools else "basal",
        mode=mode,
        mode_note=MODES[mode],
        spin_up_years=cycles,
        clock_shift_hours=prepared.clock_shift,
        fills=json.dumps(prepared.fills, sort_keys=True),
        worst_energy_residual=results.worst[0],
        worst_water_residual=results.worst[1],
        worst_carbon_residual=results.worst[2],
    )
    attrs |= {name: prepared.made[name] for name in sorted(prepared.made)}
    return xr.Dataset(variables, coords=coords, attrs=attrs)


def _layer_depths() -> npt.NDArray[np.float64]:
    """Return the depth of the middle of each layer [m]."""
    thickness = np.array(LAYER_THICKNESS)
    return np.asarray(np.cumsum(thickness) - 0.5 * thickness)


def _variables(prepared: DlmForcing, results: Results) -> dict[str, xr.DataArray]:
    """Return outputs, profiles and forcing as variables."""
    variables = {}
    sums, profiles = results.outputs, results.profiles
    for index, name in enumerate(OUTPUT_NAMES):
        variables[name] = xr.DataArray(
            sums[:, index].copy(), dims="time", attrs=VARIABLES[name].attrs()
        )
    depth = np.array(LAYER_THICKNESS) * WATER_DENSITY
    layered = {
        "soil_temperature": profiles[:, 0],
        "soil_water_content": (profiles[:, 1] + profiles[:, 2]) / depth,
        "soil_ice_content": profiles[:, 2] / depth,
    }
    for name, values in layered.items():
        variables[name] = xr.DataArray(
            values, dims=("time", "layer"), attrs=VARIABLES[name].attrs()
        )
    for key, name in _FORCING_NAMES.items():
        values = getattr(prepared.arrays, key)[0]
        variables[name] = xr.DataArray(values, dims="time", attrs=VARIABLES[name].attrs())
        variables[name + QUALITY_SUFFIX] = xr.DataArray(
            prepared.quality[name],
            dims="time",
            attrs={"long_name": f"quality of {name}: 0 measured, 1 to 3 filled"},
        )
    return variables
