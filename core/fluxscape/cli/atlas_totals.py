"""``fluxscape atlas totals``: provinces, classes, the plateau, or polygons of one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli._output import emit_json
from fluxscape.errors import MissingVariableError

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.atlas.totals_zones import CellGrid, ZoneCells

SHIPPED: Final = "atlas/national.zarr"
_KINDS: Final = ("nation", "province", "koppen", "land_cover", "plateau")


def register(commands: Any) -> None:
    """Add ``totals`` to the sub-commands of ``fluxscape atlas``."""
    parser = commands.add_parser(
        "totals",
        help="totals, means and trends of provinces, classes or polygons",
        description="Annual total (GPP, Pg C) or mean (ET, mm) of every zone: mean, spread between "
        "years, Theil-Sen trend with an interval that allows for memory, shift and break. Areas "
        "are ellipsoidal; cells on a border count in part.",
    )
    add_store(parser)
    parser.add_argument(
        "--by",
        default="nation",
        metavar="KIND",
        help=f"{', '.join(_KINDS)} (default nation); there are no river basins",
    )
    parser.add_argument(
        "--polygon", type=Path, help="GeoJSON or GeoPackage: its polygons instead of --by"
    )
    parser.add_argument("--layer", default="", help="of a GeoPackage that has several")
    parser.add_argument(
        "--flux", choices=("gpp", "et", "both"), default="both", help="default both"
    )
    parser.add_argument("--csv", type=Path, help="also write the table without the years")
    parser.add_argument("--json", action="store_true", help="write JSON to stdout")
    parser.set_defaults(run=_totals)


def add_store(parser: argparse.ArgumentParser) -> None:
    """Add the store of annual maps, the shipped product where absent."""
    parser.add_argument(
        "store",
        type=Path,
        nargs="?",
        metavar="STORE",
        help="store of annual maps or pyramid (default: the shipped, simulated product)",
    )


def annual_maps(store: Path | None) -> xr.Dataset:
    """Return the annual maps of a run's store or of a pyramid, the shipped one by default."""
    from fluxscape.assets import asset  # noqa: PLC0415
    from fluxscape.atlas.pyramid import NATIVE  # noqa: PLC0415
    from fluxscape.io.stores import open_store  # noqa: PLC0415

    path = asset(SHIPPED) if store is None else store
    dataset = open_store(path)
    if dataset.data_vars:
        return dataset
    return open_store(path, group=NATIVE).assign_attrs(dataset.attrs)


def chosen_zones(arguments: argparse.Namespace, grid: CellGrid) -> tuple[ZoneCells, ...]:
    """Return the zones that the command names."""
    from fluxscape.atlas.totals_zones import own_zones, polygon_cells, zone_cells  # noqa: PLC0415
    from fluxscape.io.basemap import read_nation  # noqa: PLC0415
    from fluxscape.io.guards import run_in_child  # noqa: PLC0415
    from fluxscape.io.polygons import read_polygons  # noqa: PLC0415

    if arguments.polygon is None:
        return zone_cells(arguments.by, grid)
    found = run_in_child(read_polygons, str(arguments.polygon), layer=arguments.layer)
    return polygon_cells(own_zones(found), grid, outline=read_nation().polygon)


def _totals(arguments: argparse.Namespace) -> int:
    """Run ``atlas totals``."""
    from fluxscape.atlas.product import FLUXES  # noqa: PLC0415
    from fluxscape.atlas.totals import figures_table, product_figures  # noqa: PLC0415
    from fluxscape.atlas.totals_zones import CellGrid  # noqa: PLC0415
    from fluxscape.io.exports import write_csv  # noqa: PLC0415

    product = annual_maps(arguments.store)
    wanted = tuple(FLUXES) if arguments.flux == "both" else (arguments.flux,)
    present = [flux for flux in wanted if FLUXES[flux] in product]
    if not present:
        msg = f"{arguments.store} holds none of {wanted}, only {tuple(product.data_vars)[:10]}"
        raise MissingVariableError(msg)
    zones = chosen_zones(arguments, CellGrid.of(product))
    rows = [row for flux in present for row in product_figures(product, flux, zones)]
    if arguments.csv is not None:
        write_csv(figures_table(rows), arguments.csv)
    if arguments.json:
        facts = {
            "store": arguments.store or SHIPPED,
            "data_status": product.attrs.get("data_status"),
            "zones": [
                {**row.to_dict(), "breaks": breaks and _plain(breaks)}
                for row, breaks in ((row, row.breaks()) for row in rows)
            ],
        }
        emit_json(facts)
        return 0
    for row in rows:
        print(_line(row))
    return 0


def _plain(breaks: Any) -> dict[str, Any]:
    """Return shift and break as plain values."""
    from dataclasses import asdict  # noqa: PLC0415

    return asdict(breaks)


def _line(row: Any) -> str:
    """Return one zone as a line of text."""
    text = (
        f"{row.zone.name_en}: {row.flux} {row.mean:.4g} +- {row.interannual_spread:.3g} {row.units}"
    )
    if row.trend is not None and row.interval is not None:
        text += (
            f", trend {row.trend.slope:.3g} ({row.interval.low:.3g} to {row.interval.high:.3g}) a "
            f"year, p = {row.trend.p_value_wang_swail:.3g}"
        )
    return f"{text}, {row.area / 1e9:.1f} thousand km2"
