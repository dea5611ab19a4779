"""Speed, conservation and adjoint of the column of air.

Prints column-steps a processor second of one core at 40 levels, a step being an implicit solve of
300 s: columns one by one, each with mixing of its own that is renewed every half-hour, the factors
included; 64 members that share their mixing, side by side; and the worst case, mixing renewed at
every step. Then the relative error of the carbon budget over a year, and how far the dot products
of the map and its adjoint lie apart over the same year.

    .venv/bin/python benchmarks/column.py --json [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import numpy as np

from fluxscape.transport import ColumnForcing, make_column, run_column
from fluxscape.transport.column import Column
from fluxscape.transport.mixing import Surface

LEVELS = 40
HALF_HOUR = 1800
CHUNK = 240


def forcing_of(days: int, seed: int = 1) -> ColumnForcing:
    """Return days with a convective layer by day and a stable one by night, all simulated."""
    draw = np.random.default_rng(seed)
    hours = np.arange(days * 48) / 2.0
    sun = np.sin((hours % 24.0 - 6.0) / 12.0 * np.pi)
    heat = np.where(sun > 0.0, 0.18 * sun, -0.015) * draw.uniform(0.6, 1.4, hours.size)
    friction = draw.uniform(0.1, 0.5, hours.size)
    length = -(friction**3) * 290.0 / (0.4 * 9.81 * heat)
    length = np.copysign(np.maximum(np.abs(length), 2.0), length)
    nothing = np.zeros(hours.size)
    surface = Surface(
        friction, length, heat, np.full(hours.size, 290.0), np.full(hours.size, 2e-6),
        np.full(hours.size, np.nan),
    )  # fmt: skip
    start = np.datetime64("2005-01-01", "ns")
    return ColumnForcing(
        start + (hours * 3600).astype("timedelta64[s]"),
        HALF_HOUR,
        40.0,
        surface,
        np.where(sun > 0.0, -15.0 * sun, 4.0) * draw.uniform(0.8, 1.2, hours.size),
        380.0 + 8.0 * np.cos(2.0 * np.pi * hours / 8766.0),
        nothing + 1e-5,
        101325.0,
        {},
    )


def one_by_one(column: Column) -> float:
    """Return column-steps a processor second, mixing and factors included."""
    flux, background = column.forcing.flux, column.forcing.background
    state = np.full(LEVELS, 380.0)
    start = time.process_time()
    for first in range(0, flux.size, CHUNK):
        part = slice(first, first + CHUNK)
        _, state = column.operator(part).run(state, flux[part], background[part])
    return flux.size * column.substeps / (time.process_time() - start)


def side_by_side(column: Column, members: int) -> float:
    """Return column-steps a processor second of members that share their mixing."""
    steps = 1440
    part = slice(0, steps)
    flux = np.repeat(column.forcing.flux[part, np.newaxis], members, axis=1)
    above = np.repeat(column.forcing.background[part, np.newaxis], members, axis=1)
    state = np.full((LEVELS, members), 380.0)
    operator = column.operator(part)
    start = time.process_time()
    operator.run(state, flux, above)
    return steps * column.substeps * members / (time.process_time() - start)


def adjoint_error(column: Column) -> float:
    """Return the relative difference of dot products over the whole period."""
    operator = column.operator()
    draw = np.random.default_rng(2)
    layers, steps = column.grid.layers, column.forcing.flux.size
    initial, flux, above = (draw.standard_normal(size) for size in (layers, steps, steps))
    tendency = draw.standard_normal((steps, layers)) / 1e4
    weights, last = draw.standard_normal((steps, layers)), draw.standard_normal(layers)
    mean, final = operator.run(initial, flux, above, tendency)
    back = operator.adjoint(weights, last)
    left = float((mean * weights).sum() + final @ last)
    right = float(
        back.initial @ initial
        + back.flux @ flux
        + back.background @ above
        + (back.tendency * tendency).sum()
    )
    return abs(left - right) / max(abs(left), abs(right))


def measure(quick: bool) -> dict[str, object]:
    """Return the figures."""
    year = make_column(forcing_of(365))
    rates: dict[str, list[float]] = {}
    for scheme in ("local", "counter_gradient", "asymmetric"):
        column = make_column(forcing_of(365), scheme=scheme)
        one_by_one(column)
        rates[scheme] = [one_by_one(column) for _ in range(4 if quick else 15)]
    every = make_column(forcing_of(365), substep_seconds=HALF_HOUR)
    one_by_one(every)
    worst = [one_by_one(every) for _ in range(4 if quick else 15)]
    side_by_side(year, 64)
    members = [side_by_side(year, 64) for _ in range(2 if quick else 5)]
    product = run_column(year)
    return {
        "column_steps_per_second": round(max(rates["counter_gradient"])),
        "column_steps_per_second_by_scheme": {
            name: round(max(values)) for name, values in rates.items()
        },
        "column_steps_per_second_64_members": round(max(members)),
        "column_steps_per_second_mixing_renewed_every_step": round(max(worst)),
        "mass_error": float(product.attrs["mass_error"]),
        "mass_error_note": "relative, over a year of half-hours with six implicit steps each",
        "adjoint_error": adjoint_error(year),
        "levels": LEVELS,
        "threads": 1,
        "clock": "processor seconds, best of the repeats; mixing renewed every six steps",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    arguments = parser.parse_args()
    facts = measure(arguments.quick)
    if arguments.json:
        print(json.dumps(facts))
    else:
        for name, value in facts.items():
            print(f"{name:50} {value}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
