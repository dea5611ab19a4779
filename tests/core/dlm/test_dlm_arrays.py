import numpy as np
import pytest

from fluxscape.dlm import (
    OUTPUT_NAMES,
    Forcing,
    parameter_records,
    parameters_for,
    run_dlm_arrays,
    start_states,
)
from fluxscape.errors import DimsError, MissingVariableError, RunError
from helpers.dlm_climates import CLIMATES, climate_arrays

HEIGHT = 40.0


def run(forcing, types=("DBF",), **options):
    settings = {"step_seconds": 1800.0, "reference_height": HEIGHT} | options
    return run_dlm_arrays(forcing, [parameters_for(name) for name in types], **settings)


@pytest.mark.kernel
@pytest.mark.parametrize("name", CLIMATES)
def test_every_climate_closes_in_energy_and_water_for_every_type(name):
    types = ("ENF", "DBF", "GRA", "CRO", "C4", "BSV")
    result = run(climate_arrays(CLIMATES[name], days=1.5), types)
    result.raise_for_status()
    assert result.worst_energy_residual.max() < 0.1
    assert result.worst_water_residual.max() < 1e-9
    assert np.isfinite(result.means).all()


@pytest.mark.parametrize("texture", ["sand", "clay", "silt loam"])
@pytest.mark.parametrize("name", CLIMATES)
def test_forty_days_close_on_every_soil(name, texture):
    forcing = climate_arrays(CLIMATES[name], days=40)
    types = ("ENF", "EBF", "GRA", "CRO", "C4", "OSH", "WET", "BSV")
    result = run_dlm_arrays(
        forcing,
        [parameters_for(igbp, texture) for igbp in types],
        step_seconds=1800.0,
        reference_height=HEIGHT,
    )
    result.raise_for_status()
    assert result.worst_energy_residual.max() < 0.1
    assert result.worst_water_residual.max() < 1e-9


@pytest.mark.kernel
@pytest.mark.parametrize("name", CLIMATES)
def test_every_climate_closes_with_an_understorey(name):
    forcing = climate_arrays(CLIMATES[name], days=1.5)
    members = [
        parameters_for(igbp).replace({"understorey_scale": 1.0, "understorey_capacity": capacity})
        for igbp in ("ENF", "DBF", "BSV")
        for capacity in (0.5, 1.5)
    ]
    result = run_dlm_arrays(forcing, members, step_seconds=1800.0, reference_height=HEIGHT)
    result.raise_for_status()
    assert result.worst_energy_residual.max() < 0.1
    assert result.worst_water_residual.max() < 1e-9
    below = result.mean("understorey_gross_primary_production")
    assert np.all(below >= 0.0)
    assert np.all(below <= result.mean("gross_primary_production") + 1e-12)


def test_two_storeys_alike_are_one_canopy_of_both():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=10)
    storeys = parameters_for("DBF").replace({"understorey_scale": 2.0})
    lower = 2.0 * 1.18 * np.exp(-0.99 * 1.0)
    upper_only = forcing._replace(leaf_area_index=np.full_like(forcing.leaf_area_index, 1.0))
    both = forcing._replace(leaf_area_index=np.full_like(forcing.leaf_area_index, 1.0 + lower))
    two = run_dlm_arrays(upper_only, [storeys], step_seconds=1800.0, reference_height=HEIGHT)
    one = run(both)
    assert two.mean("understorey_leaf_area_index")[0, 0] == pytest.approx(lower)
    for name in ("net_radiation", "latent_heat_flux", "gross_primary_production"):
        # Averaging capacity over one storey or over two differs by a few hundredths.
        assert two.mean(name) == pytest.approx(one.mean(name), rel=0.04)
    # The share of the lower leaves is less than their share of the area: light is scarce there.
    share = two.mean("understorey_gross_primary_production") / two.mean("gross_primary_production")
    assert 0.1 < share[0, 0] < lower / (1.0 + lower)


def test_an_understorey_of_more_capacity_takes_up_more():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=5)
    sparse = forcing._replace(leaf_area_index=np.full_like(forcing.leaf_area_index, 0.5))
    members = [
        parameters_for("ENF").replace({"understorey_scale": 1.0, "understorey_capacity": capacity})
        for capacity in (0.3, 0.6, 1.2)
    ]
    result = run_dlm_arrays(sparse, members, step_seconds=1800.0, reference_height=HEIGHT)
    assert np.all(np.diff(result.mean("understorey_gross_primary_production")[:, 0]) > 0.0)
    assert np.all(np.diff(result.mean("gross_primary_production")[:, 0]) > 0.0)


