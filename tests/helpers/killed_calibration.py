"""Kills the command ``fluxscape dlm calibrate`` again and again; run as a program of its own.

``python -m helpers.killed_calibration KILLS SEED FOLDER`` runs a small calibration once in peace
and once with so many SIGKILLs at random moments, each time started anew by the same command, and
prints as JSON what was found at each kill and whether all files are the same in the end. Every run
is a fork of this one process, so that a start costs milliseconds.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import fluxscape.assimilation.storage
import fluxscape.io.flux_tables  # noqa: F401
from fluxscape.cli import main as command
from fluxscape.dlm import compile_dlm
from helpers.calibration_tables import PLACE, write_table

METHODS = ("ies", "es-mda")


def start(arguments: list[str]) -> int:
    """Run the command in a fork; return its process."""
    child = os.fork()
    if child:
        return child
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os._exit(command(arguments))


def finish(arguments: list[str]) -> float:
    """Run the command to its end; return how long it took [s]."""
    began = time.monotonic()
    _, status = os.waitpid(start(arguments), 0)
    if status:
        message = f"the command ended with {status}"
        raise RuntimeError(message)
    return time.monotonic() - began


def contents(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def killed(table: Path, method: str, kills: int, folder: Path) -> dict[str, object]:
    """Return what was found for one method."""
    options = ["dlm", "calibrate", str(table), *PLACE, "--streams", "gpp", "--method", method]
    options += ["--members", "16", "--passes", "4", "--parameters", "vcmax25,stomatal_slope"]
    options += ["--workers", "1", "--json", "--out"]
    whole, broken = folder / f"{method}_whole", folder / f"{method}_broken"
    finish([*options, str(folder / f"{method}_first")])
    seconds = finish([*options, str(whole)])
    wanted, found, same = contents(whole), [], []
    while len(found) < kills:
        process = start([*options, str(broken)])
        time.sleep(random.uniform(0.0, 1.1) * seconds)  # noqa: S311
        os.kill(process, signal.SIGKILL)
        _, status = os.waitpid(process, 0)
        if status:
            found.append(sorted(file.name for file in broken.iterdir()) if broken.exists() else [])
        else:
            # It was faster than the kill: compare, and begin anew.
            same.append(contents(broken) == wanted)
            shutil.rmtree(broken)
    finish([*options, str(broken)])
    same.append(contents(broken) == wanted)
    return {
        "kills": kills,
        "seen": [list(item) for item in {tuple(files) for files in found}],
        "files": list(wanted),
        "identical": all(same),
    }


def main(arguments: list[str]) -> None:
    """Kill both methods' runs and print what was found."""
    kills, seed, folder = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    random.seed(seed)
    compile_dlm()
    table = write_table(folder, days=30)
    facts = {method: killed(table, method, kills, folder) for method in METHODS}
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
