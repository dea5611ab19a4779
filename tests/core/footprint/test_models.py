"""The family of models: reconstruction, variants, provenance, rules as data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError
from fluxscape.footprint import (
    MODELS,
    VARIANTS,
    compare_models,
    differences,
    find_model,
    footprint,
    footprint_climatology,
    point_footprint,
)
from fluxscape.footprint.hsieh import decay_length, length_scale
from fluxscape.footprint.models import find_models
from fluxscape.footprint.plume import spread, spread_slope
from fluxscape.footprint.safe_f import SAFE_F, match_by_least_squares, time_scale
from fluxscape.footprint.stack import stack_fields
from helpers.footprints import SITE, make_records, varied_records

GIVEN = {
    "height": 20.0,
    "roughness_length": 0.1,
    "wind_speed": 5.0,
    "friction_velocity": 0.4,
    "obukhov_length": -50.0,
    "lateral_velocity_std": 0.6,
    "boundary_layer_height": 1000.0,
}
ALL = MODELS | VARIANTS


def test_analytic_member_of_the_family_is_kormann_and_meixner() -> None:
    one, other = (point_footprint(name, **GIVEN) for name in ("safe-f-analytic", "km01"))
    for key in ("x_peak", "x_50", "x_90", "x_peak_axis"):
        assert one[key] == pytest.approx(other[key], rel=1e-12)


def test_reconstruction_says_so_in_every_product() -> None:
    assert SAFE_F.provenance == "reconstruction after Chen et al. 2009"
    field = footprint_climatology(make_records(), **SITE, model="safe-f", extent=50.0)
    assert field.attrs["model_provenance"] == SAFE_F.provenance
    assert point_footprint("safe-f", **GIVEN)["provenance"] == SAFE_F.provenance


def test_least_squares_recovers_the_power_laws_of_neutral_air() -> None:
    # Neutral K = k u* z is a power law with n = 1 exactly, whatever the layer.
    laws = match_by_least_squares(20.0, 5.3, 0.4, 1e9, 0.4)
    assert laws.diffusivity_exponent == pytest.approx(1.0, abs=1e-6)
    assert laws.diffusivity == pytest.approx(0.4 * 0.4 * 20.0, rel=1e-6)
    assert laws.wind == pytest.approx(5.3, rel=0.12)
    assert 0.1 < laws.wind_exponent < 0.4


def test_least_squares_over_no_layer_falls_back_to_the_instrument() -> None:
    # A calm wind implies a roughness as large as the height.
    laws = match_by_least_squares(2.0, 0.1, 0.4, 1e9, 0.4)
    assert laws.wind == 0.1


def test_draxlers_spread_is_the_smaller_the_longer_the_plume_travels() -> None:
    plain, draxler = (
        find_model(name).plume(*GIVEN.values(), 0.4) for name in ("safe-f", "safe-f-draxler")
    )
    ratios = [
        spread(draxler, find_model("safe-f-draxler").spread_kind, x)
        / spread(plain, SAFE_F.spread_kind, x)
        for x in (1.0, 100.0, 3000.0)
    ]
    assert ratios[0] > 0.9
    assert ratios == sorted(ratios, reverse=True)


def test_time_scale_is_longer_in_convective_air() -> None:
    assert time_scale(20.0, -50.0, 0.6, 1000.0) > time_scale(20.0, 50.0, 0.6, 1000.0)


@pytest.mark.parametrize("name", ALL)
def test_spread_is_concave_as_the_fast_loop_needs(name: str) -> None:
    model = find_model(name)
    for length in (-5.0, -50.0, 1e6, 100.0, 20.0):
        inputs = GIVEN | {"obukhov_length": length, "wind_speed": math.nan}
        plume = model.plume(*inputs.values(), 0.4)
        x = np.geomspace(0.1, 1e4, 200).tolist()
        slopes = [
            spread(plume, model.spread_kind, d) / d * spread_slope(plume, model.spread_kind, d)
            for d in x
        ]
        assert (np.diff(slopes) <= 1e-12).all()


@pytest.mark.parametrize("name", ALL)
def test_rules_and_needs_are_data_with_words(name: str) -> None:
    model = find_model(name)
    assert model.reference
    assert "doi:" in model.reference
    assert len({rule.reason for rule in model.rules}) == len(model.rules)
    for rule in model.rules:
        assert rule.description
        assert rule.lower < rule.upper


def test_hsieh_switches_class_at_four_per_cent() -> None:
    height, roughness = 20.0, 0.1
    zu = length_scale(height, roughness)
    neutral = decay_length(height, roughness, zu / 0.0399, 0.4)
    assert neutral == pytest.approx(0.97 * zu / 0.16)
    # The published scale jumps there, on either side.
    for beyond in (zu / 0.0401, -zu / 0.0401):
        assert decay_length(height, roughness, beyond, 0.4) != pytest.approx(neutral, rel=0.01)


def test_hsieh_takes_its_roughness_from_the_wind_where_it_is_absent() -> None:
    known = point_footprint("hsieh", **GIVEN)
    implied = point_footprint("hsieh", **(GIVEN | {"roughness_length": math.nan}))
    assert implied["x_80"] > 0.0
    assert implied["x_80"] != known["x_80"]


def test_hsieh_needs_an_instrument_above_the_roughness() -> None:
    with pytest.raises(OutOfBoundsError, match="no solution"):
        point_footprint("hsieh", **(GIVEN | {"roughness_length": 25.0}))


def test_horst_and_weil_lie_near_kormann_and_meixner() -> None:
    for length in (-50.0, 1e6, 200.0):
        given = GIVEN | {"obukhov_length": length, "wind_speed": math.nan}
        fsam, km01 = (point_footprint(name, **given) for name in ("fsam", "km01"))
        assert fsam["x_peak"] == pytest.approx(km01["x_peak"], rel=0.25)
        assert fsam["x_50"] == pytest.approx(km01["x_50"], rel=0.35)
        assert 0.95 < fsam["total"] < 1.06


def test_horst_and_weil_need_a_roughness() -> None:
    with pytest.raises(OutOfBoundsError, match="roughness_length"):
        point_footprint("fsam", **(GIVEN | {"roughness_length": math.nan}))


def test_several_models_are_found_by_one_text() -> None:
    assert [model.name for model in find_models("all")] == ["safe-f", "km01", "ffp", "hsieh"]
    assert [model.name for model in find_models("ffp, km01")] == ["ffp", "km01"]


@pytest.mark.parametrize("model", ALL)
def test_footprint_of_a_record_equals_its_climatology(model: str) -> None:
    record = footprint(
        model,
        {
            "height": 5.0,
            "roughness_length": 0.05,
            "wind_speed": 3.5,
            "friction_velocity": 0.4,
            "obukhov_length": -50.0,
            "lateral_velocity_std": 0.8,
            "boundary_layer_height": 1000.0,
            "wind_from_direction": 200.0,
        },
        resolution=4.0,
        extent=200.0,
    )
    field = footprint_climatology(make_records(), **SITE, model=model, extent=200.0)
    expected = field["footprint"].to_numpy()
    assert np.abs(record["footprint"].to_numpy() - expected).max() < 1e-4 * expected.max()
    assert record.attrs["captured_fraction"] == pytest.approx(field.attrs["captured_fraction"])
    assert record["cumulative_share"].to_numpy()[-1] < 1.002
    assert np.argmax(record["crosswind_integrated"].to_numpy()) > 0


def test_footprint_of_a_record_chooses_its_own_grid() -> None:
    inputs = GIVEN | {"wind_from_direction": 30.0}
    record = footprint("ffp", inputs)
    step = float(record["x"][1] - record["x"][0])
    assert step <= record.attrs["x_peak"] / 5.0
    assert float(record["x"][-1]) >= record.attrs["x_80"]


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"wind_from_direction": math.nan}, "wind_from_direction"),
        ({"lateral_velocity_std": math.nan}, "lateral_velocity_std"),
        ({"wind_form_direction": 3.0}, "Did you mean 'wind_from_direction'"),
    ],
)
def test_footprint_of_an_incomplete_record_is_refused(
    changes: dict[str, float], match: str
) -> None:
    with pytest.raises(MissingVariableError, match=match):
        footprint("ffp", GIVEN | {"wind_from_direction": 30.0} | changes)


def test_models_compared_share_one_grid() -> None:
    seen: list[float] = []
    fields = compare_models(
        varied_records(20),
        "ffp,hsieh",
        **SITE,
        resolution="auto",
        extent="auto",
        on_progress=lambda fraction, _: seen.append(fraction),
    )
    assert seen == sorted(seen)
    assert fields["ffp"]["x"].equals(fields["hsieh"]["x"])
    apart = differences(fields)["ffp-hsieh"]
    assert 0.0 < apart["overlap"] < 1.0
    sums = sum(field.attrs["sum"] for field in fields.values())
    # |a - b| = a + b - 2 min(a, b).
    assert apart["l1"] == pytest.approx(sums - 2.0 * apart["overlap"], rel=1e-6)
    stack = stack_fields(fields, "model")
    assert stack["footprint"].dims == ("model", "y", "x")
    assert list(stack["n_used"].to_numpy()) == [fields[m].attrs["n_used"] for m in fields]


def test_model_compared_with_itself_overlaps_fully() -> None:
    field = footprint_climatology(varied_records(5), **SITE, extent=200.0)
    apart = differences({"one": field, "two": field})["one-two"]
    assert apart["overlap"] == pytest.approx(field.attrs["sum"])
    assert apart["l1"] == 0.0


def test_different_grids_are_not_compared() -> None:
    one, two = (
        footprint_climatology(make_records(), **SITE, extent=extent) for extent in (50.0, 60.0)
    )
    with pytest.raises(DimsError, match="grids"):
        differences({"one": one, "two": two})
