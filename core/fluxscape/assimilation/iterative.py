"""Iterative ensemble smoother: every member seeks the most probable parameters of its own data.

Member j has its own draw of the prior, a_j, and its own perturbed observations, d_j. It minimises

    J_j(z) = |(d_j - g(z)) / sigma|^2 + |(z - a_j) / s|^2

(randomised maximum likelihood, Kitanidis 1995, doi:10.1029/95WR01945): exact samples of the
posterior where the model g is linear, and where it bends far closer to it than updates that are
composed of linear steps. Gauss-Newton steps share one sensitivity G, the regression of predictions
on parameters over the ensemble as it is now (Chen and Oliver 2013, doi:10.1007/s10596-013-9351-5;
Evensen 2018, doi:10.1007/s10596-018-9731-y; Raanes et al. 2019, doi:10.5194/npg-26-325-2019):

    step = (G' G + s^-2)^-1 (G' (d_j - g(z_j)) - s^-2 (z_j - a_j)),    G and d in units of sigma.

A member takes a step only if its own cost falls, so that none ends worse than it began. Otherwise
it tries next the minimum of its cost with the model made linear about the ensemble's mean, which
frees members that are stuck where the shared sensitivity does not hold, and then half of its own
next step. The prior's variances s^2 are those stated, not the ensemble's;
predictions are regressed on the few parameters they depend on, so that chance correlations of
parameters with many observations cannot take variance away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.passes import (
    Checkpoint,
    Forward,
    OnPass,
    Result,
    check_passes,
    check_problem,
    run_members,
    stand_in,
)
from fluxscape.errors import DimsError, OutOfBoundsError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

SETTLED: Final = 0.05
"""Half of the members stand at their minima, or so near that a Gauss-Newton step would lower their
cost by less than this a parameter: less than a quarter of a posterior standard deviation away."""

MOST_PASSES: Final = 12
"""Passes after which a run ends whose number is left to the cost."""


@dataclass(frozen=True)
class View:
    """Observations that depend on the parameters through a few sums of them.

    Attributes
    ----------
    observations
        Which they are, shape (observation,).
    weights
        The sums, z @ weights.T, shape (sum, parameter); for a site of a type, its own parameters
        as those of the type plus its departures.
    """

    observations: BoolArray
    weights: FloatArray


def iterative_smoother(
    prior: FloatArray,
    forward: Forward,
    observed: FloatArray,
    sigma: FloatArray,
    *,
    prior_spread: FloatArray,
    passes: int | None = 4,
    seed: int,
    views: Sequence[View] | None = None,
    on_pass: OnPass | None = None,
    resume: Checkpoint | None = None,
) -> Result:
    """Sample the posterior by an iterative ensemble smoother.

    Parameters
    ----------
    prior
        z of the members, a draw of the prior, shape (member, parameter).
    forward
        Maps z to predictions of the observations.
    observed, sigma
        Observations and the standard deviations of their errors, shape (observation,).
    prior_spread
        Prior standard deviations of z, whose components are independent, shape (parameter,).
    passes
        Number of steps; until the members settle, twelve at the most, when None.
    seed
        Of the perturbations of the observations.
    views
        Through which sums of parameters observations see them; each sees all when absent.
    on_pass
        Called after every pass with what is needed to go on; it may raise to cancel.
    resume
        Where to go on.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not agree, an observation is not finite or an error not positive.
    RunError
        If more than a fifth of the members fail.
    """
    check_problem(prior, observed, sigma)
    check_passes(passes)
    if prior_spread.shape != prior.shape[1:]:
        msg = f"the prior spread must have shape {prior.shape[1:]}, got {prior_spread.shape}"
        raise DimsError(msg)
    if not (np.isfinite(prior_spread) & (prior_spread > 0.0)).all():
        msg = f"prior spreads must be positive, got {prior_spread.min():g}"
        raise OutOfBoundsError(msg, got=float(prior_spread.min()))
    run = _Search(prior, forward, observed, sigma, prior_spread, seed, views, resume)
    while not run.finished(passes):
        run.step()
        if on_pass is not None:
            on_pass(run.checkpoint())
    return run.result


def sensitivity(z: FloatArray, predicted: FloatArray) -> FloatArray:
    """Return the regression of predictions on parameters, shape (parameter, observation).

    Parameters
    ----------
    z
        Shape (member, parameter).
    predicted
        Shape (member, observation).
    """
    found, *_ = np.linalg.lstsq(z - z.mean(axis=0), predicted - predicted.mean(axis=0), rcond=None)
    return np.asarray(found)


def expected_covariance(
    z: FloatArray,
    predicted: FloatArray,
    sigma: FloatArray,
    prior_spread: FloatArray,
    views: Sequence[View] | None = None,
) -> FloatArray:
    """Return the posterior covariance that observations allow, before any is looked at.

    (G' G + s^-2)^-1 with sensitivities G over the prior ensemble: what places and errors of the
    observations can tell, whatever their values; shape (parameter, parameter).
    """
    information = np.diag(prior_spread**-2.0)
    for view in views or whole_view(z.shape[1], sigma.size):
        part = sensitivity(z @ view.weights.T, predicted[:, view.observations])
        part = view.weights.T @ (part / sigma[view.observations])
        information += part @ part.T
    return np.asarray(np.linalg.inv(information))


def whole_view(parameters: int, observations: int) -> list[View]:
    """Return the view of observations that depend on every parameter by itself."""
    return [View(np.ones(observations, bool), np.eye(parameters))]


class _Search:
    """The members on their way."""

    def __init__(
        self,
        prior: FloatArray,
        forward: Forward,
        observed: FloatArray,
        sigma: FloatArray,
        spread: FloatArray,
        seed: int,
        views: Sequence[View] | None,
        resume: Checkpoint | None,
    ) -> None:
        self.forward, self.observed, self.sigma = forward, observed, sigma
        self.precision, self.seed = spread**-2.0, seed
        self.views = views or whole_view(prior.shape[1], observed.size)
        members = prior.shape[0]
        noise = np.random.default_rng([seed, 0]).standard_normal((members, observed.size))
        # Perturbations of mean zero: the ensemble mean sees the data as they are.
        self.data = observed + sigma * (noise - noise.mean(axis=0))
        if resume is None:
            self.done = 0
            empty = np.empty((0, observed.size))
            self.result = Result(prior.copy(), prior.copy(), empty, empty)
            self._run_prior(prior.copy())
        else:
            self.done, self.result = resume.passes, resume.result
            self.proposal = resume.ensemble.copy()
            self.start, self.best = resume.memory["start"], resume.memory["best"]
            self.predicted, self.length = resume.memory["predicted"], resume.memory["length"]
            self.own = resume.memory["own"] > 0.0
            self.cost = self._cost(self.best, self.predicted)
            self.decrement = float(resume.memory["decrement"])
            self.result.posterior = self.best
            self.result.predicted_posterior = self.predicted

    def _run_prior(self, z: FloatArray) -> None:
        """Run the prior members; those that fail begin half-way between two that ran."""
        predicted, failed = run_members(self.forward, z, self.observed.size, self.result, 1)
        stand_in(z, predicted, failed, np.random.default_rng([self.seed, 1]))
        self.start, self.best, self.predicted = z, z.copy(), predicted
        self.length, self.own = np.ones(z.shape[0]), np.ones(z.shape[0], bool)
        self.cost = self._cost(z, predicted)
        self.result.predicted_prior = predicted.copy()
        self._note()
        self._propose()

    def finished(self, passes: int | None) -> bool:
        """Return whether the passes are done, or the members settled where they are not told."""
        self.result.converged = self.done > 0 and self.decrement < SETTLED
        if passes is not None:
            return self.done >= passes
        return self.result.converged or self.done >= MOST_PASSES

    def step(self) -> None:
        """Run the proposals and keep those that are better."""
        self.done += 1
        predicted, failed = run_members(
            self.forward, self.proposal, self.observed.size, self.result, self.done + 1
        )
        predicted[failed] = self.predicted[failed]
        cost = np.where(failed, np.inf, self._cost(self.proposal, predicted))
        better = cost < self.cost
        self.best = np.where(better[:, np.newaxis], self.proposal, self.best)
        self.predicted = np.where(better[:, np.newaxis], predicted, self.predicted)
        self.cost = np.where(better, cost, self.cost)
        shorter = np.where(self.own, 0.5 * self.length, self.length)
        self.length = np.where(better, np.minimum(2.0 * self.length, 1.0), shorter)
        # After a step of its own that failed comes that from the mean, and then its own again.
        self.own = better | ~self.own
        self.result.accepted.append(float(better.mean()))
        self.result.alphas.append(1.0)
        self._note()
        self._propose()

    def _cost(self, z: FloatArray, predicted: FloatArray) -> FloatArray:
        """Return the cost of each member, shape (member,)."""
        misfit = np.sum(((self.data - predicted) / self.sigma) ** 2, axis=1)
        return np.asarray(misfit + np.sum((z - self.start) ** 2 * self.precision, axis=1))

    def _note(self) -> None:
        """Note how far the members have come."""
        innovation = (self.observed - self.predicted) / self.sigma
        self.result.misfit.append(float(np.mean(innovation**2)))
        self.result.posterior = self.best
        self.result.predicted_posterior = self.predicted

    def _propose(self) -> None:
        """Set the next proposals: a Gauss-Newton step from the best so far, or from the mean."""
        curvature = np.diag(self.precision)
        middle = self.best.mean(axis=0)
        slope = -(self.best - self.start) * self.precision
        slope_of_mean = -(middle - self.start) * self.precision
        for view in self.views:
            seen = view.observations
            predicted = self.predicted[:, seen]
            scaled = sensitivity(self.best @ view.weights.T, predicted) / self.sigma[seen]
            back = scaled.T @ view.weights / self.sigma[seen][:, np.newaxis]
            curvature += view.weights.T @ (scaled @ scaled.T) @ view.weights
            slope = slope + (self.data[:, seen] - predicted) @ back
            slope_of_mean = slope_of_mean + (self.data[:, seen] - predicted.mean(axis=0)) @ back
        step = np.linalg.solve(curvature, slope.T).T
        self.decrement = float(np.median(np.sum(slope * step, axis=1))) / step.shape[1]
        from_mean = np.linalg.solve(curvature, slope_of_mean.T).T
        self.proposal = np.where(
            self.own[:, np.newaxis],
            self.best + self.length[:, np.newaxis] * step,
            middle + from_mean,
        )

    def checkpoint(self) -> Checkpoint:
        """Return what is needed to go on from here."""
        memory = {
            "start": self.start,
            "best": self.best,
            "predicted": self.predicted,
            "length": self.length,
            "own": self.own.astype(np.float64),
            "decrement": np.array(self.decrement),
        }
        return Checkpoint(self.done, self.proposal.copy(), self.result, self.predicted, memory)
