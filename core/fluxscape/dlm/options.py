"""How a run is computed: in full or lean, and what soil respiration comes from."""

from __future__ import annotations

from typing import Final

from fluxscape.dlm._work import Settings
from fluxscape.errors import OutOfBoundsError, did_you_mean

MODES: Final = {
    "full": "all processes solved together at every step",
    "lean": "soil water flows every 3 hours and in rain, stomata stay after the first pass of the "
    "surface balance, which ends at 0.08 K",
}
"""Modes and what they do."""

CARBON: Final = ("pools", "basal")
"""What soil respiration comes from."""

_ALL_PASSES: Final = 40


def run_settings(step_seconds: float, *, mode: str = "full", carbon: str | None = None) -> Settings:
    """Return the settings of a run.

    Parameters
    ----------
    step_seconds
        Length of a step [s].
    mode
        One of :data:`MODES`.
    carbon
        One of :data:`CARBON`; pools in full and a basal rate in lean mode when absent.

    Raises
    ------
    OutOfBoundsError
        If an option is unknown.
    """
    _check("mode", mode, tuple(MODES))
    if carbon is not None:
        _check("carbon", carbon, CARBON)
    step = float(step_seconds)
    if mode == "lean":
        return Settings(step, carbon == "pools", 1, 0.08, 0.3, 10800.0)
    return Settings(step, carbon != "basal", _ALL_PASSES, 0.03, 0.02, 0.0)


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise OutOfBoundsError unless an option is known."""
    if value not in known:
        msg = f"{name} must be one of {', '.join(known)}, got {value!r}."
        raise OutOfBoundsError(msg + did_you_mean(value, known), got=value)
