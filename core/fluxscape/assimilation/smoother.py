"""Ensemble smoother with multiple data assimilation, and ensemble Kalman inversion.

Both move an ensemble of parameters towards observations in a few passes, each a run of every
member over the whole record. Random numbers come from the seed and the number of the pass, so a run
that was stopped goes on from its last pass and ends with the same bytes.

References
----------
Emerick and Reynolds 2013, doi:10.1016/j.cageo.2012.03.011 (ES-MDA); Iglesias, Law and Stuart 2013,
doi:10.1088/0266-5611/29/4/045001 (EKI); Chada, Stuart and Tong 2020, doi:10.1137/19M1242331
(regularisation that keeps the prior); Iglesias and Yang 2021, doi:10.1088/1361-6420/abd29b
(adaptive step).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation._update import kalman_move
from fluxscape.errors import DimsError, OutOfBoundsError, RunError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Forward = Callable[[FloatArray], FloatArray]
"""Maps z (member, parameter) to predictions (member, observation); NaN for a member that failed."""

MOST_FAILED: Final = 0.2
"""Share of members that may fail in one pass before the whole run counts as failed."""

_LONGEST: Final = 60


@dataclass
class Result:
    """Ensembles of an assimilation.

    Attributes
    ----------
    prior, posterior
        z of the members, shape (member, parameter).
    predicted_prior, predicted_posterior
        Predictions, shape (member, observation).
    misfit
        Mean squared innovation over error variance before each pass and after the last; near 1
        where model and errors agree.
    alphas
        Inflation of the observation errors of each pass.
    dropped
        Failed members by pass; they were replaced by draws around the others.
    converged
        Whether the inflations reached their sum (1 over alpha adds up to 1).
    """

    prior: FloatArray
    posterior: FloatArray
    predicted_prior: FloatArray
    predicted_posterior: FloatArray
    misfit: list[float] = field(default_factory=list)
    alphas: list[float] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    converged: bool = True


@dataclass
class Checkpoint:
    """What a run needs to go on after a pass.

    Attributes
    ----------
    passes
        Passes done.
    ensemble
        z after the last of them.
    result
        What is known so far; ``posterior`` fields are those of the last pass.
    predicted
        Predictions of the members that the last pass moved, from before it moved them; to be
        looked at, and not needed to go on.
    """

    passes: int
    ensemble: FloatArray
    result: Result
    predicted: FloatArray | None = None


OnPass = Callable[[Checkpoint], None]


@dataclass(frozen=True)
class Block:
    """Parameters that move together and the observations that move them.

    Attributes
    ----------
    parameters
        Columns of z.
    observations
        Which observations count, shape (observation,).
    design
        Columns of z that the model turns into these observations; all of them when absent.
    """

    parameters: npt.NDArray[np.int64]
    observations: BoolArray
    design: npt.NDArray[np.int64] | None = None


def es_mda(
    prior: FloatArray,
    forward: Forward,
    observed: FloatArray,
    sigma: FloatArray,
    *,
    passes: int | None = 4,
    seed: int,
    blocks: Sequence[Block] | None = None,
    on_pass: OnPass | None = None,
    resume: Checkpoint | None = None,
) -> Result:
    """Estimate parameters by an ensemble smoother with multiple data assimilation.

    Parameters
    ----------
    prior
        z of the members, shape (member, parameter).
    forward
        Maps z to predictions of the observations.
    observed, sigma
        Observations and the standard deviations of their errors, shape (observation,).
    passes
        Number of passes, each with ``alpha = passes``; chosen by the misfit when None (data misfit
        controller of Iglesias and Yang 2021).
    seed
        Of the perturbations of the observations.
    blocks
        Which observations move which parameters (localisation); all move all when absent.
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
    _check(prior, observed, sigma)
    if passes is not None and passes < 1:
        msg = f"the number of passes must be 1 or more, got {passes}"
        raise OutOfBoundsError(msg, got=passes)
    run = _Passes(prior, forward, observed, sigma, seed, blocks, resume)

    def inflation(left: float, misfit: FloatArray) -> float:
        if passes is not None:
            return float(passes)
        return _controlled_alpha(left, misfit, observed.size)

    while run.left > 1e-12:
        run.step(inflation)
        if on_pass is not None:
            on_pass(run.checkpoint())
    return run.finish()


