"""Runs of a page in the job pool: progress, cancel, failures, and the newest wish wins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import panel as pn
import panel_material_ui as pmui

from fluxscape.errors import FluxscapeError
from fluxscape_dashboard.jobs import Job
from fluxscape_dashboard.pages._errors import error_alert
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.text import t

POLL_MS: Final = 100
"""Time between two looks at a running job [ms]."""


class RunControl:
    """Starts one kind of job for a page and shows how it goes.

    While a job runs, a new request waits and replaces an older one that waits: a slider that
    moves on does not kill a warm worker, and the run that counts is the last.

    Parameters
    ----------
    page
        The page; its language and services are used.
    target
        ``module:function`` for the pool.
    on_result
        Called with the result of each finished run and the context of its request.
    timeout_seconds
        Longest time of a run.
    """

    def __init__(
        self,
        page: PageView,
        *,
        target: str,
        on_result: Callable[[Any, Any], None],
        timeout_seconds: float = 120.0,
    ) -> None:
        self._page = page
        self._target = target
        self._on_result = on_result
        self._timeout = timeout_seconds
        self._job: Job | None = None
        self._arguments: dict[str, Any] = {}
        self._context: Any = None
        self._wish: tuple[dict[str, Any], Any] | None = None
        self._poll: Any = None
        self._error: FluxscapeError | None = None
        self._seconds: float | None = None
        self.bar = pmui.LinearProgress(
            value=0, variant="determinate", sizing_mode="stretch_width", visible=False, margin=0
        )
        self.words = pmui.Typography("", variant="caption", margin=(2, 0))
        self.cancel_button = pmui.Button(
            label=page.bound("work.cancel"),
            on_click=lambda _: self.cancel(),
            variant="outlined",
            color="error",
            size="small",
            visible=False,
            margin=(2, 0),
        )
        self._failure = pn.Column(sizing_mode="stretch_width", margin=0)
        self.view = pmui.Column(
            self.bar,
            self.words,
            self.cancel_button,
            self._failure,
            sizing_mode="stretch_width",
            margin=0,
        )
        page.state.param.watch(lambda _: self._speak(), "lang")
        page.services.on_close(self.close)

    @property
    def running(self) -> bool:
        """Whether a job is queued or running."""
        return self._job is not None

    def request(self, arguments: dict[str, Any], context: Any = None) -> None:
        """Run with these arguments, at once or when the present run has ended.

        ``context`` is handed back with the result. What runs already is not run again.
        """
        if self._job is None:
            self._start(arguments, context)
        elif arguments == self._arguments:
            self._wish = None
        else:
            self._wish = (arguments, context)

    def cancel(self) -> None:
        """Stop the present run and forget what waits."""
        self._wish = None
        if self._job is not None:
            self._job.cancel()

    def close(self) -> None:
        """Stop everything; the session has ended."""
        self.cancel()
        self._stop_polling()

    def _start(self, arguments: dict[str, Any], context: Any) -> None:
        self._arguments, self._context, self._wish = arguments, context, None
        try:
            self._job = self._page.services.jobs.submit(
                self._page.services.session,
                self._target,
                arguments,
                timeout_seconds=self._timeout,
            )
        except FluxscapeError as error:
            self._fail(error)
            return
        self.bar.param.update(value=0, visible=True)
        self.cancel_button.visible = True
        self._speak()
        # What changes while a browser still loads the page would be lost on its way.
        pn.state.onload(self._start_polling)

    def _look(self) -> None:
        """Take the news of the running job."""
        if self._job is None:
            self._stop_polling()
            return
        now = self._job.snapshot()
        if not now.finished:
            self.bar.value = round(100 * now.progress)
            self._speak()
            return
        job, self._job = self._job, None
        context, self._seconds = self._context, now.seconds
        self._fail(now.error)
        if self._wish is not None:
            self._start(*self._wish)
        if self._job is None:
            self._stop_polling()
            self.bar.visible = self.cancel_button.visible = False
        # Last, so that a fault in the page leaves no bar that never ends.
        if now.error is None:
            self._on_result(job.result(), context)

    def _start_polling(self) -> None:
        if self._poll is None and self._job is not None:
            self._poll = pn.state.add_periodic_callback(self._look, period=POLL_MS)

    def _stop_polling(self) -> None:
        if self._poll is not None:
            self._poll.stop()
            self._poll = None

    def _fail(self, error: FluxscapeError | None) -> None:
        self._error = error
        self._speak()

    def _speak(self) -> None:
        """Say in the present language what is going on."""
        lang = self._page.state.lang
        self.words.object = self._sentence(lang)
        wanted = [] if self._error is None else [error_alert(self._error, lang)]
        if wanted or self._failure.objects:
            self._failure.objects = wanted

    def _sentence(self, lang: str) -> str:
        if self._job is not None:
            now = self._job.snapshot()
            if now.state == "queued":
                return t("work.queued", lang)
            # Workers report keys of the catalogue, never words.
            key = now.message if now.message.startswith("work.step_") else "work.step_running"
            return t("work.running", lang, step=t(key, lang), percent=round(100 * now.progress))
        if self._error is not None or self._seconds is None:
            return ""
        return t("work.finished", lang, seconds=label(f"{self._seconds:.2g}"))
