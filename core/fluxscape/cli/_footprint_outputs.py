"""What the footprint commands write and print."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli._output import emit_json
from fluxscape.errors import MissingVariableError

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.footprint.source_area import SourceArea

FRACTIONS: Final = tuple(share / 10 for share in range(1, 10))
"""Source areas that a climatology gives."""


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the options that name files to write."""
    parser.add_argument("--out", help="netCDF file for the climatology")
    parser.add_argument(
        "--contours", help="file for the source areas: .geojson (WGS 84) or .gpkg (UTM)"
    )
    parser.add_argument("--geotiff", help="GeoTIFF for the climatology, in metres from the tower")


def write_climatologies(
    climatologies: Mapping[str, xr.Dataset],
    areas: Mapping[str, tuple[SourceArea, ...]],
    arguments: argparse.Namespace,
) -> None:
    """Write what the options name, one file for all models.

    Raises
    ------
    MissingVariableError
        If a file needs the tower's coordinates and none are known.
    """
    from fluxscape.footprint.compare import stack_models  # noqa: PLC0415
    from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

    several = len(climatologies) > 1
    first = next(iter(climatologies.values()))
    if arguments.out:
        write_netcdf(stack_models(climatologies) if several else first, arguments.out)
    if arguments.geotiff:
        if several:
            msg = "--geotiff holds one model; give one with --model"
            raise MissingVariableError(msg)
        _write_geotiff(first, arguments.geotiff)
    if arguments.contours:
        _write_contours(climatologies, areas, arguments.contours)


def _coordinates(climatology: xr.Dataset, what: str) -> tuple[float, float]:
    """Return the tower's latitude and longitude or say that they are needed."""
    place = (climatology.attrs.get("latitude"), climatology.attrs.get("longitude"))
    if place[0] is None or place[1] is None:
        msg = f"{what} needs the tower's coordinates: give --latitude and --longitude"
        raise MissingVariableError(msg)
    return float(place[0]), float(place[1])


def _write_geotiff(climatology: xr.Dataset, path: str) -> None:
    """Write the density in the tower's own frame, which keeps every cell as it was computed."""
    from fluxscape.footprint.vector import local_crs  # noqa: PLC0415
    from fluxscape.io.atomic import write_geotiff  # noqa: PLC0415

    crs = local_crs(*_coordinates(climatology, "a GeoTIFF"))
    density = climatology["footprint"].astype("float32")
    density.attrs |= {k: climatology.attrs[k] for k in ("model", "source", "data_status")}
    write_geotiff(density, path, crs=crs)


def _write_contours(
    climatologies: Mapping[str, xr.Dataset],
    areas: Mapping[str, tuple[SourceArea, ...]],
    path: str,
) -> None:
    """Write the source areas of all models into one file."""
    from fluxscape.footprint.vector import contours_frame, contours_geojson  # noqa: PLC0415
    from fluxscape.io.atomic import write_bytes, write_json  # noqa: PLC0415

    if not path.endswith(".gpkg"):
        collections = [
            contours_geojson(
                areas[name],
                latitude=field.attrs.get("latitude"),
                longitude=field.attrs.get("longitude"),
                properties={"model": name, "data_status": field.attrs["data_status"]},
            )
            for name, field in climatologies.items()
        ]
        features = [feature for one in collections for feature in one["features"]]
        write_json(collections[0] | {"features": features}, path)
        return
    import pandas as pd  # noqa: PLC0415

    frames = []
    for name, field in climatologies.items():
        latitude, longitude = _coordinates(field, "a GeoPackage")
        properties = {"model": name, "data_status": field.attrs["data_status"]}
        frames.append(
            contours_frame(
                areas[name], latitude=latitude, longitude=longitude, properties=properties
            )
        )
    table = pd.concat(frames, ignore_index=True)
    # GDAL insists on the ending, which the temporary name of an atomic write lacks.
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "source_areas.gpkg"
        table.to_file(draft, driver="GPKG", layer="source_areas", engine="pyogrio")
        write_bytes(draft.read_bytes(), path)


def show(numbers: Mapping[str, Any], *, as_json: bool) -> None:
    """Print numbers as one JSON object or as lines of name and value."""
    if as_json:
        emit_json(numbers)
        return
    for name, value in numbers.items():
        if isinstance(value, Mapping) and value and isinstance(next(iter(value.values())), Mapping):
            print(f"{name}:")
            for key, inner in value.items():
                print(f"  {key}: {inner}")
            continue
        shown = f"{value:.6g}" if isinstance(value, float) else value
        print(f"{name:>22}  {shown}")
