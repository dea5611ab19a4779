"""FLUXNET2015 products, FULLSET and SUBSET, half-hourly to yearly.

Names, units and flags: Pastorello et al. 2020, Scientific Data 7, 225,
doi:10.1038/s41597-020-0534-3. Fluxes of carbon come in g C a day from daily to monthly and in g C a
year in yearly files, rain in mm a day and mm a year; quality columns of these files give the share
of well-measured half-hours from 0 to 1 instead of a flag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fluxscape.io._table_rules import ColumnRule, TableLayout

_MARKERS: Final = ("_F_MDS", "_VUT_", "_CUT_")

_NOTES: Final = {
    "LE_F_MDS": "as measured and gap-filled; the energy balance is not closed",
    "H_F_MDS": "as measured and gap-filled; the energy balance is not closed",
    "LE_CORR": "corrected to close the energy balance at the measured Bowen ratio",
    "H_CORR": "corrected to close the energy balance at the measured Bowen ratio",
    "NEE_VUT_REF": "reference of the ensemble with a friction-velocity threshold for every year",
    "NEE_CUT_REF": "reference of the ensemble with one friction-velocity threshold for all years",
    "GPP_NT_VUT_REF": "night-time partitioning",
    "GPP_NT_CUT_REF": "night-time partitioning, one friction-velocity threshold",
    "GPP_DT_VUT_REF": "daytime partitioning",
    "GPP_DT_CUT_REF": "daytime partitioning, one friction-velocity threshold",
    "RECO_NT_VUT_REF": "night-time partitioning",
    "RECO_NT_CUT_REF": "night-time partitioning, one friction-velocity threshold",
    "RECO_DT_VUT_REF": "daytime partitioning",
    "RECO_DT_CUT_REF": "daytime partitioning, one friction-velocity threshold",
}


def is_fluxnet(columns: Sequence[str]) -> bool:
    """Return whether a header is that of a FLUXNET2015 product."""
    return any(name.startswith("TIMESTAMP") for name in columns) and any(
        marker in name for name in columns for marker in _MARKERS
    )


def fluxnet_layout(
    columns: tuple[str, ...],
    first_row: int,
    first_stamp: str,
    *,
    energy_balance_corrected: bool,
) -> TableLayout:
    """Return the layout of a FLUXNET2015 table.

    Parameters
    ----------
    columns
        Header.
    first_row
        Line of the first record.
    first_stamp
        Its time stamp; its length tells the resolution.
    energy_balance_corrected
        Whether LE_CORR and H_CORR go before LE_F_MDS and H_F_MDS.
    """
    step = _time_step(columns, first_stamp)
    full = any(name.startswith(("TA_ERA", "SW_IN_F_MDS", "NEE_VUT_USTAR50")) for name in columns)
    carbon = {"": "umol m-2 s-1", "P1Y": "gC m-2"}.get(step, "gC m-2 d-1")
    rain = {"": "mm", "P1Y": "mm"}.get(step, "mm d-1")
    return TableLayout(
        format_name="fluxnet2015",
        label=f"FLUXNET2015 {'FULLSET' if full else 'SUBSET'}",
        columns=columns,
        first_row=first_row,
        rules=(
            *_METEOROLOGY,
            ColumnRule("precipitation_flux", ("P_F", "P"), rain, _OWN),
            *_heat_rules(energy_balance_corrected=energy_balance_corrected),
            *_carbon_rules(carbon),
        ),
        time_step=step,
        quality_is_share=bool(step),
        notes=_NOTES,
    )


def _time_step(columns: Sequence[str], stamp: str) -> str:
    """Return the ISO 8601 duration of daily and longer steps, or nothing for shorter ones."""
    days = "P7D" if "TIMESTAMP_START" in columns else "P1D"
    return {4: "P1Y", 6: "P1M", 8: days}.get(len(stamp.strip()), "")


_OWN: Final = ("{}_QC",)

_METEOROLOGY: Final = (
    ColumnRule("air_temperature", ("TA_F", "TA_F_MDS", "TA"), "degC", _OWN),
    ColumnRule(
        "surface_downwelling_shortwave_flux", ("SW_IN_F", "SW_IN_F_MDS", "SW_IN"), "W m-2", _OWN
    ),
    ColumnRule(
        "surface_downwelling_longwave_flux", ("LW_IN_F", "LW_IN_F_MDS", "LW_IN"), "W m-2", _OWN
    ),
    ColumnRule("vapour_pressure_deficit", ("VPD_F", "VPD_F_MDS", "VPD"), "hPa", _OWN),
    ColumnRule("relative_humidity", ("RH",), "%", _OWN),
    ColumnRule("air_pressure", ("PA_F", "PA"), "kPa", _OWN),
    ColumnRule("wind_speed", ("WS_F", "WS"), "m s-1", _OWN),
    ColumnRule("wind_from_direction", ("WD",), "degree", _OWN),
    ColumnRule("friction_velocity", ("USTAR",), "m s-1", _OWN),
    ColumnRule("net_radiation", ("NETRAD",), "W m-2", _OWN),
    ColumnRule("photosynthetic_photon_flux_density", ("PPFD_IN",), "umol m-2 s-1", _OWN),
    ColumnRule("carbon_dioxide_mole_fraction", ("CO2_F_MDS", "CO2"), "umol mol-1", _OWN, raw=True),
    ColumnRule("soil_temperature", ("TS_F_MDS_1", "TS_1"), "degC", _OWN),
    ColumnRule("soil_water_content", ("SWC_F_MDS_1", "SWC_1"), "%", _OWN),
)


def _heat_rules(*, energy_balance_corrected: bool) -> tuple[ColumnRule, ...]:
    """Return the rules of latent, sensible and soil heat flux."""

    def order(measured: str, corrected: str) -> tuple[str, ...]:
        return (corrected, measured) if energy_balance_corrected else (measured, corrected)

    return (
        ColumnRule(
            "latent_heat_flux", order("LE_F_MDS", "LE_CORR"), "W m-2", ("{}_QC", "LE_F_MDS_QC")
        ),
        ColumnRule(
            "sensible_heat_flux", order("H_F_MDS", "H_CORR"), "W m-2", ("{}_QC", "H_F_MDS_QC")
        ),
        ColumnRule("ground_heat_flux", ("G_F_MDS", "G"), "W m-2", _OWN),
    )


def _carbon_rules(units: str) -> tuple[ColumnRule, ...]:
    """Return the rules of the carbon fluxes; partitioned ones inherit the quality of NEE."""
    kinds = ("NT_VUT", "NT_CUT", "DT_VUT", "DT_CUT")
    inherited = ("{}_QC", "NEE_VUT_REF_QC", "NEE_CUT_REF_QC")
    return (
        ColumnRule("net_ecosystem_exchange", ("NEE_VUT_REF", "NEE_CUT_REF"), units, _OWN),
        ColumnRule(
            "gross_primary_production",
            tuple(f"GPP_{kind}_REF" for kind in kinds),
            units,
            inherited,
        ),
        ColumnRule(
            "ecosystem_respiration", tuple(f"RECO_{kind}_REF" for kind in kinds), units, inherited
        ),
    )
