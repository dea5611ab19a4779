"""Roughness and displacement by wind direction, from the wind profile in nearly neutral air.

One level of measurement fixes one number of the profile, (z_m - d) / z0 = exp(k u / u* + psi_m).
Given d it yields z0 (:func:`fit_sector_roughness`). With d and z0 both in proportion to the canopy
it yields the canopy's aerodynamic height (:func:`fit_sector_canopy`), and from it both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fluxscape.constants import VON_KARMAN
from fluxscape.errors import RunError
from fluxscape.footprint.geometry import DISPLACEMENT_RATIO, ROUGHNESS_RATIO
from fluxscape.meteorology.similarity import roughness_from_wind

Floats = NDArray[np.float64]
Length = Callable[[float, float, float], float]
"""(wind speed, friction velocity, Obukhov length) -> length [m]."""

SECTOR_STEP: Final = 10.0
SECTOR_HALF_WIDTH: Final = 22.5
"""Sectors of 45 degrees slide by 10 degrees."""

NEARLY_NEUTRAL: Final = 0.1
"""|z_m / L| below which the profile is taken."""

LEAST_FRICTION_VELOCITY: Final = 0.2
"""u* [m s-1] above which the profile is taken."""

LEAST_RECORDS: Final = 20
"""Records that a sector needs; one with fewer takes the median of all directions."""

REFINEMENTS: Final = 3
"""Rounds in which the canopy's height and the stability above its displacement agree."""


@dataclass(frozen=True, slots=True)
class SectorLengths:
    """A length by direction.

    Attributes
    ----------
    direction
        Centres of the sectors [degrees], shape (sector,).
    length
        Median in each sector [m], shape (sector,).
    records
        Number of records in each sector, shape (sector,).
    """

    direction: Floats
    length: Floats
    records: NDArray[np.int64]

    def at(self, wind_from_direction: Floats) -> Floats:
        """Return the length [m] for wind directions, interpolated in its logarithm."""
        around = np.concatenate((self.direction, [360.0]))
        logs = np.log(np.concatenate((self.length, self.length[:1])))
        return np.exp(np.interp(np.mod(wind_from_direction, 360.0), around, logs))


def fit_sector_roughness(
    wind_from_direction: Floats,
    wind_speed: Floats,
    friction_velocity: Floats,
    obukhov_length: Floats,
    *,
    height: float,
    von_karman: float = VON_KARMAN,
) -> SectorLengths:
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

    def roughness(wind: float, ustar: float, obukhov: float) -> float:
        return roughness_from_wind(height, wind, ustar, height / obukhov, von_karman)

    columns = (wind_from_direction, wind_speed, friction_velocity, obukhov_length)
    return _fit(*columns, height=height, longest=height, length=roughness)


def fit_sector_canopy(
    wind_from_direction: Floats,
    wind_speed: Floats,
    friction_velocity: Floats,
    obukhov_length: Floats,
    *,
    measurement_height: float,
    von_karman: float = VON_KARMAN,
) -> SectorLengths:
    """Return the median aerodynamic canopy height in sliding sectors.

    With d = a h and z0 = b h the logarithmic profile over them gives
    h = z / (a + b exp(k u / u* + psi_m((z - d) / L))), z above ground, of nearly neutral, windy
    records. The ratios a = 0.67 and b = 0.1 are those of
    :mod:`fluxscape.footprint.geometry`; the paper takes 0.6 and 0.1.

    Parameters
    ----------
    wind_from_direction
        [degrees], shape (time,).
    wind_speed, friction_velocity
        [m s-1], shape (time,).
    obukhov_length
        [m], shape (time,).
    measurement_height
        Above ground [m].
    von_karman
        [1].

    Raises
    ------
    RunError
        If fewer than 20 records are fit for it.

    References
    ----------
    Pennypacker and Baldocchi 2016, doi:10.1007/s10546-015-0090-0; Chu et al. 2018,
    doi:10.1029/2018GL079306.
    """
    z = measurement_height

    def canopy(wind: float, ustar: float, obukhov: float) -> float:
        above = z
        for _ in range(REFINEMENTS):
            roughness = roughness_from_wind(above, wind, ustar, above / obukhov, von_karman)
            # above / roughness is exp(k u / u* + psi_m).
            tall = z / (DISPLACEMENT_RATIO + ROUGHNESS_RATIO * above / roughness)
            above = z - DISPLACEMENT_RATIO * tall
        return tall

    columns = (wind_from_direction, wind_speed, friction_velocity, obukhov_length)
    # An instrument below the canopy's top measures no profile over it.
    return _fit(*columns, height=z, longest=z, length=canopy)


def _fit(
    wind_from_direction: Floats,
    wind_speed: Floats,
    friction_velocity: Floats,
    obukhov_length: Floats,
    *,
    height: float,
    longest: float,
    length: Length,
) -> SectorLengths:
    """Return the medians in sliding sectors of a length of nearly neutral, windy records."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        neutral = np.abs(height / obukhov_length) < NEARLY_NEUTRAL
        fit = neutral & (friction_velocity > LEAST_FRICTION_VELOCITY) & (wind_speed > 0.0)
    fit &= np.isfinite(wind_from_direction)
    rows = np.column_stack((wind_speed, friction_velocity, obukhov_length))[fit].tolist()
    found = np.array([length(*row) for row in rows])
    sound = (found > 0.0) & (found < longest)
    direction, found = wind_from_direction[fit][sound], found[sound]
    if found.size < LEAST_RECORDS:
        msg = (
            f"{found.size} nearly neutral, windy records are too few to fit heights by wind "
            f"direction; wanted {LEAST_RECORDS}"
        )
        raise RunError(msg, records=int(found.size))
    centres = np.arange(0.0, 360.0, SECTOR_STEP)
    medians = np.full(centres.size, float(np.median(found)))
    counts = np.zeros(centres.size, dtype=np.int64)
    for i, centre in enumerate(centres):
        apart = np.abs(np.mod(direction - centre + 180.0, 360.0) - 180.0)
        inside = apart <= SECTOR_HALF_WIDTH
        counts[i] = int(inside.sum())
        if counts[i] >= LEAST_RECORDS:
            medians[i] = float(np.median(found[inside]))
    return SectorLengths(centres, medians, counts)
