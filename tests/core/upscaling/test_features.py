"""Features come from a row's own site alone, whatever the order of rows; errors say where."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.upscaling._kernels_water import fill_water_balance
from fluxscape.upscaling.features import Features, learn_features
from fluxscape.upscaling.tables import complete_months, target_of
from helpers.shared import shared_file
from helpers.site_months import site_months

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return site_months(late=3)


def test_late_vegetation_is_found_said_and_moved(frame: pd.DataFrame) -> None:
    features = learn_features(frame, "GPP")
    assert [lag.steps for lag in features.lags] == [3, 3]
    assert "LAI runs 3 months late" in features.lags[0].text()
    assert "moved" in features.lags[0].text()
    x = features.matrix(frame)
    there = site_months(late=0)
    moved = x[:, features.names.index("LAI")]
    known = np.isfinite(frame.groupby("Site")["LAI"].shift(-3).to_numpy())
    np.testing.assert_allclose(moved[known], there["LAI"].to_numpy()[known])


def test_vegetation_that_is_not_late_stays() -> None:
    features = learn_features(site_months(late=0), "GPP")
    assert [lag.steps for lag in features.lags] == [0, 0]
    assert "no lag" in features.lags[1].text()


def test_the_real_table_has_leaves_three_months_late() -> None:
    table = pd.read_csv(shared_file("data/upscaling_monthly_predictors.csv.gz"))
    lags = learn_features(table, "GPP").lags
    assert [lag.steps for lag in lags] == [3, 3]
    assert all(lag.best > 0.7 and lag.as_given < 0.2 for lag in lags)


def test_features_do_not_depend_on_the_order_of_rows_or_on_other_sites(frame: pd.DataFrame) -> None:
    features = learn_features(frame, "GPP")
    x = features.matrix(frame)
    order = np.random.default_rng(0).permutation(len(frame))
    assert np.array_equal(features.matrix(frame.iloc[order]), x[order])
    alone = (frame["Site"] == "XX-S03").to_numpy()
    assert np.array_equal(features.matrix(frame[alone]), x[alone])


def test_features_do_not_look_at_fluxes(frame: pd.DataFrame) -> None:
    features = learn_features(frame, "GPP")
    blind = frame.drop(
        columns=["GPP_NT_VUT_REF", "NEE_VUT_REF", "NEE_VUT_REF_QC", "LE_CORR", "LE_F_MDS_QC"]
    )
    assert np.array_equal(features.matrix(blind), features.matrix(frame))


def test_place_is_no_feature(frame: pd.DataFrame) -> None:
    names = learn_features(frame, "GPP").names
    assert not {"Lat", "Lon", "latitude", "longitude"} & set(names)


def test_features_go_through_a_file_unchanged(frame: pd.DataFrame) -> None:
    features = learn_features(frame, "ET")
    again = Features.from_dict(features.to_dict())
    assert np.array_equal(again.matrix(frame), features.matrix(frame))


def test_missing_months_and_values_leave_no_gap_in_features(frame: pd.DataFrame) -> None:
    features = learn_features(frame, "GPP")
    holed = frame.drop(index=[5, 6, 40]).reset_index(drop=True)
    holed.loc[3, "VPD_F"] = np.nan
    holed.loc[9, "SW_IN_F"] = -9999.0
    holed.loc[holed["Site"] == "XX-S02", ["LAI", "EVI"]] = np.nan
    assert np.isfinite(features.matrix(holed)).all()


def test_an_unseen_plant_type_is_refused_with_its_row(frame: pd.DataFrame) -> None:
    features = learn_features(frame, "GPP")
    other = frame.copy()
    other.loc[7, "PFT"] = "ENG"
    with pytest.raises(OutOfBoundsError, match=r"'ENG' of row 7 .* Did you mean 'ENF'"):
        features.matrix(other)


@pytest.mark.parametrize("column", ["PFT", "TA_F", "LAI", "Lat", "Site", "TIMESTAMP"])
def test_an_absent_column_is_named(frame: pd.DataFrame, column: str) -> None:
    features = learn_features(frame, "GPP")
    with pytest.raises(MissingVariableError, match=column):
        features.matrix(frame.drop(columns=column))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("TA_F", 285.0, "TA_F = 285 degC at XX-S00"),
        ("EVI", 3000.0, "EVI = 3000"),
        ("PA_F", 98000.0, "kPa"),
        ("TIMESTAMP", 200113, "wanted YYYYMM"),
        ("TIMESTAMP", 200102, "month 200102 twice"),
        ("Lat", 95.0, "latitude"),
    ],
)
def test_an_impossible_value_is_refused(
    frame: pd.DataFrame, column: str, value: float, message: str
) -> None:
    features = learn_features(frame, "GPP")
    wrong = frame.copy()
    if column == "Lat":
        wrong["Lat"] = value
    else:
        wrong.loc[0, column] = value
    with pytest.raises(OutOfBoundsError, match=message):
        features.matrix(wrong)


def test_a_word_where_a_number_belongs_is_refused(frame: pd.DataFrame) -> None:
    wrong = frame.astype({"TA_F": object})
    wrong.loc[4, "TA_F"] = "warm"
    with pytest.raises(OutOfBoundsError, match="TA_F of row 4 is 'warm'"):
        learn_features(wrong, "GPP")


def test_a_constant_target_and_an_unknown_one_are_refused(frame: pd.DataFrame) -> None:
    flat = frame.assign(GPP_NT_VUT_REF=2.0)
    with pytest.raises(OutOfBoundsError, match="is 2 in all"):
        target_of(flat, "GPP")
    with pytest.raises(MissingVariableError, match="Did you mean 'GPP'"):
        target_of(frame, "GP")


def test_fluxes_measured_too_little_do_not_count(frame: pd.DataFrame) -> None:
    poor = frame.copy()
    poor.loc[:9, "NEE_VUT_REF_QC"] = 0.69
    assert np.isnan(target_of(poor, "GPP")[:10]).all()
    assert np.isfinite(target_of(poor, "GPP")[10:]).all()


def test_months_between_are_added_and_given_back_in_order() -> None:
    frame = pd.DataFrame({"Site": ["b", "a", "b"], "TIMESTAMP": [200003, 200001, 200001]})
    months = complete_months(frame)
    assert months.frame["TIMESTAMP"].tolist() == [200001, 200001, 200002, 200003]
    assert months.place.tolist() == [3, 0, 1]
    assert months.given(np.arange(4)).tolist() == [3, 0, 1]


def test_the_water_balance_closes() -> None:
    rng = np.random.default_rng(0)
    n, capacity = 48, 200.0
    rain, potential = rng.gamma(2.0, 0.4, n), rng.uniform(1.0, 5.0, n)
    warm = np.full(n, 15.0)
    water, actual, snow = np.empty(n), np.empty(n), np.empty(n)
    start = np.array([0, n])
    fill_water_balance(rain, potential, warm, start, capacity, water, actual, snow)
    assert (actual <= potential + 1e-12).all()
    assert np.all(snow == 0.0)
    change = np.diff(water) * capacity
    excess = (rain[1:] - actual[1:]) * 30.4375 - change
    assert (excess >= -1e-9).all()
    full = water[1:] >= 1.0 - 1e-12
    np.testing.assert_allclose(excess[~full & (water[:-1] < 0.9)], 0.0, atol=1e-9)
