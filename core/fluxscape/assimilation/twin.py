"""Twin experiments: whether the method finds known parameters, with honest uncertainty.

The model itself makes the observations, from parameters drawn from the prior, with errors drawn
from the error model. What the method cannot find here it cannot find anywhere. The share of
variance that the data remove is the identifiability of a parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.calibration import Calibration, CalibrationSettings, calibrate
from fluxscape.assimilation.diagnostics import interval_edges, variance_reduction
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import OutOfBoundsError, RunError

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class TwinExperiment:
    """Trials with known truth.

    Attributes
    ----------
    names
        Parameters.
    truth
        Shape (trial, parameter), in the parameters' units.
    median, low, high
        Posterior median and 90 % interval, shape (trial, parameter).
    reduction
        Share of the prior variance (logit scale) that is gone, shape (trial, parameter).
    """

    names: tuple[str, ...]
    truth: FloatArray
    median: FloatArray
    low: FloatArray
    high: FloatArray
    reduction: FloatArray

    @property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Whether the truth lies in the interval, shape (trial, parameter)."""
        return np.asarray((self.truth >= self.low) & (self.truth <= self.high))

    def to_dict(self) -> dict[str, Any]:
        """Return coverage and identifiability by parameter, and the trials."""
        by_parameter = {
            name: {
                "coverage90": float(self.inside[:, i].mean()),
                "variance_reduction": float(np.median(self.reduction[:, i])),
                "identifiable": bool(np.median(self.reduction[:, i]) >= 0.5),
            }
            for i, name in enumerate(self.names)
        }
        return {
            "trials": int(self.truth.shape[0]),
            "coverage90": float(self.inside.mean()),
            "parameters": by_parameter,
        }


def twin_experiment(
    problem: SiteProblem,
    settings: CalibrationSettings,
    *,
    trials: int,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> TwinExperiment:
    """Run trials with synthetic observations of a site's own steps and errors.

    Parameters
    ----------
    problem
        Site; of its observations only the places and the errors are used.
    settings
        Of the calibrations; ``seed`` counts up by trial.
    trials
        Number of truths.
    threads, on_progress
        As in :func:`fluxscape.assimilation.calibration.calibrate`.

    Raises
    ------
    OutOfBoundsError
        If there is no trial.
    RunError
        If the model fails with a true parameter set.
    """
    if trials < 1:
        msg = f"trials must be 1 or more, got {trials}"
        raise OutOfBoundsError(msg, got=trials)
    space = ParameterSpace.of(problem.parameters, settings.parameters, spread=settings.spread)
    found: list[tuple[FloatArray, FloatArray, FloatArray]] = []
    for trial in range(trials):
        draw = np.random.default_rng([settings.seed, trial, 7])
        z = space.prior_mean + space.prior_spread * draw.standard_normal(space.size)
        perfect = DlmForward(problem, space)(z[np.newaxis])[0]
        if not np.isfinite(perfect).all():
            msg = f"{problem.site}: the model failed with the truth of trial {trial + 1}"
            raise RunError(msg, trial=trial)
        noisy = perfect + problem.observations.sigma * draw.standard_normal(perfect.size)
        twin = replace(problem, observations=replace(problem.observations, values=noisy))
        done = calibrate(
            [twin],
            {problem.site: "twin"},
            replace(settings, seed=settings.seed + 1 + trial),
            threads=threads,
            on_progress=_part(on_progress, trial, trials),
        )
        found.append((space.outside(z), *_posterior(done)))
    truth, members, reduction = (np.array(column) for column in zip(*found, strict=True))
    low, high = interval_edges(np.moveaxis(members, 1, 0))
    median = np.median(members, axis=1)
    return TwinExperiment(space.names, truth, median, low, high, reduction)


def _posterior(done: Calibration) -> tuple[FloatArray, FloatArray]:
    """Return values of the posterior members and the reduction of variance."""
    return done.site_values(0), variance_reduction(done.result.prior, done.result.posterior)


def _part(on_progress: Progress | None, trial: int, trials: int) -> Progress | None:
    """Return a progress of one trial within all."""
    if on_progress is None:
        return None

    def report(share: float, message: str) -> None:
        on_progress((trial + share) / trials, f"trial {trial + 1} of {trials}: {message}")

    return report
