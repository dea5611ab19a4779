"""Folds keep apart what they say; skill, applicability and intervals are what their papers say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.upscaling.applicability import (
    Applicability,
    area_of_applicability,
    largest_inlier,
)
from fluxscape.upscaling.conformal import Intervals, calibrate, cross_coverage, weighted_quantile
from fluxscape.upscaling.folds import distances, fold_numbers, make_splits
from fluxscape.upscaling.importance import permutation_importance
from fluxscape.upscaling.residual_variogram import residual_variogram
from fluxscape.upscaling.skill import nse, split_skill


@given(sites=st.integers(10, 40), n_folds=st.integers(2, 10), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_no_site_stands_on_both_sides(sites: int, n_folds: int, seed: int) -> None:
    site = np.repeat(np.arange(sites), 3).astype(str)
    splits = make_splits("site", site, n_folds=n_folds, seed=seed)
    assert len(splits) == n_folds
    assert np.array_equal(sum(part.test.astype(int) for part in splits), np.ones(site.size))
    for part in splits:
        assert not set(site[part.train]) & set(site[part.test])


def test_sites_and_years_are_both_unseen() -> None:
    site = np.repeat([f"s{i}" for i in range(6)], 8)
    year = np.tile(np.arange(2000, 2008), 6)
    splits = make_splits("site-year", site, year=year, n_folds=3)
    assert np.array_equal(sum(part.test.astype(int) for part in splits), np.ones(site.size))
    for part in splits:
        assert not set(site[part.train]) & set(site[part.test])
        assert not set(year[part.train]) & set(year[part.test])


def test_blocks_keep_their_distance() -> None:
    rng = np.random.default_rng(0)
    site = np.array([f"s{i:02d}" for i in range(40)])
    latitude, longitude = rng.uniform(30, 60, 40), rng.uniform(0, 60, 40)
    apart = distances(latitude, longitude)
    splits = make_splits(
        "block", site, latitude=latitude, longitude=longitude, separation=400.0, n_folds=5
    )
    assert np.array_equal(sum(part.test.astype(int) for part in splits), np.ones(40))
    for part in splits:
        assert apart[np.ix_(part.test, part.train)].min() > 400.0


@pytest.mark.parametrize("split", ["random", "rows", "kfold"])
def test_random_splits_are_refused_with_the_reason(split: str) -> None:
    with pytest.raises(OutOfBoundsError, match=r"refused: .*0\.83 against 0\.69"):
        make_splits(split, np.array(["a", "b"]))


def test_impossible_splits_are_refused() -> None:
    site = np.array(["a", "a", "b", "c"])
    with pytest.raises(OutOfBoundsError, match="Did you mean 'site'"):
        make_splits("sites", site)
    with pytest.raises(OutOfBoundsError, match="no more than the 3 groups"):
        fold_numbers(site, 5)
    with pytest.raises(DimsError, match="year"):
        make_splits("year", site)
    with pytest.raises(DimsError, match="blocks need"):
        make_splits("block", site)


def test_a_quarter_of_the_earth_is_ten_thousand_kilometres() -> None:
    apart = distances(np.array([0.0, 0.0, 90.0]), np.array([0.0, 90.0, 0.0]))
    np.testing.assert_allclose(apart[0, 1:], 6371.0 * np.pi / 2.0)
    assert np.all(np.diag(apart) == 0.0)


def test_skill_is_split_into_sites_season_and_anomaly() -> None:
    rng = np.random.default_rng(0)
    site = np.repeat(np.arange(12), 36).astype(str)
    month = np.tile(np.arange(36) % 12, 12)
    level = np.repeat(rng.normal(0.0, 2.0, 12), 36)
    season = np.sin(2.0 * np.pi * month / 12.0)
    anomaly = rng.normal(0.0, 0.5, site.size)
    observed = level + season + anomaly
    perfect = split_skill(observed, observed, site, month)
    for name in ("nse", "across_site", "seasonal", "anomaly", "median_site"):
        assert perfect[name] == pytest.approx(1.0)
    no_anomaly = split_skill(observed, level + season, site, month)
    assert no_anomaly["seasonal"] > 0.8
    assert no_anomaly["across_site"] > 0.95
    assert no_anomaly["anomaly"] == pytest.approx(0.0, abs=1e-9)
    no_site = split_skill(observed, np.full(site.size, observed.mean()), site, month)
    assert no_site["nse"] == pytest.approx(0.0, abs=1e-12)
    assert no_site["across_site"] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(nse(np.ones(5), np.ones(5)))


def test_dissimilarity_is_distance_over_the_mean_distance_of_training() -> None:
    x = np.array([[0.0], [1.0], [2.0], [3.0]])
    folds = np.array([0, 0, 1, 1])
    area = area_of_applicability(x, np.array([1.0]), folds)
    # Mean pairwise distance of 0, 1, 2, 3 is 10/6; the scale drops out of the ratio.
    index = area.dissimilarity(np.array([[3.0], [13.0], [np.nan]]))
    np.testing.assert_allclose(index[:2], [0.0, 10.0 / (10.0 / 6.0)])
    assert np.isnan(index[2])
    # Against the other fold: 2, 1, 1 and 2 over 10/6.
    assert area.threshold == pytest.approx(1.2)
    assert area.applies(np.array([[3.5], [13.0], [np.nan]])).tolist() == [True, False, False]
    again = Applicability.from_dict(area.to_dict())
    np.testing.assert_allclose(again.dissimilarity(x + 0.3), area.dissimilarity(x + 0.3), atol=1e-4)


def test_features_without_importance_do_not_count() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    area = area_of_applicability(x, np.array([1.0, 0.0]), np.arange(60) % 4)
    far = x.copy()
    far[:, 1] = 1e6
    np.testing.assert_allclose(area.dissimilarity(far), 0.0, atol=1e-12)


def test_the_threshold_leaves_outliers_out() -> None:
    values = np.append(np.linspace(0.0, 1.0, 101), 50.0)
    assert largest_inlier(values) == 1.0


def test_areas_that_cannot_be_are_refused() -> None:
    x = np.zeros((10, 2))
    folds = np.arange(10) % 2
    with pytest.raises(OutOfBoundsError, match="alike"):
        area_of_applicability(x, np.ones(2), folds)
    with pytest.raises(OutOfBoundsError, match="two folds"):
        area_of_applicability(x, np.ones(2), np.zeros(10, dtype=np.int64))
    with pytest.raises(OutOfBoundsError, match="importance"):
        area_of_applicability(x, np.zeros(2), folds)
    with pytest.raises(DimsError):
        area_of_applicability(x, np.ones(3), folds)


def _residuals(sites: int, rows: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    site = np.repeat(np.arange(sites), rows).astype(str)
    predicted = rng.uniform(0.0, 10.0, site.size)
    offset = np.repeat(rng.normal(0.0, 1.0, sites), rows)
    observed = predicted + (0.2 + 0.1 * predicted) * (offset + rng.normal(size=site.size))
    return observed, predicted, np.zeros(site.size), site


def test_intervals_cover_what_they_say_at_sites_unseen() -> None:
    shares = []
    for seed in range(12):
        observed, predicted, spread, site = _residuals(80, 20, seed)
        folds = fold_numbers(site, 10, seed=seed)
        shares.append(cross_coverage(observed, predicted, spread, site, folds)["coverage_by_site"])
    assert np.mean(shares) == pytest.approx(0.9, abs=0.012)


def test_a_site_counts_once_however_long_its_record() -> None:
    assert weighted_quantile(np.array([1.0, 2.0, 9.0]), np.array([0.5, 0.5, 1.0]), 0.5) == 2.0
    observed, predicted, spread, site = _residuals(30, 10, 1)
    twice = np.r_[np.arange(300), np.arange(100)]
    once = calibrate(observed, predicted, spread, site)
    long = calibrate(observed[twice], predicted[twice], spread[twice], site[twice])
    assert long.upper == pytest.approx(once.upper)
    assert long.lower == pytest.approx(once.lower)


def test_intervals_grow_where_errors_do_and_keep_through_a_file() -> None:
    made = calibrate(*_residuals(60, 20, 0))
    lower, upper = made.bounds(np.array([0.0, 10.0]), np.zeros(2))
    assert upper[1] - lower[1] > 3.0 * (upper[0] - lower[0])
    again = Intervals.from_dict(made.to_dict())
    assert np.array_equal(
        again.bounds(np.arange(5.0), np.zeros(5)), made.bounds(np.arange(5.0), np.zeros(5))
    )


def test_intervals_need_sites_and_a_share() -> None:
    observed, predicted, spread, site = _residuals(9, 5, 0)
    with pytest.raises(OutOfBoundsError, match="10 sites"):
        calibrate(observed, predicted, spread, site)
    with pytest.raises(OutOfBoundsError, match="level"):
        calibrate(*_residuals(20, 5, 0), level=1.0)
    with pytest.raises(DimsError):
        calibrate(observed[1:], predicted, spread, site)


def test_the_variogram_finds_how_far_residuals_go_together() -> None:
    rng = np.random.default_rng(0)
    latitude, longitude = rng.uniform(40.0, 60.0, 300), rng.uniform(0.0, 40.0, 300)
    site = np.array([f"s{i:03d}" for i in range(300)])
    apart = distances(latitude, longitude)
    near = np.linalg.cholesky(np.exp(-3.0 * apart / 600.0) + 1e-9 * np.eye(300))
    found = residual_variogram(near @ rng.normal(size=300), site, latitude, longitude)
    assert 250.0 < found.range < 1400.0
    noise = residual_variogram(rng.normal(size=300), site, latitude, longitude)
    assert noise.range == 0.0 or noise.nugget > 0.5 * noise.sill


def test_only_features_that_matter_have_importance() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3))
    weight = permutation_importance(
        lambda rows: 3.0 * rows[:, 0] + rows[:, 1], x, 3.0 * x[:, 0] + x[:, 1]
    )
    assert weight[2] == 0.0
    assert weight[0] == pytest.approx(0.9, abs=0.03)
    assert weight.sum() == pytest.approx(1.0)
    assert permutation_importance(lambda rows: 0.0 * rows[:, 0], x, x[:, 0]).tolist() == [1 / 3] * 3
