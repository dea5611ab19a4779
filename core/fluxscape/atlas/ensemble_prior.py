"""Uncertainty of parameters before any calibration: the prior's ensemble, and its spread by class.

The prior is that of a calibration (:mod:`fluxscape.assimilation`): every parameter Gaussian on the
logit scale of its bounds around the default of the class, with a standard deviation of 0.8, which
is *assumed* and wide. A nation of members costs as many runs; :func:`with_uncertainty` runs them
at a few cells of each class instead and gives each cell the relative spread of its class.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.assimilation.space import DEFAULT_SPREAD, ParameterSpace
from fluxscape.atlas.cells import CLASS_CODES, COVER, PERMANENT_ICE
from fluxscape.atlas.ensemble import ParameterEnsemble, ParameterSets
from fluxscape.atlas.models import run_dlm_batch
from fluxscape.atlas.product import ET, GPP, LAND_FRACTION
from fluxscape.atlas.settings import RunSettings
from fluxscape.atlas.tile_run import UNCERTAINTY, simulated_year
from fluxscape.atlas.tiles import run_cells_of
from fluxscape.dlm import parameters_for
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.point_climate import point_climates

IntArray = npt.NDArray[np.int64]

PRIOR_PARAMETERS: Final = (
    "vcmax25",
    "jmax_ratio_scale",
    "stomatal_slope",
    "clumping_index",
    "stress_threshold",
)
"""Parameters whose prior spread is run: those of a calibration that move GPP and ET."""

CELLS_PER_CLASS: Final = 6
MEMBERS: Final = 20


def prior_ensemble(
    soil_texture: str = "loam",
    sets: ParameterSets | None = None,
    *,
    members: int = MEMBERS,
    seed: int = 1,
) -> ParameterEnsemble:
    """Return members of the prior of the land-surface model for every class.

    Parameters
    ----------
    soil_texture
        Of the run.
    sets
        Values that replace defaults: the prior stands around them.
    members
        How many, 4 or more.
    seed
        Of the draw; all classes share it, so that member 3 is high or low in all of them.
    """
    chosen = sets or ParameterSets()
    values = {}
    for number, code in CLASS_CODES.items():
        if number == PERMANENT_ICE:
            continue
        middle = parameters_for(code, soil_texture).replace(chosen.of(code))
        space = ParameterSpace.of(middle, PRIOR_PARAMETERS)
        rows = space.outside(space.draw(members, seed))
        values[code] = {
            name: tuple(float(value) for value in rows[:, i])
            for i, name in enumerate(PRIOR_PARAMETERS)
        }
    return ParameterEnsemble(members, values)


def with_uncertainty(
    annual: xr.Dataset,
    settings: RunSettings,
    *,
    members: int = MEMBERS,
    cells_per_class: int = CELLS_PER_CLASS,
) -> xr.Dataset:
    """Return annual maps with what the prior of the parameters makes of their means.

    Parameters
    ----------
    annual
        Product of a run of the land-surface model on simulated weather.
    settings
        Of that run.
    members
        Of the prior.
    cells_per_class
        Cells of each class that are run with all members, drawn with the run's seed.

    Returns
    -------
    xarray.Dataset
        The input and ``<flux>_uncertainty`` over (y, x): the mean of all years times the relative
        standard deviation over members, a mean over the cells of its class that were run.

    Raises
    ------
    OutOfBoundsError
        If the run was of a dataset, of another model, or an ensemble itself.
    """
    if not settings.simulated or GPP not in annual or ET not in annual or settings.ensemble:
        msg = "the prior's uncertainty is of a run of the DLM on simulated weather, without members"
        raise OutOfBoundsError(msg)
    spread = _spread_by_class(settings, members, cells_per_class)
    cover = annual[COVER].to_numpy().astype(np.int64)
    out = annual.copy()
    for i, name in enumerate((GPP, ET)):
        table = np.full(max(CLASS_CODES) + 1, np.nan)
        for number, row in spread.items():
            table[number] = row[i]
        units = annual[name].attrs["units"]
        out[name + UNCERTAINTY] = (annual[name].mean("time") * table[cover]).assign_attrs(
            units=units,
            long_name=f"{annual[name].attrs['long_name']}: standard deviation over the parameters' "
            "prior, relative spread of the class",
        )
    out.attrs["uncertainty"] = (
        f"parameters alone: {members} members of the prior ({', '.join(PRIOR_PARAMETERS)}; logit "
        f"standard deviation {DEFAULT_SPREAD}, assumed) at up to {cells_per_class} cells of each "
        "class; cells have the relative spread of their class; weather, leaves, soil and the "
        "model itself are not in it"
    )
    return out


def _spread_by_class(
    settings: RunSettings, members: int, cells_per_class: int
) -> dict[int, tuple[float, float]]:
    """Return the relative standard deviation of GPP and ET of each class."""
    ensemble = prior_ensemble(
        settings.soil_texture, settings.parameters, members=members, seed=settings.seed
    )
    one_year = dataclasses.replace(settings, last_year=settings.first_year, ensemble=ensemble)
    cells = run_cells_of(settings)
    run = cells[LAND_FRACTION].to_numpy() > 0
    flat = {
        name: cells[name].to_numpy()[run] for name in (COVER, "point_latitude", "point_longitude")
    }
    random = np.random.default_rng(settings.seed)
    found = {}
    for number in np.unique(flat[COVER]).tolist():
        there = np.flatnonzero(flat[COVER] == number)
        picked = np.sort(random.permutation(there)[:cells_per_class])
        cover = flat[COVER][picked].astype(np.int64)
        climates = point_climates(
            read_climatology(), flat["point_latitude"][picked], flat["point_longitude"][picked]
        )
        forcing_of = partial(simulated_year, settings, climates, cover)
        result = run_dlm_batch(one_year, cover, climates, forcing_of)
        found[int(number)] = tuple(_relative(values) for values in (result.gpp, result.et))
    return {number: (row[0], row[1]) for number, row in found.items()}


def _relative(values: npt.NDArray[np.float64]) -> float:
    """Return the mean over cells of standard deviation over members by their mean."""
    yearly = values[:, :, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = yearly.std(axis=0, ddof=1) / np.abs(yearly.mean(axis=0))
    return float(np.nanmean(ratio)) if np.isfinite(ratio).any() else float("nan")
