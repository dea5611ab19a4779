import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluxscape.assimilation.calibration import CalibrationSettings, calibrate
from fluxscape.assimilation.dlm_forward import SiteProblem
from fluxscape.assimilation.passes import Checkpoint
from fluxscape.assimilation.problem import site_problem
from fluxscape.assimilation.storage import CalibrationFolder, posterior_dataset, read_posterior
from fluxscape.atlas.ensemble import ParameterEnsemble
from fluxscape.cli import main
from fluxscape.dlm import LAND_COVERS, parameters_for, run_dlm
from fluxscape.errors import FileFormatError, MissingVariableError, RunError
from fluxscape.io.parameter_files import read_parameter_ensemble
from helpers.calibration_tables import PLACE, write_table
from helpers.dlm_climates import CLIMATES, climate_dataset

SETTINGS = CalibrationSettings(members=12, passes=3, seed=4, parameters=("vcmax25",))
FILES = (
    "calibration.json",
    "ensemble.npz",
    "parameters_CN-Cha.yaml",
    "pass.npz",
    "plan.json",
    "posterior.nc",
)


@pytest.fixture(scope="module")
def problem() -> SiteProblem:
    forcing = climate_dataset(CLIMATES["temperate summer"], days=8)
    base = parameters_for("DBF")
    run = run_dlm(forcing, base.replace({"vcmax25": 80.0}), latitude=42.0, longitude=0.0)
    seen = run[["gross_primary_production"]]
    return site_problem(
        forcing, seen, base, site="CN-Cha", latitude=42.0, longitude=0.0, streams=("gpp",)
    )


def run(folder: Path, problem: SiteProblem, stop_after: int = 99) -> dict[str, bytes]:
    """Run a calibration that is stopped after some passes; return the files of the folder."""
    kept = CalibrationFolder.open(folder, SETTINGS, [problem])

    def on_pass(checkpoint: Checkpoint) -> None:
        kept.save_pass(checkpoint)
        if checkpoint.passes == stop_after:
            raise KeyboardInterrupt

    done = calibrate(
        [problem], {"CN-Cha": "DBF"}, SETTINGS, on_pass=on_pass, resume=kept.last_pass()
    )
    kept.save_result(done)
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_run_stopped_after_any_pass_ends_with_the_same_bytes(
    tmp_path: Path, problem: SiteProblem, stop: int
) -> None:
    whole = run(tmp_path / "whole", problem)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "stopped", problem, stop_after=stop)
    again = run(tmp_path / "stopped", problem)
    assert tuple(whole) == FILES
    assert again == whole
    report = json.loads(whole["calibration.json"])
    assert report["settings"]["members"] == 12
    assert report["prior"]["DBF"]["vcmax25"]["prior_median"] == pytest.approx(57.7)


def test_a_posterior_is_read_by_type(tmp_path: Path, problem: SiteProblem) -> None:
    run(tmp_path, problem)
    with np.load(tmp_path / "ensemble.npz") as kept:
        wanted = kept["posterior"][0, :, 0]
    for path in (tmp_path, tmp_path / "posterior.nc"):
        members = read_posterior(path, soil_texture="sand")["DBF"]
        assert [item.vcmax25 for item in members] == pytest.approx(list(wanted))
        # What was not estimated has the defaults.
        assert members[0].porosity == parameters_for("DBF", "sand").porosity
    again = ParameterEnsemble.of_file(read_parameter_ensemble(tmp_path / "posterior.nc"), None)
    assert again.member(3, "DBF")["vcmax25"] == pytest.approx(wanted[3])


def test_values_for_all_classes_reach_each_of_them(tmp_path: Path) -> None:
    file = tmp_path / "members.yaml"
    file.write_text("all:\n  vcmax25: [50.0, 60.0]\nGRA:\n  stomatal_slope: [4.0, 5.0]\n")
    found = read_posterior(file)
    assert set(found) == set(LAND_COVERS)
    assert [item.vcmax25 for item in found["DBF"]] == [50.0, 60.0]
    assert [item.stomatal_slope for item in found["GRA"]] == [4.0, 5.0]


