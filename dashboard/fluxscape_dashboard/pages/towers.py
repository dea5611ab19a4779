"""The Towers page."""

from __future__ import annotations

from typing import Any, ClassVar

import panel_material_ui as pmui

from fluxscape_dashboard.pages.base import PageView


class TowersPage(PageView):
    """National map of towers."""

    key: ClassVar[str] = "towers"

    def selectors(self) -> Any:
        """Return the filters."""
        return pmui.Typography(self.bound("common.page_towers"))

    def display(self) -> Any:
        """Return the map."""
        return pmui.Typography(self.bound("common.page_towers"))

    def details(self) -> Any:
        """Return the tower's card."""
        return pmui.Typography(self.bound("common.page_towers"))
