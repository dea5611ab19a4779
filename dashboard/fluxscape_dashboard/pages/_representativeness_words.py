"""What the Representativeness page says of a tower: levels, reasons, facts, notes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from fluxscape.footprint import find_model
from fluxscape.representativeness.legends import PLANT_FUNCTIONAL_TYPES
from fluxscape.representativeness.limits import Limits
from fluxscape.towers import IGBP_CLASSES
from fluxscape_dashboard.pages._footprint_words import PRECISE
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.pages._surroundings import CLASS_COLOURS
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.state_representativeness import INDICES
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import scientific

INDEX_NAMES: Final = INDICES
"""Surface properties with a name of their own in the catalogue."""


WIDE_COLOURS: Final = {"FOR": "#3d7f4f", "SHR": "#bd9c6a", "TUN": "#a9b7a0"}
"""Colours of the plant functional types that only coarse legends have."""


@dataclass(frozen=True)
class Assessed:
    """A result of the page, where it belongs and what it rests on.

    Attributes
    ----------
    result
        As :func:`fluxscape_dashboard.work.representativeness.assess_place` returns it.
    place
        Of the tower and its records.
    simulated
        Whether the landscape is simulated.
    """

    result: dict[str, Any]
    place: Place
    simulated: bool

    @property
    def facts(self) -> dict[str, Any]:
        """All numbers of the assessment."""
        found: dict[str, Any] = self.result["facts"]
        return found

    @property
    def rated(self) -> str:
        """Index that is rated; empty without one."""
        return str(self.facts["rated"])

    def table(self, kind: str) -> Any:
        """Return the table of the rated index, such as its ``bias_map``, or None."""
        return self.result["tables"].get(f"{kind}_{self.rated}")


def number(value: Any) -> float:
    """Return a number of a result; NaN where it is unknown."""
    return math.nan if value is None else float(value)


def percent_words(value: float, *, signed: bool = False) -> str:
    """Return a share in percent.

    >>> percent_words(0.0643, signed=True), percent_words(-0.2, signed=True), percent_words(0.96)
    ('+6.4 %', '−20 %', '96 %')
    """
    if math.isnan(value):
        return "–"
    digits = 1 if abs(value) < 0.0995 else 0
    words = f"{100 * value:+.{digits}f} %" if signed else f"{100 * value:.{digits}f} %"
    return words.replace("-", "−")


def index_words(name: str, lang: str) -> str:
    """Return the name of a surface property."""
    return t(f"representativeness.index_{name}", lang) if name in INDEX_NAMES else label(name)


def cover_words(code: str, lang: str) -> str:
    """Return the name of a plant functional type, or what stands for one."""
    if code in IGBP_CLASSES:
        return t(f"towers.igbp_{code}", lang)
    if code in PLANT_FUNCTIONAL_TYPES:
        return t(f"representativeness.pft_{code}", lang)
    named = {name: key for key, name in IGBP_CLASSES.items()} | {"water body": "WAT"}
    return t(f"towers.igbp_{named[code]}", lang) if code in named else label(code)


def class_words(cover: Mapping[str, Any], lang: str) -> list[str]:
    """Return the name of every class of a land-cover table; codes tell namesakes apart."""
    names = [cover_words(code, lang) for code in cover["plant_functional_type"]]
    codes = [int(code) for code in cover["class"]]
    return [
        f"{name} [{code}]" if names.count(name) > 1 else name
        for name, code in zip(names, codes, strict=True)
    ]


def cover_colours(cover: dict[str, Any]) -> list[str]:
    """Return the colour of every class."""
    colours = CLASS_COLOURS | WIDE_COLOURS
    return [colours[code] for code in cover["plant_functional_type"]]


def reason_words(reason: Mapping[str, Any], lang: str) -> str:
    """Return why an aspect has its level."""
    values = dict(reason["values"])
    if "target" in values:
        values["target"] = cover_words(str(values["target"]), lang)
    if "name" in values:
        values["name"] = index_words(str(values["name"]), lang)
    key = str(reason["key"]).replace(".", "_")
    return t(f"representativeness.reason_{key}", lang, **values)


def aspect_number(aspect: Mapping[str, Any]) -> str:
    """Return the rated number with its unit."""
    value = number(aspect["value"])
    if math.isnan(value):
        return "–"
    if aspect["name"] == "spatial_structure":
        return f"±{percent_words(value)}"
    return percent_words(value, signed=aspect["name"] == "location_bias")


def aspect_interval(aspect: Mapping[str, Any], lang: str) -> str:
    """Return the interval of the rated number, or that there is none."""
    low, high = number(aspect["low"]), number(aspect["high"])
    if math.isnan(low) or math.isnan(high):
        return t("representativeness.no_interval", lang)
    signed = aspect["name"] == "location_bias"
    ends = (percent_words(end, signed=signed) for end in (low, high))
    return t("representativeness.interval_words", lang, low=next(ends), high=next(ends))


def overall_words(facts: Mapping[str, Any], lang: str) -> str:
    """Return why the score is what it is."""
    score = facts["score"]
    known = [aspect for aspect in score["aspects"] if aspect["level"]]
    limiting = [aspect for aspect in known if aspect["level"] == score["score"]]
    if not known:
        return t("representativeness.overall_unknown", lang)
    level = t(f"representativeness.level_{score['score']}", lang)
    if len(limiting) == len(known):
        said = t("representativeness.overall_all", lang, level=level)
    else:
        names = _joined([aspect["name"] for aspect in limiting], lang)
        said = t("representativeness.overall_limited", lang, aspects=names, level=level)
    missing = [aspect["name"] for aspect in score["aspects"] if not aspect["level"]]
    if missing:
        said += t("representativeness.overall_without", lang, aspects=_joined(missing, lang))
    return said


def _joined(names: list[str], lang: str) -> str:
    words = [t(f"representativeness.aspect_{name}", lang).lower() for name in names]
    return t("representativeness.join", lang).join(words)


def score_interval(facts: Mapping[str, Any], lang: str) -> str:
    """Return how often the bootstrap found each score, and what it drew from."""
    score = facts["score"]
    if not score["probability"]:
        return t("representativeness.no_interval", lang)
    shares = " · ".join(
        f"{level}: {100 * share:.0f} %" for level, share in sorted(score["probability"].items())
    )
    drawn = t(f"representativeness.drawn_{score['resampled'].replace(' ', '_')}", lang)
    return t(
        "representativeness.score_interval",
        lang,
        shares=shares,
        draws=facts["replicates"],
        drawn=drawn,
    )


def largest_words(facts: Mapping[str, Any], lang: str) -> str:
    """Return up to which radius the tower stands for its surroundings."""
    profile = facts["location_bias"][facts["rated"]]
    largest = number(profile["largest_radius"])
    limit = percent_words(float(facts["limits"]["bias_medium"]))
    if math.isnan(largest):
        return t("representativeness.largest_unknown", lang)
    if largest <= 0.0:
        return t("representativeness.largest_none", lang, limit=limit)
    key = "largest_all" if largest >= max(profile["curve_radius"]) else "largest"
    return t(f"representativeness.{key}", lang, radius=f"{largest:.0f}", limit=limit)


def structure_rows(facts: Mapping[str, Any], lang: str) -> pd.DataFrame:
    """Return the numbers of the spatial structure as a table."""
    structure = facts["spatial_structure"][facts["rated"]]
    fit, weighted, turning = (structure[key] for key in ("fit", "weighted_fit", "turning"))
    rows = [
        ("window", f"{structure['window'] / 1e3:g} km"),
        ("variation", percent_words(number(structure["variation"]))),
        ("width", f"{structure['footprint_width']:.0f} m"),
        ("expected", percent_words(number(structure["expected_bias"]))),
        ("side", _metres(structure["representative_side"])),
    ]
    if fit is not None:
        rows += [
            ("fitted", t(f"representativeness.variogram_{fit['model']}", lang)),
            ("range", _range_words(fit)),
            ("sill", _small(number(fit["sill"]))),
            ("nugget", f"{_small(number(fit['nugget']))} ({percent_words(fit['nugget_ratio'])})"),
        ]
    if weighted is not None:
        rows.append(("weighted_range", _range_words(weighted)))
    if turning is not None and not math.isnan(number(turning["ratio"])):
        words = f"{turning['ratio']:.2f}, {turning['azimuth']:.0f}°"
        rows.append(("anisotropy", words))
    coefficients = structure["coefficients"]
    if coefficients is not None:
        rows.append(("roman", f"{number(coefficients['score']):.2g}"))
    return _pairs([(t(f"representativeness.row_{key}", lang), value) for key, value in rows], lang)


def _small(value: float) -> str:
    """Return a semivariance."""
    return f"{value:.3g}" if value == 0.0 or 1e-3 <= abs(value) < 1e4 else scientific(value)


def _range_words(fit: Mapping[str, Any]) -> str:
    reach = number(fit["range"])
    if math.isnan(reach):
        return "–"
    return f"{reach:.0f} m" if fit["range_reached"] else f"> {reach:.0f} m"


def _metres(value: Any) -> str:
    return "–" if math.isnan(number(value)) else f"{number(value):.0f} m"


def fit_name(facts: Mapping[str, Any], lang: str) -> str:
    """Return the name of the fitted model of the variogram."""
    fit = facts["spatial_structure"][facts["rated"]]["fit"]
    if fit is None:
        return t("representativeness.no_fit", lang)
    return t(f"representativeness.variogram_{fit['model']}", lang)


def cover_tests(facts: Mapping[str, Any], lang: str) -> pd.DataFrame:
    """Return share of the target, chi-square test and Chu's level against each disc."""
    cover = facts["land_cover"]
    names = ("radius", "target_share", "chi_square", "p_value", "chu_level")
    rows = []
    for i, radius in enumerate(cover["radius"]):
        level = cover["disc_level"][i]
        rows.append(
            (
                f"{radius / 1e3:g} km",
                percent_words(number(cover["disc_target_share"][i])),
                _statistic(cover["disc_chi_square"][i]),
                _probability(number(cover["disc_p_value"][i])),
                t(f"representativeness.chu_{level}", lang) if level else "–",
            )
        )
    return pd.DataFrame(rows, columns=[t(f"representativeness.column_{n}", lang) for n in names])


