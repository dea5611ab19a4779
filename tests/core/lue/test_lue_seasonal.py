"""Retrieval of seasonal efficiency, late indices, and the judgement at sites left out."""

import numpy as np
import pytest

from fluxscape.errors import DimsError, OutOfBoundsError
from fluxscape.lue import lue_parameters_for, run_lue
from fluxscape.lue.lag import correct_lag, find_lag, moved
from fluxscape.lue.seasonal import (
    PREDICTORS,
    Windows,
    hyperbola_slope,
    join_windows,
    phenology_predictors,
    retrieve_efficiency,
    usable_light,
)
from fluxscape.lue.validation import (
    VARIANTS,
    compare_variants,
    leave_one_site_out,
    paired_bootstrap,
)

RNG = np.random.default_rng(7)
TIMES = np.datetime64("2005-01-01", "ns") + np.arange(48 * 64) * np.timedelta64(1800, "s")


def test_the_hyperbola_gives_its_slope_back():
    light = RNG.uniform(20.0, 1500.0, 300)
    for slope, highest in ((0.05, 20.0), (0.02, 60.0)):
        production = slope * light * highest / (slope * light + highest)
        assert hyperbola_slope(production, light) == pytest.approx(slope, rel=0.02)


def test_a_line_has_its_own_slope_and_a_constant_none():
    light = np.linspace(30.0, 900.0, 50)
    assert hyperbola_slope(0.03 * light, light) == pytest.approx(0.03, rel=1e-9)
    assert np.isnan(hyperbola_slope(np.full(50, 9.0), light))


@pytest.mark.parametrize(
    ("method", "expected"), [("ratio", 0.03), ("quantile", 0.0345), ("hyperbola", 0.03)]
)
def test_windows_give_the_efficiency_that_was_put_in(method, expected):
    light = RNG.uniform(50.0, 1000.0, TIMES.size)
    production = light * 0.03 * RNG.uniform(0.85, 1.15, TIMES.size)
    found = retrieve_efficiency(production, light, TIMES, method=method)
    np.testing.assert_allclose(found["efficiency"], expected, rtol=0.06)
    assert found.sizes["time"] == 8
    assert (found["count"] == 48 * 8).all()


def test_windows_restart_with_the_year_and_say_nothing_of_the_dark():
    times = np.datetime64("2004-12-20", "ns") + np.arange(48 * 20) * np.timedelta64(1800, "s")
    found = retrieve_efficiency(np.zeros(times.size), np.zeros(times.size), times)
    starts = found["time"].to_numpy().astype("datetime64[D]").astype(str).tolist()
    assert starts == ["2004-12-18", "2004-12-26", "2005-01-01"]
    assert found["efficiency"].isnull().all()


def test_options_that_make_no_sense_are_refused():
    x = np.ones(TIMES.size)
    with pytest.raises(OutOfBoundsError, match="Did you mean 'quantile'"):
        retrieve_efficiency(x, x, TIMES, method="quantil")
    with pytest.raises(OutOfBoundsError, match="quantile must lie"):
        retrieve_efficiency(x, x, TIMES, quantile=1.5)
    with pytest.raises(DimsError, match="shapes differ"):
        retrieve_efficiency(x[:-1], x, TIMES)


def test_usable_light_times_the_efficiency_is_the_models_production(forcing, months):
    parameters = lue_parameters_for("CRO", "tl-lue")
    data = forcing(months)
    run = run_lue(data, parameters, model="tl-lue", latitude=36.8, longitude=116.6)
    light = usable_light(run, parameters)
    got = light * parameters.highest_efficiency()
    np.testing.assert_allclose(got, run["gross_primary_production"])


def test_phenology_tells_spring_from_autumn():
    greenness = 1.5 - np.cos(2.0 * np.pi * np.arange(12) / 12.0)
    found = dict(zip(PREDICTORS, phenology_predictors(greenness, np.arange(12.0)).T, strict=True))
    np.testing.assert_array_equal(found["greenness"], greenness)
    assert found["phase"].min() == 0.0
    assert found["phase"].max() == 1.0
    assert found["greenness_change"][3] > 0.0 > found["greenness_change"][9]
    assert np.isnan(found["temperature_lag"][0])
    assert (found["temperature_lag"][1:] == 1.0).all()


def test_evergreen_without_seasons_is_always_in_the_middle():
    assert (phenology_predictors(np.full(9, 3.0), np.zeros(9))[:, 1] == 0.5).all()


def test_a_late_index_is_found_and_put_right():
    month = np.arange(60)
    course = 2.0 - np.cos(2.0 * np.pi * month / 12.0) + 0.01 * np.sin(month)
    site = np.repeat(["A", "B"], 60)
    production = np.tile(course, 2)
    late = np.concatenate([moved(course, -3)] * 2)
    found = find_lag(late, production, site)
    assert found.steps == 3
    assert found.sites == 2
    assert found.correlation[3] > 0.99 > found.correlation[0]
    back = correct_lag(late, site, found.steps)
    np.testing.assert_allclose(back[:57], course[:57])
    assert np.isnan(back[57:60]).all()


