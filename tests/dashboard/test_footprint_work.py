"""What workers do for the Footprint page: climatologies with a score, uploads read once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from shapely.geometry import Point, Polygon

from fluxscape.errors import FileFormatError, FluxscapeError, RunError
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.towers import load_towers
from fluxscape_dashboard.pages._footprint_exports import (
    Saved,
    records_of,
    table_of,
    write_fields,
    write_grid,
    write_outlines,
    write_package,
)
from fluxscape_dashboard.pages._footprint_words import (
    areas_table,
    difference_words,
    distances_table,
    models_table,
    provenance_rows,
    records_table,
    score_words,
)
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages._surroundings import map_cells, pixels_around
from fluxscape_dashboard.sites import heights_of
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.work.footprint import footprint_of_place
from fluxscape_dashboard.work.land_cover import class_code, class_number
from fluxscape_dashboard.work.uploads import read_upload
from fluxscape_dashboard.work.warm import load_footprint_ffp, load_footprint_km01, load_model


def _quiet(_fraction: float, _message: str) -> None:
    """Take no note of progress."""


def _footprint(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "latitude": 42.4025,
        "longitude": 128.0958,
        "utc_offset_hours": 8.0,
        "table": "",
        "model": "km01",
        "height": 40.0,
        "canopy": 26.0,
        "period": "month-07",
        "resolution": 20.0,
        "extent": 1000.0,
        "cover": "MF",
    }
    return footprint_of_place(_quiet, **(arguments | changes))


@pytest.fixture(scope="module")
def july() -> dict[str, Any]:
    return _footprint()


def _place() -> Place:
    tower = tower_or_none("CN-Cha")
    assert tower is not None
    return Place(tower, tower.latitude, tower.longitude, 11.0, 8.0, None)


def test_a_month_of_simulated_weather_gives_a_footprint_with_its_status(
    july: dict[str, Any],
) -> None:
    product = july["climatology"]
    assert product.attrs["data_status"] == "simulated"
    assert 500 < product.attrs["n_used"] <= 31 * 48
    assert 0.5 < product.attrs["sum"] <= 1.0
    assert july["wind"].sum() == pytest.approx(1.0)


def test_the_smaller_source_area_lies_within_the_larger(july: dict[str, Any]) -> None:
    assert [area["fraction"] for area in july["areas"]] == pytest.approx(np.arange(0.1, 0.95, 0.1))
    half, most = july["areas"][4], july["areas"][7]
    assert half["area"] < most["area"]
    outer = Polygon(most["polygons"][0][0]).buffer(1.0)
    assert all(outer.contains(Point(*point)) for point in half["polygons"][0][0][::10])


def test_the_score_against_the_embedded_maps_has_every_radius(july: dict[str, Any]) -> None:
    score = july["score"]
    assert score["radii"][0] == 250.0
    assert score["radii"][-1] == 3000.0
    assert all(abs(value) < 1.0 for value in score["bias"])
    assert sum(score["cover_shares"].values()) == pytest.approx(1.0)
    assert score["cover_share"] == pytest.approx(score["cover_shares"].get("MF", 0.0))


def test_beyond_the_embedded_maps_there_is_no_score_and_no_map(tmp_path: Path) -> None:
    output = _upload(tmp_path)
    result = _footprint(latitude=37.7, longitude=-111.6, table=output, height=3.5, canopy=0.3)
    assert result["score"] is None
    saved = Saved(result, _place(), "all")
    assert score_words(saved, "en") == [
        "The embedded maps do not reach this place, so there is no score."
    ]
    assert pixels_around("land_cover", -111.6, 37.7, 2000.0) is None
    assert len(map_cells("land_cover", None, "en").colours) == 0


def test_an_instrument_inside_the_canopy_is_refused_with_a_reason() -> None:
    with pytest.raises(FluxscapeError, match="canopy"):
        _footprint(height=10.0, canopy=26.0)


def test_a_period_without_records_says_why_none_is_left(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no record is left"):
        _footprint(table=_upload(tmp_path), period="month-01", height=3.5, canopy=0.3)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_tables_and_words_speak_both_languages(july: dict[str, Any], lang: str) -> None:
    assert len(areas_table(july, lang)) == 9
    assert len(distances_table(july, lang)) == 4
    counted = records_table(july, lang)
    assert counted.iloc[0, 1] == str(july["climatology"].attrs["n_used"])
    assert len(score_words(Saved(july, _place(), "all"), lang)) == 4


def test_exports_carry_place_model_and_status(july: dict[str, Any], tmp_path: Path) -> None:
    saved = Saved(july, _place(), "month-07")
    assert saved.name(".tif").startswith("fluxscape_footprint_CN-Cha_km01_month-07_")
    table = table_of(saved)
    assert set(table["data_status"]) == {"simulated"}
    write_outlines(saved, tmp_path / "a.geojson")
    assert '"site": "CN-Cha"' in (tmp_path / "a.geojson").read_text()
    write_grid(saved, tmp_path / "a.tif")
    import rasterio  # noqa: PLC0415

    with rasterio.open(tmp_path / "a.tif", driver="GTiff") as raster:
        assert "Azimuthal" in raster.crs.to_wkt()
        assert raster.read(1).sum() * 400.0 == pytest.approx(
            july["climatology"].attrs["sum"], rel=1e-4
        )


@pytest.fixture(scope="module")
def two_models() -> dict[str, Any]:
    return _footprint(model="safe-f-draxler", other="ffp", period="month-07+day")


def test_two_models_come_on_one_grid_with_what_sets_them_apart(two_models: dict[str, Any]) -> None:
    other = two_models["other"]
    assert other["climatology"]["x"].equals(two_models["climatology"]["x"])
    assert 0.0 < other["apart"]["overlap"] < 1.0
    assert len(other["areas"]) == 9


def test_the_stability_is_that_of_the_day(two_models: dict[str, Any]) -> None:
    shares = two_models["stability"]
    assert shares.shape == (24, 5)
    assert shares.sum() == pytest.approx(1.0)
    assert shares[0].sum() == 0.0
    assert shares[12].sum() > 0.0


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_two_models_stand_side_by_side_in_the_tables(two_models: dict[str, Any], lang: str) -> None:
    table = models_table(two_models, lang)
    assert list(table.columns[1:]) == ["SAFE-f* Draxler", "FFP"]
    assert len(records_table(two_models, lang).columns) == 3
    words = difference_words(Saved(two_models, _place(), "month-07+day"), lang)
    assert all(model in words.title for model in words.models)
    rows = [value for _, value in provenance_rows(two_models, lang)]
    assert any("Chen" in value for value in rows)


def test_two_models_are_saved_together(two_models: dict[str, Any], tmp_path: Path) -> None:
    saved = Saved(two_models, _place(), "month-07+day")
    assert "safe-f-draxler-ffp" in saved.name(".nc")
    write_fields(saved, tmp_path / "a.nc")
    with xr.open_dataset(tmp_path / "a.nc") as stack:
        assert stack["model"].to_numpy().tolist() == ["safe-f-draxler", "ffp"]
        both = stack["footprint"]
        assert stack["footprint_difference"].to_numpy() == pytest.approx(
            (both[0] - both[1]).to_numpy()
        )
        assert stack["model_provenance"].to_numpy()[0].startswith("reconstruction")
    assert set(table_of(saved)["model"]) == {"safe-f-draxler", "ffp"}
    write_outlines(saved, tmp_path / "a.geojson")
    assert (tmp_path / "a.geojson").read_text().count('"fraction"') == 18
    write_package(saved, tmp_path / "a.gpkg")
    import geopandas as gpd  # noqa: PLC0415

    frame = gpd.read_file(tmp_path / "a.gpkg")
    assert frame.crs.to_epsg() == 32652
    assert set(frame["model"]) == {"safe-f-draxler", "ffp"}


def test_every_record_is_saved_with_its_fate(two_models: dict[str, Any]) -> None:
    frame = records_of(Saved(two_models, _place(), "month-07+day"))
    assert len(frame) == 2 * 17_520
    first = frame[frame["model"] == "ffp"]
    facts = two_models["other"]["climatology"].attrs
    assert (first["fate"] == "used").sum() == facts["n_used"]
    assert (first["fate"] == "filtered").sum() == facts["n_filtered"]
    assert not first["filled_lateral_velocity_std"].any()


@pytest.mark.parametrize("layer", ["land_cover", "ndvi", "relief"])
def test_the_map_layers_have_pixels_with_words_around_a_tower(layer: str) -> None:
    cells = map_cells(layer, pixels_around(layer, 128.0958, 42.4025, 2000.0), "zh")
    assert len(cells.colours) >= 1
    assert all(cells.words)
    assert float(np.min(cells.right - cells.left)) > 4000.0


def test_land_cover_codes_and_numbers_are_inverse() -> None:
    assert [class_number(class_code(number)) for number in range(17)] == list(range(17))


def test_every_tower_gets_heights_with_which_a_footprint_can_be_run() -> None:
    for tower in load_towers():
        heights = heights_of(tower)
        assert heights.canopy > 0
        assert math.isfinite(heights.measurement)
        if heights.measurement_assumed:
            assert heights.measurement > heights.canopy


def _table(path: Path, *, broken: bool = False) -> Path:
    lines = ["TIMESTAMP_START,TIMESTAMP_END,USTAR,MO_LENGTH,WD,WS,V_SIGMA"]
    start = np.datetime64("2012-07-01T00:00")
    for step in range(96):
        moments = (start + np.timedelta64(30 * (step + end), "m") for end in (0, 1))
        stamps = [str(moment).translate({45: None, 84: None, 58: None}) for moment in moments]
        lines.append(",".join([*stamps, "0.3", "-60", str(step * 3), "3.0", "0.6"]))
    if broken:
        lines[50] = lines[50].replace("0.3", "much")
    path.write_text("\n".join(lines) + "\n")
    return path


def _upload(folder: Path) -> str:
    output = folder / "table.nc"
    read_upload(str(_table(folder / "table.csv")), str(output), 8.0)
    return str(output)


def test_a_table_is_read_once_and_kept_as_netcdf_in_utc(tmp_path: Path) -> None:
    output = tmp_path / "table.nc"
    facts = read_upload(str(_table(tmp_path / "table.csv")), str(output), 8.0)
    assert facts["steps"] == 96
    assert facts["first"] == "2012-06-30T16:00"
    names = {row["name"]: row for row in facts["variables"]}
    assert names["friction_velocity"]["column"] == "USTAR"
    assert names["friction_velocity"]["share"] == 1.0
    with open_netcdf_guarded(output) as dataset:
        assert "lateral_velocity_std" in dataset


def test_a_broken_table_names_column_and_row_and_leaves_nothing(tmp_path: Path) -> None:
    output = tmp_path / "table.nc"
    with pytest.raises(FileFormatError, match="USTAR") as caught:
        read_upload(str(_table(tmp_path / "table.csv", broken=True)), str(output), 8.0)
    assert "51" in str(caught.value)
    assert not output.exists()


def test_a_worker_can_be_warmed_up() -> None:
    steps: list[str] = []
    for load in (load_footprint_ffp, load_footprint_km01, load_model):
        load(lambda _fraction, message: steps.append(message))
    assert {"work.step_footprint", "work.step_model"} <= set(steps)
    assert all(t(step, "zh") for step in steps)
