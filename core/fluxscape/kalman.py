"""The ensemble Kalman update with diagonal observation errors, in the space of the ensemble.

What assimilation and the inversion of columns share. Correlated errors are made diagonal before, by
the inverse Cholesky factor of their covariance applied to predictions and innovations alike.

With anomalies Z (member, quantity) and Y (member, observation) of N members, errors sigma, and
S = Y / sigma = U diag(s) V', the update of Emerick and Reynolds 2013
(doi:10.1016/j.cageo.2012.03.011, eq. 1) with covariances from the ensemble is

    move = (innovation / sigma) V diag(s / (s^2 + alpha (N - 1))) U' Z

at a cost of O(observations x members^2); no matrix of observations by observations is formed.
With fewer quantities than members the predictions are first projected on them (Evensen et al. 2019,
doi:10.3389/fams.2019.00047).

The square-root update (Hunt et al. 2007, doi:10.1016/j.physd.2006.11.008) perturbs no observation:
the mean moves by the same gain, anomalies are multiplied by U diag((1 + s^2 / (N - 1))^(-1/2)) U'.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def kalman_move(
    anomalies: FloatArray,
    predicted: FloatArray,
    innovation: FloatArray,
    sigma: FloatArray,
    alpha: float,
    design: FloatArray | None = None,
) -> FloatArray:
    """Return by how much each member moves.

    Parameters
    ----------
    anomalies
        Of the estimated quantities from their ensemble mean, shape (member, quantity).
    predicted
        Predictions less their ensemble mean, shape (member, observation).
    innovation
        Observed, perturbed or not, less predicted, shape (member, observation).
    sigma
        Standard deviation of the observation errors, shape (observation,).
    alpha
        Inflation of the error variance.
    design
        Anomalies of all that the predictions depend on, shape (member, quantity). Where they are
        fewer than the members, predictions are replaced by their regression on them: what is left
        is chance and bends, and would take variance from the ensemble for nothing.
    """
    members = anomalies.shape[0]
    if design is not None and design.shape[1] < members - 1:
        basis = _column_basis(design)
        predicted = basis @ (basis.T @ predicted)
    scaled = predicted / sigma
    # predicted = U diag(s) V': the smaller side is that of the members.
    left, values, right = np.linalg.svd(scaled, full_matrices=False)
    kept = values > 1e-10 * max(float(values[0]), 1e-300) if values.size else values > 0
    left, values, right = left[:, kept], values[kept], right[kept]
    gain = values / (values**2 + alpha * (members - 1))
    weights = ((innovation / sigma) @ right.T * gain) @ left.T
    return np.asarray(weights @ anomalies)


def square_root_update(
    members: FloatArray, predicted: FloatArray, observed: FloatArray, sigma: FloatArray
) -> FloatArray:
    """Return members updated without perturbed observations.

    Parameters
    ----------
    members
        Estimated quantities, shape (member, quantity).
    predicted
        Their predictions, shape (member, observation).
    observed, sigma
        Observations and standard deviations of their errors, shape (observation,).
    """
    count = members.shape[0]
    centre, expected = members.mean(axis=0), predicted.mean(axis=0)
    anomalies, spread = members - centre, predicted - expected
    innovation = np.broadcast_to(observed - expected, predicted.shape)
    move = kalman_move(anomalies, spread, innovation[:1], sigma, 1.0)
    left, values, _ = np.linalg.svd(spread / sigma, full_matrices=False)
    shrink = 1.0 / np.sqrt(1.0 + values**2 / (count - 1.0)) - 1.0
    shrunk = anomalies + (left * shrink) @ (left.T @ anomalies)
    return np.asarray(centre + move[0] + shrunk)


def _column_basis(design: FloatArray) -> FloatArray:
    """Return an orthonormal basis of the columns, shape (member, rank)."""
    left, values, _ = np.linalg.svd(design, full_matrices=False)
    kept = values > 1e-10 * max(float(values.max(initial=0.0)), 1e-300)
    return np.asarray(left[:, kept])
