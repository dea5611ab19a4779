"""Real towers: calibrated together, judged on a year, and on towers, that were not seen.

Model: lean mode with basal respiration, before and after alike. Streams: daily means of measured
half-hours of NEE and of GPP partitioned from it. Errors of a model last for weeks, so that a day
counts a tenth of an independent observation (``WEIGHT``). Prior: half of the variance of types is
common to all types, a site departs from its type by 0.5 on the logit scale. All of that is assumed,
none of it was chosen by what came out.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import xarray as xr

from _skill_data import Tower
from fluxscape.assimilation.calibration import Calibration, CalibrationSettings, calibrate
from fluxscape.assimilation.diagnostics import coverage
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.scores import error_scale
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.dlm import parameters_for
from fluxscape.scores import score
from fluxscape.vocabulary import VARIABLES

STREAMS = ("nee", "gpp")
WEIGHT = 0.1
FEWEST = 2500
DEGRADED = 1.1
NEE = "net_ecosystem_exchange"


def measured(tower: Tower) -> xr.Dataset:
    times = tower.forcing["time"].to_numpy()
    return xr.Dataset(
        {
            name: (
                "time",
                series.reindex(pd.DatetimeIndex(times)).to_numpy(),
                VARIABLES[name].attrs(),
            )
            for name, series in tower.observed["half-hourly"].items()
        },
        coords={"time": times},
    )


def problem_of(tower: Tower, *, first=None, last=None, streams=("nee",), **options) -> SiteProblem:
    """Return the problem of a part of a tower's record, from step ``first`` to ``last``."""
    chosen = slice(first, last)
    return site_problem(
        tower.forcing.isel(time=chosen).assign_attrs(tower.forcing.attrs),
        measured(tower).isel(time=chosen),
        parameters_for(tower.igbp, tower.texture),
        site=tower.site,
        latitude=tower.latitude,
        longitude=tower.longitude,
        elevation=tower.elevation,
        streams=streams,
        **options,
    )


def measured_years(tower: Tower) -> list[int]:
    """Return the years of the forcing with :data:`FEWEST` measured half-hours of NEE."""
    years = tower.observed["half-hourly"][NEE].index.year
    found, count = np.unique(years, return_counts=True)
    return [int(year) for year, n in zip(found, count, strict=True) if n >= FEWEST]


def steps_of(tower: Tower, first: int, last: int) -> dict[str, int]:
    """Return the steps of some whole years."""
    years = tower.forcing["time"].to_numpy().astype("datetime64[Y]").astype(int) + 1970
    inside = np.flatnonzero((years >= first) & (years <= last))
    return {"first": int(inside[0]), "last": int(inside[-1]) + 1}


def fitted(towers: list[Tower], spans, settings: CalibrationSettings, threads: int) -> Calibration:
    """Calibrate all towers together on their spans of years."""
    weights = dict.fromkeys(STREAMS, WEIGHT)
    problems = [
        problem_of(
            tower,
            **steps_of(tower, *span),
            streams=STREAMS,
            weights=weights,
            years=range(span[0], span[1] + 1),
            mode="lean",
        )
        for tower, span in zip(towers, spans, strict=True)
    ]
    types = {tower.site: tower.igbp for tower in towers}
    return calibrate(problems, types, settings, threads=threads)


def scales(done: Calibration, index: int) -> dict[str, float]:
    """Return by stream how much larger errors were than assumed, on the calibrated years.

    Errors without the weight of the calibration, so that a day is a day.
    """
    seen, part = done.problems[index].observations, done.site_slice(index)
    predicted = done.result.predicted_posterior[:, part]
    sigma = seen.sigma * np.sqrt(WEIGHT)
    return {
        name: error_scale(
            predicted[:, seen.stream == i],
            np.asarray(seen.values)[seen.stream == i],
            sigma[seen.stream == i],
        )
        for i, name in enumerate(seen.streams)
    }


