"""A pyramid gives back the product, at the level that fits the screen and as series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.mercator import to_mercator
from fluxscape.atlas.pyramid import Pyramid, degrees_at, open_pyramid, write_pyramid
from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.io.stores import write_store

LATITUDE = np.arange(18.5, 54.0)
LONGITUDE = np.arange(73.5, 136.0)


def product() -> xr.Dataset:
    """Return a one-degree product with a missing west."""
    rng = np.random.default_rng(3)
    annual = rng.uniform(100.0, 900.0, (5, LATITUDE.size, LONGITUDE.size)).astype(np.float32)
    annual[:, :, :10] = np.nan
    nearest = {"units": "1", "pyramid_resampling": "nearest"}
    time = (np.datetime64("1979", "Y") + np.arange(5)).astype("datetime64[ns]")
    return xr.Dataset(
        {
            "gpp": (("time", "y", "x"), annual, {"units": "g m-2 year-1"}),
            "p_value": (("y", "x"), annual[0] / 1000.0, nearest),
        },
        coords={"time": time, "y": LATITUDE, "x": LONGITUDE},
        attrs={"data_status": "simulated", "seed": 1},
    )


@pytest.fixture(scope="module")
def pyramid(tmp_path_factory: pytest.TempPathFactory) -> Pyramid:
    """Return the small product as an open pyramid of three levels."""
    path = tmp_path_factory.mktemp("pyramid") / "p.zarr"
    write_pyramid(product(), path, smallest=32)
    return open_pyramid(path)


def test_provenance_variables_and_years_are_kept(pyramid: Pyramid) -> None:
    assert pyramid.attrs["data_status"] == "simulated"
    assert pyramid.attrs["seed"] == 1
    assert pyramid.variables == ("gpp", "p_value")
    assert pyramid.years.tolist() == [1979, 1980, 1981, 1982, 1983]
    assert len(pyramid.levels) == 3


def test_a_tapped_pixel_has_the_series_of_the_native_cell(pyramid: Pyramid) -> None:
    series = pyramid.read_series("gpp", 100.2, 30.4)
    wanted = product()["gpp"].sel(y=30.5, x=100.5)
    assert series.to_numpy().tolist() == wanted.to_numpy().tolist()
    assert (series["y"].item(), series["x"].item()) == (30.5, 100.5)
    assert series.attrs["units"] == "g m-2 year-1"
    assert pyramid.read_series("p_value", 100.2, 30.4).item() == pytest.approx(
        wanted.to_numpy()[0] / 1000.0
    )


def test_what_the_map_shows_at_a_point_is_what_the_series_says(pyramid: Pyramid) -> None:
    finest = pyramid.read("gpp", level=0, time=2)
    for longitude, latitude in ((84.1, 19.3), (100.2, 30.4), (135.9, 53.9)):
        x, y = to_mercator(longitude, latitude)
        shown = finest.sel(x=float(x), y=float(y), method="nearest")
        place = degrees_at(float(shown.x), float(shown.y))
        assert shown.item() == pyramid.read_series("gpp", *place)[2].item()


def test_coarser_levels_keep_the_mean_or_a_true_value(pyramid: Pyramid) -> None:
    fine = pyramid.read("gpp", level=0, time=0).to_numpy()
    coarse = pyramid.read("gpp", level=1, time=0).to_numpy()
    assert coarse[10, 30] == pytest.approx(fine[20:22, 60:62].mean(), rel=1e-6)
    values = set(pyramid.read_native("p_value").to_numpy().astype(np.float32).ravel())
    shown = pyramid.read("p_value", level=2).to_numpy()
    assert set(shown[np.isfinite(shown)]) <= values


def test_a_window_reads_only_its_pixels_and_a_rim(pyramid: Pyramid) -> None:
    grid = pyramid.levels[0]
    x_range = (grid.x[40] - 10.0, grid.x[49] + 10.0)
    y_range = (grid.y[20] - 10.0, grid.y[24] + 10.0)
    window = pyramid.read("gpp", level=0, time=1, x_range=x_range, y_range=y_range)
    assert window.sizes["x"] in (11, 12, 13)
    assert window.sizes["y"] in (6, 7, 8)
    assert window.x[0].item() <= x_range[0]
    assert window.x[-1].item() >= x_range[1]
    whole = pyramid.read("gpp", level=0, time=1)
    xr.testing.assert_equal(window, whole.sel(x=window.x, y=window.y))


def test_a_view_beside_the_product_still_gives_a_raster(pyramid: Pyramid) -> None:
    window = pyramid.read("gpp", level=0, time=1, x_range=(0.0, 1.0), y_range=(3e7, 4e7))
    assert min(window.sizes.values()) >= 2


def test_the_level_fits_the_screen(pyramid: Pyramid) -> None:
    pixel = pyramid.levels[0].pixel
    assert pyramid.level_for((0.0, 1000 * pixel), 1000) == 0
    assert pyramid.level_for((0.0, 1000 * pixel), 520) == 1
    assert pyramid.level_for((0.0, 1000 * pixel), 10) == 2
    assert pyramid.level_for((0.0, 0.0), 0) == 0
    assert pyramid.level_for((0.0, pixel), 1000) == 0


def test_levels_may_be_rounded_but_the_native_copy_is_not(tmp_path: Path) -> None:
    write_pyramid(product(), tmp_path / "p.zarr", quanta={"gpp": 0.5})
    rounded = open_pyramid(tmp_path / "p.zarr")
    level = rounded.read("gpp", time=0).to_numpy()
    assert (np.nan_to_num(level) % 0.5 == 0).all()
    np.testing.assert_array_equal(rounded.read_native("gpp"), product()["gpp"])


def test_wrong_requests_are_named(pyramid: Pyramid, tmp_path: Path) -> None:
    with pytest.raises(MissingVariableError, match=r"no variable 'gp'.*Did you mean 'gpp'"):
        pyramid.read("gp", time=0)
    with pytest.raises(MissingVariableError, match=r"no variable '\.\./x'"):
        pyramid.read_series("../x", 100.0, 30.0)
    with pytest.raises(OutOfBoundsError, match="levels 0 to 2, not 3"):
        pyramid.read("gpp", level=3, time=0)
    with pytest.raises(OutOfBoundsError, match="a time from 0 to 4"):
        pyramid.read("gpp")
    with pytest.raises(OutOfBoundsError, match="longitude 140 lies outside"):
        pyramid.read_series("gpp", 140.0, 30.0)
    with pytest.raises(OutOfBoundsError, match="latitude nan lies outside"):
        pyramid.read_series("gpp", 100.0, float("nan"))
    write_store(lambda group: group.attrs.update(title="other"), tmp_path / "other.zarr")
    with pytest.raises(FileFormatError, match="no pyramid of layout 1"):
        open_pyramid(tmp_path / "other.zarr")
