"""What the Footprint page saves: picture, table, grid and outlines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import panel_material_ui as pmui
import xarray as xr

from fluxscape.footprint import source_areas
from fluxscape.footprint.product import FILLED_INPUTS
from fluxscape.footprint.projected import projected_density
from fluxscape.footprint.stack import stack_fields
from fluxscape.footprint.vector import contours_frame, contours_geojson
from fluxscape.io.atomic import write_geotiff, write_json, write_netcdf
from fluxscape.io.exports import write_csv
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.state_footprint import SHARES


@dataclass(frozen=True)
class Saved:
    """What there is to save: a result of the page and where it belongs."""

    result: dict[str, Any]
    place: Place
    period: str

    @property
    def climatologies(self) -> dict[str, xr.Dataset]:
        """The climatology of the model, and of the second one if there is one, by name."""
        both = (self.result, self.result["other"])
        fields = [one["climatology"] for one in both if one is not None]
        return {str(field.attrs["model"]): field for field in fields}

    @property
    def reach(self) -> float:
        """Half-width of the grid [m]."""
        east = self.result["climatology"]["x"].to_numpy()
        return float(east[-1] - east[0]) / 2.0

    def name(self, suffix: str) -> str:
        """Return the name of a file."""
        models = "-".join(self.climatologies)
        return file_name("footprint", self.place.short, models, self.period, suffix=suffix)


def table_of(saved: Saved) -> pd.DataFrame:
    """Return areas, distances and counts as one table of plain English keys, for other programs."""
    both = [one for one in (saved.result, saved.result["other"]) if one is not None]
    return pd.concat([_table_of_model(saved.place.short, one) for one in both], ignore_index=True)


def _table_of_model(site: str, result: dict[str, Any]) -> pd.DataFrame:
    facts = result["climatology"].attrs
    rows: list[tuple[str, str, float, str]] = [
        (site, "records_used", float(facts["n_used"]), "1"),
        (site, "records_rejected", float(facts["n_rejected"]), "1"),
        (site, "captured_fraction", float(facts["captured_fraction"]), "1"),
        (site, "mean_peak_distance", float(facts["x_peak"]), "m"),
        (site, "centroid_east", float(facts["centroid_xy"][0]), "m"),
        (site, "centroid_north", float(facts["centroid_xy"][1]), "m"),
    ]
    for area in result["areas"]:
        share = round(100 * area["fraction"])
        rows += [
            (site, f"source_area_{share}", area["area"], "m2"),
            (site, f"farthest_point_{share}", area["reach"], "m"),
            (site, f"density_at_edge_{share}", area["level"], "m-2"),
        ]
    frame = pd.DataFrame(rows, columns=["site", "quantity", "value", "unit"])
    kept = {name: facts[name] for name in ("model", "period", "weight", "data_status")}
    return frame.assign(**kept)


def records_of(saved: Saved) -> pd.DataFrame:
    """Return every record with its fate, what was filled, and its own numbers, per model."""
    return pd.concat(
        [_records_of_model(name, field) for name, field in saved.climatologies.items()],
        ignore_index=True,
    )


def _records_of_model(name: str, field: xr.Dataset) -> pd.DataFrame:
    fate = field["record_status"]
    codes = [int(code) for code in fate.attrs["flag_values"]]
    words = dict(zip(codes, str(fate.attrs["flag_meanings"]).split(), strict=True))
    bits = field["record_filled"].to_numpy()
    frame = pd.DataFrame(
        {
            "time_utc": field["time"].to_numpy(),
            "model": name,
            "fate": [words[code] for code in fate.to_numpy().tolist()],
            "stability": field["record_stability"].to_numpy(),
            "peak_distance_m": field["record_peak_distance"].to_numpy(),
            "captured_fraction": field["record_captured_fraction"].to_numpy(),
        }
    )
    filled = {
        f"filled_{input_name}": (bits >> i & 1).astype(bool)
        for i, input_name in enumerate(FILLED_INPUTS)
    }
    return frame.assign(**filled)


def _place(saved: Saved) -> dict[str, float]:
    return {"latitude": saved.place.latitude, "longitude": saved.place.longitude}


def _properties(saved: Saved, field: xr.Dataset) -> dict[str, str]:
    names = ("model", "model_provenance", "period", "weight", "data_status")
    return {"site": saved.place.short} | {name: str(field.attrs[name]) for name in names}


def write_outlines(saved: Saved, path: Path) -> None:
    """Write the source areas of all models as GeoJSON in WGS 84."""
    collections = [
        contours_geojson(
            source_areas(field, SHARES), **_place(saved), properties=_properties(saved, field)
        )
        for field in saved.climatologies.values()
    ]
    features = [feature for one in collections for feature in one["features"]]
    write_json(collections[0] | {"features": features}, path)


def write_package(saved: Saved, path: Path) -> None:
    """Write the source areas of all models as GeoPackage in the place's UTM zone."""
    frames = [
        contours_frame(
            source_areas(field, SHARES), **_place(saved), properties=_properties(saved, field)
        )
        for field in saved.climatologies.values()
    ]
    table = pd.concat(frames, ignore_index=True)
    table.to_file(path, layer="source_areas", driver="GPKG", engine="pyogrio")


def write_grid(saved: Saved, path: Path) -> None:
    """Write the first model's footprint as GeoTIFF in the equidistant frame about the tower."""
    field = saved.result["climatology"]
    facts = {key: str(value) for key, value in field.attrs.items() if key in _TAGS}
    density = projected_density(field, "local", **_place(saved))
    write_geotiff(density.assign_attrs(facts), path)


def write_fields(saved: Saved, path: Path) -> None:
    """Write the climatology as netCDF; of two models both, and the first less the second."""
    fields = saved.climatologies
    if len(fields) == 1:
        write_netcdf(saved.result["climatology"], path)
        return
    first, second = (field["footprint"] for field in fields.values())
    stack = stack_fields(fields, "model")
    attrs = {"units": "m-2", "long_name": f"footprint of {' less that of '.join(fields)}"}
    stack["footprint_difference"] = (first - second).assign_attrs(attrs)
    write_netcdf(stack, path)


_TAGS: Final = (
    "model",
    "model_provenance",
    "period",
    "weight",
    "data_status",
    "source",
    "fluxscape_version",
    "captured_fraction",
)


def export_row(page: PageView, pictures: Sequence[Any], saved: Callable[[], Saved]) -> Any:
    """Return the buttons: those that save pictures, as given, and one for each kind of data."""

    def button(key: str, suffix: str, write: Callable[[Saved, Path], None]) -> Any:
        return data_button(
            page, key, lambda: saved().name(suffix), lambda path: write(saved(), path)
        )

    return pmui.FlexBox(
        *pictures,
        button("work.save_csv", ".csv", lambda item, path: write_csv(table_of(item), path)),
        button(
            "footprint.save_records",
            "_records.csv",
            lambda item, path: write_csv(records_of(item), path),
        ),
        button("work.save_geotiff", ".tif", write_grid),
        button("work.save_netcdf", ".nc", write_fields),
        button("work.save_geojson", ".geojson", write_outlines),
        button("footprint.save_geopackage", ".gpkg", write_package),
        margin=0,
    )
