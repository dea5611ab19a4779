"""``fluxscape lue``: light-use-efficiency models on a flux table, and the seasons of efficiency."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._output import emit_json
from fluxscape.cli._site import place_of, read_parameters

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.lue import LueParameters

_SECONDS_PER_YEAR = 365.0 * 86400.0
_GRAMS_CARBON = 12.0107e-6 * _SECONDS_PER_YEAR
_SERIES = {
    "lai": "leaf_area_index",
    "fapar": "absorbed_par_fraction",
    "ndvi": "normalized_difference_vegetation_index",
    "evi": "enhanced_vegetation_index",
    "lswi": "land_surface_water_index",
}


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``lue`` and its sub-commands."""
    lue = subparsers.add_parser("lue", help="run light-use-efficiency models")
    commands = lue.add_subparsers(metavar="ACTION", required=True)
    run = commands.add_parser(
        "run",
        help="gross primary production at one point",
        description="Run a light-use-efficiency model on a flux table, and score it where the "
        "table has gross primary production.",
    )
    _add_common(run)
    run.add_argument(
        "--soil-moisture-stress",
        action="store_true",
        help="lower the efficiency in dry soil (Stocker et al. 2020)",
    )
    run.add_argument("--out", metavar="FILE", help="write all outputs as netCDF")
    run.set_defaults(run=run_run)
    seasonal = commands.add_parser(
        "seasonal",
        help="maximum light-use efficiency through the seasons",
        description="Retrieve the maximum light-use efficiency of a tower in windows of days from "
        "its gross primary production.",
    )
    _add_common(seasonal)
    seasonal.add_argument(
        "--method",
        choices=("quantile", "hyperbola", "ratio"),
        default="quantile",
        help="upper quantile of production over usable light, first slope of a rectangular "
        "hyperbola, or ratio of the sums (quantile)",
    )
    seasonal.add_argument("--quantile", type=float, default=0.95, help="upper quantile (0.95)")
    seasonal.add_argument("--days", type=int, default=8, help="length of a window (8)")
    seasonal.add_argument("--out", metavar="FILE", help="write the windows as netCDF")
    seasonal.set_defaults(run=run_seasonal)


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Add what both commands take."""
    parser.add_argument("file", metavar="FILE", help="flux table, plain or gzip-compressed")
    parser.add_argument(
        "--model",
        default="mod17",
        help="mod17, casa, vpm, ec-lue, ec-lue-2020, tl-lue or p-model (mod17)",
    )
    parser.add_argument("--site", help="FLUXNET code or key; place and land cover are looked up")
    parser.add_argument("--latitude", type=float, help="degrees north")
    parser.add_argument("--longitude", type=float, help="degrees east")
    parser.add_argument("--elevation", type=float, help="metres")
    parser.add_argument("--igbp", help="land cover class, such as DBF, CRO or GRA")
    parser.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    for option, name in _SERIES.items():
        parser.add_argument(
            f"--{option}",
            metavar="FILE",
            help=f"CSV of time and {option}: {name.replace('_', ' ')}, where FILE has none",
        )
    parser.add_argument("--params", metavar="FILE", help="YAML file of parameter names and values")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run_run(arguments: argparse.Namespace) -> int:
    """Run a model and report."""
    import time  # noqa: PLC0415

    table, parameters, place = _prepared(arguments)
    started = time.perf_counter()
    run = _run(arguments, table, parameters, place, soil=arguments.soil_moisture_stress)
    seconds = time.perf_counter() - started
    if arguments.out:
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

        write_netcdf(run, arguments.out)
    facts = _facts(run, table, seconds) | {"igbp": place["igbp"]}
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(_as_text(facts))
    return 0


def run_seasonal(arguments: argparse.Namespace) -> int:
    """Retrieve the efficiency of windows and report."""
    from fluxscape.errors import MissingVariableError  # noqa: PLC0415
    from fluxscape.lue.seasonal import retrieve_efficiency, usable_light  # noqa: PLC0415

    table, parameters, place = _prepared(arguments)
    observed = _measured(table)
    if observed is None:
        msg = f"{arguments.file} has no gross_primary_production [umol m-2 s-1]"
        raise MissingVariableError(msg, file=arguments.file)
    run = _run(arguments, table, parameters, place, soil=False)
    windows = retrieve_efficiency(
        observed,
        usable_light(run, parameters),
        table["time"].to_numpy(),
        days=arguments.days,
        method=arguments.method,
        quantile=arguments.quantile,
    )
    keys = ("site", "model", "source", "data_status", "fills", "parameters", "fluxscape_version")
    windows.attrs |= {key: run.attrs[key] for key in keys}
    if arguments.out:
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

        write_netcdf(windows, arguments.out)
    rows = [
        {
            "start": str(windows["time"].to_numpy()[i].astype("datetime64[D]")),
            "efficiency": float(windows["efficiency"][i]),
            "production": float(windows["production"][i]),
            "count": int(windows["count"][i]),
        }
        for i in range(windows.sizes["time"])
    ]
    facts = {
        "site": run.attrs["site"],
        "model": run.attrs["model"],
        "igbp": place["igbp"],
        "method": arguments.method,
        "published": parameters.highest_efficiency(),
        "median": float(windows["efficiency"].median()),
        "units": {"efficiency": "mol mol-1", "production": "umol m-2 s-1"},
        "windows": rows,
    }
    if arguments.json:
        emit_json(facts)
        return 0
    sys.stdout.write(
        f"{facts['site'] or 'site not stated'}, {facts['model']}: median {facts['median']:.4f} "
        f"mol mol-1 over {len(rows)} windows, published {facts['published']:.4f}\n"
    )
    for row in rows:
        shown = f"{row['start']}  {row['efficiency']:.4f}  {row['production']:7.2f}  {row['count']}"
        sys.stdout.write(shown + "\n")
    return 0


def _prepared(
    arguments: argparse.Namespace,
) -> tuple[xr.Dataset, LueParameters, dict[str, Any]]:
    """Return the table with vegetation, the parameters and the place."""
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415
    from fluxscape.io.series import read_series, series_at  # noqa: PLC0415
    from fluxscape.lue import find_model, lue_parameters_for  # noqa: PLC0415

    find_model(arguments.model)
    place = place_of(arguments)
    parameters = lue_parameters_for(place["igbp"], arguments.model)
    if arguments.params:
        parameters = parameters.replace(read_parameters(arguments.params))
    table = read_flux_table(
        arguments.file,
        site=arguments.site,
        utc_offset_hours=arguments.utc_offset,
        longitude=place["longitude"],
    )
    if place["elevation"] is not None:
        table.attrs["elevation"] = place["elevation"]
    for option, name in _SERIES.items():
        path = getattr(arguments, option)
        if path:
            table[name] = series_at(read_series(path, name), table["time"].to_numpy())
    return table, parameters, place


def _run(
    arguments: argparse.Namespace,
    table: xr.Dataset,
    parameters: LueParameters,
    place: dict[str, Any],
    *,
    soil: bool,
) -> xr.Dataset:
    """Run the model."""
    from fluxscape.lue import run_lue  # noqa: PLC0415

    return run_lue(
        table,
        parameters,
        model=arguments.model,
        latitude=place["latitude"],
        longitude=place["longitude"],
        soil_moisture_stress=soil,
    )


def _measured(table: xr.Dataset) -> Any:
    """Return gross primary production from measured exchange [umol m-2 s-1], None without any."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.vocabulary import QUALITY_SUFFIX  # noqa: PLC0415

    name = "gross_primary_production"
    if name not in table or not bool(np.isfinite(table[name]).any()):
        return None
    values = table[name].to_numpy().astype(np.float64)
    for flag in (name, "net_ecosystem_exchange"):
        if flag + QUALITY_SUFFIX in table:
            return np.where(table[flag + QUALITY_SUFFIX].to_numpy() > 0, np.nan, values)
    return values


