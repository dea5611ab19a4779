import numpy as np
import pytest

from fluxscape.assimilation import ParameterSpace, es_mda
from fluxscape.assimilation.sites import SiteHierarchy
from fluxscape.dlm import parameters_for
from fluxscape.errors import DimsError, MissingVariableError

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
