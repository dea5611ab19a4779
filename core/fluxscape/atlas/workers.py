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
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from typing import Any, Final

from fluxscape._version import __version__
from fluxscape.atlas.tasks import Sound, Task, TaskTable
from fluxscape.errors import RunError
from fluxscape.io.child_main import die_with_parent, limit_resources

MOST_FAILURES: Final = 3
"""Times that tasks are given to other workers after theirs were killed or out of memory."""

CONNECT_SECONDS: Final = 20
"""How long to wait for a scheduler."""

NEW_WORKER_SECONDS: Final = 60
"""How long to wait for a worker of a cluster where there is none that can work."""

_TASKS_PER_THREAD: Final = 2
_LOOK_SECONDS: Final = 2.0

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
    from distributed import Client  # noqa: PLC0415

    with _connected(Client, scheduler) as client, client.as_current():
        queue = _ClusterQueue(client, table, task, setup, missing)
        while queue.fill():
            for future in queue.ended():
                if queue.take(future):
                    report()


@dataclass
class _ClusterQueue:
    """Tasks on their way through a cluster, a few for each thread of it at a time.

    A worker that ends again and again with the same task gets no more where there are others.
    """

    client: Any
    table: TaskTable
    task: Task
    setup: Any
    missing: list[int]
    _running: dict[Any, int] = field(default_factory=dict)
    _bound: dict[Any, set[str]] = field(default_factory=dict)
    _attempts: Counter[int] = field(default_factory=Counter)
    _barred: set[str] = field(default_factory=set)
    _word: str = field(default_factory=lambda: secrets.token_hex(4))

    def fill(self) -> bool:
        """Submit tasks until each thread has some, and return whether any is on its way."""
        if self.missing:
            workers = self._workers()
            room = max(_TASKS_PER_THREAD * sum(workers.values()) - len(self._running), 0)
            for number in self.missing[:room]:
                future = self.client.submit(
                    _run_remotely,
                    (self.table, self.task, self.setup, number, __version__),
                    key=f"fluxscape-{self._word}-{number}-{self._attempts[number]}",
                    pure=False,
                    workers=list(workers) if self._barred else None,
                )
                self._running[future] = number
                if self._barred:
                    self._bound[future] = set(workers)
            del self.missing[:room]
        return bool(self._running)

    def ended(self) -> list[Any]:
        """Return the futures that have ended, after waiting a moment for one."""
        from distributed import wait  # noqa: PLC0415

        with contextlib.suppress(TimeoutError):
            wait(list(self._running), timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED")
        if self._bound:
            # A task bound to workers that are all gone would wait for them for ever.
            alive = set(self.client.scheduler_info(n_workers=-1)["workers"])
            for future, bound in list(self._bound.items()):
                if not bound & alive and not future.done():
                    future.cancel()
        return [future for future in self._running if future.done()]

    def take(self, future: Any) -> bool:
        """Take a future that has ended and return whether its task is done.

        Raises
        ------
        RunError
            If no worker can do it.
        """
        from distributed import KilledWorker  # noqa: PLC0415
        from distributed.client import FutureCancelledError  # noqa: PLC0415

        number = self._running.pop(future)
        self._bound.pop(future, None)
        try:
            future.result()
        except (MemoryError, KilledWorker, FutureCancelledError) as error:
            self._attempts[number] += 1
            if self._attempts[number] > MOST_FAILURES:
                raise _lost(self.table, self._attempts[number]) from error
            if isinstance(error, KilledWorker):
                self._barred.add(str(error.last_worker.name))
            self.missing.insert(0, number)
            return False
        return True

    def _workers(self) -> dict[str, int]:
        """Return addresses and threads of the workers that are not barred; wait for one."""
        deadline = time.monotonic() + NEW_WORKER_SECONDS
        while True:
            found = self.client.scheduler_info(n_workers=-1)["workers"]
            rows = {
                address: int(row["nthreads"])
                for address, row in found.items()
                if str(row["name"]) not in self._barred
            }
            if rows:
                return rows
            if time.monotonic() > deadline:
                raise _lost(self.table, MOST_FAILURES + 1)
            time.sleep(0.2)


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
