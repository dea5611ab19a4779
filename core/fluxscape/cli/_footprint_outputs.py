"""What the footprint commands write and print."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Made:
    """One climatology of a command.

    Attributes
    ----------
    model, period
        Of which model and part of the record.
    field
        The climatology; None if no record of the period is left.
    areas
        Its source areas.
    """

    model: str
    period: str
    field: xr.Dataset | None
    areas: tuple[SourceArea, ...] = ()

    @classmethod
    def of(cls, model: str, period: str, field: xr.Dataset | None) -> Made:
        """Return a climatology with its source areas."""
        from fluxscape.footprint.source_area import source_areas  # noqa: PLC0415

        if field is None:
            return cls(model, period, None)
        return cls(model, period, field.assign_attrs(period=period), source_areas(field, FRACTIONS))

    @property
    def numbers(self) -> dict[str, Any]:
        """What is printed of it."""
        from fluxscape.footprint.summary import summarise  # noqa: PLC0415

        if self.field is None:
            return {"n_used": 0}
        return summarise(self.field, self.areas)


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add the options that name files to write."""
    parser.add_argument("--out", help="netCDF file for the climatologies")
    parser.add_argument(
        "--contours",
        help="file for the source areas: .geojson (WGS 84) or .gpkg (the tower's UTM zone)",
    )
    parser.add_argument(
        "--geotiff", help="GeoTIFF; of several climatologies one file each, named after them"
    )
    parser.add_argument(
        "--geotiff-frame",
        choices=("local", "utm", "wgs84"),
        default="local",
        help="metres about the tower, its UTM zone, or degrees (default %(default)s)",
    )


def write_climatologies(made: Sequence[Made], arguments: argparse.Namespace) -> dict[str, Any]:
    """Write what the options name and return the files.

    Raises
    ------
    MissingVariableError
        If a file needs the tower's coordinates and none are known.
    """
    from fluxscape.io.atomic import write_netcdf  # noqa: PLC0415

    if arguments.out:
        write_netcdf(stacked(made), arguments.out)
    there = [(one, one.field) for one in made if one.field is not None]
    pictures = []
    if arguments.geotiff:
        for one, field in there:
            path = _own_path(arguments.geotiff, one, [other for other, _ in there])
            _write_geotiff(one, field, path, arguments.geotiff_frame)
            pictures.append(str(path))
    if arguments.contours:
        _write_contours(there, arguments.contours)
    names = pictures if len(pictures) > 1 else arguments.geotiff
    return {"out": arguments.out, "contours": arguments.contours, "geotiff": names}


def stacked(made: Sequence[Made]) -> xr.Dataset:
    """Return all climatologies as one dataset, over ``model`` and ``period`` as there are many."""
    import xarray as xr  # noqa: PLC0415

    from fluxscape.footprint.stack import stack_fields  # noqa: PLC0415

    if len(made) == 1 and made[0].field is not None:
        return made[0].field
    models = list(dict.fromkeys(one.model for one in made))
    if len({one.period for one in made}) == 1:
        return stack_fields({one.model: one.field for one in made}, "model")
    stacks = [
        stack_fields({one.period: one.field for one in made if one.model == model}, "period")
        for model in models
    ]
    if len(stacks) == 1:
        return stacks[0]
    label = xr.DataArray(models, dims=("model",), name="model")
    fixed = ["crs"] if "crs" in stacks[0] else []
    whole = xr.concat(
        [stack.drop_vars(fixed) for stack in stacks], dim=label, combine_attrs="drop_conflicts"
    )
    return whole.assign({name: stacks[0][name] for name in fixed})


def _own_path(path: str, one: Made, among: Sequence[Made]) -> Path:
    """Return the file of one of several climatologies: ``fp-km01-month-07.tif``."""
    whole = Path(path)
    parts = [
        text.replace("+", "_").replace(",", "_")
        for name, text in (("model", one.model), ("period", one.period))
        if len({getattr(other, name) for other in among}) > 1
    ]
    return whole.with_name("-".join([whole.stem, *parts]) + whole.suffix)


def _coordinates(climatology: xr.Dataset, what: str) -> tuple[float, float]:
    """Return the tower's latitude and longitude or say that they are needed."""
    place = (climatology.attrs.get("latitude"), climatology.attrs.get("longitude"))
    if place[0] is None or place[1] is None:
        msg = f"{what} needs the tower's coordinates: give --latitude and --longitude"
        raise MissingVariableError(msg)
    return float(place[0]), float(place[1])


def _write_geotiff(one: Made, field: xr.Dataset, path: Path, frame: str) -> None:
    """Write the density of one climatology."""
    from fluxscape.footprint.projected import projected_density  # noqa: PLC0415
    from fluxscape.io.atomic import write_geotiff  # noqa: PLC0415

    latitude, longitude = _coordinates(field, "a GeoTIFF")
    density = projected_density(field, frame, latitude=latitude, longitude=longitude)
    kept = ("model", "model_provenance", "source", "data_status", "fluxscape_version", "history")
    facts = {key: field.attrs[key] for key in kept}
    write_geotiff(density.assign_attrs(facts, period=one.period), path)


def _write_contours(made: Sequence[tuple[Made, xr.Dataset]], path: str) -> None:
    """Write the source areas of all climatologies into one file."""
    from fluxscape.io.atomic import write_json  # noqa: PLC0415

    if path.endswith(".gpkg"):
        _write_geopackage(made, path)
        return
    from fluxscape.footprint.vector import contours_geojson  # noqa: PLC0415

    collections = []
    for one, field in made:
        place = {name: field.attrs.get(name) for name in ("latitude", "longitude")}
        facts = _properties(one, field)
        collections.append(contours_geojson(one.areas, **place, properties=facts))
    features = [feature for each in collections for feature in each["features"]]
    write_json(collections[0] | {"features": features}, path)


def _write_geopackage(made: Sequence[tuple[Made, xr.Dataset]], path: str) -> None:
    """Write the source areas as one layer in the tower's UTM zone."""
    import pandas as pd  # noqa: PLC0415

    from fluxscape.footprint.vector import contours_frame  # noqa: PLC0415
    from fluxscape.io.atomic import write_bytes  # noqa: PLC0415

    frames = []
    for one, field in made:
        latitude, longitude = _coordinates(field, "a GeoPackage")
        place = {"latitude": latitude, "longitude": longitude}
        frames.append(contours_frame(one.areas, **place, properties=_properties(one, field)))
    table = pd.concat(frames, ignore_index=True)
    # GDAL insists on the ending, which the temporary name of an atomic write lacks.
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "source_areas.gpkg"
        table.to_file(draft, layer="source_areas", driver="GPKG", engine="pyogrio")
        write_bytes(draft.read_bytes(), path)


def _properties(one: Made, field: xr.Dataset) -> dict[str, Any]:
    """Return what every outline says of the climatology that it belongs to."""
    names = ("model_provenance", "data_status", "fluxscape_version")
    facts = {name: field.attrs[name] for name in names}
    return {"model": one.model, "period": one.period} | facts


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
