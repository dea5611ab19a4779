"""Runs on gridded datasets, scenarios, ensembles and light-use-efficiency models, at few cells."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.ensemble import ParameterEnsemble, ParameterSets
from fluxscape.atlas.ensemble_prior import prior_ensemble, with_uncertainty
from fluxscape.atlas.gridded import GriddedWeather, nearest_cells, wind_factor
from fluxscape.atlas.product import ET, GPP, LAND_FRACTION
from fluxscape.atlas.pyramid import open_pyramid
from fluxscape.atlas.run import run_national
from fluxscape.atlas.scenarios import scenario, scenario_effects
from fluxscape.atlas.settings import ForcingSettings, RunSettings
from fluxscape.atlas.tile_run import SPREAD, UNCERTAINTY
from fluxscape.errors import (
    DimsError,
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
)
from fluxscape.io.climatology import read_climatology
from fluxscape.io.forcing_files import find_index
from fluxscape.io.forcing_read import ForcingReader
from fluxscape.io.stores import open_store
from fluxscape.meteorology.point_climate import point_climates
from helpers.forcing_files import Truth, write_cmfd, write_era5_land
from helpers.shared import shared_file

HERE = (103.0, 30.0, 103.4, 30.3)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth("2001-01-01", "2002-01-01")


@pytest.fixture(scope="module")
def datasets(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    """Return files of a year with the conventions of two datasets."""
    folder = tmp_path_factory.mktemp("forcing")
    return {"cmfd": write_cmfd(truth, folder), "era5-land": write_era5_land(truth, folder)}


def settings_of(source: str, files: list[Path], **more: object) -> RunSettings:
    """Return settings of a year at twelve cells."""
    plain = RunSettings(
        first_year=2001,
        last_year=2001,
        spin_up_years=1,
        step_seconds=3600,
        resolution=0.1,
        bounds=HERE,
        forcing=ForcingSettings(source, tuple(map(str, files))),
    )
    return dataclasses.replace(plain, **more)  # type: ignore[arg-type]


def test_a_year_of_either_dataset_is_the_same_weather(
    datasets: dict[str, list[Path]], truth: Truth
) -> None:
    found = {}
    latitude, longitude = np.array([30.05, 30.25]), np.array([103.05, 103.35])
    climates = point_climates(read_climatology(), latitude, longitude)
    for source, files in datasets.items():
        index, _ = find_index(ForcingSettings(source, tuple(map(str, files))))
        reader = ForcingReader(index)
        rows, columns = nearest_cells(index, reader, latitude, longitude)
        reader.close()
        assert (rows.tolist(), columns.tolist()) == ([0, 2], [0, 3])
        weather = GriddedWeather(index, 3600, 2001)
        found[source] = weather.year(climates, rows, columns, 2001)
        weather.close()
    inside = slice(48, 48 + 365 * 48)
    for source, forcing in found.items():
        for name, field, slack in (
            ("shortwave_down", "shortwave", 2e-3),
            ("longwave_down", "longwave", 1e-3),
            ("precipitation", "rain", 2e-3),
            ("air_temperature", "temperature", 1e-4),
            ("wind_speed", "wind", 5e-3),
        ):
            wanted = truth.fields[field][inside][:, [0, 2], [0, 3]].T
            wanted = wanted.reshape(2, -1, 2).mean(axis=2)
            values = getattr(forcing, name)
            np.testing.assert_allclose(
                values.mean(axis=1), wanted.mean(axis=1), rtol=slack, err_msg=f"{source} {name}"
            )
            if field in {"shortwave", "temperature", "longwave"}:
                limit = 0.02 if source == "era5-land" else 0.05
                error = np.abs(values - wanted).mean() / wanted.mean()
                assert error < limit, (source, name, error)
        assert (forcing.carbon_dioxide == forcing.carbon_dioxide[0, 0]).all()
        assert forcing.leaf_area_index.min() >= 0.0
    np.testing.assert_allclose(
        found["cmfd"].vapour_pressure.mean(), found["era5-land"].vapour_pressure.mean(), rtol=2e-3
    )


def test_either_dataset_gives_the_same_fluxes(
    datasets: dict[str, list[Path]], tmp_path: Path
) -> None:
    runs = {
        source: run_national(settings_of(source, files), tmp_path / f"{source}.zarr")
        for source, files in datasets.items()
    }
    for name in (GPP, ET):
        one, other = (runs[source][name].to_numpy() for source in ("cmfd", "era5-land"))
        assert np.isfinite(one).sum() == 12
        np.testing.assert_allclose(one, other, rtol=0.02)
    attrs = runs["cmfd"].attrs
    assert attrs["data_status"] == "reconstructed"
    assert "China Meteorological Forcing Dataset" in attrs["source"]
    assert len(attrs["input_sha256"]) == 64
    assert str(tmp_path) not in str(attrs)


def test_a_clock_of_another_zone_is_told(truth: Truth, tmp_path: Path) -> None:
    files = write_cmfd(truth, tmp_path)
    for path in files:
        dataset = xr.open_dataset(path).load()
        dataset.close()
        encoding = {"units": "hours since 1900-01-01 00:00:0.0", "dtype": "int32"}
        dataset["time"] = dataset["time"] + np.timedelta64(6, "h")
        dataset["time"].encoding = encoding
        early = dataset.isel(time=[0, 1]).assign_coords(
            time=dataset["time"][:2] - np.timedelta64(6, "h")
        )
        whole = xr.concat([early, dataset.isel(time=slice(0, -2))], "time")
        whole["time"].encoding = encoding
        whole.to_netcdf(path, engine="netcdf4")
    with pytest.raises(FileFormatError, match=r"srad: shortwave radiation comes 6.* h late"):
        run_national(settings_of("cmfd", files), tmp_path / "out.zarr")


def test_a_gap_in_the_middle_ends_the_run_and_leaves_the_old_store(
    datasets: dict[str, list[Path]], tmp_path: Path
) -> None:
    out = tmp_path / "out.zarr"
    small = settings_of("era5-land", datasets["era5-land"], resolution=0.2, spin_up_years=0)
    run_national(small, out)
    before = open_store(out)[GPP].to_numpy()
    dataset = xr.open_dataset(datasets["era5-land"][0]).load()
    dataset.close()
    dataset["tp"][4000, :, :] = np.nan
    for name in dataset.variables:
        dataset[name].encoding = {}
    spoilt = tmp_path / "spoilt.nc"
    dataset.to_netcdf(spoilt, engine="netcdf4")
    broken = dataclasses.replace(small, forcing=ForcingSettings("era5-land", (str(spoilt),)))
    with pytest.raises(FileFormatError, match=r"spoilt.nc: tp .* is missing at 2001-06-16T16:00"):
        run_national(broken, out)
    np.testing.assert_array_equal(open_store(out)[GPP].to_numpy(), before)


def test_cells_outside_the_dataset_do_not_run(
    datasets: dict[str, list[Path]], tmp_path: Path
) -> None:
    wide = settings_of(
        "era5-land", datasets["era5-land"], spin_up_years=0, bounds=(103.0, 30.0, 103.8, 30.2)
    )
    dataset = run_national(wide, tmp_path / "wide.zarr")
    there = np.isfinite(dataset[GPP].to_numpy()[0])
    # A cell beyond the edge takes the weather of the one beside it, no other does.
    assert there.sum(axis=1).tolist() == [5, 5]
    assert dataset.attrs["cells_without_forcing"] == 6
    assert (dataset[LAND_FRACTION].to_numpy() > 0).tolist() == there.tolist()
    away = dataclasses.replace(wide, bounds=(90.0, 40.0, 91.0, 41.0))
    with pytest.raises(OutOfBoundsError, match=r"the forcing lies within 30.05 to 30.25 N"):
        run_national(away, tmp_path / "away.zarr")


def test_wind_of_two_metres_is_brought_to_ten() -> None:
    assert wind_factor(10.0) == 1.0
    assert wind_factor(2.0) == pytest.approx(1.0 / 0.748, rel=1e-3)


SMALL = RunSettings(
    first_year=2000,
    last_year=2001,
    spin_up_years=0,
    step_seconds=10800,
    bounds=(103.0, 30.0, 103.6, 30.6),
)
"""Four cells."""


def test_scenarios_share_their_weather_and_differ_by_what_they_change(tmp_path: Path) -> None:
    runs = {}
    for name in ("none", "co2", "climate", "greening", "all"):
        made = scenario(name, warming=1.0, greening=0.2, first_year=1980)
        settings = dataclasses.replace(SMALL, last_year=2000, scenario=made)
        runs[name] = run_national(settings, tmp_path / f"{name}.zarr")
    effects = scenario_effects(runs)
    co2 = effects[f"{GPP}_effect_of_co2"].to_numpy()
    green = effects[f"{GPP}_effect_of_greening"].to_numpy()
    warm = effects[f"{ET}_effect_of_climate"].to_numpy()
    assert (co2[np.isfinite(co2)] > 0.0).all()
    assert (green[np.isfinite(green)] > 0.0).all()
    assert np.nanmean(warm) > 0.0
    whole = effects[f"{GPP}_effect_of_all"].to_numpy()
    rest = effects[f"{GPP}_interaction"].to_numpy()
    np.testing.assert_allclose(
        whole, co2 + green + effects[f"{GPP}_effect_of_climate"].to_numpy() + rest, rtol=1e-4
    )
    assert effects.attrs["data_status"] == "simulated"
    assert '"warming": 1.0' in runs["all"].attrs["scenario"]
    assert (
        runs["none"].attrs["carbon_dioxide"] == "measured annual means to 1980, then that of 1980"
    )
    with pytest.raises(MissingVariableError, match="effects need the run 'none'"):
        scenario_effects({"co2": runs["co2"]})
    other = runs["co2"].assign_attrs(seed=2)
    with pytest.raises(DimsError, match="differ in seed: 1 and 2"):
        scenario_effects({"none": runs["none"], "co2": other})


def test_scenarios_that_do_not_fit_are_named() -> None:
    with pytest.raises(MissingVariableError, match="no scenario 'warming'"):
        scenario("warming")
    with pytest.raises(OutOfBoundsError, match="warming must lie within -2 to 2"):
        scenario("all", warming=5.0)
    with pytest.raises(OutOfBoundsError, match="scenarios change simulated weather"):
        RunSettings(forcing=ForcingSettings("cmfd"), scenario=scenario("all"))


def test_an_ensemble_gives_mean_and_spread_of_its_members(tmp_path: Path) -> None:
    values = (40.0, 70.0, 90.0)
    alone = [
        run_national(
            dataclasses.replace(SMALL, parameters=ParameterSets({"all": {"vcmax25": value}})),
            tmp_path / f"{value}.zarr",
        )
        for value in values
    ]
    ensemble = ParameterEnsemble(3, {"all": {"vcmax25": values}})
    dataset = run_national(dataclasses.replace(SMALL, ensemble=ensemble), tmp_path / "all.zarr")
    members = np.stack([run[GPP].to_numpy().astype(np.float64) for run in alone])
    np.testing.assert_allclose(dataset[GPP].to_numpy(), members.mean(axis=0), rtol=1e-5)
    spread = members.std(axis=0, ddof=1)
    np.testing.assert_allclose(dataset[GPP + SPREAD].to_numpy(), spread, rtol=1e-4)
    whole = members.mean(axis=1).std(axis=0, ddof=1)
    np.testing.assert_allclose(dataset[GPP + UNCERTAINTY].to_numpy(), whole, rtol=1e-4)
    assert dataset.attrs["ensemble_members"] == 3
    assert dataset.attrs["ensemble_parameters"] == "vcmax25"


def test_the_prior_gives_each_class_its_relative_spread(tmp_path: Path) -> None:
    dataset = run_national(SMALL, tmp_path / "plain.zarr")
    found = with_uncertainty(dataset, SMALL, members=4, cells_per_class=1)
    land = dataset[LAND_FRACTION].to_numpy() > 0
    for name in (GPP, ET):
        relative = (found[name + UNCERTAINTY] / dataset[name].mean("time")).to_numpy()
        assert np.isfinite(relative[land]).all()
        assert ((relative[land] > 0.001) & (relative[land] < 1.0)).all()
        for number in np.unique(dataset["land_cover"].to_numpy()[land]):
            rows = relative[land & (dataset["land_cover"].to_numpy() == number)]
            assert np.ptp(rows) < 1e-6
    assert "4 members of the prior" in found.attrs["uncertainty"]
    members = dataclasses.replace(SMALL, ensemble=prior_ensemble(members=4))
    with pytest.raises(OutOfBoundsError, match="without members"):
        with_uncertainty(dataset, members)


def test_the_prior_stands_around_what_a_run_sets() -> None:
    sets = ParameterSets({"GRA": {"vcmax25": 40.0}})
    ensemble = prior_ensemble("loam", sets, members=50, seed=2)
    grass = np.median([ensemble.member(i, "GRA")["vcmax25"] for i in range(50)])
    assert grass == pytest.approx(40.0, rel=0.1)
    assert prior_ensemble("loam", sets, members=50, seed=2) == ensemble


OTHERS = ("casa", "vpm", "ec-lue-2020", "tl-lue", "p-model")


@pytest.mark.parametrize(
    "model", ["mod17", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)]
)
def test_light_use_efficiency_models_run_over_the_grid(model: str, tmp_path: Path) -> None:
    settings = dataclasses.replace(SMALL, model=model, last_year=2000, pyramid=True)
    dataset = run_national(settings, tmp_path / "lue.zarr")
    land = dataset[LAND_FRACTION].to_numpy() > 0
    gpp = dataset[GPP].to_numpy()[:, land]
    assert ET not in dataset
    assert ((gpp > 100.0) & (gpp < 4000.0)).all()
    assert dataset.attrs["model"] == model
    pyramid = open_pyramid(tmp_path / "lue.zarr")
    assert f"{GPP}_mean" in pyramid.variables


def test_lean_mode_is_near_the_full_model(tmp_path: Path) -> None:
    full = run_national(SMALL, tmp_path / "full.zarr")[GPP].to_numpy()
    lean = dataclasses.replace(SMALL, mode="lean")
    found = run_national(lean, tmp_path / "lean.zarr")
    np.testing.assert_allclose(found[GPP].to_numpy(), full, rtol=0.1)
    assert found.attrs["mode"] == "lean"


def test_cells_may_be_finer_than_the_land_cover(tmp_path: Path) -> None:
    fine = dataclasses.replace(
        SMALL, resolution=0.01, bounds=(103.5, 30.5, 103.56, 30.54), last_year=2000, tile=4
    )
    dataset = run_national(fine, tmp_path / "fine.zarr")
    assert dataset.attrs["cells"] == 24
    with pytest.raises(DimsError, match="whole multiple or a whole part"):
        run_national(dataclasses.replace(fine, resolution=0.012), tmp_path / "no.zarr")
    with pytest.raises(OutOfBoundsError, match="at most 50000000 are run at once: give bounds"):
        run_national(
            dataclasses.replace(fine, resolution=0.0025, bounds=None), tmp_path / "no.zarr"
        )


def test_tiles_that_overlap_are_named(tmp_path: Path) -> None:
    boxes = ((103.0, 30.0, 103.3, 30.6), (103.1, 30.0, 103.6, 30.3))
    with pytest.raises(OutOfBoundsError, match=r"tiles 1 .* and 2 .* overlap: both hold the cell"):
        run_national(dataclasses.replace(SMALL, boxes=boxes), tmp_path / "out.zarr")
    with pytest.raises(OutOfBoundsError, match=r"tile 1 .* holds no cell"):
        run_national(
            dataclasses.replace(SMALL, boxes=((120.0, 30.0, 121.0, 31.0),)), tmp_path / "out.zarr"
        )
    assert list(tmp_path.iterdir()) == []


def test_north_china_runs_two_real_years(tmp_path: Path) -> None:
    folder = shared_file("data/north_china_forcing/mete_GLDASV21")
    settings = RunSettings(
        first_year=2019,
        last_year=2020,
        spin_up_years=1,
        step_seconds=3600,
        bounds=(112.0, 34.0, 113.1, 35.1),
        forcing=ForcingSettings("north-china", tuple(map(str, sorted(folder.glob("*.nc"))))),
    )
    dataset = run_national(settings, tmp_path / "north.zarr")
    gpp, et = dataset[GPP].to_numpy(), dataset[ET].to_numpy()
    assert np.isfinite(gpp).all()
    assert ((gpp > 200.0) & (gpp < 3000.0)).all()
    assert ((et > 150.0) & (et < 1100.0)).all()
    assert dataset.attrs["cells_failed"] == 0
    assert "leaf area of the forcing dataset" in dataset.attrs["vegetation"]
