"""A table of tasks that survives any interruption: each result is a file, written whole.

A run is a plan (plain JSON facts) and numbered tasks. Results lie beside the product as
``task_00012.npz``; a run that starts again skips those that are there, so it ends with the same
bytes as one that was never stopped, whatever number of workers shared the tasks. A plan that
differs from the one on disk is refused: results of two settings never mix.
"""

from __future__ import annotations

import io
import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from fluxscape.errors import FileFormatError, RunError
from fluxscape.io.atomic import json_text, write_bytes, write_text
from fluxscape.io.child_main import die_with_parent

Arrays = Mapping[str, npt.NDArray[Any]]
Task = Callable[[Any, int], Arrays]
"""Called as ``task(setup, number)`` in a worker; must be a function of a module."""

_PLAN: Final = "plan.json"
_POOL_FAILURES: Final = 3
"""Times that a pool whose worker was killed is started again."""


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Results of the tasks of one plan in a folder.

    Attributes
    ----------
    folder
        Where plan and results lie.
    count
        Number of tasks.
    """

    folder: Path
    count: int

    @classmethod
    def open(cls, folder: Path, count: int, plan: Mapping[str, Any]) -> TaskTable:
        """Make the folder, or go on with the run that lies in it.

        Raises
        ------
        RunError
            If the folder holds a run of another plan; names what differs.
        """
        text = json_text({**plan, "tasks": count}, indent=1) + "\n"
        file = folder / _PLAN
        if file.exists():
            found = file.read_text(encoding="utf-8")
            if found != text:
                msg = (
                    f"{folder} holds an unfinished run with other settings "
                    f"({_first_difference(found, text)}): finish it with those, or remove it"
                )
                raise RunError(msg, path=str(folder))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(text, file)
        return cls(folder, count)

    def missing(self) -> list[int]:
        """Return the numbers of the tasks without a sound result; damaged ones are removed."""
        return [number for number in range(self.count) if not self._sound(number)]

    def save(self, number: int, arrays: Arrays) -> None:
        """Write the result of one task."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **dict(arrays))
        write_bytes(buffer.getbuffer(), self._path(number))

    def load(self, number: int) -> dict[str, npt.NDArray[Any]]:
        """Return the result of one task.

        Raises
        ------
        FileFormatError
            If it is absent or damaged.
        """
        path = self._path(number)
        try:
            # np.load leaves a file open that it cannot read; this one is closed here.
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            msg = f"{path} is no sound task result: {error}"
            raise FileFormatError(msg, path=str(path)) from error

    def remove(self) -> None:
        """Remove the folder: the product is made."""
        shutil.rmtree(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"task_{number:05d}.npz"

    def _sound(self, number: int) -> bool:
        """Return whether a result can be read; every array carries a checksum of its own."""
        if not self._path(number).exists():
            return False
        try:
            self.load(number)
        except FileFormatError:
            self._path(number).unlink()
            return False
        return True


def run_tasks(
    table: TaskTable,
    task: Task,
    setup: Any,
    *,
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run the tasks that are missing, in this process or in several others.

    Parameters
    ----------
    table
        Where results go.
    task
        What one task computes, from ``setup`` and its number alone.
    setup
        Sent to every worker once.
    workers
        Processes; 1 runs everything here.
    on_progress
        Called with the number of finished tasks and of all.

    Raises
    ------
    RunError
        If workers are killed again and again. Results so far are kept.
    """
    failures = 0
    while missing := table.missing():
        report = _reporter(table.count - len(missing), table.count, on_progress)
        try:
            if workers <= 1:
                for number in missing:
                    table.save(number, task(setup, number))
                    report()
            else:
                _run_pool(table, task, setup, missing, workers, report)
        except BrokenProcessPool as error:
            failures += 1
            if failures > _POOL_FAILURES:
                msg = (
                    f"workers were killed {failures} times, probably for want of memory; what is "
                    f"done lies in {table.folder}: run again to go on, with fewer workers"
                )
                raise RunError(msg, path=str(table.folder)) from error


def _run_pool(
    table: TaskTable,
    task: Task,
    setup: Any,
    missing: list[int],
    workers: int,
    report: Callable[[], None],
) -> None:
    """Share the tasks among fresh processes, each of which writes its own results."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(missing)),
        mp_context=context,
        initializer=_set_up,
        initargs=(table, task, setup),
    ) as pool:
        futures = [pool.submit(_run_one, number) for number in missing]
        for _ in _checked(futures):
            report()


def _checked(futures: list[Future[None]]) -> Iterator[None]:
    """Yield as tasks finish; the first failure cancels those that have not begun."""
    try:
        for future in as_completed(futures):
            future.result()
            yield
    finally:
        for future in futures:
            future.cancel()


_worker: dict[str, Any] = {}
"""What a worker process got when it started; unused in the parent."""


def _set_up(table: TaskTable, task: Task, setup: Any) -> None:
    # A run that is killed must not leave its workers computing for nobody.
    die_with_parent()
    _worker.update(table=table, task=task, setup=setup)


def _run_one(number: int) -> None:
    table: TaskTable = _worker["table"]
    table.save(number, _worker["task"](_worker["setup"], number))


def _reporter(
    done: int, count: int, on_progress: Callable[[int, int], None] | None
) -> Callable[[], None]:
    """Return a function to call after each task."""
    state = {"done": done}

    def report() -> None:
        state["done"] += 1
        if on_progress is not None:
            on_progress(state["done"], count)

    if on_progress is not None:
        on_progress(done, count)
    return report


def _first_difference(found: str, wanted: str) -> str:
    """Return the first line of two plans that differs."""
    rows = zip(found.splitlines(), wanted.splitlines(), strict=False)
    for old, new in rows:
        if old != new:
            return f"{old.strip()} there, {new.strip()} now"
    return "one has more entries"