def test_members_for_new_places_hold_the_departures_of_sites(problem: SiteProblem) -> None:
    other = replace(problem, site="CN-HaM")
    settings = replace(SETTINGS, departures=0.5, common=0.5, members=40)
    done = calibrate([problem, other], {"CN-Cha": "DBF", "CN-HaM": "DBF"}, settings)
    space = done.layout.spaces["DBF"]
    of_type = space.inside(done.type_values("DBF"))[:, 0]
    of_places = space.inside(posterior_dataset(done)["vcmax25"].to_numpy().T)[:, 0]
    assert np.var(of_places) > np.var(of_type) + 0.1
    unseen = done.layout.new_site(done.result.posterior, space, "GRA", seed=1)
    assert np.var(unseen[:, 0]) > np.var(of_places)


def test_other_settings_are_not_mixed_in(tmp_path: Path, problem: SiteProblem) -> None:
    CalibrationFolder.open(tmp_path, SETTINGS, [problem])
    other = CalibrationSettings(members=13, passes=3, seed=4, parameters=("vcmax25",))
    with pytest.raises(RunError, match="other settings or observations"):
        CalibrationFolder.open(tmp_path, other, [problem])


def test_a_plan_that_is_no_text_is_another_run(tmp_path: Path, problem: SiteProblem) -> None:
    (tmp_path / "plan.json").write_bytes(b"\xff\xfe")
    with pytest.raises(RunError, match="other settings or observations"):
        CalibrationFolder.open(tmp_path, SETTINGS, [problem])


def test_settings_that_cannot_run_leave_no_folder(tmp_path: Path, problem: SiteProblem) -> None:
    wrong = CalibrationSettings(parameters=("vcmax",))
    with pytest.raises(MissingVariableError, match=r"no parameter 'vcmax'.*vcmax25"):
        CalibrationFolder.open(tmp_path / "new", wrong, [problem])
    assert not (tmp_path / "new").exists()


def test_a_damaged_pass_is_named(tmp_path: Path, problem: SiteProblem) -> None:
    kept = CalibrationFolder.open(tmp_path, SETTINGS, [problem])
    assert kept.last_pass() is None
    (tmp_path / "pass.npz").write_bytes(b"PK no")
    with pytest.raises(FileFormatError, match=r"pass.npz is no sound pass"):
        kept.last_pass()


def test_the_commands_calibrate_rank_and_try_twins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(write_table(tmp_path))
    common = [file, *PLACE, "--streams", "gpp", "--parameters", "vcmax25,stomatal_slope", "--json"]
    few = ["--members", "10", "--passes", "2"]
    assert main(["dlm", "calibrate", *common, *few, "--out", str(tmp_path / "cal")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["types"]["DBF"]["vcmax25"]["median"] == pytest.approx(57.7, rel=0.3)
    assert (tmp_path / "cal" / "calibration.json").exists()
    expected = json.loads((tmp_path / "cal" / "identifiability.json").read_text())
    assert 0.0 < expected["DBF"]["stomatal_slope"] < expected["DBF"]["vcmax25"] <= 1.0
    assert report["types"]["DBF"]["vcmax25"]["expected_reduction"] == expected["DBF"]["vcmax25"]
    assert main(["dlm", "calibrate", *common[:-1], *few, "--out", str(tmp_path / "cal")]) == 0
    assert "variance less" in capsys.readouterr().out
    assert main(["dlm", "twin", *common, *few, "--trials", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["trials"] == 2
    assert main(["dlm", "sensitivity", *common, "--size", "6"]) == 0
    assert json.loads(capsys.readouterr().out)["ranking"][0]["parameter"] == "vcmax25"


FEW = ["--members", "8", "--passes", "1", "--parameters", "vcmax25"]
CV = ["--leave-out", "site"]


def test_the_commands_say_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(write_table(tmp_path))
    out = ["--out", str(tmp_path / "cal")]
    assert main(["dlm", "calibrate", file, file, *PLACE, *out]) == 2
    assert "belong to a single FILE" in capsys.readouterr().err
    assert main(["dlm", "calibrate", file, *PLACE, "--streams", "nep", *out]) == 2
    assert "Did you mean 'nee'" in capsys.readouterr().err
    assert main(["dlm", "calibrate", file, *PLACE, "--streams", "gpp", *FEW, *CV, *out]) == 2
    assert "nothing can be left out of one site" in capsys.readouterr().err
    out = ["--out", str(tmp_path / "other")]
    assert main(["dlm", "calibrate", file, *PLACE, "--years", "abc", *out]) == 2
    assert "--years wants years" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
