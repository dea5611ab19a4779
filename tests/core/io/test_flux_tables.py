"""Flux tables of every format become one dataset in UTC with known units."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fluxscape.errors import FileFormatError, MissingVariableError, OutOfBoundsError
from fluxscape.io.flux_tables import read_flux_table, require_utc
from fluxscape.vocabulary import VARIABLES
from helpers.flux_files import (
    daylight,
    fluxnet_frame,
    half_hours,
    stamps,
    write_frame,
    write_lines,
)
from helpers.shared import shared_file


@pytest.fixture
def fluxnet(tmp_path: Path) -> Path:
    return write_frame(
        tmp_path / "FLX_CN-Cha_FLUXNET2015_SUBSET_HH_2005-2005_1-4.csv", fluxnet_frame()
    )


def ameriflux_frame(days: int = 4) -> pd.DataFrame:
    times = half_hours("2024-06-24", days * 48)
    return pd.DataFrame(
        {
            **stamps(times),
            "TA_1_1_1": 20.0,
            "TA_1_2_1": 19.0,
            "RH_1_1_1": 40.0,
            "PA": 83.5,
            "USTAR": 0.3,
            "MO_LENGTH": -21.7,
            "V_SIGMA": 0.9,
            "WD": 83.8,
            "WS": 3.1,
            "PBLH_F": 1500.0,
            "SW_IN": daylight(times, 12.4),
            "FC": -4.0,
            "FC_SSITC_TEST": 1,
        }
    )


class TestFluxnet:
    def test_units_and_names_are_those_of_the_vocabulary(self, fluxnet: Path) -> None:
        dataset = read_flux_table(fluxnet)
        for name, array in dataset.data_vars.items():
            if str(name) in VARIABLES:
                assert array.attrs["units"] == VARIABLES[str(name)].units
        assert dataset["air_temperature"].to_numpy()[0] == pytest.approx(288.15)
        assert dataset["air_pressure"].to_numpy()[0] == pytest.approx(93000.0)
        assert dataset["vapour_pressure_deficit"].to_numpy()[0] == pytest.approx(500.0)
        assert dataset["soil_water_content"].to_numpy()[0] == pytest.approx(0.31)

    def test_rain_of_a_half_hour_becomes_a_rate(self, fluxnet: Path) -> None:
        rain = read_flux_table(fluxnet)["precipitation_flux"]
        assert float(rain.max()) == pytest.approx(1.8 / 1800)
        assert float(rain.sum() * 1800) == pytest.approx(18.0)

    def test_times_are_utc_and_start_of_step(self, fluxnet: Path) -> None:
        dataset = read_flux_table(fluxnet)
        assert dataset["time"].to_numpy()[0] == np.datetime64("2005-05-31T16:00")
        assert dataset.attrs["time_reference"] == "start of step, UTC"
        assert dataset.attrs["utc_offset_hours"] == 8.0
        assert dataset.attrs["time_step_seconds"] == 1800
        assert dataset["time"].dtype == "datetime64[ns]"

    def test_quality_flags_stand_beside_their_variable(self, fluxnet: Path) -> None:
        dataset = read_flux_table(fluxnet)
        flags = dataset["net_ecosystem_exchange_quality"]
        assert flags.dtype == np.int8
        assert flags.to_numpy()[:5].tolist() == [0, 1, 2, 3, 0]
        assert dataset["sensible_heat_flux_quality"].to_numpy()[0] == 3
        # GPP has no flag of its own and inherits that of NEE.
        assert dataset["gross_primary_production_quality"].equals(flags) or np.array_equal(
            dataset["gross_primary_production_quality"], flags
        )

    def test_attributes_say_which_latent_heat_flux_was_taken(self, fluxnet: Path) -> None:
        plain = read_flux_table(fluxnet)
        corrected = read_flux_table(fluxnet, energy_balance_corrected=True)
        assert plain["latent_heat_flux"].attrs["source_column"] == "LE_F_MDS"
        assert "not closed" in json.loads(plain.attrs["notes"])["latent_heat_flux"]
        assert corrected["latent_heat_flux"].attrs["source_column"] == "LE_CORR"
        assert float(corrected["latent_heat_flux"].max()) > float(plain["latent_heat_flux"].max())

    def test_an_empty_corrected_flux_falls_back_to_the_measured_one(self, tmp_path: Path) -> None:
        frame = fluxnet_frame().assign(LE_CORR=np.nan)
        path = write_frame(tmp_path / "FLX_CN-Cha_HH.csv", frame)
        dataset = read_flux_table(path, energy_balance_corrected=True)
        assert dataset["latent_heat_flux"].attrs["source_column"] == "LE_F_MDS"

    def test_night_time_partitioning_goes_first(self, fluxnet: Path) -> None:
        dataset = read_flux_table(fluxnet)
        assert dataset["gross_primary_production"].attrs["source_column"] == "GPP_NT_VUT_REF"
        assert dataset["ecosystem_respiration"].attrs["source_column"] == "RECO_NT_VUT_REF"

    def test_columns_read_and_left_out_are_listed(self, fluxnet: Path) -> None:
        attrs = read_flux_table(fluxnet).attrs
        recognised = json.loads(attrs["columns_recognised"])
        assert recognised["TA_F"] == "air_temperature"
        assert set(json.loads(attrs["columns_ignored"])) == {"LE_CORR", "GPP_DT_VUT_REF"}

    def test_provenance_is_complete(self, fluxnet: Path) -> None:
        attrs = read_flux_table(fluxnet).attrs
        assert attrs["data_status"] == "observed"
        assert len(attrs["input_sha256"]) == 64
        assert attrs["site"] == "CN-Cha"
        assert attrs["table_format"] == "fluxnet2015"

    def test_a_fullset_is_told_from_a_subset(self, tmp_path: Path, fluxnet: Path) -> None:
        frame = fluxnet_frame().assign(TA_ERA=14.0, TA_F_MDS=15.0)
        full = read_flux_table(write_frame(tmp_path / "FLX_CN-Cha_FULLSET.csv", frame))
        assert "FULLSET" in full.attrs["source"]
        assert "SUBSET" in read_flux_table(fluxnet).attrs["source"]

    def test_hourly_files_are_read(self, tmp_path: Path) -> None:
        times = half_hours("2005-06-01", 48, minutes=60)
        frame = pd.DataFrame({**stamps(times, 60), "NEE_VUT_REF": 1.0, "P_F": 3.6})
        dataset = read_flux_table(write_frame(tmp_path / "FLX_CN-Cha_HR.csv", frame))
        assert dataset.attrs["time_step_seconds"] == 3600
        assert float(dataset["precipitation_flux"].max()) == pytest.approx(1e-3)

    def test_compressed_files_are_read(self, fluxnet: Path) -> None:
        packed = fluxnet.with_suffix(".csv.gz")
        packed.write_bytes(gzip.compress(fluxnet.read_bytes()))
        assert read_flux_table(packed).sizes == read_flux_table(fluxnet).sizes


class TestCalendarSteps:
    @pytest.mark.parametrize(
        ("stamp_columns", "duration", "carbon_per_day"),
        [
            ({"TIMESTAMP": ["20050601", "20050602", "20050603"]}, "P1D", 1.0),
            ({"TIMESTAMP": ["200501", "200502", "200503"]}, "P1M", 1.0),
            (
                {
                    "TIMESTAMP_START": ["20050101", "20050108", "20050115"],
                    "TIMESTAMP_END": ["20050107", "20050114", "20050121"],
                },
                "P7D",
                1.0,
            ),
            ({"TIMESTAMP": ["2003", "2004", "2005"]}, "P1Y", None),
        ],
    )
    def test_daily_to_yearly_files_convert_carbon_and_rain(
        self, tmp_path, stamp_columns, duration, carbon_per_day
    ) -> None:
        frame = pd.DataFrame(
            {**stamp_columns, "NEE_VUT_REF": 10.0, "NEE_VUT_REF_QC": 0.9, "P_F": 2.0}
        )
        dataset = read_flux_table(write_frame(tmp_path / "FLX_CN-Cha_X.csv", frame))
        assert dataset.attrs["time_step"] == duration
        # 1 g C m-2 d-1 is 0.9637 umol m-2 s-1; yearly files give sums, over 365 and 366 days.
        wanted = 10.0 * 0.963649 if carbon_per_day else 10.0 * 0.963649 / np.array([365, 366, 365])
        np.testing.assert_allclose(dataset["net_ecosystem_exchange"], wanted, rtol=1e-5)
        wanted_rain = 2.0 / 86400 if carbon_per_day else 2.0 / 86400 / np.array([365, 366, 365])
        np.testing.assert_allclose(dataset["precipitation_flux"], wanted_rain, rtol=1e-9)

    def test_quality_becomes_a_share_and_dates_stay_local(self, tmp_path: Path) -> None:
        frame = pd.DataFrame(
            {"TIMESTAMP": ["20050601", "20050602"], "NEE_VUT_REF": 1.0, "NEE_VUT_REF_QC": 0.75}
        )
        dataset = read_flux_table(write_frame(tmp_path / "FLX_CN-Cha_DD.csv", frame))
        assert "net_ecosystem_exchange_quality" not in dataset
        assert dataset["net_ecosystem_exchange_measured_share"].to_numpy()[0] == 0.75
        assert dataset["time"].to_numpy()[0] == np.datetime64("2005-06-01")
        assert "calendar" in dataset.attrs["time_reference"]

    def test_real_monthly_tables_agree_with_their_source(self, tmp_path: Path) -> None:
        frame = pd.read_parquet(shared_file("data/fluxnet2015_monthly.parquet"))
        for site in ("CN-Cha", "CN-Din", "DE-Hai", "US-MMS"):
            table = frame[frame["site"] == site].drop(columns="site").dropna(axis=1, how="all")
            path = write_frame(tmp_path / f"FLX_{site}_MM.csv", table)
            dataset = read_flux_table(path)
            measured = table["LE_F_MDS"].replace(-9999, np.nan).to_numpy()
            np.testing.assert_allclose(dataset["latent_heat_flux"], measured, rtol=1e-12)
            temperature = table["TA_F"].replace(-9999, np.nan).to_numpy() + 273.15
            np.testing.assert_allclose(dataset["air_temperature"], temperature, rtol=1e-12)


class TestAmeriflux:
    def test_comments_qualifiers_and_units(self, tmp_path: Path) -> None:
        path = write_frame(tmp_path / "AMF_US-UTE_BASE_HH_1-5.csv", ameriflux_frame())
        path.write_text("# Site: US-UTE\n# Version: 1-5\n" + path.read_text())
        dataset = read_flux_table(path, utc_offset_hours=-7)
        assert dataset["air_temperature"].attrs["source_column"] == "TA_1_1_1"
        assert dataset["relative_humidity"].to_numpy()[0] == pytest.approx(0.4)
        assert dataset["obukhov_length"].to_numpy()[0] == -21.7
        assert dataset["lateral_velocity_std"].to_numpy()[0] == 0.9
        assert dataset["boundary_layer_height"].to_numpy()[0] == 1500.0
        assert dataset["time"].to_numpy()[0] == np.datetime64("2024-06-24T07:00")
        assert dataset.attrs["site"] == "US-UTE"

    def test_measured_columns_go_before_filled_ones(self, tmp_path: Path) -> None:
        frame = ameriflux_frame().assign(TA_PI_F_1_1_1=5.0, TA_F=6.0)
        dataset = read_flux_table(write_frame(tmp_path / "US-UTE.csv", frame), utc_offset_hours=-7)
        assert dataset["air_temperature"].attrs["source_column"] == "TA_1_1_1"

    def test_an_empty_first_position_gives_way_to_the_next(self, tmp_path: Path) -> None:
        frame = ameriflux_frame().assign(TA_1_1_1=np.nan)
        dataset = read_flux_table(write_frame(tmp_path / "US-UTE.csv", frame), utc_offset_hours=-7)
        assert dataset["air_temperature"].attrs["source_column"] == "TA_1_2_1"

    def test_deviations_and_tests_are_not_taken_for_the_variable(self, tmp_path: Path) -> None:
        frame = ameriflux_frame().rename(columns={"FC": "FC_SIGMA"})
        dataset = read_flux_table(write_frame(tmp_path / "US-UTE.csv", frame), utc_offset_hours=-7)
        assert "net_ecosystem_exchange" not in dataset

    def test_year_day_hour_of_the_end_of_the_step(self, tmp_path: Path) -> None:
        hours = [f"2011,1,{0.5 * i:g},0.3,3.1,2" for i in range(1, 49)]
        path = write_lines(tmp_path / "x.csv", ["YR,DOY,HR,USTAR_1,WS_1,zm_1", *hours])
        dataset = read_flux_table(path, utc_offset_hours=-5)
        assert dataset["time"].to_numpy()[0] == np.datetime64("2011-01-01T05:00")
        assert dataset.attrs["measurement_height"] == 2.0

    def test_heights_given_go_before_those_in_the_file(self, tmp_path: Path) -> None:
        hours = [f"2011,1,{0.5 * i:g},0.3,3.1,2" for i in range(1, 49)]
        path = write_lines(tmp_path / "x.csv", ["YR,DOY,HR,USTAR_1,WS_1,zm_1", *hours])
        dataset = read_flux_table(
            path, utc_offset_hours=-5, measurement_height=3.5, canopy_height=0.3
        )
        assert dataset.attrs["measurement_height"] == 3.5
        assert dataset.attrs["canopy_height"] == 0.3


class TestGeneric:
    def test_names_of_the_vocabulary_and_units_in_the_header(self, tmp_path: Path) -> None:
        lines = ["time,air_temperature [degC],wind_speed"]
        lines += [f"2014-06-01T{h:02d}:00:00Z,20.0,3.0" for h in range(24)]
        dataset = read_flux_table(write_lines(tmp_path / "x.csv", lines))
        assert dataset["air_temperature"].to_numpy()[0] == pytest.approx(293.15)
        assert dataset.attrs["utc_offset_hours"] == 0.0
        assert dataset["time"].to_numpy()[0] == np.datetime64("2014-06-01T00:00")

    def test_times_with_an_offset_become_utc(self, tmp_path: Path) -> None:
        lines = ["time,wind_speed"]
        lines += [f"2014-06-01T{h:02d}:00:00+08:00,3.0" for h in range(24)]
        dataset = read_flux_table(write_lines(tmp_path / "x.csv", lines))
        assert dataset["time"].to_numpy()[0] == np.datetime64("2014-05-31T16:00")

    def test_a_table_without_known_columns_is_refused(self, tmp_path: Path) -> None:
        lines = ["time,colour", "2014-06-01T00:00,red", "2014-06-01T01:00,blue"]
        with pytest.raises(MissingVariableError, match=r"no known column.*colour"):
            read_flux_table(write_lines(tmp_path / "x.csv", lines))


class TestTimeAxis:
    def test_a_gap_is_filled_with_missing_values(self, tmp_path: Path) -> None:
        frame = fluxnet_frame().drop(index=range(100, 120))
        dataset = read_flux_table(write_frame(tmp_path / "FLX_CN-Cha.csv", frame))
        assert dataset.sizes["time"] == 480
        assert dataset.attrs["steps_filled"] == 20
        assert np.isnan(dataset["air_temperature"].to_numpy()[100:120]).all()
        assert (dataset["air_temperature_quality"].to_numpy()[100:120] == -1).all()
        assert (np.diff(dataset["time"]) == np.timedelta64(30, "m")).all()

    def test_the_offset_is_needed_where_nothing_tells_it(self, tmp_path: Path) -> None:
        path = write_frame(tmp_path / "AMF_US-UTE.csv", ameriflux_frame())
        with pytest.raises(MissingVariableError, match="utc_offset_hours"):
            read_flux_table(path)

    def test_local_time_may_be_kept_on_demand_and_says_so(self, tmp_path: Path) -> None:
        path = write_frame(tmp_path / "AMF_US-UTE.csv", ameriflux_frame())
        dataset = read_flux_table(path, local_time_allowed=True)
        assert "unknown offset" in dataset.attrs["time_reference"]
        with pytest.raises(FileFormatError, match="needs times in UTC"):
            require_utc(dataset, where="the model")

    def test_the_offset_is_seen_in_the_radiation(self, tmp_path: Path) -> None:
        path = write_frame(tmp_path / "AMF_US-UTE.csv", ameriflux_frame())
        dataset = read_flux_table(path, longitude=-111.57)
        assert dataset.attrs["utc_offset_hours"] == -7.0
        require_utc(dataset, where="the model")

    def test_a_contradicted_offset_is_refused(self, tmp_path: Path) -> None:
        # The table claims a Chinese site but its sun stands highest at 20:00.
        path = write_frame(tmp_path / "FLX_CN-Cha.csv", fluxnet_frame(noon=20.0))
        with pytest.raises(FileFormatError, match="centred on 20:00"):
            read_flux_table(path, longitude=128.1)

    def test_western_china_on_beijing_time_is_accepted(self, tmp_path: Path) -> None:
        # At 81 E the sun culminates at 14:36 Beijing time.
        path = write_frame(tmp_path / "FLX_CN-Ali.csv", fluxnet_frame(noon=14.6))
        assert read_flux_table(path, longitude=81.0).attrs["utc_offset_hours"] == 8.0

    def test_heights_and_offset_must_be_possible(self, tmp_path: Path) -> None:
        path = write_frame(tmp_path / "FLX_CN-Cha.csv", fluxnet_frame())
        with pytest.raises(OutOfBoundsError, match="-12 to 14"):
            read_flux_table(path, utc_offset_hours=480)


class TestRealFiles:
    def test_every_footprint_file_is_read(self) -> None:
        wanted = {
            "footprint_US-UTE_2024.csv": ("ameriflux", 4463),
            "footprint_US-CRT_2011.csv": ("ameriflux", 17520),
            "footprint_US-Oho_2011.csv": ("ameriflux", 17520),
            "footprint_Harwood_2014_eddypro_full_output.csv": ("eddypro", 1619),
        }
        for name, (table_format, rows) in wanted.items():
            dataset = read_flux_table(shared_file(f"data/{name}"), local_time_allowed=True)
            assert dataset.attrs["table_format"] == table_format
            assert dataset.attrs["rows_read"] == rows
            for needed in ("friction_velocity", "obukhov_length", "wind_from_direction"):
                assert needed in dataset

    def test_vielsalm_is_read_in_central_european_time(self) -> None:
        dataset = read_flux_table(shared_file("data/BE-Vie_2014_halfhourly.csv"), longitude=6.0)
        assert dataset.attrs["utc_offset_hours"] == 1.0
        assert dataset.sizes["time"] == 17520
        assert float(dataset["air_temperature"].mean()) == pytest.approx(9.646 + 273.15, abs=0.01)
        assert float(dataset["leaf_area_index"].max()) == pytest.approx(2.7757, abs=1e-4)


def test_a_year_of_a_hundred_columns_is_read_within_a_second(tmp_path: Path) -> None:
    times = half_hours("2005-01-01", 17520)
    extra = {f"TS_F_MDS_{i}": 10.0 + i / 7 for i in range(2, 72)}
    frame = pd.concat(
        [
            fluxnet_frame("2005-01-01", 365),
            pd.DataFrame(extra, index=range(17520)),
        ],
        axis=1,
    )
    assert len(times) == len(frame)
    assert frame.shape[1] == 100
    path = write_frame(tmp_path / "FLX_CN-Cha_FULLSET_HH.csv", frame)
    walls = []
    for _ in range(2):
        start = time.process_time()
        read_flux_table(path)
        walls.append(time.process_time() - start)
    assert min(walls) < 1.0


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", ";").replace(".", ","),
        lambda text: text.replace(",", "\t"),
        lambda text: "\ufeff" + text.replace(",", ";"),
    ],
    ids=["semicolons", "decimal commas", "tabs", "byte-order mark"],
)
def test_spreadsheets_of_other_countries_are_read_alike(
    tmp_path: Path, write: Callable[[str], str]
) -> None:
    rows = [
        f"201207010{h}00,201207010{h}30,0.{h + 2}5,-60.5,{h * 40}.5,3.0,0.6" for h in range(1, 8)
    ]
    text = "\n".join(["TIMESTAMP_START,TIMESTAMP_END,USTAR,MO_LENGTH,WD,WS,V_SIGMA", *rows]) + "\n"
    tables = []
    for name, content in (("plain.csv", text), ("other.csv", write(text))):
        (tmp_path / name).write_text(content, encoding="utf-8")
        tables.append(read_flux_table(tmp_path / name, utc_offset_hours=8.0))
    plain, other = tables
    for name in plain.data_vars:
        assert np.array_equal(plain[name].to_numpy(), other[name].to_numpy(), equal_nan=True)
