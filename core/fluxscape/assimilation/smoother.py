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
from fluxscape.errors import DimsError
from fluxscape.kalman import kalman_move

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_LONGEST: Final = 60


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
    check_problem(prior, observed, sigma)
    check_passes(passes)
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
    check_problem(prior, observed, sigma)
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
        """Run the members; replace those that fail by ones around the others, and count them."""
        predicted, failed = run_members(
            self.forward, self.z, self.observed.size, self.result, self.done + 1
        )
        stand_in(self.z, predicted, failed, draw)
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
