"""Parts of a record, weights by flux, roughness by sector, filled inputs, sensitivity."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import MissingVariableError, OutOfBoundsError, RunError
from fluxscape.footprint import (
    climatology_by_period,
    footprint_climatology,
    input_sensitivity,
    period_mask,
)
from fluxscape.footprint.roughness import fit_sector_roughness
from fluxscape.footprint.sensitivity import VARIATIONS
from fluxscape.vocabulary import VARIABLES
from helpers.footprints import SITE, make_records, varied_records


def year(step_hours: int = 6) -> xr.Dataset:
    """Return records through two years."""
    times = np.arange(
        np.datetime64("2020-01-01", "ns"),
        np.datetime64("2022-01-01", "ns"),
        np.timedelta64(step_hours, "h"),
    )
    records = make_records(times.size)
    records = records.assign_coords(time=times)
    records.attrs["time_step_seconds"] = step_hours * 3600
    return records


def with_variable(records: xr.Dataset, name: str, values: object) -> xr.Dataset:
    """Return the records with one more variable."""
    array = np.broadcast_to(np.asarray(values, dtype=float), (records.sizes["time"],)).copy()
    return records.assign({name: (("time",), array, {"units": VARIABLES[name].units})})


def test_all_seasons_make_the_year() -> None:
    records = year()
    seasons = [period_mask(records, name) for name in ("DJF", "MAM", "JJA", "SON")]
    assert (np.sum(seasons, axis=0) == 1).all()
    assert period_mask(records, "all").all()


def test_months_and_years_combine() -> None:
    records = year()
    assert period_mask(records, "2020").sum() == 366 * 4
    assert period_mask(records, "2020-02").sum() == 29 * 4
    assert period_mask(records, "month-02").sum() == (29 + 28) * 4
    both = period_mask(records, "month-02+2021")
    assert (both == period_mask(records, "2021-02")).all()


def test_months_are_those_of_the_local_calendar() -> None:
    records = year()
    local = period_mask(records, "2020", utc_offset_hours=8.0)
    # In China the year 2021 begins at 16:00 UTC on 31 December.
    assert not local[records["time"].to_numpy() == np.datetime64("2020-12-31T18:00")].any()


def test_day_and_night_follow_the_sun() -> None:
    records = year(step_hours=1)
    day = period_mask(records, "day", latitude=40.0, longitude=0.0)
    night = period_mask(records, "night", latitude=40.0, longitude=0.0)
    assert (day ^ night).all()
    hours = records["time"].dt.hour.to_numpy()
    assert day[hours == 12].all()
    assert night[hours == 0].all()
    summer, winter = (period_mask(records, name) for name in ("JJA", "DJF"))
    assert day[summer].mean() > 1.3 * day[winter].mean()


def test_measured_light_tells_day_where_no_coordinates_are_known() -> None:
    records = make_records(3)
    with pytest.raises(MissingVariableError, match="latitude"):
        period_mask(records, "day")
    lit = with_variable(records, "surface_downwelling_shortwave_flux", [0.0, 500.0, np.nan])
    assert list(period_mask(lit, "day")) == [False, True, False]


def test_local_time_of_unknown_offset_is_not_matched_with_the_sun() -> None:
    records = make_records(2)
    records.attrs["time_reference"] = "start of step, local time of unknown offset from UTC"
    with pytest.raises(MissingVariableError, match="offset from UTC"):
        period_mask(records, "night", latitude=40.0, longitude=0.0)


@pytest.mark.parametrize("period", ["", "month-13", "month-00", "2020-14", "summer", "day+never"])
def test_text_that_is_no_period_is_refused(period: str) -> None:
    records = with_variable(make_records(2), "surface_downwelling_shortwave_flux", 100.0)
    with pytest.raises(OutOfBoundsError, match="is no period"):
        period_mask(records, period)


def lobes(records: xr.Dataset, weight: str) -> float:
    """Return the share of the northern half in a climatology of a north and a south wind."""
    field = footprint_climatology(records, **SITE, weights=weight, extent=200.0)
    density = field["footprint"]
    return float(density.sel(y=slice(1.0, None)).sum() / density.sum())


@pytest.mark.parametrize(
    ("weight", "variable", "values", "northern"),
    [
        ("gpp", "gross_primary_production", [30.0, 10.0], 0.75),
        ("gpp", "gross_primary_production", [30.0, -10.0], 1.0),
        ("et", "evapotranspiration", [3e-5, 1e-5], 0.75),
        ("et", "latent_heat_flux", [300.0, 100.0], 0.75),
        ("nee", "net_ecosystem_exchange", [-30.0, 10.0], 0.75),
    ],
)
def test_fluxes_weigh_by_component_or_size(
    weight: str, variable: str, values: list[float], northern: float
) -> None:
    records = with_variable(make_records(2, wind_from_direction=[0.0, 180.0]), variable, values)
    assert lobes(records, weight) == pytest.approx(northern, abs=0.01)


def test_record_without_the_flux_is_rejected() -> None:
    records = with_variable(make_records(3), "gross_primary_production", [10.0, np.nan, 5.0])
    field = footprint_climatology(records, **SITE, weights="gpp", extent=50.0)
    assert json.loads(field.attrs["rejected_by"]) == {"missing_weight": 1}
    assert field.attrs["weight"] == "gpp"


def test_hours_of_the_day_count_alike_however_many_records_they_have() -> None:
    records = make_records(4, wind_from_direction=[0.0, 0.0, 0.0, 180.0])
    hours = ["2021-06-01T10:00", "2021-06-01T10:30", "2021-06-02T10:00", "2021-06-02T22:00"]
    records = records.assign_coords(time=np.array(hours, dtype="datetime64[ns]"))
    assert lobes(records, "equal") == pytest.approx(0.75, abs=0.01)
    assert lobes(records, "hours") == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(
    ("weight", "match"), [("gpp", "gross_primary_production"), ("gdp", "Did you mean 'gpp'")]
)
def test_unknown_or_absent_weight_is_refused(weight: str, match: str) -> None:
    with pytest.raises(MissingVariableError, match=match):
        footprint_climatology(make_records(), **SITE, weights=weight)


def test_weights_that_are_all_zero_are_refused() -> None:
    records = with_variable(make_records(2), "gross_primary_production", [-1.0, 0.0])
    with pytest.raises(OutOfBoundsError, match="zero"):
        footprint_climatology(records, **SITE, weights="gpp")


def test_stack_of_periods_averages_to_the_whole() -> None:
    records = year(step_hours=240)
    records["wind_from_direction"][:] = np.linspace(0.0, 360.0, records.sizes["time"])
    seasons = ("DJF", "MAM", "JJA", "SON", "1999")
    stack = climatology_by_period(records, seasons, **SITE, extent=100.0)
    whole = footprint_climatology(records, **SITE, extent=100.0)
    assert stack["footprint"].dims == ("period", "y", "x")
    assert int(stack["n_used"].sum()) == whole.attrs["n_used"]
    assert np.isnan(stack["footprint"].sel(period="1999")).all()
    known = stack.isel(period=slice(0, 4))
    mean = known["footprint"].weighted(known["n_used"]).mean("period")
    assert np.allclose(mean, whole["footprint"], rtol=1e-4, atol=1e-12)


def test_stack_without_any_record_is_an_error() -> None:
    with pytest.raises(RunError, match="no period"):
        climatology_by_period(make_records(2), ["1999"], **SITE)
    with pytest.raises(MissingVariableError, match="one period"):
        climatology_by_period(make_records(2), [], **SITE)


def neutral_wind(direction: np.ndarray, roughness: np.ndarray, height: float = 5.0) -> np.ndarray:
    """Return the wind over a roughness that depends on direction."""
    return 0.4 / 0.4 * np.log(height / roughness) + 0.0 * direction


def test_sectors_recover_a_roughness_that_turns_with_the_wind() -> None:
    direction = np.linspace(0.0, 360.0, 2000, endpoint=False)
    truth = np.where((direction > 90.0) & (direction < 270.0), 0.2, 0.02)
    fit = fit_sector_roughness(
        direction,
        neutral_wind(direction, truth),
        np.full(direction.size, 0.4),
        np.full(direction.size, 1e6),
        height=5.0,
    )
    assert fit.at(np.array([180.0]))[0] == pytest.approx(0.2, rel=0.01)
    assert fit.at(np.array([0.0, 360.0, 10.0])) == pytest.approx([0.02] * 3, rel=0.01)
    assert fit.records.min() > 100


def test_too_few_neutral_records_are_said() -> None:
    with pytest.raises(RunError, match="too few"):
        footprint_climatology(make_records(50), **(SITE | {"roughness_length": "sectors"}))


def test_fitted_roughness_serves_the_climatology() -> None:
    direction = np.linspace(0.0, 350.0, 200)
    wind = neutral_wind(direction, np.full(200, 0.05))
    records = make_records(200, wind_from_direction=direction, wind_speed=wind, obukhov_length=1e5)
    given = footprint_climatology(records, **SITE, extent=100.0)
    fitted = footprint_climatology(
        records, **(SITE | {"roughness_length": "sectors"}), extent=100.0
    )
    assert fitted.attrs["x_peak"] == pytest.approx(given.attrs["x_peak"], rel=1e-3)
    assert any("fitted" in text for text in json.loads(fitted.attrs["assumptions"]))


def test_word_that_is_no_roughness_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="sectors"):
        footprint_climatology(make_records(), **(SITE | {"roughness_length": "guess"}))


def test_site_with_measured_sigma_v_fills_gaps_with_its_own_ratio() -> None:
    records = make_records(1000, friction_velocity=0.4, lateral_velocity_std=1.0)
    records["lateral_velocity_std"][::10] = np.nan
    field = footprint_climatology(records, **SITE, extent=100.0)
    whole = footprint_climatology(
        make_records(1000, friction_velocity=0.4, lateral_velocity_std=1.0), **SITE, extent=100.0
    )
    assert json.loads(field.attrs["n_filled"]) == {"lateral_velocity_std": 100}
    assert any("own" in text for text in json.loads(field.attrs["assumptions"]))
    assert np.allclose(field["footprint"], whole["footprint"], rtol=1e-5)


def test_sigma_v_of_a_site_without_any_follows_panofsky() -> None:
    records = make_records(lateral_velocity_std=None)
    filled = footprint_climatology(records, **SITE, extent=300.0)
    factor = (12.0 + 0.5 * 1000.0 / 50.0) ** (1.0 / 3.0)
    given = make_records(lateral_velocity_std=0.4 * factor)
    expected = footprint_climatology(given, **SITE, extent=300.0)
    assert np.allclose(filled["footprint"], expected["footprint"], rtol=1e-5)


def test_automatic_grid_resolves_the_peak_and_holds_the_nights() -> None:
    records = varied_records(200)
    field = footprint_climatology(records, **SITE, resolution="auto", extent="auto")
    near = np.nanquantile(field["record_peak_distance"], 0.1)
    assert field.attrs["resolution"] <= near / 5.0 * 1.001
    assert field.attrs["captured_fraction"] > 0.75
    assert max(field["footprint"].shape) <= 2001


def test_sensitivity_names_what_each_input_moves() -> None:
    records = varied_records(25)
    seen: list[str] = []
    results = input_sensitivity(
        records,
        measurement_height=5.0,
        canopy_height=0.5,
        extent=300.0,
        on_progress=lambda _, message: seen.append(message),
    )
    assert list(results) == ["base", *(variation.name for variation in VARIATIONS)]
    assert results["roughness_halved"]["x_peak"] > 0.05
    assert results["roughness_doubled"]["x_peak"] < -0.05
    assert results["sigma_v_up"]["area80_m2"] > 0.0
    assert results["sigma_v_up"]["x_peak"] == pytest.approx(0.0, abs=1e-9)
    assert "too few" in results["roughness_fitted"]["error"]
    assert math.isfinite(results["boundary_layer_filled"]["centroid_shift"])
    assert seen[-1] == "done"
