"""``fluxscape atlas``: run a nation, test its trends, build the product that the pages show."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli import atlas_totals
from fluxscape.cli._output import emit_json, progress_line

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.atlas.settings import RunSettings

_DEFAULT_YEARS: Final = "1979-2012"
_QUANTUM: Final = 1.0
"""Step of the map levels [g m-2 year-1, mm year-1]; the native copy is not rounded."""


def register(subparsers: Any) -> None:
    """Add the command and its sub-commands."""
    parser = subparsers.add_parser("atlas", help="national maps of GPP and ET, and their trends")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    run = commands.add_parser(
        "run",
        help="run the land-surface model at every cell of the nation",
        description="Run the land-surface model on simulated weather at every cell of the nation, "
        "every year, and write annual GPP and ET. A run that was stopped goes on where it was.",
    )
    run.add_argument("--out", type=Path, required=True, help="Zarr store to write")
    _add_run_options(run)
    run.set_defaults(run=_run)
    trends = commands.add_parser(
        "trends",
        help="national totals, means and trends of a store of annual maps",
        description="Theil-Sen slopes and Mann-Kendall tests of the nation, and the share of its "
        "area with a significant trend.",
    )
    trends.add_argument("store", type=Path, metavar="STORE", help="store that 'run' wrote")
    trends.add_argument("--json", action="store_true", help="write JSON to stdout")
    trends.set_defaults(run=_trends)
    build = commands.add_parser(
        "build",
        help="make the product that the Atlas page shows",
        description="Run the nation unless --from names a store of annual maps, add mean, trend "
        "and p-values, and write a pyramid in Web Mercator with a copy for series.",
    )
    build.add_argument("--out", type=Path, required=True, help="pyramid to write")
    build.add_argument("--from", dest="store", type=Path, help="store that 'run' wrote")
    _add_run_options(build)
    build.set_defaults(run=_build)
    atlas_totals.register(commands)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what a run can be told."""
    parser.add_argument("--years", default=_DEFAULT_YEARS, help="first-last (%(default)s)")
    parser.add_argument("--resolution", type=float, default=0.25, help="degrees (%(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the weather (%(default)s)")
    parser.add_argument(
        "--step-seconds",
        type=int,
        default=None,
        help="step of the model: 1800, 3600, 7200 or 10800; longer is faster and less exact",
    )
    parser.add_argument(
        "--bounds", type=_bounds, help="west,south,east,north: run only this part [degrees]"
    )
    parser.add_argument("--json", action="store_true", help="write JSON to stdout")


