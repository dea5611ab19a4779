"""Speed and honesty of the assimilation: at one tower, with twins, and at all towers at once.

``seconds_4x100_5years``: four passes of 100 members over five years of half-hours of one tower, two
threads, spin-up and posterior run included. ``update_share``: the part of it that is not the model.
``twin_coverage90``: how often truth lies in the 90 % intervals of twin experiments with seven
parameters. ``towers_improved``, ``towers_degraded``: shares of towers whose held-out last year gets
better, or worse by more than a tenth, when all towers are calibrated together on the years before
(daily NEE; root mean squared error of the posterior mean against the prior median).
Reads FLUXNET2015 files beside the checkout (``--data``).

    .venv/bin/python benchmarks/assimilation.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from _skill_data import Tower, towers_of
from fluxscape.assimilation._update import kalman_move
from fluxscape.assimilation.calibration import CalibrationSettings, calibrate
from fluxscape.assimilation.dlm_forward import DlmForward, SiteProblem
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.twin import twin_experiment
from fluxscape.dlm import compile_dlm, parameters_for
from fluxscape.vocabulary import VARIABLES

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
TWIN_PARAMETERS = (
    "vcmax25",
    "stomatal_slope",
    "clumping_index",
    "stress_threshold",
    "heterotrophic_respiration10",
    "respiration_activation",
    "autotrophic_share",
)
THREADS = 2
DEGRADED = 1.1


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


def problem_of(tower: Tower, *, years=None, last=None, first=None) -> SiteProblem:
    chosen = slice(first, last)
    return site_problem(
        tower.forcing.isel(time=chosen).assign_attrs(tower.forcing.attrs),
        measured(tower).isel(time=chosen),
        parameters_for(tower.igbp, tower.texture),
        site=tower.site,
        latitude=tower.latitude,
        longitude=tower.longitude,
        elevation=tower.elevation,
        streams=("nee",),
        years=years,
    )


def speed(tower: Tower, quick: bool) -> dict[str, float]:
    problem = problem_of(tower, last=17_520 if quick else None)
    settings = CalibrationSettings(members=20 if quick else 100, passes=1 if quick else 4)
    started = time.perf_counter()
    calibrate([problem], {tower.site: "x"}, settings, threads=THREADS)
    seconds = time.perf_counter() - started
    years = problem.forcing.air_temperature.shape[1] / 17_520.0
    runs = settings.members * (settings.passes + 1) * (years + 1.0)
    wanted = 100 * 5 * 6.0
    count = problem.observations.size
    draw = np.random.default_rng(1)
    started = time.perf_counter()
    kalman_move(
        draw.normal(size=(100, 8)),
        draw.normal(size=(100, count)),
        draw.normal(size=(100, count)),
        np.ones(count),
        4.0,
    )
    update = 4 * (time.perf_counter() - started)
    scaled = seconds * wanted / runs
    return {
        "seconds_4x100_5years": scaled,
        "seconds_note": "measured" if not quick else f"scaled from {seconds:.1f} s",
        "update_share": update / scaled,
        "site_years_per_second": runs / seconds,
    }


def twins(tower: Tower, quick: bool) -> dict[str, object]:
    problem = problem_of(tower, last=17_520)
    if quick:
        problem = problem_of(tower, first=7_200, last=7_200 + 90 * 48)
    settings = CalibrationSettings(
        members=30 if quick else 100, passes=3 if quick else 4, parameters=TWIN_PARAMETERS, seed=11
    )
    found = twin_experiment(problem, settings, trials=3 if quick else 20, threads=THREADS)
    facts = found.to_dict()
    return {
        "twin_coverage90": facts["coverage90"],
        "twin_trials": facts["trials"],
        "twin_parameters": facts["parameters"],
    }


def held_out(towers: list[Tower], quick: bool) -> dict[str, object]:
    problems, judges, types = [], [], {}
    for tower in towers:
        years = sorted({int(str(t)[:4]) for t in tower.observed["daily"][NEE].index})
        if len(years) < 2:
            continue
        problems.append(problem_of(tower, years=years[:-1]))
        judges.append(problem_of(tower, years=years[-1:]))
        types[tower.site] = tower.igbp
    settings = CalibrationSettings(
        members=16 if quick else 60, passes=2 if quick else 4, spread=0.5
    )
    done = calibrate(problems, types, settings, threads=THREADS)
    rows = []
    for index, judge in enumerate(judges):
        space = done.layout.spaces[types[judge.site]]
        model = DlmForward(judge, space, threads=THREADS)
        z = done.layout.site_z(done.result.posterior, index)
        seen = np.asarray(judge.observations.values)
        before = model(space.prior_mean[np.newaxis])[0]
        after = model(z).mean(axis=0)
        rows.append(
            {
                "site": judge.site,
                "n": int(seen.size),
                "rmse_before": float(np.sqrt(np.mean((before - seen) ** 2))),
                "rmse_after": float(np.sqrt(np.mean((after - seen) ** 2))),
            }
        )
    ratio = np.array([row["rmse_after"] / row["rmse_before"] for row in rows])
    return {
        "towers_improved": float(np.mean(ratio < 1.0)),
        "towers_degraded": float(np.mean(ratio > DEGRADED)),
        "held_out": rows,
    }


NEE = "net_ecosystem_exchange"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FLUXNET2015 files")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quick", action="store_true", help="fewer members, trials and towers")
    arguments = parser.parse_args()
    if not (arguments.data / "fluxnet2015_halfhourly.parquet").exists():
        sys.stderr.write(f"no FLUXNET2015 files in {arguments.data}; give --data FOLDER\n")
        return 2
    compile_dlm()
    towers = towers_of(arguments.data, ["CN-HaM", "CN-Qia"] if arguments.quick else None)
    by_site = {tower.site: tower for tower in towers}
    facts: dict[str, object] = speed(
        by_site["CN-HaM" if arguments.quick else "DE-Hai"], arguments.quick
    )
    facts |= twins(by_site["CN-HaM"], arguments.quick)
    facts |= held_out(towers, arguments.quick)
    if arguments.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
