import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm._canopy import absorb_light, leaf_capacity
from fluxscape.dlm._radiation import (
    absorbed_above,
    band_of,
    canopy_longwave,
    diffuse_extinction,
    diffuse_fraction,
    ground_and_sky,
    sunlit_leaf_area,
)
from fluxscape.dlm.parameters import parameters_for

pytestmark = pytest.mark.kernel

unit = st.floats(0.0, 1.0)


def canopy(beam, diffuse, sigma, albedo, mu, area, omega):
    kb, kd = 0.5 / mu, diffuse_extinction(area)
    gap = math.exp(-kb * omega * area)
    share = sunlit_leaf_area(kb, gap) / area if area > 0 else 0.0
    band = band_of(beam, diffuse, sigma, albedo, kb, kd, omega * area)
    leaves = absorbed_above(band, kb, omega, share, gap, band.gap_b, band.gap_d, 1.0)
    return *leaves, *ground_and_sky(band, albedo)


@given(
    beam=st.floats(0.0, 1000.0),
    diffuse=st.floats(0.0, 800.0),
    sigma=st.floats(0.02, 0.95),
    albedo=st.floats(0.0, 0.95),
    mu=st.floats(0.02, 1.0),
    area=st.floats(0.0, 12.0),
    omega=st.floats(0.3, 1.0),
)
def test_what_falls_in_is_absorbed_or_reflected_to_rounding(
    beam, diffuse, sigma, albedo, mu, area, omega
):
    parts = canopy(beam, diffuse, sigma, albedo, mu, area, omega)
    assert sum(parts) == pytest.approx(beam + diffuse, abs=1e-9)
    assert min(parts) >= -1e-9


def test_without_leaves_the_ground_gets_all_but_its_albedo():
    sunlit, shaded, ground, reflected = canopy(400.0, 100.0, 0.15, 0.2, 0.6, 0.0, 0.7)
    assert (sunlit, shaded) == (0.0, 0.0)
    assert ground == pytest.approx(400.0)
    assert reflected == pytest.approx(100.0)


def test_a_deep_black_canopy_absorbs_everything():
    sunlit, shaded, ground, reflected = canopy(400.0, 100.0, 1e-9, 0.2, 0.6, 30.0, 1.0)
    assert sunlit + shaded == pytest.approx(500.0, rel=1e-5)
    assert ground + reflected == pytest.approx(0.0, abs=0.01)


def test_sunlit_leaves_intercept_the_beam_as_geometry_says():
    # C99, eq. 7: at mu = 0.5 and L = 3 without clumping, 2 mu (1 - exp(-0.5 L / mu)).
    gap = math.exp(-0.5 / 0.5 * 3.0)
    assert sunlit_leaf_area(0.5 / 0.5, gap) == pytest.approx(2 * 0.5 * (1 - math.exp(-3.0)))


def test_the_sky_is_all_diffuse_under_thick_cloud_and_little_so_when_clear():
    assert diffuse_fraction(50.0, 1000.0) == pytest.approx(0.968, abs=0.005)
    assert diffuse_fraction(780.0, 1000.0) < 0.2
    assert diffuse_fraction(100.0, 0.0) == 1.0


@given(
    down=st.floats(50.0, 600.0),
    emittance=unit,
    emissivity=st.floats(0.8, 1.0),
    leaves=st.floats(230.0, 330.0),
    ground=st.floats(230.0, 330.0),
)
def test_longwave_radiation_closes(down, emittance, emissivity, leaves, ground):
    net_canopy, net_ground, up = canopy_longwave(
        down, emittance, emissivity, 5.67e-8 * leaves**4, ground
    )
    assert net_canopy + net_ground + up == pytest.approx(down, abs=1e-9)


def test_a_canopy_as_warm_as_ground_and_sky_exchanges_nothing():
    black = 5.670374419e-8 * 290.0**4
    net_canopy, net_ground, up = canopy_longwave(black, 0.9, 0.97, black, 290.0)
    assert net_canopy == pytest.approx(0.0, abs=1e-9)
    assert net_ground == pytest.approx(0.0, abs=1e-9)
    assert up == pytest.approx(black)


