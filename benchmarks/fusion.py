"""Speed and skill of image fusion: STARFM against starfm4py's algorithm, and all methods scored.

starfm4py is on no package index, so its algorithm is reimplemented (``_fusion_peer.py``): in that
program's own way, by tables of windows (``ratio_starfm4py``), and as a plain loop over pixels with
NumPy on each window (``ratio_numpy_windows``). All run in one process, in turns, on the same
images, and are timed in CPU seconds.

Skill is that of one fused date on the simulated landscape of a tower, seen by two simulated
sensors, whose truth is known: no real pair of images may be passed on with the project. With
``--data FOLDER`` (default ``../shared/data``) the simulated pairs of starfm4py are scored as well.

    .venv/bin/python benchmarks/fusion.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from _fusion_peer import starfm4py_loop, starfm4py_tables
from fluxscape.fusion import ImagePair, assess_candidates, daily_series, fuse
from fluxscape.fusion.grids import grid_of, to_fine_grid
from fluxscape.fusion.series import make_pairs
from fluxscape.fusion.simulation import SensorParameters
from fluxscape.io.climatology import read_climatology
from fluxscape.io.guards import open_raster
from fluxscape.representativeness.fused_landscape import (
    FusedDemonstration,
    demonstration_scenes,
    errors_by_origin,
)
from fluxscape.towers import find_tower

SIZE, CELL, WINDOW = 500, 20, 31
UNCERTAINTY = 30.0
TOWER = "CN-Cha"
DAY = "datetime64[D]"
PAIRS = (("Test1", 1, 2), ("Test2", 1, 4), ("Test3", 1, 4))


def plain(values: np.ndarray) -> xr.DataArray:
    """Return values as an image of digital numbers."""
    return xr.DataArray(values, dims=("y", "x"))


def speed_images() -> list[np.ndarray]:
    """Return a fine image and coarse ones of two dates, in digital numbers."""
    rng = np.random.default_rng(1)
    fine = rng.integers(300, 3000, (SIZE, SIZE)).astype(np.float64)
    cells = fine.reshape(SIZE // CELL, CELL, SIZE // CELL, CELL).mean(axis=(1, 3))
    coarse = cells.repeat(CELL, axis=0).repeat(CELL, axis=1)
    return [fine, coarse, coarse * 1.1 + 50.0]


def starfm(images: list[np.ndarray], window: int, threads: int = 1) -> np.ndarray:
    """Return STARFM's prediction with the parameters of the loop."""
    fine, coarse, wanted = (plain(values) for values in images)
    parameters = {
        "window": window,
        "distance_scale": 150,
        "fine_uncertainty": UNCERTAINTY,
        "coarse_uncertainty": UNCERTAINTY,
    }
    pairs = [ImagePair(fine, coarse)]
    return fuse(pairs, wanted, parameters=parameters, threads=threads)["fused"].to_numpy()


def peer(work: Callable[..., np.ndarray], images: list[np.ndarray], rows: range) -> np.ndarray:
    """Return the prediction of some rows by a form of starfm4py's algorithm."""
    return work(
        *images,
        window=WINDOW,
        distance_scale=150.0,
        classes=4.0,
        spectral_limit=UNCERTAINTY * math.sqrt(2.0),
        rows=rows,
    )


