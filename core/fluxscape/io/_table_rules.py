"""What a column of a flux table means: variable, unit, preference, quality flag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fluxscape.vocabulary import VARIABLES


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """How one variable is found in a table.

    Attributes
    ----------
    variable
        Name in :data:`fluxscape.vocabulary.VARIABLES`.
    columns
        Names that may hold it, the preferred one first. The first that holds a number is read.
    units
        Unit of the column in this format; ``"mm"`` of a flux is an amount per step.
    quality
        Names of the quality column; ``"{}"`` stands for the column that was chosen.
    square_root
        Whether the column is a variance and the variable a standard deviation.
    raw
        Whether the column is an unscreened covariance or gas-analyser reading, in which single
        spikes are ordinary and are set to missing, counted, instead of stopping the reader.
    constant
        Whether the column holds one number for the whole table.
    """

    variable: str
    columns: tuple[str, ...]
    units: str
    quality: tuple[str, ...] = ()
    square_root: bool = False
    raw: bool = False
    constant: bool = False

    def __post_init__(self) -> None:
        if self.variable not in VARIABLES:
            msg = f"{self.variable!r} is no variable of the vocabulary"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class QualityScheme:
    """Meaning of the quality flags of one format.

    Attributes
    ----------
    flags, meanings
        Flags as the file has them, rising, and what they mean, as CF's ``flag_values`` and
        ``flag_meanings``.
    """

    flags: tuple[int, ...]
    meanings: tuple[str, ...]


FLUXNET_QUALITY = QualityScheme((0, 1, 2, 3), ("measured", "good_fill", "medium_fill", "poor_fill"))
"""Pastorello et al. 2020, doi:10.1038/s41597-020-0534-3; 2 is ERA in the ``_F`` columns."""

FOKEN_QUALITY = QualityScheme((0, 1, 2), ("high_quality", "moderate_quality", "low_quality"))
"""Mauder and Foken 2004 (0 to 2 scheme); all three are measured."""


def by_exact_name(rule: ColumnRule, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of a rule that the table has, in the order of the rule."""
    return tuple(name for name in rule.columns if name in columns)


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Where things stand in one table.

    Attributes
    ----------
    format_name, label
        Key of the format and what people call it.
    columns
        Column names in order.
    first_row
        Line of the first record, counted from 1 as editors and spreadsheets do.
    rules
        How variables are found.
    units
        Units by column where the file states them itself.
    scheme
        Meaning of the quality flags.
    time_step
        ISO 8601 duration where the format fixes it, else an empty string.
    quality_is_share
        Whether quality columns give the share of well-measured half-hours (daily and longer).
    notes
        What a reader must know of a column that was chosen.
    choose
        Order of the candidate columns of a rule among the table's columns.
    """

    format_name: str
    label: str
    columns: tuple[str, ...]
    first_row: int
    rules: tuple[ColumnRule, ...]
    units: dict[str, str] = field(default_factory=dict)
    scheme: QualityScheme = FLUXNET_QUALITY
    time_step: str = ""
    quality_is_share: bool = False
    notes: dict[str, str] = field(default_factory=dict)
    choose: Callable[[ColumnRule, Sequence[str]], tuple[str, ...]] = by_exact_name

    def quality_column(self, rule: ColumnRule, chosen: str) -> str | None:
        """Return the quality column that belongs to the chosen column, if the table has it."""
        for pattern in rule.quality:
            name = pattern.format(chosen)
            if name in self.columns:
                return name
        return None
