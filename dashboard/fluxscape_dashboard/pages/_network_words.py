"""What the network half of the Representativeness page says and saves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fluxscape.io.atomic import write_geotiff
from fluxscape_dashboard.pages._representativeness_words import percent_words
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.text import t

Result = Mapping[str, Any]
"""As :func:`fluxscape_dashboard.work.network.network_of_nation` returns it."""


def stratum_words(name: str, lang: str) -> str:
    """Return the name of a stratum, bioclimate and plant functional type."""
    zone, _, group = name.partition(" ")
    return t(
        "representativeness.stratum",
        lang,
        zone=t(f"representativeness.zone_{zone}", lang),
        group=t(f"representativeness.group_{group.replace(' ', '_')}", lang),
    )


def reason_words(row: Mapping[str, Any], lang: str) -> str:
    """Return why a tower is in the set, or that it is not."""
    fields = {
        "stratum": stratum_words(row["stratum"], lang),
        "share": percent_words(row["stratum_share"]),
        "chosen": row["stratum_chosen"],
        "towers": row["stratum_towers"],
        "own": percent_words(row["constituency_share"]),
    }
    state = row["state"]
    if state == "chosen" and row["stratum_chosen"] == row["stratum_towers"]:
        state = "chosen_all"
    return t(f"representativeness.why_{state}", lang, **fields)


def headline(result: Result, lang: str) -> list[str]:
    """Return in sentences what the set covers, and what the changes by hand did."""
    chosen, present, chance = (result[key] for key in ("chosen", "present", "chance"))
    by = t(f"representativeness.of_{result['by']}", lang)
    lines = [
        t(
            "representativeness.headline",
            lang,
            chosen=chosen["count"],
            towers=len(result["towers"]),
            share=percent_words(chosen["coverage"]),
            by=by,
            everything=percent_words(result["everything"]),
            beaten=percent_words(chance["beaten_coverage"]),
            nearer=percent_words(chance["beaten_mean_distance"]),
            draws=f"{chance['draws']:,}",
        )
    ]
    if present != chosen:
        change = 100.0 * (present["coverage"] - chosen["coverage"])
        lines.append(
            t(
                "representativeness.headline_hand",
                lang,
                count=present["count"],
                share=percent_words(present["coverage"]),
                by=by,
                change=f"{change:+.2f}".replace("-", "−"),
            )
        )
    return lines


def towers_table(result: Result, lang: str) -> pd.DataFrame:
    """Return the towers of the set with stratum and reason."""
    rows = [
        (
            row["order"],
            row["site"],
            label(row["name"], limit=60),
            stratum_words(row["stratum"], lang),
            percent_words(row["constituency_share"]),
            reason_words(row, lang),
        )
        for row in result["towers"]
        if row["order"]
    ]
    names = ("order", "site", "name", "stratum", "constituency", "reason")
    return pd.DataFrame(rows, columns=[t(f"representativeness.column_{n}", lang) for n in names])


def strata_table(result: Result, lang: str) -> pd.DataFrame:
    """Return the strata with their seats."""
    rows = [
        (
            stratum_words(row["name"], lang),
            percent_words(row["share"]),
            f"{row['chosen']} / {row['towers']}",
            percent_words(row["covered"]),
        )
        for row in result["strata"]
        if row["share"] >= 0.001 or row["towers"]
    ]
    names = ("stratum", "stratum_share", "seats", "covered")
    return pd.DataFrame(rows, columns=[t(f"representativeness.column_{n}", lang) for n in names])


def provenance_rows(result: Result, lang: str) -> list[tuple[str, str]]:
    """Return name and value of every fact that a reader needs to cite or repeat the choice."""
    present, chance = result["present"], result["chance"]
    rows = [
        (t("work.status", lang), t("representativeness.network_status", lang)),
        (t("representativeness.fact_threshold", lang), f"{result['threshold']:.2f}"),
        (t("representativeness.fact_mean", lang), f"{present['mean_distance']:.3f}"),
        (t("representativeness.fact_radius", lang), f"{present['radius']:.2f}"),
        (
            t("representativeness.fact_chance", lang),
            t(
                "representativeness.draws_words",
                lang,
                low=percent_words(chance["low"]),
                high=percent_words(chance["high"]),
            ),
        ),
        (t("work.method", lang), t("representativeness.network_method", lang)),
        (t("work.reference", lang), t("representativeness.network_references", lang)),
    ]
    if result["left_out"]:
        names = ", ".join(label(site) for site in result["left_out"])
        rows.append((t("representativeness.fact_left_out", lang), names))
    return rows


def saved_table(result: Result) -> pd.DataFrame:
    """Return every tower with its state as a table of plain English keys, for other programs."""
    frame = pd.DataFrame(result["towers"])
    frame["in_set"] = frame["order"] > 0
    return frame.assign(
        weighted_by=result["by"],
        coverage=result["present"]["coverage"],
        threshold=result["threshold"],
        data_status=str(result["map"].attrs["data_status"]),
    )


def write_map(result: Result, path: Path) -> None:
    """Write the distance from the nearest tower as GeoTIFF in degrees."""
    made = result["map"]
    layer = made["environmental_distance"].astype(np.float32)
    facts = {key: str(value) for key, value in made.attrs.items() if key in _TAGS}
    write_geotiff(layer.assign_attrs(layer.attrs | facts), path, crs=made.attrs["crs"])


_TAGS = ("data_status", "source", "fluxscape_version", "sites", "threshold", "weighted_by")
