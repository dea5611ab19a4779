"""Legends of land-cover maps, their codes mapped to plant functional types.

A plant functional type is written as the IGBP class that it is nearest to (``ENF``, ``GRA`` …), or
as one of the wider types that a coarse legend knows: ``FOR`` for trees of any kind, ``SHR`` for
shrubs of any density and ``TUN`` for tundra, moss and lichen. :data:`GROUPS` says which types
belong together, so that a tower in an evergreen forest finds its target in a legend that knows
only trees.

Sources: IGBP as in MCD12Q1 (Sulla-Menashe and Friedl 2018, user guide, table 3; MCD12C1 writes
water as 0); ESA WorldCover 2021 v200 (product user manual, table 1); ESA CCI land cover v2.0.7
(product user guide, table 3-1); FROM-GLC (Gong et al. 2013, doi:10.1080/01431161.2012.748992, and
FROM-GLC10, Gong et al. 2019, doi:10.1016/j.scib.2019.03.002).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from fluxscape.errors import OutOfBoundsError, did_you_mean
from fluxscape.towers import IGBP_CLASSES

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "forest": ("FOR", "ENF", "EBF", "DNF", "DBF", "MF"),
    "shrubland": ("SHR", "CSH", "OSH"),
    "savanna": ("WSA", "SAV"),
    "grassland": ("GRA",),
    "tundra": ("TUN",),
    "wetland": ("WET",),
    "cropland": ("CRO", "CVM"),
    "built-up": ("URB",),
    "snow and ice": ("SNO",),
    "barren": ("BSV",),
    "water": ("WAT",),
}
"""Plant functional types that a coarse legend cannot tell apart, by group."""

PLANT_FUNCTIONAL_TYPES: Final[Mapping[str, str]] = {
    **IGBP_CLASSES,
    "FOR": "forest of any kind",
    "SHR": "shrubland of any density",
    "TUN": "tundra, moss and lichen",
}
"""Plain names of the plant functional types."""


@dataclass(frozen=True, slots=True)
class Legend:
    """What the codes of a land-cover map mean.

    Attributes
    ----------
    name, title
        Short name for commands and the map's full name.
    classes
        Plain name and plant functional type of each code.
    missing
        Codes that stand for no data.
    """

    name: str
    title: str
    classes: Mapping[int, tuple[str, str]]
    missing: tuple[int, ...] = ()

    def check(self, codes: Iterable[int], *, where: str = "land cover") -> None:
        """Raise OutOfBoundsError if a code is unknown, naming it and the legend."""
        unknown = sorted(set(codes) - set(self.classes) - set(self.missing))
        if unknown:
            msg = (
                f"{where}: code {unknown[0]} is not in the legend {self.name} ({self.title}); "
                f"known codes are {', '.join(str(code) for code in self.classes)}"
            )
            raise OutOfBoundsError(msg, code=unknown[0], legend=self.name, unknown=unknown)

    def label(self, code: int) -> str:
        """Return the plain name of a code."""
        return self.classes[code][0]

    def plant_functional_type(self, code: int) -> str:
        """Return the plant functional type of a code."""
        return self.classes[code][1]

    def codes_of(self, kind: str) -> tuple[int, ...]:
        """Return the codes that stand for an IGBP class or another plant functional type.

        Where the legend does not know the type itself, the codes of its group are returned; where
        it knows none of the group, none.

        Raises
        ------
        OutOfBoundsError
            If there is no such plant functional type.
        """
        if kind not in PLANT_FUNCTIONAL_TYPES:
            known = ", ".join(PLANT_FUNCTIONAL_TYPES)
            msg = f"there is no plant functional type {kind!r}; known are {known}."
            raise OutOfBoundsError(msg + did_you_mean(kind, PLANT_FUNCTIONAL_TYPES), got=kind)
        exact = tuple(code for code, (_, pft) in self.classes.items() if pft == kind)
        family = next(types for types in GROUPS.values() if kind in types)
        if exact and kind not in {"FOR", "SHR"}:
            return exact
        return tuple(code for code, (_, pft) in self.classes.items() if pft in family)


def _igbp() -> Legend:
    numbered = {i: (name, code) for i, (code, name) in enumerate(IGBP_CLASSES.items(), 1)}
    return Legend(
        "igbp",
        "IGBP classes of MODIS MCD12",
        {0: ("water body", "WAT"), **numbered},
        missing=(254, 255),
    )


_WORLDCOVER: Final = Legend(
    "worldcover",
    "ESA WorldCover",
    {
        10: ("tree cover", "FOR"),
        20: ("shrubland", "SHR"),
        30: ("grassland", "GRA"),
        40: ("cropland", "CRO"),
        50: ("built-up", "URB"),
        60: ("bare or sparse vegetation", "BSV"),
        70: ("snow and ice", "SNO"),
        80: ("permanent water bodies", "WAT"),
        90: ("herbaceous wetland", "WET"),
        95: ("mangroves", "EBF"),
        100: ("moss and lichen", "TUN"),
    },
    missing=(0,),
)

_CCI: Final = Legend(
    "cci",
    "ESA CCI land cover",
    {
        10: ("cropland, rainfed", "CRO"),
        11: ("cropland, rainfed, herbaceous", "CRO"),
        12: ("cropland, rainfed, tree or shrub", "CRO"),
        20: ("cropland, irrigated or after flood", "CRO"),
        30: ("mosaic cropland above 50 %, natural vegetation", "CVM"),
        40: ("mosaic natural vegetation above 50 %, cropland", "CVM"),
        50: ("broadleaved evergreen trees", "EBF"),
        60: ("broadleaved deciduous trees", "DBF"),
        61: ("broadleaved deciduous trees, closed", "DBF"),
        62: ("broadleaved deciduous trees, open", "DBF"),
        70: ("needleleaved evergreen trees", "ENF"),
        71: ("needleleaved evergreen trees, closed", "ENF"),
        72: ("needleleaved evergreen trees, open", "ENF"),
        80: ("needleleaved deciduous trees", "DNF"),
        81: ("needleleaved deciduous trees, closed", "DNF"),
        82: ("needleleaved deciduous trees, open", "DNF"),
        90: ("mixed leaf trees", "MF"),
        100: ("mosaic tree and shrub above 50 %, herbaceous", "WSA"),
        110: ("mosaic herbaceous above 50 %, tree and shrub", "SAV"),
        120: ("shrubland", "SHR"),
        121: ("shrubland, evergreen", "SHR"),
        122: ("shrubland, deciduous", "SHR"),
        130: ("grassland", "GRA"),
        140: ("lichens and mosses", "TUN"),
        150: ("sparse vegetation", "BSV"),
        151: ("sparse trees", "BSV"),
        152: ("sparse shrubs", "BSV"),
        153: ("sparse herbaceous", "BSV"),
        160: ("trees, flooded, fresh or brackish water", "WET"),
        170: ("trees, flooded, saline water", "WET"),
        180: ("shrub or herbaceous, flooded", "WET"),
        190: ("urban areas", "URB"),
        200: ("bare areas", "BSV"),
        201: ("bare areas, consolidated", "BSV"),
        202: ("bare areas, unconsolidated", "BSV"),
        210: ("water bodies", "WAT"),
        220: ("permanent snow and ice", "SNO"),
    },
    missing=(0,),
)

_FROM_GLC: Final = Legend(
    "from-glc",
    "FROM-GLC",
    {
        10: ("cropland", "CRO"),
        11: ("rice paddy", "CRO"),
        12: ("greenhouse", "CRO"),
        13: ("other farmland", "CRO"),
        14: ("orchard", "CRO"),
        15: ("bare farmland", "CRO"),
        20: ("forest", "FOR"),
        21: ("broadleaf, leaf-on", "FOR"),
        22: ("broadleaf, leaf-off", "DBF"),
        23: ("needleleaf, leaf-on", "FOR"),
        24: ("needleleaf, leaf-off", "DNF"),
        25: ("mixed leaf, leaf-on", "MF"),
        26: ("mixed leaf, leaf-off", "MF"),
        30: ("grassland", "GRA"),
        31: ("pasture", "GRA"),
        32: ("natural grassland", "GRA"),
        33: ("grassland, leaf-off", "GRA"),
        40: ("shrubland", "SHR"),
        41: ("shrubland, leaf-on", "SHR"),
        42: ("shrubland, leaf-off", "SHR"),
        50: ("wetland", "WET"),
        51: ("marshland", "WET"),
        52: ("mudflat", "WET"),
        53: ("marshland, leaf-off", "WET"),
        60: ("water", "WAT"),
        70: ("tundra", "TUN"),
        71: ("shrub and brush tundra", "TUN"),
        72: ("herbaceous tundra", "TUN"),
        80: ("impervious surface", "URB"),
        90: ("bareland", "BSV"),
        100: ("snow and ice", "SNO"),
        101: ("snow", "SNO"),
        102: ("ice", "SNO"),
    },
    missing=(0, 120, 255),
)

LEGENDS: Final[Mapping[str, Legend]] = {
    legend.name: legend for legend in (_igbp(), _WORLDCOVER, _CCI, _FROM_GLC)
}
"""Every legend by name."""

_OTHER_NAMES: Final[Mapping[str, str]] = {
    "modis": "igbp",
    "mcd12q1": "igbp",
    "mcd12c1": "igbp",
    "esa-worldcover": "worldcover",
    "esa-cci": "cci",
    "cci-lc": "cci",
    "fromglc": "from-glc",
    "from-glc10": "from-glc",
}


def find_legend(name: str) -> Legend:
    """Return a legend by name.

    Raises
    ------
    OutOfBoundsError
        If there is none of that name.
    """
    key = name.strip().lower().replace("_", "-").replace(" ", "-")
    key = _OTHER_NAMES.get(key, key)
    if key not in LEGENDS:
        msg = f"there is no land-cover legend {name!r}; known are {', '.join(LEGENDS)}."
        raise OutOfBoundsError(msg + did_you_mean(key, LEGENDS), got=name)
    return LEGENDS[key]


def guess_legend(codes: Iterable[int], *, where: str = "land cover") -> Legend:
    """Return the only legend that knows every code.

    Raises
    ------
    OutOfBoundsError
        If no legend knows them all, or several do: 10, 20 and 30 stand for trees, shrubs and
        grass in one map and for three kinds of cropland in another.
    """
    present = sorted({int(code) for code in codes})
    shown = ", ".join(str(code) for code in present[:12])
    fitting = [
        legend
        for legend in LEGENDS.values()
        if set(present) <= set(legend.classes) | set(legend.missing)
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = ", ".join(legend.name for legend in fitting)
        msg = (
            f"{where}: the codes {shown} fit the legends {names} and mean different things in "
            "each; name the legend"
        )
        raise OutOfBoundsError(msg, codes=present, legends=[one.name for one in fitting])
    nearest = max(LEGENDS.values(), key=lambda one: len(set(present) & set(one.classes)))
    unknown = [code for code in present if code not in {*nearest.classes, *nearest.missing}]
    msg = (
        f"{where}: no known legend holds all of the codes {shown}; nearest is {nearest.name}, "
        f"which lacks {', '.join(str(code) for code in unknown[:8])}. Known are "
        f"{', '.join(LEGENDS)}"
    )
    raise OutOfBoundsError(msg, codes=present, unknown=unknown, nearest=nearest.name)
