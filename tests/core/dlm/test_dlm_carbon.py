import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.dlm import (
    OUTPUT_NAMES,
    DlmState,
    _carbon_pools,
    parameters_for,
    returning_carbon,
    run_dlm,
    run_dlm_arrays,
    start_states,
    steady_carbon,
)
from fluxscape.dlm.carbon import POOLS
from fluxscape.errors import DimsError, OutOfBoundsError
from helpers.dlm_climates import CLIMATES, Climate, climate_arrays, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}
YEAR = 365


def pools_of(values):
    record = start_states([parameters_for("DBF")], np.array([283.0]))
    for name, value in zip(POOLS, values, strict=True):
        record[name] = value
    return record


def total(record):
    return sum(float(record[name][0]) for name in POOLS)


@pytest.mark.kernel
@pytest.mark.parametrize(("clay", "ratio"), [(0.0, 5.7615), (0.234, 3.5141), (1.0, 3.0905)])
def test_clay_keeps_carbon_as_rothc_says(clay, ratio):
    # x = 1.67 (1.85 + 1.60 exp(-0.0786 x per cent of clay)) is carbon dioxide over what is kept.
    assert 1.0 / _carbon_pools.kept_share(clay) - 1.0 == pytest.approx(ratio, abs=2e-3)


@pytest.mark.kernel
@given(
    pools=st.lists(st.floats(0.0, 50.0), min_size=5, max_size=5),
    growth=st.floats(-0.01, 0.01),
    modifier=st.floats(0.0, 20.0),
    step=st.sampled_from([300.0, 1800.0, 3600.0]),
)
def test_pools_keep_every_gram(pools, growth, modifier, step):
    record, p = pools_of(pools), parameters_for("GRA")
    before = total(record)
    rates = _carbon_pools.turnover_of(p.to_record()[0], step)
    respired = _carbon_pools.turn_over(record[0], rates, growth, modifier)
    assert respired >= 0.0
    assert before + growth - respired == pytest.approx(total(record), abs=1e-12)
    assert min(float(record[name][0]) for name in POOLS[1:]) >= 0.0


@pytest.mark.kernel
def test_without_growth_a_pool_decays_by_its_half_life():
    # Humus alone, what it keeps set aside: d C / dt = -k C (1 - kept x 0.54).
    p, step = parameters_for("DBF"), 86400.0
    rates = _carbon_pools.turnover_of(p.to_record()[0], step)
    record = pools_of([0.0, 0.0, 0.0, 0.0, 10.0])
    for _ in range(730):
        _carbon_pools.turn_over(record[0], rates, 0.0, 1.0)
    years = 730.0 / 365.2425
    lost = 0.02 * (1.0 - 0.54 * _carbon_pools.kept_share(p.clay_fraction))
    assert float(record["humus_carbon"][0]) == pytest.approx(10.0 * np.exp(-lost * years), rel=1e-3)


@pytest.mark.parametrize("igbp", ["ENF", "GRA", "CRO"])
def test_steady_pools_under_steady_growth_stay_and_respire_what_grows(igbp):
    p, growth, modifier = parameters_for(igbp, "clay"), 2.0, 0.7
    start = start_states([p], np.array([283.0]))
    state = steady_carbon(start, [p], np.array([growth]), np.array([modifier]))
    before = {name: float(state[name][0]) for name in POOLS}
    supply = growth * _carbon_pools.MASS_PER_MICROMOLE * 1800.0
    rates = _carbon_pools.turnover_of(p.to_record()[0], 1800.0)
    respired = _carbon_pools.turn_over(state[0], rates, supply, modifier)
    assert respired == pytest.approx(supply, rel=1e-3)
    for name, value in before.items():
        assert float(state[name][0]) == pytest.approx(value, rel=1e-5), name


def test_a_repeated_year_comes_back_to_its_pools_and_respires_its_growth():
    steps = YEAR * 48
    season = np.sin(2.0 * np.pi * np.arange(steps) / steps)
    growth, modifier = 3.0 + 4.0 * season, np.exp(season)
    p = parameters_for("DBF")
    pools = returning_carbon(p, growth, modifier, 1800.0)
    record = pools_of([pools[name] for name in POOLS])
    supply = growth * _carbon_pools.MASS_PER_MICROMOLE * 1800.0
    before = total(record)
    _carbon_pools.repeat_pools(p.to_record()[0], record[0], supply, modifier, 1.0, 1800.0)
    for name in POOLS:
        assert float(record[name][0]) == pytest.approx(pools[name], rel=1e-9), name
    # What is stored after a year is what was before: respiration equals growth.
    assert total(record) == pytest.approx(before, rel=1e-9)


def test_a_record_that_loses_carbon_or_never_thaws_starts_with_what_it_can():
    cold = returning_carbon(parameters_for("GRA"), np.full(48, 1.0), np.zeros(48), 1800.0)
    assert cold["humus_carbon"] > 0.0
    assert np.isfinite(list(cold.values())).all()
    dying = returning_carbon(parameters_for("GRA"), np.full(48, -1.0), np.ones(48), 1800.0)
    assert set(dying.values()) == {0.0}


