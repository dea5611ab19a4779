"""FLUXNET2015 products, FULLSET and SUBSET, half-hourly to yearly.

Names, units and flags: Pastorello et al. 2020, Scientific Data 7, 225,
doi:10.1038/s41597-020-0534-3, tables 3 to 6. Means of fluxes of carbon come in g C a day from daily
to monthly and in g C a year in yearly files; quality columns of these give a share from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fluxscape.io._table_rules import ColumnRule, TableLayout

_MARKERS: Final = ("_F_MDS", "_VUT_", "_CUT_")

_DURATIONS: Final = {"DD": "P1D", "WW": "P7D", "MM": "P1M", "YY": "P1Y"}

_CARBON_UNITS: Final = {"P1Y": "gC m-2 y-1", "": "umol m-2 s-1"}

_RAIN_UNITS: Final = {"P1Y": "mm y-1", "": "mm"}


def is_fluxnet(columns: Sequence[str]) -> bool:
    """Return whether a header is that of a FLUXNET2015 product."""
    return any(name.startswith("TIMESTAMP") for name in columns) and any(
        marker in name for name in columns for marker in _MARKERS
    )


def fluxnet_layout(columns: tuple[str, ...], first_row: int, first_stamp: str) -> TableLayout:
    """Return the layout of a FLUXNET2015 table.

    Parameters
    ----------
    columns
        Header.
    first_row
        Line of the first record.
    first_stamp
        Its time stamp; its length tells the resolution.
    """
    step = _time_step(columns, first_stamp)
    subset = not any(name.startswith(("TA_ERA", "SW_IN_F_MDS", "NEE_VUT_USTAR50")) for name in columns)
    return TableLayout(
        format_name="fluxnet2015",
        label=f"FLUXNET2015 {'SUBSET' if subset else 'FULLSET'}",
        columns=columns,
        first_row=first_row,
        rules=_rules(
            carbon=_CARBON_UNITS.get(step, "gC m-2 d-1"), rain=_RAIN_UNITS.get(step, "mm d-1")
        ),
        time_step=step,
        quality_is_share=bool(step),
    )


def _time_step(columns: Sequence[str], stamp: str) -> str:
    """Return the ISO 8601 duration of daily and longer steps, or nothing for half-hours and hours."""
    stamp = stamp.strip().strip('"')
    resolution = {4: "YY", 6: "MM", 8: "WW" if "TIMESTAMP_START" in columns else "DD"}
    return _DURATIONS.get(resolution.get(len(stamp), ""), "")


def _rules(carbon: str, rain: str) -> tuple[ColumnRule, ...]:
    """Return the rules for the given units of carbon fluxes and rain."""
    own = ("{}_QC",)
    partition = ("{}_QC", "NEE_VUT_REF_QC", "NEE_CUT_REF_QC")
    balance = "energy-balance-corrected"
    return (
        ColumnRule("air_temperature", ("TA_F", "TA_F_MDS", "TA"), "degC", own),
        ColumnRule("surface_downwelling_shortwave_flux", ("SW_IN_F", "SW_IN_F_MDS", "SW_IN"), "W m-2", own),
        ColumnRule("surface_downwelling_longwave_flux", ("LW_IN_F", "LW_IN_F_MDS", "LW_IN"), "W m-2", own),
        ColumnRule("vapour_pressure_deficit", ("VPD_F", "VPD_F_MDS", "VPD"), "hPa", own),
        ColumnRule("relative_humidity", ("RH",), "%", own),
        ColumnRule("air_pressure", ("PA_F", "PA"), "kPa", own),
        ColumnRule("precipitation_flux", ("P_F", "P"), rain, own),
        ColumnRule("wind_speed", ("WS_F", "WS"), "m s-1", own),
        ColumnRule("wind_from_direction", ("WD",), "degree", own),
        ColumnRule("friction_velocity", ("USTAR",), "m s-1", own),
        ColumnRule("net_radiation", ("NETRAD",), "W m-2", own),
        ColumnRule("photosynthetic_photon_flux_density", ("PPFD_IN",), "umol m-2 s-1", own),
        ColumnRule("carbon_dioxide_mole_fraction", ("CO2_F_MDS", "CO2"), "umol mol-1", own, raw=True),
        ColumnRule("soil_temperature", ("TS_F_MDS_1", "TS_1"), "degC", own),
        ColumnRule("soil_water_content", ("SWC_F_MDS_1", "SWC_1"), "%", own),
        ColumnRule("ground_heat_flux", ("G_F_MDS", "G"), "W m-2", own),
        ColumnRule("latent_heat_flux", ("LE_F_MDS", "LE_CORR", "LE"), "W m-2", ("{}_QC", "LE_F_MDS_QC"), note=balance),
        ColumnRule("sensible_heat_flux", ("H_F_MDS", "H_CORR", "H"), "W m-2", ("{}_QC", "H_F_MDS_QC"), note=balance),
        ColumnRule("net_ecosystem_exchange", ("NEE_VUT_REF", "NEE_CUT_REF", "NEE_VUT_50", "NEE"), carbon, own),
        ColumnRule("gross_primary_production", ("GPP_NT_VUT_REF", "GPP_NT_CUT_REF", "GPP_DT_VUT_REF", "GPP_DT_CUT_REF"), carbon, partition),
        ColumnRule("ecosystem_respiration", ("RECO_NT_VUT_REF", "RECO_NT_CUT_REF", "RECO_DT_VUT_REF", "RECO_DT_CUT_REF"), carbon, partition),
    )
