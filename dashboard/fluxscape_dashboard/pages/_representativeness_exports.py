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
    rows = [_row("score", value=facts["score"]["score"])]
    for aspect in facts["score"]["aspects"]:
        rows.append(_row(f"level_{aspect['name']}", value=aspect["level"]))
        rows.append(_row(aspect["name"], **{key: aspect[key] for key in ("value", "low", "high")}))
    if shown.rated:
        rows += _bias_rows(facts["location_bias"][shown.rated])
        months = shown.result["months"]
        for i, month in enumerate(months["month"].to_numpy().tolist()):
            bias, low, high = (float(months[name][i]) for name in ("bias", "low", "high"))
            rows.append(_row("bias_month", at=month, value=bias, low=low, high=high))
    rows += [_row(f"limit_{name}", value=value) for name, value in facts["limits"].items()]
    frame = pd.DataFrame(rows)
    frame.insert(0, "site", shown.place.short)
    return frame.assign(index=shown.rated, data_status=facts["data_status"])


def _row(
    quantity: str,
    *,
    value: Any,
    at: Any = None,
    low: Any = None,
    high: Any = None,
    unit: str = "1",
) -> dict[str, Any]:
    """Return a row of the table; unknown numbers are NaN."""
    return {
        "quantity": quantity,
        "at": number(at),
        "value": number(value),
        "low_95": number(low),
        "high_95": number(high),
        "unit": unit,
    }


def _bias_rows(profile: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the bias against every disc, square and source area."""
    rows = [_row("largest_radius", value=profile["largest_radius"], unit="m")]
    for kind, dim in (("curve", "curve_radius"), ("square", "side"), ("source_area", "fraction")):
        name = "disc" if kind == "curve" else kind
        columns = (profile[dim], *(profile[f"{kind}_bias{end}"] for end in ("", "_low", "_high")))
        for size, bias, low, high in zip(*columns, strict=True):
            rows.append(_row(f"bias_{name}", at=size, value=bias, low=low, high=high))
    return rows


def fields_of(shown: Assessed) -> xr.Dataset:
    """Return the map of places and the ground below it as one dataset with provenance."""
    made: xr.Dataset = shown.table("bias_map").copy()
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
