"""Which model runs with which parameters: read from the session state, changed in one place."""

from __future__ import annotations

import math

import panel as pn

from fluxscape.errors import FluxscapeError
from fluxscape.parameters import ParameterSet
from fluxscape_dashboard.pages._model_sets import SavedSets
from fluxscape_dashboard.pages._model_words import set_words
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.sites import UNKNOWN_COVER
from fluxscape_dashboard.state_model import COVER_TYPES
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.work.model_sets import ModelSet, default_parameters, possible_changes


class ModelParameters:
    """Model and parameters of a page.

    Parameters
    ----------
    page
        The page; its state holds them.
    """

    def __init__(self, page: PageView) -> None:
        self._page, self._state = page, page.state
        self._changes_of_models: dict[str, dict[str, float]] = {}
        self._refused: dict[str, object] = {}
        self.sets = SavedSets(page)

    def _base(self) -> tuple[str, str, str]:
        """Return model, land cover and soil of the default parameters."""
        tower = tower_or_none(self._state.tower)
        own = tower.igbp if tower is not None and tower.igbp in COVER_TYPES else UNKNOWN_COVER
        return self._state.dlm_model, self._state.dlm_type or own, self._state.dlm_soil

    def defaults(self) -> ParameterSet:
        """Return the default parameters of the present model."""
        return default_parameters(*self._base())

    def present(self) -> ModelSet:
        """Return model and parameters in force; what an address spoilt is dropped."""
        kept, refused = possible_changes(self.defaults(), self._state.dlm_params)
        if refused and refused != self._refused:
            for name, value in refused.items():
                self._page.services.notify("warning", "model.bad_parameter", name=name, value=value)
            # What changes while a browser still loads the page would not reach its address bar.
            pn.state.onload(lambda: self._state.param.update(dlm_params=kept))
        self._refused = refused
        return ModelSet.of(*self._base(), kept)

    def kept(self) -> ModelSet | None:
        """Return what was kept to compare with; an address that spoilt it is mended."""
        if not self._state.dlm_kept:
            return None
        try:
            return ModelSet.from_entries(self._state.dlm_kept)
        except FluxscapeError:
            self._page.services.notify("warning", "model.bad_kept")
            pn.state.onload(lambda: self._state.param.update(dlm_kept={}))
            return None

    def keep(self) -> None:
        """Keep the present model and parameters to compare others with."""
        present = self.present()
        self._state.param.update(dlm_kept=present.to_entries(), dlm_compare="kept")
        name = set_words(present, self._state.lang)
        self._page.services.notify("success", "model.kept", name=name)

    def change_one(self, name: str, value: float) -> None:
        """Set a parameter; one that is at its default is no change."""
        changes = dict(self._state.dlm_params) | {name: value}
        if math.isclose(value, getattr(self.defaults(), name), rel_tol=1e-9):
            del changes[name]
        self._state.dlm_params = changes

    def reset(self, names: tuple[str, ...]) -> None:
        """Set parameters back to their defaults."""
        self._state.dlm_params = {
            name: value for name, value in self._state.dlm_params.items() if name not in names
        }

    def load(self, changes: dict[str, float], name: str) -> None:
        """Take the parameters of a file."""
        self._page.services.notify("success", "model.loaded", name=name, count=len(changes))
        self._state.dlm_params = changes

    def accept(self, changes: dict[str, float], name: str) -> None:
        """Take calibrated parameters over, leave the others, and save the set under a name."""
        self._page.services.notify("success", "model.cal_accepted", count=len(changes))
        self._state.dlm_params = {**self._state.dlm_params, **changes}
        self.sets.add(name, self.present())

    def switch_model(self, before: str) -> None:
        """Put the changes of one model aside and take those of another out again."""
        self._changes_of_models[before] = dict(self._state.dlm_params)
        self._state.dlm_params = self._changes_of_models.get(self._state.dlm_model, {})
