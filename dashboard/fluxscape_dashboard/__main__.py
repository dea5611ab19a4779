"""``python -m fluxscape_dashboard``: serve the dashboard."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from fluxscape.errors import FluxscapeError


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options, serve until interrupted, return the exit status."""
    # Threaded linear algebra would fight the worker processes for the cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    options = _parser().parse_args(arguments)
    from fluxscape_dashboard.server import ServerOptions, serve  # noqa: PLC0415 (slow import)

    try:
        serve(
            ServerOptions(
                host=options.host,
                port=options.port,
                origins=tuple(options.allow_origin),
                prefix=options.prefix,
                trust_proxy=options.trust_proxy,
                warm=options.warm,
            ),
            announce=_say,
        )
    except FluxscapeError as error:
        sys.stderr.write(f"fluxscape: error: {error}\n")
        return 2
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fluxscape-dashboard", description="Serve the fluxscape dashboard."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on [%(default)s]")
    parser.add_argument(
        "--port", type=int, default=5006, help="port; 0 picks a free one [%(default)s]"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a further exact name under which browsers reach this server; may be repeated",
    )
    parser.add_argument("--prefix", default="", help="path of the application behind a proxy")
    parser.add_argument(
        "--trust-proxy", action="store_true", help="believe X-Forwarded-* headers of a proxy"
    )
    parser.add_argument(
        "--no-warm-up",
        dest="warm",
        action="store_false",
        help="listen at once; the first visitor waits instead",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
