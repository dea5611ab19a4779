"""The iterative ensemble smoother: exact where the model is linear, honest where it bends."""

import numpy as np
import pytest

from fluxscape.assimilation import es_mda, iterative_smoother
from fluxscape.assimilation.diagnostics import interval_edges
from fluxscape.assimilation.iterative import MOST_PASSES, View, expected_covariance, sensitivity
from fluxscape.assimilation.passes import Checkpoint
from fluxscape.assimilation.sites import SiteHierarchy
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import DimsError, OutOfBoundsError, RunError
from fluxscape.lue.mod17 import Mod17Parameters

OPERATOR = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0], [0.3, 0.0, 2.0], [1.0, 1.0, 1.0]])
SIGMA = np.array([0.5, 0.3, 0.8, 0.4])
OBSERVED = np.array([1.2, -0.7, 2.0, 1.1])
SPREAD = np.array([1.0, 0.7, 1.5])


def linear(z):
    return z @ OPERATOR.T


def draw(members, spread=SPREAD, seed=1):
    noise = np.random.default_rng(seed).standard_normal((members, spread.size))
    return (noise - noise.mean(axis=0)) * spread


def smooth(members=60, forward=linear, **changes):
    options = {"prior_spread": SPREAD, "seed": 2, **changes}
    return iterative_smoother(draw(members), forward, OBSERVED, SIGMA, **options)


def kalman():
    """Return the exact posterior of the linear Gaussian case."""
    information = OPERATOR.T @ np.diag(SIGMA**-2.0) @ OPERATOR + np.diag(SPREAD**-2.0)
    covariance = np.linalg.inv(information)
    return covariance @ OPERATOR.T @ (OBSERVED / SIGMA**2), covariance


@pytest.mark.parametrize("passes", [1, 4, None])
def test_the_linear_gaussian_case_is_the_kalman_solution(passes):
    result = smooth(20_000, passes=passes)
    mean, covariance = kalman()
    # Draws and perturbations have mean zero: the mean is exact for any ensemble.
    np.testing.assert_allclose(result.posterior.mean(axis=0), mean, atol=1e-9)
    np.testing.assert_allclose(np.cov(result.posterior.T), covariance, atol=0.02)
    assert result.misfit[-1] < result.misfit[0]


def test_the_mean_of_few_members_is_the_kalman_mean_too():
    np.testing.assert_allclose(smooth(8).posterior.mean(axis=0), kalman()[0], atol=1e-9)


def test_left_to_itself_it_ends_when_members_stand_at_their_minima():
    result = smooth(passes=None)
    assert len(result.alphas) == 1
    assert result.converged

    def bend(z):
        return np.sinh(linear(z))

    slow = smooth(forward=bend, passes=None)
    assert 1 < len(slow.alphas) <= MOST_PASSES
    assert not smooth(forward=bend, passes=1).converged


def test_no_member_ends_worse_than_it_began():
    def wild(z):
        return 3.0 * np.sin(3.0 * linear(z))

    result = smooth(forward=wild, passes=6)
    noise = np.random.default_rng([2, 0]).standard_normal((60, 4))
    data = OBSERVED + SIGMA * (noise - noise.mean(axis=0))

    def cost(z):
        misfit = (((data - wild(z)) / SIGMA) ** 2).sum(axis=1)
        return misfit + (((z - result.prior) / SPREAD) ** 2).sum(axis=1)

    assert (cost(result.posterior) <= cost(result.prior)).all()
    assert 0.0 < min(result.accepted) < 1.0
    np.testing.assert_array_equal(result.predicted_posterior, wild(result.posterior))


def bent(z):
    """Return 40 predictions of seven parameters that saturate and multiply."""
    time = np.linspace(0.0, 1.0, 40)
    rise = np.exp(0.6 * z[:, :1]) * (1.0 - np.exp(-np.exp(0.5 * z[:, 1:2]) * 3.0 * time))
    fall = np.exp(0.4 * z[:, 2:3] - np.exp(0.5 * z[:, 3:4]) * time)
    wave = np.tanh(z[:, 4:5] + 0.5 * z[:, 5:6]) * np.sin(6.0 * time)
    return rise + fall + wave + 0.2 * z[:, 6:7]


def trials(method, first, count=30, members=100):
    """Return how many 90 % intervals hold the truth, over trials of a bent model."""
    held = []
    for trial in range(first, first + count):
        random = np.random.default_rng(trial)
        truth, sigma = random.standard_normal(7), np.full(40, 0.15)
        observed = bent(truth[np.newaxis])[0] + sigma * random.standard_normal(40)
        prior = draw(members, np.ones(7), seed=trial + 5000)
        low, high = interval_edges(method(prior, observed, sigma, trial))
        held.append((truth >= low) & (truth <= high))
    return float(np.mean(held))


