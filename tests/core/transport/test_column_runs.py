"""Runs of a column on days and nights: budget, advection, rectifier, gaps, bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fluxscape.errors import MissingVariableError, OutOfBoundsError, UnitsError
from fluxscape.transport import (
    MixingParameters,
    by_hour,
    level_scores,
    make_column,
    prepare_column,
    rectifier,
    run_column,
)
from helpers.columns import column_forcing
from helpers.shared import shared_file


def _column(days: int = 6, **options):
    return make_column(column_forcing(days), latitude=40.0, heights=[10.0, 100.0], **options)


def test_the_budget_of_a_run_closes_step_by_step() -> None:
    forcing = column_forcing(6)
    attrs = {"units": "s-1"}
    forcing["horizontal_divergence"] = ("time", np.full(forcing.sizes["time"], 4e-6), attrs)
    forcing["carbon_dioxide_gradient_east"] = (
        "time", np.full(forcing.sizes["time"], 2e-6), {"units": "umol mol-1 m-1"},
    )  # fmt: skip
    product = run_column(make_column(forcing, latitude=40.0))
    terms = ("background_flux", "subsidence_flux", "advection_flux", "net_ecosystem_exchange")
    inside = sum(product[name] for name in terms)
    assert product["storage_flux"].to_numpy() == pytest.approx(inside.to_numpy(), abs=1e-6)
    assert product.attrs["mass_error"] < 1e-12
    # Wind from the west over a rise to the east brings poorer air.
    assert (product["advection_flux"] < 0.0).all()
    assert product.attrs["time_reference"] == "start of step, UTC"


def test_a_year_keeps_its_carbon_to_a_billionth() -> None:
    product = run_column(_column(365))
    assert product.attrs["mass_error"] < 1e-9


@pytest.mark.parametrize("scheme", ["counter_gradient", "asymmetric", "blackadar", "local"])
def test_night_is_rich_and_day_poor_near_the_ground(scheme) -> None:
    product = run_column(_column(scheme=scheme))
    course = by_hour(product["inlet_carbon_dioxide_mole_fraction"], 0.0)
    assert float(course.sel(hour=4)[0] - course.sel(hour=15)[0]) > 8.0
    # Two inlets differ much by night and little by day.
    apart = np.abs(course[:, 0] - course[:, 1])
    assert float(apart.sel(hour=3)) > 3.0 * float(apart.sel(hour=14))
    assert set(np.unique(product["mixing_regime"])) == {0, 1, 2}


def test_balanced_fluxes_leave_an_excess_near_the_ground() -> None:
    found = rectifier(_column(20))
    assert float(found["surface_excess"].sel(part="diurnal")) > 2.0
    assert abs(float(found["surface_excess"].sel(part="mean"))) > 0.1


def test_the_parts_of_the_rectifier_add_up_to_the_run() -> None:
    column = _column(6)
    found = rectifier(column)["mean_response"].sum("part").to_numpy()
    product = run_column(column, spin_up_days=0.0)
    mean = product["carbon_dioxide_mole_fraction"].mean("time").to_numpy()
    assert found == pytest.approx(mean - 380.0, abs=1e-9)


def test_gaps_are_filled_and_counted() -> None:
    forcing = column_forcing(6)
    forcing["net_ecosystem_exchange"][10:14] = np.nan
    forcing["friction_velocity"][40] = 0.0
    facts = prepare_column(forcing, latitude=40.0).facts
    assert facts["filled"]["net_ecosystem_exchange"]["share"] == pytest.approx(4 / 288)
    assert facts["raised_friction_velocity_share"] == pytest.approx(1 / 288)
    assert "interpolated" in facts["filled"]["net_ecosystem_exchange"]["method"]


def test_left_out_steps_count_as_gaps() -> None:
    forcing = column_forcing(6)
    shorter = forcing.isel(time=np.r_[0:50, 53:288])
    ready = prepare_column(shorter, latitude=40.0)
    assert ready.times.size == 288
    assert ready.facts["filled"]["air_temperature"]["share"] == pytest.approx(3 / 288)


def test_without_heat_flux_the_obukhov_length_stands_in() -> None:
    forcing = column_forcing(3)
    full = prepare_column(forcing, latitude=40.0)
    length = ("time", full.surface.obukhov_length, {"units": "m"})
    other = prepare_column(
        forcing.drop_vars("sensible_heat_flux").assign(obukhov_length=length), latitude=40.0
    )
    assert other.surface.heat == pytest.approx(full.surface.heat, rel=0.05)
    assert "heat flux from the Obukhov length" in other.facts["assumed"]
    with pytest.raises(MissingVariableError, match="sensible_heat_flux"):
        prepare_column(forcing.drop_vars("sensible_heat_flux"), latitude=40.0)


def test_bad_forcing_is_refused_by_name() -> None:
    forcing = column_forcing(3)
    with pytest.raises(MissingVariableError, match="friction_velocity"):
        prepare_column(forcing.drop_vars("friction_velocity"), latitude=40.0)
    wrong = forcing.copy()
    wrong["net_ecosystem_exchange"].attrs["units"] = "K"
    with pytest.raises(UnitsError, match="net_ecosystem_exchange"):
        prepare_column(wrong, latitude=40.0)
    with pytest.raises(OutOfBoundsError, match="latitude"):
        prepare_column(forcing, latitude=95.0)
    with pytest.raises(OutOfBoundsError, match="background must lie within"):
        prepare_column(
            forcing.drop_vars("background_carbon_dioxide_mole_fraction"),
            latitude=40.0,
            background=1.0,
        )
    empty = forcing.copy()
    empty["net_ecosystem_exchange"][:] = np.nan
    with pytest.raises(MissingVariableError, match="no value at all"):
        prepare_column(empty, latitude=40.0)


def test_stronger_mixing_weakens_what_a_flux_does() -> None:
    weak, strong = (
        run_column(_column(parameters=MixingParameters(height_scale=s, diffusivity_scale=s)))
        for s in (0.7, 1.4)
    )
    name = "inlet_carbon_dioxide_mole_fraction"
    assert float(np.abs(weak[name] - 380.0).mean()) > float(np.abs(strong[name] - 380.0).mean())


def test_scores_of_levels_skip_what_was_not_observed() -> None:
    observed = np.array([[1.0, 2.0], [np.nan, 3.0], [3.0, 5.0]])
    rows = level_scores(np.array([[1.0, 2.0], [9.0, 3.0], [3.0, 4.0]]), observed)
    assert [row["n"] for row in rows] == [2, 3]
    assert rows[0]["rmse"] == 0.0


def test_a_real_season_runs_on_fluxes_that_were_measured() -> None:
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    table = read_flux_table(
        shared_file("data/footprint_US-UTE_2024.csv"), utc_offset_hours=-7.0,
        measurement_height=3.5, canopy_height=0.3,
    )  # fmt: skip
    column = make_column(table, latitude=37.7353, heights=[3.5], displacement_height=0.2)
    product = run_column(column)
    assert product.sizes["time"] == table.sizes["time"]
    assert product.attrs["mass_error"] < 1e-9
    facts = json.loads(product.attrs["forcing"])
    assert facts["boundary_layer_height"].startswith("given")
    assert 0.0 < facts["filled"]["net_ecosystem_exchange"]["share"] < 0.05
    assert facts["advection"].startswith("none")
