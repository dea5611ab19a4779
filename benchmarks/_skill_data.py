"""Towers, forcing and measured fluxes of the skill benchmark, from the files beside the checkout.

What is done to the files is stated by each tower in ``notes``: clocks that mark the end of a step
are set back, MODIS leaf area is moved three months forward, what half-hours lack is taken from
monthly means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from fluxscape.meteorology.clock import clock_shift
from fluxscape.meteorology.monthly import complete_from_monthly
from fluxscape.vocabulary import VARIABLES

LEAF_AREA_LAG_MONTHS = 3
MEASURED_SHARE = 0.8
"""Least share of measured half-hours of a monthly mean, or of a day, that is scored."""

TEXTURES = (
    "clay",
    "silty clay",
    "sandy clay",
    "clay loam",
    "silty clay loam",
    "sandy clay loam",
    "loam",
    "silt loam",
    "sandy loam",
    "silt loam",
    "loamy sand",
    "sand",
)
"""Texture of classes 1 to 12 of OpenLandMap; silt runs as silt loam."""

GRAMS_A_DAY = 12.0107e-6 * 86400.0
"""g C m-2 d-1 of 1 umol m-2 s-1."""


@dataclass
class Tower:
    site: str
    latitude: float
    longitude: float
    elevation: float | None
    igbp: str
    texture: str
    forcing: xr.Dataset
    observed: dict[str, dict[str, pd.Series]] = field(default_factory=dict)
    """Measured series by step (half-hourly, daily, monthly) and stream, indexed by time."""
    notes: list[str] = field(default_factory=list)
    canopy_height: float | None = None


def towers_of(folder: Path, sites: list[str] | None = None) -> list[Tower]:
    table = pd.read_parquet(folder / "fluxnet2015_halfhourly.parquet")
    facts = pd.read_csv(folder / "fluxnet2015_sites.csv").set_index("SITE_ID")
    soils = pd.read_csv(folder / "fluxnet_site_soils.csv")
    monthly = pd.read_parquet(folder / "fluxnet2015_monthly.parquet")
    leaves = pd.read_csv(folder / "upscaling_monthly_predictors.csv.gz")
    names = [str(site) for site in table["site"].cat.categories if not sites or str(site) in sites]
    return [
        _tower(site, table[table["site"] == site], facts.loc[site], soils, monthly, leaves, folder)
        for site in names
    ]


def _tower(site, rows, facts, soils, monthly, leaves, folder) -> Tower:
    latitude, longitude = float(rows["lat"].iloc[0]), float(rows["lon"].iloc[0])
    elevation = facts["LOCATION_ELEV"]
    soil = soils[(soils["site"] == site) & (soils["property"] == "texture")]
    texture = TEXTURES[int(soil["b30"].iloc[0]) - 1] if len(soil) else "loam"
    tower = Tower(
        site,
        latitude,
        longitude,
        None if np.isnan(elevation) else float(elevation),
        str(facts["IGBP"]),
        texture,
        xr.Dataset(),
    )
    times = rows["time_utc"].to_numpy().astype("datetime64[ns]")
    shift = clock_shift(times, 1800, rows["sw_in"].to_numpy(np.float64), latitude, longitude)
    if shift >= 0.375:
        times = times - np.timedelta64(1800, "s")
        tower.notes.append("clock marks the end of the step: set back by half an hour")
    tower.forcing = _forcing(tower, rows, times, monthly, leaves)
    _observe(tower, rows, times, monthly, folder)
    return tower


def _forcing(tower, rows, times, monthly, leaves) -> xr.Dataset:
    columns = {
        "surface_downwelling_shortwave_flux": rows["sw_in"].clip(lower=0.0),
        "air_temperature": rows["ta"] + 273.15,
        "vapour_pressure_deficit": rows["vpd"].clip(lower=0.0) * 100.0,
    }
    data = xr.Dataset(
        {
            name: ("time", values.to_numpy(np.float64), VARIABLES[name].attrs())
            for name, values in columns.items()
        },
        coords={"time": times},
        attrs={
            "site": tower.site,
            "data_status": "observed",
            "time_step_seconds": 1800,
            "time_reference": "start of step, UTC",
        },
    )
    rows_of_months = monthly[monthly["site"] == tower.site]
    known = _monthly_dataset(rows_of_months, leaves[leaves["Site"] == tower.site])
    tower.notes.append(
        f"rain, wind, longwave, pressure, CO2 and leaf area (moved by {LEAF_AREA_LAG_MONTHS} "
        "months) from monthly means"
    )
    return complete_from_monthly(
        data, known, latitude=tower.latitude, longitude=tower.longitude, where=tower.site
    )


def _monthly_dataset(rows: pd.DataFrame, leaves: pd.DataFrame) -> xr.Dataset:
    """Return monthly means as forcing; leaf area of a month stands three months later."""
    months = pd.to_datetime(rows["TIMESTAMP"].astype(int).astype(str), format="%Y%m")
    scales = {
        "surface_downwelling_longwave_flux": ("LW_IN_F", 1.0),
        "precipitation_flux": ("P_F", 1.0 / 86400.0),
        "wind_speed": ("WS_F", 1.0),
        "air_pressure": ("PA_F", 1000.0),
        "carbon_dioxide_mole_fraction": ("CO2_F_MDS", 1.0),
    }
    lai = pd.Series(
        leaves["LAI"].to_numpy(),
        index=pd.to_datetime(leaves["TIMESTAMP"].astype(str), format="%Y%m")
        - pd.DateOffset(months=LEAF_AREA_LAG_MONTHS),
    ).dropna()
    lai = lai.reindex(months)
    climatology = lai.groupby(lai.index.month).mean()
    lai = lai.fillna(pd.Series(climatology.reindex(months.dt.month).to_numpy(), index=months))
    variables = {}
    for name, (column, scale) in scales.items():
        values = rows[column].to_numpy(np.float64)
        values = np.where(values > -9000.0, values * scale, np.nan)
        if np.isfinite(values).any():
            variables[name] = ("time", values, VARIABLES[name].attrs())
    if np.isfinite(lai.to_numpy()).any():
        name = "leaf_area_index"
        variables[name] = ("time", lai.to_numpy(), VARIABLES[name].attrs())
    return xr.Dataset(variables, coords={"time": months.to_numpy()})


def _observe(tower: Tower, rows, times, monthly, folder: Path) -> None:
    """Collect measured values, half-hourly, daily and monthly."""
    measured = (rows["nee_qc"] == 0).to_numpy()
    half = {
        "net_ecosystem_exchange": np.where(measured, rows["nee"], np.nan),
        "gross_primary_production": np.where(measured, rows["gpp_nt"], np.nan),
    }
    index = pd.DatetimeIndex(times)
    tower.observed["half-hourly"] = {
        name: pd.Series(values, index=index).dropna() for name, values in half.items()
    }
    local = index + pd.Timedelta(hours=round(tower.longitude / 15.0))
    tower.observed["daily"] = {
        name: _daily(pd.Series(values, index=local)) for name, values in half.items()
    }
    for file in sorted((folder / "fluxnet2015_daily").glob(f"{tower.site}_*.nc")):
        with xr.open_dataset(file) as data:
            for column, name in (
                ("Qle_daily", "latent_heat_flux"),
                ("Qh_daily", "sensible_heat_flux"),
            ):
                values = data[column].to_numpy().ravel().astype(np.float64)
                series = pd.Series(values, index=pd.DatetimeIndex(data["time"].to_numpy()))
                series = series.where(np.abs(series) < 1000.0).dropna()
                tower.observed["daily"][name] = series.rename_axis(None)
    rows_of_months = monthly[monthly["site"] == tower.site]
    months = pd.to_datetime(rows_of_months["TIMESTAMP"].astype(int).astype(str), format="%Y%m")
    tower.observed["monthly"] = {}
    for name, column, flag, scale in (
        ("latent_heat_flux", "LE_F_MDS", "LE_F_MDS_QC", 1.0),
        ("sensible_heat_flux", "H_F_MDS", "H_F_MDS_QC", 1.0),
        ("net_ecosystem_exchange", "NEE_VUT_REF", "NEE_VUT_REF_QC", 1.0 / GRAMS_A_DAY),
        ("gross_primary_production", "GPP_NT_VUT_REF", "NEE_VUT_REF_QC", 1.0 / GRAMS_A_DAY),
    ):
        values = rows_of_months[column].to_numpy(np.float64) * scale
        share = rows_of_months[flag].to_numpy(np.float64)
        good = (rows_of_months[column].to_numpy() > -9000.0) & (share >= MEASURED_SHARE)
        tower.observed["monthly"][name] = pd.Series(
            np.where(good, values, np.nan), index=pd.DatetimeIndex(months)
        ).dropna()


def _daily(series: pd.Series) -> pd.Series:
    """Return means of days whose half-hours are nearly all measured, day and night alike.

    A day counts with 10 measured half-hours of either half, each half with its own mean.
    """
    frame = pd.DataFrame({"value": series.to_numpy()}, index=series.index)
    light = (series.index.hour >= 6) & (series.index.hour < 18)
    day = series.index.normalize()
    halves = []
    for part in (light, ~light):
        group = frame["value"][part].groupby(day[part])
        halves.append(group.mean().where(group.count() >= 10))
    return ((halves[0] + halves[1]) / 2.0).dropna()
