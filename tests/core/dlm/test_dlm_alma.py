import numpy as np
import pytest
import xarray as xr

from fluxscape.dlm import alma_names, cmip_names, parameters_for, run_dlm
from fluxscape.errors import MissingVariableError
from fluxscape.io.atomic import write_netcdf
from helpers.dlm_climates import CLIMATES, climate_dataset

WANTED = [
    "GPP",
    "NEE",
    "Reco",
    "NPP",
    "AutoResp",
    "HeteroResp",
    "Qle",
    "Qh",
    "Qg",
    "Rnet",
    "SWdown",
    "LWdown",
    "SWup",
    "LWup",
    "Tair",
    "Psurf",
    "Wind",
    "Precip",
    "LAI",
    "SoilTemp",
    "SoilMoist",
    "SWE",
    "SnowDepth",
    "Evap",
    "TVeg",
    "ESoil",
    "ECanop",
    "SubSnow",
    "Qs",
    "Qsb",
    "Qsm",
    "AvgSurfT",
    "CanopInt",
]


@pytest.fixture(scope="module")
def run():
    data = climate_dataset(CLIMATES["snowy winter"], days=2)
    return run_dlm(data, parameters_for("ENF"), latitude=48.0, longitude=0.0)


def test_every_name_that_plumber2_reads_is_there_with_its_unit(run):
    alma = alma_names(run)
    assert set(WANTED) <= set(alma.data_vars)
    assert alma["Qle"].dims == ("time", "y", "x")
    assert alma["SoilTemp"].dims == ("time", "soil", "y", "x")
    assert alma["NEE"].attrs["units"] == "umol m-2 s-1"
    assert all("units" in alma[name].attrs for name in alma.data_vars)
    assert float(alma["latitude"][0, 0]) == 48.0
    assert alma.attrs["worst_energy_residual"] < 0.1


def test_balances_hold_under_the_new_names(run):
    alma = alma_names(run)
    left = alma["Rnet"] - alma["Qle"] - alma["Qh"] - alma["Qg"]
    assert float(np.abs(left).max()) < 0.1
    left = alma["Reco"] - alma["GPP"] - alma["NEE"]
    assert float(np.abs(left).max()) < 1e-9
    parts = alma["TVeg"] + alma["ESoil"] + alma["ECanop"] + alma["SubSnow"]
    assert float(np.abs(parts - alma["Evap"]).max()) < 1e-15
    water = alma["SoilMoist"].sum("soil")[-1, 0, 0]
    assert float(water) == pytest.approx(float(run["soil_water_storage"][-1]), rel=1e-9)


def test_carbon_is_a_mass_under_cmip_names(run):
    cmip, alma = cmip_names(run), alma_names(run)
    assert cmip["gpp"].attrs["units"] == "kg m-2 s-1"
    assert cmip["gpp"].values == pytest.approx(alma["GPP"].values * 12.0107e-9)
    assert cmip["nep"].values == pytest.approx(-cmip["nee"].values)
    assert {"hfls", "hfss", "rns", "evspsbl", "tran", "mrsol", "mrro", "tsl", "cSoil"} <= set(
        cmip.data_vars
    )


def test_the_file_can_be_written_and_read(run, tmp_path):
    write_netcdf(alma_names(run), tmp_path / "alma.nc")
    with xr.open_dataset(tmp_path / "alma.nc") as back:
        assert back["Qle"].shape == (96, 1, 1)


def test_a_dataset_that_is_no_run_is_refused():
    with pytest.raises(MissingVariableError, match="not the output of a DLM run"):
        alma_names(xr.Dataset())
