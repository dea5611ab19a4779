"""What may be asked of other hosts: which ones, how much, how long.

Every request of a fetch goes through :class:`Door`: the scheme is https, the host is on the list,
answers are counted while they arrive, and a raster's header is judged before GDAL opens it. Plain
http is for a catalogue on this machine only, and only such a catalogue may name files on it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from fluxscape.errors import FileFormatError, FluxscapeError, RunError, UnsafeInputError
from fluxscape.io._raster_guards import RasterLimits, check_directories
from fluxscape.io._tiff import directories_of

ALLOWED_HOSTS: Final = (
    "earth-search.aws.element84.com",
    "planetarycomputer.microsoft.com",
    "stac.terrascope.be",
    "services.terrascope.be",
    "sentinel-cogs.s3.us-west-2.amazonaws.com",
    "e84-earth-search-sentinel-data.s3.us-west-2.amazonaws.com",
    "copernicus-dem-30m.s3.amazonaws.com",
    "copernicus-dem-30m.s3.eu-central-1.amazonaws.com",
    "esa-worldcover.s3.eu-central-1.amazonaws.com",
    "esa-worldcover.s3.amazonaws.com",
    "sentinel2l2a01.blob.core.windows.net",
    "elevationeuwest.blob.core.windows.net",
    "ai4edataeuwest.blob.core.windows.net",
)
"""Hosts of public catalogues and of the files that they name."""

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

LARGEST_ANSWER: Final = 32 * 2**20
"""Most bytes of one answer of a catalogue."""

REMOTE_LIMITS: Final = RasterLimits(nbytes=16 * 2**30, block_nbytes=64 * 2**20)
"""What a remote raster may declare; only a window of it is read."""

_HEADER_PIECE: Final = 64 * 1024
_MOST_HEADER: Final = 8 * 2**20


class NoAnswerError(RunError):
    """A host gave no answer; everything else works without it."""


@dataclass(frozen=True)
class Door:
    """The way out to the hosts of one catalogue.

    Attributes
    ----------
    catalogue
        Address of the catalogue.
    hosts
        Hosts that may be asked.
    timeout
        Longest silence of a host [s].
    """

    catalogue: str
    hosts: frozenset[str]
    timeout: float
    session: requests.Session = field(default_factory=requests.Session, repr=False, compare=False)

    def check(self, address: str) -> str:
        """Return an address that may be asked for.

        Raises
        ------
        UnsafeInputError
            If its scheme or host may not.
        """
        parts = urlsplit(address)
        host = parts.hostname or ""
        local = host in LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            msg = f"{address[:120]!r} is refused: wanted an address that begins with https://"
            raise UnsafeInputError(msg, address=address[:200])
        if local and (urlsplit(self.catalogue).hostname or "") not in LOOPBACK:
            msg = f"{address[:120]!r} is refused: {self.catalogue} names a file on this machine"
            raise UnsafeInputError(msg, address=address[:200])
        if not local and host not in self.hosts:
            msg = (
                f"{address[:120]!r} is refused: {host} is not among the hosts that may be asked; "
                f"allow it with --allow-host {host}"
            )
            raise UnsafeInputError(msg, address=address[:200], host=host)
        return address

    def no_answer(self, address: str, reason: object) -> NoAnswerError:
        """Return the error that says that a host gave no answer."""
        host = urlsplit(address).netloc
        msg = (
            f"no answer from {host} ({reason}); fluxscape works without it: upload a raster or "
            "use the simulated landscape"
        )
        return NoAnswerError(msg, host=host)

    def check_raster(self, address: str) -> str:
        """Return the address of a GeoTIFF whose header declares no more than it may.

        Raises
        ------
        UnsafeInputError, FileFormatError
            If it declares more, or is no GeoTIFF.
        NoAnswerError
            If its host gives none.
        """
        name = Path(PurePosixPath(urlsplit(address).path).name or "raster")
        header = _RangeFile(self, self.check(address))
        with io.BufferedReader(header, _HEADER_PIECE) as file:
            file.peek(1)
            check_directories(directories_of(file, name, header.size), name, REMOTE_LIMITS)
        return address


def open_door(catalogue: str, *, hosts: Iterable[str] = (), timeout: float = 30.0) -> Door:
    """Return the way out to a catalogue.

    Parameters
    ----------
    catalogue
        Its address.
    hosts
        Hosts to allow beside :data:`ALLOWED_HOSTS`.
    timeout
        Longest silence of a host [s].

    Raises
    ------
    UnsafeInputError
        If the catalogue may not be asked.
    """
    door = Door(catalogue, frozenset({*ALLOWED_HOSTS, *hosts}), timeout)
    adapter = _CountingAdapter(door)
    door.session.mount("https://", adapter)
    door.session.mount("http://", adapter)
    door.session.max_redirects = 3
    door.check(catalogue)
    return door


class _CountingAdapter(HTTPAdapter):
    """Checks the host of every request, redirected ones too, and counts the answer."""

    def __init__(self, door: Door) -> None:
        super().__init__(max_retries=0)
        self._door = door

    def send(self, request: Any, *_: Any, **options: Any) -> requests.Response:
        """Send a request and read its answer up to a limit."""
        self._door.check(str(request.url))
        options |= {"stream": True, "timeout": self._door.timeout}
        try:
            response = super().send(request, **options)
            pieces, total = [], 0
            for piece in response.iter_content(_HEADER_PIECE):
                total += len(piece)
                if total > LARGEST_ANSWER:
                    response.close()
                    msg = f"{request.url} answers with more than {LARGEST_ANSWER} bytes"
                    raise UnsafeInputError(msg, address=str(request.url))
                pieces.append(piece)
        except requests.RequestException as error:
            raise self._door.no_answer(str(request.url), _reason(error)) from error
        # What requests keeps of an answer that was read at once.
        response._content = b"".join(pieces)
        return response


def _reason(error: requests.RequestException) -> str:
    """Return in a few words why a host gave no answer."""
    if isinstance(error, requests.Timeout):
        return "it kept silent too long"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return type(error).__name__


class _RangeFile(io.RawIOBase):
    """The head of a remote file, read in ranges.

    Attributes
    ----------
    size
        Length of the whole file [bytes], known after the first read.
    """

    def __init__(self, door: Door, address: str) -> None:
        self._door, self._address = door, address
        self._position = self._fetched = 0
        self.size = 2**62

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be sought in."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte, counted from the first or from here."""
        if whence == io.SEEK_END:
            msg = "a remote file has no known end"
            raise io.UnsupportedOperation(msg)
        self._position = offset + (self._position if whence == io.SEEK_CUR else 0)
        return self._position

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes; 0 at the end."""
        wanted = min(len(buffer), _HEADER_PIECE)
        last = self._position + wanted - 1
        response = self._door.session.get(
            self._address, headers={"Range": f"bytes={self._position}-{last}"}
        )
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            return 0
        if response.status_code != requests.codes.partial_content:
            msg = (
                f"{self._address}: answered {response.status_code} to a request for a part; wanted "
                "a cloud-optimised GeoTIFF on a host that serves parts of files"
            )
            raise FileFormatError(msg, address=self._address, got=response.status_code)
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
        self.size = int(total) if total.isdecimal() else self.size
        piece = response.content[:wanted]
        self._fetched += len(piece)
        if self._fetched > _MOST_HEADER:
            msg = f"{self._address}: its header holds more than {_MOST_HEADER} bytes"
            raise UnsafeInputError(msg, address=self._address)
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


def cause_of(error: BaseException) -> FluxscapeError | None:
    """Return our own error that another library has wrapped, if there is one."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, FluxscapeError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
