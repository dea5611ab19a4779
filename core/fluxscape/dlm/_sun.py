"""The sun over each step, and the check that a file's clock agrees with it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from fluxscape.constants import SOLAR_CONSTANT
from fluxscape.errors import FileFormatError

FloatArray = npt.NDArray[np.float64]
TimeArray = npt.NDArray[np.datetime64]

LARGEST_SHIFT: Final = 1.5
"""Largest disagreement of clock and sun that is let pass [h]."""

_PARTS: Final = 6
_MOST_STEPS: Final = 6000


def _day_angle(times: TimeArray) -> FloatArray:
    """Return the day angle 2 pi (day - 1 + fraction) / 365 [rad]."""
    year = times.astype("datetime64[Y]")
    day = (times - year) / np.timedelta64(1, "D")
    return np.asarray(2.0 * np.pi * day / 365.0)


def cosine_zenith(times: TimeArray, latitude: float, longitude: float) -> FloatArray:
    """Return the cosine of the solar zenith angle at moments in UTC, negative at night.

    Declination and equation of time after Spencer 1971, as Iqbal 1983, eq. 1.3.1 and 1.4.1.
    """
    g = _day_angle(times)
    declination = (
        0.006918
        - 0.399912 * np.cos(g)
        + 0.070257 * np.sin(g)
        - 0.006758 * np.cos(2.0 * g)
        + 0.000907 * np.sin(2.0 * g)
        - 0.002697 * np.cos(3.0 * g)
        + 0.00148 * np.sin(3.0 * g)
    )
    equation = 229.18 * (
        0.000075
        + 0.001868 * np.cos(g)
        - 0.032077 * np.sin(g)
        - 0.014615 * np.cos(2.0 * g)
        - 0.04089 * np.sin(2.0 * g)
    )
    hours = (times - times.astype("datetime64[D]")) / np.timedelta64(1, "h")
    hour_angle = np.deg2rad(15.0 * (hours - 12.0) + longitude + equation / 4.0)
    phi = np.deg2rad(latitude)
    return np.asarray(
        np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    )


def sun_over_steps(
    starts: TimeArray, step_seconds: int, latitude: float, longitude: float
) -> tuple[FloatArray, FloatArray]:
    """Return mean cosine of the zenith angle while the sun is up, and extraterrestrial irradiance.

    Parameters
    ----------
    starts
        Starts of the steps, UTC, shape (time,).
    step_seconds
        Length of a step [s].
    latitude, longitude
        Of the point [degrees north, east].

    Returns
    -------
    cosine, irradiance
        Shape (time,): [1], 0 where the sun stays down, and [W m-2] on a horizontal plane, mean
        of the whole step (eccentricity after Spencer 1971, as Iqbal 1983, eq. 1.2.1).
    """
    total = np.zeros(starts.size)
    lit = np.zeros(starts.size)
    for part in range(_PARTS):
        moment = starts + np.timedelta64(round((part + 0.5) / _PARTS * step_seconds * 1000), "ms")
        mu = np.maximum(cosine_zenith(moment, latitude, longitude), 0.0)
        total += mu
        lit += mu > 0.0
    g = _day_angle(starts)
    eccentricity = (
        1.000110
        + 0.034221 * np.cos(g)
        + 0.001280 * np.sin(g)
        + 0.000719 * np.cos(2.0 * g)
        + 0.000077 * np.sin(2.0 * g)
    )
    cosine = np.divide(total, lit, out=np.zeros_like(total), where=lit > 0)
    return cosine, SOLAR_CONSTANT * eccentricity * total / _PARTS


def clock_shift(
    starts: TimeArray, step_seconds: int, radiation: FloatArray, latitude: float, longitude: float
) -> float:
    """Return by how many hours the radiation comes late against the sun; NaN where it is dark.

    The shift of the sun, in steps of 15 minutes, that correlates best with the measured values.
    """
    good = np.flatnonzero(np.isfinite(radiation))
    good = good[:: max(1, good.size // _MOST_STEPS)]
    values = radiation[good]
    if good.size < 24 or values.max() < 50.0:
        return float("nan")
    middles = starts[good] + np.timedelta64(round(step_seconds * 500), "ms")
    shifts = np.arange(-12.0, 12.0, 0.25)
    scores = np.empty(shifts.size)
    for index, shift in enumerate(shifts):
        moved = middles - np.timedelta64(round(shift * 3600), "s")
        sun = np.maximum(cosine_zenith(moved, latitude, longitude), 0.0)
        spread = sun.std()
        scores[index] = -1.0 if spread < 1e-6 else np.mean((sun - sun.mean()) * values) / spread
    return float(shifts[int(np.argmax(scores))])


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
