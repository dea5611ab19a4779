"""A page without content, for what is built on pages."""

from __future__ import annotations

import panel as pn

from fluxscape_dashboard.pages.base import PageView


class EmptyPage(PageView):
    """A page whose three zones hold nothing."""

    key = "empty"

    def selectors(self) -> pn.Column:
        """Return an empty zone."""
        return pn.Column()

    def display(self) -> pn.Column:
        """Return an empty zone."""
        return pn.Column()

    def details(self) -> pn.Column:
        """Return an empty zone."""
        return pn.Column()
