"""Scores of one series against another, the same for every model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape.errors import DimsError

FloatArray = npt.NDArray[np.float64]


def score(modelled: FloatArray, measured: FloatArray) -> dict[str, float]:
    """Return how well a modelled series goes with a measured one.

    Parameters
    ----------
    modelled, measured
        Of one unit, without gaps, shape (value,).

    Returns
    -------
    dict
        ``r2``, the squared correlation, and ``nse``, Nash and Sutcliffe's efficiency [1], NaN where
        a series is constant; ``rmse``, ``bias`` (modelled less measured) and ``mean_observed`` in
        the unit of the series; ``n``.

    Raises
    ------
    DimsError
        If the series differ in shape or are empty.
    """
    if modelled.shape != measured.shape or measured.ndim != 1 or not measured.size:
        msg = f"scores need two series of one length, got {modelled.shape} and {measured.shape}"
        raise DimsError(msg, got=(modelled.shape, measured.shape))
    error = modelled - measured
    # Rounding gives a constant series a variance of its last digits.
    varies, varied = bool(np.ptp(modelled) > 0.0), bool(np.ptp(measured) > 0.0)
    spread = np.sum((measured - measured.mean()) ** 2)
    correlation = np.corrcoef(modelled, measured)[0, 1] if varies and varied else np.nan
    return {
        "r2": float(correlation**2),
        "nse": float(1.0 - np.sum(error**2) / spread) if varied else float("nan"),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "bias": float(error.mean()),
        "mean_observed": float(measured.mean()),
        "n": int(measured.size),
    }
