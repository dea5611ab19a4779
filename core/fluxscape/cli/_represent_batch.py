"""Scoring many towers into one table, in processes, so that a killed run goes on where it was."""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from fluxscape._version import __version__
from fluxscape.cli._output import emit_json, progress_line
from fluxscape.errors import FileFormatError, FluxscapeError, MissingVariableError
from fluxscape.io.atomic import write_bytes, write_json
from fluxscape.io.guards import read_text_guarded

TABLES: Final = (".csv", ".gz")
_LARGEST_ROW: Final = 2**20
_MAP_NAMES: Final = {"land_cover": "land_cover", "elevation": "surface_altitude"}
_ASPECTS: Final = ("land_cover", "spatial_structure", "location_bias")


def run_batch(arguments: argparse.Namespace) -> int:
    """Score towers and write one table."""
    if not arguments.out or Path(arguments.out).suffix not in {".csv", ".gpkg"}:
        msg = "a batch writes one table: give --out FILE.csv or --out FILE.gpkg"
        raise MissingVariableError(msg, out=arguments.out)
    tasks = _tasks(arguments)
    parts = Path(f"{arguments.out}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    settings = _fingerprint(arguments)
    rows: dict[str, dict[str, Any]] = {}
    waiting = {}
    for name, options in tasks.items():
        done = _finished(parts / f"{name}.json", settings)
        if done is None:
            waiting[name] = options
        else:
            rows[name] = done
    report = progress_line("represent")
    for name, row in _scored(waiting, arguments.workers):
        write_json(row | {"settings": settings}, parts / f"{name}.json")
        rows[name] = row
        report(len(rows) / len(tasks), name)
    ordered = [rows[name] for name in tasks]
    _write_table(ordered, Path(arguments.out))
    failed = [row["site"] for row in ordered if row["error"]]
    for name in tasks:
        (parts / f"{name}.json").unlink(missing_ok=True)
    if not any(parts.iterdir()):
        parts.rmdir()
    numbers = {
        "n_towers": len(ordered),
        "n_failed": len(failed),
        "failed": failed,
        "n_resumed": len(tasks) - len(waiting),
        "out": arguments.out,
        "scores": {str(k): sum(row["score"] == k for row in ordered) for k in (0, 1, 2, 3)},
    }
    if arguments.json:
        emit_json(numbers)
    else:
        print(f"{arguments.out}: {len(ordered)} towers, {len(failed)} of them failed")
    return 0


def _tasks(arguments: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return the options of every tower, by a name for its part."""
    common = {key: value for key, value in vars(arguments).items() if key != "run"}
    if arguments.all_towers:
        from fluxscape.towers import load_towers  # noqa: PLC0415

        changed = common | {"simulated_landscape": True}
        return {
            tower.site: changed | {"tower": tower.site}
            for tower in load_towers()
            if tower.has_position
        }
    folder = Path(arguments.batch)
    if not folder.is_dir():
        msg = f"{folder} is no folder of flux tables"
        raise FileFormatError(msg, folder=str(folder))
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in TABLES)
    if not files:
        msg = f"{folder} holds no flux table (.csv or .csv.gz)"
        raise MissingVariableError(msg, folder=str(folder))
    return {path.name: common | {"tower": str(path)} | _maps_beside(path) for path in files}


def _maps_beside(table: Path) -> dict[str, Any]:
    """Return maps in a table's folder named after its site, as ``fluxscape fetch`` writes them."""
    from fluxscape.io._time_zone import site_code  # noqa: PLC0415

    site = site_code(table.name)
    if not site:
        return {}
    found: dict[str, Any] = {}
    for option, name in _MAP_NAMES.items():
        path = table.parent / f"{site}_{name}.tif"
        if path.is_file():
            found[option] = str(path)
            if option == "land_cover":
                found["legend"] = "worldcover"
    scenes = [str(path) for path in sorted(table.parent.glob(f"{site}_*_ndvi.tif"))]
    if scenes:
        found["raster"] = [f"ndvi={scene}" for scene in scenes]
    return found


def _fingerprint(arguments: argparse.Namespace) -> str:
    """Return what tells whether a finished part was made with the same options."""
    skipped = {"run", "workers", "json", "out"}
    options = {key: value for key, value in vars(arguments).items() if key not in skipped}
    text = json.dumps(options | {"version": __version__}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _finished(path: Path, settings: str) -> dict[str, Any] | None:
    """Return the row of a finished part; None if there is none of the same options."""
    if not path.is_file():
        return None
    try:
        row = json.loads(read_text_guarded(path, max_bytes=_LARGEST_ROW))
    except (FluxscapeError, ValueError):
        return None
    if not isinstance(row, dict) or row.pop("settings", "") != settings:
        return None
    return row


def _scored(waiting: dict[str, dict[str, Any]], workers: int | None) -> Any:
    """Yield names and rows as towers are scored."""
    count = max(1, min(workers or os.cpu_count() or 1, len(waiting) or 1))
    if count == 1:
        for name, options in waiting.items():
            yield name, score_row(options)
        return
    context = multiprocessing.get_context("spawn")
    # Each process computes in one thread: the cores are taken by the processes.
    with ProcessPoolExecutor(count, mp_context=context, initializer=_one_thread) as pool:
        futures = {pool.submit(score_row, options): name for name, options in waiting.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _one_thread() -> None:
    """Let numba and the linear algebra of this process use one thread."""
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"


def score_row(options: dict[str, Any]) -> dict[str, Any]:
    """Return the row of one tower; an error of its input stands in the row."""
    from fluxscape.cli.represent import assess_one  # noqa: PLC0415

    arguments = argparse.Namespace(**options)
    row: dict[str, Any] = {"site": Path(str(options["tower"])).name, "latitude": None}
    row |= {"longitude": None, "score": 0, "data_status": ""}
    for aspect in _ASPECTS:
        row |= {f"{aspect}_level": 0, f"{aspect}_value": None, f"{aspect}_reason": ""}
    row |= {"captured_fraction": None, "reason": "", "error": ""}
    try:
        site, assessment = assess_one(arguments, str(options["tower"]))
    except (FluxscapeError, OSError) as error:
        return row | {"error": str(error)}
    found = assessment.to_dict()
    row |= {
        "site": site,
        "latitude": assessment.latitude,
        "longitude": assessment.longitude,
        "score": assessment.score.score,
        "data_status": assessment.data_status,
        "captured_fraction": found["captured_fraction"],
        "reason": "; ".join(reason.text for reason in assessment.score.reasons),
    }
    for aspect in found["score"]["aspects"]:
        name = aspect["name"]
        row[f"{name}_level"] = aspect["level"]
        row[f"{name}_value"] = aspect["value"]
        row[f"{name}_reason"] = aspect["reason"]["text"]
    return row


def _write_table(rows: list[dict[str, Any]], path: Path) -> None:
    """Write the rows as CSV or as GeoPackage with points."""
    import pandas as pd  # noqa: PLC0415

    frame = pd.DataFrame(rows)
    if path.suffix == ".csv":
        from fluxscape.io.exports import write_csv  # noqa: PLC0415

        write_csv(frame, path)
        return
    import geopandas as gpd  # noqa: PLC0415

    points = gpd.points_from_xy(frame["longitude"].astype(float), frame["latitude"].astype(float))
    table = gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")
    # GDAL insists on the ending, which the temporary name of an atomic write lacks.
    with TemporaryDirectory() as folder:
        draft = Path(folder) / "towers.gpkg"
        table.to_file(draft, driver="GPKG", layer="representativeness", engine="pyogrio")
        write_bytes(draft.read_bytes(), path)
