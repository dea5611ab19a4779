"""Model trees reproduce what they can represent, and refuse what nobody could."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.upscaling.model_tree import ModelTreeRegressor, correct_by_neighbours
from reference import cubist_cases as cases

pytestmark = pytest.mark.kernel


def _predictors(n: int = 300, columns: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, columns))


def test_a_linear_field_is_one_rule_and_exact() -> None:
    x = _predictors()
    y = 3.0 + x @ np.array([1.0, 2.0, 0.0, -1.0])
    model = ModelTreeRegressor().fit(x, y)
    assert model.rules_.n_rules == 1
    np.testing.assert_allclose(model.predict(x), y, atol=1e-10)


def test_a_step_is_two_rules_and_exact() -> None:
    x = _predictors()
    y = np.where(x[:, 1] <= 0.2, 1.0, 5.0)
    model = ModelTreeRegressor().fit(x, y)
    assert model.rules_.n_rules == 2
    assert np.abs(model.predict(x) - y).max() == 0.0


def test_two_planes_are_two_rules_and_exact() -> None:
    x = _predictors()
    y = np.where(x[:, 0] > 0.3, 3.0 + 2.0 * x[:, 1], 1.0 - x[:, 2])
    model = ModelTreeRegressor().fit(x, y)
    assert model.rules_.n_rules == 2
    np.testing.assert_allclose(model.predict(x), y, atol=1e-9)


def test_cubists_two_planes_are_found_from_the_same_sixty_cases() -> None:
    model = ModelTreeRegressor().fit(np.array(cases.X), cases.Y)
    predicted = model.predict(np.array(cases.X_TEST))
    np.testing.assert_allclose(predicted, cases.Y_TEST_TRUTH, atol=1e-9)
    np.testing.assert_allclose(predicted, cases.CUBIST_PRED_TEST, atol=1e-5)


def test_the_correction_by_neighbours_is_the_one_worked_by_hand() -> None:
    known_x = np.array(cases.NEIGHBOURS["X"])[:, None]
    known_y = np.array(cases.NEIGHBOURS["y"])
    for query in cases.NEIGHBOURS["queries"]:
        row = np.array([[query["x"]]])
        estimate = correct_by_neighbours(
            row,
            1.0 + 0.9 * row[:, 0],
            known_x,
            known_y,
            1.0 + 0.9 * known_x[:, 0],
            count=query["k"],
            bounds=(-10.0, 10.0),
        )
        assert estimate[0] == pytest.approx(query["est"], abs=1e-12)


@pytest.mark.parametrize("committee", ["adjusted", "bagged"])
def test_predictions_stay_within_the_range_of_the_target_and_its_margin(committee: str) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 3))
    y = np.exp(x[:, 0]) + rng.normal(size=200)
    model = ModelTreeRegressor(3, committee=committee, random_state=0).fit(x, y)
    far = model.predict(100.0 * x)
    # An adjusted member answers to 2 y - f, whose range is wider than that of y.
    margin = 0.05 * np.ptp(y) if committee == "bagged" else 3.0 * np.ptp(y)
    assert far.min() >= y.min() - margin - 1e-9
    assert far.max() <= y.max() + margin + 1e-9


@given(
    scale=st.floats(0.01, 1000.0),
    offset=st.floats(-1000.0, 1000.0),
    stretch=st.floats(0.01, 1000.0),
)
@settings(max_examples=15, deadline=None)
def test_units_of_predictors_and_target_do_not_change_the_rules(
    scale: float, offset: float, stretch: float
) -> None:
    rng = np.random.default_rng(2)
    x = np.round(rng.normal(size=(120, 2)), 3)
    y = np.where(x[:, 0] > 0.0, 2.0 * x[:, 1], -x[:, 1]) + 0.05 * rng.normal(size=120)
    first = ModelTreeRegressor(1, extrapolation=10.0).fit(x, y).predict(x)
    second = ModelTreeRegressor(1, extrapolation=10.0).fit(x * stretch, scale * y + offset)
    moved = (second.predict(x * stretch) - offset) / scale
    np.testing.assert_allclose(moved, first, atol=1e-5)


def test_the_order_of_rows_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(150, 3))
    y = np.abs(x[:, 0]) + 0.1 * rng.normal(size=150)
    order = rng.permutation(150)
    first = ModelTreeRegressor(2).fit(x, y).predict(x)
    second = ModelTreeRegressor(2).fit(x[order], y[order]).predict(x)
    np.testing.assert_allclose(second, first, atol=1e-8)


def test_the_same_seed_gives_the_same_model_and_another_seed_another() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(150, 3))
    y = x[:, 0] ** 2 + rng.normal(size=150)
    made = [
        ModelTreeRegressor(3, committee="bagged", random_state=seed).fit(x, y).predict(x)
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_groups_are_drawn_whole() -> None:
    x = _predictors(60, 1)
    groups = np.repeat(["a", "b", "c"], 20)
    y = np.repeat([0.0, 1.0, 2.0], 20)
    model = ModelTreeRegressor(8, committee="bagged", random_state=0).fit(x, y, groups=groups)
    for row in model.rules_.table():
        assert row["low"] in {0.0, 1.0, 2.0}
        assert row["cases"] <= 40


def test_a_constant_target_gives_the_constant() -> None:
    model = ModelTreeRegressor().fit(_predictors(50), np.full(50, 7.0))
    assert model.rules_.n_rules == 1
    assert np.all(model.predict(_predictors(5, seed=9)) == 7.0)


def test_a_column_that_never_varies_is_not_used() -> None:
    x = _predictors(100, 2)
    x[:, 1] = 4.0
    model = ModelTreeRegressor().fit(x, 2.0 * x[:, 0])
    assert model.rules_.terms(0) == {"x0": pytest.approx(2.0)}


def test_missing_values_are_refused_by_name() -> None:
    x = _predictors(30)
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        ModelTreeRegressor().fit(x, x[:, 0])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_committees", 0),
        ("neighbors", 10),
        ("share_attributes", 1.5),
        ("extrapolation", -0.1),
        ("penalty", -1.0),
    ],
)
def test_a_parameter_out_of_its_bounds_is_refused_by_name(name: str, value: float) -> None:
    x = _predictors(30)
    with pytest.raises(OutOfBoundsError, match=name):
        ModelTreeRegressor(**{name: value}).fit(x, x[:, 0])


def test_an_unknown_committee_and_wrong_groups_are_refused() -> None:
    x = _predictors(30)
    with pytest.raises(OutOfBoundsError, match="committee"):
        ModelTreeRegressor(committee="boosted").fit(x, x[:, 0])
    with pytest.raises(DimsError, match="groups"):
        ModelTreeRegressor(committee="bagged").fit(x, x[:, 0], groups=np.arange(5))


@pytest.mark.parametrize(
    "estimator",
    [
        ModelTreeRegressor(2),
        ModelTreeRegressor(2, committee="bagged", neighbors=3, random_state=0),
    ],
)
def test_scikit_learns_checks_pass(estimator: ModelTreeRegressor) -> None:
    with warnings.catch_warnings():
        # Checks of array libraries that are not installed are skipped with a warning.
        warnings.simplefilter("ignore", SkipTestWarning)
        results = check_estimator(estimator, on_fail=None)
    failed = [row["check_name"] for row in results if row["status"] == "failed"]
    assert not failed
