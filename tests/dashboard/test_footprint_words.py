"""Every text of the Footprint and Model pages exists in both languages and nothing is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fluxscape.dlm.parameters import DlmParameters, parameters_for
from fluxscape.footprint.models import MODELS, VARIANTS
from fluxscape.footprint.product import FILLED_INPUTS
from fluxscape.footprint.rules import NO_SOLUTION
from fluxscape.footprint.weights import WEIGHTS
from fluxscape.vocabulary import VARIABLES
from fluxscape_dashboard.pages._footprint_words import period_words, reason_words
from fluxscape_dashboard.pages._parameters import parameter_groups
from fluxscape_dashboard.pages.footprint import WANTED as FOOTPRINT_INPUTS
from fluxscape_dashboard.pages.model import WANTED as MODEL_INPUTS
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.state_model import COVER_TYPES, SOIL_TEXTURES
from fluxscape_dashboard.text import LANGUAGES, catalogue, t

CODE = Path(__file__).resolve().parents[2] / "dashboard" / "fluxscape_dashboard"
NAMESPACES = ("footprint", "model", "work")


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_catalogue_has_no_key_that_no_code_asks_for(namespace: str) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in CODE.rglob("*.py"))
    literal = set(re.findall(rf'{namespace}\.([a-z_0-9A-Z]+)["\']', source))
    prefixes = tuple(re.findall(rf"{namespace}\.([a-z_]+_)\{{", source))
    built = {
        "work": ("variable_", "step_"),
        "footprint": ("tab_", "layer_", "geometry_", "light_", "weight_"),
        "model": (),
    }
    unused = [
        key
        for key in catalogue(namespace)
        if key not in literal
        and not key.startswith(prefixes + built[namespace])
        and f'"{key}"' not in source
    ]
    assert not unused


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rule_that_rejects_a_record_has_a_reason_in_words(lang: str) -> None:
    for model in MODELS.values():
        reasons = [rule.reason for rule in model.rules] + [NO_SOLUTION, "missing_weight"]
        reasons += [f"missing_{name}" for name in (*model.needs, *model.profile_inputs)]
        assert all(reason_words(reason, lang) for reason in reasons)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_parameter_and_group_of_the_model_has_a_name(lang: str) -> None:
    for group in parameter_groups(DlmParameters):
        assert t(f"model.group_{group.lower()}", lang)
    names = {t(f"model.parameter_{row.name}", lang) for row in DlmParameters.table()}
    assert len(names) == len(DlmParameters.table())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_variable_of_a_table_has_a_name(lang: str) -> None:
    assert all(t(f"work.variable_{name}", lang) for name in VARIABLES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_happens_without_an_input_is_said(lang: str) -> None:
    for name, key in (*FOOTPRINT_INPUTS, *MODEL_INPUTS):
        assert name in VARIABLES
        assert t(key, lang)


def test_the_page_offers_every_footprint_model_and_variant_of_the_core() -> None:
    assert set(AppState.param.fp_model.objects) == set(MODELS | VARIANTS)
    assert set(AppState.param.fp_other.objects) == {"none", *MODELS, *VARIANTS}
    for model in MODELS | VARIANTS:
        assert t(f"footprint.model_{model}", "en")
    for model in MODELS:
        assert t(f"footprint.provenance_{model}", "zh")


def test_the_page_offers_every_weight_of_the_core() -> None:
    assert set(AppState.param.fp_weight.objects) == set(WEIGHTS)
    assert all(t(f"footprint.weight_{weight}", "zh") for weight in WEIGHTS)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_filled_input_says_how_it_is_estimated(lang: str) -> None:
    assert all(t(f"footprint.how_{name}", lang) for name in FILLED_INPUTS)


def test_a_period_of_several_parts_is_one_text_and_one_name() -> None:
    state = AppState(fp_period="month-07", fp_light="night", fp_year=2012)
    assert state.footprint_period == "month-07+night+2012"
    assert period_words(state.footprint_period, "en") == "Jul, Night, 2012"
    assert AppState().footprint_period == "all"


def test_every_soil_and_cover_on_offer_has_parameters() -> None:
    for soil in SOIL_TEXTURES:
        assert parameters_for("GRA", soil)
        assert t(f"model.soil_{soil}", "zh")
    for cover in COVER_TYPES:
        assert parameters_for(cover)
        assert t(f"towers.igbp_{cover}", "zh")
