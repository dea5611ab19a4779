"""Records cut by month, season, year, and day and night, through library and command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from fluxscape.cli import main
from fluxscape.errors import OutOfBoundsError
from fluxscape.footprint import period_mask, periods_by
from helpers.footprints import make_records

PLACE = {"latitude": 40.0, "longitude": 0.0}


def year_of_hours() -> xr.Dataset:
    """Return records every three hours from December to June of the next year."""
    times = np.arange("2022-12-01", "2023-07-01", np.timedelta64(3, "h"), dtype="datetime64[ns]")
    return make_records(times.size).assign_coords(time=times)


def test_any_of_several_and_all_of_several() -> None:
    records = year_of_hours()
    either = period_mask(records, "month-05,month-06", **PLACE)
    months = records["time"].dt.month.to_numpy()
    assert np.array_equal(either, np.isin(months, (5, 6)))
    both = period_mask(records, "day+month-05, month-06", **PLACE)
    assert np.array_equal(both, either & period_mask(records, "day", **PLACE))


@pytest.mark.parametrize("division", ["month", "season", "year", "day-night", "month+day-night"])
def test_the_periods_of_a_division_hold_every_record_once(division: str) -> None:
    records = year_of_hours()
    counts = sum(
        period_mask(records, period, **PLACE).astype(int)
        for period in periods_by(records, division)
    )
    assert np.all(counts == 1)


def test_a_division_within_a_period() -> None:
    assert periods_by(year_of_hours(), "year", within="DJF") == ("DJF+2022", "DJF+2023")


def test_a_word_that_is_no_division_is_refused_with_a_hint() -> None:
    with pytest.raises(OutOfBoundsError, match="no division"):
        periods_by(year_of_hours(), "seasons")


def table(path: Path) -> Path:
    """Write an AmeriFlux table of half-hours over two months."""
    lines = ["TIMESTAMP_START,TIMESTAMP_END,USTAR,MO_LENGTH,WD,WS,V_SIGMA,NEE"]
    start, end = (np.datetime64(day, "m") for day in ("2012-06-20", "2012-07-11"))
    times = np.arange(start, end, np.timedelta64(30, "m"))
    for i, begin in enumerate(times):
        stamps = [
            str(t).translate({45: None, 84: None, 58: None})
            for t in (begin, begin + np.timedelta64(30, "m"))
        ]
        lines.append(",".join([*stamps, "0.3", "-60", str(i * 7 % 360), "3.0", "0.6", "-5"]))
    path.write_text("\n".join(lines) + "\n")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """Return the JSON that a footprint command prints."""
    code = main(["footprint", *map(str, arguments), "--json"])
    printed = capsys.readouterr()
    assert code == 0, printed.err
    return json.loads(printed.out)


SITE_OPTIONS = (
    *("--height", 4, "--canopy", 0.3, "--extent", 100, "--latitude", 40, "--longitude", 10),
    *("--utc-offset", 1),
)


def test_the_command_writes_every_period_on_one_grid(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out, tiff, vector = (tmp_path / f"fp{end}" for end in (".nc", ".tif", ".geojson"))
    found = run(
        capsys,
        *("climatology", table(tmp_path / "t.csv"), *SITE_OPTIONS, "--by", "month+day-night"),
        *("--out", out, "--geotiff", tiff, "--contours", vector),
    )
    used = {name: period["n_used"] for name, period in found["periods"].items() if period["n_used"]}
    assert set(used) == {f"month-{m}+{light}" for m in ("06", "07") for light in ("day", "night")}
    assert sum(used.values()) == 1008
    with xr.open_dataset(out) as stack:
        assert stack["footprint"].dims == ("period", "y", "x")
        assert stack.sizes["period"] == 24
        july = stack["footprint"].sel(period="month-07+day")
        assert float(july.sum()) * 16.0 == pytest.approx(
            found["periods"]["month-07+day"]["sum"], rel=1e-6
        )
    assert sorted(map(str, found["geotiff"])) == sorted(map(str, tmp_path.glob("*.tif")))
    periods = {f["properties"]["period"] for f in json.loads(vector.read_text())["features"]}
    assert periods == set(used)


def test_models_and_periods_share_a_file(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = run(
        capsys,
        *("climatology", table(tmp_path / "t.csv"), *SITE_OPTIONS, "--by", "day-night"),
        *("--model", "km01,ffp", "--out", tmp_path / "fp.nc", "--weight", "nee"),
    )
    assert set(found["models"]) == {"km01", "ffp"}
    with xr.open_dataset(tmp_path / "fp.nc") as stack:
        assert stack["footprint"].dims == ("model", "period", "y", "x")
        assert stack["crs"].dims == ()
        assert "source" not in stack.attrs


def test_a_model_without_a_climatology_is_refused_with_the_reason(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = table(tmp_path / "t.csv")
    assert main(["footprint", "climatology", str(path), "--model", "fsam"]) == 2
    assert "no climatology" in capsys.readouterr().err


def test_a_period_of_the_command_is_that_of_the_library(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    whole = run(capsys, "climatology", table(tmp_path / "t.csv"), *SITE_OPTIONS)
    part = run(
        capsys, "climatology", tmp_path / "t.csv", *SITE_OPTIONS, "--period", "night+month-06,SON"
    )
    assert part["n_filtered"] + part["n_used"] + part["n_rejected"] == whole["n_used"]
