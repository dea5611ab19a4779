"""Is an ensemble right about its own uncertainty? Scores that answer, each with its source."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from fluxscape.errors import DimsError

FloatArray = npt.NDArray[np.float64]


def interval_edges(members: FloatArray, share: float = 0.9) -> FloatArray:
    """Return the edges of the central interval of a sample, shape (2, ...).

    Of N exchangeable values, the truth as good as one of them lies below the k-th with probability
    k / (N + 1) (Weibull 1939; Hyndman and Fan 1996, doi:10.1080/00031305.1996.10473566, type 6).
    The usual quantiles of 100 members would hold 88 % instead of 90.
    """
    tail = 0.5 - 0.5 * share
    return np.asarray(np.quantile(members, (tail, 1.0 - tail), axis=0, method="weibull"))


def interval(values: FloatArray) -> dict[str, float]:
    """Return median and 90 % interval of a sample."""
    low, high = interval_edges(values)
    return {"median": float(np.median(values)), "p5": float(low), "p95": float(high)}


def variance_reduction(prior: FloatArray, posterior: FloatArray) -> FloatArray:
    """Return 1 - var(posterior) / var(prior) of each column, shape (quantity,)."""
    before, after = prior.var(axis=0, ddof=1), posterior.var(axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(before > 0.0, 1.0 - after / before, np.nan))


def coverage(
    members: FloatArray, truth: FloatArray, share: float = 0.9, noise: FloatArray | None = None
) -> float:
    """Return the share of values that lie within the central interval of the members.

    Parameters
    ----------
    members
        Shape (member, value).
    truth
        Observed or true values, shape (value,).
    share
        Probability of the interval.
    noise
        Standard deviations of errors of ``truth`` that the members do not hold: the interval is
        then that of member plus Gaussian noise, from the ensemble's own moments.

    Raises
    ------
    DimsError
        If shapes do not agree.
    """
    _check(members, truth)
    if noise is None:
        low, high = interval_edges(members, share)
    else:
        spread = np.sqrt(members.var(axis=0, ddof=1) + noise**2)
        reach = ndtri(0.5 + 0.5 * share) * spread
        low, high = members.mean(axis=0) - reach, members.mean(axis=0) + reach
    return float(np.mean((truth >= low) & (truth <= high)))


def rank_histogram(
    members: FloatArray, truth: FloatArray, seed: int, noise: FloatArray | None = None
) -> npt.NDArray[np.int64]:
    """Return how often the truth takes each rank among the members, shape (member + 1,).

    Members get random noise of the observations' errors before they are ranked, and ties fall at
    random (Hamill 2001, doi:10.1175/1520-0493(2001)129<0550:IORHFV>2.0.CO;2). A flat histogram
    means that truth and members could be told apart by nothing.
    """
    _check(members, truth)
    draw = np.random.default_rng(seed)
    disturbed = members
    if noise is not None:
        disturbed = members + noise * draw.standard_normal(members.shape)
    below = (disturbed < truth).sum(axis=0)
    equal = (disturbed == truth).sum(axis=0)
    ranks = below + draw.integers(0, equal + 1)
    return np.bincount(ranks, minlength=members.shape[0] + 1)


def crps(members: FloatArray, truth: FloatArray) -> FloatArray:
    """Return the continuous ranked probability score of each value, shape (value,).

    Mean |x - y| - mean |x - x'| / 2 over members, the second mean without the diagonal, which is
    fair to ensembles of any size (Ferro 2014, doi:10.1002/qj.2270). 0 is perfect.
    """
    _check(members, truth)
    count = members.shape[0]
    ordered = np.sort(members, axis=0)
    weight = 2.0 * np.arange(1, count + 1) - count - 1.0
    spread = (weight[:, np.newaxis] * ordered).sum(axis=0) / (count * (count - 1.0))
    return np.asarray(np.abs(members - truth).mean(axis=0) - spread)


def skill_against(score: FloatArray, reference: FloatArray) -> float:
    """Return 1 - mean score / mean reference score: 1 perfect, 0 as good as the reference."""
    base = float(np.mean(reference))
    return float(1.0 - np.mean(score) / base) if base > 0.0 else float("nan")


def innovation_consistency(
    prior: FloatArray, posterior: FloatArray, observed: FloatArray, sigma: FloatArray
) -> dict[str, float]:
    """Return error variances that the innovations imply over those assumed.

    Desroziers et al. 2005, doi:10.1256/qj.05.108: E[(y - Ha)(y - Hb)] = R (eq. 4) and
    E[(Ha - Hb)(y - Hb)] = H B H' (eq. 2), with ensemble means. Ratios near 1 say that assumed and
    realised errors agree; above 1 errors are larger than assumed.
    """
    _check(prior, observed)
    _check(posterior, observed)
    before, after = observed - prior.mean(axis=0), observed - posterior.mean(axis=0)
    scale = sigma**2
    model = prior.var(axis=0, ddof=1)
    return {
        "observation_error": float(np.mean(before * after / scale)),
        "prior_error": float(np.mean((before - after) * before) / np.mean(model)),
    }


def _check(members: FloatArray, truth: FloatArray) -> None:
    """Raise DimsError unless there are members of every value."""
    if members.ndim != 2 or members.shape[0] < 2 or members.shape[1:] != truth.shape:
        msg = (
            f"members of shape {members.shape} do not fit values of shape {truth.shape}: wanted "
            "(2 or more members, value)"
        )
        raise DimsError(msg)
