"""Legends, and land cover by source area and surroundings."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from fluxscape.errors import FileFormatError, OutOfBoundsError
from fluxscape.representativeness import (
    LEGENDS,
    Limits,
    cover_profile,
    find_legend,
    guess_legend,
)
from fluxscape.representativeness._plain import plain
from fluxscape.representativeness.legends import GROUPS, PLANT_FUNCTIONAL_TYPES
from fluxscape.towers import IGBP_CLASSES
from helpers.fields import PLACE, round_footprint, surface

NEAR = {"radii": (250.0, 1000.0), "sides": (500.0,)}


class Grassland:
    """A tower that says what it stands for."""

    latitude, longitude, igbp = PLACE.latitude, PLACE.longitude, "GRA"


def test_igbp_codes_are_those_of_the_towers() -> None:
    legend = LEGENDS["igbp"]
    assert [legend.plant_functional_type(i) for i in range(1, 18)] == list(IGBP_CLASSES)
    assert legend.plant_functional_type(0) == "WAT"


def test_every_class_has_a_known_plant_functional_type_in_one_group() -> None:
    members = [kind for types in GROUPS.values() for kind in types]
    assert sorted(members) == sorted(PLANT_FUNCTIONAL_TYPES)
    for legend in LEGENDS.values():
        assert {kind for _, kind in legend.classes.values()} <= set(members)
        assert not set(legend.classes) & set(legend.missing)


@pytest.mark.parametrize(
    ("legend", "kind", "codes"),
    [
        ("igbp", "GRA", (10,)),
        ("worldcover", "ENF", (10, 95)),
        ("worldcover", "SAV", ()),
        ("cci", "ENF", (70, 71, 72)),
        ("cci", "CSH", (120, 121, 122)),
        ("from-glc", "DNF", (24,)),
        ("from-glc", "EBF", (20, 21, 22, 23, 24, 25, 26)),
    ],
)
def test_target_is_found_in_fine_and_coarse_legends(
    legend: str, kind: str, codes: tuple[int, ...]
) -> None:
    assert LEGENDS[legend].codes_of(kind) == codes


def test_legend_is_guessed_when_only_one_fits() -> None:
    assert guess_legend([1, 10, 12, 17]).name == "igbp"
    assert guess_legend([10, 30, 95]).name == "worldcover"
    assert guess_legend([71, 130, 210]).name == "cci"
    assert guess_legend([12, 32, 101]).name == "from-glc"


def test_ambiguous_codes_are_refused_and_the_legends_named() -> None:
    with pytest.raises(OutOfBoundsError, match=r"worldcover, cci, from-glc.*name the legend"):
        guess_legend([10, 20, 30])


def test_codes_of_no_legend_name_what_is_unknown() -> None:
    with pytest.raises(OutOfBoundsError, match="nearest is igbp, which lacks 999"):
        guess_legend([1, 2, 3, 999])


def test_unknown_legend_suggests_a_name() -> None:
    with pytest.raises(OutOfBoundsError, match="Did you mean 'worldcover'"):
        find_legend("worldcovr")
    assert find_legend("ESA WorldCover").name == "worldcover"


def test_unknown_plant_functional_type_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="no plant functional type 'XYZ'"):
        LEGENDS["igbp"].codes_of("XYZ")


def test_code_outside_the_named_legend_names_code_and_legend() -> None:
    strange = surface(lambda x, _y: np.where(x > 300.0, 33.0, 10.0), name="cover")
    with pytest.raises(OutOfBoundsError, match="cover: code 33 is not in the legend worldcover"):
        cover_profile(round_footprint(), strange, legend="worldcover", **NEAR)


def test_index_given_as_land_cover_is_refused() -> None:
    index = surface(lambda x, _y: 0.5 + 1e-5 * x)
    with pytest.raises(FileFormatError, match="whole numbers; is it a vegetation index"):
        cover_profile(round_footprint(), index, legend="igbp", **NEAR)


def test_shares_grow_with_the_source_area_and_the_target_is_the_towers() -> None:
    island = surface(lambda x, y: np.where(np.hypot(x, y) < 100.0, 10.0, 5.0), name="cover")
    found = cover_profile(
        round_footprint(captured=0.95), island, Grassland(), legend="igbp", **NEAR
    )
    assert (found.target, found.target_codes, found.dominant) == ("GRA", (10,), 10)
    shares = found.table["source_area_target_share"].to_numpy()
    assert (np.diff(shares) <= 1e-12).all()
    assert shares[0] == pytest.approx(1.0)
    assert found.table["footprint_share"].sum() == pytest.approx(1.0)
    assert found.homogeneity == "homogeneous"
    assert found.target_share == pytest.approx(shares[3])


def test_surroundings_unlike_the_footprint_are_low() -> None:
    island = surface(lambda x, y: np.where(np.hypot(x, y) < 320.0, 10.0, 5.0), name="cover")
    found = cover_profile(round_footprint(), island, legend="igbp", **NEAR)
    assert found.table["disc_level"].to_numpy().tolist() == ["high", "low"]
    assert found.table["disc_p_value"].to_numpy()[1] < 1e-6
    assert found.table["disc_degrees_of_freedom"].to_numpy().tolist() == [0, 1]
    assert found.target == "dominant"


def test_chi_square_does_not_depend_on_the_maps_pixels() -> None:
    made = []
    for step, cells in ((10.0, 301), (30.0, 101)):
        halves = surface(lambda x, _y: np.where(x < 15.0, 10.0, 12.0), step=step, cells=cells)
        found = cover_profile(
            round_footprint(), halves.rename("cover"), legend="igbp", radii=(600.0,), sides=(900.0,)
        )
        made.append(float(found.table["disc_chi_square"][0]))
    assert made[0] == pytest.approx(made[1], rel=0.02)


def test_source_area_beyond_the_grid_is_unknown() -> None:
    flat = surface(lambda x, _y: np.full_like(x, 10.0), name="cover")
    found = cover_profile(round_footprint(captured=0.75), flat, legend="igbp", **NEAR)
    shares = found.table["source_area_target_share"].to_numpy()
    assert np.isfinite(shares).tolist() == [True, True, True, False, False]
    assert found.target_share == pytest.approx(1.0)


def test_missing_pixels_and_codes_lower_the_valid_share_and_not_the_shares() -> None:
    holed = surface(
        lambda _x, y: np.where(y < -20.0, 0.0, np.where(y < 0.0, np.nan, 20.0)), name="cover"
    )
    found = cover_profile(round_footprint(), holed, legend="worldcover", **NEAR)
    assert found.valid_share == pytest.approx(0.5, abs=0.07)
    assert math.isnan(found.target_share)
    assert found.table["footprint_share"].to_numpy().tolist() == [1.0]
    lenient = Limits.from_dict({"least_valid": 0.3})
    again = cover_profile(round_footprint(), holed, legend="worldcover", limits=lenient, **NEAR)
    assert again.target_share == 1.0


def test_map_of_missing_codes_only_is_refused() -> None:
    empty = surface(lambda x, _y: np.zeros_like(x), name="cover")
    with pytest.raises(OutOfBoundsError, match="every pixel around the tower is missing"):
        cover_profile(round_footprint(), empty, legend="worldcover", **NEAR)


def test_raster_may_name_its_legend() -> None:
    flat = surface(lambda x, _y: np.full_like(x, 30.0), name="cover", legend="worldcover")
    assert cover_profile(round_footprint(), flat, **NEAR).legend == "worldcover"


def test_target_that_the_legend_lacks_is_refused_only_if_asked_for() -> None:
    flat = surface(lambda x, _y: np.full_like(x, 30.0), name="cover")
    with pytest.raises(OutOfBoundsError, match="has no class for 'SAV'"):
        cover_profile(round_footprint(), flat, legend="worldcover", target="SAV", **NEAR)

    class Savanna(Grassland):
        igbp = "SAV"

    found = cover_profile(round_footprint(), flat, Savanna(), legend="worldcover", **NEAR)
    assert found.target == "dominant"
    coded = cover_profile(round_footprint(), flat, legend="worldcover", target=30, **NEAR)
    assert (coded.target, coded.target_codes) == ("30", (30,))


def test_profile_becomes_json() -> None:
    flat = surface(lambda x, _y: np.full_like(x, 30.0), name="cover")
    found = cover_profile(round_footprint(captured=0.7), flat, legend="worldcover", **NEAR)
    text = json.dumps(plain(found.to_dict()), allow_nan=False)
    assert json.loads(text)["source_area_target_share"][-1] is None
