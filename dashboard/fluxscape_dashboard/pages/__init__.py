"""The pages, by key, loaded when they are first shown."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from fluxscape_dashboard.pages.base import PageView, Services

__all__ = ["PAGE_CLASSES", "PageView", "Services", "page_class"]

PAGE_CLASSES: Final = {
    "towers": "fluxscape_dashboard.pages.towers:TowersPage",
    "footprint": "fluxscape_dashboard.pages.footprint:FootprintPage",
    "representativeness": "fluxscape_dashboard.pages.representativeness:RepresentativenessPage",
    "model": "fluxscape_dashboard.pages.model:ModelPage",
    "atlas": "fluxscape_dashboard.pages.atlas:AtlasPage",
}
"""Module and class of every page."""


def page_class(key: str) -> type[PageView]:
    """Import and return the class of one page."""
    module, _, name = PAGE_CLASSES[key].partition(":")
    found: type[PageView] = getattr(import_module(module), name)
    return found
