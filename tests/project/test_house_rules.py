"""Rules that no linter of the trade knows: short files, no machine paths, versions that agree."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from fluxscape import __version__

ROOT = Path(__file__).resolve().parents[2]
SOURCE_ROOTS = ("core/fluxscape", "dashboard/fluxscape_dashboard")


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing says which files belong to the project")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_source_file_is_longer_than_400_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in _tracked("*.py")
        if (count := path.read_text().count("\n")) > 400
    }
    assert not long


def test_no_tracked_text_names_a_machine_path_or_a_package_index() -> None:
    pattern = re.compile(r"(^|[^A-Za-z0-9_./])/(work|root|farm)/|--index-url|https?://\S*/simple/")
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _tracked("*.py", "*.md", "*.toml", "*.yml", "Makefile", "*.lock", ".ci/*")
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert not wrong


def test_every_module_has_a_docstring_that_says_what_it_is_for() -> None:
    for root in SOURCE_ROOTS:
        for path in (ROOT / root).rglob("*.py"):
            assert path.read_text().lstrip().startswith(('"""', 'r"""', "__version__")), path


def test_the_citation_file_names_the_current_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == __version__


def test_only_the_jit_module_calls_numba() -> None:
    wrong = [
        path
        for path in (ROOT / "core/fluxscape").rglob("*.py")
        if path.name != "_jit.py" and re.search(r"^\s*(import|from) numba", path.read_text(), re.M)
    ]
    assert not wrong
