"""``fluxscape atlas totals``: JSON, lines, CSV, and errors without a trace."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import shapely

from fluxscape.cli import main


def test_the_plateau_of_the_shipped_product_is_told_as_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["atlas", "totals", "--by", "plateau", "--flux", "gpp", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["data_status"] == "simulated"
    (row,) = answer["zones"]
    assert row["units"] == "Pg year-1"
    assert row["interval"]["low"] <= row["trend"]["slope"] <= row["interval"]["high"]
    assert len(row["series"]) == len(row["years"]) == 34
    assert 0 < row["breaks"]["line"]["p_value"] <= 1


def test_a_polygon_gives_a_line_and_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shape = shapely.geometry.mapping(shapely.box(110, 30, 112, 31))
    feature = {"type": "Feature", "geometry": shape, "properties": {"name": "=1+1"}}
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps(feature))
    table = tmp_path / "a.csv"
    assert main(["atlas", "totals", "--polygon", str(path), "--csv", str(table)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "mm year-1" in lines[1]
    frame = pd.read_csv(table)
    assert frame["name"].tolist() == ["'=1+1"] * 2
    # Two by one degree at 30.5 N are 21 240 km2.
    assert frame["area_km2"].to_numpy() == pytest.approx(21_240, rel=0.02)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--by", "basin"], "give the basin as a polygon"),
        (["--by", "provinces"], "Did you mean 'province'"),
        (["--polygon", "nowhere.geojson"], "nowhere.geojson"),
        (["--polygon", "shape.geojson"], "reference system"),
    ],
)
def test_errors_are_one_line_with_exit_code_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    shape = shapely.geometry.mapping(shapely.box(1e6, 1e6, 2e6, 2e6))
    Path("shape.geojson").write_text(json.dumps(shape))
    assert main(["atlas", "totals", *options]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("fluxscape: error: ")
    assert words in captured.err
