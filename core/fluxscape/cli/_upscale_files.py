"""Files of ``fluxscape upscale``: tables of site months, models, predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from fluxscape.upscaling.model import FluxModel
    from fluxscape.upscaling.rules import RuleModel

_LARGEST_TABLE = 400_000_000
_LARGEST_MODEL = 200_000_000


def read_table(path: str) -> pd.DataFrame:
    """Return a CSV table, plain or gzip-compressed, or raise FileFormatError."""
    import io  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    import pandas as pd  # noqa: PLC0415

    from fluxscape.errors import FileFormatError  # noqa: PLC0415
    from fluxscape.io.guards import read_text_guarded  # noqa: PLC0415

    text = read_text_guarded(Path(path), max_bytes=_LARGEST_TABLE)
    try:
        # "NA" is a code of missing values, but also what some tables call a type of plants.
        return pd.read_csv(io.StringIO(text), skipinitialspace=True, low_memory=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        msg = f"{path} is no CSV table: {error}"
        raise FileFormatError(msg, file=path) from error


def read_model(path: str) -> FluxModel | RuleModel:
    """Return a model: JSON of ``fluxscape upscale fit``, or rules in Cubist's ``.model`` text."""
    from pathlib import Path  # noqa: PLC0415

    from fluxscape.io.guards import read_text_guarded  # noqa: PLC0415
    from fluxscape.upscaling.cubist_text import read_model_text  # noqa: PLC0415
    from fluxscape.upscaling.model import model_from_text  # noqa: PLC0415

    text = read_text_guarded(Path(path), max_bytes=_LARGEST_MODEL)
    if text.lstrip().startswith("{"):
        return model_from_text(text, name=path)
    return read_model_text(text, name=path)


def predictions_table(frame: pd.DataFrame, columns: dict[str, Any]) -> pd.DataFrame:
    """Return predictions beside the site and month of the table's rows, where it has them."""
    import pandas as pd  # noqa: PLC0415

    keys = {name: frame[name].to_numpy() for name in ("Site", "TIMESTAMP") if name in frame.columns}
    return pd.DataFrame(keys | columns)


def skill_lines(skill: dict[str, Any], units: str) -> list[str]:
    """Return the parts of a skill for people."""
    return [
        f"NSE {skill['nse']:.3f}, RMSE {skill['rmse']:.3f} {units}, bias {skill['bias']:+.3f}, "
        f"R2 {skill['r2']:.3f} ({skill['n']} site months, {skill['sites']} sites)",
        f"across sites {skill['across_site']:.3f}, season {skill['seasonal']:.3f}, anomaly "
        f"{skill['anomaly']:.3f}, median site {skill['median_site']:.3f}",
    ]
