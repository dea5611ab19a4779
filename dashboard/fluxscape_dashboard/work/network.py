"""Which towers represent the nation, for the page: choice, coverage, curve and map."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from fluxscape.atlas.environment import embedded_environment
from fluxscape.representativeness.choice import NetworkChoice, choose_towers
from fluxscape.representativeness.growth import CoverageCurve, coverage_curve
from fluxscape.representativeness.network import (
    Coverage,
    NetworkSpace,
    coverage_change,
    network_space,
    representativeness_map,
)
from fluxscape.representativeness.strata import stratum_name
from fluxscape_dashboard.tower_table import all_towers
from fluxscape_dashboard.work.footprint import Report

DRAWS: Final = 1000
"""Random draws that the choice is compared with."""

QUANTILES: Final = (0.05, 0.5, 0.95)
"""Of the draws: the ends of the band and its middle."""


def network_of_nation(
    report: Report, *, by: str, share: float, add: list[str], remove: list[str]
) -> dict[str, Any]:
    """Return the towers that represent the nation, changed by hand, and what they cover.

    Parameters
    ----------
    report
        Told the fraction done and the key of the text that names the step.
    by
        What cells count by: ``area`` or ``gpp``.
    share
        Share of the towers that is chosen, in (0, 1].
    add, remove
        Sites that are added to the choice and taken from it; those that are unknown or would
        change nothing are passed over.

    Returns
    -------
    dict
        ``towers`` (one dict each), ``strata`` (one dict each, the largest first), ``map``
        (Dataset), ``curve`` (lists by number of towers), ``chosen`` (of the choice itself) and
        ``present`` (after the changes by hand): ``count``, ``coverage``, ``mean_distance``,
        ``radius``; ``chance`` (of the random draws), ``everything``, ``threshold``, ``left_out``.
    """
    report(0.02, "work.step_environment")
    network = _network(by)
    report(0.4, "work.step_choice")
    choice = _choice(by, share)
    report(0.7, "work.step_draws")
    curve = _curve(by)
    known, chosen = set(network.sites), set(choice.sites)
    wanted = [site for site in add if site in known - chosen]
    unwanted = [site for site in remove if site in chosen]
    _, present = coverage_change(network, choice.sites, add=wanted, remove=unwanted)
    return {
        "towers": _towers(network, choice, present),
        "strata": [
            {name: getattr(row, name) for name in ("name", "share", "towers", "chosen", "covered")}
            for row in choice.strata
        ],
        "map": representativeness_map(network, present),
        "curve": _plain_curve(curve),
        "chosen": _numbers(choice.coverage),
        "present": _numbers(present),
        "everything": choice.everything.share,
        "chance": _chance(choice),
        "threshold": network.threshold,
        "by": by,
        "left_out": list(network.left_out),
    }


@lru_cache(maxsize=2)
def _network(by: str) -> NetworkSpace:
    return network_space(embedded_environment(), all_towers(), by=by)


@lru_cache(maxsize=8)
def _choice(by: str, share: float) -> NetworkChoice:
    return choose_towers(_network(by), share=share, draws=DRAWS)


@lru_cache(maxsize=2)
def _curve(by: str) -> CoverageCurve:
    return coverage_curve(_network(by), draws=DRAWS)


def _numbers(covered: Coverage) -> dict[str, Any]:
    return {
        "count": len(covered.sites),
        "coverage": covered.share,
        "mean_distance": covered.mean_distance,
        "radius": covered.radius,
    }


def _chance(choice: NetworkChoice) -> dict[str, Any]:
    """Return the quantiles of the draws' coverage and the share of draws that is beaten."""
    ordered = sorted(choice.random_coverage.tolist())
    ends = [ordered[min(int(q * len(ordered)), len(ordered) - 1)] for q in QUANTILES]
    return {
        "draws": len(ordered),
        "low": ends[0],
        "median": ends[1],
        "high": ends[2],
        "beaten_coverage": choice.beaten_coverage,
        "beaten_mean_distance": choice.beaten_mean_distance,
    }


def _plain_curve(curve: CoverageCurve) -> dict[str, list[Any]]:
    names = ("coverage", "mean_distance", "random_low", "random_median", "random_high")
    columns: dict[str, list[Any]] = {name: getattr(curve, name).tolist() for name in names}
    columns |= {"count": list(range(1, len(curve.sites) + 1)), "site": list(curve.sites)}
    return columns


def _towers(
    network: NetworkSpace, choice: NetworkChoice, present: Coverage
) -> list[dict[str, Any]]:
    """Return a row for every tower of the network: those of the set first, in its order."""
    shares = dict(zip(present.sites, present.constituency_shares.tolist(), strict=True))
    order = {site: place for place, site in enumerate(present.sites, 1)}
    strata = {row.name: row for row in choice.strata}
    by_site = {tower.site: tower for tower in all_towers()}
    rows = []
    for site, number in zip(network.sites, network.tower_strata, strict=True):
        tower, stratum = by_site[site], strata[stratum_name(int(number))]
        rows.append(
            {
                "site": site,
                "name": tower.name,
                "latitude": tower.latitude,
                "longitude": tower.longitude,
                "igbp": tower.igbp,
                "stratum": stratum.name,
                "stratum_share": stratum.share,
                "stratum_towers": stratum.towers,
                "stratum_chosen": stratum.chosen,
                "state": _state(site, choice.sites, order),
                "order": order.get(site, 0),
                "constituency_share": shares.get(site, 0.0),
            }
        )
    return sorted(rows, key=lambda row: (row["order"] == 0, row["order"], row["site"]))


def _state(site: str, chosen: Sequence[str], present: dict[str, int]) -> str:
    """Return whether a tower is ``chosen``, ``added`` or ``removed`` by hand, or ``left``."""
    if site in present:
        return "chosen" if site in chosen else "added"
    return "removed" if site in chosen else "left"
