"""A site's calibration problem from labelled data: forcing, measured fluxes, parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from fluxscape.assimilation.dlm_forward import SiteProblem
from fluxscape.assimilation.observations import ERRORS, ErrorModel, collect_observations
from fluxscape.dlm import MODES, DlmParameters, prepare_forcing
from fluxscape.dlm.model import SHORTEST_SPIN_UP, SPIN_UP_LENGTH, reference_height_of, why_held
from fluxscape.errors import DimsError, OutOfBoundsError


def site_problem(
    forcing: xr.Dataset,
    measured: xr.Dataset,
    parameters: DlmParameters,
    *,
    site: str,
    latitude: float,
    longitude: float,
    elevation: float | None = None,
    reference_height: float | None = None,
    hold_soil_water: bool | None = None,
    streams: Sequence[str] = ("nee", "le"),
    step: str = "daily",
    errors: Mapping[str, ErrorModel] = ERRORS,
    weights: Mapping[str, float] | None = None,
    record_weight: xr.DataArray | None = None,
    years: Sequence[int] | None = None,
    mode: str = "full",
) -> SiteProblem:
    """Return the problem of one site.

    Parameters
    ----------
    forcing
        As :func:`fluxscape.dlm.run_dlm` takes it.
    measured
        Fluxes over ``time`` with their quality; often the same dataset.
    parameters
        Prior medians, and all that is not estimated.
    site
        Name, for messages and results.
    latitude, longitude, elevation, reference_height, hold_soil_water
        As in :func:`fluxscape.dlm.run_dlm`.
    streams, step, errors, weights, record_weight
        As in :func:`fluxscape.assimilation.observations.collect_observations`.
    years
        Calendar years (local) whose observations count; all when absent. The model runs over all.
    mode
        ``"full"`` or ``"lean"``, as in :func:`fluxscape.dlm.run_dlm`.

    Raises
    ------
    MissingVariableError, UnitsError, OutOfBoundsError, DimsError, FileFormatError
        If forcing or observations are not what is wanted, or the mode is unknown.
    """
    if mode not in MODES:
        msg = f"mode must be one of {', '.join(MODES)}, got {mode!r}"
        raise OutOfBoundsError(msg, got=mode)
    prepared = prepare_forcing(
        forcing,
        parameters,
        latitude=latitude,
        longitude=longitude,
        elevation=elevation,
        where=site,
    )
    offset = float(round(longitude / 15.0))
    observations = collect_observations(
        measured,
        prepared.times,
        streams,
        step=step,
        utc_offset_hours=offset,
        errors=errors,
        weights=weights,
        record_weight=record_weight,
        where=site,
    )
    if years is not None:
        found = observations.times.astype("datetime64[Y]").astype(int) + 1970
        good = np.isin(found, list(years))
        if not good.any():
            msg = (
                f"{site}: nothing was measured in {', '.join(map(str, years))}; there are "
                f"observations in {', '.join(map(str, np.unique(found)))}"
            )
            raise DimsError(msg, years=list(years))
        observations = observations.select(good)
    per_year = round(SPIN_UP_LENGTH / np.timedelta64(prepared.step_seconds, "s"))
    long_enough = prepared.times[-1] - prepared.times[0] >= SHORTEST_SPIN_UP
    return SiteProblem(
        site=site,
        forcing=prepared.arrays,
        step_seconds=float(prepared.step_seconds),
        parameters=parameters,
        reference_height=reference_height_of(reference_height, forcing, parameters),
        hold_soil_water=bool(why_held(hold_soil_water, prepared, forcing, parameters)),
        observations=observations,
        spin_up_steps=min(prepared.times.size, per_year) if long_enough else 0,
        mode=mode,
    )


def facts_of(problem: SiteProblem) -> dict[str, Any]:
    """Return what a problem was made of, to be saved with a result."""
    return {
        "site": problem.site,
        "observations": problem.observations.to_dict(),
        "hold_soil_water": problem.hold_soil_water,
        "reference_height": problem.reference_height,
        "steps": int(problem.forcing.air_temperature.shape[1]),
        "step_seconds": problem.step_seconds,
        "mode": problem.mode,
    }
