"""From what a run names to the index of its forcing: rules by name or mapping file, checksums."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final, Protocol

from fluxscape.errors import FileFormatError, MissingVariableError, did_you_mean
from fluxscape.io.forcing_index import ForcingIndex, index_forcing, rules_from_dict
from fluxscape.io.forcing_rules import DOORS, ForcingRules, read_mapping

MAPPED: Final = "mapped"
"""Source whose rules stand in a mapping file."""

SOURCES: Final = (*DOORS, MAPPED)

_READ_WHOLE: Final = 2**30
"""Bytes up to which files are read for their checksum; beyond, names and sizes count."""


class NamesForcing(Protocol):
    """What :class:`fluxscape.atlas.settings.ForcingSettings` has."""

    @property
    def source(self) -> str:
        """Name of the rules."""

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the files."""

    @property
    def mapping(self) -> str:
        """Path of the mapping file, or empty."""


def forcing_rules(source: str, mapping: str = "") -> ForcingRules:
    """Return the rules of a source.

    Raises
    ------
    MissingVariableError
        If there is no such source.
    FileFormatError
        If a mapping file is absent or wrong.
    """
    if source == MAPPED:
        if not mapping:
            msg = "a mapped forcing needs a mapping file"
            raise FileFormatError(msg)
        return read_mapping(mapping)
    if source not in DOORS:
        hint = did_you_mean(source, SOURCES)
        msg = f"no forcing {source!r}, wanted one of {', '.join(SOURCES)}.{hint}"
        raise MissingVariableError(msg, source=source)
    return DOORS[source]


def find_index(forcing: NamesForcing) -> tuple[ForcingIndex, str]:
    """Return the index of a forcing and the checksum of its files; errors as ``index_forcing``."""
    index = index_forcing(forcing.files, forcing_rules(forcing.source, forcing.mapping))
    return index, files_checksum(forcing.files)


def read_index(path: Path) -> ForcingIndex:
    """Return the index that a run wrote."""
    values = json.loads(path.read_text(encoding="utf-8"))
    return ForcingIndex.from_dict(values, rules_from_dict(values["rules"]))


def files_checksum(paths: tuple[str, ...]) -> str:
    """Return one SHA-256 of several files; of names and sizes where they exceed a gibibyte."""
    files = [
        file
        for path in sorted(paths)
        for file in (sorted(Path(path).rglob("*")) if Path(path).is_dir() else [Path(path)])
        if file.is_file()
    ]
    whole = sum(file.stat().st_size for file in files) <= _READ_WHOLE
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name} {file.stat().st_size}\n".encode())
        if whole:
            with file.open("rb") as stream:
                while piece := stream.read(2**20):
                    digest.update(piece)
    return digest.hexdigest()
