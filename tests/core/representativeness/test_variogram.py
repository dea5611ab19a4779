"""Semivariograms against the double loop, and fits against fields of known structure."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.representativeness import _kernels
from fluxscape.representativeness.variogram import lag_bins, pooled, semivariogram
from fluxscape.representativeness.variogram_fit import (
    MODELS,
    Anisotropy,
    anisotropy,
    fit_rows,
    fit_semivariogram,
)
from helpers.fields import lattice, random_field

COVARIANCES = {
    "spherical": lambda h, a: np.where(h < a, 1.0 - 1.5 * h / a + 0.5 * (h / a) ** 3, 0.0),
    "exponential": lambda h, a: np.exp(-3.0 * h / a),
    "gaussian": lambda h, a: np.exp(-3.0 * (h / a) ** 2),
}


def double_loop(values, weights, bounds, directions, tolerance):
    """Return isotropic and directional semivariances pair by pair."""
    rows, columns = np.nonzero(np.isfinite(values))
    z, w = values[rows, columns], weights[rows, columns]
    a, b = np.triu_indices(z.size, 1)
    east, north = columns[b] - columns[a], rows[b] - rows[a]
    distance = np.hypot(east, north)
    azimuth = np.degrees(np.arctan2(east, north)) % 180.0
    product, square = w[a] * w[b], (z[a] - z[b]) ** 2
    made = []
    for direction in (None, *directions):
        chosen = np.ones(a.size, dtype=bool)
        if direction is not None:
            turn = np.abs(azimuth - direction)
            chosen = np.minimum(turn, 180.0 - turn) <= tolerance
        row = []
        for low, high in pairwise(bounds):
            inside = chosen & (distance > low) & (distance <= high)
            total = product[inside].sum()
            row.append(0.5 * (product * square)[inside].sum() / total if total else math.nan)
        made.append(row)
    return np.array(made)


@pytest.mark.kernel
@pytest.mark.parametrize("weighted", [False, True])
def test_gaps_directions_and_weights_equal_the_double_loop(weighted: bool) -> None:
    random = np.random.default_rng(4)
    values = 250.0 + random.standard_normal((13, 17))
    values[3:6, 4:9] = np.nan
    weights = random.random(values.shape) if weighted else np.ones(values.shape)
    found = semivariogram(lattice(values), weights=weights if weighted else None)
    expected = double_loop(values, weights, found.attrs["lag_bounds"], (0, 45, 90, 135), 22.5)
    np.testing.assert_allclose(found["semivariance"], expected[0], rtol=1e-9)
    np.testing.assert_allclose(found["directional_semivariance"], expected[1:], rtol=1e-9)


def test_pairs_are_counted_whole() -> None:
    found = semivariogram(lattice(np.arange(12.0).reshape(3, 4)), lag_bounds=(0.0, 1.0, 1.5))
    # 3 x 3 pairs side by side and 2 x 4 above each other; 2 x 2 x 3 across.
    assert found["pairs"].to_numpy().tolist() == [17.0, 12.0]
    assert found["distance"].to_numpy() == pytest.approx([1.0, math.sqrt(2.0)])


def test_scenes_pool_to_the_variogram_of_all_their_pairs() -> None:
    random = np.random.default_rng(0)
    first, second = (lattice(random.standard_normal((8, 8))) for _ in range(2))
    both = pooled([lag_bins(first), lag_bins(second)], np.array([2.0, 1.0])).dataset()
    one, other = semivariogram(first), semivariogram(second)
    assert both["semivariance"].to_numpy() == pytest.approx(
        (2.0 * one["semivariance"] + other["semivariance"]).to_numpy() / 3.0
    )


def test_gradient_has_a_square_semivariogram_along_it_and_none_across() -> None:
    x = np.broadcast_to(np.arange(40.0), (40, 40))
    found = semivariogram(lattice(0.3 * x), tolerance=1.0)
    lags = found["lag"].to_numpy()
    along = found["directional_semivariance"].sel(direction=90.0).to_numpy()
    assert along == pytest.approx(0.5 * (0.3 * lags) ** 2)
    across = found["directional_semivariance"].sel(direction=0.0).to_numpy()
    assert across == pytest.approx(np.zeros(lags.size), abs=1e-10)


@pytest.mark.parametrize("model", list(MODELS))
def test_known_range_is_recovered_within_a_tenth_on_average(model: str) -> None:
    true = 15.0
    ranges, sills = [], []
    for seed in range(16):
        field = random_field(lambda h: COVARIANCES[model](h, true), 192, seed)
        fit = fit_semivariogram(semivariogram(field), model)
        ranges.append(fit.range)
        sills.append(fit.sill)
    assert np.mean(ranges) == pytest.approx(true, rel=0.10)
    assert np.mean(sills) == pytest.approx(1.0, rel=0.10)


def test_noise_on_a_structure_is_its_nugget() -> None:
    field = random_field(lambda h: COVARIANCES["spherical"](h, 12.0), 256, 3)
    noise = 0.5 * np.random.default_rng(9).standard_normal(field.shape)
    fit = fit_semivariogram(semivariogram(field + noise), "spherical")
    assert fit.nugget == pytest.approx(0.25, abs=0.05)
    assert fit.nugget_ratio == pytest.approx(0.2, abs=0.05)


def test_pure_noise_is_all_nugget_and_has_no_range() -> None:
    for seed in range(5):
        noise = np.random.default_rng(seed).standard_normal((128, 128))
        fit = fit_semivariogram(semivariogram(lattice(noise)))
        assert not fit.structured
        assert fit.nugget_ratio == 1.0
        assert math.isnan(fit.range)
        assert fit.sill == pytest.approx(1.0, rel=0.05)
        assert fit.semivariance(np.array([1.0, 9.0])) == pytest.approx([fit.sill] * 2)


def test_isotropic_fields_have_anisotropy_one() -> None:
    ratios = []
    for seed in range(6):
        field = random_field(lambda h: COVARIANCES["spherical"](h, 10.0), 256, seed)
        found = semivariogram(field)
        ratios.append(anisotropy(found, fit_semivariogram(found, "spherical")).ratio)
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06)


def test_field_stretched_eastwards_shows_ratio_and_azimuth() -> None:
    found = [
        turned(random_field(lambda h: COVARIANCES["spherical"](h, 10.0), 320, seed, squeeze=2.0))
        for seed in range(4)
    ]
    assert np.mean([one.ratio for one in found]) == pytest.approx(0.5, abs=0.08)
    assert np.mean([one.azimuth for one in found]) == pytest.approx(90.0, abs=5.0)


def turned(field) -> Anisotropy:
    found = semivariogram(field)
    return anisotropy(found, fit_semivariogram(found, "spherical"))


def test_checkerboard_alternates_between_nothing_and_all() -> None:
    rows, columns = np.indices((30, 30))
    found = semivariogram(lattice(((rows + columns) % 2).astype(float)), tolerance=1.0, max_lag=6.0)
    north = found["directional_semivariance"].sel(direction=0.0).to_numpy()
    assert north == pytest.approx([0.5, 0.0, 0.5, 0.0, 0.5, 0.0], abs=1e-10)
    diagonal = found["directional_semivariance"].sel(direction=45.0).to_numpy()
    assert np.nanmax(diagonal) == pytest.approx(0.0, abs=1e-10)


def test_trend_never_reaches_its_sill() -> None:
    x = np.broadcast_to(np.arange(60.0), (60, 60))
    fit = fit_semivariogram(semivariogram(lattice(x)))
    assert fit.structured
    assert not fit.range_reached


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("model", "at_range"), [("spherical", 1.0), ("exponential", 0.950), ("gaussian", 0.950)]
)
def test_range_is_the_practical_range(model: str, at_range: float) -> None:
    assert _kernels.structure(MODELS[model], 7.0, 7.0) == pytest.approx(at_range, abs=1e-3)
    assert _kernels.structure(MODELS[model], 0.0, 7.0) == 0.0


@pytest.mark.kernel
@pytest.mark.parametrize("model", list(MODELS))
def test_fit_finds_the_parameters_of_an_exact_curve(model: str) -> None:
    h = np.arange(1.0, 31.0)
    curve = np.array([0.2 + 0.7 * _kernels.structure(MODELS[model], one, 14.0) for one in h])
    fit = fit_rows(h, curve, 100.0 * np.ones(h.size), model)
    assert fit is not None
    assert (fit.nugget, fit.sill, fit.range) == pytest.approx((0.2, 0.9, 14.0), rel=1e-4)
    assert fit.semivariance(h) == pytest.approx(curve, rel=1e-4)


def test_constant_field_cannot_be_fitted() -> None:
    with pytest.raises(OutOfBoundsError, match="a field that varies"):
        fit_semivariogram(semivariogram(lattice(np.ones((20, 20)))))


def test_unknown_model_names_the_known_ones() -> None:
    found = semivariogram(lattice(np.random.default_rng(1).random((9, 9))))
    with pytest.raises(OutOfBoundsError, match="Did you mean 'spherical'"):
        fit_semivariogram(found, "spherica")


def test_field_without_values_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="no cell has both"):
        semivariogram(lattice(np.full((5, 5), np.nan)))


def test_weights_of_another_shape_are_refused() -> None:
    with pytest.raises(DimsError, match="wanted that of the field"):
        semivariogram(lattice(np.ones((5, 5))), weights=np.ones((4, 5)))


@pytest.mark.parametrize("bounds", [(1.0,), (2.0, 1.0), (-1.0, 2.0)])
def test_bounds_of_lags_must_rise(bounds: tuple[float, ...]) -> None:
    with pytest.raises(OutOfBoundsError, match="must rise"):
        semivariogram(lattice(np.ones((5, 5))), lag_bounds=bounds)


def test_largest_lag_below_one_cell_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="at least one cell"):
        semivariogram(lattice(np.ones((5, 5))), max_lag=0.5)
