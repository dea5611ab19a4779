import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluxscape.dlm import DlmState, model, parameters_for, run_dlm
from fluxscape.errors import MissingVariableError, OutOfBoundsError, RunError
from fluxscape.vocabulary import VARIABLES
from helpers.dlm_climates import CLIMATES, Climate, climate_dataset

PLACE = {"latitude": 42.0, "longitude": 0.0}


def run(data, igbp="DBF", **options):
    return run_dlm(data, parameters_for(igbp), **(PLACE | options))


@pytest.fixture(scope="module")
def summer():
    return run(climate_dataset(CLIMATES["temperate summer"], days=10))


def test_outputs_carry_the_units_of_the_vocabulary_and_their_provenance(summer):
    for name in summer.data_vars:
        if str(name).startswith("final_") or str(name).endswith("_quality"):
            continue
        assert summer[name].attrs["units"] == VARIABLES[str(name)].units
    assert summer.attrs["data_status"] == "simulated"
    assert summer.attrs["worst_energy_residual"] < 0.1
    assert summer.attrs["worst_water_residual"] < 1e-6
    assert '"vcmax25": 57.7' in summer.attrs["parameters"]


def test_the_day_has_a_course_that_a_tower_would_recognise(summer):
    steady = summer.isel(time=slice(-96, None))
    by_hour = steady.groupby("time.hour").mean()
    gpp, latent = by_hour["gross_primary_production"], by_hour["latent_heat_flux"]
    assert float(gpp.sel(hour=0)) == 0.0
    assert 9 <= int(np.argmax(gpp.data)) <= 13
    assert 10 <= int(np.argmax(latent.data)) <= 14
    assert 10.0 < float(gpp.max()) < 40.0
    assert 100.0 < float(latent.max()) < 500.0
    assert float(by_hour["net_ecosystem_exchange"].sel(hour=0)) > 0.0


def test_observed_forcing_makes_a_reconstruction():
    data = climate_dataset(CLIMATES["bare"], days=1)
    data.attrs["data_status"] = "observed"
    assert run(data).attrs["data_status"] == "reconstructed"


def test_a_run_from_the_final_state_of_another_gives_its_bits():
    data = climate_dataset(CLIMATES["spring thaw"], days=8)
    whole = run(data)
    start = DlmState.start(parameters_for("DBF"), float(data["air_temperature"].mean()))
    first = run(data.isel(time=slice(0, 190)), initial_state=start)
    second = run(data.isel(time=slice(190, None)), initial_state=DlmState.from_dataset(first))
    for name in ("net_ecosystem_exchange", "latent_heat_flux", "soil_temperature"):
        joined = np.concatenate((first[name].to_numpy(), second[name].to_numpy()))
        assert joined.tobytes() == whole[name].to_numpy().tobytes()


def test_the_same_run_gives_the_same_bits():
    data = climate_dataset(CLIMATES["monsoon"], days=3)
    assert run(data).drop_attrs().equals(run(data).drop_attrs())


@pytest.mark.parametrize("name", ["temperate summer", "spring thaw", "monsoon"])
def test_halving_the_step_moves_daily_fluxes_by_less_than_two_per_cent(name):
    coarse = run(climate_dataset(CLIMATES[name], days=20, step_seconds=1800))
    fine = run(climate_dataset(CLIMATES[name], days=20, step_seconds=900))
    fluxes = ("gross_primary_production", "latent_heat_flux", "ecosystem_respiration")
    for flux in (*fluxes, "heterotrophic_respiration", "soil_carbon"):
        a, b = (float(item[flux].mean()) for item in (coarse, fine))
        assert a == pytest.approx(b, rel=0.02), flux


def test_a_repeated_year_settles_the_soil():
    data = climate_dataset(Climate(rain_share=0.02), days=310, step_seconds=3600)
    data["air_temperature"] = data["air_temperature"].copy()
    cold, spun = run(data, spin_up_years=0), run(data, spin_up_years=2)
    assert spun.attrs["spin_up_years"] == 2
    start, end = (spun["soil_temperature"].isel(time=t, layer=-1) for t in (0, -1))
    drift = abs(float(end - start))
    raw = cold["soil_temperature"].isel(layer=-1)
    assert drift <= abs(float(raw[-1] - raw[0])) + 1e-6


