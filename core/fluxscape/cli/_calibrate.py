"""``fluxscape dlm calibrate|twin|sensitivity``: what measured fluxes say of DLM's parameters."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxscape.cli._cover import cover_options, names_of, record_weight
from fluxscape.cli._output import emit_json, progress_line
from fluxscape.cli._site import place_of

if TYPE_CHECKING:
    from fluxscape.assimilation.calibration import CalibrationSettings
    from fluxscape.assimilation.dlm_forward import SiteProblem
    from fluxscape.assimilation.passes import Checkpoint
    from fluxscape.assimilation.remote import ForwardMaker


def register(commands: Any) -> None:
    """Add the commands below ``dlm``."""
    calibrate = commands.add_parser(
        "calibrate",
        help="estimate parameters from measured fluxes",
        description="Estimate parameters of types and sites by an ensemble. A run that was stopped "
        "goes on where it was when the same command is given again.",
    )
    _site_options(calibrate, many=True)
    _method_options(calibrate)
    calibrate.add_argument(
        "--scheduler", metavar="ADDRESS", help="dask.distributed, such as tcp://host:8786"
    )
    calibrate.add_argument(
        "--leave-out",
        choices=("year", "site"),
        help="calibrate again without each year or site, and score it there; not resumed",
    )
    calibrate.add_argument("--out", metavar="FOLDER", required=True, help="where the result goes")
    calibrate.set_defaults(run=run_calibrate)
    twin = commands.add_parser(
        "twin",
        help="find parameters that are known, to learn what the data can say",
        description="Twin experiments at the steps and errors of a real table: truths from the "
        "prior, observations by the model itself.",
    )
    _site_options(twin, many=False)
    _method_options(twin)
    twin.add_argument("--trials", type=int, default=5, help="number of truths (5)")
    twin.set_defaults(run=run_twin)
    rank = commands.add_parser(
        "sensitivity",
        help="which parameters matter for the misfit",
        description="Morris screening or Sobol indices of the misfit to measured fluxes.",
    )
    _site_options(rank, many=False)
    rank.add_argument("--method", choices=("morris", "sobol"), default="morris")
    rank.add_argument("--size", type=int, default=20, help="trajectories or base samples (20)")
    rank.set_defaults(run=run_sensitivity)


def _site_options(parser: argparse.ArgumentParser, *, many: bool) -> None:
    """Add what tells of sites and observations."""
    parser.add_argument(
        "files", metavar="FILE", nargs="+" if many else 1, help="flux table with measured fluxes"
    )
    parser.add_argument("--site", help="FLUXNET code of a single FILE whose name does not tell it")
    parser.add_argument("--igbp", help="land cover class of a single FILE")
    parser.add_argument("--latitude", type=float, help="degrees north, of a single FILE")
    parser.add_argument("--longitude", type=float, help="degrees east, of a single FILE")
    parser.add_argument("--elevation", type=float, help="metres, of a single FILE")
    parser.add_argument("--height", type=float, help="height of the instruments [m]")
    parser.add_argument("--canopy", type=float, help="canopy height [m]")
    parser.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    parser.add_argument("--texture", default="loam", help="soil texture (loam)")
    parser.add_argument("--streams", default="nee,le", help="nee, gpp, le, h, ts, swc (nee,le)")
    parser.add_argument(
        "--step", choices=("half-hourly", "daily", "monthly"), default="daily", help="(daily)"
    )
    cover_options(parser)
    parser.add_argument("--years", help="years whose observations count, such as 2003,2004")
    parser.add_argument("--parameters", help="names to estimate, separated by commas")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is drawn (1)")
    parser.add_argument("--workers", type=int, default=2, help="threads (2)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def _method_options(parser: argparse.ArgumentParser) -> None:
    """Add what tells of the method."""
    parser.add_argument(
        "--method",
        choices=("ies", "es-mda", "eki"),
        default="ies",
        help="iterative smoother, smoother with multiple assimilation, inversion (ies)",
    )
    parser.add_argument("--members", type=int, default=100, help="size of the ensemble (100)")
    parser.add_argument(
        "--passes", type=int, default=4, help="passes of a smoother (4); 0 lets the misfit choose"
    )
    parser.add_argument(
        "--departures", type=float, help="of sites from their type, logit scale (0.3)"
    )
    parser.add_argument(
        "--common", type=float, default=0.0, help="share of prior variance common to types (0)"
    )
    parser.add_argument(
        "--spread", type=float, default=None, help="prior standard deviation, logit scale (0.8)"
    )


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Calibrate and keep ensemble and report."""
    from fluxscape.assimilation.calibration import (  # noqa: PLC0415
        calibrate,
        identifiability,
        layout_of,
    )
    from fluxscape.assimilation.storage import CalibrationFolder  # noqa: PLC0415
    from fluxscape.assimilation.validation import leave_one_out  # noqa: PLC0415

    problems, types = _problems(arguments)
    settings = _settings(arguments)
    folder = CalibrationFolder.open(Path(arguments.out), settings, problems)
    layout = layout_of(problems, types, settings)

    def keep(checkpoint: Checkpoint) -> None:
        if checkpoint.passes == 1:
            kept = checkpoint.result
            expected = identifiability(layout, problems, kept.prior, kept.predicted_prior)
            folder.save_identifiability(expected)
        folder.save_pass(checkpoint)

    with _where(arguments) as make_forward:
        done = calibrate(
            problems,
            types,
            settings,
            make_forward=make_forward,
            on_progress=progress_line("calibrate"),
            on_pass=keep,
            resume=folder.last_pass(),
        )
    facts = folder.save_result(done)
    if arguments.leave_out is not None:
        facts["validation"] = leave_one_out(
            problems,
            types,
            settings,
            by=arguments.leave_out,
            threads=arguments.workers,
            on_progress=progress_line("validate"),
        )
        folder.save_validation(facts["validation"])
    _report(arguments, facts | {"folder": arguments.out}, _calibration_text)
    return 0


