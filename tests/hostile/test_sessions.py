"""Sessions and sockets: what is not ours is refused, and refusing harms nobody else."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

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


class Socket:
    """The client's end of a session's socket."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self.ended = False

    async def read(self) -> str | bytes | None:
        """Return the next message, None once the server has hung up."""
        if self.ended:
            return None
        message = await asyncio.wait_for(self.connection.read_message(), 30)
        self.ended = message is None
        return message

    async def read_to_the_end(self) -> None:
        """Read what the server still says until it hangs up."""
        while await self.read() is not None:
            pass


@asynccontextmanager
async def open_socket(server: str, token: str, origin: str | None = None) -> AsyncIterator[Socket]:
    """Open a session's socket and close it in good order, as far as the server lets us."""
    request = HTTPRequest(
        server.replace("http", "ws") + "ws", headers={"Origin": origin} if origin else {}
    )
    socket = Socket(await websocket_connect(request, subprotocols=["bokeh", token]))
    try:
        yield socket
    finally:
        socket.connection.close()
        await socket.read_to_the_end()


def greeting(server: str, token: str, origin: str | None = None) -> str | None:
    """Return the type of the server's first message on a socket, None if it hangs up."""

    async def ask() -> str | None:
        async with open_socket(server, token, origin) as socket:
            message = await socket.read()
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
        async with open_socket(server, page_token(server)) as good:
            async with open_socket(server, page_token(server)) as bad:
                # The server may hang up while the message is still being written.
                with suppress(WebSocketClosedError):
                    await bad.connection.write_message(b"x" * (LARGEST_MESSAGE + 1), binary=True)
                await bad.read_to_the_end()
            good.connection.ping(b"still there?")

    asyncio.run(attack())
    assert greeting(server, page_token(server)) == "ACK"


@pytest.mark.parametrize(
    "payload", ["", "{", '{"msgtype":"PATCH-DOC"}', "[" * 5000, '{"msgid":1,"msgtype":"X"}']
)
def test_nonsense_on_a_socket_leaves_the_server_alive(server: str, payload: str) -> None:
    async def attack() -> None:
        async with open_socket(server, page_token(server)) as socket:
            await socket.connection.write_message(payload)

    asyncio.run(attack())
    assert greeting(server, page_token(server)) == "ACK"


def test_a_large_http_body_is_refused(server: str) -> None:
    request = urllib.request.Request(server, data=b"x" * (2 * 2**20), method="POST")  # noqa: S310
    with pytest.raises((urllib.error.URLError, ConnectionError)) as refused:
        urllib.request.urlopen(request, timeout=30)  # noqa: S310
    if isinstance(refused.value, urllib.error.HTTPError):
        refused.value.close()
    assert greeting(server, page_token(server)) == "ACK"


def test_listening_beyond_this_machine_needs_a_key() -> None:
    status, error = refused_start("--host", "0.0.0.0", FLUXSCAPE_SECRET="")  # noqa: S104
    assert status == 2
    assert "refusing to listen on '0.0.0.0' without a key: set FLUXSCAPE_SECRET" in error
    assert "Traceback" not in error
