import numpy as np
import pytest

from fluxscape.assimilation import ensemble_kalman_inversion, es_mda
from fluxscape.assimilation.passes import Checkpoint
from fluxscape.assimilation.smoother import Block
from fluxscape.errors import DimsError, OutOfBoundsError, RunError

MEMBERS = 4000
OPERATOR = np.array([[1.0, 0.5, 0.0], [0.0, 1.0, -1.0], [0.3, 0.0, 2.0], [1.0, 1.0, 1.0]])
SIGMA = np.array([0.5, 0.3, 0.8, 0.4])
OBSERVED = np.array([1.2, -0.7, 2.0, 1.1])
SPREAD = np.array([1.0, 0.7, 1.5])


def forward(z):
    return z @ OPERATOR.T


def prior(members=MEMBERS, seed=1):
    noise = np.random.default_rng(seed).standard_normal((members, 3))
    noise -= noise.mean(axis=0)
    # Exactly white: the sample covariance is the prior's.
    noise = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise.T))).T
    return noise * SPREAD


def kalman():
    """Return the exact posterior of the linear Gaussian case."""
    before = np.diag(SPREAD**2)
    gain = before @ OPERATOR.T @ np.linalg.inv(OPERATOR @ before @ OPERATOR.T + np.diag(SIGMA**2))
    return gain @ OBSERVED, (np.eye(3) - gain @ OPERATOR) @ before


@pytest.mark.parametrize("passes", [1, 4, None])
def test_the_linear_gaussian_case_is_the_kalman_solution(passes):
    result = es_mda(prior(), forward, OBSERVED, SIGMA, passes=passes, seed=2)
    mean, covariance = kalman()
    np.testing.assert_allclose(result.posterior.mean(axis=0), mean, atol=0.02)
    np.testing.assert_allclose(np.cov(result.posterior.T), covariance, atol=0.03)
    assert sum(1.0 / alpha for alpha in result.alphas) == pytest.approx(1.0)
    assert result.misfit[-1] < result.misfit[0]


def test_inversion_that_keeps_the_prior_finds_its_mode():
    result = ensemble_kalman_inversion(
        prior(),
        forward,
        OBSERVED,
        SIGMA,
        prior_mean=np.zeros(3),
        prior_spread=SPREAD,
        seed=2,
    )
    # The data count 20 times, the prior 21 times.
    before, errors = np.diag(SPREAD**2) / 21.0, np.diag(SIGMA**2) / 20.0
    gain = before @ OPERATOR.T @ np.linalg.inv(OPERATOR @ before @ OPERATOR.T + errors)
    np.testing.assert_allclose(result.posterior.mean(axis=0), gain @ OBSERVED, atol=0.01)
    np.testing.assert_allclose(result.posterior.mean(axis=0), kalman()[0], atol=0.06)
    assert result.predicted_posterior.shape == (MEMBERS, 4)


def test_a_resumed_run_ends_with_the_same_bytes():
    kept: list[Checkpoint] = []

    def stop(checkpoint: Checkpoint) -> None:
        kept.append(checkpoint)
        if checkpoint.passes == 2:
            raise KeyboardInterrupt

    whole = es_mda(prior(50), forward, OBSERVED, SIGMA, passes=4, seed=5)
    with pytest.raises(KeyboardInterrupt):
        es_mda(prior(50), forward, OBSERVED, SIGMA, passes=4, seed=5, on_pass=stop)
    again = es_mda(prior(50), forward, OBSERVED, SIGMA, passes=4, seed=5, resume=kept[-1])
    assert again.posterior.tobytes() == whole.posterior.tobytes()
    assert again.misfit == whole.misfit


def test_failed_members_are_replaced_and_counted():
    def sometimes(z):
        out = forward(z)
        out[:5] = np.nan
        return out

    result = es_mda(prior(100), sometimes, OBSERVED, SIGMA, passes=2, seed=1)
    assert result.dropped == [5, 5, 5]
    assert np.isfinite(result.posterior).all()


def test_too_many_failures_stop_the_run():
    def never(z):
        return np.full((z.shape[0], 4), np.nan)

    with pytest.raises(RunError, match="100 of 100 members failed in pass 1"):
        es_mda(prior(100), never, OBSERVED, SIGMA, seed=1)


def test_a_block_moves_by_its_own_observations_only():
    start = prior(200)
    some = Block(np.array([0, 2]), np.array([True, False, True, False]))
    result = es_mda(start, forward, OBSERVED, SIGMA, passes=2, seed=1, blocks=[some])
    assert (result.posterior[:, 1] == start[:, 1]).all()
    assert not (result.posterior[:, 0] == start[:, 0]).any()
    other = np.where(some.observations, OBSERVED, 50.0)
    again = es_mda(start, forward, other, SIGMA, passes=2, seed=1, blocks=[some])
    assert again.posterior.tobytes() == result.posterior.tobytes()


@pytest.mark.parametrize(
    ("observed", "sigma", "error", "words"),
    [
        (np.array([1.0, np.nan]), np.ones(2), OutOfBoundsError, "observations: value nan"),
        (np.ones(2), np.array([1.0, 0.0]), OutOfBoundsError, "observation errors: value 0.0"),
        (np.ones(2), np.ones(3), DimsError, "of one length"),
        (np.empty(0), np.empty(0), DimsError, "not empty"),
    ],
)
def test_what_cannot_be_assimilated_is_refused(observed, sigma, error, words):
    with pytest.raises(error, match=words):
        es_mda(prior(20), forward, observed, sigma, seed=1)


def test_a_forward_operator_of_wrong_shape_is_refused():
    with pytest.raises(DimsError, match=r"gave shape \(20, 3\), wanted \(20, 4\)"):
        es_mda(prior(20), lambda z: z, OBSERVED, SIGMA, seed=1)
    with pytest.raises(OutOfBoundsError, match="number of passes"):
        es_mda(prior(20), forward, OBSERVED, SIGMA, passes=0, seed=1)