@given(
    area=st.floats(0.0, 12.0),
    shortwave=st.floats(0.0, 1200.0),
    mu=st.floats(0.0, 1.0),
    igbp=st.sampled_from(["ENF", "DBF", "GRA", "CRO"]),
)
def test_the_light_of_a_step_sums_and_its_areas_too(area, shortwave, mu, igbp):
    p = parameters_for(igbp).to_record()[0]
    light = absorb_light(p, area, area, shortwave, max(1361.0 * mu, shortwave / 2), mu, 0.1, 0.2)
    total = light.sunlit_shortwave + light.shaded_shortwave
    total += light.ground_shortwave + light.reflected
    assert total == pytest.approx(shortwave, abs=1e-8)
    assert light.sunlit_area + light.shaded_area == pytest.approx(area)
    assert light.sunlit_area >= 0.0
    assert light.shaded_area >= -1e-12


@given(area=st.floats(0.1, 12.0), mu=st.floats(0.05, 1.0), kn=st.floats(0.0, 1.0))
def test_leaf_classes_share_the_capacity_of_the_canopy(area, mu, kn):
    p = parameters_for("DBF").replace({"nitrogen_extinction": kn}).to_record()[0]
    light = absorb_light(p, area, area, 500.0, 1361.0 * mu, mu, 0.1, 0.2)
    capacity = leaf_capacity(p, light, area, area, 288.0)
    whole = capacity.sunlit * light.sunlit_area + capacity.shaded * light.shaded_area
    expected = area if kn < 1e-6 else (1.0 - math.exp(-kn * area)) / kn
    assert whole == pytest.approx(expected, rel=1e-4)


@given(
    upper=st.floats(0.0, 8.0),
    lower=st.floats(0.05, 3.0),
    mu=st.floats(0.05, 1.0),
    shortwave=st.floats(1.0, 1000.0),
)
def test_the_understorey_is_a_part_of_the_canopys_leaves_and_light(upper, lower, mu, shortwave):
    p = parameters_for("DBF").to_record()[0]
    area = upper + lower
    both = absorb_light(p, area, upper, shortwave, 1361.0 * mu, mu, 0.1, 0.2)
    one = absorb_light(p, area, area, shortwave, 1361.0 * mu, mu, 0.1, 0.2)
    below = both.understorey
    assert both[:-1] == one[:-1]
    assert one.understorey == (0.0, 0.0, 0.0, 0.0)
    assert below.sunlit_area + below.shaded_area == pytest.approx(lower)
    assert min(below) >= 0.0
    assert below.sunlit_area <= both.sunlit_area + 1e-12
    assert below.sunlit_photons <= both.sunlit_photons * (1.0 + 1e-12)
    assert below.shaded_photons <= both.shaded_photons * (1.0 + 1e-12)


def test_little_light_reaches_an_understorey_below_dense_trees():
    p = parameters_for("EBF").to_record()[0]
    light = absorb_light(p, 7.0, 6.0, 800.0, 1200.0, 0.8, 0.1, 0.2)
    below = light.understorey
    part = (below.sunlit_photons + below.shaded_photons) / (
        light.sunlit_photons + light.shaded_photons
    )
    assert part < 0.5 / 7.0  # less than half of its seventh of the leaves
    open_stand = absorb_light(p, 2.0, 1.0, 800.0, 1200.0, 0.8, 0.1, 0.2).understorey
    assert open_stand.sunlit_photons > 5.0 * below.sunlit_photons


@given(upper=st.floats(0.1, 8.0), lower=st.floats(0.05, 3.0), mu=st.floats(0.05, 1.0))
def test_both_storeys_share_the_capacity_of_the_canopy(upper, lower, mu):
    p = parameters_for("DBF").to_record()[0]
    light = absorb_light(p, upper + lower, upper, 500.0, 1361.0 * mu, mu, 0.1, 0.2)
    below = light.understorey
    capacity = leaf_capacity(p, light, upper + lower, upper, 288.0)
    whole = capacity.sunlit * (light.sunlit_area - below.sunlit_area)
    whole += capacity.shaded * (light.shaded_area - below.shaded_area)
    whole += capacity.lower_sunlit * below.sunlit_area
    whole += capacity.lower_shaded * below.shaded_area
    kn = p.nitrogen_extinction
    assert whole == pytest.approx((1.0 - math.exp(-kn * (upper + lower))) / kn, rel=1e-4)
