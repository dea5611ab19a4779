"""The YAML file of a run: read, checked key by key with its line, made settings.

Its reference stands in ``docs/atlas.md``. Paths in it are relative to the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fluxscape.assimilation.storage import POSTERIOR
from fluxscape.atlas.ensemble import ParameterEnsemble, ParameterSets
from fluxscape.atlas.ensemble_prior import MEMBERS, prior_ensemble
from fluxscape.atlas.scenarios import GREENING, NAMES, WARMING, Scenario, scenario
from fluxscape.atlas.settings import (
    DLM,
    FIRST_YEAR,
    LAST_YEAR,
    MASKS,
    MODEL_NAMES,
    STEPS,
    TILES,
    Bounds,
    ForcingSettings,
    RunSettings,
)
from fluxscape.dlm import MODES
from fluxscape.errors import FileFormatError, FluxscapeError
from fluxscape.io.forcing_files import MAPPED, SOURCES
from fluxscape.io.parameter_files import (
    parameter_sets,
    read_parameter_ensemble,
    read_parameter_sets,
)
from fluxscape.io.yaml_lines import YamlSection, read_yaml

SIMULATED: Final = "simulated"
PRIOR: Final = "prior"
"""Name of the ensemble that needs no file."""
_DEFAULTS: Final = RunSettings()


def read_config(path: str | Path) -> RunSettings:
    """Return the settings that a YAML file states.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    FileFormatError
        If it is no such file; names the file, the line, the key and what was wanted.
    OutOfBoundsError, MissingVariableError, DimsError
        If what it names cannot be run.
    """
    root = read_yaml(path)
    folder = Path(path).absolute().parent
    values: dict[str, Any] = {}
    for name, reader in (
        ("period", _period),
        ("region", _region),
        ("grid", _grid),
        ("model", _model),
        ("outputs", _outputs),
    ):
        section = root.section(name, required=name == "period")
        with _at(section, name, root):
            values |= reader(section)
            section.finish()
    values |= _forcing(root.section("forcing", required=True), folder, values["first_year"])
    values["seed"] = root.integer("seed", _DEFAULTS.seed, lower=0, upper=2**31 - 1)
    values |= _parameters(root.section("parameters"), folder, values["model"], values["seed"])
    root.text("title")
    root.finish()
    with _at(root, "period", root):
        return RunSettings(**values)


@contextmanager
def _at(section: YamlSection, name: str, root: YamlSection) -> Iterator[None]:
    """Put file and line in front of errors that come from settings and not from the file."""
    try:
        yield
    except FileFormatError:
        raise
    except FluxscapeError as error:
        line = root.line_of(name)
        msg = f"{section.file}, line {line}: {error.message}"
        raise type(error)(msg, **error.details) from error


def _period(section: YamlSection) -> dict[str, Any]:
    """Return the years."""
    for name in ("first_year", "last_year"):
        if not section.has(name):
            section.fail(name, "is missing: wanted a year")
    bounds = {"lower": FIRST_YEAR + 1, "upper": LAST_YEAR}
    first = section.integer("first_year", 0, **bounds)
    last = section.integer("last_year", 0, **bounds)
    if last < first:
        section.fail("last_year", f"must not lie before first_year {first}, got {last}")
    spin_up = section.integer("spin_up_years", _DEFAULTS.spin_up_years, lower=0, upper=20)
    return {"first_year": first, "last_year": last, "spin_up_years": spin_up}


def _region(section: YamlSection) -> dict[str, Any]:
    """Return where to run."""
    bounds = section.numbers("bounds", 4)
    rows = section.raw("tiles") or []
    if not isinstance(rows, list):
        section.fail("tiles", f"must be a list of [west, south, east, north], got {rows!r}")
    return {
        "mask": section.choice("mask", tuple(MASKS), _DEFAULTS.mask),
        "bounds": None if bounds is None else _box(section, "bounds", bounds),
        "boxes": tuple(_box(section, "tiles", row) for row in rows),
    }


def _box(section: YamlSection, name: str, row: Any) -> Bounds:
    """Return one box [degrees], checked."""
    good = isinstance(row, (list, tuple)) and len(row) == 4
    if not good or not all(isinstance(value, (int, float)) for value in row):
        section.fail(name, f"must be west, south, east, north in degrees, got {row!r}")
    west, south, east, north = (float(value) for value in row)
    if not (west < east and south < north):
        section.fail(name, f"must have west < east and south < north, got {list(row)}")
    return west, south, east, north


def _grid(section: YamlSection) -> dict[str, Any]:
    """Return cells and tiles."""
    low, high = TILES
    return {
        "resolution": section.number(
            "resolution", _DEFAULTS.resolution, lower=1.0 / 1200.0, upper=5.0
        ),
        "tile": section.integer("tile", _DEFAULTS.tile, lower=low, upper=high),
    }


def _model(section: YamlSection) -> dict[str, Any]:
    """Return model, mode, step and soil."""
    name = section.choice("name", MODEL_NAMES, DLM)
    step = section.integer("step_seconds", _DEFAULTS.step_seconds, lower=1, upper=86400)
    if step not in STEPS:
        section.fail("step_seconds", f"must be one of {', '.join(map(str, STEPS))}, got {step}")
    mode = section.choice("mode", tuple(MODES), _DEFAULTS.mode)
    if name != DLM and section.has("mode"):
        section.fail("mode", f"is of the DLM, not of {name}")
    return {"model": name, "mode": mode, "step_seconds": step}


def _outputs(section: YamlSection) -> dict[str, Any]:
    """Return what is written."""
    return {"pyramid": section.flag("pyramid", True)}


def _forcing(section: YamlSection, folder: Path, first_year: int) -> dict[str, Any]:
    """Return the forcing, and the scenario of simulated weather."""
    source = section.choice("source", (SIMULATED, *SOURCES), SIMULATED)
    patterns = section.texts("files")
    mapping = section.text("mapping")
    rows = section.section("scenario")
    if source == SIMULATED:
        for name in ("files", "mapping"):
            if section.has(name):
                section.fail(name, "belongs to a dataset; simulated weather has none")
        chosen = _scenario(rows, first_year)
        section.finish()
        return {"forcing": ForcingSettings(), "scenario": chosen}
    if section.has("scenario"):
        section.fail("scenario", f"changes simulated weather, not that of {source}")
    files: list[str] = []
    for pattern in patterns:
        found = sorted(str(path) for path in _matching(folder, pattern))
        if not found:
            section.fail("files", f"names {pattern!r}, which is not in {folder}")
        files += found
    if not files:
        section.fail("files", "is missing: wanted the dataset's files, such as data/*.nc")
    if (source == MAPPED) != bool(mapping):
        section.fail("mapping", f"goes with source {MAPPED!r} and with no other")
    section.finish()
    place = str(folder / mapping) if mapping else ""
    return {"forcing": ForcingSettings(source, tuple(dict.fromkeys(files)), place)}


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield the paths that a pattern names, relative to a folder or absolute."""
    absolute = Path(pattern)
    if absolute.is_absolute():
        return Path(absolute.anchor).glob(str(absolute.relative_to(absolute.anchor)))
    return folder.glob(pattern)


