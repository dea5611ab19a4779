"""Scores of ensembles before and after, and what they say of each site and stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.diagnostics import (
    coverage,
    crps,
    innovation_consistency,
    rank_histogram,
    skill_against,
)

FloatArray = npt.NDArray[np.float64]

DEGRADED: Final = 1.1
"""A stream is degraded when its RMSE grows by more than a tenth."""

RANK_BINS: Final = 10
"""Bins of the rank histogram that is kept."""


def ensemble_scores(
    prior: FloatArray, posterior: FloatArray, observed: FloatArray, sigma: FloatArray
) -> dict[str, Any]:
    """Return scores of ensembles before and after against observations.

    Returns
    -------
    dict
        ``rmse_before``, ``rmse_after``, ``nse_before``, ``nse_after`` of the ensemble means;
        ``coverage50``, ``coverage90`` of the posterior with the observations' errors; ``crpss``
        against the climatology of the observations, NaN of one alone; ``rank_bins``, the rank
        histogram of the observations; ratios of Desroziers et al. 2005.
    """
    spread = float(np.sum((observed - observed.mean()) ** 2))
    out: dict[str, Any] = {}
    for word, members in (("before", prior), ("after", posterior)):
        error = members.mean(axis=0) - observed
        out[f"rmse_{word}"] = float(np.sqrt(np.mean(error**2)))
        out[f"nse_{word}"] = float(1.0 - np.sum(error**2) / spread) if spread else float("nan")
    for share in (0.5, 0.9):
        name = f"coverage{round(100 * share)}"
        out[name] = coverage(posterior, observed, share, noise=sigma)
    out["crpss"] = float("nan")
    if observed.size > 1:
        # As many members as values would be too many: a sample of the long record stands for it.
        thinned = observed.size // 1000 if observed.size > 2000 else 1
        sample = np.sort(observed)[::thinned]
        reference = crps(np.repeat(sample[:, np.newaxis], observed.size, axis=1), observed)
        out["crpss"] = skill_against(crps(posterior, observed), reference)
    consistency = innovation_consistency(prior, posterior, observed, sigma)
    out["rank_bins"] = rank_bins(posterior, observed, sigma)
    return out | {f"desroziers_{name}": value for name, value in consistency.items()}


def error_scale(posterior: FloatArray, observed: FloatArray, sigma: FloatArray) -> float:
    """Return by what the assumed errors must be multiplied to be as large as those that are seen.

    The root of the mean of (observed - mean)^2 / (sigma^2 + ensemble variance), 1 at the least:
    structural errors are assumed, and this is what assimilated data say of them (after Desroziers
    et al. 2005, doi:10.1256/qj.05.108, whose ratios compare the same residuals with both means).
    """
    variance = sigma**2 + posterior.var(axis=0, ddof=1)
    ratio = float(np.mean((observed - posterior.mean(axis=0)) ** 2 / variance))
    return max(float(np.sqrt(ratio)), 1.0)


def named_degradations(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return site, stream and ratio of RMSE of every row of scores that got worse by a tenth."""
    found = []
    for row in rows:
        before, after = row["rmse_before"], row["rmse_after"]
        if after > DEGRADED * before:
            facts = {"site": row["site"], "stream": row["stream"]}
            found.append(facts | {"rmse_ratio": after / before if before > 0.0 else float("inf")})
    return found


def rank_bins(members: FloatArray, observed: FloatArray, sigma: FloatArray) -> list[int]:
    """Return the rank histogram of observations among disturbed members, in ten bins."""
    counts = rank_histogram(members, observed, seed=0, noise=sigma)
    edges = np.linspace(0.0, counts.size, RANK_BINS + 1)
    place = np.digitize(np.arange(counts.size) + 0.5, edges[1:-1])
    return [int(count) for count in np.bincount(place, weights=counts, minlength=RANK_BINS)]
