"""``fluxscape upscale``: fit, validate and apply a flux model over sites, and read its rules."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._output import emit_json, progress_line
from fluxscape.cli._upscale_files import predictions_table, read_model, read_table, skill_lines

if TYPE_CHECKING:
    from fluxscape.upscaling.rules import RuleModel

_TARGETS = ("GPP", "NEE", "ET")
_METHODS = (
    "tree",
    "boosting",
    "forest",
    "extra-trees",
    "quantile-forest",
    "linear",
    "cubist",
)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``upscale`` and its sub-commands."""
    upscale = subparsers.add_parser("upscale", help="flux models from towers to landscapes")
    commands = upscale.add_subparsers(metavar="ACTION", required=True)
    fit = commands.add_parser(
        "fit",
        help="fit a model and say what it is worth",
        description="Fit the modified regression tree to a table of site months, with intervals "
        "and area of applicability from leaving sites out.",
    )
    _add_table(fit)
    fit.add_argument("--out", metavar="FILE", required=True, help="model to write, JSON")
    fit.set_defaults(run=run_fit)
    check = commands.add_parser(
        "validate",
        help="skill where nothing was seen",
        description="Score a method at sites, blocks of sites or years that were left out, with "
        "its settings chosen inside each fold. Random splits are refused.",
    )
    _add_table(check)
    check.add_argument("--method", default="tree", help=f"{', '.join(_METHODS)} (tree)")
    check.add_argument("--split", default="site", help="site, block, year or site-year (site)")
    check.add_argument(
        "--separation",
        type=float,
        metavar="KM",
        help="distance that blocks keep; by default the range of the residual variogram",
    )
    check.add_argument("--out", metavar="FILE", help="write predictions as CSV")
    check.set_defaults(run=run_validate)
    predict = commands.add_parser(
        "predict",
        help="apply a model to a table",
        description="Predict fluxes of the rows of a table; where the table has the flux, score "
        "them. MODEL is JSON of 'fit', or Cubist's .model text.",
    )
    predict.add_argument("model", metavar="MODEL", help="model file")
    predict.add_argument("table", metavar="TABLE", help="CSV, plain or gzip-compressed")
    predict.add_argument("--out", metavar="FILE", help="write predictions as CSV")
    predict.add_argument(
        "--unseen-types",
        action="store_true",
        help="predict plant types too that the training table did not have, as of no known type",
    )
    predict.add_argument("--json", action="store_true", help="one JSON object on stdout")
    predict.set_defaults(run=run_predict)
    rules = commands.add_parser(
        "rules",
        help="read the rules of a model",
        description="Show the rules of a model, all or those of one member, and what they use.",
    )
    rules.add_argument("model", metavar="MODEL", help="model file")
    rules.add_argument("--member", type=int, help="one member of the committee, from 1")
    rules.add_argument("--out", metavar="FILE", help="write the rules as Cubist's .model text")
    rules.add_argument("--json", action="store_true", help="one JSON object on stdout")
    rules.set_defaults(run=run_rules)