@contextmanager
def _where(arguments: argparse.Namespace) -> Iterator[ForwardMaker]:
    """Yield what makes operators: on threads here, or on the workers of a scheduler."""
    from fluxscape.assimilation.remote import on_scheduler, on_threads  # noqa: PLC0415

    if arguments.scheduler is None:
        yield on_threads(arguments.workers)
        return
    with on_scheduler(arguments.scheduler) as make:
        yield make


def run_twin(arguments: argparse.Namespace) -> int:
    """Run twin experiments and report."""
    from fluxscape.assimilation.twin import twin_experiment  # noqa: PLC0415

    problems, _ = _problems(arguments)
    found = twin_experiment(
        problems[0],
        _settings(arguments),
        trials=arguments.trials,
        threads=arguments.workers,
        on_progress=progress_line("twin"),
    )
    _report(arguments, {"site": problems[0].site} | found.to_dict(), _twin_text)
    return 0


def run_sensitivity(arguments: argparse.Namespace) -> int:
    """Rank parameters and report."""
    from fluxscape.assimilation.calibration import DEFAULT_PARAMETERS  # noqa: PLC0415
    from fluxscape.assimilation.dlm_forward import DlmForward  # noqa: PLC0415
    from fluxscape.assimilation.sensitivity import rank_parameters  # noqa: PLC0415
    from fluxscape.assimilation.space import ParameterSpace  # noqa: PLC0415

    problem = _problems(arguments)[0][0]
    names = names_of(arguments.parameters) or DEFAULT_PARAMETERS
    space = ParameterSpace.of(problem.parameters, names)
    found = rank_parameters(
        space,
        DlmForward(problem, space, threads=arguments.workers),
        problem.observations.values,
        problem.observations.sigma,
        method=arguments.method,
        size=arguments.size,
        seed=arguments.seed,
    )
    facts = {
        "site": problem.site,
        "method": found.method,
        "runs": found.runs,
        "ranking": found.ranking(),
    }
    _report(arguments, facts, _ranking_text)
    return 0


def _problems(arguments: argparse.Namespace) -> tuple[list[SiteProblem], dict[str, str]]:
    """Return the sites' problems and their types."""
    from fluxscape.assimilation.problem import site_problem  # noqa: PLC0415
    from fluxscape.dlm import compile_dlm, parameters_for  # noqa: PLC0415
    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    own = ("site", "igbp", "latitude", "longitude", "elevation", "land_cover")
    if len(arguments.files) > 1 and any(getattr(arguments, name) is not None for name in own):
        words = f"--{', --'.join(own)}".replace("_", "-")
        msg = f"{words} belong to a single FILE, {len(arguments.files)} were given"
        raise OutOfBoundsError(msg)
    compile_dlm()
    problems, types = [], {}
    for number, file in enumerate(arguments.files):
        arguments.file = file
        place = place_of(arguments)
        table = read_flux_table(
            file,
            site=arguments.site,
            utc_offset_hours=arguments.utc_offset,
            measurement_height=place["measurement_height"],
            canopy_height=place["canopy_height"],
            longitude=place["longitude"],
        )
        parameters = parameters_for(place["igbp"], arguments.texture)
        if place["canopy_height"] is not None:
            parameters = parameters.replace({"canopy_height": place["canopy_height"]})
        site = table.attrs.get("site") or f"table {number + 1}"
        if site in types:
            msg = f"{file}: site {site} comes twice"
            raise OutOfBoundsError(msg, site=site)
        problems.append(
            site_problem(
                table,
                table,
                parameters,
                site=site,
                latitude=place["latitude"],
                longitude=place["longitude"],
                elevation=place["elevation"],
                reference_height=place["measurement_height"],
                streams=names_of(arguments.streams),
                step=arguments.step,
                record_weight=record_weight(arguments, table, place),
                years=_years(arguments.years),
            )
        )
        types[site] = str(place["igbp"])
    return problems, types


