"""Speed and conservation of the land-surface model.

Prints site-years per processor second of one core at half-hourly steps with everything on, the
same with hourly steps (``lean``: half the steps, same physics), the time of 100 members of a
site-year on two threads by the wall clock, and the largest residuals of any step.

    .venv/bin/python benchmarks/dlm.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from fluxscape.dlm import DlmParameters, Forcing, compile_dlm, parameters_for, run_dlm_arrays
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


def measure(quick: bool) -> dict[str, object]:
    start = time.perf_counter()
    compile_dlm()
    facts: dict[str, object] = {"compile_or_load_seconds": time.perf_counter() - start}
    rates: dict[int, list[float]] = {1800: [], 3600: []}
    worst_energy, worst_water, iterations = 0.0, 0.0, []
    for latitude, longitude, igbp in SITES.values():
        for step, found in rates.items():
            forcing = forcing_of(latitude, longitude, step)
            result = None

            def once(forcing=forcing, step=step, igbp=igbp):
                nonlocal result
                result = run_dlm_arrays(
                    forcing, [parameters_for(igbp)], step_seconds=step, reference_height=40.0
                )

            found.append(1.0 / best_seconds(once, 3 if quick else 10, time.thread_time))
            result.raise_for_status()
            worst_energy = max(worst_energy, float(result.worst_energy_residual.max()))
            worst_water = max(worst_water, float(result.worst_water_residual.max()))
            if step == 1800:
                iterations.append(float(result.mean("iterations")[0, 0]))
    latitude, longitude, igbp = SITES["CN-Cha"]
    forcing = forcing_of(latitude, longitude, 1800)
    members = perturbed(parameters_for(igbp), 20 if quick else MEMBERS)
    seconds = best_seconds(
        lambda: run_dlm_arrays(
            forcing, members, step_seconds=1800, reference_height=40.0, threads=2
        ),
        1 if quick else 3,
    )
    return facts | {
        "site_years_per_second_full": float(np.median(rates[1800])),
        "site_years_per_second_full_slowest_site": min(rates[1800]),
        "site_years_per_second_lean": float(np.median(rates[3600])),
        "lean_note": "hourly steps, same physics",
        "members100_seconds": seconds * MEMBERS / len(members),
        "members100_note": f"wall clock of two threads, from {len(members)} members",
        "worst_energy_residual": worst_energy,
        "worst_water_residual": worst_water,
        "mean_iterations": float(np.mean(iterations)),
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
