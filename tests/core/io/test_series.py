from pathlib import Path

import numpy as np
import pytest

from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.io.series import read_series, series_at


def write(folder: Path, text: str) -> Path:
    path = folder / "lai.csv"
    path.write_text(text)
    return path


def test_scenes_at_uneven_times_are_read_and_interpolated(tmp_path: Path) -> None:
    path = write(tmp_path, "Date,LAI\n2004-12-26,1.0\n2005-01-01,4\n2005-01-09,-9999\n")
    series = read_series(path)
    assert series.attrs["units"] == "1"
    assert np.isnan(series.to_numpy()[2])
    times = np.array(["2004-12-29", "2005-02-01"], "datetime64[ns]")
    assert series_at(series, times).to_numpy().tolist() == [2.5, 4.0]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("date,lai\n2004-13-26,1\n", FileFormatError, "row 2: date = '2004-13-26' is no time"),
        ("date,lai\n2004-12-26,1\n2004-12-27,x\n", FileFormatError, "row 3: lai = 'x' is no"),
        ("date,lai\n2004-12-26,1\n2004-12-26,2\n", FileFormatError, "comes twice"),
        ("date,ndvi\n2004-12-26,1\n", MissingVariableError, "no column leaf_area_index or lai"),
        ("lai\n1\n", MissingVariableError, "no column time"),
        ("date,lai\n2004-12-26,40\n", OutOfBoundsError, "leaf_area_index = 40"),
        ("", FileFormatError, "no CSV table"),
        ("date,LAI,lai\n2004-12-26,1,2\n", FileFormatError, "column 'lai' comes twice"),
    ],
)
def test_what_is_no_series_is_refused_by_row(
    tmp_path: Path, text: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        read_series(write(tmp_path, text))


def test_a_series_of_gaps_gives_no_values(tmp_path: Path) -> None:
    series = read_series(write(tmp_path, "date,lai\n2004-12-26,-9999\n"))
    with pytest.raises(MissingVariableError, match="no value"):
        series_at(series, series["time"].to_numpy())
