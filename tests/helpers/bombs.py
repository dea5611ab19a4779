"""Small files that declare much: TIFF directories, HDF5 datasets, Zarr metadata."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

Tag = tuple[int, int, Sequence[int]]
SHORT, LONG, LONG8 = 3, 4, 16
_CODES = {SHORT: "H", LONG: "I", LONG8: "Q"}


def image_tags(width: int, height: int, **other: int) -> list[Tag]:
    """Return the tags of a one-band 8-bit image; ``other`` replaces or adds by name."""
    numbers = {
        "bits": (258, SHORT),
        "compression": (259, SHORT),
        "photometric": (262, SHORT),
        "samples": (277, SHORT),
        "rows_per_strip": (278, LONG),
        "planar": (284, SHORT),
        "tile_width": (322, LONG),
        "tile_length": (323, LONG),
    }
    values = {"bits": 8, "compression": 1, "photometric": 1, "samples": 1} | other
    tags: list[Tag] = [(256, LONG, [width]), (257, LONG, [height])]
    tags += [(*numbers[name], [value]) for name, value in values.items()]
    if "tile_width" in values:
        tags += [(324, LONG, [8]), (325, LONG, [4])]
    else:
        tags += [(273, LONG, [8]), (279, LONG, [4])]
    return sorted(tags)


def tiff(*directories: Sequence[Tag], loop_to: int | None = None, order: str = "<") -> bytes:
    """Return a TIFF file of directories; ``loop_to`` lets the last point back at one of them."""
    body = b"data"
    start = 8
    places: list[int] = []
    chunks: list[bytes] = [body]
    position = start + len(body)
    sizes = [_directory_size(tags) for tags in directories]
    for size in sizes:
        places.append(position)
        position += size
    for i, tags in enumerate(directories):
        following = places[i + 1] if i + 1 < len(places) else 0
        if following == 0 and loop_to is not None:
            following = places[loop_to]
        chunks.append(_directory(tags, places[i], following, order))
    mark = b"II" if order == "<" else b"MM"
    head = mark + struct.pack(f"{order}HI", 42, places[0] if places else 0)
    return head + b"".join(chunks)


def big_tiff(tags: Sequence[Tag], first: int = 16) -> bytes:
    """Return a BigTIFF file with one directory."""
    entries = b"".join(
        struct.pack("<HHQ", tag, kind, len(values))
        + struct.pack(f"<{len(values)}{_CODES[kind]}", *values).ljust(8, b"\0")
        for tag, kind, values in tags
    )
    directory = struct.pack("<Q", len(tags)) + entries + struct.pack("<Q", 0)
    return b"II" + struct.pack("<HHHQ", 43, 8, 0, first) + directory


def _directory_size(tags: Sequence[Tag]) -> int:
    return (
        6
        + 12 * len(tags)
        + sum(len(_values(tag, "<")) for tag in tags if len(_values(tag, "<")) > 4)
    )


def _values(tag: Tag, order: str) -> bytes:
    _, kind, values = tag
    return struct.pack(f"{order}{len(values)}{_CODES[kind]}", *values)


def _directory(tags: Sequence[Tag], place: int, following: int, order: str) -> bytes:
    entries, extra = b"", b""
    offset = place + 6 + 12 * len(tags)
    for tag in tags:
        raw = _values(tag, order)
        entries += struct.pack(f"{order}HHI", tag[0], tag[1], len(tag[2]))
        if len(raw) > 4:
            entries += struct.pack(f"{order}I", offset + len(extra))
            extra += raw
        else:
            entries += raw.ljust(4, b"\0")
    return (
        struct.pack(f"{order}H", len(tags)) + entries + struct.pack(f"{order}I", following) + extra
    )


def vrt(source: str) -> str:
    """Return VRT text that shows another file's bytes as pixels."""
    return (
        '<VRTDataset rasterXSize="20" rasterYSize="1">'
        '<VRTRasterBand dataType="Byte" band="1" subClass="VRTRawRasterBand">'
        f'<SourceFilename relativetoVRT="0">{source}</SourceFilename>'
        "<ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>20</LineOffset>"
        "</VRTRasterBand></VRTDataset>"
    )


def write(folder: Path, name: str, content: bytes | str) -> Path:
    """Write a file and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
