"""kill -9 while writing: a reader finds the old product or the new one, whole.

F1 of the reliability table: 20 kills a writer here, 200 with ``make slow``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.writers import WRITERS

TESTS = Path(__file__).resolve().parents[1]


def _kill(*arguments: object) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "helpers.killing", *map(str, arguments)],
        cwd=TESTS,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counts: dict[str, int] = json.loads(done.stdout)
    return counts


def _check_random_kills(name: str, kills: int, folder: Path) -> None:
    counts = _kill("random", name, kills, folder)
    assert counts["whole"] == kills, counts
    # Otherwise all kills fell beside the writes and show nothing.
    assert counts["interrupted"] > 0, counts


@pytest.mark.parametrize("name", [writer.name for writer in WRITERS])
def test_20_kills_at_random_moments_leave_a_whole_product(name: str, tmp_path: Path) -> None:
    _check_random_kills(name, 20, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [writer.name for writer in WRITERS])
def test_200_kills_at_random_moments_leave_a_whole_product(name: str, tmp_path: Path) -> None:
    _check_random_kills(name, 200, tmp_path)


@pytest.mark.parametrize("name", ["netcdf", "zarr"])
def test_a_kill_before_any_change_of_the_file_tree_leaves_a_whole_product(
    name: str, tmp_path: Path
) -> None:
    counts = _kill("each", name, tmp_path)
    assert counts.keys() == {"whole", "left behind", "repaired"}, counts
    assert counts["whole"] >= 4
    assert (counts["left behind"], counts["repaired"]) == (0, 1)
