"""Contracts: what is wrong is named with variable, value, wish and place."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.contracts import Need, check_dataset, convert_units, driven_status, provenance
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError
from fluxscape.vocabulary import VARIABLES

TIMES = pd.date_range("2020-01-01", periods=3, freq="30min")
NEEDS = (Need("air_temperature"), Need("wind_speed", required=False))


def _dataset(values: list[float], units: str | None = "K") -> xr.Dataset:
    attrs = {"units": units} if units else {}
    return xr.Dataset({"air_temperature": ("time", values, attrs)}, coords={"time": TIMES})


def test_a_good_dataset_comes_back_in_float64_and_the_declared_unit() -> None:
    out = check_dataset(_dataset([1.0, 2.0, 3.0], "degC"), NEEDS, where="test")
    np.testing.assert_allclose(out.air_temperature, [274.15, 275.15, 276.15])
    assert out.air_temperature.attrs["units"] == "K"
    assert out.air_temperature.dtype == np.float64


def test_a_missing_variable_is_named_with_its_unit_and_the_nearest_name() -> None:
    dataset = _dataset([280.0] * 3).rename(air_temperature="air_temprature")
    with pytest.raises(MissingVariableError, match=r"'air_temperature' \[K\].*air_temprature"):
        check_dataset(dataset, NEEDS, where="test")


@pytest.mark.parametrize("units", [None, "Pa", "kelvins per fortnight", "", "!!"])
def test_a_unit_that_is_absent_foreign_or_nonsense_is_refused(units: str | None) -> None:
    with pytest.raises(UnitsError, match="air_temperature"):
        check_dataset(_dataset([280.0] * 3, units), NEEDS, where="test")


@pytest.mark.parametrize("bad", [20.0, 400.0, np.inf, -np.inf])
def test_a_value_out_of_bounds_names_value_and_first_time(bad: float) -> None:
    with pytest.raises(OutOfBoundsError, match=r"time=2020-01-01T00:30.*1 of 3"):
        check_dataset(_dataset([280.0, bad, 281.0]), NEEDS, where="test")


def test_missing_values_pass_unless_the_face_bars_them() -> None:
    dataset = _dataset([280.0, np.nan, 281.0])
    assert np.isnan(check_dataset(dataset, NEEDS, where="test").air_temperature[1])
    with pytest.raises(OutOfBoundsError, match="nan"):
        check_dataset(dataset, (Need("air_temperature", missing_allowed=False),), where="test")


def test_swapped_or_foreign_dimensions_are_refused() -> None:
    dataset = xr.Dataset({"air_temperature": (("x", "time"), [[280.0] * 3], {"units": "K"})})
    with pytest.raises(DimsError, match=r"\('x', 'time'\), wanted \('time',\)"):
        check_dataset(dataset, NEEDS, where="test")


@pytest.mark.parametrize("order", [[0, 2, 1], [0, 1, 1]])
def test_times_that_run_back_or_stand_still_are_refused(order: list[int]) -> None:
    dataset = _dataset([280.0] * 3).isel(time=order)
    with pytest.raises(DimsError, match="must increase strictly"):
        check_dataset(dataset, NEEDS, where="test")


def test_nothing_is_changed_in_the_input() -> None:
    dataset = _dataset([1.0, 2.0, 3.0], "degC")
    before = dataset.copy(deep=True)
    check_dataset(dataset, NEEDS, where="test")
    xr.testing.assert_identical(dataset, before)


@given(st.floats(-50, 50))
def test_conversion_to_kelvin_and_back_is_exact_to_rounding(celsius: float) -> None:
    array = xr.DataArray([celsius], dims="time", attrs={"units": "degC"}, name="t")
    back = convert_units(convert_units(array, "K", where="test"), "degC", where="test")
    assert back.item() == pytest.approx(celsius, abs=1e-9)


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda v: v.name)
def test_every_unit_of_the_vocabulary_is_known_to_pint(variable: object) -> None:
    import cf_xarray.units  # noqa: PLC0415

    cf_xarray.units.units.Unit(variable.units)  # type: ignore[attr-defined]


def test_provenance_carries_version_status_and_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    attrs = provenance(status="simulated", source="test", parameters={"b": 1, "a": 2}, seed=7)
    assert attrs["data_status"] == "simulated"
    assert json.loads(attrs["parameters"]) == {"a": 2, "b": 1}
    assert attrs["history"].startswith("1970-01-01T00:00:00Z")
    assert attrs["seed"] == 7


def test_an_unknown_data_status_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="guessed"):
        provenance(status="guessed", source="test")


@pytest.mark.parametrize(
    ("stated", "found"),
    [
        ("observed", "reconstructed"),
        ("simulated", "simulated"),
        ("mixed", "mixed"),
        ("reconstructed", "reconstructed"),
        ("hearsay", "mixed"),
        (None, "reconstructed"),
    ],
)
def test_a_run_is_no_more_observed_than_what_drives_it(stated: str | None, found: str) -> None:
    forcing = xr.Dataset(attrs={} if stated is None else {"data_status": stated})
    assert driven_status(forcing) == found
