"""Reads a user's product once, in a child process, and leaves its years as netCDF."""

from __future__ import annotations

from typing import Any

from fluxscape.atlas.compare_products import read_product
from fluxscape.contracts import provenance
from fluxscape.io.atomic import write_netcdf

MARGIN = 1.0
"""Degrees around our grid that are kept."""


def read_product_upload(
    path: str,
    output: str,
    flux: str,
    units: str,
    scale: float,
    first_year: int | None,
    bounds: tuple[float, float, float, float],
) -> dict[str, Any]:
    """Read a product and write its annual amounts as netCDF to ``output``.

    Parameters
    ----------
    path, output
        Files.
    flux, units, scale, first_year, bounds
        As :func:`fluxscape.atlas.compare_products.read_product`.

    Returns
    -------
    dict
        ``first`` and ``last`` year, ``years``, ``rows``, ``columns``.

    Raises
    ------
    FluxscapeError
        If the file is no such product.
    """
    west, south, east, north = bounds
    wide = (
        max(west - MARGIN, -180.0),
        max(south - MARGIN, -90.0),
        min(east + MARGIN, 180.0),
        min(north + MARGIN, 90.0),
    )
    product = read_product(
        path, flux, units=units, scale=scale, first_year=first_year, bounds=wide
    ).rename("product")
    kept = {key: product.attrs[key] for key in ("units", "crs", "resolution")}
    product.attrs = kept
    attrs = provenance(status="mixed", source="a user's product")
    write_netcdf(product.to_dataset().assign_attrs(attrs), output)
    years = product["time"].dt.year.to_numpy()
    return {
        "first": int(years[0]),
        "last": int(years[-1]),
        "years": int(years.size),
        "rows": int(product.sizes["y"]),
        "columns": int(product.sizes["x"]),
    }
