"""4D-Var: the most probable state by gradients, for problems whose Jacobian is never formed.

With x = x_a + L v and S_a = L L', R = C C', the cost

    J(v) = 1/2 v'v + 1/2 |C^-1 (y - H(x))|^2,   grad J = v - L' H' R^-1 (y - H(x))

has for linear H the Hessian I + L' H' R^-1 H L; conjugate gradients end at its minimum. H and H'
come as functions: a run of the column and of its exact adjoint. Courtier et al. 1994,
doi:10.1002/qj.49712051912; Chevallier et al. 2005, doi:10.1029/2005JD006390.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from fluxscape.errors import DimsError, RunError
from fluxscape.transport.covariance import cholesky

Floats = NDArray[np.float64]
LinearMap = Callable[[Floats], Floats]


@dataclass(frozen=True)
class VariationalResult:
    """What 4D-Var found.

    Attributes
    ----------
    mean
        Most probable state, shape (element,).
    covariance
        Inverse Hessian, shape (element, element); None unless asked for.
    cost
        J before each iteration and at the end.
    iterations
        Conjugate gradients needed.
    gradient_reduction
        Norm of the last gradient over that of the first.
    """

    mean: Floats
    covariance: Floats | None
    cost: list[float]
    iterations: int
    gradient_reduction: float


def four_d_var(
    forward: LinearMap,
    adjoint: LinearMap,
    observed: Floats,
    prior: Floats,
    prior_covariance: Floats,
    error_covariance: Floats,
    *,
    tolerance: float = 1e-10,
    most_iterations: int = 500,
    with_covariance: bool = False,
) -> VariationalResult:
    """Return the most probable state.

    Parameters
    ----------
    forward
        x, shape (element,), to H x, shape (observation,); linear.
    adjoint
        w, shape (observation,), to H' w, shape (element,): the exact transpose.
    observed
        y, shape (observation,).
    prior, prior_covariance
        x_a and S_a.
    error_covariance
        R.
    tolerance
        Reduction of the gradient at which the search ends.
    most_iterations
        After which it has failed.
    with_covariance
        Whether to form the inverse Hessian, at one forward and one adjoint run an element.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not agree or a covariance is singular.
    RunError
        If the search does not end, or ``adjoint`` is not the transpose of ``forward``.
    """
    L = cholesky(prior_covariance, "the prior covariance")
    C = cholesky(error_covariance, "the covariance of the observation errors")
    x_a, y = np.asarray(prior, np.float64), np.asarray(observed, np.float64)
    if x_a.shape != L.shape[:1] or y.shape != C.shape[:1]:
        msg = f"state {x_a.shape} and observations {y.shape} do not fit their covariances"
        raise DimsError(msg)

    def whitened(v: Floats) -> Floats:
        return np.asarray(scipy.linalg.solve_triangular(C, forward(L @ v), lower=True))

    def transposed(w: Floats) -> Floats:
        return np.asarray(L.T @ adjoint(scipy.linalg.solve_triangular(C, w, lower=True, trans="T")))

    def hessian(v: Floats) -> Floats:
        return np.asarray(v + transposed(whitened(v)))

    misfit = scipy.linalg.solve_triangular(C, y - forward(x_a), lower=True)
    _check_transpose(whitened, transposed, x_a.size, y.size)
    v = np.zeros(x_a.size)
    residual = transposed(misfit)
    first = float(np.linalg.norm(residual))
    direction, square = residual.copy(), first**2
    cost = [0.5 * float(misfit @ misfit)]
    iterations = 0
    while np.sqrt(square) > tolerance * first:
        if iterations >= most_iterations:
            msg = (
                f"4D-Var did not end within {most_iterations} iterations: the gradient fell to "
                f"{np.sqrt(square) / first:.1e} of the first only"
            )
            raise RunError(msg, iterations=iterations)
        curved = hessian(direction)
        length = square / float(direction @ curved)
        v += length * direction
        # The cost of a quadratic falls by half the step times the squared gradient.
        cost.append(cost[-1] - 0.5 * length * square)
        residual -= length * curved
        following = float(residual @ residual)
        direction = residual + following / square * direction
        square = following
        iterations += 1
    covariance = None
    if with_covariance:
        columns = np.stack([hessian(unit) for unit in np.eye(x_a.size)], axis=1)
        inverse = scipy.linalg.cho_solve(scipy.linalg.cho_factor(columns), np.eye(x_a.size))
        covariance = L @ inverse @ L.T
    reduction = float(np.sqrt(square) / first) if first > 0.0 else 0.0
    return VariationalResult(x_a + L @ v, covariance, cost, iterations, reduction)


def dot_product_error(forward: LinearMap, adjoint: LinearMap, sizes: tuple[int, int]) -> float:
    """Return |<H x, w> - <x, H' w>| over the larger of the two, for one random pair.

    Parameters
    ----------
    forward, adjoint
        H and what should be its transpose.
    sizes
        Numbers of elements and observations.
    """
    draw = np.random.default_rng(0)
    x, w = draw.standard_normal(sizes[0]), draw.standard_normal(sizes[1])
    left, right = float(forward(x) @ w), float(x @ adjoint(w))
    return abs(left - right) / max(abs(left), abs(right), 1e-300)


def _check_transpose(forward: LinearMap, adjoint: LinearMap, elements: int, rows: int) -> None:
    """Raise RunError unless ``adjoint`` is the transpose of ``forward``."""
    error = dot_product_error(forward, adjoint, (elements, rows))
    if not error < 1e-6:
        msg = f"the adjoint is no transpose of the forward model: dot products differ {error:.1e}"
        raise RunError(msg, error=error)
