"""What the Footprint page saves: picture, table, grid and outlines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import panel_material_ui as pmui

from fluxscape.footprint import source_areas
from fluxscape.footprint.vector import contours_geojson, local_crs
from fluxscape.io.atomic import write_geotiff, write_json, write_netcdf
from fluxscape.io.exports import write_csv
from fluxscape_dashboard.pages._downloads import data_button, file_name, picture_button
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.state_footprint import FRACTIONS


@dataclass(frozen=True)
class Saved:
    """What there is to save: a result of the page and where it belongs."""

    result: dict[str, Any]
    place: Place
    period: str

    def name(self, suffix: str) -> str:
        """Return the name of a file."""
        model = str(self.result["climatology"].attrs["model"])
        return file_name("footprint", self.place.short, model, self.period, suffix=suffix)


def table_of(saved: Saved) -> pd.DataFrame:
    """Return areas, distances and counts as one table of plain English keys, for other programs."""
    facts = saved.result["climatology"].attrs
    site = saved.place.short
    rows: list[tuple[str, str, float, str]] = [
        (site, "records_used", float(facts["n_used"]), "1"),
        (site, "records_rejected", float(facts["n_rejected"]), "1"),
        (site, "captured_fraction", float(facts["captured_fraction"]), "1"),
        (site, "mean_peak_distance", float(facts["x_peak"]), "m"),
        (site, "centroid_east", float(facts["centroid_xy"][0]), "m"),
        (site, "centroid_north", float(facts["centroid_xy"][1]), "m"),
    ]
    for area in saved.result["areas"]:
        share = round(100 * area["fraction"])
        rows += [
            (site, f"source_area_{share}", area["area"], "m2"),
            (site, f"farthest_point_{share}", area["reach"], "m"),
            (site, f"density_at_edge_{share}", area["level"], "m-2"),
        ]
    frame = pd.DataFrame(rows, columns=["site", "quantity", "value", "unit"])
    return frame.assign(model=facts["model"], data_status=facts["data_status"])


def write_outlines(saved: Saved, path: Path) -> None:
    """Write the source areas as GeoJSON in WGS 84."""
    facts = saved.result["climatology"].attrs
    collection = contours_geojson(
        source_areas(saved.result["climatology"], FRACTIONS),
        latitude=saved.place.latitude,
        longitude=saved.place.longitude,
        properties={
            "site": saved.place.short,
            "model": str(facts["model"]),
            "data_status": str(facts["data_status"]),
        },
    )
    write_json(collection, path)


def write_grid(saved: Saved, path: Path) -> None:
    """Write the footprint as GeoTIFF in the azimuthal equidistant frame about the tower."""
    density = saved.result["climatology"]["footprint"]
    plain = {
        key: str(value) for key, value in saved.result["climatology"].attrs.items() if key in _TAGS
    }
    array = density.astype("float32").assign_attrs({**density.attrs, **plain})
    write_geotiff(array, path, crs=local_crs(saved.place.latitude, saved.place.longitude))


_TAGS: Final = ("model", "data_status", "source", "fluxscape_version", "captured_fraction")


def export_row(page: PageView, chart: Any, saved: Callable[[], Saved]) -> Any:
    """Return the row of buttons."""

    def button(key: str, suffix: str, write: Callable[[Saved, Path], None]) -> Any:
        return data_button(
            page, key, lambda: saved().name(suffix), lambda path: write(saved(), path)
        )

    return pmui.FlexBox(
        picture_button(page, chart),
        button("work.save_csv", ".csv", lambda item, path: write_csv(table_of(item), path)),
        button("work.save_geotiff", ".tif", write_grid),
        button(
            "work.save_netcdf",
            ".nc",
            lambda item, path: write_netcdf(item.result["climatology"], path),
        ),
        button("work.save_geojson", ".geojson", write_outlines),
        margin=0,
    )
