"""Skill of the models at real towers, on measured values, beside empirical benchmarks.

One row a tower, stream, step and model. ``dlm`` runs with default parameters of the land cover and
the soil texture of the map, nothing fitted; so do the light-use-efficiency models. Empirical models
are trained on all other towers. Reads FLUXNET2015 files beside the checkout (``--data``).

    .venv/bin/python benchmarks/skill.py --json [--quick] [--table] [--sites CN-Cha,CN-Qia]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from _skill_data import Tower, towers_of
from _skill_empirical import MODELS
from _skill_files import table_towers
from fluxscape.dlm import compile_dlm, parameters_for, run_dlm
from fluxscape.lue import lue_parameters_for, run_lue
from fluxscape.scores import score

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
QUICK = ["CN-Cha", "CN-Du2", "CN-Qia", "FR-Pue"]
STEPS = ("half-hourly", "daily", "monthly")
STREAMS = {
    "gross_primary_production": "GPP",
    "net_ecosystem_exchange": "NEE",
    "latent_heat_flux": "LE",
    "sensible_heat_flux": "H",
}
PREDICTORS = (
    "surface_downwelling_shortwave_flux",
    "air_temperature",
    "vapour_pressure_deficit",
)
LIGHT_USE_MODELS = ("mod17", "tl-lue", "p-model")
"""Those whose inputs the files hold; light absorbed from leaf area."""

FEWEST = {"half-hourly": 500, "daily": 60, "monthly": 12}


def modelled(tower: Tower) -> pd.DataFrame:
    """Return half-hourly fluxes of the land-surface model with default parameters."""
    parameters = parameters_for(tower.igbp, tower.texture)
    if tower.canopy_height is not None:
        parameters = parameters.replace({"canopy_height": tower.canopy_height})
    run = run_dlm(
        tower.forcing,
        parameters,
        latitude=tower.latitude,
        longitude=tower.longitude,
        elevation=tower.elevation,
    )
    return pd.DataFrame(
        {name: run[name].to_numpy() for name in STREAMS}, index=run["time"].to_numpy()
    )


def efficiency_models(tower: Tower) -> dict[str, pd.DataFrame]:
    """Return half-hourly GPP of the light-use-efficiency models with published parameters."""
    if "leaf_area_index" not in tower.forcing:
        return {}
    found = {}
    for model in LIGHT_USE_MODELS:
        run = run_lue(
            tower.forcing,
            lue_parameters_for(tower.igbp, model),
            model=model,
            latitude=tower.latitude,
            longitude=tower.longitude,
        )
        name = "gross_primary_production"
        found[model] = pd.DataFrame({name: run[name].to_numpy()}, index=run["time"].to_numpy())
    return found


def predictors(tower: Tower) -> pd.DataFrame:
    """Return half-hourly predictors of the empirical models, none where one is not in the file."""
    if not all(name in tower.forcing for name in PREDICTORS):
        return pd.DataFrame(columns=list(PREDICTORS), index=pd.DatetimeIndex([]))
    return pd.DataFrame(
        {name: tower.forcing[name].to_numpy() for name in PREDICTORS},
        index=tower.forcing["time"].to_numpy(),
    )


def at_step(frame: pd.DataFrame, tower: Tower, step: str) -> pd.DataFrame:
    """Return means of a frame over days or months of the local calendar."""
    if step == "half-hourly":
        return frame
    local = frame.set_axis(frame.index + pd.Timedelta(hours=round(tower.longitude / 15.0)))
    whole = local.resample("D" if step == "daily" else "MS")
    means = whole.mean()
    return means[whole.count().min(axis=1) >= (46 if step == "daily" else 46 * 28)]


def pairs(
    tower: Tower, step: str, stream: str, frame: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of a frame and measured values of the same times."""
    observed = tower.observed[step].get(stream, pd.Series(dtype=float))
    frame = frame.dropna()
    common = frame.index.intersection(observed.index)
    return frame.loc[common].to_numpy(), observed.loc[common].to_numpy()


