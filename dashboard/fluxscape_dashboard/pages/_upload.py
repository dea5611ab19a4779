"""A user's own table: drag it in, see what was recognised and what is missing, or why not.

The file is written below a fresh folder of the session under a name that the server makes, parsed
in a child process with limits of memory and time, and kept as netCDF for the runs. The page stays
responsive meanwhile, and a file that fails changes nothing.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final

import pandas as pd
import panel as pn
import panel_material_ui as pmui

from fluxscape.errors import FluxscapeError, UnsafeInputError
from fluxscape.io.atomic import write_bytes
from fluxscape.io.guards import check_upload_name, run_in_child
from fluxscape_dashboard import safe
from fluxscape_dashboard.pages._errors import error_alert
from fluxscape_dashboard.pages._widgets import message, plain, small_table
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.text import t
from fluxscape_dashboard.work.uploads import read_upload

LARGEST_UPLOAD: Final = 64 * 2**20
"""Bytes of one file."""

SUFFIXES: Final = (".csv", ".csv.gz", ".txt")
"""How the names of tables end."""

_STORED: Final = re.compile(r"\S*table-\d+(?:\.csv\.gz|\.csv|\.txt)")
"""The server's own name of a stored table, which means nothing to its owner."""

# Two at a time on the whole server: each may take up to its limit of memory.
_READERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="upload")


@dataclass(frozen=True)
class Upload:
    """A table that was read.

    Attributes
    ----------
    name
        Name of the user's file, cleaned.
    path
        The netCDF that it became.
    summary
        As :func:`fluxscape_dashboard.work.uploads.read_upload` returns it.
    """

    name: str
    path: str
    summary: dict[str, Any]

    def has(self, name: str) -> bool:
        """Return whether a variable has values."""
        return any(row["name"] == name and row["share"] > 0 for row in self.summary["variables"])


class UploadButton(pmui.FileInput):
    """The file button; what its script reports as an error reaches the page as text."""

    def __init__(
        self, on_refused: Callable[[], None], *, largest: int = LARGEST_UPLOAD, **options: Any
    ) -> None:
        super().__init__(max_file_size=largest, multiple=False, **options)
        self._on_refused, self._largest = on_refused, largest
        self._received = 0

    def _handle_msg(self, msg: Any) -> None:
        status = msg.get("status") if isinstance(msg, dict) else None
        if status == "error":
            self._on_refused()
            return
        if status == "initializing":
            self._received = 0
            self._file_buffer.clear()
        if status == "upload_event":
            # The browser checks the size as well, but a browser can be made to say anything.
            self._received += len(msg.get("data", b""))
            if self._received > self._largest:
                self._file_buffer.clear()
                self._on_refused()
                return
        super()._handle_msg(msg)


