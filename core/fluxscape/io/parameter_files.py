"""Files of model parameters by plant functional type: one set, or an ensemble of members."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from fluxscape.errors import DimsError, FileFormatError
from fluxscape.io._netcdf_guards import open_netcdf_guarded
from fluxscape.io.yaml_lines import YamlSection, read_yaml

ALL: Final = "all"
"""Key of values for every class."""

_NETCDF: Final = (".nc", ".nc4", ".netcdf")


def parameter_sets(section: YamlSection) -> dict[str, dict[str, float]]:
    """Return class -> name -> value of a YAML section ``GRA: {vcmax25: 60}``; ``all`` is a class.

    Raises
    ------
    FileFormatError
        If it is no such section.
    """
    found: dict[str, dict[str, float]] = {}
    for cover in section.names():
        rows = section.section(cover, required=True)
        found[cover] = {name: rows.number(name, 0.0) for name in rows.names() if rows.has(name)}
    return found


def read_parameter_sets(path: str | Path) -> dict[str, dict[str, float]]:
    """Return class -> name -> value of a YAML file; errors as :func:`parameter_sets`."""
    return parameter_sets(read_yaml(path))


def read_parameter_ensemble(path: str | Path) -> dict[str, dict[str, Any]]:
    """Return class -> name -> one value a member.

    Parameters
    ----------
    path
        NetCDF: variables named as parameters over ``member``, or over ``igbp`` and ``member`` with
        the classes as coordinate ``igbp``. YAML: ``GRA: {vcmax25: [58.1, 61.4]}``, with ``all``
        for every class.

    Returns
    -------
    dict
        Values of shape (member,); NaN of a class and parameter in netCDF leaves the default.

    Raises
    ------
    FileFormatError, DimsError
        If it is no such file.
    """
    if Path(path).suffix.lower() in _NETCDF:
        return _from_netcdf(path)
    section = read_yaml(path)
    found: dict[str, dict[str, Any]] = {}
    for cover in section.names():
        rows = section.section(cover, required=True)
        found[cover] = {name: rows.numbers(name) for name in rows.names() if rows.has(name)}
    if not any(found.values()):
        msg = f"{path}: holds no parameter"
        raise FileFormatError(msg, path=str(path))
    return found


def _from_netcdf(path: str | Path) -> dict[str, dict[str, Any]]:
    """Return the ensemble of a netCDF file."""
    dataset = open_netcdf_guarded(path, load=True)
    found: dict[str, dict[str, Any]] = {}
    for name, array in dataset.data_vars.items():
        if "member" not in array.dims:
            continue
        if set(array.dims) - {"member", "igbp"}:
            msg = f"{path}: {name} has dimensions {array.dims}, wanted member, or igbp and member"
            raise DimsError(msg, path=str(path), variable=str(name))
        classes = [ALL]
        if "igbp" in array.dims:
            if "igbp" not in dataset.coords:
                msg = f"{path}: the dimension igbp has no coordinate with the classes"
                raise DimsError(msg, path=str(path))
            classes = [str(code) for code in dataset["igbp"].to_numpy()]
        rows = array.to_numpy().astype(np.float64)
        if "igbp" in array.dims and array.dims[0] == "member":
            rows = rows.T
        for cover, row in zip(classes, np.atleast_2d(rows), strict=True):
            if np.isnan(row).all():
                continue
            found.setdefault(cover, {})[str(name)] = row
    if not found:
        msg = f"{path}: no variable has the dimension member"
        raise DimsError(msg, path=str(path))
    return found
