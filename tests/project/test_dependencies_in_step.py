"""pyproject.toml, requirements.lock and environment.yml say the same, and keep the floors."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]

# Advisories that touch fluxscape, with the first release that mends them.
SECURITY_FLOORS = {
    "bokeh": "3.9",  # GHSA-793v-589g-574v: origin allow-list matched by prefix
    "tornado": "6.5.9",  # CVE-2026-49853/4/5, CVE-2026-82397, StaticFileHandler symlink escape
    "panel": "1.9.4",  # template XSS (PR 8049, 8501) and session leaks (PR 8607)
    "holoviews": "1.23.2",  # session memory held by stream subscribers (#6934)
    "numcodecs": "0.16.6",  # UnsafeDecodeError bars the pickle codec
    "rasterio": "1.4.4",  # newest wheel; its GDAL has no HDF4 driver
}
CONDA_NAMES = {"cf_xarray": "cf-xarray", "geoviews-core": "geoviews"}
CONDA_ONLY = {"python", "libgdal", "pip"}


def _pyproject() -> dict[str, SpecifierSet]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dashboard"]]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(r.name): r.specifier for r in requirements}


def _lock() -> dict[str, list[Version]]:
    pins: dict[str, list[Version]] = {}
    for name, version in re.findall(
        r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(), re.M
    ):
        pins.setdefault(canonicalize_name(name), []).append(Version(version))
    return pins


def _conda() -> dict[str, SpecifierSet]:
    rows = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    found: dict[str, SpecifierSet] = {}
    for row in [item for item in rows if isinstance(item, str)]:
        name, _, specifier = row.partition(" ")
        if name not in CONDA_ONLY:
            found[canonicalize_name(CONDA_NAMES.get(name, name))] = SpecifierSet(specifier)
    # What conda-forge lacks comes from pip.
    for line in [line for item in rows if isinstance(item, dict) for line in item["pip"]]:
        found[canonicalize_name(Requirement(line).name)] = Requirement(line).specifier
    return found


def test_the_conda_environment_states_the_floors_of_pyproject() -> None:
    assert _conda() == _pyproject()


def test_every_dependency_is_pinned_within_its_stated_range() -> None:
    pins = _lock()
    for name, specifier in _pyproject().items():
        assert name in pins, f"{name} is not in requirements.lock"
        for version in pins[name]:
            assert version in specifier, f"{name}=={version} is outside {specifier}"


@pytest.mark.parametrize(("name", "floor"), SECURITY_FLOORS.items())
def test_no_pin_lies_below_a_security_floor(name: str, floor: str) -> None:
    assert all(version >= Version(floor) for version in _lock()[name])
    assert not _pyproject()[name].contains(Version("0.0.1"))


def test_the_lock_has_hashes_and_no_index_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(blocks) > 80
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert "index-url" not in text


def test_the_licence_is_apache_2() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text()[:200]
