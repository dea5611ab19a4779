"""Long work outside the server: warm worker processes, one running job a session.

A page submits ``"module:function"`` with plain keyword arguments and polls
:meth:`Job.snapshot`; the function is called as ``function(report, **kwargs)`` in a worker process
and may call ``report(fraction, message)``. What a job can do to the server ends at its process:
it has a limit of memory and of time, it can be killed, and its result comes back as plain data
(:mod:`fluxscape.io.wire`; no pickle is read, since a worker may have parsed a stranger's file).

Rules of the queue
------------------
* A session has one running job. Submitting the same target again cancels the earlier one (the
  newest setting of a slider wins); another target of the same session waits.
* At most ``queue_limit`` jobs wait (twice the cores by default), at most four of one session;
  beyond that :meth:`JobPool.submit` raises a RunError with ``details["reason"] == "busy"``.
* A failed job carries a FluxscapeError; for RunErrors ``details["reason"]`` is one of ``busy``,
  ``cancelled``, ``timeout``, ``memory``, ``died`` and ``failed``.
* A new worker, the first as well as one that replaces a killed one, runs its warm-ups while
  nobody waits for it. A job that comes meanwhile waits for the present warm-up at most.
"""

from __future__ import annotations

import logging
import os
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

from fluxscape.errors import FluxscapeError, RunError, UnsafeInputError
from fluxscape.io.child import Child
from fluxscape_dashboard._job import Job, JobSnapshot

__all__ = ["Job", "JobPool", "JobSnapshot"]

ALLOWED_PREFIXES: Final = ("fluxscape.", "fluxscape_dashboard.")
_TARGET: Final = re.compile(r"\w+(\.\w+)+:[a-z]\w*")
#: Imported by every worker before its first job.
PRELOAD: Final = ("xarray", "numba")
JOBS_OF_A_SESSION: Final = 4
#: How long a cancelled job may take to stop at its next report before its process is killed [s].
GRACE_SECONDS: Final = 0.3
#: Wait after a worker that died at its start, so that a broken installation does not spin [s].
RESTART_SECONDS: Final = 1.0
#: Longest warm-up; on a machine that never compiled the kernels one takes about a minute [s].
WARM_UP_SECONDS: Final = 600.0

_LOG = logging.getLogger(__name__)


