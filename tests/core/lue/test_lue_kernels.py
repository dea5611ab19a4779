"""Scalars of light-use-efficiency models against their closed forms."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.lue import _kernels as one
from fluxscape.lue import _loops as loops

pytestmark = pytest.mark.kernel
RELAXED = settings(deadline=None, max_examples=60)
CASES = json.loads((Path(__file__).parents[2] / "reference" / "p_model_cases.json").read_text())


def test_the_parabola_is_one_at_the_best_temperature_and_zero_at_its_ends():
    assert one.parabola(20.33, 0.0, 20.33, 40.0) == 1.0
    assert one.parabola(0.0, 0.0, 20.33, 40.0) == 0.0
    assert one.parabola(40.0, 0.0, 20.33, 40.0) == 0.0
    assert one.parabola(-30.0, 0.0, 20.33, 40.0) == 0.0
    # (10 - 0)(10 - 40) / [-300 - (10 - 20)^2]
    assert one.parabola(10.0, 0.0, 20.0, 40.0) == pytest.approx(300.0 / 400.0, rel=1e-12)


def test_the_ramp_is_linear_and_falls_when_its_ends_are_swapped():
    assert one.ramp(1.0, 0.0, 4.0) == 0.25
    assert one.ramp(1.0, 4.0, 0.0) == 0.75
    assert one.ramp(-9.0, 0.0, 4.0) == 0.0
    assert one.ramp(9.0, 0.0, 4.0) == 1.0


def test_casa_is_near_its_highest_at_the_best_temperature_and_zero_in_frost():
    # T1(20) = 1; T2(To) = 1.1814 / (1 + e^-2) / (1 + e^-3).
    expected = 1.1814 / (1.0 + math.exp(-2.0)) / (1.0 + math.exp(-3.0))
    assert one.casa_temperature(20.0, 20.0) == pytest.approx(expected, rel=1e-12)
    assert one.casa_temperature(-10.0, 20.0) == 0.0


def test_water_scalars_have_their_published_ends():
    assert one.casa_water(0.0, 5.0) == 0.5
    assert one.casa_water(5.0, 5.0) == 1.0
    assert one.casa_water(9.0, 5.0) == 1.0
    assert one.casa_water(1.0, 0.0) == 1.0
    assert one.water_index(0.3, 0.3) == 1.0
    assert one.water_index(-1.0, 0.3) == 0.0
    assert one.evaporative_fraction(30.0, 70.0) == 0.3
    assert one.evaporative_fraction(-30.0, 10.0) == 1.0
    assert one.dryness(0.0, 900.0) == 1.0
    assert one.dryness(900.0, 900.0) == 0.5


def test_soil_moisture_stress_is_that_of_rpmodel():
    got = one.soil_moisture(CASES["soil_moisture"], 0.733)
    assert got == pytest.approx(CASES["soil_moisture_stress"], abs=1e-8)
    assert one.soil_moisture(0.6, 0.733) == 1.0
    assert one.soil_moisture(0.0, 0.733) == pytest.approx(0.733, rel=1e-12)


def test_viscosity_follows_the_tables_of_water():
    # IAPWS: 1.792, 0.8900 and 0.6530 mPa s at 0, 25 and 40 degrees C.
    assert one.relative_viscosity(25.0) == pytest.approx(1.0, abs=1e-12)
    assert one.relative_viscosity(0.0) == pytest.approx(1.792 / 0.890, rel=0.012)
    assert one.relative_viscosity(40.0) == pytest.approx(0.653 / 0.890, rel=0.012)
    assert one.relative_viscosity(20.0) == pytest.approx(CASES["ns_star"], rel=0.001)


def test_the_scalar_of_carbon_dioxide_is_that_of_its_formula():
    xi = math.sqrt(146.0 * CASES["kmm"] / (1.6 * CASES["ns_star"]))
    ci = 400.0 * xi / (xi + math.sqrt(1000.0))
    expected = (ci - 42.75) / (ci + 85.5)
    got = one.carbon_dioxide(400.0, 20.0, 1000.0, 101325.0, 146.0, 42.75)
    assert got == pytest.approx(expected, rel=2e-3)
    assert one.carbon_dioxide(40.0, 20.0, 1000.0, 101325.0, 146.0, 42.75) == 0.0


def test_overcast_light_is_diffuse_and_clear_light_a_beam():
    assert one.diffuse_share(0.0) == pytest.approx(0.943)
    assert one.diffuse_share(0.9) == 0.13


@RELAXED
@given(
    par=st.floats(0.0, 2500.0),
    diffuse=st.floats(0.0, 1.0),
    mu=st.floats(0.0, 1.0),
    leaf_area=st.floats(0.0, 12.0),
    omega=st.floats(0.3, 1.0),
)
def test_two_leaves_absorb_what_the_canopy_intercepts(par, diffuse, mu, leaf_area, omega):
    sunlit, shaded = one.two_leaf_par(par, diffuse, mu, leaf_area, omega, 0.04)
    cosine = max(mu, 0.02)
    beam = 1.0 - math.exp(-0.5 * omega * leaf_area / cosine)
    sky = 1.0 - math.exp(-0.5 * omega * leaf_area / (0.537 + 0.025 * leaf_area))
    expected = 0.96 * par * ((1.0 - diffuse) * beam + diffuse * sky)
    assert sunlit + shaded == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert sunlit >= 0.0
    assert shaded >= -1e-12
    assert sunlit + shaded <= par + 1e-9


@RELAXED
@given(
    T=st.floats(-60.0, 60.0),
    D=st.floats(0.0, 15000.0),
    ca=st.floats(100.0, 2000.0),
    p=st.floats(3e4, 1.1e5),
)
def test_scalars_lie_between_zero_and_one(T, D, ca, p):
    for scalar in (
        one.parabola(T, -1.0, 20.0, 40.0),
        one.casa_temperature(T, 20.0),
        one.ramp(T, -8.0, 9.0),
        one.ramp(D, 4000.0, 650.0),
        one.dryness(D, 1000.0),
        one.carbon_dioxide(ca, T, D, p, 356.51, 42.75),
    ):
        assert 0.0 <= scalar <= 1.0


@RELAXED
@given(low=st.floats(0.0, 14000.0), more=st.floats(1.0, 1000.0))
def test_drier_air_never_helps(low, more):
    assert one.ramp(low + more, 4000.0, 650.0) <= one.ramp(low, 4000.0, 650.0)
    assert one.dryness(low + more, 1000.0) < one.dryness(low, 1000.0)
    wet = one.carbon_dioxide(400.0, 20.0, low, 101325.0, 146.0, 42.75)
    assert one.carbon_dioxide(400.0, 20.0, low + more, 101325.0, 146.0, 42.75) <= wet


@pytest.mark.parametrize(
    "call",
    [
        lambda x: one.ramp(x, 0.0, 1.0),
        lambda x: one.parabola(x, 0.0, 20.0, 40.0),
        lambda x: one.casa_temperature(x, 20.0),
        lambda x: one.water_index(x, 0.3),
        lambda x: one.evaporative_fraction(x, 20.0),
        lambda x: one.dryness(x, 1000.0),
        lambda x: one.soil_moisture(x, 0.7),
        lambda x: one.two_leaf_par(x, 0.2, 0.7, 3.0, 0.7, 0.0)[0],
        lambda x: one.two_leaf_par(500.0, 0.2, 0.7, x, 0.7, 0.0)[1],
    ],
)
def test_what_is_unknown_stays_unknown(call):
    assert math.isnan(call(math.nan))


def test_the_loop_takes_the_weaker_scalar_or_the_product_and_nothing_without_light():
    light = np.array([[10.0, 10.0, 0.0, 10.0]])
    warm = np.array([[0.5, 0.8, np.nan, np.nan]])
    water = np.array([[0.8, 0.25, 1.0, 1.0]])
    out = np.empty_like(light)
    loops.fill_production(light, warm, water, np.ones_like(light), False, out)
    np.testing.assert_allclose(out, [[4.0, 2.0, 0.0, np.nan]])
    loops.fill_production(light, warm, water, np.ones_like(light), True, out)
    np.testing.assert_allclose(out, [[5.0, 2.5, 0.0, np.nan]])


def test_loops_fill_what_the_scalar_formulas_give():
    x = np.array([[-5.0, 5.0, 15.0], [25.0, 35.0, np.nan]])
    out = np.empty_like(x)
    loops.fill_parabola(x, 0.0, 20.0, 40.0, out)
    expected = [[one.parabola(v, 0.0, 20.0, 40.0) for v in row] for row in x]
    np.testing.assert_array_equal(out, expected)
    loops.fill_casa_temperature(x, 20.0, out)
    np.testing.assert_array_equal(out, [[one.casa_temperature(v, 20.0) for v in r] for r in x])
