"""The numbers of a climatology that commands print and pages show."""

from __future__ import annotations

import json
import math
from typing import Any

import xarray as xr

from fluxscape.footprint.source_area import SourceArea, source_areas


def summarise(
    climatology: xr.Dataset, areas: tuple[SourceArea, ...] | None = None
) -> dict[str, Any]:
    """Return plain numbers and texts of a climatology; NaN where a source area is unreachable.

    ``x_peak`` is the weighted mean over the records of the distance at which the crosswind
    integrated footprint peaks, ``peak_xy`` the densest cell, ``centroid_xy`` the centre of mass of
    the gridded footprint [m]. ``sum`` adds up the cells; ``captured_fraction`` integrates the
    footprints over the area of the grid and does not depend on the cell size.
    """
    attrs = climatology.attrs
    known = areas if areas is not None else source_areas(climatology, (0.8,))
    area80 = next((area for area in known if math.isclose(area.fraction, 0.8)), None)
    return {
        "model": attrs["model"],
        "model_provenance": attrs["model_provenance"],
        "n_used": int(attrs["n_used"]),
        "n_rejected": int(attrs["n_rejected"]),
        "n_filtered": int(attrs["n_filtered"]),
        "rejected_by": json.loads(attrs["rejected_by"]),
        "n_filled": json.loads(attrs["n_filled"]),
        "assumptions": json.loads(attrs["assumptions"]),
        "sum": float(attrs["sum"]),
        "captured_fraction": float(attrs["captured_fraction"]),
        "x_peak": float(attrs["x_peak"]),
        "peak_xy": [float(v) for v in attrs["peak_xy"]],
        "centroid_xy": [float(v) for v in attrs["centroid_xy"]],
        "area80_m2": area80.area if area80 is not None else math.nan,
        "source_areas": [
            {
                "fraction": area.fraction,
                "area_m2": area.area,
                "polygon_area_m2": area.polygon_area,
                "reachable": area.reachable,
                "touches_edge": area.touches_edge,
                "advice": area.advice,
            }
            for area in known
        ],
        "measurement_height": float(attrs["measurement_height"]),
        "displacement_height": float(attrs["displacement_height"]),
        "roughness_length": float(attrs["roughness_length"]),
        "resolution": float(attrs["resolution"]),
        "extent": max(abs(float(climatology[dim][end])) for dim in ("x", "y") for end in (0, -1)),
        "grid_choice": attrs.get("grid_choice", "given"),
        "von_karman": float(attrs["von_karman"]),
        "data_status": attrs["data_status"],
    }
