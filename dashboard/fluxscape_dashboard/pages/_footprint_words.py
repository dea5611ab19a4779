"""What the Footprint page says in words and tables: areas, records, notes, provenance."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
import xarray as xr

from fluxscape.footprint import find_model
from fluxscape_dashboard.pages._footprint_exports import Saved
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.sites import has_position, heights_of
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.charts import scientific

PRECISE: Final = 200.0
"""Uncertainty of a position [m] up to which the overlay needs no warning."""

SQUARE_METRES_PER_HECTARE: Final = 10_000.0

COMPARED_SHARES: Final = (50, 80, 90)
"""Source areas [%] that stand in the table of two models."""


def areas_table(result: dict[str, Any], lang: str) -> pd.DataFrame:
    """Return the source areas as a table."""
    names = ("share", "area", "reach", "edge")
    rows = []
    for area in result["areas"]:
        share = f"{100 * area['fraction']:.0f} %"
        if not area["reachable"]:
            rows.append((share, t("footprint.not_reached", lang), "–", "–"))
            continue
        cut = "> " if area["touches_edge"] else ""
        rows.append(
            (
                share,
                _hectares(area, lang),
                f"{cut}{area['reach']:.0f}",
                scientific(area["level"]),
            )
        )
    return pd.DataFrame(rows, columns=[t(f"footprint.area_{name}", lang) for name in names])


def distances_table(result: dict[str, Any], lang: str) -> pd.DataFrame:
    """Return distances and shares of the climatology as a whole."""
    facts = result["climatology"].attrs
    east, north = (float(value) for value in facts["centroid_xy"])
    rows = [
        ("distance_peak", f"{facts['x_peak']:.0f} m"),
        ("distance_centroid", f"{math.hypot(east, north):.0f} m"),
        ("direction_centroid", f"{math.degrees(math.atan2(east, north)) % 360:.0f}°"),
        ("captured", f"{100 * facts['captured_fraction']:.1f} %"),
    ]
    return _pairs(
        [(t(f"footprint.{key}", lang), value) for key, value in rows],
        t("footprint.column_quantity", lang),
        t("footprint.column_value", lang),
    )


@dataclass(frozen=True, slots=True)
class DifferenceWords:
    """What is said of the difference of two models.

    Attributes
    ----------
    title
        Of the map.
    models
        Names of the two.
    lines
        Sentences beside the map.
    """

    title: str
    models: tuple[str, str]
    lines: tuple[str, ...]


def difference_words(saved: Saved, lang: str) -> DifferenceWords:
    """Return what is said of the difference of the two models of a result."""
    other = saved.result["other"]
    first, second = (
        find_model(str(one["climatology"].attrs["model"])).title for one in (saved.result, other)
    )
    apart = other["apart"]
    return DifferenceWords(
        title=t("footprint.difference_title", lang, first=first, second=second),
        models=(first, second),
        lines=(
            t("footprint.difference_overlap", lang, share=f"{100 * apart['overlap']:.0f}"),
            t("footprint.difference_centroid", lang, metres=f"{apart['centroid_distance']:.0f}"),
        ),
    )


def models_table(result: dict[str, Any], lang: str) -> pd.DataFrame:
    """Return the distances, areas and counts of two models side by side."""
    both = (result, result["other"])
    columns = [find_model(str(one["climatology"].attrs["model"])).title for one in both]
    distances = [distances_table(one, lang).iloc[:, 1].tolist() for one in both]
    names = distances_table(result, lang).iloc[:, 0].tolist()
    rows = list(zip(names, *distances, strict=True))
    for one, two in zip(result["areas"], result["other"]["areas"], strict=True):
        percent = round(100 * one["fraction"])
        if percent in COMPARED_SHARES:
            name = t("footprint.area_of_share", lang, percent=percent)
            rows.append((name, _hectares(one, lang), _hectares(two, lang)))
    for key in ("used", "rejected"):
        counts = [str(one["climatology"].attrs[f"n_{key}"]) for one in both]
        rows.append((t(f"footprint.records_{key}", lang), *counts))
    return pd.DataFrame(rows, columns=[t("footprint.column_quantity", lang), *columns])


def _hectares(area: dict[str, Any], lang: str) -> str:
    """Return the size of a source area."""
    if not area["reachable"]:
        return t("footprint.not_reached", lang)
    cut = "> " if area["touches_edge"] else ""
    return f"{cut}{area['area'] / SQUARE_METRES_PER_HECTARE:.3g}"


def records_table(result: dict[str, Any], lang: str) -> pd.DataFrame:
    """Return how many records each model used, and how many each rule took."""
    both = [one["climatology"].attrs for one in (result, result["other"]) if one is not None]
    rows = [
        (t(f"footprint.records_{key}", lang), *(str(facts[f"n_{key}"]) for facts in both))
        for key in ("used", "rejected")
    ]
    rejected = [json.loads(facts["rejected_by"]) for facts in both]
    for reason in dict.fromkeys(reason for counts in rejected for reason in counts):
        words = f"– {reason_words(reason, lang)}"
        rows.append((words, *(str(counts.get(reason, 0)) for counts in rejected)))
    rows.append(
        (t("footprint.records_filtered", lang), *(str(facts["n_filtered"]) for facts in both))
    )
    filled = [json.loads(facts["n_filled"]) for facts in both]
    for name in filled[0]:
        words = t("footprint.filled", lang, variable=t(f"work.variable_{name}", lang))
        rows.append((words, *(str(counts[name]) for counts in filled)))
    counts = [t("footprint.column_count", lang)]
    if len(both) > 1:
        counts = [find_model(str(facts["model"])).title for facts in both]
    return pd.DataFrame(rows, columns=[t("footprint.column_records", lang), *counts])


def assumption_lines(result: dict[str, Any], lang: str) -> list[str]:
    """Return how what was not measured was estimated, one line an input."""
    facts = result["climatology"].attrs
    filled = json.loads(facts["n_filled"])
    lines = [t(f"footprint.how_{name}", lang) for name in filled]
    if "lateral_velocity_std" in filled and "own sigma_v" in facts["assumptions"]:
        at = list(filled).index("lateral_velocity_std")
        lines[at] = t("footprint.how_own_sigma_v", lang)
    return lines


def reason_words(reason: str, lang: str) -> str:
    """Return why a rule rejects a record."""
    if reason.startswith("missing_") and reason != "missing_weight":
        name = reason.removeprefix("missing_")
        variable = t(f"work.variable_{name}", lang)
        return t("footprint.reason_missing", lang, variable=variable)
    return t(f"footprint.reason_{reason}", lang)


def provenance_rows(result: dict[str, Any], lang: str) -> list[tuple[str, str]]:
    """Return name and value of every fact that a reader needs to cite or repeat the picture."""
    facts = result["climatology"].attrs
    methods: list[tuple[str, str]] = []
    for one in (result, result["other"]):
        if one is None:
            continue
        model = find_model(str(one["climatology"].attrs["model"]))
        methods += [
            (t("footprint.model", lang), t(f"footprint.model_{model.name}", lang)),
            (t("work.method", lang), t(f"footprint.provenance_{_family(model.name)}", lang)),
            (t("work.reference", lang), model.reference),
        ]
    return [
        (t("work.status", lang), t(f"work.status_{facts['data_status']}", lang)),
        *methods,
        (t("footprint.weight", lang), t(f"footprint.weight_{facts['weight']}", lang)),
        (t("footprint.geometry", lang), geometry_words(facts, lang)),
        (t("footprint.grid", lang), grid_facts(result["climatology"], lang)),
        (t("work.version", lang), label(facts["fluxscape_version"])),
    ]


def _family(model: str) -> str:
    """Return the model whose provenance a variant shares."""
    return "safe-f" if model.startswith("safe-f") else model


def geometry_words(facts: dict[str, Any], lang: str) -> str:
    """Return heights and roughness of the measurement."""
    roughness = float(facts["roughness_length"])
    key = "geometry_wind" if math.isnan(roughness) else "geometry_roughness"
    return t(
        f"footprint.{key}",
        lang,
        height=f"{facts['measurement_height']:g}",
        displacement=f"{facts['displacement_height']:.3g}",
        roughness=f"{roughness:.3g}",
    )


def grid_facts(climatology: xr.Dataset, lang: str) -> str:
    """Return cell size and half-width of the grid."""
    east = climatology["x"].to_numpy()
    cell = float(east[1] - east[0])
    reach = float(east[-1] - east[0]) / 2.0
    return t("footprint.grid_facts", lang, cell=f"{cell:g}", reach=f"{reach:.0f}")


def title_words(saved: Saved, lang: str) -> str:
    """Return the title inside the picture: quantity, site, model, period, and what it rests on."""
    facts = saved.result["climatology"].attrs
    return t(
        "footprint.chart_title",
        lang,
        place=saved.place.words,
        model=find_model(str(facts["model"])).title,
        period=period_words(saved.period, lang),
        status=t(saved.place.status_key, lang),
    )


def short_title(saved: Saved, lang: str, other: dict[str, Any] | None) -> str:
    """Return the title of one of two maps: the model, the site and the period."""
    facts = (other or saved.result)["climatology"].attrs
    return t(
        "footprint.chart_title_short",
        lang,
        place=saved.place.short,
        model=find_model(str(facts["model"])).title,
        period=period_words(saved.period, lang),
    )


def caption_words(saved: Saved, lang: str, climatology: Any = None) -> str:
    """Return the small print inside the picture: source, version, date."""
    facts = (saved.result["climatology"] if climatology is None else climatology).attrs
    return t(
        "footprint.chart_caption" if saved.result["other"] is None else "footprint.caption_short",
        lang,
        version=label(facts["fluxscape_version"]),
        reference=find_model(str(facts["model"])).reference.split(",")[0],
        date=str(facts["history"])[:10],
    )


def score_words(saved: Saved, lang: str) -> list[str]:
    """Return the first score in sentences."""
    score = saved.result["score"]
    if not saved.result["with_score"]:
        return []
    if score is None:
        return [t("footprint.score_none", lang)]
    levels = [t(f"footprint.level_{score[key]}", lang) for key in ("cover_level", "bias_level")]
    covers = "; ".join(
        f"{t(f'towers.igbp_{code}', lang)} {100 * share:.0f} %"
        for code, share in list(score["cover_shares"].items())[:4]
    )
    return [
        t(
            "footprint.score_cover",
            lang,
            cover=t(f"towers.igbp_{score['cover']}", lang),
            share=f"{100 * score['cover_share']:.0f}",
            level=levels[0],
        ),
        t("footprint.score_covers", lang, covers=covers),
        t("footprint.score_bias", lang, level=levels[1]),
        t("footprint.score_caveat", lang),
    ]


def notes(
    state: AppState, saved: Saved | None, place: Place | None, lang: str
) -> list[tuple[str, str]]:
    """Return kind and words of what must be said beside the map, the gravest first."""
    if place is None:
        return [("info", _nothing_to_run(state, lang))] if saved is not None else []
    found: list[tuple[str, str]] = []
    if place.precision > PRECISE:
        distance = f"{place.precision / 1e3:.2g}"
        found.append(("warning", t("footprint.note_precision", lang, distance=distance)))
    elif math.isnan(place.precision):
        found.append(("warning", t("footprint.note_precision_unknown", lang)))
    assumed = _assumed(state, place, lang)
    if saved is not None and _profile_from_wind(saved):
        assumed.append(t("footprint.note_profile", lang))
    unreached = [a for a in saved.result["areas"] if not a["reachable"]] if saved else []
    if saved is not None and any(a["fraction"] <= COMPARED_SHARES[1] / 100 for a in unreached):
        share = 100 * float(saved.result["climatology"].attrs["sum"])
        found.append(("warning", t("footprint.note_unreached", lang, share=f"{share:.0f}")))
    if assumed:
        found.append(("info", " ".join(assumed)))
    return found


def empty_words(state: AppState, place: Place | None, lang: str) -> list[str]:
    """Return what stands in the place of the figures before there is a result."""
    if place is not None:
        return [t("footprint.empty_wait", lang)]
    keys = ("empty_tower", "empty_file", "empty_what")
    return [_nothing_to_run(state, lang), *(t(f"footprint.{key}", lang) for key in keys)]


def _profile_from_wind(saved: Saved) -> bool:
    """Return whether a model that takes the canopy's roughness had to take the wind instead."""
    facts = saved.result["climatology"].attrs
    first = find_model(str(facts["model"])).profile_inputs[0]
    return first == "roughness_length" and math.isnan(float(facts["roughness_length"]))


