"""A small part of the nation, run as the whole one is."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fluxscape.atlas import tile_run
from fluxscape.atlas.models import BatchResult
from fluxscape.atlas.product import ET, GPP, LAND_FRACTION
from fluxscape.atlas.run import run_national
from fluxscape.atlas.settings import RunSettings
from fluxscape.atlas.tiles import run_cells_of
from fluxscape.errors import OutOfBoundsError, RunError
from fluxscape.io.stores import open_store

SMALL = RunSettings(
    first_year=2000,
    last_year=2001,
    spin_up_years=0,
    seed=1,
    bounds=(103.0, 30.0, 105.1, 32.1),
    tile=4,
)
"""64 cells at the edge of the Sichuan basin: four tiles."""


def store_bytes(path: Path) -> dict[str, bytes]:
    """Return the content of every file of a store."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in sorted(path.rglob("*"))
        if file.is_file()
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the store of the small run, made in one go."""
    path = tmp_path_factory.mktemp("run") / "small.zarr"
    run_national(SMALL, path)
    return path


def test_annual_maps_are_plausible_and_say_what_they_are(small: Path) -> None:
    dataset = open_store(small).load()
    land = dataset[LAND_FRACTION].to_numpy() > 0
    gpp, et = dataset[GPP].to_numpy(), dataset[ET].to_numpy()
    assert np.isfinite(gpp[:, land]).all()
    assert np.isnan(gpp[:, ~land]).all()
    assert 300.0 < gpp[:, land].mean() < 3500.0
    assert 200.0 < et[:, land].mean() < 1300.0
    assert dataset[GPP].attrs["units"] == "g m-2 year-1"
    assert dataset.time.dt.year.to_numpy().tolist() == [2000, 2001]
    attrs = dataset.attrs
    assert attrs["data_status"] == "simulated"
    assert "trends come from carbon dioxide alone" in attrs["weather"]
    assert (attrs["seed"], attrs["cells_failed"]) == (1, 0)
    assert not small.with_name(small.name + ".tasks").exists()


def test_years_and_neighbours_have_weather_of_their_own(small: Path) -> None:
    gpp = open_store(small)[GPP].to_numpy()
    land = np.isfinite(gpp[0])
    assert len(np.unique(gpp[:, land])) == 2 * land.sum()


def test_two_workers_and_a_kill_in_the_middle_give_the_same_bytes(
    small: Path, tmp_path: Path
) -> None:
    path = tmp_path / "small.zarr"
    script = (
        "from pathlib import Path\n"
        "from fluxscape.atlas.run import run_national\n"
        "from fluxscape.atlas.settings import RunSettings\n"
        "if __name__ == '__main__':\n"
        f"    run_national(RunSettings.from_dict({SMALL.to_dict()!r}), Path({str(path)!r}))\n"
    )
    (tmp_path / "script.py").write_text(script)
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "script.py")], start_new_session=True
    )
    first = tmp_path / "small.zarr.tasks" / "task_00000.npz"
    deadline = time.monotonic() + 240
    while not first.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert first.exists()
    assert not path.exists()
    run_national(SMALL, path, workers=2)
    assert store_bytes(path) == store_bytes(small)


def test_a_run_with_other_settings_does_not_mix_with_an_unfinished_one(tmp_path: Path) -> None:
    folder = tmp_path / "small.zarr.tasks"
    folder.mkdir()
    (folder / "plan.json").write_text('{"seed": 2}\n')
    with pytest.raises(RunError, match="unfinished run with other settings"):
        run_national(SMALL, tmp_path / "small.zarr")


def test_cells_whose_model_fails_end_the_run_if_they_are_many(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(settings: RunSettings, cover: np.ndarray, *_: object) -> BatchResult:
        nothing = np.full((1, cover.size, len(settings.years)), np.nan)
        return BatchResult(nothing, nothing, np.ones(cover.size, np.int64))

    monkeypatch.setattr(tile_run, "run_dlm_batch", fails)
    with pytest.raises(RunError, match=r"failed at 64 of 64 cells, first at 30\."):
        run_national(SMALL, tmp_path / "small.zarr")


def test_a_part_runs_as_in_the_whole_whatever_its_tiles(small: Path, tmp_path: Path) -> None:
    dataset = open_store(small).load()
    part = dataclasses.replace(
        SMALL, bounds=(103.0, 30.0, 103.6, 30.6), tile=1, boxes=((103.0, 30.0, 103.6, 30.3),)
    )
    alone = run_national(part, tmp_path / "part.zarr")
    for name in (GPP, ET):
        wanted = dataset[name].sel(y=alone.y, x=alone.x).to_numpy()
        np.testing.assert_array_equal(alone[name].to_numpy()[:, 0], wanted[:, 0])
        assert np.isnan(alone[name].to_numpy()[:, 1]).all()
    assert alone.attrs["cells"] == 2


def test_settings_that_cannot_be_run_are_named() -> None:
    with pytest.raises(OutOfBoundsError, match="years 2012 to 1979"):
        RunSettings(first_year=2012, last_year=1979)
    with pytest.raises(OutOfBoundsError, match="step_seconds must be one of"):
        RunSettings(step_seconds=21600)
    with pytest.raises(OutOfBoundsError, match="seed must not be negative"):
        RunSettings(seed=-1)
    with pytest.raises(OutOfBoundsError, match="spin_up_years"):
        RunSettings(spin_up_years=99)
    with pytest.raises(OutOfBoundsError, match="no land of the nation lies within 0 to 5 E"):
        run_cells_of(RunSettings(bounds=(0.0, 0.0, 5.0, 5.0)))
