"""Records of a calibration counted by the land cover that their footprints saw."""

from __future__ import annotations

import argparse
from typing import Any, Final

_AROUND: Final = 0.1
"""Half-width of the map that is read around a tower [degree]: footprints end within 7 km."""


def cover_options(parser: argparse.ArgumentParser) -> None:
    """Add the map and the classes that the model stands for."""
    parser.add_argument(
        "--land-cover",
        metavar="MAP",
        help="class codes around a single FILE's tower: each record counts by the share of its "
        "footprint on --target-codes",
    )
    parser.add_argument("--target-codes", help="codes of MAP that the model stands for: 1,4,5")


def names_of(text: str | None) -> tuple[str, ...]:
    """Return the names of a list with commas."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def record_weight(arguments: argparse.Namespace, table: Any, place: dict[str, Any]) -> Any:
    """Return the share of each record's footprint on the target cover, None without a map.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        If map and codes are not given together, or a code is no number.
    """
    from fluxscape.assimilation.footprint_weights import target_shares  # noqa: PLC0415
    from fluxscape.errors import MissingVariableError, OutOfBoundsError  # noqa: PLC0415
    from fluxscape.io.rasters import read_raster  # noqa: PLC0415
    from fluxscape.representativeness._sampling import raster_around  # noqa: PLC0415

    codes = names_of(arguments.target_codes)
    if (arguments.land_cover is None) != (not codes):
        msg = "--land-cover and --target-codes go together"
        raise MissingVariableError(msg)
    if not codes:
        return None
    if not all(code.isdecimal() for code in codes):
        msg = f"--target-codes wants numbers such as 1,4,5, got {arguments.target_codes!r}"
        raise OutOfBoundsError(msg, got=arguments.target_codes)
    longitude, latitude = place["longitude"], place["latitude"]
    bounds = (longitude - _AROUND, latitude - _AROUND, longitude + _AROUND, latitude + _AROUND)
    cover = read_raster(arguments.land_cover, bounds=bounds, categorical=True)
    around = raster_around(cover, longitude, latitude)
    wanted = [float(code) for code in codes]

    def share(east: Any, north: Any) -> Any:
        import numpy as np  # noqa: PLC0415

        values = around.values_at(east, north)
        return np.where(np.isfinite(values), np.isin(values, wanted), np.nan)

    return target_shares(
        table,
        share,
        measurement_height=place["measurement_height"],
        canopy_height=place["canopy_height"],
        latitude=latitude,
    )
