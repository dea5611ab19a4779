"""Text files are counted while they are read or unpacked, never trusted to be small."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, Final, cast

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.io.names import local_file

MAX_BYTES: Final = 512 * 2**20
MAX_LINE_BYTES: Final = 2**20
_PIECE: Final = 2**20
#: A gzip file may unpack this much whatever its ratio [bytes]; beyond that the ratio counts:
#: flux tables reach 10 to 50, deflate can reach 1032 (https://zlib.net/zlib_tech.html).
_ALWAYS_ALLOWED: Final = 64 * 2**20
_MAX_RATIO: Final = 200
_GZIP_MAGIC: Final = b"\x1f\x8b"


def read_text_guarded(
    path: str | Path, max_bytes: int = MAX_BYTES, *, max_line_bytes: int = MAX_LINE_BYTES
) -> str:
    r"""Return the text of a plain or gzip-compressed file, counting it while it is unpacked.

    UTF-8 with or without a byte-order mark, UTF-16 with one; a file that is neither is taken as
    Latin-1, as loggers write it. Line ends become ``\n``.

    Raises
    ------
    UnsafeInputError
        If it holds more than ``max_bytes`` or a line longer than ``max_line_bytes``.
    FileFormatError
        If it is binary or cut short.
    """
    file = local_file(path)
    text = _decode(_read_counted(file, max_bytes), file)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    _check_lines(text, file, max_line_bytes)
    return text


def _read_counted(file: Path, max_bytes: int) -> bytes:
    """Return the unpacked bytes of a file."""
    pieces: list[bytes] = []
    total = 0
    try:
        with file.open("rb") as plain:
            packed = plain.read(2) == _GZIP_MAGIC
            plain.seek(0)
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=plain)) if packed else plain
            while piece := stream.read(_PIECE):
                total += len(piece)
                most = max_bytes
                if packed:
                    most = min(most, max(_ALWAYS_ALLOWED, _MAX_RATIO * plain.tell()))
                if total > most:
                    msg = (
                        f"{file.name} ({file.stat().st_size} bytes) is refused: it unpacks to more "
                        f"than {most} bytes"
                    )
                    raise UnsafeInputError(msg, path=str(file), wanted=most)
                pieces.append(piece)
    except (EOFError, OSError, zlib.error) as error:
        msg = f"{file.name} cannot be unpacked: {error}"
        raise FileFormatError(msg, path=str(file)) from error
    return b"".join(pieces)


def _decode(raw: bytes, file: Path) -> str:
    """Return the text of some bytes."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "latin-1"]
        place = raw.find(b"\0")
        if place >= 0:
            row = raw.count(b"\n", 0, place) + 1
            msg = f"{file.name} is not a text file: row {row} holds a NUL byte (byte {place})"
            raise FileFormatError(msg, path=str(file), row=row, byte=place)
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    msg = f"{file.name} is not a text file: it is not valid UTF-16"
    raise FileFormatError(msg, path=str(file))


def _check_lines(text: str, file: Path, max_line_bytes: int) -> None:
    """Raise UnsafeInputError at the first line that is too long."""
    start = row = 0
    while start < len(text):
        row += 1
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if end - start > max_line_bytes:
            msg = (
                f"{file.name} is refused: row {row} has {end - start} characters, "
                f"at most {max_line_bytes} are read"
            )
            raise UnsafeInputError(msg, path=str(file), row=row, got=end - start)
        start = end + 1
