"""A table of tasks that survives any interruption: each result is a file, written whole.

A run is a plan (plain JSON facts) and numbered tasks. Results lie beside the product as
``task_00012.npz``; a run that starts again skips those that are there, so it ends with the same
bytes as one that was never stopped, whatever number of workers shared the tasks. A plan that
differs from the one on disk is refused: results of two settings never mix.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from fluxscape.errors import FileFormatError, RunError, WriteError
from fluxscape.io.atomic import json_text, write_bytes, write_text

Arrays = Mapping[str, npt.NDArray[Any]]
Task = Callable[[Any, int], Arrays]
"""Called as ``task(setup, number)`` in a worker; must be a function of a module."""

_PLAN: Final = "plan.json"
Sound = Callable[[int, Arrays], bool]
"""Called with the number of a task and its result: whether what it wrote elsewhere is sound."""


@dataclass(frozen=True, slots=True)
class TaskTable:
    """Results of the tasks of one plan in a folder.

    Attributes
    ----------
    folder
        Where plan and results lie.
    count
        Number of tasks.
    """

    folder: Path
    count: int

    @classmethod
    def open(cls, folder: Path, count: int, plan: Mapping[str, Any]) -> TaskTable:
        """Make the folder, or go on with the run that lies in it.

        Raises
        ------
        RunError
            If the folder holds a run of another plan; names what differs.
        WriteError
            If it cannot be made.
        """
        text = json_text({**plan, "tasks": count}, indent=1) + "\n"
        file = folder / _PLAN
        if file.exists():
            found = file.read_text(encoding="utf-8")
            if found != text:
                msg = (
                    f"{folder} holds an unfinished run with other settings "
                    f"({_first_difference(found, text)}): finish it with those, or remove it"
                )
                raise RunError(msg, path=str(folder))
        else:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                msg = f"{folder} could not be made: {error.strerror}"
                raise WriteError(msg, path=str(folder)) from error
            write_text(text, file)
        return cls(folder, count)

    @property
    def plan(self) -> dict[str, Any]:
        """The plan, as it lies in the folder."""
        return dict(json.loads((self.folder / _PLAN).read_text(encoding="utf-8")))

    def missing(self, sound: Sound | None = None) -> list[int]:
        """Return the numbers of the tasks without a sound result; damaged ones are removed.

        Parameters
        ----------
        sound
            Judges results that can be read.
        """
        return [number for number in range(self.count) if not self._sound(number, sound)]

    def save(self, number: int, arrays: Arrays) -> None:
        """Write the result of one task."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **dict(arrays))
        write_bytes(buffer.getbuffer(), self._path(number))

    def load(self, number: int) -> dict[str, npt.NDArray[Any]]:
        """Return the result of one task.

        Raises
        ------
        FileFormatError
            If it is absent or damaged.
        """
        path = self._path(number)
        try:
            # np.load leaves a file open that it cannot read; this one is closed here.
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, BadZipFile) as error:
            msg = f"{path} is no sound task result: {error}"
            raise FileFormatError(msg, path=str(path)) from error

    def remove(self) -> None:
        """Remove the folder: the product is made."""
        shutil.rmtree(self.folder)

    def _path(self, number: int) -> Path:
        return self.folder / f"task_{number:05d}.npz"

    def _sound(self, number: int, sound: Sound | None) -> bool:
        """Return whether a result can be read; every array carries a checksum of its own."""
        if not self._path(number).exists():
            return False
        try:
            result = self.load(number)
            if sound is None or sound(number, result):
                return True
        except FileFormatError:
            pass
        self._path(number).unlink()
        return False


def _first_difference(found: str, wanted: str) -> str:
    """Return the first line of two plans that differs."""
    rows = zip(found.splitlines(), wanted.splitlines(), strict=False)
    for old, new in rows:
        if old != new:
            return f"{old.strip()} there, {new.strip()} now"
    return "one has more entries"