def _settings(arguments: argparse.Namespace) -> CalibrationSettings:
    """Return the settings that the options tell."""
    from fluxscape.assimilation.calibration import (  # noqa: PLC0415
        DEFAULT_PARAMETERS,
        CalibrationSettings,
    )
    from fluxscape.assimilation.sites import DEPARTURE_SPREAD  # noqa: PLC0415
    from fluxscape.assimilation.space import DEFAULT_SPREAD  # noqa: PLC0415

    return CalibrationSettings(
        method=arguments.method,
        members=arguments.members,
        passes=arguments.passes or None,
        seed=arguments.seed,
        parameters=names_of(arguments.parameters) or DEFAULT_PARAMETERS,
        spread=DEFAULT_SPREAD if arguments.spread is None else arguments.spread,
        departures=DEPARTURE_SPREAD if arguments.departures is None else arguments.departures,
        common=arguments.common,
    )


def _years(text: str | None) -> list[int] | None:
    """Return the years of a list with commas.

    Raises
    ------
    OutOfBoundsError
        If one is no year.
    """
    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415

    names = names_of(text)
    if not all(name.isdecimal() and len(name) == 4 for name in names):
        msg = f"--years wants years such as 2003,2004, got {text!r}"
        raise OutOfBoundsError(msg, got=text)
    return [int(name) for name in names] or None


def _report(arguments: argparse.Namespace, facts: dict[str, Any], text: Any) -> None:
    """Write facts as JSON or as text."""
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(text(facts) + "\n")


def _calibration_text(facts: dict[str, Any]) -> str:
    """Return a calibration for people."""
    first, last = facts["misfit"][0], facts["misfit"][-1]
    lines = [f"kept in {facts['folder']}; misfit {first:.2f} to {last:.2f}"]
    for name, parameters in facts["types"].items():
        for parameter, row in parameters.items():
            prior = facts["prior"][name][parameter]
            lines.append(
                f"{name} {parameter}: {prior['prior_median']:.4g} to {row['median']:.4g} "
                f"({row['p5']:.4g} to {row['p95']:.4g}), variance less "
                f"{100 * row['variance_reduction']:.0f} %, expected "
                f"{100 * row['expected_reduction']:.0f} %"
            )
    for row in facts["scores"]:
        lines.append(
            f"{row['site']} {row['stream']} (n {row['n']}): RMSE {row['rmse_before']:.3g} to "
            f"{row['rmse_after']:.3g}, NSE {row['nse_before']:.2f} to {row['nse_after']:.2f}, 90 % "
            f"interval holds {100 * row['coverage90']:.0f} %"
        )
    if sum(facts["dropped"]):
        lines.append(f"{sum(facts['dropped'])} runs failed: members replaced, or left as before")
    if not facts["converged"]:
        lines.append("not converged: more --passes, or 0 for as many as it takes")
    lines += [
        f"worse than before: {row['site']} {row['stream']}, RMSE times {row['rmse_ratio']:.2f}"
        for row in facts["degraded"]
    ]
    if "validation" in facts:
        found = facts["validation"]
        lines.append(
            f"left out by {found['by']}: {100 * found['improved']:.0f} % of {len(found['rows'])} "
            f"better, {len(found['degraded'])} worse by a tenth; 90 % intervals hold "
            f"{100 * found['coverage90']:.0f} %"
        )
    return "\n".join(lines)


def _twin_text(facts: dict[str, Any]) -> str:
    """Return twin experiments for people."""
    lines = [f"{facts['trials']} trials: 90 % intervals hold {100 * facts['coverage90']:.0f} %"]
    lines += [
        f"{name}: variance less {100 * row['variance_reduction']:.0f} %"
        + ("" if row["identifiable"] else ", hardly identifiable")
        for name, row in facts["parameters"].items()
    ]
    return "\n".join(lines)


def _ranking_text(facts: dict[str, Any]) -> str:
    """Return a ranking for people."""
    return "\n".join(
        f"{row['parameter']}: {row['influence']:.3g} ± {row['uncertainty']:.2g}"
        for row in facts["ranking"]
    )
