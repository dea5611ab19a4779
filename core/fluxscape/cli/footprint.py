"""``fluxscape footprint``: climatologies of files and the distances of one half-hour."""

from __future__ import annotations

import argparse
import math
import sys
from typing import Any, Final

from fluxscape.cli._output import emit_json, progress_line
from fluxscape.constants import VON_KARMAN

FRACTIONS: Final = tuple(share / 10 for share in range(1, 10))
"""Source areas that a climatology gives."""


def register(subparsers: Any) -> None:
    """Add ``footprint`` and its sub-commands to the command line."""
    parser = subparsers.add_parser("footprint", help="flux footprints: where the flux comes from")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _register_climatology(commands)
    _register_point(commands)


def _register_climatology(commands: Any) -> None:
    """Add ``footprint climatology``."""
    parser = commands.add_parser(
        "climatology",
        help="mean footprint of a flux table on a grid, with source areas",
        description=(
            "Mean footprint of the half-hours of a flux table (FLUXNET2015, AmeriFlux BASE, "
            "EddyPro full output, plain CSV). Densities are absolute; nothing is renormalised."
        ),
    )
    parser.add_argument("file", metavar="FILE", help="flux table, .csv or .csv.gz")
    parser.add_argument("--height", type=float, help="instrument height above ground [m]")
    parser.add_argument("--canopy", type=float, help="canopy height [m]: d = 0.67 h, z0 = 0.1 h")
    parser.add_argument("--displacement", type=float, help="displacement height [m]")
    parser.add_argument("--z0", type=float, help="roughness length [m]")
    parser.add_argument("--model", default="ffp", help="ffp or km01 (default %(default)s)")
    parser.add_argument("--resolution", type=float, default=4.0, help="cell size [m]")
    parser.add_argument("--extent", type=float, default=1000.0, help="half-width of the grid [m]")
    parser.add_argument("--k", type=float, default=VON_KARMAN, help="von Karman constant")
    parser.add_argument("--latitude", type=float, help="of the tower [degrees north]")
    parser.add_argument("--longitude", type=float, help="of the tower [degrees east]")
    parser.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    parser.add_argument("--out", help="netCDF file for the climatology")
    parser.add_argument("--contours", help="GeoJSON file for the source areas")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_climatology)


def _register_point(commands: Any) -> None:
    """Add ``footprint point``."""
    parser = commands.add_parser(
        "point",
        help="footprint distances of one half-hour",
        description=(
            "Distances of one half-hour's crosswind-integrated footprint: the peak and, exactly, "
            "those within which 10 to 90 % of the flux arises. For FFP the closed form of the "
            "paper's Eq. 25 stands beside them."
        ),
    )
    parser.add_argument("--model", default="ffp", help="ffp or km01 (default %(default)s)")
    parser.add_argument(
        "--zm", type=float, required=True, help="instrument height above displacement [m]"
    )
    parser.add_argument("--z0", type=float, default=math.nan, help="roughness length [m]")
    parser.add_argument("--L", type=float, required=True, help="Obukhov length [m]")
    parser.add_argument("--ustar", type=float, required=True, help="friction velocity [m/s]")
    parser.add_argument("--u", type=float, default=math.nan, help="wind speed at zm [m/s]")
    parser.add_argument("--sigma-v", type=float, default=math.nan, help="sigma_v [m/s]")
    parser.add_argument("--h", type=float, default=math.nan, help="boundary-layer height [m]")
    parser.add_argument("--k", type=float, default=VON_KARMAN, help="von Karman constant")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_point)


def _point(arguments: argparse.Namespace) -> int:
    """Print the distances of one half-hour."""
    from fluxscape.footprint.point import point_footprint  # noqa: PLC0415

    result = point_footprint(
        arguments.model,
        height=arguments.zm,
        friction_velocity=arguments.ustar,
        obukhov_length=arguments.L,
        lateral_velocity_std=arguments.sigma_v,
        roughness_length=arguments.z0,
        wind_speed=arguments.u,
        boundary_layer_height=arguments.h,
        von_karman=arguments.k,
    )
    if arguments.json:
        emit_json(result)
        return 0
    for name, value in result.items():
        shown = f"{value:.2f} m" if name.startswith("x_") else value
        print(f"{name:>18}  {shown}")
    return 0


def _climatology(arguments: argparse.Namespace) -> int:
    """Compute a climatology, write what was asked for and print its numbers."""
    from fluxscape.footprint.climatology import footprint_climatology  # noqa: PLC0415
    from fluxscape.footprint.models import find_model  # noqa: PLC0415
    from fluxscape.footprint.source_area import source_areas  # noqa: PLC0415
    from fluxscape.footprint.summary import summarise  # noqa: PLC0415
    from fluxscape.footprint.vector import contours_geojson  # noqa: PLC0415
    from fluxscape.io.atomic import write_json, write_netcdf  # noqa: PLC0415
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    find_model(arguments.model)
    records = read_flux_table(
        arguments.file,
        measurement_height=arguments.height,
        canopy_height=arguments.canopy,
        utc_offset_hours=arguments.utc_offset,
        longitude=arguments.longitude,
        local_time_allowed=True,
    )
    report = progress_line(f"footprint {arguments.model}") if sys.stderr.isatty() else None
    climatology = footprint_climatology(
        records,
        measurement_height=arguments.height,
        canopy_height=arguments.canopy,
        displacement_height=arguments.displacement,
        roughness_length=arguments.z0,
        model=arguments.model,
        resolution=arguments.resolution,
        extent=arguments.extent,
        latitude=arguments.latitude,
        longitude=arguments.longitude,
        von_karman=arguments.k,
        on_progress=report,
    )
    climatology.attrs["input_sha256"] = records.attrs.get("input_sha256", "")
    areas = source_areas(climatology, FRACTIONS)
    numbers = summarise(climatology, areas)
    if arguments.out:
        write_netcdf(climatology, arguments.out)
    if arguments.contours:
        collection = contours_geojson(
            areas,
            latitude=climatology.attrs.get("latitude"),
            longitude=climatology.attrs.get("longitude"),
            properties={"model": climatology.attrs["model"]},
        )
        write_json(collection, arguments.contours)
    numbers |= {"file": arguments.file, "out": arguments.out, "contours": arguments.contours}
    if arguments.json:
        emit_json(numbers)
    else:
        for name, value in numbers.items():
            print(f"{name:>20}  {value}")
    return 0
