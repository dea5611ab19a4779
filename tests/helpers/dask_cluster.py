"""A dask scheduler and worker processes of their own, as a cluster has them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from fluxscape.io.child_main import die_with_parent

TESTS = Path(__file__).resolve().parents[1]


class Cluster:
    """A scheduler with worker processes, each under a nanny that starts it anew when it ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        file = folder / "scheduler.json"
        self._start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)
        )
        self.address = _address(file)

    def add_worker(self, name: str, *, memory: str = "0") -> None:
        """Start a worker with one thread and a limit of memory."""
        self.workers[name] = self._start(
            "worker",
            self.address,
            "--name",
            name,
            "--nthreads",
            "1",
            "--nworkers",
            "1",
            "--death-timeout",
            "60",
            "--memory-limit",
            memory,
            "--local-directory",
            str(self.folder / name),
        )

    def close(self) -> None:
        """End every process that was started here."""
        for process in reversed(self._started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:]]
        log = (self.folder / f"{arguments[0]}_{len(self._started)}.log").open("wb")
        process = subprocess.Popen(
            [*command, "--no-dashboard"],
            stdout=log,
            stderr=log,
            start_new_session=True,
            # A test run that is killed leaves no scheduler, and no worker waits long for one. (Only
            # the scheduler: a worker may be started by a thread that ends before it.)
            preexec_fn=die_with_parent if arguments[0] == "scheduler" else None,  # noqa: PLW1509
            env=os.environ | {"PYTHONPATH": str(TESTS)},
        )
        log.close()
        self._started.append(process)
        return process


def _address(file: Path) -> str:
    """Return the address that a scheduler wrote into a file."""
    import json  # noqa: PLC0415

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.1)
    message = f"no scheduler wrote {file}"
    raise TimeoutError(message)


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Give a scheduler without workers and end all its processes at the end."""
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.close()
