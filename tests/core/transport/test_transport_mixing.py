"""Regimes, boundary-layer height, schemes and the surface layer's profile."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.transport import MixingParameters, boundary_layer, column_operator, stretched_grid
from fluxscape.transport.inlets import make_inlets
from fluxscape.transport.mixing import SCHEMES, Surface, mix_column, scheme_number

pytestmark = pytest.mark.kernel


def _surface(steps: int, *, friction: float, heat: float, height: float = np.nan) -> Surface:
    length = -(friction**3) * 290.0 / (0.4 * 9.80665 * heat) if heat else np.inf
    values = (friction, length, heat, 290.0, 0.0, height)
    return Surface(*(np.full(steps, value) for value in values))


def _operator(
    surface: Surface, height: float, scheme: str, first: float = 4.0, **parameters: float
):
    grid = stretched_grid(40, first, 2500.0)
    chosen = MixingParameters().replace({"renewal_days": 1000.0, **parameters})
    heights = np.full(surface.heat.size, height)
    mixing = mix_column(grid, surface, heights, parameters=chosen, scheme=scheme)
    return column_operator(grid, mixing, step_seconds=1800.0, substeps=6), heights


def test_convective_air_grows_by_encroachment_and_entrainment() -> None:
    # Far above |L| the growth tends to h^2 = h0^2 + 2 (1 + 2 A) w t / gamma, A = 0.2.
    surface = _surface(16, friction=0.05, heat=0.2, height=np.nan)
    found = boundary_layer(
        surface,
        latitude=40.0,
        step_seconds=1800.0,
        parameters=MixingParameters(residual_lapse_rate=0.006),
        ceiling=1e4,
    )
    h = found.height
    growth = (h[-1] ** 2 - h[3] ** 2) / (12 * 1800.0)
    assert growth == pytest.approx(2.0 * 1.4 * 0.2 / 0.006, rel=0.02)
    assert (found.entrainment_velocity > 0.0).all()
    assert (found.regime[2:] == 2).all()


def test_the_layer_collapses_when_the_ground_cools_and_leaves_a_residual_layer() -> None:
    heat = np.where(np.arange(96) % 48 < 20, 0.15, -0.02)
    friction = np.full(96, 0.3)
    length = -(friction**3) * 290.0 / (0.4 * 9.80665 * heat)
    surface = Surface(friction, length, heat, np.full(96, 290.0), np.zeros(96), np.full(96, np.nan))
    found = boundary_layer(surface, latitude=40.0, step_seconds=1800.0)
    first, second = found.height[:48], found.height[48:]
    assert first[19] > 800.0
    assert first[30] < 300.0
    # The next morning grows faster: the residual layer is less stratified.
    assert second[8] > first[8]
    assert (found.entrainment_velocity[heat < 0.0] == 0.0).all()
    assert found.convective_velocity[5] > 1.0
    assert set(found.regime[20:48]) == {0}


def test_sinking_air_holds_the_layer_down() -> None:
    still = _surface(20, friction=0.3, heat=0.15)
    sinking = still._replace(divergence=np.full(20, 2e-5))
    high, low = (
        boundary_layer(s, latitude=40.0, step_seconds=1800.0).height[-1] for s in (still, sinking)
    )
    assert low < 0.9 * high


def test_a_given_height_is_taken_and_must_fit_the_column() -> None:
    surface = _surface(4, friction=0.3, heat=0.1, height=900.0)
    found = boundary_layer(surface, latitude=40.0, step_seconds=1800.0)
    assert found.height == pytest.approx(np.full(4, 900.0))
    with pytest.raises(OutOfBoundsError, match="boundary_layer_height 900 m at step 0 reaches"):
        boundary_layer(surface, latitude=40.0, step_seconds=1800.0, ceiling=500.0)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_mixes_a_convective_layer_within_hours(scheme) -> None:
    surface = _surface(12, friction=0.3, heat=0.2)
    # Blackadar's scheme mixes through the lowest layer alone, which must not be thin.
    operator, _ = _operator(surface, 1200.0, scheme, first=40.0, smallest_diffusivity=0.001)
    z = operator.grid.centres
    _, final = operator.run(np.where(z < 100.0, 400.0, 380.0), np.zeros(12))
    inside = final[z < 1000.0]
    assert np.ptp(inside) < 0.5
    assert final[z > 1400.0] == pytest.approx(380.0, abs=0.2)


def test_counter_gradient_flux_lets_the_upper_layer_exceed_the_local_scheme() -> None:
    surface = _surface(12, friction=0.2, heat=0.25)
    profiles = {}
    for scheme in ("local", "counter_gradient", "asymmetric"):
        operator, _ = _operator(surface, 1500.0, scheme)
        _, profiles[scheme] = operator.run(np.zeros(40), np.full(12, 5.0))
    z = operator.grid.centres
    low, high = (z > 150.0) & (z < 300.0), (z > 900.0) & (z < 1200.0)
    fall = {name: p[low].mean() - p[high].mean() for name, p in profiles.items()}
    assert fall["counter_gradient"] < 0.5 * fall["local"]
    assert fall["asymmetric"] < fall["local"]


def test_stable_air_keeps_emissions_near_the_ground() -> None:
    surface = _surface(12, friction=0.15, heat=-0.02)
    operator, _ = _operator(surface, 120.0, "counter_gradient")
    _, final = operator.run(np.zeros(40), np.full(12, 4.0))
    z = operator.grid.centres
    assert final[0] > 20.0
    assert final[z > 400.0].max() < 0.01 * final[0]


@pytest.mark.parametrize(("heat", "psi"), [(0.0, "neutral"), (-0.03, "stable"), (0.1, "unstable")])
def test_inlets_follow_similarity_in_a_steady_surface_layer(heat, psi) -> None:
    # Where the flux is constant with height the discrete profile is the similarity profile.
    surface = _surface(400, friction=0.4, heat=heat)
    operator, heights = _operator(surface, 2400.0, "local", smallest_diffusivity=0.0)
    F = 5.0
    mean, _ = operator.run(np.zeros(40), np.full(400, F))
    inlets = make_inlets(operator.grid, np.array([1.0, 5.0, 12.0]), surface, heights)
    seen = inlets.observe(mean, np.full(400, F))[-1]
    L = surface.obukhov_length[0]

    def integral(z: float) -> float:
        if psi == "unstable":
            return np.log(z) - 2.0 * np.log(0.5 * (1.0 + np.sqrt(1.0 - 15.0 * z / L)))
        return np.log(z) + (5.0 * z / L if psi == "stable" else 0.0)

    n = operator.grid.air_density[0]
    expected = [F / (n * 0.4 * 0.4) * (integral(b) - integral(a)) for a, b in ((1, 5), (5, 12))]
    assert -np.diff(seen) == pytest.approx(expected, rel=0.03)


def test_inlets_outside_the_column_or_out_of_order_are_refused() -> None:
    surface = _surface(2, friction=0.3, heat=0.1)
    grid = stretched_grid()
    with pytest.raises(OutOfBoundsError, match=r"an inlet 5000 m above .* lies outside the column"):
        make_inlets(grid, np.array([10.0, 5000.0]), surface, np.full(2, 500.0))
    with pytest.raises(OutOfBoundsError, match="an inlet -1 m"):
        make_inlets(grid, np.array([-1.0]), surface, np.full(2, 500.0))
    with pytest.raises(ValueError, match="must increase strictly"):
        make_inlets(grid, np.array([20.0, 10.0]), surface, np.full(2, 500.0))


def test_a_scheme_that_is_none_gets_a_hint() -> None:
    with pytest.raises(MissingVariableError, match="Did you mean 'counter_gradient'"):
        scheme_number("counter_gradiant")
