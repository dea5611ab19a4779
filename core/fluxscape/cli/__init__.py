"""The command line: ``fluxscape COMMAND ...``, one sub-command per job.

``--help`` and ``--version`` answer at once because this package imports nothing heavy: every
module named in :data:`COMMANDS` offers ``register(subparsers)``, sets ``run`` on its parsers to a
function of the parsed arguments that returns the exit code, and imports what it computes with
inside that function. Errors go to stderr as ``fluxscape: error: ...`` with exit code 2.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from fluxscape._version import __version__
from fluxscape.cli._output import emit_json, progress_line
from fluxscape.errors import FluxscapeError

__all__ = ["COMMANDS", "build_parser", "emit_json", "main", "progress_line"]

COMMANDS: Final = (
    "footprint",
    "dlm",
    "lue",
    "fuse",
    "upscale",
    "atlas",
    "represent",
    "network",
    "column",
    "synthesis",
    "fetch",
    "data",
)
"""Modules of this package that register sub-commands, in the order of the help page."""

_NAME_WIDTH: Final = 18

EXIT_ERROR: Final = 2
EXIT_INTERRUPTED: Final = 130
EXIT_BROKEN_PIPE: Final = 141


class _HelpFormatter(argparse.HelpFormatter):
    """A help page whose columns leave room for the names of sub-commands."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        self._action_max_length = max(self._action_max_length, _NAME_WIDTH)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors read like those of the commands themselves."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"formatter_class": _HelpFormatter} | options))

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_ERROR, f"fluxscape: error: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with every sub-command registered."""
    parser = _Parser(
        prog="fluxscape",
        description="Carbon and water fluxes from one tower to the nation.",
    )
    parser.add_argument("--version", action="version", version=f"fluxscape {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS:
        importlib.import_module(f"{__name__}.{name}").register(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Parameters
    ----------
    argv
        Arguments without the program's name; those of the process when absent.

    Returns
    -------
    int
        0 success, 2 error, 130 interrupted, 141 the reader of stdout went away.
    """
    try:
        arguments = build_parser().parse_args(argv)
        code = int(arguments.run(arguments))
        sys.stdout.flush()
    except FluxscapeError as error:
        return _fail(str(error))
    except BrokenPipeError:
        # Python would complain again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return _fail(f"{error.strerror or error}{where}")
    except KeyboardInterrupt:
        sys.stderr.write("fluxscape: interrupted\n")
        return EXIT_INTERRUPTED
    return code


def _fail(message: str) -> int:
    """Write one error to stderr and return the exit code."""
    sys.stderr.write(f"fluxscape: error: {message}\n")
    return EXIT_ERROR