def _nothing_to_run(state: AppState, lang: str) -> str:
    """Return what the user should do so that there is something to show."""
    tower = tower_or_none(state.tower)
    if tower is None:
        return t("work.choose_tower", lang)
    if not has_position(tower):
        return t("work.no_position", lang, site=label(tower.site))
    return t("work.choose_file", lang)


def _assumed(state: AppState, place: Place, lang: str) -> list[str]:
    """Return what is assumed of the heights."""
    heights = heights_of(place.tower)
    words = []
    if heights.measurement_assumed and state.fp_height is None:
        value = f"{heights.measurement:g}"
        words.append(t("footprint.height_assumed", lang, value=value))
    if heights.canopy_assumed and state.fp_canopy is None:
        cover = t(f"towers.igbp_{place.cover}", lang)
        value = f"{heights.canopy:g}"
        words.append(t("footprint.canopy_assumed", lang, value=value, cover=cover))
    return words


def period_words(period: str, lang: str) -> str:
    """Return the name of a period, of parts joined by ``+``."""
    return t("footprint.period_join", lang).join(_part_words(p, lang) for p in period.split("+"))


def _part_words(part: str, lang: str) -> str:
    """Return the name of one part of a period."""
    if part.startswith("month-"):
        return t(f"work.month_{int(part.removeprefix('month-'))}", lang)
    if part.isdigit():
        return part
    return t(f"footprint.period_{part}", lang)


def _pairs(rows: list[tuple[str, str]], first: str, second: str) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[first, second])
