"""Throughput, scaling and memory of the national run, and what a nation would cost.

A part of the nation runs tile by tile in one and in two worker processes, weather included; a tile
of 0.01 degrees (about 1 km) runs besides, and its cost is extrapolated to the nation and 34 years
with three of spin-up. Start-up of the workers does not count.

    .venv/bin/python benchmarks/atlas.py --json [--quick]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

from fluxscape.atlas.product import GPP
from fluxscape.atlas.run import run_national
from fluxscape.atlas.settings import RunSettings
from fluxscape.dlm import compile_dlm

SETTINGS = RunSettings(
    first_year=2000,
    last_year=2003,
    spin_up_years=0,
    bounds=(103.0, 29.0, 105.0, 33.0),
    tile=4,
)
"""128 cells of a quarter of a degree in eight tiles, steps of two hours."""

ONE_KM = dataclasses.replace(
    SETTINGS, resolution=0.01, bounds=(104.0, 31.0, 104.16, 31.16), tile=16, last_year=2001
)
"""One tile of 256 cells of a hundredth of a degree."""

YEARS, SPIN_UP = 34, 3
NATION = {"quarter_degree": 15_672, "tenth_degree": 96_000, "one_km": 13_700_000}
"""Cells of the nation: of the shipped product; of 0.1 degree and 1/120 degree, by its area."""


def timed_run(settings: RunSettings, out: Path, workers: int) -> dict[str, float]:
    """Return cell-years a second once all workers have finished a tile, and the store's bytes."""
    moments: list[tuple[float, int]] = []

    def note(done: int, _: int) -> None:
        moments.append((time.perf_counter(), done))

    begun = time.process_time()
    # A limit, even one that is never reached, puts a single worker into a process of its own too.
    dataset = run_national(settings, out, workers=workers, memory_mb=16_384, on_progress=note)
    cells = int(dataset.attrs["cells"])
    first = next((moment for moment in moments if moment[1] == workers), moments[0])
    tiles = moments[-1][1]
    share = (tiles - first[1]) / tiles
    seconds = moments[-1][0] - first[0]
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    return {
        "rate": cells * len(settings.years) * share / seconds,
        "cells": cells,
        "bytes": size,
        "driver_seconds": time.process_time() - begun,
    }


def one_km_rate(out: Path) -> float:
    """Return cell-years a second of one core on the 1 km tile, in this process."""
    begun = time.process_time()
    dataset = run_national(ONE_KM, out)
    seconds = time.process_time() - begun
    return float(dataset[GPP].count()) / seconds


def measure(quick: bool) -> dict[str, Any]:
    """Return the figures."""
    compile_dlm()
    settings = SETTINGS if quick else dataclasses.replace(SETTINGS, last_year=2013)
    result: dict[str, Any] = {
        "step_seconds": settings.step_seconds,
        "years": len(settings.years),
        "load_before": round(os.getloadavg()[0], 2),
        "cores": os.cpu_count(),
    }
    with tempfile.TemporaryDirectory() as folder:
        rounds = 1 if quick else 3
        ones, twos = [], []
        for number in range(rounds):
            for workers, rows in ((1, ones), (2, twos)):
                out = Path(folder, f"{workers}_{number}.zarr")
                rows.append(timed_run(settings, out, workers))
        one = sorted(row["rate"] for row in ones)[rounds // 2]
        two = sorted(row["rate"] for row in twos)[rounds // 2]
        result["cells"] = int(ones[0]["cells"])
        result["pixel_years_per_second"] = round(one, 1)
        result["pixel_years_per_second_2_workers"] = round(two, 1)
        result["scaling_2_workers"] = round(two / one, 2)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        result["peak_rss_mb"] = round(peak / 1024.0, 1)
        fine = one_km_rate(Path(folder, "fine.zarr"))
    result["one_km_cell_years_per_cpu_second"] = round(fine, 1)
    years = YEARS + SPIN_UP
    for name, cells in NATION.items():
        result[f"{name}_core_hours"] = round(cells * years / fine / 3600.0, 1)
        # Two float32 of 34 years; they hardly compress, being weather.
        result[f"{name}_gigabytes"] = round(cells * YEARS * 2 * 4 / 1e9, 3)
    return result


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON only")
    parser.add_argument("--quick", action="store_true", help="fewer years and rounds")
    arguments = parser.parse_args()
    result = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
