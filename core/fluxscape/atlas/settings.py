"""What a national run is asked to do, checked once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from fluxscape.errors import OutOfBoundsError

STEPS: Final = (1800, 3600, 7200, 10800)
"""Steps of the model that may be chosen [s]; those beyond an hour average hourly weather."""

FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2024

Bounds = tuple[float, float, float, float]


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
        bring soil water and temperature to their climate.
    soil_texture
        Of every cell: no soil map is embedded.
    bounds
        West, south, east, north of the cells to run [degrees]; all of the nation if None.
    """

    first_year: int = 1979
    last_year: int = 2012
    resolution: float = 0.25
    step_seconds: int = 7200
    seed: int = 1
    spin_up_years: int = 3
    soil_texture: str = "loam"
    bounds: Bounds | None = None

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

    @property
    def years(self) -> range:
        """Years that are kept."""
        return range(self.first_year, self.last_year + 1)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self)
