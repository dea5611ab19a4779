"""Text files that unpack to gigabytes, hold no text, or one endless line (H3)."""

from __future__ import annotations

import gzip
import resource
from pathlib import Path

import pytest

from fluxscape.errors import FileFormatError, UnsafeInputError
from fluxscape.io.guards import read_text_guarded, run_in_child

MIB = 2**20


def _gzip_of_zeros(path: Path, packed_bytes: int) -> None:
    """Write a gzip file that unpacks to a thousand times its size."""
    member = gzip.compress(b"0,0\n" * (4 * MIB))
    path.write_bytes(member * (packed_bytes // len(member) + 1))


def test_2_mb_of_gzip_that_unpack_to_2_gb_are_refused_while_counting(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv.gz"
    _gzip_of_zeros(path, 2 * MIB)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with pytest.raises(UnsafeInputError, match=r"flux\.csv\.gz .* unpacks to more than"):
        read_text_guarded(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before < 200 * MIB


def test_the_same_bomb_is_refused_in_a_child(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv.gz"
    _gzip_of_zeros(path, MIB // 2)
    with pytest.raises(UnsafeInputError, match="unpacks to more than"):
        run_in_child(read_text_guarded, str(path))


def test_a_plain_file_is_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    path.write_bytes(b"a,b\n" * 1000)
    assert len(read_text_guarded(path, 4000)) == 4000
    with pytest.raises(UnsafeInputError, match="more than 3999 bytes"):
        read_text_guarded(path, 3999)


def test_one_endless_line_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    path.write_bytes(b"a,b\n" + b"1," * MIB)
    with pytest.raises(UnsafeInputError, match="row 2 has 2097152 characters"):
        read_text_guarded(path)


def test_a_nul_byte_is_named_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    path.write_bytes(b"a,b\n1,2\n3,\x004\n")
    with pytest.raises(FileFormatError, match="row 3 holds a NUL byte"):
        read_text_guarded(path)


@pytest.mark.parametrize("cut", [5, 15, -1, -5])
def test_a_cut_gzip_file_is_a_named_error(cut: int, tmp_path: Path) -> None:
    path = tmp_path / "flux.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n" * 1000)[:cut])
    with pytest.raises(FileFormatError, match=r"flux\.csv\.gz cannot be unpacked"):
        read_text_guarded(path)


def test_gzip_with_flipped_bits_is_a_named_error(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv.gz"
    content = gzip.compress(b"".join(b"%d,%d\n" % (i, i * i) for i in range(1000)))
    for place in range(20, len(content), len(content) // 40):
        damaged = bytearray(content)
        damaged[place] ^= 16
        path.write_bytes(damaged)
        with pytest.raises(FileFormatError, match=r"flux\.csv\.gz"):
            read_text_guarded(path)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("温度,a\n".encode(), "温度,a\n"),
        ("\ufeffa,b\n".encode(), "a,b\n"),
        ("a,°C\n".encode("utf-16"), "a,°C\n"),
        ("a,°C µmol\n".encode("latin-1"), "a,°C µmol\n"),
        (b"a\r\nb\rc\n", "a\nb\nc\n"),
        (gzip.compress(b"a\n") + gzip.compress(b"b\n"), "a\nb\n"),
        (b"", ""),
    ],
    # The compressed case holds a time stamp: named cases are the same in every worker process.
    ids=["utf-8", "byte order mark", "utf-16", "latin-1", "line ends", "gzip members", "empty"],
)
def test_the_encodings_of_loggers_are_read(content: bytes, text: str, tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    path.write_bytes(content)
    assert read_text_guarded(path) == text


def test_broken_utf_16_is_a_named_error(tmp_path: Path) -> None:
    path = tmp_path / "flux.csv"
    path.write_bytes(b"\xff\xfe\x00\xd8a")
    with pytest.raises(FileFormatError, match="UTF-16"):
        read_text_guarded(path)
