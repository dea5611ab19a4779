"""A calibration that is killed again and again ends with the bytes of one that was not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_a_calibration_killed_twenty_times_ends_with_the_same_bytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "helpers.killed_calibration", "20", "6", str(tmp_path)],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    for found in json.loads(done.stdout).values():
        assert found["kills"] == 20
        assert found["identical"]
        # Kills fell before the first pass and after it.
        assert any("pass.npz" in files for files in found["seen"])
        assert any("pass.npz" not in files for files in found["seen"])
        assert "calibration.json" in found["files"]
