"""The land-surface model at its face: labelled forcing in, labelled fluxes and balances out."""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.constants import WATER_DENSITY
from fluxscape.contracts import driven_status, provenance
from fluxscape.dlm._point_run import SPIN_UP_LENGTH, PointRun, Progress
from fluxscape.dlm._records import LAYER_THICKNESS, OUTPUT_NAMES
from fluxscape.dlm._supply import water_from_elsewhere
from fluxscape.dlm.carbon import POOL_OUTPUTS
from fluxscape.dlm.forcing import DlmForcing, prepare_forcing
from fluxscape.dlm.options import MODES, run_settings
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.dlm.state import DlmState
from fluxscape.errors import OutOfBoundsError
from fluxscape.vocabulary import QUALITY_SUFFIX, VARIABLES

__all__ = [
    "METHOD",
    "SHORTEST_SPIN_UP",
    "SPIN_UP_LENGTH",
    "reference_height_of",
    "run_dlm",
    "why_held",
]

METHOD: Final = "fluxscape DLM: two-leaf land-surface model closed in energy, water and carbon"

MOST_SPIN_UP_YEARS: Final = 10_000
"""Most repeats of the first year."""

SHORTEST_SPIN_UP: Final = np.timedelta64(300, "D")
_ABOVE_CANOPY: Final = 10.0
"""Reference height above the canopy where the dataset states none [m]."""

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


def run_dlm(
    forcing: xr.Dataset,
    parameters: DlmParameters,
    *,
    latitude: float,
    longitude: float,
    elevation: float | None = None,
    reference_height: float | None = None,
    hold_soil_water: bool | None = None,
    seasonal_leaves: bool = True,
    initial_state: DlmState | None = None,
    spin_up_years: int = 1,
    carbon: str | None = None,
    mode: str = "full",
    on_progress: Progress | None = None,
) -> xr.Dataset:
    """Run the land-surface model at one point.

    Parameters
    ----------
    forcing
        Variables of :data:`fluxscape.dlm.forcing.DLM_NEEDS` over ``time`` (UTC, start of step),
        with gaps or without.
    parameters
        Of the point; :func:`fluxscape.dlm.parameters_for` has defaults.
    latitude, longitude
        Of the point [degrees north, east].
    elevation
        Of the point [m], for pressure where it was not measured; the dataset's attribute
        ``elevation`` when absent.
    reference_height
        Height of wind, temperature and humidity above ground [m]; the dataset's attribute
        ``measurement_height``, else 10 m above the canopy (also where weather was simulated for a
        lower one: no instrument stood there).
    hold_soil_water
        Whether water is added to hold the soil at field capacity (the output ``irrigation``
        counts it). When absent: where the dataset has no precipitation, and where its measured
        evapotranspiration cannot come from its rain; ``soil_water_reason`` says so.
    seasonal_leaves
        Whether leaf area that the dataset does not have follows the seasons.
    initial_state
        Where to start, such as ``DlmState.from_dataset(previous_output)``.
    spin_up_years
        How often the first year (records of 300 days and longer) is run before, from soil at field
        capacity. Not done from an ``initial_state``.
    carbon
        ``"pools"``: soil respires what its pools of carbon lose; after a spin-up they start in
        balance with the growth of the repeated year, before shorter records with
        ``heterotrophic_respiration10``. ``"basal"``: soil respires at that rate throughout, and
        stores nothing. When absent: pools in full, a basal rate in lean mode.
    mode
        ``"full"`` or ``"lean"``, half again as fast; :data:`fluxscape.dlm.MODES` says what it
        leaves out, ``docs/methods/dlm.md`` what that costs.
    on_progress
        Called with the share done and a message; it may raise to cancel.

    Returns
    -------
    xarray.Dataset
        Fluxes, states and balances over ``time`` (state: end of the step) and ``layer``, the
        forcing as used with its ``*_quality``, and ``final_*``, the state to go on from. Attributes
        ``worst_energy_residual`` [W m-2], ``worst_water_residual`` and ``worst_carbon_residual``
        [kg m-2] and ``fills``.

    Raises
    ------
    MissingVariableError, UnitsError, OutOfBoundsError, DimsError, FileFormatError
        If the forcing is not what the model needs, or an option cannot be used.
    RunError
        If a step loses 0.1 W m-2, 1e-6 kg m-2 of water or 1e-9 kg m-2 of carbon or more, naming
        the first such step.

    References
    ----------
    de Pury and Farquhar 1997, doi:10.1111/j.1365-3040.1997.00094.x (two leaves); Chen et al. 1999,
    doi:10.1016/S0304-3800(99)00156-8 (clumping); Farquhar et al. 1980, doi:10.1007/BF00386231;
    Medlyn et al. 2011, doi:10.1111/j.1365-2486.2010.02375.x; see ``docs/methods/dlm.md``.
    """
    if not 0 <= spin_up_years <= MOST_SPIN_UP_YEARS:
        msg = f"spin_up_years must lie within 0 to {MOST_SPIN_UP_YEARS}, got {spin_up_years}"
        raise OutOfBoundsError(msg, got=spin_up_years)
    site = str(forcing.attrs.get("site", "")) or "DLM forcing"
    place = elevation if elevation is not None else forcing.attrs.get("elevation")
    prepared = prepare_forcing(
        forcing,
        parameters,
        latitude=latitude,
        longitude=longitude,
        elevation=None if place is None else float(place),
        seasonal_leaves=seasonal_leaves,
        where=site,
    )
    height = reference_height_of(reference_height, forcing, parameters)
    reason = why_held(hold_soil_water, prepared, forcing, parameters)
    held = bool(reason)
    settings = run_settings(prepared.step_seconds, mode=mode, carbon=carbon)
    run = PointRun(prepared, parameters, settings, height, held, site, on_progress)
    mean_temperature = float(prepared.arrays.air_temperature.mean())
    state = initial_state or DlmState.start(parameters, mean_temperature)
    cycles = 0
    if initial_state is None and prepared.times[-1] - prepared.times[0] >= SHORTEST_SPIN_UP:
        cycles = spin_up_years
    state, cycle_steps = run.spin_up(state, cycles)
    sums, profiles, worst, final = run.every_step(state, cycles * cycle_steps)
    variables = _variables(prepared, sums, profiles) | final.to_variables()
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
        soil_water_reason=reason,
        carbon="pools" if settings.carbon_pools else "basal",
        mode=mode,
        mode_note=MODES[mode],
        spin_up_years=cycles,
        clock_shift_hours=prepared.clock_shift,
        fills=json.dumps(prepared.fills, sort_keys=True),
        worst_energy_residual=worst[0],
        worst_water_residual=worst[1],
        worst_carbon_residual=worst[2],
    )
    attrs |= {name: prepared.made[name] for name in sorted(prepared.made)}
    return xr.Dataset(variables, coords=coords, attrs=attrs)


