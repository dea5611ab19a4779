"""The YAML file of a run: what it says becomes settings; what is wrong is named with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.config import read_config
from fluxscape.atlas.scenarios import Scenario
from fluxscape.atlas.settings import RunSettings
from fluxscape.errors import (
    DimsError,
    FileFormatError,
    FluxscapeError,
    MissingVariableError,
    OutOfBoundsError,
)
from fluxscape.io.atomic import json_text

PLAIN = """
title: A test
period:
  first_year: 2000
  last_year: 2001
  spin_up_years: 1
region:
  mask: nation
  bounds: [103, 30, 105, 32]
grid: {resolution: 0.25, tile: 8}
forcing:
  source: simulated
model:
  name: dlm
  mode: lean
  step_seconds: 10800
parameters:
  soil_texture: silt loam
  set:
    GRA: {vcmax25: 60.0}
outputs: {pyramid: false}
seed: 7
"""


def config(folder: Path, text: str) -> Path:
    """Write a file and return its path."""
    path = folder / "run.yaml"
    path.write_text(text)
    return path


def test_a_file_becomes_settings_that_survive_json(tmp_path: Path) -> None:
    import json  # noqa: PLC0415

    settings = read_config(config(tmp_path, PLAIN))
    assert settings == RunSettings(
        first_year=2000,
        last_year=2001,
        spin_up_years=1,
        bounds=(103.0, 30.0, 105.0, 32.0),
        tile=8,
        mode="lean",
        step_seconds=10800,
        soil_texture="silt loam",
        parameters=settings.parameters,
        seed=7,
    )
    assert settings.parameters.of("GRA") == {"vcmax25": 60.0}
    assert RunSettings.from_dict(json.loads(json_text(settings.to_dict()))) == settings


def test_the_shortest_file_runs_the_shipped_product(tmp_path: Path) -> None:
    text = "period: {first_year: 1979, last_year: 2012}\nforcing: {source: simulated}\n"
    settings = read_config(config(tmp_path, text))
    assert settings == RunSettings(pyramid=True)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("first_year: 2000", "first_yaer: 2000", r"line 3: period.first_year is missing"),
        ("last_year: 2001", "last_year: 1999", r"line 5: period.last_year must not lie before"),
        ("last_year: 2001", "last_year: 2001.5", r"line 5: .*must be a whole number, got 2001.5"),
        ("mask: nation", "mask: natoin", r"line 8: region.mask must be one of.*Did you mean"),
        ("[103, 30, 105, 32]", "[103, 30, 105]", r"line 9: region.bounds must be a list of 4"),
        ("[103, 30, 105, 32]", "[105, 30, 103, 32]", r"line 9: .*west < east"),
        ("resolution: 0.25", "resolution: east", r"line 10: grid.resolution must be a number"),
        ("tile: 8", "tile: 0", r"line 10: grid.tile must lie within 1 to 256, got 0"),
        ("source: simulated", "source: cmdf", r"line 12: forcing.source must be one of.*'cmfd'"),
        ("source: simulated", "files: [a.nc]", r"line 12: forcing.files belongs to a dataset"),
        ("source: simulated", "source: cmfd", r"files is missing: wanted the dataset's files"),
        (
            "source: simulated",
            "source: cmfd\n  files: no/*.nc",
            r"line 13: forcing.files names 'no/\*.nc', which is not in",
        ),
        (
            "source: simulated",
            "source: cmfd\n  scenario: {name: all}\n  files: '*.yaml'",
            r"line 13: forcing.scenario changes simulated weather",
        ),
        ("name: dlm", "name: mod17", r"line 15: model.mode is of the DLM, not of mod17"),
        ("name: dlm", "name: ec-lue", r"line 14: model.name must be one of"),
        ("step_seconds: 10800", "step_seconds: 900", r"line 16: .*one of 1800, 3600, 7200, 10800"),
        ("vcmax25: 60.0", "vcmax25: high", r"line 20: parameters.set.GRA.vcmax25 must be a number"),
        ("seed: 7", "seed: -1", r"line 22: seed must lie within 0"),
        ("seed: 7", "seeds: 7", r"line 22: seeds is no key here.*Did you mean 'seed'"),
        ("seed: 7", "title: again", r"line 22: title stands there twice"),
        ("pyramid: false", "pyramid: 0", r"pyramid must be true or false"),
        ("seed: 7", "seed: [", r"is not plain YAML"),
        ("title: A test", "title: !!python/object:os.system x", r"title is not plain YAML"),
    ],
)
def test_errors_name_line_and_key(old: str, new: str, words: str, tmp_path: Path) -> None:
    assert old in PLAIN
    with pytest.raises(FileFormatError, match=words) as caught:
        read_config(config(tmp_path, PLAIN.replace(old, new)))
    assert "run.yaml" in str(caught.value)


def test_a_file_without_forcing_or_that_is_no_mapping_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"forcing is missing: wanted a section"):
        read_config(config(tmp_path, "period: {first_year: 2000, last_year: 2000}\n"))
    for text in ("- a\n", "", "just words\n"):
        with pytest.raises(FileFormatError, match=r"wanted lines 'key: value'"):
            read_config(config(tmp_path, text))


def test_scenarios_have_rates_of_their_own(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "source: simulated",
        "source: simulated\n  scenario: {name: all, warming: 0.5, greening: 0.02}",
    )
    assert read_config(config(tmp_path, text)).scenario == Scenario(
        "all", carbon_dioxide=True, warming=0.5, greening=0.02, first_year=2000
    )
    plain = text.replace("name: all, warming: 0.5, greening: 0.02", "name: co2")
    assert read_config(config(tmp_path, plain)).scenario == Scenario()


def test_parameters_come_from_a_file_and_are_replaced_by_the_run(tmp_path: Path) -> None:
    (tmp_path / "calibrated.yaml").write_text("all: {stomatal_slope: 4.0}\nGRA: {vcmax25: 50}\n")
    text = PLAIN.replace("  set:", "  file: calibrated.yaml\n  set:")
    found = read_config(config(tmp_path, text)).parameters
    assert found.of("GRA") == {"stomatal_slope": 4.0, "vcmax25": 60.0}
    assert found.of("CRO") == {"stomatal_slope": 4.0}


@pytest.mark.parametrize("form", ["yaml", "netcdf", "netcdf by class"])
def test_ensembles_come_from_yaml_and_netcdf(form: str, tmp_path: Path) -> None:
    values = np.array([55.0, 60.0, 65.0])
    name = "members.yaml" if form == "yaml" else "members.nc"
    if form == "yaml":
        (tmp_path / name).write_text("GRA: {vcmax25: [55, 60, 65]}\n")
    elif form == "netcdf":
        xr.Dataset({"vcmax25": ("member", values)}).to_netcdf(tmp_path / name)
    else:
        rows = np.stack([np.full(3, np.nan), values])
        xr.Dataset(
            {"vcmax25": (("igbp", "member"), rows)}, coords={"igbp": ["CRO", "GRA"]}
        ).to_netcdf(tmp_path / name)
    text = PLAIN.replace("  set:", f"  ensemble: {name}\n  members: 2\n  set:")
    ensemble = read_config(config(tmp_path, text)).ensemble
    assert ensemble is not None
    assert ensemble.members == 2
    assert ensemble.member(1, "GRA") == {"vcmax25": 60.0}
    assert ensemble.member(1, "CRO") == ({"vcmax25": 60.0} if form == "netcdf" else {})


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        ("GRA: {vcmax25: [55, 60]}\nCRO: {vcmax25: [1, 2, 3]}\n", DimsError, "different numbers"),
        ("GRA: {vcmax25: [55]}\n", DimsError, "must have 2 to 500 members, got 1"),
        ("GRAS: {vcmax25: [55, 60]}\n", MissingVariableError, "no IGBP class 'GRAS'.*'GRA'"),
        ("GRA: {vcmax25: high}\n", FileFormatError, "line 1: GRA.vcmax25 must be a list of numb"),
        ("{}\n", FileFormatError, "holds no parameter"),
    ],
)
def test_ensembles_that_cannot_be_run_are_named(
    content: str, error: type[FluxscapeError], words: str, tmp_path: Path
) -> None:
    (tmp_path / "members.yaml").write_text(content)
    text = PLAIN.replace("  set:", "  ensemble: members.yaml\n  set:")
    with pytest.raises(error, match=words):
        read_config(config(tmp_path, text))
    (tmp_path / "members.yaml").write_text("GRA: {vcmax25: [55, 60]}\n")
    with pytest.raises(DimsError, match="3 members are wanted, the file has 2"):
        read_config(config(tmp_path, text.replace("  set:", "  members: 3\n  set:")))


def test_the_prior_and_the_folder_of_a_calibration_are_ensembles(tmp_path: Path) -> None:
    text = PLAIN.replace("  set:", "  ensemble: prior\n  members: 4\n  set:")
    ensemble = read_config(config(tmp_path, text)).ensemble
    assert ensemble is not None
    assert ensemble.members == 4
    assert set(ensemble.member(0, "CRO")) >= {"vcmax25", "stomatal_slope"}
    lue = text.replace("name: dlm\n  mode: lean", "name: mod17")
    lue = lue.replace("    GRA: {vcmax25: 60.0}", "    GRA: {}")
    with pytest.raises(FileFormatError, match=r"parameters.ensemble 'prior' is of the DLM"):
        read_config(config(tmp_path, lue))
    (tmp_path / "cal").mkdir()
    values = xr.Dataset({"vcmax25": ("member", np.array([55.0, 60.0, 65.0]))})
    values.to_netcdf(tmp_path / "cal/posterior.nc")
    folder = text.replace("ensemble: prior\n  members: 4", "ensemble: cal")
    found = read_config(config(tmp_path, folder)).ensemble
    assert found is not None
    assert found.members == 3


def test_members_need_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match=r"line 19: parameters.members goes with 'ensemble'"):
        read_config(config(tmp_path, PLAIN.replace("  set:", "  members: 3\n  set:")))


def test_parameters_that_the_model_does_not_have_end_the_run_before_it_begins(
    tmp_path: Path,
) -> None:
    from fluxscape.atlas.run import run_national  # noqa: PLC0415

    for old, new, error, words in (
        ("vcmax25: 60.0", "vcmax: 60.0", MissingVariableError, "parameters of GRA.*'vcmax25'"),
        ("vcmax25: 60.0", "vcmax25: 6000.0", OutOfBoundsError, "parameters of GRA.*lies outside"),
        ("silt loam", "silty lome", MissingVariableError, "no soil of texture 'silty lome'"),
    ):
        settings = read_config(config(tmp_path, PLAIN.replace(old, new)))
        with pytest.raises(error, match=words):
            run_national(settings, tmp_path / "out.zarr")
    assert [path.name for path in tmp_path.iterdir()] == ["run.yaml"]
