"""What a calibration is to use: streams, parameters with their ranking, members, passes, truth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import panel_material_ui as pmui

from fluxscape.assimilation.calibration import DEFAULT_PARAMETERS
from fluxscape_dashboard.pages._model_calibration_words import stream_words
from fluxscape_dashboard.pages._widgets import choice, note
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.work.calibration_task import CANDIDATES


class PlanChoices:
    """Widgets over the ``dlm_cal_*`` parameters of the state.

    Parameters
    ----------
    page
        The page.
    """

    def __init__(self, page: PageView) -> None:
        self._page, self._state = page, page.state
        self._available: tuple[str, ...] = ()
        self._influence: dict[str, float] = {}
        self._quiet = False
        common: dict[str, Any] = {"size": "small", "sizing_mode": "stretch_width"}
        self._streams = pmui.CheckBoxGroup(
            label=page.bound("model.cal_streams"), inline=True, margin=(4, 0), **common
        )
        self._parameters = pmui.CheckBoxGroup(
            label=page.bound("model.cal_parameters"),
            inline=True,
            margin=(4, 0),
            # Labels of one width stand in columns.
            sx={"& .MuiFormControlLabel-root": {"width": "255px", "marginRight": "8px"}},
            **common,
        )
        self._streams.param.watch(self._take_streams, "value")
        self._parameters.param.watch(self._take_parameters, "value")
        self._truth = self._select("truth", lambda value, lang: t(f"model.cal_truth_{value}", lang))
        self._ranked = note(page, "model.cal_ranked")
        self._ranked.visible = False
        self.view = pmui.Column(
            self._streams,
            self._parameters,
            self._ranked,
            pmui.FlexBox(
                self._select("method", lambda value, lang: t(f"model.cal_method_{value}", lang)),
                self._select("members", lambda value, _: str(value)),
                self._select("passes", lambda value, _: str(value)),
                self._truth,
                margin=0,
            ),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _select(self, name: str, words: Any) -> Any:
        options = self._page.state.param[f"dlm_cal_{name}"].objects
        widget = choice(self._page, f"dlm_cal_{name}", f"model.cal_{name}", options, words)
        # A third of the row each.
        widget.param.update(sizing_mode=None, width=230, margin=(6, 12, 6, 0))
        return widget

    def streams(self) -> tuple[str, ...]:
        """Return the chosen streams that there are."""
        return tuple(name for name in self._available if name in self._state.dlm_cal_streams)

    def parameters(self) -> tuple[str, ...]:
        """Return the chosen parameters in the order of the candidates; the usual ones if none."""
        chosen = set(self._state.dlm_cal_parameters) & set(CANDIDATES) or set(DEFAULT_PARAMETERS)
        return tuple(name for name in CANDIDATES if name in chosen)

    def rank(self, influence: Mapping[str, float]) -> None:
        """Show the influence of every candidate beside its name, the greatest first."""
        self._influence = dict(influence)
        self._word()

    def show(self, available: tuple[str, ...], *, twin: bool) -> None:
        """Offer some streams, in the present language."""
        self._available = available
        self._truth.visible = twin
        self._word()

    def _word(self) -> None:
        lang = self._state.lang
        self._quiet = True
        try:
            self._streams.param.update(
                options={stream_words(name, lang): name for name in self._available},
                value=list(self.streams()),
            )
            order = sorted(CANDIDATES, key=lambda name: -self._influence.get(name, 0.0))
            self._parameters.param.update(
                options={self._name(name, lang): name for name in order},
                value=[name for name in order if name in self.parameters()],
            )
            self._ranked.visible = bool(self._influence)
        finally:
            self._quiet = False

    def _name(self, name: str, lang: str) -> str:
        words = t(f"model.parameter_{name}", lang)
        if name not in self._influence:
            return words
        return t("model.cal_influence", lang, name=words, value=f"{self._influence[name]:.2g}")

    def _take_streams(self, event: Any) -> None:
        if not self._quiet:
            self._state.dlm_cal_streams = list(event.new or [])

    def _take_parameters(self, event: Any) -> None:
        if not self._quiet:
            usual = set(event.new or []) == set(DEFAULT_PARAMETERS)
            self._state.dlm_cal_parameters = [] if usual else list(event.new or [])
