"""The Model page in a browser: turn a parameter, see the curve move; models, calibration, links."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from helpers.browser import FluxPage
from helpers.waiting import wait_without_chinese

SLOW_MS = 150_000
"""The first run of a server compiles the model [ms]."""

READ_CURVE = """
(kind) => {
  const curves = {}
  for (const document of Bokeh.documents) {
    for (const model of document.all_models) {
      if (model.type !== 'Figure' || !String(model.name).startsWith('series_')) continue
      for (const renderer of model.renderers) {
        if (renderer.name !== kind) continue
        const values = Array.from(renderer.data_source.data.get?.('y')
          ?? renderer.data_source.data.y).filter(Number.isFinite)
        const sum = values.reduce((total, value) => total + value, 0)
        if (values.length) curves[model.name] = {count: values.length, sum}
      }
    }
  }
  return curves
}
"""

GONE = "() => !window.location.search.includes('dlm_params')"
"""Whether the address names no changed parameter any more."""


def curves(page: FluxPage, kind: str = "modelled") -> dict[str, dict[str, float]]:
    """Return number and sum of the values of every series that is drawn."""
    found: dict[str, dict[str, float]] = page.page.evaluate(READ_CURVE, kind)
    return found


GPP_SERIES = "series_gross_primary_production"


def wait_for_curve(page: FluxPage, unlike: float | None = None) -> dict[str, dict[str, float]]:
    """Wait until production is drawn, with another sum than ``unlike``; return all series."""
    page.page.wait_for_function(
        f"""(unlike) => {{
          const found = ({READ_CURVE})('modelled')['series_gross_primary_production']
          return found && found.count > 300 && (unlike === null || found.sum !== unlike)
        }}""",
        arg=unlike,
        timeout=SLOW_MS,
    )
    return curves(page)


@pytest.mark.timeout(400)
def test_moving_a_slider_moves_the_curves_and_the_address(page: FluxPage) -> None:
    page.open(page="model", tower="CN-Cha")
    before = wait_for_curve(page)
    assert set(before) == {
        "series_gross_primary_production",
        "series_net_ecosystem_exchange",
        "series_latent_heat_flux",
        "series_sensible_heat_flux",
        "series_soil_water_content",
        "series_soil_temperature",
    }
    page.wait_text("Simulated weather from the climatology")
    slider = page.page.get_by_role("slider").first
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    gpp = before["series_gross_primary_production"]["sum"]
    after = wait_for_curve(page, unlike=gpp)
    assert after["series_gross_primary_production"]["sum"] < gpp
    # Every chart gets a message of its own.
    page.page.wait_for_function(
        f"(sum) => ({READ_CURVE})('modelled')['series_latent_heat_flux'].sum !== sum",
        arg=before["series_latent_heat_flux"]["sum"],
        timeout=SLOW_MS,
    )
    assert "vcmax25" in parse_qs(page.query())["dlm_params"][0]
    # The defaults stand beside the changed run.
    page.page.wait_for_function(
        f"() => ({READ_CURVE})('compared')['series_gross_primary_production']", timeout=SLOW_MS
    )
    compared = curves(page, "compared")["series_gross_primary_production"]
    assert compared["sum"] == pytest.approx(gpp, rel=1e-5)
    page.wait_text("1 changed")
    # One parameter alone goes back to its default, and its curve with it: that run is remembered.
    page.page.get_by_role("button", name="Reset “Carboxylation capacity Vcmax25”").click()
    page.page.wait_for_function(
        f"""(wanted) => {{
          const found = ({READ_CURVE})('modelled')['series_gross_primary_production']
          return Math.abs(found.sum / wanted - 1) < 1e-5
        }}""",
        arg=gpp,
        timeout=SLOW_MS,
    )
    page.page.wait_for_function(GONE)


@pytest.mark.timeout(400)
def test_two_models_are_drawn_against_each_other(page: FluxPage) -> None:
    page.open(page="model", tower="CN-Cha")
    before = wait_for_curve(page)["series_gross_primary_production"]["sum"]
    page.page.get_by_role("button", name="Keep this run to compare").click()
    page.wait_query("dlm_kept")
    page.page.get_by_text("DLM (land surface)", exact=True).first.click()
    page.page.get_by_text("P-model", exact=True).last.click()
    wait_for_curve(page, unlike=before)
    # The P-model has production only, and says so. Every chart gets a message of its own.
    page.page.wait_for_function(
        f"""() => Object.keys(({READ_CURVE})('modelled')).join() === '{GPP_SERIES}'""",
        timeout=SLOW_MS,
    )
    page.wait_text("P-model gives gross primary production only")
    page.wait_text("Quantum yield")
    compared = curves(page, "compared")
    assert compared["series_gross_primary_production"]["sum"] == pytest.approx(before, rel=1e-5)
    assert "series_latent_heat_flux" in compared
    page.page.get_by_text("Soil", exact=True).first.click()
    page.wait_text("This model has no soil")


@pytest.mark.timeout(400)
def test_a_tiny_twin_is_calibrated_and_its_parameters_accepted(page: FluxPage) -> None:
    page.open(
        page="model",
        tower="CN-Cha",
        dlm_view="calibrate",
        dlm_cal_members=10,
        dlm_cal_passes=1,
        dlm_cal_parameters="vcmax25,stomatal_slope",
        dlm_part="month_7",
        dlm_week=1,
    )
    page.wait_text("this is a twin experiment")
    page.page.get_by_role("button", name="Start calibration").click()
    page.wait_text("Done after 1 of 1 passes", timeout_ms=SLOW_MS)
    page.wait_text("held out")
    page.page.get_by_role("button", name="Use these parameters").click()
    page.wait_query("dlm_params=")
    changes = parse_qs(page.query())["dlm_params"][0]
    assert "vcmax25" in changes
    page.page.get_by_text("Week", exact=True).first.click()
    wait_for_curve(page)


@pytest.mark.timeout(400)
def test_a_link_restores_parameters_view_and_language(page: FluxPage) -> None:
    page.open(
        page="model", tower="CN-HaM", lang="zh", dlm_view="daily", dlm_params='{"vcmax25":60}'
    )
    page.wait_text("计算用时", timeout_ms=SLOW_MS)
    page.wait_text("已改 1 项")
    page.wait_text("总初级生产力")
    assert "Simulated weather" not in page.visible_text()
    page.page.get_by_text("EN", exact=True).first.click()
    page.wait_text("Simulated weather from the climatology")
    wait_without_chinese(page)
    page.page.get_by_text("Budget", exact=True).first.click()
    page.wait_text("Largest water residual of a step")


@pytest.mark.timeout(400)
def test_an_impossible_parameter_in_a_link_is_dropped_with_a_word(page: FluxPage) -> None:
    page.open(page="model", tower="CN-Cha", dlm_params='{"vcmax25":-5,"nonsense":1}')
    page.wait_text("not possible here")
    wait_for_curve(page)
    page.page.wait_for_function(GONE)
