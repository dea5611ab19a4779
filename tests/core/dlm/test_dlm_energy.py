import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm import _energy as energy
from fluxscape.dlm._balance import System, solve_system
from fluxscape.meteorology import similarity
from fluxscape.meteorology.humidity import (
    saturation_vapour_pressure,
    saturation_vapour_pressure_slope,
)

pytestmark = pytest.mark.kernel


@given(st.floats(-5.0, 1.0))
def test_stability_corrections_are_those_of_similarity_theory(zeta):
    psi_m, psi_h = energy.stability_corrections(zeta)
    assert psi_m == pytest.approx(similarity.momentum_profile_dyer(zeta), abs=1e-12)
    step = 1e-6
    _, above = energy.stability_corrections(zeta + step)
    # The gradient that psi_h integrates: dpsi / dzeta = (1 - phi) / zeta.
    if abs(zeta) > 0.01:
        expected = (1.0 - similarity.scalar_gradient(zeta)) / zeta
        assert (above - psi_h) / step == pytest.approx(expected, rel=1e-3)


@given(st.floats(230.0, 330.0))
def test_saturation_agrees_with_meteorology(temperature):
    pressure, slope = energy.saturation_vapour_pressure(temperature)
    assert pressure == pytest.approx(float(saturation_vapour_pressure(temperature)), rel=1e-12)
    assert slope == pytest.approx(float(saturation_vapour_pressure_slope(temperature)), rel=1e-12)


def test_ice_and_water_saturate_alike_at_freezing_and_ice_below_water_under_it():
    assert energy.saturation_over_ice(273.15)[0] == energy.saturation_vapour_pressure(273.15)[0]
    assert energy.saturation_over_ice(263.15)[0] < energy.saturation_vapour_pressure(263.15)[0]


def test_neutral_air_follows_the_logarithmic_law():
    ustar, conductance = energy.aerodynamic_exchange(3.0, np.log(10.0 / 0.1), 0.0)
    assert ustar == pytest.approx(0.4 * 3.0 / np.log(100.0))
    assert conductance == pytest.approx(0.16 * 3.0 / np.log(100.0) ** 2)


def test_calm_air_still_exchanges():
    ustar, conductance = energy.aerodynamic_exchange(0.0, 4.0, 1.0)
    assert ustar > 0.0
    assert conductance > 0.0


def test_stability_keeps_its_sign_and_its_bounds():
    assert energy.stability(0.3, 10.0, 290.0, 0.1) < 0.0
    assert energy.stability(0.3, 10.0, 290.0, -0.05) > 0.0
    assert energy.stability(0.02, 10.0, 290.0, 0.3) == -5.0
    assert energy.stability(0.02, 10.0, 290.0, -0.3) == 1.0


matrix = st.floats(-3.0, 3.0)


@given(
    f=st.tuples(*[st.floats(-200.0, 200.0)] * 3),
    off=st.tuples(*[matrix] * 6),
    snow=st.booleans(),
    melt_limit=st.floats(0.0, 500.0),
)
def test_the_linear_balances_are_solved_and_snow_stays_at_freezing_while_it_melts(
    f, off, snow, melt_limit
):
    j12, j1g, j21, j2g, jg1, jg2 = off
    system = System(*f, 20.0, j12, j1g, j21, 25.0, j2g, jg1, jg2, 30.0)
    start = 272.0
    first, second, ground, melt = solve_system(system, True, True, snow, start, melt_limit)
    assert 0.0 <= melt <= melt_limit or not snow
    if max(abs(first), abs(second), abs(ground)) >= 19.999:
        return  # a step cut short
    j = np.array([[20.0, j12, j1g], [j21, 25.0, j2g], [jg1, jg2, 30.0]])
    residual = np.array([f[0], f[1], f[2] - melt]) - j @ np.array([first, second, ground])
    assert np.abs(residual).max() < 1e-8
    if snow and melt < melt_limit:
        assert start + ground <= 273.15 + 1e-9


def test_bare_ground_exchanges_more_than_ground_under_leaves():
    bare = energy.bare_ground_coefficient(0.3, 0.01)
    open_ground = energy.ground_conductance(0.3, bare, 1.0)
    assert open_ground > 5.0 * energy.ground_conductance(0.3, bare, np.exp(-5.0))


def test_dry_soil_resists_evaporation():
    assert energy.soil_surface_resistance(0.1) > 10.0 * energy.soil_surface_resistance(0.9)
