"""Is a seasonal efficiency better than a constant one? Judged at sites left out.

Four variants of one model differ in the efficiency alone: ``published`` parameters; one
``constant`` for all sites; one ``by_type``; ``seasonal``, regressed on phenology by type. All but
the first are fitted by the same least squares to the same windows of all other sites, so what
differs is what the efficiency may depend on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import OutOfBoundsError, did_you_mean
from fluxscape.lue.seasonal import Windows
from fluxscape.scores import score

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

VARIANTS: Final = ("published", "constant", "by_type", "seasonal")
"""Variants that are compared."""

SCORES: Final = ("r2", "nse", "rmse", "bias")
"""Scores of a site."""

HIGHEST_QUANTILE: Final = 0.99
"""Quantile of the retrieved efficiencies of the training windows that no prediction may pass: a
regression must not run away where phenology lies outside what it saw."""

RESAMPLES: Final = 10_000

_FEWEST_SITES: Final = 3
"""Sites that a type needs for an efficiency of its own; types with fewer share that of all."""

_FEWEST_WINDOWS: Final = 12
"""Windows that a site needs to be scored."""

_RIDGE: Final = 1e-3
"""Weight of the prior that standardised predictors do nothing, relative to the data's."""


@dataclass(frozen=True)
class Difference:
    """A paired difference of two variants over sites.

    Attributes
    ----------
    score, first, second
        Score, and the variants whose difference (first less second) it is.
    median, lower, upper
        Median over sites and its 95 % interval from resampling sites.
    share_improved
        Share of sites at which the first variant is better.
    verdict
        ``"better"``, ``"worse"`` or ``"no clear difference"``, as the interval excludes zero or
        not.
    """

    score: str
    first: str
    second: str
    median: float
    lower: float
    upper: float
    share_improved: float
    verdict: str


