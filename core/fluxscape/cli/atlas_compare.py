"""``fluxscape atlas compare``: our maps beside a user's products and the published numbers."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli._output import emit_json
from fluxscape.cli.atlas_totals import SHIPPED, add_store, annual_maps
from fluxscape.errors import MissingVariableError, OutOfBoundsError

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.atlas.compare import Pair

_MARGIN: Final = 1.0
"""Degrees around our grid that are read of a product."""


def register(commands: Any) -> None:
    """Add ``compare`` and ``published`` to the sub-commands of ``fluxscape atlas``."""
    parser = commands.add_parser(
        "compare",
        help="our maps beside other products",
        description="Difference, ratio, Taylor statistics, trends and sites of our maps and one or "
        "two products (NetCDF, GeoTIFF, Zarr, or a folder of yearly files); with two products, "
        "triple collocation as well.",
    )
    add_store(parser)
    parser.add_argument("--flux", choices=("gpp", "et"), required=True)
    parser.add_argument(
        "--product",
        action="append",
        required=True,
        metavar="FILE[::VARIABLE]",
        help="product; may be given twice",
    )
    parser.add_argument("--units", action="append", metavar="UNITS", help="of each product")
    parser.add_argument("--scale", action="append", type=float, help="factor of each product")
    parser.add_argument("--first-year", action="append", type=int, help="of each product")
    parser.add_argument(
        "--maps", type=Path, help="NetCDF: difference and ratio to the first product"
    )
    parser.add_argument(
        "--sites", type=Path, help="CSV with site, value: measured means to validate against"
    )
    parser.add_argument("--json", action="store_true", help="write JSON to stdout")
    parser.set_defaults(run=_compare)
    table = commands.add_parser("published", help="published numbers, for comparison")
    table.add_argument("--json", action="store_true", help="write JSON to stdout")
    table.set_defaults(run=_published)


def _published(arguments: argparse.Namespace) -> int:
    """Run ``atlas published``."""
    from fluxscape.atlas.compare_published import published_numbers  # noqa: PLC0415

    rows = published_numbers()
    if arguments.json:
        emit_json({"published": [asdict(row) for row in rows]})
        return 0
    for row in rows:
        spread = "" if row.mean_uncertainty is None else f" +- {row.mean_uncertainty:g}"
        mean = "" if row.mean is None else f"{row.mean:g}{spread} {row.mean_units}"
        slope = "" if row.trend is None else f"{row.trend:+g} {row.trend_units} {row.trend_p or ''}"
        source = row.doi or row.reference or ""
        print(" | ".join((row.label, row.flux, row.region, mean, slope, row.period or "", source)))
    return 0


def _compare(arguments: argparse.Namespace) -> int:
    """Run ``atlas compare``."""
    from fluxscape.atlas.compare import pair  # noqa: PLC0415
    from fluxscape.atlas.product import FLUXES, LAND_FRACTION  # noqa: PLC0415

    product = annual_maps(arguments.store)
    name = FLUXES[arguments.flux]
    if name not in product:
        msg = f"{arguments.store} holds no {name}, only {tuple(product.data_vars)[:10]}"
        raise MissingVariableError(msg)
    ours = product[name].load()
    if str(ours.attrs["units"]).startswith("kg m-2"):
        ours.attrs["units"] = "mm year-1"
    fraction = product[LAND_FRACTION].load() if LAND_FRACTION in product else None
    pairs = [
        pair(ours, theirs, land_fraction=fraction) for theirs in _products(arguments, _bounds(ours))
    ]
    facts: dict[str, Any] = {
        "store": arguments.store or SHIPPED,
        "data_status": product.attrs.get("data_status"),
        "flux": arguments.flux,
        "units": ours.attrs["units"],
        "products": [
            _facts(both, text, arguments)
            for both, text in zip(pairs, arguments.product, strict=True)
        ],
    }
    if len(pairs) == 2:
        facts["triple_collocation"] = _triple(pairs)
    if arguments.maps is not None:
        _write_maps(pairs[0], arguments)
    _answer(facts, arguments.json)
    return 0


def _products(
    arguments: argparse.Namespace, bounds: tuple[float, float, float, float]
) -> list[xr.DataArray]:
    """Return the products that the command names, each read in a process of its own."""
    from fluxscape.atlas.compare_products import read_product  # noqa: PLC0415
    from fluxscape.io.guards import run_in_child  # noqa: PLC0415

    count = len(arguments.product)
    if count > 2:
        msg = f"wanted one or two products, got {count}"
        raise OutOfBoundsError(msg, got=count)
    found = []
    for number, text in enumerate(arguments.product):
        path, _, variable = text.partition("::")
        found.append(
            run_in_child(
                read_product,
                path,
                arguments.flux,
                variable=variable,
                units=_of(arguments.units, number, ""),
                scale=_of(arguments.scale, number, 1.0),
                first_year=_of(arguments.first_year, number, None),
                bounds=bounds,
                memory_mb=4096,
                cpu_seconds=300,
                wall_seconds=600.0,
            )
        )
    return found


def _of(values: list[Any] | None, number: int, default: Any) -> Any:
    """Return what was said for one product; what was said once holds for all."""
    if not values:
        return default
    return values[min(number, len(values) - 1)]


def _bounds(ours: xr.DataArray) -> tuple[float, float, float, float]:
    """Return our grid with a margin."""
    from fluxscape.atlas.totals_zones import CellGrid  # noqa: PLC0415

    west, south, east, north = CellGrid.of(ours).edges
    return (
        max(west - _MARGIN, -180.0),
        max(south - _MARGIN, -90.0),
        min(east + _MARGIN, 180.0),
        min(north + _MARGIN, 90.0),
    )


def _facts(both: Pair, text: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what one product and ours have to do with each other."""
    from fluxscape.atlas.compare import (  # noqa: PLC0415
        agreement,
        site_values,
        trend_agreement,
        zonal_means,
    )
    from fluxscape.towers import load_towers  # noqa: PLC0415

    towers = [(tower.site, tower.longitude, tower.latitude) for tower in load_towers()]
    trends = trend_agreement(both)
    zones = zonal_means(both)
    sites = site_values(both, towers)
    facts: dict[str, Any] = {
        "product": text,
        "years": both.years,
        "resolution_degrees": both.theirs.attrs.get("resolution"),
        "agreement": agreement(both).to_dict(),
        "trend_agreement": None if trends is None else trends.to_dict(),
        "zonal_means": {name: zones[name].to_numpy() for name in ("y", "ours", "theirs")},
        "towers": sites,
    }
    if arguments.sites is not None:
        facts["validation"] = _validation(sites, arguments.sites)
    return facts


