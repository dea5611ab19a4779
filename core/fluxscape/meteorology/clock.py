"""The check that a file's clock agrees with the sun."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.errors import FileFormatError
from fluxscape.meteorology.solar import solar_zenith

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

LARGEST_SHIFT: Final = 1.5
"""Largest disagreement of clock and sun that is let pass [h]."""

_MOST_STEPS: Final = 3000


def clock_shift(
    starts: TimeArray, step_seconds: int, radiation: FloatArray, latitude: float, longitude: float
) -> float:
    """Return by how many hours the radiation comes late against the sun; NaN where it is dark.

    The shift of the sun, in steps of 15 minutes, that correlates best with the measured values:
    sought by the hour around the clock, then by quarters around the best.
    """
    good = np.flatnonzero(np.isfinite(radiation))
    good = good[:: max(1, good.size // _MOST_STEPS)]
    values = radiation[good]
    if good.size < 24 or values.max() < 50.0:
        return float("nan")
    middles = starts[good] + np.timedelta64(round(step_seconds * 500), "ms")

    def agreement(shift: float) -> float:
        moved = middles - np.timedelta64(round(shift * 3600), "s")
        sun = np.maximum(np.cos(solar_zenith(moved, latitude, longitude)), 0.0)
        spread = float(sun.std())
        return -1.0 if spread < 1e-6 else float(np.mean((sun - sun.mean()) * values)) / spread

    hour = max(range(-12, 12), key=agreement)
    return max((hour + 0.25 * quarter for quarter in range(-3, 4)), key=agreement)


def check_clock(
    starts: TimeArray,
    step_seconds: int,
    radiation: FloatArray,
    *,
    latitude: float,
    longitude: float,
    where: str,
) -> float:
    """Return the shift of clock against sun [h] or refuse one beyond :data:`LARGEST_SHIFT`.

    Raises
    ------
    FileFormatError
        If radiation peaks more than an hour and a half away from when it should.
    """
    shift = clock_shift(starts, step_seconds, radiation, latitude, longitude)
    if np.isfinite(shift) and abs(shift) > LARGEST_SHIFT:
        word = "late" if shift > 0 else "early"
        msg = (
            f"{where}: shortwave radiation comes {abs(shift):.2f} h {word} against the sun at "
            f"{latitude:.2f} N {longitude:.2f} E. Times must be UTC, start of step: is the file in "
            "local time, or the place another?"
        )
        raise FileFormatError(msg, shift=shift, latitude=latitude, longitude=longitude)
    return shift