def _add_table(parser: argparse.ArgumentParser) -> None:
    """Add what fitting and validating share."""
    parser.add_argument("table", metavar="TABLE", help="CSV of site months, plain or compressed")
    parser.add_argument("--target", default="GPP", help=f"{', '.join(_TARGETS)} (GPP)")
    parser.add_argument("--folds", type=int, default=10, help="folds of sites (10)")
    parser.add_argument("--seed", type=int, default=0, help="seed of folds and draws (0)")
    parser.add_argument(
        "--fixed", action="store_true", help="keep the settings; do not choose them by inner folds"
    )
    parser.add_argument("--members", type=int, help="members of the committee of trees")
    parser.add_argument("--level", type=float, default=0.9, help="what intervals hold (0.9)")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run_fit(arguments: argparse.Namespace) -> int:
    """Fit a model, write it and report."""
    from fluxscape.io.atomic import write_json  # noqa: PLC0415
    from fluxscape.upscaling.model import fit_flux_model  # noqa: PLC0415
    from fluxscape.upscaling.validation import ANOMALY_NOTE  # noqa: PLC0415

    frame = read_table(arguments.table)
    model, _ = fit_flux_model(
        frame,
        arguments.target,
        n_folds=arguments.folds,
        seed=arguments.seed,
        nested=not arguments.fixed,
        settings=_settings(arguments, "tree"),
        level=arguments.level,
        where=_name(arguments.table),
        on_progress=None if arguments.json else progress_line("fit"),
    )
    write_json(model.to_dict(), arguments.out, indent=1)
    facts = {key: model.facts[key] for key in ("skill", "coverage", "lags", "settings")}
    facts |= {
        "target": model.target,
        "units": model.units,
        "rules": model.rules.n_rules,
        "members": model.rules.n_members,
        "threshold": model.applicability.threshold,
        "out": arguments.out,
        "note": ANOMALY_NOTE,
    }
    if arguments.json:
        emit_json(facts)
        return 0
    lines = [
        *model.facts["lags"],
        f"{model.target}, sites left out in {arguments.folds} folds:",
        *skill_lines(model.facts["skill"], model.units),
        _coverage_line(model.facts["coverage"]),
        f"{model.rules.n_rules} rules of {model.rules.n_members} members in {arguments.out}",
        ANOMALY_NOTE,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def run_validate(arguments: argparse.Namespace) -> int:
    """Validate a method and report."""
    from fluxscape.io.exports import write_csv  # noqa: PLC0415
    from fluxscape.upscaling.tables import TARGETS  # noqa: PLC0415
    from fluxscape.upscaling.validation import ANOMALY_NOTE, validate  # noqa: PLC0415

    frame = read_table(arguments.table)
    result = validate(
        frame,
        arguments.target,
        method=arguments.method,
        split=arguments.split,
        n_folds=arguments.folds,
        seed=arguments.seed,
        nested=not arguments.fixed,
        settings=_settings(arguments, arguments.method),
        separation=arguments.separation,
        where=_name(arguments.table),
        on_progress=None if arguments.json else progress_line("validate"),
    )
    skill, units = result.skill(), TARGETS[result.target].units
    coverage = result.coverage(arguments.level)
    lower, upper = coverage.pop("lower"), coverage.pop("upper")
    lags = sorted({lag.text() for lag in result.features[0].lags})
    if arguments.out:
        good = result.scored
        columns = {
            "observed": result.records.observed[good],
            "predicted": result.predicted[good],
            "lower": lower,
            "upper": upper,
            "fold": result.fold[good] + 1,
        }
        rows = frame.iloc[result.records.rows[good]]
        write_csv(predictions_table(rows, columns), arguments.out)
    facts = {
        "target": result.target,
        "units": units,
        "method": result.method,
        "split": result.split,
        "separation_km": result.separation,
        "skill": skill,
        "coverage": coverage,
        "lags": lags,
        "settings": list(result.settings),
        "note": ANOMALY_NOTE,
    }
    if arguments.json:
        emit_json(facts)
        return 0
    lines = [
        *lags,
        f"{result.target} by {result.method}, left out by {result.split}:",
        *skill_lines(skill, units),
        _coverage_line(coverage),
        ANOMALY_NOTE,
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def run_predict(arguments: argparse.Namespace) -> int:
    """Predict the rows of a table and report."""
    from fluxscape.io.exports import write_csv  # noqa: PLC0415
    from fluxscape.upscaling.model import FluxModel  # noqa: PLC0415

    model, frame = read_model(arguments.model), read_table(arguments.table)
    where = _name(arguments.table)
    if isinstance(model, FluxModel):
        columns, facts = _predict_flux(model, frame, where, arguments.unseen_types)
    else:
        columns, facts = _predict_rules(model, frame, where)
    if arguments.out:
        write_csv(predictions_table(frame, columns), arguments.out)
        facts["out"] = arguments.out
    if arguments.json:
        emit_json(facts)
        return 0
    lines = [f"{facts['rows']} rows, mean {facts['target']} {facts['mean']:.4g} {facts['units']}"]
    if "share_applicable" in facts:
        lines.append(f"within the area of applicability: {facts['share_applicable']:.1%}")
    if facts.get("skill"):
        lines += skill_lines(facts["skill"], facts["units"])
        lines.append(_coverage_line(facts["coverage"]))
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def run_rules(arguments: argparse.Namespace) -> int:
    """Show or write the rules of a model."""
    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415
    from fluxscape.io.atomic import write_text  # noqa: PLC0415
    from fluxscape.upscaling.cubist_text import write_model_text  # noqa: PLC0415
    from fluxscape.upscaling.model import FluxModel  # noqa: PLC0415

    model = read_model(arguments.model)
    rules = model.rules if isinstance(model, FluxModel) else model
    if arguments.member is not None and not 1 <= arguments.member <= rules.n_members:
        msg = f"--member must lie between 1 and {rules.n_members}, got {arguments.member}"
        raise OutOfBoundsError(msg, got=arguments.member)
    if arguments.out:
        write_text(write_model_text(rules), arguments.out)
    rows = [row for row in rules.table() if arguments.member in {None, row["member"]}]
    if arguments.json:
        facts = {"target": rules.target, "members": rules.n_members, "usage": rules.usage()}
        emit_json(facts | {"rules": rows})
    else:
        sys.stdout.write(rules.text(arguments.member))
    return 0


def _predict_flux(
    model: Any, frame: Any, where: str, unseen_types: bool
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return columns and facts of a flux model's predictions."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.upscaling.skill import split_skill  # noqa: PLC0415
    from fluxscape.upscaling.tables import TARGETS, target_of  # noqa: PLC0415

    made = model.predict(frame, where=where, unseen_types=unseen_types)
    columns = {
        "predicted": made.flux,
        "lower": made.lower,
        "upper": made.upper,
        "dissimilarity": made.dissimilarity,
        "applicable": made.applies.astype(np.int64),
    }
    facts: dict[str, Any] = {
        "target": model.target,
        "units": model.units,
        "rows": int(made.flux.size),
        "mean": float(made.flux.mean()),
        "share_applicable": float(made.applies.mean()),
    }
    chosen = TARGETS[model.target]
    if {chosen.column, chosen.quality} <= set(frame.columns):
        observed = target_of(frame, model.target, where=where)
        good = np.isfinite(observed)
        if good.sum() > 1:
            site = frame["Site"].to_numpy().astype(np.str_)[good]
            month = frame["TIMESTAMP"].to_numpy().astype(np.int64)[good] % 100 - 1
            facts["skill"] = split_skill(observed[good], made.flux[good], site, month)
            inside = (observed >= made.lower) & (observed <= made.upper)
            by_site = [inside[good][site == name].mean() for name in np.unique(site)]
            facts["coverage"] = {
                "level": model.intervals.level,
                "coverage": float(inside[good].mean()),
                "coverage_by_site": float(np.mean(by_site)),
            }
            facts["seen_sites"] = sorted(set(site.tolist()) & set(model.facts.get("sites", ())))
    return columns, facts


def _predict_rules(
    model: RuleModel, frame: Any, where: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return columns and facts of a plain rule model's predictions."""
    from fluxscape.upscaling.tables import attribute_matrix  # noqa: PLC0415

    values = model.predict(attribute_matrix(frame, model.names, model.levels, where=where))
    facts = {
        "target": model.target,
        "units": "",
        "rows": int(values.size),
        "mean": float(values.mean()),
    }
    return {"predicted": values}, facts


def _settings(arguments: argparse.Namespace, method: str) -> dict[str, Any]:
    """Return the settings that were asked for."""
    if arguments.members is None:
        return {}
    return {"n_committees": arguments.members} if method in {"tree", "cubist"} else {}


def _coverage_line(coverage: dict[str, Any]) -> str:
    """Return the coverage of intervals for people."""
    return (
        f"{coverage['level']:.0%} intervals hold {coverage['coverage']:.1%} of site months and "
        f"{coverage['coverage_by_site']:.1%} in the mean of sites"
    )


def _name(path: str) -> str:
    """Return a file's name without its folder."""
    from pathlib import Path  # noqa: PLC0415

    return Path(path).name
