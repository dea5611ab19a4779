"""Speed and agreement of the trend kernel against pymannkendall, on series of 34 years.

Both are timed in CPU seconds of one thread, in turns, on the same trendless and trending rows. The
peer is no dependency: it runs in ``.venv-peers`` if that exists (``pip install pymannkendall``
there), and the result says so if it does not.

    .venv/bin/python benchmarks/trends.py --json [--quick]

With ``--rates`` it measures instead how often each test calls a series significant at 5 %, with
``--intervals`` how often each interval of the slope holds the true one: the tables of
``docs/methods/trends.md``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from fluxscape.atlas import _kernels as kernels
from fluxscape.atlas import _kernels_variants as variants
from fluxscape.atlas.breaks import slope_interval_by_blocks
from fluxscape.atlas.trend_intervals import memory_interval
from fluxscape.atlas.trends import series_trend

YEARS = 34
PEERS = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"

_PEER_CODE = """
import sys, time, json
import numpy as np
import pymannkendall
rows = np.load(sys.argv[1], allow_pickle=False)
pymannkendall.original_test(rows[0])
start = time.process_time()
results = [pymannkendall.original_test(row) for row in rows]
seconds = time.process_time() - start
np.save(sys.argv[2], np.array([[r.slope, r.s, r.var_s, r.p] for r in results]))
print(json.dumps({"seconds": seconds, "version": pymannkendall.__version__}))
"""


def sample_rows(count: int, seed: int = 1) -> np.ndarray:
    """Return annual series: half rounded (ties), half continuous, half of each with a trend."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(350.0, 20.0, (count, YEARS))
    rows[1::2] += 0.7 * np.arange(YEARS)
    rows[: count // 2] = rows[: count // 2].round()
    return rows


def run_kernel(rows: np.ndarray, method: int = kernels.MANN_KENDALL) -> tuple[float, np.ndarray]:
    """Return CPU seconds of one thread and the statistics."""
    out = np.empty((rows.shape[0], kernels.COLUMNS))
    times = np.arange(float(YEARS))
    start = time.process_time()
    kernels.trend_block(rows, times, 1.0, 10, method, out)
    return time.process_time() - start, out


def run_peer(rows: np.ndarray) -> tuple[dict[str, Any], np.ndarray] | None:
    """Return the peer's seconds and statistics, or None where it is not installed."""
    if not PEERS.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "rows.npy"), Path(folder, "out.npy")
        np.save(given, rows)
        command = [str(PEERS), "-c", _PEER_CODE, str(given), str(made)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return None
        return json.loads(done.stdout), np.load(made, allow_pickle=False)


def measure(quick: bool) -> dict[str, Any]:
    """Return the figures."""
    rows = sample_rows(20_000 if quick else 100_000)
    run_kernel(rows[:2])
    run_kernel(rows[:2], kernels.WANG_SWAIL)
    few = rows[: len(rows) // 2 - 500 : 20][:500]
    few = np.concatenate([few, rows[-500:]])
    speeds, ratios = [], []
    result: dict[str, Any] = {"years": YEARS, "rows": len(rows), "threads": 1}
    peer = None
    for _ in range(2 if quick else 5):
        peer = run_peer(few)
        seconds, _out = run_kernel(rows)
        speeds.append(len(rows) / seconds)
        if peer:
            ratios.append(speeds[-1] * peer[0]["seconds"] / len(few))
    result["pixels_per_second"] = round(float(np.median(speeds)))
    seconds, _out = run_kernel(rows, kernels.WANG_SWAIL)
    result["pixels_per_second_wang_swail"] = round(len(rows) / seconds)
    if peer is None:
        result["ratio_pymannkendall"] = None
        result["max_slope_difference"] = None
        result["peer"] = "absent: .venv-peers has no pymannkendall"
        return result
    ours = run_kernel(few)[1]
    columns = [kernels.SLOPE, kernels.S, kernels.VARIANCE, kernels.P_VALUE]
    difference = np.abs(ours[:, columns] - peer[1]).max(axis=0)
    names = ("slope", "s", "variance", "p")
    result["ratio_pymannkendall"] = round(float(np.median(ratios)), 1)
    result |= {f"max_{n}_difference": float(d) for n, d in zip(names, difference, strict=True)}
    result["peer"] = f"pymannkendall {peer[0]['version']} original_test"
    return result


METHODS = {
    "mann_kendall": kernels.MANN_KENDALL,
    "prewhitened": kernels.PREWHITENED,
    "wang_swail": kernels.WANG_SWAIL,
    "hamed_rao": variants.HAMED_RAO,
    "trend_free": variants.TREND_FREE,
}


def run_method(rows: np.ndarray, method: int) -> np.ndarray:
    """Return the statistics by one of the tests."""
    if method not in (variants.HAMED_RAO, variants.TREND_FREE):
        return run_kernel(rows, method)[1]
    out = np.empty((rows.shape[0], kernels.COLUMNS))
    variants.variant_rows(rows, np.arange(float(YEARS)), 1.0, 10, method, out)
    return out


def intervals(count: int) -> dict[str, Any]:
    """Return how often each 95 % interval of the slope holds the true one, and its mean width."""
    rng = np.random.default_rng(2)
    times = np.arange(float(YEARS))
    table: dict[str, Any] = {"series": count, "years": YEARS, "share": 0.95}
    for memory in (0.0, 0.3, 0.5, 0.7):
        held: dict[str, list[bool]] = {}
        wide: dict[str, list[float]] = {}
        for row in autoregressive(rng, count, memory) + 0.03 * times:
            found = series_trend(row, times)
            memory_ends = memory_interval(row, times, found=found)
            ends = {
                "plain": (found.slope_low, found.slope_high),
                "memory": (memory_ends.low, memory_ends.high),
                "blocks": slope_interval_by_blocks(row, times, resamples=199),
            }
            for name, (low, high) in ends.items():
                held.setdefault(name, []).append(low <= 0.03 <= high)
                wide.setdefault(name, []).append(high - low)
        table[f"memory {memory}"] = {
            name: [round(float(np.mean(held[name])), 3), round(float(np.mean(wide[name])), 3)]
            for name in held
        }
    return table


def rates(count: int) -> dict[str, Any]:
    """Return the share of AR(1) series that each test calls significant, by trend and memory.

    The trend is given in standard deviations of the series a year.
    """
    rng = np.random.default_rng(1)
    times = np.arange(float(YEARS))
    table: dict[str, Any] = {"series": count, "years": YEARS, "significance": 0.05}
    for slope in (0.0, 0.03, 0.06, 0.1, 0.3):
        for memory in (0.0, 0.1, 0.2, 0.3, 0.5, 0.7):
            rows = autoregressive(rng, count, memory) + slope * times
            found = {}
            for name, method in METHODS.items():
                out = run_method(rows, method)
                found[name] = round(float((out[:, kernels.P_VALUE] < 0.05).mean()), 3)
            table[f"trend {slope} memory {memory}"] = found
    return table


def autoregressive(rng: np.random.Generator, count: int, memory: float) -> np.ndarray:
    """Return AR(1) series of unit variance, begun long before."""
    before = 60
    shocks = rng.normal(size=(count, before + YEARS))
    for i in range(1, before + YEARS):
        shocks[:, i] += memory * shocks[:, i - 1]
    return shocks[:, before:] * np.sqrt(1.0 - memory**2)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON only")
    parser.add_argument("--quick", action="store_true", help="fewer rows and rounds")
    parser.add_argument("--rates", action="store_true", help="rates of false and found trends")
    parser.add_argument("--intervals", action="store_true", help="how often intervals hold")
    arguments = parser.parse_args()
    if arguments.intervals:
        result = intervals(200 if arguments.quick else 2_000)
    elif arguments.rates:
        result = rates(2_000 if arguments.quick else 20_000)
    else:
        result = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
