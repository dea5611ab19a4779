"""A day, or more, of forcing for light-use-efficiency models."""

import numpy as np
import pytest
import xarray as xr

from fluxscape.vocabulary import VARIABLES


def make_forcing(times, **values):
    """Return a dataset over ``time`` of constants or series by name."""
    times = np.asarray(times, "datetime64[ns]")
    default = {
        "surface_downwelling_shortwave_flux": 400.0,
        "air_temperature": 293.15,
        "vapour_pressure_deficit": 800.0,
        "absorbed_par_fraction": 0.6,
    }
    data = {
        name: ("time", np.broadcast_to(value, times.shape).astype(float), VARIABLES[name].attrs())
        for name, value in (default | values).items()
        if value is not None
    }
    return xr.Dataset(data, coords={"time": times}, attrs={"data_status": "observed"})


@pytest.fixture
def months():
    return np.arange("2005-01", "2007-01", dtype="datetime64[M]")


@pytest.fixture
def half_hours():
    start = np.datetime64("2005-06-01T00:00", "ns")
    return start + np.arange(48 * 6) * np.timedelta64(1800, "s")


@pytest.fixture
def forcing():
    return make_forcing
