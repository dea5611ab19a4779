"""`fluxscape network`: choose, coverage, their files and their errors."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from fluxscape.cli import main
from fluxscape.io.guards import open_netcdf_guarded

COARSE = ["--resolution", "0.5"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert main(["network", *arguments, *COARSE, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_third_is_chosen_with_table_map_and_curve(capsys, tmp_path) -> None:
    table, scene, curve = (tmp_path / name for name in ("table.csv", "map.nc", "curve.csv"))
    found = run(
        capsys, "choose", "--share", "0.33", "--draws", "100",
        "--out", str(table), "--map", str(scene), "--curve", str(curve),
    )  # fmt: skip
    assert (found["n_towers"], found["n_chosen"]) == (146, 48)
    assert len(found["chosen"]) == 48
    assert found["random_draws"]["beaten_by_coverage"] > 0.95
    assert sum(row["share"] for row in found["strata"]) == pytest.approx(1.0)
    rows = pd.read_csv(table)
    assert len(rows) == 146
    assert rows["site"][:48].tolist() == found["chosen"]
    assert rows["constituency_share"].sum() == pytest.approx(1.0)
    with open_netcdf_guarded(scene) as dataset:
        assert dataset.attrs["coverage"] == pytest.approx(found["coverage"])
        assert np.isfinite(dataset["environmental_distance"]).any()
    grown = pd.read_csv(curve)
    assert grown["coverage"].is_monotonic_increasing
    assert grown["coverage"].iloc[-1] == pytest.approx(found["coverage_of_all_towers"])


def test_scores_decide_within_strata(capsys, tmp_path) -> None:
    scores = tmp_path / "scores.csv"
    scores.write_text("site,score\nCN-Cha,3\nCN-Din,\n")
    found = run(capsys, "choose", "--count", "40", "--draws", "10", "--scores", str(scores))
    assert "CN-Cha" in found["chosen"]


def test_a_tower_added_by_hand_changes_the_coverage(capsys) -> None:
    alone = run(capsys, "coverage", "--towers", "CN-Cha,CN-Din")
    more = run(capsys, "coverage", "--towers", "CN-Cha,CN-Din", "--add", "CN-HaM")
    assert more["coverage_before"] == alone["coverage"]
    assert more["coverage_change"] == pytest.approx(more["coverage"] - alone["coverage"])
    assert more["coverage_change"] > 0
    less = run(capsys, "coverage", "--towers", "CN-Cha,CN-Din", "--remove", "CN-Din")
    assert less["towers"] == ["CN-Cha"]


def test_all_towers_may_be_named_at_once_and_new_places_proposed(capsys) -> None:
    found = run(capsys, "coverage", "--towers", "all", "--by", "gpp", "--new-places", "2")
    assert found["n_towers"] == 146
    gains = [place["gain"] for place in found["new_places"]]
    assert gains == sorted(gains, reverse=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("coverage", "--towers", "CN-Chaa"), "Did you mean 'CN-Cha'"),
        (("coverage", "--towers", ","), "name the towers"),
        (("coverage", "--towers", "CN-Cha", "--remove", "CN-Din"), "cannot be removed"),
        (("choose", "--share", "1.2"), "share"),
        (("choose", "--count", "500"), "1 to 146 towers"),
    ],
)
def test_errors_are_named(capsys, arguments, message: str) -> None:
    assert main(["network", *arguments, *COARSE]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("tower,score\nCN-Cha,3\n", "wanted the columns site"),
        ("site,score\nCN-Cha,good\n", "row 2, column score: 'good' is no number"),
        ("site,score\nXX-Yyy,3\n", "no tower is called 'XX-Yyy'"),
        ("site,score\nCN-Cha,inf\n", "the score of CN-Cha is infinite"),
    ],
)
def test_bad_tables_of_scores_are_named(capsys, tmp_path, content: str, message: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(content)
    assert main(["network", "choose", "--scores", str(path), *COARSE]) == 2
    assert message in capsys.readouterr().err
