"""Speed of the metrics of representativeness, exactness, and scikit-gstat on the same points.

``metrics_seconds`` is everything that :func:`fluxscape.representativeness.assess` gives on maps of
1,000 x 1,000 pixels of 10 m (land cover, an index, heights), ``bias_map_seconds`` the location-bias
map alone. The variograms are timed in CPU seconds on the same points, each with a fit;
scikit-gstat runs in ``.venv-peers`` (``make peers``), and its ratio is null without it.
``towers_per_minute`` runs towers of the shipped table through a simulated year, its footprint, a
simulated landscape and the assessment, in one process.

    .venv/bin/python benchmarks/representativeness.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from fluxscape.footprint import footprint_climatology
from fluxscape.footprint.vector import local_crs
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.weather import point_climate, simulate_weather
from fluxscape.representativeness import Place, assess, bias_map, fit_semivariogram, semivariogram
from fluxscape.representativeness.frame import footprint_weights
from fluxscape.representativeness.landscape import simulate_landscape
from fluxscape.representativeness.placement import kernel_of
from fluxscape.representativeness.random_fields import correlated_field
from fluxscape.representativeness.surroundings import surroundings_of
from fluxscape.towers import Tower, load_towers

CELLS, STEP = 1000, 10.0
PLACE = Place(37.6, 101.33)
PEERS = Path(__file__).resolve().parents[1] / ".venv-peers" / "bin" / "python"
LAGS = 20

_PEER_CODE = """
import json, sys, time
import numpy as np
import skgstat
given = np.load(sys.argv[1], allow_pickle=False)
points, values, bounds = given["points"], given["values"], given["bounds"].tolist()
def run():
    found = skgstat.Variogram(points, values, bin_func=bounds, model="spherical", use_nugget=True)
    return found.experimental, found.parameters
skgstat.Variogram(points[:50], values[:50], n_lags=4).parameters
start = time.process_time()
experimental, parameters = run()
seconds = time.process_time() - start
print(json.dumps({"seconds": seconds, "version": skgstat.__version__,
    "semivariance": experimental.tolist(), "parameters": [float(p) for p in parameters]}))
"""


def footprint() -> xr.Dataset:
    """Return a lopsided climatology on 501 x 501 cells of 4 m."""
    axis = np.arange(-1000.0, 1001.0, 4.0)
    x, y = np.meshgrid(axis, axis)
    density = np.exp(-0.5 * (((x - 150.0) / 140.0) ** 2 + ((y - 60.0) / 80.0) ** 2))
    density *= 0.9 / (density.sum() * 16.0)
    return xr.Dataset(
        {"footprint": (("y", "x"), density)},
        coords={"x": axis, "y": axis},
        attrs={"latitude": PLACE.latitude, "longitude": PLACE.longitude},
    )


def raster(values: np.ndarray[Any, Any], name: str) -> xr.DataArray:
    """Return values as a map around the tower."""
    axis = (np.arange(CELLS) - 0.5 * CELLS + 0.5) * STEP
    crs = local_crs(PLACE.latitude, PLACE.longitude)
    return xr.DataArray(
        values, dims=("y", "x"), coords={"y": axis, "x": axis}, attrs={"crs": crs}, name=name
    )


def maps() -> dict[str, xr.DataArray]:
    """Return land cover, an index with gaps and heights on a million pixels."""
    random = np.random.default_rng(3)
    field = correlated_field(random, CELLS, STEP, 900.0)
    index = 0.5 + 0.12 * field
    index[random.random(index.shape) < 0.02] = np.nan
    heights = 3200.0 + 40.0 * correlated_field(random, CELLS, STEP, 3000.0)
    cover = np.select([field > 0.8, field > -0.6], [5.0, 10.0], 12.0)
    return {
        "land_cover": raster(cover, "land_cover"),
        "ndvi": raster(index, "ndvi"),
        "elevation": raster(heights, "elevation"),
    }


def best(run: Callable[[], Any], times: int) -> tuple[float, float]:
    """Return the shortest wall time and its CPU time."""
    found = []
    for _ in range(times):
        start, cpu = time.perf_counter(), time.process_time()
        run()
        found.append((time.perf_counter() - start, time.process_time() - cpu))
    return min(found)


def largest_map_error(climatology: xr.Dataset, index: xr.DataArray, places: int) -> float:
    """Return the largest difference of the map's footprint means from moving the footprint."""
    found = bias_map(climatology, index, extent=4000.0)
    kernel = kernel_of(footprint_weights(climatology), STEP)
    half = kernel.shape[0] // 2
    # The pixels' centres lie half a pixel off the tower: take the values that the map saw.
    narrow = climatology.copy(data={"footprint": np.zeros(climatology["footprint"].shape)})
    narrow["footprint"][{"x": 250, "y": 250}] = 1.0 / 16.0
    cells = bias_map(narrow, index, extent=4000.0, least_captured=0.0)
    value, valid = (cells[n].to_numpy() for n in ("footprint_mean", "captured_share"))
    random = np.random.default_rng(1)
    worst = 0.0
    for row, column in random.integers(half, value.shape[0] - half, (places, 2)):
        window = np.s_[row - half : row + half + 1, column - half : column + half + 1]
        weight = kernel * valid[window]
        mean = float((weight * np.nan_to_num(value[window])).sum() / weight.sum())
        worst = max(worst, abs(mean - float(found["footprint_mean"][row, column])))
    return worst


