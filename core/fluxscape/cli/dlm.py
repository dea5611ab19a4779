"""``fluxscape dlm run FILE``: run the land-surface model on a flux table or simulated weather."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._calibrate import register as register_calibration
from fluxscape.cli._output import emit_json, progress_line
from fluxscape.cli._site import place_of, read_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import xarray as xr

    from fluxscape.dlm import DlmParameters

_SECONDS_PER_YEAR = 365.0 * 86400.0
_GRAMS_CARBON = 12.0107e-6 * _SECONDS_PER_YEAR
_SUMMARY = (
    "gross_primary_production",
    "net_ecosystem_exchange",
    "ecosystem_respiration",
    "evapotranspiration",
    "precipitation_flux",
    "net_radiation",
    "latent_heat_flux",
    "sensible_heat_flux",
)


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``dlm`` and its sub-commands."""
    dlm = subparsers.add_parser("dlm", help="run the land-surface model")
    commands = dlm.add_subparsers(metavar="ACTION", required=True)
    run = commands.add_parser(
        "run",
        help="fluxes of carbon, water and energy at one point",
        description="Run the land-surface model on a flux table, or with --simulated on the "
        "weather generator, and score it where the table has measured fluxes.",
    )
    run.add_argument("file", metavar="FILE", nargs="?", help="flux table, plain or gzip-compressed")
    run.add_argument("--simulated", metavar="SITE", help="run a tower on simulated weather")
    run.add_argument("--year", type=int, default=2005, help="year of simulated weather (2005)")
    run.add_argument("--seed", type=int, default=1, help="seed of simulated weather (1)")
    run.add_argument("--site", help="FLUXNET code or key; its place and land cover are looked up")
    run.add_argument("--latitude", type=float, help="degrees north")
    run.add_argument("--longitude", type=float, help="degrees east")
    run.add_argument("--elevation", type=float, help="metres")
    run.add_argument("--igbp", help="land cover class, such as DBF, CRO or GRA")
    run.add_argument("--texture", default="loam", help="soil texture, such as 'silt loam' (loam)")
    run.add_argument("--height", type=float, help="height of the instruments above ground [m]")
    run.add_argument("--canopy", type=float, help="canopy height [m]")
    run.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    run.add_argument(
        "--monthly",
        metavar="FILE",
        help="flux table of monthly means, for what FILE lacks: longwave, wind, pressure, rain, "
        "carbon dioxide, leaf area",
    )
    run.add_argument(
        "--leaf-area", metavar="FILE", help="table with time and lai, interpolated to the steps"
    )
    run.add_argument("--params", metavar="FILE", help="YAML file of parameter names and values")
    run.add_argument(
        "--carbon",
        choices=("pools", "basal"),
        help="whether soil respires from pools in a steady state (the usual), or at the basal rate "
        "that a calibration estimates",
    )
    run.add_argument(
        "--spin-up", type=int, default=1, metavar="N", help="repeats of the first year before (1)"
    )
    run.add_argument(
        "--hold-soil-water",
        action="store_true",
        default=None,
        help="hold the soil at field capacity, as under irrigation; done anyway without rain and "
        "where measured evapotranspiration cannot come from it",
    )
    run.add_argument(
        "--rain-fed",
        dest="hold_soil_water",
        action="store_false",
        help="let the soil have rain only, whatever was measured",
    )
    run.add_argument(
        "--constant-leaves", action="store_true", help="no seasons of leaf area not in FILE"
    )
    run.add_argument(
        "--out",
        metavar="FILE",
        help="write all outputs as netCDF, or year by year into a Zarr store (FILE.zarr) so that "
        "memory stays flat",
    )
    run.add_argument(
        "--alma", action="store_true", help="write FILE under ALMA names, as PLUMBER2 reads them"
    )
    run.add_argument("--json", action="store_true", help="one JSON object on stdout")
    run.set_defaults(run=run_run)
    register_calibration(commands)


