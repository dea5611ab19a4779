"""Trends against pymannkendall, SciPy, MeteoSwiss's package and closed forms."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.atlas import _kernels as kernels
from fluxscape.atlas.trends import kendall_variance, series_trend, time_in_years, trend
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError
from helpers.shared import shared_file

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "reference" / "trend_cases.json").read_text()
)
SERIES = CASES["series"]

pytestmark = pytest.mark.kernel


def annual(values: Any, first_year: int = 1979, **attrs: str) -> xr.DataArray:
    """Return a labelled array with an annual time axis in front."""
    array = np.asarray(values, dtype=float)
    time = np.datetime64(str(first_year), "Y") + np.arange(array.shape[0])
    dims = ("time", "y", "x")[: array.ndim]
    return xr.DataArray(
        array,
        dims=dims,
        coords={"time": time.astype("datetime64[ns]")},
        attrs={"units": "kg m-2 year-1"} | attrs,
        name="evapotranspiration",
    )


@pytest.mark.parametrize("name", SERIES)
def test_the_map_face_reproduces_every_reference_series(name: str) -> None:
    case = SERIES[name]
    result = trend(annual(case["x"]), minimum_count=3)
    assert result["s"].item() == case["S"]
    assert result["variance"].item() == case["var_S"]
    assert result["slope"].item() == case["sen_slope"]
    assert result["n"].item() == case["n"]
    assert result["z"].item() == pytest.approx(case["z"], abs=1e-15)
    assert result["p_value"].item() == pytest.approx(case["p"], abs=1e-15)
    assert result["tau"].item() == pytest.approx(case["tau"], abs=1e-15)
    assert result["intercept"].item() == pytest.approx(case["sen_intercept_median"], abs=1e-12)


@pytest.mark.parametrize("name", SERIES)
def test_the_single_series_reproduces_every_reference_series(name: str) -> None:
    case = SERIES[name]
    result = series_trend(case["x"], range(case["n"]))
    assert (result.s, result.variance, result.count) == (case["S"], case["var_S"], case["n"])
    assert result.slope == case["sen_slope"]
    assert result.p_value == pytest.approx(case["p"], abs=1e-15)
    if "theil_sen_ci95_scipy" in case:
        interval = (result.slope_low, result.slope_high)
        assert interval == pytest.approx(case["theil_sen_ci95_scipy"], abs=1e-14)


def test_prewhitening_gives_the_reference_statistics_and_keeps_the_slope() -> None:
    case = SERIES["et34_ar1"]
    wanted = case["pre_whitening"]
    result = trend(annual(case["x"]), method="prewhitened")
    assert result["s"].item() == wanted["s"]
    assert result["variance"].item() == wanted["var_s"]
    assert result["p_value"].item() == pytest.approx(wanted["p"], abs=1e-12)
    assert result["slope"].item() == case["sen_slope"]
    assert series_trend(case["x"], range(34)).p_value_prewhitened == pytest.approx(wanted["p"])


def test_a_constant_series_has_no_trend_and_no_missing_numbers() -> None:
    result = trend(annual(np.full(34, 7.0)))
    assert (result["s"], result["z"], result["p_value"], result["slope"]) == (0, 0, 1, 0)
    white = trend(annual(np.full(34, 7.0)), method="prewhitened")
    assert (white["p_value"], white["slope"], white["intercept"]) == (1, 0, 7)


def test_variance_with_ties_in_values_and_times_equals_meteoswiss() -> None:
    case = CASES["kendall_variance"]
    ties = np.repeat([int(k) for k in case["value_ties"]], list(case["value_ties"].values()))
    variance = kendall_variance(sum(case["time_ties"]), ties, case["time_ties"])
    assert variance == pytest.approx(case["variance"], rel=1e-14)
    assert kernels.standard_score(case["s"], variance) == pytest.approx(case["z"], abs=1e-12)


def test_a_record_of_several_values_a_year_equals_meteoswiss() -> None:
    case = CASES["kendall_variance"]
    lines = shared_file("data/mann_kendall/S_test_test1_in1.csv").read_text().splitlines()[1:]
    stamps = shared_file("data/mann_kendall/S_test_test1_in2.csv").read_text().splitlines()[1:]
    values = np.array([float(line) for line in lines])
    years = np.array([float(line.split(",")[0]) for line in stamps])
    keep = np.isfinite(values)
    s = kernels.kendall_s(values[keep][:1500], years[keep][:1500])
    direct = np.sign(values[keep][:1500, None] - values[keep][None, :1500])
    direct *= years[keep][:1500, None] > years[keep][None, :1500]
    assert s == direct.sum()
    if kernels.kendall_s.__class__.__name__ == "CPUDispatcher":  # plain Python takes minutes
        assert kernels.kendall_s(values[keep], years[keep]) == case["s"]


def test_a_gap_keeps_the_true_times() -> None:
    years = np.arange(34.0)
    values = 3.0 + 0.5 * years
    values[10:20] = np.nan
    result = trend(annual(values))
    assert result["slope"].item() == pytest.approx(0.5, abs=1e-12)
    assert result["intercept"].item() == pytest.approx(3.0, abs=1e-12)
    assert result["n"].item() == 24


def test_a_missing_first_year_leaves_the_line_anchored_at_the_first_time() -> None:
    values = 3.0 + 0.5 * np.arange(34.0)
    values[:2] = np.nan
    assert trend(annual(values))["intercept"].item() == pytest.approx(3.0, abs=1e-12)


def test_prewhitening_uses_no_pair_across_a_gap() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=34)
    values[[5, 6, 20]] = np.nan
    finite = np.flatnonzero(np.isfinite(values))
    mean = np.nanmean(values)
    inner = [(i, j) for i, j in pairwise(finite) if j - i == 1]
    r1 = sum((values[i] - mean) * (values[j] - mean) for i, j in inner)
    r1 /= np.nansum((values - mean) ** 2)
    white = [values[j] - r1 * values[i] for i, j in inner]
    wanted = series_trend(white, [j for _, j in inner])
    result = trend(annual(values), method="prewhitened")
    assert result["s"].item() == wanted.s
    assert result["p_value"].item() == pytest.approx(wanted.p_value, abs=1e-14)
    assert result["n"].item() == 31


def test_short_series_are_missing_and_say_how_many_values_they_have() -> None:
    values = np.full((34, 1, 2), np.nan)
    values[:9, 0, 0] = np.arange(9)
    values[:10, 0, 1] = np.arange(10)
    result = trend(annual(values))
    assert np.isnan(result["slope"].to_numpy()[0, 0])
    assert result["n"].to_numpy().tolist() == [[9, 10]]
    assert result["slope"].to_numpy()[0, 1] == 1.0


def test_maps_keep_their_dimensions_coordinates_and_units() -> None:
    rng = np.random.default_rng(1)
    field = annual(rng.normal(size=(34, 3, 4)), data_status="simulated")
    field = field.assign_coords(y=[1.0, 2.0, 3.0], x=[5.0, 6.0, 7.0, 8.0])
    result = trend(field)
    assert result["slope"].dims == ("y", "x")
    assert result["slope"].attrs["units"] == "kg m-2 year-1 year-1"
    assert result.attrs["data_status"] == "simulated"
    assert result.attrs["period"] == "1979-01-01 to 2012-01-01"
    assert result.x.to_numpy().tolist() == [5.0, 6.0, 7.0, 8.0]
    transposed = trend(field.transpose("y", "time", "x"))
    xr.testing.assert_identical(transposed, result)


def test_threads_do_not_change_a_bit() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(600, 12))
    times = np.arange(12.0)
    one = np.empty((600, kernels.COLUMNS))
    many = np.empty_like(one)
    kernels.trend_block(rows, times, 1.0, 3, kernels.MANN_KENDALL, one)
    kernels.trend_rows(rows, times, 1.0, 3, kernels.MANN_KENDALL, many)
    assert one.tobytes() == many.tobytes()


def test_months_count_as_neighbours_although_their_lengths_differ() -> None:
    months = np.arange("2000-01", "2004-01", dtype="datetime64[M]").astype("datetime64[ns]")
    rng = np.random.default_rng(3)
    array = xr.DataArray(
        rng.normal(size=48), dims="time", coords={"time": months}, attrs={"units": "1"}
    )
    result = trend(array, method="prewhitened")
    assert result["variance"].item() == 47 * 46 * 99 / 18


def test_years_run_evenly_and_leap_years_count_their_own_days() -> None:
    stamps = np.array(["1980-01-01", "1980-07-01", "1981-01-01"], dtype="datetime64[ns]")
    array = xr.DataArray(np.zeros(3), dims="time", coords={"time": stamps})
    assert time_in_years(array).tolist() == [1980.0, 1980.0 + 182 / 366, 1981.0]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-5, 5).map(float) | st.floats(-1e3, 1e3), min_size=3, max_size=30),
    st.randoms(use_true_random=False),
)
def test_any_series_equals_the_plain_definition(values: list[float], random: Any) -> None:
    times = np.cumsum([random.choice([1.0, 1.0, 2.5]) for _ in values])
    array = xr.DataArray(values, dims="time", coords={"time": times}, attrs={"units": "1"})
    result = trend(array, minimum_count=3)
    i, j = np.triu_indices(len(values), 1)
    x = np.array(values)
    assert result["s"].item() == np.sign(x[j] - x[i]).sum()
    assert result["slope"].item() == np.median((x[j] - x[i]) / (times[j] - times[i]))
    groups = np.unique(x, return_counts=True)[1]
    assert result["variance"].item() == kendall_variance(x.size, groups)


def test_errors_name_what_is_wrong() -> None:
    good = annual(np.arange(34.0))
    with pytest.raises(UnitsError, match="carries no units"):
        trend(good.drop_attrs())
    with pytest.raises(MissingVariableError, match="Did you mean 'prewhitened'"):
        trend(good, method="prewhitend")  # type: ignore[arg-type]
    with pytest.raises(OutOfBoundsError, match="minimum_count = 2"):
        trend(good, minimum_count=2)
    with pytest.raises(DimsError, match="wanted 'time' among them"):
        trend(good.rename(time="year"))
    with pytest.raises(DimsError, match="must increase strictly"):
        trend(good.isel(time=slice(None, None, -1)))
    with pytest.raises(DimsError, match="5 times are fewer than the 10"):
        trend(good[:5])
    with pytest.raises(OutOfBoundsError, match="1 infinite values"):
        trend(good.where(good != 3.0, np.inf))
    with pytest.raises(DimsError, match="of type <U1"):
        trend(good.assign_coords(time=["a"] * 34))
    with pytest.raises(DimsError, match="equally long"):
        series_trend([1.0, 2.0], [1.0])
    with pytest.raises(DimsError, match="must not decrease"):
        series_trend([1.0, 2.0, 3.0], [1.0, 3.0, 2.0])
    with pytest.raises(DimsError, match="2 values at 2 times"):
        series_trend([1.0, 2.0, np.nan], [1.0, 2.0, 3.0])


def wang_swail_by_hand(x: np.ndarray) -> tuple[float, float]:
    """Return r1 and p by Wang and Swail 2001, written down once more from their appendix."""
    n, t = x.size, np.arange(float(x.size))
    slope, r1 = series_trend(x, t).slope, 0.0
    for _ in range(20):
        rest = x - slope * t
        rest = rest - rest.mean()
        last, r1 = r1, float((rest[1:] * rest[:-1]).sum() / (rest**2).sum())
        r1 = min(r1 + (1 + 4 * r1) / n, 0.95)
        if r1 < 0.05:
            return 0.0, series_trend(x, t).p_value
        if abs(r1 - last) < 1e-4:
            break
        slope = series_trend((x[1:] - r1 * x[:-1]) / (1 - r1), t[1:]).slope
    return r1, series_trend(x[1:] - r1 * x[:-1], t[1:]).p_value


@pytest.mark.parametrize("seed", range(6))
def test_wang_swail_follows_its_paper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = 0.05 * np.arange(34.0)
    noise = 0.0
    for i in range(34):
        noise = 0.15 * seed * noise + rng.normal()
        x[i] += noise
    r1, p_value = wang_swail_by_hand(x)
    result = trend(annual(x), method="wang_swail")
    assert result["p_value"].item() == pytest.approx(p_value, rel=1e-9)
    assert result["slope"].item() == trend(annual(x))["slope"].item()
    single = series_trend(x, np.arange(34))
    assert single.autocorrelation == pytest.approx(r1, abs=1e-12)
    assert single.p_value_wang_swail == pytest.approx(p_value, rel=1e-9)


def test_a_strong_trend_is_missed_by_plain_prewhitening_only() -> None:
    rng = np.random.default_rng(11)
    rows = annual(0.3 * np.arange(34.0)[:, None, None] + rng.normal(size=(34, 20, 10)))
    found = {
        method: float((trend(rows, method=method)["p_value"] < 0.05).mean())
        for method in ("mann_kendall", "prewhitened", "wang_swail")
    }
    assert found["mann_kendall"] == found["wang_swail"] == 1.0
    assert found["prewhitened"] < 0.8


def test_memory_without_a_trend_is_seldom_called_a_trend() -> None:
    rng = np.random.default_rng(12)
    noise = rng.normal(size=(60, 30, 20))
    for i in range(1, 60):
        noise[i] += 0.5 * noise[i - 1]
    rows = annual(noise[26:])
    rates = {
        method: float((trend(rows, method=method)["p_value"] < 0.05).mean())
        for method in ("mann_kendall", "prewhitened", "wang_swail")
    }
    assert rates["mann_kendall"] > 0.16
    assert rates["prewhitened"] < 0.09
    assert rates["wang_swail"] < 0.13