def ensemble_kalman_inversion(
    prior: FloatArray,
    forward: Forward,
    observed: FloatArray,
    sigma: FloatArray,
    *,
    prior_mean: FloatArray,
    prior_spread: FloatArray,
    seed: int,
    time: float = 20.0,
    on_pass: OnPass | None = None,
    resume: Checkpoint | None = None,
) -> Result:
    """Find the most probable parameters by ensemble Kalman inversion that keeps the prior.

    The prior enters as observations of the parameters themselves (Tikhonov regularisation), so
    that parameters without information stay where the prior has them. Steps are adaptive. This is
    an optimiser: the ensemble's mean tends to the mode of the posterior as ``time`` grows, its
    spread shrinks with it and is no posterior spread; for that take :func:`es_mda`.

    Parameters
    ----------
    prior, forward, observed, sigma, seed, on_pass, resume
        As in :func:`es_mda`.
    prior_mean, prior_spread
        Of z, shape (parameter,).
    time
        Sum of 1 / alpha over the passes. The mean is that of a prior counted 1 + 1 / time times.

    Raises
    ------
    DimsError, OutOfBoundsError, RunError
        As :func:`es_mda`.
    """
    _check(prior, observed, sigma)
    if prior_mean.shape != prior.shape[1:] or prior_spread.shape != prior.shape[1:]:
        msg = f"prior mean and spread must have shape {prior.shape[1:]}"
        raise DimsError(msg)

    def augmented(z: FloatArray) -> FloatArray:
        return np.concatenate([forward(z), z], axis=1)

    both = np.concatenate([observed, prior_mean])
    errors = np.concatenate([sigma, prior_spread])
    run = _Passes(prior, augmented, both, errors, seed, None, resume, whole=time)
    while run.left > 1e-12:
        run.step(lambda left, misfit: _controlled_alpha(left, misfit, both.size))
        if on_pass is not None:
            on_pass(run.checkpoint())
    result = run.finish()
    size = observed.size
    result.predicted_prior = result.predicted_prior[:, :size]
    result.predicted_posterior = result.predicted_posterior[:, :size]
    return result


