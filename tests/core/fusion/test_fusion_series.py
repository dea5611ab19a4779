"""Daily series: what is observed, fused and interpolated, and what it costs to leave out."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import (
    DimsError,
    MissingVariableError,
    OutOfBoundsError,
    UnsafeInputError,
)
from fluxscape.fusion import SeriesParameters, daily_series
from fluxscape.fusion import series as series_module
from helpers.fusion import cell_means, image, landscape

NAME = "normalized_difference_vegetation_index"
SIDE = 6
FIRST = np.datetime64("2020-01-01")
SMALL = {"window": 9}


def season(days: np.ndarray) -> np.ndarray:
    """Return the state of the season, 0 to 1."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * (days - 20.0) / 366.0)


def truth(days: np.ndarray, size: int = 24) -> np.ndarray:
    level, change = landscape(size)
    return level + change * season(days)[:, np.newaxis, np.newaxis]


def scenes(values: np.ndarray, days: np.ndarray, **options) -> xr.DataArray:
    times = (FIRST + days.astype(int)).astype("datetime64[ns]")
    frames = [image(frame, name=NAME, **options) for frame in values]
    return xr.concat(frames, dim=xr.DataArray(times, dims="time", name="time"))


def observed(fine_days=(30, 150, 260)) -> tuple[xr.DataArray, xr.DataArray]:
    days = np.array(fine_days)
    composites = np.arange(0, 366, 8)
    fine = scenes(truth(days), days)
    means = cell_means(truth(composites + 4.0), SIDE)
    return fine, scenes(means, composites, pixel=30.0 * SIDE)


@pytest.mark.kernel
def test_every_day_has_a_value_and_says_where_it_comes_from() -> None:
    fine, coarse = observed()
    made = daily_series(fine, coarse, parameters=SMALL)
    assert made[NAME].dims == ("time", "y", "x")
    assert made[NAME].attrs["units"] == "1"
    assert np.isfinite(made[NAME]).all()
    assert (np.diff(made["time"]) == np.timedelta64(1, "D")).all()
    origin = made["origin"]
    seen = origin.sel(time=fine["time"])
    assert (seen == 1).all()
    np.testing.assert_array_equal(
        made[NAME].sel(time=fine["time"]), fine.to_numpy().astype(np.float32)
    )
    assert (origin.sel(time=coarse["time"][3] + np.timedelta64(4, "D")) == 2).all()
    assert (origin.sel(time=coarse["time"][3] + np.timedelta64(7, "D")) == 3).all()
    assert (made["quality"].to_numpy()[origin.to_numpy() == 1] == 0).all()
    assert made.attrs["data_status"] == "reconstructed"
    days = ((made["time"].to_numpy() - FIRST) / np.timedelta64(1, "D")).astype(float)
    error = made[NAME].to_numpy() - truth(days)
    unchanged = truth(np.array([150.0])) - truth(days)
    assert np.sqrt(np.mean(error**2)) < 0.25 * np.sqrt(np.mean(unchanged**2))


def test_clouds_of_a_fine_image_are_filled_and_flagged() -> None:
    fine, coarse = observed()
    fine[1, 4:10, 4:10] = np.nan
    made = daily_series(fine, coarse, parameters=SMALL)
    here = made["origin"].sel(time=fine["time"][1])
    assert (here[4:10, 4:10] == 3).all()
    assert (here[12:, 12:] == 1).all()
    assert np.isfinite(made[NAME]).all()


def test_a_cloud_that_passed_as_clear_is_left_out() -> None:
    fine, coarse = observed((30, 149, 260))
    broken = fine.copy()
    broken[1, 8:12, 8:12] -= 0.5
    made = daily_series(broken, coarse, parameters=SMALL, valid_range=(-1.0, 1.0))
    here = {"time": fine["time"][1].to_numpy()}
    assert (made["origin"].sel(here)[9:11, 9:11] != 1).all()
    assert (made["rejected"][9:11, 9:11] >= 1).all()


def test_long_gaps_are_not_bridged() -> None:
    fine, coarse = observed()
    kept = coarse.isel(time=[i for i in range(46) if not 20 <= i < 32])
    made = daily_series(fine, kept, parameters=SMALL)
    middle = made[NAME].sel(time=slice("2020-07-01", "2020-08-25"))
    assert np.isnan(middle).all()
    assert (made["origin"].sel(time="2020-07-15") == 0).all()
    assert (made["quality"].sel(time="2020-07-15") == -1).all()
    bridged = daily_series(fine, kept, parameters=SMALL, filling=SeriesParameters(longest_gap=200))
    assert np.isfinite(bridged[NAME]).all()


def test_cloudy_coarse_images_are_passed_over() -> None:
    fine, coarse = observed()
    coarse[10:12] = np.nan
    made = daily_series(fine, coarse, parameters=SMALL)
    assert np.isfinite(made[NAME]).all()
    day = coarse["time"][10].to_numpy() + np.timedelta64(4, "D")
    assert (made["origin"].sel(time=day) == 3).all()


def test_other_methods_serve_as_well_and_progress_is_told() -> None:
    fine, coarse = observed()
    told: list[float] = []
    made = daily_series(
        fine, coarse.isel(time=slice(0, 6)), method="fsdaf", parameters=SMALL,
        on_progress=lambda share, _: told.append(share),
    )  # fmt: skip
    assert made.attrs["method"] == "fsdaf"
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_date_too_cloudy_for_a_method_is_passed_over() -> None:
    fine, coarse = observed()
    coarse[3, 1:, :] = np.nan
    made = daily_series(
        fine, coarse.isel(time=slice(0, 6)), method="fsdaf", parameters=SMALL | {"classes": 6}
    )
    assert np.isfinite(made[NAME].sel(time=slice("2020-01-05", "2020-02-14"))).all()
    day = coarse["time"][3].to_numpy() + np.timedelta64(4, "D")
    assert (made["origin"].sel(time=day) == 3).all()
    with pytest.raises(MissingVariableError, match="two pairs"):
        daily_series(fine[:1], coarse, method="estarfm", parameters=SMALL)


def test_one_fine_image_is_enough() -> None:
    fine, coarse = observed((150,))
    made = daily_series(fine, coarse, parameters=SMALL)
    assert np.isfinite(made[NAME]).all()


def test_errors_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    fine, coarse = observed()
    with pytest.raises(MissingVariableError, match=r"none of the 3 fine images .* within 16 days"):
        daily_series(fine, coarse.assign_coords(time=coarse["time"] + np.timedelta64(4000, "D")))
    with pytest.raises(DimsError, match="in the order of their days"):
        daily_series(fine[::-1], coarse)
    with pytest.raises(DimsError, match="with dates"):
        daily_series(fine.drop_vars("time"), coarse)
    with pytest.raises(OutOfBoundsError, match="rename"):
        daily_series(fine.rename("origin"), coarse, parameters=SMALL)
    with pytest.raises(OutOfBoundsError, match="outside its bounds"):
        SeriesParameters(longest_gap=0)
    monkeypatch.setattr(series_module, "LARGEST_SERIES", 1000)
    with pytest.raises(UnsafeInputError, match="allowed are 1000"):
        daily_series(fine, coarse)
