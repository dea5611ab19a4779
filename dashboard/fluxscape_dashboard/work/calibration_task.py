"""What a calibration of the page works on: plan, observations, and the truth of a twin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Final, cast

import numpy as np
import xarray as xr

from fluxscape.assimilation.calibration import CalibrationSettings
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.observations import STREAMS, Observations
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.assimilation.storage import members_dataset
from fluxscape.contracts import provenance
from fluxscape.dlm import DlmParameters
from fluxscape.errors import MissingVariableError, RunError
from fluxscape_dashboard.work.model import Site, measured_at, run_land_surface
from fluxscape_dashboard.work.model_sets import ModelSet
from fluxscape_dashboard.work.periods import Period

SEED: Final = 1
"""Of prior, perturbations and a twin's truth: the same plan gives the same result."""

CANDIDATES: Final = (
    "vcmax25",
    "jmax_ratio_scale",
    "electron_yield",
    "leaf_respiration_ratio",
    "nitrogen_extinction",
    "clumping_index",
    "stomatal_slope",
    "stress_threshold",
    "root_distribution",
    "leaf_scattering_near_infrared",
    "interception_capacity",
    "soil_albedo_dry",
    "soil_resistance_scale",
    "saturated_conductivity",
    "retention_exponent",
    "heterotrophic_respiration10",
    "respiration_activation",
    "autotrophic_share",
)
"""Parameters that may be calibrated: inside their bounds by default, and free of each other."""


@dataclass(frozen=True)
class Plan:
    """What is calibrated to what; plain data, so that it travels.

    Attributes
    ----------
    site
        Fields of :class:`Site`.
    name
        Of the place.
    made_with
        Entries of the set whose parameters hold for all that is not estimated.
    parameters
        Names of the estimated parameters; their prior medians are the defaults.
    streams
        Short names of the streams.
    members, passes, method
        Of the ensemble smoother.
    year, part
        Period whose observations are assimilated; what lies outside is the test.
    truth
        Entries of the set that a twin experiment takes for true, ``{"drawn": 1}`` for a draw from
        the prior; empty where fluxes were measured.
    """

    site: dict[str, Any]
    name: str
    made_with: dict[str, Any]
    parameters: tuple[str, ...]
    streams: tuple[str, ...]
    members: int
    passes: int
    method: str = "ies"
    year: int = 0
    part: str = "year"
    truth: dict[str, Any] | None = None

    def settings(self) -> CalibrationSettings:
        """Return how to calibrate."""
        return CalibrationSettings(
            method=self.method,
            members=self.members,
            passes=self.passes,
            seed=SEED,
            parameters=self.parameters,
        )

    def text(self) -> str:
        """Return what two equal plans share."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Task:
    """A plan with its data.

    Attributes
    ----------
    problem
        With the observations of the period.
    held_out
        Observations outside the period, or None if there are none.
    truth
        Parameters that a twin experiment takes for true.
    """

    problem: SiteProblem
    held_out: Observations | None
    truth: dict[str, float] | None


def read_plan(fields: Mapping[str, Any]) -> Plan:
    """Return the plan that travelled as plain data."""
    plan = Plan(**fields)
    return replace(plan, parameters=tuple(plan.parameters), streams=tuple(plan.streams))


def posterior_members(plan: Plan, found: Mapping[str, Any]) -> xr.Dataset:
    """Return the members of a calibration, as maps read them.

    Parameters
    ----------
    plan
        What was calibrated.
    found
        What :func:`fluxscape_dashboard.work.calibration.calibration_pass` gave last.
    """
    settings = plan.settings()
    facts = provenance(
        status="simulated" if plan.truth else "observed",
        source=f"posterior of a calibration of DLM by {settings.method}",
        parameters=asdict(settings),
        site=plan.name,
        seed=settings.seed,
        passes=int(found["passes"]),
    )
    values = {str(plan.made_with["type"]): np.asarray(found["values"], np.float64)}
    return members_dataset(values, list(found["names"]), facts)


# One plan at a time: passes of one calibration follow each other.
@lru_cache(maxsize=1)
def task_of(text: str) -> Task:
    """Return the data of a plan."""
    plan = read_plan(json.loads(text))
    site = Site(**plan.site)
    chosen = ModelSet.from_entries(plan.made_with)
    defaults = cast("DlmParameters", chosen.defaults())
    truth = None
    known = dict(chosen.changes)
    if plan.truth and "drawn" not in plan.truth:
        truth = ModelSet.from_entries(plan.truth).parameters().to_dict()
        # What is not estimated must not be wrong, or the twin would have a model error.
        known = truth
    values = {**known, **{name: getattr(defaults, name) for name in plan.parameters}}
    parameters = defaults.replace(values)
    measured = _synthetic(site, chosen) if plan.truth else measured_at(site)
    if measured is None:
        msg = f"{plan.name}: there is nothing measured to calibrate to"
        raise MissingVariableError(msg)
    problem = site_problem(
        site.forcing(parameters, defaults),
        measured,
        parameters,
        site=plan.name,
        latitude=site.latitude,
        longitude=site.longitude,
        elevation=site.elevation,
        streams=plan.streams,
    )
    if plan.truth:
        problem, truth = _twin(problem, plan, truth)
    seen = problem.observations
    inside = Period(plan.year, plan.part).covers(seen.times)
    if not inside.any():
        msg = f"{plan.name}: no day of the chosen period was measured"
        raise MissingVariableError(msg)
    held_out = None if inside.all() else seen.select(~inside)
    return Task(replace(problem, observations=seen.select(inside)), held_out, truth)


def _synthetic(site: Site, chosen: ModelSet) -> xr.Dataset:
    """Return a run in the shape of measurements: steps and sizes of fluxes for their errors."""
    output = run_land_surface(site, chosen.default, lambda *_: None)
    kept = {}
    for name in STREAMS.values():
        values = output[name]
        kept[name] = values.isel(layer=0, drop=True) if "layer" in values.dims else values
    return xr.Dataset(kept)


def _twin(
    problem: SiteProblem, plan: Plan, truth: dict[str, float] | None
) -> tuple[SiteProblem, dict[str, float]]:
    """Return a problem whose observations the model itself made, with errors, and the truth."""
    space = ParameterSpace.of(problem.parameters, plan.parameters)
    draw = np.random.default_rng([SEED, 7])
    if truth is None:
        z = space.prior_mean + space.prior_spread * draw.standard_normal(space.size)
    else:
        z = space.inside(np.array([truth[name] for name in space.names]))
    perfect = DlmForward(problem, space)(z[np.newaxis])[0]
    if not np.isfinite(perfect).all():
        msg = f"{plan.name}: the model fails with the parameters that are taken for true"
        raise RunError(msg)
    seen = problem.observations
    noisy = perfect + seen.sigma * draw.standard_normal(perfect.size)
    values = space.outside(z)
    found = {name: float(value) for name, value in zip(space.names, values, strict=True)}
    return replace(problem, observations=replace(seen, values=noisy)), found
