"""Location bias and land-cover share against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from pyproj import Transformer

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.representativeness import land_cover_share, rate, score_raster

LONGITUDE, LATITUDE = 101.33, 37.6
METRES_PER_DEGREE = 111_195.0


def climatology(centre_east: float = 0.0, sigma: float = 100.0) -> xr.Dataset:
    """Return a round Gaussian footprint about a point east of the tower."""
    axis = np.arange(-800.0, 801.0, 10.0)
    x, y = np.meshgrid(axis, axis)
    density = np.exp(-0.5 * ((x - centre_east) ** 2 + y**2) / sigma**2) / (2 * np.pi * sigma**2)
    return xr.Dataset({"footprint": (("y", "x"), density)}, coords={"x": axis, "y": axis})


def raster(function, half_width_degrees: float = 0.06, cells: int = 600) -> xr.DataArray:
    """Return a raster of a function of metres east of the tower, in longitude and latitude."""
    lon = LONGITUDE + np.linspace(-half_width_degrees, half_width_degrees, cells)
    lat = LATITUDE + np.linspace(half_width_degrees, -half_width_degrees, cells)
    east = (lon - LONGITUDE) * METRES_PER_DEGREE * math.cos(math.radians(LATITUDE))
    values = np.broadcast_to(function(east), (cells, cells)).astype(float)
    return xr.DataArray(
        values.copy(),
        dims=("y", "x"),
        coords={"y": lat, "x": lon},
        attrs={"crs": "EPSG:4326", "units": "1"},
        name="ndvi",
    )


def test_uniform_surface_has_no_location_bias() -> None:
    bias = score_raster(climatology(), raster(lambda e: np.full_like(e, 0.4)), LONGITUDE, LATITUDE)
    assert bias.footprint_mean == pytest.approx(0.4)
    assert bias.relative_difference == pytest.approx([0.0] * 6, abs=1e-12)
    assert bias.footprint_valid_share == pytest.approx(1.0)
    assert bias.units == "1"


def test_bias_of_a_gradient_is_the_footprints_displacement() -> None:
    ramp = raster(lambda east: 0.5 + 1e-4 * east)
    bias = score_raster(climatology(centre_east=300.0), ramp, LONGITUDE, LATITUDE, (500.0, 1000.0))
    # The disc's mean is the value at the tower; the footprint lies 300 m up the slope.
    assert bias.disc_means == pytest.approx([0.5, 0.5], abs=1e-3)
    assert bias.relative_difference == pytest.approx([0.06, 0.06], abs=2e-3)


def test_missing_pixels_lower_the_valid_share_and_not_the_mean() -> None:
    halved = raster(lambda east: np.where(east < 0.0, np.nan, 0.7))
    bias = score_raster(climatology(), halved, LONGITUDE, LATITUDE, (500.0,))
    assert bias.footprint_mean == pytest.approx(0.7)
    assert bias.footprint_valid_share == pytest.approx(0.5, abs=0.03)
    assert bias.disc_valid_shares[0] == pytest.approx(0.5, abs=0.02)


def test_surroundings_beyond_the_raster_count_as_missing() -> None:
    small = raster(lambda east: np.full_like(east, 0.4), half_width_degrees=0.01, cells=100)
    bias = score_raster(climatology(), small, LONGITUDE, LATITUDE, (250.0, 3000.0))
    assert bias.disc_valid_shares[0] == pytest.approx(1.0)
    assert bias.disc_valid_shares[1] < 0.2


def test_projected_raster_gives_the_same_bias() -> None:
    centre_x, centre_y = Transformer.from_crs("EPSG:4326", "EPSG:32647", always_xy=True).transform(
        LONGITUDE, LATITUDE
    )
    axis = np.arange(-4000.0, 4001.0, 30.0)
    values = np.broadcast_to(0.5 + 1e-4 * axis, (axis.size, axis.size)).copy()
    utm = xr.DataArray(
        values,
        dims=("y", "x"),
        coords={"y": centre_y + axis, "x": centre_x + axis},
        attrs={"crs": "EPSG:32647"},
        name="ndvi",
    )
    bias = score_raster(climatology(centre_east=300.0), utm, LONGITUDE, LATITUDE, (1000.0,))
    assert bias.relative_difference[0] == pytest.approx(0.06, abs=2e-3)


def test_zero_mean_of_the_surroundings_gives_no_number() -> None:
    bias = score_raster(climatology(), raster(np.zeros_like), LONGITUDE, LATITUDE, (250.0,))
    assert math.isnan(bias.relative_difference[0])


def test_land_cover_shares_are_those_of_the_half_plane() -> None:
    cover = land_cover_share(
        climatology(centre_east=55.0, sigma=50.0),
        # The edge lies between two columns of the footprint.
        raster(lambda east: np.where(east < 5.0, 10.0, 12.0), cells=2000),
        LONGITUDE,
        LATITUDE,
        target=12,
        radii=(500.0,),
    )
    # One sigma of a Gaussian: Phi(1) = 0.8413.
    assert cover.footprint_share == pytest.approx(0.8413, abs=0.02)
    assert list(cover.shares) == [12, 10]
    assert sum(cover.shares.values()) == pytest.approx(1.0)
    assert cover.dominant == 12
    assert cover.disc_shares[0] == pytest.approx(0.5, abs=0.01)


def test_levels_follow_their_limits() -> None:
    field = climatology(centre_east=300.0)
    ramp = raster(lambda east: 0.5 + 1e-4 * east)
    cover = land_cover_share(
        field, raster(lambda e: np.full_like(e, 10.0)), LONGITUDE, LATITUDE, target=10
    )
    score = rate(cover, score_raster(field, ramp, LONGITUDE, LATITUDE), radius=1000.0)
    assert (score.land_cover_level, score.location_bias_level) == (3, 2)


def test_missing_surroundings_score_as_unknown() -> None:
    empty = raster(lambda east: np.full_like(east, np.nan))
    cover = land_cover_share(climatology(), empty, LONGITUDE, LATITUDE, target=10)
    score = rate(cover, score_raster(climatology(), empty, LONGITUDE, LATITUDE))
    assert (score.land_cover_level, score.location_bias_level) == (0, 0)
    assert cover.dominant is None


def test_rating_at_an_unknown_radius_names_the_known_ones() -> None:
    flat = raster(lambda east: np.full_like(east, 10.0))
    cover = land_cover_share(climatology(), flat, LONGITUDE, LATITUDE, target=10)
    with pytest.raises(OutOfBoundsError, match="no disc of 777 m"):
        rate(cover, score_raster(climatology(), flat, LONGITUDE, LATITUDE), radius=777.0)


@pytest.mark.parametrize("radius", [0.0, -5.0, math.nan, math.inf])
def test_impossible_radius_is_refused(radius: float) -> None:
    flat = raster(lambda east: np.full_like(east, 0.4))
    with pytest.raises(OutOfBoundsError, match="radius"):
        score_raster(climatology(), flat, LONGITUDE, LATITUDE, (radius,))


def test_empty_footprint_is_refused() -> None:
    field = climatology()
    field["footprint"] = field["footprint"] * 0.0
    with pytest.raises(OutOfBoundsError, match="empty"):
        score_raster(field, raster(lambda e: np.full_like(e, 0.4)), LONGITUDE, LATITUDE)


def test_raster_without_reference_system_is_refused() -> None:
    flat = raster(lambda east: np.full_like(east, 0.4))
    del flat.attrs["crs"]
    with pytest.raises(DimsError, match="crs"):
        score_raster(climatology(), flat, LONGITUDE, LATITUDE)


def test_uneven_raster_is_refused() -> None:
    flat = raster(lambda east: np.full_like(east, 0.4))
    uneven = flat.isel(x=[0, 1, 2, 5])
    with pytest.raises(DimsError, match="evenly"):
        score_raster(climatology(), uneven, LONGITUDE, LATITUDE)
