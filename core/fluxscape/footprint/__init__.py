"""Flux footprints: where on the ground the measured flux comes from.

Names load on first use, so that the calculator (:func:`point_footprint`) does not wait for xarray.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxscape.footprint.climatology import footprint_climatology
    from fluxscape.footprint.models import MODELS, find_model
    from fluxscape.footprint.point import point_footprint
    from fluxscape.footprint.source_area import SourceArea, source_areas

_HOME = {
    "MODELS": "models",
    "SourceArea": "source_area",
    "find_model": "models",
    "footprint_climatology": "climatology",
    "point_footprint": "point",
    "source_areas": "source_area",
}

__all__ = [
    "MODELS",
    "SourceArea",
    "find_model",
    "footprint_climatology",
    "point_footprint",
    "source_areas",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