def judged(problem: SiteProblem, before, after, scale: dict[str, float]) -> list[dict[str, object]]:
    """Return scores by stream of predictions by default (observation,) and ensemble."""
    rows, seen = [], problem.observations
    for number, stream in enumerate(seen.streams):
        part = seen.stream == number
        truth, sigma, members = np.asarray(seen.values)[part], seen.sigma[part], after[:, part]
        good = np.isfinite(members).all(axis=1)
        members = members[good]
        old, new = score(before[part], truth), score(members.mean(axis=0), truth)
        rows.append(
            {"site": problem.site, "stream": stream, "step": seen.step, "n": int(part.sum())}
            | {f"{name}_before": old[name] for name in ("rmse", "r2", "nse", "bias")}
            | {f"{name}_after": new[name] for name in ("rmse", "r2", "nse", "bias")}
            | {
                "coverage90_assumed": coverage(members, truth, 0.9, noise=sigma),
                "coverage90": coverage(members, truth, 0.9, noise=scale[stream] * sigma),
                "error_scale": scale[stream],
            }
        )
    return rows


def held_out_years(
    towers: list[Tower], settings: CalibrationSettings, threads: int
) -> dict[str, object]:
    """Calibrate on up to two years, judge on the last."""
    chosen = [tower for tower in towers if len(measured_years(tower)) >= 2]
    spans = []
    for tower in chosen:
        years = measured_years(tower)
        spans.append((years[-3] if len(years) > 2 else years[-2], years[-2]))
    done = fitted(chosen, spans, settings, threads)
    rows = []
    for index, tower in enumerate(chosen):
        year = measured_years(tower)[-1]
        judge = problem_of(
            tower,
            **steps_of(tower, spans[index][0], year),
            streams=STREAMS,
            years=[year],
            mode="lean",
        )
        space = done.layout.spaces[tower.igbp]
        model = DlmForward(judge, space, threads=threads)
        before = model(space.prior_mean[np.newaxis])[0]
        after = model(done.layout.site_z(done.result.posterior, index))
        rows += judged(judge, before, after, scales(done, index))
    return {"held_out": rows} | counts(rows)


def counts(rows: list[dict[str, object]]) -> dict[str, object]:
    """Return how many towers got better or worse in NEE, and the same of GPP."""
    out: dict[str, object] = {}
    for stream in STREAMS:
        mine = [row for row in rows if row["stream"] == stream]
        ratio = np.array([row["rmse_after"] / row["rmse_before"] for row in mine])
        word = "towers" if stream == "nee" else f"{stream}_towers"
        out[f"{word}_improved"] = float(np.mean(ratio < 1.0))
        out[f"{word}_degraded"] = float(np.mean(ratio > DEGRADED))
        out[f"{stream}_coverage90"] = float(np.mean([row["coverage90"] for row in mine]))
    return out


def left_out_sites(
    towers: list[Tower], sites: list[str], settings: CalibrationSettings, threads: int
) -> dict[str, object]:
    """Calibrate on one year of all other towers, judge on half-hours of the one left out."""
    rows = []
    for site in sites:
        others = [tower for tower in towers if tower.site != site]
        away = next(tower for tower in towers if tower.site == site)
        spans = [(years[-1], years[-1]) for years in map(measured_years, others)]
        done = fitted(others, spans, settings, threads)
        judge = problem_of(away, streams=STREAMS, step="half-hourly", mode="lean")
        space = ParameterSpace.of(judge.parameters, settings.parameters, spread=settings.spread)
        z = done.layout.new_site(done.result.posterior, space, away.igbp, settings.seed)
        model = DlmForward(judge, space, threads=threads)
        before = model(space.prior_mean[np.newaxis])[0]
        found = [scales(done, index) for index in range(len(others))]
        scale = {name: float(np.median([item[name] for item in found])) for name in STREAMS}
        rows += judged(judge, before, model(z[:40]), scale)
    medians = {
        f"{stream}_{name}_{word}": float(
            np.median([row[f"{name}_{word}"] for row in rows if row["stream"] == stream])
        )
        for stream in STREAMS
        for name in ("r2", "nse")
        for word in ("before", "after")
    }
    return {"left_out": rows, "left_out_medians": medians}


def settings_for(quick: bool) -> CalibrationSettings:
    """Return how real towers are calibrated."""
    base = CalibrationSettings(members=60, passes=4, departures=0.5, common=0.5, seed=1)
    return replace(base, members=16, passes=2) if quick else base
