"""Ensemble Kalman smoother for columns: the posterior from runs of members alone.

Every observation of the window moves every element, by covariances of the ensemble; with a lag, an
element is moved by observations near it in time only, which keeps small ensembles from inventing
distant correlations. Evensen and van Leeuwen 2000,
doi:10.1175/1520-0493(2000)128<1852:AEKSFN>2.0.CO;2; square-root update of Hunt et al. 2007,
doi:10.1016/j.physd.2006.11.008, so that in the linear case the result tends to the closed form as
members grow, and equals it where the ensemble has the prior's moments exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.kalman import square_root_update
from fluxscape.transport.covariance import cholesky

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EnsembleResult:
    """Ensembles before and after.

    Attributes
    ----------
    prior, posterior
        Members, shape (member, element).
    """

    prior: Floats
    posterior: Floats

    @property
    def mean(self) -> Floats:
        """Posterior mean, shape (element,)."""
        return np.asarray(self.posterior.mean(axis=0))

    @property
    def covariance(self) -> Floats:
        """Posterior covariance of the members, shape (element, element)."""
        return np.atleast_2d(np.cov(self.posterior, rowvar=False))


def draw_ensemble(
    prior: Floats, prior_covariance: Floats, members: int, *, seed: int, exact: bool = True
) -> Floats:
    """Return members of a Gaussian prior, shape (member, element).

    Parameters
    ----------
    prior, prior_covariance
        Mean and covariance.
    members
        Number of members.
    seed
        Of the draw.
    exact
        Whether to give the members the prior's mean and, where there are more members than
        elements, its covariance, exactly.

    Raises
    ------
    OutOfBoundsError
        If there are fewer than two members or the covariance is singular.
    """
    if members < 2:
        msg = f"an ensemble needs two or more members, got {members}"
        raise OutOfBoundsError(msg, got=members)
    L = cholesky(prior_covariance, "the prior covariance")
    z = np.random.default_rng(seed).standard_normal((members, L.shape[0]))
    if exact:
        z -= z.mean(axis=0)
        if members > L.shape[0]:
            inner = z.T @ z / (members - 1.0)
            z = scipy.linalg.solve_triangular(np.linalg.cholesky(inner), z.T, lower=True).T
    return np.asarray(prior + z @ L.T)


def ensemble_smoother(
    members: Floats,
    forward: Callable[[Floats], Floats],
    observed: Floats,
    error_covariance: Floats,
    *,
    element_times: Floats | None = None,
    observation_times: Floats | None = None,
    lag: float | None = None,
) -> EnsembleResult:
    """Return the ensemble moved by all observations, or by those within a lag.

    Parameters
    ----------
    members
        From :func:`draw_ensemble`, shape (member, element).
    forward
        Members to predictions, shape (member, observation).
    observed, error_covariance
        y and R; correlated errors are allowed without a lag.
    element_times, observation_times
        In one unit, shapes (element,) and (observation,); needed with a lag.
    lag
        An element is moved by observations from its time to ``lag`` later only.

    Raises
    ------
    DimsError, OutOfBoundsError
        If shapes do not agree, a covariance is singular, or a lag comes without times or with
        correlated errors.
    """
    y = np.asarray(observed, np.float64)
    predicted = np.asarray(forward(members), np.float64)
    if predicted.shape != (members.shape[0], y.size):
        msg = f"the model gave shape {predicted.shape}, wanted {(members.shape[0], y.size)}"
        raise DimsError(msg)
    C = cholesky(error_covariance, "the covariance of the observation errors")
    if C.shape[0] != y.size:
        msg = f"{y.size} observations do not fit errors of shape {C.shape}"
        raise DimsError(msg)
    if lag is None:
        white = scipy.linalg.solve_triangular(C, predicted.T, lower=True).T
        seen = scipy.linalg.solve_triangular(C, y, lower=True)
        return EnsembleResult(members, square_root_update(members, white, seen, np.ones(y.size)))
    if element_times is None or observation_times is None or np.any(C - np.diag(np.diag(C))):
        msg = "a lag needs the times of elements and observations, and uncorrelated errors"
        raise OutOfBoundsError(msg)
    moved = members.copy()
    sigma = np.diag(C)
    for moment in np.unique(element_times):
        columns = np.flatnonzero(element_times == moment)
        near = (observation_times >= moment) & (observation_times <= moment + lag)
        if near.any():
            moved[:, columns] = square_root_update(
                members[:, columns], predicted[:, near], y[near], sigma[near]
            )
    return EnsembleResult(members, moved)
