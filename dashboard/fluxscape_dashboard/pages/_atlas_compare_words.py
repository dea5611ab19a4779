"""Tables of the comparison tab, in the present language."""

from __future__ import annotations

import pandas as pd

from fluxscape.atlas.compare_published import PublishedNumber, published_numbers
from fluxscape.atlas.compare_triple import TripleCollocation
from fluxscape_dashboard.pages._atlas_words import number, p_text, unit
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_compare import Compared
from fluxscape_dashboard.views.atlas_product import NationalProduct
from fluxscape_dashboard.views.atlas_zones import kind_figures

_UNITS = {
    "Pg C yr-1": "atlas.unit_gpp_total",
    "Pg C yr-2": "atlas.unit_gpp_total_trend",
    "g C m-2 yr-1": "atlas.unit_gpp",
    "g C m-2 yr-2": "atlas.unit_gpp_trend",
    "mm yr-1": "atlas.unit_et",
    "mm yr-2": "atlas.unit_et_trend",
}


def published_table(lang: str) -> pd.DataFrame:
    """Return the published numbers; what is not known stays blank."""
    columns = {
        key: t(f"compare.column_{key}", lang)
        for key in ("source", "what", "mean", "trend", "period", "reference")
    }
    rows = []
    for item in published_numbers():
        row = {
            "source": _label(item, lang),
            "what": _what(item.flux, item.region, lang),
            "mean": _mean(item, lang),
            "trend": _trend(item, lang),
            "period": item.period or "",
            "reference": _reference(item, lang),
        }
        rows.append({columns[key]: row[key] for key in columns})
    return pd.DataFrame(rows)


def _what(flux: str, region: str, lang: str) -> str:
    return f"{t(f'compare.flux_{flux}', lang)} · {t(f'compare.region_{region}', lang)}"


def _label(item: PublishedNumber, lang: str) -> str:
    return t("compare.project", lang) if item.origin == "project" else item.label


def _mean(item: PublishedNumber, lang: str) -> str:
    if item.mean is None:
        return ""
    spread = "" if item.mean_uncertainty is None else f" ± {item.mean_uncertainty:g}"
    return f"{item.mean:g}{spread} {t(_UNITS[item.mean_units], lang)}"


def _trend(item: PublishedNumber, lang: str) -> str:
    if item.trend is None:
        return t(f"compare.note_{item.note}", lang) if item.note == "rises" else ""
    sign = "+" if item.trend > 0 else "−"
    text = f"{sign}{abs(item.trend):g} {t(_UNITS[item.trend_units], lang)}"
    if item.trend_p == "n.s.":
        return f"{text} ({t('compare.not_significant', lang)})"
    return f"{text} ({item.trend_p})" if item.trend_p else text


def _reference(item: PublishedNumber, lang: str) -> str:
    if item.origin == "project":
        return t("compare.project_reference", lang)
    return f"doi:{item.doi}" if item.doi else item.reference or ""


def own_table(product: NationalProduct, lang: str) -> pd.DataFrame:
    """Return what this run says of the nation and the plateau."""
    columns = {key: t(f"compare.column_{key}", lang) for key in ("what", "mean", "trend", "period")}
    rows = []
    for flux in ("gpp", "et"):
        nation = product.figures[flux]
        (plateau,) = kind_figures(product, flux, "plateau")
        entries = (
            ("china", nation.mean, nation.interannual_spread, nation.trend),
            ("plateau", plateau.mean, plateau.interannual_spread, plateau.trend),
        )
        for region, mean, spread, trend in entries:
            slope = ""
            if trend is not None:
                per_year = unit(flux, lang, kind="total_trend")
                p = p_text(trend.p_value_wang_swail, lang)
                slope = f"{number(trend.slope)} {per_year} (p {p})"
            row = {
                "what": _what(flux, region, lang),
                "mean": f"{number(mean)} ± {number(spread, 2)} {unit(flux, lang, kind='total')}",
                "trend": slope,
                "period": f"{nation.years[0]}–{nation.years[-1]}",
            }
            rows.append({columns[key]: row[key] for key in columns})
    return pd.DataFrame(rows)


def agreement_table(found: list[tuple[str, Compared]], unit_words: str, lang: str) -> pd.DataFrame:
    """Return how the means agree, one column a product."""
    rows = {
        key: t(f"compare.row_{key}", lang)
        for key in ("years", "cells", "mean_ours", "mean_theirs", "bias", "rmse", "correlation")
    }
    data: dict[str, list[str]] = {"": [rows[key] for key in rows]}
    for name, item in found:
        facts, years = item.agreement, item.both.years
        data[name] = [
            f"{years[0]}–{years[-1]} ({len(years)})",
            f"{facts.cells}",
            *(
                f"{number(value)} {unit_words}"
                for value in (facts.mean_ours, facts.mean_theirs, facts.bias, facts.rmse)
            ),
            number(facts.correlation, 2),
        ]
    return pd.DataFrame(data)


def trend_table(found: list[tuple[str, Compared]], lang: str) -> pd.DataFrame:
    """Return the shares of the common area by what the two trends say."""
    keys = (
        "same_sign",
        "both_rise",
        "both_fall",
        "opposite",
        "only_ours",
        "only_theirs",
        "neither",
    )
    data: dict[str, list[str]] = {"": [t(f"compare.trend_{key}", lang) for key in keys]}
    for name, item in found:
        trends = item.trends
        data[name] = [
            "–" if trends is None else f"{100 * getattr(trends, key):.0f} %" for key in keys
        ]
    return pd.DataFrame(data)


def tower_rows(item: Compared, unit_words: str, theirs: str, lang: str) -> pd.DataFrame:
    """Return both maps at towers."""
    return pd.DataFrame(
        [
            {
                t("compare.tower", lang): row["site"],
                f"{t('compare.ours', lang)} [{unit_words}]": number(row["ours"]),
                f"{theirs} [{unit_words}]": number(row["theirs"]),
            }
            for row in item.towers
        ]
    )


def triple_rows(
    found: TripleCollocation, names: tuple[str, str, str], unit_words: str, lang: str
) -> pd.DataFrame:
    """Return triple collocation, one row a product."""
    return pd.DataFrame(
        {
            "": list(names),
            f"{t('compare.triple_error', lang)} [{unit_words}]": [
                number(value) for value in found.error
            ],
            t("compare.triple_correlation", lang): [number(v, 2) for v in found.correlation],
        }
    )
