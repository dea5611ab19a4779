"""The land-surface model at its face: labelled forcing in, labelled fluxes and balances out."""

from __future__ import annotations

from typing import Final

import numpy as np
import xarray as xr

from fluxscape.dlm._labels import METHOD, Results, label_run
from fluxscape.dlm._point_run import SPIN_UP_LENGTH, PointRun, Progress
from fluxscape.dlm._supply import water_from_elsewhere
from fluxscape.dlm.forcing import DlmForcing, prepare_forcing
from fluxscape.dlm.options import run_settings
from fluxscape.dlm.parameters import DlmParameters
from fluxscape.dlm.state import DlmState
from fluxscape.errors import OutOfBoundsError

__all__ = [
    "METHOD",
    "SHORTEST_SPIN_UP",
    "SPIN_UP_LENGTH",
    "reference_height_of",
    "run_dlm",
    "why_held",
]

MOST_SPIN_UP_YEARS: Final = 10_000
"""Most repeats of the first year."""

SHORTEST_SPIN_UP: Final = np.timedelta64(300, "D")
_ABOVE_CANOPY: Final = 10.0
"""Reference height above the canopy where the dataset states none [m]."""


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
    settings = run_settings(prepared.step_seconds, mode=mode, carbon=carbon)
    run = PointRun(prepared, parameters, settings, height, bool(reason), site, on_progress)
    mean_temperature = float(prepared.arrays.air_temperature.mean())
    state = initial_state or DlmState.start(parameters, mean_temperature)
    cycles = 0
    if initial_state is None and prepared.times[-1] - prepared.times[0] >= SHORTEST_SPIN_UP:
        cycles = spin_up_years
    state, cycle_steps = run.spin_up(state, cycles)
    sums, profiles, worst, final = run.every_step(state, cycles * cycle_steps)
    return label_run(
        Results(sums, profiles, worst, final),
        prepared,
        forcing,
        parameters,
        latitude=latitude,
        longitude=longitude,
        height=height,
        held=reason,
        settings=settings,
        mode=mode,
        cycles=cycles,
    )


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