class _Passes:
    """The passes of one run."""

    def __init__(
        self,
        prior: FloatArray,
        forward: Forward,
        observed: FloatArray,
        sigma: FloatArray,
        seed: int,
        blocks: Sequence[Block] | None,
        resume: Checkpoint | None,
        whole: float = 1.0,
    ) -> None:
        self.forward, self.observed, self.sigma = forward, observed, sigma
        self.seed = seed
        self.blocks = blocks or [Block(np.arange(prior.shape[1]), np.ones(observed.size, bool))]
        if resume is None:
            self.done = 0
            self.z = prior.copy()
            empty = np.empty((0, observed.size))
            self.result = Result(prior.copy(), self.z, empty, empty)
        else:
            self.done, self.z, self.result = resume.passes, resume.ensemble.copy(), resume.result
        self.left = whole - sum(1.0 / alpha for alpha in self.result.alphas)
        self.predicted: FloatArray | None = None

    def step(self, inflation: Callable[[float, FloatArray], float]) -> None:
        """Run every member and move the ensemble once."""
        draw = np.random.default_rng([self.seed, self.done])
        predicted = self.predicted = self._predict(draw)
        if self.done == 0:
            self.result.predicted_prior = predicted.copy()
        by_member = np.mean(((self.observed - predicted) / self.sigma) ** 2, axis=1)
        self.result.misfit.append(float(by_member.mean()))
        alpha = inflation(self.left, by_member)
        if self.done + 1 >= _LONGEST:
            alpha = 1.0 / self.left
            self.result.converged = False
        noise = draw.standard_normal(predicted.shape)
        # Perturbations of mean zero: the ensemble mean sees the data as they are.
        noise -= noise.mean(axis=0)
        innovation = self.observed + np.sqrt(alpha) * self.sigma * noise - predicted
        self._move(predicted, innovation, alpha)
        self.left -= 1.0 / alpha
        self.result.alphas.append(alpha)
        self.done += 1

    def _move(self, predicted: FloatArray, innovation: FloatArray, alpha: float) -> None:
        """Move the parameters of each block by the observations that it sees."""
        moved = self.z.copy()
        anomalies = self.z - self.z.mean(axis=0)
        for block in self.blocks:
            seen, columns = block.observations, block.parameters
            if not seen.any():
                continue
            part = predicted[:, seen]
            moved[:, columns] += kalman_move(
                anomalies[:, columns],
                part - part.mean(axis=0),
                innovation[:, seen],
                self.sigma[seen],
                alpha,
                anomalies if block.design is None else anomalies[:, block.design],
            )
        self.z = moved

    def checkpoint(self) -> Checkpoint:
        """Return what is needed to go on from here."""
        self.result.posterior = self.z
        return Checkpoint(self.done, self.z.copy(), self.result, self.predicted)

    def finish(self) -> Result:
        """Run the posterior members and return the result."""
        draw = np.random.default_rng([self.seed, self.done])
        predicted = self._predict(draw)
        self.result.misfit.append(float(np.mean(((self.observed - predicted) / self.sigma) ** 2)))
        self.result.posterior = self.z
        self.result.predicted_posterior = predicted
        return self.result

    def _predict(self, draw: np.random.Generator) -> FloatArray:
        """Run the members; replace those that fail by draws around the others, and count them."""
        predicted = np.asarray(self.forward(self.z), np.float64)
        wanted = (self.z.shape[0], self.observed.size)
        if predicted.shape != wanted:
            msg = f"the forward operator gave shape {predicted.shape}, wanted {wanted}"
            raise DimsError(msg)
        failed = ~np.isfinite(predicted).all(axis=1)
        self.result.dropped.append(int(failed.sum()))
        if not failed.any():
            return predicted
        if failed.mean() > MOST_FAILED:
            msg = (
                f"{int(failed.sum())} of {failed.size} members failed in pass {self.done + 1}: "
                "narrow the bounds or the prior"
            )
            raise RunError(msg, failed=int(failed.sum()), step=self.done + 1)
        good = np.flatnonzero(~failed)
        for member in np.flatnonzero(failed):
            # A member half-way between two that ran stands for it, with its prediction so too.
            first, second = draw.choice(good, 2, replace=False)
            self.z[member] = 0.5 * (self.z[first] + self.z[second])
            predicted[member] = 0.5 * (predicted[first] + predicted[second])
        return predicted


def _controlled_alpha(left: float, misfit: FloatArray, observations: int) -> float:
    """Return the inflation by the data misfit controller, with what is left as the last.

    1 / alpha = min(max(n / (2 <m>), sqrt(n / (2 var m))), what is left), with m half the squared
    misfit of each member (data misfit controller of Iglesias and Yang 2021).
    """
    half = 0.5 * misfit * observations
    mean, variance = float(half.mean()), float(half.var())
    step = max(
        observations / (2.0 * mean) if mean > 0.0 else np.inf,
        float(np.sqrt(observations / (2.0 * variance))) if variance > 0.0 else np.inf,
    )
    # No step shorter than a hundredth of the way: the ensemble would run for ever.
    return 1.0 / min(max(step, 0.01), left)


def _check(prior: FloatArray, observed: FloatArray, sigma: FloatArray) -> None:
    """Raise unless the arrays are what an update needs."""
    if prior.ndim != 2 or prior.shape[0] < 4 or not prior.shape[1]:
        msg = f"the prior must have shape (4 or more members, parameter), got {prior.shape}"
        raise DimsError(msg)
    if observed.ndim != 1 or observed.shape != sigma.shape or not observed.size:
        msg = (
            f"observations and errors must be one-dimensional, of one length and not empty; got "
            f"{observed.shape} and {sigma.shape}"
        )
        raise DimsError(msg)
    for name, values, good in (
        ("prior", prior, np.isfinite(prior)),
        ("observations", observed, np.isfinite(observed)),
        ("observation errors", sigma, np.isfinite(sigma) & (sigma > 0.0)),
    ):
        if not good.all():
            at = int(np.argmax(~good.ravel()))
            msg = f"{name}: value {values.ravel()[at]} at position {at} cannot be used"
            raise OutOfBoundsError(msg, position=at)
