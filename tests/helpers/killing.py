"""Kills a writer again and again and says what a reader finds; run as a program of its own.

``python -m helpers.killing random NAME KILLS FOLDER`` kills at random moments of the write;
``python -m helpers.killing each NAME FOLDER`` kills once before every change beside the product.
Each writer and each reader runs in a fork of this one process, so that a kill costs milliseconds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from helpers.writers import WRITERS, MixedVersionsError, Writer

CALLS = ("rename", "replace", "unlink", "rmdir", "mkdir")


def main(arguments: list[str]) -> None:
    """Run one mode and print the counts as JSON."""
    mode, name, *rest = arguments
    writer = next(w for w in WRITERS if w.name == name)
    # What libraries load at their first use is loaded once here and not in every fork.
    with tempfile.TemporaryDirectory() as folder:
        writer.write(1, Path(folder, "product"))
        writer.read(Path(folder, "product"))
    if mode == "random":
        counts = kill_at_random(writer, int(rest[0]), Path(rest[1]))
    else:
        counts = kill_before_each_call(writer, Path(rest[0]))
    sys.stdout.write(json.dumps(counts))


def kill_at_random(writer: Writer, kills: int, folder: Path) -> dict[str, int]:
    """Kill a writer that replaces one product over and over."""
    target = folder / "product"
    counts: Counter[str] = Counter()
    draw = random.Random(20240229)  # noqa: S311 - moments, not secrets
    _run(lambda: writer.write(1, target))
    lifetime = _lifetime_of_a_temporary(writer, target)
    _remove_temporaries(folder)
    for _ in range(kills):
        child = _fork(lambda: _write_for_ever(writer, target))
        _wait_for_temporary(folder)
        time.sleep(draw.uniform(0.0, 0.9) * lifetime)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        counts["interrupted"] += bool(_temporaries(folder))
        counts[_what_a_reader_finds(writer, target)] += 1
        _remove_temporaries(folder)
    return dict(counts)


def kill_before_each_call(writer: Writer, folder: Path) -> dict[str, int]:
    """Kill a writer before its first, second, … change of the file tree, until one survives."""
    target = folder / "product"
    counts: Counter[str] = Counter()
    _run(lambda: writer.write(1, target))
    for number in range(1, 10_000):
        child = _fork(lambda n=number: _write_until_call(writer, target, n))  # type: ignore[misc]
        _, status = os.waitpid(child, 0)
        counts[_what_a_reader_finds(writer, target)] += 1
        if os.WIFEXITED(status):
            break
    # The next write repairs what the kills left.
    _run(lambda: writer.write(3, target))
    counts["left behind"] = len(list(folder.iterdir())) - 1
    counts["repaired"] = int(_what_a_reader_finds(writer, target) == "whole")
    return dict(counts)


def _write_until_call(writer: Writer, target: Path, number: int) -> None:
    """Write, but die right before the ``number``-th change of the file tree."""
    made = Counter[str]()

    def dying(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            beside = isinstance(args[0], str | Path) and Path(args[0]).parent == target.parent
            made["calls"] += beside
            if beside and made["calls"] == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*args, **kwargs)

        return call

    for name in CALLS:
        setattr(os, name, dying(getattr(os, name)))
    writer.write(2, target)


def _write_for_ever(writer: Writer, target: Path) -> None:
    version = os.getpid() % 1000
    while True:
        version += 1
        writer.write(version, target)


def _lifetime_of_a_temporary(writer: Writer, target: Path) -> float:
    """Return how long the temporary of one write lives [s], as seen from outside."""
    # The writer goes on until one temporary was seen: a busy machine may hide the first ones.
    child = _fork(lambda: _write_for_ever(writer, target))
    _wait_for_temporary(target.parent)
    start = time.monotonic()
    while _temporaries(target.parent):
        pass
    lifetime = time.monotonic() - start
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return lifetime


def _temporaries(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.startswith(".product.")]


def _remove_temporaries(folder: Path) -> None:
    for left in _temporaries(folder):
        shutil.rmtree(left) if left.is_dir() else left.unlink()


def _wait_for_temporary(folder: Path) -> None:
    deadline = time.monotonic() + 30.0
    while not _temporaries(folder):
        if time.monotonic() > deadline:
            msg = "the writer made no temporary"
            raise RuntimeError(msg)


def _what_a_reader_finds(writer: Writer, target: Path) -> str:
    """Read in a fork; return ``whole``, ``wrong`` or ``unreadable``."""

    def read() -> None:
        try:
            writer.read(target)
        except MixedVersionsError:
            os._exit(3)

    return {0: "whole", 3: "wrong"}.get(_run(read, check=False), "unreadable")


def _run(function: Callable[[], object], *, check: bool = True) -> int:
    """Run a function in a fork and return its exit status."""
    _, status = os.waitpid(_fork(function), 0)
    code = os.waitstatus_to_exitcode(status)
    if check and code:
        msg = f"a fork ended with status {code}"
        raise RuntimeError(msg)
    return code


def _fork(function: Callable[[], object]) -> int:
    """Start a function in a fork and return the fork's process id."""
    child = os.fork()
    if child:
        return child
    try:
        function()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the fork must end here, whatever happened
        sys.excepthook(*sys.exc_info())
        os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
