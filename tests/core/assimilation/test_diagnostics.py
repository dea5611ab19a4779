import numpy as np
import pytest

from fluxscape.assimilation import (
    coverage,
    crps,
    innovation_consistency,
    rank_histogram,
    variance_reduction,
)
from fluxscape.assimilation.diagnostics import skill_against
from fluxscape.errors import DimsError

DRAW = np.random.default_rng(3)
CENTRES = DRAW.normal(size=4000)
MEMBERS = CENTRES + DRAW.normal(size=(60, 4000))
TRUTH = CENTRES + DRAW.normal(size=4000)


def test_intervals_of_an_honest_ensemble_cover_what_they_say():
    assert coverage(MEMBERS, TRUTH, 0.9) == pytest.approx(0.9, abs=0.03)
    assert coverage(MEMBERS, TRUTH, 0.5) == pytest.approx(0.5, abs=0.03)


def test_noise_of_the_observations_widens_the_intervals():
    noisy = TRUTH + 2.0 * np.random.default_rng(4).normal(size=4000)
    assert coverage(MEMBERS, noisy, 0.9) < 0.6
    assert coverage(MEMBERS, noisy, 0.9, noise=np.full(4000, 2.0)) == pytest.approx(0.9, abs=0.03)


def test_ranks_of_an_honest_ensemble_are_even_and_of_a_narrow_one_at_the_edges():
    even = rank_histogram(MEMBERS, TRUTH, seed=1)
    assert even.sum() == 4000
    assert even.max() < 2.0 * even.mean()
    narrow = rank_histogram(CENTRES + 0.2 * (MEMBERS - CENTRES), TRUTH, seed=1)
    assert narrow[0] + narrow[-1] > 0.5 * narrow.sum()


def test_equal_members_share_ranks_at_random():
    ranks = rank_histogram(np.zeros((9, 5000)), np.zeros(5000), seed=1)
    assert ranks.min() > 300


def test_the_score_of_a_gaussian_ensemble_is_the_closed_form():
    # E CRPS of N(0, 1) at 0 is (sqrt(2) - 1) / sqrt(pi).
    members = np.random.default_rng(1).normal(size=(4000, 50))
    assert crps(members, np.zeros(50)).mean() == pytest.approx(
        (np.sqrt(2.0) - 1.0) / np.sqrt(np.pi), rel=0.02
    )


def test_the_score_of_a_sure_forecast_is_its_error():
    assert crps(np.full((5, 3), 2.0), np.array([2.0, 3.0, 0.0])).tolist() == [0.0, 1.0, 2.0]
    assert skill_against(np.array([1.0]), np.array([4.0])) == 0.75


def test_a_narrower_ensemble_has_less_variance():
    reduction = variance_reduction(
        MEMBERS, MEMBERS.mean(axis=0) + 0.5 * (MEMBERS - MEMBERS.mean(0))
    )
    np.testing.assert_allclose(reduction, 0.75)


def test_innovations_of_a_kalman_update_agree_with_its_errors():
    draw = np.random.default_rng(8)
    truth, count, size = 0.0, 400, 3000
    prior = truth + draw.normal(size=size) + draw.normal(size=(count, size))
    sigma = np.full(size, 0.7)
    observed = truth + sigma * draw.normal(size=size)
    gain = 1.0 / (1.0 + sigma**2)
    noise = sigma * draw.normal(size=(count, size))
    posterior = prior + gain * (observed + noise - prior)
    found = innovation_consistency(prior, posterior, observed, sigma)
    assert found["observation_error"] == pytest.approx(1.0, abs=0.1)
    assert found["prior_error"] == pytest.approx(1.0, abs=0.1)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DimsError, match="do not fit"):
        crps(MEMBERS, TRUTH[:-1])
