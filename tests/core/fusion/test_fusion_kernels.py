"""Kernels of ESTARFM, FSDAF and the series against plain NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.interpolate import PchipInterpolator

from fluxscape.fusion import _kernels_estarfm as estarfm
from fluxscape.fusion import _kernels_fsdaf as fsdaf
from fluxscape.fusion import _kernels_series as series
from fluxscape.fusion import _kernels_starfm as starfm
from fluxscape.fusion.estarfm import critical_values
from fluxscape.fusion.fsdaf import spatial_prediction, unmix
from fluxscape.fusion.grids import Cells

pytestmark = pytest.mark.kernel


def test_the_spread_of_a_window_leaves_out_gaps_and_stops_at_the_border() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(300.0, 0.01, (7, 9))
    values[2, 3] = np.nan
    out = np.empty(9)
    starfm.window_spread(starfm.deviations(values, 300.0, 2), 2, 1, 0, out)
    for x in range(9):
        part = values[0:4, max(0, x - 2) : x + 3]
        assert out[x] == pytest.approx(np.nanstd(part), rel=1e-9)


def test_the_slope_is_that_of_a_regression_with_its_test() -> None:
    rng = np.random.default_rng(2)
    limits = critical_values(0.05, 100)
    for true, noise in ((1.8, 0.1), (0.3, 2.0), (-1.0, 0.1), (8.0, 0.1)):
        x = rng.normal(size=30)
        y = true * x + noise * rng.normal(size=30)
        sums = np.array([30, x.sum(), y.sum(), x @ x, x @ y, y @ y, x.min(), x.max()])
        found = stats.linregress(x, y)
        carried = found.pvalue <= 0.05 and 0.0 < found.slope <= 5.0
        expected = found.slope if carried else 1.0
        assert estarfm.slope(sums, limits, 0.0, 5.0) == pytest.approx(expected)
        assert estarfm.slope(sums, limits, 100.0, 5.0) == 1.0


def test_agreement_is_the_correlation_over_bands_and_pairs() -> None:
    rng = np.random.default_rng(3)
    fine, coarse = rng.uniform(0.1, 0.9, (2, 2, 3, 4, 5))
    out = np.empty((4, 5))
    estarfm.agreement(fine, coarse, out)
    expected = np.corrcoef(fine[:, :, 1, 2].ravel(), coarse[:, :, 1, 2].ravel())[0, 1]
    assert out[1, 2] == pytest.approx(expected)
    single = np.empty((4, 5))
    estarfm.agreement(fine[:, :1], coarse[:, :1], single)
    apart = np.abs(fine[:, 0] - coarse[:, 0]) / (fine[:, 0] + coarse[:, 0])
    np.testing.assert_allclose(single, 1.0 - apart.sum(axis=0) / 2.0)


def test_opposite_values_of_one_band_count_as_half_agreeing() -> None:
    fine = np.full((2, 1, 1, 1), 0.3)
    out = np.empty((1, 1))
    estarfm.agreement(fine, -fine + 1e-9, out)
    assert out[0, 0] == 0.5
    estarfm.agreement(fine * np.nan, fine, out)
    assert np.isnan(out[0, 0])


def test_shared_residuals_add_up_to_that_of_the_cell() -> None:
    rng = np.random.default_rng(4)
    rows, columns = np.arange(12) // 4, np.arange(12) // 4
    residual = rng.normal(size=(3, 3))
    spatial, temporal = rng.normal(size=(2, 12, 12))
    temporal[0, :3] = np.nan
    index = rng.uniform(size=(12, 12))
    out = np.empty((12, 12))
    fsdaf.distribute(residual, spatial, temporal, index, rows, columns, out)
    means = [
        [np.nanmean(out[4 * i : 4 * i + 4, 4 * j : 4 * j + 4]) for j in range(3)] for i in range(3)
    ]
    np.testing.assert_allclose(means, residual, rtol=1e-9)
    assert np.isnan(out[0, :3]).all()
    # No pixel is moved against the residual of its cell.
    spread = residual.repeat(4, axis=0).repeat(4, axis=1)
    assert (np.nan_to_num(out) * spread >= 0.0).all()


def test_homogeneity_is_the_share_of_the_own_class() -> None:
    classes = np.array([[0, 0, 1], [0, 1, 1], [-1, 1, 1]])
    out = np.empty((3, 3))
    fsdaf.homogeneity(classes, 1, out)
    assert out[1, 1] == pytest.approx(5 / 8)
    assert out[0, 0] == pytest.approx(3 / 4)
    assert np.isnan(out[2, 0])


def test_the_kth_smallest_is_found() -> None:
    values = np.array([5.0, 1.0, 4.0, 1.0, 3.0, 9.0])
    for k in range(1, 6):
        assert fsdaf.kth_smallest(values, 6, np.empty(k)) == np.sort(values)[k - 1]
    assert np.isinf(fsdaf.kth_smallest(values, 6, np.empty(6)))


def test_changes_of_classes_are_unmixed_exactly() -> None:
    rng = np.random.default_rng(5)
    fractions = rng.dirichlet(np.full(3, 0.4), 200)
    changes = np.array([0.1, -0.2, 0.3])
    found = unmix(fractions, fractions @ changes, trimmed_share=0.0)
    np.testing.assert_allclose(found, changes, atol=0.02)
    np.testing.assert_array_equal(unmix(fractions, np.zeros(200), trimmed_share=0.1), 0.0)


def test_a_plane_of_cells_is_a_plane_of_pixels() -> None:
    cells = Cells(np.arange(40) // 8, np.arange(48) // 8, 8.0)
    rows, columns = np.mgrid[0:40, 0:48]
    plane = 3.0 + 0.1 * rows - 0.2 * columns
    stepped = plane.reshape(5, 8, 6, 8).mean(axis=(1, 3)).repeat(8, axis=0).repeat(8, axis=1)
    np.testing.assert_allclose(spatial_prediction(stepped, cells), plane, atol=1e-9)
    line = Cells(np.arange(8) // 8, np.arange(48) // 8, 8.0)
    np.testing.assert_array_equal(spatial_prediction(stepped[:8], line), stepped[:8])


def test_the_smooth_series_solves_its_equations() -> None:
    rng = np.random.default_rng(6)
    for n in (4, 5, 40):
        days = np.sort(rng.choice(n, min(n, 9), replace=False))
        values, weights = rng.normal(size=(2, days.size))
        weights = np.abs(weights) + 0.1
        matrix = np.zeros((n, n))
        matrix[days, days] = weights
        second = np.diff(np.eye(n), n=2, axis=0)
        right = np.zeros(n)
        right[days] = weights * values
        expected = np.linalg.solve(matrix + 50.0 * second.T @ second, right)
        out = np.empty(n)
        series.whittaker(days, values, weights, 50.0, out)
        np.testing.assert_allclose(out, expected, rtol=1e-8, atol=1e-9)


def test_days_between_follow_the_monotone_cubic_of_scipy() -> None:
    rng = np.random.default_rng(7)
    days = np.array([0, 3, 4, 11, 19, 20, 39])
    values = rng.normal(size=days.size).round(1)
    line, codes, smooth = np.empty(40), np.empty(40, dtype=np.int8), np.empty(40)
    lost = series.fill_pixel(
        days, values, np.ones(7), np.zeros(7, dtype=np.int8), 40, 1e3, 100.0, line, codes, smooth
    )
    assert lost == 0
    np.testing.assert_allclose(line, PchipInterpolator(days, values)(np.arange(40)), atol=1e-12)
    assert (codes[days] == series.FUSED).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_anchors_give_what_they_can(count: int) -> None:
    days = np.array([2, 12])[:count]
    line, codes, smooth = np.empty(15), np.empty(15, dtype=np.int8), np.empty(15)
    series.fill_pixel(
        days, np.array([0.2, 0.4])[:count], np.ones(count), np.ones(count, dtype=np.int8), 20,
        1e3, 0.05, line, codes, smooth,
    )  # fmt: skip
    there = np.isfinite(line)
    assert there.sum() == {0: 0, 1: 1, 2: 11}[count]
    if count == 2:
        np.testing.assert_allclose(line[2:13], np.linspace(0.2, 0.4, 11), atol=1e-12)
        assert (codes[3:12] == series.INTERPOLATED).all()
