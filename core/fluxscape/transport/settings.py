"""Prior spreads, memories and errors of a tower's inversion: every one a stated parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fluxscape.parameters import ParameterSet, parameter

_ASSUMED: Final = "assumed; see docs/methods/transport.md"

TERMS: Final = ("background", "advection", "mixing")
"""Errors that may stand in the state beside the flux, by name."""


@dataclass(frozen=True)
class InversionSettings(ParameterSet):
    """Settings of a tower's inversion."""

    window_days: float = parameter(
        7.0,
        lower=1.0,
        upper=120.0,
        unit="d",
        source="choice",
        description="Length of the windows in which a flux correction is constant",
        group="Flux",
    )
    flux_spread: float = parameter(
        3.0,
        lower=0.01,
        upper=100.0,
        unit="umol m-2 s-1",
        source=_ASSUMED,
        description="Prior standard deviation of the correction of a window, by day or by night",
        group="Flux",
    )
    flux_memory_days: float = parameter(
        14.0,
        lower=0.0,
        upper=3650.0,
        unit="d",
        source=_ASSUMED,
        description="Time in which flux errors are forgotten to 1/e",
        group="Flux",
    )
    day_night_correlation: float = parameter(
        0.0,
        lower=-0.95,
        upper=0.95,
        unit="1",
        source=_ASSUMED,
        description="Correlation of the errors of day and night",
        group="Flux",
    )
    instrument_error: float = parameter(
        0.2,
        lower=0.0,
        upper=50.0,
        unit="umol mol-1",
        source=_ASSUMED,
        description="Error of the instrument that a mean over hours still has",
        group="Observations",
    )
    representation_error: float = parameter(
        1.5,
        lower=0.01,
        upper=100.0,
        unit="umol mol-1",
        source=_ASSUMED,
        description="What a column cannot resolve of a mean over hours, beyond the named terms",
        group="Observations",
    )
    error_memory_days: float = parameter(
        1.0,
        lower=0.0,
        upper=60.0,
        unit="d",
        source=_ASSUMED,
        description="Time in which observation errors are forgotten to 1/e",
        group="Observations",
    )
    level_correlation: float = parameter(
        0.5,
        lower=0.0,
        upper=0.99,
        unit="1",
        source=_ASSUMED,
        description="Correlation of the representation errors of two inlets",
        group="Observations",
    )
    first_hour: float = parameter(
        12.0,
        lower=0.0,
        upper=23.5,
        unit="h",
        source="choice: the afternoon is mixed best",
        description="Local solar time from which on a day's observations count",
        group="Observations",
    )
    last_hour: float = parameter(
        16.0,
        lower=0.5,
        upper=24.0,
        unit="h",
        source="choice: the afternoon is mixed best",
        description="Local solar time to which a day's observations count",
        group="Observations",
    )
    background_spread: float = parameter(
        1.5,
        lower=0.001,
        upper=100.0,
        unit="umol mol-1",
        source=_ASSUMED,
        description="Prior standard deviation of the background",
        group="Background",
    )
    background_memory_days: float = parameter(
        14.0,
        lower=0.0,
        upper=3650.0,
        unit="d",
        source=_ASSUMED,
        description="Time in which errors of the background are forgotten to 1/e",
        group="Background",
    )
    advection_spread: float = parameter(
        1.0,
        lower=0.001,
        upper=200.0,
        unit="umol mol-1 d-1",
        source=_ASSUMED + "; 1 umol mol-1 across 400 km at 5 m s-1",
        description="Prior standard deviation of the advection that the column leaves out",
        group="Advection",
    )
    advection_memory_days: float = parameter(
        3.0,
        lower=0.0,
        upper=3650.0,
        unit="d",
        source=_ASSUMED + "; the passage of weather systems",
        description="Time in which errors of advection are forgotten to 1/e",
        group="Advection",
    )
    mixing_spread: float = parameter(
        0.2,
        lower=0.001,
        upper=2.0,
        unit="1",
        source=_ASSUMED,
        description="Prior standard deviation of the logarithm of mixing strength: the factor on "
        "boundary-layer height and diffusivity",
        group="Mixing",
    )
    mixing_memory_days: float = parameter(
        14.0,
        lower=0.0,
        upper=3650.0,
        unit="d",
        source=_ASSUMED,
        description="Time in which errors of mixing are forgotten to 1/e",
        group="Mixing",
    )
