"""Test whether a seasonal maximum light-use efficiency predicts GPP better than a constant one.

For each model the efficiency is left as published, fitted as one constant, by plant functional
type, and as a regression on phenology by type, always on other towers than the one it is scored at:
months of up to 165 FLUXNET2015 towers, and eight-day windows of 13 half-hourly ones. Differences
are paired by tower, their intervals come from resampling towers. See docs/methods/lue.md.

    .venv/bin/python benchmarks/lue.py --json [--quick] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from _lue_data import eight_day_windows, half_hourly_runs, monthly_windows, read_monthly
from fluxscape.lue import MODELS
from fluxscape.lue.seasonal import METHODS, join_windows
from fluxscape.lue.validation import VARIANTS, compare_variants

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
QUICK_MODELS = ("mod17", "tl-lue")
HALF_HOURLY_MODELS = ("mod17", "tl-lue")


def measure(folder: Path, quick: bool, partition: str = "night") -> dict[str, Any]:
    if not folder.is_dir():
        return {"skipped": f"no tower data in {folder}: give --data"}
    start = time.perf_counter()
    table, lags = read_monthly(folder)
    facts: dict[str, Any] = {
        "lag_months": {name: lag.steps for name, lag in lags.items()},
        "correlation_at_zero": {name: lag.correlation[0] for name, lag in lags.items()},
        "correlation_at_lag": {name: lag.correlation[lag.steps] for name, lag in lags.items()},
        "partition": partition,
        "seed": 1,
        "rows": [],
    }
    resamples = 2_000 if quick else 10_000
    for model in QUICK_MODELS if quick else MODELS:
        parts, skipped = monthly_windows(table, model, partition)
        compared = compare_variants(join_windows(parts), resamples=resamples)
        row = {"data": "monthly", "model": model, "retrieval": "ratio", "not_run": len(skipped)}
        facts["rows"].append(row | compared.to_dict())
    for model in HALF_HOURLY_MODELS[:1] if quick else HALF_HOURLY_MODELS:
        runs = half_hourly_runs(folder, table, model, partition)
        for method in METHODS:
            windows = join_windows([eight_day_windows(run, method) for run in runs])
            compared = compare_variants(windows, resamples=resamples)
            row = {"data": "8 days", "model": model, "retrieval": method, "not_run": 13 - len(runs)}
            facts["rows"].append(row | compared.to_dict())
    return facts | {"seconds": round(time.perf_counter() - start, 1)}


def as_table(facts: dict[str, Any]) -> str:
    """Return the tables of docs/methods/lue.md: medians over towers, and paired differences."""
    first = ["data", "model", "retrieval"]
    head = [*first, "towers", "R2 fixed", "R2 seasonal", *(f"RMSE {name}" for name in VARIANTS)]
    medians, differences = [head, ["---"] * len(head)], []
    wanted = (("r2", "by_type"), ("nse", "by_type"), ("rmse", "by_type"), ("rmse", "constant"))
    head = [*first, *(f"{score} against {second}" for score, second in wanted)]
    differences += [head, ["---"] * len(head)]
    for row in facts["rows"]:
        name = [row["data"], row["model"], row["retrieval"]]
        fixed, seasonal = (row["medians"][variant]["r2"] for variant in ("by_type", "seasonal"))
        cells = [str(row["n_sites"]), f"{fixed:.2f}", f"{seasonal:.2f}"]
        medians.append(name + cells + [f"{row['medians'][v]['rmse']:.2f}" for v in VARIANTS])
        found = {(d["score"], d["second"]): d for d in row["differences"]}
        differences.append(name + [_difference(found[key]) for key in wanted])
    return (
        "\n".join("| " + " | ".join(row) + " |" for row in medians)
        + "\n\n"
        + "\n".join("| " + " | ".join(row) + " |" for row in differences)
    )


def _difference(found: dict[str, Any]) -> str:
    """Return a difference with its interval and, where it is clear, the verdict."""
    text = f"{found['median']:+.3f} ({found['lower']:+.3f} to {found['upper']:+.3f})"
    return text if found["verdict"] == "no clear difference" else f"{text} **{found['verdict']}**"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FLUXNET2015 files")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quick", action="store_true", help="two models, fewer resamples")
    parser.add_argument(
        "--partition",
        choices=("night", "day"),
        default="night",
        help="how the towers told GPP from NEE (night)",
    )
    arguments = parser.parse_args()
    facts = measure(arguments.data, arguments.quick, arguments.partition)
    if arguments.json or "skipped" in facts:
        print(json.dumps(facts))
    else:
        print(as_table(facts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
