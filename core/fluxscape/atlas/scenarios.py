"""Scenarios of simulated weather, so that a trend can be laid at the door of what made it.

The embedded climatology is the same in every year; the only thing that changes truly is carbon
dioxide. A scenario says what else changes, and whether carbon dioxide does. The weather of a place
and year is drawn from the same numbers in every scenario, so that the difference of two runs is
the effect of what differs between them and nothing else.

Warming and greening are idealised: straight lines from :attr:`Scenario.first_year` on, the same
everywhere and in every season. Their rates are assumed, not observed; a run may give others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import xarray as xr

from fluxscape.contracts import provenance
from fluxscape.dlm import Forcing
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.io.climatology import annual_co2
from fluxscape.meteorology.humidity import saturation_vapour_pressure

WARMING: Final = 0.3
"""Warming where a scenario asks for it and no rate is given [K per decade]; assumed."""

GREENING: Final = 0.03
"""Growth of leaf area likewise [1 per decade]; assumed."""

MOST_WARMING: Final = 2.0
MOST_GREENING: Final = 0.3

_PER_DECADE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Scenario:
    """What changes from year to year.

    Attributes
    ----------
    name
        One of :data:`NAMES`, or another word for one of one's own.
    carbon_dioxide
        Whether it rises as measured; otherwise it stays that of ``first_year`` after that year.
    warming
        Change of air temperature [K per decade]. Relative humidity and the emissivity of the sky
        stay, so vapour pressure and longwave radiation rise with it; sun, rain and wind stay.
    greening
        Relative change of leaf area index [1 per decade].
    first_year
        Year from which changes count.
    """

    name: str = "co2"
    carbon_dioxide: bool = True
    warming: float = 0.0
    greening: float = 0.0
    first_year: int = 1979

    def __post_init__(self) -> None:
        for what, value, most in (
            ("warming", self.warming, MOST_WARMING),
            ("greening", self.greening, MOST_GREENING),
        ):
            if not abs(value) <= most:
                msg = f"{what} must lie within -{most:g} to {most:g} per decade, got {value:g}"
                raise OutOfBoundsError(msg, got=value)

    @property
    def changes_weather(self) -> bool:
        """Whether more than carbon dioxide differs from the climatology."""
        return self.warming != 0.0 or self.greening != 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the scenario as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the scenario that :meth:`to_dict` made plain."""
        return cls(**values)

    def apply(self, forcing: Forcing, year: int) -> None:
        """Change the forcing of a year in place.

        Parameters
        ----------
        forcing
            Arrays of shape (point, time).
        year
            Calendar year of the weather.
        """
        decades = _PER_DECADE * max(year - self.first_year, 0)
        if not self.carbon_dioxide and year > self.first_year:
            forcing.carbon_dioxide[...] = annual_co2(self.first_year)
        if self.warming != 0.0 and decades > 0.0:
            before = forcing.air_temperature
            after = before + self.warming * decades
            ratio = saturation_vapour_pressure(after) / saturation_vapour_pressure(before)
            forcing.vapour_pressure[...] *= ratio
            forcing.longwave_down[...] *= (after / before) ** 4
            forcing.air_temperature[...] = after
        if self.greening != 0.0 and decades > 0.0:
            forcing.leaf_area_index[...] *= max(1.0 + self.greening * decades, 0.0)


NAMES: Final = {
    "co2": "carbon dioxide as measured; climate and leaves the same in every year",
    "climate": "warming; carbon dioxide and leaves the same in every year",
    "greening": "leaf area grows; carbon dioxide and climate the same in every year",
    "all": "carbon dioxide as measured, warming, and leaf area grows",
    "none": "nothing changes: the control run",
}
"""Scenarios by name."""


