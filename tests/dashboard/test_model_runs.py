"""Runs of a page: progress, the newest wish, cancel, failures in words; and what a run returns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.dlm import parameters_for
from fluxscape.errors import FluxscapeError, RunError
from fluxscape.io.atomic import write_netcdf
from fluxscape.lue import MODELS
from fluxscape_dashboard.jobs import JobSnapshot
from fluxscape_dashboard.pages import _run
from fluxscape_dashboard.pages._model_exports import with_names, write_parameters, write_series
from fluxscape_dashboard.pages._model_runs import KEPT_RUNS, ModelRun, RunStore
from fluxscape_dashboard.pages._model_words import (
    budget_table,
    model_words,
    notes,
    provenance_rows,
    soil_water_words,
    sums_table,
)
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages.base import Services
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.work.model import ROOT_ZONE, run_models
from fluxscape_dashboard.work.model_sets import MODEL_NAMES, ModelSet
from fluxscape_dashboard.work.parameter_file import read_parameters
from fluxscape_dashboard.work.periods import Period
from helpers.empty_page import EmptyPage


class _Job:
    def __init__(self, kwargs: dict[str, Any]) -> None:
        self.kwargs = kwargs
        self.state, self.progress, self.message = "running", 0.0, ""
        self.failure: FluxscapeError | None = None

    def snapshot(self) -> JobSnapshot:
        return JobSnapshot(self.state, self.progress, self.message, self.failure, 0.25)  # type: ignore[arg-type]

    def result(self) -> dict[str, Any]:
        return {"of": self.kwargs}

    def cancel(self) -> None:
        self.state, self.failure = "cancelled", RunError("stopped", reason="cancelled")


class _Jobs:
    def __init__(self) -> None:
        self.jobs: list[_Job] = []
        self.refusal: FluxscapeError | None = None

    def submit(self, _session: str, _target: str, kwargs: dict[str, Any], **_: Any) -> _Job:
        if self.refusal is not None:
            raise self.refusal
        self.jobs.append(_Job(kwargs))
        return self.jobs[-1]


class _Bench:
    """A run control on a page without a browser."""

    def __init__(self) -> None:
        self.jobs = _Jobs()
        self.closers: list[Callable[[], None]] = []
        self.results: list[Any] = []
        services = Services(
            jobs=self.jobs,  # type: ignore[arg-type]
            session="test",
            notify=lambda *_, **__: None,
            on_close=self.closers.append,
        )
        self.state = AppState()
        self.control = RunControl(
            EmptyPage(self.state, services),
            target="fluxscape_dashboard.work.model:run_models",
            on_result=lambda result, context: self.results.append((result["of"], context)),
        )

    def failure_words(self) -> str:
        return "".join(str(pane.object) for box in self.control._failure for pane in box.objects)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> _Bench:
    class _Timer:
        def stop(self) -> None:
            """Nothing runs by itself in these tests."""

    monkeypatch.setattr(_run.pn.state, "add_periodic_callback", lambda *_, **__: _Timer())
    return _Bench()


def test_a_result_comes_back_with_the_context_of_its_request(bench: _Bench) -> None:
    bench.control.request({"a": 1}, "here")
    bench.jobs.jobs[0].progress, bench.jobs.jobs[0].message = 0.4, "work.step_model"
    bench.control._look()
    assert bench.control.bar.value == 40
    assert bench.control.words.object == "Running the model · 40 %"
    bench.jobs.jobs[0].state = "done"
    bench.control._look()
    assert bench.results == [({"a": 1}, "here")]
    assert not bench.control.bar.visible
    assert "0.25 s" in bench.control.words.object


def test_of_several_wishes_only_the_newest_runs_and_no_worker_is_killed(bench: _Bench) -> None:
    for number in range(5):
        bench.control.request({"a": number}, number)
    assert len(bench.jobs.jobs) == 1
    bench.jobs.jobs[0].state = "done"
    bench.control._look()
    assert [job.kwargs["a"] for job in bench.jobs.jobs] == [0, 4]
    assert bench.jobs.jobs[0].failure is None


def test_what_runs_already_is_not_run_again(bench: _Bench) -> None:
    bench.control.request({"a": 1})
    bench.control.request({"a": 2})
    bench.control.request({"a": 1})
    bench.jobs.jobs[0].state = "done"
    bench.control._look()
    assert len(bench.jobs.jobs) == 1


def test_cancel_stops_the_run_forgets_the_wish_and_says_so(bench: _Bench) -> None:
    bench.control.request({"a": 1})
    bench.control.request({"a": 2})
    bench.control.cancel()
    bench.control._look()
    assert len(bench.jobs.jobs) == 1
    assert not bench.control.running
    assert "Cancelled" in bench.failure_words()
    bench.state.lang = "zh"
    assert "已取消" in bench.failure_words()


def test_a_failure_has_a_headline_in_the_language_and_the_exact_detail(bench: _Bench) -> None:
    bench.control.request({"a": 1})
    job = bench.jobs.jobs[0]
    job.state = "failed"
    job.failure = RunError("ran out at <b>step 7</b>", reason="memory")
    bench.control._look()
    words = bench.failure_words()
    assert "needs more memory" in words
    assert "&lt;b&gt;step 7&lt;/b&gt;" in words
    bench.control.request({"a": 2})
    bench.jobs.jobs[1].state = "done"
    bench.control._look()
    assert bench.failure_words() == ""


def test_a_busy_server_is_said_and_leaves_no_bar(bench: _Bench) -> None:
    bench.jobs.refusal = RunError("4 calculations are waiting already", reason="busy")
    bench.control.request({"a": 1})
    assert "busy" in bench.failure_words()
    assert not bench.control.bar.visible
    bench.jobs.refusal = None
    bench.control.request({"a": 1})
    assert bench.control.running


def test_a_session_that_leaves_cancels_its_run(bench: _Bench) -> None:
    bench.control.request({"a": 1})
    for closer in bench.closers:
        closer()
    assert bench.jobs.jobs[0].state == "cancelled"


SITE = {
    "latitude": 42.4025,
    "longitude": 128.0958,
    "elevation": 738.0,
    "height": 40.0,
    "table": "",
    "utc_offset_hours": 8.0,
}


def _run_at_changbaishan(*sets: ModelSet) -> list[dict[str, Any]]:
    wanted = [item.to_entries() for item in sets or (DEFAULT,)]
    found = run_models(lambda _fraction, _message: None, site=SITE, sets=wanted)
    assert found["observed"] is None
    runs: list[dict[str, Any]] = found["runs"]
    return runs


DEFAULT = ModelSet("dlm", "MF", "loam")


def _changed(**changes: float) -> ModelSet:
    return ModelSet.of("dlm", "MF", "loam", changes)


def _place() -> Place:
    tower = tower_or_none("CN-Cha")
    assert tower is not None
    return Place(tower, tower.latitude, tower.longitude, 11.0, 8.0, None)


def test_a_changed_parameter_gives_another_year_beside_the_default() -> None:
    changed, default = _run_at_changbaishan(_changed(vcmax25=20.0), DEFAULT)
    run = changed["series"]
    assert run.attrs["data_status"] == "simulated"
    assert float(run["gross_primary_production"].sum()) < float(
        default["series"]["gross_primary_production"].sum()
    )
    assert run["soil_water_content"].dims == ("time",)
    assert f"{ROOT_ZONE:g} m" in run["soil_water_content"].attrs["long_name"]
    for name, limit in (("energy", 0.1), ("water", 1e-6), ("carbon", 1e-9)):
        assert float(np.abs(run[f"{name}_residual"]).max()) < limit
    profile = changed["profile"]
    assert profile.sizes == {"day": 366, "layer": 6}
    assert float(profile["soil_temperature"].mean()) == pytest.approx(280.0, abs=12.0)


def test_leaf_area_and_canopy_height_move_the_simulated_year_too() -> None:
    leaves = dict(parameters_for("MF").to_dict())["leaf_area_index"]
    base, thin, tall = (
        item["series"]
        for item in _run_at_changbaishan(
            DEFAULT, _changed(leaf_area_index=0.5 * leaves), _changed(canopy_height=60.0)
        )
    )
    gpp = "gross_primary_production"
    assert float(thin[gpp].sum()) < float(base[gpp].sum())
    assert float(np.abs(tall[gpp] - base[gpp]).max()) > 0.0


@pytest.mark.parametrize("model", MODEL_NAMES[1:])
def test_every_efficiency_model_runs_on_simulated_weather_and_says_what_it_lacks(
    model: str,
) -> None:
    (found,) = _run_at_changbaishan(ModelSet(model, "MF", "loam"))
    series = found["series"]
    assert found["profile"] is None
    assert "latent_heat_flux" not in series
    yearly = float(series["gross_primary_production"].mean()) * 12.0107e-6 * 86400 * 365
    assert 300 < yearly < 3500
    run = ModelRun(series, None, _place(), ModelSet(model, "MF", "loam"), None)
    state = AppState(tower="CN-Cha", dlm_model=model)
    for lang in ("en", "zh"):
        words = " ".join(notes(state, run.place, run.made_with, run, lang))
        assert t("model.note_efficiency", lang, model=model_words(model, lang)) in words
        assert (t("model.note_heat", lang) in words) == (model == "ec-lue")
        assert len(sums_table(run, lang)) == 2
        assert MODELS[model].label in dict(provenance_rows(run, lang)).values()


def test_a_period_cuts_series_profile_and_measurements_alike() -> None:
    (found,) = _run_at_changbaishan()
    observed = found["series"][["latent_heat_flux"]]
    run = ModelRun(found["series"], found["profile"], _place(), DEFAULT, observed)
    assert run.years() == [2010]
    july = run.within(Period(0, "month_7"))
    assert july.data.sizes["time"] == 31 * 48
    assert july.profile is not None
    assert july.profile.sizes["day"] == 31
    assert july.observed is not None
    assert july.observed.sizes["time"] == 31 * 48
    assert run.within(Period(0, "month_7")) is july
    assert run.within(Period()) is run
    # A year that the record does not have leaves it whole.
    assert run.within(Period(1999)).data.sizes == run.data.sizes
    # Its last eight hours lie in the next year on the clock of the site.
    assert run.within(Period(2010, "winter")).data.sizes["time"] == 90 * 48 - 16


def test_the_words_on_soil_water_tell_why_it_is_held() -> None:
    held = "measured evapotranspiration, 900 mm, cannot come from 300 mm of rain and 120 mm in the"
    for lang in ("en", "zh"):
        assert t("model.soil_water_free", lang) == soil_water_words("", lang)
        words = soil_water_words(held, lang)
        assert all(number in words for number in ("900", "300", "120"))
        dry = soil_water_words("the forcing has no precipitation", lang)
        assert dry == t("model.soil_water_held", lang)


def test_runs_are_remembered_by_place_and_parameters_and_the_oldest_forgotten() -> None:
    store, place = RunStore(), _place()
    runs = [
        ModelRun(xr.Dataset(), None, place, _changed(vcmax25=30.0 + i), None)
        for i in range(KEPT_RUNS + 1)
    ]
    for run in runs:
        store.keep(run)
    assert store.find(place, runs[0].made_with) is None
    assert store.find(place, runs[-1].made_with) is runs[-1]
    assert store.find(place, DEFAULT) is None


def test_exports_name_place_unit_and_status(tmp_path: Path) -> None:
    chosen = _changed(vcmax25=20.0)
    (found,) = _run_at_changbaishan(chosen)
    run = ModelRun(found["series"], found["profile"], _place(), chosen, None)
    write_series(run, tmp_path / "series.csv")
    header, first = (tmp_path / "series.csv").read_text().splitlines()[:2]
    assert header.startswith("time_utc,site,data_status,")
    assert "gross_primary_production [umol m-2 s-1]" in header
    assert ",CN-Cha,simulated," in first
    named = with_names(run)
    assert named.attrs["site"] == "CN-Cha"
    assert named["daily_soil_temperature_profile"].dims == ("day", "layer")
    write_netcdf(named, tmp_path / "series.nc")
    write_parameters(run, tmp_path / "p.yaml")
    content = (tmp_path / "p.yaml").read_bytes()
    assert read_parameters(content, "p.yaml", parameters_for("MF")) == {"vcmax25": 20.0}
    for lang in ("en", "zh"):
        assert len(sums_table(run, lang)) == 5
        assert len(budget_table(run, lang)) == 18
        assert len(provenance_rows(run, lang)) >= 6
