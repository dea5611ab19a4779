"""``fluxscape atlas``: run a nation, test its trends, build the product that the pages show."""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli import atlas_compare, atlas_totals
from fluxscape.cli._output import emit_json, progress_line

if TYPE_CHECKING:
    import xarray as xr

    from fluxscape.atlas.settings import RunSettings

_DEFAULT_YEARS: Final = "1979-2012"
_CHOICES: Final = ("years", "resolution", "seed", "step_seconds", "bounds")
"""Options of a run that a configuration states instead."""


def register(subparsers: Any) -> None:
    """Add the command and its sub-commands."""
    parser = subparsers.add_parser("atlas", help="national maps of GPP and ET, and their trends")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    run = commands.add_parser(
        "run",
        help="run a model at every cell of the nation",
        description="Run a model at every cell of a grid, every year, and write annual GPP and ET. "
        "CONFIG names forcing, period, region, model, parameters and outputs (docs/atlas.md); "
        "without it the land-surface model runs on simulated weather as the options say. A run "
        "that was stopped goes on where it was.",
    )
    run.add_argument("config", nargs="?", type=Path, metavar="CONFIG", help="YAML file of the run")
    run.add_argument("--out", type=Path, required=True, help="Zarr store to write")
    run.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="dask scheduler whose workers run the tiles, such as tcp://10.0.0.1:8786",
    )
    run.add_argument(
        "--memory-mb",
        type=_positive,
        metavar="MB",
        help="most memory of a worker process of this machine (no limit)",
    )
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
    build.add_argument(
        "--uncertainty",
        type=_positive,
        metavar="MEMBERS",
        help="add what this many members of the parameters' prior say, at some cells of each class",
    )
    _add_run_options(build)
    build.set_defaults(run=_build)
    atlas_totals.register(commands)
    atlas_compare.register(commands)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what a run can be told."""
    parser.add_argument("--years", help=f"first-last ({_DEFAULT_YEARS})")
    parser.add_argument("--resolution", type=float, help="degrees (0.25)")
    parser.add_argument("--workers", type=_positive, default=1, help="processes (%(default)s)")
    parser.add_argument("--seed", type=int, help="of the weather (1)")
    parser.add_argument(
        "--step-seconds",
        type=int,
        help="step of the model: 1800, 3600, 7200 or 10800; longer is faster and less exact",
    )
    parser.add_argument(
        "--bounds", type=_bounds, help="west,south,east,north: run only this part [degrees]"
    )
    parser.add_argument("--json", action="store_true", help="write JSON to stdout")


def _positive(text: str) -> int:
    """Return a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        msg = f"wanted a whole number above 0, got {text!r}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


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

    years = arguments.years or _DEFAULT_YEARS
    first, _, last = years.partition("-")
    if not (first.isdigit() and (last or first).isdigit()):
        msg = f"--years must be a year or first-last, such as 1979-2012, got {years!r}"
        raise OutOfBoundsError(msg, got=years)
    chosen = {
        name: getattr(arguments, name)
        for name in _CHOICES
        if name != "years" and getattr(arguments, name) is not None
    }
    return RunSettings(first_year=int(first), last_year=int(last or first), **chosen)


def _configured(arguments: argparse.Namespace) -> RunSettings:
    """Return the settings of ``atlas run``: those of the file, else those of the options."""
    if arguments.config is None:
        return _settings(arguments)
    from fluxscape.atlas.config import read_config  # noqa: PLC0415
    from fluxscape.errors import OutOfBoundsError  # noqa: PLC0415

    given = [name for name in _CHOICES if getattr(arguments, name) is not None]
    if given:
        option = given[0].replace("_", "-")
        msg = f"--{option} does not go with {arguments.config}: state it there"
        raise OutOfBoundsError(msg, option=option)
    return read_config(arguments.config)


def _run(arguments: argparse.Namespace) -> int:
    """Run ``atlas run``."""
    from fluxscape.atlas.run import run_national  # noqa: PLC0415

    settings = _configured(arguments)
    start = time.perf_counter()
    dataset = run_national(
        settings,
        arguments.out,
        workers=arguments.workers,
        scheduler=arguments.scheduler,
        memory_mb=arguments.memory_mb,
        on_progress=_progress(),
    )
    facts = _run_facts(dataset, time.perf_counter() - start)
    _answer({"out": arguments.out, **facts}, arguments.json)
    return 0


def _progress() -> Callable[[int, int], None]:
    """Return a function that reports finished tasks and the time left."""
    report = progress_line("atlas run")
    begun: list[tuple[float, int]] = []

    def show(done: int, count: int) -> None:
        begun.append((time.monotonic(), done))
        (first_time, first_done), (now, _) = begun[0], begun[-1]
        message = f"{done} of {count} tiles"
        if done > first_done and now > first_time:
            rate = (done - first_done) / (now - first_time)
            left = (count - done) / rate
            message += f", {60 * rate:.2g} a minute, {left / 60:.0f} min left"
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
    from fluxscape.atlas.product import national_figures, write_product  # noqa: PLC0415
    from fluxscape.atlas.run import run_national  # noqa: PLC0415

    start = time.perf_counter()
    annual_store = arguments.out.with_name(arguments.out.name + ".annual")
    if arguments.store is not None:
        annual = _annual_maps(arguments.store)
    else:
        annual = run_national(
            _settings(arguments), annual_store, workers=arguments.workers, on_progress=_progress()
        )
    if arguments.uncertainty is not None:
        from fluxscape.atlas.ensemble_prior import with_uncertainty  # noqa: PLC0415

        annual = with_uncertainty(annual, _settings(arguments), members=arguments.uncertainty)
    product = write_product(annual, arguments.out)
    if arguments.store is None:
        # The pyramid's native copy holds all of it.
        shutil.rmtree(annual_store)
    size = sum(file.stat().st_size for file in arguments.out.rglob("*") if file.is_file())
    facts = _run_facts(product, time.perf_counter() - start)
    rows = {row.flux: row.to_dict() for row in national_figures(product)}
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
