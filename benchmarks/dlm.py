"""Speed and conservation of the land-surface model.

Prints half-hourly site-years per processor second of one core in full (with pools of carbon) and
in lean mode, how far daily fluxes of the two lie apart, the time of 100 members of a site-year on
two threads by the wall clock, the largest residuals of any step, and the share of the limit that
arithmetic sets.

    .venv/bin/python benchmarks/dlm.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from fluxscape.dlm import (
    MODES,
    DlmArrays,
    DlmParameters,
    Forcing,
    compile_dlm,
    parameters_for,
    run_dlm_arrays,
)
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.solar import sun_over_steps
from fluxscape.meteorology.weather import point_climate, simulate_weather

SITES = {
    "CN-Cha": (42.40, 128.10, "MF"),
    "CN-Din": (23.17, 112.54, "EBF"),
    "CN-HaM": (37.61, 101.33, "GRA"),
    "Yucheng": (36.83, 116.57, "CRO"),
    "Mohe": (52.97, 122.50, "DNF"),
}
MEMBERS = 100
COMPARED = (
    "gross_primary_production",
    "latent_heat_flux",
    "sensible_heat_flux",
)

# The limit of arithmetic: counted operations of a step, a transcendental function as 20, at what
# one core was measured to do in scalar double precision.
FLOPS_PER_STEP = 3.4 * 1150.0 + 1000.0
FLOPS_PER_SECOND = 5e9
LIMIT = FLOPS_PER_SECOND / (FLOPS_PER_STEP * 17520.0)


def forcing_of(latitude: float, longitude: float, step: int) -> Forcing:
    climate = point_climate(read_climatology(), latitude, longitude)
    data = simulate_weather(climate, start_year=2005, step_seconds=step, seed=1)
    sun = sun_over_steps(data["time"].to_numpy(), step, latitude, longitude)
    temperature = data["air_temperature"].to_numpy()
    saturated = data["vapour_pressure_deficit"] / (1.0 - data["relative_humidity"]).clip(1e-3)
    vapour = (saturated * data["relative_humidity"]).to_numpy()
    names = ("surface_downwelling_shortwave_flux", "surface_downwelling_longwave_flux")
    later = ("air_pressure", "wind_speed", "precipitation_flux")
    last = ("carbon_dioxide_mole_fraction", "leaf_area_index")
    series = [
        sun.cosine_zenith,
        sun.irradiance,
        *(data[name].to_numpy() for name in names),
        temperature,
        vapour,
        *(data[name].to_numpy() for name in later + last),
    ]
    return Forcing(*(np.array(item, np.float64, ndmin=2) for item in series))


def perturbed(parameters: DlmParameters, members: int) -> list[DlmParameters]:
    draw = np.random.default_rng(1)
    names = ("vcmax25", "stomatal_slope", "clumping_index", "retention_exponent")
    return [
        parameters.replace(
            {name: getattr(parameters, name) * draw.uniform(0.9, 1.1) for name in names}
        )
        for _ in range(members)
    ]


def best_seconds(function, repeats: int, clock=time.perf_counter) -> float:
    times = []
    for _ in range(repeats):
        start = clock()
        function()
        times.append(clock() - start)
    return min(times)


VARIANTS = {"full": ("full", 1.0), "one storey": ("full", 0.0), "lean": ("lean", 0.0)}
"""Mode and scale of the understorey. In full every part of the model works, the understorey too,
which no type has by default; lean runs are compared with one storey."""


def rate_of(forcing: Forcing, igbp: str, repeats: int, variant: str) -> tuple[float, DlmArrays]:
    """Return site-years per processor second, and daily means."""
    mode, understorey = VARIANTS[variant]
    carbon = "pools" if mode == "full" else "basal"
    parameters = parameters_for(igbp).replace({"understorey_scale": understorey})
    days = np.arange(forcing.air_temperature.shape[1]) // 48

    def once(period=None) -> DlmArrays:
        return run_dlm_arrays(
            forcing,
            [parameters],
            step_seconds=1800,
            reference_height=40.0,
            mode=mode,
            carbon=carbon,
            period=period,
        )

    seconds = best_seconds(once, repeats, time.thread_time)
    daily = once(days)
    daily.raise_for_status()
    return 1.0 / seconds, daily


def spread(full: DlmArrays, lean: DlmArrays, name: str) -> tuple[float, float]:
    """Return root mean square and mean of daily differences over the mean flux [per cent]."""
    reference, found = full.mean(name)[0], lean.mean(name)[0]
    scale = 100.0 / abs(reference.mean())
    return scale * np.sqrt(np.mean((found - reference) ** 2)), scale * (found - reference).mean()


def measure(quick: bool) -> dict[str, object]:
    start = time.perf_counter()
    compile_dlm()
    facts: dict[str, object] = {"compile_or_load_seconds": time.perf_counter() - start}
    rates: dict[str, list[float]] = {name: [] for name in VARIANTS}
    runs, differences = [], []
    for latitude, longitude, igbp in SITES.values():
        forcing = forcing_of(latitude, longitude, 1800)
        daily = {}
        for variant, found in rates.items():
            rate, daily[variant] = rate_of(forcing, igbp, 3 if quick else 10, variant)
            found.append(rate)
        runs += daily.values()
        differences.append([spread(daily["one storey"], daily["lean"], name) for name in COMPARED])
    latitude, longitude, igbp = SITES["CN-Cha"]
    forcing = forcing_of(latitude, longitude, 1800)
    members = perturbed(parameters_for(igbp), 20 if quick else MEMBERS)
    seconds = {}
    for mode in ("full", "lean"):
        found = best_seconds(
            lambda mode=mode: run_dlm_arrays(
                forcing, members, step_seconds=1800, reference_height=40.0, threads=2, mode=mode
            ),
            1 if quick else 3,
        )
        seconds[mode] = found * MEMBERS / len(members)
    full = float(np.median(rates["full"]))
    worst = np.abs(np.array(differences)).max(axis=0)
    return facts | {
        "site_years_per_second_full": full,
        "site_years_per_second_full_slowest_site": min(rates["full"]),
        "site_years_per_second_full_one_storey": float(np.median(rates["one storey"])),
        "site_years_per_second_lean": float(np.median(rates["lean"])),
        "lean_note": MODES["lean"] + "; basal respiration",
        "lean_daily_rmse_percent": dict(zip(COMPARED, worst[:, 0].tolist(), strict=True)),
        "lean_bias_percent": dict(zip(COMPARED, worst[:, 1].tolist(), strict=True)),
        "members100_seconds": seconds["full"],
        "members100_seconds_lean": seconds["lean"],
        "members100_note": f"wall clock of two threads, from {len(members)} members",
        "worst_energy_residual": max(float(run.worst_energy_residual.max()) for run in runs),
        "worst_water_residual": max(float(run.worst_water_residual.max()) for run in runs),
        "worst_carbon_residual": max(float(run.worst_carbon_residual.max()) for run in runs),
        "mean_iterations": float(np.mean([run.mean("iterations").mean() for run in runs[::3]])),
        "share_of_limit": full / LIMIT,
        "limit_note": f"{LIMIT:.0f} site-years a second: {FLOPS_PER_STEP:.0f} operations a step "
        f"at {FLOPS_PER_SECOND / 1e9:.0f} GFLOP/s of scalar code",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quick", action="store_true", help="fewer repeats and members")
    arguments = parser.parse_args()
    facts = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:42} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
