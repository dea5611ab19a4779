"""The Calibrate tab: passes as jobs, a twin's truth, held-out days, tables and charts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxscape.assimilation.calibration import DEFAULT_PARAMETERS
from fluxscape.assimilation.storage import read_posterior
from fluxscape.atlas.ensemble import ParameterEnsemble
from fluxscape.dlm import DlmParameters
from fluxscape.errors import MissingVariableError
from fluxscape.io import wire
from fluxscape.io.atomic import write_netcdf
from fluxscape.io.parameter_files import read_parameter_ensemble
from fluxscape_dashboard.pages._model_calibration import CalibrationTab
from fluxscape_dashboard.pages._model_calibration_words import parameters_frame, scores_frame
from fluxscape_dashboard.pages._model_parameters import ModelParameters
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages.base import Services
from fluxscape_dashboard.state import AppState, read_query, write_query
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.model_calibration import GRID, BandChart, RidgeChart, density
from fluxscape_dashboard.views.series import Quantity
from fluxscape_dashboard.work.calibration import calibration_pass, rank_candidates
from fluxscape_dashboard.work.calibration_task import CANDIDATES, posterior_members, read_plan
from fluxscape_dashboard.work.model import Site, run_land_surface
from fluxscape_dashboard.work.model_sets import ModelSet
from fluxscape_dashboard.work.uploads import read_upload
from helpers.calibration_tables import write_table
from helpers.empty_page import EmptyPage

# Panel's own buttons give themselves both.
pytestmark = pytest.mark.filterwarnings("ignore:Both 'variant' and 'button_style'")

NAMES = ("vcmax25", "heterotrophic_respiration10")
ROWS = [row for row in DlmParameters.table() if row.name in NAMES]
SITE = {
    "latitude": 42.4025,
    "longitude": 128.0958,
    "elevation": 738.0,
    "height": 40.0,
    "table": "",
    "utc_offset_hours": 8.0,
}


def _plan(**changes: Any) -> dict[str, Any]:
    return {
        "site": SITE,
        "name": "CN-Cha",
        "made_with": ModelSet("dlm", "MF", "loam").to_entries(),
        "parameters": list(NAMES),
        "streams": ["nee", "le"],
        "members": 10,
        "passes": 2,
        "part": "summer",
        "truth": ModelSet.of("dlm", "MF", "loam", {"vcmax25": 90.0}).to_entries(),
        **changes,
    }


def _silent(_fraction: float, _message: str) -> None:
    """Nobody is told."""


def _all_passes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while not found or not found[-1]["finished"]:
        before = found[-1]["state"] if found else None
        found.append(calibration_pass(_silent, plan=plan, before=before))
    return found


@pytest.fixture(scope="module")
def passes() -> list[dict[str, Any]]:
    """A tiny twin experiment, pass by pass."""
    return _all_passes(_plan())


def test_passes_narrow_the_ensemble_around_the_truth(passes: list[dict[str, Any]]) -> None:
    assert [item["passes"] for item in passes] == [1, 2, 2]
    last = passes[-1]
    assert last["truth"]["vcmax25"] == pytest.approx(90.0)
    assert last["misfit"][-1] < 0.3 * last["misfit"][0]
    assert np.median(last["values"][:, 0]) == pytest.approx(90.0, rel=0.15)
    assert last["reduction"][0] > 0.5
    assert last["values"].shape == last["prior"].shape == (10, 2)
    for item in passes:
        band, seen = item["band"], item["observed"]["values"]
        assert band["mean"].shape == seen.shape
        assert (band["lower"] <= band["mean"]).all()
        assert (band["mean"] <= band["upper"]).all()


def test_every_pass_is_plain_data_that_crosses_processes(passes: list[dict[str, Any]]) -> None:
    for item in passes:
        parts: list[Any] = []
        wire.send(item, parts.append)
        assert parts


def test_a_calibration_of_jobs_equals_one_that_was_never_interrupted(
    passes: list[dict[str, Any]],
) -> None:
    again = _all_passes(_plan())
    np.testing.assert_array_equal(again[-1]["values"], passes[-1]["values"])


def test_days_outside_the_period_are_the_test(passes: list[dict[str, Any]]) -> None:
    rows = passes[-1]["summary"]["scores"]
    assert [(row["stream"], row["held_out"]) for row in rows] == [
        ("nee", False),
        ("le", False),
        ("nee", True),
        ("le", True),
    ]
    assert rows[0]["n"] == 92
    assert rows[2]["n"] > 250
    for lang in ("en", "zh"):
        frame = scores_frame(rows, lang)
        assert frame.shape == (4, 7)
        assert "→" in frame.iloc[0, 3]


def test_a_whole_record_leaves_nothing_to_test() -> None:
    plan = _plan(part="year", passes=1, members=8, truth={"drawn": 1})
    last = _all_passes(plan)[-1]
    assert not any(row["held_out"] for row in last["summary"]["scores"])
    assert set(last["truth"]) == set(NAMES)


def test_a_table_without_measurements_cannot_be_calibrated_to() -> None:
    with pytest.raises(MissingVariableError, match="nothing measured"):
        calibration_pass(_silent, plan=_plan(truth=None), before=None)


def test_the_ranking_names_every_candidate() -> None:
    found = rank_candidates(_silent, plan=_plan(streams=["le"]))
    assert {row["parameter"] for row in found["ranking"]} == set(CANDIDATES)
    influence = [row["influence"] for row in found["ranking"]]
    assert influence == sorted(influence, reverse=True)
    # Carbon of the soil says nothing of latent heat.
    last = {row["parameter"] for row in found["ranking"][-5:]}
    assert "heterotrophic_respiration10" in last


def test_candidates_lie_inside_their_bounds_and_hold_the_usual_ones() -> None:
    table = {row.name: row for row in DlmParameters.table()}
    assert set(DEFAULT_PARAMETERS) <= set(CANDIDATES)
    for name in CANDIDATES:
        assert table[name].lower < table[name].default < table[name].upper


def test_a_density_holds_one() -> None:
    values = np.random.default_rng(1).normal(0.5, 0.1, 200)
    assert np.trapezoid(density(values), GRID) == pytest.approx(1.0, abs=0.01)


def test_the_tables_say_whether_the_truth_is_inside(passes: list[dict[str, Any]]) -> None:
    last = passes[-1]
    facts = (ROWS, last["prior"], last["values"], last["reduction"])
    for lang, word in (("en", "side"), ("zh", "区间")):
        frame = parameters_frame(*facts, last["truth"], lang)
        assert frame.shape == (2, 5)
        assert all(word in cell for cell in frame.iloc[:, 4])
    assert parameters_frame(*facts, None, "en").shape == (2, 4)


def test_charts_are_worded_in_both_languages(passes: list[dict[str, Any]]) -> None:
    last, ridges = passes[-1], RidgeChart()
    ridges.show(ROWS, last["prior"], last["values"], last["truth"])
    ridges.speak("zh", ROWS, last["reduction"])
    assert "最大羧化速率" in next(iter(ridges.chart.yaxis[0].major_label_overrides.values()))
    band = BandChart(Quantity("net_ecosystem_exchange", "umol m-2 s-1"))
    part = last["observed"]["stream"] == 0
    cut = {name: values[part] for name, values in last["band"].items()}
    band.show(last["observed"]["times"][part], last["observed"]["values"][part], cut, cut)
    band.speak("zh", twin=True)
    assert "由真值生成" in [item.label["value"] for item in band.chart.legend[0].items]
    assert len(band._source.data["x"]) == 92


def test_the_choices_of_a_calibration_live_in_the_address() -> None:
    state = AppState(
        dlm_cal_streams=["gpp"],
        dlm_cal_parameters=["vcmax25"],
        dlm_cal_members=100,
        dlm_cal_method="es-mda",
        dlm_part="summer",
    )
    restored = AppState()
    assert read_query(restored, write_query(state)) == ()
    assert restored.dlm_cal_streams == ["gpp"]
    assert restored.dlm_cal_members == 100
    assert restored.dlm_cal_method == "es-mda"
    assert restored.dlm_part == "summer"


class _Jobs:
    """Keeps what is submitted and finishes nothing."""

    def __init__(self) -> None:
        self.submitted: list[tuple[str, dict[str, Any]]] = []

    def submit(self, _session: str, target: str, kwargs: dict[str, Any], **_: Any) -> Any:
        self.submitted.append((target, kwargs))
        return _Running()


class _Running:
    def snapshot(self) -> Any:
        class _Now:
            state, progress, message, finished, error = "running", 0.0, "", False, None

        return _Now()

    def cancel(self) -> None:
        """Nothing to stop."""


class _Bench:
    def __init__(self, **state: Any) -> None:
        self.jobs, self.accepted = _Jobs(), list[tuple[dict[str, float], str]]()
        services = Services(
            jobs=self.jobs,  # type: ignore[arg-type]
            session="test",
            notify=lambda *_, **__: None,
            on_close=lambda _: None,
        )
        self.state = AppState(tower="CN-Cha", dlm_view="calibrate", **state)
        self.made_with = ModelSet(self.state.dlm_model, "MF", "loam")
        self.kept: ModelSet | None = None
        tower = tower_or_none("CN-Cha")
        assert tower is not None
        place = Place(tower, tower.latitude, tower.longitude, 11.0, 8.0, None)
        self.tab = CalibrationTab(
            EmptyPage(self.state, services),
            place=lambda: place,
            made_with=lambda: self.made_with,
            kept=lambda: self.kept,
            on_accept=lambda changes, name: self.accepted.append((changes, name)),
        )
        self.tab.show(visible=True)

    def words(self) -> str:
        boxes = self.tab._notes.column.objects
        return " ".join(str(pane.object) for box in boxes for pane in box.objects)


@pytest.fixture
def make_bench(monkeypatch: pytest.MonkeyPatch) -> Callable[..., _Bench]:
    class _Timer:
        def stop(self) -> None:
            """Nothing runs by itself in these tests."""

    monkeypatch.setattr(
        "fluxscape_dashboard.pages._run.pn.state.add_periodic_callback", lambda *_, **__: _Timer()
    )
    return _Bench


def _saved(tab: CalibrationTab, folder: Path) -> Path:
    """Return the file that the tab saves."""
    name = tab._file_name()
    assert name.startswith("fluxscape_posterior_CN-Cha")
    tab._write(folder / name)
    return folder / name


def test_a_set_that_was_accepted_is_listed_and_comes_back() -> None:
    state = AppState(tower="CN-Cha", dlm_params={"porosity": 0.5})
    said: list[str] = []
    services = Services(
        jobs=_Jobs(),  # type: ignore[arg-type]
        session="test",
        notify=lambda _, key, **__: said.append(key),
        on_close=lambda _: None,
    )
    parameters = ModelParameters(EmptyPage(state, services))
    assert not parameters.sets.view.visible
    parameters.accept({"vcmax25": 90.0}, "Calibrated at CN-Cha to NEE")
    assert said == ["model.cal_accepted"]
    assert parameters.sets.view.visible
    assert list(parameters.sets.view.options) == ["As set below", "Calibrated at CN-Cha to NEE"]
    assert parameters.sets.view.value == "Calibrated at CN-Cha to NEE"
    state.dlm_params = {}
    assert parameters.sets.view.value == ""
    parameters.sets.view.value = "Calibrated at CN-Cha to NEE"
    assert state.dlm_params == {"porosity": 0.5, "vcmax25": 90.0}
    assert state.dlm_type == "MF"


def test_soil_respires_at_the_rate_that_was_calibrated() -> None:
    site = Site(**SITE)
    rates = []
    for rate in (1.0, 4.0):
        chosen = ModelSet.of("dlm", "MF", "loam", {"heterotrophic_respiration10": rate})
        run = run_land_surface(site, chosen, _silent)
        rates.append(float(run["ecosystem_respiration"].mean()))
    assert rates[1] > 1.3 * rates[0]


def test_an_uploaded_table_is_calibrated_to_from_end_to_end(tmp_path: Path) -> None:
    table = tmp_path / "table.nc"
    said = read_upload(str(write_table(tmp_path, days=20)), str(table), 0.0)
    assert "gross_primary_production" in [item["name"] for item in said["variables"]]
    site = {
        **SITE,
        "latitude": 42.0,
        "longitude": 0.0,
        "table": str(table),
        "utc_offset_hours": 0.0,
    }
    made_with = ModelSet("dlm", "DBF", "loam").to_entries()
    plan = _plan(site=site, made_with=made_with, streams=["gpp"], truth=None, part="year")
    last = _all_passes(plan)[-1]
    assert last["truth"] is None
    assert [row["stream"] for row in last["summary"]["scores"]] == ["gpp"]
    # The table was made by the model with its defaults.
    assert np.median(last["values"][:, 0]) == pytest.approx(57.7, rel=0.2)
    members = posterior_members(read_plan(plan), last)
    assert members.attrs["data_status"] == "observed"
    write_netcdf(members, tmp_path / "posterior.nc")
    read = read_parameter_ensemble(tmp_path / "posterior.nc")
    found = ParameterEnsemble.of_file(read, None)
    assert found.members == 10


def test_passes_follow_each_other_and_medians_are_taken_over(
    make_bench: Callable[..., _Bench], passes: list[dict[str, Any]], tmp_path: Path
) -> None:
    bench = make_bench(dlm_cal_parameters=list(NAMES))
    bench.tab._begin()
    target, first = bench.jobs.submitted[0]
    assert target.endswith(":calibration_pass")
    assert first["before"] is None
    assert tuple(first["plan"]["parameters"]) == NAMES
    plan = bench.tab._plan
    assert plan is not None
    bench.tab._run._job = None
    bench.tab._take_pass(passes[0], plan)
    assert bench.jobs.submitted[1][1]["before"] is passes[0]["state"]
    bench.tab._take_pass(passes[-1], plan)
    bench.tab._use()
    changes, name = bench.accepted[0]
    assert changes["vcmax25"] == pytest.approx(90.0, rel=0.15)
    assert name.startswith("Calibrated at CN-Cha to ")
    members = read_posterior(_saved(bench.tab, tmp_path))["MF"]
    assert [item.vcmax25 for item in members] == pytest.approx(list(passes[-1]["values"][:, 0]))
    # What comes from a calibration that was given up is not shown.
    bench.tab._begin()
    bench.tab._take_pass(passes[0], plan)
    assert bench.tab._found is None


def test_the_tab_says_what_it_needs(make_bench: Callable[..., _Bench]) -> None:
    bench = make_bench(dlm_model="p-model")
    assert "Only DLM can be calibrated" in bench.words()
    assert not bench.tab._form.visible
    bench = make_bench(dlm_cal_streams=["nothing"])
    assert "at least one stream" in bench.words()
    assert bench.tab._start.disabled
    bench = make_bench(dlm_cal_truth="kept")
    assert "kept yet" in bench.words()
    bench.tab._begin()
    assert not bench.jobs.submitted
    bench.kept = ModelSet.of("dlm", "MF", "loam", {"vcmax25": 90.0})
    bench.tab.show(visible=True)
    assert not bench.tab._start.disabled
    bench.tab._begin()
    assert bench.jobs.submitted[0][1]["plan"]["truth"]["vcmax25"] == 90.0


def test_a_ranking_stands_beside_the_names_the_greatest_first(
    make_bench: Callable[..., _Bench],
) -> None:
    bench = make_bench()
    row = {"parameter": "autotrophic_share", "influence": 2.5}
    bench.tab._take_ranking({"ranking": [row]}, None)
    words = list(bench.tab._choices._parameters.options)
    assert words[0].endswith("· 2.5")
    assert set(bench.tab._choices.parameters()) == set(DEFAULT_PARAMETERS)
