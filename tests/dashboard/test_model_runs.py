"""Runs of a page: progress, the newest wish, cancel, failures in words; and what a run returns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxscape.dlm import parameters_for
from fluxscape.errors import FluxscapeError, RunError
from fluxscape_dashboard.jobs import JobSnapshot
from fluxscape_dashboard.pages import _run
from fluxscape_dashboard.pages._model_exports import with_names, write_parameters, write_series
from fluxscape_dashboard.pages._model_words import (
    ModelRun,
    budget_table,
    provenance_rows,
    sums_table,
)
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages._run import RunControl
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.work.model import ROOT_ZONE, run_model
from fluxscape_dashboard.work.parameter_file import read_parameters


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
            PageView(self.state, services),
            target="fluxscape_dashboard.work.model:run_model",
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


def _run_at_changbaishan(**changes: float) -> dict[str, Any]:
    return run_model(
        lambda _fraction, _message: None,
        latitude=42.4025,
        longitude=128.0958,
        elevation=738.0,
        height=40.0,
        table="",
        igbp="MF",
        soil="loam",
        changes=changes,
        with_default=bool(changes),
    )


def test_a_changed_parameter_gives_another_year_beside_the_default() -> None:
    result = _run_at_changbaishan(vcmax25=20.0)
    run, default = result["run"], result["default"]
    assert run.attrs["data_status"] == "simulated"
    assert float(run["gross_primary_production"].sum()) < float(
        default["gross_primary_production"].sum()
    )
    assert run["soil_water_content"].dims == ("time",)
    assert f"{ROOT_ZONE:g} m" in run["soil_water_content"].attrs["long_name"]
    assert float(np.abs(run["energy_residual"]).max()) < 0.1
    assert float(np.abs(run["water_residual"]).max()) < 1e-6
    assert result["observed"] is None
    assert result["scores"] == {}


def test_leaf_area_and_canopy_height_move_the_simulated_year_too() -> None:
    defaults = parameters_for("MF")
    base = _run_at_changbaishan()["run"]
    thin = _run_at_changbaishan(leaf_area_index=0.5 * defaults.leaf_area_index)["run"]
    tall = _run_at_changbaishan(canopy_height=60.0)["run"]
    gpp = "gross_primary_production"
    assert float(thin[gpp].sum()) < float(base[gpp].sum())
    assert float(np.abs(tall[gpp] - base[gpp]).max()) > 0.0


def test_exports_name_place_unit_and_status(tmp_path: Path) -> None:
    tower = tower_or_none("CN-Cha")
    assert tower is not None
    place = Place(tower, tower.latitude, tower.longitude, 11.0, 8.0, None)
    changes = {"vcmax25": 20.0}
    result = _run_at_changbaishan(**changes)
    run = ModelRun(result["run"], place, "MF", "loam", changes, None, {})
    write_series(run, tmp_path / "series.csv")
    header, first = (tmp_path / "series.csv").read_text().splitlines()[:2]
    assert header.startswith("time_utc,site,data_status,")
    assert "gross_primary_production [umol m-2 s-1]" in header
    assert ",CN-Cha,simulated," in first
    assert with_names(run).attrs["site"] == "CN-Cha"
    write_parameters(run, tmp_path / "p.yaml")
    content = (tmp_path / "p.yaml").read_bytes()
    assert read_parameters(content, "p.yaml", parameters_for("MF")) == changes
    for lang in ("en", "zh"):
        assert len(sums_table(run, lang)) == 5
        assert len(budget_table(run, lang)) == 11
        assert len(provenance_rows(run, lang)) >= 6
