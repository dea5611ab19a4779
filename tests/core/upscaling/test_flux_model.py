"""A fitted model keeps through its file, predicts tables and maps, and says what it is worth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.cli import main
from fluxscape.errors import DimsError, FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.io.atomic import json_text
from fluxscape.upscaling.landscape import StackModel, landscape_budget, predict_stack
from fluxscape.upscaling.methods import METHODS, choose_settings, make_regressor
from fluxscape.upscaling.model import FluxModel, fit_flux_model, model_from_text
from fluxscape.upscaling.model_tree import ModelTreeRegressor
from fluxscape.upscaling.validation import validate
from helpers.site_months import site_months

_FEW = {"n_committees": 2}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return site_months(late=3)


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> FluxModel:
    return fit_flux_model(frame, "GPP", n_folds=4, nested=False, settings=_FEW)[0]


def test_skill_at_unseen_sites_is_high_where_the_flux_follows_the_features(
    model: FluxModel,
) -> None:
    skill = model.facts["skill"]
    assert skill["nse"] > 0.85
    assert skill["sites"] == 16
    assert abs(skill["anomaly"]) < 1.0
    assert 0.75 < model.facts["coverage"]["coverage_by_site"] <= 1.0


def test_a_model_keeps_through_its_file(model: FluxModel, frame: pd.DataFrame) -> None:
    again = model_from_text(json_text(model.to_dict()))
    one, other = model.predict(frame), again.predict(frame)
    assert np.array_equal(one.flux, other.flux)
    assert np.array_equal(one.upper, other.upper)
    np.testing.assert_allclose(one.dissimilarity, other.dissimilarity, atol=1e-3)


def test_predictions_come_with_intervals_and_applicability(
    model: FluxModel, frame: pd.DataFrame
) -> None:
    made = model.predict(frame)
    assert (made.lower <= made.flux).all()
    assert (made.flux <= made.upper).all()
    assert made.applies.mean() > 0.9
    elsewhere = frame.assign(TA_F=frame["TA_F"] + 20.0, P_F=60.0, WS_F=30.0, SW_IN_F=550.0)
    assert model.predict(elsewhere).applies.mean() < 0.5


def test_an_unseen_type_is_refused_unless_it_is_allowed(
    model: FluxModel, frame: pd.DataFrame
) -> None:
    other = frame.assign(PFT="SNO")
    with pytest.raises(OutOfBoundsError, match="'SNO' of row 0"):
        model.predict(other)
    assert np.isfinite(model.predict(other, unseen_types=True).flux).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "is no fluxscape upscaling model"),
        ({"version": 99}, "version 99"),
        ({"features": {}}, "lacks what a model needs"),
        ({"rules": "x"}, "line 1"),
        ({"intervals": None}, "lacks what a model needs"),
    ],
)
def test_a_broken_model_file_is_refused(
    model: FluxModel, change: dict[str, object], message: str
) -> None:
    with pytest.raises(FileFormatError, match=message):
        model_from_text(json_text(model.to_dict() | change))


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(FileFormatError, match="is no JSON"):
        model_from_text("{")


@pytest.mark.parametrize("split", ["year", "site-year", "block"])
def test_other_splits_are_validated_too(frame: pd.DataFrame, split: str) -> None:
    made = validate(
        frame, "GPP", split=split, n_folds=3, nested=False, settings=_FEW,
        separation=100.0 if split == "block" else None,
    )  # fmt: skip
    assert made.skill()["nse"] > 0.6


@pytest.mark.parametrize("method", [name for name in METHODS if name not in {"tree", "cubist"}])
def test_other_methods_drop_in(frame: pd.DataFrame, method: str) -> None:
    small = {
        "linear": {},
        "boosting": {"max_iter": 20, "learning_rate": 0.2},
    }.get(method, {"n_estimators": 10})
    made = validate(frame, "GPP", method=method, n_folds=2, nested=False, settings=small)
    assert made.skill()["nse"] > 0.6
    assert len(made.by_site()) == 16


def test_unknown_methods_and_random_splits_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(MissingVariableError, match="Did you mean 'forest'"):
        make_regressor("forrest")
    with pytest.raises(OutOfBoundsError, match="refused"):
        validate(frame, "GPP", split="random")


def test_settings_are_chosen_by_inner_sites() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(240, 2))
    y = x[:, 0] + 0.1 * rng.normal(size=240)
    site = np.repeat(np.arange(12), 20).astype(str)
    chosen = choose_settings("linear", x, y, site, choices=({"alpha": 1e9}, {"alpha": 1.0}))
    assert chosen == {"alpha": 1.0}


def test_a_landscape_gets_fluxes_intervals_and_a_budget() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(0.0, 1.0, size=(400, 2))
    rules = ModelTreeRegressor().fit(x, 2.0 * x[:, 0] + x[:, 1]).rules_
    axis = np.arange(-60.0, 61.0, 30.0)
    evi = xr.DataArray(rng.uniform(0.1, 0.9, (3, 5, 5)), dims=("time", "y", "x"))
    evi[0, 0, 0] = np.nan
    stack = xr.Dataset(
        {"evi": evi, "lswi": (("y", "x"), rng.uniform(0.1, 0.9, (5, 5)))},
        coords={"y": axis, "x": axis, "time": np.arange(3)},
        attrs={"data_status": "simulated"},
    )
    made = predict_stack(StackModel(("evi", "lswi"), rules), stack, ["evi", "lswi"])
    flux = made["gross_primary_production"]
    assert np.isnan(flux[0, 0, 0])
    expected = 2.0 * stack["evi"] + stack["lswi"]
    np.testing.assert_allclose(flux[1:], expected[1:], atol=1e-9)
    assert made.attrs["data_status"] == "simulated"
    footprint = xr.DataArray(np.zeros((5, 5)), dims=("y", "x"), coords={"y": axis, "x": axis})
    footprint[2, 2] = 1.0 / 900.0
    budget = landscape_budget(made, "gross_primary_production", footprint=footprint)
    assert budget["tower"] == pytest.approx(float(flux[:, 2, 2].mean()))
    assert budget["landscape"] == pytest.approx(float(flux.mean()))
    assert budget["difference"] == pytest.approx(budget["landscape"] - budget["tower"])
    assert budget["captured"] == pytest.approx(1.0)
    assert budget["share_known"] == pytest.approx(74.0 / 75.0)
    with pytest.raises(MissingVariableError, match="Did you mean 'evi'"):
        predict_stack(StackModel(("ev", "lswi"), rules), stack, ["ev", "lswi"])
    with pytest.raises(DimsError, match="different x axes"):
        landscape_budget(
            made, "gross_primary_production", footprint=footprint.assign_coords(x=axis + 7.0)
        )


def test_the_commands_fit_predict_and_show_rules(
    tmp_path: Path, frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    table, out = tmp_path / "months.csv", tmp_path / "model.json"
    frame.to_csv(table, index=False)
    common = ["--folds", "3", "--fixed", "--members", "2", "--json"]
    assert main(["upscale", "fit", str(table), "--out", str(out), *common]) == 0
    fitted = json.loads(capsys.readouterr().out)
    assert fitted["members"] == 2
    assert "LAI runs 3 months late" in fitted["lags"][0]
    made = tmp_path / "made.csv"
    command = ["upscale", "predict", str(out), str(table), "--out", str(made), "--json"]
    assert main(command) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["skill"]["nse"] > 0.9
    assert len(facts["seen_sites"]) == 16
    columns = pd.read_csv(made).columns.tolist()
    assert columns[:3] == ["Site", "TIMESTAMP", "predicted"]
    text = tmp_path / "rules.model"
    assert main(["upscale", "rules", str(out), "--out", str(text), "--member", "1"]) == 0
    assert "Rule 1.1" in capsys.readouterr().out
    assert main(["upscale", "rules", str(text), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["members"] == 2
    assert main(["upscale", "validate", str(table), "--method", "linear", *common]) == 0
    assert json.loads(capsys.readouterr().out)["skill"]["nse"] > 0.6


def test_the_commands_refuse_with_one_line(
    tmp_path: Path, frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "months.csv"
    frame.drop(columns="TA_F").to_csv(table, index=False)
    for command, message in (
        (["validate", str(table), "--split", "random"], "refused"),
        (["validate", str(table), "--fixed"], "TA_F"),
        (["validate", str(table), "--target", "GP"], "Did you mean 'GPP'"),
        (["rules", str(table)], "line 1"),
        (["predict", str(tmp_path / "none.json"), str(table)], "none.json"),
    ):
        assert main(["upscale", *command]) == 2
        error = capsys.readouterr().err.strip().splitlines()[-1]
        assert error.startswith("fluxscape: error:")
        assert message in error
