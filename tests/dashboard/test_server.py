"""Options, refusals, health pages and headers of the server."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.request
from collections import namedtuple
from pathlib import Path

import pytest

from fluxscape import __version__
from fluxscape.errors import RunError, UnsafeInputError
from fluxscape_dashboard import process
from fluxscape_dashboard.server import (
    SHORTEST_SECRET,
    ServerOptions,
    address_of,
    allowed_origins,
    free_port,
    is_loopback,
    readiness,
    session_secret,
)
from helpers.server import running_server


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_loopback_needs_no_key_and_makes_a_new_one_each_time(host: str) -> None:
    assert is_loopback(host)
    first, second = session_secret(host, {}), session_secret(host, {})
    assert first != second
    assert len(first) >= SHORTEST_SECRET


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "flux.example.org"])  # noqa: S104
def test_any_other_host_needs_a_key(host: str) -> None:
    with pytest.raises(UnsafeInputError, match="without a key"):
        session_secret(host, {})
    key = "k" * SHORTEST_SECRET
    assert session_secret(host, {"FLUXSCAPE_SECRET": key}) == key.encode()


def test_a_short_key_is_refused_even_on_loopback() -> None:
    with pytest.raises(UnsafeInputError, match="has 5 characters"):
        session_secret("127.0.0.1", {"FLUXSCAPE_SECRET": "short"})


def test_origins_are_exact_names() -> None:
    options = ServerOptions(host="127.0.0.1", origins=("flux.example.org", "a.example:8443"))
    assert allowed_origins(options, 5006) == [
        "127.0.0.1:5006",
        "localhost:5006",
        "flux.example.org",
        "a.example:8443",
    ]


@pytest.mark.parametrize("origin", ["*", "*.example.org", "http://a.example", "a:b", "", ":80"])
def test_a_wild_or_malformed_origin_is_refused(origin: str) -> None:
    with pytest.raises(UnsafeInputError, match="exact host"):
        allowed_origins(ServerOptions(origins=(origin,)), 5006)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RunError, match=f"port {port} on 127.0.0.1 is taken"):
            free_port("127.0.0.1", port)
    assert free_port("127.0.0.1", 0) > 0


def test_the_address_can_be_opened_in_a_browser() -> None:
    assert address_of(ServerOptions(host="0.0.0.0"), 5006) == "http://127.0.0.1:5006/"  # noqa: S104
    assert address_of(ServerOptions(host="::1"), 80) == "http://[::1]:80/"


def test_readiness_names_missing_data(monkeypatch: pytest.MonkeyPatch) -> None:
    ready, body = readiness()
    assert ready
    assert body["version"] == __version__
    monkeypatch.setattr(process, "NEEDED_ASSETS", ("no/such.file",))
    ready, body = readiness()
    assert not ready
    assert body["missing_data"] == ["no/such.file"]


def test_readiness_fails_on_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12, 0))
    assert not readiness()[0]


def test_health_pages_headers_and_title_of_a_running_server() -> None:
    with running_server("--no-warm-up") as address:
        with urllib.request.urlopen(address + "readyz", timeout=30) as answer:  # noqa: S310
            assert json.loads(answer.read())["ready"] is True
        with urllib.request.urlopen(address + "liveness", timeout=30) as answer:  # noqa: S310
            assert answer.status == 200
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310
            page = answer.read().decode()
            headers = answer.headers
        with urllib.request.urlopen(  # noqa: S310
            address + "basemap/basemap.json", timeout=30
        ) as answer:
            assert "approval_number" in json.loads(answer.read())
    assert "<title>fluxscape</title>" in page
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    for line in page.splitlines():
        for foreign in ("http://", "https://"):
            assert foreign not in line.replace("http://www.w3.org", ""), line.strip()[:200]


def test_needed_assets_are_named_below_the_assets_folder() -> None:
    assert all(not Path(name).is_absolute() for name in process.NEEDED_ASSETS)
