"""The choice of towers: seats, the search, chance, scores, the real network."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.io.basemap import read_nation
from fluxscape.io.climatology import read_climatology
from fluxscape.representativeness.choice import choose_towers
from fluxscape.representativeness.environment import national_environment
from fluxscape.representativeness.network import network_space
from fluxscape.representativeness.strata import (
    PLANT_GROUPS,
    hamilton,
    plant_group,
    stratum_name,
    stratum_numbers,
)
from fluxscape.towers import IGBP_CLASSES, load_towers
from helpers.networks import toy_network

LINE = [[float(x)] for x in range(13)]


def test_hamilton_gives_the_seats_of_the_first_congress_apportionment() -> None:
    # Balinski and Young 2001, appendix B: the census of 1790, 120 seats, Hamilton's bill.
    people = {
        "Virginia": 630_560, "Massachusetts": 475_327, "Pennsylvania": 432_879,
        "North Carolina": 353_523, "New York": 331_589, "Maryland": 278_514,
        "Connecticut": 236_841, "South Carolina": 206_236, "New Jersey": 179_570,
        "New Hampshire": 141_822, "Vermont": 85_533, "Georgia": 70_835,
        "Kentucky": 68_705, "Rhode Island": 68_446, "Delaware": 55_540,
    }  # fmt: skip
    seats = hamilton(np.array(list(people.values()), dtype=float), 120)
    assert dict(zip(people, seats.tolist(), strict=True)) == {
        "Virginia": 21, "Massachusetts": 16, "Pennsylvania": 14, "North Carolina": 12,
        "New York": 11, "Maryland": 9, "Connecticut": 8, "South Carolina": 7, "New Jersey": 6,
        "New Hampshire": 5, "Vermont": 3, "Georgia": 2, "Kentucky": 2, "Rhode Island": 2,
        "Delaware": 2,
    }  # fmt: skip


def test_hamilton_by_hand() -> None:
    # Quotas 4.7, 3.3, 2.0 of 10: whole parts 4, 3, 2, the last seat to the remainder 0.7.
    assert hamilton(np.array([47.0, 33.0, 20.0]), 10).tolist() == [5, 3, 2]
    # Equal remainders: the larger share, then the first.
    assert hamilton(np.array([2.5, 1.5, 1.0]), 5).tolist() == [3, 1, 1]
    assert hamilton(np.array([1.0, 1.0]), 3).tolist() == [2, 1]


def test_limits_are_kept_and_the_rest_is_shared_among_the_others() -> None:
    shares = np.array([0.90, 0.09, 0.01])
    assert hamilton(shares, 10, at_least=1).tolist() == [8, 1, 1]
    assert hamilton(shares, 10, at_most=np.array([4, 9, 9])).tolist() == [4, 5, 1]
    assert hamilton(np.array([0.0, 1.0]), 3, at_most=np.array([5, 1])).tolist() == [2, 1]


@settings(max_examples=200)
@given(
    st.lists(st.floats(0.0, 1.0), min_size=1, max_size=12).filter(lambda s: sum(s) > 0.01),
    st.integers(0, 60),
    st.integers(0, 2),
    st.integers(0, 1000),
)
def test_seats_sum_up_within_their_limits(shares, seats, at_least, seed) -> None:
    limits = np.random.default_rng(seed).integers(1, 15, len(shares))
    floors = np.minimum(at_least, limits)
    if not floors.sum() <= seats <= limits.sum():
        with pytest.raises(OutOfBoundsError, match="seats cannot be shared"):
            hamilton(np.array(shares), seats, at_least=at_least, at_most=limits)
        return
    given_seats = hamilton(np.array(shares), seats, at_least=at_least, at_most=limits)
    assert given_seats.sum() == seats
    assert (given_seats >= floors).all()
    assert (given_seats <= limits).all()


@given(st.lists(st.floats(0.01, 1.0), min_size=1, max_size=12), st.integers(0, 60))
def test_without_limits_no_party_is_a_seat_from_its_quota(shares, seats) -> None:
    share = np.array(shares)
    quota = seats * share / share.sum()
    assert (np.abs(hamilton(share, seats) - quota) < 1.0 + 1e-9).all()


def test_every_igbp_class_belongs_to_one_plant_group() -> None:
    codes = [code for group in PLANT_GROUPS.values() for code in group]
    assert sorted(codes) == sorted(IGBP_CLASSES)
    with pytest.raises(OutOfBoundsError, match="'XYZ' is no IGBP class"):
        plant_group("XYZ")


def test_strata_are_named_by_climate_and_plants() -> None:
    numbers = stratum_numbers(np.array([2.0, 4.0]), ["barren", "needleleaf forest"])
    assert [stratum_name(n) for n in numbers] == ["arid barren", "cold needleleaf forest"]


def test_towers_at_the_centres_of_clusters_are_chosen() -> None:
    cross = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    clusters = np.concatenate([cross + np.array([centre, 0]) for centre in (0, 20, 40)])
    network = toy_network(clusters, list(range(15)), threshold=1.0)
    choice = choose_towers(network, count=3, draws=50)
    assert sorted(choice.sites) == ["T0", "T10", "T5"]
    assert choice.coverage.share == pytest.approx(1.0)
    assert choice.beaten_mean_distance > 0.9


def test_the_greedy_search_finds_the_k_centre_optimum_of_a_line() -> None:
    # Three centres of 13 cells in a row: 2, 6, 10 reach every cell within 2; towers stand there
    # and at the ends.
    network = toy_network(LINE, [0, 2, 6, 10, 12])
    choice = choose_towers(network, count=3, draws=0)
    assert sorted(choice.sites) == ["T1", "T2", "T3"]
    assert choice.coverage.distance.max() == 2.0


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_choice_is_at_least_as_near_as_greedy_and_close_to_the_best(seed: int) -> None:
    random = np.random.default_rng(seed)
    network = toy_network(random.normal(size=(60, 2)), random.choice(60, 9, replace=False))
    choice = choose_towers(network, count=3, draws=0)
    assert choice.coverage.mean_distance <= choice.greedy.mean_distance + 1e-12
    best = min(
        float(network.weights @ network.distances[list(members)].min(axis=0))
        for members in itertools.combinations(range(9), 3)
    )
    assert choice.coverage.mean_distance <= 1.1 * best


def test_every_stratum_has_its_seats() -> None:
    # 60 % of the area is stratum 12 (tropical shrubland), 40 % stratum 25; five seats of ten.
    strata = [12] * 6 + [25] * 4
    network = toy_network(np.arange(10.0)[:, None], list(range(10)), cell_strata=strata)
    choice = choose_towers(network, count=5)
    chosen = [strata[int(site[1:])] for site in choice.sites]
    assert (chosen.count(12), chosen.count(25)) == (3, 2)
    assert [row.chosen for row in choice.strata] == [3, 2]
    assert sum(row.share for row in choice.strata) == pytest.approx(1.0)


def test_a_better_score_comes_first_within_its_stratum() -> None:
    network = toy_network(LINE, [0, 2, 6, 10, 12])
    choice = choose_towers(network, count=2, scores={"T0": 3, "T4": 3, "T2": 1}, draws=10)
    assert sorted(choice.sites) == ["T0", "T4"]
    # One seat is left after the two best: T1 and T3 have no score, T2 a low one.
    choice = choose_towers(network, count=3, scores={"T0": 3, "T4": 3, "T2": 1}, draws=10)
    assert sorted(choice.sites) == ["T0", "T2", "T4"]
    with pytest.raises(MissingVariableError, match="T9"):
        choose_towers(network, count=2, scores={"T9": 1.0})
    unknown = choose_towers(network, count=3, scores={"T0": float("nan")}, draws=0)
    assert sorted(unknown.sites) == ["T1", "T2", "T3"]


def test_one_seed_gives_the_same_draws_and_all_towers_have_no_rival() -> None:
    network = toy_network(LINE, [0, 2, 6, 10, 12])
    one, two, other = (
        choose_towers(network, count=2, draws=30, seed=seed).random_mean_distance
        for seed in (1, 1, 2)
    )
    assert one.tobytes() == two.tobytes() != other.tobytes()
    everything = choose_towers(network, share=1.0, draws=10)
    assert everything.beaten_coverage == 0.5
    assert everything.coverage.share == everything.everything.share


@pytest.mark.parametrize(
    "options",
    [{"share": 0.0}, {"share": 1.5}, {"count": 0}, {"count": 6}, {"draws": -1}, {"seed": -1}],
)
def test_impossible_choices_are_named(options) -> None:
    with pytest.raises(OutOfBoundsError):
        choose_towers(toy_network(LINE, [0, 2, 6, 10, 12]), **options)


def test_a_third_of_chinas_towers_beats_95_of_100_random_draws_within_ten_seconds() -> None:
    start = time.process_time()
    environment = national_environment(read_climatology(), read_nation().polygon)
    network = network_space(environment, load_towers())
    choice = choose_towers(network, share=1 / 3, draws=1000, seed=0)
    assert time.process_time() - start < 40.0
    assert len(choice.sites) == len(set(choice.sites)) == 49
    assert choice.random_coverage.size == 1000
    assert choice.beaten_coverage > 0.95
    assert choice.beaten_mean_distance > 0.95
    assert choice.coverage.share > 0.95 * choice.everything.share
