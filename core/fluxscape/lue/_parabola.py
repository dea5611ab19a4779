"""The parabola of temperature that VPM and EC-LUE share."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from fluxscape.errors import OutOfBoundsError
from fluxscape.lue import _loops as loops
from fluxscape.lue.common import FloatArray
from fluxscape.lue.inputs import Inputs


class CardinalTemperatures(Protocol):
    """Parameters with three cardinal temperatures [degC]."""

    @property
    def lowest_temperature(self) -> float:
        """At and below which nothing grows."""

    @property
    def best_temperature(self) -> float:
        """Where the scalar is 1."""

    @property
    def highest_temperature(self) -> float:
        """At and above which nothing grows."""


def temperature_scalar(inputs: Inputs, p: CardinalTemperatures) -> FloatArray:
    """Return the parabola of air temperature, shape (pixel, time).

    Raises
    ------
    OutOfBoundsError
        If the cardinal temperatures do not rise.
    """
    cardinal = (p.lowest_temperature, p.best_temperature, p.highest_temperature)
    if not cardinal[0] < cardinal[1] < cardinal[2]:
        msg = f"lowest, best and highest temperature must rise, got {cardinal} degC"
        raise OutOfBoundsError(msg, got=cardinal)
    temperature = inputs.temperature()
    out = np.empty_like(temperature)
    loops.fill_parabola(temperature, *cardinal, out)
    return out