def test_lags_of_nothing_are_refused():
    with pytest.raises(OutOfBoundsError, match="no site"):
        find_lag(np.ones(30), np.ones(30), np.full(30, "A"))
    with pytest.raises(DimsError, match="same shape"):
        correct_lag(np.ones(3), np.array(["A"]), 1)


def made_up(seasonal: float, by_type: float, sites: int = 12, seed: int = 3) -> Windows:
    """Return sites whose efficiency follows season and type as strongly as asked for."""
    rng = np.random.default_rng(seed)
    parts = []
    for number in range(sites):
        month = np.arange(48)
        greenness = 1.5 - np.cos(2.0 * np.pi * month / 12.0) + rng.normal(0.0, 0.05, 48)
        predictors = phenology_predictors(greenness, 10.0 + 10.0 * greenness)
        light = 200.0 * greenness
        kind = "ENF" if number % 2 else "GRA"
        efficiency = 0.03 * (1.0 + seasonal * (predictors[:, 1] - 0.5))
        efficiency = efficiency * (1.0 + by_type * (1.0 if number % 2 else -1.0))
        production = efficiency * light * np.exp(rng.normal(0.0, 0.1, 48))
        parts.append(
            Windows(
                np.full(48, f"S{number:02d}"),
                np.full(48, kind),
                production,
                light,
                production / light,
                0.02 * light,
                predictors,
            )
        )
    return join_windows(parts)


def verdicts(windows: Windows, **options) -> dict[tuple[str, str], str]:
    found = compare_variants(windows, resamples=500, **options)
    return {(item.score, item.second): item.verdict for item in found.differences}


def test_seasons_that_are_there_are_found_better():
    found = verdicts(made_up(seasonal=0.8, by_type=0.2))
    assert found["rmse", "constant"] == "better"
    assert found["rmse", "by_type"] == "better"
    assert found["nse", "by_type"] == "better"


def test_seasons_that_are_not_there_are_not_found():
    found = verdicts(made_up(seasonal=0.0, by_type=0.0))
    assert found["rmse", "by_type"] != "better"
    assert found["rmse", "constant"] != "better"


def test_types_matter_where_they_differ():
    found = compare_variants(made_up(seasonal=0.0, by_type=0.4), resamples=100)
    assert found.medians["by_type"]["rmse"] < 0.7 * found.medians["constant"]["rmse"]
    assert found.sites.size == 12
    assert set(found.medians) == set(VARIANTS)
    assert set(found.to_dict()["medians"]["seasonal"]) == {"r2", "nse", "rmse", "bias"}


def test_the_same_seed_gives_the_same_intervals_and_another_does_not():
    windows = made_up(seasonal=0.3, by_type=0.1)
    once, again = (compare_variants(windows, resamples=300).differences for _ in range(2))
    other = compare_variants(windows, resamples=300, seed=2).differences
    assert once == again
    assert once != other


def test_what_a_site_measured_does_not_touch_its_own_prediction():
    windows = made_up(seasonal=0.5, by_type=0.1)
    before = leave_one_site_out(windows, "seasonal")
    here = windows.site == "S03"
    windows.production[here] *= 5.0
    windows.efficiency[here] *= 5.0
    after = leave_one_site_out(windows, "seasonal")
    np.testing.assert_array_equal(before[here], after[here])
    assert (before[~here] != after[~here]).any()


@pytest.mark.parametrize("split", ["random", "window", "k-fold"])
def test_random_splits_are_refused(split):
    with pytest.raises(OutOfBoundsError, match="random splits"):
        compare_variants(made_up(0.1, 0.1), split=split)


def test_two_sites_are_too_few():
    with pytest.raises(OutOfBoundsError, match="2 sites"):
        compare_variants(made_up(0.1, 0.1, sites=2))


def test_a_type_of_one_site_takes_what_all_have():
    windows = made_up(seasonal=0.0, by_type=0.0, sites=6)
    windows.plant_type[windows.site == "S00"] = "EBF"
    assert np.isfinite(leave_one_site_out(windows.complete(), "seasonal")).all()


def test_the_bootstrap_brackets_a_plain_difference():
    scores = {
        "seasonal": {"rmse": np.linspace(1.0, 2.0, 40)},
        "constant": {"rmse": np.linspace(1.0, 2.0, 40) + 0.5},
    }
    found = paired_bootstrap(scores, "rmse", "seasonal", "constant", resamples=200)
    assert (found.median, found.lower, found.upper) == pytest.approx((-0.5, -0.5, -0.5))
    assert found.verdict == "better"
    assert found.share_improved == 1.0


def test_windows_of_unequal_length_are_refused():
    part = made_up(0.1, 0.1, sites=1)
    with pytest.raises(DimsError, match="one length"):
        Windows(part.site[:-1], *(getattr(part, n) for n in list(Windows.__dataclass_fields__)[1:]))


def test_a_misspelt_variant_is_not_scored_as_another():
    with pytest.raises(OutOfBoundsError, match=r"no variant 'sesonal'.*Did you mean 'seasonal'"):
        compare_variants(made_up(0.1, 0.1, sites=4), variants=("constant", "sesonal"))
