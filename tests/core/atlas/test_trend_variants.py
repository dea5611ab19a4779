"""Hamed-Rao, trend-free and seasonal tests against pymannkendall; attribution in closed form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.atlas._kernels_variants import rank_inflation
from fluxscape.atlas.attribution import HIGH_INFLATION, attribute
from fluxscape.atlas.trend_seasons import seasonal_trend
from fluxscape.atlas.trends import trend
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError

CASES = json.loads(
    (Path(__file__).parents[2] / "reference" / "pymannkendall_cases.json").read_text()
)


def annual(values: Any) -> xr.DataArray:
    years = np.arange(1979.0, 1979.0 + len(values))
    return xr.DataArray(values, dims="time", coords={"time": years}, attrs={"units": "mm"})


@pytest.mark.kernel
@pytest.mark.parametrize("case", CASES["annual"])
@pytest.mark.parametrize("method", ["hamed_rao", "trend_free", "prewhitened"])
def test_variants_equal_pymannkendall(case: dict[str, Any], method: str) -> None:
    found = trend(annual(case["x"]), method=method)
    wanted = case[method]
    assert float(found["slope"]) == pytest.approx(case["original"]["slope"], rel=1e-12)
    assert float(found["s"]) == wanted["s"]
    if np.isfinite(wanted["p"]) and wanted["variance"] > 0:
        # The pair that gives the Sen slope has tied residuals, which pymannkendall ranks by their
        # rounding: up to 0.3 % of the variance.
        near = 3e-3 if method == "hamed_rao" else 1e-9
        assert float(found["variance"]) == pytest.approx(wanted["variance"], rel=near)
        assert float(found["z"]) == pytest.approx(wanted["z"], rel=near, abs=1e-12)
        assert float(found["p_value"]) == pytest.approx(wanted["p"], rel=10 * near, abs=1e-8)


@pytest.mark.kernel
def test_a_negative_variance_of_hamed_and_rao_is_never_used() -> None:
    alternating = np.tile([1.0, -1.0], 17) + 1e-6 * np.arange(34)
    assert rank_inflation(alternating, np.empty(34)) > 0
    found = trend(annual(alternating), method="hamed_rao")
    assert np.isfinite(float(found["p_value"]))


@pytest.mark.kernel
@pytest.mark.parametrize("case", CASES["seasonal"])
def test_the_seasonal_test_equals_pymannkendall(case: dict[str, Any]) -> None:
    months = pd.date_range("1990-01-01", periods=len(case["x"]), freq="MS")
    values = xr.DataArray(case["x"], dims="time", coords={"time": months}, attrs={"units": "mm"})
    found = seasonal_trend(values)
    assert float(found["s"]) == case["s"]
    assert float(found["variance"]) == pytest.approx(case["variance"], rel=1e-12)
    assert float(found["z"]) == pytest.approx(case["z"], rel=1e-12)
    assert float(found["p_value"]) == pytest.approx(case["p"], rel=1e-10)
    assert float(found["tau"]) == pytest.approx(case["tau"], rel=1e-12)
    assert float(found["slope"]) == pytest.approx(case["slope"], rel=1e-9, abs=1e-12)
    plain = values.assign_coords(time=1990 + np.arange(len(case["x"])) / 12)
    assert float(seasonal_trend(plain)["s"]) == case["s"]


def test_a_cycle_without_a_trend_is_none_and_gaps_are_left_out() -> None:
    months = pd.date_range("1990-01-01", periods=240, freq="MS")
    data = np.tile(np.arange(12.0), 20)
    data[30:40] = np.nan
    values = xr.DataArray(data, dims="time", coords={"time": months}, attrs={"units": "mm"})
    found = seasonal_trend(values)
    assert float(found["p_value"]) == 1.0
    assert int(found["n"]) == 230
    with pytest.raises(OutOfBoundsError, match="period"):
        seasonal_trend(values, period=1)
    with pytest.raises(DimsError, match="two values of a season"):
        seasonal_trend(values[:10])
    with pytest.raises(UnitsError):
        seasonal_trend(values.drop_attrs())


def drivers(rng: np.random.Generator, years: int = 34) -> dict[str, xr.DataArray]:
    t = np.arange(years)
    return {
        "co2": annual(340 + 1.6 * t + rng.normal(0, 0.5, years)),
        "rain": annual(500 + rng.normal(0, 60, years)),
        "warmth": annual(10 + 0.03 * t + rng.normal(0, 0.5, years)),
    }


@pytest.mark.kernel
def test_coefficients_contributions_and_partial_correlations_are_those_of_least_squares() -> None:
    rng = np.random.default_rng(2)
    known = drivers(rng)
    stack = np.stack([values.to_numpy() for values in known.values()])
    weights = np.array([2.0, 0.5, -8.0])
    y = weights @ stack + rng.normal(0, 10, 34)
    found = attribute(annual(y), known)
    design = np.column_stack([np.ones(34), stack.T])
    fitted = np.linalg.lstsq(design, y, rcond=None)[0]
    assert found["coefficient"].to_numpy() == pytest.approx(fitted[1:], rel=1e-8)
    rest = y - design @ fitted
    assert float(found["r2"]) == pytest.approx(1 - (rest**2).sum() / ((y - y.mean()) ** 2).sum())
    # Partial correlation: of what the other drivers leave of both.
    for j in range(3):
        others = np.delete(design, j + 1, axis=1)
        left = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (y, stack[j])]
        expected = np.corrcoef(*left)[0, 1]
        assert float(found["partial_correlation"][j]) == pytest.approx(expected, rel=1e-7)
        r2 = 1 - (left[1] ** 2).sum() / ((stack[j] - stack[j].mean()) ** 2).sum()
        assert float(found["variance_inflation"][j]) == pytest.approx(1 / (1 - r2), rel=1e-7)
    total = float(found["contribution"].sum() + found["remainder"])
    assert total == pytest.approx(float(found["trend"]), rel=1e-10)
    assert float(found["p_value"].sel(driver="rain")) < 0.01


@pytest.mark.kernel
def test_maps_take_drivers_of_time_alone_and_repeated_drivers_have_no_share() -> None:
    rng = np.random.default_rng(4)
    known = drivers(rng)
    y = xr.concat([known["rain"] * 2, known["rain"] * 3 + 1], dim="x")
    y = (y + rng.normal(0, 5, y.shape)).assign_attrs(units="g m-2")
    found = attribute(y, known)
    assert found["coefficient"].dims == ("driver", "x")
    assert found["coefficient"].sel(driver="rain").to_numpy() == pytest.approx([2, 3], rel=0.1)
    twice = known | {"again": known["co2"]}
    assert np.isnan(attribute(y, twice)["coefficient"]).all()
    close = known | {"leaves": known["co2"] * 0.01 + rng.normal(0, 0.02, 34)}
    inflation = attribute(y, close)["variance_inflation"]
    assert float(inflation.sel(driver="co2").max()) > HIGH_INFLATION


def test_drivers_on_other_years_and_missing_ones_are_refused() -> None:
    known = drivers(np.random.default_rng(1))
    flux = known["rain"] * 2
    flux.attrs["units"] = "mm"
    with pytest.raises(DimsError, match="'co2' stands on another 'time'"):
        attribute(flux, {"co2": known["co2"].assign_coords(time=np.arange(34.0))})
    with pytest.raises(MissingVariableError, match="1 to 8 drivers"):
        attribute(flux, {})
    with pytest.raises(UnitsError):
        attribute(flux.drop_attrs(), known)