def test_after_a_spin_up_soil_respires_what_plants_grow():
    data = climate_dataset(Climate(rain_share=0.03), days=YEAR, step_seconds=3600)
    run = run_dlm(data, parameters_for("DBF"), hold_soil_water=True, **PLACE)
    mean = {
        name: float(run[name].mean())
        for name in ("net_ecosystem_exchange", "heterotrophic_respiration")
    }
    assert mean["heterotrophic_respiration"] > 1.0
    assert abs(mean["net_ecosystem_exchange"]) < 0.02 * mean["heterotrophic_respiration"]
    assert run.attrs["carbon"] == "pools"
    assert run.attrs["worst_carbon_residual"] < 1e-12
    stored = sum(run[name] for name in ("plant_carbon", "litter_carbon", "soil_carbon"))
    gained = -run["net_ecosystem_exchange"].isel(time=slice(1, None)).sum()
    gained = float(gained) * _carbon_pools.MASS_PER_MICROMOLE * 3600.0
    assert float(stored[-1] - stored[0]) == pytest.approx(gained, abs=1e-10)


def test_slow_soils_below_their_steady_state_make_a_sink():
    data = climate_dataset(Climate(rain_share=0.03), days=YEAR, step_seconds=3600)
    poor = parameters_for("DBF").replace({"slow_carbon_share": 0.5})
    run = run_dlm(data, poor, hold_soil_water=True, **PLACE)
    assert float(run["net_ecosystem_exchange"].mean()) < -0.3


@pytest.mark.kernel
@pytest.mark.parametrize("name", CLIMATES)
def test_carbon_closes_in_every_climate(name):
    types = [parameters_for(igbp) for igbp in ("ENF", "GRA", "C4")]
    result = run_dlm_arrays(
        climate_arrays(CLIMATES[name], days=1.0),
        types,
        step_seconds=1800.0,
        reference_height=40.0,
        carbon="pools",
    )
    result.raise_for_status()
    assert result.worst_carbon_residual.max() < 1e-12
    for pool in POOLS:
        assert result.states[pool].min() >= 0.0, pool


def test_plants_respire_no_carbon_that_they_do_not_have():
    forcing = climate_arrays(CLIMATES["polar night"], days=200)
    forcing.leaf_area_index[:] = 6.0
    forcing.air_temperature[:] = 288.0
    forcing.shortwave_down[:] = 0.0
    p = parameters_for("ENF").replace({"heterotrophic_respiration10": 0.01})
    days = np.repeat(np.arange(200), 48)
    result = run_dlm_arrays(
        forcing, [p], step_seconds=1800.0, reference_height=40.0, period=days, carbon="pools"
    )
    result.raise_for_status()
    leaves = result.mean("leaf_respiration")[0]
    assert leaves[0] > 0.1
    assert leaves[-1] < 1e-3
    assert result.mean("plant_carbon").min() >= 0.0


def test_basal_respiration_stores_nothing_and_says_so():
    data = climate_dataset(CLIMATES["temperate summer"], days=3)
    basal = run_dlm(data, parameters_for("DBF"), carbon="basal", **PLACE)
    assert basal.attrs["carbon"] == "basal"
    assert "soil_carbon" not in basal
    modifier = basal["decomposition_modifier"].to_numpy()
    assert basal["heterotrophic_respiration"].to_numpy() == pytest.approx(1.5 * modifier)
    # Before records that are too short for a spin-up, pools respire as much at first.
    pools = run_dlm(data, parameters_for("DBF"), carbon="pools", **PLACE)
    first, same = (run["heterotrophic_respiration"].to_numpy()[:48] for run in (pools, basal))
    assert first == pytest.approx(same, rel=0.02)
    assert pools["latent_heat_flux"].equals(basal["latent_heat_flux"])


def test_pools_go_on_from_the_final_state_of_a_run():
    data = climate_dataset(CLIMATES["temperate summer"], days=8)
    whole = run_dlm(data, parameters_for("DBF"), **PLACE)
    start = DlmState.start(parameters_for("DBF"), float(data["air_temperature"].mean()))
    first = run_dlm(
        data.isel(time=slice(0, 100)), parameters_for("DBF"), initial_state=start, **PLACE
    )
    second = run_dlm(
        data.isel(time=slice(100, None)),
        parameters_for("DBF"),
        initial_state=DlmState.from_dataset(first),
        **PLACE,
    )
    for name in ("soil_carbon", "net_ecosystem_exchange", "final_humus_carbon"):
        joined = second[name].to_numpy().ravel()
        assert joined.tobytes() == whole[name].to_numpy().ravel()[-joined.size :].tobytes(), name


def test_unknown_sources_of_respiration_and_wrong_shapes_are_refused():
    data = climate_dataset(CLIMATES["bare"], days=1)
    with pytest.raises(OutOfBoundsError, match="Did you mean 'pools'"):
        run_dlm(data, parameters_for("DBF"), carbon="pool", **PLACE)
    p = [parameters_for("DBF")]
    with pytest.raises(DimsError, match="growth has shape"):
        steady_carbon(start_states(p, np.array([280.0])), p, np.zeros(2), np.ones(1))


def test_balances_of_carbon_hold_over_a_run_of_members():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=10)
    steps = np.arange(forcing.air_temperature.shape[1])
    p = [parameters_for(igbp) for igbp in ("DBF", "CRO")]
    result = run_dlm_arrays(
        forcing, p, step_seconds=1800.0, reference_height=40.0, period=steps, carbon="pools"
    )
    assert "carbon_residual" in OUTPUT_NAMES
    stored = result.mean("plant_carbon") + result.mean("litter_carbon")
    stored += result.mean("soil_carbon")
    nee = result.mean("net_ecosystem_exchange")[:, 1:].sum(axis=1)
    change = -nee * _carbon_pools.MASS_PER_MICROMOLE * 1800.0
    assert stored[:, -1] - stored[:, 0] == pytest.approx(change, abs=1e-11)
