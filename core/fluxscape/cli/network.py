"""``fluxscape network``: what a network of towers represents, and which third of it to choose."""

from __future__ import annotations

import argparse
import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli._footprint_outputs import show
from fluxscape.errors import FileFormatError, MissingVariableError

if TYPE_CHECKING:
    import pandas as pd

    from fluxscape.representativeness.choice import NetworkChoice
    from fluxscape.representativeness.network import Coverage, NetworkSpace
    from fluxscape.towers import Tower

_LARGEST_TABLE: Final = 8 * 1024**2
_SCORE_COLUMNS: Final = ("score", "overall", "overall_score", "overall_level")


def register(subparsers: Any) -> None:
    """Add ``network`` and its sub-commands to the command line."""
    parser = subparsers.add_parser("network", help="which towers represent the country")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    choose = commands.add_parser(
        "choose",
        help="choose about a third of the towers",
        description=(
            "Choose towers by strata of bioclimate and plant functional type, site score and "
            "environmental distance, and compare with random draws of the same strata."
        ),
    )
    choose.add_argument("--share", type=float, default=1 / 3, help="of the towers (default 1/3)")
    choose.add_argument("--count", type=int, help="number of towers instead of a share")
    choose.add_argument("--draws", type=int, default=1000, help="random draws (default 1000)")
    choose.add_argument("--seed", type=int, default=0, help="of the draws (default 0)")
    choose.add_argument(
        "--scores",
        metavar="FILE",
        help="CSV with columns site and score, as 'fluxscape represent --all-towers' writes it",
    )
    choose.add_argument("--curve", metavar="FILE", help="CSV: coverage over the number of towers")
    _add_common(choose)
    choose.set_defaults(run=_choose)
    cover = commands.add_parser(
        "coverage",
        help="what a set of towers covers, and what adding or removing some changes",
        description="Coverage of a set of towers; 'all' names the whole table.",
    )
    cover.add_argument("--towers", required=True, help="sites with commas between, or 'all'")
    cover.add_argument("--add", default="", help="sites to add, with commas between")
    cover.add_argument("--remove", default="", help="sites to remove, with commas between")
    cover.add_argument(
        "--new-places", type=int, default=0, metavar="N", help="propose places for N new towers"
    )
    _add_common(cover)
    cover.set_defaults(run=_coverage)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--by", choices=("area", "gpp"), default="area", help="what cells count by (default area)"
    )
    parser.add_argument(
        "--resolution", type=float, default=0.25, help="side of a cell [degrees] (default 0.25)"
    )
    parser.add_argument("--table", metavar="FILE", help="another tower table than the embedded one")
    parser.add_argument("--out", metavar="FILE", help="CSV: one row a tower")
    parser.add_argument("--map", metavar="FILE", help="netCDF: distance, constituency and gaps")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _network(arguments: argparse.Namespace) -> tuple[NetworkSpace, dict[str, Tower]]:
    from fluxscape.atlas.environment import embedded_environment  # noqa: PLC0415
    from fluxscape.representativeness.network import network_space  # noqa: PLC0415
    from fluxscape.towers import load_towers  # noqa: PLC0415

    towers = load_towers(arguments.table)
    environment = embedded_environment(arguments.resolution)
    network = network_space(environment, towers, by=arguments.by)
    return network, {tower.site: tower for tower in towers}


def _choose(arguments: argparse.Namespace) -> int:
    """Choose towers, write what was asked for and print the numbers."""
    from fluxscape.representativeness.choice import choose_towers  # noqa: PLC0415

    scores = _read_scores(Path(arguments.scores)) if arguments.scores else None
    network, towers = _network(arguments)
    choice = choose_towers(
        network,
        share=arguments.share,
        count=arguments.count,
        scores=scores,
        draws=arguments.draws,
        seed=arguments.seed,
    )
    _write(network, choice.coverage, towers, arguments, scores)
    if arguments.curve:
        _write_curve(network, arguments)
    show(_choice_numbers(network, choice), as_json=arguments.json)
    return 0


def _choice_numbers(network: NetworkSpace, choice: NetworkChoice) -> dict[str, Any]:
    chance: dict[str, Any] = {"draws": choice.random_coverage.size, "seed": choice.seed}
    if choice.random_coverage.size:
        chance |= {
            "mean_coverage": choice.random_coverage.mean(),
            "best_coverage": choice.random_coverage.max(),
            "mean_distance": choice.random_mean_distance.mean(),
            "least_mean_distance": choice.random_mean_distance.min(),
            "beaten_by_coverage": choice.beaten_coverage,
            "beaten_by_mean_distance": choice.beaten_mean_distance,
        }
    return {
        "n_towers": len(network.sites),
        "n_chosen": len(choice.sites),
        "chosen": list(choice.sites),
        "left_out": list(network.left_out),
        "weighted_by": network.by,
        "threshold": network.threshold,
        **_numbers(choice.coverage),
        "coverage_before_interchanges": choice.greedy.share,
        "interchanges": choice.interchanges,
        "coverage_of_all_towers": choice.everything.share,
        "random_draws": chance,
        "strata": [
            {
                "stratum": row.name,
                "share": row.share,
                "towers": row.towers,
                "chosen": row.chosen,
                "covered": row.covered,
            }
            for row in choice.strata
        ],
    }


