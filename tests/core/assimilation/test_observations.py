import numpy as np
import pytest
import xarray as xr

from fluxscape.assimilation.observations import ErrorModel, collect_observations
from fluxscape.errors import MissingVariableError, OutOfBoundsError, UnitsError

TIMES = np.datetime64("2005-07-01", "ns") + np.arange(96) * np.timedelta64(30, "m")
PLAIN = {"nee": ErrorModel(1.0, 0.1, 0.0, 0.0), "le": ErrorModel(10.0, 0.0, 0.5, 0.0)}


def measured(**changes):
    nee, heat = np.arange(96.0), np.full(96, 100.0)
    flag = np.zeros(96, np.int8)
    flag[:10] = 1
    return xr.Dataset(
        {
            "net_ecosystem_exchange": ("time", nee, {"units": "umol m-2 s-1"}),
            "net_ecosystem_exchange_quality": ("time", flag),
            "latent_heat_flux": ("time", heat, {"units": "W m-2"}),
        },
        coords={"time": TIMES},
    ).assign(changes)


def predict(found):
    """Return predictions of a model that gives 0, 1, 2, ... as NEE and 7 as LE."""
    series = {"nee": np.arange(96.0), "le": np.full(96, 7.0)}
    groups = found.groups()
    means = np.empty((1, len(found.streams), groups.counts.size))
    for index, stream in enumerate(found.streams):
        for group in range(groups.counts.size):
            means[0, index, group] = series[stream][groups.period == group].mean()
    return found.predict(means, groups)


def test_daily_means_are_of_measured_values_and_predictions_of_the_same_steps():
    found = collect_observations(measured(), TIMES, ["nee", "le"], errors=PLAIN)
    assert found.values.tolist() == [
        np.arange(10.0, 48).mean(),
        np.arange(48.0, 96).mean(),
        100,
        100,
    ]
    assert predict(found)[0].tolist() == [*found.values[:2], 7.0, 7.0]
    assert found.to_dict()["count"] == {"nee": 2, "le": 2}


def test_errors_grow_with_the_flux_and_shrink_with_the_mean():
    half = collect_observations(measured(), TIMES, ["nee"], step="half-hourly", errors=PLAIN)
    assert half.size == 86
    np.testing.assert_allclose(half.sigma, 1.0 + 0.1 * np.arange(10, 96))
    day = collect_observations(measured(), TIMES, ["le"], errors=PLAIN)
    np.testing.assert_allclose(day.sigma, 10.0 * np.sqrt(3.0 / 48.0))


def test_a_structural_error_does_not_average_out():
    errors = {"nee": ErrorModel(0.0, 0.0, 0.0, 0.5)}
    found = collect_observations(measured(), TIMES, ["nee"], errors=errors)
    np.testing.assert_allclose(found.sigma, 0.5 * np.std(found.values))


def test_days_are_those_of_the_local_calendar():
    found = collect_observations(
        measured(), TIMES, ["le"], errors=PLAIN, utc_offset_hours=8.0, least_share=0.0
    )
    assert [str(time)[:10] for time in found.times] == ["2005-07-01", "2005-07-02", "2005-07-03"]


def test_records_weigh_as_their_footprint_says():
    weight = xr.DataArray(np.where(np.arange(96) < 48, 1.0, 0.25), coords={"time": TIMES})
    found = collect_observations(
        measured(), TIMES, ["le"], step="half-hourly", errors=PLAIN, record_weight=weight
    )
    np.testing.assert_allclose(found.sigma, [10.0] * 48 + [20.0] * 48)
    nothing = xr.DataArray(np.where(np.arange(96) < 48, 1.0, 0.0), coords={"time": TIMES})
    found = collect_observations(
        measured(), TIMES, ["le"], step="half-hourly", errors=PLAIN, record_weight=nothing
    )
    assert found.size == 48
    with pytest.raises(OutOfBoundsError, match="between 0 and 1"):
        collect_observations(measured(), TIMES, ["le"], record_weight=2.0 * weight)


def test_weights_of_streams_divide_their_errors():
    one = collect_observations(measured(), TIMES, ["le"], errors=PLAIN)
    four = collect_observations(measured(), TIMES, ["le"], errors=PLAIN, weights={"le": 4.0})
    np.testing.assert_allclose(four.sigma, one.sigma / 2.0)
    with pytest.raises(OutOfBoundsError, match="must be positive"):
        collect_observations(measured(), TIMES, ["le"], weights={"le": 0.0})


def test_chosen_observations_keep_their_rows():
    found = collect_observations(measured(), TIMES, ["nee", "le"], errors=PLAIN)
    some = found.select(np.array([False, True, True, False]))
    assert predict(some)[0].tolist() == [np.arange(48.0, 96).mean(), 7.0]
    only = found.select(np.array([False, False, True, True]))
    assert only.streams == ("le",)
    assert predict(only)[0].tolist() == [7.0, 7.0]


def test_what_is_not_there_is_refused():
    with pytest.raises(MissingVariableError, match="Did you mean 'nee'"):
        collect_observations(measured(), TIMES, ["nep"])
    with pytest.raises(MissingVariableError, match="sensible_heat_flux of stream 'h'"):
        collect_observations(measured(), TIMES, ["h"])
    later = TIMES + np.timedelta64(365, "D")
    with pytest.raises(MissingVariableError, match="no daily value of latent_heat_flux"):
        collect_observations(measured(), later, ["le"])
    with pytest.raises(OutOfBoundsError, match="step must be one of"):
        collect_observations(measured(), TIMES, ["le"], step="weekly")


def test_a_list_without_a_stream_is_refused():
    with pytest.raises(MissingVariableError, match="no stream is named; known are nee"):
        collect_observations(measured(), TIMES, [])


def test_fluxes_are_read_in_their_unit():
    kilowatts = measured()
    kilowatts["latent_heat_flux"] = kilowatts["latent_heat_flux"] / 1000.0
    kilowatts["latent_heat_flux"].attrs["units"] = "kW m-2"
    found = collect_observations(kilowatts, TIMES, ["le"], errors=PLAIN)
    np.testing.assert_allclose(found.values, 100.0)
    kilowatts["latent_heat_flux"].attrs["units"] = "K"
    with pytest.raises(UnitsError, match="latent_heat_flux"):
        collect_observations(kilowatts, TIMES, ["le"], errors=PLAIN)
