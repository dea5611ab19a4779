"""A small national product, and an Atlas page on it without a browser."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.product import (
    ET,
    GPP,
    figures_attribute,
    figures_of,
    national_figures,
    with_statistics,
)
from fluxscape.atlas.pyramid import open_pyramid, write_pyramid
from fluxscape.vocabulary import VARIABLES
from fluxscape_dashboard.pages import atlas as atlas_page
from fluxscape_dashboard.pages.atlas import AtlasPage
from fluxscape_dashboard.pages.base import Services
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.views.atlas_product import NationalProduct

YEARS = np.arange(1979, 2013)
LATITUDE = np.arange(24.125, 42.0, 0.25)
LONGITUDE = np.arange(73.125, 120.0, 0.25)


def small_product(folder: Path) -> NationalProduct:
    """Return a product that rises in the east and stands still in the west."""
    rng = np.random.default_rng(7)
    shape = (YEARS.size, LATITUDE.size, LONGITUDE.size)
    rise = np.where(LONGITUDE > 105.0, 6.0, 0.0)[None, None, :] * (YEARS - 1979.0)[:, None, None]
    gpp = 800.0 + rise + rng.normal(0.0, 20.0, shape)
    gpp[:, :, LONGITUDE < 80.0] = np.nan
    dims, time = ("time", "y", "x"), [np.datetime64(f"{year}-01-01", "ns") for year in YEARS]
    cover = np.where(np.isfinite(gpp[0]), 12, 0).astype(np.int8)
    annual = xr.Dataset(
        {
            GPP: (dims, gpp.astype(np.float32), VARIABLES[GPP].attrs()),
            ET: (dims, (gpp / 2).astype(np.float32), VARIABLES[ET].attrs()),
            "land_fraction": (dims[1:], (cover > 0).astype(np.float32), {"units": "1"}),
            "inside": (dims[1:], np.ones(shape[1:], np.float32), {"units": "1"}),
            "land_cover": (dims[1:], cover, {"units": "1", "pyramid_resampling": "nearest"}),
        },
        coords={"time": time, "y": LATITUDE, "x": LONGITUDE},
        attrs={"data_status": "simulated", "seed": 1, "time_step_seconds": 7200},
    )
    whole = with_statistics(annual)
    whole.attrs |= figures_attribute(national_figures(whole))
    path = folder / "p.zarr"
    write_pyramid(whole, path)
    pyramid = open_pyramid(path)
    return NationalProduct(pyramid, {row.flux: row for row in figures_of(pyramid.attrs)})


class Notes:
    """Collects what a page tells the user."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def __call__(self, kind: str, key: str, **values: object) -> None:
        del kind, values
        self.keys.append(key)


def page_on(product: NationalProduct, monkeypatch: pytest.MonkeyPatch) -> AtlasPage:
    """Return a page on the small product, with all zones built."""
    monkeypatch.setattr(atlas_page, "national_product", lambda: product)
    services = Services(
        jobs=None,  # type: ignore[arg-type]
        session="test",
        notify=Notes(),
        on_close=lambda _: None,
    )
    made = AtlasPage(AppState(), services)
    for zone in (made.selectors, made.display, made.details):
        zone()
    return made


def shown_text(pane: Any) -> str:
    """Return the text of a zone's tables and lines."""
    items = [item.object for item in pane.objects if hasattr(item, "object")]
    return " ".join(re.sub(r"<[^>]+>", " ", str(item)) for item in items)
