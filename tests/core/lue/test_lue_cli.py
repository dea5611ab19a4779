"""``fluxscape lue``."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.cli import main
from helpers.shared import shared_file

PLACE = ["--latitude", "42", "--longitude", "0", "--igbp", "DBF", "--utc-offset", "0"]


@pytest.fixture
def table(tmp_path):
    times = pd.date_range("2005-06-01", periods=48 * 10, freq="30min")
    light = np.maximum(np.sin(2.0 * np.pi * (np.arange(times.size) / 48.0 - 0.25)), 0.0) * 800.0
    frame = pd.DataFrame({"time": times.strftime("%Y-%m-%d %H:%M:%S"), "SW_IN": light.round(2)})
    frame["TA"] = 18.0
    frame["VPD"] = 9.0
    frame["gpp"] = (light * 0.02).round(3)
    path = tmp_path / "made_up.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def leaves(tmp_path):
    path = tmp_path / "lai.csv"
    path.write_text("date,lai\n2005-05-25,2.0\n2005-06-20,4.0\n")
    return path


def run(capsys, action, *arguments):
    code = main(["lue", action, *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize("model", ["mod17", "tl-lue", "p-model"])
def test_run_prints_json_and_writes_netcdf(model, table, leaves, capsys, tmp_path):
    out = tmp_path / "run.nc"
    code, text, error = run(
        capsys, "run", table, *PLACE, "--lai", leaves, "--model", model, "--out", out, "--json"
    )
    assert code == 0, error
    facts = json.loads(text)
    assert facts["model"] == model
    assert facts["n_steps"] == 480
    assert 200.0 < facts["gpp"] < 9000.0
    assert facts["scores"]["n"] > 400
    assert facts["fills"][
        "absorbed_par_fraction" if model != "tl-lue" else "daily_minimum_air_temperature"
    ]
    with xr.open_dataset(out) as written:
        assert written["gross_primary_production"].attrs["units"] == "umol m-2 s-1"
        assert written.attrs["data_status"] == "reconstructed"


def test_run_says_in_words_what_was_derived(table, leaves, capsys):
    code, text, _ = run(capsys, "run", table, *PLACE, "--lai", leaves)
    assert code == 0
    assert "GPP" in text
    assert "Beer's law" in text
    assert "against measured: R2" in text


@pytest.mark.parametrize("method", ["quantile", "hyperbola", "ratio"])
def test_seasonal_gives_windows(method, table, leaves, capsys, tmp_path):
    out = tmp_path / "windows.nc"
    code, text, error = run(
        capsys, "seasonal", table, *PLACE, "--lai", leaves, "--method", method, "--out", out,
        "--json",
    )  # fmt: skip
    assert code == 0, error
    facts = json.loads(text)
    assert facts["method"] == method
    assert [row["start"] for row in facts["windows"]] == ["2005-05-25", "2005-06-02", "2005-06-10"]
    assert facts["units"]["efficiency"] == "mol mol-1"
    assert facts["median"] > 0.0
    with xr.open_dataset(out) as written:
        assert written.attrs["method"] == method
    code, text, _ = run(capsys, "seasonal", table, *PLACE, "--lai", leaves)
    assert code == 0
    assert "published 0.0278" in text


def test_parameters_come_from_a_file(table, leaves, capsys, tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("maximum_light_use_efficiency: 3.052\n")
    plain, changed = (
        json.loads(run(capsys, "run", table, *PLACE, "--lai", leaves, "--json", *more)[1])["gpp"]
        for more in ((), ("--params", params))
    )
    assert changed == pytest.approx(2.0 * plain)


def test_errors_name_what_is_wrong_and_exit_with_two(table, leaves, capsys):
    for arguments, words in (
        ((table, *PLACE), "leaf_area_index"),
        ((table, *PLACE, "--lai", leaves, "--model", "mod71"), "Did you mean 'mod17'"),
        ((table, *PLACE, "--lai", leaves, "--model", "ec-lue"), "latent_heat_flux"),
        ((table, "--utc-offset", "0"), "--latitude"),
        (("absent.csv", *PLACE), "absent.csv"),
    ):
        code, text, error = run(capsys, "run", *arguments)
        assert code == 2
        assert text == ""
        assert words in error
        assert error.startswith("fluxscape: error: ")


def test_a_real_tower_is_followed_through_the_year(capsys):
    path = shared_file("data/BE-Vie_2014_halfhourly.csv")
    code, text, _ = run(capsys, "run", path, "--site", "BE-Vie", "--model", "p-model", "--json")
    assert code == 0
    assert json.loads(text)["scores"]["r2"] > 0.85


@pytest.mark.parametrize(
    ("option", "value", "match"),
    [
        ("--latitude", "nan", "latitude must lie within -90 to 90 degrees, got nan"),
        ("--latitude", "-91", "latitude must lie within"),
        ("--longitude", "400", "longitude must lie within -180 to 180"),
        ("--elevation", "nan", "--elevation must lie within -500 to 9000 m, got nan"),
        ("--elevation", "-20000", "--elevation must lie within"),
    ],
)
def test_a_place_off_the_earth_is_refused_whatever_the_model(
    option, value, match, table, leaves, capsys
):
    code, text, error = run(capsys, "run", table, *PLACE, "--lai", leaves, option, value)
    assert (code, text) == (2, "")
    assert error.startswith("fluxscape: error: ")
    assert match in error
