import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.assimilation import ParameterSpace
from fluxscape.dlm import parameters_for
from fluxscape.errors import MissingVariableError, OutOfBoundsError

NAMES = ("vcmax25", "stomatal_slope", "clumping_index")
SPACE = ParameterSpace.of(parameters_for("DBF"), NAMES)


def test_the_prior_median_is_the_parameter_set():
    middle = SPACE.outside(SPACE.prior_mean)
    wanted = [getattr(parameters_for("DBF"), name) for name in NAMES]
    np.testing.assert_allclose(middle, wanted)


@given(st.lists(st.floats(-500, 500), min_size=3, max_size=3))
def test_no_move_leaves_the_bounds(z):
    values = SPACE.outside(np.array(z))
    assert (values >= SPACE.lower).all()
    assert (values <= SPACE.upper).all()


@given(st.lists(st.floats(0.001, 0.999), min_size=3, max_size=3))
def test_inside_and_outside_are_inverse(share):
    values = SPACE.lower + np.array(share) * (SPACE.upper - SPACE.lower)
    np.testing.assert_allclose(SPACE.outside(SPACE.inside(values)), values, rtol=1e-9)


def test_a_drawn_ensemble_has_the_prior_s_mean_and_spread():
    z = SPACE.draw(20, seed=1)
    np.testing.assert_allclose(z.mean(axis=0), SPACE.prior_mean)
    np.testing.assert_allclose(z.std(axis=0, ddof=1), SPACE.prior_spread)
    assert (SPACE.draw(20, seed=1) == z).all()


def test_what_is_no_parameter_is_refused():
    base = parameters_for("DBF")
    with pytest.raises(MissingVariableError, match="Did you mean 'vcmax25'"):
        ParameterSpace.of(base, ["vcmax"])
    with pytest.raises(MissingVariableError, match="once each"):
        ParameterSpace.of(base, ["vcmax25", "vcmax25"])
    with pytest.raises(OutOfBoundsError, match="does not lie within 100 to 120"):
        ParameterSpace.of(base, ["vcmax25"], bounds={"vcmax25": (100.0, 120.0)})
    with pytest.raises(OutOfBoundsError, match="spread of vcmax25 must be positive"):
        ParameterSpace.of(base, ["vcmax25"], spread=0.0)
    with pytest.raises(OutOfBoundsError, match="4 members"):
        SPACE.draw(3, seed=1)


def test_what_was_assumed_is_saved():
    row = SPACE.to_dict()["vcmax25"]
    assert row["prior_5"] < row["prior_median"] < row["prior_95"]
    assert row["lower"] < row["prior_5"]
