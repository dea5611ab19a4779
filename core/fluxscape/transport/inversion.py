"""Linear Bayesian synthesis inversion: y = H x + noise, with everything the answer rests on.

Gaussian prior x ~ N(x_a, S_a) and errors N(0, R):

    gain       G = S_a H' (H S_a H' + R)^-1
    posterior  x = x_a + G (y - H x_a),   S = S_a - G H S_a
    averaging kernel  A = G H,   degrees of freedom for signal  tr A
    chi-square  d' (H S_a H' + R)^-1 d, d = y - H x_a: on average the number of observations
    log evidence  -1/2 [chi-square + ln det(H S_a H' + R) + m ln 2 pi]

Rodgers 2000, Inverse Methods for Atmospheric Sounding, doi:10.1142/3171, chapters 2 to 4;
Tarantola 2005, doi:10.1137/1.9780898717921; Enting 2002, doi:10.1017/CBO9780511535741. The state
may hold more than fluxes: background, advection and mixing errors are named blocks of it, so that
what they add to the uncertainty is known and not hidden in R.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import scipy.linalg
import scipy.optimize
from numpy.typing import NDArray

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, RunError
from fluxscape.transport.covariance import cholesky

Floats = NDArray[np.float64]

NOISE: Final = "observation noise"
"""Name of the term that R adds to the posterior."""


@dataclass(frozen=True)
class LinearProblem:
    """A linear inversion; everything is checked when made.

    Attributes
    ----------
    jacobian
        H, shape (observation, element).
    observed
        y, shape (observation,).
    prior
        x_a, shape (element,).
    prior_covariance
        S_a, shape (element, element).
    error_covariance
        R, shape (observation, observation).
    blocks
        Elements of each named part of the state; one block ``flux`` when absent.

    Raises
    ------
    DimsError
        If shapes do not agree.
    OutOfBoundsError
        If a value is no number or a covariance is singular.
    """

    jacobian: Floats
    observed: Floats
    prior: Floats
    prior_covariance: Floats
    error_covariance: Floats
    blocks: Mapping[str, slice] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows, columns = self.jacobian.shape if self.jacobian.ndim == 2 else (-1, -1)
        wanted = {
            "observed": (rows,),
            "prior": (columns,),
            "prior_covariance": (columns, columns),
            "error_covariance": (rows, rows),
        }
        for name, shape in wanted.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                msg = f"{name} has shape {found}; the Jacobian {self.jacobian.shape} wants {shape}"
                raise DimsError(msg)
        for name in ("jacobian", "observed", "prior"):
            values = getattr(self, name)
            if not np.isfinite(values).all():
                place = np.unravel_index(int(np.argmin(np.isfinite(values))), values.shape)
                msg = f"{name} is no number at position {tuple(int(i) for i in place)}"
                raise OutOfBoundsError(msg)
        cholesky(self.prior_covariance, "the prior covariance")
        cholesky(self.error_covariance, "the covariance of the observation errors")
        if not self.blocks:
            object.__setattr__(self, "blocks", {"flux": slice(0, columns)})

    def innovation(self) -> Floats:
        """Return y - H x_a."""
        return np.asarray(self.observed - self.jacobian @ self.prior)

    def scaled(self, prior: Mapping[str, float], error: float = 1.0) -> LinearProblem:
        """Return a copy with standard deviations of blocks and of errors multiplied."""
        factor = np.ones(self.prior.size)
        for name, value in prior.items():
            factor[self.block(name)] = value
        return replace(
            self,
            prior_covariance=self.prior_covariance * factor[:, np.newaxis] * factor,
            error_covariance=self.error_covariance * error**2,
        )

    def block(self, name: str) -> slice:
        """Return the elements of a block; MissingVariableError if there is none of that name."""
        if name not in self.blocks:
            msg = f"the state has no block {name!r}; there are {', '.join(self.blocks)}"
            raise MissingVariableError(msg, got=name)
        return self.blocks[name]


@dataclass(frozen=True)
class Posterior:
    """What an inversion found.

    Attributes
    ----------
    mean, covariance
        x and S, shapes (element,) and (element, element).
    gain
        G, shape (element, observation).
    averaging_kernel
        A, shape (element, element).
    degrees_of_freedom
        tr A by block, and ``all``.
    chi_square, log_evidence
        Of the innovations under prior and errors.
    fitted
        H x, shape (observation,).
    contributions
        What the prior error of each block and the noise add to S; they sum to S.
    """

    mean: Floats
    covariance: Floats
    gain: Floats
    averaging_kernel: Floats
    degrees_of_freedom: dict[str, float]
    chi_square: float
    log_evidence: float
    fitted: Floats
    contributions: dict[str, Floats]

    def deviation(self, part: slice = slice(None)) -> Floats:
        """Return posterior standard deviations of a part of the state."""
        return np.asarray(np.sqrt(np.diag(self.covariance)[part]))

    def of_sum(self, weights: Floats) -> tuple[float, float, dict[str, float]]:
        """Return mean and deviation of a weighted sum of the state, and the deviation by term.

        Parameters
        ----------
        weights
            Shape (element,).
        """
        terms = {
            name: float(np.sqrt(max(float(weights @ part @ weights), 0.0)))
            for name, part in self.contributions.items()
        }
        variance = float(weights @ self.covariance @ weights)
        return float(weights @ self.mean), float(np.sqrt(max(variance, 0.0))), terms


def invert(problem: LinearProblem) -> Posterior:
    """Return the posterior of a linear problem in closed form.

    Parameters
    ----------
    problem
        What is known.
    """
    H, S_a, R = problem.jacobian, problem.prior_covariance, problem.error_covariance
    d = problem.innovation()
    projected = S_a @ H.T
    total = H @ projected + R
    factor = scipy.linalg.cho_factor(total, lower=True)
    gain = scipy.linalg.cho_solve(factor, projected.T).T
    kernel = gain @ H
    left = np.eye(problem.prior.size) - kernel
    contributions = {NOISE: gain @ R @ gain.T}
    for name, part in problem.blocks.items():
        contributions[name] = left[:, part] @ S_a[part, part] @ left[:, part].T
    if _blocks_are_independent(problem):
        covariance = sum(contributions.values(), np.zeros_like(S_a))
    else:
        covariance = left @ S_a @ left.T + contributions[NOISE]
    mean = problem.prior + gain @ d
    chi_square = float(d @ scipy.linalg.cho_solve(factor, d))
    log_determinant = 2.0 * float(np.log(np.diag(factor[0])).sum())
    signal = {name: float(np.trace(kernel[part, part])) for name, part in problem.blocks.items()}
    return Posterior(
        mean=mean,
        covariance=0.5 * (covariance + covariance.T),
        gain=gain,
        averaging_kernel=kernel,
        degrees_of_freedom=signal | {"all": float(np.trace(kernel))},
        chi_square=chi_square,
        log_evidence=-0.5 * (chi_square + log_determinant + d.size * np.log(2.0 * np.pi)),
        fitted=H @ mean,
        contributions=contributions,
    )


def _blocks_are_independent(problem: LinearProblem) -> bool:
    """Return whether the prior has no covariance between blocks."""
    rest = problem.prior_covariance.copy()
    for part in problem.blocks.values():
        rest[part, part] = 0.0
    return not rest.any()


def log_evidence(problem: LinearProblem) -> float:
    """Return the log evidence alone; errors as those of the problem."""
    H, d = problem.jacobian, problem.innovation()
    total = H @ problem.prior_covariance @ H.T + problem.error_covariance
    factor = scipy.linalg.cho_factor(total, lower=True)
    chi_square = float(d @ scipy.linalg.cho_solve(factor, d))
    log_determinant = float(2.0 * np.log(np.diag(factor[0])).sum())
    return float(-0.5 * (chi_square + log_determinant + d.size * np.log(2.0 * np.pi)))


@dataclass(frozen=True)
class Scales:
    """Standard deviations that the data themselves ask for.

    Attributes
    ----------
    prior
        Factor on the prior deviation of each block that was let free.
    error
        Factor on the deviation of the observation errors.
    log_evidence
        At these factors, and ``log_evidence_before`` at 1.
    log_evidence_before
        At 1.
    """

    prior: dict[str, float]
    error: float
    log_evidence: float
    log_evidence_before: float


def most_probable_scales(
    problem: LinearProblem,
    free: tuple[str, ...] = ("flux",),
    *,
    free_error: bool = True,
    widest: float = 10.0,
) -> Scales:
    """Return the factors on prior and error deviations of largest evidence (Type II likelihood).

    Michalak et al. 2005, doi:10.1029/2005JD005970 (maximum likelihood of covariance parameters).

    Parameters
    ----------
    problem
        What is known; its covariances are multiplied.
    free
        Blocks whose deviations are free.
    free_error
        Whether those of the errors are.
    widest
        Factors lie within 1/widest to widest.

    Raises
    ------
    MissingVariableError
        If there is no such block.
    RunError
        If the search does not end.
    """
    for name in free:
        problem.block(name)

    def factors(logs: Floats) -> tuple[dict[str, float], float]:
        values = np.exp(logs).tolist()
        return dict(zip(free, values, strict=False)), values[-1] if free_error else 1.0

    def cost(logs: Floats) -> float:
        return -log_evidence(problem.scaled(*factors(logs)))

    count = len(free) + free_error
    limit = np.log(widest)
    found = scipy.optimize.minimize(
        cost, np.zeros(count), method="L-BFGS-B", bounds=[(-limit, limit)] * count
    )
    if not np.isfinite(found.fun):
        msg = f"the evidence has no maximum within factors of {widest:g}: {found.message}"
        raise RunError(msg)
    prior, error = factors(found.x)
    return Scales(prior, error, -float(found.fun), log_evidence(problem))
