"""``fluxscape atlas`` on small stores: JSON on stdout, errors named, nothing left behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.product import ET, GPP
from fluxscape.atlas.pyramid import open_pyramid
from fluxscape.cli import main
from fluxscape.io.stores import write_dataset, write_store
from fluxscape.vocabulary import VARIABLES


@pytest.fixture(scope="module")
def annual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store of annual maps that rise by 3 g m-2 and fall by 1 mm a year."""
    rng = np.random.default_rng(9)
    years = np.arange(1990, 2010)
    shape = (years.size, 8, 10)
    rise = (years - 1990.0)[:, None, None]
    dims = ("time", "y", "x")
    dataset = xr.Dataset(
        {
            GPP: (dims, 700 + 3 * rise + rng.normal(0, 1, shape), VARIABLES[GPP].attrs()),
            ET: (dims, 500 - rise + rng.normal(0, 1, shape), VARIABLES[ET].attrs()),
            "land_fraction": (dims[1:], np.ones(shape[1:]), {"units": "1"}),
        },
        coords={
            "time": np.array([f"{year}-01-01" for year in years], dtype="datetime64[ns]"),
            "y": 30.125 + 0.25 * np.arange(8),
            "x": 100.125 + 0.25 * np.arange(10),
        },
        attrs={
            "data_status": "simulated",
            "cells": 80,
            "cells_failed": 0,
            "period": "1990 to 2009",
            "resolution_degrees": 0.25,
            "time_step_seconds": 7200,
            "seed": 1,
        },
    )
    path = tmp_path_factory.mktemp("annual") / "annual.zarr"
    write_store(lambda group: write_dataset(group, dataset, chunks={}), path)
    return path


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    """Run a command and return its JSON."""
    assert main(["atlas", *arguments]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_trends_of_a_store_are_national_figures(
    annual: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answer(capsys, "trends", str(annual), "--json")
    assert found["data_status"] == "simulated"
    assert found["gpp"]["units"] == "Pg year-1"
    assert found["et"]["trend"]["slope"] == pytest.approx(-1.0, abs=0.02)
    assert found["et"]["significant_decrease"] == pytest.approx(1.0)
    assert len(found["gpp"]["years"]) == 20


def test_build_makes_a_pyramid_of_a_store(
    annual: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "p.zarr"
    found = answer(capsys, "build", "--from", str(annual), "--out", str(out), "--json")
    assert found["bytes"] == sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    pyramid = open_pyramid(out)
    assert f"{GPP}_p_value_wang_swail" in pyramid.variables
    assert pyramid.attrs["data_status"] == "simulated"
    again = answer(capsys, "trends", str(out), "--json")
    assert again["et"]["trend"]["slope"] == found["et"]["trend"]["slope"]
    assert annual.exists()


def test_run_and_build_a_small_part_from_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = ["--bounds", "103,30,103.6,30.6", "--resolution", "0.25", "--step-seconds", "10800"]
    out = tmp_path / "run.zarr"
    found = answer(capsys, "run", "--out", str(out), "--years", "2000-2000", *part, "--json")
    assert (found["cells"], found["years"], found["cells_failed"]) == (4, 1, 0)
    assert found["cell_years_per_second"] > 0
    built = tmp_path / "built.zarr"
    found = answer(capsys, "build", "--out", str(built), "--years", "2000-2009", *part, "--json")
    assert found["gpp"]["mean"] > 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["built.zarr", "run.zarr"]


def test_without_json_the_figures_are_lines(
    annual: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["atlas", "trends", str(annual)]) == 0
    assert "et.trend.slope: -1." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["trends", "absent.zarr"], "absent.zarr is not a Zarr directory"),
        (["run", "--out", "x.zarr", "--years", "all"], "--years must be a year or first-last"),
        (["run", "--out", "x.zarr", "--years", "1800-1810"], "years 1800 to 1810"),
        (["run", "--out", "x.zarr", "--step-seconds", "7"], "step_seconds must be one of"),
        (["run", "--out", "x.zarr", "--resolution", "0.13"], "whole multiple"),
        (["run", "--out", "x.zarr", "--bounds", "0,0,1,1"], "no land of the nation"),
    ],
)
def test_errors_are_named_and_nothing_is_left(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["atlas", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("fluxscape: error: ")
    assert words in error
    assert list(tmp_path.iterdir()) == []


CONFIG = """
period: {first_year: 2000, last_year: 2000, spin_up_years: 0}
region: {bounds: [103, 30, 103.6, 30.6]}
grid: {tile: 1}
forcing:
  source: simulated
  scenario: {name: all}
model: {step_seconds: 10800}
outputs: {pyramid: false}
"""


def test_a_run_file_is_run_and_says_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.yaml").write_text(CONFIG)
    out = tmp_path / "out.zarr"
    assert main(["atlas", "run", str(tmp_path / "run.yaml"), "--out", str(out), "--json"]) == 0
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert (found["cells"], found["years"], found["cells_failed"]) == (4, 1, 0)
    assert "of 4 tiles" in printed.err
    assert "a minute" in printed.err
    arguments = ["run", str(tmp_path / "run.yaml"), "--out", str(out), "--seed", "3"]
    assert main(["atlas", *arguments]) == 2
    assert "--seed does not go with" in capsys.readouterr().err


def test_a_wrong_run_file_is_an_error_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run.yaml").write_text(CONFIG.replace("name: all", "name: every"))
    out = str(tmp_path / "out.zarr")
    assert main(["atlas", "run", str(tmp_path / "run.yaml"), "--out", out]) == 2
    error = capsys.readouterr().err
    assert "run.yaml, line 7: forcing.scenario.name must be one of co2, climate" in error
    assert main(["atlas", "run", str(tmp_path / "absent.yaml"), "--out", out]) == 2
    assert "absent.yaml" in capsys.readouterr().err


def test_workers_and_memory_must_be_above_0(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--workers", "--memory-mb"):
        with pytest.raises(SystemExit):
            main(["atlas", "run", "--out", "x.zarr", option, "0"])
        assert "wanted a whole number above 0" in capsys.readouterr().err


def test_bounds_that_are_no_numbers_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["atlas", "run", "--out", "x.zarr", "--bounds", "here"])
    assert stopped.value.code == 2
    assert "wanted west,south,east,north" in capsys.readouterr().err
