"""Windows of real towers for the comparison of light-use efficiencies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from fluxscape.errors import MissingVariableError
from fluxscape.lue import lue_parameters_for, run_lue
from fluxscape.lue.common import type_of
from fluxscape.lue.lag import Lag, correct_lag, find_lag
from fluxscape.lue.seasonal import (
    Method,
    Windows,
    phenology_predictors,
    retrieve_efficiency,
    usable_light,
)
from fluxscape.vocabulary import VARIABLES

MONTHLY = "upscaling_monthly_predictors.csv.gz"
HALF_HOURLY = "fluxnet2015_halfhourly.parquet"
GRAMS_PER_DAY = 86400.0 * 12.0107e-6
"""Carbon of one umol m-2 s-1 in a day [g m-2]."""

COLUMNS = {
    "surface_downwelling_shortwave_flux": ("SW_IN_F", 1.0, 0.0),
    "air_temperature": ("TA_F", 1.0, 273.15),
    "vapour_pressure_deficit": ("VPD_F", 100.0, 0.0),
    "air_pressure": ("PA_F", 1000.0, 0.0),
    "carbon_dioxide_mole_fraction": ("CO2_F_MDS", 1.0, 0.0),
    "latent_heat_flux": ("LE_CORR", 1.0, 0.0),
    "sensible_heat_flux": ("H_CORR", 1.0, 0.0),
    "leaf_area_index": ("LAI", 1.0, 0.0),
    "enhanced_vegetation_index": ("EVI", 1.0, 0.0),
}
PARTITIONS = {"night": ("GPP_NT_VUT_REF", "gpp_nt"), "day": ("GPP_DT_VUT_REF", "gpp_dt")}
"""Monthly and half-hourly columns of GPP by how it was told from NEE."""

MEASURED_SHARE = 0.5
"""Least share of measured half-hours in a month of NEE that is scored."""


def read_monthly(folder: Path) -> tuple[pd.DataFrame, dict[str, Lag]]:
    """Return the monthly table with leaf area and index moved in time, and by how much."""
    table = pd.read_csv(folder / MONTHLY).sort_values(["Site", "TIMESTAMP"], ignore_index=True)
    site = table["Site"].to_numpy(str)
    production = table["GPP_NT_VUT_REF"].to_numpy(float)
    lags = {}
    for name in ("LAI", "EVI"):
        lags[name] = find_lag(table[name].to_numpy(float), production, site)
        table[name] = correct_lag(table[name].to_numpy(float), site, lags[name].steps)
    # Analysers out of order gave some monthly means of CO2 that no air has.
    table["CO2_F_MDS"] = table["CO2_F_MDS"].where(table["CO2_F_MDS"].between(330.0, 450.0))
    table["time"] = pd.to_datetime(table["TIMESTAMP"].astype(str), format="%Y%m")
    return table, lags


def monthly_forcing(rows: pd.DataFrame) -> xr.Dataset:
    """Return the forcing of one site."""
    variables = {}
    for name, (column, factor, offset) in COLUMNS.items():
        values = rows[column].to_numpy(float) * factor + offset
        variables[name] = ("time", values, {"units": VARIABLES[name].units})
    return xr.Dataset(
        variables,
        coords={"time": rows["time"].to_numpy("datetime64[ns]")},
        attrs={
            "site": rows["Site"].iloc[0],
            "latitude": float(rows["Lat"].iloc[0]),
            "longitude": float(rows["Lon"].iloc[0]),
            "data_status": "mixed",
        },
    )


def monthly_windows(
    table: pd.DataFrame, model: str, partition: str = "night"
) -> tuple[list[Windows], list[str]]:
    """Return the months of every site as windows, and the sites that a model could not run."""
    parts, skipped = [], []
    for site, rows in table.groupby("Site", sort=True):
        forcing = monthly_forcing(rows)
        kind = rows["PFT"].iloc[0]
        try:
            parameters = lue_parameters_for(kind, model)
            run = run_lue(forcing, parameters, model=model)
        except MissingVariableError:
            skipped.append(str(site))
            continue
        production = rows[PARTITIONS[partition][0]].to_numpy(float) / GRAMS_PER_DAY
        production[~(rows["NEE_VUT_REF_QC"].to_numpy(float) >= MEASURED_SHARE)] = np.nan
        light = usable_light(run, parameters)
        with np.errstate(divide="ignore", invalid="ignore"):
            efficiency = np.where(light > 0.0, production / light, np.nan)
        parts.append(
            Windows(
                np.full(light.size, str(site)),
                np.full(light.size, type_of(kind)),
                production,
                light,
                efficiency,
                run["gross_primary_production"].to_numpy(),
                phenology_predictors(
                    rows["EVI"].to_numpy(float), forcing["air_temperature"].to_numpy()
                ),
            )
        )
    return parts, skipped


def half_hourly_runs(
    folder: Path, table: pd.DataFrame, model: str, partition: str = "night"
) -> list[dict[str, Any]]:
    """Return forcing, usable light and measured production of the half-hourly towers.

    Leaf area and vegetation index are the site's monthly ones, interpolated between the middles of
    months.
    """
    data = pd.read_parquet(folder / HALF_HOURLY)
    runs = []
    for site, rows in data.groupby("site", observed=True):
        months = table[table["Site"] == site]
        if months["LAI"].notna().sum() < 12:
            continue
        times = rows["time_utc"].to_numpy("datetime64[ns]")
        forcing = xr.Dataset(
            coords={"time": times},
            attrs={
                "site": str(site),
                "latitude": float(months["Lat"].iloc[0]),
                "longitude": float(months["Lon"].iloc[0]),
                "time_reference": "start of step, UTC",
            },
        )
        columns = {
            "surface_downwelling_shortwave_flux": rows["sw_in"].to_numpy(float),
            "air_temperature": rows["ta"].to_numpy(float) + 273.15,
            "vapour_pressure_deficit": rows["vpd"].to_numpy(float) * 100.0,
            "leaf_area_index": _between_months(months, "LAI", times),
        }
        for name, values in columns.items():
            forcing[name] = ("time", values, {"units": VARIABLES[name].units})
        kind = str(months["PFT"].iloc[0])
        parameters = lue_parameters_for(kind, model)
        run = run_lue(forcing, parameters, model=model)
        measured = rows[PARTITIONS[partition][1]].where(rows["nee_qc"] == 0)
        runs.append(
            {
                "site": str(site),
                "type": type_of(kind),
                "times": times,
                "production": measured.to_numpy(float),
                "modelled": run["gross_primary_production"].to_numpy(),
                "light": usable_light(run, parameters),
                "temperature": columns["air_temperature"],
                "greenness": _between_months(months, "EVI", times),
            }
        )
    return runs


def eight_day_windows(run: dict[str, Any], method: Method) -> Windows:
    """Return the eight-day windows of one tower."""
    times = run["times"]
    found = retrieve_efficiency(run["production"], run["light"], times, method=method)
    frame = pd.DataFrame(
        {
            "window": np.searchsorted(found["time"].to_numpy(), times, side="right") - 1,
            "temperature": run["temperature"],
            "greenness": run["greenness"],
            "modelled": np.where(np.isfinite(run["production"]), run["modelled"], np.nan),
        }
    )
    means = frame.groupby("window").mean().reindex(range(found.sizes["time"]))
    size = len(means)
    return Windows(
        np.full(size, run["site"]),
        np.full(size, run["type"]),
        found["production"].to_numpy(),
        found["light"].to_numpy(),
        found["efficiency"].to_numpy(),
        means["modelled"].to_numpy(),
        phenology_predictors(means["greenness"].to_numpy(), means["temperature"].to_numpy()),
    )


def _between_months(months: pd.DataFrame, column: str, times: np.ndarray) -> np.ndarray:
    """Return a monthly column at half-hours; years without it take the mean year."""
    rows = months[["time", column]].copy()
    mean_year = rows.groupby(rows["time"].dt.month)[column].transform("mean")
    rows[column] = rows[column].fillna(mean_year)
    rows = rows.dropna()
    middles = (rows["time"] + pd.Timedelta(days=15)).to_numpy("datetime64[s]").astype(float)
    return np.interp(times.astype("datetime64[s]").astype(float), middles, rows[column])