def _coverage(arguments: argparse.Namespace) -> int:
    """Print what a set of towers covers."""
    from fluxscape.representativeness.growth import new_places  # noqa: PLC0415
    from fluxscape.representativeness.network import coverage_change  # noqa: PLC0415

    network, towers = _network(arguments)
    named = _sites(arguments.towers)
    sites = list(network.sites) if named == ["all"] else named
    if not sites:
        msg = "name the towers of the set with commas between, or 'all'"
        raise MissingVariableError(msg)
    before, after = coverage_change(
        network, sites, add=_sites(arguments.add), remove=_sites(arguments.remove)
    )
    _write(network, after, towers, arguments, None)
    numbers: dict[str, Any] = {
        "n_towers": len(after.sites),
        "towers": list(after.sites),
        "weighted_by": network.by,
        "threshold": network.threshold,
        **_numbers(after),
    }
    if arguments.add or arguments.remove:
        numbers |= {
            "coverage_before": before.share,
            "coverage_change": after.share - before.share,
            "mean_distance_before": before.mean_distance,
        }
    if arguments.new_places:
        numbers["new_places"] = [
            {
                "latitude": place.latitude,
                "longitude": place.longitude,
                "coverage": place.coverage,
                "gain": place.gain,
            }
            for place in new_places(network, after.sites, count=arguments.new_places)
        ]
    show(numbers, as_json=arguments.json)
    return 0


def _numbers(covered: Coverage) -> dict[str, Any]:
    return {
        "coverage": covered.share,
        "mean_distance": covered.mean_distance,
        "radius_95": covered.radius,
    }


def _sites(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _write(
    network: NetworkSpace,
    covered: Coverage,
    towers: Mapping[str, Tower],
    arguments: argparse.Namespace,
    scores: Mapping[str, float] | None,
) -> None:
    """Write the table and the map that the options name."""
    if arguments.out:
        from fluxscape.io.exports import write_csv  # noqa: PLC0415

        write_csv(_table(network, covered, towers, scores), arguments.out)
    if arguments.map:
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415
        from fluxscape.representativeness.network import representativeness_map  # noqa: PLC0415

        write_netcdf(representativeness_map(network, covered), arguments.map)


def _table(
    network: NetworkSpace,
    covered: Coverage,
    towers: Mapping[str, Tower],
    scores: Mapping[str, float] | None,
) -> pd.DataFrame:
    """Return a row for every tower of the network, the set's first in its order."""
    import pandas as pd  # noqa: PLC0415

    from fluxscape.representativeness.strata import stratum_name  # noqa: PLC0415

    shares = dict(zip(covered.sites, covered.constituency_shares.tolist(), strict=True))
    order = {site: place for place, site in enumerate(covered.sites, 1)}
    rows = []
    for site, number in zip(network.sites, network.tower_strata, strict=True):
        tower = towers[site]
        rows.append(
            {
                "site": site,
                "name": tower.name,
                "latitude": tower.latitude,
                "longitude": tower.longitude,
                "igbp": tower.igbp,
                "stratum": stratum_name(int(number)),
                "score": (scores or {}).get(site, math.nan),
                "chosen": site in order,
                "order": order.get(site, 0),
                "constituency_share": shares.get(site, 0.0),
            }
        )
    rows.sort(key=lambda row: (not row["chosen"], row["order"], str(row["site"])))
    return pd.DataFrame(rows)


def _write_curve(network: NetworkSpace, arguments: argparse.Namespace) -> None:
    import pandas as pd  # noqa: PLC0415

    from fluxscape.io.exports import write_csv  # noqa: PLC0415
    from fluxscape.representativeness.growth import coverage_curve  # noqa: PLC0415

    curve = coverage_curve(network, seed=arguments.seed)
    frame = pd.DataFrame(
        {
            "count": range(1, len(curve.sites) + 1),
            "site": curve.sites,
            "coverage": curve.coverage,
            "mean_distance": curve.mean_distance,
            "random_low": curve.random_low,
            "random_median": curve.random_median,
            "random_high": curve.random_high,
        }
    )
    write_csv(frame, arguments.curve)


def _read_scores(path: Path) -> dict[str, float]:
    """Return the scores of a CSV table by site; an empty cell is no score."""
    from fluxscape.io.guards import read_text_guarded  # noqa: PLC0415

    reader = csv.DictReader(io.StringIO(read_text_guarded(path, max_bytes=_LARGEST_TABLE)))
    try:
        rows = list(reader)
    except csv.Error as error:
        msg = f"{path}: not a CSV table: {error}"
        raise FileFormatError(msg, file=str(path)) from error
    columns = list(reader.fieldnames or ())
    column = next((name for name in _SCORE_COLUMNS if name in columns), None)
    if "site" not in columns or column is None:
        msg = (
            f"{path}: wanted the columns site and one of {', '.join(_SCORE_COLUMNS)}, found "
            f"{', '.join(columns) or 'none'}"
        )
        raise MissingVariableError(msg, file=str(path))
    scores = {}
    for number, row in enumerate(rows, 2):
        text = (row[column] or "").strip()
        try:
            scores[str(row["site"])] = float(text) if text else math.nan
        except ValueError as error:
            msg = f"{path}, row {number}, column {column}: {text[:40]!r} is no number"
            raise FileFormatError(msg, file=str(path), row=number) from error
    return scores
