"""Tasks for tests of the task table, importable by fresh worker processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np


def numbers(setup: dict[str, Any], number: int) -> dict[str, np.ndarray]:
    """Return seeded random numbers; wait, fail or die first where the setup says so."""
    time.sleep(setup.get("seconds", 0.0))
    if number == setup.get("die_at") and not Path(setup["marker"]).exists():
        Path(setup["marker"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if number == setup.get("no_memory_at") and not Path(setup["marker"]).exists():
        Path(setup["marker"]).touch()
        raise MemoryError
    if number == setup.get("always_die_at"):
        os.kill(os.getpid(), signal.SIGKILL)
    if number == setup.get("fail_at"):
        message = f"task {number} failed"
        raise ValueError(message)
    np.ones(setup.get("megabytes", 0) * 2**17)
    rng = np.random.default_rng([setup["seed"], number])
    return {"values": rng.normal(size=8), "number": np.array(number)}
