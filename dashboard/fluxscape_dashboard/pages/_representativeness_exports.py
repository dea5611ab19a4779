"""What the Representativeness page saves of a tower: tables, maps and every number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import panel_material_ui as pmui
import xarray as xr

from fluxscape.footprint.vector import local_crs
from fluxscape.io.atomic import write_geotiff, write_json, write_netcdf
from fluxscape.io.exports import write_csv
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages._representativeness_words import Assessed, number
from fluxscape_dashboard.pages.base import PageView


def table_of(shown: Assessed) -> pd.DataFrame:
    """Return levels, biases and limits as one table of plain English keys, for other programs."""
    facts = shown.facts
    rows: list[tuple[str, float, float, float, float, str]] = []
    nan = float("nan")
    rows.append(("score", nan, float(facts["score"]["score"]), nan, nan, "1"))
    for aspect in facts["score"]["aspects"]:
        rows.append((f"level_{aspect['name']}", nan, float(aspect["level"]), nan, nan, "1"))
        ends = (number(aspect[key]) for key in ("value", "low", "high"))
        rows.append((aspect["name"], nan, *ends, "1"))
    if shown.rated:
        rows += _bias_rows(facts["location_bias"][shown.rated])
        months = shown.result["months"]
        rows += [
            (
                "bias_month",
                float(row["month"]),
                *(float(row[k]) for k in ("bias", "low", "high")),
                "1",
            )
            for _, row in months.to_dataframe().reset_index().iterrows()
        ]
    for name, value in facts["limits"].items():
        rows.append((f"limit_{name}", nan, float(value), nan, nan, "1"))
    columns = ["quantity", "at", "value", "low_95", "high_95", "unit"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(0, "site", shown.place.short)
    return frame.assign(index=shown.rated, data_status=facts["data_status"])


def _bias_rows(profile: dict[str, Any]) -> list[tuple[str, float, float, float, float, str]]:
    """Return the bias against every disc, square and source area."""
    rows = [
        (
            "largest_radius",
            float("nan"),
            number(profile["largest_radius"]),
            float("nan"),
            float("nan"),
            "m",
        )
    ]
    for kind, dim in (("curve", "curve_radius"), ("square", "side"), ("source_area", "fraction")):
        ends = (profile[f"{kind}_bias{end}"] for end in ("", "_low", "_high"))
        for size, *values in zip(profile[dim], *ends, strict=True):
            name = "disc" if kind == "curve" else kind
            rows.append((f"bias_{name}", float(size), *map(number, values), "1"))
    return rows


def fields_of(shown: Assessed) -> xr.Dataset:
    """Return the map of places and the ground below it as one dataset with provenance."""
    made = shown.table("bias_map").copy()
    ground = shown.result["ground"]
    for name in ground.data_vars:
        made[f"ground_{name}"] = ground[name]
    return made.assign_attrs(
        {f"limit_{name}": float(value) for name, value in shown.facts["limits"].items()},
        site=shown.place.short,
        score=int(shown.facts["score"]["score"]),
        index=shown.rated,
        crs=local_crs(shown.place.latitude, shown.place.longitude),
    )


def write_map(shown: Assessed, path: Path) -> None:
    """Write the location bias at every place as GeoTIFF in the frame of metres about the tower."""
    made = fields_of(shown)
    facts = {key: str(made.attrs[key]) for key in _TAGS if key in made.attrs}
    layer = made["location_bias"].astype(np.float32)
    write_geotiff(layer.assign_attrs(layer.attrs | facts | {"crs": made.attrs["crs"]}), path)


_TAGS = ("data_status", "source", "fluxscape_version", "site", "index", "size", "shape")


def everything(shown: Assessed) -> dict[str, Any]:
    """Return every number with the limits it was judged by."""
    months = shown.result["months"]
    return {
        "site": shown.place.short,
        "footprint": shown.result["about"],
        "landscape": "simulated" if shown.simulated else "uploaded",
        "monthly_bias": None
        if months is None
        else {str(name): months[name].to_numpy().tolist() for name in months.variables},
        **shown.facts,
    }


def export_row(page: PageView, pictures: Sequence[Any], saved: Callable[[], Assessed]) -> Any:
    """Return the buttons: those that save pictures, as given, and one for each kind of data."""

    def name(suffix: str) -> str:
        shown = saved()
        return file_name(
            "representativeness",
            shown.place.short,
            str(shown.result["about"]["model"]),
            suffix=suffix,
        )

    def button(key: str, suffix: str, write: Callable[[Assessed, Path], None]) -> Any:
        return data_button(page, key, lambda: name(suffix), lambda path: write(saved(), path))

    return pmui.FlexBox(
        *pictures,
        button("work.save_csv", ".csv", lambda item, path: write_csv(table_of(item), path)),
        button(
            "representativeness.save_json",
            ".json",
            lambda item, path: write_json(everything(item), path),
        ),
        button("work.save_geotiff", ".tif", write_map),
        button("work.save_netcdf", ".nc", lambda item, path: write_netcdf(fields_of(item), path)),
        margin=0,
    )
