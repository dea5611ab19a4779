"""What a record can say of the flux: for one inlet and several, with and without named errors.

One inlet cannot tell a weak flux under weak mixing from a strong one under strong mixing: both
change it alike (Larson and Volkmer 2009, 11th AMS Conference on Atmospheric Chemistry, JP2.12). How
alike is the cosine between the two responses in the metric of the errors; what that costs is the
posterior deviation of the mean flux with mixing in the state. Where an error is left out of the
state but happens, the flux is biased by gain x response, and the stated interval does not know of
it (Lauvaux et al. 2009, doi:10.5194/bg-6-1089-2009).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from fluxscape.transport.inversion import LinearProblem, invert
from fluxscape.transport.tower import TowerInversion

Floats = NDArray[np.float64]

WRONG_MIXING: Final = 0.2
"""Error of mixing whose effect the report tells: 20 %."""

WEAK: Final = 0.5
"""Share of its prior deviation below which the mean flux counts as found."""

ALIKE: Final = 0.9
"""Cosine above which flux and mixing count as one to an inlet."""


@dataclass(frozen=True)
class Identifiability:
    """What one set of inlets says under one set of named errors.

    Attributes
    ----------
    inlet_heights
        [m].
    terms
        Errors in the state beside the flux.
    observations
        Number of them.
    degrees_of_freedom
        For signal, of the flux.
    prior_deviation, posterior_deviation
        Of the mean flux of the period [umol m-2 s-1].
    deviation_by_term
        Parts of the posterior deviation [umol m-2 s-1]; their squares add up.
    flux_mixing_cosine
        Between the responses to mean flux and to mixing [1]; NaN without mixing response.
    flux_mixing_correlation
        Posterior correlation of mean flux and mean mixing [1]; NaN where mixing is left out.
    bias_of_wrong_mixing
        Of the mean flux where mixing is 20 % stronger than believed [umol m-2 s-1].
    bias_of_missing_advection
        Of the mean flux for one prior deviation of steady advection left out [umol m-2 s-1].
    """

    inlet_heights: tuple[float, ...]
    terms: tuple[str, ...]
    observations: int
    degrees_of_freedom: float
    prior_deviation: float
    posterior_deviation: float
    deviation_by_term: dict[str, float]
    flux_mixing_cosine: float
    flux_mixing_correlation: float
    bias_of_wrong_mixing: float
    bias_of_missing_advection: float

    @property
    def verdict(self) -> str:
        """One sentence on what the record says."""
        share = self.posterior_deviation / self.prior_deviation
        said = (
            f"the mean flux is known to {self.posterior_deviation:.2f} umol m-2 s-1, "
            f"{share:.0%} of what was known before"
        )
        if share > WEAK:
            said += ": the record says little"
        ignored = {"mixing": self.bias_of_wrong_mixing, "advection": self.bias_of_missing_advection}
        for name, bias in ignored.items():
            if name not in self.terms and abs(bias) > self.posterior_deviation:
                said += (
                    f"; {name} is taken to be known, and its error alone would bias the flux by "
                    f"{abs(bias):.2f}, more than that"
                )
        if abs(self.flux_mixing_cosine) > ALIKE:
            said += "; weak flux under weak mixing and strong flux under strong mixing look alike"
        return said

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers and the verdict."""
        return {
            "inlet_heights": list(self.inlet_heights),
            "terms": list(self.terms),
            "observations": self.observations,
            "degrees_of_freedom": self.degrees_of_freedom,
            "prior_deviation": self.prior_deviation,
            "posterior_deviation": self.posterior_deviation,
            "deviation_by_term": self.deviation_by_term,
            "flux_mixing_cosine": self.flux_mixing_cosine,
            "flux_mixing_correlation": self.flux_mixing_correlation,
            "bias_of_wrong_mixing": self.bias_of_wrong_mixing,
            "bias_of_missing_advection": self.bias_of_missing_advection,
            "verdict": self.verdict,
        }