def _scenario(section: YamlSection, first_year: int) -> Scenario:
    """Return the scenario of a run."""
    name = section.choice("name", tuple(NAMES), "co2")
    made = scenario(
        name,
        warming=section.number("warming", WARMING, lower=-2.0, upper=2.0),
        greening=section.number("greening", GREENING, lower=-0.3, upper=0.3),
        first_year=section.integer("first_year", first_year, lower=FIRST_YEAR + 1, upper=LAST_YEAR),
    )
    section.finish()
    return Scenario() if made.name == "co2" else made


def _parameters(section: YamlSection, folder: Path, model: str, seed: int) -> dict[str, Any]:
    """Return soil, values that replace defaults, and the ensemble."""
    soil = section.text("soil_texture", _DEFAULTS.soil_texture)
    file, members = section.text("file"), section.text("ensemble")
    wanted = section.integer("members", 0, lower=0, upper=500)
    values = read_parameter_sets(folder / file) if file else {}
    for cover, rows in parameter_sets(section.section("set")).items():
        values.setdefault(cover, {}).update(rows)
    ensemble = None
    if members == PRIOR:
        if model != DLM:
            section.fail("ensemble", f"{PRIOR!r} is of the DLM, not of {model}")
        sets = ParameterSets(values)
        ensemble = prior_ensemble(soil, sets, members=wanted or MEMBERS, seed=seed)
    elif members:
        place = folder / members
        file_of = place / POSTERIOR if place.is_dir() else place
        ensemble = ParameterEnsemble.of_file(read_parameter_ensemble(file_of), wanted or None)
    elif wanted:
        section.fail("members", "goes with 'ensemble', the file that holds them")
    section.finish()
    return {
        "soil_texture": soil,
        "parameters": ParameterSets(values),
        "ensemble": ensemble,
    }