def compare_with_scikit_gstat(side: int) -> dict[str, Any]:
    """Return the ratio of CPU time and the largest difference of semivariances."""
    values = correlated_field(np.random.default_rng(5), side, 1.0, 10.0)
    axis = np.arange(float(side))
    field = xr.DataArray(values, dims=("y", "x"), coords={"y": axis, "x": axis}, name="field")
    bounds = np.concatenate([[0.0], np.linspace(1.37, 0.5 * side + 0.37, LAGS)])

    def run() -> Any:
        found = semivariogram(field, lag_bounds=bounds, directions=())
        return found, fit_semivariogram(found, "spherical")

    run()
    cpu = min(best(run, 1)[1] for _ in range(5))
    result: dict[str, Any] = {
        "points": side * side,
        "variogram_cpu_seconds": cpu,
        "ratio_scikit_gstat": None,
    }
    if not PEERS.exists():
        return result | {"peer": "absent: make peers"}
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder, "points.npz")
        y, x = np.meshgrid(axis, axis, indexing="ij")
        points = np.column_stack([x.ravel(), y.ravel()])
        np.savez(given, points=points, values=values.ravel(), bounds=bounds[1:])
        command = [str(PEERS), "-c", _PEER_CODE, str(given)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return result | {"peer": done.stderr.strip().splitlines()[-1]}
    peer = json.loads(done.stdout)
    ours, fit = run()
    apart = np.abs(ours["semivariance"].to_numpy() - np.array(peer["semivariance"]))
    return result | {
        "ratio_scikit_gstat": peer["seconds"] / cpu,
        "scikit_gstat_seconds": peer["seconds"],
        "max_semivariance_difference": float(apart.max()),
        "range": fit.range,
        "scikit_gstat_range": peer["parameters"][0],
        "peer": f"scikit-gstat {peer['version']}",
    }


def assess_tower(tower: Tower, climate: xr.Dataset) -> int:
    """Run one tower from simulated weather to its score."""
    weather = simulate_weather(
        point_climate(climate, tower.latitude, tower.longitude), start_year=2010, seed=1
    )
    canopy = tower.canopy_height if math.isfinite(tower.canopy_height) else 1.0
    height = tower.measurement_height
    height = height if math.isfinite(height) and height > 1.5 * canopy else 2.0 * canopy + 2.0
    field = footprint_climatology(
        weather,
        measurement_height=height,
        canopy_height=canopy,
        resolution=10.0,
        extent=1000.0,
        latitude=tower.latitude,
        longitude=tower.longitude,
    )
    around = surroundings_of(climate, tower.latitude, tower.longitude)
    land = simulate_landscape(
        around,
        latitude=tower.latitude,
        longitude=tower.longitude,
        land_cover=tower.igbp,
        seed=1,
    )
    found = assess(
        field,
        tower,
        land_cover=land["land_cover"],
        indices={"ndvi": land["normalized_difference_vegetation_index"]},
        elevation=land["surface_altitude"],
    )
    return found.score.score


def towers_per_minute(count: int) -> dict[str, Any]:
    """Return how many towers one process scores in a minute, and the scores."""
    climate = read_climatology()
    towers = [one for one in load_towers() if one.has_position and one.igbp][: count + 1]
    assess_tower(towers[0], climate)
    start = time.perf_counter()
    scores = [assess_tower(tower, climate) for tower in towers[1:]]
    minutes = (time.perf_counter() - start) / 60.0
    return {
        "towers_per_minute": len(scores) / minutes,
        "towers": len(scores),
        "scores": {str(level): scores.count(level) for level in range(4)},
    }


def measure(quick: bool) -> dict[str, Any]:
    """Return the figures."""
    climatology, given = footprint(), maps()

    def everything() -> Any:
        return assess(
            climatology,
            land_cover=given["land_cover"],
            indices={"ndvi": given["ndvi"]},
            elevation=given["elevation"],
            legend="igbp",
        )

    def mapped() -> Any:
        return bias_map(climatology, given["ndvi"], extent=0.5 * CELLS * STEP)

    everything(), mapped()
    times = 2 if quick else 5
    metrics, map_times = best(everything, times), best(mapped, times)
    return {
        "metrics_seconds": metrics[0],
        "metrics_cpu_seconds": metrics[1],
        "bias_map_seconds": map_times[0],
        "bias_map_cpu_seconds": map_times[1],
        "bias_map_max_error": largest_map_error(climatology, given["ndvi"], 20 if quick else 200),
        **compare_with_scikit_gstat(40 if quick else 80),
        **towers_per_minute(2 if quick else 12),
        "cores": os.cpu_count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="fewer towers and points, below 45 s")
    arguments = parser.parse_args()
    figures = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:>28}  {value}")


if __name__ == "__main__":
    main()
