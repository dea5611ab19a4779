"""Estimates of weather that was not measured."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fluxscape.constants import STANDARD_PRESSURE, STEFAN_BOLTZMANN

FloatArray = npt.NDArray[np.float64]


def clear_sky_longwave(
    air_temperature: FloatArray,
    vapour_pressure: FloatArray,
    shortwave: FloatArray,
    extraterrestrial: FloatArray,
) -> FloatArray:
    """Return incoming longwave radiation [W m-2] of steps one after another.

    Clear-sky emissivity 1 - (1 + w) exp(-sqrt(1.2 + 3 w)), w = 46.5 e / T with e in hPa (Prata
    1996, doi:10.1002/qj.49712253306), and clf + (1 - clf) of it for a cloud fraction
    clf = 1 - SW / SW_clear (Crawford and Duchon 1999,
    doi:10.1175/1520-0450(1999)038<0474:AIPFEE>2.0.CO;2), with SW_clear 0.75 of the
    extraterrestrial irradiance (Allen et al. 1998, FAO-56, eq. 37). Cloud is told while the sun
    gives more than 100 W m-2 and interpolated through the night; without any sun it is 0.5.

    Parameters
    ----------
    air_temperature
        [K], shape (time,).
    vapour_pressure
        [Pa], shape (time,).
    shortwave
        Global radiation [W m-2], without gaps, shape (time,).
    extraterrestrial
        Irradiance of a horizontal plane outside the atmosphere [W m-2], shape (time,).

    Returns
    -------
    numpy.ndarray
        Shape (time,).
    """
    water = 46.5 * vapour_pressure / 100.0 / air_temperature
    clear = 1.0 - (1.0 + water) * np.exp(-np.sqrt(1.2 + 3.0 * water))
    bright = np.flatnonzero(extraterrestrial > 100.0)
    if bright.size:
        share = shortwave[bright] / (0.75 * extraterrestrial[bright])
        cloud = np.interp(np.arange(shortwave.size), bright, np.clip(1.0 - share, 0.0, 1.0))
    else:
        cloud = np.full(shortwave.size, 0.5)
    emissivity = cloud + (1.0 - cloud) * clear
    return np.asarray(emissivity * STEFAN_BOLTZMANN * air_temperature**4)


def annual_carbon_dioxide(year: npt.NDArray[np.floating]) -> FloatArray:
    """Return the mole fraction of CO2 [umol mol-1] of a year.

    369.29 + 1.8245 (y - 2000) + 0.015802 (y - 2000)^2, fitted to the global annual means of NOAA
    and TRENDY, 1979 to 2024, within 1.7 umol mol-1. Years before 1979 and after 2030 get the value
    of that year.
    """
    since = np.clip(year, 1979.0, 2030.0) - 2000.0
    return np.asarray(369.291691 + since * (1.82451236 + since * 0.0158020772))


def standard_pressure(elevation: float) -> float:
    """Return pressure at a height of the standard atmosphere [Pa] (FAO-56, eq. 7)."""
    return STANDARD_PRESSURE * float((1.0 - 0.0065 * elevation / 293.0) ** 5.26)