@pytest.mark.kernel
def test_deep_snow_lies_in_three_layers_and_keeps_the_soil_warm():
    forcing = climate_arrays(CLIMATES["snowy winter"], days=3)
    cold = forcing._replace(
        air_temperature=np.full_like(forcing.air_temperature, 253.0),
        precipitation=np.full_like(forcing.precipitation, 3e-4),
    )
    bare = cold._replace(precipitation=np.zeros_like(forcing.precipitation))
    start = start_states([parameters_for("GRA")], np.array([274.0]))
    deep = run(cold, ("GRA",), states=start, keep_profiles=True)
    none = run(bare, ("GRA",), states=start, keep_profiles=True)
    state = deep.states[0]
    assert np.all(state["snow_mass"] > 0.0)
    thickness = state["snow_mass"] / state["snow_density"]
    assert thickness[:2] == pytest.approx(0.02, abs=0.011)
    assert thickness[2] > 0.3
    # Colder towards the air, and the soil below warmer than without snow.
    heat = state["snow_enthalpy"] / state["snow_mass"]
    assert max(heat[0], heat[1]) < heat[2] - 5e3 < 0.0
    assert state["soil_temperature"][0] > none.states[0]["soil_temperature"][0] + 2.0


@pytest.mark.kernel
def test_balances_hold_over_the_whole_run_not_only_by_step():
    forcing = climate_arrays(CLIMATES["spring thaw"], days=2)
    n = forcing.air_temperature.shape[1]
    result = run(forcing, period=np.arange(n, dtype=np.int64))

    def series(name):
        return result.mean(name)[0]

    gone = series("evapotranspiration") + series("surface_runoff") + series("drainage")
    stores = series("soil_water_storage") + series("canopy_water")
    stores += series("snow_water_equivalent")
    change = stores[-1] - stores[0]
    inflow = (forcing.precipitation[0] - gone)[1:].sum() * 1800.0
    assert inflow == pytest.approx(change, abs=1e-8)
    balance = series("net_radiation") - series("latent_heat_flux")
    balance -= series("sensible_heat_flux") + series("ground_heat_flux")
    assert np.abs(balance).max() < 0.1
    assert np.abs(balance - series("energy_residual")).max() < 1e-9


@pytest.mark.kernel
def test_parts_sum_to_their_wholes():
    forcing = climate_arrays(CLIMATES["snowy winter"], days=1)
    result = run(forcing, period=np.arange(48, dtype=np.int64))
    parts = ("transpiration", "canopy_evaporation", "soil_evaporation", "snow_sublimation")
    total = sum(result.mean(name) for name in parts)
    assert total == pytest.approx(result.mean("evapotranspiration"), abs=1e-15)
    nee = result.mean("ecosystem_respiration") - result.mean("gross_primary_production")
    assert nee == pytest.approx(result.mean("net_ecosystem_exchange"), abs=1e-12)


def test_two_threads_give_the_bits_of_one():
    forcing = climate_arrays(CLIMATES["monsoon"], days=20)
    types = ("ENF", "DBF", "GRA", "CRO", "C4")
    one, two = run(forcing, types), run(forcing, types, threads=2)
    assert one.means.tobytes() == two.means.tobytes()
    assert one.states.tobytes() == two.states.tobytes()


def test_a_run_cut_in_two_gives_the_bits_of_an_unbroken_one():
    forcing = climate_arrays(CLIMATES["spring thaw"], days=20)
    half = forcing.air_temperature.shape[1] // 2
    first = Forcing(*(np.ascontiguousarray(item[:, :half]) for item in forcing))
    second = Forcing(*(np.ascontiguousarray(item[:, half:]) for item in forcing))
    whole = run(forcing)
    # The same start: the mean temperature of the whole record, not of its half.
    middle = run(first, states=start_of(forcing))
    end = run(second, states=middle.states)
    assert end.states.tobytes() == whole.states.tobytes()


def start_of(forcing):
    return start_states([parameters_for("DBF")], forcing.air_temperature.mean(axis=1))


def test_each_point_takes_its_own_row_of_the_forcing():
    wet, dry = (climate_arrays(CLIMATES[name], days=5) for name in ("monsoon", "hot desert"))
    both = Forcing(*(np.concatenate(pair) for pair in zip(wet, dry, strict=True)))
    result = run(both, ("GRA", "GRA"))
    assert result.means[0].tobytes() == run(wet, ("GRA",)).means[0].tobytes()
    assert result.means[1].tobytes() == run(dry, ("GRA",)).means[0].tobytes()


