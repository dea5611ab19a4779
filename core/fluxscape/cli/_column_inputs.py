"""What the commands of the column read: place, fluxes, weather, inlets, measured mole fractions."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxscape.cli._site import place_of, read_parameters

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.transport.column import Column

_DISPLACEMENT_SHARE = 0.67


@dataclass
class Inputs:
    """A column with where it comes from.

    Attributes
    ----------
    column, place
        Ready to run; latitude, longitude and heights.
    forcing
        As read or simulated.
    record
        Measured mole fractions over (time, level), or None.
    simulated
        What of it is simulated, in words; empty for measured forcing.
    """

    column: Column
    place: dict[str, Any]
    forcing: xr.Dataset
    record: xr.DataArray | None
    simulated: list[str]

    @property
    def status(self) -> str:
        """Data status of the forcing."""
        return "simulated" if self.simulated else "reconstructed"


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what both commands take."""
    parser.add_argument("file", metavar="FILE", nargs="?", help="flux table, plain or gzipped")
    parser.add_argument(
        "--simulated", metavar="SITE", help="a tower on simulated weather and fluxes of the DLM"
    )
    parser.add_argument("--year", type=int, default=2005, help="year of simulated weather (2005)")
    parser.add_argument("--days", type=int, help="only so many days from the first on")
    parser.add_argument("--first-day", type=int, default=0, help="days to leave out before (0)")
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is simulated (1)")
    parser.add_argument("--site", help="FLUXNET code or key; its place is looked up")
    parser.add_argument("--latitude", type=float, help="degrees north")
    parser.add_argument("--longitude", type=float, help="degrees east")
    parser.add_argument("--elevation", type=float, help="metres")
    parser.add_argument("--igbp", help="land cover class, for --simulated")
    parser.add_argument("--height", type=float, help="height of the tower's instruments [m]")
    parser.add_argument("--canopy", type=float, help="canopy height [m]")
    parser.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    parser.add_argument(
        "--heights", metavar="M,M", help="heights of inlets above ground [m] (that of the tower)"
    )
    parser.add_argument(
        "--record",
        metavar="FILE",
        help="CSV of time (UTC) and co2_<height in m>: measured mole fractions at several inlets",
    )
    parser.add_argument(
        "--scheme",
        default="counter_gradient",
        help="counter_gradient, asymmetric, blackadar or local (counter_gradient)",
    )
    parser.add_argument("--mixing", metavar="FILE", help="YAML file of mixing parameters")
    parser.add_argument(
        "--compute-height", action="store_true", help="compute the boundary layer even if given"
    )
    parser.add_argument("--background", type=float, help="mole fraction above and around [ppm]")
    parser.add_argument("--layers", type=int, default=40, help="layers of the column (40)")
    parser.add_argument(
        "--top", type=float, help="height of the column [m] (3000, or what the given layer needs)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def load_inputs(arguments: argparse.Namespace) -> Inputs:
    """Return a column made of what the arguments name."""
    from fluxscape.errors import MissingVariableError, OutOfBoundsError  # noqa: PLC0415

    if bool(arguments.file) == bool(arguments.simulated):
        msg = "give either a flux table FILE or --simulated SITE"
        raise MissingVariableError(msg)
    if arguments.simulated:
        place = place_of(arguments)
        forcing = _simulated(arguments, place)
        simulated = ["weather", "fluxes: land-surface model DLM", "boundary-layer height"]
    else:
        place = place_of(arguments, ("latitude", "longitude"))
        forcing, simulated = _table(arguments, place), []
    steps = 86400 // int(forcing.attrs["time_step_seconds"])
    start = arguments.first_day * steps
    stop = start + arguments.days * steps if arguments.days else None
    forcing = forcing.isel(time=slice(start, stop))
    if forcing.sizes["time"] < 2:
        msg = f"--first-day {arguments.first_day}, --days {arguments.days}: no step is left"
        raise OutOfBoundsError(msg)
    record = _record(arguments, place, forcing)
    return Inputs(_column(arguments, place, forcing, record), place, forcing, record, simulated)


def _table(arguments: argparse.Namespace, place: dict[str, Any]) -> xr.Dataset:
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    return read_flux_table(
        arguments.file,
        site=arguments.site,
        utc_offset_hours=arguments.utc_offset,
        measurement_height=place["measurement_height"],
        canopy_height=place["canopy_height"],
        longitude=place["longitude"],
    )


def _simulated(arguments: argparse.Namespace, place: dict[str, Any]) -> xr.Dataset:
    """Return simulated weather with the fluxes of the land-surface model on it."""
    from fluxscape.dlm import parameters_for, run_dlm  # noqa: PLC0415
    from fluxscape.io.climatology import read_climatology  # noqa: PLC0415
    from fluxscape.meteorology.weather import point_climate, simulate_weather  # noqa: PLC0415

    parameters = parameters_for(place["igbp"])
    climate = point_climate(read_climatology(), place["latitude"], place["longitude"])
    forcing = simulate_weather(
        climate,
        start_year=arguments.year,
        seed=arguments.seed,
        measurement_height=place["measurement_height"],
        canopy_height=parameters.canopy_height,
    )
    run = run_dlm(
        forcing,
        parameters,
        latitude=place["latitude"],
        longitude=place["longitude"],
        elevation=place["elevation"],
    )
    for name in ("net_ecosystem_exchange", "sensible_heat_flux"):
        forcing[name] = run[name]
    place["canopy_height"] = place["canopy_height"] or parameters.canopy_height
    # The weather's own mole fraction is the background of the region, not a measurement in it.
    forcing = forcing.rename(carbon_dioxide_mole_fraction="background_carbon_dioxide_mole_fraction")
    return forcing.assign_attrs(site=arguments.simulated)


def _record(
    arguments: argparse.Namespace, place: dict[str, Any], forcing: xr.Dataset
) -> xr.DataArray | None:
    """Return measured mole fractions: of a file of inlets, else of the flux table itself."""
    import xarray as xr  # noqa: PLC0415

    if arguments.record:
        from fluxscape.io.profiles import read_profile  # noqa: PLC0415

        return read_profile(arguments.record)
    name = "carbon_dioxide_mole_fraction"
    height = place["measurement_height"]
    if name not in forcing or height is None:
        return None
    series = forcing[name]
    return xr.DataArray(
        series.to_numpy()[:, None],
        coords={"time": forcing["time"], "inlet_height": ("level", [height], {"units": "m"})},
        dims=("time", "level"),
        attrs=series.attrs,
    )


def _heights(
    arguments: argparse.Namespace, place: dict[str, Any], record: xr.DataArray | None
) -> list[float]:
    """Return the heights of inlets above ground: stated, of the record, of the tower, or 30 m."""
    from fluxscape.errors import FileFormatError  # noqa: PLC0415

    if arguments.record and record is not None:
        return [float(height) for height in record["inlet_height"]]
    if arguments.heights:
        try:
            return [float(part) for part in arguments.heights.split(",")]
        except ValueError as error:
            msg = f"--heights {arguments.heights!r}: wanted numbers with commas between, as 20,60"
            raise FileFormatError(msg) from error
    tallest = max(place["measurement_height"] or 0.0, (place["canopy_height"] or 0.0) + 2.0)
    return [tallest if tallest > 2.0 else 30.0]


def _column(
    arguments: argparse.Namespace,
    place: dict[str, Any],
    forcing: xr.Dataset,
    record: xr.DataArray | None,
) -> Column:
    from fluxscape.transport import (  # noqa: PLC0415
        MixingParameters,
        default_grid,
        make_column,
        prepare_column,
    )

    parameters = MixingParameters()
    if arguments.mixing:
        parameters = parameters.replace(read_parameters(arguments.mixing))
    ready = prepare_column(
        forcing,
        latitude=place["latitude"],
        parameters=parameters,
        compute_height=arguments.compute_height,
        background=arguments.background,
    )
    return make_column(
        ready,
        grid=default_grid(ready, arguments.layers, top=arguments.top),
        heights=_heights(arguments, place, record),
        displacement_height=_DISPLACEMENT_SHARE * (place["canopy_height"] or 0.0),
        scheme=arguments.scheme,
        parameters=parameters,
    )
