"""Sessions and sockets: what is not ours is refused, and refusing harms nobody else."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from fluxscape_dashboard.server import LARGEST_MESSAGE, SHORTEST_SECRET
from helpers.server import refused_start, running_server

SECRET = "a" * SHORTEST_SECRET
OTHER_SECRET = "b" * SHORTEST_SECRET


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with running_server("--no-warm-up", FLUXSCAPE_SECRET=SECRET) as address:
        yield address


def page_token(server: str) -> str:
    """Return the session token that the server put into a fresh page."""
    with urllib.request.urlopen(server, timeout=60) as answer:  # noqa: S310 (our own server)
        found = re.search(r'"token":\s*"([^"]+)"', answer.read().decode())
    assert found
    return found.group(1)


async def _connect(server: str, token: str, origin: str | None) -> WebSocketClientConnection:
    request = HTTPRequest(
        server.replace("http", "ws") + "ws", headers={"Origin": origin} if origin else {}
    )
    return await websocket_connect(request, subprotocols=["bokeh", token])


def greeting(server: str, token: str, origin: str | None = None) -> str | None:
    """Return the type of the server's first message on a socket, None if it hangs up."""

    async def ask() -> str | None:
        socket = await _connect(server, token, origin)
        message = await asyncio.wait_for(socket.read_message(), 30)
        socket.close()
        return None if message is None else str(json.loads(message)["msgtype"])

    return asyncio.run(ask())


def test_the_token_of_a_page_opens_its_session(server: str) -> None:
    assert greeting(server, page_token(server), server.rstrip("/")) == "ACK"


def test_a_forged_token_without_signature_is_refused(server: str) -> None:
    token = generate_jwt_token("somebody-elses-session", signed=False)
    assert greeting(server, token) is None


def test_a_token_signed_with_another_key_is_refused(server: str) -> None:
    session = generate_session_id(OTHER_SECRET.encode(), signed=True)
    token = generate_jwt_token(session, OTHER_SECRET.encode(), signed=True)
    assert greeting(server, token) is None


def test_an_unsigned_session_in_a_well_signed_token_is_refused(server: str) -> None:
    token = generate_jwt_token("chosen-by-me", SECRET.encode(), signed=True)
    changed = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
    assert greeting(server, changed) is None


def test_an_expired_token_is_refused(server: str) -> None:
    session = generate_session_id(SECRET.encode(), signed=True)
    token = generate_jwt_token(session, SECRET.encode(), signed=True, expiration=-10)
    assert greeting(server, token) is None


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://127.0.0.1.evil.example:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://127.0.0.1:1",
        "http://localhost.evil.example",
        "null",
    ],
)
def test_a_socket_from_a_foreign_origin_is_refused(server: str, origin: str) -> None:
    port = server.rstrip("/").rsplit(":", 1)[1]
    with pytest.raises(HTTPClientError) as refused:
        greeting(server, page_token(server), origin.format(port=port))
    assert refused.value.code == 403


def test_an_oversized_message_closes_its_own_socket_and_no_other(server: str) -> None:
    async def attack() -> None:
        good = await _connect(server, page_token(server), None)
        bad = await _connect(server, page_token(server), None)
        # The server may hang up while the message is still being written.
        with suppress(WebSocketClosedError):
            await bad.write_message(b"x" * (LARGEST_MESSAGE + 1), binary=True)
        while await asyncio.wait_for(bad.read_message(), 30) is not None:
            pass  # what the server had said before
        good.ping(b"still there?")
        good.close()

    asyncio.run(attack())
    assert greeting(server, page_token(server)) == "ACK"


def test_nonsense_on_a_socket_leaves_the_server_alive(server: str) -> None:
    async def attack(payload: str) -> None:
        socket = await _connect(server, page_token(server), None)
        await socket.write_message(payload)
        socket.close()

    for payload in ("", "{", '{"msgtype":"PATCH-DOC"}', "[" * 5000, '{"msgid":1,"msgtype":"X"}'):
        asyncio.run(attack(payload))
    assert greeting(server, page_token(server)) == "ACK"


def test_a_large_http_body_is_refused(server: str) -> None:
    request = urllib.request.Request(server, data=b"x" * (2 * 2**20), method="POST")  # noqa: S310
    with pytest.raises((urllib.error.HTTPError, ConnectionError, urllib.error.URLError)):
        urllib.request.urlopen(request, timeout=30)  # noqa: S310
    assert greeting(server, page_token(server)) == "ACK"


def test_listening_beyond_this_machine_needs_a_key() -> None:
    status, error = refused_start("--host", "0.0.0.0", FLUXSCAPE_SECRET="")  # noqa: S104
    assert status == 2
    assert "refusing to listen on '0.0.0.0' without a key: set FLUXSCAPE_SECRET" in error
    assert "Traceback" not in error
