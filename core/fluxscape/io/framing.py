"""Messages on a pipe: eight bytes of length, then so many bytes; lengths are checked first."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, Final

from fluxscape.errors import UnsafeInputError

_LENGTH: Final = struct.Struct(">Q")


def write_message(pipe: BinaryIO, message: Any) -> None:
    """Write one message (bytes or a flat memoryview of bytes) whole."""
    view = memoryview(message)
    write_all(pipe, memoryview(_LENGTH.pack(len(view))))
    write_all(pipe, view)


def write_all(pipe: BinaryIO, view: memoryview) -> None:
    """Write every byte: an unbuffered pipe takes only part of a large buffer at a time."""
    while len(view):
        view = view[pipe.write(view) or 0 :]
    pipe.flush()


def read_message(pipe: BinaryIO, limit: int) -> bytearray:
    """Read one message of at most ``limit`` bytes.

    Raises
    ------
    EOFError
        If the other side has gone.
    UnsafeInputError
        If the message declares more than ``limit`` bytes.
    """
    (length,) = _LENGTH.unpack(_read_exactly(pipe, _LENGTH.size))
    if length > limit:
        msg = f"a message between processes declares {length} bytes, at most {limit} are taken"
        raise UnsafeInputError(msg, got=length, wanted=limit)
    return _read_exactly(pipe, length)


def _read_exactly(pipe: BinaryIO, count: int) -> bytearray:
    """Read ``count`` bytes into one buffer."""
    buffer = bytearray(count)
    view = memoryview(buffer)
    filled = 0
    while filled < count:
        got = pipe.readinto(view[filled:])  # type: ignore[attr-defined]
        if not got:
            msg = "the other process has closed the pipe"
            raise EOFError(msg)
        filled += got
    return buffer