def cpu(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return CPU seconds and the result of some work."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def measure_speed(quick: bool) -> dict[str, Any]:
    """Return pixels a second of STARFM and of the plain loop, in turns."""
    images = speed_images()
    starfm(images, WINDOW)
    result: dict[str, Any] = {"window": WINDOW, "size": [SIZE, SIZE], "threads": 1}
    speeds, difference = [], 0.0
    forms = {"ratio_starfm4py": starfm4py_tables, "ratio_numpy_windows": starfm4py_loop}
    ratios: dict[str, list[float]] = {name: [] for name in forms}
    for turn in range(3 if quick else 7):
        rows = range(100 + 40 * turn, 106 + 40 * turn)
        fast, made = cpu(lambda: starfm(images, WINDOW))
        speeds.append(made.size / fast)
        for name, form in forms.items():
            slow, expected = cpu(lambda form=form, rows=rows: peer(form, images, rows))
            ratios[name].append(speeds[-1] * slow / expected.size)
            inside = np.s_[:, WINDOW:-WINDOW]
            gap = np.abs(made[rows] - expected)[inside].max()
            difference = max(difference, float(gap))
    speed = float(np.median(speeds))
    result["pixels_per_second"] = round(speed)
    for name, found in ratios.items():
        result[name] = round(float(np.median(found)), 1)
    result["starfm4py_pixels_per_second"] = round(speed / result["ratio_starfm4py"])
    result["peer"] = (
        "starfm4py is on no index: ratio_starfm4py is against its algorithm reimplemented in its "
        "own way (tables of windows in Zarr stores, weighed by Dask), ratio_numpy_windows against "
        "the plain loop over pixels with NumPy on each window; CPU seconds of the process"
    )
    result["max_difference"] = difference
    wall = []
    for _ in range(3):
        start = time.perf_counter()
        starfm(images, WINDOW, threads=2)
        wall.append(time.perf_counter() - start)
    result["pixels_per_second_two_threads_wall"] = round(SIZE * SIZE / min(wall))
    seconds, _ = cpu(lambda: starfm(images, 51))
    result["pixels_per_second_window_51"] = round(SIZE * SIZE / seconds)
    return result


def clear_demonstration() -> FusedDemonstration:
    """Return the tower's landscape with sensors that meet no clouds."""
    return demonstration_scenes(
        read_climatology(), find_tower(TOWER), parameters=SensorParameters(cloud_cover=0.0)
    )


def measure_skill(quick: bool) -> dict[str, Any]:
    """Return scores and speeds of the methods for a date between two pairs, 80 days each way."""
    shown = clear_demonstration()
    fine, coarse = shown.scenes.fine, shown.scenes.coarse
    middles = coarse["time"].to_numpy().astype(DAY) + 4
    seen = fine["time"].to_numpy().astype(DAY)
    pairs = make_pairs(fine, coarse, seen, middles, 16.0)
    first, second = pairs[4], pairs[14]
    number = int(np.argmin(np.abs(middles - pairs[9].time.astype(DAY))))
    wanted = coarse[number].assign_coords(time=middles[number].astype("datetime64[ns]"))
    truth = shown.truth_on(middles[number])
    classes = shown.landscape["land_cover"]
    runs: dict[str, dict[str, Any]] = {
        "starfm": {"method": "starfm"},
        "starfm_one_pair": {"method": "starfm"},
        "starfm_logarithmic": {"method": "starfm", "parameters": {"logarithmic_weights": 1}},
        "estarfm": {"method": "estarfm"},
        "ubestarfm": {"method": "estarfm", "parameters": {"unbiased": 1}},
        "fsdaf": {"method": "fsdaf"},
    }
    candidates: dict[str, xr.DataArray] = {}
    speeds = {}
    for name, options in runs.items():
        used = [first] if name.endswith("one_pair") else [first, second]
        if not quick:
            fuse(used, wanted, **options)
        seconds, made = cpu(lambda options=options, used=used: fuse(used, wanted, **options))
        candidates[name] = made["fused"]
        candidates["naive" if len(used) == 2 else "naive_one_pair"] = made["baseline"]
        speeds[name] = round(made["fused"].size / seconds)
    candidates["unchanged_fine"] = first.fine
    grid = grid_of(first.fine, "fine image")
    candidates["coarse_alone"] = to_fine_grid(wanted, grid).assign_coords(first.fine.coords)
    candidates = {
        name: image.drop_vars("time", errors="ignore") for name, image in candidates.items()
    }
    scores = assess_candidates(candidates, truth, classes=None if quick else classes)
    table = {name: _rounded(found) for name, found in scores.items()}
    return {
        "naive_rmse": table["naive"]["rmse"],
        "starfm_rmse": table["starfm"]["rmse"],
        "scene": f"simulated NDVI around {TOWER}, {middles[number]}, pairs of "
        f"{str(first.time)[:10]} and {str(second.time)[:10]}",
        "skill": table,
        "pixels_per_second_by_method": speeds,
    }


def _rounded(found: dict[str, Any]) -> dict[str, Any]:
    kept = {name: round(found[name], 4) for name in ("rmse", "bias", "ssim", "edge")}
    if "by_class" in found:
        kept["rmse_by_class"] = {n: round(c["rmse"], 4) for n, c in found["by_class"].items()}
    return kept


def measure_series() -> dict[str, Any]:
    """Return time and error of a daily year of the landscape under clouds."""
    shown = demonstration_scenes(read_climatology(), find_tower(TOWER))
    start = time.perf_counter()
    made = daily_series(shown.scenes.fine, shown.scenes.coarse, threads=2)
    seconds = time.perf_counter() - start
    found = errors_by_origin(made, shown.truth_on)
    return {
        "series_seconds": round(seconds, 1),
        "series_days": made.sizes["time"],
        "series_rmse": {what: round(value, 4) for what, value in found.items()},
        "series_missing_share": round(float((made["origin"] == 0).mean()), 4),
    }


def measure_pairs(folder: Path) -> dict[str, Any]:
    """Return the scores on starfm4py's simulated pairs, with its parameters."""

    def read(test: str, sensor: str, date: int) -> np.ndarray:
        with open_raster(folder / f"{test}_sim_{sensor}_t{date}.tif") as raster:
            return np.asarray(raster.read(1), dtype=np.float64)

    table = {}
    parameters = {"distance_scale": 150, "fine_uncertainty": 0.03, "coarse_uncertainty": 0.03}
    for test, first, second in PAIRS:
        fine, truth = (plain(read(test, "Landsat", date)) for date in (first, second))
        coarse, wanted = (plain(read(test, "MODIS", date)) for date in (first, second))
        made = fuse([ImagePair(fine, coarse)], wanted, parameters=parameters)
        found = assess_candidates({"starfm": made["fused"], "naive": made["baseline"]}, truth)
        table[test] = {name: round(scores["rmse"], 3) for name, scores in found.items()}
    return table


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON only")
    parser.add_argument("--quick", action="store_true", help="fewer turns, no daily series")
    parser.add_argument("--data", default="../shared/data", help="folder of starfm_simulated")
    arguments = parser.parse_args()
    result = measure_speed(arguments.quick) | measure_skill(arguments.quick)
    if not arguments.quick:
        result |= measure_series()
    folder = Path(arguments.data) / "starfm_simulated"
    result["starfm4py_pairs_rmse"] = measure_pairs(folder) if folder.is_dir() else None
    if arguments.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
