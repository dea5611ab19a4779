"""Series of the Model page: weeks, mean days, days, sums, scores."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape_dashboard.views.model import Run, SeriesGrid, lines_of, unit_words
from fluxscape_dashboard.views.series import (
    QUANTITIES,
    daily_mean,
    diurnal_by_month,
    local_times,
    running_sum,
    week_of,
    weeks_in,
)

STEP = 1800
NAMES = {"modelled": "模拟", "compared": "默认参数", "observed": "实测"}
TIMES = np.datetime64("2010-01-01T00:00", "ns") + np.arange(365 * 48) * np.timedelta64(STEP, "s")


def test_a_week_is_seven_days_from_midnight() -> None:
    part = week_of(TIMES, 2)
    assert part.stop - part.start == 7 * 48
    assert TIMES[part][0] == np.datetime64("2010-01-08T00:00")
    assert weeks_in(TIMES) == 53
    last = week_of(TIMES, 53)
    assert last.stop - last.start == 48


def test_the_clock_of_the_site_is_ahead_of_utc() -> None:
    assert local_times(TIMES, 8.0)[0] == np.datetime64("2010-01-01T08:00")


def test_a_day_with_few_values_has_no_mean() -> None:
    values = np.ones(TIMES.size)
    values[48 : 48 + 30] = np.nan
    values[2 * 48] = np.nan
    days, means = daily_mean(TIMES, values)
    assert days.size == 365
    assert np.isnan(means[1])
    assert means[2] == pytest.approx(1.0)


def test_the_mean_day_of_a_month_puts_noon_in_its_middle() -> None:
    hour = (np.arange(TIMES.size) % 48) / 2
    position, mean = diurnal_by_month(TIMES, np.where(hour == 12.0, 1.0, 0.0), STEP)
    july = (position >= 6) & (position < 7)
    peak = position[july][np.nanargmax(mean[july])]
    assert peak == pytest.approx(6.5 + 0.5 / 48)
    assert np.isnan(mean[48])  # a line breaks between the months


def test_a_running_sum_is_the_integral() -> None:
    values = np.full(96, 2.0)
    values[10] = np.nan
    assert running_sum(values, STEP)[-1] == pytest.approx(95 * 2.0 * STEP)


@pytest.mark.parametrize("view", ["week", "diurnal", "daily", "cumulative"])
def test_every_view_draws_its_quantities(view: str) -> None:
    kind = view if view in QUANTITIES else "half-hourly"
    series = {quantity.name: np.ones(TIMES.size) for quantity in QUANTITIES[kind]}
    run = Run(TIMES, STEP, 8.0, series)
    grid = SeriesGrid(view)
    grid.show("modelled", run, week=3)
    grid.show("compared", None)
    grid.speak("zh", names=NAMES, offset_hours=8.0, notes={"soil_temperature": "0–5 cm"})
    for chart in grid.charts:
        assert chart.has_values
        assert len(chart.sources["modelled"].data["y"]) > 40
        assert len(chart.sources["compared"].data["y"]) == 0
        assert chart.chart.title.text


def test_a_series_that_a_run_lacks_leaves_an_empty_chart() -> None:
    grid = SeriesGrid("week")
    nothing = np.full(TIMES.size, np.nan)
    grid.show("observed", Run(TIMES, STEP, 8.0, {"latent_heat_flux": nothing}), week=1)
    assert not any(chart.has_values for chart in grid.charts)


def test_temperatures_are_drawn_in_degrees_celsius() -> None:
    grid = SeriesGrid("week")
    grid.show("modelled", Run(TIMES, STEP, 8.0, {"soil_temperature": np.full(TIMES.size, 283.15)}))
    drawn = next(c for c in grid.charts if c.quantity.name == "soil_temperature")
    assert drawn.sources["modelled"].data["y"][0] == pytest.approx(10.0)
    grid.speak("en", names=NAMES, offset_hours=8.0)
    assert drawn.chart.yaxis[0].axis_label == "°C"


def test_carbon_units_say_that_they_count_carbon() -> None:
    daily = QUANTITIES["daily"][0]
    assert unit_words(daily, "en") == "g C m-2 d-1"
    assert unit_words(QUANTITIES["half-hourly"][0], "en") == "umol m-2 s-1"


def test_daily_carbon_is_the_sum_of_the_day() -> None:
    run = Run(TIMES, STEP, 0.0, {})
    lines = lines_of("daily", run, np.full(TIMES.size, 10.0), 1)
    factor = QUANTITIES["daily"][0].factor
    assert lines.y[0] * factor == pytest.approx(10.0 * 86400 * 12.0107e-6)