def part_of(problem: LinearProblem, rows: NDArray[np.bool_], terms: Sequence[str]) -> LinearProblem:
    """Return a problem with some observations, and with the flux and some terms in the state.

    Parameters
    ----------
    problem
        With all of them.
    rows
        Which observations to keep, shape (observation,).
    terms
        Blocks to keep beside the flux.
    """
    kept = ["flux", *(name for name in problem.blocks if name in terms)]
    columns = np.concatenate([np.arange(problem.prior.size)[problem.blocks[name]] for name in kept])
    blocks, start = {}, 0
    for name in kept:
        size = problem.blocks[name].stop - problem.blocks[name].start
        blocks[name] = slice(start, start + size)
        start += size
    return LinearProblem(
        problem.jacobian[np.ix_(rows, columns)],
        problem.observed[rows],
        problem.prior[columns],
        problem.prior_covariance[np.ix_(columns, columns)],
        problem.error_covariance[np.ix_(rows, rows)],
        blocks,
    )


def identifiability(
    inversion: TowerInversion, levels: Sequence[int], terms: Sequence[str]
) -> Identifiability:
    """Return what some inlets say under some named errors.

    Parameters
    ----------
    inversion
        With all inlets and terms.
    levels
        Numbers of the inlets to use.
    terms
        Errors to keep in the state.
    """
    full, linear = inversion.problem, inversion.linear
    rows = np.isin(linear.observations.level, np.asarray(levels))
    part = part_of(full, rows, terms)
    posterior = invert(part)
    weights = np.zeros(part.prior.size)
    flux = part.blocks["flux"]
    weights[flux] = linear.flux_weights()[linear.blocks["flux"]]
    _, deviation, by_term = posterior.of_sum(weights)
    response = {
        name: full.jacobian[rows][:, full.blocks[name]].sum(axis=1)
        for name in ("mixing", "advection")
        if name in full.blocks
    }
    direction = weights @ posterior.gain
    mean_flux = part.jacobian[:, flux].sum(axis=1)
    bias = {
        "mixing": np.log1p(WRONG_MIXING),
        "advection": inversion.settings.advection_spread,
    }
    biases = {
        name: float(direction @ response[name] * size) if name in response else float("nan")
        for name, size in bias.items()
    }
    correlation = float("nan")
    if "mixing" in part.blocks:
        other = np.zeros_like(weights)
        other[part.blocks["mixing"]] = linear.window_weights("mixing")[linear.blocks["mixing"]]
        S = posterior.covariance
        correlation = float(weights @ S @ other / np.sqrt(other @ S @ other) / deviation)
    cosine = float("nan")
    if "mixing" in response:
        cosine = _cosine(mean_flux, response["mixing"], part.error_covariance)
    return Identifiability(
        tuple(linear.column.inlets.heights[list(levels)].tolist()),
        tuple(name for name in part.blocks if name != "flux"),
        int(rows.sum()),
        posterior.degrees_of_freedom["flux"],
        float(np.sqrt(weights @ part.prior_covariance @ weights)),
        deviation,
        by_term,
        cosine,
        correlation,
        biases["mixing"],
        biases["advection"],
    )


def _cosine(first: Floats, second: Floats, covariance: Floats) -> float:
    """Return the cosine between two responses in the metric of the errors."""
    factor = scipy.linalg.cholesky(covariance, lower=True)
    a, b = (scipy.linalg.solve_triangular(factor, x, lower=True) for x in (first, second))
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / lengths if lengths > 0.0 else float("nan")


def identifiability_report(inversion: TowerInversion) -> list[Identifiability]:
    """Return the report: each inlet alone, all together; no errors, each kind, all of them.

    Parameters
    ----------
    inversion
        With all inlets and terms in its state.
    """
    known = set(inversion.linear.observations.level.tolist())
    levels = [
        level for level in range(inversion.linear.column.inlets.heights.size) if level in known
    ]
    sets = [[level] for level in levels]
    if len(levels) > 1:
        sets.append(levels)
    present = [name for name in inversion.problem.blocks if name != "flux"]
    choices = [[], *([name] for name in present)]
    if len(present) > 1:
        choices.append(present)
    return [identifiability(inversion, some, terms) for some in sets for terms in choices]
