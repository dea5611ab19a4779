"""Speed and honesty of the assimilation: at one tower, with twins, and at all towers at once.

``seconds_4x100_5years``: four passes of 100 members over five years of half-hours of one tower, two
threads, spin-up and prior run included (``lean_seconds_4x100_5years``: in the lean mode).
``update_share``: the part of it that is not the model. ``twin_coverage90``: how often truth lies in
the 90 % intervals of twin experiments with seven parameters (lean mode; ``--method`` for others).
``reference``: medians and spreads of four parameters by Monte Carlo and by the ensemble, at a real
tower. ``towers_improved``, ``towers_degraded``: shares of towers whose held-out last year gets
better, or worse by more than a tenth, when all towers are calibrated together on the years before
(daily NEE; root mean squared error of the posterior mean against the default parameters).
``left_out``: scores at the Chinese towers, each calibrated by all others only.
Reads FLUXNET2015 files beside the checkout (``--data``).

    .venv/bin/python benchmarks/assimilation.py --json [--quick] [--only speed,twins]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from _assimilation_towers import (
    held_out_years,
    left_out_sites,
    problem_of,
    settings_for,
)
from _skill_data import Tower, towers_of
from fluxscape.assimilation.calibration import CalibrationSettings, calibrate
from fluxscape.assimilation.dlm_forward import DlmForward
from fluxscape.assimilation.iterative import sensitivity
from fluxscape.assimilation.sampler import sample_posterior
from fluxscape.assimilation.twin import twin_experiment
from fluxscape.dlm import compile_dlm

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
REFERENCE_PARAMETERS = (
    "vcmax25",
    "heterotrophic_respiration10",
    "respiration_activation",
    "autotrophic_share",
)
CHINESE = ("CN-Cha", "CN-Dan", "CN-Din", "CN-Du2", "CN-HaM", "CN-Qia")
TWIN_SEED = 2026
THREADS = 2
YEAR = 17_520


def speed(tower: Tower, quick: bool) -> dict[str, object]:
    problem = problem_of(tower, last=YEAR if quick else None)
    settings = CalibrationSettings(members=20 if quick else 100, passes=1 if quick else 4)
    years = problem.forcing.air_temperature.shape[1] / YEAR
    runs = settings.members * (settings.passes + 1) * (years + 1.0)
    out: dict[str, object] = {}
    for mode in ("full", "lean"):
        started = time.perf_counter()
        calibrate([replace(problem, mode=mode)], {tower.site: "x"}, settings, threads=THREADS)
        seconds = time.perf_counter() - started
        word = "" if mode == "full" else "lean_"
        out[f"{word}seconds_4x100_5years"] = seconds * 100 * 5 * 6.0 / runs
        out[f"{word}site_years_per_second"] = runs / seconds
    out["seconds_note"] = "scaled from a small run" if quick else f"measured over {years:.2f} years"
    return out | {"update_share": update_seconds(problem) / out["seconds_4x100_5years"]}


def update_seconds(problem) -> float:
    """Return the seconds of four regressions and solutions of 100 members and 8 parameters."""
    count = problem.observations.size
    draw = np.random.default_rng(1)
    z, predicted = draw.normal(size=(100, 8)), draw.normal(size=(100, count))
    started = time.perf_counter()
    for _ in range(4):
        found = sensitivity(z, predicted)
        np.linalg.solve(found @ found.T + np.eye(8), (predicted @ found.T).T)
    return time.perf_counter() - started


def twins(tower: Tower, quick: bool, method: str) -> dict[str, object]:
    span = {"first": 7_200, "last": 7_200 + 90 * 48} if quick else {"last": YEAR}
    settings = CalibrationSettings(
        method=method,
        members=30 if quick else 100,
        passes=3 if quick else 4,
        parameters=TWIN_PARAMETERS,
        seed=TWIN_SEED,
    )
    found = twin_experiment(
        problem_of(tower, **span, mode="lean"), settings, trials=3 if quick else 20, threads=THREADS
    )
    facts = found.to_dict()
    return {
        "twin_method": method,
        "twin_coverage90": facts["coverage90"],
        "twin_trials": facts["trials"],
        "twin_by_trial": found.inside.mean(axis=1).tolist(),
        "twin_parameters": facts["parameters"],
    }


def reference(tower: Tower, quick: bool) -> dict[str, object]:
    """Compare ensembles with Monte Carlo: daily NEE of a summer, four parameters."""
    problem = problem_of(tower, first=7_200, last=7_200 + (30 if quick else 90) * 48, mode="lean")
    seen = problem.observations
    out: dict[str, object] = {"parameters": REFERENCE_PARAMETERS, "days": seen.size}
    for method, passes in (("ies", None), ("es-mda", 4)):
        settings = CalibrationSettings(
            method=method, passes=passes, parameters=REFERENCE_PARAMETERS, seed=5
        )
        done = calibrate([problem], {tower.site: "x"}, settings, threads=THREADS)
        space = done.layout.spaces["x"]
        z = done.result.posterior
        out[method] = {"mean": z.mean(axis=0).tolist(), "spread": z.std(axis=0, ddof=1).tolist()}
    sample = sample_posterior(
        space,
        DlmForward(problem, space, threads=THREADS),
        seen.values,
        seen.sigma,
        steps=120 if quick else 1500,
        seed=5,
        walkers=16,
    )
    exact = {"mean": sample.z.mean(axis=0), "spread": sample.z.std(axis=0, ddof=1)}
    out["emcee"] = {name: values.tolist() for name, values in exact.items()}
    out["autocorrelation"] = sample.autocorrelation.tolist()
    for method in ("ies", "es-mda"):
        away = (np.array(out[method]["mean"]) - exact["mean"]) / exact["spread"]
        out[f"{method}_away_in_spreads"] = away.tolist()
        out[f"{method}_spread_ratio"] = (out[method]["spread"] / exact["spread"]).tolist()
    return {"reference": out}


PARTS = ("speed", "twins", "reference", "towers", "sites")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FLUXNET2015 files")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quick", action="store_true", help="fewer members, trials and towers")
    parser.add_argument("--method", choices=("ies", "es-mda"), default="ies", help="of the twins")
    parser.add_argument(
        "--only", default=",".join(PARTS), help=f"parts, separated by commas: {', '.join(PARTS)}"
    )
    arguments = parser.parse_args()
    if not (arguments.data / "fluxnet2015_halfhourly.parquet").exists():
        sys.stderr.write(f"no FLUXNET2015 files in {arguments.data}; give --data FOLDER\n")
        return 2
    quick, parts = arguments.quick, arguments.only.split(",")
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    compile_dlm()
    towers = towers_of(arguments.data, ["CN-HaM", "CN-Du2"] if quick else None)
    by_site = {tower.site: tower for tower in towers}
    facts: dict[str, object] = {}
    if "speed" in parts:
        facts |= speed(by_site["CN-HaM" if quick else "DE-Hai"], quick)
    if "twins" in parts:
        facts |= twins(by_site["CN-HaM"], quick, arguments.method)
    if "reference" in parts:
        facts |= reference(by_site["CN-HaM"], quick)
    if "towers" in parts:
        facts |= held_out_years(towers, settings_for(quick), THREADS)
    if "sites" in parts and not quick:
        facts |= left_out_sites(towers, list(CHINESE), settings_for(quick), THREADS)
    if arguments.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:24} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
