"""``fluxscape represent``: how far towers stand for their surroundings."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from fluxscape.cli._output import progress_line

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.representativeness.assessment import Assessment
    from fluxscape.towers import Tower


def register(subparsers: Any) -> None:
    """Add ``represent`` to the command line."""
    parser = subparsers.add_parser(
        "represent",
        help="how far a tower stands for its surroundings",
        description=(
            "Land cover, location bias, spatial structure and terrain under the footprint against "
            "the surroundings, rated 1 to 3. TOWER is a site of the tower table, whose weather is "
            "simulated, or a flux table. Without maps give --simulated-landscape."
        ),
    )
    parser.add_argument("tower", metavar="TOWER_OR_FILE", nargs="?", help="site or flux table")
    parser.add_argument(
        "--raster",
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help="NDVI, EVI, LAI ...: GeoTIFF, NetCDF or Zarr, FILE::VARIABLE of several; may be "
        "repeated, files of one name are scenes",
    )
    parser.add_argument("--land-cover", metavar="FILE", help="classes: GeoTIFF, NetCDF or Zarr")
    parser.add_argument("--elevation", metavar="FILE", help="heights [m]: GeoTIFF, NetCDF or Zarr")
    parser.add_argument("--legend", help="of the classes: igbp, worldcover, cci, from-glc")
    parser.add_argument("--target", help="IGBP class that the tower stands for (default its own)")
    parser.add_argument(
        "--simulated-landscape", action="store_true", help="draw the maps that are not given"
    )
    parser.add_argument("--model", default="ffp", help="footprint model (default ffp)")
    parser.add_argument("--height", type=float, help="instrument height above ground [m]")
    parser.add_argument("--canopy", type=float, help="canopy height [m]")
    parser.add_argument("--latitude", type=float, help="of the tower [degrees north]")
    parser.add_argument("--longitude", type=float, help="of the tower [degrees east]")
    parser.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    parser.add_argument("--seed", type=int, default=20_100, help="of all that is drawn")
    parser.add_argument("--replicates", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--batch", metavar="FOLDER", help="every flux table of a folder")
    parser.add_argument(
        "--all-towers", action="store_true", help="every tower of the table, all simulated"
    )
    parser.add_argument("--workers", type=int, help="processes of a batch (default all cores)")
    parser.add_argument("--out", metavar="FILE", help=".json, or of a batch .csv or .gpkg")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_represent)


def _represent(arguments: argparse.Namespace) -> int:
    """Assess one tower or many."""
    from fluxscape.cli._output import emit_json  # noqa: PLC0415
    from fluxscape.errors import MissingVariableError  # noqa: PLC0415

    if arguments.batch or arguments.all_towers:
        from fluxscape.cli._represent_batch import run_batch  # noqa: PLC0415

        return run_batch(arguments)
    if not arguments.tower:
        msg = "name a tower or a flux table, or give --batch FOLDER or --all-towers"
        raise MissingVariableError(msg)
    site, assessment = assess_one(arguments, arguments.tower)
    numbers = {"site": site, **assessment.to_dict()}
    if arguments.out:
        from fluxscape.io.atomic import write_json  # noqa: PLC0415

        write_json(numbers, arguments.out)
    if arguments.json:
        emit_json(numbers)
    else:
        _show(site, assessment)
    return 0


def _show(site: str, assessment: Assessment) -> None:
    print(f"{site}: score {assessment.score.score} ({assessment.data_status} data)")
    for aspect in assessment.score.aspects:
        print(f"  {aspect.name:18} {aspect.level}  {aspect.reason.text}")


def assess_one(arguments: argparse.Namespace, name: str) -> tuple[str, Assessment]:
    """Return the site and the assessment of one tower or flux table.

    Raises
    ------
    MissingVariableError
        If the place is unknown or no map is given.
    OutOfBoundsError
        If an option cannot be used.
    """
    from fluxscape.representativeness import assess  # noqa: PLC0415

    _check_options(arguments)
    tower, records = _tower_and_records(arguments, name)
    # Maps first: a bad one is named before the footprint takes its time.
    land_cover, indices, elevation = _maps(arguments, tower)
    footprint = _footprint(arguments, tower, records)
    target = arguments.target or (tower.igbp if land_cover is not None else "") or None
    assessment = assess(
        footprint,
        tower,
        land_cover=land_cover,
        indices=indices,
        elevation=elevation,
        target=target,
        legend=arguments.legend if arguments.land_cover else None,
        replicates=arguments.replicates,
        seed=arguments.seed,
        on_progress=progress_line("represent") if sys.stderr.isatty() else None,
    )
    return tower.site, assessment


def _check_options(arguments: argparse.Namespace) -> None:
    """Raise OutOfBoundsError for options that a simulated tower would pass over in silence."""
    import math  # noqa: PLC0415

    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415
    from fluxscape.representativeness.legends import find_legend  # noqa: PLC0415

    for option in ("height", "canopy"):
        value = getattr(arguments, option)
        if value is not None and not 0.0 < value < math.inf:
            msg = f"--{option} must be a height above 0 m, got {value:g}"
            raise OutOfBoundsError(msg, got=value)
    if arguments.replicates < 0 or arguments.seed < 0:
        msg = (
            f"--replicates and --seed must not be negative, got {arguments.replicates} and "
            f"{arguments.seed}"
        )
        raise OutOfBoundsError(msg)
    if arguments.legend:
        find_legend(arguments.legend)


def _tower_and_records(arguments: argparse.Namespace, name: str) -> tuple[Tower, xr.Dataset | None]:
    """Return the tower, changed by the options, and the records of a file."""
    import dataclasses  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from fluxscape.errors import MissingVariableError  # noqa: PLC0415
    from fluxscape.io._time_zone import site_code  # noqa: PLC0415
    from fluxscape.towers import find_site  # noqa: PLC0415

    records = None
    site = name
    if Path(name).is_file():
        from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

        records = read_flux_table(
            name,
            measurement_height=arguments.height,
            canopy_height=arguments.canopy,
            utc_offset_hours=arguments.utc_offset,
            longitude=arguments.longitude,
            local_time_allowed=True,
        )
        site = str(records.attrs.get("site") or site_code(Path(name).name) or Path(name).stem)
    changes = {
        "latitude": arguments.latitude,
        "longitude": arguments.longitude,
        "measurement_height": arguments.height,
        "canopy_height": arguments.canopy,
    }
    given = {key: value for key, value in changes.items() if value is not None}
    try:
        tower = dataclasses.replace(find_site(site), **given)
    except MissingVariableError:
        if records is None or not {"latitude", "longitude"} <= set(given):
            raise
        tower = _unlisted(site, given)
    if not tower.has_position:
        msg = f"the position of {tower.site} is unknown: give --latitude and --longitude"
        raise MissingVariableError(msg, site=tower.site)
    return tower, records


def _unlisted(site: str, given: dict[str, float]) -> Tower:
    """Return a tower that no table lists."""
    import dataclasses  # noqa: PLC0415

    from fluxscape.towers import load_towers  # noqa: PLC0415

    unknown = dict.fromkeys(
        (
            "coordinate_precision",
            "elevation",
            "tower_height",
            "measurement_height",
            "canopy_height",
        ),
        float("nan"),
    )
    blank = dict.fromkeys(("name", "code", "igbp", "vegetation", "climate", "region"), "")
    lists: dict[str, Any] = {"other_codes": (), "networks": ()}
    return dataclasses.replace(
        load_towers()[0], site=site, key=site, **(unknown | blank | lists | given)
    )


def _footprint(
    arguments: argparse.Namespace, tower: Tower, records: xr.Dataset | None
) -> xr.Dataset:
    if records is None:
        from fluxscape.io.climatology import read_climatology  # noqa: PLC0415
        from fluxscape.representativeness.demonstration import (  # noqa: PLC0415
            demonstration_footprint,
        )

        return demonstration_footprint(
            read_climatology(), tower, model=arguments.model, seed=arguments.seed
        )
    from fluxscape.footprint.climatology import footprint_climatology  # noqa: PLC0415

    return footprint_climatology(
        records,
        measurement_height=arguments.height,
        canopy_height=arguments.canopy,
        model=arguments.model,
        resolution="auto",
        extent="auto",
        latitude=tower.latitude,
        longitude=tower.longitude,
    )


def _maps(
    arguments: argparse.Namespace, tower: Tower
) -> tuple[xr.DataArray | None, dict[str, xr.DataArray], xr.DataArray | None]:
    """Return land cover, indices and elevation from files, or drawn."""
    from fluxscape.cli._represent_maps import read_indices, read_one  # noqa: PLC0415

    land_cover = read_one(arguments.land_cover, tower, categorical=True)
    elevation = read_one(arguments.elevation, tower)
    indices = read_indices(arguments.raster, tower)
    if arguments.simulated_landscape:
        from fluxscape.io.climatology import read_climatology  # noqa: PLC0415
        from fluxscape.representativeness.demonstration import (  # noqa: PLC0415
            demonstration_landscape,
        )

        scene = demonstration_landscape(read_climatology(), tower, seed=arguments.seed)
        land_cover = scene["land_cover"] if land_cover is None else land_cover
        elevation = scene["surface_altitude"] if elevation is None else elevation
        indices = indices or {"ndvi": scene["normalized_difference_vegetation_index"]}
    return land_cover, indices, elevation
