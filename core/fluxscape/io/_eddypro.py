"""EddyPro full-output tables: a row of categories, a row of names, a row of units, then records.

Names and units: LI-COR EddyPro 7 documentation, "Output files - full output". Times are the end of
the averaging period. Units are read from the file's own row, since users may change them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from fluxscape.errors import FileFormatError
from fluxscape.io._table_rules import FOKEN_QUALITY, ColumnRule, TableLayout

_STORAGE: Final = "turbulent flux at the instrument, without storage below it"

RULES: Final = (
    ColumnRule("air_temperature", ("air_temperature",), "K"),
    ColumnRule("air_pressure", ("air_pressure",), "Pa"),
    ColumnRule("relative_humidity", ("RH",), "%"),
    ColumnRule("vapour_pressure_deficit", ("VPD",), "Pa"),
    ColumnRule(
        "carbon_dioxide_mole_fraction",
        ("co2_mole_fraction", "co2_mixing_ratio"),
        "umol mol-1",
        raw=True,
    ),
    ColumnRule("wind_speed", ("wind_speed",), "m s-1"),
    ColumnRule("wind_from_direction", ("wind_dir",), "degree"),
    ColumnRule("friction_velocity", ("u*",), "m s-1"),
    ColumnRule("obukhov_length", ("L",), "m"),
    ColumnRule("longitudinal_velocity_std", ("u_var",), "m2 s-2", square_root=True),
    ColumnRule("lateral_velocity_std", ("v_var",), "m2 s-2", square_root=True),
    ColumnRule("vertical_velocity_std", ("w_var",), "m2 s-2", square_root=True),
    ColumnRule("sensible_heat_flux", ("H",), "W m-2", ("qc_H",), raw=True),
    ColumnRule("latent_heat_flux", ("LE",), "W m-2", ("qc_LE",), raw=True),
    ColumnRule("net_ecosystem_exchange", ("co2_flux",), "umol m-2 s-1", ("qc_co2_flux",), raw=True),
    ColumnRule("evapotranspiration", ("ET",), "mm h-1", ("qc_h2o_flux",), raw=True),
)
"""The units here are EddyPro's own; the file's units row goes before them."""

_NOTES: Final = {"H": _STORAGE, "LE": _STORAGE, "co2_flux": _STORAGE}

# What EddyPro writes for units, once exponents and micro signs are mended.
_UNIT_NAMES: Final = {
    "%": "%",
    "#": "1",
    "deg_from_north": "degree",
    "deg": "degree",
    "mm hour-1": "mm h-1",
    "umol mol_a-1": "umol mol-1",
    "umol mol_d-1": "umol mol-1",
    "umol s-1 m-2": "umol m-2 s-1",
}

_DATE_UNIT: Final = "yyyy-mm-dd"
_TIME_UNIT: Final = "HH:MM"

# The micro sign in latin-1, in UTF-8, and in UTF-8 that was taken for latin-1 on the way.
_MICRO: Final = re.compile("(?:\u00c2|\uff82)?(?:\u00b5|\u03bc|\uff75)")


def is_eddypro(first_lines: Sequence[str]) -> bool:
    """Return whether the first lines of a file are those of an EddyPro full output."""
    return len(first_lines) > 2 and first_lines[1].startswith(
        ("filename,date,time,", "date,time,DOY")
    )


def eddypro_layout(first_lines: Sequence[str], where: str) -> TableLayout:
    """Return the layout of an EddyPro full output from its three header lines.

    Raises
    ------
    FileFormatError
        If the row of units does not stand under the row of names.
    """
    columns = tuple(first_lines[1].strip().split(","))
    units = _aligned_units(columns, split_units(first_lines[2]), where)
    return TableLayout(
        format_name="eddypro",
        label="EddyPro full output",
        columns=columns,
        first_row=4,
        rules=RULES,
        units=units,
        scheme=FOKEN_QUALITY,
        notes=_NOTES,
    )


def _aligned_units(columns: tuple[str, ...], units: tuple[str, ...], where: str) -> dict[str, str]:
    """Return units by column.

    Exports lose empty fields at the beginning of the row or units at its end; the unit of the date
    tells which column the row begins with.
    """
    if "date" in columns and _DATE_UNIT in units:
        shift = columns.index("date") - units.index(_DATE_UNIT)
        named = dict(zip(columns[shift:], units, strict=False)) if shift >= 0 else {}
        if named.get("time") == _TIME_UNIT and shift + len(units) <= len(columns):
            return {name: unit for name, unit in named.items() if unit}
    msg = (
        f"{where}, row 3: the {len(units)} units do not stand under the {len(columns)} names of "
        f"row 2 ([{_DATE_UNIT}] under date, [{_TIME_UNIT}] under time): no EddyPro full output"
    )
    raise FileFormatError(msg, file=where, row=3)


def split_units(line: str) -> tuple[str, ...]:
    """Return the units of a row such as ``[m+1s-1],[1=default,2=other],8u/v/w,[#]``.

    Commas inside brackets belong to the unit.

    >>> split_units("[m+1s-1],[\u00b5mol+1s-1m-2],[1=default,2=other],[mm+1hour-1]")
    ('m s-1', 'umol m-2 s-1', '1=default,2=other', 'mm h-1')
    """
    fields = re.split(r",(?![^\[\]]*\])", line.strip())
    return tuple(_unit(field.strip().removeprefix("[").removesuffix("]")) for field in fields)


def _unit(text: str) -> str:
    """Return one of EddyPro's units as CF writes it: ``m+2s-2`` becomes ``m2 s-2``."""
    text = _MICRO.sub("u", text)
    text = re.sub(r"\+1(?=[A-Za-z]|$)", " ", text)
    text = re.sub(r"\+(\d+)", r"\1 ", text)
    text = re.sub(r"(-\d+)(?=[A-Za-z])", r"\1 ", text)
    text = " ".join(text.split())
    return _UNIT_NAMES.get(text, text)
