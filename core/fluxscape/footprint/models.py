"""The footprint models by name."""

from __future__ import annotations

from typing import Final

from fluxscape.errors import MissingVariableError, did_you_mean
from fluxscape.footprint.kljun import FFP
from fluxscape.footprint.kormann_meixner import KM01
from fluxscape.footprint.model import FootprintModel

MODELS: Final = {model.name: model for model in (FFP, KM01)}
"""Every model by its name."""


def find_model(name: str) -> FootprintModel:
    """Return a model by name.

    Raises
    ------
    MissingVariableError
        If there is none of that name; the message lists them.
    """
    if name not in MODELS:
        known = ", ".join(MODELS)
        msg = (
            f"there is no footprint model {name!r}; known are {known}.{did_you_mean(name, MODELS)}"
        )
        raise MissingVariableError(msg, model=name)
    return MODELS[name]
