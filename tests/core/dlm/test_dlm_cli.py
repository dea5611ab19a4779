import json

import numpy as np
import pytest
import xarray as xr

from fluxscape.cli import main
from helpers.dlm_climates import CLIMATES, climate_dataset
from helpers.flux_files import fluxnet_frame, write_frame
from helpers.shared import shared_file

PLACE = ["--latitude", "42", "--longitude", "0", "--igbp", "DBF", "--utc-offset", "0"]


@pytest.fixture
def table(tmp_path):
    data = climate_dataset(CLIMATES["temperate summer"], days=6)
    frame = data.to_dataframe()
    out = frame.index.strftime("%Y-%m-%d %H:%M:%S").to_frame(name="time").reset_index(drop=True)
    values = frame.reset_index(drop=True)
    out["SW_IN"] = values["surface_downwelling_shortwave_flux"].round(3)
    out["TA"] = (values["air_temperature"] - 273.15).round(3)
    out["VPD"] = (values["vapour_pressure_deficit"] / 100.0).round(4)
    out["WS"] = values["wind_speed"]
    out["P"] = (values["precipitation_flux"] * 1800.0).round(4)
    out["LE"] = (values["surface_downwelling_shortwave_flux"] * 0.3).round(2)
    path = tmp_path / "made_up.csv"
    out.to_csv(path, index=False)
    return path


def run(capsys, *arguments):
    code = main(["dlm", "run", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_json_says_what_ran_how_fast_how_closed_and_how_well(table, capsys, tmp_path):
    out = tmp_path / "run.nc"
    code, text, _ = run(capsys, table, *PLACE, "--out", out, "--json")
    assert code == 0
    facts = json.loads(text)
    assert facts["n_steps"] == 288
    assert facts["worst_energy_residual"] < 0.1
    assert facts["worst_water_residual"] < 1e-6
    assert facts["site_years_per_second"] > 0.0
    assert facts["units"]["gpp"] == "gC m-2 yr-1"
    assert set(facts["scores"]["latent_heat_flux"]) >= {"r2", "rmse", "bias", "n"}
    assert facts["fills"]["air_pressure"]["share"] == 1.0
    with xr.open_dataset(out) as written:
        assert written["latent_heat_flux"].attrs["units"] == "W m-2"
        assert written.attrs["data_status"] == "reconstructed"


def test_a_file_may_have_the_names_of_alma(table, capsys, tmp_path):
    out = tmp_path / "alma.nc"
    code, _, _ = run(capsys, table, *PLACE, "--out", out, "--alma")
    assert code == 0
    with xr.open_dataset(out) as written:
        assert written["Qle"].dims == ("time", "y", "x")
        assert written["GPP"].attrs["units"] == "umol m-2 s-1"


def test_text_names_the_fluxes_and_the_fills(table, capsys):
    code, text, _ = run(capsys, table, *PLACE)
    assert code == 0
    assert "GPP" in text
    assert "filled 100.0% of air_pressure" in text
    assert "latent_heat_flux: R2" in text


def test_a_fluxnet_file_runs_by_its_name_and_says_what_it_filled_itself(tmp_path, capsys):
    path = tmp_path / "FLX_CN-Cha_FLUXNET2015_SUBSET_HH_2003-2005_1-4.csv"
    write_frame(path, fluxnet_frame(days=12))
    code, text, _ = run(capsys, path, "--json")
    assert code == 0
    facts = json.loads(text)
    assert facts["site"] == "CN-Cha"
    assert facts["igbp"] == "MF"
    fills = facts["fills"]["surface_downwelling_longwave_flux"]
    assert fills["share_filled_in_file"] > 0.0
    assert facts["scores"]["net_ecosystem_exchange"]["n"] < 12 * 48


def test_a_parameter_file_changes_the_run(table, capsys, tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("vcmax25: 20.0\nstomatal_slope: 2.0\n", encoding="utf-8")
    _, before, _ = run(capsys, table, *PLACE, "--json")
    _, after, _ = run(capsys, table, *PLACE, "--params", params, "--json")
    assert json.loads(after)["gpp"] < 0.8 * json.loads(before)["gpp"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vcmax: 20.0\n", "Did you mean 'vcmax25'"),
        ("vcmax25: 2000\n", "outside its bounds"),
        ("vcmax25: fast\n", "must be a finite number"),
        ("- 1\n- 2\n", "wanted lines 'name: value'"),
        ("a: [\n", "is not plain YAML"),
        ("[" * 5000, "is not plain YAML"),
        ("!!python/object/apply:os.system ['true']\n", "is not plain YAML"),
    ],
)
def test_a_bad_parameter_file_is_refused_with_the_reason(table, capsys, tmp_path, text, message):
    params = tmp_path / "params.yaml"
    params.write_text(text, encoding="utf-8")
    code, _, error = run(capsys, table, *PLACE, "--params", params)
    assert code == 2
    assert message in error


def test_a_huge_parameter_file_is_refused(table, capsys, tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("# much\n" * 50_000, encoding="utf-8")
    code, _, error = run(capsys, table, *PLACE, "--params", params)
    assert code == 2
    assert "params.yaml" in error


def test_a_place_that_is_not_known_is_asked_for(table, capsys):
    code, _, error = run(capsys, table, "--latitude", "42")
    assert code == 2
    assert "--longitude, --igbp" in error


def test_a_file_or_a_simulated_site_is_wanted(capsys):
    code, _, error = run(capsys, *PLACE)
    assert code == 2
    assert "--simulated SITE" in error


def test_an_unknown_tower_gets_a_hint(capsys):
    code, _, error = run(capsys, "--simulated", "CN-Chaa")
    assert code == 2
    assert "CN-Cha" in error


def test_a_chinese_tower_runs_on_simulated_weather(capsys):
    code, text, _ = run(
        capsys, "--simulated", "CN-Cha", "--year", "2005", "--spin-up", "0", "--json"
    )
    assert code == 0
    facts = json.loads(text)
    assert facts["data_status"] == "simulated"
    assert facts["n_steps"] == 17520
    assert 300.0 < facts["gpp"] < 2500.0
    assert 200.0 < facts["et"] < 1200.0


def test_vielsalm_runs_from_its_file_alone_and_finds_its_photosynthesis(capsys):
    path = shared_file("data/BE-Vie_2014_halfhourly.csv")
    code, text, _ = run(capsys, path, "--site", "BE-Vie", "--json")
    assert code == 0
    facts = json.loads(text)
    assert facts["worst_energy_residual"] < 0.1
    assert facts["worst_water_residual"] < 1e-6
    assert facts["soil_water"] == "held at field capacity"
    assert facts["scores"]["gross_primary_production"]["r2"] > 0.8
    assert np.isfinite(facts["nee"])


def test_the_irrigated_crop_in_utah_runs_with_all_its_fluxes_scored(capsys):
    path = shared_file("data/footprint_US-UTE_2024.csv")
    arguments = ["--site", "US-UTE", "--height", "3.5", "--canopy", "0.3", "--hold-soil-water"]
    code, text, _ = run(capsys, path, *arguments, "--json")
    assert code == 0
    facts = json.loads(text)
    assert facts["worst_energy_residual"] < 0.1
    assert facts["scores"]["net_radiation"]["r2"] > 0.95
    assert facts["scores"]["latent_heat_flux"]["r2"] > 0.5
    assert {"sensible_heat_flux", "net_ecosystem_exchange"} <= set(facts["scores"])
