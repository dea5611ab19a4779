import numpy as np
import pytest

from fluxscape.dlm import MODES, Forcing, parameters_for, run_dlm, run_dlm_arrays, start_states
from fluxscape.errors import OutOfBoundsError
from helpers.dlm_climates import CLIMATES, climate_arrays, climate_dataset

TYPES = ("ENF", "EBF", "DBF", "GRA", "CRO", "C4", "OSH", "WET", "BSV")


def run(forcing, types=("DBF",), **options):
    settings = {"step_seconds": 1800.0, "reference_height": 40.0} | options
    return run_dlm_arrays(forcing, [parameters_for(name) for name in types], **settings)


@pytest.mark.parametrize("step", [900, 1800, 3600])
@pytest.mark.parametrize("name", CLIMATES)
def test_the_lean_mode_closes_in_every_climate(name, step):
    forcing = climate_arrays(CLIMATES[name], days=20, step_seconds=step)
    result = run(forcing, TYPES, mode="lean", carbon="pools", step_seconds=float(step))
    result.raise_for_status()
    assert result.worst_energy_residual.max() < 0.1
    assert result.worst_water_residual.max() < 1e-9
    assert result.worst_carbon_residual.max() < 1e-12
    assert result.states.soil_liquid.min() >= 0.0


@pytest.mark.parametrize("name", ["temperate summer", "monsoon", "hot desert", "dense"])
def test_the_lean_mode_stays_near_the_full_one(name):
    forcing = climate_arrays(CLIMATES[name], days=30)
    full, lean = (run(forcing, ("DBF", "GRA"), mode=mode) for mode in MODES)
    for flux, near in (("gross_primary_production", 0.05), ("latent_heat_flux", 0.03)):
        scale = np.maximum(np.abs(full.mean(flux)), 1.0)
        assert np.abs(lean.mean(flux) - full.mean(flux)).max() < near * scale.max(), flux


def test_a_lean_run_cut_in_two_gives_the_bits_of_an_unbroken_one():
    forcing = climate_arrays(CLIMATES["temperate summer"], days=10)
    start = start_states([parameters_for("DBF")], forcing.air_temperature.mean(axis=1))
    cut = 101  # within three hours of standing water
    first, second = (
        Forcing(*(np.ascontiguousarray(item[:, part]) for item in forcing))
        for part in (slice(0, cut), slice(cut, None))
    )
    whole = run(forcing, mode="lean", states=start)
    middle = run(first, mode="lean", states=start)
    end = run(second, mode="lean", states=middle.states)
    assert end.states.tobytes() == whole.states.tobytes()


def test_lean_threads_give_the_bits_of_one():
    forcing = climate_arrays(CLIMATES["monsoon"], days=10)
    one, two = (run(forcing, TYPES, mode="lean", threads=threads) for threads in (1, 2))
    assert one.means.tobytes() == two.means.tobytes()
    assert one.states.tobytes() == two.states.tobytes()


def test_a_run_says_which_mode_it_was():
    data = climate_dataset(CLIMATES["temperate summer"], days=2)
    place = {"latitude": 42.0, "longitude": 0.0}
    lean = run_dlm(data, parameters_for("DBF"), mode="lean", **place)
    assert lean.attrs["mode"] == "lean"
    assert "every 3 hours" in lean.attrs["mode_note"]
    assert lean.attrs["carbon"] == "basal"
    full = run_dlm(data, parameters_for("DBF"), **place)
    assert (full.attrs["mode"], full.attrs["carbon"]) == ("full", "pools")
    with pytest.raises(OutOfBoundsError, match="Did you mean 'lean'"):
        run_dlm(data, parameters_for("DBF"), mode="leen", **place)


@pytest.mark.parametrize("years", [-1, 100_000_000])
def test_impossible_repeats_of_the_first_year_are_refused(years):
    forcing = climate_dataset(CLIMATES["temperate summer"], days=2)
    place = {"latitude": 42.0, "longitude": 0.0}
    with pytest.raises(OutOfBoundsError, match="spin_up_years must lie within 0 to 10000"):
        run_dlm(forcing, parameters_for("DBF"), **place, spin_up_years=years)
