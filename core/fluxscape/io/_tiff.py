"""The directory of a TIFF file, read without any library: what it declares, before it is opened.

TIFF 6.0 (Adobe, 1992) and BigTIFF (https://www.awaresystems.be/imaging/tiff/bigtiff.html). Names
of tags follow the standard.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from fluxscape.errors import FileFormatError, UnsafeInputError

MAX_DIRECTORIES: Final = 64
MAX_TAGS: Final = 512
#: The lossless compressions that all writers use; JPEG, LERC and the like unpack without bound.
COMPRESSIONS: Final = {1: "none", 5: "LZW", 8: "deflate", 32773: "PackBits"} | {
    32946: "deflate",
    50000: "zstd",
}
_TYPE_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8} | {
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_INTEGERS: Final = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_WIDTH, _LENGTH, _BITS, _COMPRESSION = 256, 257, 258, 259
_SAMPLES, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_LENGTH = 277, 278, 322, 323
_PLANAR, _SUB_IFDS = 284, 330
_SEPARATE_PLANES: Final = 2
_WANTED: Final = frozenset(
    {_WIDTH, _LENGTH, _BITS, _COMPRESSION, _SAMPLES, _ROWS_PER_STRIP, _TILE_WIDTH, _TILE_LENGTH}
    | {_PLANAR, _SUB_IFDS}
)


@dataclass(frozen=True, slots=True)
class Directory:
    """One image (or overview) that a TIFF file declares.

    Attributes
    ----------
    width, height, bands
        Size in pixels and number of samples per pixel.
    bits
        Bits of the largest sample.
    block_width, block_height
        Size of a tile or strip in pixels.
    planes
        Number of planes in which the bands lie apart; 1 if they lie together.
    compression
        Name of the compression.
    """

    width: int
    height: int
    bands: int
    bits: int
    block_width: int
    block_height: int
    planes: int
    compression: str

    @property
    def nbytes(self) -> int:
        """Size of the unpacked image in bytes."""
        return -(-self.width * self.height * self.bands * self.bits // 8)

    @property
    def block_nbytes(self) -> int:
        """Size of an unpacked tile or strip in bytes."""
        bands = self.bands // self.planes
        return -(-self.block_width * self.block_height * bands * self.bits // 8)

    @property
    def blocks(self) -> int:
        """Number of tiles or strips, for each of which GDAL keeps a table entry."""
        across = -(-self.width // max(self.block_width, 1))
        down = -(-self.height // max(self.block_height, 1))
        return across * down * self.planes


def read_directories(path: Path) -> tuple[Directory, ...]:
    """Return the images that a TIFF file declares.

    Raises
    ------
    FileFormatError
        If it is no TIFF file or is cut short.
    UnsafeInputError
        If its directories run in a circle, are too many, or use a compression that is not allowed.
    """
    with path.open("rb") as file:
        return directories_of(file, path, path.stat().st_size)


def directories_of(file: BinaryIO, path: Path, size: int) -> tuple[Directory, ...]:
    """Return the images that an open TIFF file declares; errors as :func:`read_directories`.

    Parameters
    ----------
    file
        What to read and seek in.
    path
        What messages call it.
    size
        Its length [bytes].
    """
    try:
        return tuple(_Reader(file, path, size).directories())
    except struct.error as error:
        msg = f"{path.name} is cut short: its TIFF directory lies beyond its end"
        raise FileFormatError(msg, path=str(path)) from error


class _Reader:
    """Walks the chain of directories of one file."""

    def __init__(self, file: BinaryIO, path: Path, size: int) -> None:
        self._file = file
        self._path = path
        self._size = size
        head = file.read(16)
        self._order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        magic = struct.unpack(f"{self._order or '<'}H", head[2:4])[0] if len(head) == 16 else 0
        if not self._order or magic not in {42, 43}:
            msg = f"{path.name} is not a GeoTIFF: it begins with {head[:8]!r}"
            raise FileFormatError(msg, path=str(path))
        self._big = magic == 43
        self._first = self._unpack(
            "Q" if self._big else "I", head[8:16] if self._big else head[4:8]
        )

    def directories(self) -> Iterator[Directory]:
        """Yield every directory once, the chain's and the sub-directories."""
        waiting, seen = [self._first], set[int]()
        while waiting:
            offset = waiting.pop()
            if offset == 0:
                continue
            if offset in seen or len(seen) >= MAX_DIRECTORIES:
                why = "run in a circle" if offset in seen else f"are more than {MAX_DIRECTORIES}"
                msg = f"{self._path.name} is refused: its TIFF directories {why}"
                raise UnsafeInputError(msg, path=str(self._path))
            seen.add(offset)
            tags, following = self._read_tags(offset)
            yield self._directory(tags)
            waiting += [following, *tags.get(_SUB_IFDS, ())]

    def _read_tags(self, offset: int) -> tuple[dict[int, tuple[int, ...]], int]:
        """Return the wanted tags of the directory at ``offset``, and where the next one lies."""
        count_format, entry_size, place = ("Q", 20, "Q") if self._big else ("H", 12, "I")
        count = self._unpack(count_format, self._at(offset, struct.calcsize(f"<{count_format}")))
        if count > MAX_TAGS:
            msg = f"{self._path.name} is refused: a TIFF directory declares {count} tags"
            raise UnsafeInputError(msg, path=str(self._path), got=count)
        body = self._file.read(count * entry_size)
        following = self._unpack(place, self._file.read(struct.calcsize(f"<{place}")))
        tags: dict[int, tuple[int, ...]] = {}
        for start in range(0, count * entry_size, entry_size):
            entry = body[start : start + entry_size]
            tag, kind, number = struct.unpack_from(f"{self._order}HH{place}", entry)
            if tag in _WANTED and kind in _INTEGERS:
                tags[tag] = self._values(kind, number, entry[12:] if self._big else entry[8:])
        return tags, following

    def _values(self, kind: int, number: int, inline: bytes) -> tuple[int, ...]:
        """Return the first values of a tag; no wanted tag needs many."""
        size = _TYPE_SIZES[kind]
        taken = min(number, MAX_TAGS)
        raw = inline
        if number * size > len(inline):
            offset = self._unpack("Q" if self._big else "I", inline)
            raw = self._at(offset, taken * size)
        return struct.unpack(f"{self._order}{taken}{_INTEGERS[kind]}", raw[: taken * size])

    def _directory(self, tags: dict[int, tuple[int, ...]]) -> Directory:
        """Return what a directory declares."""
        missing = {_WIDTH: "ImageWidth", _LENGTH: "ImageLength"}.keys() - tags.keys()
        if missing or not (tags[_WIDTH] and tags[_LENGTH]):
            msg = f"{self._path.name} declares no image size in a TIFF directory"
            raise FileFormatError(msg, path=str(self._path))
        compression = (tags.get(_COMPRESSION) or (1,))[0]
        if compression not in COMPRESSIONS:
            msg = (
                f"{self._path.name} is refused: TIFF compression {compression} is not one of "
                f"{sorted(set(COMPRESSIONS.values()))}"
            )
            raise UnsafeInputError(msg, path=str(self._path), got=compression)
        width, height = tags[_WIDTH][0], tags[_LENGTH][0]
        bands = (tags.get(_SAMPLES) or (1,))[0]
        separate = (tags.get(_PLANAR) or (1,))[0] == _SEPARATE_PLANES
        return Directory(
            width=width,
            height=height,
            bands=bands,
            bits=max(tags.get(_BITS) or (1,)),
            block_width=(tags.get(_TILE_WIDTH) or (width,))[0],
            block_height=(
                tags.get(_TILE_LENGTH)
                or (min((tags.get(_ROWS_PER_STRIP) or (height,))[0], height),)
            )[0],
            planes=bands if separate and bands else 1,
            compression=COMPRESSIONS[compression],
        )

    def _at(self, offset: int, count: int) -> bytes:
        """Read ``count`` bytes at ``offset``."""
        if offset + count > self._size:
            msg = f"{self._path.name} is cut short: byte {offset + count} is beyond its end"
            raise FileFormatError(msg, path=str(self._path))
        self._file.seek(offset)
        return self._file.read(count)

    def _unpack(self, code: str, raw: bytes) -> int:
        return int(struct.unpack(f"{self._order}{code}", raw)[0])
