"""Real data and reference files beside the checkout, which are never part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def shared_file(relative: str) -> Path:
    """Return the path of a file below ``../shared`` or skip the test, saying why."""
    path = SHARED / relative
    if not path.exists():
        pytest.skip(f"real data are not beside the checkout: ../shared/{relative} is absent")
    return path
