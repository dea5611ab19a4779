"""Small forcing files with the conventions of CMFD, ERA5-Land and others, made of one truth.

The truth is smooth half-hourly weather at a few cells; each dataset is cut from it as its makers
cut theirs, so that a reader that minds the conventions finds the same weather in all of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.constants import STEFAN_BOLTZMANN
from fluxscape.meteorology.humidity import saturation_vapour_pressure
from fluxscape.meteorology.solar import sun_over_steps

FloatArray = npt.NDArray[np.float64]

LATITUDE = np.array([30.05, 30.15, 30.25])
LONGITUDE = np.array([103.05, 103.15, 103.25, 103.35])
HALF = 1800


class Truth:
    """Half-hourly weather from a day before to a day after a period, shape (time, y, x)."""

    def __init__(self, first: str, last: str) -> None:
        day = np.timedelta64(1, "D")
        self.begin, self.end = (np.datetime64(text, "s") for text in (first, last))
        self.times = np.arange(self.begin - day, self.end + day, np.timedelta64(HALF, "s"))
        shape = (self.times.size, LATITUDE.size, LONGITUDE.size)
        hours = (self.times - self.begin) / np.timedelta64(3600, "s") + 0.25
        self.sun = np.empty(shape)
        for i, north in enumerate(LATITUDE):
            for j, east in enumerate(LONGITUDE):
                nanoseconds = self.times.astype("datetime64[ns]")
                sun = sun_over_steps(nanoseconds, HALF, float(north), float(east))
                self.sun[:, i, j] = sun.irradiance
        local = hours[:, None, None] + (LONGITUDE / 15.0)[None, None, :]
        season = np.cos(2.0 * np.pi * (hours / 24.0 - 200.0) / 365.0)[:, None, None]
        cloud = 0.5 + 0.15 * np.sin(2.0 * np.pi * hours / 24.0 / 9.0)[:, None, None]
        warmth = 4.0 * np.cos(2.0 * np.pi * (local - 14.5) / 24.0)
        place = 0.5 * np.arange(LATITUDE.size)[None, :, None]
        temperature = 287.0 + 9.0 * season + warmth - place
        wet = (np.floor(hours / 6.0) % 11 == 0).astype(np.float64)[:, None, None]
        self.fields: dict[str, FloatArray] = {
            "temperature": temperature + 0.0 * self.sun,
            "shortwave": cloud * self.sun,
            "longwave": 0.82 * STEFAN_BOLTZMANN * temperature**4 + 0.0 * self.sun,
            "rain": wet * 6e-4 * (1.0 + place) + 0.0 * self.sun,
            "pressure": 9.5e4 + 100.0 * season + 0.0 * self.sun,
            "wind": 2.5 + 0.5 * np.sin(local / 5.0) + 0.0 * self.sun,
            "humidity": 0.0085 + 0.002 * season + 0.0 * self.sun,
        }

    def means(self, name: str, moments: Any, before: float, after: float) -> FloatArray:
        """Return means from ``before`` to ``after`` hours around moments."""
        sums = np.concatenate(
            [np.zeros((1, *self.fields[name].shape[1:])), np.cumsum(self.fields[name], axis=0)]
        )
        low, high = (self._index(moments, hours) for hours in (before, after))
        return np.asarray((sums[high] - sums[low]) / (high - low)[:, None, None])

    def values(self, name: str, moments: Any) -> FloatArray:
        """Return values at moments: the mean of the half-hours on either side."""
        return self.means(name, moments, -0.5, 0.5)

    def _index(self, moments: Any, hours: float) -> npt.NDArray[np.int64]:
        shifted = moments + np.timedelta64(round(hours * 3600), "s")
        return ((shifted - self.times[0]) / np.timedelta64(HALF, "s")).astype(np.int64)


def write_cmfd(truth: Truth, folder: Path) -> list[Path]:
    """Write one file a variable, three-hourly, as CMFD 1.x has them."""
    moments = np.arange(truth.begin, truth.end, np.timedelta64(3, "h"))
    rows = {
        "temp": (truth.values("temperature", moments), "K"),
        "pres": (truth.values("pressure", moments), "Pa"),
        "shum": (truth.values("humidity", moments), "kg kg-1"),
        "wind": (truth.values("wind", moments), "m s-1"),
        "srad": (truth.means("shortwave", moments, -1.5, 1.5), "W m-2"),
        "lrad": (truth.means("longwave", moments, -1.5, 1.5), "W m-2"),
        "prec": (truth.means("rain", moments, -3.0, 0.0) * 3600.0, "mm hr-1"),
    }
    files = []
    for name, (values, units) in rows.items():
        dataset = xr.Dataset(
            {name: (("time", "lat", "lon"), values.astype(np.float32), {"units": units})},
            coords={"time": moments.astype("datetime64[ns]"), "lat": LATITUDE, "lon": LONGITUDE},
        )
        dataset["time"].encoding = {"units": "hours since 1900-01-01 00:00:0.0", "dtype": "int32"}
        files.append(folder / f"{name}_CMFD_V0106_B-01_03hr_010deg.nc")
        dataset.to_netcdf(files[-1], engine="netcdf4")
    return files


def write_era5_land(truth: Truth, folder: Path, *, new_names: bool = True) -> list[Path]:
    """Write hourly ERA5-Land: sums since 00 UTC, north first; packed and 0-360 E in old files."""
    moments = np.arange(truth.begin, truth.end, np.timedelta64(1, "h"))
    humidity, pressure = truth.values("humidity", moments), truth.values("pressure", moments)
    vapour = humidity * pressure / (0.622 + 0.378 * humidity)
    wind = truth.values("wind", moments)
    rows = {
        "t2m": (truth.values("temperature", moments), "K"),
        "d2m": (dew_point(vapour), "K"),
        "sp": (pressure, "Pa"),
        "u10": (wind * 0.6, "m s**-1"),
        "v10": (wind * -0.8, "m s**-1"),
        "ssrd": (_since_midnight(truth, "shortwave", moments), "J m**-2"),
        "strd": (_since_midnight(truth, "longwave", moments), "J m**-2"),
        "tp": (_since_midnight(truth, "rain", moments) / 1000.0, "m"),
    }
    time = "valid_time" if new_names else "time"
    east = LONGITUDE if new_names else LONGITUDE % 360.0
    dims = (time, "latitude", "longitude")
    dataset = xr.Dataset(
        {
            name: (dims, values[:, ::-1].astype(np.float32), {"units": units})
            for name, (values, units) in rows.items()
        },
        coords={
            time: moments.astype("datetime64[ns]"),
            "latitude": LATITUDE[::-1],
            "longitude": east,
        },
    )
    encoding: dict[str, dict[str, Any]] = {}
    if new_names:
        dataset = dataset.assign_coords(number=0, expver=(time, np.full(moments.size, "0001")))
    else:
        for name, array in dataset.data_vars.items():
            low, high = float(array.min()), float(array.max())
            scale = max((high - low) / 65500.0, 1e-12)
            encoding[str(name)] = {
                "dtype": "int16",
                "scale_factor": scale,
                "add_offset": low + 32750.0 * scale,
                "_FillValue": -32767,
            }
    path = folder / "era5_land.nc"
    dataset.to_netcdf(path, engine="netcdf4", encoding=encoding)
    return [path]


def dew_point(vapour: FloatArray) -> FloatArray:
    """Return the temperature at which air is saturated [K], by bisection."""
    low, high = np.full(vapour.shape, 200.0), np.full(vapour.shape, 330.0)
    for _ in range(50):
        middle = 0.5 * (low + high)
        warm = saturation_vapour_pressure(middle) > vapour
        low, high = np.where(warm, low, middle), np.where(warm, middle, high)
    return np.asarray(0.5 * (low + high))


def _since_midnight(truth: Truth, name: str, moments: Any) -> FloatArray:
    """Return sums since 00 UTC; the value at 00 UTC is the whole day before."""
    hourly = truth.means(name, moments, -1.0, 0.0) * 3600.0
    out = np.empty_like(hourly)
    for i, moment in enumerate(moments):
        hour = int((moment - moment.astype("datetime64[D]")) / np.timedelta64(1, "h"))
        if i == 0:
            out[i] = truth.means(name, moments[:1], -24.0, 0.0)[0] * 86400.0
        else:
            out[i] = hourly[i] + (0.0 if hour == 1 else out[i - 1])
    return out
