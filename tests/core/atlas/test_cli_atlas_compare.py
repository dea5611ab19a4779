"""``fluxscape atlas compare`` and ``published``: JSON, maps, validation, errors in a line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from fluxscape.cli import main
from fluxscape.io.guards import open_netcdf_guarded
from fluxscape.towers import find_tower


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two made-up products of monthly ET around a quarter of China."""
    folder = tmp_path_factory.mktemp("products")
    y, x = np.arange(20.25, 50, 0.5), np.arange(95.25, 135, 0.5)
    months = pd.date_range("1995-01-01", "2008-12-01", freq="MS")
    rng = np.random.default_rng(4)
    paths = []
    for number in (1, 2):
        base = 90.0 - 1.4 * (y[:, None] - 20) + 0.2 * (x - 95)
        noise = rng.normal(0, 8, (months.size, y.size, x.size))
        data = xr.Dataset(
            {"E": (("time", "lat", "lon"), base + noise, {"units": "mm/month"})},
            coords={"time": months, "lat": y, "lon": x},
        )
        paths.append(folder / f"product{number}.nc")
        data.to_netcdf(paths[-1])
    return paths[0], paths[1]


def test_two_products_are_compared_and_collocated(
    products: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    maps, sites = tmp_path / "maps.nc", tmp_path / "sites.csv"
    sites.write_text("site,value\nCN-Cha,600\nCN-Din,900\nCN-Qia,800\n")
    options = ["--flux", "et", "--maps", str(maps), "--sites", str(sites), "--json"]
    named = [item for path in products for item in ("--product", f"{path}::E")]
    assert main(["atlas", "compare", *options, *named]) == 0
    answer = json.loads(capsys.readouterr().out)
    first, second = answer["products"]
    assert first["years"] == list(range(1995, 2009))
    assert 0.5 < first["agreement"]["correlation"] < 1
    assert first["agreement"]["cells"] == second["agreement"]["cells"] > 5000
    assert first["trend_agreement"]["years"] == 14
    assert any(row["site"] == find_tower("CN-Cha").site for row in first["towers"])
    assert first["validation"]["ours"]["n"] == 3
    assert len(answer["triple_collocation"]["error"]) == 3
    with open_netcdf_guarded(maps) as written:
        assert set(written.data_vars) == {"difference", "ratio"}
        assert written.attrs["data_status"] == "mixed"


def test_published_numbers_are_listed_apart(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["atlas", "published", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["published"]
    assert rows[0]["mean"] == 4.32
    assert main(["atlas", "published"]) == 0
    assert "MTE | gpp | china |  |" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--product", "none.nc"], "none.nc"),
        (["--product", "FIRST::Q"], "has no map 'Q'"),
        (["--product", "FIRST", "--units", "W m-2"], "name them"),
        (["--product", "FIRST", "--scale", "100"], "name unit and scale"),
        (["--product", "FIRST"] * 3, "one or two products"),
    ],
)
def test_errors_are_one_line(
    products: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
) -> None:
    given = [option.replace("FIRST", str(products[0])) for option in options]
    assert main(["atlas", "compare", "--flux", "et", *given]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err
    assert captured.err.count("\n") == 1
