"""Plain CSV tables with a header, one time column and names from a known list.

Known are the names of :data:`fluxscape.vocabulary.VARIABLES` in their own units, a few short names
that published half-hourly files use, and AmeriFlux names. ``name [unit]`` in the header states
another unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fluxscape.io._ameriflux import RULES as AMERIFLUX_RULES
from fluxscape.io._ameriflux import candidates
from fluxscape.io._table_rules import ColumnRule, TableLayout
from fluxscape.vocabulary import VARIABLES

TIME_COLUMNS: Final = ("time", "timestamp", "datetime", "date_time", "TIMESTAMP", "time_utc")
"""Names of a column of ISO 8601 times, start of step."""

_SHORT_NAMES: Final = {
    "air_temperature": (("tc", "ta", "tair"), "degC"),
    "air_pressure": (("patm", "pressure"), "Pa"),
    "vapour_pressure_deficit": (("vpd",), "Pa"),
    "photosynthetic_photon_flux_density": (("ppfd",), "umol m-2 s-1"),
    "carbon_dioxide_mole_fraction": (("co2",), "umol mol-1"),
    "surface_downwelling_shortwave_flux": (("sw_in", "rg"), "W m-2"),
    "net_ecosystem_exchange": (("nee",), "umol m-2 s-1"),
    "gross_primary_production": (("gpp", "gpp_fluxnet", "gpp_nt"), "umol m-2 s-1"),
    "leaf_area_index": (("lai", "LAI"), "1"),
    "absorbed_par_fraction": (("fapar",), "1"),
}

_WITH_UNIT: Final = re.compile(r"^(?P<name>.+?)\s*[\[(](?P<unit>[^\])]*)[\])]$")


def generic_layout(columns: tuple[str, ...], first_row: int) -> TableLayout:
    """Return the layout of a plain table."""
    bare = {bare_name(column): column for column in columns}
    rules = []
    units = {}
    for variable in VARIABLES:
        found = dict(_known_columns(variable, tuple(bare)))
        if not found:
            continue
        stated = {bare[name]: _stated_unit(bare[name]) or unit for name, unit in found.items()}
        units.update(stated)
        first = next(iter(stated))
        rules.append(ColumnRule(variable, tuple(stated), stated[first]))
    return TableLayout(
        format_name="generic",
        label="plain CSV",
        columns=columns,
        first_row=first_row,
        rules=tuple(rules),
        units=units,
    )


def bare_name(column: str) -> str:
    """Return a column's name without its unit.

    >>> bare_name("air_temperature [degC]")
    'air_temperature'
    """
    match = _WITH_UNIT.match(column)
    return match["name"] if match else column


def _stated_unit(column: str) -> str:
    """Return the unit that stands in a column's name, or an empty string."""
    match = _WITH_UNIT.match(column)
    return match["unit"].strip() if match else ""


def _known_columns(variable: str, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield the names that hold a variable and their assumed units, the preferred one first."""
    if variable in names:
        yield variable, VARIABLES[variable].units
    short, unit = _SHORT_NAMES.get(variable, ((), ""))
    for name in short:
        if name in names:
            yield name, unit
    for rule in AMERIFLUX_RULES:
        if rule.variable == variable:
            for name in candidates(rule, names):
                yield name, rule.units
