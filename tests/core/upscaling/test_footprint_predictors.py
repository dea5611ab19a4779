"""Predictors weighted by the footprint, and the light use fitted to a tower."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.upscaling.light_use import LightUse, fit_light_use
from fluxscape.upscaling.predictors import compare_ways, extract_predictors

AXIS = np.arange(-60.0, 61.0, 30.0)


def _map(values: np.ndarray, time: int | None = None) -> xr.DataArray:
    dims = ("y", "x") if time is None else ("time", "y", "x")
    coords = {"y": AXIS, "x": AXIS} | ({} if time is None else {"time": np.arange(time)})
    return xr.DataArray(values, dims=dims, coords=coords, attrs={"units": "1"})


def test_weights_centre_and_box_are_what_they_say() -> None:
    field = _map(np.arange(25.0).reshape(5, 5))
    weights = np.zeros((5, 5))
    weights[0, 0], weights[4, 4] = 0.6 / 900.0, 0.2 / 900.0
    made = extract_predictors(field, _map(weights))
    assert float(made["footprint"]) == pytest.approx((0.6 * 0.0 + 0.2 * 24.0) / 0.8)
    assert float(made["centre"]) == 12.0
    assert float(made["box"]) == 12.0
    assert float(made["captured"]) == pytest.approx(0.8)


def test_a_constant_field_is_itself_in_every_way() -> None:
    rng = np.random.default_rng(0)
    weights = rng.uniform(size=(4, 5, 5))
    weights /= 900.0 * weights.sum(axis=(1, 2), keepdims=True)
    made = extract_predictors(_map(np.full((4, 5, 5), 0.3), 4), _map(weights, 4))
    for way in ("footprint", "centre", "box"):
        np.testing.assert_allclose(made[way], 0.3)
    np.testing.assert_allclose(made["captured"], 1.0)


def test_cells_that_are_unknown_lower_what_is_captured() -> None:
    field = np.ones((5, 5))
    field[:, :2] = np.nan
    weights = _map(np.full((5, 5), 1.0 / (25.0 * 900.0)))
    made = extract_predictors(_map(field), weights, least_captured=0.5)
    assert float(made["captured"]) == pytest.approx(0.6)
    assert float(made["footprint"]) == 1.0
    assert np.isnan(float(extract_predictors(_map(field), weights)["footprint"]))


def test_the_footprint_explains_a_flux_that_comes_from_it() -> None:
    rng = np.random.default_rng(1)
    field = _map(rng.uniform(size=(60, 5, 5)), 60)
    weights = rng.exponential(size=(60, 5, 5)) ** 3
    weights /= 900.0 * weights.sum(axis=(1, 2), keepdims=True)
    truth = 3.0 + 8.0 * (field.to_numpy() * weights).sum(axis=(1, 2)) * 900.0
    found = compare_ways(extract_predictors(field, _map(weights, 60)), truth)
    assert found["footprint"]["r2"] == pytest.approx(1.0)
    assert found["centre"]["r2"] < 0.9
    assert found["box"]["r2"] < 0.9


def test_axes_boxes_and_signs_are_checked() -> None:
    field = _map(np.ones((5, 5)))
    with pytest.raises(DimsError, match="different y axes"):
        extract_predictors(field, field.assign_coords(y=AXIS + 1.0))
    with pytest.raises(OutOfBoundsError, match="odd"):
        extract_predictors(field, field, box=2)
    with pytest.raises(OutOfBoundsError, match="negative"):
        extract_predictors(field, -field)
    with pytest.raises(DimsError, match="wanted"):
        extract_predictors(field.T, field)


def _drivers(n: int = 200) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    return (
        rng.uniform(0.1, 0.8, n),
        rng.uniform(-0.1, 0.5, n),
        rng.uniform(1.0, 14.0, n),
        rng.uniform(2.0, 34.0, n),
    )


def test_light_use_gives_back_the_parameters_it_was_made_with() -> None:
    true = LightUse(1.8, 22.0, 0.35, 30.0)
    drivers = _drivers()
    found = fit_light_use(*drivers, true.production(*drivers))
    assert found.scores["nse"] > 0.9999
    assert found.parameters.best_temperature == pytest.approx(22.0, abs=0.1)
    np.testing.assert_allclose(
        found.parameters.production(*drivers), true.production(*drivers), rtol=1e-2, atol=1e-2
    )


def test_light_use_takes_images_and_keeps_their_gaps() -> None:
    evi = np.full((2, 3, 4), 0.5)
    evi[0, 0, 0] = np.nan
    made = LightUse().production(evi, 0.2, 8.0, 20.0)
    assert made.shape == (2, 3, 4)
    assert np.isnan(made[0, 0, 0])
    expected = 2.0 * (1.2 / 1.4) / 1.08 * 0.5 * 8.0
    assert made[1, 0, 0] == pytest.approx(expected)
    assert LightUse().production(0.5, 0.2, 8.0, -30.0) == 0.0


def test_light_use_needs_complete_moments() -> None:
    drivers = _drivers(12)
    flux = np.full(12, np.nan)
    with pytest.raises(OutOfBoundsError, match="wanted 10"):
        fit_light_use(*drivers, flux)
    with pytest.raises(DimsError):
        fit_light_use(*drivers, flux[1:])
