"""One job of the pool, and what can be seen of it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fluxscape.errors import FluxscapeError, RunError
from fluxscape.io.names import plain_text

if TYPE_CHECKING:
    from fluxscape_dashboard.jobs import JobPool

State = Literal["queued", "running", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A job at one moment.

    Attributes
    ----------
    state
        ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
    progress
        Fraction done, 0 to 1.
    message
        What the function reported last; text from outside may be in it, so pages show it by
        :mod:`fluxscape_dashboard.safe`.
    error
        Why it failed or was cancelled.
    seconds
        How long it has run, or ran.
    """

    state: State
    progress: float
    message: str
    error: FluxscapeError | None
    seconds: float

    @property
    def finished(self) -> bool:
        """Whether the job will not change any more."""
        return self.state in {"done", "failed", "cancelled"}


class Job:
    """One submitted job; made by :meth:`JobPool.submit`. All methods may be called anywhere."""

    def __init__(
        self, pool: JobPool, session: str, target: str, kwargs: dict[str, Any], timeout: float
    ) -> None:
        self.session = session
        self.target = target
        self.kwargs = kwargs
        self.timeout_seconds = timeout
        self._pool = pool
        self._lock = threading.Lock()
        self._finished = threading.Event()
        self._state: State = "queued"
        self._progress = 0.0
        self._message = ""
        self._value: Any = None
        self._error: FluxscapeError | None = None
        self._started = self._ended = 0.0

    def snapshot(self) -> JobSnapshot:
        """Return the present state."""
        with self._lock:
            end = self._ended or time.monotonic()
            seconds = end - self._started if self._started else 0.0
            return JobSnapshot(self._state, self._progress, self._message, self._error, seconds)

    @property
    def state(self) -> State:
        """Present state."""
        return self.snapshot().state

    @property
    def progress(self) -> float:
        """Fraction done, 0 to 1."""
        return self.snapshot().progress

    @property
    def message(self) -> str:
        """What the function reported last."""
        return self.snapshot().message

    @property
    def error(self) -> FluxscapeError | None:
        """Why it failed, or None."""
        return self.snapshot().error

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the job has finished; return whether it has."""
        return self._finished.wait(timeout)

    def result(self) -> Any:
        """Return the result.

        Raises
        ------
        FluxscapeError
            What the function raised, or why it was stopped, or that it has not finished.
        """
        now = self.snapshot()
        if now.error is not None:
            raise now.error
        if now.state != "done":
            msg = f"{self.target} has not finished: it is {now.state}"
            raise RunError(msg, reason="unfinished")
        return self._value

    def cancel(self) -> None:
        """Stop the job; without effect when it has finished."""
        self._pool.cancel(self)

    # What follows is for the pool.

    def start(self) -> bool:
        """Go from queued to running; False if it was cancelled meanwhile."""
        with self._lock:
            if self._state != "queued":
                return False
            self._state = "running"
            self._started = time.monotonic()
            return True

    def report(self, fraction: float, message: str) -> None:
        """Take note of progress."""
        with self._lock:
            # A NaN compares false on both sides and leaves the bar where it is.
            if 0.0 <= fraction <= 1.0:
                self._progress = fraction
            self._message = plain_text(message, limit=300)

    def finish(
        self, state: State, *, value: Any = None, error: FluxscapeError | None = None
    ) -> bool:
        """Go to a final state; False if the job has reached one already."""
        with self._lock:
            if self._finished.is_set():
                return False
            self._state, self._value, self._error = state, value, error
            self._ended = time.monotonic()
            if state == "done":
                self._progress = 1.0
            self._finished.set()
            return True
