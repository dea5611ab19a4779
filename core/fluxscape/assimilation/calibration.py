"""Calibration of the land-surface model at one site or many, and what belongs to its result."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.diagnostics import interval, variance_reduction
from fluxscape.assimilation.dlm_forward import SiteProblem
from fluxscape.assimilation.iterative import expected_covariance, iterative_smoother
from fluxscape.assimilation.passes import Checkpoint, Result
from fluxscape.assimilation.problem import facts_of
from fluxscape.assimilation.remote import ForwardMaker, on_threads
from fluxscape.assimilation.scores import ensemble_scores, named_degradations
from fluxscape.assimilation.sites import DEPARTURE_SPREAD, SiteHierarchy
from fluxscape.assimilation.smoother import ensemble_kalman_inversion, es_mda
from fluxscape.assimilation.space import DEFAULT_SPREAD, ParameterSpace
from fluxscape.dlm import DlmParameters
from fluxscape.errors import MissingVariableError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]

METHODS: Final = ("ies", "es-mda", "eki")

DEFAULT_PARAMETERS: Final = (
    "vcmax25",
    "jmax_ratio_scale",
    "stomatal_slope",
    "clumping_index",
    "stress_threshold",
    "heterotrophic_respiration10",
    "respiration_activation",
    "autotrophic_share",
)
"""Parameters of photosynthesis, stomata, stress and respiration that fluxes can tell apart."""


@dataclass(frozen=True)
class CalibrationSettings:
    """How to calibrate; saved with the result.

    Attributes
    ----------
    method
        One of :data:`METHODS`.
    members
        Size of the ensemble.
    passes
        Passes of the smoothers; chosen by the misfit when None. EKI chooses by itself.
    seed
        Of the prior and of the perturbations.
    parameters
        Names of the estimated parameters.
    spread
        Prior standard deviation on the logit scale.
    departures
        Prior standard deviation of a site's departure from its type; 0 for none.
    common
        Share of the types' prior variance that is common to all types, 0 to below 1.
    """

    method: str = "ies"
    members: int = 100
    passes: int | None = 4
    seed: int = 1
    parameters: tuple[str, ...] = DEFAULT_PARAMETERS
    spread: float = DEFAULT_SPREAD
    departures: float = DEPARTURE_SPREAD
    common: float = 0.0

    def __post_init__(self) -> None:
        """Raise OutOfBoundsError unless the settings can run."""
        if self.method not in METHODS:
            msg = f"method must be one of {', '.join(METHODS)}, got {self.method!r}"
            raise OutOfBoundsError(msg, got=self.method)
        for name, value, least in (
            ("members", self.members, 4),
            ("passes", 1 if self.passes is None else self.passes, 1),
            ("seed", self.seed, 0),
            ("departures", self.departures, 0.0),
            ("common", self.common, 0.0),
        ):
            if not least <= value < np.inf:
                msg = f"{name} must be {least:g} or more, got {value:g}"
                raise OutOfBoundsError(msg, setting=name, got=value)


@dataclass(frozen=True)
class Calibration:
    """A calibrated ensemble.

    Attributes
    ----------
    settings
        How it was made.
    layout
        Which column of z is what.
    problems
        The sites' problems, in order.
    result
        Ensembles before and after.
    """

    settings: CalibrationSettings
    layout: SiteHierarchy
    problems: tuple[SiteProblem, ...]
    result: Result
    facts: dict[str, Any] = field(default_factory=dict)

    def site_values(self, index: int, *, prior: bool = False) -> FloatArray:
        """Return parameter values of the members at one site, shape (member, parameter)."""
        z = self.result.prior if prior else self.result.posterior
        space = self.layout.spaces[self.layout.types[index]]
        return space.outside(self.layout.site_z(z, index))

    def type_values(self, name: str) -> FloatArray:
        """Return parameter values of the members of a type, shape (member, parameter)."""
        return self.layout.spaces[name].outside(self.layout.type_z(self.result.posterior, name))

    def median_parameters(self, index: int) -> DlmParameters:
        """Return a site's parameters with the posterior medians."""
        values = np.median(self.site_values(index), axis=0)
        names = self.settings.parameters
        return self.problems[index].parameters.replace(
            dict(zip(names, map(float, values), strict=True))
        )

    def site_slice(self, index: int) -> slice:
        """Return which observations are a site's."""
        sizes = [problem.observations.size for problem in self.problems]
        start = int(np.sum(sizes[:index]))
        return slice(start, start + sizes[index])

    def table(self) -> list[dict[str, Any]]:
        """Return scores before and after by site and stream, on the assimilated observations."""
        rows = []
        for index, problem in enumerate(self.problems):
            part = self.site_slice(index)
            seen = problem.observations
            for number, stream in enumerate(seen.streams):
                chosen = seen.stream == number
                rows.append(
                    {"site": problem.site, "stream": stream, "n": int(chosen.sum())}
                    | ensemble_scores(
                        self.result.predicted_prior[:, part][:, chosen],
                        self.result.predicted_posterior[:, part][:, chosen],
                        seen.values[chosen],
                        seen.sigma[chosen],
                    )
                )
        return rows

    def expected_reduction(self) -> dict[str, dict[str, float]]:
        """Return by type and parameter the share of prior variance that observations can remove.

        From places and errors of the observations and the prior runs; their values do not enter.
        """
        return identifiability(
            self.layout, self.problems, self.result.prior, self.result.predicted_prior
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all that is worth keeping, as plain facts."""
        reduction = {
            name: variance_reduction(
                self.layout.type_z(self.result.prior, name),
                self.layout.type_z(self.result.posterior, name),
            )
            for name in self.layout.spaces
        }
        expected = self.expected_reduction()
        scores = self.table()
        per_type = {
            name: {
                parameter: interval(values)
                | {
                    "variance_reduction": float(reduction[name][i]),
                    "expected_reduction": expected[name][parameter],
                }
                for i, (parameter, values) in enumerate(
                    zip(self.settings.parameters, self.type_values(name).T, strict=True)
                )
            }
            for name in self.layout.spaces
        }
        per_site = {
            problem.site: {
                parameter: interval(values)
                for parameter, values in zip(
                    self.settings.parameters, self.site_values(index).T, strict=True
                )
            }
            for index, problem in enumerate(self.problems)
        }
        correlation = {
            name: np.atleast_2d(np.corrcoef(z.T)).tolist()
            for name in self.layout.spaces
            for z in [self.layout.type_z(self.result.posterior, name)]
        }
        return {
            "settings": asdict(self.settings),
            "prior": {name: space.to_dict() for name, space in self.layout.spaces.items()},
            "types": per_type,
            "sites": per_site,
            "correlation": {
                name: np.atleast_2d(part).tolist() for name, part in correlation.items()
            },
            "scores": scores,
            "degraded": named_degradations(scores),
            "problems": [facts_of(problem) for problem in self.problems],
            "misfit": self.result.misfit,
            "alphas": self.result.alphas,
            "dropped": self.result.dropped,
            "accepted": self.result.accepted,
            "converged": self.result.converged,
        } | self.facts


def calibrate(
    problems: Sequence[SiteProblem],
    types: Mapping[str, str],
    settings: CalibrationSettings,
    *,
    threads: int = 1,
    make_forward: ForwardMaker | None = None,
    on_progress: Progress | None = None,
    on_pass: Callable[[Checkpoint], None] | None = None,
    resume: Checkpoint | None = None,
) -> Calibration:
    """Calibrate the model at one site or many at once.

    Parameters
    ----------
    problems
        One a site.
    types
        Type of each site by name; sites of a type share its parameters.
    settings
        How.
    threads
        Threads of each ensemble run; the result does not depend on them.
    make_forward
        Where members run instead, from :mod:`fluxscape.assimilation.remote`.
    on_progress
        Called with the share done and a message; it may raise to cancel.
    on_pass
        Called after each pass with what is needed to go on.
    resume
        Where to go on.

    Raises
    ------
    MissingVariableError, OutOfBoundsError, DimsError
        If parameters, settings or observations cannot be used.
    RunError
        If more than a fifth of the members fail.
    """
    if not problems:
        msg = "there is no site to calibrate"
        raise MissingVariableError(msg)
    layout = layout_of(problems, types, settings)
    spaces = layout.spaces
    meter = _Meter(len(problems), settings, on_progress)
    make = make_forward or on_threads(threads)
    operators = [
        make(item, spaces[types[item.site]], meter.within(item.site, number))
        for number, item in enumerate(problems)
    ]
    forward = layout.forward(operators)

    def counted(z: FloatArray) -> FloatArray:
        out = forward(z)
        meter.passes += 1
        return out

    meter.passes = resume.passes if resume is not None else 0
    observed = np.concatenate([item.observations.values for item in problems])
    sigma = np.concatenate([item.observations.sigma for item in problems])
    prior = layout.draw(settings.members, settings.seed)
    common: dict[str, Any] = {"seed": settings.seed, "on_pass": on_pass, "resume": resume}
    sizes = [item.observations.size for item in problems]
    if settings.method == "ies":
        result = iterative_smoother(
            prior,
            counted,
            observed,
            sigma,
            prior_spread=layout.prior_spread(),
            passes=settings.passes,
            views=layout.views(sizes),
            **common,
        )
    elif settings.method == "es-mda":
        result = es_mda(
            prior,
            counted,
            observed,
            sigma,
            passes=settings.passes,
            blocks=layout.blocks(sizes),
            **common,
        )
    else:
        result = ensemble_kalman_inversion(
            prior,
            counted,
            observed,
            sigma,
            prior_mean=prior.mean(axis=0),
            prior_spread=prior.std(axis=0, ddof=1),
            **common,
        )
    return Calibration(settings, layout, tuple(problems), result)


def layout_of(
    problems: Sequence[SiteProblem], types: Mapping[str, str], settings: CalibrationSettings
) -> SiteHierarchy:
    """Return which column of z is what in a calibration.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If parameters or settings cannot be used.
    """
    base = {types[item.site]: item.parameters for item in reversed(list(problems))}
    spaces = {
        name: ParameterSpace.of(parameters, settings.parameters, spread=settings.spread)
        for name, parameters in base.items()
    }
    alone = len(problems) == 1
    return SiteHierarchy.of(
        spaces,
        {item.site: types[item.site] for item in problems},
        spread=0.0 if alone else settings.departures,
        common=0.0 if alone else settings.common,
    )


def identifiability(
    layout: SiteHierarchy,
    problems: Sequence[SiteProblem],
    prior: FloatArray,
    predicted: FloatArray,
) -> dict[str, dict[str, float]]:
    """Return by type and parameter the share of prior variance that observations can remove.

    Parameters
    ----------
    layout, problems
        Of a calibration.
    prior, predicted
        Prior z (member, column) and its predictions (member, observation).
    """
    sigma = np.concatenate([item.observations.sigma for item in problems])
    views = layout.views([item.observations.size for item in problems])
    spread = layout.prior_spread()
    after = expected_covariance(prior, predicted, sigma, spread, views)
    found = {}
    for name, space in layout.spaces.items():
        of_type = layout.type_z(np.eye(layout.size), name)
        left = np.einsum("ij,ik,kj->j", of_type, after, of_type)
        reduction = 1.0 - left / (of_type**2 * spread[:, np.newaxis] ** 2).sum(axis=0)
        found[name] = dict(zip(space.names, map(float, reduction), strict=True))
    return found


def settings_text(settings: CalibrationSettings) -> str:
    """Return settings as JSON that two equal settings share."""
    return json.dumps(asdict(settings), sort_keys=True)


class _Meter:
    """Share of a run that is done, over passes, sites and members."""

    def __init__(
        self, sites: int, settings: CalibrationSettings, on_progress: Progress | None
    ) -> None:
        self.sites, self.members, self.report = sites, settings.members, on_progress
        self.whole = (settings.passes or 8) + 1
        self.passes = 0

    def within(self, site: str, number: int) -> Callable[[int], None]:
        """Return what a site calls with the number of its members done."""

        def done(members: int) -> None:
            if self.report is not None:
                inside = (number + members / self.members) / self.sites
                share = min((self.passes + inside) / self.whole, 1.0)
                self.report(share, f"pass {self.passes + 1}, {site}")

        return done
