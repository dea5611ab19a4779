"""Validation on what a calibration has not seen: whole years and whole sites, never half-hours.

Neighbouring half-hours and days are alike: left out at random, they would be known from those that
stayed. A year that is left out asks whether parameters hold in other weather, a site that is left
out whether they hold elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from fluxscape.assimilation.calibration import Calibration, CalibrationSettings, calibrate
from fluxscape.assimilation.diagnostics import coverage
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.observations import Observations
from fluxscape.assimilation.scores import ensemble_scores, named_degradations
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import OutOfBoundsError

FloatArray = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]
Row = dict[str, Any]

WAYS: Final = ("year", "site")


def held_out_rows(
    problem: SiteProblem,
    space: ParameterSpace,
    prior: FloatArray,
    posterior: FloatArray,
    *,
    threads: int = 1,
) -> list[Row]:
    """Return scores by stream of observations that were not assimilated.

    Parameters
    ----------
    problem
        Site with the observations that were held out.
    space
        Of the parameters.
    prior, posterior
        z of the site's members, shape (member, parameter).
    threads
        Threads of each run.

    Returns
    -------
    list of dict
        ``site``, ``stream``, ``n``, those of
        :func:`fluxscape.assimilation.scores.ensemble_scores`, and ``coverage90_before``; streams
        with fewer than two observations are left out.
    """
    forward, seen = DlmForward(problem, space, threads=threads), problem.observations
    before, after = forward(prior), forward(posterior)
    good = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    rows = []
    for number, stream in enumerate(seen.streams):
        part = seen.stream == number
        if part.sum() < 2:
            continue
        old, new = before[good][:, part], after[good][:, part]
        values, sigma = seen.values[part], seen.sigma[part]
        rows.append(
            {"site": problem.site, "stream": stream, "n": int(part.sum())}
            | ensemble_scores(old, new, values, sigma)
            | {"coverage90_before": coverage(old, values, 0.9, noise=sigma)}
        )
    return rows


def leave_one_out(
    problems: Sequence[SiteProblem],
    types: Mapping[str, str],
    settings: CalibrationSettings,
    *,
    by: str,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> dict[str, Any]:
    """Calibrate without each year, or each site, in turn, and score what was left out.

    Parameters
    ----------
    problems, types, settings, threads, on_progress
        As in :func:`fluxscape.assimilation.calibration.calibrate`.
    by
        One of :data:`WAYS`.

    Returns
    -------
    dict
        ``by``; ``rows`` as of :func:`held_out_rows` with ``left_out``, the year or the site;
        ``improved``, the share of rows whose RMSE fell; ``degraded``, those where it grew by a
        tenth; ``coverage90``, the mean over rows.

    Raises
    ------
    OutOfBoundsError
        If there is but one year, or one site.
    """
    if by not in WAYS:
        msg = f"what is left out must be one of {', '.join(WAYS)}, got {by!r}"
        raise OutOfBoundsError(msg, got=by)
    folds = _years(problems) if by == "year" else [item.site for item in problems]
    if len(folds) < 2:
        msg = f"nothing can be left out of one {by}: {folds[0]}"
        raise OutOfBoundsError(msg, got=len(folds))
    rows: list[Row] = []
    for number, fold in enumerate(folds):
        score = _score_year if by == "year" else _score_site
        found = score(problems, types, settings, fold, threads, _part(on_progress, number, folds))
        rows += [row | {"left_out": fold} for row in found]
    improved = [row["rmse_after"] < row["rmse_before"] for row in rows]
    return {
        "by": by,
        "rows": rows,
        "improved": float(np.mean(improved)),
        "degraded": named_degradations(rows),
        "coverage90": float(np.mean([row["coverage90"] for row in rows])),
    }


def _score_year(
    problems: Sequence[SiteProblem],
    types: Mapping[str, str],
    settings: CalibrationSettings,
    year: Any,
    threads: int,
    told: Progress | None,
) -> list[Row]:
    """Return scores of a year at the sites that have others too."""
    kept: list[tuple[SiteProblem, Observations | None]] = []
    for item in problems:
        away = _year_of(item) == year
        if not away.all():
            rest = replace(item, observations=item.observations.select(~away))
            kept.append((rest, item.observations.select(away) if away.any() else None))
    done = calibrate([item for item, _ in kept], types, settings, threads=threads, on_progress=told)
    rows = []
    for index, (item, away) in enumerate(kept):
        if away is None:
            continue
        layout, judge = done.layout, replace(item, observations=away)
        rows += held_out_rows(
            judge,
            layout.spaces[layout.types[index]],
            layout.site_z(done.result.prior, index),
            layout.site_z(done.result.posterior, index),
            threads=threads,
        )
    return rows


def _score_site(
    problems: Sequence[SiteProblem],
    types: Mapping[str, str],
    settings: CalibrationSettings,
    site: Any,
    threads: int,
    told: Progress | None,
) -> list[Row]:
    """Return scores of a site by what the others say of its type."""
    others = [item for item in problems if item.site != site]
    away = next(item for item in problems if item.site == site)
    done: Calibration = calibrate(others, types, settings, threads=threads, on_progress=told)
    space = ParameterSpace.of(away.parameters, settings.parameters, spread=settings.spread)
    prior, posterior = (
        done.layout.new_site(z, space, types[site], settings.seed)
        for z in (done.result.prior, done.result.posterior)
    )
    return held_out_rows(away, space, prior, posterior, threads=threads)


def _year_of(problem: SiteProblem) -> npt.NDArray[np.int64]:
    """Return the year of each observation."""
    return problem.observations.times.astype("datetime64[Y]").astype(np.int64) + 1970


def _years(problems: Sequence[SiteProblem]) -> list[int]:
    """Return the years that any site has observations of."""
    return sorted({int(year) for item in problems for year in np.unique(_year_of(item))})


def _part(on_progress: Progress | None, number: int, folds: Sequence[Any]) -> Progress | None:
    """Return a progress of one fold within all."""
    if on_progress is None:
        return None

    def report(share: float, message: str) -> None:
        on_progress((number + share) / len(folds), f"without {folds[number]}: {message}")

    return report
