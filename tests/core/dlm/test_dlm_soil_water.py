import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm import _soil_water as water
from helpers.dlm_soils import soil

pytestmark = pytest.mark.kernel

THICKNESS = np.array([0.05, 0.10, 0.20, 0.40, 0.75, 1.50])


def flow(liquid, source, *, phi=0.463, k_s=3.7e-6, psi_s=0.11, b=4.5, step=1800.0, thickness=None):
    layers = THICKNESS if thickness is None else thickness
    n = layers.size
    p = soil(porosity=phi, saturated_conductivity=k_s, saturated_potential=psi_s)
    p = p._replace(retention_exponent=b)
    return water.flow_step(p, liquid, source, layers, np.ones(n), step, np.zeros(n), np.zeros(n))


@given(
    saturation=st.lists(st.floats(0.05, 1.0), min_size=6, max_size=6),
    rain=st.floats(0.0, 40.0),
    b=st.floats(1.5, 12.0),
    log_k=st.floats(-8.0, -4.0),
    step=st.sampled_from([300.0, 1800.0, 3600.0]),
)
def test_flow_and_redistribution_keep_every_drop(saturation, rain, b, log_k, step):
    phi = 0.45
    liquid = np.array(saturation) * phi * THICKNESS * 1000.0
    before = liquid.sum()
    source = np.zeros(6)
    source[0] = rain / step
    drained = flow(liquid, source, phi=phi, k_s=10.0**log_k, b=b, step=step)
    spilled, drawn = water.redistribute(liquid, np.zeros(6), THICKNESS, phi, 0.005)
    # Suctions of 1e10 m in the worst of these soils leave rounding of 1e-8 kg m-2.
    assert before + rain == pytest.approx(liquid.sum() + drained + spilled - drawn, abs=1e-6)
    assert np.all(liquid <= phi * THICKNESS * 1000.0 + 1e-9)
    assert np.all(liquid >= -1e-9)


def test_water_at_rest_stays_where_it_is():
    # Hydrostatic: psi + depth is the same everywhere, so no flux passes inside the column.
    phi, psi_s, b = 0.463, 0.11, 4.5
    depth = np.cumsum(THICKNESS) - 0.5 * THICKNESS
    head = depth[-1] + psi_s * 2.0
    suction = head - depth
    liquid = phi * (suction / psi_s) ** (-1.0 / b) * THICKNESS * 1000.0
    before = liquid.copy()
    flow(liquid, np.zeros(6), k_s=1e-7)
    assert np.abs(liquid - before)[:4].max() < 1e-3


def test_a_wet_column_drains_as_the_closed_form_says():
    # One deep layer with free drainage: d theta / dt = -K / d integrates to a power law in time.
    phi, k_s, b = 0.45, 1e-6, 4.0
    deep = np.array([1.0])
    liquid = np.array([0.40 * 1000.0])
    exponent = 2.0 * b + 3.0
    for _ in range(200):
        flow(liquid, np.zeros(1), phi=phi, k_s=k_s, b=b, step=600.0, thickness=deep)
    elapsed = 200 * 600.0
    start = 0.40 / phi
    rate = (exponent - 1.0) * k_s / phi * elapsed
    expected = phi * (start ** (1.0 - exponent) + rate) ** (1.0 / (1.0 - exponent))
    assert liquid[0] / 1000.0 == pytest.approx(expected, rel=2e-3)


def test_drainage_does_not_depend_on_the_step():
    ends = []
    for step in (1800.0, 900.0, 300.0):
        liquid = 0.40 * THICKNESS * 1000.0
        for _ in range(round(2 * 86400 / step)):
            flow(liquid, np.zeros(6), step=step)
        ends.append(liquid.sum())
    assert ends[0] == pytest.approx(ends[2], rel=2e-3)
    assert ends[1] == pytest.approx(ends[2], rel=1e-3)


def test_saturated_soil_takes_no_more_than_gravity_moves():
    assert water.infiltration_capacity(soil(), 0.463, 0.05) == 3.7e-6
    assert water.infiltration_capacity(soil(), 0.10, 0.05) > 2.0 * 3.7e-6


def test_excess_rises_and_spills_and_thirst_draws_from_below():
    liquid = np.array([30.0, 60.0, 50.0, 100.0, 200.0, 400.0])
    spilled, drawn = water.redistribute(liquid, np.zeros(6), THICKNESS, 0.4, 0.01)
    assert liquid[1] == pytest.approx(40.0)
    assert liquid[0] == pytest.approx(20.0)
    assert spilled == pytest.approx(30.0)
    assert drawn == 0.0
    empty = np.array([-1.0, 5.0, 50.0, 100.0, 200.0, 400.0])
    water.redistribute(empty, np.zeros(6), THICKNESS, 0.4, 0.01)
    assert empty.min() >= 0.0
    assert empty.sum() == pytest.approx(754.0)


def test_stress_runs_from_none_to_full_between_the_marks():
    assert water.extractable_stress(0.30, 0.12, 0.27, 0.4) == 1.0
    assert water.extractable_stress(0.12, 0.12, 0.27, 0.4) == 0.0
    assert water.extractable_stress(0.12 + 0.2 * 0.15, 0.12, 0.27, 0.4) == pytest.approx(0.5)


def test_roots_thin_out_with_depth_and_sum_to_one():
    edges = np.concatenate(([0.0], np.cumsum(THICKNESS)))
    shares = [water.root_share(top, bottom, 0.966) for top, bottom in itertools.pairwise(edges)]
    assert sum(shares) == pytest.approx(1.0, abs=1e-4)
    # Jackson et al. 1996, Table 1: 65 % of the roots of temperate deciduous forest within 30 cm.
    assert water.root_share(0.0, 0.30, 0.966) == pytest.approx(0.65, abs=0.01)
