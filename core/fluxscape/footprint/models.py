"""The footprint models by name."""

from __future__ import annotations

from typing import Final

from fluxscape.errors import MissingVariableError, did_you_mean
from fluxscape.footprint.hsieh import HSIEH
from fluxscape.footprint.kljun import FFP
from fluxscape.footprint.kormann_meixner import KM01
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.safe_f import (
    SAFE_F,
    SAFE_F_ANALYTIC,
    SAFE_F_ANALYTIC_DRAXLER,
    SAFE_F_DRAXLER,
)

MODELS: Final = {model.name: model for model in (SAFE_F, KM01, FFP, HSIEH)}
"""The four models that the field uses, by name."""

VARIANTS: Final = {
    model.name: model for model in (SAFE_F_ANALYTIC, SAFE_F_DRAXLER, SAFE_F_ANALYTIC_DRAXLER)
}
"""Further members of the power-law Eulerian family, for studies of sensitivity."""

DISTANCES_ONLY: Final = "fsam"
"""The form of Horst and Weil 1994: without a closed form, it gives the distances of one half-hour
but no climatology."""


def find_model(name: str) -> FootprintModel:
    """Return a model or variant by name.

    Raises
    ------
    MissingVariableError
        If there is none of that name; the message lists them.
    """
    known = MODELS | VARIANTS
    if name == DISTANCES_ONLY:
        msg = (
            f"{name!r} has no closed form and so no climatology: it gives the distances of one "
            "half-hour only (footprint point)"
        )
        raise MissingVariableError(msg, model=name)
    if name not in known:
        msg = f"there is no footprint model {name!r}; known are {', '.join(known)}."
        raise MissingVariableError(msg + did_you_mean(name, known), model=name)
    return known[name]


def find_models(name: str) -> tuple[FootprintModel, ...]:
    """Return the models that a name stands for: one, several with commas between, or ``all``."""
    if name == "all":
        return tuple(MODELS.values())
    return tuple(find_model(part.strip()) for part in name.split(","))
