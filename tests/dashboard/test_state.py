"""The session state and its mirror in the address."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluxscape_dashboard.state import (
    LONGEST_QUERY,
    AppState,
    _decode,
    read_query,
    url_parameters,
    write_query,
)
from fluxscape_dashboard.state_footprint import grid_of


def test_an_untouched_state_writes_only_version_page_and_language() -> None:
    assert write_query(AppState()) == "?v=1&page=towers&lang=en"


def test_a_written_address_restores_the_whole_state() -> None:
    state = AppState(
        page="atlas",
        lang="zh",
        dark=True,
        tower="CN-Cha",
        map_view=(104.5, 36, 20.25),
        tw_search="Changbai & 长白山",
        tw_igbp=["MF", "EBF"],
        tw_years=(2001, 2005),
        dlm_params={"vcmax": 55.5},
        fp_height=12.5,
    )
    restored = AppState()
    assert read_query(restored, write_query(state)) == ()
    for name in url_parameters(state):
        assert getattr(restored, name) == getattr(state, name), name


def test_an_address_without_a_parameter_means_its_default() -> None:
    state = AppState(tower="CN-Cha", tw_search="x")
    read_query(state, "?page=model")
    assert (state.page, state.tower, state.tw_search) == ("model", "", "")


def test_an_address_without_language_or_theme_keeps_them() -> None:
    state = AppState(lang="zh", dark=True)
    read_query(state, "?page=model")
    assert (state.lang, state.dark) == ("zh", True)


@pytest.mark.parametrize(
    "pair",
    [
        "page=nowhere",
        "lang=xx",
        "tower=<img src=x onerror=alert(1)>",
        "tower=../../etc/passwd",
        "map_view=1,2",
        "map_view=nan,1,2",
        "map_view=1,2,inf",
        "tw_years=1700,2000",
        "dark=yes",
        "v=2",
        "fp_height=abc",
        "fp_height=1e9",
        "fp_resolution=3",
        "dlm_params=[1]",
        "dlm_params={",
        'dlm_params={"a":NaN}',
        'dlm_params={"a":1e999}',
        'dlm_params={"a":{"b":1}}',
        "dlm_params=" + "[" * 5000,
        'dlm_params={"a":' + "[" * 900 + "]" * 900 + "}",
        'dlm_params={"a":' + "9" * 5000 + "}",
        "dlm_week=99",
    ],
)
def test_an_impossible_value_becomes_a_notice_and_the_default_stands(pair: str) -> None:
    state = AppState()
    name, _, value = pair.partition("=")
    notices = read_query(state, f"?{pair}".replace("&", "%26"))
    assert [notice.values["name"] for notice in notices] == [name]
    assert str(notices[0].values["value"]) == value[:40]
    assert getattr(state, name) == AppState.param[name].default


def test_a_misspelt_name_is_told_and_a_stranger_is_passed_over() -> None:
    notices = read_query(AppState(), "?towre=CN-Cha&utm_source=mail&from=singlemessage")
    assert [notice.values for notice in notices] == [{"name": "towre", "near": "tower"}]


def test_an_endless_address_is_refused_as_a_whole() -> None:
    state = AppState()
    notices = read_query(state, "?tower=CN-Cha&tw_search=" + "x" * LONGEST_QUERY)
    assert [notice.key for notice in notices] == ["common.notice_long_address"]
    assert state.tower == ""


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 50_000 + "]" * 50_000])
def test_a_value_nested_without_end_is_refused(text: str) -> None:
    state = AppState()
    notices = read_query(state, "?dlm_params=" + text)
    assert [notice.key for notice in notices] == ["common.notice_long_address"]
    # The reader itself must not fail either, whatever the limit of an address is one day.
    with pytest.raises((ValueError, RecursionError)):
        _decode(AppState.param["dlm_params"], text)
    assert state.dlm_params == {}


def test_too_many_fields_are_refused() -> None:
    notices = read_query(AppState(), "?" + "&".join(f"a{i}=1" for i in range(500)))
    assert [notice.key for notice in notices] == ["common.notice_long_address"]


def test_reset_keeps_language_and_theme() -> None:
    state = AppState(lang="zh", dark=True, tower="CN-Cha", page="model", tw_igbp=["MF"])
    state.reset()
    assert (state.lang, state.dark) == ("zh", True)
    assert (state.tower, state.page, state.tw_igbp) == ("", "towers", [])


def test_lists_of_two_sessions_are_not_shared() -> None:
    one, two = AppState(), AppState()
    one.reset()
    one.tw_igbp.append("MF")
    assert two.tw_igbp == []
    assert AppState.param["tw_igbp"].default == []


@given(st.text(max_size=300))
def test_no_address_text_raises(text: str) -> None:
    read_query(AppState(), text)


@given(
    st.lists(
        st.tuples(st.sampled_from(url_parameters(AppState())), st.text(max_size=40)), max_size=8
    )
)
def test_no_value_of_a_known_name_raises(pairs: list[tuple[str, str]]) -> None:
    state = AppState()
    read_query(state, "?" + urlencode(pairs))
    assert write_query(state).startswith("?v=1&page=")


@pytest.mark.parametrize(
    ("chosen", "heights", "grid"),
    [
        ((0, 0), (2.2, 0.3), (2.5, 250.0)),
        ((0, 0), (39.6, 12.0), (40.0, 4000.0)),
        ((0, 0), (400.0, 10.0), (40.0, 4000.0)),
        ((10, 0), (10.0, 1.0), (10.0, 2000.0)),
        ((0, 500), (39.6, 12.0), (5.0, 500.0)),
        ((4, 1000), (39.6, 12.0), (4.0, 1000.0)),
        ((0, 0), (1.0, 20.0), (2.5, 250.0)),
    ],
)
def test_an_automatic_grid_follows_from_the_heights(
    chosen: tuple[int, int], heights: tuple[float, float], grid: tuple[float, float]
) -> None:
    assert grid_of(*chosen, *heights) == grid
