"""Replacing a file or a directory in one step, so that a reader finds the old or the new, whole.

A file is written beside its target under a hidden temporary name, flushed to the disk, and moved
over the target in one step (POSIX rename); a directory, such as a Zarr store, in two, between
which :func:`directory_in_force` still finds the old one. A write that fails (disk full, read-only,
input/output error) leaves the old result as it was, removes its temporary and raises
:class:`~fluxscape.errors.WriteError`. What a killed process left is swept by the next write.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from fluxscape.errors import FluxscapeError, WriteError

_TEMPORARY: Final = ".partial"
_OLD: Final = ".old"


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside ``path`` to write to, and move it there at the end.

    Raises
    ------
    WriteError
        If the file cannot be written; what lay at ``path`` is unchanged.

    Examples
    --------
    >>> with atomic_path("result.txt") as temporary:  # doctest: +SKIP
    ...     temporary.write_text("whole or not at all")
    """
    target = Path(path)
    temporary = _temporary_beside(target)
    try:
        with named_write_errors(target):
            _sweep(target)
            yield temporary
            _sync_file(temporary)
            temporary.replace(target)
            _sync_directory(target.parent)
    finally:
        # A disk that has gone read-only would hide the error that says so.
        with contextlib.suppress(OSError):
            temporary.unlink()


def replace_directory(build: Callable[[Path], object], path: str | Path) -> None:
    """Build a directory under a temporary name and put it at ``path``.

    Parameters
    ----------
    build
        Called with an empty directory, which it fills.
    path
        Directory to replace or make. A reader asks :func:`directory_in_force` for it; one that
        reads lazily must open it again afterwards, since its files have changed under it.

    Raises
    ------
    WriteError
        If it cannot be written; what lay at ``path`` is unchanged.
    """
    target = Path(path)
    old = target.with_name(target.name + _OLD)
    temporary = _temporary_beside(target)
    try:
        with named_write_errors(target):
            _recover(target, old)
            _sweep(target)
            temporary.mkdir()
            build(temporary)
            _sync_tree(temporary)
            _swap(temporary, target, old)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def directory_in_force(path: str | Path) -> Path:
    """Return the directory to read for ``path``: itself, or the old one during a swap."""
    target = Path(path)
    old = target.with_name(target.name + _OLD)
    return old if not target.exists() and old.is_dir() else target


def write_bytes(content: bytes | bytearray | memoryview, path: str | Path) -> None:
    """Write bytes to ``path``, whole or not at all."""
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        file.write(content)


@contextlib.contextmanager
def named_write_errors(target: Path, *kinds: type[Exception]) -> Iterator[None]:
    """Turn the errors of writing libraries, also of further ``kinds``, into one with the target."""
    # netCDF4 raises RuntimeError where the disk is full.
    caught: tuple[type[Exception], ...] = (OSError, RuntimeError, *kinds)
    try:
        yield
    except FluxscapeError:
        raise
    except caught as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"{target} could not be written: {reason}; what was there before is unchanged"
        raise WriteError(msg, path=str(target), cause=reason) from error


def _temporary_beside(target: Path) -> Path:
    """Return a new hidden name beside ``target``; it tells which process of which host made it."""
    return target.with_name(
        f".{target.name}.{_host()}-{os.getpid()}-{secrets.token_hex(4)}{_TEMPORARY}"
    )


def _host() -> str:
    """Return a short name of this computer: process ids mean nothing on another one."""
    return f"{zlib.crc32(socket.gethostname().encode()):08x}"


def _sweep(target: Path) -> None:
    """Remove what killed writers of ``target`` on this computer left behind."""
    prefix = f".{target.name}.{_host()}-"
    for entry in target.parent.iterdir():
        if not (entry.name.startswith(prefix) and entry.name.endswith(_TEMPORARY)):
            continue
        pid = entry.name.removeprefix(prefix).partition("-")[0]
        if pid.isdigit() and not _is_running(int(pid)):
            _remove(entry)


def _is_running(pid: int) -> bool:
    """Return whether a process exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    """Remove a file or a directory; that it is gone already is no error."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _recover(target: Path, old: Path) -> None:
    """Put the old directory back in place if a writer died between the two renames."""
    if not target.exists() and old.is_dir():
        old.rename(target)


def _swap(temporary: Path, target: Path, old: Path) -> None:
    """Put ``temporary`` in the place of ``target``; ``old`` is whole whenever it exists."""
    if not target.exists():
        temporary.rename(target)
        _sync_directory(target.parent)
        return
    discarded = temporary.with_name(temporary.name.removesuffix(_TEMPORARY) + f"-old{_TEMPORARY}")
    if old.exists():
        old.rename(discarded)
        _remove(discarded)
    target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        old.rename(target)
        raise
    _sync_directory(target.parent)
    old.rename(discarded)
    _remove(discarded)


def _sync_file(path: Path) -> None:
    """Wait until the disk has a file; here a full disk shows at the latest."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    """Wait until the disk has the names in a directory.

    Some file systems cannot flush a directory; that is no reason to call a rename that is done
    a failure. What the files hold has been flushed before.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_tree(root: Path) -> None:
    """Wait until the disk has all files and names below ``root``."""
    for folder, _, files in os.walk(root):
        for name in files:
            _sync_file(Path(folder, name))
        _sync_directory(Path(folder))
