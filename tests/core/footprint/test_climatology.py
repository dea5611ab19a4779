"""Climatologies: orientation, symmetry, lobes, convergence, weights, rejections, provenance."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import (
    DimsError,
    MissingVariableError,
    OutOfBoundsError,
    RunError,
    UnitsError,
)
from fluxscape.footprint import MODELS, footprint_climatology, source_areas
from helpers.footprints import SITE, TYPICAL, make_records, varied_records

NAMES = tuple(MODELS)


@pytest.mark.parametrize("model", NAMES)
@pytest.mark.parametrize("direction", [0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0])
def test_footprint_lies_where_the_wind_comes_from(model: str, direction: float) -> None:
    field = footprint_climatology(
        make_records(wind_from_direction=direction), **SITE, model=model, extent=400.0
    )
    east, north = field.attrs["centroid_xy"]
    toward = (math.sin(math.radians(direction)), math.cos(math.radians(direction)))
    length = math.hypot(east, north)
    assert length > 10.0
    assert (east / length, north / length) == pytest.approx(toward, abs=0.01)


@pytest.mark.parametrize("model", NAMES)
def test_mirrored_wind_gives_the_mirrored_footprint(model: str) -> None:
    east, west = (
        footprint_climatology(
            make_records(wind_from_direction=direction), **SITE, model=model, extent=300.0
        )["footprint"].to_numpy()
        for direction in (60.0, 300.0)
    )
    assert np.abs(east - west[:, ::-1]).max() < 1e-5 * east.max()


@pytest.mark.parametrize("model", NAMES)
def test_direction_of_zero_equals_that_of_360_degrees(model: str) -> None:
    zero, full = (
        footprint_climatology(
            make_records(wind_from_direction=direction), **SITE, model=model, extent=300.0
        )["footprint"].to_numpy()
        for direction in (0.0, 360.0)
    )
    assert np.abs(zero - full).max() < 1e-5 * zero.max()


@pytest.mark.parametrize("model", NAMES)
def test_two_opposite_winds_keep_both_lobes(model: str) -> None:
    field = footprint_climatology(
        make_records(2, wind_from_direction=[0.0, 180.0], lateral_velocity_std=0.4),
        **SITE,
        model=model,
        resolution=2.0,
        extent=500.0,
    )
    single = footprint_climatology(
        make_records(wind_from_direction=0.0, lateral_velocity_std=0.4),
        **SITE,
        model=model,
        resolution=2.0,
        extent=500.0,
    )
    (both,), (one,) = source_areas(field, (0.5,)), source_areas(single, (0.5,))
    assert len(both.polygons) == 2
    south, north = sorted(both.rings, key=lambda ring: ring[:, 1].mean())
    assert north[:, 1].max() == pytest.approx(-south[:, 1].min(), rel=1e-3)
    assert north[:, 1].min() > 0.0 > south[:, 1].max()
    assert both.polygon_area == pytest.approx(2.0 * one.polygon_area, rel=0.02)


@pytest.mark.parametrize("model", NAMES)
def test_finer_grids_converge(model: str) -> None:
    fields = [
        footprint_climatology(
            make_records(), **SITE, model=model, resolution=resolution, extent=400.0
        )
        for resolution in (8.0, 4.0, 2.0)
    ]
    # The captured fraction is an integral over the grid's area and knows no cells.
    errors = [abs(field.attrs["sum"] - field.attrs["captured_fraction"]) for field in fields]
    assert errors[0] < 0.01
    assert errors[2] < 1e-3
    areas = [source_areas(field, (0.5,))[0].polygon_area for field in fields]
    assert areas[2] == pytest.approx(areas[1], rel=0.04)


@pytest.mark.parametrize("model", NAMES)
def test_larger_domains_capture_more_and_never_more_than_all(model: str) -> None:
    captured = [
        footprint_climatology(
            varied_records(20), **SITE, model=model, resolution=extent / 50.0, extent=extent
        ).attrs["captured_fraction"]
        for extent in (50.0, 200.0, 1000.0, 5000.0)
    ]
    assert captured == sorted(captured)
    assert 0.0 < captured[0] < captured[-1] <= 1.002


def test_climatology_is_the_mean_of_its_records() -> None:
    records = varied_records(5)
    whole = footprint_climatology(records, **SITE, extent=200.0)["footprint"]
    parts = [
        footprint_climatology(records.isel(time=[i]), **SITE, extent=200.0)["footprint"]
        for i in range(5)
    ]
    mean = sum(part.to_numpy() for part in parts) / 5.0
    assert np.abs(whole.to_numpy() - mean).max() < 1e-5 * mean.max()


def test_weights_shift_the_footprint_to_the_heavier_record() -> None:
    records = make_records(2, wind_from_direction=[0.0, 90.0])
    heavy = footprint_climatology(records, **SITE, weights=[3.0, 1.0], extent=200.0)
    parts = [
        footprint_climatology(records.isel(time=[i]), **SITE, extent=200.0)["footprint"].to_numpy()
        for i in range(2)
    ]
    expected = 0.75 * parts[0] + 0.25 * parts[1]
    assert np.abs(heavy["footprint"].to_numpy() - expected).max() < 1e-5 * expected.max()
    assert heavy.attrs["weight"] == "given"


def test_weights_scale_out_and_missing_ones_reject_their_record() -> None:
    records = varied_records(4)
    one = footprint_climatology(records, **SITE, weights=[1.0, 2.0, 0.0, np.nan], extent=100.0)
    other = footprint_climatology(records, **SITE, weights=[1e9, 2e9, 0.0, np.nan], extent=100.0)
    assert np.allclose(one["footprint"], other["footprint"], rtol=1e-4)
    assert json.loads(one.attrs["rejected_by"]) == {"missing_weight": 1}
    assert one.attrs["n_used"] == 3


@pytest.mark.parametrize(
    ("weights", "error"),
    [
        ([1.0], DimsError),
        ([1.0, -1.0], OutOfBoundsError),
        ([0.0, 0.0], OutOfBoundsError),
        ([1.0, np.inf], OutOfBoundsError),
    ],
)
def test_impossible_weights_are_refused(weights: list[float], error: type[Exception]) -> None:
    with pytest.raises(error, match="weights"):
        footprint_climatology(make_records(2), **SITE, weights=weights, extent=50.0)


def test_unselected_records_are_neither_used_nor_rejected() -> None:
    records = make_records(3, friction_velocity=[0.4, 0.05, 0.05])
    field = footprint_climatology(records, **SITE, selected=[True, True, False], extent=50.0)
    assert (field.attrs["n_used"], field.attrs["n_rejected"], field.attrs["n_filtered"]) == (
        1,
        1,
        1,
    )
    assert field["record_status"].to_numpy()[2] == -1


def test_selection_of_wrong_shape_is_refused() -> None:
    with pytest.raises(DimsError, match="selected"):
        footprint_climatology(make_records(3), **SITE, selected=[True], extent=50.0)


REJECTIONS = {
    "missing_friction_velocity": {"friction_velocity": np.nan},
    "missing_wind_from_direction": {"wind_from_direction": np.nan},
    "friction_velocity_too_low": {"friction_velocity": 0.1},
    "wind_direction_out_of_range": {"wind_from_direction": 361.0},
    "lateral_velocity_std_not_positive": {"lateral_velocity_std": 0.0},
    "obukhov_length_zero": {"obukhov_length": 0.0},
    "boundary_layer_too_shallow": {"boundary_layer_height": 9.0},
    "measurement_in_entrainment_layer": {"boundary_layer_height": 11.0},
    "too_unstable": {"obukhov_length": -0.6},
}


@pytest.mark.parametrize("reason", REJECTIONS)
def test_every_rule_of_kljun_names_the_record_it_rejects(reason: str) -> None:
    good = TYPICAL | {"boundary_layer_height": 1000.0}
    changes = {name: [good[name], value] for name, value in REJECTIONS[reason].items()}
    site = SITE | {"measurement_height": 10.0}
    field = footprint_climatology(make_records(2, **changes), **site, extent=50.0)
    assert json.loads(field.attrs["rejected_by"]) == {reason: 1}
    meanings = field["record_status"].attrs["flag_meanings"].split()
    assert meanings[int(field["record_status"][1]) + 1] == reason
    assert np.isnan(field["record_captured_fraction"][1])


def test_stability_beyond_similarity_is_rejected_by_kormann_and_meixner() -> None:
    records = make_records(2, obukhov_length=[-50.0, -1.0])
    field = footprint_climatology(records, **SITE, model="km01", extent=50.0)
    assert json.loads(field.attrs["rejected_by"]) == {"outside_surface_layer_similarity": 1}


def test_counts_of_used_and_rejected_records_add_up() -> None:
    rng = np.random.default_rng(3)
    records = make_records(
        200,
        friction_velocity=rng.uniform(-0.1, 0.5, 200),
        obukhov_length=rng.choice([-50.0, 0.0, np.nan, 20.0, 1e9, np.inf], 200),
        wind_from_direction=rng.uniform(-20.0, 380.0, 200),
    )
    for model in NAMES:
        field = footprint_climatology(records, **SITE, model=model, extent=50.0)
        reasons = json.loads(field.attrs["rejected_by"])
        assert sum(reasons.values()) == field.attrs["n_rejected"]
        assert field.attrs["n_used"] + field.attrs["n_rejected"] == 200
        assert np.isfinite(field["footprint"]).all()


def test_no_record_left_says_why() -> None:
    with pytest.raises(RunError, match="friction_velocity_too_low"):
        footprint_climatology(make_records(friction_velocity=0.01), **SITE)


@settings(max_examples=40, deadline=None)
@given(
    model=st.sampled_from(NAMES),
    values=st.fixed_dictionaries(
        {
            "friction_velocity": st.floats(-1.0, 3.0) | st.just(math.nan),
            "obukhov_length": st.floats(-1e7, 1e7) | st.sampled_from([0.0, math.nan, math.inf]),
            "lateral_velocity_std": st.floats(-1.0, 5.0) | st.just(math.nan),
            "boundary_layer_height": st.floats(0.0, 5000.0) | st.just(math.nan),
            "wind_speed": st.floats(0.0, 30.0) | st.just(math.nan),
            "wind_from_direction": st.floats(-10.0, 370.0) | st.just(math.nan),
        }
    ),
)
def test_any_record_is_used_with_a_sound_density_or_rejected(
    model: str, values: dict[str, float]
) -> None:
    records = make_records(2, **{name: [TYPICAL[name], value] for name, value in values.items()})
    field = footprint_climatology(records, **SITE, model=model, resolution=10.0, extent=300.0)
    density = field["footprint"].to_numpy()
    assert np.isfinite(density).all()
    assert density.min() >= 0.0
    assert field.attrs["captured_fraction"] <= 1.002
    assert field.attrs["n_used"] + field.attrs["n_rejected"] == 2


def test_missing_sigma_v_and_boundary_layer_are_filled_and_counted() -> None:
    records = make_records(3, lateral_velocity_std=None, boundary_layer_height=None)
    field = footprint_climatology(records, **SITE, latitude=40.0, extent=100.0)
    filled = json.loads(field.attrs["n_filled"])
    assert filled == {"boundary_layer_height": 3, "lateral_velocity_std": 3}
    assert field.attrs["data_status"] == "mixed"
    assert field.attrs["n_used"] == 3


def test_unknown_latitude_is_said_to_be_assumed() -> None:
    records = make_records(boundary_layer_height=None)
    field = footprint_climatology(records, **SITE, extent=100.0)
    assert any("latitude 45" in text for text in json.loads(field.attrs["assumptions"]))


def test_obukhov_length_follows_from_the_heat_flux() -> None:
    heat = {"sensible_heat_flux": 100.0, "air_temperature": 293.15, "air_pressure": 1e5}
    field = footprint_climatology(make_records(obukhov_length=None, **heat), **SITE, extent=100.0)
    assert json.loads(field.attrs["n_filled"]) == {"obukhov_length": 1}


def test_unknown_stability_is_an_error() -> None:
    with pytest.raises(MissingVariableError, match="obukhov_length"):
        footprint_climatology(make_records(obukhov_length=None), **SITE)


def test_canopy_height_gives_displacement_and_roughness() -> None:
    field = footprint_climatology(
        make_records(), measurement_height=5.0, canopy_height=0.5, extent=100.0
    )
    assert field.attrs["displacement_height"] == pytest.approx(0.335)
    assert field.attrs["roughness_length"] == pytest.approx(0.05)


def test_tower_inside_the_roughness_sublayer_follows_the_measured_wind() -> None:
    field = footprint_climatology(
        make_records(), measurement_height=30.0, canopy_height=20.0, extent=400.0
    )
    assert math.isnan(field.attrs["roughness_length"])
    assert any("roughness sublayer" in text for text in json.loads(field.attrs["assumptions"]))
    assert field.attrs["n_used"] == 1


def test_heights_in_the_records_attributes_are_used() -> None:
    records = make_records()
    records.attrs |= {"measurement_height": 5.0, "canopy_height": 0.5}
    assert footprint_climatology(records, extent=50.0).attrs["measurement_height"] == 5.0


@pytest.mark.parametrize(
    ("site", "match"),
    [
        ({}, "measurement_height"),
        ({"measurement_height": 2.0, "canopy_height": 4.0}, "does not exceed"),
        ({"measurement_height": -2.0}, "outside"),
        ({"measurement_height": math.nan}, "outside"),
        ({"measurement_height": 5.0, "roughness_length": 0.0}, "outside"),
    ],
)
def test_impossible_geometry_is_refused(site: dict[str, float], match: str) -> None:
    with pytest.raises((MissingVariableError, OutOfBoundsError), match=match):
        footprint_climatology(make_records(), **site)


@pytest.mark.parametrize(
    "grid",
    [
        {"resolution": 0.0},
        {"resolution": -1.0},
        {"resolution": math.nan},
        {"extent": -5.0},
        {"extent": math.inf},
        {"resolution": 0.001},
        {"bounds": (10.0, -10.0, 0.0, 5.0)},
    ],
)
def test_impossible_grid_is_refused(grid: dict[str, float]) -> None:
    with pytest.raises(OutOfBoundsError):
        footprint_climatology(make_records(), **SITE, **grid)


def test_grid_reaches_the_extent_on_every_side() -> None:
    field = footprint_climatology(make_records(), **SITE, resolution=4.0, extent=1000.0)
    assert dict(field["footprint"].sizes) == {"y": 501, "x": 501}
    assert (float(field["x"][0]), float(field["y"][-1])) == (-1000.0, 1000.0)


def test_unknown_model_gets_a_hint() -> None:
    with pytest.raises(MissingVariableError, match="Did you mean 'km01'"):
        footprint_climatology(make_records(), **SITE, model="km1")


def test_foreign_units_are_converted_and_absent_ones_refused() -> None:
    records = make_records()
    other = records.copy(deep=True)
    other["friction_velocity"] = other["friction_velocity"] * 100.0
    other["friction_velocity"].attrs["units"] = "cm s-1"
    one, two = (footprint_climatology(r, **SITE, extent=50.0) for r in (records, other))
    assert np.allclose(one["footprint"], two["footprint"], rtol=1e-6)
    del other["friction_velocity"].attrs["units"]
    with pytest.raises(UnitsError, match="friction_velocity"):
        footprint_climatology(other, **SITE, extent=50.0)


def test_progress_runs_from_zero_to_one() -> None:
    seen: list[float] = []
    footprint_climatology(
        varied_records(10),
        **SITE,
        extent=50.0,
        on_progress=lambda fraction, _: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)


def test_result_does_not_depend_on_the_number_of_records_in_a_chunk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records = varied_records(30)
    whole = footprint_climatology(records, **SITE, extent=100.0)["footprint"].to_numpy()
    monkeypatch.setattr("fluxscape.footprint.climatology.CHUNK_RECORDS", 7)
    pieces = footprint_climatology(records, **SITE, extent=100.0)["footprint"].to_numpy()
    assert np.allclose(whole, pieces, rtol=1e-5, atol=0.0)


def test_smoothing_keeps_the_flux_away_from_the_edge() -> None:
    plain, smooth = (
        footprint_climatology(make_records(), **SITE, extent=400.0, smooth=flag)
        for flag in (False, True)
    )
    assert smooth.attrs["sum"] == pytest.approx(plain.attrs["sum"], rel=1e-3)
    assert float(smooth["footprint"].max()) < float(plain["footprint"].max())


def test_product_says_what_it_is_made_of() -> None:
    field = footprint_climatology(make_records(), **SITE, extent=50.0, latitude=40.0, longitude=5.0)
    for name in ("source", "fluxscape_version", "model_provenance", "data_status", "Conventions"):
        assert field.attrs[name]
    assert (field.attrs["latitude"], field.attrs["longitude"]) == (40.0, 5.0)
    assert field["footprint"].attrs["units"] == "m-2"


def test_record_without_variables_names_the_first_missing_one() -> None:
    with pytest.raises(MissingVariableError, match="friction_velocity"):
        footprint_climatology(xr.Dataset(coords={"time": [0]}), **SITE)
