"""Who runs the tasks of a table: this process, processes of this machine, or a dask cluster.

On one machine a pool of fresh processes does it. It opens no port (whoever can reach a dask
scheduler can run code as its owner, and a machine may have several users), its workers end with
their parent, and each has a limit of memory. Across machines it is ``dask.distributed``: tasks are
opaque, each one call with a number, so that the scheduler holds a thousand of them and no graph.
Either way a worker writes its own results, and nothing but numbers travels.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final

from fluxscape._version import __version__
from fluxscape.atlas.tasks import Sound, Task, TaskTable
from fluxscape.errors import RunError
from fluxscape.io.child_main import die_with_parent, limit_resources

MOST_FAILURES: Final = 3
"""Times that tasks are given to other workers after theirs were killed or out of memory."""

CONNECT_SECONDS: Final = 20
"""How long to wait for a scheduler."""

Report = Callable[[], None]


def run_tasks(
    table: TaskTable,
    task: Task,
    setup: Any,
    *,
    workers: int = 1,
    scheduler: str | None = None,
    memory_mb: int | None = None,
    sound: Sound | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> None:
    """Run the tasks that are missing.

    Parameters
    ----------
    table
        Where results go.
    task
        What one task computes, from ``setup`` and its number alone.
    setup
        Sent to every worker.
    workers
        Processes of this machine; 1 without ``memory_mb`` runs everything here. Not used with
        ``scheduler``.
    scheduler
        Address of a dask scheduler, such as ``tcp://10.0.0.1:8786``; its workers must see the
        table's folder under the same path and have this version of fluxscape.
    memory_mb
        Most memory that a process of this machine may take beyond what it starts with; no limit
        if None. Workers of a cluster have that of ``dask worker --memory-limit``.
    sound
        Judges results that lie in the table already.
    on_progress
        Called with the number of finished tasks and of all.

    Raises
    ------
    RunError
        If workers are killed again and again, or the scheduler cannot be reached. Results so far
        are kept.
    """
    failures, here = 0, scheduler is None and workers <= 1 and memory_mb is None
    while missing := table.missing(sound):
        report = _reporter(table.count - len(missing), table.count, on_progress)
        try:
            if scheduler is not None:
                _run_on_cluster(table, task, setup, missing, scheduler, report)
            elif here:
                for number in missing:
                    _run_and_save(table, task, setup, number)
                    report()
            else:
                _run_pool(table, task, setup, missing, workers, memory_mb, report)
        except (BrokenProcessPool, MemoryError) as error:
            failures += 1
            if failures > MOST_FAILURES or here:
                raise _lost(table, failures) from error


def _lost(table: TaskTable, failures: int) -> RunError:
    """Return the error that workers end again and again."""
    msg = (
        f"workers were killed {failures} times, probably for want of memory; what is done lies in "
        f"{table.folder}: run again to go on, with fewer workers, smaller tiles or more memory"
    )
    return RunError(msg, path=str(table.folder))


def _run_and_save(table: TaskTable, task: Task, setup: Any, number: int) -> None:
    """Run one task and write its result."""
    table.save(number, task(setup, number))


def _run_pool(
    table: TaskTable,
    task: Task,
    setup: Any,
    missing: list[int],
    workers: int,
    memory_mb: int | None,
    report: Report,
) -> None:
    """Share the tasks among fresh processes, each of which writes its own results."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        min(workers, len(missing)),
        mp_context=context,
        initializer=_set_up,
        initargs=(table, task, setup, memory_mb),
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


def _set_up(table: TaskTable, task: Task, setup: Any, memory_mb: int | None) -> None:
    # A run that is killed must not leave its workers computing for nobody.
    die_with_parent()
    if memory_mb is not None:
        limit_resources(memory_mb * 2**20, 0)
    _worker.update(table=table, task=task, setup=setup)


def _run_one(number: int) -> None:
    _run_and_save(_worker["table"], _worker["task"], _worker["setup"], number)


def _run_on_cluster(
    table: TaskTable,
    task: Task,
    setup: Any,
    missing: list[int],
    scheduler: str,
    report: Report,
) -> None:
    """Give the tasks to a dask scheduler; those whose worker ended go to another."""
    from distributed import Client, KilledWorker, as_completed  # noqa: PLC0415
    from distributed.client import FutureCancelledError  # noqa: PLC0415

    with _connected(Client, scheduler) as client:
        word = secrets.token_hex(4)

        def submit(number: int, attempt: int) -> Any:
            return client.submit(
                _run_remotely,
                (table, task, setup, number, __version__),
                key=f"fluxscape-{word}-{number}-{attempt}",
                pure=False,
            )

        waiting = {submit(number, 0): (number, 0) for number in missing}
        done = as_completed(list(waiting), loop=client.loop)
        for future in done:
            number, attempt = waiting.pop(future)
            try:
                future.result()
            except MemoryError:
                if attempt >= MOST_FAILURES:
                    raise
                again = submit(number, attempt + 1)
                waiting[again] = (number, attempt + 1)
                done.add(again)
                continue
            except (KilledWorker, FutureCancelledError) as error:
                raise _lost(table, MOST_FAILURES + 1) from error
            report()


@contextlib.contextmanager
def _connected(client_class: Any, scheduler: str) -> Iterator[Any]:
    """Give a client of a scheduler, quiet about the connections it loses at the end."""
    try:
        client = client_class(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        msg = f"no dask scheduler answers at {scheduler!r}: {error}"
        raise RunError(msg, scheduler=scheduler) from error
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        yield client
    finally:
        client.close()


def _run_remotely(work: tuple[TaskTable, Task, Any, int, str]) -> None:
    """Run one task in a worker of a cluster."""
    table, task, setup, number, version = work
    if version != __version__:
        msg = f"the worker has fluxscape {__version__}, the run {version}: install the same"
        raise RunError(msg, got=__version__, wanted=version)
    if not table.folder.is_dir():
        msg = f"the worker does not see {table.folder}: the folder must be shared by all machines"
        raise RunError(msg, path=str(table.folder))
    _run_and_save(table, task, setup, number)


def _reporter(done: int, count: int, on_progress: Callable[[int, int], None] | None) -> Report:
    """Return a function to call after each task."""
    state = {"done": done}

    def report() -> None:
        state["done"] += 1
        if on_progress is not None:
            on_progress(state["done"], count)

    if on_progress is not None:
        on_progress(done, count)
    return report
