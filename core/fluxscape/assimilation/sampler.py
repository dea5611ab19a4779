"""The posterior by Monte Carlo, against which ensembles are checked on small problems.

Goodman and Weare 2010, doi:10.2140/camcos.2010.5.65, through emcee (Foreman-Mackey et al. 2013,
doi:10.1086/670067).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.passes import Forward
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import OutOfBoundsError, RunError

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """A sample of the posterior.

    Attributes
    ----------
    z
        Shape (draw, parameter), burn-in removed and thinned.
    acceptance
        Mean share of accepted proposals.
    autocorrelation
        Steps after which a walker has forgotten where it was, shape (parameter,).
    """

    z: FloatArray
    acceptance: float
    autocorrelation: FloatArray


def sample_posterior(
    space: ParameterSpace,
    forward: Forward,
    observed: FloatArray,
    sigma: FloatArray,
    *,
    steps: int,
    seed: int,
    walkers: int | None = None,
    on_progress: Callable[[float, str], None] | None = None,
) -> Sample:
    """Sample the posterior of a Gaussian prior in z and Gaussian errors.

    Parameters
    ----------
    space, forward, observed, sigma
        As for the ensemble methods.
    steps
        Steps of every walker; the first third is burn-in.
    seed
        Of start and proposals.
    walkers
        Number of walkers, even and twice the parameters or more; four times when absent.
    on_progress
        Called with the share done and a message; it may raise to cancel.

    Raises
    ------
    OutOfBoundsError
        If steps or walkers are too few.
    RunError
        If no start runs.
    """
    import emcee  # noqa: PLC0415

    count = walkers or max(4 * space.size, 8)
    if steps < 30 or count < 2 * space.size or count % 2:
        msg = (
            f"wanted 30 steps or more and an even number of {2 * space.size} walkers or more, got "
            f"{steps} and {count}"
        )
        raise OutOfBoundsError(msg, steps=steps, walkers=count)

    def log_probability(z: FloatArray) -> FloatArray:
        predicted = forward(z)
        with np.errstate(invalid="ignore"):
            misfit = np.sum(((predicted - observed) / sigma) ** 2, axis=1)
        prior = np.sum(((z - space.prior_mean) / space.prior_spread) ** 2, axis=1)
        return np.where(np.isfinite(misfit), -0.5 * (misfit + prior), -np.inf)

    draw = np.random.default_rng(seed)
    start = space.prior_mean + 0.5 * space.prior_spread * draw.standard_normal((count, space.size))
    if not np.isfinite(log_probability(start)).any():
        msg = "the model fails at every start"
        raise RunError(msg)
    sampler = emcee.EnsembleSampler(count, space.size, log_probability, vectorize=True)
    # emcee draws from this state alone.
    state = emcee.State(start, random_state=np.random.RandomState(seed).get_state())
    for done, _ in enumerate(sampler.sample(state, iterations=steps), start=1):
        if on_progress is not None:
            on_progress(done / steps, f"step {done} of {steps}")
    length = sampler.get_autocorr_time(tol=0)
    thin = max(int(np.nanmax(length) / 2.0), 1)
    z = sampler.get_chain(discard=steps // 3, thin=thin, flat=True)
    return Sample(
        np.asarray(z, np.float64),
        float(np.mean(sampler.acceptance_fraction)),
        np.asarray(length, np.float64),
    )
