"""Start and stop a real dashboard server in a process of its own."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0


def command(*arguments: str) -> list[str]:
    """Return the command line of a dashboard."""
    return [sys.executable, "-m", "fluxscape_dashboard", *arguments]


@contextmanager
def running_server(*arguments: str, **environment: str) -> Iterator[str]:
    """Run a dashboard on a free port; give its address."""
    process = subprocess.Popen(
        command("--port", "0", *arguments),
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    try:
        yield _address(process)
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def refused_start(*arguments: str, **environment: str) -> tuple[int, str]:
    """Run a dashboard that should not start; return its exit status and error output."""
    done = subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=ROOT,
        timeout=START_SECONDS,
        check=False,
    )
    return done.returncode, done.stderr


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if not select.select([process.stdout], [], [], 0.5)[0]:
            continue
        if found := re.search(r"http://\S+", process.stdout.readline()):
            return found.group()
    msg = f"the server did not start: exit status {process.poll()}"
    raise AssertionError(msg)
