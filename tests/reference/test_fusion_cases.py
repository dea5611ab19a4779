"""Fusion against starfm4py's algorithm and closed forms; the file says where each comes from."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.fusion import ImagePair, fuse
from fluxscape.io.guards import open_raster
from helpers.shared import shared_file

CASES = json.loads(Path(__file__).with_name("fusion_cases.json").read_text("utf-8"))
PEER = Path(__file__).resolve().parents[2] / "benchmarks" / "_fusion_peer.py"

# An uncertainty of each image that together make the stated one; sqrt(2) of it for two dates.
ROOT_HALF = np.sqrt(0.5)


def plain(values: Any) -> xr.DataArray:
    return xr.DataArray(np.asarray(values, dtype=np.float64), dims=("y", "x"))


@pytest.mark.kernel
@pytest.mark.parametrize("name", ["tiny5", "rand12_w5"])
def test_starfm_gives_what_the_plain_loop_gave(name: str) -> None:
    case = CASES[name]
    assert case["spec_unc"] == case["temp_unc"]
    uncertainty = case["spec_unc"] * ROOT_HALF
    made = fuse(
        [ImagePair(plain(case["F0"]), plain(case["C0"]))],
        plain(case["C1"]),
        parameters={
            "window": case["window"],
            "distance_scale": case["A_pixels"],
            "classes": case["n_class"],
            "fine_uncertainty": uncertainty,
            "coarse_uncertainty": uncertainty,
            "temporal_filter": int(case["use_temp"]),
        },
    )
    np.testing.assert_allclose(made["fused"], case["pred"], rtol=1e-12, atol=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "rmse"), [(1, 2, 12.715), (2, 4, 712.035), (3, 4, 161.710)]
)
def test_starfm_is_exact_on_the_simulated_pairs_of_starfm4py(
    first: int, second: int, rmse: float
) -> None:
    fine, coarse, wanted, truth = (
        _simulated(f"Test{first}_sim_{sensor}_t{time}.tif")
        for sensor, time in (("Landsat", 1), ("MODIS", 1), ("MODIS", second), ("Landsat", second))
    )
    made = fuse(
        [ImagePair(plain(fine), plain(coarse))],
        plain(wanted),
        parameters={"distance_scale": 150, "fine_uncertainty": 0.03, "coarse_uncertainty": 0.03},
    )
    loop = runpy.run_path(str(PEER))["starfm4py_loop"]
    some = range(40, 60)
    expected = loop(
        fine, coarse, wanted, window=31, distance_scale=150.0, classes=4.0,
        spectral_limit=0.03 * np.sqrt(2.0), rows=some,
    )  # fmt: skip
    np.testing.assert_allclose(made["fused"][some], expected, rtol=1e-12)
    assert np.sqrt(np.mean((made["fused"].to_numpy() - truth) ** 2)) == pytest.approx(
        rmse, abs=1e-3
    )


def _simulated(name: str) -> np.ndarray:
    with open_raster(shared_file(f"data/starfm_simulated/{name}")) as raster:
        return np.asarray(raster.read(1), dtype=np.float64)


@pytest.mark.kernel
@pytest.mark.parametrize("place", range(3))
def test_estarfm_finds_a_linear_relation_between_fine_and_coarse(place: int) -> None:
    case = CASES["estarfm_linear"]
    coarse = [np.full((9, 9), case[name][place]) for name in ("C_t1", "C_t2", "C_p")]
    fine = [case["a"] * values + case["b"] for values in coarse[:2]]
    pairs = [ImagePair(plain(f), plain(c)) for f, c in zip(fine, coarse[:2], strict=True)]
    made = fuse(pairs, plain(coarse[2]), method="estarfm", parameters={"window": 5})
    np.testing.assert_allclose(made["fused"], case["F_p"][place], rtol=0.0, atol=1e-6)


def test_the_residual_of_a_cell_is_what_its_classes_leave_of_its_change() -> None:
    case = CASES["fsdaf_residual"]
    change = np.subtract(case["F_TP"], case["F1"])
    assert case["dC"] - change.sum() / case["m"] == pytest.approx(case["R"])
