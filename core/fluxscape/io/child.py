"""A child process that calls named functions under limits of memory, processor and wall time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import fluxscape.errors
from fluxscape.errors import FluxscapeError, RunError, UnsafeInputError
from fluxscape.io import wire
from fluxscape.io.framing import read_message, write_message

MAX_RESULT_BYTES: Final = 2 * 2**30
_START: Final = "from fluxscape.io.child_main import main; main()"
_SECRET_WORDS: Final = ("SECRET", "TOKEN", "PASSWORD", "COOKIE", "CREDENTIAL", "_KEY")
_THREADS: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
# Arrow's own allocator reserves a gibibyte of address space, and every thread's heap 64 MiB: that
# would count against the limit of a child that never uses it.
_ALLOCATORS: Final = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}


class Child:
    """One child process, made and used by one thread; the others may kill it or ask it to stop.

    It ends with the thread that made it: on Linux the kernel sees to that, elsewhere the end of
    its standard input does.

    Parameters
    ----------
    memory_mb
        Address space that calls may take beyond what the process holds when it is ready [MiB].
    cpu_seconds
        Processor time that all calls together may take [s]; 0 for no limit.
    max_result_bytes
        Largest result [bytes].
    preload
        Modules imported before the first call.
    """

    def __init__(
        self,
        *,
        memory_mb: int,
        cpu_seconds: int = 0,
        max_result_bytes: int = MAX_RESULT_BYTES,
        preload: Sequence[str] = (),
    ) -> None:
        self._max_result_bytes = max_result_bytes
        self._calls = 0
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and program text
            [sys.executable, "-P", "-c", _START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=child_environment(),
            bufsize=0,
        )
        self._request = cast(BinaryIO, self._process.stdin)
        self._answer = cast(BinaryIO, self._process.stdout)
        self._lock = threading.Lock()
        self._killed = False
        self.ready = False
        settings = {
            "preload": list(preload),
            "memory_bytes": memory_mb * 2**20,
            "cpu_seconds": cpu_seconds,
            "max_result_bytes": max_result_bytes,
        }
        with contextlib.suppress(BrokenPipeError):  # its death is reported at the first call
            self._send(settings)

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process runs and nobody has ended it."""
        return not self._killed and self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until the modules are imported."""
        if not self.ready:
            self._receive()
            self.ready = True

    def call(
        self,
        target: str,
        *,
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
        on_progress: Callable[[float, str], None] | None = None,
    ) -> Any:
        """Call ``module:function`` in the child and return its result.

        With ``on_progress`` the function gets a ``report(fraction, message)`` as first argument.

        Raises
        ------
        FluxscapeError
            The one that the function raised, or a RunError whose ``details["reason"]`` is
            ``failed``, ``memory``, ``cancelled`` or ``died``.
        """
        self.wait_ready()
        self._calls += 1
        request = {
            "kind": "call",
            "number": self._calls,
            "target": target,
            "args": list(args),
            "kwargs": kwargs or {},
            "report": on_progress is not None,
        }
        try:
            self._send(request)
        except BrokenPipeError as error:
            raise self._death() from error
        while True:
            answer = self._receive()
            if answer["kind"] == "progress":
                if on_progress is not None:
                    on_progress(answer["fraction"], answer["message"])
            elif answer["kind"] == "result":
                return answer["value"]
            else:
                raise rebuild_error(answer, target)

    def ask_to_stop(self) -> None:
        """Ask the running call to end at its next report."""
        with contextlib.suppress(OSError):
            self._send({"kind": "cancel", "number": self._calls})

    def kill(self) -> None:
        """End the process at once and let its memory go."""
        self._killed = True
        self._process.kill()

    def close(self) -> None:
        """End the process and close its pipes."""
        self.kill()
        self._process.wait()
        for pipe in (self._request, self._answer):
            with contextlib.suppress(OSError):
                pipe.close()

    def _send(self, message: object) -> None:
        with self._lock:
            wire.send(message, lambda part: write_message(self._request, part))

    def _receive(self) -> Any:
        try:
            return wire.receive(
                lambda limit: read_message(self._answer, limit), max_bytes=self._max_result_bytes
            )
        except EOFError as error:
            raise self._death() from error
        except UnsafeInputError:
            # The rest of a refused answer is still in the pipe: this process is of no more use.
            self.kill()
            raise

    def _death(self) -> RunError:
        """Return why the process ended by itself."""
        code = self._process.wait()
        if code == -signal.SIGXCPU:
            return RunError("the calculation used up its processor time", reason="timeout")
        if code < 0:
            name = signal.Signals(-code).name
            msg = f"the process of the calculation was ended by {name} (a crash, or out of memory)"
        else:
            msg = f"the process of the calculation ended by itself with status {code}"
        return RunError(msg, reason="died", status=code)


def child_environment() -> dict[str, str]:
    """Return the environment without secrets, with one thread for the linear algebra.

    Memory is reserved only when it is used.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not any(word in name.upper() for word in _SECRET_WORDS)
    }
    # The child finds the modules that its parent finds.
    kept["PYTHONPATH"] = os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)
    return kept | dict.fromkeys(_THREADS, "1") | _ALLOCATORS


def rebuild_error(answer: dict[str, Any], target: str) -> FluxscapeError:
    """Return the error that a child described."""
    kind = answer["kind"]
    if kind == "cancelled":
        return RunError("the calculation was cancelled", reason="cancelled")
    if kind == "memory":
        return RunError("the calculation needs more memory than it may take", reason="memory")
    if kind != "error":
        return RunError(f"a child process sent an answer of kind {kind!r}", reason="died")
    details = {str(key): value for key, value in answer["details"].items()}
    known = getattr(fluxscape.errors, str(answer["type"]), None)
    if answer["ours"] and isinstance(known, type) and issubclass(known, FluxscapeError):
        return known(str(answer["message"]), **details)
    msg = f"{target} failed with {answer['type']}: {answer['message']}"
    return RunError(msg, **{**details, "reason": "failed"})


def run_in_child(
    function: Callable[..., Any],
    *args: Any,
    memory_mb: int = 2048,
    cpu_seconds: int = 60,
    wall_seconds: float = 90.0,
    **kwargs: Any,
) -> Any:
    """Call ``function`` in a fresh process of its own and return its result.

    For files of strangers: a crash, a bomb or an endless loop ends that process and nothing else,
    and the answer comes back as plain data (see :mod:`fluxscape.io.wire`).

    Parameters
    ----------
    function
        A function at the top level of an importable module.
    *args, **kwargs
        Plain data.
    memory_mb
        Address space beyond what the imports take [MiB].
    cpu_seconds, wall_seconds
        Processor time and wall time of the call [s].

    Raises
    ------
    FluxscapeError
        The one that the function raised; RunError if it died or ran out of a limit.
    """
    target = f"{function.__module__}:{function.__qualname__}"
    child = Child(memory_mb=memory_mb, cpu_seconds=cpu_seconds, preload=(function.__module__,))
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        child.kill()

    timer = threading.Timer(wall_seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        return child.call(target, args=args, kwargs=kwargs)
    except RunError as error:
        if not expired.is_set():
            raise
        msg = f"{target} was stopped after {wall_seconds:g} s"
        raise RunError(msg, reason="timeout", limit=wall_seconds) from error
    finally:
        timer.cancel()
        child.close()