def scenario(
    name: str = "co2",
    *,
    warming: float = WARMING,
    greening: float = GREENING,
    first_year: int = 1979,
) -> Scenario:
    """Return one of :data:`NAMES`.

    Parameters
    ----------
    name
        Which.
    warming, greening
        Rates where the scenario has them [K per decade], [1 per decade].
    first_year
        Year from which changes count.

    Raises
    ------
    MissingVariableError
        If there is no such scenario.
    OutOfBoundsError
        If a rate is impossible.
    """
    if name not in NAMES:
        msg = f"no scenario {name!r}, wanted one of {', '.join(NAMES)}.{did_you_mean(name, NAMES)}"
        raise MissingVariableError(msg, scenario=name)
    return Scenario(
        name=name,
        carbon_dioxide=name in {"co2", "all"},
        warming=warming if name in {"climate", "all"} else 0.0,
        greening=greening if name in {"greening", "all"} else 0.0,
        first_year=first_year,
    )


def scenario_effects(runs: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """Return what each driver did: differences of runs that share weather, grid and years.

    Parameters
    ----------
    runs
        Stores of annual maps by scenario: ``"none"``, the control, and one or more of ``"co2"``,
        ``"climate"``, ``"greening"``, ``"all"``.

    Returns
    -------
    xarray.Dataset
        ``<variable>_effect_of_<scenario>`` over (time, y, x), that run minus the control, in the
        variable's unit; and ``<variable>_interaction``, what all drivers together do beyond the
        sum of each alone, where all four runs are given.

    Raises
    ------
    MissingVariableError
        If the control or every other run is absent, or they share no variable.
    DimsError
        If grids, years or seeds differ: such runs have other weather.
    """
    if "none" not in runs or len(runs) < 2:
        msg = (
            f"effects need the run 'none' and another of {', '.join(NAMES)}, got {', '.join(runs)}"
        )
        raise MissingVariableError(msg)
    control = runs["none"]
    others = {name: run for name, run in runs.items() if name != "none"}
    for name, run in others.items():
        _check_same(control, run, name)
    shared = [
        str(name)
        for name, array in control.data_vars.items()
        if "time" in array.dims and all(name in run for run in others.values())
    ]
    if not shared:
        msg = "the runs share no variable over time"
        raise MissingVariableError(msg)
    out = xr.Dataset(
        attrs=provenance(
            status="simulated",
            source="differences of scenario runs with the same simulated weather",
            scenarios=", ".join(runs),
            seed=int(control.attrs.get("seed", -1)),
        )
    )
    for variable in shared:
        base = control[variable]
        effects = {name: run[variable] - base for name, run in others.items()}
        for name, effect in effects.items():
            text = f"{base.attrs.get('long_name', variable)}: effect of {name}"
            attrs = {"units": base.attrs.get("units", ""), "long_name": text}
            out[f"{variable}_effect_of_{name}"] = effect.assign_attrs(attrs)
        if set(effects) >= {"co2", "climate", "greening", "all"}:
            rest = effects["all"] - effects["co2"] - effects["climate"] - effects["greening"]
            text = f"{base.attrs.get('long_name', variable)}: beyond the sum of single effects"
            attrs = {"units": base.attrs.get("units", ""), "long_name": text}
            out[f"{variable}_interaction"] = rest.assign_attrs(attrs)
    return out


def _check_same(control: xr.Dataset, run: xr.Dataset, name: str) -> None:
    """Raise DimsError unless two runs share grid, years, seed and step."""
    for axis in ("time", "y", "x"):
        if not np.array_equal(control[axis].to_numpy(), run[axis].to_numpy()):
            msg = f"runs 'none' and {name!r} differ in {axis}"
            raise DimsError(msg, axis=axis)
    for fact in ("seed", "time_step_seconds", "spin_up_years"):
        if control.attrs.get(fact) != run.attrs.get(fact):
            msg = (
                f"runs 'none' and {name!r} differ in {fact}: {control.attrs.get(fact)} and "
                f"{run.attrs.get(fact)}"
            )
            raise DimsError(msg, fact=fact)
