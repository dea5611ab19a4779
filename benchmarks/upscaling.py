"""Skill of upscaling at sites that were left out, and speed of prediction, beside the peers.

The table is ../shared/data/upscaling_monthly_predictors.csv.gz (165 real sites). Every method gets
the same features, rows and folds of sites. Our tree's settings are chosen inside each fold; the
others keep those stated in fluxscape.upscaling.methods. Cubist runs in .venv-peers (`make peers`)
on the same rows, and its last model is read by our evaluator: the ratio of prediction times is of
one and the same rules, our evaluator on one thread.

    .venv/bin/python benchmarks/upscaling.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NUMBA_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd

from _upscaling_ways import compare_on_simulated_landscape
from fluxscape.upscaling.cubist_text import read_model_text
from fluxscape.upscaling.features import learn_features
from fluxscape.upscaling.folds import fold_numbers
from fluxscape.upscaling.methods import fit_regressor, make_regressor
from fluxscape.upscaling.rules import RuleModel
from fluxscape.upscaling.skill import nse, split_skill
from fluxscape.upscaling.validation import Records, Validation, records_of, validate

TABLE = Path(__file__).resolve().parents[2] / "shared/data/upscaling_monthly_predictors.csv.gz"
PEER_PYTHON = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
TARGETS = ("GPP", "ET")
PLAIN = ("linear", "boosting", "forest", "extra-trees")
COMMITTEES = 10
TIMED_ROWS = 100_000


def plain_methods(
    records: Records, x: np.ndarray[Any, Any], fold: np.ndarray[Any, Any], quick: bool
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the predictions of scikit-learn's methods for the same folds."""
    found = {}
    for method in ("linear", "boosting") if quick else PLAIN:
        out = np.empty(fold.size)
        settings = {"max_iter": 60} if quick and method == "boosting" else {}
        for number in np.unique(fold):
            own = fold == number
            model = make_regressor(method, **settings)
            fit_regressor(model, x[~own], records.observed[~own], records.site[~own])
            out[own] = model.predict(x[own])
        found[method] = out
        say(f"{method}: {nse(records.observed, out):.4f}")
    return found


def say(text: str) -> None:
    """Show how far the run is, on stderr."""
    print(text, file=sys.stderr, flush=True)


