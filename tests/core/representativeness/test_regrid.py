"""Rasters on the cells of a footprint: by area, with gaps, and refusals that say why."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from pyproj import Transformer

from fluxscape.errors import (
    DimsError,
    FileFormatError,
    FluxscapeError,
    MissingVariableError,
    OutOfBoundsError,
)
from fluxscape.representativeness import Place, bias_profile, to_footprint_grid
from fluxscape.representativeness.frame import Lattice, edges, overlap
from fluxscape.representativeness.raster_checks import known_range
from fluxscape.representativeness.regrid import field_on, pixel_size
from helpers.fields import PLACE, round_footprint, surface


def in_degrees(function, half_width: float = 0.02, cells: int = 800) -> xr.DataArray:
    """Return a raster of metres east and north of the tower in longitude and latitude."""
    longitude = PLACE.longitude + np.linspace(-half_width, half_width, cells)
    latitude = PLACE.latitude + np.linspace(half_width, -half_width, cells)
    east = (longitude - PLACE.longitude) * 111_320.0 * np.cos(np.radians(PLACE.latitude))
    north = (latitude - PLACE.latitude) * 110_990.0
    x, y = np.meshgrid(east, north)
    return xr.DataArray(
        function(x, y),
        dims=("y", "x"),
        coords={"y": latitude, "x": longitude},
        attrs={"crs": "EPSG:4326"},
        name="ndvi",
    )


@pytest.mark.parametrize("step", [4.0, 10.0, 45.0, 90.0])
def test_any_cell_holds_the_mean_of_the_pixels_under_it(step: float) -> None:
    random = np.random.default_rng(3)
    raster = surface(lambda x, _y: random.random(x.shape), step=30.0, cells=61)
    raster.values[20:26, 28:40] = np.nan
    grid = Lattice.around(400.0, step)
    found = field_on(raster, grid, PLACE)
    axis = raster["x"].to_numpy()
    shared = overlap(edges(axis, 30.0), edges(grid.x, step)) * (30.0 / step)
    valid = np.isfinite(raster.to_numpy()).astype(float)
    share = shared @ valid @ shared.T
    total = shared @ np.nan_to_num(raster.to_numpy()) @ shared.T
    held = share > 1e-9
    np.testing.assert_allclose(found.valid, share, atol=1e-9)
    np.testing.assert_allclose(found.value[held], total[held] / share[held], rtol=1e-9)


def test_degrees_and_utm_give_the_same_field_as_metres() -> None:
    field = round_footprint(extent=400.0)
    geographic = to_footprint_grid(in_degrees(lambda x, y: 0.5 + 2e-4 * x - 1e-4 * y), field)
    plane = 0.5 + 2e-4 * field["x"] - 1e-4 * field["y"]
    np.testing.assert_allclose(geographic["value"], plane.transpose("y", "x"), atol=6e-4)
    centre = Transformer.from_crs("EPSG:4326", "EPSG:32647", always_xy=True).transform(
        PLACE.longitude, PLACE.latitude
    )
    axis = np.arange(-1000.0, 1001.0, 10.0)
    utm = xr.DataArray(
        np.broadcast_to(0.5 + 2e-4 * axis, (axis.size, axis.size)).copy(),
        dims=("y", "x"),
        coords={"y": centre[1] + axis, "x": centre[0] + axis},
        attrs={"crs": "EPSG:32647"},
        name="ndvi",
    )
    found = to_footprint_grid(utm, field)["value"]
    # At 101.33 E the zone's grid is turned by 1.4 degrees and 0.4 permille small.
    assert float(found.sel(x=300.0, y=0.0)) == pytest.approx(0.56, abs=2e-3)
    assert float(found.sel(x=0.0, y=300.0)) == pytest.approx(0.5, abs=2e-3)


def test_rows_from_the_south_or_the_north_are_the_same() -> None:
    raster = surface(lambda _x, y: 0.5 + 1e-4 * y, cells=101)
    field = round_footprint(extent=300.0)
    first = to_footprint_grid(raster, field)
    second = to_footprint_grid(raster.isel(y=slice(None, None, -1), x=slice(None, None, -1)), field)
    xr.testing.assert_allclose(first, second)


def test_scenes_keep_their_times() -> None:
    raster = surface(lambda _x, y: 0.5 + 1e-4 * y, cells=101)
    times = xr.DataArray(
        np.array(["2021-01-01", "2021-07-01"], dtype="datetime64[ns]"), dims="time", name="time"
    )
    empty = xr.concat([raster * np.nan, raster * np.nan], dim=times).assign_attrs(raster.attrs)
    with pytest.raises(OutOfBoundsError, match="missing"):
        to_footprint_grid(empty, round_footprint())
    with pytest.raises(DimsError, match="without a scene"):
        to_footprint_grid(empty.isel(time=slice(0, 0)), round_footprint())
    cloudy = xr.concat([raster * np.nan, raster], dim=times).assign_attrs(raster.attrs)
    half = to_footprint_grid(cloudy, round_footprint(extent=300.0))
    assert half["valid_share"].mean(("y", "x")).to_numpy().tolist() == [0.0, 1.0]
    stack = xr.concat([raster, raster + 0.1], dim=times).assign_attrs(raster.attrs)
    found = to_footprint_grid(stack, round_footprint(extent=300.0))
    assert found["value"].dims == ("time", "y", "x")
    assert float(found["value"][1, 0, 0] - found["value"][0, 0, 0]) == pytest.approx(0.1)


def test_size_of_a_pixel_is_told_in_metres() -> None:
    assert pixel_size(surface(lambda x, _y: x * 0.0, step=30.0), PLACE) == pytest.approx(30.0)
    degrees = in_degrees(lambda x, _y: x * 0.0)
    step = float(degrees["x"][1] - degrees["x"][0])
    expected = step * 111_195.0 * np.sqrt(np.cos(np.radians(PLACE.latitude)))
    assert pixel_size(degrees, PLACE) == pytest.approx(expected, rel=5e-3)


def test_raster_elsewhere_says_where_it_lies() -> None:
    there = in_degrees(lambda x, _y: x * 0.0 + 0.5)
    there = there.assign_coords(x=there["x"] + 3.0)
    with pytest.raises(OutOfBoundsError, match=r"does not overlap.*37\.60000 N, 101\.33000 E"):
        to_footprint_grid(there, round_footprint())


def test_missing_everywhere_is_said() -> None:
    empty = surface(lambda x, _y: x * np.nan)
    with pytest.raises(OutOfBoundsError, match="ndvi has no value within 605 m of the tower"):
        to_footprint_grid(empty, round_footprint())


def test_degrees_that_claim_to_be_metres_are_found_out() -> None:
    raster = in_degrees(lambda x, _y: x * 0.0 + 0.5).assign_attrs(crs="EPSG:32647")
    with pytest.raises(FileFormatError, match="which are degrees around the tower"):
        to_footprint_grid(raster, round_footprint())


def test_metres_that_claim_to_be_degrees_are_found_out() -> None:
    raster = surface(lambda x, _y: x * 0.0 + 0.5).assign_attrs(crs="EPSG:4326")
    with pytest.raises(FileFormatError, match="says that its coordinates are degrees"):
        to_footprint_grid(raster, round_footprint())


def test_unknown_reference_system_is_refused() -> None:
    raster = surface(lambda x, _y: x * 0.0 + 0.5).assign_attrs(crs="EPSG:999999")
    with pytest.raises(FileFormatError, match="no coordinate reference system"):
        to_footprint_grid(raster, round_footprint())
    del raster.attrs["crs"]
    with pytest.raises(DimsError, match="carries no attribute 'crs'"):
        to_footprint_grid(raster, round_footprint())


def test_land_cover_given_as_ndvi_is_found_out() -> None:
    cover = surface(lambda x, _y: np.where(x < 0.0, 10.0, 12.0))
    with pytest.raises(FileFormatError, match=r"ndvi holds 10 to 12.*is it a land-cover map"):
        to_footprint_grid(cover, round_footprint())
    marked = surface(lambda x, _y: np.where(x < 0.0, 0.0, 1.0), kind="categorical")
    with pytest.raises(FileFormatError, match="was read as classes"):
        to_footprint_grid(marked, round_footprint())


def test_integers_times_ten_thousand_are_found_out() -> None:
    scaled = surface(lambda x, _y: np.rint(5000.0 + x))
    with pytest.raises(FileFormatError, match="apply the file's scale factor"):
        bias_profile(round_footprint(), scaled)


def test_names_of_known_indices_are_recognised_in_names_of_files() -> None:
    assert known_range("S2_NDVI_2021-07.tif") == ("ndvi", (-1.0, 1.0))
    assert known_range("normalized_difference_vegetation_index") is not None
    assert known_range("biomass") is None


def test_too_many_codes_are_no_land_cover() -> None:
    noise = surface(lambda x, _y: np.rint(x) + 4000.0, name="cover")
    with pytest.raises(OutOfBoundsError, match="is it a land-cover map"):
        to_footprint_grid(noise, round_footprint(), kind="categorical")


def test_position_that_nobody_knows_is_asked_for() -> None:
    field = round_footprint()
    field.attrs.clear()
    raster = surface(lambda x, _y: x * 0.0 + 0.5)
    with pytest.raises(MissingVariableError, match="position is unknown"):
        to_footprint_grid(raster, field)
    assert to_footprint_grid(raster, field, Place(37.6, 101.33))["value"].notnull().all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda field: field.rename(footprint="density"),
        lambda field: field.transpose("x", "y"),
        lambda field: field * np.nan,
        lambda field: field * 0.0,
        lambda field: -field,
        lambda field: field.isel(x=[0, 1, 5]),
        lambda field: field.assign_coords(x=field["x"] * 2.0),
        lambda field: field.isel(x=slice(0, 1)),
    ],
)
def test_spoiled_climatology_is_refused(spoil) -> None:
    raster = surface(lambda x, _y: x * 0.0 + 0.5)
    with pytest.raises(FluxscapeError):
        to_footprint_grid(raster, spoil(round_footprint()), PLACE)


@pytest.mark.parametrize("extent", [100.0, 305.0, 900.0])
def test_pixels_that_are_cells_already_are_taken_as_they_are(extent: float) -> None:
    random = np.random.default_rng(6)
    raster = surface(lambda x, _y: random.random(x.shape), step=30.0, cells=21)
    raster.values[2, 3] = np.nan
    grid = Lattice.around(extent, 30.0)
    found = field_on(raster, grid, PLACE)
    expected = raster.reindex(x=grid.x, y=grid.y).to_numpy()
    np.testing.assert_array_equal(found.valid, np.isfinite(expected))
    np.testing.assert_allclose(found.labelled().to_numpy(), expected, rtol=1e-12)


def test_a_tower_on_the_dateline_is_refused_on_a_map_that_ends_there() -> None:
    axis = np.linspace(-179.95, 179.95, 3600)
    world = xr.DataArray(
        np.full((40, 3600), 0.5),
        dims=("y", "x"),
        coords={"y": -17.0 + 0.1 * (np.arange(40.0) - 20.0), "x": axis},
        attrs={"crs": "EPSG:4326"},
        name="ndvi",
    )
    with pytest.raises(OutOfBoundsError, match="does not overlap the surroundings"):
        field_on(world, Lattice.around(5000.0, 30.0), Place(-17.0, 179.99))
