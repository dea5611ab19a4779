"""``fluxscape column invert``: the regional flux that a record of carbon dioxide asks for."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._column_inputs import Inputs, add_inputs, load_inputs
from fluxscape.cli._output import emit_json
from fluxscape.cli._site import read_parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fluxscape.transport.settings import InversionSettings
    from fluxscape.transport.tower import TowerInversion

_NEVER = "none"


def register(commands: Any) -> None:
    """Add ``invert``."""
    invert = commands.add_parser(
        "invert",
        help="regional flux from a record of carbon dioxide",
        description="Find the corrections of the surface flux, by windows of days and by day and "
        "night, that a record of carbon dioxide asks for, beside named errors of background, "
        "advection and mixing; or, with --receptors, the fluxes of regions from footprints of "
        "STILT, NAME or FLEXPART. With --simulated the record is a twin: drawn from the prior.",
    )
    add_inputs(invert)
    invert.add_argument(
        "--terms",
        default="background,advection,mixing",
        help="errors in the state beside the flux, with commas between, or 'none' (all three)",
    )
    invert.add_argument("--settings", metavar="FILE", help="YAML file of spreads and memories")
    invert.add_argument(
        "--method",
        choices=("bayes", "4d-var", "ensemble", "all"),
        default="bayes",
        help="closed form, adjoint, or members; 'all' tells how far they agree (bayes)",
    )
    invert.add_argument(
        "--evidence",
        action="store_true",
        help="find the spreads of flux and errors that the record itself asks for",
    )
    invert.add_argument(
        "--wrong-mixing",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="twin only: the truth mixes stronger than believed by this share (0)",
    )
    invert.add_argument(
        "--receptors",
        metavar="FILE",
        help="netCDF of receptor footprints instead of the column; --record is then a CSV with "
        "co2, background and error [ppm] of each receptor",
    )
    invert.add_argument(
        "--regions", type=int, default=4, help="receptors: blocks of regions a side (4)"
    )
    invert.add_argument(
        "--prior-spread", type=float, default=3.0, help="receptors: of regional fluxes (3)"
    )
    invert.add_argument("--out", metavar="FILE", help="write prior and posterior as netCDF")
    invert.set_defaults(run=run_invert)


def run_invert(arguments: argparse.Namespace) -> int:
    """Invert and report."""
    if arguments.receptors:
        from fluxscape.cli._column_receptors import invert_receptors  # noqa: PLC0415

        facts = invert_receptors(arguments)
    else:
        facts = _invert_column(arguments)
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(_as_text(facts))
    return 0


def _invert_column(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what an inversion through the column found."""
    from fluxscape.transport import (  # noqa: PLC0415
        InversionSettings,
        identifiability_report,
        inversion_product,
        invert_tower,
    )

    inputs = load_inputs(arguments)
    settings = InversionSettings()
    if arguments.settings:
        settings = settings.replace(read_parameters(arguments.settings))
    terms = [] if arguments.terms == _NEVER else arguments.terms.split(",")
    measured, truth = _record(arguments, inputs, settings)
    inversion = invert_tower(
        inputs.column,
        measured,
        longitude=inputs.place["longitude"],
        settings=settings,
        terms=terms,
    )
    posterior = inversion.posterior
    count = inversion.problem.observed.size
    facts: dict[str, Any] = {
        "site": str(inputs.forcing.attrs.get("site", "")),
        "data_status": inputs.status,
        "simulated": inputs.simulated,
        "observations": count,
        "elements": int(inversion.problem.prior.size),
        "mean_flux": inversion.mean_flux(),
        "degrees_of_freedom": posterior.degrees_of_freedom,
        "chi_square": posterior.chi_square,
        "chi_square_per_observation": posterior.chi_square / count,
        "log_evidence": posterior.log_evidence,
        "remark": inversion.remark,
        "identifiability": [row.to_dict() for row in identifiability_report(inversion)],
        "settings": settings.to_dict(),
        "units": {"mean_flux": "umol m-2 s-1", "log_evidence": "1"},
    }
    if truth is not None:
        facts["true_mean_flux"] = truth
    if arguments.method != "bayes":
        facts["agreement"] = _agreement(inversion, arguments)
    if arguments.evidence:
        facts["evidence"] = _evidence(inversion)
    if arguments.out:
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

        write_netcdf(inversion_product(inversion, status=inputs.status), arguments.out)
    return facts


def _record(
    arguments: argparse.Namespace, inputs: Inputs, settings: InversionSettings
) -> tuple[NDArray[np.float64], float | None]:
    """Return the record (time, level), measured or a twin's, and the true mean flux of a twin."""
    from fluxscape.errors import MissingVariableError  # noqa: PLC0415
    from fluxscape.transport import record_on_steps, twin_record  # noqa: PLC0415

    if inputs.record is not None:
        return record_on_steps(inputs.record, inputs.column), None
    if not inputs.simulated:
        msg = (
            f"{arguments.file} has no carbon dioxide mole fraction at a stated height: give "
            "--height, or a --record of inlets"
        )
        raise MissingVariableError(msg, variable="carbon_dioxide_mole_fraction")
    inputs.simulated.append("record of carbon dioxide: a twin drawn from the prior")
    return twin_record(
        inputs.column,
        longitude=inputs.place["longitude"],
        settings=settings,
        seed=arguments.seed,
        mixing=1.0 + arguments.wrong_mixing,
    )


def _agreement(inversion: TowerInversion, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return how far other methods lie from the closed form, in posterior deviations."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.transport import other_means  # noqa: PLC0415

    methods = ("4d-var", "ensemble") if arguments.method == "all" else (arguments.method,)
    deviation = inversion.posterior.deviation()
    out = {}
    for method in methods:
        mean, covariance = other_means(inversion, method, seed=arguments.seed)
        out[method] = {
            "mean": float(np.abs((mean - inversion.posterior.mean) / deviation).max()),
            "deviation": float(np.abs(np.sqrt(np.diag(covariance)) / deviation - 1.0).max()),
        }
    return out


def _evidence(inversion: TowerInversion) -> dict[str, Any]:
    """Return the spreads of largest evidence as factors on those that were set."""
    from fluxscape.transport import most_probable_scales  # noqa: PLC0415

    found = most_probable_scales(inversion.problem)
    return {
        "flux_factor": found.prior["flux"],
        "error_factor": found.error,
        "log_evidence": found.log_evidence,
        "log_evidence_before": found.log_evidence_before,
    }


def _as_text(facts: dict[str, Any]) -> str:
    """Return the summary for people."""
    mean = facts["mean_flux"]
    lines = [
        f"{facts['observations']} observations, {facts['elements']} elements, "
        f"{facts['data_status']}",
        f"mean flux [umol m-2 s-1]: prior {mean['prior']:.2f} +- {mean['prior_deviation']:.2f}, "
        f"posterior {mean['posterior']:.2f} +- {mean['posterior_deviation']:.2f}",
        f"degrees of freedom for signal {facts['degrees_of_freedom']['all']:.1f}, chi-square per "
        f"observation {facts['chi_square_per_observation']:.2f}",
    ]
    if facts.get("remark"):
        lines.append(facts["remark"])
    if facts.get("simulated"):
        lines.append(f"simulated: {', '.join(facts['simulated'])}")
    for row in facts.get("identifiability", ()):
        heights = ", ".join(f"{height:g}" for height in row["inlet_heights"])
        terms = ", ".join(row["terms"]) or "nothing else"
        lines.append(f"inlets {heights} m, {terms} uncertain: {row['verdict']}")
    return "\n".join(lines) + "\n"
