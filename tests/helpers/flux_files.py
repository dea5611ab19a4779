"""Small flux tables written for tests, in the formats that networks publish."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

EDDYPRO_NAMES = (
    "filename,date,time,DOY,qc_H,H,co2_flux,qc_co2_flux,air_temperature,air_pressure,RH,VPD,"
    "wind_speed,wind_dir,u*,L,(z-d)/L,u_var,v_var,w_var"
)
EDDYPRO_UNITS = (
    ",[yyyy-mm-dd],[HH:MM],[ddd.ddd],[#],[W+1m-2],[\u00b5mol+1s-1m-2],[#],[K],[Pa],[%],[Pa],"
    "[m+1s-1],[deg_from_north],[m+1s-1],[m],[#],[m+2s-2],[m+2s-2],[m+2s-2]"
)


def write_lines(path: Path, lines: Sequence[str]) -> Path:
    """Write lines and return the path."""
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_frame(path: Path, frame: pd.DataFrame) -> Path:
    """Write a table as CSV with -9999 for what is missing."""
    frame.to_csv(path, index=False, na_rep="-9999")
    return path


def half_hours(start: str, count: int, minutes: int = 30) -> pd.DatetimeIndex:
    """Return the starts of equal steps."""
    return pd.date_range(start, periods=count, freq=f"{minutes}min")


def stamps(times: pd.DatetimeIndex, minutes: int = 30) -> dict[str, list[str]]:
    """Return TIMESTAMP_START and TIMESTAMP_END."""
    end = times + pd.Timedelta(minutes=minutes)
    return {
        "TIMESTAMP_START": times.strftime("%Y%m%d%H%M").tolist(),
        "TIMESTAMP_END": end.strftime("%Y%m%d%H%M").tolist(),
    }


def daylight(times: pd.DatetimeIndex, noon: float = 12.0) -> np.ndarray:
    """Return a daily course of radiation centred on an hour of the file's clock [W m-2]."""
    hour = times.hour + times.minute / 60 + 0.25
    return np.maximum(0.0, 800.0 * np.cos((hour - noon) * np.pi / 12))


def fluxnet_frame(start: str = "2005-06-01", days: int = 10, noon: float = 12.0) -> pd.DataFrame:
    """Return a half-hourly FLUXNET2015 SUBSET table of a Chinese forest's summer."""
    times = half_hours(start, days * 48)
    sun = daylight(times, noon)
    count = len(times)
    return pd.DataFrame(
        {
            **stamps(times),
            "TA_F": 15 + sun / 100,
            "TA_F_QC": 0,
            "SW_IN_F": sun,
            "SW_IN_F_QC": 0,
            "LW_IN_F": 350.0,
            "LW_IN_F_QC": 2,
            "VPD_F": 5 + sun / 80,
            "VPD_F_QC": 0,
            "PA_F": 93.0,
            "PA_F_QC": 0,
            "P_F": np.where(np.arange(count) % 48 == 40, 1.8, 0.0),
            "P_F_QC": 0,
            "WS_F": 2.5,
            "WS_F_QC": 0,
            "CO2_F_MDS": 380.0,
            "CO2_F_MDS_QC": 1,
            "SWC_F_MDS_1": 31.0,
            "SWC_F_MDS_1_QC": 0,
            "LE_F_MDS": sun / 4,
            "LE_F_MDS_QC": 0,
            "LE_CORR": sun / 3,
            "H_F_MDS": sun / 5,
            "H_F_MDS_QC": 3,
            "NEE_VUT_REF": 3 - sun / 40,
            "NEE_VUT_REF_QC": np.arange(count) % 4,
            "GPP_NT_VUT_REF": sun / 40,
            "GPP_DT_VUT_REF": sun / 39,
            "RECO_NT_VUT_REF": 3.0,
        }
    )


def eddypro_lines(start: str = "2014-05-27 17:30", count: int = 60) -> list[str]:
    """Return the lines of an EddyPro full output; stamps are the end of the half-hours."""
    lines = ["file_info" + "," * 19, EDDYPRO_NAMES, EDDYPRO_UNITS]
    for moment in half_hours(start, count) + pd.Timedelta(minutes=30):
        lines.append(
            f"raw.dat,{moment:%Y-%m-%d},{moment:%H:%M},147.7,0,84.2,-3.46,1,285.0,98026.0,73.9,361.3,"
            "3.2,225.0,0.57,-120.5,-0.2,1.44,1.21,0.25"
        )
    return lines
