"""The command line starts at once, writes JSON on stdout and errors on stderr."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fluxscape import __version__, cli
from fluxscape.cli._output import plain
from fluxscape.errors import OutOfBoundsError
from helpers.flux_files import fluxnet_frame, write_frame


def run_module(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fluxscape", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def parser_that_runs(function):
    """Return a stand-in for build_parser whose only command calls ``function``."""

    def build() -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser()
        parser.set_defaults(run=function)
        return parser

    return build


def test_version_is_printed() -> None:
    result = run_module("--version")
    assert result.returncode == 0
    assert result.stdout.strip() == f"fluxscape {__version__}"


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys, fluxscape.cli as c; c.build_parser().format_help();"
        "heavy = {'numpy', 'xarray', 'numba', 'pandas', 'scipy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_help_answers_within_half_a_second() -> None:
    walls = []
    for _ in range(3):
        start = time.perf_counter()
        assert run_module("--help").returncode == 0
        walls.append(time.perf_counter() - start)
    assert min(walls) < 0.5


def test_an_unknown_command_exits_with_two_and_names_itself() -> None:
    result = run_module("fotprint")
    assert result.returncode == 2
    assert result.stderr.startswith("fluxscape: error: ")
    assert "fotprint" in result.stderr
    assert result.stdout == ""


def test_no_command_is_an_error() -> None:
    result = run_module()
    assert result.returncode == 2
    assert "COMMAND" in result.stderr


def test_an_error_of_fluxscape_goes_to_stderr_with_exit_code_two(monkeypatch, capsys) -> None:
    def fail(_: argparse.Namespace) -> int:
        message = "zm = -3 m lies outside 0.1 to 600 m"
        raise OutOfBoundsError(message)

    monkeypatch.setattr(cli, "build_parser", parser_that_runs(fail))
    assert cli.main([]) == 2
    captured = capsys.readouterr()
    assert captured.err == "fluxscape: error: zm = -3 m lies outside 0.1 to 600 m\n"
    assert captured.out == ""


def test_a_missing_file_is_an_error_that_names_it(monkeypatch, capsys) -> None:
    def fail(_: argparse.Namespace) -> int:
        Path("/nowhere/at/all.csv").read_text(encoding="utf-8")
        return 0

    monkeypatch.setattr(cli, "build_parser", parser_that_runs(fail))
    assert cli.main([]) == 2
    assert "/nowhere/at/all.csv" in capsys.readouterr().err


def test_an_interrupt_exits_with_130(monkeypatch, capsys) -> None:
    def interrupt(_: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "build_parser", parser_that_runs(interrupt))
    assert cli.main([]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_goes_away_leaves_no_traceback() -> None:
    code = (
        "import argparse, sys, fluxscape.cli as c\n"
        "def run(a):\n"
        "    for i in range(200000): c.emit_json({'i': i})\n"
        "    return 0\n"
        "def build():\n"
        "    p = argparse.ArgumentParser(); p.set_defaults(run=run); return p\n"
        "c.build_parser = build\n"
        "sys.exit(c.main([]))\n"
    )
    read_end, write_end = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=write_end, stderr=subprocess.PIPE, text=True
    ) as process:
        os.close(write_end)
        os.read(read_end, 10)
        os.close(read_end)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 141
    assert errors == ""


def test_json_has_null_for_numbers_that_are_not_finite() -> None:
    stream = io.StringIO()
    cli.emit_json(
        {
            "sum": np.float64("nan"),
            "n": np.int64(3),
            "xy": np.array([1.0, np.inf]),
            "flag": np.bool_(True),
            "path": Path("a.nc"),
            "start": np.datetime64("2014-01-01T00:30"),
        },
        stream,
    )
    assert json.loads(stream.getvalue()) == {
        "sum": None,
        "n": 3,
        "xy": [1.0, None],
        "flag": True,
        "path": "a.nc",
        "start": "2014-01-01T00:30",
    }
    assert stream.getvalue().count("\n") == 1


def test_json_refuses_what_it_does_not_know() -> None:
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        plain(object())


def test_progress_in_a_log_is_a_line_every_ten_per_cent() -> None:
    stream = io.StringIO()
    report = cli.progress_line("footprint", stream)
    for i in range(1001):
        report(i / 1000)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "footprint: 0 %"
    assert lines[-1] == "footprint: 100 %"
    assert len(lines) == 11


class TestDataDescribe:
    @pytest.fixture
    def table(self, tmp_path: Path) -> Path:
        return write_frame(tmp_path / "FLX_CN-Cha_FLUXNET2015_SUBSET_HH.csv", fluxnet_frame())

    def test_json_lists_variables_with_units_and_columns(self, table: Path, capsys) -> None:
        assert cli.main(["data", "describe", str(table), "--json"]) == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["site"] == "CN-Cha"
        assert facts["data_status"] == "observed"
        assert facts["first"] == "2005-05-31T16:00"
        assert facts["variables"]["air_temperature"]["units"] == "K"
        assert facts["variables"]["air_temperature"]["column"] == "TA_F"
        assert "LE_CORR" in facts["columns_ignored"]
        assert facts["notes"]["latent_heat_flux"].startswith("LE_F_MDS")

    def test_text_names_what_was_left_out(self, table: Path, capsys) -> None:
        assert cli.main(["data", "describe", str(table)]) == 0
        out = capsys.readouterr().out
        assert "480 records of PT30M" in out
        assert "not read: LE_CORR, GPP_DT_VUT_REF" in out

    def test_names_in_the_file_cannot_command_the_terminal(self, tmp_path: Path, capsys) -> None:
        frame = fluxnet_frame().assign(**{"\x1b[2Jevil": 1})
        path = write_frame(tmp_path / "FLX_CN-Cha_HH.csv", frame)
        assert cli.main(["data", "describe", str(path)]) == 0
        assert "\x1b" not in capsys.readouterr().out

    def test_a_broken_table_is_an_error_that_names_the_row(self, table: Path, capsys) -> None:
        table.write_text(table.read_text().replace("200506010100,", "20050601,", 1))
        assert cli.main(["data", "describe", str(table), "--json"]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "row 3" in captured.err

    def test_an_absent_file_is_named(self, capsys) -> None:
        assert cli.main(["data", "describe", "nowhere.csv"]) == 2
        assert "nowhere.csv" in capsys.readouterr().err
