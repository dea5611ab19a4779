import numpy as np
import pytest

from fluxscape.assimilation import ParameterSpace, es_mda
from fluxscape.assimilation.sampler import sample_posterior
from fluxscape.assimilation.sensitivity import rank_parameters
from fluxscape.dlm import parameters_for
from fluxscape.errors import OutOfBoundsError, RunError

NAMES = ("vcmax25", "stomatal_slope", "clumping_index")
SPACE = ParameterSpace.of(parameters_for("DBF"), NAMES, spread=1.0)
OPERATOR = np.array([[3.0, 0.2, 0.0], [2.0, -0.3, 0.0], [0.0, 0.5, 0.0]])
SIGMA = np.array([0.5, 0.4, 0.6])
TRUTH = SPACE.prior_mean + np.array([0.6, -0.8, 0.0])


def forward(z):
    return (z - SPACE.prior_mean) @ OPERATOR.T


OBSERVED = (TRUTH - SPACE.prior_mean) @ OPERATOR.T


@pytest.mark.parametrize(("method", "size"), [("morris", 30), ("sobol", 64)])
def test_influence_is_ranked_and_what_does_nothing_comes_last(method, size):
    found = rank_parameters(SPACE, forward, OBSERVED, SIGMA, method=method, size=size, seed=1)
    rows = found.ranking()
    assert [row["parameter"] for row in rows] == list(NAMES)
    assert rows[2]["influence"] == pytest.approx(0.0, abs=1e-9)
    assert found.runs == size * (4 if method == "morris" else 5)
    again = rank_parameters(SPACE, forward, OBSERVED, SIGMA, method=method, size=size, seed=1)
    assert again.ranking() == rows


def test_what_cannot_be_ranked_is_refused():
    with pytest.raises(OutOfBoundsError, match="morris, sobol"):
        rank_parameters(SPACE, forward, OBSERVED, SIGMA, method="fast", seed=1)
    with pytest.raises(OutOfBoundsError, match="power of two"):
        rank_parameters(SPACE, forward, OBSERVED, SIGMA, method="sobol", size=48, seed=1)
    with pytest.raises(RunError, match="of 40 runs failed"):
        rank_parameters(SPACE, lambda z: forward(z) * np.nan, OBSERVED, SIGMA, size=10, seed=1)


def test_the_sample_and_the_smoother_agree_with_the_closed_form():
    precision = OPERATOR.T @ np.diag(SIGMA**-2) @ OPERATOR + np.eye(3)
    covariance = np.linalg.inv(precision)
    mean = covariance @ OPERATOR.T @ (OBSERVED / SIGMA**2)
    sample = sample_posterior(SPACE, forward, OBSERVED, SIGMA, steps=8000, seed=2)
    np.testing.assert_allclose(sample.z.mean(axis=0) - SPACE.prior_mean, mean, atol=0.1)
    np.testing.assert_allclose(np.cov(sample.z.T), covariance, atol=0.15)
    assert 0.2 < sample.acceptance < 0.9
    ensemble = es_mda(SPACE.draw(2000, 3), forward, OBSERVED, SIGMA, seed=4).posterior
    np.testing.assert_allclose(ensemble.mean(axis=0), sample.z.mean(axis=0), atol=0.12)


def test_a_seed_gives_one_sample():
    one, two = (
        sample_posterior(SPACE, forward, OBSERVED, SIGMA, steps=60, seed=5).z for _ in range(2)
    )
    assert one.tobytes() == two.tobytes()


def test_too_few_steps_or_walkers_are_refused():
    with pytest.raises(OutOfBoundsError, match="30 steps or more"):
        sample_posterior(SPACE, forward, OBSERVED, SIGMA, steps=10, seed=1)
    with pytest.raises(OutOfBoundsError, match="walkers"):
        sample_posterior(SPACE, forward, OBSERVED, SIGMA, steps=100, walkers=5, seed=1)
    with pytest.raises(RunError, match="at every start"):
        sample_posterior(SPACE, lambda z: forward(z) * np.nan, OBSERVED, SIGMA, steps=60, seed=1)