def _statistic(value: Any) -> str:
    """Return a chi-square statistic; one that is not finite is not told as a number."""
    found = number(value)
    if math.isnan(found) or math.isinf(found):
        return "∞"
    return f"{found:.3g}" if found < 1000.0 else scientific(found)


def _probability(value: float) -> str:
    if math.isnan(value):
        return "–"
    return "<\u202f0.001" if value < 0.001 else f"{value:.3f}"


def _pairs(rows: list[tuple[str, str]], lang: str) -> pd.DataFrame:
    columns = [t(f"representativeness.column_{name}", lang) for name in ("quantity", "value")]
    return pd.DataFrame(rows, columns=columns)


def notes(shown: Assessed | None, place: Place | None, lang: str) -> list[tuple[str, str]]:
    """Return kind and words of what must be said beside the cards, the gravest first."""
    if shown is None or place is None:
        return []
    found: list[tuple[str, str]] = []
    if place.precision > PRECISE:
        distance = f"{place.precision / 1e3:.2g}"
        found.append(("warning", t("representativeness.note_precision", lang, distance=distance)))
    elif math.isnan(place.precision):
        found.append(("warning", t("footprint.note_precision_unknown", lang)))
    found += [("warning", reason_words(one, lang)) for one in shown.facts["notes"]]
    if shown.simulated:
        found.append(("info", t("representativeness.note_simulated", lang)))
    return found


