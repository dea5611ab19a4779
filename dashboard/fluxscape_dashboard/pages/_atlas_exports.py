"""What the Atlas page saves: the series of pixel and region, the map and the data in view."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import panel_material_ui as pmui
import xarray as xr

from fluxscape.atlas.product import FLUXES
from fluxscape.errors import OutOfBoundsError
from fluxscape.io.atomic import write_geotiff, write_netcdf
from fluxscape.io.exports import write_csv
from fluxscape_dashboard.mercator import to_degrees
from fluxscape_dashboard.pages._atlas_map import AtlasMap
from fluxscape_dashboard.pages._atlas_years import YEARLY
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.views.atlas import Window
from fluxscape_dashboard.views.atlas_product import NationalProduct, PixelSeries
from fluxscape_dashboard.views.atlas_zones import Region, product_grid

MOST_VALUES: Final = 64_000_000
"""Most values of one flux that a file for download holds."""

_FACTS = ("data_status", "source", "fluxscape_version", "seed", "time_step_seconds")


def series_table(flux: str, found: Region | None, pixel: PixelSeries | None) -> pd.DataFrame:
    """Return the series as one long table of plain English keys, for other programs.

    Parameters
    ----------
    flux
        Short name of the flux.
    found
        The chosen region, if any.
    pixel
        The chosen pixel, if any.
    """
    frames = []
    if found is not None:
        figures = found.figures
        key = figures.zone.key
        frames.append(_rows(flux, key, figures.years, figures.series, figures.units))
    if pixel is not None and pixel.trend is not None:
        units = "g m-2 year-1" if flux == "gpp" else "kg m-2 year-1"
        rows = _rows(flux, "pixel", pixel.years, pixel.values, units)
        frames.append(rows.assign(longitude=pixel.longitude, latitude=pixel.latitude))
    if not frames:
        frames = [_rows(flux, "", [], [], "")]
    return pd.concat(frames, ignore_index=True).assign(data_status="simulated")


def _rows(flux: str, place: str, years: Any, values: Any, units: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "place": place,
            "longitude": np.nan,
            "latitude": np.nan,
            "variable": FLUXES[flux],
            "unit": units,
            "year": np.asarray(years, dtype=np.int64),
            "value": np.asarray(values, dtype=np.float64),
        }
    )


def write_map(product: NationalProduct, page: PageView, shown: AtlasMap, path: Path) -> None:
    """Write the layer in view at the level on display as GeoTIFF in Web Mercator."""
    state = page.state
    style = product.style(state.at_variable, state.at_layer, state.at_test)
    window = shown.seen()
    time = product.years.index(product.nearest_year(state.at_year)) if style.annual else None
    level = product.pyramid.level_for(window.x, window.width)
    part: dict[str, Any] = {"level": level, "x_range": window.x, "y_range": window.y}
    array = product.pyramid.read(style.variable, time=time, **part)
    if style.less:
        mean = product.pyramid.read(style.less, **part)
        array = array.copy(data=array.to_numpy() - mean.to_numpy())
        array.attrs["long_name"] = f"{array.attrs.get('long_name', '')} less the mean of all years"
    array = _within(array, window)
    facts = {name: str(product.pyramid.attrs.get(name, "")) for name in _FACTS}
    array.attrs = dict(array.attrs) | facts
    if style.annual:
        array.attrs["year"] = str(product.nearest_year(state.at_year))
    write_geotiff(array, path)


def _within(array: xr.DataArray, window: Window) -> xr.DataArray:
    """Return the pixels that the window shows, whole or in part; reading gives more of them."""
    for name, (low, high) in (("x", window.x), ("y", window.y)):
        centres = array[name].to_numpy()
        half = abs(centres[1] - centres[0]) / 2
        kept = np.flatnonzero((centres > low - half) & (centres < high + half))
        # A raster needs two pixels to tell its pixels' size.
        array = array.isel({name: kept}) if kept.size >= 2 else array
    return array


def write_data(product: NationalProduct, page: PageView, shown: AtlasMap, path: Path) -> None:
    """Write all years and statistics of the flux in view, on the product's own grid, as NetCDF."""
    flux = FLUXES[page.state.at_variable]
    pyramid, grid = product.pyramid, product_grid(product)
    window = shown.seen()
    west, south = to_degrees(window.x[0], window.y[0])
    east, north = to_degrees(window.x[1], window.y[1])
    rows = _between(grid.y, grid.steps[0], float(south), float(north))
    columns = _between(grid.x, grid.steps[1], float(west), float(east))
    size = (rows.stop - rows.start) * (columns.stop - columns.start) * len(product.years)
    if size > MOST_VALUES:
        msg = f"the view holds {size} values of {flux}, at most {MOST_VALUES} are saved: zoom in"
        raise OutOfBoundsError(msg, got=size, wanted=MOST_VALUES)
    names = [name for name in pyramid.variables if name.startswith(flux)]
    names += [name for name in ("land_fraction", "land_cover") if name in pyramid.variables]
    arrays = {
        name: pyramid.read_native(name, rows=rows, columns=columns).astype(np.float32)
        for name in names
    }
    attrs = {name: str(pyramid.attrs[name]) for name in _FACTS if name in pyramid.attrs}
    write_netcdf(xr.Dataset(arrays, attrs=attrs), path)


def _between(
    centres: np.ndarray[Any, np.dtype[np.float64]], step: float, low: float, high: float
) -> slice[int, int, None]:
    """Return the cells that touch a range, two or more."""
    start = int(np.clip(np.floor((low - centres[0]) / step + 0.5), 0, centres.size - 2))
    stop = int(np.clip(np.floor((high - centres[0]) / step + 0.5) + 1, start + 2, centres.size))
    return slice(start, stop)


def export_row(
    page: PageView, product: NationalProduct, shown: AtlasMap, pixel: Any, found: Any
) -> Any:
    """Return the buttons; ``pixel()`` and ``found()`` give the chosen pixel and region or None."""
    state = page.state

    def place() -> str:
        chosen = pixel()
        if chosen is None:
            return str(state.at_region).replace(":", "-")
        return f"{chosen.latitude:.3f}N{chosen.longitude:.3f}E"

    def layer() -> str:
        year = str(product.nearest_year(state.at_year))
        if state.at_layer in YEARLY:
            return year if state.at_layer == "annual" else f"difference-{year}"
        return str(state.at_layer)

    def write_series(path: Path) -> None:
        write_csv(series_table(state.at_variable, found(), pixel()), path)

    picture = pmui.Button(
        label=page.bound("atlas.save_picture"),
        icon="image",
        variant="outlined",
        size="small",
        margin=(2, 2),
    )
    picture.js_on_click(args={"tool": shown.save}, code="tool.do.emit('save')")
    return pmui.Row(
        picture,
        data_button(
            page,
            "atlas.save_series",
            lambda: file_name("atlas", state.at_variable, "series", place(), suffix=".csv"),
            write_series,
        ),
        data_button(
            page,
            "atlas.save_map",
            lambda: file_name("atlas", state.at_variable, layer(), suffix=".tif"),
            lambda path: write_map(product, page, shown, path),
        ),
        data_button(
            page,
            "atlas.save_data",
            lambda: file_name("atlas", state.at_variable, "all-years", suffix=".nc"),
            lambda path: write_data(product, page, shown, path),
        ),
        margin=0,
        sx={"flexWrap": "wrap"},
    )
