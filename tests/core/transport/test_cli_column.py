"""`fluxscape column` and `fluxscape synthesis`: numbers, files, errors."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.cli import main
from fluxscape.io.atomic import write_netcdf
from fluxscape.io.guards import open_netcdf_guarded
from helpers.shared import shared_file

SIMULATED = ["--simulated", "CN-Cha", "--heights", "40,100", "--first-day", "180", "--days", "16"]
REAL = ["--latitude", "37.7353", "--longitude", "-111.5708", "--utc-offset", "-7"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def fail(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 2
    return capsys.readouterr().err


def test_a_simulated_tower_runs_and_says_what_is_simulated(capsys, tmp_path) -> None:
    out = tmp_path / "column.nc"
    found = run(capsys, "column", "run", *SIMULATED, "--out", str(out))
    assert found["data_status"] == "simulated"
    assert "fluxes: land-surface model DLM" in found["simulated"]
    assert found["n_steps"] == 16 * 48
    assert found["mass_error"] < 1e-9
    assert [len(row["by_hour"]) for row in found["inlets"]] == [24, 24]
    assert set(found["rectifier"]) == {"diurnal", "seasonal", "mean"}
    with open_netcdf_guarded(out) as product:
        assert product.attrs["data_status"] == "simulated"
        assert product["carbon_dioxide_mole_fraction"].dims == ("time", "layer")


def test_a_twin_is_inverted_by_all_methods(capsys, tmp_path) -> None:
    out = tmp_path / "inversion.nc"
    found = run(
        capsys, "column", "invert", *SIMULATED, "--method", "all", "--evidence", "--out", str(out)
    )
    assert "record of carbon dioxide: a twin drawn from the prior" in found["simulated"]
    for agreement in found["agreement"].values():
        assert agreement["mean"] < 1e-6
        assert agreement["deviation"] < 1e-6
    mean = found["mean_flux"]
    assert abs(mean["posterior"] - found["true_mean_flux"]) < 4.0 * mean["posterior_deviation"]
    assert mean["posterior_deviation"] < mean["prior_deviation"]
    assert len(found["identifiability"]) == 3 * 5
    assert found["evidence"]["log_evidence"] >= found["evidence"]["log_evidence_before"]
    with open_netcdf_guarded(out) as product:
        assert "averaging_kernel" in product


def test_real_fluxes_run_and_are_scored_where_the_file_has_carbon_dioxide(capsys) -> None:
    file = str(shared_file("data/footprint_US-UTE_2024.csv"))
    found = run(
        capsys, "column", "run", file, *REAL, "--height", "3.5", "--canopy", "0.3", "--days", "20"
    )
    assert found["data_status"] == "reconstructed"
    assert found["simulated"] == []
    assert found["inlets"][0]["scores"]["n"] > 900
    inverted = run(
        capsys, "column", "invert", file, *REAL, "--height", "3.5", "--canopy", "0.3",
        "--days", "20",
    )  # fmt: skip
    assert inverted["observations"] >= 15
    assert "true_mean_flux" not in inverted


def test_a_record_of_inlets_is_read_from_a_table(capsys, tmp_path) -> None:
    hours = pd.date_range("2005-06-30", periods=16 * 48, freq="30min")
    table = pd.DataFrame({"time": hours, "co2_40": 378.0, "co2_100m": 379.0})
    path = tmp_path / "record.csv"
    table.to_csv(path, index=False)
    found = run(
        capsys, "column", "invert", "--simulated", "CN-Cha", "--first-day", "180", "--days", "16",
        "--record", str(path),
    )  # fmt: skip
    assert found["observations"] == 32
    late = tmp_path / "late.csv"
    table.assign(time=hours + pd.Timedelta("400D")).to_csv(late, index=False)
    words = fail(
        capsys, "column", "invert", "--simulated", "CN-Cha", "--first-day", "180", "--days", "16",
        "--record", str(late),
    )  # fmt: skip
    assert "lies outside the period of the forcing" in words


def test_footprints_of_another_model_take_the_columns_place(capsys, tmp_path) -> None:
    draw = np.random.default_rng(1)
    values = draw.uniform(0.0, 0.02, (8, 8, 30))
    footprints = xr.Dataset(
        {"fp": (("lat", "lon", "time"), values, {"units": "(mol/mol)/(mol/m2/s)"})},
        coords={"lat": np.arange(8.0), "lon": np.arange(8.0)},
    )
    path, record = tmp_path / "fp.nc", tmp_path / "record.csv"
    write_netcdf(footprints, path)
    co2 = 380.0 - 2.0 * values.sum(axis=(0, 1)) + draw.normal(0.0, 0.05, 30)
    pd.DataFrame({"co2": co2, "background": 380.0, "error": 0.05}).to_csv(record, index=False)
    found = run(
        capsys, "column", "invert", "--receptors", str(path), "--record", str(record),
        "--regions", "2",
    )  # fmt: skip
    assert found["model"] == "name"
    assert found["regions"] == 4
    assert found["mean_flux"]["posterior"] == pytest.approx(-2.0, abs=0.2)
    pd.DataFrame({"co2": [1.0], "background": [1.0], "error": [1.0]}).to_csv(record, index=False)
    words = fail(capsys, "column", "invert", "--receptors", str(path), "--record", str(record))
    assert "1 rows for 30 receptors" in words


def test_commands_refuse_what_they_cannot_use(capsys, tmp_path) -> None:
    assert "give either a flux table" in fail(capsys, "column", "run")
    assert "no scheme of mixing" in fail(capsys, "column", "run", *SIMULATED, "--scheme", "acm9")
    heights = [*SIMULATED[:3], "60,20", *SIMULATED[4:]]
    assert "must increase strictly" in fail(capsys, "column", "run", *heights)
    heights[3] = "20,9000"
    assert "lies outside the column" in fail(capsys, "column", "run", *heights)
    heights[3] = "low"
    assert "wanted numbers" in fail(capsys, "column", "run", *heights)
    settings = tmp_path / "settings.yaml"
    settings.write_text("flux_spred: 2\n")
    words = fail(capsys, "column", "invert", *SIMULATED, "--settings", str(settings))
    assert "Did you mean 'flux_spread'" in words


COLUMNS = "source,level,place,counts,flux,uncertainty,group,data_status,area_km2,bias,"
ESTIMATES = (
    COLUMNS
    + """bias_uncertainty
