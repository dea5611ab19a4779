import numpy as np
import pytest

from fluxscape.assimilation import ParameterSpace, es_mda, iterative_smoother
from fluxscape.assimilation.sites import SiteHierarchy
from fluxscape.dlm import parameters_for
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

NAMES = ("vcmax25", "stomatal_slope")
SPACES = {
    igbp: ParameterSpace.of(parameters_for(igbp), NAMES, spread=1.0) for igbp in ("DBF", "GRA")
}
SITES = {"a": "DBF", "b": "GRA", "c": "DBF"}


def test_a_site_s_parameters_are_its_type_s_and_its_departure():
    layout = SiteHierarchy.of(SPACES, SITES)
    z = layout.draw(10, seed=1)
    assert z.shape == (10, 2 * 2 + 3 * 2)
    np.testing.assert_array_equal(layout.site_z(z, 2), z[:, :2] + z[:, 8:])
    plain = SiteHierarchy.of(SPACES, SITES, spread=0.0)
    assert plain.size == 4
    np.testing.assert_array_equal(plain.site_z(z[:, :4], 1), z[:, 2:4])


def test_types_learn_from_all_their_sites_and_departures_from_one():
    layout = SiteHierarchy.of(SPACES, SITES, spread=0.3)
    base = {name: space.prior_mean for name, space in SPACES.items()}
    truth = [base["DBF"] + 0.8, base["GRA"] - 0.5, base["DBF"] + 0.4]
    observed = np.concatenate([np.repeat(item, 20) for item in truth])
    sigma = np.full(observed.size, 0.2)

    def identity(z):
        return np.repeat(z, 20, axis=1)

    result = es_mda(
        layout.draw(400, seed=2),
        layout.forward([identity] * 3),
        observed,
        sigma,
        seed=3,
        blocks=layout.blocks([40, 40, 40]),
    )
    found = result.posterior.mean(axis=0)
    np.testing.assert_allclose(found[:2] - base["DBF"], 0.6, atol=0.12)
    np.testing.assert_allclose(found[2:4] - base["GRA"], -0.5, atol=0.12)
    for index, wanted in enumerate(truth):
        np.testing.assert_allclose(
            layout.site_z(result.posterior, index).mean(axis=0), wanted, atol=0.1
        )


def test_what_types_have_in_common_teaches_a_type_that_was_never_seen():
    layout = SiteHierarchy.of(SPACES, SITES, common=0.5)
    z = layout.draw(4000, seed=1)
    assert z.shape == (4000, 2 + 2 * 2 + 3 * 2)
    np.testing.assert_array_equal(layout.site_z(z, 2), z[:, :2] + z[:, 2:4] + z[:, 10:])
    # However it is shared out, the prior of a type is the same.
    for name, space in SPACES.items():
        found = layout.type_z(z, name)
        np.testing.assert_allclose(found.mean(axis=0), space.prior_mean, atol=0.03)
        np.testing.assert_allclose(found.std(axis=0), space.prior_spread, rtol=0.05)
    np.testing.assert_allclose(z.std(axis=0, ddof=1), layout.prior_spread(), rtol=0.05)
    base = {name: space.prior_mean for name, space in SPACES.items()}
    observed = np.concatenate([np.repeat(base[SITES[site]] + 0.8, 20) for site in SITES])

    def identity(z):
        return np.repeat(z, 20, axis=1)

    spread = layout.prior_spread()
    result = iterative_smoother(
        layout.draw(200, seed=2),
        layout.forward([identity] * 3),
        observed,
        np.full(observed.size, 0.2),
        prior_spread=spread,
        seed=3,
        views=layout.views([40, 40, 40]),
    )
    space = ParameterSpace.of(parameters_for("EBF"), NAMES, spread=1.0)
    unseen = layout.new_site(result.posterior, space, "EBF", seed=1) - space.prior_mean
    # Two types that are 0.8 above their priors say that a third is, by half.
    assert 0.25 < unseen.mean() < 0.7
    assert 0.6 < unseen.std() < 1.1
    alone = SiteHierarchy.of(SPACES, SITES).new_site(
        layout.draw(200, seed=2)[:, 2:], space, "EBF", seed=1
    )
    assert abs((alone - space.prior_mean).mean()) < 0.15


@pytest.mark.parametrize("common", [-0.1, 1.0])
def test_a_common_share_beyond_its_bounds_is_refused(common):
    with pytest.raises(OutOfBoundsError, match="common share"):
        SiteHierarchy.of(SPACES, SITES, common=common)


def test_what_does_not_fit_is_refused():
    with pytest.raises(MissingVariableError, match="types CRO"):
        SiteHierarchy.of(SPACES, {"a": "CRO"})
    with pytest.raises(MissingVariableError, match="no site"):
        SiteHierarchy.of(SPACES, {})
    mixed = SPACES | {"GRA": ParameterSpace.of(parameters_for("GRA"), ("vcmax25",))}
    with pytest.raises(DimsError, match="same parameters"):
        SiteHierarchy.of(mixed, SITES)
    with pytest.raises(DimsError, match="1 operators for 3 sites"):
        SiteHierarchy.of(SPACES, SITES).forward([lambda z: z])
