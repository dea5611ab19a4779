"""What workers do for the Representativeness page: assessments, networks, rasters read once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from fluxscape.errors import FileFormatError, FluxscapeError, OutOfBoundsError
from fluxscape.io import wire
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape_dashboard.work.footprint_parts import of_month, pooled
from fluxscape_dashboard.work.network import network_of_nation
from fluxscape_dashboard.work.raster_uploads import read_raster_upload
from fluxscape_dashboard.work.representativeness import assess_place

LONGITUDE, LATITUDE = 128.0958, 42.4025


def _quiet(_fraction: float, _message: str) -> None:
    """Take no note of progress."""


def _assess(**changes: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "table": "",
        "model": "km01",
        "height": 40.0,
        "canopy": 26.0,
        "extent": 1500.0,
        "cover": "MF",
        "seed": 20_100,
        "layers": {},
        "limits": {},
    }
    return assess_place(_quiet, **(arguments | changes))


def _raster(path: Path, values: np.ndarray[Any, Any], *, bands: int = 1) -> str:
    step, side = 0.0005, values.shape[-1]
    west, north = LONGITUDE - 0.5 * side * step, LATITUDE + 0.5 * side * step
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=side,
        height=side,
        count=bands,
        dtype=values.dtype,
        crs="EPSG:4326",
        transform=Affine(step, 0.0, west, 0.0, -step, north),
    ) as out:
        out.write(values.reshape(bands, side, side))
    return str(path)


def _read(path: str, tmp_path: Path, kind: str, name: str, legend: str = "") -> dict[str, Any]:
    output = str(tmp_path / f"{kind}.nc")
    return read_raster_upload(path, output, kind, name, legend, LONGITUDE, LATITUDE)


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return _assess()


def test_an_assessment_rates_three_aspects_and_crosses_to_the_page(result: dict[str, Any]) -> None:
    score = result["facts"]["score"]
    assert [aspect["name"] for aspect in score["aspects"]] == [
        "land_cover",
        "spatial_structure",
        "location_bias",
    ]
    assert score["score"] == min(aspect["level"] for aspect in score["aspects"])
    assert result["facts"]["data_status"] == "simulated"
    messages: list[Any] = []
    wire.send(result, messages.append)
    assert sum(len(message) for message in messages) < 20e6


def test_the_map_of_places_agrees_with_the_rated_bias_at_the_tower(result: dict[str, Any]) -> None:
    table = result["tables"]["bias_map_ndvi"]
    here = float(table["location_bias"].sel(x=0.0, y=0.0, method="nearest"))
    rated = result["facts"]["score"]["aspects"][2]["value"]
    # The map takes the year's footprint for every month, the rating each month's own.
    assert here == pytest.approx(rated, abs=0.03)
    assert set(result["ground"].data_vars) == {"index", "cover"}


def test_every_month_has_an_interval_around_its_bias(result: dict[str, Any]) -> None:
    months = result["months"]
    assert months["month"].to_numpy().tolist() == list(range(1, 13))
    assert (months["low"] <= months["bias"]).all()
    assert (months["bias"] <= months["high"]).all()


def test_stricter_limits_lower_the_level_and_are_saved(result: dict[str, Any]) -> None:
    strict = _assess(limits={"bias_high": 0.0001, "bias_medium": 0.0002})
    assert strict["facts"]["score"]["aspects"][2]["level"] == 1
    assert strict["facts"]["limits"]["bias_medium"] == 0.0002
    value = result["facts"]["score"]["aspects"][2]["value"]
    assert strict["facts"]["score"]["aspects"][2]["value"] == pytest.approx(value)


def test_uploaded_rasters_take_the_place_of_the_landscape(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    index = (0.5 + 0.1 * random.random((300, 300))).astype(np.float32)
    facts = _read(_raster(tmp_path / "a.tif", index), tmp_path, "index", "ndvi")
    assert facts["scenes"] == 1
    assert 0.5 <= facts["low"] < facts["high"] <= 0.6
    path = str(tmp_path / "index.nc")
    assessed = _assess(layers={"index": {"path": path, "name": "ndvi"}})
    levels = [aspect["level"] for aspect in assessed["facts"]["score"]["aspects"]]
    assert levels[0] == 0
    assert levels[1:] == [3, 3]
    assert assessed["facts"]["land_cover"] is None


def test_twelve_bands_are_months(tmp_path: Path) -> None:
    scenes = np.full((12, 300, 300), 0.4, dtype=np.float32)
    scenes += np.arange(12, dtype=np.float32)[:, None, None] * 0.01
    path = _raster(tmp_path / "y.tif", scenes, bands=12)
    assert _read(path, tmp_path, "index", "ndvi")["scenes"] == 12
    with open_netcdf_guarded(tmp_path / "index.nc") as kept:
        assert kept["index"]["time"].dt.month.to_numpy().tolist() == list(range(1, 13))
    with pytest.raises(FileFormatError, match="has 2 bands; wanted one band, or twelve"):
        _read(_raster(tmp_path / "z.tif", scenes[:2], bands=2), tmp_path, "index", "ndvi")


def test_a_raster_that_is_not_what_it_is_said_to_be_is_refused_clearly(tmp_path: Path) -> None:
    classes = np.tile(np.array([1, 4, 5, 10], dtype=np.uint8), (300, 75))
    path = _raster(tmp_path / "c.tif", classes)
    with pytest.raises(FileFormatError, match="is it a land-cover map"):
        _read(path, tmp_path, "index", "ndvi")
    with pytest.raises(OutOfBoundsError, match="code 1 is not in the legend worldcover"):
        _read(path, tmp_path, "cover", "land_cover", "worldcover")
    assert _read(path, tmp_path, "cover", "land_cover", "igbp")["classes"] == 4
    smooth = np.full((300, 300), 0.37, dtype=np.float32)
    with pytest.raises(FluxscapeError, match="whole number"):
        _read(_raster(tmp_path / "s.tif", smooth), tmp_path, "cover", "land_cover")
    with pytest.raises(OutOfBoundsError, match="does not reach the bounds"):
        read_raster_upload(path, str(tmp_path / "f.nc"), "cover", "land_cover", "", 100.0, 30.0)


def test_blocks_pool_by_their_records(result: dict[str, Any]) -> None:
    del result
    import xarray as xr  # noqa: PLC0415

    fields = np.array([[[1.0]], [[4.0]], [[np.nan]]])
    blocks = xr.Dataset(
        {"footprint": (("period", "y", "x"), fields), "n_used": ("period", [1, 2, 0])}
    )
    assert float(pooled(blocks)["footprint"][0, 0]) == pytest.approx(3.0)
    many = xr.concat([blocks, blocks], dim="period")
    rows, whole = of_month(many, 1)
    assert rows.sizes["period"] == 6
    assert whole is not None
    assert of_month(many.assign(n_used=many["n_used"] * 0), 1)[1] is None


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    return network_of_nation(_quiet, by="area", share=0.33, add=[], remove=[])


def test_a_third_of_the_towers_beats_chance(network: dict[str, Any]) -> None:
    assert network["chosen"]["count"] == 48
    assert network["chance"]["beaten_coverage"] >= 0.95
    assert network["chosen"]["coverage"] > network["chance"]["high"]
    assert network["present"] == network["chosen"]
    assert [row["order"] for row in network["towers"][:48]] == list(range(1, 49))


def test_towers_changed_by_hand_change_the_coverage(network: dict[str, Any]) -> None:
    chosen = next(row for row in network["towers"] if row["state"] == "chosen")["site"]
    left = next(row for row in network["towers"] if row["state"] == "left")["site"]
    changed = network_of_nation(
        _quiet, by="area", share=0.33, add=[left, "no-such-tower"], remove=[chosen]
    )
    states = {row["site"]: row["state"] for row in changed["towers"]}
    assert states[chosen] == "removed"
    assert states[left] == "added"
    assert changed["present"]["count"] == 48
    assert changed["present"]["coverage"] != network["present"]["coverage"]
