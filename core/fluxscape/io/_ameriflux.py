"""AmeriFlux BASE tables and tables that borrow its names.

Names, units and qualifiers: AmeriFlux data variables,
https://ameriflux.lbl.gov/data/aboutdata/data-variables/. A column is ``BASE``, then ``_PI`` for
what the site's team derived, ``_F`` for what it filled, and a position ``_H_V_R`` (horizontal,
vertical from the top, replicate). Measured columns go before filled ones, the first position before
others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fluxscape.io._table_rules import FOKEN_QUALITY, ColumnRule, TableLayout

_QUALIFIERS: Final = re.compile(
    r"^(?P<pi>_PI)?(?P<filled>_F)?(?:_IU)?(?P<position>_\d+(?:_\d+_(?:\d+|A))?)?$"
)

_STORAGE: Final = "turbulent flux at the instrument, without storage below it"
_NOTES: Final = {"FC": _STORAGE, "LE": _STORAGE, "H": _STORAGE}

_TEST: Final = ("{}_SSITC_TEST",)

RULES: Final = (
    ColumnRule("air_temperature", ("TA",), "degC"),
    ColumnRule("relative_humidity", ("RH",), "%"),
    ColumnRule("vapour_pressure_deficit", ("VPD",), "hPa"),
    ColumnRule("air_pressure", ("PA",), "kPa"),
    ColumnRule("precipitation_flux", ("P", "P_RAIN"), "mm"),
    ColumnRule("wind_speed", ("WS",), "m s-1"),
    ColumnRule("wind_from_direction", ("WD",), "degree"),
    ColumnRule("surface_downwelling_shortwave_flux", ("SW_IN",), "W m-2"),
    ColumnRule("surface_downwelling_longwave_flux", ("LW_IN",), "W m-2"),
    ColumnRule("photosynthetic_photon_flux_density", ("PPFD_IN",), "umol m-2 s-1"),
    ColumnRule("net_radiation", ("NETRAD",), "W m-2"),
    ColumnRule("carbon_dioxide_mole_fraction", ("CO2",), "umol mol-1", raw=True),
    ColumnRule("friction_velocity", ("USTAR",), "m s-1"),
    ColumnRule("obukhov_length", ("MO_LENGTH",), "m"),
    ColumnRule("longitudinal_velocity_std", ("U_SIGMA",), "m s-1"),
    ColumnRule("lateral_velocity_std", ("V_SIGMA",), "m s-1"),
    ColumnRule("vertical_velocity_std", ("W_SIGMA",), "m s-1"),
    ColumnRule("boundary_layer_height", ("PBLH",), "m"),
    ColumnRule("sensible_heat_flux", ("H",), "W m-2", _TEST, raw=True),
    ColumnRule("latent_heat_flux", ("LE",), "W m-2", _TEST, raw=True),
    ColumnRule("ground_heat_flux", ("G",), "W m-2"),
    ColumnRule("net_ecosystem_exchange", ("NEE", "FC"), "umol m-2 s-1", _TEST, raw=True),
    ColumnRule("gross_primary_production", ("GPP",), "umol m-2 s-1"),
    ColumnRule("ecosystem_respiration", ("RECO",), "umol m-2 s-1"),
    ColumnRule("soil_temperature", ("TS",), "degC"),
    ColumnRule("soil_water_content", ("SWC",), "%"),
    ColumnRule("measurement_height", ("zm",), "m", constant=True),
    ColumnRule("canopy_height", ("hc",), "m", constant=True),
)
"""Units as AmeriFlux prescribes them; ``zm`` and ``hc`` are not its names but stand beside them."""


def is_ameriflux(columns: Sequence[str]) -> bool:
    """Return whether a header has AmeriFlux names and one of its two ways to write times."""
    timed = "TIMESTAMP_START" in columns or {"YR", "DOY", "HR"} <= set(columns)
    return timed and any(candidates(rule, columns) for rule in RULES)


def ameriflux_layout(columns: tuple[str, ...], first_row: int) -> TableLayout:
    """Return the layout of an AmeriFlux BASE table."""
    return TableLayout(
        format_name="ameriflux",
        label="AmeriFlux BASE",
        columns=columns,
        first_row=first_row,
        rules=RULES,
        scheme=FOKEN_QUALITY,
        notes=_NOTES,
        choose=candidates,
    )


def candidates(rule: ColumnRule, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a rule: measured before filled, first position before others."""
    found: list[tuple[tuple[object, ...], str]] = []
    for rank, base in enumerate(rule.columns):
        for name in columns:
            if not name.startswith(base):
                continue
            match = _QUALIFIERS.match(name[len(base) :])
            if match:
                found.append(((rank, *_preference(match)), name))
    return tuple(name for _, name in sorted(found))


def _preference(match: re.Match[str]) -> tuple[bool, bool, tuple[int, ...]]:
    """Return what sorts measured before filled and near positions before far ones."""
    position = (match["position"] or "").strip("_").replace("A", "0").split("_")
    return bool(match["filled"]), bool(match["pi"]), tuple(int(part) for part in position if part)
