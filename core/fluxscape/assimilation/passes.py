"""What all ensemble methods share: their result, checkpoints, and the running of members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError, OutOfBoundsError, RunError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Forward = Callable[[FloatArray], FloatArray]
"""Maps z (member, parameter) to predictions (member, observation); NaN for a member that failed."""

MOST_FAILED: Final = 0.2
"""Share of members that may fail in one pass before the whole run counts as failed."""


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
        Inflation of the observation errors of each pass; 1 where a method does not inflate.
    dropped
        Failed members by pass; they were replaced by ones around the others, or stayed where they
        had been.
    accepted
        Share of members whose cost fell, by pass; empty for methods that accept every step.
    converged
        Whether the inflations reached their sum (1 over alpha adds up to 1), or the members stand
        near the minima that they seek.
    """

    prior: FloatArray
    posterior: FloatArray
    predicted_prior: FloatArray
    predicted_posterior: FloatArray
    misfit: list[float] = field(default_factory=list)
    alphas: list[float] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    accepted: list[float] = field(default_factory=list)
    converged: bool = True


@dataclass
class Checkpoint:
    """What a run needs to go on after a pass.

    Attributes
    ----------
    passes
        Passes done.
    ensemble
        z that is run next.
    result
        What is known so far; ``posterior`` is the ensemble as far as it has come.
    predicted
        Newest predictions, to be looked at, and not needed to go on: of the members that the last
        pass moved, from before it moved them.
    memory
        Further arrays that the method needs to go on.
    """

    passes: int
    ensemble: FloatArray
    result: Result
    predicted: FloatArray | None = None
    memory: dict[str, FloatArray] = field(default_factory=dict)


OnPass = Callable[[Checkpoint], None]


def run_members(
    forward: Forward, z: FloatArray, observations: int, result: Result, number: int
) -> tuple[FloatArray, BoolArray]:
    """Run members; return predictions and which failed, and count these in ``result``.

    Raises
    ------
    DimsError
        If the operator gives another shape than (member, observation).
    RunError
        If more than a fifth of the members fail.
    """
    predicted = np.asarray(forward(z), np.float64)
    wanted = (z.shape[0], observations)
    if predicted.shape != wanted:
        msg = f"the forward operator gave shape {predicted.shape}, wanted {wanted}"
        raise DimsError(msg)
    failed = np.asarray(~np.isfinite(predicted).all(axis=1))
    result.dropped.append(int(failed.sum()))
    if failed.mean() > MOST_FAILED:
        msg = (
            f"{int(failed.sum())} of {failed.size} members failed in pass {number}: "
            "narrow the bounds or the prior"
        )
        raise RunError(msg, failed=int(failed.sum()), step=number)
    return predicted, failed


def stand_in(
    z: FloatArray, predicted: FloatArray, failed: BoolArray, draw: np.random.Generator
) -> None:
    """Put a member half-way between two that ran, with its prediction so too, for each failed."""
    good = np.flatnonzero(~failed)
    for member in np.flatnonzero(failed):
        first, second = draw.choice(good, 2, replace=False)
        z[member] = 0.5 * (z[first] + z[second])
        predicted[member] = 0.5 * (predicted[first] + predicted[second])


def check_passes(passes: int | None) -> None:
    """Raise OutOfBoundsError unless a number of passes is 1 or more, or left open (None)."""
    if passes is not None and passes < 1:
        msg = f"the number of passes must be 1 or more, got {passes}"
        raise OutOfBoundsError(msg, got=passes)


def check_problem(prior: FloatArray, observed: FloatArray, sigma: FloatArray) -> None:
    """Raise unless the arrays are what an update needs.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not agree, an observation is not finite or an error not positive.
    """
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