class JobPool:
    """Worker processes that run the jobs of all sessions.

    Parameters
    ----------
    workers
        Number of processes; by default the number of cores.
    memory_mb
        Address space that a job may take beyond that of an idle worker [MiB].
    result_mb
        Largest result of a job [MiB].
    queue_limit
        How many jobs may wait; twice the number of cores by default.
    allowed
        Module prefixes from which targets may come.
    preload
        Modules that workers import before their first job.
    warm_ups
        Targets, ``function(report)``, that every worker calls once in its idle time. One that
        fails is logged and not called again.
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        memory_mb: int = 2048,
        result_mb: int = 1024,
        queue_limit: int | None = None,
        allowed: Sequence[str] = ALLOWED_PREFIXES,
        preload: Sequence[str] = PRELOAD,
        warm_ups: Sequence[str] = (),
    ) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        self._queue_limit = 2 * cores if queue_limit is None else queue_limit
        self._allowed = tuple(allowed)
        self._child_options: dict[str, Any] = {
            "memory_mb": memory_mb,
            "max_result_bytes": result_mb * 2**20,
            "preload": tuple(preload),
        }
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: dict[Job, Child] = {}
        self._warm_ups = tuple(warm_ups)
        self._warming: set[Child] = set()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"job-worker-{i}", daemon=True)
            for i in range(workers or cores)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def workers(self) -> int:
        """Number of processes."""
        return len(self._threads)

    def submit(
        self,
        session: str,
        target: str,
        kwargs: dict[str, Any] | None = None,
        *,
        timeout_seconds: float = 600.0,
    ) -> Job:
        """Queue a call of ``module:function`` for a session.

        Raises
        ------
        UnsafeInputError
            If the target is not of an allowed module.
        RunError
            If too many jobs are waiting (``details["reason"] == "busy"``) or the pool is closed.
        """
        if not (_TARGET.fullmatch(target) and target.startswith(self._allowed)):
            msg = (
                f"{target!r} is no job: it must be a public module:function that begins with one "
                f"of {self._allowed}"
            )
            raise UnsafeInputError(msg, target=target)
        for earlier in self._jobs_of(session):
            if earlier.target == target:
                self.cancel(earlier)
        with self._changed:
            if self._closed:
                msg = "the job pool is closed"
                raise RunError(msg, reason="closed")
            own = sum(job.session == session for job in self._waiting)
            if len(self._waiting) >= self._queue_limit or own >= JOBS_OF_A_SESSION:
                msg = f"the server is busy: {len(self._waiting)} calculations are waiting already"
                raise RunError(msg, reason="busy", waiting=len(self._waiting))
            job = Job(self, session, target, dict(kwargs or {}), timeout_seconds)
            self._waiting.append(job)
            self._changed.notify_all()
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job: at once for the session, at its next report or by force for the worker."""
        error = RunError(f"{job.target} was cancelled", reason="cancelled")
        if not job.finish("cancelled", error=error):
            return
        with self._changed:
            if job in self._waiting:
                self._waiting.remove(job)
            child = self._running.get(job)
        if child is not None:
            child.ask_to_stop()
            self._later(GRACE_SECONDS, self._kill, job)

    def end_session(self, session: str) -> None:
        """Cancel all jobs of a session that has ended."""
        for job in self._jobs_of(session):
            self.cancel(job)

    def close(self) -> None:
        """Cancel everything and end the workers."""
        with self._changed:
            self._closed = True
            jobs = [*self._waiting, *self._running]
            for child in self._warming:
                child.kill()
            self._changed.notify_all()
        for job in jobs:
            self.cancel(job)
            self._kill(job)
        for thread in self._threads:
            thread.join(timeout=5.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _jobs_of(self, session: str) -> list[Job]:
        with self._changed:
            return [job for job in (*self._waiting, *self._running) if job.session == session]

    def _kill(self, job: Job) -> None:
        """Kill the process that still runs this job, and none that has gone on to another."""
        with self._changed:
            child = self._running.get(job)
            if child is not None:
                child.kill()

    def _later(self, seconds: float, function: Any, *args: Any) -> threading.Timer:
        timer = threading.Timer(seconds, function, args)
        timer.daemon = True
        timer.start()
        return timer

    def _work(self) -> None:
        """Keep one worker process and give it one job after another; runs in a thread."""
        child: Child | None = None
        chores: list[str] = []
        try:
            while not self._closed:
                if child is None or not child.alive:
                    child = self._replace(child)
                    chores = list(self._warm_ups)
                job = self._next_job(child, patient=not chores)
                if job is not None:
                    self._run(job, child)
                elif chores:
                    self._warm_up(child, chores.pop(0))
        finally:
            if child is not None:
                child.close()

    def _replace(self, child: Child | None) -> Child:
        """Return a new worker process instead of one that has died, or of none."""
        if child is not None:
            child.close()
        fresh = Child(**self._child_options)
        try:
            fresh.wait_ready()
        except FluxscapeError:
            # The first call on it says so to a user; until then there is nobody to tell.
            time.sleep(RESTART_SECONDS)
        return fresh

    def _warm_up(self, child: Child, target: str) -> None:
        """Call one warm-up on a worker that has nothing to do."""
        with self._changed:
            if self._closed or target not in self._warm_ups:
                return
            self._warming.add(child)
        timer = self._later(WARM_UP_SECONDS, child.kill)
        try:
            child.call(target, on_progress=lambda *_: None)
        except FluxscapeError as error:
            if not self._closed:
                _LOG.warning("warm-up %s failed and is left out: %s", target, error)
            with self._changed:
                self._warm_ups = tuple(kept for kept in self._warm_ups if kept != target)
        finally:
            timer.cancel()
            with self._changed:
                self._warming.discard(child)

    def _next_job(self, child: Child, *, patient: bool) -> Job | None:
        """Start a job whose session has none running; None to look around.

        If ``patient``, wait a while for one.
        """
        with self._changed:
            busy = {job.session for job in self._running}
            for job in self._waiting:
                if job.session not in busy:
                    self._waiting.remove(job)
                    if not job.start():
                        return None
                    self._running[job] = child
                    return job
            if patient and not self._closed:
                # The limit lets the caller see a worker that died while it had nothing to do.
                self._changed.wait(timeout=1.0)
            return None

    def _run(self, job: Job, child: Child) -> None:
        """Run one job on a worker process; whatever happens to it ends here."""
        timer = self._later(job.timeout_seconds, self._expire, job)
        try:
            value = child.call(job.target, kwargs=job.kwargs, on_progress=job.report)
            job.finish("done", value=value)
        except FluxscapeError as error:
            job.finish("failed", error=error)
            if error.details.get("reason") == "memory":
                # What a failed allocation left half done must not meet the next job.
                child.kill()
        finally:
            timer.cancel()
            with self._changed:
                del self._running[job]
                self._changed.notify_all()

    def _expire(self, job: Job) -> None:
        """Stop a job that has used up its time."""
        msg = f"{job.target} was stopped after {job.timeout_seconds:g} s"
        if job.finish("failed", error=RunError(msg, reason="timeout", limit=job.timeout_seconds)):
            self._kill(job)
