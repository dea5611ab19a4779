"""Closed form, 4D-Var and ensemble agree; evidence and chi-square say what they should."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, RunError
from fluxscape.transport import (
    LinearProblem,
    draw_ensemble,
    ensemble_smoother,
    exponential_covariance,
    four_d_var,
    invert,
    log_evidence,
    most_probable_scales,
)
from fluxscape.transport.inversion import NOISE


def _problem(elements: int = 12, rows: int = 20, seed: int = 0) -> LinearProblem:
    draw = np.random.default_rng(seed)
    H = draw.normal(size=(rows, elements))
    S = exponential_covariance(np.full(elements, 2.0), np.arange(elements, dtype=float), 3.0)
    S[:8, 8:] = S[8:, :8] = 0.0
    R = exponential_covariance(np.full(rows, 1.0), np.arange(rows, dtype=float), 1.0)
    prior = draw.normal(size=elements)
    truth = prior + np.linalg.cholesky(S) @ draw.normal(size=elements)
    observed = H @ truth + np.linalg.cholesky(R) @ draw.normal(size=rows)
    return LinearProblem(
        H, observed, prior, S, R, {"flux": slice(0, 8), "background": slice(8, elements)}
    )


def test_the_posterior_is_that_of_the_information_form() -> None:
    p = _problem()
    found = invert(p)
    precision = p.jacobian.T @ np.linalg.solve(p.error_covariance, p.jacobian)
    covariance = np.linalg.inv(precision + np.linalg.inv(p.prior_covariance))
    step = covariance @ p.jacobian.T @ np.linalg.solve(p.error_covariance, p.innovation())
    assert found.covariance == pytest.approx(covariance, abs=1e-12)
    assert found.mean == pytest.approx(p.prior + step, abs=1e-10)
    kernel = np.eye(12) - covariance @ np.linalg.inv(p.prior_covariance)
    assert found.averaging_kernel == pytest.approx(kernel, abs=1e-10)
    assert found.degrees_of_freedom["all"] == pytest.approx(np.trace(kernel))
    parts = found.degrees_of_freedom["flux"] + found.degrees_of_freedom["background"]
    assert parts == pytest.approx(found.degrees_of_freedom["all"])


def test_contributions_of_terms_add_up_to_the_posterior() -> None:
    found = invert(_problem())
    assert set(found.contributions) == {NOISE, "flux", "background"}
    assert sum(found.contributions.values()) == pytest.approx(found.covariance, abs=1e-12)
    weights = np.r_[np.full(8, 0.125), np.zeros(4)]
    _, deviation, terms = found.of_sum(weights)
    assert sum(v**2 for v in terms.values()) == pytest.approx(deviation**2)


def test_all_three_methods_agree_on_the_linear_case() -> None:
    p = _problem()
    exact = invert(p)
    varied = four_d_var(
        lambda x: p.jacobian @ x, lambda w: p.jacobian.T @ w, p.observed, p.prior,
        p.prior_covariance, p.error_covariance, with_covariance=True,
    )  # fmt: skip
    assert varied.mean == pytest.approx(exact.mean, abs=1e-8)
    assert varied.covariance == pytest.approx(exact.covariance, abs=1e-10)
    assert varied.cost[-1] == pytest.approx(0.5 * exact.chi_square)
    assert (np.diff(varied.cost) <= 0.0).all()
    members = draw_ensemble(p.prior, p.prior_covariance, 40, seed=1)
    moved = ensemble_smoother(members, lambda x: x @ p.jacobian.T, p.observed, p.error_covariance)
    assert moved.mean == pytest.approx(exact.mean, abs=1e-9)
    assert moved.covariance == pytest.approx(exact.covariance, abs=1e-9)


def test_a_drawn_ensemble_tends_to_the_posterior_as_it_grows() -> None:
    p = _problem()
    exact = invert(p)

    def error(members: int) -> float:
        found = []
        for seed in range(5):
            drawn = draw_ensemble(p.prior, p.prior_covariance, members, seed=seed, exact=False)
            moved = ensemble_smoother(
                drawn, lambda x: x @ p.jacobian.T, p.observed, p.error_covariance
            )
            found.append(np.sqrt(np.mean((moved.mean - exact.mean) ** 2)))
        return float(np.mean(found))

    assert error(3200) < 0.5 * error(200)


def test_a_lag_keeps_late_observations_from_early_elements() -> None:
    elements = rows = 10
    H = np.eye(10)
    times = np.arange(10.0)
    S = exponential_covariance(np.full(elements, 1.0), times, 2.0)
    R = np.diag(np.full(rows, 0.25))
    members = draw_ensemble(np.zeros(10), S, 30, seed=2)
    observed = np.r_[np.zeros(9), 5.0]

    def moved(lag: float | None):
        return ensemble_smoother(
            members, lambda x: x @ H.T, observed, R, element_times=times,
            observation_times=times, lag=lag,
        ).mean  # fmt: skip

    assert moved(2.0)[0] == pytest.approx(0.0, abs=1e-9)
    assert moved(2.0)[8] > 0.5
    assert moved(100.0)[9] == pytest.approx(moved(None)[9], abs=0.5)
    with pytest.raises(OutOfBoundsError, match="a lag needs the times"):
        ensemble_smoother(members, lambda x: x, observed, R, lag=1.0)


def test_chi_square_is_the_number_of_observations_on_average() -> None:
    ratios = [invert(_problem(seed=seed)).chi_square / 20.0 for seed in range(200)]
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)


def test_the_evidence_finds_the_spreads_that_made_the_data() -> None:
    draw = np.random.default_rng(3)
    elements, rows = 60, 240
    H = draw.normal(size=(rows, elements))
    observed = H @ draw.normal(0.0, 3.0, elements) + draw.normal(0.0, 2.0, rows)
    p = LinearProblem(H, observed, np.zeros(elements), np.eye(elements), np.eye(rows))
    found = most_probable_scales(p)
    assert found.prior["flux"] == pytest.approx(3.0, rel=0.25)
    assert found.error == pytest.approx(2.0, rel=0.1)
    assert found.log_evidence > found.log_evidence_before
    assert found.log_evidence_before == pytest.approx(invert(p).log_evidence)
    assert log_evidence(p) == pytest.approx(found.log_evidence_before)


def test_singular_covariances_are_refused_and_say_why() -> None:
    p = _problem()
    same = p.prior_covariance.copy()
    same[1] = same[0]
    same[:, 1] = same[:, 0]
    with pytest.raises(OutOfBoundsError, match="closest elements are 0 and 1"):
        LinearProblem(p.jacobian, p.observed, p.prior, same, p.error_covariance)
    none = p.error_covariance.copy()
    none[3], none[:, 3] = 0.0, 0.0
    with pytest.raises(OutOfBoundsError, match="element 3 has the variance 0"):
        LinearProblem(p.jacobian, p.observed, p.prior, p.prior_covariance, none)
    skew = p.error_covariance.copy()
    skew[0, 1] += 0.3
    with pytest.raises(OutOfBoundsError, match="not symmetric"):
        LinearProblem(p.jacobian, p.observed, p.prior, p.prior_covariance, skew)


def test_problems_that_do_not_fit_together_are_refused() -> None:
    p = _problem()
    with pytest.raises(DimsError, match="observed has shape"):
        LinearProblem(p.jacobian, p.observed[1:], p.prior, p.prior_covariance, p.error_covariance)
    broken = p.observed.copy()
    broken[4] = np.nan
    with pytest.raises(OutOfBoundsError, match=r"observed is no number at position \(4,\)"):
        LinearProblem(p.jacobian, broken, p.prior, p.prior_covariance, p.error_covariance)
    with pytest.raises(MissingVariableError, match="no block 'fluxes'"):
        p.block("fluxes")
    with pytest.raises(OutOfBoundsError, match="must be positive"):
        exponential_covariance(np.array([1.0, 0.0]), np.arange(2.0), 1.0)
    with pytest.raises(OutOfBoundsError, match="two or more members"):
        draw_ensemble(p.prior, p.prior_covariance, 1, seed=0)


def test_a_false_adjoint_is_found_out() -> None:
    p = _problem()
    with pytest.raises(RunError, match="no transpose"):
        four_d_var(
            lambda x: p.jacobian @ x, lambda w: -(p.jacobian.T @ w), p.observed, p.prior,
            p.prior_covariance, p.error_covariance,
        )  # fmt: skip


def test_distance_and_time_both_separate_errors() -> None:
    places = np.array([[0.0, 0.0], [3.0, 4.0]])
    found = exponential_covariance(
        np.array([1.0, 2.0]), np.array([0.0, 1.0]), 2.0, places=places, length=10.0
    )
    assert found[0, 1] == pytest.approx(2.0 * np.exp(-0.5) * np.exp(-0.5))
