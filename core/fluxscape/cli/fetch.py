"""``fluxscape fetch``: fine maps around a tower from public catalogues, on line only."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from fluxscape.cli._output import progress_line

SOURCE_NAMES: Final = ("sentinel-2", "worldcover", "copernicus-dem")


def register(subparsers: Any) -> None:
    """Add ``fetch`` to the command line."""
    parser = subparsers.add_parser(
        "fetch",
        help="satellite maps around a tower from public catalogues",
        description=(
            "Bring Sentinel-2 NDVI and EVI, ESA WorldCover or the Copernicus DEM around a tower "
            "from a STAC catalogue into a folder. Everything else works without a network."
        ),
    )
    parser.add_argument("tower", metavar="TOWER", help="site of the tower table, or any name")
    parser.add_argument("--source", required=True, choices=SOURCE_NAMES, help="data set")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--start", default="", metavar="DAY", help="first day, YYYY-MM-DD")
    parser.add_argument("--end", default="", metavar="DAY", help="last day, YYYY-MM-DD")
    parser.add_argument("--latitude", type=float, help="of another place [degrees north]")
    parser.add_argument("--longitude", type=float, help="of another place [degrees east]")
    parser.add_argument(
        "--half-width", type=float, default=5000.0, help="of the square [m] (default 5000)"
    )
    parser.add_argument("--resolution", type=float, help="of the pixels [m] (default the data's)")
    parser.add_argument(
        "--most-cloud", type=float, default=60.0, help="of a whole scene [%%] (default 60)"
    )
    parser.add_argument(
        "--most-scenes", type=int, default=24, help="days to keep, the clearest (default 24)"
    )
    parser.add_argument("--catalogue", default="", metavar="URL", help="another STAC API")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="HOST", help="a host that may be asked"
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, help="longest silence of a host [s] (default 30)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_fetch)


def _fetch(arguments: argparse.Namespace) -> int:
    """Fetch one data set around one tower."""
    from fluxscape.cli._footprint_outputs import show  # noqa: PLC0415
    from fluxscape.io.stac import Area, fetch  # noqa: PLC0415

    site, latitude, longitude = _place(arguments)
    fetched = fetch(
        arguments.source,
        Area(site, latitude, longitude, arguments.half_width),
        arguments.out,
        catalogue=arguments.catalogue,
        hosts=arguments.allow_host,
        start=arguments.start,
        end=arguments.end,
        most_cloud=arguments.most_cloud,
        most_scenes=arguments.most_scenes,
        resolution=arguments.resolution,
        timeout=arguments.timeout,
        on_progress=progress_line("fetch") if sys.stderr.isatty() else None,
    )
    numbers = {
        "site": site,
        "source": arguments.source,
        "files": [str(path) for path in fetched.files],
        "scenes": list(fetched.scenes),
        "left_out": fetched.left_out,
        "data_status": "observed",
    }
    show(numbers, as_json=arguments.json)
    return 0


def _place(arguments: argparse.Namespace) -> tuple[str, float, float]:
    """Return the name for files and the place of the tower, or of the options."""
    from fluxscape.errors import MissingVariableError  # noqa: PLC0415
    from fluxscape.io.guards import check_upload_name  # noqa: PLC0415
    from fluxscape.towers import find_site  # noqa: PLC0415

    if (arguments.latitude is None) != (arguments.longitude is None):
        msg = "give both --latitude and --longitude, or neither"
        raise MissingVariableError(msg)
    if arguments.latitude is not None:
        return check_upload_name(arguments.tower), arguments.latitude, arguments.longitude
    tower = find_site(arguments.tower)
    if not tower.has_position:
        msg = f"the table has no position of {tower.site}: give --latitude and --longitude"
        raise MissingVariableError(msg, site=tower.site)
    return tower.site, tower.latitude, tower.longitude
