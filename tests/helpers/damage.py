"""Damages a file in many ways, opens every copy and counts what happens, in a child process."""

from __future__ import annotations

import random
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import xarray as xr

from fluxscape.errors import FluxscapeError
from fluxscape.io.guards import open_netcdf_guarded


def flip_bits(path: str, scratch: str, first: int, count: int) -> dict[str, int]:
    """Open ``count`` copies with 1 to 8 flipped bits each; the copy under test tells a crash.

    Only named errors are counted as refused; any other exception ends the run with it.
    """
    content = Path(path).read_bytes()
    with xr.open_dataset(path) as opened:
        original = opened.load()
    counts: Counter[str] = Counter()
    progress = Path(scratch, "progress")
    for number in range(first, first + count):
        progress.write_text(str(number))
        draw = random.Random(number)  # noqa: S311 - damage, not secrets
        damaged = bytearray(content)
        for _ in range(draw.randint(1, 8)):
            damaged[draw.randrange(len(damaged))] ^= 1 << draw.randrange(8)
        copy = Path(scratch, "damaged.nc")
        copy.write_bytes(damaged)
        counts[_open(copy, original)] += 1
    return dict(counts)


def _open(path: Path, original: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = open_netcdf_guarded(path, load=True)
        except FluxscapeError:
            return "refused"
    return "as before" if dataset.identical(original) else "changed"
