"""How a gridded forcing dataset says what fluxscape needs: names, units, accumulation, times.

A *door* is a table of rules. CMFD, ERA5-Land and the eight-day set of North China have one here;
any other CF dataset gets one from a mapping file (:func:`read_mapping`, ``docs/atlas.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from fluxscape.errors import did_you_mean
from fluxscape.io.yaml_lines import YamlSection, read_yaml
from fluxscape.vocabulary import VARIABLES, Variable

STAMPS: Final = ("instant", "start", "middle", "end")
"""What a time means: the moment itself, or where it stands in the step that a value is of."""

ACCUMULATIONS: Final = ("none", "step", "day")
"""A rate or state; a sum over the step; a sum since 00 UTC of the day up to the time."""

_FURTHER: Final = (
    Variable("specific_humidity", "kg kg-1", "specific humidity", 0.0, 0.06, "specific_humidity"),
    Variable("dew_point_temperature", "K", "dew point", 150.0, 320.0, "dew_point_temperature"),
    Variable("vapour_pressure", "Pa", "water vapour pressure", 0.0, 1.0e4),
    Variable("eastward_wind", "m s-1", "eastward wind", -75.0, 75.0, "eastward_wind"),
    Variable("northward_wind", "m s-1", "northward wind", -75.0, 75.0, "northward_wind"),
    Variable("daily_maximum_air_temperature", "K", "highest of the day", 170.0, 340.0),
)

FORCING_VARIABLES: Final[Mapping[str, Variable]] = {
    **{
        name: VARIABLES[name]
        for name in (
            "air_temperature",
            "daily_minimum_air_temperature",
            "surface_downwelling_shortwave_flux",
            "surface_downwelling_longwave_flux",
            "precipitation_flux",
            "air_pressure",
            "wind_speed",
            "relative_humidity",
            "vapour_pressure_deficit",
            "leaf_area_index",
        )
    },
    **{row.name: row for row in _FURTHER},
}
"""What a rule may give, with unit and bounds."""

NEEDED: Final = (
    ("air_temperature",),
    ("surface_downwelling_shortwave_flux",),
    ("surface_downwelling_longwave_flux",),
    ("precipitation_flux",),
    ("air_pressure",),
    ("wind_speed", "eastward_wind"),
    (
        "specific_humidity",
        "dew_point_temperature",
        "vapour_pressure",
        "relative_humidity",
        "vapour_pressure_deficit",
    ),
)
"""Of each group one must be given."""


@dataclass(frozen=True, slots=True)
class VariableRule:
    """Where one of our variables stands in a dataset.

    Attributes
    ----------
    source
        Its name there.
    units
        Its unit, where the file states none.
    stamp
        One of :data:`STAMPS`.
    accumulation
        One of :data:`ACCUMULATIONS`.
    """

    source: str
    units: str
    stamp: str = "instant"
    accumulation: str = "none"


@dataclass(frozen=True, slots=True)
class ForcingRules:
    """Rules of one dataset.

    Attributes
    ----------
    title
        What the dataset is, for provenance.
    variables
        By our name, one of :data:`FORCING_VARIABLES`.
    data_status
        ``"reconstructed"`` for reanalyses, as :func:`fluxscape.contracts.provenance` takes it.
    time, latitude, longitude
        Names that the coordinates may have there.
    utc_offset_hours
        What the file's clock is ahead of UTC [h].
    wind_height
        Height of the wind above ground [m].
    composite_days
        Days that a value stands for where steps are longer than a day and begin anew each
        January; 0 for even steps.
    """

    title: str
    variables: Mapping[str, VariableRule]
    data_status: str = "reconstructed"
    time: tuple[str, ...] = ("time", "valid_time")
    latitude: tuple[str, ...] = ("latitude", "lat", "y")
    longitude: tuple[str, ...] = ("longitude", "lon", "x")
    utc_offset_hours: float = 0.0
    wind_height: float = 10.0
    composite_days: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the rules as plain values, as a mapping file holds them."""
        return {
            "title": self.title,
            "data_status": self.data_status,
            "coordinates": {
                name: list(getattr(self, name)) for name in ("time", "latitude", "longitude")
            },
            "utc_offset_hours": self.utc_offset_hours,
            "wind_height": self.wind_height,
            "composite_days": self.composite_days,
            "variables": {
                name: {
                    "source": rule.source,
                    "units": rule.units,
                    "time": rule.stamp,
                    "accumulation": rule.accumulation,
                }
                for name, rule in self.variables.items()
            },
        }


CMFD: Final = ForcingRules(
    title="China Meteorological Forcing Dataset 1.x (He et al. 2020, "
    "doi:10.1038/s41597-020-0369-y)",
    variables={
        "air_temperature": VariableRule("temp", "K"),
        "air_pressure": VariableRule("pres", "Pa"),
        "specific_humidity": VariableRule("shum", "kg kg-1"),
        "wind_speed": VariableRule("wind", "m s-1"),
        "surface_downwelling_longwave_flux": VariableRule("lrad", "W m-2", "middle"),
        "surface_downwelling_shortwave_flux": VariableRule("srad", "W m-2", "middle"),
        "precipitation_flux": VariableRule("prec", "mm h-1", "end"),
    },
)
"""Three-hourly, 0.1 degree, UTC. Radiation is the mean from 1.5 h before to 1.5 h after the time,
precipitation the mean of the 3 h before it, the rest of the moment (the dataset's user guide)."""

