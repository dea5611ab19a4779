"""Rasters are read with their scale, missing codes and place; what cannot be placed is refused."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
import xarray as xr
from affine import Affine
from pyproj import Transformer

from fluxscape.errors import DimsError, FileFormatError, OutOfBoundsError, UnsafeInputError
from fluxscape.io.rasters import read_raster, sample_point, sample_points

# Four rows from north to south, three columns from west to east.
VALUES = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]])


def north_up(west, north, size):
    return Affine(size, 0.0, west, 0.0, -size, north)


def write(
    path,
    values=VALUES,
    *,
    crs="EPSG:4326",
    transform=None,
    nodata=None,
    scale=1.0,
    offset=0.0,
    dtype="int16",
    tags=None,
):
    stack = values[np.newaxis] if values.ndim == 2 else values
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=stack.shape[0],
        height=stack.shape[1],
        width=stack.shape[2],
        dtype=dtype,
        crs=crs,
        transform=transform or north_up(100.0, 40.0, 0.5),
        nodata=nodata,
    ) as raster:
        raster.write(stack.astype(dtype))
        raster.scales = (scale,) * stack.shape[0]
        raster.offsets = (offset,) * stack.shape[0]
        raster.update_tags(**(tags or {}))
    return path


def test_both_axes_increase_and_north_stays_north(tmp_path):
    raster = read_raster(write(tmp_path / "a.tif"))
    assert raster.dims == ("y", "x")
    assert raster["x"].to_numpy() == pytest.approx([100.25, 100.75, 101.25])
    assert raster["y"].to_numpy() == pytest.approx([38.25, 38.75, 39.25, 39.75])
    assert raster.sel(x=100.25, y=39.75) == 1
    assert raster.sel(x=101.25, y=38.25) == 12
    assert raster.attrs["crs"] == "EPSG:4326"
    assert raster.attrs["resolution"] == (0.5, 0.5)


def test_scale_offset_and_tags_are_applied(tmp_path):
    path = write(tmp_path / "a.tif", scale=0.1, offset=200.0, tags={"units": "K", "source": "test"})
    raster = read_raster(path)
    assert raster.sel(x=100.25, y=39.75).item() == pytest.approx(200.1)
    assert raster.attrs["units"] == "K"
    assert raster.attrs["source"] == "test"


@pytest.mark.parametrize(
    ("dtype", "code"), [("int16", -6999), ("int16", 32700), ("uint8", 255), ("float32", -3.4e38)]
)
def test_declared_missing_codes_become_nan(tmp_path, dtype, code):
    values = VALUES.astype("float64")
    values[0, 0] = code
    raster = read_raster(write(tmp_path / "a.tif", values, dtype=dtype, nodata=code, scale=0.5))
    assert np.isnan(raster.sel(x=100.25, y=39.75))
    assert int(raster.isnull().sum()) == 1


def test_the_undeclared_fill_value_of_netcdf_becomes_nan(tmp_path):
    values = VALUES.astype("float32")
    values[1, 1] = 9.97e36
    raster = read_raster(write(tmp_path / "a.tif", values, dtype="float32"))
    assert np.isnan(raster.sel(x=100.75, y=39.25))


def test_classes_are_not_scaled_and_must_be_whole_numbers(tmp_path):
    classes = read_raster(write(tmp_path / "a.tif", scale=0.1, nodata=12), categorical=True)
    assert classes.sel(x=100.25, y=39.75) == 1
    assert np.isnan(classes.sel(x=101.25, y=38.25))
    fractions = write(tmp_path / "b.tif", VALUES + 0.5, dtype="float32")
    with pytest.raises(FileFormatError, match=r"b\.tif is read as classes but holds 1\.5"):
        read_raster(fractions, categorical=True)


def test_a_part_is_what_the_whole_has_there(tmp_path):
    path = write(tmp_path / "a.tif")
    whole = read_raster(path)
    part = read_raster(path, bounds=(100.6, 38.6, 101.2, 39.2))
    assert part.shape == (2, 2)
    xr.testing.assert_equal(part, whole.sel(x=part["x"], y=part["y"]))


def test_bounds_of_no_extent_read_the_cell_that_holds_them(tmp_path):
    part = read_raster(write(tmp_path / "a.tif"), bounds=(100.8, 39.1, 100.8, 39.1))
    assert part.shape == (1, 1)
    assert part.item() == 5
    assert sample_point(part, 100.8, 39.1) == 5


def test_bounds_in_degrees_serve_projected_rasters(tmp_path):
    path = write(tmp_path / "utm.tif", crs="EPSG:32648", transform=north_up(500_000, 4_000_120, 30))
    to_degrees = Transformer.from_crs("EPSG:32648", "EPSG:4326", always_xy=True)
    longitude, latitude = to_degrees.transform(500_045, 4_000_075)  # second row, second column
    assert sample_point(read_raster(path), longitude, latitude) == 5
    part = read_raster(path, bounds=(longitude, latitude, longitude, latitude))
    assert part.shape == (1, 1)
    assert sample_point(part, longitude, latitude) == 5


def test_several_bands_keep_their_names(tmp_path):
    path = tmp_path / "a.tif"
    write(path, np.stack([VALUES, VALUES * 2]))
    with rasterio.open(path, "r+") as raster:
        raster.set_band_description(1, "month 1")
    stack = read_raster(path)
    assert stack.dims == ("band", "y", "x")
    assert list(stack["band_name"].to_numpy()) == ["month 1", "band 2"]
    assert sample_points(stack, [100.3], [39.9])[:, 0] == pytest.approx([1, 2])
    assert read_raster(path, band=2).sel(x=100.25, y=39.75) == 2
    with pytest.raises(FileFormatError, match=r"has bands 1 to 2, not 3"):
        read_raster(path, band=3)


def test_nearest_takes_the_cell_and_bilinear_runs_between_centres(tmp_path):
    raster = read_raster(write(tmp_path / "a.tif"))
    assert sample_point(raster, 100.49, 39.51) == 1
    assert sample_point(raster, 100.51, 39.49) == 5
    assert sample_point(raster, 100.5, 39.5, method="bilinear") == pytest.approx(3.0)
    assert sample_point(raster, 100.25, 39.75, method="bilinear") == pytest.approx(1.0)


def test_bilinear_values_leave_missing_cells_out(tmp_path):
    raster = read_raster(write(tmp_path / "a.tif", nodata=5))
    assert sample_point(raster, 100.5, 39.5, method="bilinear") == pytest.approx((1 + 2 + 4) / 3)
    assert np.isnan(sample_point(raster, 100.75, 39.25))


def test_a_point_outside_is_an_error_that_names_it(tmp_path):
    raster = read_raster(write(tmp_path / "a.tif"))
    with pytest.raises(OutOfBoundsError, match=r"99 E, 39 N lies outside the raster"):
        sample_point(raster, 99.0, 39.0)


def test_a_raster_without_reference_system_is_refused(tmp_path):
    with pytest.raises(FileFormatError, match=r"a\.tif declares no coordinate reference system"):
        read_raster(write(tmp_path / "a.tif", crs=None))


def test_metres_that_are_declared_as_degrees_are_refused(tmp_path):
    path = write(tmp_path / "a.tif", transform=north_up(500_000, 4_000_000, 30))
    with pytest.raises(FileFormatError, match=r"declared coordinate reference system is wrong"):
        read_raster(path)


def test_a_rotated_raster_is_refused(tmp_path):
    path = write(tmp_path / "a.tif", transform=Affine(0.5, 0.1, 100, 0.1, -0.5, 40))
    with pytest.raises(FileFormatError, match=r"is rotated or mirrored"):
        read_raster(path)


@pytest.mark.parametrize("bounds", [(120.0, 39.0, 121.0, 40.0), (100.0, 10.0, 101.0, 11.0)])
def test_bounds_beside_the_raster_are_an_error(tmp_path, bounds):
    with pytest.raises(OutOfBoundsError, match=r"does not reach the bounds"):
        read_raster(write(tmp_path / "a.tif"), bounds=bounds)


@pytest.mark.parametrize(
    "bounds", [(101.0, 39.0, 100.0, 40.0), (100.0, 40.0, 101.0, 95.0), (np.nan, 39.0, 101.0, 40.0)]
)
def test_bounds_that_are_no_box_are_an_error(tmp_path, bounds):
    with pytest.raises(OutOfBoundsError, match=r"west, south, east, north in degrees"):
        read_raster(write(tmp_path / "a.tif"), bounds=bounds)


def test_too_many_cells_at_once_are_refused_unread(tmp_path):
    path = tmp_path / "large.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=9000,
        width=9000,
        count=1,
        dtype="uint8",
        crs="EPSG:4326",
        transform=north_up(70, 60, 0.005),
        SPARSE_OK=True,
        tiled=True,
    ):
        pass
    with pytest.raises(UnsafeInputError, match=r"81000000 cells are asked for"):
        read_raster(path)
    assert read_raster(path, bounds=(80.0, 40.0, 80.1, 40.1)).size < 600


def test_only_an_even_grid_with_a_reference_system_can_be_sampled():
    uneven = xr.DataArray(
        np.zeros((2, 3)),
        dims=("y", "x"),
        coords={"y": [1.0, 2.0], "x": [1.0, 2.0, 4.0]},
        attrs={"crs": "EPSG:4326"},
    )
    with pytest.raises(DimsError, match=r"axis 'x' is not evenly spaced"):
        sample_point(uneven, 2.0, 1.0)
    with pytest.raises(DimsError, match=r"with a crs"):
        sample_point(uneven.drop_attrs(), 2.0, 1.0)
