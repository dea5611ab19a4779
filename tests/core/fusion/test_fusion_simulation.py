"""Simulated sensors over a known truth, and the demonstration of a tower's landscape."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import OutOfBoundsError
from fluxscape.fusion import daily_series
from fluxscape.fusion.simulation import SensorParameters, aggregate, simulate_sensors
from fluxscape.io.climatology import read_climatology
from fluxscape.representativeness.fused_landscape import daily_truth, demonstration_scenes
from fluxscape.towers import find_tower
from helpers.fusion import cell_means, image, landscape

NAME = "normalized_difference_vegetation_index"
FIRST, LAST = np.datetime64("2010-01-01"), np.datetime64("2010-03-31")
LEVEL, SEASON = landscape(40)


def truth_on(day: np.datetime64) -> xr.DataArray:
    share = float((day - FIRST) / np.timedelta64(90, "D"))
    return image(LEVEL + SEASON * share, name=NAME)


def test_cells_are_means_and_the_last_ones_reach_beyond() -> None:
    made = aggregate(truth_on(FIRST), 10)
    np.testing.assert_allclose(made, cell_means(LEVEL, 10))
    wide = aggregate(truth_on(FIRST), 17)
    assert wide.shape == (3, 3)
    np.testing.assert_allclose(wide[2, 2], LEVEL[34:, 34:].mean())
    assert float(wide["x"][1] - wide["x"][0]) == 510.0
    assert float(wide["x"][0]) == 500_000.0 + 255.0


def test_one_seed_always_gives_the_same_images_and_another_one_others() -> None:
    rules = SensorParameters(cell=10)
    one, same, other = (
        simulate_sensors(truth_on, FIRST, LAST, seed=seed, parameters=rules) for seed in (1, 1, 2)
    )
    xr.testing.assert_identical(one.fine, same.fine)
    xr.testing.assert_identical(one.coarse, same.coarse)
    assert not one.coarse.equals(other.coarse)
    assert one.fine.attrs["data_status"] == "simulated"
    assert one.coarse.sizes["time"] == 12
    assert 0.0 < float(np.isnan(one.fine).mean()) < 0.8


def test_sensors_without_faults_see_the_truth() -> None:
    rules = SensorParameters(cell=10, blur=0, cloud_cover=0, fine_noise=0, coarse_noise=0)
    seen = simulate_sensors(truth_on, FIRST, LAST, seed=0, parameters=rules)
    np.testing.assert_allclose(seen.fine[1], truth_on(seen.fine["time"].to_numpy()[1]))
    middle = seen.coarse["time"].to_numpy()[2] + np.timedelta64(4, "D")
    np.testing.assert_allclose(seen.coarse[2], cell_means(truth_on(middle).to_numpy(), 10))


def test_impossible_periods_are_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="no days"):
        simulate_sensors(truth_on, LAST, FIRST, seed=0)
    with pytest.raises(OutOfBoundsError, match="seed"):
        simulate_sensors(truth_on, FIRST, LAST, seed=-1)
    with pytest.raises(OutOfBoundsError, match="another seed"):
        simulate_sensors(
            truth_on, FIRST, FIRST, seed=3, parameters=SensorParameters(cloud_cover=0.95)
        )


def test_days_lie_between_the_middles_of_months_round_the_year() -> None:
    months = np.array([f"2010-{month:02d}-01" for month in range(1, 13)], dtype="datetime64[ns]")
    values = np.arange(12.0)[:, np.newaxis, np.newaxis] * np.ones((12, 2, 2))
    daily = daily_truth(xr.DataArray(values, dims=("time", "y", "x"), coords={"time": months}))
    assert float(daily(np.datetime64("2010-03-15"))[0, 0]) == 2.0
    assert float(daily(np.datetime64("2010-03-31"))[0, 0]) == pytest.approx(2.0 + 16 / 31)
    assert 0.0 < float(daily(np.datetime64("2010-01-01"))[0, 0]) < 11.0
    assert 0.0 < float(daily(np.datetime64("2010-12-31"))[0, 0]) < 11.0


def test_a_tower_s_landscape_is_fused_out_of_the_box() -> None:
    shown = demonstration_scenes(read_climatology(), find_tower("CN-Cha"))
    spring = slice("2010-04-01", "2010-07-01")
    fine, coarse = (images.sel(time=spring) for images in shown.scenes)
    made = daily_series(fine, coarse)
    assert made.attrs["data_status"] == "simulated"
    gap = made[NAME][60].to_numpy() - shown.truth_on(made["time"].to_numpy()[60]).to_numpy()
    assert np.sqrt(np.nanmean(gap**2)) < 0.06
    assert float((made["origin"] == 0).mean()) < 0.25
