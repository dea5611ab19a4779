"""The ensemble Kalman update with diagonal observation errors, in the space of the ensemble.

With anomalies Z (member, parameter) and Y (member, observation) of N members and errors sigma,

    Z += (S' (S S' + alpha (N - 1) I)^-1 ...)   S = Y / sigma

is computed through the singular values of S (member x observation), so that it costs
O(observations x members^2) and no matrix of observations is ever formed (Emerick and Reynolds
2013, doi:10.1016/j.cageo.2012.03.011, section 4).
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
    taper: FloatArray | None = None,
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
    taper
        Factor on each quantity's move, shape (quantity,), 0 to 1 (localisation).
    """
    members = anomalies.shape[0]
    scaled = predicted / sigma
    # predicted = U diag(s) V': the smaller side is that of the members.
    left, values, right = np.linalg.svd(scaled, full_matrices=False)
    kept = values > 1e-10 * max(float(values[0]), 1e-300) if values.size else values > 0
    left, values, right = left[:, kept], values[kept], right[kept]
    gain = values / (values**2 + alpha * (members - 1))
    weights = ((innovation / sigma) @ right.T * gain) @ left.T
    move = weights @ anomalies
    return np.asarray(move if taper is None else move * taper)
