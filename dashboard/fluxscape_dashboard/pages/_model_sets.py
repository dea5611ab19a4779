"""Parameter sets that were saved in a session, such as the posterior of a calibration."""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui

from fluxscape_dashboard.pages._widgets import MARGIN
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.work.model_sets import ModelSet


class SavedSets:
    """A select of saved sets; choosing one puts model and parameters in force.

    Parameters
    ----------
    page
        The page.
    """

    def __init__(self, page: PageView) -> None:
        self._page, self._state = page, page.state
        self._sets: dict[str, ModelSet] = {}
        self._quiet = False
        self.view = pmui.Select(
            label=page.bound("model.saved_sets"),
            size="small",
            sizing_mode="stretch_width",
            margin=MARGIN,
            visible=False,
        )
        self.view.param.watch(self._take, "value")
        names = ["dlm_model", "dlm_type", "dlm_soil", "dlm_params", "lang"]
        self._state.param.watch(lambda *_: self._show(), names)

    @property
    def sets(self) -> dict[str, ModelSet]:
        """The saved sets by name."""
        return dict(self._sets)

    def add(self, name: str, made_with: ModelSet) -> None:
        """Save a set; one of the same name is replaced."""
        self._sets[name] = made_with
        self._show()

    def _in_force(self) -> str:
        """Return the name of the set in force, or nothing."""
        model, params = self._state.dlm_model, dict(self._state.dlm_params)
        for name, item in self._sets.items():
            soil = not item.is_dlm or item.soil == self._state.dlm_soil
            same_type = self._state.dlm_type in ("", item.igbp)
            if item.model == model and soil and same_type and dict(item.changes) == params:
                return name
        return ""

    def _show(self) -> None:
        self._quiet = True
        try:
            options: dict[str, Any] = {t("model.saved_none", self._state.lang): ""}
            self.view.param.update(
                options=options | {name: name for name in self._sets},
                value=self._in_force(),
                visible=bool(self._sets),
            )
        finally:
            self._quiet = False

    def _take(self, event: Any) -> None:
        if self._quiet or not event.new:
            return
        chosen = self._sets[event.new]
        self._state.param.update(
            dlm_model=chosen.model,
            dlm_type=chosen.igbp,
            dlm_soil=chosen.soil or self._state.dlm_soil,
            dlm_params=dict(chosen.changes),
        )
