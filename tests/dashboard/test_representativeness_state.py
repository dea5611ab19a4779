"""The Representativeness page's part of the address: round trips and what is refused."""

from __future__ import annotations

import pytest

from fluxscape_dashboard.state import AppState, read_query, write_query
from fluxscape_dashboard.state_representativeness import LIMITS, limits_of


def test_an_address_restores_the_whole_page() -> None:
    state = AppState(
        page="representativeness",
        rep_view="network",
        rep_limits={"bias_medium": 0.15, "bias_radius": 500.0},
        rep_place=(250.0, -100.0),
        rep_add=["CN-Cha", "CN-Din"],
        rep_share=20,
    )
    other = AppState()
    assert read_query(other, write_query(state)) == ()
    assert write_query(other) == write_query(state)
    assert other.tried_place == (250.0, -100.0)
    assert other.rep_add == ["CN-Cha", "CN-Din"]


@pytest.mark.parametrize(
    "query",
    [
        'rep_limits={"bias_medium":99}',
        'rep_limits={"no_such_limit":1}',
        "rep_share=0",
        "rep_view=moon",
        "rep_place=1,nan",
        "rep_seed=-1",
    ],
)
def test_what_is_impossible_is_refused_and_said(query: str) -> None:
    state = AppState()
    notices = read_query(state, "?" + query)
    assert len(notices) == 1
    assert write_query(state) == write_query(AppState())


def test_every_offered_limit_is_one_of_the_core() -> None:
    assert set(LIMITS) <= set(limits_of({}).to_dict())
    assert limits_of({"cover_high": 0.9}).cover_high == 0.9
