"""Members on the workers of a scheduler."""

import json
from pathlib import Path

import numpy as np
import pytest

from fluxscape.assimilation.calibration import CalibrationSettings, calibrate
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.remote import on_scheduler
from fluxscape.cli import main
from fluxscape.dlm import parameters_for, run_dlm
from fluxscape.errors import OutOfBoundsError, RunError
from helpers.calibration_tables import PLACE, write_table
from helpers.dask_cluster import cluster
from helpers.dlm_climates import CLIMATES, climate_dataset

SETTINGS = CalibrationSettings(members=13, passes=2, seed=4, parameters=("vcmax25",))


def test_an_address_that_is_none_is_refused():
    with (
        pytest.raises(OutOfBoundsError, match="looks like tcp://host:8786, got 'here'"),
        on_scheduler("here"),
    ):
        pass


@pytest.mark.slow
def test_workers_of_a_scheduler_give_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    forcing = climate_dataset(CLIMATES["temperate summer"], days=8)
    base = parameters_for("DBF")
    seen = run_dlm(forcing, base.replace({"vcmax25": 80.0}), latitude=42.0, longitude=0.0)
    problem = site_problem(
        forcing, seen, base, site="CN-Cha", latitude=42.0, longitude=0.0, streams=("gpp",)
    )
    here = calibrate([problem], {"CN-Cha": "DBF"}, SETTINGS)
    file = write_table(tmp_path)
    arguments = ["dlm", "calibrate", str(file), *PLACE, "--streams", "gpp", "--json"]
    arguments += ["--members", "9", "--passes", "1", "--parameters", "vcmax25"]
    told: list[float] = []
    with cluster(tmp_path) as made:
        for name in ("one", "two"):
            made.add_worker(name)
        with on_scheduler(made.address) as make:
            there = calibrate(
                [problem],
                {"CN-Cha": "DBF"},
                SETTINGS,
                make_forward=make,
                on_progress=lambda share, _: told.append(share),
            )
        options = ["--out", str(tmp_path / "a"), "--scheduler", made.address]
        assert main([*arguments, *options]) == 0
    np.testing.assert_array_equal(there.result.posterior, here.result.posterior)
    np.testing.assert_array_equal(there.result.predicted_posterior, here.result.predicted_posterior)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)
    capsys.readouterr()
    assert main([*arguments, "--out", str(tmp_path / "b")]) == 0
    assert json.loads(capsys.readouterr().out)["types"]["DBF"]["vcmax25"]["median"] > 0.0
    for name in ("calibration.json", "ensemble.npz", "pass.npz", "plan.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_named():
    with (
        pytest.raises(RunError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"),
        on_scheduler("tcp://127.0.0.1:9"),
    ):
        pass
