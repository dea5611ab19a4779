"""`fluxscape represent`: one tower, a flux table, maps of every kind, batches that resume."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape import towers
from fluxscape.cli import _represent_batch, main
from fluxscape.io.atomic import write_geotiff, write_netcdf
from fluxscape.io.climatology import read_climatology
from fluxscape.io.maps import date_in, join_scenes, read_map
from fluxscape.representativeness.demonstration import demonstration_landscape, usual_heights
from fluxscape.towers import find_tower, load_towers

TOWER = find_tower("CN-Cha")
QUICK = ("--replicates", "20", "--json")


@pytest.fixture(scope="module")
def scene() -> xr.Dataset:
    return demonstration_landscape(read_climatology(), TOWER)


@pytest.fixture
def few(monkeypatch) -> list[str]:
    """Let the table have three towers."""
    chosen = load_towers()[:3]
    monkeypatch.setattr(towers, "load_towers", lambda *_: chosen)
    return [tower.site for tower in chosen]


def run(capsys, *arguments: str) -> dict:
    assert main(["represent", *arguments, *QUICK]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_a_tower_is_assessed_on_a_simulated_landscape(capsys, tmp_path) -> None:
    out = tmp_path / "CN-Cha.json"
    found = run(capsys, "CN-Cha", "--simulated-landscape", "--out", str(out))
    assert found["site"] == "CN-Cha"
    assert found["data_status"] == "simulated"
    assert found["score"]["score"] in {1, 2, 3}
    assert [row["level"] for row in found["score"]["aspects"]] != [0, 0, 0]
    assert json.loads(out.read_text())["score"] == found["score"]


def test_maps_of_every_format_give_the_same_assessment(capsys, tmp_path, scene) -> None:
    index = scene["normalized_difference_vegetation_index"]
    cover, ground = tmp_path / "cover.tif", tmp_path / "dem.nc"
    write_geotiff(scene["land_cover"], cover, nodata=255)
    write_netcdf(scene[["surface_altitude"]].assign_attrs(crs=index.attrs["crs"]), ground)
    files = []
    for month in (0, 6):
        path = tmp_path / f"2010{month + 1:02d}01_ndvi.tif"
        write_geotiff(index[month].drop_vars("time"), path)
        files += ["--raster", str(path)]
    common = ("--land-cover", str(cover), "--legend", "igbp", "--elevation", str(ground))
    tiffs = run(capsys, "CN-Cha", *files, *common)
    both = index[[0, 6]].rename("ndvi").assign_attrs(crs=index.attrs["crs"])
    write_netcdf(both.to_dataset(), tmp_path / "scenes.nc")
    one = run(capsys, "CN-Cha", "--raster", f"ndvi={tmp_path / 'scenes.nc'}::ndvi", *common)
    assert tiffs["data_status"] == "simulated"
    assert tiffs["location_bias"].keys() == one["location_bias"].keys()
    for first, second in zip(tiffs["score"]["aspects"], one["score"]["aspects"], strict=True):
        assert first["level"] == second["level"]
        assert first["value"] == pytest.approx(second["value"], rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "name a tower or a flux table"),
        (("CN-Chaa", "--simulated-landscape"), "Did you mean 'CN-Cha'"),
        (("CN-Cha",), "needs a map"),
        (("CN-Cha", "--land-cover", "gone.tif"), "gone.tif"),
        (("SET", "--simulated-landscape"), "position of SET is unknown"),
        (("CN-Cha", "--simulated-landscape", "--height", "-1"), "--height must be a height"),
        (("CN-Cha", "--simulated-landscape", "--height", "nan"), "--height must be a height"),
        (("CN-Cha", "--simulated-landscape", "--canopy", "inf"), "--canopy must be a height"),
        (("CN-Cha", "--simulated-landscape", "--replicates", "-1"), "must not be negative"),
        (("CN-Cha", "--simulated-landscape", "--seed", "-1"), "must not be negative"),
        (("CN-Cha", "--simulated-landscape", "--legend", "igpb"), "Did you mean 'igbp'"),
        (("--all-towers",), "--out FILE.csv"),
        (("--all-towers", "--out", "x.xlsx"), "--out FILE.csv"),
        (("--batch", "nowhere", "--out", "x.csv"), "no folder"),
    ],
)
def test_errors_are_named(capsys, arguments, message: str) -> None:
    assert main(["represent", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_batch_writes_one_row_a_tower_as_csv_and_geopackage(capsys, tmp_path, few) -> None:
    for name in ("t.csv", "t.gpkg"):
        out = tmp_path / name
        found = run(capsys, "--all-towers", "--workers", "1", "--out", str(out))
        assert (found["n_towers"], found["n_failed"]) == (3, 0)
        assert sum(found["scores"].values()) == 3
        assert not (tmp_path / f"{name}.parts").exists()
    table = pd.read_csv(tmp_path / "t.csv")
    assert table["site"].tolist() == few
    assert table["data_status"].unique().tolist() == ["simulated"]
    points = gpd.read_file(tmp_path / "t.gpkg")
    assert points["score"].tolist() == table["score"].tolist()
    assert points.geometry.x.to_numpy() == pytest.approx(table["longitude"].to_numpy())


@pytest.mark.usefixtures("few")
def test_a_killed_batch_goes_on_and_ends_the_same(capsys, tmp_path, monkeypatch) -> None:
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    run(capsys, "--all-towers", "--workers", "1", "--out", str(whole))
    real = _represent_batch.score_row
    calls = []

    def dies_at_the_third(options):
        calls.append(options["tower"])
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(options)

    monkeypatch.setattr(_represent_batch, "score_row", dies_at_the_third)
    assert (
        main(["represent", "--all-towers", "--workers", "1", "--out", str(broken), *QUICK]) == 130
    )
    capsys.readouterr()
    assert len(list((tmp_path / "broken.csv.parts").iterdir())) == 2
    monkeypatch.setattr(_represent_batch, "score_row", real)
    found = run(capsys, "--all-towers", "--workers", "1", "--out", str(broken))
    assert found["n_resumed"] == 2
    assert broken.read_bytes() == whole.read_bytes()


def test_other_options_do_not_resume(capsys, tmp_path, few) -> None:
    parts = tmp_path / "t.csv.parts"
    parts.mkdir()
    (parts / f"{few[0]}.json").write_text(json.dumps({"settings": "old", "site": few[0]}))
    (parts / f"{few[1]}.json").write_text("{cut off")
    found = run(capsys, "--all-towers", "--workers", "1", "--out", str(tmp_path / "t.csv"))
    assert found["n_resumed"] == 0


def test_a_folder_of_tables_is_scored_and_a_bad_one_named(capsys, tmp_path) -> None:
    (tmp_path / "CN-Cha_bad.csv").write_text("this,is\nno,table\n")
    found = run(
        capsys, "--batch", str(tmp_path), "--simulated-landscape", "--workers", "1",
        "--out", str(tmp_path / "out.gpkg"),
    )  # fmt: skip
    assert found["n_failed"] == 1
    assert found["failed"] == ["CN-Cha_bad.csv"]


def test_every_tower_of_the_table_has_usable_heights() -> None:
    for tower in load_towers():
        heights = usual_heights(tower, 10)
        assert heights.measurement > 0.87 * heights.canopy > 0
    cha = usual_heights(TOWER, 10)
    assert (cha.measurement, cha.canopy, cha.known) == (40.0, 26.0, True)


def test_dates_are_found_in_names() -> None:
    assert date_in("CN-Cha_20210701_ndvi") == np.datetime64("2021-07-01")
    assert date_in("S2_2021-07-01T03") == np.datetime64("2021-07-01")
    assert date_in("tile_49123456") is None
    assert date_in("ndvi_20210231") is None


def test_scenes_without_dates_or_on_other_grids_are_named(scene) -> None:
    one = scene["surface_altitude"].rename("one")
    with pytest.raises(ValueError, match="has no date"):
        join_scenes([one, one], "ndvi")
    first = one.assign_coords(time=np.datetime64("2021-01-01", "ns"))
    with pytest.raises(ValueError, match="another grid"):
        join_scenes([first, first[1:]], "ndvi")


def test_a_dataset_of_several_maps_or_none_is_named(tmp_path, scene) -> None:
    path = tmp_path / "all.nc"
    write_netcdf(scene, path)
    with pytest.raises(ValueError, match="holds 3 maps"):
        read_map(path)
    assert read_map(path, variable="land_cover").dims == ("y", "x")
    with pytest.raises(ValueError, match="has no map 'gone'"):
        read_map(path, variable="gone")
