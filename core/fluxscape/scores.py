"""Scores of one series against another, the same for every model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def score(modelled: FloatArray, measured: FloatArray) -> dict[str, float]:
    """Return r2, nse, rmse, bias, mean_observed and n of two series without gaps."""
    error = modelled - measured
    spread = np.sum((measured - measured.mean()) ** 2)
    constant = modelled.std() == 0.0 or spread == 0.0
    correlation = np.nan if constant else np.corrcoef(modelled, measured)[0, 1]
    return {
        "r2": float(correlation**2),
        "nse": float(1.0 - np.sum(error**2) / spread) if spread > 0.0 else float("nan"),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "bias": float(error.mean()),
        "mean_observed": float(measured.mean()),
        "n": int(measured.size),
    }
