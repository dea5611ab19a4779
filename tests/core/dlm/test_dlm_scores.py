import numpy as np
import pytest
import xarray as xr

from fluxscape.dlm.scores import score, score_run
from fluxscape.errors import DimsError


def dataset(values, quality=None, start="2005-01-01"):
    time = np.datetime64(start, "ns") + np.arange(len(values)) * np.timedelta64(30, "m")
    data = xr.Dataset({"latent_heat_flux": ("time", values)}, coords={"time": time})
    if quality is not None:
        data["latent_heat_flux_quality"] = ("time", quality)
    return data


def test_a_perfect_run_scores_one():
    values = np.sin(np.arange(100.0))
    result = score_run(dataset(values), dataset(values))["latent_heat_flux"]
    assert result["r2"] == pytest.approx(1.0)
    assert result["nse"] == pytest.approx(1.0)
    assert result["rmse"] == result["bias"] == 0.0
    assert result["units"] == "W m-2"


def test_filled_values_are_not_scored():
    measured = np.arange(100.0)
    quality = np.where(measured < 50, 0, 2)
    result = score_run(dataset(measured + 3.0), dataset(measured, quality))["latent_heat_flux"]
    assert result["n"] == 50
    assert result["bias"] == pytest.approx(3.0)


def test_only_common_times_count_and_few_values_give_no_score():
    measured = dataset(np.arange(100.0), start="2005-01-02")
    result = score_run(dataset(np.arange(200.0)), measured)["latent_heat_flux"]
    assert result["n"] == 100
    assert score_run(dataset(np.arange(60.0)), measured) == {}


def test_a_constant_has_no_correlation():
    result = score(np.zeros(10), np.arange(10.0))
    assert np.isnan(result["r2"])
    assert result["rmse"] == pytest.approx(np.sqrt(28.5))


def test_a_constant_series_has_no_correlation_whatever_its_digits():
    tenth = np.full(3, 0.1)
    assert np.isnan(score(np.arange(3.0), tenth)["nse"])
    assert np.isnan(score(np.arange(3.0), tenth)["r2"])
    assert np.isnan(score(tenth, np.arange(3.0))["r2"])
    assert score(np.array([2.0]), np.array([1.0]))["bias"] == 1.0


@pytest.mark.parametrize("shapes", [(0, 0), (3, 1), (1, 3)])
def test_series_that_do_not_match_are_not_scored(shapes):
    with pytest.raises(DimsError, match="two series of one length"):
        score(np.ones(shapes[0]), np.ones(shapes[1]))
