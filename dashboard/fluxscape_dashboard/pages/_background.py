"""Work that would keep a session waiting, done in a thread; its result comes back to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final

import panel as pn

from fluxscape.errors import FluxscapeError

_WORKERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="background")


class Latest:
    """Runs one piece of work after another of which only the last asked for counts.

    Parameters
    ----------
    done
        Called in the session with the result.
    failed
        Called in the session with the error.
    """

    def __init__(
        self, done: Callable[[Any], None], failed: Callable[[FluxscapeError], None]
    ) -> None:
        self._done, self._failed = done, failed
        self._number = 0

    def run(self, work: Callable[..., Any], *arguments: Any) -> None:
        """Begin a piece of work; what was asked for before is forgotten."""
        self._number += 1
        number, document = self._number, pn.state.curdoc
        if document is None:
            # No session, as in tests: at once.
            self._answer(number, *_outcome(work, arguments))
            return

        def task() -> None:
            if number == self._number:
                outcome = _outcome(work, arguments)
                document.add_next_tick_callback(partial(self._answer, number, *outcome))

        _WORKERS.submit(task)

    def forget(self) -> None:
        """Let no work that is under way count."""
        self._number += 1

    def _answer(self, number: int, result: Any, error: FluxscapeError | None) -> None:
        if number != self._number:
            return
        if error is not None:
            self._failed(error)
        else:
            self._done(result)


def _outcome(
    work: Callable[..., Any], arguments: tuple[Any, ...]
) -> tuple[Any, FluxscapeError | None]:
    try:
        return work(*arguments), None
    except FluxscapeError as error:
        return None, error
