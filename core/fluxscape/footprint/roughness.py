"""Roughness length by wind direction, from the wind profile in nearly neutral air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.errors import RunError
from fluxscape.meteorology.similarity import roughness_from_wind

Floats = NDArray[np.float64]

SECTOR_STEP: Final = 10.0
SECTOR_HALF_WIDTH: Final = 22.5
"""Sectors of 45 degrees slide by 10 degrees."""

NEARLY_NEUTRAL: Final = 0.1
"""|z_m / L| below which the profile is taken."""

LEAST_FRICTION_VELOCITY: Final = 0.2
"""u* [m s-1] above which the profile is taken."""

LEAST_RECORDS: Final = 20
"""Records that a sector needs; one with fewer takes the median of all directions."""


@dataclass(frozen=True, slots=True)
class SectorRoughness:
    """Roughness length by direction.

    Attributes
    ----------
    direction
        Centres of the sectors [degrees], shape (sector,).
    roughness_length
        Median in each sector [m], shape (sector,).
    records
        Number of records in each sector, shape (sector,).
    """

    direction: Floats
    roughness_length: Floats
    records: NDArray[np.int64]

    def at(self, wind_from_direction: Floats) -> Floats:
        """Return the roughness length [m] for wind directions, interpolated in its logarithm."""
        around = np.concatenate((self.direction, [360.0]))
        logs = np.log(np.concatenate((self.roughness_length, self.roughness_length[:1])))
        return np.exp(np.interp(np.mod(wind_from_direction, 360.0), around, logs))


def fit_sector_roughness(
    wind_from_direction: Floats,
    wind_speed: Floats,
    friction_velocity: Floats,
    obukhov_length: Floats,
    *,
    height: float,
    von_karman: float = VON_KARMAN,
) -> SectorRoughness:
    """Return the median roughness length in sliding sectors, as Wille et al. do.

    z0 = z_m exp(-k u / u* - psi_m(z_m / L)) of nearly neutral, windy records.

    Parameters
    ----------
    wind_from_direction
        [degrees], shape (time,).
    wind_speed, friction_velocity
        [m s-1], shape (time,).
    obukhov_length
        [m], shape (time,).
    height
        Above the displacement height [m].
    von_karman
        [1].

    Raises
    ------
    RunError
        If fewer than 20 records are fit for it.

    References
    ----------
    Chu et al. 2018, doi:10.1029/2018GL079306, on what such fits tell of a canopy.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        stability = height / obukhov_length
        fit = (np.abs(stability) < NEARLY_NEUTRAL) & (friction_velocity > LEAST_FRICTION_VELOCITY)
    fit &= (wind_speed > 0.0) & np.isfinite(wind_from_direction)
    rows = np.column_stack((wind_speed, friction_velocity, stability))[fit].tolist()
    length = np.array(
        [roughness_from_wind(height, u, ustar, z, von_karman) for u, ustar, z in rows]
    )
    direction = wind_from_direction[fit][length < height]
    length = length[length < height]
    if length.size < LEAST_RECORDS:
        msg = (
            f"{length.size} nearly neutral, windy records are too few to fit the roughness; "
            f"wanted {LEAST_RECORDS}"
        )
        raise RunError(msg, records=int(length.size))
    centres = np.arange(0.0, 360.0, SECTOR_STEP)
    medians = np.full(centres.size, float(np.median(length)))
    counts = np.zeros(centres.size, dtype=np.int64)
    for i, centre in enumerate(centres):
        apart = np.abs(np.mod(direction - centre + 180.0, 360.0) - 180.0)
        inside = apart <= SECTOR_HALF_WIDTH
        counts[i] = int(inside.sum())
        if counts[i] >= LEAST_RECORDS:
            medians[i] = float(np.median(length[inside]))
    return SectorRoughness(centres, medians, counts)
