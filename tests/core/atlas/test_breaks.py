import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fluxscape.atlas.breaks import broken_line, pettitt, slope_interval_by_blocks
from fluxscape.atlas.significance import field_significance
from fluxscape.errors import DimsError, OutOfBoundsError, UnitsError

pytestmark = pytest.mark.kernel


def series(values, **attrs):
    return xr.DataArray(
        np.asarray(values, float),
        dims=("time",),
        coords={"time": 1979 + np.arange(len(values))},
        attrs={"units": "mm year-1"} | attrs,
    )


def plain_pettitt(x):
    """Return K and the index by Pettitt's definition with signs of all pairs."""
    n = len(x)
    u = [
        sum(np.sign(x[i] - x[j]) for i in range(k + 1) for j in range(k + 1, n))
        for k in range(n - 1)
    ]
    return max(abs(value) for value in u), int(np.argmax(np.abs(u)))


@given(st.lists(st.integers(-5, 5), min_size=10, max_size=25))
def test_pettitt_is_the_sum_of_signs(values):
    found = pettitt(series(values))
    k, index = plain_pettitt(np.array(values, float))
    assert float(found["k"]) == pytest.approx(k)
    assert float(found["last_before"]) == 1979 + index


def test_a_shift_is_found_where_it_is():
    draw = np.random.default_rng(1)
    values = draw.normal(size=34) + np.where(np.arange(34) < 20, 0.0, 5.0)
    found = pettitt(series(values))
    assert float(found["last_before"]) == 1998.0
    assert float(found["p_value"]) < 0.001
    assert float(found["mean_after"] - found["mean_before"]) == pytest.approx(5.0, abs=1.0)


def test_a_trend_fires_the_test_unless_it_is_taken_away():
    draw = np.random.default_rng(2)
    values = 0.3 * np.arange(34) + draw.normal(size=34)
    assert float(pettitt(series(values))["p_value"]) < 0.01
    assert float(pettitt(series(values), detrend=True)["p_value"]) > 0.1


def test_gaps_are_left_out_and_short_series_give_nothing():
    values = np.where(np.arange(34) < 20, 0.0, 1.0)
    values[::3] = np.nan
    found = pettitt(series(values))
    assert float(found["n"]) == 22
    assert float(found["last_before"]) == 1979 + 19
    maps = xr.concat([series(values), series(np.full(34, np.nan))], "x")
    assert np.isnan(pettitt(maps.assign_attrs(units="1"))["k"].to_numpy()[1])


def test_what_is_no_series_is_refused():
    with pytest.raises(UnitsError, match="no units"):
        pettitt(series(np.arange(20)).drop_attrs())
    with pytest.raises(DimsError, match="fewer than the 10"):
        pettitt(series(np.arange(5)))
    with pytest.raises(OutOfBoundsError, match="got 0 as fewest"):
        pettitt(series(np.arange(20)), minimum_count=0)
    with pytest.raises(OutOfBoundsError, match="finite values"):
        pettitt(series([*np.arange(20), np.inf]))
    values, t = np.arange(20.0), np.arange(20.0)
    for test in (broken_line, slope_interval_by_blocks):
        with pytest.raises(OutOfBoundsError, match="block >= 1"):
            test(values, t, block=0)
        with pytest.raises(OutOfBoundsError, match="resamples >= 19"):
            test(values, t, resamples=0)
        with pytest.raises(DimsError):
            test(values, t[:-1])
        with pytest.raises(DimsError):
            test(values, np.where(t == 3, np.nan, t))


def test_a_broken_line_breaks_where_it_does():
    t = np.arange(34.0)
    line = np.where(t < 15, 0.0, 0.5 * (t - 15))
    found = broken_line(line + 0.1 * np.random.default_rng(3).normal(size=34), t, resamples=99)
    assert found.time == pytest.approx(15.0, abs=1.0)
    assert found.slope_before == pytest.approx(0.0, abs=0.05)
    assert found.slope_after == pytest.approx(0.5, abs=0.05)
    assert found.p_value == pytest.approx(0.01)


def test_a_straight_line_has_no_break():
    t = np.arange(34.0)
    values = 0.4 * t + np.random.default_rng(4).normal(size=34)
    assert broken_line(values, t, resamples=99).p_value > 0.1
    with pytest.raises(DimsError, match="wanted 12 or more"):
        broken_line(values[:8], t[:8])
    with pytest.raises(OutOfBoundsError, match="margin"):
        broken_line(values, t, margin=1)


def test_blocks_widen_the_interval_of_a_series_with_memory():
    draw = np.random.default_rng(5)
    noise = np.zeros(60)
    for i in range(1, 60):
        noise[i] = 0.7 * noise[i - 1] + draw.normal()
    values, t = 0.05 * np.arange(60) + noise, np.arange(60.0)
    one = slope_interval_by_blocks(values, t, block=1, resamples=199)
    many = slope_interval_by_blocks(values, t, block=8, resamples=199)
    assert many[1] - many[0] > 1.2 * (one[1] - one[0])
    with pytest.raises(OutOfBoundsError, match="share"):
        slope_interval_by_blocks(values, t, share=1.0)


def test_the_threshold_is_benjamini_and_hochberg_s():
    # Their worked example: 15 p-values, at 0.05 the four smallest are rejected.
    small = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p = np.array([*small, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000])
    found = field_significance(p)
    assert int(found.significant.sum()) == 4
    assert found.threshold == 0.0095
    assert found.to_dict()["significant_each_for_itself"] == 9
    assert field_significance(p, correlated=True).level == 0.1


def test_a_field_of_chance_is_called_empty():
    p = np.random.default_rng(6).random((100, 150))
    p[0] = np.nan
    found = field_significance(p)
    assert found.tests == 99 * 150
    assert found.plain > 600
    assert found.significant.sum() <= 1
    assert not found.significant[0].any()


def test_an_empty_field_and_what_is_no_p_value():
    empty = field_significance(np.full((2, 2), np.nan))
    assert empty.tests == 0
    assert empty.threshold == 0.0
    with pytest.raises(OutOfBoundsError, match="p-values"):
        field_significance(np.array([1.5]))
    with pytest.raises(OutOfBoundsError, match="alpha"):
        field_significance(np.array([0.5]), alpha=0.9)
