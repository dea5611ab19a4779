"""What the Atlas page saves: the series of pixel and nation, and the map in view."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import panel_material_ui as pmui
import xarray as xr

from fluxscape.atlas.product import FLUXES, NationalFigures
from fluxscape.io.atomic import write_geotiff
from fluxscape.io.exports import write_csv
from fluxscape_dashboard.pages._atlas_map import AtlasMap
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.views.atlas import Window
from fluxscape_dashboard.views.atlas_product import NationalProduct, PixelSeries

_FACTS = ("data_status", "source", "fluxscape_version", "seed", "time_step_seconds")


def series_table(flux: str, figures: NationalFigures, pixel: PixelSeries | None) -> pd.DataFrame:
    """Return the series as one long table of plain English keys, for other programs.

    Parameters
    ----------
    flux
        Short name of the flux.
    figures
        Those of the nation.
    pixel
        The chosen pixel, if any.
    """
    frames = [_rows(flux, "nation", figures.years, figures.series, figures.units)]
    if pixel is not None and pixel.trend is not None:
        units = "g m-2 year-1" if flux == "gpp" else "kg m-2 year-1"
        rows = _rows(flux, "pixel", pixel.years, pixel.values, units)
        frames.append(rows.assign(longitude=pixel.longitude, latitude=pixel.latitude))
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
    array = product.pyramid.read(
        style.variable,
        level=product.pyramid.level_for(window.x, window.width),
        time=time,
        x_range=window.x,
        y_range=window.y,
    )
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


def export_row(page: PageView, product: NationalProduct, shown: AtlasMap, pixel: Any) -> Any:
    """Return the buttons; ``pixel()`` gives the chosen pixel or None."""
    state = page.state

    def place() -> str:
        found = pixel()
        return "" if found is None else f"{found.latitude:.3f}N{found.longitude:.3f}E"

    def layer() -> str:
        year = str(product.nearest_year(state.at_year))
        return year if state.at_layer == "annual" else state.at_layer

    def write_series(path: Path) -> None:
        write_csv(
            series_table(state.at_variable, product.figures[state.at_variable], pixel()), path
        )

    return pmui.Row(
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
        margin=0,
        sx={"flexWrap": "wrap"},
    )
