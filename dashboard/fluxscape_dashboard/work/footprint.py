"""One footprint climatology for the page: grid, source areas, wind, and a first score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.assets import asset
from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint.compare import compare_models, differences
from fluxscape.footprint.periods import period_mask
from fluxscape.footprint.source_area import SourceArea, source_areas
from fluxscape.io.rasters import read_raster
from fluxscape.representativeness.land_cover import land_cover_share
from fluxscape.representativeness.location_bias import RADII
from fluxscape.representativeness.score import rate, score_raster
from fluxscape.towers import METRES_PER_DEGREE
from fluxscape_dashboard.state_footprint import SHARES
from fluxscape_dashboard.work.land_cover import class_code, class_number
from fluxscape_dashboard.work.records import simulated_year, uploaded_table
from fluxscape_dashboard.work.stability import stability_by_hour
from fluxscape_dashboard.work.wind import wind_shares

Report = Callable[[float, str], None]

SCORE_MARGIN: Final = 1.5
"""How much farther than the largest disc the maps are read."""


def footprint_of_place(
    report: Report,
    *,
    latitude: float,
    longitude: float,
    utc_offset_hours: float,
    table: str,
    model: str,
    height: float,
    canopy: float,
    period: str,
    resolution: float,
    extent: float,
    cover: str,
    other: str = "",
    weight: str = "equal",
    with_score: bool = True,
) -> dict[str, Any]:
    """Return the footprint of a tower as plain data.

    Parameters
    ----------
    report
        Told the fraction done and the key of the text that names the step.
    latitude, longitude
        [degree].
    utc_offset_hours
        Clock of the site ahead of UTC.
    table
        netCDF of an uploaded table, or empty for simulated weather.
    model
        Footprint model.
    height, canopy
        Above ground [m].
    period
        See :func:`fluxscape.footprint.periods.period_mask`.
    resolution, extent
        Cell size and half-width of the grid [m].
    cover
        IGBP class that the tower stands for.
    other
        Second model on the same records and grid, or empty.
    weight
        See :data:`fluxscape.footprint.weights.WEIGHTS`.
    with_score
        Whether to compare the footprint with the embedded maps, which takes as long as a month's
        footprint.

    Returns
    -------
    dict
        ``climatology`` (Dataset), ``areas`` (list of dicts), ``wind`` (shares by sector and
        speed), ``stability`` (shares by hour and class), ``score`` (dict, or None beyond the
        embedded maps or without), ``with_score``, ``other`` (None, or ``climatology``, ``areas``
        and ``apart`` of the second model).
    """
    report(0.02, "work.step_weather")
    records = (
        uploaded_table(table)
        if table
        else simulated_year(latitude, longitude, height=height, canopy=canopy)
    )
    selected = period_mask(
        records,
        period,
        latitude=latitude,
        longitude=longitude,
        utc_offset_hours=utc_offset_hours,
    )
    report(0.15, "work.step_footprint")
    names = list(dict.fromkeys(name for name in (model, other) if name))
    fields = compare_models(
        records,
        ",".join(names),
        measurement_height=height,
        canopy_height=canopy,
        resolution=resolution,
        extent=extent,
        selected=selected,
        weights=weight,
        latitude=latitude,
        longitude=longitude,
        on_progress=lambda fraction, _: report(0.15 + 0.7 * fraction, "work.step_footprint"),
    )
    report(0.9, "work.step_areas")
    first, *others = (_field(field, period) for field in fields.values())
    (apart,) = differences(fields).values() if others else (None,)
    score = None
    if with_score:
        report(0.95, "work.step_score")
        score = first_score(first["climatology"], longitude, latitude, cover)
    return first | {
        "wind": _wind(records, selected),
        "stability": stability_by_hour(
            fields[model], records["time"].to_numpy(), selected, utc_offset_hours
        ),
        "score": score,
        "with_score": with_score,
        "other": others[0] | {"apart": apart} if others else None,
    }


def _field(climatology: xr.Dataset, period: str) -> dict[str, Any]:
    """Return one model's climatology with its source areas."""
    areas = [_plain(area) for area in source_areas(climatology, SHARES)]
    return {"climatology": climatology.assign_attrs(period=period), "areas": areas}


def _plain(area: SourceArea) -> dict[str, Any]:
    """Return a source area as plain data, with the farthest point of its outline."""
    reach = max((float(np.hypot(*ring.T).max()) for ring in area.rings), default=float("nan"))
    return {
        "fraction": area.fraction,
        "level": area.level,
        "area": area.area,
        "reach": reach,
        "polygons": [list(polygon) for polygon in area.polygons],
        "reachable": area.reachable,
        "touches_edge": area.touches_edge,
    }


def _wind(records: xr.Dataset, selected: np.ndarray[Any, np.dtype[np.bool_]]) -> Any:
    if "wind_speed" not in records:
        return wind_shares(np.empty(0), np.empty(0))
    return wind_shares(
        records["wind_from_direction"].to_numpy()[selected],
        records["wind_speed"].to_numpy()[selected],
    )


def first_score(
    climatology: xr.Dataset, longitude: float, latitude: float, cover: str
) -> dict[str, Any] | None:
    """Return location bias and land-cover share against the embedded maps of China.

    Returns
    -------
    dict or None
        ``radii``, ``bias`` and ``means`` of the greatest NDVI of the year, ``footprint_mean``;
        ``cover_share`` of the class ``cover`` and ``cover_shares`` by code; levels 3 to 1 (0
        unknown) ``bias_level`` and ``cover_level``. None if the maps do not reach the place.
    """
    reach = SCORE_MARGIN * max(*RADII, float(climatology["x"][-1])) / METRES_PER_DEGREE
    wide = reach / float(np.cos(np.radians(latitude)))
    bounds = (longitude - wide, latitude - reach, longitude + wide, latitude + reach)
    try:
        ndvi = read_raster(asset("china/ndvi_maximum.tif"), bounds=bounds)
        classes = read_raster(asset("china/land_cover.tif"), bounds=bounds, categorical=True)
    except OutOfBoundsError:
        return None
    bias = score_raster(climatology, ndvi, longitude, latitude)
    share = land_cover_share(climatology, classes, longitude, latitude, class_number(cover))
    score = rate(share, bias)
    return {
        "radii": list(bias.radii),
        "bias": list(bias.relative_difference),
        "means": list(bias.disc_means),
        "footprint_mean": bias.footprint_mean,
        "cover": cover,
        "cover_share": share.footprint_share,
        "cover_shares": {class_code(code): value for code, value in share.shares.items()},
        "bias_level": score.location_bias_level,
        "cover_level": score.land_cover_level,
    }
