"""What a national run is asked to do, checked once; plain values that travel with its tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self

from fluxscape.atlas.ensemble import ParameterEnsemble, ParameterSets
from fluxscape.atlas.scenarios import Scenario
from fluxscape.dlm import MODES
from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.lue import MODELS

STEPS: Final = (1800, 3600, 7200, 10800)
"""Steps of the model that may be chosen [s]; those beyond an hour average hourly weather."""

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2024

MASKS: Final = {
    "nation": "inside the nation's outline",
    "land": "all land of the embedded land-cover map, 70 to 140 E and 15 to 55 N",
}
"""Which cells may run."""

TILES: Final = (1, 256)
"""Least and greatest side of a tile [cells]."""

DLM: Final = "dlm"
MODEL_NAMES: Final = (DLM, *(name for name in MODELS if name != "ec-lue"))
"""Models of a run. EC-LUE of 2007 is none: it needs measured heat fluxes."""

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class ForcingSettings:
    """Where the weather comes from.

    Attributes
    ----------
    source
        ``"simulated"``, a name of :data:`fluxscape.io.forcing_rules.DOORS`, or ``"mapped"``.
    files
        Paths of the dataset's files; none for simulated weather.
    mapping
        Path of the mapping file of ``"mapped"``, else empty.
    """

    source: str = "simulated"
    files: tuple[str, ...] = ()
    mapping: str = ""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Settings of a national run.

    Attributes
    ----------
    first_year, last_year
        Years that are kept.
    resolution
        Side of a cell [degrees], a whole multiple of 0.05.
    step_seconds
        Step of the model, one of :data:`STEPS` [s].
    seed
        Of the simulated weather.
    spin_up_years
        Years run before the first one, from :func:`fluxscape.atlas.start.climate_states`, to
        bring soil water and temperature to their climate. Simulated weather has years of its own;
        a dataset's first year is repeated.
    soil_texture
        Of every cell: no soil map is embedded.
    bounds
        West, south, east, north of the cells to run [degrees]; all of the mask if None.
    mask
        One of :data:`MASKS`.
    tile
        Side of a tile [cells]: what one task runs and one shard of the store holds.
    boxes
        Parts to run, each as ``bounds``; they must not overlap. All if empty.
    forcing
        Where the weather comes from.
    scenario
        What changes from year to year in simulated weather.
    model
        One of :data:`MODEL_NAMES`.
    mode
        Of the DLM, one of :data:`fluxscape.dlm.MODES`.
    parameters
        Values that replace the defaults of the model's parameters.
    ensemble
        Members of parameters; the run then keeps their mean and standard deviation.
    pyramid
        Whether the store is a pyramid in Web Mercator with a time-chunked copy.
    """

    first_year: int = 1979
    last_year: int = 2012
    resolution: float = 0.25
    step_seconds: int = 7200
    seed: int = 1
    spin_up_years: int = 3
    soil_texture: str = "loam"
    bounds: Bounds | None = None
    mask: str = "nation"
    tile: int = 16
    boxes: tuple[Bounds, ...] = ()
    forcing: ForcingSettings = field(default_factory=ForcingSettings)
    scenario: Scenario = field(default_factory=Scenario)
    model: str = DLM
    mode: str = "full"
    parameters: ParameterSets = field(default_factory=ParameterSets)
    ensemble: ParameterEnsemble | None = None
    pyramid: bool = False

    def __post_init__(self) -> None:
        if not FIRST_YEAR < self.first_year <= self.last_year <= LAST_YEAR:
            msg = (
                f"years {self.first_year} to {self.last_year}: wanted first to last between "
                f"{FIRST_YEAR + 1} and {LAST_YEAR}"
            )
            raise OutOfBoundsError(msg, got=(self.first_year, self.last_year))
        if self.step_seconds not in STEPS:
            msg = f"step_seconds must be one of {STEPS}, got {self.step_seconds}"
            raise OutOfBoundsError(msg, got=self.step_seconds)
        if not 0 <= self.spin_up_years <= 20:
            msg = f"spin_up_years must lie between 0 and 20, got {self.spin_up_years}"
            raise OutOfBoundsError(msg, got=self.spin_up_years)
        if self.seed < 0:
            msg = f"seed must not be negative, got {self.seed}"
            raise OutOfBoundsError(msg, got=self.seed)
        if not TILES[0] <= self.tile <= TILES[1]:
            msg = f"tile must lie between {TILES[0]} and {TILES[1]} cells, got {self.tile}"
            raise OutOfBoundsError(msg, got=self.tile)
        for name, value, known in (
            ("mask", self.mask, MASKS),
            ("model", self.model, MODEL_NAMES),
            ("mode", self.mode, MODES),
        ):
            if value not in known:
                hint = did_you_mean(value, known)
                msg = f"{name} must be one of {', '.join(known)}, got {value!r}.{hint}"
                raise MissingVariableError(msg, got=value)
        if self.forcing.source != "simulated" and self.scenario != Scenario():
            msg = (
                "scenarios change simulated weather; that of a dataset has its own warming and "
                f"greening (source {self.forcing.source!r}, scenario {self.scenario.name!r})"
            )
            raise OutOfBoundsError(msg, got=self.scenario.name)

    @property
    def years(self) -> range:
        """Years that are kept."""
        return range(self.first_year, self.last_year + 1)

    @property
    def simulated(self) -> bool:
        """Whether the weather is simulated."""
        return self.forcing.source == "simulated"

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        plain = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in {"forcing", "scenario", "parameters", "ensemble"}
        }
        return plain | {
            "forcing": asdict(self.forcing),
            "scenario": self.scenario.to_dict(),
            "parameters": self.parameters.to_dict(),
            "ensemble": None if self.ensemble is None else self.ensemble.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that :meth:`to_dict` made plain, also after JSON."""
        made = dict(values)
        forcing = dict(made.pop("forcing"))
        forcing["files"] = tuple(forcing["files"])
        ensemble = made.pop("ensemble")
        bounds = made.pop("bounds")
        return cls(
            forcing=ForcingSettings(**forcing),
            scenario=Scenario.from_dict(made.pop("scenario")),
            parameters=ParameterSets.from_dict(made.pop("parameters")),
            ensemble=None if ensemble is None else ParameterEnsemble.from_dict(ensemble),
            bounds=None if bounds is None else _box(bounds),
            boxes=tuple(_box(box) for box in made.pop("boxes")),
            **made,
        )


def _box(values: Any) -> Bounds:
    west, south, east, north = (float(value) for value in values)
    return west, south, east, north
