"""Broken, foreign and hostile flux tables end in a named error or in right numbers, never else."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluxscape.errors import (
    FileFormatError,
    FluxscapeError,
    MissingVariableError,
    OutOfBoundsError,
    UnsafeInputError,
)
from fluxscape.io.flux_tables import read_flux_table
from helpers.flux_files import eddypro_lines, fluxnet_frame, write_frame, write_lines

HEADER = "TIMESTAMP_START,TIMESTAMP_END,TA,WS,USTAR"


def ameriflux_lines() -> list[str]:
    lines = [HEADER]
    for index in range(96):
        start = np.datetime64("2024-06-24T00:00") + np.timedelta64(30 * index, "m")
        stamps = [
            str(moment).translate(str.maketrans("", "", "-T:"))
            for moment in (start, start + np.timedelta64(30, "m"))
        ]
        lines.append(f"{stamps[0]},{stamps[1]},20.5,3.1,0.3")
    return lines


def read(path: Path):
    return read_flux_table(path, utc_offset_hours=8)


def with_line(lines: list[str], row: int, line: str) -> list[str]:
    """Return the lines with line ``row``, counted from 1, replaced."""
    return [*lines[: row - 1], line, *lines[row:]]


def replaced(row: int, old: str, new: str):
    def change(lines: list[str]) -> list[str]:
        assert old in lines[row - 1]
        return with_line(lines, row, lines[row - 1].replace(old, new))

    return change


BAD_TABLES = {
    "a formula": (
        replaced(5, "20.5", "=cmd()"),
        FileFormatError,
        r"row 5, column 'TA': '=cmd\(\)'",
    ),
    "markup": (replaced(5, "20.5", "<b>1</b>"), FileFormatError, r"row 5, column 'TA'"),
    "a word": (replaced(9, "20.5", "warm"), FileFormatError, r"row 9.*'warm' is no number"),
    "a decimal comma": (replaced(5, "20.5", "20,5"), FileFormatError, r"row 5: 6 fields.* has 5"),
    "a cut last row": (replaced(97, ",3.1,0.3", ""), FileFormatError, r"row 97: 3 fields"),
    "kelvin": (replaced(5, "20.5", "293.65"), OutOfBoundsError, r"row 5, column 'TA': 293.65"),
    "infinity": (replaced(5, "20.5", "inf"), OutOfBoundsError, r"row 5, column 'TA': inf"),
    "a bool": (replaced(5, "20.5", "True"), FileFormatError, r"row 5, column 'TA': 'True'"),
    "a negative wind": (replaced(6, "3.1", "-3.1"), OutOfBoundsError, r"row 6, column 'WS': -3.1"),
    "an overflow": (replaced(6, "3.1", "1e400"), OutOfBoundsError, r"row 6, column 'WS': inf"),
    "a repeated row": (lambda x: [*x[:10], *x[9:]], FileFormatError, r"row 11: repeats .* row 10"),
    "rows out of order": (
        lambda x: [*x[:10], x[11], x[10], *x[12:]],
        FileFormatError,
        r"row 12: .* comes after",
    ),
    "a stamp in a spreadsheet's powers": (
        replaced(7, "202406240230,", "2.02406E+11,"),
        FileFormatError,
        r"row 7: '2.02406E\+11' is not a time of the form YYYYMMDDHHMM",
    ),
    "a month 13": (replaced(7, "202406240230,", "202413240230,"), FileFormatError, "row 7"),
    "a stamp without a day": (
        replaced(7, "202406240230,", "2024062402,"),
        FileFormatError,
        "row 7",
    ),
    "an unequal step": (
        replaced(7, "202406240300", "202406240315"),
        FileFormatError,
        "row 7: TIMESTAMP_END lies 45 min",
    ),
    "a step off the axis": (
        replaced(7, "202406240230,202406240300", "202406240231,202406240301"),
        FileFormatError,
        "row 7: .* not a whole number",
    ),
    "a name twice": (
        lambda x: ["TIMESTAMP_START,TIMESTAMP_END,TA,TA,USTAR", *x[1:]],
        FileFormatError,
        "row 1: column 4 'TA' stands twice",
    ),
    "a column without a name": (
        lambda x: ["TIMESTAMP_START,TIMESTAMP_END,TA,,USTAR", *x[1:]],
        FileFormatError,
        "column 4 has no name",
    ),
    "bars": (
        lambda x: [line.replace(",", "|") for line in x],
        FileFormatError,
        "divided by commas",
    ),
    "a header only": (lambda x: x[:1], FileFormatError, "no records"),
    "nothing": (lambda _: [""], FileFormatError, "is empty"),
    "a blank line inside": (lambda x: with_line(x, 8, ""), FileFormatError, "row 8: 1 fields"),
    "no time": (
        lambda x: [line.split(",", 2)[2] for line in x],
        MissingVariableError,
        "no time column",
    ),
    "a far future row": (
        lambda x: [*x, "225006240000,225006240030,20.5,3.1,0.3"],
        FileFormatError,
        "at most",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES, ids=str)
def test_a_broken_table_is_refused_and_the_place_named(tmp_path: Path, case: str) -> None:
    change, error, message = BAD_TABLES[case]
    path = write_lines(tmp_path / "US-UTE.csv", change(ameriflux_lines()))
    with pytest.raises(error, match=message):
        read(path)


PLAIN = {
    "a clock with and without offset": (
        ["2014-06-01T00:00Z", "2014-06-01T01:00", "2014-06-01T02:00Z"],
        "row 3: this time has no offset",
    ),
    "a date of another order": (["01/06/2014 00:00", "01/06/2014 01:00"], "row 2: .*ISO 8601"),
    "a single record": (["2014-06-01T00:00Z"], "has one record"),
    "steps of a month": (["2014-06-01T00:00Z", "2014-07-01T00:00Z"], "43200 min are not read"),
    "mixed stamps": (["201406010000", "2014-06-01T01:00"], "row 3: .*YYYYMMDDHHMM"),
}


@pytest.mark.parametrize("case", PLAIN, ids=str)
def test_times_of_plain_tables_are_read_strictly(tmp_path: Path, case: str) -> None:
    times, message = PLAIN[case]
    path = write_lines(tmp_path / "x.csv", ["time,wind_speed", *(f"{t},3.0" for t in times)])
    with pytest.raises(FileFormatError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2011,1,0.5", "2011,1,25"], "row 3: YR 2011, DOY 1, HR 25 is no time"),
        (["2011,1,0.5", "2011,1,1", "2011,1,1.5"], "HR must run either from 0"),
    ],
)
def test_year_day_and_hour_must_be_a_time(tmp_path: Path, rows, message: str) -> None:
    lines = ["YR,DOY,HR,WS,USTAR", *(f"{row},3.0,0.3" for row in rows)]
    with pytest.raises(FileFormatError, match=message):
        read(write_lines(tmp_path / "x.csv", lines))


def test_an_end_that_is_no_stamp_is_refused(tmp_path: Path) -> None:
    lines = replaced(2, "202406240030", "half past")(ameriflux_lines())
    with pytest.raises(FileFormatError, match="TIMESTAMP_END must be digits"):
        read(write_lines(tmp_path / "US-UTE.csv", lines))


def test_a_height_that_changes_is_refused(tmp_path: Path) -> None:
    lines = ["YR,DOY,HR,WS,zm"] + [f"2011,1,{h / 2:g},3.0,{2 + (h > 9)}" for h in range(1, 49)]
    with pytest.raises(FileFormatError, match="row 11, column 'zm': 3 differs from 2"):
        read(write_lines(tmp_path / "x.csv", lines))


def test_a_file_of_comments_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(FileFormatError, match="no header"):
        read(write_lines(tmp_path / "x.csv", ["# only", "# comments"]))


@pytest.mark.parametrize(
    "code", ["-9999", "-9999.0", "-9999.000", "-9.999e3", "-6999", "9.96921e+36", "NA", "NaN", "",
             "nan", "N/A", "-99999", " -9999 "]
)  # fmt: skip
def test_every_code_for_missing_becomes_nan(tmp_path: Path, code: str) -> None:
    lines = replaced(5, "20.5", code)(ameriflux_lines())
    dataset = read(write_lines(tmp_path / "US-UTE.csv", lines))
    values = dataset["air_temperature"].to_numpy()
    assert np.isnan(values[3])
    assert np.isfinite(np.delete(values, 3)).all()
    assert '"TA": 1' in dataset.attrs["missing_by_column"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, end: str) -> None:
    path = tmp_path / "US-UTE.csv"
    path.write_bytes(end.join(ameriflux_lines()).encode())
    assert read(path).sizes["time"] == 96


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
def test_encodings_of_loggers_and_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "eddypro.csv"
    path.write_bytes("\n".join(eddypro_lines()).encode(encoding))
    assert float(read(path)["air_temperature"][0]) == 285.0


def test_pressure_in_pascal_under_a_kilopascal_name_is_refused(tmp_path: Path) -> None:
    frame = fluxnet_frame().assign(PA_F=93000.0)
    with pytest.raises(OutOfBoundsError) as caught:
        read(write_frame(tmp_path / "FLX_CN-Cha.csv", frame))
    message = str(caught.value)
    for part in ("FLX_CN-Cha.csv", "row 2", "'PA_F'", "93000", "kPa"):
        assert part in message


def test_a_column_can_be_left_out_by_name(tmp_path: Path) -> None:
    path = write_frame(tmp_path / "FLX_CN-Cha.csv", fluxnet_frame().assign(PA_F=93000.0))
    assert "air_pressure" not in read_flux_table(path, ignore_columns=("PA_F",))
    with pytest.raises(MissingVariableError, match="Did you mean 'PA_F'"):
        read_flux_table(path, ignore_columns=("PA_FF",))


def test_humidity_as_a_fraction_is_refused(tmp_path: Path) -> None:
    frame = fluxnet_frame().assign(RH=0.6)
    with pytest.raises(OutOfBoundsError, match=r"'RH'.*fraction"):
        read(write_frame(tmp_path / "FLX_CN-Cha.csv", frame))


def test_a_deficit_in_kilopascal_is_found_by_humidity(tmp_path: Path) -> None:
    frame = fluxnet_frame()
    celsius = frame["TA_F"]
    saturation = 6.1094 * np.exp(17.625 * celsius / (243.04 + celsius))
    good = frame.assign(RH=60.0, VPD_F=0.4 * saturation)
    bad = good.assign(VPD_F=good["VPD_F"] / 10)
    assert "vapour_pressure_deficit" in read(write_frame(tmp_path / "FLX_CN-Cha.csv", good))
    with pytest.raises(OutOfBoundsError, match=r"'VPD_F'.* 10 times"):
        read(write_frame(tmp_path / "FLX_CN-Din.csv", bad))


def test_the_hour_that_summer_time_leaves_out_is_noticed(tmp_path: Path) -> None:
    frame = fluxnet_frame("2005-03-25", 5)
    # Clocks went forward on Sunday 27 March 2005 at 02:00.
    lost = frame["TIMESTAMP_START"].isin(["200503270200", "200503270230"])
    path = write_frame(tmp_path / "FLX_DE-Hai.csv", frame[~lost])
    with pytest.raises(FileFormatError, match="2005-03-27 02:00 on a Sunday"):
        read_flux_table(path)


def test_the_hour_that_autumn_repeats_is_noticed(tmp_path: Path) -> None:
    frame = fluxnet_frame("2005-10-28", 5)
    place = frame.index[frame["TIMESTAMP_START"] == "200510300300"][0]
    doubled = list(range(place)) + list(range(place - 2, len(frame)))
    path = write_frame(tmp_path / "FLX_DE-Hai.csv", frame.loc[doubled])
    with pytest.raises(FileFormatError, match="repeats the time 2005-10-30 02:00"):
        read_flux_table(path)


def test_a_quality_flag_out_of_range_is_refused(tmp_path: Path) -> None:
    frame = fluxnet_frame().assign(TA_F_QC=7)
    with pytest.raises(FileFormatError, match="'TA_F_QC': 7 is no quality flag"):
        read(write_frame(tmp_path / "FLX_CN-Cha.csv", frame))


def test_slightly_negative_deficits_of_fog_are_set_to_zero_and_reported(tmp_path: Path) -> None:
    frame = fluxnet_frame().assign(VPD_F=-0.3)
    dataset = read(write_frame(tmp_path / "FLX_CN-Cha.csv", frame))
    assert float(dataset["vapour_pressure_deficit"].max()) == 0.0
    assert "set to zero" in dataset.attrs["notes"]
    with pytest.raises(OutOfBoundsError, match="'VPD_F': -30"):
        read(write_frame(tmp_path / "FLX_CN-Cha.csv", frame.assign(VPD_F=-30.0)))


def test_quoted_fields_are_counted_as_csv_does(tmp_path: Path) -> None:
    lines = [f'{line},"a, b"' for line in ameriflux_lines()]
    lines[0] = HEADER + ',"REMARK, of the site"'
    dataset = read(write_lines(tmp_path / "US-UTE.csv", lines))
    assert "REMARK, of the site" in dataset.attrs["columns_ignored"]


def test_a_million_columns_are_refused_fast(tmp_path: Path) -> None:
    wide = ",".join(f"c{i}" for i in range(1_000_000))
    path = write_lines(tmp_path / "wide.csv", [wide, wide])
    start = time.perf_counter()
    with pytest.raises((FileFormatError, UnsafeInputError)):
        read(path)
    assert time.perf_counter() - start < 5


def test_a_bomb_is_refused_fast(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        for _ in range(700):
            stream.write(b"0," * 2**19)
    start = time.perf_counter()
    with pytest.raises(UnsafeInputError):
        read(path)
    assert time.perf_counter() - start < 5


def test_an_unknown_format_gets_a_hint(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "US-UTE.csv", ameriflux_lines())
    with pytest.raises(MissingVariableError, match="Did you mean 'ameriflux'"):
        read_flux_table(path, table_format="amerifux")


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_bytes_never_give_anything_but_a_named_error(tmp_path: Path, data) -> None:
    lines = data.draw(st.sampled_from([ameriflux_lines()[:30], eddypro_lines(count=20)]))
    body = bytearray("\n".join(lines).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        junk = data.draw(st.binary(max_size=3) | st.sampled_from([b",", b'"', b"\n", b"-", b"e9"]))
        body[place : place + data.draw(st.integers(0, 3))] = junk
    path = tmp_path / "damaged.csv"
    path.write_bytes(bytes(body))
    try:
        dataset = read(path)
    except FluxscapeError:
        return
    for name in ("air_temperature", "wind_speed"):
        if name in dataset:
            values = dataset[name].to_numpy()
            assert ((values >= 0) | np.isnan(values)).all()
            assert (values[np.isfinite(values)] < 340).all()


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_arbitrary_bytes_never_give_anything_but_a_named_error(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "noise.csv"
    path.write_bytes(body)
    with pytest.raises(FluxscapeError):
        read(path)
