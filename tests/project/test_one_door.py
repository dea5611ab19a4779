"""Files come in through `io.guards` and leave through `io.atomic`; nothing is run that was read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOORS = ROOT / "core/fluxscape/io"
SOURCES = [
    path
    for root in ("core/fluxscape", "dashboard/fluxscape_dashboard")
    for path in (ROOT / root).rglob("*.py")
]

# Calls that open or write files of data, and where in the package they may stand.
FILE_CALLS = {
    "rasterio.open": {"_raster_guards.py"},
    "xr.open_dataset": {"_netcdf_guards.py"},
    "xr.open_zarr": {"stores.py"},
    "zarr.open": set(),
    "zarr.open_group": {"stores.py"},
    "netCDF4.Dataset": {"_netcdf_guards.py"},
    "h5py.File": {"_netcdf_guards.py"},
    "pd.read_excel": set(),
    "pd.read_pickle": set(),
    "pd.read_sql": set(),
    "joblib.load": set(),
    "yaml.load": set(),
    "yaml.unsafe_load": set(),
}
METHODS = {
    "to_netcdf": {"atomic.py"},
    "to_zarr": set(),
    "to_pickle": set(),
    "to_csv": {"exports.py"},
}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _bars_pickles(call: ast.Call) -> bool:
    """Return whether a call says ``allow_pickle=False``."""
    return any(
        keyword.arg == "allow_pickle" and getattr(keyword.value, "value", True) is False
        for keyword in call.keywords
    )


def _faults(tree: ast.Module, path: Path) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _dotted(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        allowed = FILE_CALLS.get(name, METHODS.get(method))
        outside = allowed is not None and (path.parent != DOORS or path.name not in allowed)
        if outside or name in RUNS_TEXT or (name == "np.load" and not _bars_pickles(node)):
            yield f"{path.name}:{node.lineno}: {name or method}"


def test_only_the_doors_open_and_write_files_of_data() -> None:
    faults = [
        fault
        for path in SOURCES
        for fault in _faults(ast.parse(path.read_text(encoding="utf-8")), path)
    ]
    assert not faults


@pytest.mark.parametrize(
    "source",
    [
        "rasterio.open(p)",
        "dataset.to_netcdf(p)",
        "eval(text)",
        "np.load(p)",
        "np.load(p, allow_pickle=True)",
    ],
)
def test_the_rule_sees_what_it_forbids(source: str) -> None:
    assert list(_faults(ast.parse(source), ROOT / "core/fluxscape/towers.py"))
