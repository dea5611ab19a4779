"""Flux footprints: where on the ground the measured flux comes from.

Names load on first use, so that the calculator (:func:`point_footprint`) does not wait for xarray.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluxscape.footprint.climatology import footprint_climatology
    from fluxscape.footprint.compare import compare_models, differences
    from fluxscape.footprint.models import MODELS, VARIANTS, find_model
    from fluxscape.footprint.periods import period_mask, periods_by
    from fluxscape.footprint.point import point_footprint
    from fluxscape.footprint.sensitivity import input_sensitivity
    from fluxscape.footprint.single import footprint
    from fluxscape.footprint.source_area import SourceArea, source_areas
    from fluxscape.footprint.stack import climatology_by_period
    from fluxscape.footprint.summary import summarise

_HOME = {
    "MODELS": "models",
    "VARIANTS": "models",
    "SourceArea": "source_area",
    "climatology_by_period": "stack",
    "compare_models": "compare",
    "differences": "compare",
    "find_model": "models",
    "footprint": "single",
    "footprint_climatology": "climatology",
    "period_mask": "periods",
    "periods_by": "periods",
    "point_footprint": "point",
    "input_sensitivity": "sensitivity",
    "source_areas": "source_area",
    "summarise": "summary",
}

__all__ = [
    "MODELS",
    "VARIANTS",
    "SourceArea",
    "climatology_by_period",
    "compare_models",
    "differences",
    "find_model",
    "footprint",
    "footprint_climatology",
    "input_sensitivity",
    "period_mask",
    "periods_by",
    "point_footprint",
    "source_areas",
    "summarise",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
