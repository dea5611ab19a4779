"""A user's own file: drag it in, see what was recognised and what is missing, or why not.

The file is written below a fresh folder of the session under a name that the server makes, parsed
in a child process with limits of memory and time, and kept as netCDF for the runs. The page stays
responsive meanwhile, and a file that fails changes nothing.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from abc import ABC, abstractmethod
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
from fluxscape_dashboard.pages._widgets import NumberField, heading, message, plain, small_table
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.sites import CHINA_OFFSET
from fluxscape_dashboard.text import t
from fluxscape_dashboard.work.uploads import read_upload

LARGEST_UPLOAD: Final = 64 * 2**20
"""Bytes of one file."""

SUFFIXES: Final = (".csv", ".csv.gz", ".txt")
"""How the names of tables end."""

_STORED: Final = re.compile(r"\S*\b(?:table|raster)-\d+(?:\.csv\.gz|\.csv|\.txt|\.tiff?)?")
"""The server's own name of a stored file, which means nothing to its owner."""

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


@dataclass(frozen=True)
class _Stored:
    """A user's file as it came: its own name and where it lies."""

    name: str
    source: Path


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


class FileCard(ABC):
    """A button that takes files of one kind, reads them in a child process and tells the news.

    Parameters
    ----------
    page
        The page.
    label_key, again_key
        Keys of the button's text before and after the first file.
    stem, suffixes
        Beginning of the server's own names of stored files, and how the user's may end.
    """

    def __init__(
        self,
        page: PageView,
        *,
        label_key: str,
        again_key: str,
        stem: str = "table",
        suffixes: tuple[str, ...] = SUFFIXES,
    ) -> None:
        self._page, self._stem, self._suffixes = page, stem, suffixes
        self._folder: Path | None = None
        self._stored: _Stored | None = None
        self._numbers = count(1)
        self._error: tuple[FluxscapeError, str] | None = None
        self._busy = ""
        self.upload: Upload | None = None
        self._button = UploadButton(
            on_refused=self._refuse_size,
            label=page.bound(label_key),
            uploaded_label=page.bound(again_key),
            variant="outlined",
            sizing_mode="stretch_width",
            margin=(4, 0),
        )
        self._button.param.watch(self._received, "value")
        self._news = pn.Column(sizing_mode="stretch_width", margin=0)
        page.state.param.watch(lambda _: self._speak(), "lang")
        page.services.on_close(self._drop_files)

    @abstractmethod
    def _reading(self, source: Path, output: Path) -> tuple[Any, ...]:
        """Return the function that reads a stored file in a child process, and its arguments."""

    @abstractmethod
    def _taken(self, upload: Upload) -> None:
        """Take a file that was read."""

    def _received(self, event: Any) -> None:
        content, name = event.new, str(self._button.filename or "")
        if not content:
            return
        # The same file again is a new event only if the button forgets the last one.
        self._button.param.update(value=None)
        try:
            self._read(self._store(name, content))
        except FluxscapeError as error:
            self._fail(error, name)

    def _store(self, name: str, content: bytes) -> _Stored:
        """Write the bytes under a name of our own."""
        check_upload_name(name)
        suffix = next((item for item in self._suffixes if name.lower().endswith(item)), None)
        if suffix is None:
            msg = f"{name!r} is refused: its name must end with one of {', '.join(self._suffixes)}"
            raise UnsafeInputError(msg, name=name)
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="fluxscape-upload-"))
        source = self._folder / f"{self._stem}-{next(self._numbers)}{suffix}"
        write_bytes(content, source)
        self._stored = _Stored(name, source)
        return self._stored

    def read_again(self) -> None:
        """Read the last file with what has been said of it since."""
        if self._stored is not None:
            self._read(self._stored)

    def _read(self, stored: _Stored) -> None:
        """Read a stored file in a thread of its own, which waits for a child process."""
        self._error, self._busy = None, safe.label(stored.name, limit=80)
        self._speak()
        output = stored.source.with_name(f"records-{next(self._numbers)}.nc")
        document = pn.state.curdoc
        reading = self._reading(stored.source, output)

        def work() -> None:
            try:
                summary = run_in_child(*reading)
            except FluxscapeError as error:
                document.add_next_tick_callback(partial(self._fail, error, stored.name))
            else:
                upload = Upload(safe.label(stored.name, limit=80), str(output), summary)
                document.add_next_tick_callback(partial(self._take, upload))

        _READERS.submit(work)

    def _take(self, upload: Upload) -> None:
        """Take a file that was read; runs in the session."""
        self._error, self._busy = None, ""
        self.upload = upload
        self._forget_old_files()
        self._speak()
        self._taken(upload)

    def _fail(self, error: FluxscapeError, name: str) -> None:
        """Say what is wrong with a file; what was there stays."""
        self._error, self._busy = (error, safe.label(name, limit=80)), ""
        self._speak()

    def _refuse_size(self) -> None:
        msg = f"the file has more than {LARGEST_UPLOAD // 2**20} MiB"
        self._fail(UnsafeInputError(msg), "")

    def _forget_old_files(self) -> None:
        """Keep the last two files: a run may still be reading the one before."""
        if self._folder is None:
            return
        for pattern in (f"{self._stem}-*", "records-*"):
            by_age = sorted(self._folder.glob(pattern), key=lambda path: path.stat().st_mtime)
            for path in by_age[:-2]:
                path.unlink(missing_ok=True)

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
        self._news.objects = parts

    def _drop_files(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class UploadCard(FileCard):
    """Button and news for the left zone, ``report`` of the columns for the right one.

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
        super().__init__(page, label_key="work.upload_button", again_key="work.upload_again")
        self._wanted, self._on_upload = tuple(wanted), on_upload
        self._offset = NumberField(
            page,
            "work.utc_offset",
            (-12.0, 14.0),
            lambda _: self.read_again(),
            value=CHINA_OFFSET,
        )
        self.report = pn.Column(sizing_mode="stretch_width", margin=0)
        self.view = pmui.Column(
            pmui.Typography(page.bound("work.upload_help"), variant="caption", margin=0),
            self._offset.widget,
            self._button,
            self._news,
            sizing_mode="stretch_width",
            margin=0,
        )

    @property
    def utc_offset_hours(self) -> float:
        """Clock of the table ahead of UTC [h]."""
        return float(self._offset.value or 0.0)

    def _reading(self, source: Path, output: Path) -> tuple[Any, ...]:
        return read_upload, str(source), str(output), self.utc_offset_hours

    def _taken(self, upload: Upload) -> None:
        self._on_upload(upload)

    def _speak(self) -> None:
        super()._speak()
        lang = self._page.state.lang
        self.report.objects = [] if self.upload is None else self._summary(self.upload, lang)

    def _summary(self, upload: Upload, lang: str) -> list[Any]:
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
        parts = [heading(self._page, "work.upload_title"), plain(head), small_table(frame)]
        lines = [
            f"{variable_words(name, lang)}: {t(key, lang)}"
            for name, key in self._wanted
            if not upload.has(name)
        ]
        if lines:
            parts.insert(2, message("info", t("work.upload_missing", lang), *lines))
        return parts


def variable_words(name: str, lang: str) -> str:
    """Return the name of a variable of the vocabulary in a language."""
    return t(f"work.variable_{name}", lang)


def _with_name(error: FluxscapeError, name: str) -> FluxscapeError:
    """Return an error that names the user's file instead of the server's."""
    words = _STORED.sub(lambda _: name or "table", error.message)
    return type(error)(words, **error.details)