def test_intervals_of_a_bent_model_hold_what_they_say():
    def iterative(prior, observed, sigma, seed):
        spread = np.ones(7)
        return iterative_smoother(
            prior, bent, observed, sigma, prior_spread=spread, seed=seed
        ).posterior

    def composed(prior, observed, sigma, seed):
        return es_mda(prior, bent, observed, sigma, seed=seed).posterior

    covered = trials(iterative, 100)
    assert 0.85 <= covered <= 0.95
    assert covered > trials(composed, 100)


def test_many_observations_take_no_variance_by_chance():
    def one_seen(z):
        return np.repeat(z[:, :1], 500, axis=1)

    result = iterative_smoother(
        draw(30, np.ones(3)),
        one_seen,
        np.zeros(500),
        np.ones(500),
        prior_spread=np.ones(3),
        seed=3,
    )
    spread = result.posterior.std(axis=0, ddof=1) / result.prior.std(axis=0, ddof=1)
    assert spread[0] < 0.1
    np.testing.assert_allclose(spread[1:], 1.0, atol=0.02)


def test_sites_of_a_type_see_it_through_their_own_sum():
    rows = [row for row in Mod17Parameters.table() if row.lower < row.default < row.upper][:2]
    space = ParameterSpace.of(Mod17Parameters(), [row.name for row in rows])
    layout = SiteHierarchy.of({"A": space}, {"one": "A", "two": "A"}, spread=0.5)
    views = layout.views([3, 2])
    z = np.random.default_rng(1).standard_normal((5, layout.size))
    for index, view in enumerate(views):
        np.testing.assert_allclose(z @ view.weights.T, layout.site_z(z, index))
    assert views[1].observations.tolist() == [False, False, False, True, True]
    np.testing.assert_array_equal(layout.prior_spread(), [*space.prior_spread, *[0.5] * 4])


def test_a_hierarchy_is_solved_exactly():
    weights = np.array([[[1.0, 1.0, 0.0]], [[1.0, 0.0, 1.0]]])
    spread, sigma = np.array([1.0, 0.4, 0.4]), np.array([0.2, 0.2])
    views = [View(np.array([i == 0, i == 1]), weights[i]) for i in range(2)]
    operator = weights[:, 0]

    def forward(z):
        return z @ operator.T

    result = iterative_smoother(
        draw(40, spread),
        forward,
        np.array([1.0, 2.0]),
        sigma,
        prior_spread=spread,
        seed=1,
        views=views,
    )
    information = operator.T @ np.diag(sigma**-2) @ operator + np.diag(spread**-2)
    wanted = np.linalg.solve(information, operator.T @ (np.array([1.0, 2.0]) / sigma**2))
    np.testing.assert_allclose(result.posterior.mean(axis=0), wanted, atol=1e-9)


def test_what_can_be_learnt_is_known_before():
    prior = draw(50)
    expected = expected_covariance(prior, linear(prior), SIGMA, SPREAD)
    np.testing.assert_allclose(expected, kalman()[1], atol=1e-9)
    np.testing.assert_allclose(sensitivity(prior, linear(prior)), OPERATOR.T, atol=1e-9)


@pytest.mark.parametrize("stop", [1, 2, 3, 4])
def test_a_resumed_run_ends_with_the_same_bytes(stop):
    def bend(z):
        return np.sinh(linear(z))

    def pause(checkpoint: Checkpoint) -> None:
        kept.append(checkpoint)
        if checkpoint.passes == stop:
            raise KeyboardInterrupt

    kept: list[Checkpoint] = []
    whole = smooth(forward=bend)
    with pytest.raises(KeyboardInterrupt):
        smooth(forward=bend, on_pass=pause)
    again = smooth(forward=bend, resume=kept[-1])
    assert again.posterior.tobytes() == whole.posterior.tobytes()
    assert again.misfit == whole.misfit
    assert again.accepted == whole.accepted


def test_members_that_fail_stay_where_they_were():
    calls = []

    def sometimes(z):
        out = linear(z)
        out[: 5 if len(calls) < 2 else 0] = np.nan
        calls.append(1)
        return out

    result = smooth(100, forward=sometimes, passes=3)
    assert result.dropped == [5, 5, 0, 0]
    assert np.isfinite(result.posterior).all()
    assert np.isfinite(result.predicted_posterior).all()
    assert result.accepted[0] <= 0.95


def test_what_cannot_be_sampled_is_refused():
    with pytest.raises(RunError, match="60 of 60 members failed in pass 1"):
        smooth(forward=lambda z: np.full((z.shape[0], 4), np.nan))
    with pytest.raises(DimsError, match="prior spread must have shape"):
        smooth(prior_spread=np.ones(2))
    with pytest.raises(OutOfBoundsError, match="must be positive"):
        smooth(prior_spread=np.zeros(3))
    with pytest.raises(OutOfBoundsError, match="passes must be 1"):
        smooth(passes=0)
