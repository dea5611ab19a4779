"""Make a folder of boundaries for FLUXSCAPE_BASEMAP from an approved map's vector files.

    python tools/build_basemap.py PROVINCES DASHED_LINE --out FOLDER --approval "GS (2024) 0000"

A public release of maps in China needs an approved base map. PROVINCES holds one polygon a
province with columns `code`, `name_en` and `name_zh`, DASHED_LINE the line features, both in any
vector format with a reference system. With `FLUXSCAPE_BASEMAP=FOLDER` in its environment fluxscape
draws and masks with these boundaries only; the approval number is shown on the maps.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import geopandas
import shapely

from asset_tools import borders

COLUMNS = ("code", "name_en", "name_zh")


def main() -> None:
    """Read both files and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("provinces", type=Path)
    parser.add_argument("dashed_line", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--approval", default="", help="approval number, shown on the maps")
    arguments = parser.parse_args()
    provinces = geopandas.read_file(arguments.provinces).to_crs("EPSG:4326")
    missing = set(COLUMNS) - set(provinces.columns)
    if missing:
        parser.error(f"{arguments.provinces} lacks the columns {', '.join(sorted(missing))}")
    dashes = geopandas.read_file(arguments.dashed_line).to_crs("EPSG:4326")
    borders.write(
        arguments.out,
        [{name: str(row[name]) for name in COLUMNS} for _, row in provinces.iterrows()],
        list(provinces.geometry),
        shapely.union_all(list(dashes.geometry)),
    )
    facts = json.dumps({"approval_number": arguments.approval}, ensure_ascii=False, indent=1)
    (arguments.out / "basemap.json").write_text(facts + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
