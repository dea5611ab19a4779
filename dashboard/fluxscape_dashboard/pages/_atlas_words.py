"""What the Atlas page says: titles, units, tables, in the present language."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from fluxscape.atlas.cells import CLASS_CODES
from fluxscape.atlas.product import NationalFigures
from fluxscape.atlas.trends import SeriesTrend
from fluxscape_dashboard import safe
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.atlas_product import NationalProduct, PixelSeries
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
    """Return the title of the map."""
    title = t(
        f"atlas.map_{state.at_layer}",
        state.lang,
        name=t(f"atlas.name_{state.at_variable}", state.lang),
        year=product.nearest_year(state.at_year),
        first=product.years[0],
        last=product.years[-1],
    )
    return t("atlas.map_status", state.lang, title=title)


def bar_title(state: AppState) -> str:
    """Return the title of the colour bar: the unit, or what the number is."""
    if state.at_layer == "p_value":
        return t("atlas.p_value", state.lang)
    kind = "trend" if state.at_layer == "trend" else ""
    return unit(state.at_variable, state.lang, kind=kind)


def value_words(state: AppState, product: NationalProduct) -> dict[str, str]:
    """Return what the hover of the map says: title, unit, place, decimals."""
    short = t(f"atlas.flux_{state.at_variable}", state.lang)
    titles = {
        "annual": f"{short} {product.nearest_year(state.at_year)}",
        "mean": f"{short} {product.years[0]}–{product.years[-1]}",
        "trend": f"{short}: {t('atlas.layer_trend', state.lang)}",
        "p_value": t("atlas.p_value", state.lang),
    }
    digits = {"annual": 0, "mean": 0, "trend": 2, "p_value": 3}
    return {
        "title": titles[state.at_layer],
        "unit": "" if state.at_layer == "p_value" else bar_title(state),
        "place": t("atlas.place", state.lang),
        "digits": str(digits[state.at_layer]),
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
            *trend_rows(pixel.trend, unit(flux, lang, kind="trend"), lang),
        ]
    return rows


def _cover(number: int, lang: str) -> str:
    """Return the land cover that stands for a pixel."""
    return class_name(CLASS_CODES[number], lang) if number in CLASS_CODES else NO_VALUE


def national_rows(figures: NationalFigures, lang: str) -> list[Row]:
    """Return the table of the nation."""
    name = unit(figures.flux, lang, kind="total")
    area = f"{figures.area / 1e12:.2f} {t('atlas.area_unit', lang)}"
    return [
        ("row_mean", f"{number(figures.mean)} {name}"),
        ("row_spread", f"{number(figures.interannual_spread)} {name}"),
        *trend_rows(figures.trend, unit(figures.flux, lang, kind="total_trend"), lang),
        ("row_increase", f"{100 * figures.significant_increase:.0f} %"),
        ("row_decrease", f"{100 * figures.significant_decrease:.0f} %"),
        ("row_area", area),
    ]


def trend_rows(trend: SeriesTrend, name: str, lang: str) -> list[Row]:
    """Return the rows of a trend."""
    interval = t("atlas.interval", lang, low=number(trend.slope_low), high=number(trend.slope_high))
    return [
        ("row_slope", f"{number(trend.slope)} {name}"),
        ("row_interval", interval),
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
