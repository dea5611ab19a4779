"""Speed, memory and exactness of footprint climatologies, and the peers' on the same records.

A site-year is 17,520 half-hours on 501 x 501 cells of 4 m. The peers run one after another in
``.venv-peers`` (``make peers``) on the first records of the same year, each with its own defaults
for threads; their time per footprint is scaled to the year. Without ``.venv-peers`` their ratios
are null and ``peers`` says why.

    .venv/bin/python benchmarks/footprint.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from fluxscape._jit import kernel
from fluxscape.footprint import _kernels, footprint_climatology
from fluxscape.footprint.climatology import prepare
from fluxscape.footprint.grid import Grid
from fluxscape.meteorology.similarity import log_wind
from fluxscape.vocabulary import VARIABLES

YEAR = 17_520
STEP, HALF = 4.0, 1000.0
HEIGHT, ROUGHNESS = 20.0, 0.1
PEER_PYTHON = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
PEER_NAMES = ("fluxprint", "pyffp", "fluxfootprints")
SITE = {
    "measurement_height": HEIGHT,
    "displacement_height": 0.0,
    "roughness_length": ROUGHNESS,
}
OPERATIONS_PER_CELL = 44
"""Multiplications, additions and the like of one cell of the FFP row loop, divisions as four."""


def synthetic_year(count: int, seed: int = 7) -> xr.Dataset:
    """Return half-hours with a daily course of stability; every one is valid for every model."""
    rng = np.random.default_rng(seed)
    sun = np.sin(2.0 * np.pi * (np.arange(count) / 48.0 - 0.25))
    friction_velocity = np.clip(0.3 + 0.15 * sun + rng.normal(0.0, 0.08, count), 0.12, 0.9)
    heat = 150.0 * np.maximum(sun, 0.0) - 25.0 + rng.normal(0.0, 10.0, count)
    length = -(friction_velocity**3) * 288.0 / (0.4 * 9.81 * heat / 1200.0)
    length = np.sign(length) * np.clip(np.abs(length), 10.0, 1e5)
    wind = [
        log_wind(HEIGHT, ROUGHNESS, ustar, HEIGHT / L)
        for ustar, L in zip(friction_velocity.tolist(), length.tolist(), strict=True)
    ]
    values = {
        "friction_velocity": friction_velocity,
        "obukhov_length": length,
        "lateral_velocity_std": friction_velocity * rng.uniform(1.7, 2.6, count),
        "boundary_layer_height": 300.0 + 700.0 * np.maximum(sun, 0.0) + rng.uniform(0, 300, count),
        "wind_from_direction": np.mod(220.0 + rng.normal(0.0, 80.0, count), 360.0),
        "wind_speed": np.array(wind),
    }
    return xr.Dataset(
        {
            name: (("time",), value, {"units": VARIABLES[name].units})
            for name, value in values.items()
        },
        attrs={"data_status": "simulated"},
    )


def timed(records: xr.Dataset, model: str) -> tuple[float, float, xr.Dataset]:
    """Return wall and CPU seconds of one climatology, and the climatology."""
    start, cpu = time.perf_counter(), time.process_time()
    field = footprint_climatology(records, **SITE, model=model, resolution=STEP, extent=HALF)
    return time.perf_counter() - start, time.process_time() - cpu, field


def exactness(records: xr.Dataset, model: str) -> tuple[float, float]:
    """Return the L1 and the largest error against the plain sum, in shares of sum and peak."""
    ready = prepare(records, **SITE, model=model)
    grid = Grid.around(HALF, STEP)
    padded = grid.columns + (-grid.columns) % _kernels.PADDING
    fast, plain = np.zeros((grid.rows, padded)), np.zeros((grid.rows, grid.columns))
    arguments = (ready.table, ready.model.spread_kind, -HALF, -HALF, STEP, grid.columns)
    _kernels.accumulate(*arguments, fast)
    _kernels.accumulate_direct(*arguments, plain)
    error = np.abs(fast[:, : grid.columns] - plain)
    return float(error.sum() / plain.sum()), float(error.max() / plain.max())


@kernel
def _count_cells(
    plumes: np.ndarray[Any, Any], kind: int, half: float, step: float, columns: int
) -> int:
    """Return how many cells the fast loop visits."""
    lines = np.empty((_kernels.LINES, 3))
    cells = 0
    for record in range(plumes.shape[0]):
        _kernels.outline(plumes[record], kind, half * 1.5, lines)
        for i in range(columns):
            first, end = _kernels.clip_row(lines, -half, step, columns, -half + i * step)
            cells += end - first
    return cells


@kernel
def _multiply_and_add(values: np.ndarray[Any, Any], repeats: int) -> None:
    """Run eight independent chains of multiplications and additions over a small buffer."""
    factor, offset = np.float32(0.999), np.float32(1e-3)
    for _ in range(repeats):
        for i in range(values.size):
            x = values[i]
            x = x * factor + offset
            x = x * factor + offset
            x = x * factor + offset
            x = x * factor + offset
            values[i] = x


def operations_per_second() -> float:
    """Return what one core does in single precision without fused operations, by experiment."""
    values = np.ones(2048, dtype=np.float32)
    _multiply_and_add(values, 2)
    best = math.inf
    for _ in range(5):
        start = time.perf_counter()
        _multiply_and_add(values, 5000)
        best = min(best, time.perf_counter() - start)
    return 8.0 * 2048 * 5000 / best


def arithmetic_limit(records: xr.Dataset) -> dict[str, float]:
    """Return how long the arithmetic alone would take for a year of FFP, and what it rests on."""
    ready = prepare(records, **SITE, model="ffp")
    grid = Grid.around(HALF, STEP)
    cells = _count_cells(ready.table, ready.model.spread_kind, HALF, STEP, grid.columns)
    per_record = cells / ready.table.shape[0]
    speed = operations_per_second() * (os.cpu_count() or 1)
    return {
        "cells_per_footprint": per_record,
        "operations_per_second": speed,
        "limit_seconds_per_site_year": per_record * YEAR * OPERATIONS_PER_CELL / speed,
    }


def run_peer(name: str, records: xr.Dataset) -> tuple[dict[str, Any], np.ndarray[Any, Any]] | str:
    """Return the peer's figures and its climatology, or why there are none."""
    if not PEER_PYTHON.exists():
        return "not installed: make peers"
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "records.npz"), Path(folder, "field.npy")
        np.savez(
            given,
            zm=HEIGHT,
            z0=ROUGHNESS,
            h=records["boundary_layer_height"].to_numpy(),
            ol=records["obukhov_length"].to_numpy(),
            sigmav=records["lateral_velocity_std"].to_numpy(),
            ustar=records["friction_velocity"].to_numpy(),
            wind_dir=records["wind_from_direction"].to_numpy(),
            umean=records["wind_speed"].to_numpy(),
        )
        helper = Path(__file__).with_name("_footprint_peers.py")
        command = [str(PEER_PYTHON), str(helper), name, str(given), str(made)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            return done.stderr.strip().splitlines()[-1]
        return json.loads(done.stdout), np.load(made, allow_pickle=False)


def compare_with_peers(records: xr.Dataset, per_year: float, cpu_per_year: float) -> dict[str, Any]:
    """Return the ratios of speed and how far the peers' climatologies are from ours."""
    _, _, ours = timed(records, "ffp")
    field = ours["footprint"].to_numpy()
    result: dict[str, Any] = {"peers": {}}
    for name in PEER_NAMES:
        found = run_peer(name, records)
        result[f"ratio_{name}"] = None
        if isinstance(found, str):
            result["peers"][name] = found
            continue
        figures, other = found
        year = figures["seconds"] / figures["records"] * YEAR
        cpu_year = figures["cpu_seconds"] / figures["records"] * YEAR
        result[f"ratio_{name}"] = year / per_year
        result["peers"][name] = {
            **figures,
            "seconds_per_site_year": year,
            "cpu_ratio": cpu_year / cpu_per_year,
            "max_difference": float(np.nanmax(np.abs(other - field)) / field.max()),
        }
    return result


def measure(quick: bool) -> dict[str, Any]:
    """Return the figures."""
    records = synthetic_year(YEAR // 4 if quick else YEAR)
    scale = YEAR / records.sizes["time"]
    models = ("ffp", "km01", "safe-f", "hsieh")
    for model in models:
        timed(records.isel(time=slice(0, 4)), model)
    runs = {}
    for model in models:
        best = min(timed(records, model)[:2] for _ in range(1 if quick else 3))
        runs[model] = {"seconds": best[0] * scale, "cpu_seconds": best[1] * scale}
    month = records.isel(time=slice(0, 1488))
    errors = [exactness(records.isel(time=slice(0, 40 if quick else 200)), m) for m in models]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ffp = runs["ffp"]
    few = records.isel(time=slice(0, 12 if quick else 96))
    return {
        "seconds_per_site_year": ffp["seconds"],
        "cpu_seconds_per_site_year": ffp["cpu_seconds"],
        **compare_with_peers(few, ffp["seconds"], ffp["cpu_seconds"]),
        "peak_rss_mb": peak,
        "l1_error": max(error[0] for error in errors),
        "max_error": max(error[1] for error in errors),
        "models": runs,
        "month_seconds": min(timed(month, "ffp")[0] for _ in range(2)),
        "cores": os.cpu_count(),
        **arithmetic_limit(records.isel(time=slice(0, 500))),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer records, below 45 s")
    arguments = parser.parse_args()
    figures = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:>28}  {value}")


if __name__ == "__main__":
    main()