def why_held(
    wanted: bool | None, prepared: DlmForcing, forcing: xr.Dataset, parameters: DlmParameters
) -> str:
    """Return why the soil is held at field capacity; nothing where it is not."""
    if wanted is not None:
        return "as asked" if wanted else ""
    if not prepared.rain_known:
        return "the forcing has no precipitation"
    return water_from_elsewhere(forcing, parameters)


def reference_height_of(
    given: float | None, forcing: xr.Dataset, parameters: DlmParameters
) -> float:
    """Return the reference height [m] or refuse one inside the canopy."""
    stated = given if given is not None else forcing.attrs.get("measurement_height")
    lowest = parameters.displacement_ratio * parameters.canopy_height
    lowest += parameters.roughness_ratio * parameters.canopy_height
    simulated = given is None and forcing.attrs.get("data_status") == "simulated"
    if stated is None or (simulated and float(stated) <= lowest):
        return parameters.canopy_height + _ABOVE_CANOPY
    height = float(stated)
    if not lowest < height <= 1000.0:
        msg = (
            f"the reference height {height:g} m does not lie above the canopy: parameter "
            f"canopy_height is {parameters.canopy_height:g} m, so wind is defined above "
            f"{lowest:.2f} m. Set canopy_height to that of the site"
        )
        raise OutOfBoundsError(msg, got=height, lowest=lowest)
    return height


def _layer_depths() -> npt.NDArray[np.float64]:
    """Return the depth of the middle of each layer [m]."""
    thickness = np.array(LAYER_THICKNESS)
    return np.asarray(np.cumsum(thickness) - 0.5 * thickness)


def _variables(
    prepared: DlmForcing, sums: npt.NDArray[np.float64], profiles: npt.NDArray[np.float64]
) -> dict[str, xr.DataArray]:
    """Return outputs, profiles and forcing as variables."""
    variables = {}
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