def test_parameters_may_come_as_records():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=2)
    records = parameter_records([parameters_for("DBF")])
    by_record = run_dlm_arrays(forcing, records, step_seconds=1800.0, reference_height=HEIGHT)
    assert by_record.means.tobytes() == run(forcing).means.tobytes()


def test_periods_are_means_and_negative_ones_are_left_out():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=3)
    period = np.repeat(np.array([-1, 0, 1]), 48)
    result = run(forcing, period=period, keep_profiles=True)
    steps = run(forcing, period=np.arange(144, dtype=np.int64), keep_profiles=True)
    assert result.means.shape == (1, 2, len(OUTPUT_NAMES))
    assert result.means[0, 1] == pytest.approx(steps.means[0, 96:].mean(axis=0))
    assert result.profiles[0, 0] == pytest.approx(steps.profiles[0, 48:96].mean(axis=0))


def test_held_soil_stays_at_field_capacity_and_counts_the_water():
    forcing = climate_arrays(CLIMATES["hot desert"], days=20)
    held, free = run(forcing, ("GRA",), hold_soil_water=True), run(forcing, ("GRA",))
    held.raise_for_status()
    assert held.mean("irrigation")[0, 0] > 0.0
    assert held.mean("evapotranspiration")[0, 0] > free.mean("evapotranspiration")[0, 0]
    capacity = parameters_for("GRA").field_capacity * 3000.0
    assert held.mean("soil_water_storage")[0, 0] == pytest.approx(capacity, rel=1e-3)


def test_shapes_that_do_not_agree_are_refused():
    forcing = climate_arrays(CLIMATES["bare"], days=1)
    with pytest.raises(DimsError, match="wind_speed has shape"):
        run(forcing._replace(wind_speed=forcing.wind_speed[:, 1:].copy()))
    with pytest.raises(DimsError, match="must be float64"):
        run(forcing._replace(wind_speed=forcing.wind_speed.astype(np.float32)))
    with pytest.raises(DimsError, match="period has shape"):
        run(forcing, period=np.zeros(3, np.int64))
    with pytest.raises(DimsError, match="states have shape"):
        run(forcing, states=start_of(forcing)[:0])


def test_unknown_outputs_are_named_with_a_hint():
    result = run(climate_arrays(CLIMATES["bare"], days=1))
    with pytest.raises(MissingVariableError, match="Did you mean 'evapotranspiration'"):
        result.mean("evapotranspiraton")


def test_a_member_that_fails_says_so_and_spoils_no_other():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=2)
    both = Forcing(*(np.concatenate((item, item)) for item in forcing))
    start = start_states([parameters_for("DBF")] * 2, both.air_temperature.mean(axis=1))
    both.air_temperature[1, 60] = np.nan
    result = run(both, ("DBF", "DBF"), states=start)
    assert result.status.tolist()[0] == 0
    assert result.reached[1] == 60
    assert np.isfinite(result.means[0]).all()
    assert np.isnan(result.means[1]).all()
    with pytest.raises(RunError, match="member 1 stopped at step 60"):
        result.raise_for_status()


def test_leaking_stomata_cannot_drink_from_dry_soil():
    forcing = climate_arrays(CLIMATES["hot desert"], days=60)
    forcing.leaf_area_index[:] = 4.0
    leaky = parameters_for("DBF", "clay").replace({"stomatal_intercept": 0.2})
    result = run_dlm_arrays(
        forcing,
        [leaky],
        step_seconds=1800.0,
        reference_height=HEIGHT,
        period=np.repeat(np.arange(60), 48),
    )
    result.raise_for_status()
    transpiration = result.mean("transpiration")[0]
    assert transpiration[-1] < 0.05 * transpiration[0]
    assert result.mean("drainage").min() >= 0.0
    assert result.states.soil_liquid.min() > 0.0


def test_the_ball_berry_law_runs_in_place_of_medlyn_s_and_closes():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=10)
    medlyn = parameters_for("DBF")
    ball_berry = medlyn.replace({"ball_berry_slope": 9.0, "stomatal_intercept": 0.01})
    result = run_dlm_arrays(
        forcing, [medlyn, ball_berry], step_seconds=1800.0, reference_height=HEIGHT
    )
    result.raise_for_status()
    gpp = result.mean("gross_primary_production")[:, 0]
    assert gpp[1] == pytest.approx(gpp[0], rel=0.2)
    assert gpp[1] != gpp[0]
