"""The face of light-use-efficiency models."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pyrealm.pmodel import PModel, PModelEnvironment

from fluxscape.constants import PAR_PHOTONS_PER_JOULE
from fluxscape.errors import (
    DimsError,
    MissingVariableError,
    OutOfBoundsError,
    UnitsError,
)
from fluxscape.lue import MODELS, lue_parameters_for, run_lue
from fluxscape.lue.common import GRAMS_CARBON_PER_MOLE, TYPES
from fluxscape.vocabulary import VARIABLES

PLACE = {"latitude": 42.4, "longitude": 128.1}
CASES = json.loads((Path(__file__).parents[2] / "reference" / "p_model_cases.json").read_text())
HEAT = {"latent_heat_flux": 60.0, "sensible_heat_flux": 40.0}


def production(data, model="mod17", igbp="DBF", changes=None, **options):
    parameters = lue_parameters_for(igbp, model).replace(changes or {})
    return run_lue(data, parameters, model=model, **PLACE, **options)


@pytest.mark.parametrize("model", MODELS)
def test_every_model_gives_named_variables_with_units_and_provenance(model, forcing, months):
    run = production(forcing(months, **HEAT), model)
    names = {"gross_primary_production", "absorbed_par", "light_use_efficiency"}
    names |= {"temperature_scalar", "water_scalar"}
    assert names <= set(run.data_vars)
    for name in run.data_vars:
        assert run[name].attrs["units"] == VARIABLES[name].units
        assert run[name].dims == ("time",)
    assert run.attrs["model"] == model
    assert run.attrs["data_status"] == "reconstructed"
    assert "doi:" in run.attrs["source"]
    assert set(json.loads(run.attrs["parameters"])) == set(
        lue_parameters_for("DBF", model).to_dict()
    )
    gpp = run["gross_primary_production"]
    assert (gpp > 1.0).all()
    assert (gpp < 60.0).all()
    np.testing.assert_allclose(gpp, run["light_use_efficiency"] * run["absorbed_par"])


@pytest.mark.parametrize("model", MODELS)
def test_without_light_nothing_is_produced(model, forcing, months):
    data = forcing(months, surface_downwelling_shortwave_flux=0.0, **HEAT)
    run = production(data, model)
    assert (run["gross_primary_production"] == 0.0).all()
    assert run["light_use_efficiency"].isnull().all()


@pytest.mark.parametrize("model", [name for name in MODELS if name != "p-model"])
def test_production_is_proportional_to_the_leading_parameter(model, forcing, months):
    data = forcing(months, **HEAT)
    leading = lue_parameters_for("DBF", model).leading
    value = getattr(lue_parameters_for("DBF", model), leading)
    once = production(data, model)["gross_primary_production"]
    twice = production(data, model, changes={leading: 1.4 * value})["gross_primary_production"]
    np.testing.assert_allclose(twice, 1.4 * once)


def test_mod17_is_its_formula(forcing, months):
    run = production(forcing(months, daily_minimum_air_temperature=273.15 + 4.0))
    par = 0.45 * 400.0  # W m-2
    scalars = (4.0 + 6.0) / (9.94 + 6.0) * (2900.0 - 800.0) / (2900.0 - 650.0)
    grams = 1.526e-6 * par * 0.6 * scalars  # g m-2 s-1
    expected = grams / GRAMS_CARBON_PER_MOLE * 1e6
    np.testing.assert_allclose(run["gross_primary_production"], expected, rtol=1e-12)


def test_vpm_is_its_formula(forcing, months):
    data = forcing(
        months,
        photosynthetic_photon_flux_density=900.0,
        enhanced_vegetation_index=0.5,
        land_surface_water_index=0.1,
    )
    run = production(data, "vpm", changes={"highest_water_index": 0.25})
    expected = 0.42 / GRAMS_CARBON_PER_MOLE * (1.1 / 1.25) * 1.25 * 0.4 * 900.0
    np.testing.assert_allclose(run["gross_primary_production"], expected, rtol=1e-12)


def test_ec_lue_is_its_formula(forcing, months):
    data = forcing(
        months,
        air_temperature=273.15 + 20.33,
        normalized_difference_vegetation_index=0.8,
        **HEAT,
    )
    run = production(data, "ec-lue")
    absorbed = 0.5 * 400.0 * (1.24 * 0.8 - 0.168)
    expected = 2.14 * absorbed * 0.6 / GRAMS_CARBON_PER_MOLE
    np.testing.assert_allclose(run["gross_primary_production"], expected, rtol=1e-12)
    np.testing.assert_allclose(run["temperature_scalar"], 1.0)


def test_casa_turns_net_into_gross_production(forcing, months):
    run = production(forcing(months), "casa", changes={"net_over_gross": 0.5})
    warm = run["temperature_scalar"]
    expected = 0.692 / 0.5 * 200.0 * 0.6 * warm / GRAMS_CARBON_PER_MOLE
    np.testing.assert_allclose(run["gross_primary_production"], expected)
    assert "no limit" in json.loads(run.attrs["fills"])["water_scalar"]["method"]


@pytest.mark.parametrize(("two", "scalars"), [("tl-lue", True), ("ec-lue-2020", False)])
def test_two_leaf_classes_of_one_efficiency_are_a_big_leaf(two, scalars, forcing, half_hours):
    data = forcing(half_hours, leaf_area_index=4.0)
    run = production(data, two, changes={"shaded_over_sunlit": 1.0})
    stress = run["temperature_scalar"] * run["water_scalar"]
    if not scalars:
        stress = np.minimum(run["temperature_scalar"], run["water_scalar"])
        stress = stress * run["carbon_dioxide_scalar"]
    highest = lue_parameters_for("DBF", two).highest_efficiency()
    np.testing.assert_allclose(
        run["gross_primary_production"], highest * run["absorbed_par"] * stress, rtol=1e-12
    )
    both = run["sunlit_absorbed_par"] + run["shaded_absorbed_par"]
    np.testing.assert_allclose(run["absorbed_par"], both)


def test_diffuse_light_is_used_better_by_two_leaves(forcing, half_hours):
    bright = forcing(half_hours, surface_downwelling_shortwave_flux=600.0, leaf_area_index=4.0)
    dull = forcing(half_hours, surface_downwelling_shortwave_flux=150.0, leaf_area_index=4.0)
    noon = half_hours.astype("datetime64[h]").astype(int) % 24 == 3  # noon at 128 E
    one, other = (production(data, "tl-lue")["light_use_efficiency"] for data in (bright, dull))
    assert other[noon].mean() > 1.1 * one[noon].mean()


def test_the_p_model_is_rpmodels(forcing, months):
    data = forcing(
        months,
        photosynthetic_photon_flux_density=300.0,
        vapour_pressure_deficit=1000.0,
        air_pressure=101325.0,
        carbon_dioxide_mole_fraction=400.0,
        absorbed_par_fraction=1.0,
        soil_water_content=0.06,
    )
    changes = {"quantum_yield": 0.05}
    run = production(data, "p-model", changes=changes)
    expected = CASES["gpp_temperature_yield"] / GRAMS_CARBON_PER_MOLE
    np.testing.assert_allclose(run["gross_primary_production"], expected, rtol=CASES["tolerance"])
    dry = production(data, "p-model", changes=changes, soil_moisture_stress=True)
    expected = CASES["gpp_temperature_yield_dry"] / GRAMS_CARBON_PER_MOLE
    np.testing.assert_allclose(dry["gross_primary_production"], expected, rtol=CASES["tolerance"])


@pytest.mark.filterwarnings("ignore")
def test_the_p_model_is_pyrealms_in_any_weather(forcing, months):
    rng = np.random.default_rng(3)
    celsius = rng.uniform(-20.0, 38.0, months.size)
    deficit = rng.uniform(0.0, 4000.0, months.size)
    data = forcing(
        months,
        air_temperature=celsius + 273.15,
        vapour_pressure_deficit=deficit,
        photosynthetic_photon_flux_density=500.0,
        air_pressure=9e4,
        carbon_dioxide_mole_fraction=380.0,
    )
    ones = np.ones(months.size)
    environment = PModelEnvironment(
        tc=celsius, vpd=deficit, co2=380.0 * ones, patm=9e4 * ones, fapar=0.6 * ones,
        ppfd=500.0 * ones,
    )  # fmt: skip
    peer = PModel(environment, method_kphio="temperature", reference_kphio=0.081785)
    run = production(data, "p-model")
    np.testing.assert_allclose(
        run["gross_primary_production"], peer.gpp / GRAMS_CARBON_PER_MOLE, rtol=1e-9
    )


def test_the_sub_daily_p_model_acclimates_and_rests_at_night(forcing, half_hours):
    local = (half_hours + np.timedelta64(int(8.54 * 3600), "s") - half_hours[0]).astype(float)
    light = np.maximum(np.sin(2.0 * np.pi * (local / 86400e9 - 0.25)), 0.0) * 800.0
    data = forcing(half_hours, surface_downwelling_shortwave_flux=light, air_pressure=9e4)
    run = production(data, "p-model")
    gpp = run["gross_primary_production"].to_numpy()
    assert (gpp[light == 0.0] == 0.0).all()
    known = np.isfinite(gpp)
    assert known.mean() > 0.9
    assert 5.0 < gpp[known].max() < 60.0


@pytest.mark.parametrize("model", ["mod17", "p-model"])
def test_no_light_gives_no_production_where_soil_water_is_unknown(forcing, months, model):
    soil = np.where(np.arange(months.size) == 0, 0.2, np.nan)
    data = forcing(months, photosynthetic_photon_flux_density=0.0, soil_water_content=soil)
    run = production(data, model, soil_moisture_stress=True)
    assert (run["gross_primary_production"] == 0.0).all()


def test_colder_than_pyrealm_takes_gives_nothing_not_an_error(forcing, months):
    run = production(forcing(months, air_temperature=230.0), "p-model")
    assert (run["gross_primary_production"] == 0.0).all()


def test_leaf_area_gives_the_absorbed_fraction_by_beers_law(forcing, months):
    data = forcing(months, absorbed_par_fraction=None, leaf_area_index=3.0)
    run = production(data)
    photons = 0.45 * PAR_PHOTONS_PER_JOULE * 400.0
    np.testing.assert_allclose(run["absorbed_par"], photons * (1.0 - np.exp(-1.5)))
    fills = json.loads(run.attrs["fills"])
    assert "Beer's law" in fills["absorbed_par_fraction"]["method"]
    assert "shortwave" in fills["photosynthetic_photon_flux_density"]["method"]


def test_gaps_of_composites_are_bridged_to_forty_days_and_others_stay(forcing, half_hours):
    leaf_area = np.full(half_hours.size, np.nan)
    leaf_area[[24, 240]] = 2.0, 4.0
    temperature = np.full(half_hours.size, 290.0)
    temperature[100] = np.nan
    data = forcing(
        half_hours,
        absorbed_par_fraction=None,
        leaf_area_index=leaf_area,
        air_temperature=temperature,
    )
    run = production(data, "vpm")
    gpp = run["gross_primary_production"].to_numpy()
    assert np.isfinite(gpp[24:100]).all()
    assert np.isnan(gpp[100])
    assert np.isnan(gpp[:24]).all()
    assert np.isnan(gpp[241:]).all()


def test_the_days_lowest_temperature_counts_for_mod17(forcing, half_hours):
    hours = half_hours.astype("datetime64[h]").astype(int) % 24
    data = forcing(half_hours, air_temperature=280.0 + 0.5 * hours)
    scalar = production(data)["temperature_scalar"].to_numpy()[48:-48]
    np.testing.assert_allclose(scalar, (280.0 - 273.15 + 6.0) / (9.94 + 6.0))


def test_towers_and_grids_give_what_their_points_give(forcing, months):
    data = forcing(months, air_temperature=np.linspace(275.0, 300.0, months.size))
    point = production(data, "tl-lue")["gross_primary_production"]
    towers = xr.concat([data, data], dim="tower").transpose("tower", "time")
    towers = towers.assign_coords(
        latitude=("tower", [42.4, 42.4]), longitude=("tower", [128.1, 128.1])
    )
    run = run_lue(towers, lue_parameters_for("DBF", "tl-lue"), model="tl-lue")
    assert run["gross_primary_production"].dims == ("tower", "time")
    np.testing.assert_array_equal(run["gross_primary_production"][1], point)
    grid = data.expand_dims(y=[42.0, 42.5], x=[128.0]).transpose("time", "y", "x")
    run = run_lue(grid, lue_parameters_for("DBF"))
    np.testing.assert_array_equal(
        run["gross_primary_production"][:, 1, 0], production(data)["gross_primary_production"]
    )


@pytest.mark.parametrize("igbp", [*TYPES, "WET", "CVM"])
@pytest.mark.parametrize("model", MODELS)
def test_every_type_has_parameters_with_source_unit_and_bounds(igbp, model):
    parameters = lue_parameters_for(igbp, model)
    for row in parameters.table():
        assert row.source
        assert row.unit
        assert row.description
        assert row.lower <= getattr(parameters, row.name) <= row.upper
    assert parameters.from_dict(parameters.to_dict()) == parameters
    assert parameters.highest_efficiency() > 0.0


@pytest.mark.parametrize(
    ("model", "absent", "named"),
    [
        ("mod17", "air_temperature", "air_temperature"),
        ("mod17", "surface_downwelling_shortwave_flux", "photosynthetic_photon_flux_density"),
        ("mod17", "absorbed_par_fraction", "leaf_area_index"),
        ("mod17", "vapour_pressure_deficit", "relative_humidity"),
        ("ec-lue", "latent_heat_flux", "latent_heat_flux"),
        ("ec-lue", "sensible_heat_flux", "sensible_heat_flux"),
    ],
)
def test_what_is_missing_is_named(model, absent, named, forcing, months):
    data = forcing(months, **(HEAT | {absent: None}))
    with pytest.raises(MissingVariableError, match=named):
        production(data, model)


def test_a_place_that_is_needed_is_asked_for(forcing, months):
    with pytest.raises(MissingVariableError, match="latitude"):
        run_lue(forcing(months), lue_parameters_for("DBF", "tl-lue"), model="tl-lue")


def test_soil_moisture_stress_needs_soil_moisture(forcing, months):
    with pytest.raises(MissingVariableError, match="soil_water_content"):
        production(forcing(months), soil_moisture_stress=True)


def test_a_misspelt_model_or_type_gets_a_hint():
    with pytest.raises(MissingVariableError, match="Did you mean 'tl-lue'"):
        lue_parameters_for("DBF", "tllue")
    with pytest.raises(MissingVariableError, match="no light-use efficiency"):
        lue_parameters_for("SNO")


def test_parameters_of_another_model_are_refused(forcing, months):
    with pytest.raises(OutOfBoundsError, match="Mod17Parameters, got CasaParameters"):
        run_lue(forcing(months), lue_parameters_for("DBF", "casa"), model="mod17")


def test_cardinal_temperatures_must_rise(forcing, months):
    # The bounds of the three do not overlap, so only a broken subclass could get here.
    parameters = lue_parameters_for("DBF", "vpm")
    object.__setattr__(parameters, "best_temperature", 50.0)
    with pytest.raises(OutOfBoundsError, match="must rise"):
        run_lue(forcing(months), parameters, model="vpm")


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("air_temperature", 20.0, OutOfBoundsError),
        ("absorbed_par_fraction", 55.0, OutOfBoundsError),
        ("vapour_pressure_deficit", -5.0, OutOfBoundsError),
        ("surface_downwelling_shortwave_flux", np.inf, OutOfBoundsError),
    ],
)
def test_impossible_weather_is_refused(name, value, error, forcing, months):
    with pytest.raises(error, match=name):
        production(forcing(months, **{name: value}))


def test_wrong_units_dimensions_and_times_are_refused(forcing, months, half_hours):
    data = forcing(months)
    data["vapour_pressure_deficit"].attrs["units"] = "kg"
    with pytest.raises(UnitsError, match="vapour_pressure_deficit"):
        production(data)
    with pytest.raises(DimsError, match="dimensions"):
        production(forcing(months).rename(time="moment"))
    with pytest.raises(DimsError, match="even"):
        production(forcing(np.delete(half_hours, 5)))
    with pytest.raises(DimsError, match="time_step_seconds"):
        production(forcing(months[:1]))
    data = forcing(half_hours, leaf_area_index=3.0)
    data.attrs["time_reference"] = "start of step, local time"
    with pytest.raises(DimsError, match="UTC"):
        production(data, "tl-lue")


def test_a_broken_variable_that_no_formula_reads_harms_nothing(forcing, months):
    data = forcing(months)
    data["latent_heat_flux"] = ("time", np.full(months.size, 1e9))
    assert np.isfinite(production(data)["gross_primary_production"]).all()


def test_importing_the_package_does_not_load_pyrealm():
    code = "import sys, fluxscape.lue; sys.exit('pyrealm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == 0