class UploadCard:
    """Button, recognised columns, missing inputs.

    Parameters
    ----------
    page
        The page.
    wanted
        Inputs of the calculation: name and key of the text that says what happens without.
    on_upload
        Called with every table that was read.
    """

    def __init__(
        self,
        page: PageView,
        *,
        wanted: Sequence[tuple[str, str]],
        on_upload: Callable[[Upload], None],
    ) -> None:
        self._page, self._wanted, self._on_upload = page, tuple(wanted), on_upload
        self._folder: Path | None = None
        self._numbers = count(1)
        self._error: tuple[FluxscapeError, str] | None = None
        self._busy = ""
        self.upload: Upload | None = None
        self._button = UploadButton(
            on_refused=self._refuse_size,
            label=page.bound("work.upload_button"),
            uploaded_label=page.bound("work.upload_again"),
            variant="outlined",
            sizing_mode="stretch_width",
            margin=(4, 0),
        )
        self._button.param.watch(self._received, "value")
        self._offset = pmui.FloatInput(
            label=page.bound("work.utc_offset"),
            value=8.0,
            start=-12.0,
            end=14.0,
            step=0.5,
            size="small",
            sizing_mode="stretch_width",
            margin=(4, 0),
        )
        self._report = pn.Column(sizing_mode="stretch_width", margin=0)
        self.view = pmui.Column(
            pmui.Typography(page.bound("work.upload_help"), variant="caption", margin=0),
            self._offset,
            self._button,
            self._report,
            sizing_mode="stretch_width",
            margin=0,
        )
        page.state.param.watch(lambda _: self._speak(), "lang")
        page.services.on_close(self._drop_files)

    @property
    def utc_offset_hours(self) -> float:
        """Clock of the table ahead of UTC [h]."""
        return float(self._offset.value or 0.0)

    def _received(self, event: Any) -> None:
        content, name = event.new, str(self._button.filename or "")
        if not content:
            return
        self._error, self._busy = None, safe.label(name, limit=80)
        self._speak()
        try:
            source, output = self._store(name, content)
        except FluxscapeError as error:
            self._finish(name, None, error)
            return
        document = pn.state.curdoc
        job = partial(_read, str(source), str(output), self.utc_offset_hours)

        def work() -> None:
            result, error = job()
            document.add_next_tick_callback(partial(self._finish, name, result, error, output))

        _READERS.submit(work)

    def _store(self, name: str, content: bytes) -> tuple[Path, Path]:
        """Write the bytes under a name of our own; return it and the netCDF's."""
        check_upload_name(name)
        suffix = next((item for item in SUFFIXES if name.lower().endswith(item)), None)
        if suffix is None:
            msg = f"{name!r} is refused: its name must end with one of {', '.join(SUFFIXES)}"
            raise UnsafeInputError(msg, name=name)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="fluxscape-upload-"))
        stem = f"table-{next(self._numbers)}"
        source = self._folder / f"{stem}{suffix}"
        write_bytes(content, source)
        return source, self._folder / f"{stem}.nc"

    def _finish(
        self,
        name: str,
        summary: dict[str, Any] | None,
        error: FluxscapeError | None,
        output: Path | None = None,
    ) -> None:
        """Take the outcome of a reading; runs in the session."""
        self._busy = ""
        clean = safe.label(name, limit=80)
        # The same file again is a new event only if the button forgets the last one.
        self._button.param.update(value=None)
        if error is not None or summary is None or output is None:
            self._error = (error or UnsafeInputError("no answer"), clean)
            self._speak()
            return
        self._error = None
        self.upload = Upload(clean, str(output), summary)
        self._speak()
        self._on_upload(self.upload)

    def _refuse_size(self) -> None:
        msg = f"the file has more than {LARGEST_UPLOAD // 2**20} MiB"
        self._finish("", None, UnsafeInputError(msg))

    def _speak(self) -> None:
        """Show the state of things in the present language."""
        lang = self._page.state.lang
        parts: list[Any] = []
        if self._busy:
            parts.append(plain(t("work.upload_reading", lang, name=self._busy)))
        if self._error is not None:
            error, name = self._error
            headline = t("work.upload_failed", lang, name=name) if name else None
            parts.append(error_alert(_with_name(error, name), lang, headline=headline))
        if self.upload is not None:
            parts += self._summary_parts(self.upload, lang)
        self._report.objects = parts

    def _summary_parts(self, upload: Upload, lang: str) -> list[Any]:
        facts = upload.summary
        head = t(
            "work.upload_summary",
            lang,
            name=upload.name,
            format=t(f"work.format_{facts['format']}", lang),
            steps=facts["steps"],
            first=facts["first"],
            last=facts["last"],
        )
        columns = [t(f"work.column_{key}", lang) for key in ("variable", "column", "share")]
        frame = pd.DataFrame(
            [
                (
                    variable_words(row["name"], lang),
                    f"{safe.label(row['column'])} [{safe.label(row['column_units'])}]",
                    f"{100 * row['share']:.0f} %",
                )
                for row in facts["variables"]
            ],
            columns=columns,
        )
        parts = [
            plain(head),
            small_table(frame),
        ]
        lines = [
            f"{variable_words(name, lang)}: {t(key, lang)}"
            for name, key in self._wanted
            if not upload.has(name)
        ]
        if lines:
            parts.append(message("info", t("work.upload_missing", lang), *lines))
        return parts

    def _drop_files(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def variable_words(name: str, lang: str) -> str:
    """Return the name of a variable of the vocabulary in a language."""
    return t(f"work.variable_{name}", lang)


def _read(
    source: str, output: str, offset: float
) -> tuple[dict[str, Any] | None, FluxscapeError | None]:
    """Read a stored table in a child process; return the summary or why there is none."""
    try:
        return run_in_child(read_upload, source, output, offset), None
    except FluxscapeError as error:
        return None, error


def _with_name(error: FluxscapeError, name: str) -> FluxscapeError:
    """Return an error that names the user's file instead of the server's."""
    words = _STORED.sub(lambda _: name or "table", error.message)
    return type(error)(words, **error.details)
