"""``fluxscape column``: carry fluxes up a column of air, and a record back down to the flux."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._column_inputs import Inputs, add_inputs, load_inputs
from fluxscape.cli._column_invert import register as register_inversion
from fluxscape.cli._output import emit_json

if TYPE_CHECKING:
    import xarray as xr


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``column`` and its sub-commands."""
    column = subparsers.add_parser("column", help="carbon dioxide in a column of air")
    commands = column.add_subparsers(metavar="ACTION", required=True)
    run = commands.add_parser(
        "run",
        help="mole fractions that surface fluxes leave at heights",
        description="Carry the net ecosystem exchange of a flux table, or of the DLM on simulated "
        "weather, up a column of air, and compare with mole fractions where they were measured.",
    )
    add_inputs(run)
    run.add_argument("--out", metavar="FILE", help="write all outputs as netCDF")
    run.set_defaults(run=run_run)
    register_inversion(commands)


def run_run(arguments: argparse.Namespace) -> int:
    """Run a column and report."""
    import time  # noqa: PLC0415

    from fluxscape.cli._output import progress_line  # noqa: PLC0415
    from fluxscape.transport import rectifier, run_column  # noqa: PLC0415

    inputs = load_inputs(arguments)
    column = inputs.column
    started = time.perf_counter()
    product = run_column(column, on_progress=progress_line("column"))
    seconds = time.perf_counter() - started
    product = product.assign_attrs(
        site=str(inputs.forcing.attrs.get("site", "")), data_status=inputs.status
    )
    if arguments.out:
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

        write_netcdf(product, arguments.out)
    excess = rectifier(column)["surface_excess"]
    facts = _facts(inputs, product, seconds) | {
        "rectifier": dict(zip(excess["part"].to_numpy().tolist(), excess.to_numpy(), strict=True))
    }
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(_as_text(facts))
    return 0


def _facts(inputs: Inputs, product: xr.Dataset, seconds: float) -> dict[str, Any]:
    """Return the summary of a run."""
    import json  # noqa: PLC0415

    column = inputs.column
    height = product["boundary_layer_height"]
    names = ("storage_flux", "entrainment_flux", "background_flux", "subsidence_flux")
    budget = {name: float(product[name].mean()) for name in (*names, "advection_flux")}
    return {
        "site": product.attrs["site"],
        "first": str(product["time"].to_numpy()[0].astype("datetime64[m]")),
        "n_steps": product.sizes["time"],
        "seconds": seconds,
        "layers": column.grid.layers,
        "scheme": column.scheme,
        "data_status": product.attrs["data_status"],
        "simulated": inputs.simulated,
        "mass_error": product.attrs["mass_error"],
        "mean_flux": float(product["net_ecosystem_exchange"].mean()),
        "mixing_height": {
            "mean": float(height.mean()),
            "highest": float(height.max()),
            "steps_at_ceiling": product.attrs["steps_at_ceiling"],
        },
        "regimes": _regimes(product),
        "inlets": _inlets(inputs, product),
        "budget": budget | {"surface": float(product["net_ecosystem_exchange"].mean())},
        "forcing": json.loads(product.attrs["forcing"]),
        "units": {
            "mean_flux": "umol m-2 s-1",
            "budget": "umol m-2 s-1",
            "mixing_height": "m",
            "inlets": "umol mol-1, heights in m above the displacement height",
            "rectifier": "umol mol-1, lowest layer less mean of the column",
        },
    }


def _regimes(product: xr.Dataset) -> dict[str, float]:
    """Return the share of steps in each regime of mixing."""
    from fluxscape.transport.mixing import REGIMES  # noqa: PLC0415

    return {
        name: float((product["mixing_regime"] == number).mean())
        for number, name in enumerate(REGIMES)
    }


def _inlets(inputs: Inputs, product: xr.Dataset) -> list[dict[str, Any]]:
    """Return the mean, the course of the day and, where it was measured, the scores of inlets."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.transport import by_hour, level_scores, record_on_steps  # noqa: PLC0415

    offset = round(inputs.place["longitude"] / 15.0)
    modelled = product["inlet_carbon_dioxide_mole_fraction"]
    course = by_hour(modelled, offset)
    rows: list[dict[str, Any]] = [
        {
            "height": height,
            "mean": float(modelled[:, level].mean()),
            "by_hour": course[:, level].to_numpy().tolist(),
        }
        for level, height in enumerate(product["inlet_height"].to_numpy().tolist())
    ]
    if inputs.record is not None and inputs.record.sizes["level"] == len(rows):
        measured = record_on_steps(inputs.record, inputs.column)
        if np.isfinite(measured).any(axis=0).all():
            for row, scores in zip(rows, level_scores(modelled.to_numpy(), measured), strict=True):
                row["scores"] = scores
    return rows


def _as_text(facts: dict[str, Any]) -> str:
    """Return the summary for people."""
    mixing = facts["mixing_height"]
    lines = [
        f"{facts['site'] or 'site not stated'}: {facts['n_steps']} steps from {facts['first']} in "
        f"{facts['seconds']:.2f} s, {facts['data_status']}",
        f"mean flux {facts['mean_flux']:.2f} umol m-2 s-1; mixing height {mixing['mean']:.0f} m, "
        f"highest {mixing['highest']:.0f} m",
        f"relative error of the carbon budget {facts['mass_error']:.1e}",
        "rectifier [ppm]: "
        + ", ".join(f"{name} {value:.2f}" for name, value in facts["rectifier"].items()),
    ]
    if facts["simulated"]:
        lines.append(f"simulated: {', '.join(facts['simulated'])}")
    for row in facts["inlets"]:
        text = f"{row['height']:g} m: mean {row['mean']:.2f} ppm"
        if "scores" in row:
            scores = row["scores"]
            text += f", R2 {scores['r2']:.2f}, RMSE {scores['rmse']:.2f}, bias {scores['bias']:.2f}"
        lines.append(text)
    return "\n".join(lines) + "\n"
