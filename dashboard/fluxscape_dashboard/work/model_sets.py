"""Models and their parameters: what a run of the Model page is made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from fluxscape.dlm import parameters_for
from fluxscape.errors import FluxscapeError, OutOfBoundsError
from fluxscape.lue import MODELS, lue_parameters_for
from fluxscape.lue.common import type_of
from fluxscape.parameters import ParameterSet

DLM: Final = "dlm"
"""The land-surface model; all others are of light-use efficiency."""

MODEL_NAMES: Final = (DLM, *MODELS)

STAND_IN: Final = "GRA"
"""Land cover whose light-use efficiency stands for one that has none, such as a town's."""

_WORDS: Final = ("model", "type", "soil")
"""Entries of a set in an address that are no parameters."""


@dataclass(frozen=True, slots=True)
class ModelSet:
    """A model and all its parameters.

    Attributes
    ----------
    model
        One of :data:`MODEL_NAMES`.
    igbp, soil
        Land cover and soil texture of the default parameters; models of light-use efficiency know
        no soil.
    changes
        Names and values that differ from the defaults, by name.
    """

    model: str
    igbp: str
    soil: str
    changes: tuple[tuple[str, float], ...] = ()

    @classmethod
    def of(cls, model: str, igbp: str, soil: str, changes: Mapping[str, float]) -> Self:
        """Make a set of values by name."""
        return cls(model, igbp, soil, tuple(sorted(changes.items())))

    @classmethod
    def from_entries(cls, entries: Mapping[str, object]) -> Self:
        """Read a set from the entries that :meth:`to_entries` gave.

        Raises
        ------
        MissingVariableError, OutOfBoundsError
            If a name is unknown or a value impossible.
        """
        model, igbp, soil = (str(entries.get(word, "")) for word in _WORDS)
        defaults = default_parameters(model, igbp, soil)
        values = {name: value for name, value in entries.items() if name not in _WORDS}
        return cls.of(model, igbp, soil, changes_of(defaults.replace(values), defaults))

    def to_entries(self) -> dict[str, object]:
        """Return a flat mapping for an address."""
        words = dict(zip(_WORDS, (self.model, self.igbp, self.soil), strict=True))
        return {**words, **dict(self.changes)}

    @property
    def default(self) -> ModelSet:
        """The same model with default parameters."""
        return ModelSet(self.model, self.igbp, self.soil)

    @property
    def is_dlm(self) -> bool:
        """Whether this is the land-surface model."""
        return self.model == DLM

    def defaults(self) -> ParameterSet:
        """Return the default parameters."""
        return default_parameters(self.model, self.igbp, self.soil)

    def parameters(self) -> ParameterSet:
        """Return the parameters in force."""
        return self.defaults().replace(dict(self.changes))


def default_parameters(model: str, igbp: str, soil: str) -> ParameterSet:
    """Return the default parameters of a model.

    Raises
    ------
    MissingVariableError
        If the model, the land cover or the soil is unknown.
    """
    if model == DLM:
        return parameters_for(igbp, soil)
    return lue_parameters_for(lue_cover(igbp), model)


def lue_cover(igbp: str) -> str:
    """Return a land cover for which light-use efficiencies are known."""
    try:
        type_of(igbp)
    except FluxscapeError:
        return STAND_IN
    return igbp


def possible_changes(
    defaults: ParameterSet, changes: Mapping[str, object]
) -> tuple[dict[str, float], dict[str, object]]:
    """Return the values that a model can take, and the others."""
    kept: dict[str, float] = {}
    refused: dict[str, object] = {}
    for name, value in changes.items():
        try:
            kept[name] = defaults.replace({name: value}).to_dict()[name]
        except FluxscapeError:
            refused[name] = value
    return kept, refused


def changes_of(parameters: ParameterSet, defaults: ParameterSet) -> dict[str, float]:
    """Return the values of ``parameters`` that differ from ``defaults``.

    Raises
    ------
    OutOfBoundsError
        If they are of different models.
    """
    if type(parameters) is not type(defaults):
        msg = f"{type(parameters).__name__} cannot be compared with {type(defaults).__name__}"
        raise OutOfBoundsError(msg)
    base = defaults.to_dict()
    return {name: value for name, value in parameters.to_dict().items() if value != base[name]}
