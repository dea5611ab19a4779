"""The tower table: mended facts, typed records, errors that name their row."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from fluxscape.assets import asset
from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.towers import IGBP_CLASSES, coordinate_precision, find_site, find_tower, load_towers

HEADER = "site,name,latitude,longitude,igbp,measurement_height_m,year_start,year_end\n"


def write_table(folder: Path, rows: str, header: str = HEADER) -> Path:
    path = folder / "towers.csv"
    path.write_text(header + rows, encoding="utf-8")
    return path


def test_the_table_holds_150_towers_of_which_146_have_a_position():
    towers = load_towers()
    assert len(towers) == 150
    assert sum(tower.has_position for tower in towers) == 146
    assert all(tower.source for tower in towers)


def test_site_names_are_unique_without_regard_to_case():
    sites = [tower.site.casefold() for tower in load_towers()]
    assert len(set(sites)) == len(sites)


def test_no_name_of_a_tower_means_another_tower():
    for tower in load_towers():
        for name in tower.names:
            assert find_tower(name) is tower


def test_every_position_lies_in_the_frame_of_the_embedded_rasters():
    for tower in load_towers():
        if tower.has_position:
            assert 70 <= tower.longitude <= 140, tower.site
            assert 15 <= tower.latitude <= 55, tower.site


@pytest.mark.parametrize(
    ("site", "latitude", "longitude"),
    [
        ("CN-HaM", 37.607, 101.332),
        ("CN-Du1", 42.046, 116.280),
        ("CN-Xi1", 43.554, 116.671),
        ("CN-Maq", 33.887, 102.141),
    ],
)
def test_positions_that_lists_get_wrong_are_mended_and_say_so(site, latitude, longitude):
    tower = find_tower(site)
    assert tower.latitude == pytest.approx(latitude, abs=1e-3)
    assert tower.longitude == pytest.approx(longitude, abs=1e-3)
    assert "Mended" in tower.note


def test_the_elevation_of_dangxiong_is_mended():
    tower = find_tower("CN-Dan")
    assert tower.elevation == 4333.0
    assert "4751" in tower.note


def test_a_code_that_two_lists_use_for_two_towers_names_one():
    assert find_tower("CN-Huz").name == "Huazhaizi"
    assert find_tower("HUZ").name == "Huzhong"


def test_derived_columns_are_not_among_the_facts():
    with asset("towers.csv").open(encoding="utf-8") as file:
        columns = next(csv.reader(file))
    assert not [column for column in columns if column.endswith("_sampled")]


def test_the_precision_column_follows_from_the_digits_of_every_row():
    with asset("towers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            precision = coordinate_precision(row["latitude"], row["longitude"])
            if math.isnan(precision):
                assert row["coordinate_precision_m"] == ""
            else:
                assert float(row["coordinate_precision_m"]) == precision, row["site"]


@pytest.mark.parametrize(
    ("latitude", "longitude", "metres"),
    [
        ("42.4025", "128.0958", 11.0),
        ("45.41667", "127.66667", 1900.0),  # 45 deg 25 min, 127 deg 40 min
        ("26.6", "105.71667", 1900.0),  # 26 deg 36 min, 105 deg 43 min
        ("41.14", "121.91167", 190.0),  # tenths of a minute
        ("35.02917", "112.46889", 31.0),  # whole seconds
        ("50.83", "121.56", 1100.0),
        ("24.076", "121.126", 110.0),
        ("40.02621", "116.39143", 10.0),
    ],
)
def test_precision_is_the_length_of_the_last_quoted_digit(latitude, longitude, metres):
    assert coordinate_precision(latitude, longitude) == metres


def test_igbp_classes_of_the_table_are_known():
    assert {tower.igbp for tower in load_towers()} <= {"", *IGBP_CLASSES}


def test_an_unknown_tower_is_an_error_with_a_proposal():
    with pytest.raises(MissingVariableError, match=r"Did you mean 'CN-Cha'"):
        find_tower("CN-Chaa")


def test_an_own_table_needs_only_site_name_and_position(tmp_path):
    path = write_table(tmp_path, "X-1,<img src=x onerror=alert(1)>,30.5,110.25,,,,\n")
    (tower,) = load_towers(path)
    assert tower.name == "<img src=x onerror=alert(1)>"
    assert tower.key == "X-1"
    assert tower.coordinate_precision == 1100.0
    assert math.isnan(tower.measurement_height)
    assert tower.year_start is None


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ("X-1,One,95,110,,,,\n", OutOfBoundsError, r"row 2, column latitude: 95 lies outside"),
        ("X-1,One,abc,110,,,,\n", FileFormatError, r"row 2, column latitude: 'abc' is no number"),
        ("X-1,One,30,,,,,\n", FileFormatError, r"row 2: latitude and longitude must both"),
        ("X-1,One,nan,1,,,,\n", OutOfBoundsError, r"row 2, column latitude"),
        ("../x,One,30,110,,,,\n", FileFormatError, r"row 2, column site: '\.\./x' cannot name"),
        ("X-1,One,30,110,GRS,,,\n", FileFormatError, r"column igbp: 'GRS'.*Did you mean 'GRA'"),
        ("X-1,One,30,110,GRA,-3,,\n", OutOfBoundsError, r"column measurement_height"),
        ("X-1,One,30,110,GRA,3,2010.5,\n", FileFormatError, r"no whole year"),
        ("X-1,One,30,110,GRA,3,2010,2009\n", OutOfBoundsError, r"year_start 2010 lies after"),
        ("X-1,One,30,110\n", FileFormatError, r"row 2: the row has more or fewer cells"),
        ("X-1,One\x07,30,110,,,,\n", FileFormatError, r"column name: the text holds a control"),
        ("X-1,A,30,110,,,,\nx-1,B,31,110,,,,\n", FileFormatError, r"'x-1' stands in more than"),
        ("", FileFormatError, r"has no rows"),
    ],
)
def test_a_bad_row_is_named(tmp_path, row, error, message):
    with pytest.raises(error, match=message):
        load_towers(write_table(tmp_path, row))


def test_a_missing_or_misspelt_column_is_named(tmp_path):
    with pytest.raises(MissingVariableError, match=r"column 'latitude' is missing"):
        load_towers(write_table(tmp_path, "X-1,One,110\n", "site,name,longitude\n"))
    with pytest.raises(FileFormatError, match=r"'canopy_hight_m' is unknown.*'canopy_height_m'"):
        load_towers(
            write_table(tmp_path, "X,A,3,1,2\n", "site,name,latitude,longitude,canopy_hight_m\n")
        )


def test_a_file_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "towers.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match=r"cannot be read as a UTF-8 tower table"):
        load_towers(path)
    with pytest.raises(FileFormatError, match=r"cannot be read"):
        load_towers(tmp_path / "absent.csv")


def test_a_site_of_the_world_is_found_after_the_towers_of_china() -> None:
    vielsalm = find_site("BE-Vie")
    assert (vielsalm.igbp, vielsalm.elevation) == ("MF", 493.0)
    assert find_site("CN-HaM").latitude == pytest.approx(37.607, abs=1e-3)
    with pytest.raises(MissingVariableError, match="no tower is called 'BE-Vei'"):
        find_site("BE-Vei")
