"""What the Atlas page says: titles, units, tables, in the present language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from fluxscape.atlas.cells import CLASS_CODES
from fluxscape.atlas.product import NationalFigures
from fluxscape.atlas.totals import SeriesBreaks
from fluxscape.atlas.trend_intervals import SlopeInterval, memory_interval
from fluxscape.atlas.trends import SeriesTrend
from fluxscape_dashboard import safe
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import NationalProduct, PixelSeries
from fluxscape_dashboard.views.atlas_zones import Region
from fluxscape_dashboard.views.towers import NO_VALUE, class_name

Row = tuple[str, str]
"""Heading and value of one row of a table."""

_STYLE: Final = """
:host { display: block }
table { border-collapse: collapse; width: 100%; font-size: 0.82rem; line-height: 1.4 }
th { text-align: left; font-weight: 400; vertical-align: top; padding: 3px 10px 3px 0; width: 45%;
  color: var(--mui-palette-text-secondary, #4c5f63) }
td { vertical-align: top; padding: 3px 0; overflow-wrap: anywhere }
tr + tr th, tr + tr td { border-top: 1px solid var(--mui-palette-divider, #d8dfe0) }
"""


def unit(flux: str, lang: str, *, kind: str = "") -> str:
    """Return the unit of a flux; ``kind`` is empty, ``trend``, ``total`` or ``total_trend``."""
    if flux == "et":
        kind = kind.removeprefix("total").removeprefix("_")
    return t("_".join(filter(None, (f"atlas.unit_{flux}", kind))), lang)


def position(longitude: float, latitude: float) -> str:
    """Return a position such as ``30.12°N 100.38°E``."""
    north = f"{abs(latitude):.2f}°{'N' if latitude >= 0 else 'S'}"
    return f"{north} {abs(longitude):.2f}°{'E' if longitude >= 0 else 'W'}"


def map_title(state: AppState, product: NationalProduct) -> str:
    """Return the title of the map; that of both layers where there are two."""
    if state.at_second == "none":
        title = _layer_title(state, product, state.at_layer, state.at_year)
    else:
        title = t(
            "atlas.map_two",
            state.lang,
            name=t(f"atlas.flux_{state.at_variable}", state.lang),
            left=layer_words(state, product, "first"),
            right=layer_words(state, product, "second"),
        )
    return t("atlas.map_status", state.lang, title=title)


def _layer_title(state: AppState, product: NationalProduct, layer: str, year: int) -> str:
    """Return the name of a layer with its flux and period."""
    return t(
        f"atlas.map_{layer}",
        state.lang,
        name=t(f"atlas.flux_{state.at_variable}", state.lang),
        year=product.nearest_year(year),
        first=product.years[0],
        last=product.years[-1],
    )


def layer_words(state: AppState, product: NationalProduct, side: str) -> str:
    """Return a layer in few words; ``side`` is ``first`` or ``second``."""
    layer, year = state.at_layer, state.at_year
    if side == "second":
        layer, year = state.at_second, state.at_second_year
    if layer == "none":
        return ""
    if layer == "annual":
        return str(product.nearest_year(year))
    words = t(f"atlas.layer_{layer}", state.lang)
    return f"{words} {product.nearest_year(year)}" if layer == "difference" else words


def bar_title(state: AppState, layer: str) -> str:
    """Return the title of the colour bar: the unit, or what the number is."""
    if layer == "p_value":
        return t("atlas.p_value", state.lang)
    kind = "trend" if layer == "trend" else ""
    return unit(state.at_variable, state.lang, kind=kind)


def value_words(state: AppState, product: NationalProduct, layer: str, year: int) -> dict[str, str]:
    """Return what the hover of the map says: title, unit, place, decimals."""
    short = t(f"atlas.flux_{state.at_variable}", state.lang)
    period = f"{product.years[0]}–{product.years[-1]}"
    titles = {
        "annual": f"{short} {year}",
        "mean": f"{short} {period}",
        "difference": f"{short} {year} − {period}",
        "trend": f"{short}: {t('atlas.layer_trend', state.lang)}",
        "p_value": t("atlas.p_value", state.lang),
        "uncertainty": f"{short}: {t('atlas.layer_uncertainty', state.lang)}",
    }
    digits = {"trend": 2, "p_value": 3}
    return {
        "title": titles[layer],
        "unit": "" if layer == "p_value" else bar_title(state, layer),
        "place": t("atlas.place", state.lang),
        "digits": str(digits.get(layer, 0)),
    }


def number(value: float, digits: int = 3) -> str:
    """Return a number with some significant digits and a true minus sign.

    >>> number(-0.004321), number(1234.5)
    ('−0.00432', '1234')
    """
    if not math.isfinite(value):
        return "–"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:.{places}f}".replace("-", "−")


def p_text(p: float, lang: str) -> str:
    """Return a p-value as text."""
    if not math.isfinite(p):
        return "–"
    return t("atlas.p_small", lang) if p < 0.001 else f"{p:.3f}"


def pixel_rows(pixel: PixelSeries, flux: str, lang: str) -> list[Row]:
    """Return the table of one pixel."""
    rows = [
        ("row_position", position(pixel.longitude, pixel.latitude)),
        ("row_cover", _cover(pixel.cover, lang)),
    ]
    if pixel.trend is not None:
        known = pixel.values[[bool(math.isfinite(value)) for value in pixel.values]]
        mean, spread = float(known.mean()), float(known.std(ddof=1))
        rows += [
            ("row_mean", f"{number(mean)} {unit(flux, lang)}"),
            ("row_spread", f"{number(spread)} {unit(flux, lang)}"),
            *trend_rows(
                pixel.trend,
                unit(flux, lang, kind="trend"),
                lang,
                interval=memory_interval(pixel.values, pixel.years, found=pixel.trend),
            ),
            *break_rows(pixel.breaks, lang),
        ]
    return rows


def _cover(number: int, lang: str) -> str:
    """Return the land cover that stands for a pixel."""
    return class_name(CLASS_CODES[number], lang) if number in CLASS_CODES else NO_VALUE


def region_rows(found: Region, nation: NationalFigures | None, lang: str) -> list[Row]:
    """Return the table of a region; ``nation`` adds the shares of its area that change."""
    figures = found.figures
    flux = figures.flux
    name = unit(flux, lang, kind="total")
    area = figures.area / 1e12
    size = (
        f"{area:.2f} {t('atlas.area_unit', lang)}"
        if area >= 1.0
        else f"{area * 1e3:.1f} {t('atlas.area_unit_small', lang)}"
    )
    rows = [
        ("row_mean", f"{number(figures.mean)} {name}"),
        ("row_spread", f"{number(figures.interannual_spread)} {name}"),
    ]
    if flux == "gpp":
        rows.append(("row_per_area", f"{number(figures.per_area)} {unit(flux, lang)}"))
    if figures.trend is not None and figures.interval is not None:
        per_year = unit(flux, lang, kind="total_trend")
        rows += trend_rows(figures.trend, per_year, lang, interval=figures.interval)
    rows += break_rows(found.breaks, lang)
    if nation is not None:
        rows += [
            ("row_increase", f"{100 * nation.significant_increase:.0f} %"),
            ("row_decrease", f"{100 * nation.significant_decrease:.0f} %"),
        ]
    return [*rows, ("row_area", size)]


def break_rows(breaks: SeriesBreaks | None, lang: str) -> list[Row]:
    """Return the rows of shift and break."""
    if breaks is None:
        return []
    return [
        (
            "row_shift",
            t(
                "atlas.at_year",
                lang,
                year=f"{breaks.shift_after:.0f}",
                p=p_text(breaks.shift_p_value, lang),
            ),
        ),
        (
            "row_break",
            t(
                "atlas.at_year",
                lang,
                year=f"{breaks.line.time:.0f}",
                p=p_text(breaks.line.p_value, lang),
            ),
        ),
    ]


def region_digits(found: Region | None) -> int:
    """Return how many decimals tell the years of a region apart."""
    if found is None or not found.figures.interannual_spread > 0:
        return 2
    return min(max(1 - math.floor(math.log10(found.figures.interannual_spread)), 0), 6)


def trend_rows(trend: SeriesTrend, name: str, lang: str, *, interval: SlopeInterval) -> list[Row]:
    """Return the rows of a trend, with the interval that allows for memory."""
    ends = t("atlas.interval", lang, low=number(interval.low), high=number(interval.high))
    return [
        ("row_slope", f"{number(trend.slope)} {name}"),
        ("row_interval", ends),
        ("row_p_plain", p_text(trend.p_value, lang)),
        ("row_p_white", p_text(trend.p_value_wang_swail, lang)),
        ("row_memory", number(trend.autocorrelation, 2)),
        ("row_count", str(trend.count)),
    ]


def table(rows: Sequence[Row], lang: str) -> Any:
    """Return rows as a small table; every value is treated as text from outside."""
    template, values = "<table>", dict[str, object]()
    for index, (key, value) in enumerate(rows):
        template += f'<tr><th>{{h{index}}}</th><td translate="no">{{v{index}}}</td></tr>'
        values |= {f"h{index}": t(f"atlas.{key}", lang), f"v{index}": value}
    options = {"stylesheets": [_STYLE], "margin": (2, 0), "sizing_mode": "stretch_width"}
    return safe.html_pane(template + "</table>", pane=options, **values)


def provenance_rows(product: NationalProduct, lang: str) -> list[Row]:
    """Return where the product comes from."""
    attrs = product.pyramid.attrs
    seconds = float(attrs.get("time_step_seconds", 0))
    rows = [
        ("fact_status", t(f"atlas.status_{attrs['data_status']}", lang)),
        ("fact_model", t("atlas.model_dlm", lang)),
        ("fact_period", f"{product.years[0]}–{product.years[-1]}"),
    ]
    if seconds:
        rows.append(("fact_step", t("atlas.hours", lang, hours=f"{seconds / 3600:g}")))
    if "seed" in attrs:
        rows.append(("fact_seed", str(attrs["seed"])))
    return [*rows, ("fact_version", str(attrs.get("fluxscape_version", "")))]