def test_without_rain_in_the_file_soil_is_held_moist_and_the_output_says_so():
    data = climate_dataset(CLIMATES["temperate summer"], days=3)
    result = run(data.drop_vars("precipitation_flux"))
    assert result.attrs["soil_water"] == "held at field capacity"
    assert float(result["irrigation"].sum()) > 0.0
    assert float(result["soil_water_stress"].min()) == pytest.approx(1.0)


def test_progress_runs_to_one_and_a_cancel_is_heard():
    seen = []
    run(
        climate_dataset(CLIMATES["bare"], days=2),
        on_progress=lambda share, _message: seen.append(share),
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def cancel(share, _message):
        if share > 0.3:
            msg = "cancelled"
            raise RunError(msg)

    with pytest.raises(RunError, match="cancelled"):
        run(climate_dataset(CLIMATES["bare"], days=2), on_progress=cancel)


def test_a_reference_height_inside_the_canopy_is_refused():
    with pytest.raises(OutOfBoundsError, match="Set canopy_height"):
        run(climate_dataset(CLIMATES["bare"], days=1), reference_height=3.5)


def test_a_dataset_that_is_no_run_holds_no_state():
    with pytest.raises(MissingVariableError, match="not the output of a DLM run"):
        DlmState.from_dataset(xr.Dataset())


def test_a_step_that_cannot_be_solved_is_named(monkeypatch):
    data = climate_dataset(CLIMATES["bare"], days=1)
    prepare = model.prepare_forcing

    def broken(*arguments, **options):
        prepared = prepare(*arguments, **options)
        prepared.arrays.longwave_down[0, 30] = np.nan
        return prepared

    monkeypatch.setattr(model, "prepare_forcing", broken)
    with pytest.raises(RunError, match=r"step 30 at 2005-06-20T15:00: a flux is not a finite"):
        run(data)


climates = st.builds(
    Climate,
    latitude=st.floats(-80.0, 80.0),
    start=st.sampled_from(["2005-01-05", "2005-04-01", "2005-07-01", "2005-10-15"]),
    temperature=st.floats(240.0, 312.0),
    swing=st.floats(0.0, 12.0),
    humidity=st.floats(0.05, 1.0),
    wind=st.floats(0.0, 30.0),
    clearness=st.floats(0.0, 0.8),
    rain_share=st.floats(0.0, 1.0),
    rain_amount=st.floats(0.0, 40.0),
    leaf_area=st.floats(0.0, 12.0),
    sky=st.floats(0.55, 1.05),
)


@given(
    climate=climates,
    igbp=st.sampled_from(["ENF", "EBF", "DBF", "GRA", "CRO", "C4", "OSH", "WET", "BSV"]),
    texture=st.sampled_from(["sand", "loam", "silt loam", "clay"]),
    step=st.sampled_from([900, 1800, 3600]),
    held=st.booleans(),
    mode=st.sampled_from(["full", "lean"]),
    retention=st.sampled_from(["clapp_hornberger", "van_genuchten"]),
    understorey=st.sampled_from([0.0, 1.0, 2.0]),
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
def test_any_climate_closes_at_every_step(
    climate, igbp, texture, step, held, mode, retention, understorey
):
    data = climate_dataset(climate, days=4, step_seconds=step)
    parameters = parameters_for(igbp, texture, retention=retention)
    parameters = parameters.replace({"understorey_scale": understorey})
    result = run_dlm(
        data,
        parameters,
        latitude=climate.latitude,
        longitude=0.0,
        hold_soil_water=held,
        mode=mode,
        carbon="pools",
    )
    assert result.attrs["worst_energy_residual"] < 0.1
    assert result.attrs["worst_water_residual"] < 1e-6
    assert result.attrs["worst_carbon_residual"] < 1e-9
    for pool in ("plant_carbon", "litter_carbon", "soil_carbon"):
        assert float(result[pool].min()) >= 0.0
    assert float(result["gross_primary_production"].min()) >= 0.0
    assert float(result["soil_water_content"].min()) >= 0.0
    assert float(result["soil_water_content"].max()) <= parameters.porosity * 1.1
    below = result["understorey_gross_primary_production"]
    assert float(below.min()) >= 0.0
    assert float((below - result["gross_primary_production"]).max()) <= 1e-9
    assert float(result["snow_water_equivalent"].min()) >= 0.0
    assert float(result["drainage"].min()) >= 0.0