ERA5_LAND: Final = ForcingRules(
    title="ERA5-Land hourly (Munoz-Sabater et al. 2021, doi:10.5194/essd-13-4349-2021)",
    variables={
        "air_temperature": VariableRule("t2m", "K"),
        "dew_point_temperature": VariableRule("d2m", "K"),
        "air_pressure": VariableRule("sp", "Pa"),
        "eastward_wind": VariableRule("u10", "m s-1"),
        "northward_wind": VariableRule("v10", "m s-1"),
        "surface_downwelling_shortwave_flux": VariableRule("ssrd", "J m-2", "end", "day"),
        "surface_downwelling_longwave_flux": VariableRule("strd", "J m-2", "end", "day"),
        "precipitation_flux": VariableRule("tp", "m", "end", "day"),
    },
)
"""Hourly, UTC. Radiation and precipitation are sums since 00 UTC; the value at 00 UTC is the whole
day before (ECMWF, "Conversion table for accumulated variables")."""

NORTH_CHINA: Final = ForcingRules(
    title="PML-V2 forcing of North China: GLDAS 2.1 weather and MODIS leaf area, eight-day means",
    variables={
        "air_temperature": VariableRule("Tavg", "degC", "start"),
        "daily_minimum_air_temperature": VariableRule("Tmin", "degC", "start"),
        "daily_maximum_air_temperature": VariableRule("Tmax", "degC", "start"),
        "surface_downwelling_shortwave_flux": VariableRule("Rs", "W m-2", "start"),
        "surface_downwelling_longwave_flux": VariableRule("Rln", "W m-2", "start"),
        "specific_humidity": VariableRule("q", "kg kg-1", "start"),
        "air_pressure": VariableRule("Pa", "kPa", "start"),
        "wind_speed": VariableRule("U2", "m s-1", "start"),
        "precipitation_flux": VariableRule("Prcp", "mm d-1", "start"),
        "leaf_area_index": VariableRule("LAI", "1", "start"),
    },
    wind_height=2.0,
    composite_days=8,
)
"""The file states no units: those here were told from its values."""

DOORS: Final = {"cmfd": CMFD, "era5-land": ERA5_LAND, "north-china": NORTH_CHINA}
"""Rules by name."""


def read_mapping(path: str | Path) -> ForcingRules:
    """Return the rules that a mapping file states; its form stands in ``docs/atlas.md``.

    Raises
    ------
    FileFormatError
        If it is no such file; names the line, the key, and what was wanted.
    """
    section = read_yaml(path)
    return rules_of(section)


def rules_of(section: YamlSection) -> ForcingRules:
    """Return the rules of one YAML section; errors as :func:`read_mapping`."""
    coordinates = section.section("coordinates")
    names = {
        name: tuple(coordinates.texts(name, default=tuple(getattr(_DEFAULTS, name))))
        for name in ("time", "latitude", "longitude")
    }
    coordinates.finish()
    rows = section.section("variables", required=True)
    variables: dict[str, VariableRule] = {}
    for name in rows.names():
        if name not in FORCING_VARIABLES:
            hint = did_you_mean(name, FORCING_VARIABLES)
            known = ", ".join(FORCING_VARIABLES)
            rows.fail(name, f"is no variable of a forcing, wanted one of {known}.{hint}")
        variables[name] = _variable_rule(rows.section(name, required=True), name)
    _check_complete(section, variables)
    rules = ForcingRules(
        title=section.text("title", required=True),
        variables=variables,
        data_status=section.choice(
            "data_status", ("observed", "reconstructed", "simulated", "mixed"), "reconstructed"
        ),
        utc_offset_hours=section.number("utc_offset_hours", 0.0, lower=-12.0, upper=14.0),
        wind_height=section.number("wind_height", 10.0, lower=1.0, upper=100.0),
        composite_days=section.integer("composite_days", 0, lower=0, upper=31),
        **names,
    )
    section.finish()
    return rules


_DEFAULTS: Final = ForcingRules("", {})


def _variable_rule(row: YamlSection, name: str) -> VariableRule:
    """Return the rule of one variable."""
    rule = VariableRule(
        source=row.text("source", required=True),
        units=row.text("units", FORCING_VARIABLES[name].units),
        stamp=row.choice("time", STAMPS, "instant"),
        accumulation=row.choice("accumulation", ACCUMULATIONS, "none"),
    )
    row.finish()
    if rule.accumulation == "day" and rule.stamp != "end":
        row.fail("time", "of a sum since 00 UTC must be 'end'")
    if rule.accumulation == "step" and rule.stamp == "instant":
        row.fail("time", "of a sum over a step must be 'start', 'middle' or 'end'")
    if "shortwave" in name and rule.stamp == "instant":
        row.fail("time", "of shortwave radiation must be 'start', 'middle' or 'end'")
    return rule


def _check_complete(section: YamlSection, variables: Mapping[str, VariableRule]) -> None:
    """Raise FileFormatError where a needed variable has no rule."""
    for group in NEEDED:
        if not any(name in variables for name in group):
            wanted = " or ".join(group)
            section.fail("variables", f"lacks {wanted}, which the models need")
    if ("eastward_wind" in variables) != ("northward_wind" in variables):
        section.fail("variables", "has one of eastward_wind and northward_wind only")
