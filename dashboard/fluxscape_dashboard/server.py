"""The server: safe defaults, health pages, warm-up.

Sessions are always signed, the websocket answers only the origins it was told, messages and
uploads are capped, and every answer carries security headers. Without a key in
``FLUXSCAPE_SECRET`` the server refuses to listen beyond the machine it runs on.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import secrets
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import panel as pn
from tornado.web import OutputTransform, RequestHandler

from fluxscape import __version__
from fluxscape.assets import asset, assets_root
from fluxscape.errors import FluxscapeError, RunError, UnsafeInputError
from fluxscape_dashboard import maps, process, shell

SECRET_VARIABLE: Final = "FLUXSCAPE_SECRET"  # noqa: S105 (the variable's name, not its value)
"""Environment variable that holds the key of the session signatures."""

SHORTEST_SECRET: Final = 32
"""Characters; 32 hexadecimal digits hold 128 bits."""

LARGEST_MESSAGE: Final = 20 * 2**20
"""Bytes of one websocket message; an upload arrives in chunks that must fit."""

LARGEST_BODY: Final = 2**20
"""Bytes of one HTTP request; nothing is uploaded by HTTP."""

LEAST_FREE_DISK: Final = 200 * 2**20
"""Bytes that must be free for the server to call itself ready."""

# Bokeh compiles callbacks from text, so 'unsafe-eval' cannot be dropped; its templates start
# with inline scripts. Everything else comes from this server alone.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@dataclass(frozen=True)
class ServerOptions:
    """How the server listens.

    Attributes
    ----------
    host, port
        Address to bind; port 0 picks a free one.
    origins
        Further ``host:port`` names under which browsers reach the server, for example that of a
        reverse proxy. Exact names only.
    prefix
        Path below which the application lies behind a reverse proxy.
    trust_proxy
        Whether to believe the ``X-Forwarded-*`` headers of a reverse proxy.
    warm
        Whether to build one page before listening, so that the first visitor need not wait.
    """

    host: str = "127.0.0.1"
    port: int = 5006
    origins: tuple[str, ...] = ()
    prefix: str = ""
    trust_proxy: bool = False
    warm: bool = True


class SecurityHeaders(OutputTransform):
    """Adds the security headers to every answer."""

    def transform_first_chunk(
        self, status_code: int, headers: Any, chunk: bytes, finishing: bool
    ) -> tuple[int, Any, bytes]:
        """Add the headers; tornado calls this before it sends the first bytes."""
        del finishing
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)
        return status_code, headers, chunk


class ReadyHandler(RequestHandler):
    """``/readyz``: 200 if the server can serve pages, 503 with the reason if it cannot."""

    def get(self) -> None:
        """Write the state as JSON."""
        ready, body = readiness()
        self.set_status(200 if ready else 503)
        self.set_header("Cache-Control", "no-store")
        self.write(body)


def readiness() -> tuple[bool, dict[str, object]]:
    """Return whether the embedded data are there and the disk has room, and the facts."""
    body: dict[str, object] = {"version": __version__}
    try:
        root = assets_root()
        missing = [name for name in process.NEEDED_ASSETS if not (root / name).exists()]
        free = shutil.disk_usage(root).free
    except (FluxscapeError, OSError) as error:
        return False, {**body, "ready": False, "error": type(error).__name__}
    ready = not missing and free >= LEAST_FREE_DISK
    return ready, {**body, "ready": ready, "missing_data": missing, "free_disk_mb": free // 2**20}


def session_secret(host: str, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the key that signs sessions.

    Raises
    ------
    UnsafeInputError
        If the server would listen beyond this machine without a key, or the key is too short.
    """
    secret = environment.get(SECRET_VARIABLE, "")
    if secret and len(secret) < SHORTEST_SECRET:
        msg = (
            f"{SECRET_VARIABLE} has {len(secret)} characters; it needs {SHORTEST_SECRET} or more, "
            "for example from: python -c 'import secrets; print(secrets.token_hex(32))'"
        )
        raise UnsafeInputError(msg)
    if secret:
        return secret.encode()
    if is_loopback(host):
        return secrets.token_hex(32).encode()
    msg = (
        f"refusing to listen on {host!r} without a key: set {SECRET_VARIABLE} to a random text of "
        f"{SHORTEST_SECRET} or more characters, or bind to 127.0.0.1"
    )
    raise UnsafeInputError(msg)


def is_loopback(host: str) -> bool:
    """Return whether ``host`` can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_origins(options: ServerOptions, port: int) -> list[str]:
    """Return the exact ``host:port`` names from which a websocket may be opened.

    Raises
    ------
    UnsafeInputError
        If a given origin has a wildcard or is no ``host`` or ``host:port``.
    """
    for origin in options.origins:
        host, _, number = origin.partition(":")
        if not host or "*" in origin or "/" in origin or (number and not number.isdigit()):
            msg = f"origin {origin!r} must be an exact host or host:port, such as flux.example.org"
            raise UnsafeInputError(msg)
    own = {f"{options.host}:{port}"}
    if is_loopback(options.host):
        own |= {f"localhost:{port}", f"127.0.0.1:{port}"}
    return [*sorted(own), *options.origins]


def free_port(host: str, port: int) -> int:
    """Return ``port``, or a free one if it is 0.

    Raises
    ------
    RunError
        If the port is taken or may not be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                msg = f"port {port} on {host} is taken; choose another with --port, or --port 0"
            else:
                msg = f"cannot listen on {host}:{port}: {error.strerror or error}"
            raise RunError(msg) from error
        return int(probe.getsockname()[1])


def make_server(options: ServerOptions) -> Any:
    """Return a Bokeh server that is bound but not started.

    Raises
    ------
    UnsafeInputError
        If the options would open the server without protection.
    RunError
        If the port cannot be bound.
    """
    secret = session_secret(options.host)
    port = free_port(options.host, options.port)
    process.configure()
    with process.warming_up():
        return _bound_server(options, port, secret)


def _bound_server(options: ServerOptions, port: int, secret: bytes) -> Any:
    return pn.io.server.get_server(
        {"/": shell.session_page},
        port=port,
        address=options.host,
        websocket_origin=allowed_origins(options, port),
        title="fluxscape",
        start=False,
        static_dirs={maps.PICTURE_ROUTE: str(asset("basemap"))},
        liveness=True,
        warm=options.warm,
        prefix=options.prefix,
        use_xheaders=options.trust_proxy,
        sign_sessions=True,
        secret_key=secret,
        generate_session_ids=True,
        # The token in the page repeats the listed headers; the language is what a page asks for.
        include_headers=["Host", "Accept-Language"],
        include_cookies=[],
        websocket_max_message_size=LARGEST_MESSAGE,
        http_server_kwargs={"max_body_size": LARGEST_BODY, "max_buffer_size": LARGEST_MESSAGE},
        transforms=[SecurityHeaders],
        extra_patterns=[(r"/readyz", ReadyHandler)],
    )


def address_of(options: ServerOptions, port: int) -> str:
    """Return the address to open in a browser."""
    host = f"[{options.host}]" if ":" in options.host else options.host
    host = "127.0.0.1" if host in {"0.0.0.0", "[::]"} else host  # noqa: S104 (a comparison)
    return f"http://{host}:{port}{options.prefix or ''}/"


def serve(options: ServerOptions, announce: Any = print) -> None:
    """Serve until interrupted; ``announce`` is told the address once the server listens."""
    server = make_server(options)
    server.start()
    announce(f"fluxscape {__version__} at {address_of(options, server.port)} (stop with Ctrl+C)")
    try:
        server.io_loop.start()
    finally:
        server.stop()
        process.close()