def _validation(sites: list[dict[str, Any]], path: Path) -> dict[str, Any]:
    """Return how both products do against measured means at towers."""
    import numpy as np  # noqa: PLC0415

    from fluxscape.atlas.compare_sites import read_site_values  # noqa: PLC0415
    from fluxscape.scores import score  # noqa: PLC0415

    measured = read_site_values(path)
    common = [row for row in sites if row["site"] in measured]
    if len(common) < 2:
        msg = f"{path.name} has {len(common)} towers in the common cells, wanted 2 or more"
        raise OutOfBoundsError(msg, file=str(path), got=len(common))
    values = np.array([measured[str(row["site"])] for row in common])
    return {
        name: score(np.array([float(row[name]) for row in common]), values)
        for name in ("ours", "theirs")
    }


def _triple(pairs: list[Pair]) -> dict[str, Any]:
    """Return triple collocation of ours and two products over cells and years."""
    import numpy as np  # noqa: PLC0415
    import xarray as xr  # noqa: PLC0415

    from fluxscape.atlas.compare_triple import triple_collocation  # noqa: PLC0415

    first, second = pairs
    ours, a, b = xr.align(first.ours, first.theirs, second.theirs, join="inner")
    weights = np.broadcast_to(first.area.to_numpy(), ours.shape)
    found = triple_collocation(ours, a, b, weights=weights)
    return {"order": ["ours", "first", "second"], **found.to_dict()}


def _write_maps(both: Pair, arguments: argparse.Namespace) -> None:
    """Write difference and ratio as NetCDF."""
    import xarray as xr  # noqa: PLC0415

    from fluxscape.contracts import provenance  # noqa: PLC0415
    from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

    attrs = provenance(
        status="mixed",
        source=f"our {arguments.flux} against {Path(arguments.product[0]).name}",
        parameters={"years": list(both.years)},
    )
    maps = {"difference": both.difference(), "ratio": both.ratio()}
    write_netcdf(xr.Dataset(maps, attrs=attrs), arguments.maps)


def _answer(facts: dict[str, Any], as_json: bool) -> None:
    """Write JSON or lines."""
    if as_json:
        emit_json(facts)
        return
    for item in facts["products"]:
        found = item["agreement"]
        print(
            f"{item['product']}: ours {found['mean_ours']:.4g}, theirs {found['mean_theirs']:.4g} "
            f"{facts['units']}, r = {found['correlation']:.3f}, rmse = {found['rmse']:.4g}, "
            f"{found['cells']} cells, {item['years'][0]}-{item['years'][-1]}"
        )
        if item["trend_agreement"]:
            print(f"  same sign of the trend on {item['trend_agreement']['same_sign']:.0%}")
    if "triple_collocation" in facts:
        errors = ", ".join(f"{value:.4g}" for value in facts["triple_collocation"]["error"])
        print(f"triple collocation: errors {errors} {facts['units']}")
