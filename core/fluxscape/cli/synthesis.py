"""``fluxscape synthesis``: carbon budgets of many sources and scales held together."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._output import emit_json

if TYPE_CHECKING:
    from fluxscape.io.plain_tables import PlainTable
    from fluxscape.transport.reconciliation import Reconciliation
    from fluxscape.transport.scales import Estimate, Link

_NEEDED = ("source", "level", "place", "counts", "flux", "uncertainty")
_SQUARE_METRES = 1e6


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``synthesis``."""
    parser = subparsers.add_parser(
        "synthesis",
        help="reconcile carbon budgets from landscape to nation",
        description="Reconcile estimates of carbon budgets by generalised least squares. TABLE is "
        "a CSV with the columns source, level (landscape, region, bioclimatic zone, nation), "
        "place, counts (gpp, respiration, lateral, fossil, nee, nee+lateral, nee+fossil, "
        "atmosphere), flux and uncertainty [g C m-2 yr-1]; and if need be group, data_status, "
        "area_km2, bias and bias_uncertainty of a tower's footprint.",
    )
    parser.add_argument("table", metavar="TABLE", help="CSV of estimates")
    parser.add_argument(
        "--links",
        metavar="FILE",
        help="CSV with place, part, weight and uncertainty: a place as the mean of its parts",
    )
    parser.add_argument(
        "--group-correlation",
        type=float,
        default=0.5,
        help="of the errors of estimates of one group (0.5)",
    )
    parser.add_argument("--out", metavar="FILE", help="write the table of budgets as CSV")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.set_defaults(run=run_synthesis)


def run_synthesis(arguments: argparse.Namespace) -> int:
    """Reconcile and report."""
    from fluxscape.io.plain_tables import PlainTable  # noqa: PLC0415
    from fluxscape.transport import budget_table, reconcile  # noqa: PLC0415

    table = PlainTable(arguments.table, _NEEDED)
    estimates = [_estimate(table, row) for row in range(len(table.rows))]
    areas = {
        table.text(row, "place"): table.number(row, "area_km2") * _SQUARE_METRES
        for row in range(len(table.rows))
        if table.text(row, "area_km2", "")
    }
    links = _links(arguments.links) if arguments.links else []
    result = reconcile(estimates, links, group_correlation=arguments.group_correlation)
    budgets = budget_table(result, estimates, areas)
    facts = {
        "budgets": budgets,
        "rows": _rows(result),
        "chi_square": result.chi_square,
        "degrees_of_freedom": result.degrees_of_freedom,
        "estimates": len(estimates),
        "links": len(links),
        "data_status": _status(estimates),
        "group_correlation": arguments.group_correlation,
        "units": {"flux": "g m-2 year-1 of carbon", "total": "Pg year-1 of carbon"},
    }
    if arguments.out:
        _write(budgets, arguments.out)
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(_as_text(facts))
    return 0


def _estimate(table: PlainTable, row: int) -> Estimate:
    """Return an estimate, corrected for a footprint's bias where the row states one."""
    from fluxscape.transport import Estimate, corrected_for_bias  # noqa: PLC0415

    flux, uncertainty = table.number(row, "flux"), table.number(row, "uncertainty")
    if table.text(row, "bias", ""):
        spread = table.number(row, "bias_uncertainty", 0.0)
        flux, uncertainty = corrected_for_bias(flux, uncertainty, table.number(row, "bias"), spread)
    return Estimate(
        table.text(row, "source"),
        table.text(row, "level"),
        table.text(row, "place"),
        table.text(row, "counts").lower(),
        flux,
        uncertainty,
        table.text(row, "group", ""),
        table.text(row, "data_status", "observed"),
    )


def _links(path: str) -> list[Link]:
    """Return the links of a file; rows of one place make one link."""
    from fluxscape.errors import FileFormatError  # noqa: PLC0415
    from fluxscape.io.plain_tables import PlainTable  # noqa: PLC0415
    from fluxscape.transport import Link  # noqa: PLC0415

    table = PlainTable(path, ("place", "part", "weight", "uncertainty"))
    parts: dict[str, dict[str, float]] = {}
    spread: dict[str, float] = {}
    for row in range(len(table.rows)):
        place, uncertainty = table.text(row, "place"), table.number(row, "uncertainty")
        if uncertainty <= 0.0 or spread.get(place, uncertainty) != uncertainty:
            msg = (
                f"{table.file}, row {row + 2}: the uncertainty of a link must be positive and one "
                f"number a place, got {uncertainty:g} for {place!r}"
            )
            raise FileFormatError(msg, file=table.file, row=row + 2)
        spread[place] = uncertainty
        parts.setdefault(place, {})[table.text(row, "part")] = table.number(row, "weight")
    return [Link(place, weights, spread[place]) for place, weights in parts.items()]


def _status(estimates: list[Estimate]) -> str:
    """Return the status of all estimates together."""
    found = {item.data_status for item in estimates}
    return found.pop() if len(found) == 1 else "mixed"


def _rows(result: Reconciliation) -> list[dict[str, Any]]:
    """Return what each estimate and link says, is fitted, and contributes."""
    return [
        {
            "label": label,
            "observed": float(result.observed[i]),
            "uncertainty": float(result.deviation[i]),
            "fitted": float(result.fitted[i]),
            "residual": float(result.residual[i]),
            "leverage": float(result.leverage[i]),
        }
        for i, label in enumerate(result.labels)
    ]


def _write(budgets: list[dict[str, Any]], path: str) -> None:
    """Write a row for every place, count and source, and one for the reconciled flux."""
    import pandas as pd  # noqa: PLC0415

    from fluxscape.io.exports import write_csv  # noqa: PLC0415

    rows = []
    for budget in budgets:
        place = {name: budget[name] for name in ("level", "place", "counts")}
        for source, row in budget["sources"].items():
            rows.append(place | {"source": source} | row)
        rows.append(
            place
            | {"source": "reconciled"}
            | {name: budget[name] for name in ("flux", "uncertainty")}
            | {name: budget[name] for name in ("total", "total_uncertainty") if name in budget}
        )
    write_csv(pd.DataFrame(rows), path)


def _as_text(facts: dict[str, Any]) -> str:
    """Return the summary for people."""
    lines = []
    for row in facts["budgets"]:
        lines.append(
            f"{row['level']}, {row['place']}, {row['counts']}: {row['flux']:.0f} +- "
            f"{row['uncertainty']:.0f} g C m-2 yr-1"
        )
        lines += [
            f"    {name}: {source['flux']:.0f} +- {source['uncertainty']:.0f}, weight "
            f"{source['weight']:.2f}, {source['data_status']}"
            for name, source in row["sources"].items()
        ]
    lines.append(
        f"chi-square {facts['chi_square']:.1f} for {facts['degrees_of_freedom']} degrees of freedom"
    )
    lines += [
        f"disagrees: {row['label']} by {row['residual']:.1f} standard deviations"
        for row in facts["rows"]
        if abs(row["residual"]) > 3.0
    ]
    return "\n".join(lines) + "\n"
