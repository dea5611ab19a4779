"""What the Model page says in words and tables: sums of the period, budgets, scores, provenance."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from fluxscape.constants import MOLAR_MASS_CARBON
from fluxscape.lue import MODELS
from fluxscape_dashboard.pages._model_runs import ModelRun
from fluxscape_dashboard.pages._place import Place
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.sites import has_position
from fluxscape_dashboard.state import AppState
from fluxscape_dashboard.state_model import COVER_TYPES
from fluxscape_dashboard.text import t
from fluxscape_dashboard.tower_table import tower_or_none
from fluxscape_dashboard.views.charts import pretty_unit, scientific
from fluxscape_dashboard.work.model_sets import ModelSet, lue_cover

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
_CARBON: Final = (
    "gross_primary_production",
    "ecosystem_respiration",
    "net_ecosystem_exchange",
)
_STOCKS: Final = ("plant_carbon", "litter_carbon", "soil_carbon")

_SUPPLY: Final = re.compile(r"(\d+) mm, cannot come from (\d+) mm of rain and (\d+) mm")
"""The three amounts in the library's sentence on water from elsewhere."""


def sums_table(run: ModelRun, lang: str) -> pd.DataFrame:
    """Return the sums of carbon and water over the period, of what the model gives."""
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
        if name in run.data:
            value = _amount(f"{factor * _sum(run.data, name):.0f}", unit)
            rows.append((t(f"work.variable_{name}", lang), value))
    return pd.DataFrame(rows, columns=[t("model.column_sum", lang), t("model.column_value", lang)])


def budget_table(run: ModelRun, lang: str) -> pd.DataFrame:
    """Return the terms of the budgets of energy, water and carbon and how far they close."""
    data = run.data
    seconds = int(data.attrs["time_step_seconds"])
    rows: list[tuple[str, str]] = []
    for name in _ENERGY:
        rows.append((t(f"model.term_{name}", lang), _amount(f"{_mean(data, name):.1f}", "W m-2")))
    rows.append((t("model.worst_energy", lang), _worst(data, "energy_residual", "W m-2")))
    for name in _WATER:
        total = _amount(f"{seconds * _sum(data, name):.1f}", "mm")
        rows.append((t(f"model.term_{name}", lang), total))
    rows.append((t("model.worst_water", lang), _worst(data, "water_residual", "mm")))
    for name in _CARBON:
        grams = GRAMS_PER_MICROMOLE * seconds * _sum(data, name)
        rows.append((t(f"model.term_{name}", lang), _amount(f"{grams:.1f}", "g C m-2")))
    for name in _STOCKS:
        if name in data:
            values = data[name].to_numpy()
            change = float(values[-1]) - float(values[0])
            stock = f"{float(values[-1]):.3f} ({change:+.3f})"
            rows.append((t(f"model.term_{name}", lang), _amount(stock, "kg m-2")))
    if "carbon_residual" in data:
        rows.append((t("model.worst_carbon", lang), _worst(data, "carbon_residual", "kg m-2")))
    return pd.DataFrame(rows, columns=[t("model.column_term", lang), t("model.column_value", lang)])


def _amount(number: str, unit: str) -> str:
    """Return a number and its unit with a true minus and without a line break between them."""
    return f"{number} {pretty_unit(unit)}".replace("-", "−").replace(" ", "\u00a0")


def _worst(data: xr.Dataset, name: str, unit: str) -> str:
    largest = float(np.abs(data[name].to_numpy()).max(initial=0.0))
    return _amount(scientific(largest) if largest else "0", unit)


def _sum(data: xr.Dataset, name: str) -> float:
    return float(np.nansum(data[name].to_numpy(), dtype=np.float64))


def _mean(data: xr.Dataset, name: str) -> float:
    return float(np.nanmean(data[name].to_numpy(), dtype=np.float64))