def _bounds(text: str) -> tuple[float, float, float, float]:
    """Return four numbers."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        msg = f"wanted west,south,east,north, got {text!r}"
        raise argparse.ArgumentTypeError(msg) from error
    return west, south, east, north


def _settings(arguments: argparse.Namespace) -> RunSettings:
    """Return the settings of a run, checked."""
    from fluxscape.atlas.settings import RunSettings  # noqa: PLC0415
    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415

    first, _, last = arguments.years.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        msg = f"--years must be a year or first-last, such as 1979-2012, got {arguments.years!r}"
        raise OutOfBoundsError(msg, got=arguments.years)
    chosen = {} if arguments.step_seconds is None else {"step_seconds": arguments.step_seconds}
    return RunSettings(
        first_year=int(first),
        last_year=int(last or first),
        resolution=arguments.resolution,
        seed=arguments.seed,
        bounds=arguments.bounds,
        **chosen,
    )


def _run(arguments: argparse.Namespace) -> int:
    """Run ``atlas run``."""
    settings = _settings(arguments)
    start = time.perf_counter()
    dataset = _run_nation(settings, arguments.out, arguments.workers)
    facts = _run_facts(dataset, time.perf_counter() - start)
    _answer({"out": arguments.out, **facts}, arguments.json)
    return 0


def _run_nation(settings: RunSettings, out: Path, workers: int) -> xr.Dataset:
    """Run the nation with progress on stderr."""
    from fluxscape.atlas.run import run_national  # noqa: PLC0415

    return run_national(settings, out, workers=workers, on_progress=_progress())


def _progress() -> Callable[[int, int], None]:
    """Return a function that reports finished tasks and the time left."""
    report = progress_line("atlas run")
    begun: list[tuple[float, int]] = []

    def show(done: int, count: int) -> None:
        begun.append((time.monotonic(), done))
        (first_time, first_done), (now, _) = begun[0], begun[-1]
        message = f"{done} of {count} tasks"
        if done > first_done:
            left = (now - first_time) / (done - first_done) * (count - done)
            message += f", {left / 60:.0f} min left"
        report(done / count, message)

    return show


def _run_facts(dataset: xr.Dataset, seconds: float) -> dict[str, Any]:
    """Return what a run says of itself."""
    attrs = dataset.attrs
    years = dataset.sizes["time"]
    return {
        "cells": attrs["cells"],
        "cells_failed": attrs["cells_failed"],
        "years": years,
        "period": attrs["period"],
        "resolution_degrees": attrs["resolution_degrees"],
        "time_step_seconds": attrs["time_step_seconds"],
        "seed": attrs["seed"],
        "data_status": attrs["data_status"],
        "seconds": seconds,
        "cell_years_per_second": attrs["cells"] * years / seconds,
    }


def _trends(arguments: argparse.Namespace) -> int:
    """Run ``atlas trends``."""
    dataset = _annual_maps(arguments.store)
    _answer({"store": arguments.store, **_figures(dataset)}, arguments.json)
    return 0


def _annual_maps(store: Path) -> xr.Dataset:
    """Return the annual maps of a run's store, or of the native copy of a pyramid."""
    from fluxscape.atlas.pyramid import NATIVE  # noqa: PLC0415
    from fluxscape.io.stores import open_store  # noqa: PLC0415

    dataset = open_store(store)
    return (dataset if dataset.data_vars else open_store(store, group=NATIVE)).load()


def _figures(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the national figures as JSON values."""
    from fluxscape.atlas.product import national_figures  # noqa: PLC0415

    return {
        "data_status": dataset.attrs.get("data_status"),
        **{row.flux: row.to_dict() for row in national_figures(dataset)},
    }


def _build(arguments: argparse.Namespace) -> int:
    """Run ``atlas build``."""
    from fluxscape.atlas.product import FLUXES, figures_attribute, national_figures, with_statistics  # noqa: PLC0415  # noqa: PLC0415
    from fluxscape.atlas.pyramid import write_pyramid  # noqa: PLC0415

    start = time.perf_counter()
    annual_store = arguments.out.with_name(arguments.out.name + ".annual")
    if arguments.store is not None:
        annual = _annual_maps(arguments.store)
    else:
        annual = _run_nation(_settings(arguments), annual_store, arguments.workers)
    product = with_statistics(annual)
    figures = national_figures(product)
    product.attrs |= figures_attribute(figures)
    write_pyramid(product, arguments.out, quanta=dict.fromkeys(FLUXES.values(), _QUANTUM))
    if arguments.store is None:
        # The pyramid's native copy holds all of it.
        shutil.rmtree(annual_store)
    size = sum(file.stat().st_size for file in arguments.out.rglob("*") if file.is_file())
    facts = _run_facts(product, time.perf_counter() - start)
    rows = {row.flux: row.to_dict() for row in figures}
    _answer({"out": arguments.out, "bytes": size, **facts, **rows}, arguments.json)
    return 0


def _answer(facts: dict[str, Any], as_json: bool) -> None:
    """Write facts as JSON or as lines."""
    if as_json:
        emit_json(facts)
        return
    for name, value in facts.items():
        if isinstance(value, dict):
            _answer({f"{name}.{key}": item for key, item in value.items()}, False)
        elif not isinstance(value, (list, tuple)):
            print(f"{name}: {value}")
