"""Which records a model accepts, and why it rejects the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxscape.footprint.inputs import RecordInputs
from fluxscape.footprint.model import FootprintModel
from fluxscape.footprint.rules import NO_SOLUTION, quantities

USED = 0
FILTERED = -1


@dataclass(frozen=True, slots=True)
class Screening:
    """The fate of every record.

    Attributes
    ----------
    status
        0 used, -1 left out by the caller's selection, k > 0 rejected for ``reasons[k - 1]``;
        shape (time,).
    reasons
        Every reason that the model can give, in the order tried.
    """

    status: NDArray[np.int8]
    reasons: tuple[str, ...]

    @property
    def used(self) -> NDArray[np.bool_]:
        """Whether each record is used."""
        return np.asarray(self.status == USED)

    @property
    def rejected_by(self) -> dict[str, int]:
        """Number of records that each reason took; reasons that took none are left out."""
        counts = {
            reason: int((self.status == code).sum())
            for code, reason in enumerate(self.reasons, start=1)
        }
        return {reason: count for reason, count in counts.items() if count}

    @property
    def n_rejected(self) -> int:
        """Number of rejected records."""
        return int((self.status > USED).sum())


def screen(
    model: FootprintModel,
    inputs: RecordInputs,
    *,
    selected: NDArray[np.bool_] | None = None,
    weights: NDArray[np.float64] | None = None,
) -> Screening:
    """Try the model's rules on every record; the first one that a record breaks names it.

    Parameters
    ----------
    model
        Its needs come first, then its rules, in the order in which it lists them.
    inputs
        Records.
    selected
        Records to look at at all, shape (time,).
    weights
        Weight of each record; NaN rejects it.
    """
    status = np.zeros(inputs.count, dtype=np.int8)
    if selected is not None:
        status[~selected] = FILTERED
    reasons: list[str] = []

    def reject(reason: str, bad: NDArray[np.bool_]) -> None:
        reasons.append(reason)
        status[(status == USED) & bad] = len(reasons)

    for name in model.needs:
        reject(f"missing_{name}", np.isnan(inputs.values[name]))
    profile = [np.isnan(inputs.values[name]) for name in model.profile_inputs]
    reject("missing_wind_speed", np.logical_and.reduce(profile))
    if weights is not None:
        reject("missing_weight", np.isnan(weights))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        measured = quantities(inputs.values)
    for rule in model.rules:
        value = measured[rule.quantity]
        reject(rule.reason, ~(rule.holds(value) | np.isnan(value)))
    reasons.append(NO_SOLUTION)
    return Screening(status, tuple(reasons))
