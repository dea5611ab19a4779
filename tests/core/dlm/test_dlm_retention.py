import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm import _retention as laws
from fluxscape.dlm import _soil_water as water
from fluxscape.dlm import parameters_for, run_dlm_arrays
from fluxscape.dlm._pft_tables import VAN_GENUCHTEN_BY_TEXTURE
from fluxscape.errors import MissingVariableError
from helpers.dlm_climates import CLIMATES, climate_arrays
from helpers.dlm_soils import soil

THICKNESS = np.array([0.05, 0.10, 0.20, 0.40, 0.75, 1.50])
TEXTURES = tuple(VAN_GENUCHTEN_BY_TEXTURE)


def van_genuchten(texture):
    p = parameters_for("GRA", texture, retention="van_genuchten")
    return soil(**{name: getattr(p, name) for name in soil()._fields})


@pytest.mark.kernel
@pytest.mark.parametrize("texture", TEXTURES)
def test_suction_and_water_are_inverse(texture):
    p = van_genuchten(texture)
    for suction in (0.1, 1.0, 10.0, 100.0):
        theta = laws.water_at_suction(p, suction)
        if laws.effective_saturation(p, theta) > laws.DRIEST_SATURATION:
            assert laws.retention(p, theta)[0] == pytest.approx(-suction, rel=1e-6)


@pytest.mark.kernel
@pytest.mark.parametrize("p", [soil(), *map(van_genuchten, ("sand", "loam", "clay"))])
@pytest.mark.parametrize("share", [0.15, 0.4, 0.7, 0.95])
def test_slopes_are_those_of_the_curves(p, share):
    theta = p.residual_water_content + share * (p.porosity - p.residual_water_content)
    small = 1e-7
    for law in (laws.retention, laws.conductivity):
        low, high = law(p, theta - small)[0], law(p, theta + small)[0]
        assert law(p, theta)[1] == pytest.approx((high - low) / (2.0 * small), rel=1e-4)


@pytest.mark.kernel
def test_van_genuchten_s_example_of_silt_loam():
    # VG80, eq. 3 and 8 at alpha h = 1: Se = 2^-m, K / Ks = Se^0.5 (1 - 0.5^m)^2.
    n, alpha = 2.06, 0.423
    m = 1.0 - 1.0 / n
    psi, _ = laws.van_genuchten_potential(2.0**-m, alpha, n)
    assert psi == pytest.approx(-1.0 / alpha, rel=1e-12)
    k, _ = laws.van_genuchten_conductivity(2.0**-m, 1.0, n)
    assert k == pytest.approx(2.0 ** (-0.5 * m) * (1.0 - 0.5**m) ** 2, rel=1e-12)


@pytest.mark.parametrize("texture", TEXTURES)
def test_the_capillary_drive_is_the_integral_of_conductivity_over_suction(texture):
    p = van_genuchten(texture)
    suction = np.logspace(-6, 4, 20000)
    m = 1.0 - 1.0 / p.van_genuchten_n
    se = (1.0 + (p.van_genuchten_alpha * suction) ** p.van_genuchten_n) ** -m
    relative = np.sqrt(se) * (1.0 - (1.0 - se ** (1.0 / m)) ** m) ** 2
    exact = np.trapezoid(relative, suction)
    assert laws.capillary_drive(p) == pytest.approx(exact, rel=0.1, abs=2e-3)


def test_parameters_by_texture_order_soils_as_hands_do():
    by_texture = [parameters_for("GRA", name, retention="van_genuchten") for name in TEXTURES]
    for p in by_texture:
        assert p.wilting_point < p.field_capacity < p.porosity
    sand, clay = by_texture[0], by_texture[-1]
    assert sand.field_capacity < 0.06
    assert clay.field_capacity > 0.25
    assert sand.saturated_conductivity == pytest.approx(8.25e-5)
    with pytest.raises(MissingVariableError, match="Did you mean 'van_genuchten'"):
        parameters_for("GRA", "loam", retention="van_genuchtn")


@pytest.mark.kernel
@given(
    saturation=st.lists(st.floats(0.05, 1.0), min_size=6, max_size=6),
    rain=st.floats(0.0, 40.0),
    texture=st.sampled_from(TEXTURES),
    step=st.sampled_from([300.0, 1800.0, 3600.0]),
)
def test_flow_keeps_every_drop(saturation, rain, texture, step):
    p = van_genuchten(texture)
    span = p.porosity - p.residual_water_content
    content = p.residual_water_content + np.array(saturation) * span
    liquid = content * THICKNESS * 1000.0
    before = liquid.sum()
    source = np.zeros(6)
    source[0] = rain / step
    drained = water.flow_step(
        p, liquid, source, THICKNESS, np.ones(6), step, np.zeros(6), np.zeros(6)
    )
    spilled, drawn = water.redistribute(liquid, np.zeros(6), THICKNESS, p.porosity, 0.005)
    assert before + rain == pytest.approx(liquid.sum() + drained + spilled - drawn, abs=1e-6)
    assert np.all(liquid <= p.porosity * THICKNESS * 1000.0 + 1e-9)


@pytest.mark.parametrize("texture", ["loam", "silt loam", "clay"])
def test_drainage_does_not_depend_on_the_step(texture):
    p, ends = van_genuchten(texture), []
    start = p.residual_water_content + 0.8 * (p.porosity - p.residual_water_content)
    for step in (1800.0, 900.0, 300.0):
        liquid = start * THICKNESS * 1000.0
        for _ in range(round(2 * 86400 / step)):
            water.flow_step(
                p, liquid, np.zeros(6), THICKNESS, np.ones(6), step, np.zeros(6), np.zeros(6)
            )
        ends.append(liquid.sum())
    assert ends[0] == pytest.approx(ends[2], rel=5e-3)
    assert ends[1] == pytest.approx(ends[2], rel=3e-3)


def test_a_column_at_rest_stays_where_it_is():
    p = van_genuchten("loam")
    depth = np.cumsum(THICKNESS) - 0.5 * THICKNESS
    suction = depth[-1] + 0.5 - depth
    content = np.array([laws.water_at_suction(p, float(item)) for item in suction])
    liquid = content * THICKNESS * 1000.0
    before = liquid.copy()
    slow = p._replace(saturated_conductivity=1e-7)
    water.flow_step(
        slow, liquid, np.zeros(6), THICKNESS, np.ones(6), 1800.0, np.zeros(6), np.zeros(6)
    )
    assert np.abs(liquid - before)[:4].max() < 1e-3


@pytest.mark.parametrize("name", CLIMATES)
def test_every_climate_closes_on_every_texture(name):
    sets = [parameters_for("GRA", texture, retention="van_genuchten") for texture in TEXTURES]
    result = run_dlm_arrays(
        climate_arrays(CLIMATES[name], days=20),
        sets,
        step_seconds=1800.0,
        reference_height=40.0,
        carbon="pools",
    )
    result.raise_for_status()
    assert result.worst_energy_residual.max() < 0.1
    assert result.worst_water_residual.max() < 1e-8
    assert result.worst_carbon_residual.max() < 1e-12
    assert result.states.soil_liquid.min() >= 0.0
    assert result.mean("drainage").min() >= 0.0


def test_both_laws_give_evapotranspiration_of_the_same_order():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=30)
    sets = [parameters_for("GRA", "loam"), parameters_for("GRA", "loam", retention="van_genuchten")]
    result = run_dlm_arrays(forcing, sets, step_seconds=1800.0, reference_height=40.0)
    first, second = result.mean("evapotranspiration")[:, 0]
    assert second == pytest.approx(first, rel=0.2)
    assert second != first
