"""Loads what the pages will ask of a worker, so that the first visitor need not wait for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fluxscape_dashboard.work.footprint import footprint_of_place
from fluxscape_dashboard.work.model import run_model

LATITUDE: Final = 40.0
LONGITUDE: Final = 116.0
"""Any place in the embedded maps [degree]."""


def warm_up(report: Callable[[float, str], None]) -> None:
    """Run each model once: compiled code is loaded, or compiled where it never was."""
    place = {"latitude": LATITUDE, "longitude": LONGITUDE}
    for model in ("ffp", "km01"):
        footprint_of_place(
            report,
            **place,
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
    run_model(
        report,
        **place,
        elevation=50.0,
        height=3.5,
        table="",
        igbp="GRA",
        soil="loam",
        changes={},
        with_default=False,
    )
