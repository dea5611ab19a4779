"""Images that cannot be fused: the error says what was found and what was wanted."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError, UnitsError
from fluxscape.fusion import ImagePair, fuse
from helpers.fusion import image, landscape, on_fine_grid

LEVEL, SEASON = landscape(24)
FINE = image(LEVEL)
COARSE = image(on_fine_grid(LEVEL, 6))
WANTED = image(on_fine_grid(LEVEL + SEASON, 6))
SMALL = {"window": 5}


def make(fine=FINE, coarse=COARSE, wanted=WANTED, **options):
    return fuse([ImagePair(fine, coarse)], wanted, **({"parameters": SMALL} | options))


def test_pairs_of_unequal_extent_are_refused_with_both_extents() -> None:
    short = image(np.ones((3, 4)), pixel=180.0)
    with pytest.raises(DimsError, match=r"does not cover .*: along y .* 4000000 to 4000540"):
        make(wanted=short)
    shifted = image(LEVEL, west=500_030.0)
    with pytest.raises(DimsError, match="must share one grid"):
        fuse([ImagePair(FINE, COARSE), ImagePair(shifted, COARSE)], WANTED)


def test_pairs_of_unequal_reference_systems_are_refused_with_both_names() -> None:
    with pytest.raises(DimsError, match=r"EPSG:32651.*EPSG:32650.*gdalwarp"):
        make(coarse=image(COARSE.to_numpy(), crs="EPSG:32651"))
    with pytest.raises(DimsError, match="no reference system"):
        make(wanted=image(WANTED.to_numpy(), crs=""))


def test_the_same_reference_system_in_other_words_is_the_same() -> None:
    from pyproj import CRS  # noqa: PLC0415

    other = image(WANTED.to_numpy(), crs=CRS("EPSG:32650").to_wkt())
    np.testing.assert_array_equal(make(wanted=other)["fused"], make()["fused"])


def test_fine_and_coarse_in_each_other_s_place_are_noticed() -> None:
    small = image(np.ones((4, 4)), pixel=180.0)
    with pytest.raises(DimsError, match="interchanged"):
        make(fine=small, coarse=FINE, wanted=FINE)


@pytest.mark.parametrize("which", ["fine", "coarse", "wanted"])
def test_images_of_nothing_but_clouds_are_refused(which: str) -> None:
    with pytest.raises(MissingVariableError, match="nothing but gaps"):
        make(**{which: image(np.full((24, 24), np.nan))})


def test_images_whose_gaps_leave_nothing_in_common_are_refused() -> None:
    left, right = FINE.copy(), WANTED.copy()
    left[:, 12:] = np.nan
    right[:, :12] = np.nan
    with pytest.raises(MissingVariableError, match="nothing in common"):
        make(fine=left, wanted=right)
    with pytest.raises(MissingVariableError, match="from 0 complete coarse cells"):
        make(fine=left, wanted=right, method="fsdaf", coarse_pixels=6)


def test_one_cloudy_date_of_several_is_a_gap() -> None:
    wanted = xr.concat([WANTED, WANTED * np.nan], dim="time").assign_attrs(WANTED.attrs)
    made = make(wanted=wanted)
    assert np.isfinite(made["fused"][0]).all()
    assert np.isnan(made["fused"][1]).all()


def test_a_constant_fine_image_has_no_classes_to_unmix() -> None:
    flat = image(np.full((24, 24), 0.3))
    with pytest.raises(OutOfBoundsError, match="one class only"):
        make(fine=flat, method="fsdaf", coarse_pixels=6)
    np.testing.assert_allclose(make(fine=flat, coarse=flat)["fused"], WANTED)


def test_a_class_map_of_one_class_is_refused() -> None:
    with pytest.raises(OutOfBoundsError, match="class map holds 1"):
        make(method="fsdaf", coarse_pixels=6, class_map=image(np.ones((24, 24))))
    with pytest.raises(DimsError, match="must share one grid"):
        make(method="fsdaf", coarse_pixels=6, class_map=image(np.ones((12, 24))))


def test_fewer_cells_than_classes_cannot_be_unmixed() -> None:
    with pytest.raises(MissingVariableError, match="at least as many"):
        make(method="fsdaf", coarse_pixels=24, parameters={"window": 5, "classes": 4})


def test_fsdaf_wants_to_know_the_cells() -> None:
    with pytest.raises(DimsError, match="coarse_pixels"):
        make(method="fsdaf")


def test_estarfm_wants_two_pairs() -> None:
    with pytest.raises(MissingVariableError, match="two pairs"):
        make(method="estarfm")
    with pytest.raises(MissingVariableError, match="at least one pair"):
        fuse([], WANTED)


def test_units_are_not_guessed() -> None:
    plain = image(COARSE.to_numpy(), units="")
    with pytest.raises(UnitsError, match="both or neither"):
        make(coarse=plain)
    with pytest.raises(UnitsError, match="digital numbers per unit"):
        make(*(image(a.to_numpy(), units="m") for a in (FINE, COARSE, WANTED)))
    with pytest.raises(UnitsError, match="cannot be converted"):
        make(coarse=image(COARSE.to_numpy(), units="K"))
    with pytest.raises(OutOfBoundsError, match="above 0"):
        make(scale=0.0)


def test_units_of_one_kind_are_converted() -> None:
    percent = [image(a.to_numpy() * 100.0, units="percent") for a in (COARSE, WANTED)]
    made = make(coarse=percent[0], wanted=percent[1])
    np.testing.assert_allclose(made["fused"], make()["fused"], rtol=1e-9)


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_values_are_no_gaps(value: float) -> None:
    broken = COARSE.copy()
    broken[3, 3] = value
    with pytest.raises(OutOfBoundsError, match="gaps must be NaN"):
        make(coarse=broken)


def test_codes_of_missing_values_are_found_out() -> None:
    name = "normalized_difference_vegetation_index"
    broken = FINE.rename(name).copy()
    broken[3, 3] = -9999.0
    with pytest.raises(OutOfBoundsError, match="-9999"):
        make(fine=broken)


def test_dimensions_and_axes_are_checked() -> None:
    with pytest.raises(DimsError, match="must end with"):
        make(fine=FINE.rename(y="lat"))
    with pytest.raises(DimsError, match="increase in even steps"):
        make(fine=FINE[::-1])
    with pytest.raises(DimsError, match="has dimensions"):
        make(coarse=COARSE.expand_dims(band=[1, 2]))
    with pytest.raises(DimsError, match="real numbers"):
        make(coarse=COARSE > 0.3)
    with pytest.raises(OutOfBoundsError, match="resampling"):
        make(resampling="cubic", coarse=image(np.ones((4, 4)), pixel=180.0))
    with pytest.raises(OutOfBoundsError, match="valid_range"):
        make(valid_range=(1.0, 0.0))
