"""What estimates of carbon budgets count, and how places from landscape to nation hang together.

A tower and a land-surface model count net ecosystem exchange, a light-use-efficiency model gross
primary production, an inversion all carbon dioxide that the atmosphere gains: with fossil emissions
and with carbon that rivers, harvest and trade brought. Each place has the unknowns ``gpp``,
``respiration``, ``lateral`` and ``fossil`` [g m-2 year-1 of carbon; all upwards but for gpp], and

    nee = respiration - gpp,      atmosphere = nee + lateral + fossil.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.vocabulary import DATA_STATUS

LEVELS: Final = ("landscape", "region", "bioclimatic zone", "nation")
"""Scales, from small to large."""

COMPONENTS: Final = ("gpp", "respiration", "lateral", "fossil")
"""Unknowns of a place."""

COUNTS: Final[Mapping[str, Mapping[str, float]]] = {
    "gpp": {"gpp": 1.0},
    "respiration": {"respiration": 1.0},
    "lateral": {"lateral": 1.0},
    "fossil": {"fossil": 1.0},
    "nee": {"respiration": 1.0, "gpp": -1.0},
    "nee+lateral": {"respiration": 1.0, "gpp": -1.0, "lateral": 1.0},
    "nee+fossil": {"respiration": 1.0, "gpp": -1.0, "fossil": 1.0},
    "atmosphere": {"respiration": 1.0, "gpp": -1.0, "lateral": 1.0, "fossil": 1.0},
}
"""What an estimate may count, as a sum of unknowns."""


@dataclass(frozen=True)
class Estimate:
    """One estimate of a budget.

    Attributes
    ----------
    source
        Method or data, such as ``tower``, ``dlm`` or ``inversion``.
    level
        One of :data:`LEVELS`.
    place
        Name of the place.
    counts
        One of :data:`COUNTS`.
    flux, uncertainty
        Mean flux and its standard deviation [g m-2 year-1 of carbon].
    group
        Estimates of one group have errors in common, as where they share forcing.
    data_status
        Whether it is observed, simulated, reconstructed or mixed.

    Raises
    ------
    MissingVariableError
        If level, counts or status are unknown.
    OutOfBoundsError
        If the flux is no number or the uncertainty not positive.
    """

    source: str
    level: str
    place: str
    counts: str
    flux: float
    uncertainty: float
    group: str = ""
    data_status: str = "observed"

    def __post_init__(self) -> None:
        for name, known in (
            ("level", LEVELS),
            ("counts", tuple(COUNTS)),
            ("data_status", DATA_STATUS),
        ):
            value = getattr(self, name)
            if value not in known:
                hint = did_you_mean(value, known) or f" There are {', '.join(known)}."
                msg = f"estimate {self.label!r}: no {name} is called {value!r}.{hint}"
                raise MissingVariableError(msg, got=value)
        if not np.isfinite(self.flux) or not (
            np.isfinite(self.uncertainty) and self.uncertainty > 0.0
        ):
            msg = (
                f"estimate {self.label!r}: flux {self.flux} +- {self.uncertainty} g m-2 year-1; "
                "wanted a number and a positive uncertainty"
            )
            raise OutOfBoundsError(msg)

    @property
    def label(self) -> str:
        """Source, what it counts, and place."""
        return f"{self.source}, {self.counts}, {self.place}"


@dataclass(frozen=True)
class Link:
    """A place as the weighted mean of others.

    Attributes
    ----------
    place
        The larger place.
    parts
        Weight of each smaller place, such as its share of the area.
    uncertainty
        Standard deviation of what the mean of the parts misses [g m-2 year-1], in each component.
    components
        Components that it holds for.
    """

    place: str
    parts: Mapping[str, float]
    uncertainty: float
    components: tuple[str, ...] = COMPONENTS


def corrected_for_bias(
    flux: float, uncertainty: float, bias: float, bias_uncertainty: float
) -> tuple[float, float]:
    """Return a tower's flux corrected for what its footprint over- or underrates, with deviation.

    flux / (1 + bias): ``bias`` is the relative difference of the footprint from the landscape, as
    :mod:`fluxscape.representativeness` gives it; both errors are propagated to first order.

    Parameters
    ----------
    flux, uncertainty
        As measured, in any unit.
    bias, bias_uncertainty
        Relative [1].

    Raises
    ------
    OutOfBoundsError
        If the bias is -1 or less: the footprint would see nothing of the landscape.
    """
    if not bias > -1.0:
        msg = f"a relative bias of {bias:g} leaves nothing to correct; wanted more than -1"
        raise OutOfBoundsError(msg, got=bias)
    factor = 1.0 / (1.0 + bias)
    spread = np.hypot(uncertainty * factor, flux * factor**2 * bias_uncertainty)
    return flux * factor, float(spread)
