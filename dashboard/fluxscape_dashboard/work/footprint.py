"""One footprint climatology for the page: grid, source areas, wind, and a first score."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import xarray as xr

from fluxscape.assets import asset
from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint.climatology import footprint_climatology
from fluxscape.footprint.periods import period_mask
from fluxscape.footprint.source_area import SourceArea, source_areas
from fluxscape.io.rasters import read_raster
from fluxscape.representativeness.land_cover import land_cover_share
from fluxscape.representativeness.location_bias import RADII
from fluxscape.representativeness.score import rate, score_raster
from fluxscape.towers import METRES_PER_DEGREE
from fluxscape_dashboard.state_footprint import FRACTIONS
from fluxscape_dashboard.work.land_cover import class_code, class_number
from fluxscape_dashboard.work.records import simulated_year, uploaded_table
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

    Returns
    -------
    dict
        ``climatology`` (Dataset), ``areas`` (list of dicts), ``wind`` (shares by sector and
        speed), ``score`` (dict, or None beyond the embedded maps).
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
    climatology = footprint_climatology(
        records,
        measurement_height=height,
        canopy_height=canopy,
        model=model,
        resolution=resolution,
        extent=extent,
        selected=selected,
        latitude=latitude,
        longitude=longitude,
        on_progress=lambda fraction, _: report(0.15 + 0.7 * fraction, "work.step_footprint"),
    )
    report(0.9, "work.step_areas")
    areas = source_areas(climatology, FRACTIONS)
    report(0.95, "work.step_score")
    return {
        "climatology": climatology,
        "areas": [_plain(area) for area in areas],
        "wind": _wind(records, selected),
        "score": first_score(climatology, longitude, latitude, cover),
    }


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
