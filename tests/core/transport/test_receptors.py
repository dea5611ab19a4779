"""Footprints of STILT, NAME and FLEXPART become one Jacobian."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError
from fluxscape.io.atomic import write_netcdf
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.transport import LinearProblem, invert, receptor_footprints

LATITUDE, LONGITUDE = np.array([40.0, 41.0, 42.0]), np.array([110.0, 111.0, 112.0, 113.0])
HOURS = np.datetime64("2005-06-01T00", "ns") + np.arange(5) * np.timedelta64(1, "h")


def _values(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.0, 0.01, shape)


def _stilt() -> xr.Dataset:
    return xr.Dataset(
        {"foot": (("time", "lat", "lon"), _values(5, 3, 4), {"units": "ppm (umol-1 m2 s)"})},
        coords={"time": HOURS, "lat": LATITUDE, "lon": LONGITUDE},
    )


def _name() -> xr.Dataset:
    return xr.Dataset(
        {"fp": (("lat", "lon", "time"), _values(3, 4, 5), {"units": "(mol/mol)/(mol/m2/s)"})},
        coords={"time": HOURS, "lat": LATITUDE, "lon": LONGITUDE},
    )


def _flexpart() -> xr.Dataset:
    dims = ("nageclass", "pointspec", "time", "height", "latitude", "longitude")
    return xr.Dataset(
        {"spec001_mr": (dims, _values(2, 6, 5, 2, 3, 4), {"units": "s m3 kg-1"})},
        coords={
            "time": HOURS, "height": ("height", [100.0, 1000.0], {"units": "m"}),
            "latitude": LATITUDE, "longitude": LONGITUDE,
        },
    )  # fmt: skip


def test_a_stilt_file_is_one_receptor_with_flux_times(tmp_path) -> None:
    path = tmp_path / "foot.nc"
    write_netcdf(_stilt(), path)
    found = receptor_footprints(open_netcdf_guarded(path, load=True), where=path.name)
    assert found.model == "stilt"
    assert found.footprint.dims == ("receptor", "flux_time", "latitude", "longitude")
    assert found.footprint.shape == (1, 5, 3, 4)
    regions = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [-1, -1, -1, 2]])
    H = found.jacobian(regions)
    assert H.shape == (1, 15)
    values = _stilt()["foot"].to_numpy()
    assert H[0, :3] == pytest.approx(
        [values[0, :2, :2].sum(), values[0, :2, 2:].sum(), values[0, 2, 3]]
    )


def test_a_name_file_is_a_receptor_for_each_time(tmp_path) -> None:
    path = tmp_path / "fp.nc"
    write_netcdf(_name(), path)
    found = receptor_footprints(open_netcdf_guarded(path, load=True))
    assert found.footprint.shape == (5, 1, 3, 4)
    H = found.jacobian(np.zeros((3, 4), np.int64))
    assert H[:, 0] == pytest.approx(_name()["fp"].sum(("lat", "lon")).to_numpy())


def test_a_flexpart_file_is_turned_from_sources_to_fluxes(tmp_path) -> None:
    path = tmp_path / "grid_time.nc"
    write_netcdf(_flexpart(), path)
    found = receptor_footprints(open_netcdf_guarded(path, load=True))
    assert found.footprint.shape == (6, 5, 3, 4)
    expected = _flexpart()["spec001_mr"].isel(height=0).sum("nageclass") * 0.0289652 / 100.0
    assert found.footprint.to_numpy() == pytest.approx(expected.to_numpy())


def test_an_inversion_goes_through_footprints_as_through_the_column() -> None:
    H = receptor_footprints(_flexpart()).jacobian(np.arange(12).reshape(3, 4) // 6)
    truth = np.linspace(-5.0, 5.0, H.shape[1])
    errors = np.eye(H.shape[0]) * 1e-12
    problem = LinearProblem(H, H @ truth, np.zeros(truth.size), 25.0 * np.eye(truth.size), errors)
    found = invert(problem)
    assert found.fitted == pytest.approx(H @ truth, abs=1e-5)
    assert found.degrees_of_freedom["all"] == pytest.approx(6.0, abs=0.1)


def test_files_of_other_kinds_are_refused() -> None:
    with pytest.raises(MissingVariableError, match="no variable foot, fp, spec001_mr"):
        receptor_footprints(xr.Dataset({"co2": ("time", np.zeros(3))}))
    wrong = _stilt()
    wrong["foot"].attrs["units"] = "kg"
    with pytest.raises(UnitsError, match="foot has units 'kg'"):
        receptor_footprints(wrong)
    negative = _name()
    negative["fp"][1, 2, 3] = -1.0
    with pytest.raises(OutOfBoundsError, match="negative or no number"):
        receptor_footprints(negative)
    with pytest.raises(MissingVariableError, match="height"):
        receptor_footprints(_flexpart().isel(height=0).drop_vars("height"))
    more = _stilt().expand_dims(member=2)
    with pytest.raises(DimsError, match="wanted"):
        receptor_footprints(more)
    with pytest.raises(DimsError, match="do not number cells"):
        receptor_footprints(_stilt()).jacobian(np.zeros((2, 2), np.int64))
