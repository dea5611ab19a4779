"""Web Mercator against PROJ, and what warping and coarsening keep."""

from __future__ import annotations

import numpy as np
import pyproj
import pytest
import xarray as xr

from fluxscape.atlas.mercator import (
    MercatorGrid,
    coarsen_first,
    coarsen_mean,
    to_degrees,
    to_mercator,
    warp_nearest,
)
from fluxscape.errors import DimsError

LATITUDE = np.arange(18.125, 54.0, 0.25)
LONGITUDE = np.arange(73.125, 136.0, 0.25)


def test_the_projection_is_that_of_proj() -> None:
    rng = np.random.default_rng(0)
    longitude, latitude = rng.uniform(-180, 180, 50), rng.uniform(-80, 80, 50)
    project = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:3857", always_xy=True)
    wanted = project.transform(longitude, latitude)
    np.testing.assert_allclose(to_mercator(longitude, latitude), wanted, rtol=1e-9, atol=1e-6)
    back = to_degrees(*to_mercator(longitude, latitude))
    np.testing.assert_allclose(back, (longitude, latitude), atol=1e-12)


def test_the_grid_covers_every_cell_and_divides_evenly() -> None:
    grid = MercatorGrid.around(LATITUDE, LONGITUDE, oversampling=2, multiple=4)
    assert grid.width == 504
    assert grid.height % 4 == 0
    west, south = to_degrees(grid.left, grid.bottom)
    east, north = to_degrees(grid.left + grid.width * grid.pixel, grid.y[-1] + grid.pixel / 2)
    assert (west, south, east) == pytest.approx((73.0, 18.0, 136.0))
    assert north >= 54.0
    assert grid.halved().x[0] == pytest.approx(grid.x[:2].mean())


def test_every_map_pixel_holds_the_value_of_the_cell_below_it() -> None:
    field = xr.DataArray(
        np.arange(LATITUDE.size * LONGITUDE.size, dtype=float).reshape(LATITUDE.size, -1),
        dims=("y", "x"),
        coords={"y": LATITUDE, "x": LONGITUDE},
        name="f",
    )
    grid = MercatorGrid.around(LATITUDE, LONGITUDE, oversampling=2, multiple=4)
    warped = warp_nearest(field, grid)
    longitude, latitude = to_degrees(warped.x.to_numpy(), warped.y.to_numpy())
    for row, column in ((0, 0), (150, 203), (300, 503)):
        cell = field.sel(y=latitude[row], x=longitude[column], method="nearest")
        assert warped[row, column].item() == cell.item()
    top = latitude > 54.0
    assert np.isnan(warped.to_numpy()[top]).all()
    assert np.isfinite(warped.to_numpy()[~top]).all()
    assert set(np.unique(warped.to_numpy()[~top])) == set(np.unique(field.to_numpy()))


def test_coarse_pixels_are_means_of_those_that_are_there() -> None:
    values = np.array([[1.0, 3.0, np.nan, 8.0], [5.0, 7.0, np.nan, np.nan]])
    assert coarsen_mean(values[:, :2]).item() == 4.0
    assert np.isnan(coarsen_mean(values[:, 2:]).item())
    values[1, 3] = 6.0
    assert coarsen_mean(values[:, 2:]).item() == 7.0
    assert coarsen_first(values).tolist()[0][0] == 1.0


def test_axes_that_do_not_fit_are_named() -> None:
    grid = MercatorGrid.around(LATITUDE, LONGITUDE, oversampling=1, multiple=1)
    field = xr.DataArray(np.zeros((2, 3)), dims=("x", "y"), name="f")
    with pytest.raises(DimsError, match=r"must end in dimensions \(y, x\)"):
        warp_nearest(field, grid)
    uneven = xr.DataArray(
        np.zeros((3, 2)), dims=("y", "x"), coords={"y": [1.0, 2.0, 4.0], "x": [1.0, 2.0]}
    )
    with pytest.raises(DimsError, match="axis 'y' must be evenly spaced"):
        warp_nearest(uneven, grid)