def scores_table(run: ModelRun, lang: str) -> pd.DataFrame:
    """Return the scores against measured values."""
    names = ("variable", "count", "r2", "nse", "rmse", "bias")
    rows = [
        (
            t(f"work.variable_{name}", lang),
            str(row["n"]),
            f"{row['r2']:.2f}",
            f"{row['nse']:.2f}",
            _amount(f"{row['rmse']:.3g}", row["units"]),
            _amount(f"{row['bias']:+.3g}", row["units"]),
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


def soil_water_words(reason: str, lang: str) -> str:
    """Return how the soil's water is reckoned, and why it is held where it is."""
    if not reason:
        return t("model.soil_water_free", lang)
    if amounts := _SUPPLY.search(reason):
        lost, rain, stored = amounts.groups()
        return t("model.soil_water_elsewhere", lang, lost=lost, rain=rain, stored=stored)
    return t("model.soil_water_held", lang)


def provenance_rows(run: ModelRun, lang: str) -> list[tuple[str, str]]:
    """Return name and value of every fact that a reader needs to cite or repeat the run."""
    facts, made_with = run.data.attrs, run.made_with
    rows = [
        (t("model.model", lang), model_words(made_with.model, lang)),
        (t("work.place", lang), run.place.words),
        (t("model.forcing", lang), t(run.place.status_key, lang)),
        *(
            [(t("work.status", lang), t(f"work.status_{facts['data_status']}", lang))]
            if run.place.upload
            else []
        ),
        (t("model.type", lang), t(f"towers.igbp_{made_with.igbp}", lang)),
    ]
    if made_with.is_dlm:
        reason = str(facts.get("soil_water_reason", ""))
        rows.append((t("model.soil", lang), t(f"model.soil_{made_with.soil}", lang)))
        rows.append((t("model.changed", lang), changed_words(run.changes, lang)))
        rows.append((t("model.soil_water", lang), soil_water_words(reason, lang)))
    else:
        rows.append((t("model.changed", lang), changed_words(run.changes, lang)))
        rows.append((t("work.reference", lang), MODELS[made_with.model].label))
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


def model_words(model: str, lang: str) -> str:
    """Return the name of a model."""
    return t(f"model.model_{model.replace('-', '_')}", lang)


def set_words(made_with: ModelSet, lang: str) -> str:
    """Return a model and how many of its parameters were changed."""
    name = model_words(made_with.model, lang)
    if not made_with.changes:
        return t("model.set_default", lang, model=name)
    return t("model.set_changed", lang, model=name, count=len(made_with.changes))


def series_title(made_with: ModelSet, compared: ModelSet | None, lang: str) -> str:
    """Return the name of the present run's curve; with the model if another is beside it."""
    if compared is None or compared.model == made_with.model:
        return t("model.legend_modelled", lang)
    return model_words(made_with.model, lang)


def notes(
    state: AppState, place: Place | None, made_with: ModelSet, run: ModelRun | None, lang: str
) -> list[str]:
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
    if place.tower.igbp not in COVER_TYPES and not state.dlm_type:
        words.append(t("model.note_cover", lang, cover=t(f"towers.igbp_{place.cover}", lang)))
    if not made_with.is_dlm:
        words.append(t("model.note_efficiency", lang, model=model_words(made_with.model, lang)))
        stand_in = lue_cover(made_with.igbp)
        if stand_in != made_with.igbp:
            words.append(t("model.note_stand_in", lang, cover=t(f"towers.igbp_{stand_in}", lang)))
    return words + _run_notes(run, lang)


def _run_notes(run: ModelRun | None, lang: str) -> list[str]:
    """Return what a finished run has to say of its inputs."""
    if run is None:
        return []
    facts: dict[str, Any] = run.data.attrs
    words = []
    if reason := str(facts.get("soil_water_reason", "")):
        words.append(t("model.note_soil_water", lang, reason=soil_water_words(reason, lang)))
    if facts.get("input_leaf_area_index"):
        words.append(t("model.note_leaves", lang))
    if facts.get("input_latent_heat_flux"):
        words.append(t("model.note_heat", lang))
    return words