def rows_of(towers: list[Tower]) -> list[dict[str, object]]:
    rows = []
    models = {tower.site: modelled(tower) for tower in towers}
    light = {tower.site: efficiency_models(tower) for tower in towers}
    inputs = {tower.site: predictors(tower) for tower in towers}
    for step in STEPS:
        coarse_model = {t.site: at_step(models[t.site], t, step) for t in towers}
        coarse_input = {t.site: at_step(inputs[t.site], t, step) for t in towers}
        coarse_light = {
            t.site: {name: at_step(frame, t, step) for name, frame in light[t.site].items()}
            for t in towers
        }
        for stream, short in STREAMS.items():
            data = {t.site: pairs(t, step, stream, coarse_input[t.site]) for t in towers}
            data = {site: (x, y) for site, (x, y) in data.items() if len(y) >= FEWEST[step]}
            for tower in towers:
                base = {"site": tower.site, "igbp": tower.igbp, "stream": short, "step": step}
                found = pairs(tower, step, stream, coarse_model[tower.site][[stream]])
                if len(found[1]) < FEWEST[step]:
                    continue
                rows.append(base | {"model": "dlm"} | facts(found[0][:, 0], found[1]))
                if short == "GPP":
                    for name, frame in coarse_light[tower.site].items():
                        x, y = pairs(tower, step, stream, frame)
                        if len(y) >= FEWEST[step]:
                            rows.append(base | {"model": name} | facts(x[:, 0], y))
                rows.extend(
                    base | {"model": name} | scores
                    for name, scores in empirical(tower.site, data).items()
                )
    return rows


def empirical(site: str, data) -> dict[str, dict[str, float]]:
    """Return scores of the empirical models at a tower that they have not seen."""
    others = [item for name, item in data.items() if name != site]
    if site not in data or not others:
        return {}
    train_x = np.concatenate([x for x, _ in others])
    train_y = np.concatenate([y for _, y in others])
    test_x, test_y = data[site]
    return {name: facts(model(train_x, train_y, test_x), test_y) for name, model in MODELS.items()}


def facts(found: np.ndarray, measured: np.ndarray) -> dict[str, float]:
    out = score(found, measured)
    absolute = np.abs(measured - measured.mean()).sum()
    out["nme"] = float(np.abs(found - measured).sum() / absolute)
    return out


def summary(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return medians over towers by stream and step, and how often DLM wins."""
    table = pd.DataFrame(rows)
    out = []
    for (stream, step), part in table.groupby(["stream", "step"], sort=False):
        wide = part.pivot_table(index="site", columns="model", values="rmse").dropna()
        row = {"stream": stream, "step": step, "towers": int(part["site"].nunique())}
        for model, scores in part.groupby("model"):
            row[f"{model}_r2"] = float(scores["r2"].median())
            row[f"{model}_nse"] = float(scores["nse"].median())
            row[f"{model}_rmse"] = float(scores["rmse"].median())
        for rival in MODELS:
            if rival in wide:
                row[f"beats_{rival}"] = float((wide["dlm"] < wide[rival]).mean())
        if "1lin" in wide:
            row["worst_rmse_to_1lin"] = float((wide["dlm"] / wide["1lin"]).max())
        out.append(row)
    return out


def markdown(rows: list[dict[str, object]]) -> str:
    lines = [
        "| tower | type | stream | step | n | model | R² | NSE | RMSE | bias | NME |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {row['site']} | {row['igbp']} | {row['stream']} | {row['step']} | {row['n']} | "
            f"{row['model']} | {row['r2']:.2f} | {row['nse']:.2f} | {row['rmse']:.2f} | "
            f"{row['bias']:.2f} | {row['nme']:.2f} |"
        )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the FLUXNET2015 files")
    parser.add_argument("--sites", help="codes, separated by commas")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--table", action="store_true", help="markdown tables on stdout")
    parser.add_argument("--quick", action="store_true", help="four towers")
    arguments = parser.parse_args()
    if not (arguments.data / "fluxnet2015_halfhourly.parquet").exists():
        sys.stderr.write(f"skill: no FLUXNET2015 files in {arguments.data}; give --data FOLDER\n")
        return 2
    chosen = arguments.sites.split(",") if arguments.sites else QUICK if arguments.quick else None
    compile_dlm()
    towers = towers_of(arguments.data, chosen)
    rows = rows_of(towers)
    # Their files hold other predictors and a few months: scored, but no training for the rest.
    for tower in table_towers(arguments.data, chosen, list(STREAMS)):
        rows += rows_of([tower])
        towers.append(tower)
    medians = summary(rows)
    notes = {tower.site: tower.notes for tower in towers}
    if arguments.json:
        print(json.dumps({"rows": rows, "summary": medians, "notes": notes}))
    elif arguments.table:
        print(markdown(rows))
    else:
        print(pd.DataFrame(medians).round(2).to_string())
    return 0


if __name__ == "__main__":
    sys.exit(main())
