"""`fluxscape fuse`: files in and out, scores, series, and refusals before a pixel is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.cli import _fuse_files, main
from fluxscape.io.atomic import write_geotiff, write_netcdf
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.io.rasters import read_raster
from fluxscape.io.stores import open_store
from helpers.fusion import cell_means, image, landscape
from helpers.shared import shared_file

SIDE = 6
NDVI = "normalized_difference_vegetation_index"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Write images of three dates, fine and coarse, and return their paths."""
    level, season = landscape(24)
    paths = {}
    for day, state in (("20200501", 0.0), ("20200613", 0.4), ("20200801", 1.0)):
        values = level + season * state
        fine = image(values, units="")
        coarse = image(cell_means(values, SIDE), pixel=30.0 * SIDE, units="")
        for kind, array in (("fine", fine), ("coarse", coarse)):
            path = tmp_path / f"{kind}_{day}.tif"
            write_geotiff(array, path)
            paths[f"{kind}_{day}"] = str(path)
    return paths


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["fuse", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def pair(files: dict[str, str], day: str = "20200501") -> list[str]:
    return ["--pair", files[f"fine_{day}"], files[f"coarse_{day}"]]


def test_a_fine_image_is_made_written_and_scored(capsys, tmp_path, files) -> None:
    out = tmp_path / "fused.tif"
    found = run(
        capsys, *pair(files), "--coarse", files["coarse_20200613"], "--method", "fsdaf",
        "--window", "9", "--units", "1", "--truth", files["fine_20200613"], "--out", str(out),
    )  # fmt: skip
    assert found["method"] == "fsdaf"
    assert found["pair_dates"] == "2020-05-01"
    assert found["dates"] == ["2020-06-13"]
    assert found["digital_numbers_per_unit"] == 10_000
    assert found["parameters"]["window"] == 9
    assert found["quality"]["good"] > 0.9
    assert set(found["scores"]) == {"fused", "baseline", "unchanged_fine", "coarse_alone"}
    assert found["scores"]["fused"]["rmse"] < found["scores"]["unchanged_fine"]["rmse"]
    assert found["files"][0] == str(out)
    fused, naive = read_raster(out), read_raster(tmp_path / "fused-baseline.tif")
    assert fused.shape == naive.shape == (24, 24)
    assert fused.attrs["crs"] == "EPSG:32650"
    assert fused.attrs["data_status"] == "reconstructed"
    truth = read_raster(files["fine_20200613"])
    rmse = float(np.sqrt(((fused - truth) ** 2).mean()))
    assert rmse == pytest.approx(found["scores"]["fused"]["rmse"], rel=1e-4)
    assert (read_raster(tmp_path / "fused-quality.tif") <= 3).all()


@pytest.mark.parametrize("method", ["starfm", "estarfm", "ubestarfm"])
def test_several_dates_and_pairs_make_one_dataset(capsys, tmp_path, files, method) -> None:
    out = tmp_path / "fused.zarr"
    found = run(
        capsys, *pair(files), *pair(files, "20200801"), "--method", method, "--units", "1",
        "--coarse", files["coarse_20200801"], files["coarse_20200613"], "--window", "9",
        "--variable", NDVI, "--threads", "2", "--out", str(out),
    )  # fmt: skip
    assert found["dates"] == ["2020-06-13", "2020-08-01"]
    store = open_store(out)
    assert store["fused"].dims == ("time", "y", "x")
    assert store.attrs["image"] == NDVI
    assert store["fused"].attrs["units"] == "1"
    if method == "starfm":
        np.testing.assert_allclose(
            store["fused"][1], read_raster(files["fine_20200801"]), atol=1e-6
        )


def test_dates_may_be_given(capsys, files, tmp_path) -> None:
    out = tmp_path / "fused.nc"
    found = run(
        capsys, *pair(files), "--pair-date", "2019-05-01", "--coarse", files["coarse_20200613"],
        "--date", "2019-06-13", "--window", "9", "--units", "1", "--out", str(out),
    )  # fmt: skip
    assert found["pair_dates"] == "2019-05-01"
    assert found["dates"] == ["2019-06-13"]
    with open_netcdf_guarded(out) as dataset:
        assert set(dataset.data_vars) == {"fused", "baseline", "quality", "similar_pixels"}


def test_several_dates_as_geotiff_have_their_dates_in_the_name(capsys, files, tmp_path) -> None:
    found = run(
        capsys, *pair(files), "--coarse", files["coarse_20200613"], files["coarse_20200801"],
        "--window", "9", "--units", "1", "--out", str(tmp_path / "f.tif"),
    )  # fmt: skip
    names = {Path(path).name for path in found["files"]}
    assert {"f-2020-06-13.tif", "f-quality-2020-08-01.tif"} <= names


def test_bands_come_in_and_go_out_together(capsys, tmp_path) -> None:
    level, season = landscape(24)
    paths = []
    for day, state in (("20200501", 0.0), ("20200613", 0.4)):
        values = np.stack((level + season * state, 0.6 - 0.5 * level))
        for kind, array in (
            ("fine", image(values)),
            ("coarse", image(cell_means(values, SIDE), pixel=30.0 * SIDE)),
        ):
            paths.append(str(tmp_path / f"{kind}_{day}.tif"))
            names = ("band", ["red", "infrared"])
            write_geotiff(array.assign_coords(band=[1, 2], band_name=names), paths[-1])
    out = tmp_path / "fused.tif"
    found = run(
        capsys, "--pair", paths[0], paths[1], "--coarse", paths[3], "--truth", paths[2],
        "--window", "9", "--method", "fsdaf", "--out", str(out),
    )  # fmt: skip
    fused = read_raster(out)
    assert fused.shape == (2, 24, 24)
    assert fused["band_name"].to_numpy().tolist() == ["red", "infrared"]
    np.testing.assert_allclose(fused[1], 0.6 - 0.5 * level, atol=1e-6)
    assert found["scores"]["fused"]["spectral_angle"] < 10.0


def test_a_daily_series_is_made_from_all_images(capsys, files, tmp_path) -> None:
    out = tmp_path / "series.zarr"
    found = run(
        capsys, *pair(files), *pair(files, "20200801"), "--coarse",
        *(files[f"coarse_{day}"] for day in ("20200501", "20200613", "20200801")),
        "--daily", "--composite-days", "1", "--window", "9", "--units", "1", "--variable", NDVI,
        "--out", str(out),
    )  # fmt: skip
    store = open_store(out)
    assert store.sizes["time"] == 93
    origin = store["origin"].load()
    assert (origin.sel(time="2020-05-01") == 1).all()
    assert (origin.sel(time="2020-06-13") == 2).all()
    assert found["quality"]["measured"] == pytest.approx(2 / 93)
    assert (store["origin"].sel(time="2020-05-20") == 0).all()


def test_zarr_and_netcdf_are_read_as_well(capsys, files, tmp_path) -> None:
    fine = read_raster(files["fine_20200501"]).rename(NDVI).assign_attrs(units="1")
    crs = fine.attrs.pop("crs")
    fine.attrs.pop("resolution")
    path = tmp_path / "fine_20200501.nc"
    write_netcdf(xr.Dataset({NDVI: fine}, attrs={"crs": crs}), path)
    found = run(
        capsys, "--pair", str(path), files["coarse_20200501"], "--coarse",
        files["coarse_20200613"], "--units", "1", "--window", "9",
    )  # fmt: skip
    assert found["dates"] == ["2020-06-13"]


def test_images_without_a_place_lie_pixel_on_pixel(capsys, tmp_path) -> None:
    def simulated(sensor: str, time: int) -> str:
        return str(shared_file(f"data/starfm_simulated/Test3_sim_{sensor}_t{time}.tif"))

    params = tmp_path / "starfm4py.yml"
    params.write_text("distance_scale: 150\nfine_uncertainty: 0.03\ncoarse_uncertainty: 0.03\n")
    options = [
        "--pair", simulated("Landsat", 1), simulated("MODIS", 1), "--coarse",
        simulated("MODIS", 4), "--truth", simulated("Landsat", 4), "--params", str(params),
    ]  # fmt: skip
    found = run(capsys, *options)
    assert found["scores"]["fused"]["rmse"] == pytest.approx(161.710, abs=1e-3)
    assert found["scores"]["baseline"]["rmse"] == pytest.approx(655.352, abs=1e-3)
    assert main(["fuse", *options, "--out", str(tmp_path / "a.tif")]) == 2
    assert "no reference system" in capsys.readouterr().err


def test_files_that_do_not_fit_are_refused_before_they_are_read(
    capsys, files, tmp_path, monkeypatch
) -> None:
    def never(*_arguments: object, **_options: object) -> None:
        raise AssertionError

    monkeypatch.setattr("fluxscape.cli.fuse.read_image", never)
    other = tmp_path / "coarse_20200701.tif"
    write_geotiff(image(np.ones((4, 4)), pixel=180.0, crs="EPSG:32651"), other)
    small = tmp_path / "coarse_20200702.tif"
    write_geotiff(image(np.ones((3, 4)), pixel=180.0), small)
    for path, message in ((other, "EPSG:32651"), (small, "does not cover")):
        assert main(["fuse", *pair(files), "--coarse", str(path)]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert path.name in error
    shifted = tmp_path / "fine_20200801.tif"
    write_geotiff(image(np.ones((24, 24)), west=500_300.0), shifted)
    arguments = [*pair(files), "--pair", str(shifted), files["coarse_20200801"]]
    assert main(["fuse", *arguments, "--coarse", files["coarse_20200613"]]) == 2
    assert "must share one grid" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--method", "starfn"], "Did you mean 'starfm'"),
        (["--window", "30"], "must be odd"),
        (["--threads", "0"], "at least 1"),
        (["--out", "a.png"], "must end with"),
        (["--date", "yesterday"], "YYYY-MM-DD"),
        (["--method", "estarfm", "--units", "1"], "two pairs"),
        (["--daily", "--units", "1"], "at least two dated"),
        ([], "have no unit"),
        (["--simulated", "CN-Cha"], "takes no files"),
        (["--out", "absent/a.nc"], "no folder"),
        (["--daily", "--out", "a.tif"], "hundreds of GeoTIFFs"),
    ],
)
def test_errors_are_named(capsys, files, extra, message) -> None:
    files = {name: path for name, path in files.items() if "0801" not in name}
    arguments = [*pair(files), "--coarse", files["coarse_20200613"], *extra]
    assert main(["fuse", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_what_is_no_image_is_refused(capsys, files, tmp_path) -> None:
    text = tmp_path / "fine.tif"
    text.write_text("no image")
    assert main(["fuse", "--pair", str(text), str(text), "--coarse", str(text)]) == 2
    assert "fine.tif" in capsys.readouterr().err
    assert main(["fuse", *pair(files), "--coarse", str(tmp_path / "absent.tif")]) == 2
    assert "absent.tif" in capsys.readouterr().err
    assert _fuse_files.OUTPUTS == (".tif", ".nc", ".zarr")


def test_a_simulated_landscape_serves_where_there_are_no_files(capsys, tmp_path) -> None:
    out = tmp_path / "cha.zarr"
    found = run(capsys, "--simulated", "CN-Cha", "--window", "11", "--out", str(out))
    assert found["data_status"] == "simulated"
    assert found["site"] == "CN-Cha"
    assert found["rmse_by_origin"]["fused"] < 0.05
    assert open_store(out).sizes["time"] == 365
    assert main(["fuse", "--simulated", "CN-Chaa"]) == 2
    assert "Did you mean" in capsys.readouterr().err
    assert main(["fuse"]) == 2
    assert "--simulated SITE" in capsys.readouterr().err


def test_missing_codes_are_found_out_and_can_be_named(capsys, files, tmp_path) -> None:
    values = read_raster(files["fine_20200501"])
    values[3, 3] = -9999.0
    path = tmp_path / "fine_20200502.tif"
    write_geotiff(values, path)
    arguments = ["--pair", str(path), files["coarse_20200501"], "--units", "1", "--window", "9"]
    arguments += ["--coarse", files["coarse_20200613"]]
    assert main(["fuse", *arguments]) == 2
    assert "usual code of missing values" in capsys.readouterr().err
    found = run(capsys, *arguments, "--nodata", "-9999")
    assert found["quality"]["missing"] == pytest.approx(1 / 576)
    assert main(["fuse", *arguments, "--nodata", "-9999", "--valid-range", "0", "0.1"]) == 2
    assert "outside 0 to 0.1" in capsys.readouterr().err