def _facts(run: xr.Dataset, table: xr.Dataset, seconds: float) -> dict[str, Any]:
    """Return the summary of a run."""
    import json  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    from fluxscape.scores import score  # noqa: PLC0415

    production = run["gross_primary_production"].to_numpy()
    scores: dict[str, Any] = {}
    observed = _measured(table)
    if observed is not None:
        good = np.isfinite(observed) & np.isfinite(production)
        if good.sum() > 1:
            scores |= score(production[good], observed[good])
            scores["units"] = "umol m-2 s-1"
    return {
        "site": run.attrs["site"],
        "model": run.attrs["model"],
        "first": str(run["time"].to_numpy()[0].astype("datetime64[m]")),
        "n_steps": run.sizes["time"],
        "seconds": seconds,
        "gpp": float(np.nanmean(production)) * _GRAMS_CARBON,
        "share_missing": float(np.isnan(production).mean()),
        "scores": scores,
        "data_status": run.attrs["data_status"],
        "fills": json.loads(run.attrs["fills"]),
        "parameters": json.loads(run.attrs["parameters"]),
        "units": {"gpp": "gC m-2 yr-1"},
    }


def _as_text(facts: dict[str, Any]) -> str:
    """Return the summary for people."""
    lines = [
        f"{facts['site'] or 'site not stated'}, {facts['model']}: {facts['n_steps']} steps from "
        f"{facts['first']} in {facts['seconds']:.2f} s",
        f"GPP {facts['gpp']:.0f} gC m-2 yr-1",
    ]
    for name, fill in facts["fills"].items():
        lines.append(f"derived {fill['share']:.1%} of {name}: {fill['method']}")
    if facts["scores"]:
        row = facts["scores"]
        lines.append(
            f"against measured: R2 {row['r2']:.2f}, RMSE {row['rmse']:.3g}, bias {row['bias']:.3g} "
            f"{row['units']} (n {row['n']})"
        )
    return "\n".join(lines) + "\n"
