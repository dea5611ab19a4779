"""The indices of Chu et al. 2021 against cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.representativeness import footprint_shape, scene_regression, steadiness
from fluxscape.representativeness.chu import composition_test, cover_level, overlap
from helpers.fields import climatology, parts_of, round_footprint


def test_round_footprint_has_the_extent_and_symmetry_of_the_gaussian() -> None:
    found = footprint_shape(round_footprint(spread=100.0, step=2.0, extent=600.0))
    assert found is not None
    # Closed form: X80 = sigma sqrt(-2 ln 0.2), A80 = pi X80^2, S80 = 1.
    assert found.fetch == pytest.approx(179.41225779941016, abs=3.0)
    assert found.area == pytest.approx(101123.96644223724, rel=0.005)
    assert found.symmetry == pytest.approx(1.0, abs=0.03)
    assert not found.asymmetric


def test_footprint_to_one_side_is_asymmetric() -> None:
    found = footprint_shape(round_footprint(300.0, spread=60.0, step=5.0))
    assert found is not None
    reach = 60.0 * math.sqrt(-2.0 * math.log(0.2))
    assert found.symmetry == pytest.approx((reach / (300.0 + reach)) ** 2, rel=0.05)
    assert found.asymmetric


def test_extent_that_the_grid_does_not_capture_is_unknown() -> None:
    assert footprint_shape(round_footprint(captured=0.7)) is None


def test_overlap_is_one_for_the_same_and_nothing_for_strangers() -> None:
    first, second = np.array([[4.0, 0.0]]), np.array([[0.0, 1.0]])
    assert overlap([first, 3.0 * first]) == pytest.approx(1.0)
    assert overlap([first, second]) == 0.0
    # By hand: sqrt(0.5 * 0.8) + sqrt(0.5 * 0.2).
    pair = [np.array([[0.5, 0.5]]), np.array([[0.8, 0.2]])]
    assert overlap(pair) == pytest.approx(math.sqrt(0.4) + math.sqrt(0.1))
    # Three months: the cube root of the product.
    three = [np.array([[0.5, 0.5]]), np.array([[0.8, 0.2]]), np.array([[0.2, 0.8]])]
    assert overlap(three) == pytest.approx(2.0 * (0.5 * 0.8 * 0.2) ** (1.0 / 3.0))


def test_overlap_of_shifted_gaussians_is_that_of_bhattacharyya() -> None:
    fields = [round_footprint(east, spread=60.0)["footprint"].to_numpy() for east in (-45.0, 45.0)]
    assert overlap(fields) == pytest.approx(math.exp(-(90.0**2) / (8.0 * 60.0**2)), abs=1e-3)


def test_overlap_refuses_empty_or_unequal_fields() -> None:
    with pytest.raises(OutOfBoundsError, match="not empty"):
        overlap([np.ones((2, 2)), np.zeros((2, 2))])
    with pytest.raises(DimsError, match="one shape"):
        overlap([np.ones((2, 2)), np.ones((2, 3))])


def test_seasons_and_days_are_told_apart() -> None:
    west, east = round_footprint(-200.0, spread=40.0), round_footprint(200.0, spread=40.0)
    parts = parts_of(
        {"day+month-01": west, "night+month-01": west, "day+month-07": east, "night+month-07": east}
    )
    found = steadiness(parts)
    assert found.seasonal == pytest.approx(0.0, abs=1e-9)
    assert found.day_night == pytest.approx(1.0)
    assert (found.months, found.pairs) == (2, 2)
    assert found.variable_by_season
    assert not found.variable_by_day


def test_months_without_records_do_not_count() -> None:
    here = round_footprint()
    parts = parts_of({"day+month-01": here, "day+month-02": here * math.nan})
    found = steadiness(parts)
    assert found.months == 1
    assert math.isnan(found.seasonal)
    assert math.isnan(found.day_night)
    assert not found.variable_by_season


def test_chi_square_of_a_case_worked_by_hand() -> None:
    # 100 cells: observed 60, 40 against expected 50, 50: 100/50 + 100/50 = 4.
    statistic, freedom, p_value = composition_test(np.array([0.6, 0.4]), np.array([0.5, 0.5]), 100)
    assert (statistic, freedom) == (pytest.approx(4.0), 1)
    assert p_value == pytest.approx(0.0455, abs=1e-4)


def test_class_that_neither_holds_costs_no_freedom() -> None:
    shares = np.array([0.6, 0.4, 0.0]), np.array([0.5, 0.5, 0.0])
    assert composition_test(*shares, 100)[1] == 1


def test_class_that_only_the_footprint_holds_cannot_be_reconciled() -> None:
    statistic, _, p_value = composition_test(np.array([0.9, 0.1]), np.array([1.0, 0.0]), 100)
    assert math.isinf(statistic)
    assert p_value == 0.0


def test_one_class_everywhere_agrees() -> None:
    assert composition_test(np.array([1.0, 0.0]), np.array([1.0, 0.0]), 50) == (0.0, 0, 1.0)


@pytest.mark.parametrize(
    ("footprint", "area", "p_value", "level"),
    [
        (0.80, 0.80, 0.05, "high"),
        (0.95, 0.79, 0.50, "medium"),
        (0.50, 0.50, 0.05, "medium"),
        (0.49, 0.90, 0.90, "low"),
        (0.95, 0.95, 0.049, "low"),
        (math.nan, 0.9, 0.9, ""),
    ],
)
def test_levels_of_land_cover(footprint: float, area: float, p_value: float, level: str) -> None:
    assert cover_level(footprint, area, p_value) == level


def test_regression_of_a_case_worked_by_hand() -> None:
    seen = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    around = 0.05 + 0.95 * seen
    found = scene_regression(seen, around)
    assert (found.slope, found.intercept) == pytest.approx((0.95, 0.05))
    assert found.r_squared == pytest.approx(1.0)
    assert found.p_value == pytest.approx(0.0, abs=1e-12)
    assert (found.level, found.scenes) == ("high", 6)


def test_slope_is_the_ratio_of_spreads_not_that_of_least_squares() -> None:
    seen = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    around = np.array([1.0, 3.0, 2.0, 5.0, 4.0, 6.0])
    found = scene_regression(seen, around)
    # r = 1 - 6 * 4 / (6 * 35) = 0.885714; equal spreads.
    assert found.slope == pytest.approx(1.0)
    assert found.r_squared == pytest.approx(0.8857142857**2)
    assert found.p_value == pytest.approx(0.01885, abs=1e-4)
    assert found.level == "medium"


def test_opposite_courses_have_a_negative_slope() -> None:
    seen = np.arange(6.0)
    assert scene_regression(seen, 5.0 - seen).slope == pytest.approx(-1.0)


def test_unrelated_scenes_are_low() -> None:
    seen = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert scene_regression(seen, np.array([2.0, 1.0, 2.0, 1.0, 2.0, 1.0])).level == "low"


def test_steep_slope_is_medium_at_best() -> None:
    seen = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    assert scene_regression(seen, 1.2 * seen).level == "medium"


def test_five_scenes_or_a_constant_side_give_no_regression() -> None:
    seen = np.array([0.1, 0.2, 0.3, 0.4, 0.5, math.nan])
    assert scene_regression(seen, seen).level == ""
    assert scene_regression(np.full(8, 0.4), np.arange(8.0)).level == ""
    assert scene_regression(np.empty(0), np.empty(0)).scenes == 0


def test_parts_without_periods_are_refused() -> None:
    with pytest.raises(DimsError, match=r"period, y, x"):
        steadiness(climatology(np.ones((3, 3)), np.arange(3.0)))