def run_run(arguments: argparse.Namespace) -> int:
    """Run the model and report."""
    import time  # noqa: PLC0415

    from fluxscape.dlm import (  # noqa: PLC0415
        alma_names,
        compile_dlm,
        run_dlm,
        score_run,
        stream_dlm,
    )

    place = place_of(arguments)
    parameters = _parameters(arguments, place)
    forcing = _forcing(arguments, place, parameters)
    compile_dlm()
    show = progress_line("dlm")
    moments = []

    def report(share: float, message: str) -> None:
        moments.append(time.perf_counter())
        show(share, message)

    started = time.perf_counter()
    options: dict[str, Any] = {
        "latitude": place["latitude"],
        "longitude": place["longitude"],
        "elevation": place["elevation"],
        "reference_height": place["measurement_height"],
        "seasonal_leaves": not arguments.constant_leaves,
        "hold_soil_water": arguments.hold_soil_water,
        "spin_up_years": arguments.spin_up,
        "carbon": arguments.carbon,
        "on_progress": report,
    }
    names = alma_names if arguments.alma else _own_names
    if str(arguments.out or "").endswith(".zarr"):
        run = _streamed(stream_dlm(forcing, parameters, **options), arguments.out, names)
    else:
        run = run_dlm(forcing, parameters, **options)
    seconds = time.perf_counter() - started
    if arguments.out and not arguments.out.endswith(".zarr"):
        from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

        write_netcdf(names(run), arguments.out)
    facts = _facts(run, seconds, moments[-1] - moments[0]) | {
        "scores": score_run(run, forcing),
        "igbp": place["igbp"],
    }
    if arguments.json:
        emit_json(facts)
    else:
        sys.stdout.write(_as_text(facts))
    return 0


def _own_names(run: xr.Dataset) -> xr.Dataset:
    """Return a run as it is."""
    return run


def _streamed(
    parts: Iterator[xr.Dataset], path: str, names: Callable[[xr.Dataset], xr.Dataset]
) -> xr.Dataset:
    """Write a run part by part into a store; return what its summary needs."""
    import xarray as xr  # noqa: PLC0415

    from fluxscape.io.stores import SeriesWriter, write_store  # noqa: PLC0415

    kept: list[xr.Dataset] = []

    def build(group: Any) -> None:
        writer = SeriesWriter(group)
        for part in parts:
            writer.add(names(part))
            kept.append(part[[name for name in _SUMMARY if name in part]])

    write_store(build, path)
    return xr.concat(kept, dim="time", combine_attrs="override").assign_attrs(kept[-1].attrs)


def _forcing(
    arguments: argparse.Namespace, place: dict[str, Any], parameters: DlmParameters
) -> xr.Dataset:
    """Return the forcing, read or simulated."""
    from fluxscape.errors import MissingVariableError  # noqa: PLC0415

    if bool(arguments.file) == bool(arguments.simulated):
        msg = "give either a flux table FILE or --simulated SITE"
        raise MissingVariableError(msg)
    if arguments.simulated:
        from fluxscape.io.climatology import read_climatology  # noqa: PLC0415
        from fluxscape.meteorology.weather import point_climate, simulate_weather  # noqa: PLC0415

        climate = point_climate(read_climatology(), place["latitude"], place["longitude"])
        forcing = simulate_weather(
            climate,
            start_year=arguments.year,
            seed=arguments.seed,
            measurement_height=place["measurement_height"],
            canopy_height=parameters.canopy_height,
        )
        forcing.attrs["site"] = arguments.simulated
        return forcing
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    table = read_flux_table(
        arguments.file,
        site=arguments.site,
        utc_offset_hours=arguments.utc_offset,
        measurement_height=place["measurement_height"],
        canopy_height=place["canopy_height"],
        longitude=place["longitude"],
    )
    return _completed(table, arguments, place)


def _completed(
    table: xr.Dataset, arguments: argparse.Namespace, place: dict[str, Any]
) -> xr.Dataset:
    """Return a table with leaf area and monthly means from files of their own."""
    if arguments.leaf_area:
        from fluxscape.io.series import read_series, series_at  # noqa: PLC0415

        table["leaf_area_index"] = series_at(
            read_series(arguments.leaf_area), table["time"].to_numpy()
        )
    if arguments.monthly:
        from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415
        from fluxscape.meteorology.monthly import complete_from_monthly  # noqa: PLC0415

        table = complete_from_monthly(
            table,
            read_flux_table(arguments.monthly, site=arguments.site),
            latitude=place["latitude"],
            longitude=place["longitude"],
            where=arguments.file,
        )
    return table


