"""The place of a run and its parameters, as the commands of point models read them."""

from __future__ import annotations

import argparse
from typing import Any

_LARGEST_PARAMETER_FILE = 200_000
_ELEVATIONS = (-500.0, 9000.0)


def place_of(
    arguments: argparse.Namespace, needed: tuple[str, ...] = ("latitude", "longitude", "igbp")
) -> dict[str, Any]:
    """Return the place from the options, else from the tower table, else from the file's name.

    ``needed`` names what must be known of it.

    Raises
    ------
    MissingVariableError
        If something needed is not told.
    OutOfBoundsError
        If the place does not lie on Earth.
    """
    from fluxscape.contracts import check_place  # noqa: PLC0415
    from fluxscape.errors import MissingVariableError, OutOfBoundsError  # noqa: PLC0415

    options = {"measurement_height": "height", "canopy_height": "canopy"}
    names = ("latitude", "longitude", "elevation", "igbp", "measurement_height", "canopy_height")
    place: dict[str, Any] = {
        name: getattr(arguments, options.get(name, name), None) for name in names
    }
    site = getattr(arguments, "simulated", None) or arguments.site or _site_of_name(arguments.file)
    if site and any(place[name] is None for name in needed):
        from fluxscape.towers import find_site  # noqa: PLC0415

        found = find_site(site)
        for name in names:
            if place[name] is None and not _unknown(getattr(found, name)):
                place[name] = getattr(found, name)
    missing = [f"--{name}" for name in needed if place[name] is None]
    if missing:
        msg = (
            f"the place is not known: give {', '.join(missing)}, or --site of a tower in the table"
        )
        raise MissingVariableError(msg, missing=missing)
    check_place(place["latitude"], place["longitude"])
    height, (low, high) = place["elevation"], _ELEVATIONS
    if height is not None and not low <= height <= high:
        msg = f"--elevation must lie within {low:g} to {high:g} m, got {height:g}"
        raise OutOfBoundsError(msg, got=height)
    return place


def _site_of_name(file: str | None) -> str | None:
    """Return the FLUXNET code in a file's name."""
    from pathlib import Path  # noqa: PLC0415

    from fluxscape.io._time_zone import site_code  # noqa: PLC0415

    return site_code(Path(file).name) if file else None


def _unknown(value: float | str) -> bool:
    """Return whether the tower table has no value: NaN for a number, an empty text."""
    return value == "" or value != value  # noqa: PLR0124 (NaN differs from itself)


def read_parameters(path: str) -> dict[str, object]:
    """Return names and values of a YAML file.

    Raises
    ------
    FileFormatError
        If it is no mapping of names to values.
    """
    import yaml  # noqa: PLC0415

    from fluxscape.errors import FileFormatError  # noqa: PLC0415
    from fluxscape.io.guards import read_text_guarded  # noqa: PLC0415

    text = read_text_guarded(path, max_bytes=_LARGEST_PARAMETER_FILE)
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        msg = f"{path} is not plain YAML: {error}"
        raise FileFormatError(msg, file=path) from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        msg = f"{path}: wanted lines 'name: value', got {type(values).__name__}"
        raise FileFormatError(msg, file=path)
    return dict(values)
