"""Tables of the Calibrate tab: scores before and after, parameters with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fluxscape.assimilation.diagnostics import interval_edges
from fluxscape.assimilation.observations import STREAMS
from fluxscape.parameters import Parameter
from fluxscape.vocabulary import VARIABLES
from fluxscape_dashboard.text import t
from fluxscape_dashboard.views.charts import pretty_unit


def stream_words(stream: str, lang: str) -> str:
    """Return the name of a stream."""
    return t(f"work.variable_{STREAMS[stream]}", lang)


def scores_frame(rows: Sequence[Mapping[str, Any]], lang: str) -> pd.DataFrame:
    """Return scores by stream before and after, in and outside the period."""
    table = []
    for row in rows:
        unit = pretty_unit(VARIABLES[STREAMS[row["stream"]]].units)
        table.append(
            (
                stream_words(row["stream"], lang),
                t(f"model.cal_{'held_out' if row['held_out'] else 'assimilated'}", lang),
                str(row["n"]),
                _pair(row, "rmse", "{:.3g}") + f"\u00a0{unit}",
                _pair(row, "nse", "{:.2f}"),
                f"{_percent(row['coverage90_before'])} → {_percent(row['coverage90'])}",
                _number(row["crpss"], "{:.2f}"),
            )
        )
    names = ("stream", "sample", "days", "rmse", "nse", "coverage", "crpss")
    return pd.DataFrame(table, columns=[t(f"model.cal_column_{name}", lang) for name in names])


def parameters_frame(
    rows: Sequence[Parameter],
    prior: Any,
    posterior: Any,
    reduction: Any,
    truth: Mapping[str, float] | None,
    lang: str,
) -> pd.DataFrame:
    """Return medians and 90 % intervals of the parameters, and the variance that is gone."""
    before, after = summary(prior), summary(posterior)
    table: list[tuple[str, ...]] = []
    for i, row in enumerate(rows):
        unit = "" if row.unit == "1" else f" [{pretty_unit(row.unit)}]"
        cells = [t(f"model.parameter_{row.name}", lang) + unit]
        cells += [_interval(before[i]), _interval(after[i]), _percent(float(reduction[i]))]
        if truth is not None:
            inside = after[i][0] <= truth[row.name] <= after[i][2]
            mark = t(f"model.cal_truth_{'inside' if inside else 'outside'}", lang)
            cells.append(f"{truth[row.name]:.4g} ({mark})")
        table.append(tuple(cells))
    names = ["parameter", "prior", "posterior", "reduction"]
    if truth is not None:
        names.append("truth")
    return pd.DataFrame(table, columns=[t(f"model.cal_column_{name}", lang) for name in names])


def summary(values: Any) -> Any:
    """Return lower edge of the 90 % interval, median and upper edge, shape (parameter, 3)."""
    low, high = interval_edges(values)
    return np.stack([low, np.median(values, axis=0), high], axis=1)


def _interval(quantiles: Any) -> str:
    low, middle, high = (f"{value:.4g}".replace("-", "−") for value in quantiles)
    return f"{middle} ({low} – {high})"


def _pair(row: Mapping[str, Any], name: str, pattern: str) -> str:
    return f"{_number(row[f'{name}_before'], pattern)} → {_number(row[f'{name}_after'], pattern)}"


def _number(value: float, pattern: str) -> str:
    return pattern.format(value).replace("-", "−") if math.isfinite(value) else "–"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%" if math.isfinite(share) else "–"
