"""Functions that tests run in child processes: well-behaved, slow, greedy, broken."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fluxscape.errors import MissingVariableError

Report = Callable[[float, str], None]


def double(value: Any) -> Any:
    return value * 2


def environment() -> dict[str, str]:
    return dict(os.environ)


def fail_by_name() -> None:
    msg = "column 'FC' is missing in row 3"
    raise MissingVariableError(msg, variable="FC", row=3)


def fail_by_surprise() -> None:
    msg = "surprise <b>bold</b>"
    raise KeyError(msg)


def allocate(megabytes: int) -> float:
    return float(np.ones(megabytes * 2**17).sum())


def burn() -> None:
    while True:
        pass


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    raise SystemExit(3)


def print_much() -> str:
    sys.stdout.write("stray output " * 1000)
    sys.stdout.flush()
    os.write(1, b"raw bytes on standard output")
    return "answered"


def not_plain() -> object:
    return {"inner": [object()]}


def sleep_reporting(report: Report, seconds: float = 0.0, value: Any = None) -> Any:
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        report(passed / seconds, f"{passed:.1f} s")
        time.sleep(0.005)
    report(1.0, "ready")
    return value


def burn_silently(report: Report) -> None:
    del report
    burn()


def report_oddly(report: Report) -> None:
    report(0.5, "half")
    for fraction in (float("nan"), -3.0, 7.0):
        time.sleep(0.12)
        report(fraction, "odd\0<script>\n" + "x" * 10_000)


def report_often(report: Report, times: int) -> int:
    for i in range(times):
        report(i / times, "again")
    return times


def crash_reporting(report: Report) -> None:
    report(0.1, "soon")
    crash()


def kill_self(report: Report) -> None:
    report(0.1, "soon")
    os.kill(os.getpid(), signal.SIGKILL)


def allocate_reporting(report: Report, megabytes: int) -> float:
    report(0.1, "soon")
    return allocate(megabytes)


def fail_reporting(report: Report) -> None:
    report(0.1, "soon")
    fail_by_surprise()


def return_array(report: Report, megabytes: int) -> Any:
    report(0.1, "soon")
    return np.arange(megabytes * 2**17, dtype=np.float64)


def write_pid_and_burn(report: Report, path: str) -> None:
    del report
    Path(path).write_text(str(os.getpid()), encoding="ascii")
    burn()


def own_pid(report: Report) -> int:
    report(1.0, "")
    return os.getpid()


def return_nan_state(report: Report) -> Any:
    report(1.0, "")
    return np.full(10, np.nan)


def compile_kernel(report: Report) -> float:
    import numba  # noqa: PLC0415

    report(0.1, "compiling")

    @numba.njit(parallel=True)  # type: ignore[untyped-decorator]
    def total(values: Any) -> float:
        result = 0.0
        for i in numba.prange(values.size):
            result += np.exp(np.sin(values[i])) ** 2
        return result

    return float(total(np.zeros(1000)))


def note_own_pid(report: Report) -> None:
    """Leave a file named after this process in the folder NOTES, one letter longer each time."""
    report(1.0, "")
    with (Path(os.environ["NOTES"]) / str(os.getpid())).open("a", encoding="ascii") as file:
        file.write("x")


def sleep_a_second(report: Report) -> None:
    sleep_reporting(report, 1.0)


def leave_reporting(report: Report) -> None:
    report(0.1, "soon")
    os._exit(3)