def _parameters(arguments: argparse.Namespace, place: dict[str, Any]) -> DlmParameters:
    """Return the parameters of the land cover with the place's and the file's values."""
    from fluxscape.dlm import parameters_for  # noqa: PLC0415

    parameters = parameters_for(place["igbp"], arguments.texture)
    values: dict[str, object] = {}
    if place["canopy_height"] is not None:
        values["canopy_height"] = place["canopy_height"]
    if arguments.params:
        values |= read_parameters(arguments.params)
    return parameters.replace(values)


def _facts(run: xr.Dataset, seconds: float, loop_seconds: float) -> dict[str, Any]:
    """Return the summary of a run; its speed is that of the loop over steps."""
    import json  # noqa: PLC0415

    steps = run.sizes["time"]
    years = steps * run.attrs["time_step_seconds"] / _SECONDS_PER_YEAR
    spun = run.attrs["spin_up_years"] * min(years, 1.0)
    mean = {name: float(run[name].mean()) for name in _SUMMARY}
    return {
        "site": run.attrs["site"],
        "first": str(run["time"].to_numpy()[0].astype("datetime64[m]")),
        "n_steps": steps,
        "seconds": seconds,
        "site_years_per_second": (years + spun) / loop_seconds,
        "gpp": mean["gross_primary_production"] * _GRAMS_CARBON,
        "nee": mean["net_ecosystem_exchange"] * _GRAMS_CARBON,
        "reco": mean["ecosystem_respiration"] * _GRAMS_CARBON,
        "et": mean["evapotranspiration"] * _SECONDS_PER_YEAR,
        "precipitation": mean["precipitation_flux"] * _SECONDS_PER_YEAR,
        "net_radiation": mean["net_radiation"],
        "latent_heat_flux": mean["latent_heat_flux"],
        "sensible_heat_flux": mean["sensible_heat_flux"],
        "worst_energy_residual": run.attrs["worst_energy_residual"],
        "worst_water_residual": run.attrs["worst_water_residual"],
        "worst_carbon_residual": run.attrs["worst_carbon_residual"],
        "soil_water": run.attrs["soil_water"],
        "soil_water_reason": run.attrs["soil_water_reason"],
        "data_status": run.attrs["data_status"],
        "units": {
            "gpp": "gC m-2 yr-1",
            "et": "mm yr-1",
            "worst_energy_residual": "W m-2",
            "worst_water_residual": "mm",
            "worst_carbon_residual": "kg m-2",
        },
        "fills": json.loads(run.attrs["fills"]),
    }


def _as_text(facts: dict[str, Any]) -> str:
    """Return the summary for people."""
    lines = [
        f"{facts['site'] or 'site not stated'}: {facts['n_steps']} steps from {facts['first']} in "
        f"{facts['seconds']:.2f} s",
        f"GPP {facts['gpp']:.0f} gC m-2 yr-1, NEE {facts['nee']:.0f}, ET {facts['et']:.0f} mm yr-1",
        f"largest residual of a step: {facts['worst_energy_residual']:.1e} W m-2, "
        f"{facts['worst_water_residual']:.1e} mm, {facts['worst_carbon_residual']:.1e} kg m-2 of "
        "carbon",
        f"soil water: {facts['soil_water']}"
        + (f" ({facts['soil_water_reason']})" if facts["soil_water_reason"] else ""),
    ]
    for name, fill in facts["fills"].items():
        if "share" in fill:
            lines.append(f"filled {fill['share']:.1%} of {name}: {fill['method']}")
        if "share_filled_in_file" in fill:
            lines.append(f"filled in the file, {fill['share_filled_in_file']:.1%} of {name}")
    for name, row in facts["scores"].items():
        lines.append(
            f"{name}: R2 {row['r2']:.2f}, RMSE {row['rmse']:.3g}, bias {row['bias']:.3g} "
            f"{row['units']} (n {row['n']})"
        )
    return "\n".join(lines) + "\n"
