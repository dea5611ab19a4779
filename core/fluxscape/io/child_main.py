"""What runs inside a child process: calls named functions under limits, answers in plain data.

Started by :class:`fluxscape.io.child.Child` as ``python -c "…child_main.main()"``. Requests come
on standard input, answers leave on standard output; whatever the called code prints goes to
standard error. When the parent ends, standard input ends, and so does this process.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from fluxscape.errors import FluxscapeError, RunError
from fluxscape.io import wire
from fluxscape.io.framing import read_message, write_message

_LOG: Final = logging.getLogger(__name__)
_PR_SET_PDEATHSIG: Final = 1  # <sys/prctl.h>
REPORT_SECONDS: Final = 0.1
MAX_REQUEST_BYTES: Final = 2 * 2**30
Report = Callable[[float, str], None]


class Cancelled(BaseException):
    """Raised inside :func:`report` when the parent asked to stop; not an error to be caught."""


def main() -> None:
    """Serve requests until the parent goes away."""
    # Ctrl-C in a terminal reaches every process of it; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source = sys.stdin.buffer
    # The answers need standard output for themselves: stray prints would break the framing.
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    die_with_parent()
    settings = wire.receive(lambda limit: read_message(source, limit), max_bytes=0)
    for name in settings["preload"]:
        importlib.import_module(name)
    limit_resources(settings["memory_bytes"], settings["cpu_seconds"])
    server = _Server(source, sink, settings["max_result_bytes"])
    server.answer({"kind": "ready"})
    server.serve()


def die_with_parent() -> None:
    """Let Linux kill this process when the thread that made it ends, whatever runs here then."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def limit_resources(memory_bytes: int, cpu_seconds: int) -> None:
    """Limit what this process may take beyond what it holds now; no effect without ``resource``."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:  # Windows has no such limits; wall time still holds there
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory_bytes:
        limit = _address_space() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    if cpu_seconds:
        used = int(time.process_time()) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (used + cpu_seconds, used + cpu_seconds + 1))


def _address_space() -> int:
    """Return the address space of this process in bytes."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no pathlib here
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 2**30


class _Server:
    """Reads requests in a thread, so that a cancel or the parent's end is seen during a call."""

    def __init__(self, source: BinaryIO, sink: BinaryIO, max_result_bytes: int) -> None:
        self._source = source
        self._sink = sink
        self._max_result_bytes = max_result_bytes
        self._requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._cancelled = 0
        self._number = 0
        self._last_report = 0.0

    def serve(self) -> None:
        """Answer one request after another."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            request = self._requests.get()
            self._number = request["number"]
            self._last_report = 0.0
            self._call(request)

    def answer(self, message: dict[str, Any]) -> None:
        """Send one answer."""
        wire.send(
            message,
            lambda part: write_message(self._sink, part),
            max_bytes=self._max_result_bytes,
        )

    def _listen(self) -> None:
        """Queue requests; end the process when the parent has gone."""
        try:
            while True:
                request = wire.receive(
                    lambda limit: read_message(self._source, limit), max_bytes=MAX_REQUEST_BYTES
                )
                if request["kind"] == "cancel":
                    self._cancelled = request["number"]
                else:
                    self._requests.put(request)
        finally:
            os._exit(0)

    def _call(self, request: dict[str, Any]) -> None:
        """Run one request and answer with its result or its error."""
        try:
            function = find_function(request["target"])
            if request["report"]:
                value = function(self._report, *request["args"], **request["kwargs"])
            else:
                value = function(*request["args"], **request["kwargs"])
            self.answer({"kind": "result", "value": value})
        except Cancelled:
            self.answer({"kind": "cancelled"})
        except MemoryError:
            self.answer({"kind": "memory"})
        except SystemExit as error:
            ended = RunError(f"{request['target']} tried to exit ({error.code})", reason="failed")
            self.answer(describe_error(ended))
        except Exception as error:  # noqa: BLE001 - the parent raises it again, by name
            if not isinstance(error, FluxscapeError):
                _LOG.exception("%s failed", request["target"])
            self.answer(describe_error(error))

    def _report(self, fraction: float, message: str = "") -> None:
        """Tell the parent how far the call is; at most ten times a second."""
        if self._cancelled == self._number:
            raise Cancelled
        now = time.monotonic()
        if now - self._last_report < REPORT_SECONDS and fraction < 1.0:
            return
        self._last_report = now
        self.answer({"kind": "progress", "fraction": float(fraction), "message": str(message)})


def find_function(target: str) -> Callable[..., Any]:
    """Return the function named ``module:function``; the module's package must have made it."""
    module_name, _, function_name = target.partition(":")
    found: Any = getattr(importlib.import_module(module_name), function_name, None)
    home = getattr(found, "__module__", None) or ""
    if not callable(found) or home.partition(".")[0] != module_name.partition(".")[0]:
        msg = f"{target!r} is not a function of that module"
        raise RunError(msg, target=target, reason="failed")
    return found  # type: ignore[no-any-return]


def describe_error(error: Exception) -> dict[str, Any]:
    """Return an error as plain data."""
    plain = {
        key: value if isinstance(value, bool | int | float | str | None) else str(value)
        for key, value in getattr(error, "details", {}).items()
    }
    return {
        "kind": "error",
        "type": type(error).__name__,
        "ours": isinstance(error, FluxscapeError),
        "message": str(error)[:10_000],
        "details": plain,
    }


if __name__ == "__main__":
    main()