tower,landscape,Changbai forest,nee,-315,42,,observed,20,0.05,0.05
dlm,landscape,Changbai forest,nee,-220,80,model,simulated,20,,
dlm,landscape,Changbai forest,gpp,1400,200,model,simulated,20,,
lue,landscape,Changbai forest,gpp,1500,250,,reconstructed,20,,
inversion,region,Changbai,atmosphere,-100,90,,reconstructed,50000,,
inventory,region,Changbai,fossil,120,30,,observed,50000,,
inventory,region,Changbai,lateral,20,20,,observed,50000,,
"""
)


def test_a_synthesis_reconciles_a_table_with_links(capsys, tmp_path) -> None:
    table, links, out = (tmp_path / name for name in ("table.csv", "links.csv", "out.csv"))
    table.write_text(ESTIMATES)
    links.write_text("place,part,weight,uncertainty\nChangbai,Changbai forest,1,80\n")
    found = run(capsys, "synthesis", str(table), "--links", str(links), "--out", str(out))
    keys = {(row["place"], row["counts"]): row for row in found["budgets"]}
    assert keys["Changbai forest", "nee"]["sources"]["tower"]["flux"] == pytest.approx(-300.0)
    assert ("Changbai", "nee") in keys
    assert keys["Changbai", "nee"]["total"] == pytest.approx(
        keys["Changbai", "nee"]["flux"] * 5e10 / 1e15
    )
    assert found["data_status"] == "mixed"
    assert sum(row["leverage"] for row in found["rows"]) == pytest.approx(
        len(found["rows"]) - found["degrees_of_freedom"]
    )
    written = pd.read_csv(out)
    assert {"tower", "reconciled"} <= set(written["source"])
    assert main(["synthesis", str(table)]) == 0
    assert "chi-square" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("flux,uncertainty", "flux,sigma", "no column 'uncertainty'"),
        ("-315", "much", "row 2, column flux: 'much' is no number"),
        ("gpp", "npp", "no counts is called 'npp'"),
        (",80,", ",,", "row 3, column uncertainty: the cell is empty"),
    ],
)
def test_tables_that_cannot_be_read_are_refused(capsys, tmp_path, old, new, words) -> None:
    table = tmp_path / "table.csv"
    table.write_text(ESTIMATES.replace(old, new, 1))
    assert words in fail(capsys, "synthesis", str(table))
