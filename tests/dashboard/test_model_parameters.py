"""Parameters on the Model page: sliders over the model's table, YAML files, links."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fluxscape.dlm.parameters import DlmParameters, parameters_for
from fluxscape.errors import (
    FileFormatError,
    MissingVariableError,
    OutOfBoundsError,
    UnsafeInputError,
)
from fluxscape_dashboard.pages._model_exports import ParameterLoader
from fluxscape_dashboard.pages._model_words import model_words
from fluxscape_dashboard.pages._parameters import (
    ParameterSliders,
    group_key,
    is_logarithmic,
    parameter_groups,
)
from fluxscape_dashboard.pages.base import PageView, Services
from fluxscape_dashboard.state import AppState, read_query, write_query
from fluxscape_dashboard.text import t
from fluxscape_dashboard.work.model_sets import (
    MODEL_NAMES,
    ModelSet,
    changes_of,
    default_parameters,
    lue_cover,
    possible_changes,
)
from fluxscape_dashboard.work.parameter_file import LARGEST_FILE, parameter_text, read_parameters
from helpers.empty_page import EmptyPage

BASE = parameters_for("MF")


def test_a_saved_file_comes_back_as_the_same_changes() -> None:
    chosen = ModelSet.of("dlm", "MF", "loam", {"vcmax25": 80.5, "porosity": 0.4})
    changed = chosen.parameters()
    text = parameter_text(chosen, site="CN-Cha")
    assert read_parameters(text.encode(), "p.yaml", BASE) == {"vcmax25": 80.5, "porosity": 0.4}
    # The command line reads the same file: names and plain numbers.
    assert DlmParameters.from_dict(yaml.safe_load(text)) == changed


def test_a_file_of_some_values_changes_only_those() -> None:
    assert read_parameters(b"vcmax25: 70", "p.yaml", BASE) == {"vcmax25": 70.0}


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"vcmax25: [1, 2", FileFormatError, "not YAML"),
        (b"[" * 5000, FileFormatError, "not YAML"),
        (b"- 1\n- 2", FileFormatError, "name: value"),
        (b"\xff\xfe\x00", FileFormatError, "UTF-8"),
        (b"!!python/object/apply:os.system ['true']", FileFormatError, "not YAML"),
        (b"vcmax52: 70", MissingVariableError, "vcmax25"),
        (b"vcmax25: -3", OutOfBoundsError, "vcmax25"),
        (b"vcmax25: .nan", OutOfBoundsError, "vcmax25"),
        (b"vcmax25: yes", OutOfBoundsError, "vcmax25"),
        (b" " * (LARGEST_FILE + 1), UnsafeInputError, "bytes"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(
    content: bytes, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        read_parameters(content, "p.yaml", BASE)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_every_model_has_its_table_and_its_words_in_both_languages(model: str) -> None:
    defaults = default_parameters(model, "MF", "loam")
    for row in defaults.table():
        for lang in ("en", "zh"):
            assert t(f"model.parameter_{row.name}", lang)
            assert t(group_key(row.group), lang)
            assert model_words(model, lang)
    chosen = ModelSet(model, "MF", "loam")
    text = parameter_text(chosen, site="CN-Cha").encode()
    assert read_parameters(text, "p.yaml", defaults) == {}


def test_a_kept_set_survives_an_address_and_a_spoilt_one_is_refused() -> None:
    chosen = ModelSet.of("p-model", "MF", "loam", {"quantum_yield": 0.1})
    state = AppState(dlm_kept=chosen.to_entries(), dlm_model="mod17")
    restored = AppState()
    assert read_query(restored, write_query(state)) == ()
    assert ModelSet.from_entries(restored.dlm_kept) == chosen
    for spoilt in ({"model": "p-model", "vcmax25": 3.0}, {"model": "x"}, {}):
        with pytest.raises((MissingVariableError, OutOfBoundsError)):
            ModelSet.from_entries({"type": "MF", "soil": "loam", **spoilt})


def test_land_covers_without_an_efficiency_take_that_of_grass() -> None:
    assert lue_cover("URB") == "GRA"
    assert lue_cover("ENF") == "ENF"
    assert default_parameters("mod17", "URB", "loam") == default_parameters("mod17", "GRA", "loam")


def test_impossible_changes_are_told_from_possible_ones() -> None:
    kept, refused = possible_changes(BASE, {"vcmax25": 50, "porosity": 9.0, "nonsense": 1})
    assert kept == {"vcmax25": 50.0}
    assert set(refused) == {"porosity", "nonsense"}


def test_parameters_of_two_models_cannot_be_compared() -> None:
    with pytest.raises(OutOfBoundsError, match="cannot be compared"):
        changes_of(default_parameters("mod17", "MF", "loam"), BASE)


def test_changes_are_what_differs_from_the_defaults() -> None:
    assert changes_of(BASE, BASE) == {}
    assert changes_of(BASE.replace({"c4_fraction": 1.0}), BASE) == {"c4_fraction": 1.0}


def test_changed_parameters_live_in_the_address() -> None:
    state = AppState(dlm_params={"vcmax25": 80.5}, dlm_soil="silt_loam")
    restored = AppState()
    assert read_query(restored, write_query(state)) == ()
    assert restored.dlm_params == {"vcmax25": 80.5}
    assert restored.dlm_soil == "silt_loam"


class _Jobs:
    """A pool that takes nothing."""


def _page() -> PageView:
    services = Services(
        jobs=_Jobs(),  # type: ignore[arg-type]
        session="test",
        notify=lambda *_, **__: None,
        on_close=lambda _: None,
    )
    return EmptyPage(AppState(), services)


def _sliders() -> tuple[ParameterSliders, list[Any]]:
    seen: list[Any] = []
    sliders = ParameterSliders(
        _page(), on_change=lambda *pair: seen.append(pair), on_reset=seen.append
    )
    sliders.show(BASE, BASE)
    for card in sliders._cards.values():
        card.collapsed = True
        card.collapsed = False
    return sliders, seen


def test_every_parameter_has_a_slider_within_its_bounds() -> None:
    sliders, _ = _sliders()
    sliders.show(BASE, BASE)
    assert set(sliders._sliders) == {row.name for row in DlmParameters.table()}
    for row in DlmParameters.table():
        slider = sliders._sliders[row.name]
        assert slider.value == getattr(BASE, row.name)
        assert row.source in slider.description
        if is_logarithmic(row):
            values = list(slider.options.values())
            assert (values[0], values[-1]) == (row.lower, row.upper)
            assert values == sorted(values)
        else:
            assert (slider.start, slider.end) == (row.lower, row.upper)


def test_a_slider_tells_what_it_was_moved_to_and_is_silent_when_it_is_set() -> None:
    sliders, seen = _sliders()
    sliders.show(BASE, BASE)
    with_value = sliders._sliders["vcmax25"]
    with_value.param.update(value=80.123456)
    with_value.param.trigger("value")
    assert seen == []
    _throttle(with_value, 80.123456)
    assert seen == [("vcmax25", 80.12)]
    seen.clear()
    sliders.show(BASE.replace({"vcmax25": 30.0, "saturated_conductivity": 1.234e-6}), BASE)
    assert seen == []
    assert sliders._sliders["vcmax25"].value == 30.0
    assert sliders._sliders["saturated_conductivity"].value == 1.234e-6


def _throttle(slider: Any, value: float) -> None:
    import param  # noqa: PLC0415

    with param.edit_constant(slider):
        slider.value_throttled = value


def test_cards_count_what_was_changed_in_the_present_language() -> None:
    sliders, _ = _sliders()
    sliders.show(BASE.replace({"vcmax25": 30.0}), BASE)
    assert sliders._cards["Photosynthesis"].title == "Photosynthesis · 1 changed"
    sliders._page.state.lang = "zh"
    assert sliders._cards["Photosynthesis"].title == "光合作用 · 已改 1 项"
    assert sliders._sliders["vcmax25"].label.startswith("• ")


def test_a_changed_parameter_can_be_set_back_alone() -> None:
    sliders, seen = _sliders()
    sliders.show(BASE.replace({"vcmax25": 30.0}), BASE)
    back = sliders._resets["vcmax25"]
    assert back.visible
    assert f"{BASE.vcmax25:g}" in back.description
    assert not sliders._resets["electron_yield"].visible
    back.param.trigger("clicks")
    assert seen == [("vcmax25",)]


def test_another_model_brings_its_own_sliders() -> None:
    sliders, _ = _sliders()
    other = default_parameters("p-model", "MF", "loam")
    sliders.show(other, other)
    assert list(sliders._cards) == ["Light", "Water", "Efficiency"]
    # The group of the leading parameter is open at once.
    assert set(sliders._sliders) == {"quantum_yield", "acclimation"}


def test_groups_keep_the_order_of_the_table() -> None:
    groups = parameter_groups(DlmParameters)
    assert [row.name for rows in groups.values() for row in rows] == [
        row.name for row in DlmParameters.table()
    ]


def test_a_parameter_file_is_loaded_or_refused_with_its_name() -> None:
    loaded: list[Any] = []
    refused: list[Any] = []
    loader = ParameterLoader(
        _page(),
        defaults=lambda: BASE,
        on_load=lambda changes, name: loaded.append((changes, name)),
        on_error=lambda error, name: refused.append((type(error), name)),
    )
    loader.button.param.update(filename="mine.yaml", value=b"vcmax25: 70")
    assert loaded == [({"vcmax25": 70.0}, "mine.yaml")]
    loader.button.param.update(filename="mine.yaml", value=b"vcmax25: 7000")
    loader.button.param.update(filename="../mine.yaml", value=b"vcmax25: 70")
    assert [kind for kind, _ in refused] == [OutOfBoundsError, UnsafeInputError]
    assert len(loaded) == 1
