"""Loads what the pages will ask of a worker, so that the first visitor need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fluxscape_dashboard.work.footprint import footprint_of_place
from fluxscape_dashboard.work.model import run_models
from fluxscape_dashboard.work.model_sets import ModelSet

LATITUDE: Final = 40.0
LONGITUDE: Final = 116.0
"""Any place in the embedded maps [degree]."""


Report = Callable[[float, str], None]


def load_footprint_ffp(report: Report) -> None:
    """Run the first footprint model once: its compiled code is loaded, or compiled."""
    _footprint(report, "ffp")


def load_footprint_km01(report: Report) -> None:
    """Run the second footprint model once."""
    _footprint(report, "km01")


def load_model(report: Report) -> None:
    """Run the land-surface model once."""
    site = {
        "latitude": LATITUDE,
        "longitude": LONGITUDE,
        "elevation": 50.0,
        "height": 3.5,
        "table": "",
    }
    run_models(report, site=site, sets=[ModelSet("dlm", "GRA", "loam").to_entries()])


def _footprint(report: Report, model: str) -> None:
    footprint_of_place(
        report,
        latitude=LATITUDE,
        longitude=LONGITUDE,
        utc_offset_hours=8.0,
        table="",
        model=model,
        height=3.5,
        canopy=0.3,
        period="month-07",
        resolution=20.0,
        extent=250.0,
        cover="GRA",
    )
