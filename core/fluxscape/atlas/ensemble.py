"""Parameters of a run by plant functional type: values that replace defaults, and ensembles.

An ensemble is the posterior of a calibration (or a prior): members x parameters, by IGBP class or
for all. A run with one keeps, for every cell, mean and standard deviation over members.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from fluxscape.errors import DimsError, FluxscapeError, MissingVariableError, did_you_mean
from fluxscape.io.parameter_files import ALL
from fluxscape.parameters import ParameterSet
from fluxscape.towers import IGBP_CLASSES

MOST_MEMBERS: Final = 500

Values = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class ParameterSets:
    """Values that replace defaults.

    Attributes
    ----------
    values
        By IGBP class, or :data:`ALL`: name and value. Those of a class go before those of all.
    """

    values: Values = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_classes(self.values)

    def of(self, cover: str) -> dict[str, float]:
        """Return the values of a class."""
        return {**self.values.get(ALL, {}), **self.values.get(cover, {})}

    def to_dict(self) -> dict[str, Any]:
        """Return the values as plain ones."""
        return {cover: dict(rows) for cover, rows in self.values.items()}

    @classmethod
    def from_dict(cls, values: Values) -> Self:
        """Return the values that :meth:`to_dict` made plain."""
        return cls(values)


@dataclass(frozen=True)
class ParameterEnsemble:
    """Members of parameters.

    Attributes
    ----------
    members
        How many.
    values
        By IGBP class, or :data:`ALL`: name and one value a member.
    """

    members: int
    values: Mapping[str, Mapping[str, tuple[float, ...]]]

    def __post_init__(self) -> None:
        _check_classes(self.values)
        if not 2 <= self.members <= MOST_MEMBERS:
            msg = f"an ensemble must have 2 to {MOST_MEMBERS} members, got {self.members}"
            raise DimsError(msg, got=self.members)
        for cover, rows in self.values.items():
            for name, row in rows.items():
                if len(row) != self.members:
                    msg = (
                        f"ensemble: {name} of {cover} has {len(row)} members, wanted "
                        f"{self.members} as all others"
                    )
                    raise DimsError(msg, got=len(row))

    @classmethod
    def of_file(cls, values: Mapping[str, Mapping[str, Any]], members: int | None) -> Self:
        """Return the first members of what :func:`read_parameter_ensemble` read, all if None.

        Raises
        ------
        DimsError
            If parameters have different numbers of members, or there are fewer than wanted.
        """
        counts = {len(row) for rows in values.values() for row in rows.values()}
        count = min(counts, default=0) if members is None else members
        if counts and count > min(counts):
            msg = f"ensemble: {count} members are wanted, the file has {min(counts)}"
            raise DimsError(msg, got=min(counts))
        if members is None and len(counts) > 1:
            msg = f"ensemble: parameters have different numbers of members: {sorted(counts)}"
            raise DimsError(msg, got=sorted(counts))
        return cls(
            count,
            {
                cover: {name: tuple(float(x) for x in row[:count]) for name, row in rows.items()}
                for cover, rows in values.items()
            },
        )

    def member(self, number: int, cover: str) -> dict[str, float]:
        """Return the values of one member for a class."""
        rows = {**self.values.get(ALL, {}), **self.values.get(cover, {})}
        return {name: row[number] for name, row in rows.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return members and values as plain ones."""
        return {
            "members": self.members,
            "values": {
                cover: {name: list(row) for name, row in rows.items()}
                for cover, rows in self.values.items()
            },
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the ensemble that :meth:`to_dict` made plain."""
        return cls.of_file(values["values"], values["members"])


def check_parameters(
    default_of: Callable[[str], ParameterSet],
    covers: Iterable[str],
    sets: ParameterSets,
    ensemble: ParameterEnsemble | None,
) -> None:
    """Raise at the first parameter that the model does not have or that lies outside its bounds.

    Parameters
    ----------
    default_of
        Gives the default parameters of an IGBP class.
    covers
        Classes that may run.
    sets, ensemble
        Of the run.

    Raises
    ------
    MissingVariableError, OutOfBoundsError
        Naming class, member and parameter.
    """
    for cover in covers:
        default = default_of(cover)
        members = range(ensemble.members) if ensemble is not None else ()
        _replaced(default, sets.of(cover), f"parameters of {cover}")
        for number in members:
            assert ensemble is not None  # noqa: S101 (members are empty otherwise)
            values = ensemble.member(number, cover)
            _replaced(default, values, f"ensemble, member {number} of {cover}")


def _replaced(default: ParameterSet, values: Mapping[str, float], where: str) -> None:
    """Raise with a place in front of the message unless the values fit."""
    try:
        default.replace(values)
    except FluxscapeError as error:
        msg = f"{where}: {error.message}"
        raise type(error)(msg, **error.details) from error


def _check_classes(values: Mapping[str, Any]) -> None:
    """Raise MissingVariableError at a key that is no IGBP class."""
    known = (ALL, *IGBP_CLASSES)
    for cover in values:
        if cover not in known:
            hint = did_you_mean(cover, known)
            msg = f"no IGBP class {cover!r}, wanted one of {', '.join(known)}.{hint}"
            raise MissingVariableError(msg, igbp=cover)
