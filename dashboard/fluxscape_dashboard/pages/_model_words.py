"""What the Model page says in words and tables: sums of the year, budget, scores, provenance."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from fluxscape.constants import MOLAR_MASS_CARBON
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.sites import has_position
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.charts import pretty_unit, scientific

GRAMS_PER_MICROMOLE: Final = 1e-3 * MOLAR_MASS_CARBON

LEAST_FILLED: Final = 0.005
"""Share of filled values from which an input is named."""

_ENERGY: Final = ("net_radiation", "latent_heat_flux", "sensible_heat_flux", "ground_heat_flux")
_WATER: Final = (
    "precipitation_flux",
    "irrigation",
    "evapotranspiration",
    "surface_runoff",
    "drainage",
)


@dataclass(frozen=True, eq=False)
class ModelRun:
    """A finished run and what it was made with.

    Attributes
    ----------
    data
        Scalar outputs over time.
    place
        Where.
    igbp, soil
        Of the default parameters.
    changes
        Parameters that differed from them.
    observed
        Measured fluxes, or None.
    scores
        By variable.
    """

    data: xr.Dataset
    place: Place
    igbp: str
    soil: str
    changes: dict[str, float]
    observed: xr.Dataset | None
    scores: dict[str, dict[str, Any]]


def sums_table(run: ModelRun, lang: str) -> pd.DataFrame:
    """Return the sums of carbon and water over the run."""
    seconds = int(run.data.attrs["time_step_seconds"])
    carbon = GRAMS_PER_MICROMOLE * seconds
    rows = []
    for name, factor, unit in (
        ("gross_primary_production", carbon, "g C m-2"),
        ("ecosystem_respiration", carbon, "g C m-2"),
        ("net_ecosystem_exchange", carbon, "g C m-2"),
        ("evapotranspiration", seconds, "mm"),
        ("precipitation_flux", seconds, "mm"),
    ):
        total = factor * _sum(run.data, name)
        # A true minus, and no line break between a number and its unit.
        value = f"{total:.0f} {pretty_unit(unit)}".replace("-", "−").replace(" ", "\u00a0")
        rows.append((t(f"work.variable_{name}", lang), value))
    return pd.DataFrame(rows, columns=[t("model.column_sum", lang), t("model.column_value", lang)])


def budget_table(run: ModelRun, lang: str) -> pd.DataFrame:
    """Return the terms of the energy and the water budget and how far they close."""
    seconds = int(run.data.attrs["time_step_seconds"])
    rows: list[tuple[str, str]] = []
    for name in _ENERGY:
        mean = float(run.data[name].mean(dtype="f8"))
        rows.append((t(f"model.term_{name}", lang), f"{mean:.1f} W m⁻²"))
    worst = float(run.data.attrs["worst_energy_residual"])
    rows.append((t("model.worst_energy", lang), f"{scientific(worst)} W m⁻²"))
    for name in _WATER:
        rows.append((t(f"model.term_{name}", lang), f"{seconds * _sum(run.data, name):.1f} mm"))
    worst = float(run.data.attrs["worst_water_residual"])
    rows.append((t("model.worst_water", lang), f"{scientific(worst)} mm"))
    return pd.DataFrame(rows, columns=[t("model.column_term", lang), t("model.column_value", lang)])


def _sum(data: xr.Dataset, name: str) -> float:
    return float(np.nansum(data[name].to_numpy(), dtype=np.float64))


def scores_table(run: ModelRun, lang: str) -> pd.DataFrame:
    """Return the scores against measured values."""
    names = ("variable", "count", "r2", "nse", "rmse", "bias")
    rows = [
        (
            t(f"work.variable_{name}", lang),
            str(row["n"]),
            f"{row['r2']:.2f}",
            f"{row['nse']:.2f}",
            f"{row['rmse']:.3g} {pretty_unit(row['units'])}",
            f"{row['bias']:+.3g} {pretty_unit(row['units'])}",
        )
        for name, row in run.scores.items()
    ]
    return pd.DataFrame(rows, columns=[t(f"model.score_{name}", lang) for name in names])


def fills_words(run: ModelRun, lang: str) -> list[str]:
    """Return which inputs were filled, and how much of each."""
    fills = json.loads(str(run.data.attrs.get("fills", "{}")))
    return [
        t(
            "model.filled",
            lang,
            variable=t(f"work.variable_{name}", lang),
            share=f"{100 * float(fill['share']):.0f}",
        )
        for name, fill in fills.items()
        if float(fill.get("share", 0.0)) >= LEAST_FILLED
    ]


def provenance_rows(run: ModelRun, lang: str) -> list[tuple[str, str]]:
    """Return name and value of every fact that a reader needs to cite or repeat the run."""
    facts = run.data.attrs
    held = "held" in str(facts.get("soil_water", ""))
    rows = [
        (t("work.place", lang), run.place.words),
        (t("model.forcing", lang), t(run.place.status_key, lang)),
        *(
            [(t("work.status", lang), t(f"work.status_{facts['data_status']}", lang))]
            if run.place.upload
            else []
        ),
        (t("model.type", lang), t(f"towers.igbp_{run.igbp}", lang)),
        (t("model.soil", lang), t(f"model.soil_{run.soil}", lang)),
        (t("model.changed", lang), changed_words(run.changes, lang)),
        (t("model.soil_water", lang), t(f"model.soil_water_{'held' if held else 'free'}", lang)),
    ]
    if filled := fills_words(run, lang):
        rows.append((t("model.fills", lang), "; ".join(filled)))
    rows.append((t("work.version", lang), label(facts["fluxscape_version"])))
    return rows


def changed_words(changes: dict[str, float], lang: str) -> str:
    """Return the changed parameters and their values."""
    if not changes:
        return t("model.nothing_changed", lang)
    return "; ".join(
        f"{t(f'model.parameter_{name}', lang)} = {value:g}" for name, value in changes.items()
    )


def notes(state: AppState, place: Place | None, cover_known: bool, lang: str) -> list[str]:
    """Return what must be said above the charts."""
    if place is None:
        tower = tower_or_none(state.tower)
        if tower is None:
            return [t("work.choose_tower", lang)]
        if not has_position(tower):
            return [t("work.no_position", lang, site=label(tower.site))]
        return [t("work.choose_file", lang)]
    words = []
    if place.upload is None:
        words.append(t("model.note_simulated", lang))
    if not cover_known and not state.dlm_type:
        words.append(t("model.note_cover", lang, cover=t(f"towers.igbp_{place.cover}", lang)))
    return words
