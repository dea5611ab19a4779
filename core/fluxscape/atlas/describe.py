"""The provenance that a run writes into its product: without a time stamp, equal runs are equal."""

from __future__ import annotations

import json
from typing import Any, Final

from fluxscape._version import __version__
from fluxscape.atlas.scenarios import NAMES, Scenario
from fluxscape.atlas.settings import DLM, MASKS, RunSettings
from fluxscape.contracts import provenance
from fluxscape.io.forcing_rules import ForcingRules
from fluxscape.lue import find_model
from fluxscape.meteorology.series_steps import METHODS

SOURCE: Final = (
    "land-surface model DLM on simulated weather; real climatology, vegetation, terrain and CO2"
)


def run_attributes(
    settings: RunSettings,
    rules: ForcingRules | None,
    cells: int,
    failed: int,
    facts: dict[str, Any],
) -> dict[str, Any]:
    """Return the attributes of a run's product.

    Parameters
    ----------
    settings
        Of the run.
    rules
        Of the forcing dataset, None for simulated weather.
    cells, failed
        How many ran, and at how many of them the model failed.
    facts
        Further plain facts.
    """
    soil = settings.soil_texture
    attrs = provenance(
        status="simulated" if rules is None else _status(rules),
        source=_source(settings, rules),
        seed=settings.seed,
        period=f"{settings.first_year} to {settings.last_year}",
        time_step_seconds=settings.step_seconds,
        spin_up_years=settings.spin_up_years,
        resolution_degrees=settings.resolution,
        cells=cells,
        cells_failed=failed,
        weather=_weather(settings, rules),
        vegetation=_vegetation(rules),
        soil=f"{soil} everywhere",
        mask=_mask(settings),
        carbon_dioxide="measured annual means",
    )
    attrs["history"] = f"created by fluxscape {__version__}"
    if settings.bounds is not None:
        attrs["bounds"] = json.dumps(settings.bounds)
    return attrs | _choices(settings) | facts


def _choices(settings: RunSettings) -> dict[str, Any]:
    """Return what was chosen beyond the defaults."""
    chosen: dict[str, Any] = {}
    if settings.boxes:
        chosen["boxes"] = json.dumps(settings.boxes)
    if settings.model != DLM or settings.mode != "full":
        chosen |= {"model": settings.model, "mode": settings.mode}
    if settings.scenario != Scenario():
        chosen["scenario"] = json.dumps(settings.scenario.to_dict(), sort_keys=True)
        if not settings.scenario.carbon_dioxide:
            year = settings.scenario.first_year
            chosen["carbon_dioxide"] = f"measured annual means to {year}, then that of {year}"
    if settings.parameters.values:
        chosen["parameters"] = json.dumps(settings.parameters.to_dict(), sort_keys=True)
    if settings.ensemble is not None:
        names = sorted({name for rows in settings.ensemble.values.values() for name in rows})
        chosen |= {
            "ensemble_members": settings.ensemble.members,
            "ensemble_parameters": ", ".join(names),
        }
    return chosen


def _status(rules: ForcingRules) -> str:
    """Return the data status of a model run on a dataset."""
    return {"observed": "reconstructed"}.get(rules.data_status, rules.data_status)


def _source(settings: RunSettings, rules: ForcingRules | None) -> str:
    """Return model and forcing."""
    if rules is None and settings.model == DLM:
        return SOURCE
    model = "land-surface model DLM" if settings.model == DLM else find_model(settings.model).label
    weather = "simulated weather of the real climatology" if rules is None else rules.title
    return f"{model} on {weather}"


def _weather(settings: RunSettings, rules: ForcingRules | None) -> str:
    """Return what the weather is."""
    if rules is not None:
        how = "; ".join(f"{name}: {text}" for name, text in METHODS.items())
        return f"{rules.title}, made half-hours and averaged to the step; {how}"
    changes = "years have the same climate, so trends come from carbon dioxide alone"
    if settings.scenario != Scenario():
        changes = f"scenario {settings.scenario.name}: {NAMES.get(settings.scenario.name, 'own')}"
    return "simulated hourly, independent in every cell and year, averaged to the step; " + changes


def _vegetation(rules: ForcingRules | None) -> str:
    """Return what grows."""
    leaves = "the leaf area from the NDVI there; the same in every year"
    if rules is not None and "leaf_area_index" in rules.variables:
        leaves = "leaf area of the forcing dataset"
    return (
        "most frequent class of MCD12C1 2019 in the cell, at one 0.05 degree point of that "
        f"class; {leaves.removeprefix('the ')}; all plants C3"
    )


def _mask(settings: RunSettings) -> str:
    """Return which cells count."""
    where = "inside the nation" if settings.mask == "nation" else MASKS[settings.mask]
    return (
        f"{where} and neither water nor permanent ice for at least a fifth of the cell; totals "
        "count that share"
    )