@dataclass(frozen=True)
class Comparison:
    """Scores of variants at sites that were left out.

    Attributes
    ----------
    sites
        Names, shape (site,).
    scores
        By variant and score, shape (site,).
    medians
        By variant and score, over sites.
    differences
        Of ``seasonal`` from the others.
    """

    sites: npt.NDArray[np.str_]
    scores: dict[str, dict[str, FloatArray]]
    medians: dict[str, dict[str, float]]
    differences: tuple[Difference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return medians and differences as plain data."""
        return {
            "n_sites": int(self.sites.size),
            "medians": self.medians,
            "differences": [vars(item) for item in self.differences],
        }


def compare_variants(
    windows: Windows,
    *,
    split: str = "site",
    variants: Sequence[str] = VARIANTS,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Return the comparison of constant, by-type and seasonal efficiency.

    Parameters
    ----------
    windows
        Of several sites; incomplete ones are left out.
    split
        ``"site"``, the only one: half-hours, days and months of a site resemble each other, and
        random splits would let every variant peek.
    variants
        Of :data:`VARIANTS`.
    seed, resamples
        Of the bootstrap over sites.

    Raises
    ------
    OutOfBoundsError
        If the split is another, a variant unknown, or fewer than three sites can be scored.
    """
    if split != "site":
        msg = f"split must be 'site': random splits score what was seen; got {split!r}"
        raise OutOfBoundsError(msg, got=split)
    unknown = [name for name in variants if name not in VARIANTS]
    if unknown:
        msg = f"there is no variant {unknown[0]!r}, wanted some of {', '.join(VARIANTS)}."
        raise OutOfBoundsError(msg + did_you_mean(unknown[0], VARIANTS), got=unknown[0])
    table = windows.complete()
    predicted = {name: leave_one_site_out(table, name) for name in variants}
    sites = np.array(
        [s for s in np.unique(table.site) if (table.site == s).sum() >= _FEWEST_WINDOWS]
    )
    if sites.size < _FEWEST_SITES:
        msg = f"{sites.size} sites have {_FEWEST_WINDOWS} windows or more, wanted {_FEWEST_SITES}"
        raise OutOfBoundsError(msg, sites=sites.size)
    scores: dict[str, dict[str, FloatArray]] = {}
    for name, values in predicted.items():
        rows = [
            score(values[table.site == site], table.production[table.site == site])
            for site in sites
        ]
        scores[name] = {key: np.array([row[key] for row in rows]) for key in SCORES}
    medians = {
        name: {key: float(np.nanmedian(values)) for key, values in by_score.items()}
        for name, by_score in scores.items()
    }
    differences = tuple(
        paired_bootstrap(scores, key, "seasonal", other, seed=seed, resamples=resamples)
        for other in variants
        if other != "seasonal" and "seasonal" in variants
        for key in ("r2", "nse", "rmse")
    )
    return Comparison(sites, scores, medians, differences)


def leave_one_site_out(windows: Windows, variant: str) -> FloatArray:
    """Return production of each window [umol m-2 s-1], fitted to all other sites."""
    if variant == "published":
        return windows.published
    out = np.full(windows.production.shape, np.nan)
    for site in np.unique(windows.site):
        test = windows.site == site
        out[test] = predict(windows, ~test, test, variant)
    return out


def predict(windows: Windows, train: BoolArray, test: BoolArray, variant: str) -> FloatArray:
    """Return production of the ``test`` windows, fitted to the ``train`` windows.

    The efficiency is fitted to the retrieved one with the square of light as weight, which makes
    the errors those of production. One factor from the training sites then turns a maximum into
    what is reached on average; of the plain ratio it is 1.
    """
    efficiency = _apply(windows, _fit(windows, train, variant))
    types = np.unique(windows.plant_type) if variant != "constant" else ()
    for kind in types:
        same = windows.plant_type == kind
        if np.unique(windows.site[train & same]).size >= _FEWEST_SITES:
            efficiency[same] = _apply(windows, _fit(windows, train & same, variant))[same]
    guess = efficiency * windows.light
    reached = float(guess[train] @ windows.production[train] / (guess[train] @ guess[train]))
    return np.asarray(reached * guess[test])


def _fit(windows: Windows, rows: BoolArray, variant: str) -> FloatArray:
    """Return the efficiency's regression, shape (3, 1 + k).

    Rows: coefficients; limit and means of predictors; 1 and their spreads.
    """
    seasonal = variant == "seasonal"
    x = windows.predictors[rows] if seasonal else np.empty((int(rows.sum()), 0))
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread[spread == 0.0] = 1.0
    design = np.column_stack([np.ones(x.shape[0]), (x - mean) / spread])
    weight = windows.light[rows] ** 2
    normal = design.T @ (design * weight[:, None])
    ridge = _RIDGE * weight.sum() * np.eye(design.shape[1])
    ridge[0, 0] = 0.0
    slopes = np.linalg.solve(normal + ridge, design.T @ (weight * windows.efficiency[rows]))
    limit = np.quantile(windows.efficiency[rows], HIGHEST_QUANTILE)
    return np.vstack([slopes, np.append(limit, mean), np.append(1.0, spread)])


def _apply(windows: Windows, fit: FloatArray) -> FloatArray:
    """Return the fitted efficiency of all windows, held between 0 and the limit."""
    k = fit.shape[1] - 1
    scaled = (windows.predictors[:, :k] - fit[1, 1:]) / fit[2, 1:]
    return np.asarray(np.clip(fit[0, 0] + scaled @ fit[0, 1:], 0.0, fit[1, 0]))


def paired_bootstrap(
    scores: dict[str, dict[str, FloatArray]],
    name: str,
    first: str,
    second: str,
    *,
    seed: int = 1,
    resamples: int = RESAMPLES,
) -> Difference:
    """Return the median over sites of ``first`` less ``second`` and its 95 % interval.

    Sites are drawn with replacement, both variants of a site together (Efron and Tibshirani 1993,
    percentile interval).
    """
    difference = scores[first][name] - scores[second][name]
    difference = difference[np.isfinite(difference)]
    draw = np.random.default_rng(seed).integers(0, difference.size, (resamples, difference.size))
    medians = np.median(difference[draw], axis=1)
    lower, upper = (float(value) for value in np.quantile(medians, (0.025, 0.975)))
    sign = -1.0 if name == "rmse" else 1.0
    verdict = "no clear difference"
    if lower > 0.0 or upper < 0.0:
        verdict = "better" if sign * (lower + upper) > 0.0 else "worse"
    return Difference(
        name,
        first,
        second,
        float(np.median(difference)),
        lower,
        upper,
        float(np.mean(sign * difference > 0.0)),
        verdict,
    )