def maps_words(shown: Assessed, lang: str) -> str:
    """Return which maps the numbers rest on."""
    key = "maps_simulated" if shown.simulated else "maps_upload"
    return t(f"representativeness.{key}", lang)


def provenance_rows(shown: Assessed, lang: str) -> list[tuple[str, str]]:
    """Return name and value of every fact that a reader needs to cite or repeat the result."""
    about = shown.result["about"]
    model = find_model(str(about["model"]))
    table = next(iter(shown.result["tables"].values()))
    return [
        (
            t("work.status", lang),
            t(f"representativeness.status_{shown.facts['data_status']}", lang),
        ),
        (t("representativeness.maps", lang), maps_words(shown, lang)),
        (t("footprint.model", lang), t(f"footprint.model_{model.name}", lang)),
        (t("representativeness.records", lang), str(about["n_used"])),
        (
            t("footprint.captured", lang),
            percent_words(float(about["captured_fraction"])),
        ),
        (t("work.method", lang), t("representativeness.method", lang)),
        (t("work.reference", lang), t("representativeness.references", lang)),
        (t("work.version", lang), label(table.attrs["fluxscape_version"])),
    ]


def limit_words(name: str, lang: str) -> str:
    """Return what a limit is for, with its unit."""
    unit = next(row.unit for row in Limits.table() if row.name == name)
    words = t(f"representativeness.limit_{name}", lang)
    return words if unit == "1" else f"{words} [{unit}]"