def run_cubist(
    tables: dict[str, Any], committees: int
) -> tuple[dict[str, Any], dict[str, np.ndarray[Any, Any]]] | str:
    """Return Cubist's figures and predictions, or why there are none."""
    if not PEER_PYTHON.exists():
        return "not installed: make peers"
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "tables.npz"), Path(folder, "predicted.npz")
        np.savez(given, **tables)
        helper = Path(__file__).with_name("_upscaling_peers.py")
        command = [str(PEER_PYTHON), str(helper), str(given), str(committees), str(made)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
        with np.load(made, allow_pickle=False) as values:
            return json.loads(done.stdout), dict(values)


def time_rules(model: RuleModel, rows: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return the seconds that our evaluator takes, the best of three."""
    model.predict(rows[:10])
    best, cpu = np.inf, np.inf
    for _ in range(3):
        start, start_cpu = time.perf_counter(), time.process_time()
        model.predict(rows)
        best = min(best, time.perf_counter() - start)
        cpu = min(cpu, time.process_time() - start_cpu)
    return {"seconds": best, "cpu_seconds": cpu}


def skill_of(records: Records, predicted: np.ndarray[Any, Any]) -> dict[str, float]:
    return split_skill(records.observed, predicted, records.site, records.month)


def measure(quick: bool) -> dict[str, Any]:
    """Return the figures."""
    if not TABLE.exists():
        return {"note": "the table of sites is not beside the checkout: ../shared/data is absent"}
    frame = pd.read_csv(TABLE)
    n_folds = 3 if quick else 10
    settings = {"n_committees": 5} if quick else {}
    checked: dict[str, Validation] = {}
    predicted: dict[str, dict[str, np.ndarray[Any, Any]]] = {}
    tables: dict[str, Any] = {"targets": np.array(TARGETS)}
    for target in TARGETS:
        records = records_of(frame, target)
        fold = fold_numbers(records.site, n_folds, seed=0)
        x = learn_features(frame, target).matrix(frame)[records.rows]
        checked[target] = validate(
            frame, target, n_folds=n_folds, nested=not quick, settings=settings
        )
        predicted[target] = {"tree": checked[target].predicted}
        say(f"{target} tree: {nse(records.observed, checked[target].predicted):.4f}")
        predicted[target] |= plain_methods(records, x, fold, quick)
        tables |= {f"{target}_x": x, f"{target}_y": records.observed, f"{target}_fold": fold}
    rng = np.random.default_rng(0)
    rows = x[rng.integers(0, x.shape[0], 10_000 if quick else TIMED_ROWS)]
    tables["rows"] = rows + 0.01 * rng.normal(size=rows.shape) * x.std(axis=0)
    if quick:
        tables["targets"] = np.array(["ET"])
    found = run_cubist(tables, 2 if quick else COMMITTEES)
    result: dict[str, Any] = {"predict_ratio_cubist": None, "cubist": found}
    if not isinstance(found, str):
        facts, others = found
        model = read_model_text(facts.pop("model"), name="Cubist's model")
        ours = time_rules(model, tables["rows"])
        # CPU seconds: on busy cores the wall tells more of the neighbours than of the code.
        result["predict_ratio_cubist"] = facts["predict"]["cpu_seconds"] / ours["cpu_seconds"]
        result["predict_wall_ratio_cubist"] = facts["predict"]["seconds"] / ours["seconds"]
        difference = np.abs(model.predict(tables["rows"]) - others["timed"])
        result["cubist"] = facts | {
            "ours": ours,
            "difference_99": float(np.quantile(difference, 0.99)),
        }
        for target in TARGETS:
            if target in others:
                predicted[target]["cubist"] = others[target]
    ways = compare_on_simulated_landscape(6 if quick else 60)
    more = {"folds": n_folds, "quick": quick, "ways_simulated": ways}
    return result | summary(checked, predicted) | more


def summary(
    checked: dict[str, Validation], predicted: dict[str, dict[str, np.ndarray[Any, Any]]]
) -> dict[str, Any]:
    """Return skill, gaps and coverage."""
    skill = {
        target: {name: skill_of(checked[target].records, values) for name, values in made.items()}
        for target, made in predicted.items()
    }
    gaps = {
        target: max(parts["nse"] for parts in made.values()) - made["tree"]["nse"]
        for target, made in skill.items()
    }
    coverage = {target: check.coverage() for target, check in checked.items()}
    for values in coverage.values():
        del values["lower"], values["upper"]
    best = {
        target: max(made, key=lambda name, m=made: m[name]["nse"]) for target, made in skill.items()
    }
    return {
        "gpp_nse_lso": skill["GPP"]["tree"]["nse"],
        "et_nse_lso": skill["ET"]["tree"]["nse"],
        "best_nse_lso": {target: skill[target][name]["nse"] for target, name in best.items()},
        "best_method": best,
        "tree_gap": max(gaps.values()),
        "tree_gaps": gaps,
        "coverage90": float(np.mean([c["coverage_by_site"] for c in coverage.values()])),
        "coverage": coverage,
        "blend_nse_lso": {
            target: nse(
                checked[target].records.observed, np.mean(list(without(made, "linear")), axis=0)
            )
            for target, made in predicted.items()
        },
        "lags": [lag.text() for lag in checked["GPP"].features[0].lags],
        "settings": {target: check.settings for target, check in checked.items()},
        "skill": skill,
    }


def without(made: dict[str, np.ndarray[Any, Any]], name: str) -> list[np.ndarray[Any, Any]]:
    return [values for key, values in made.items() if key != name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer folds and trees, below 45 s")
    arguments = parser.parse_args()
    figures = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:>28}  {value}")


if __name__ == "__main__":
    main()
