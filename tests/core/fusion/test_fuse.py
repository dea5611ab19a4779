"""The face of fusion: what holds for every method, gaps, bands, dates, units and blocks."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fluxscape.fusion import ImagePair, fuse, parameters_of
from fluxscape.fusion.grids import grid_of, to_fine_grid
from fluxscape.fusion.quality import GOOD, MEDIUM, MISSING, POOR
from helpers.fusion import cell_means, image, landscape, on_fine_grid

SIDE = 6
SMALL = {"window": 9}


def scene(size: int = 36, **options):
    """Return fine and coarse images of three dates of a season: 0, 1 and, between them, 0.4."""
    level, season = landscape(size)
    fine = [image(level + season * t, **options) for t in (0.0, 1.0, 0.4)]
    coarse = [image(on_fine_grid(f.to_numpy(), SIDE), **options) for f in fine]
    return fine, coarse


def run(method: str, pairs, coarse, **options) -> xr.Dataset:
    if method == "fsdaf":
        options = {"coarse_pixels": SIDE} | options
    return fuse(pairs, coarse, method=method, parameters=SMALL, **options)


def pairs_of(fine, coarse) -> list[ImagePair]:
    days = np.array(["2020-05-01", "2020-07-01"], dtype="datetime64[ns]")
    return [ImagePair(f, c, day) for f, c, day in zip(fine[:2], coarse[:2], days, strict=True)]


@pytest.mark.kernel
@pytest.mark.parametrize("method", ["starfm", "fsdaf", "estarfm"])
def test_the_fine_image_comes_back_when_nothing_changes(method: str) -> None:
    fine, coarse = scene()
    pairs = pairs_of(fine, coarse)
    for k in (0, 1):
        chosen = pairs if method == "estarfm" else [pairs[k]]
        made = run(method, chosen, coarse[k])
        np.testing.assert_array_equal(made["fused"], fine[k])


def test_a_constant_change_is_added_everywhere_by_fsdaf() -> None:
    fine, coarse = scene()
    made = run("fsdaf", [ImagePair(fine[0], coarse[0])], coarse[0] + 0.05)
    np.testing.assert_allclose(made["fused"], fine[0] + 0.05, rtol=0.0, atol=1e-12)
    np.testing.assert_allclose(made["baseline"], fine[0] + 0.05, rtol=0.0, atol=1e-12)


def test_a_constant_change_is_added_by_starfm_to_the_mean_of_similar_pixels() -> None:
    fine, coarse = scene()
    steps = image(fine[0].to_numpy().round(1))
    made = fuse(
        [ImagePair(steps, coarse[0])], coarse[0] + 0.05, parameters=SMALL | {"classes": 100}
    )
    np.testing.assert_allclose(made["fused"], steps + 0.05, rtol=0.0, atol=1e-12)
    textured = run("starfm", [ImagePair(fine[0], coarse[0])], coarse[0] + 0.05)
    change = textured["fused"] - fine[0]
    assert float(change.mean()) == pytest.approx(0.05, abs=0.005)
    assert float(change.std()) > 1e-3


def test_estarfm_is_exact_where_every_pixel_changes_in_proportion_to_its_cell() -> None:
    # With fine = a coarse + b at all dates, the slope is a and the two pairs agree.
    rng = np.random.default_rng(4)
    cells = [on_fine_grid(rng.uniform(0.2, 0.5) + np.zeros((18, 18)), SIDE) for _ in range(3)]
    fine = [image(1.6 * c - 0.1) for c in cells]
    made = run("estarfm", pairs_of(fine, [image(c) for c in cells]), image(cells[2]))
    np.testing.assert_allclose(made["fused"], fine[2], rtol=0.0, atol=1e-9)


def test_estarfm_is_exact_half_way_between_its_pairs() -> None:
    # A season that is linear in time: the errors of the two pairs cancel, whatever the slope.
    level, season = landscape(36)
    fine = [level + season * t for t in (0.0, 1.0, 0.5)]
    images = [[image(f) for f in fine], [image(on_fine_grid(f, SIDE)) for f in fine]]
    made = run("estarfm", pairs_of(*images), images[1][2])
    np.testing.assert_allclose(made["fused"], fine[2], rtol=0.0, atol=1e-12)


def test_the_unbiased_variant_takes_the_level_of_the_coarse_images() -> None:
    fine, coarse = scene()
    higher = [c + 0.3 for c in coarse]
    made = fuse(
        pairs_of(fine, higher), higher[2], method="estarfm", parameters=SMALL | {"unbiased": 1}
    )
    plain = run("estarfm", pairs_of(fine, higher), higher[2])
    assert float((made["fused"] - fine[2]).mean()) == pytest.approx(0.3, abs=0.03)
    assert float((plain["fused"] - fine[2]).mean()) == pytest.approx(0.0, abs=0.03)
    assert "unbiased" in made.attrs["source"]


@pytest.mark.parametrize("method", ["starfm", "estarfm", "fsdaf"])
@pytest.mark.parametrize("turn", ["flip_y", "flip_x", "transpose"])
def test_a_turned_scene_gives_the_turned_image(method: str, turn: str) -> None:
    fine, coarse = scene()
    turned = {
        "flip_y": lambda a: a[::-1],
        "flip_x": lambda a: a[:, ::-1],
        "transpose": lambda a: a.T,
    }[turn]

    def moved(array: xr.DataArray) -> xr.DataArray:
        return image(turned(array.to_numpy()).copy())

    class_map = image((landscape(36)[0] > 0.5).astype(float))
    straight = run(method, pairs_of(fine, coarse), coarse[2], class_map=class_map)
    other = run(
        method,
        pairs_of([moved(f) for f in fine], [moved(c) for c in coarse]),
        moved(coarse[2]),
        class_map=moved(class_map),
    )
    tolerance = 1e-3 if method == "fsdaf" else 1e-10
    found = np.abs(turned(straight["fused"].to_numpy()) - other["fused"].to_numpy())
    assert np.quantile(found, 0.99) < tolerance


@pytest.mark.parametrize("method", ["starfm", "estarfm", "fsdaf"])
def test_reflectance_and_digital_numbers_give_the_same_image(method: str) -> None:
    fine, coarse = scene()
    made = run(method, pairs_of(fine, coarse), coarse[2])
    numbers = [
        [image(a.to_numpy() * 10_000.0, units="") for a in images] for images in (fine, coarse)
    ]
    other = run(method, pairs_of(*numbers), numbers[1][2])
    assert made.attrs["digital_numbers_per_unit"] == 10_000.0
    assert other.attrs["digital_numbers_per_unit"] == 1.0
    np.testing.assert_allclose(other["fused"], made["fused"] * 1e4, rtol=1e-6, atol=1e-3)


def test_another_scale_changes_the_weights() -> None:
    fine, coarse = scene()
    usual = run("starfm", pairs_of(fine, coarse), coarse[2])
    flat = run("starfm", pairs_of(fine, coarse), coarse[2], scale=1.0)
    assert float(np.abs(usual["fused"] - flat["fused"]).max()) > 1e-3


@pytest.mark.parametrize("method", ["starfm", "estarfm", "fsdaf"])
def test_threads_and_blocks_do_not_change_a_bit(method: str) -> None:
    fine, coarse = scene(48)
    pairs = pairs_of(fine, coarse)
    whole = run(method, pairs, coarse[2])
    np.testing.assert_array_equal(run(method, pairs, coarse[2], threads=3)["fused"], whole["fused"])
    for chunks in ((48, 17), (11, 20), (4, 4)):
        lazy = [
            ImagePair(p.fine.chunk(dict(zip("yx", chunks, strict=True))), p.coarse, p.time)
            for p in pairs
        ]
        blocked = run(method, lazy, coarse[2].chunk({"y": 13}))
        if method != "fsdaf":
            assert isinstance(blocked["fused"].data, da.Array)
        xr.testing.assert_identical(blocked.compute().drop_attrs(), whole.drop_attrs())


def test_fsdaf_averages_its_predictions_from_two_pairs_by_time() -> None:
    fine, coarse = scene()
    pairs = pairs_of(fine, coarse)
    wanted = coarse[2].assign_coords(time=np.datetime64("2020-05-16", "ns"))
    alone = [run("fsdaf", [pair], wanted)["fused"] for pair in pairs]
    both = run("fsdaf", pairs, wanted)
    expected = (alone[0] / 15.0 + alone[1] / 46.0) / (1.0 / 15.0 + 1.0 / 46.0)
    np.testing.assert_allclose(both["fused"], expected, rtol=1e-12)


def test_fsdaf_does_with_one_pair_where_clouds_hide_the_other() -> None:
    fine, coarse = scene()
    hidden = fine[0].copy()
    hidden[2:] = np.nan
    pairs = pairs_of([hidden, *fine[1:]], coarse)
    made = run("fsdaf", pairs, coarse[2])
    alone = run("fsdaf", pairs[1:], coarse[2])
    np.testing.assert_allclose(made["fused"], alone["fused"], rtol=1e-12)
    assert (made["quality"] == MEDIUM).all()


def test_bands_are_predicted_each_by_itself_by_starfm() -> None:
    fine, coarse = scene()
    both = [[image(np.stack((a, 0.5 - 0.3 * a))) for a in images] for images in (fine, coarse)]
    made = run("starfm", pairs_of(*both), both[1][2])
    single = run("starfm", pairs_of(fine, coarse), coarse[2])
    assert made["fused"].dims == ("band", "y", "x")
    assert made["quality"].dims == ("y", "x")
    np.testing.assert_array_equal(made["fused"][0], single["fused"])


@pytest.mark.kernel
@pytest.mark.parametrize("method", ["estarfm", "fsdaf"])
def test_several_bands_tell_classes_apart(method: str) -> None:
    fine, coarse = scene()
    both = [[image(np.stack((a, 0.5 - 0.3 * a))) for a in images] for images in (fine, coarse)]
    pairs = pairs_of(*both)
    made = run(method, pairs if method == "estarfm" else pairs[:1], both[1][2])
    truth = both[0][2]
    error = np.sqrt(((made["fused"] - truth) ** 2).mean())
    naive = np.sqrt(((made["baseline"] - truth) ** 2).mean())
    assert error < naive
    np.testing.assert_allclose(made["fused"][1], 0.5 - 0.3 * made["fused"][0], atol=0.02)


def test_dates_are_predicted_one_after_the_other_from_the_pairs_around_them() -> None:
    fine, coarse = scene()
    days = np.array(["2020-04-01", "2020-06-01", "2020-09-01"], dtype="datetime64[ns]")
    wanted = xr.concat([coarse[2]] * 3, dim=xr.DataArray(days, dims="time", name="time"))
    seen: list[float] = []
    made = run("starfm", pairs_of(fine, coarse), wanted, on_progress=lambda s, _: seen.append(s))
    assert made["fused"].dims == ("time", "y", "x")
    assert seen[-1] == 1.0
    np.testing.assert_array_equal(made["time"], days)
    # The naive prediction is weighted by the inverse of the days to each pair.
    moved = [f + (coarse[2] - c) for f, c in zip(fine[:2], coarse[:2], strict=True)]
    for number, (before, after) in enumerate(((30, 91), (31, 30), (123, 62))):
        expected = (moved[0] / before + moved[1] / after) / (1.0 / before + 1.0 / after)
        np.testing.assert_allclose(made["baseline"][number], expected, rtol=1e-12)
    day = np.datetime64("2020-05-01", "ns")
    own = run("starfm", pairs_of(fine, coarse), coarse[0].assign_coords(time=day))
    np.testing.assert_allclose(own["baseline"], fine[0], atol=1e-9)


def test_coarse_images_may_come_on_their_own_grid() -> None:
    fine, coarse = scene()
    own = [image(cell_means(f.to_numpy(), SIDE), pixel=30.0 * SIDE) for f in fine]
    for method in ("starfm", "fsdaf"):
        made = fuse(pairs_of(fine, own), own[2], method=method, parameters=SMALL)
        repeated = run(method, pairs_of(fine, coarse), coarse[2])
        np.testing.assert_array_equal(made["fused"], repeated["fused"])


def test_bilinear_cells_keep_a_plane() -> None:
    rows, columns = np.mgrid[0:36, 0:36]
    plane = 0.2 + 0.01 * rows + 0.005 * columns
    own = image(cell_means(plane, SIDE), pixel=30.0 * SIDE)
    inside = (slice(SIDE, -SIDE), slice(SIDE, -SIDE))
    moved = to_fine_grid(own, grid_of(image(plane), "plane"), method="bilinear")
    np.testing.assert_allclose(moved[inside], plane[inside], atol=1e-12)
    holed = own.copy()
    holed[2, 2] = np.nan
    gaps = np.isnan(to_fine_grid(holed, grid_of(image(plane), "plane"), method="bilinear"))
    assert gaps[12:18, 12:18].all()
    assert not gaps[:6].any()


@pytest.mark.kernel
@pytest.mark.parametrize("method", ["starfm", "estarfm", "fsdaf"])
def test_gaps_leave_the_rest_alone_and_are_flagged(method: str) -> None:
    fine, coarse = scene()
    cloudy = fine[0].copy()
    cloudy[5:9, 5:9] = np.nan
    hidden = coarse[2].copy()
    hidden[30:, 30:] = np.nan
    made = run(method, pairs_of([cloudy, *fine[1:]], coarse), hidden)
    assert np.isnan(made["fused"][30:, 30:]).all()
    assert (made["quality"][30:, 30:] == MISSING).all()
    assert np.isfinite(made["fused"][:30, :30]).all()
    worse = POOR if method == "estarfm" else MEDIUM
    assert (made["quality"][5:9, 5:9] == worse).all()
    assert (made["quality"][15:25, 15:25] == GOOD).all()
    alone = run(method, pairs_of(fine, coarse), coarse[2])
    if method != "fsdaf":
        # Beyond the reach of the windows nothing differs.
        far = (slice(14, 25), slice(14, 25))
        np.testing.assert_allclose(made["fused"][far], alone["fused"][far], rtol=1e-12)


@pytest.mark.kernel
def test_a_pixel_that_only_the_gap_of_one_pair_hides_is_taken_from_the_other() -> None:
    fine, coarse = scene()
    cloudy = fine[0].copy()
    cloudy[:] = np.nan
    cloudy[20:, :] = fine[0][20:, :]
    made = run("starfm", pairs_of([cloudy, *fine[1:]], coarse), coarse[2])
    other = run("starfm", [pairs_of(fine, coarse)[1]], coarse[2])
    np.testing.assert_array_equal(made["fused"][:15], other["fused"][:15])
    assert (made["quality"][:15] == MEDIUM).all()


def test_a_farther_pair_fills_what_both_near_ones_hide() -> None:
    fine, coarse = scene()
    cloudy = [f.copy() for f in fine[:2]]
    for image_of_pair in cloudy:
        image_of_pair[:4, :4] = np.nan
    near = pairs_of(cloudy, coarse)
    far = ImagePair(fine[0] + 0.01, coarse[0], np.datetime64("2020-04-25", "ns"))
    # It is nearer than the pair after the date, but on the same side as the one before.
    wanted = coarse[2].assign_coords(time=np.datetime64("2020-05-05", "ns"))
    made = run("starfm", [far, *near], wanted)
    expected = fine[0] + 0.01 + (coarse[2] - coarse[0])
    np.testing.assert_allclose(made["fused"][:4, :4], expected[:4, :4])
    assert (made["quality"][:4, :4] == POOR).all()
    assert (made["quality"][4:, 4:] == GOOD).all()


def test_values_beyond_the_variable_s_bounds_are_replaced_and_called_poor() -> None:
    name = "normalized_difference_vegetation_index"
    fine = image(np.linspace(0.7, 0.99, 144).reshape(12, 12), name=name)
    coarse = image(np.full((12, 12), 0.5))
    higher = image(np.full((12, 12), 0.6))
    made = fuse([ImagePair(fine, coarse)], higher, parameters={"window": 3})
    assert float(made["fused"].max()) <= 1.0
    beyond = (fine + 0.1).to_numpy() > 1.01
    assert (made["quality"].to_numpy()[beyond] == POOR).all()
    assert (made["quality"].to_numpy()[~beyond] == GOOD).mean() > 0.8


def test_the_product_says_how_it_was_made() -> None:
    fine, coarse = scene()
    for array in (*fine, *coarse):
        array.attrs["data_status"] = "simulated"
    made = run("starfm", pairs_of(fine, coarse), coarse[2])
    assert made.attrs["data_status"] == "simulated"
    assert made.attrs["method"] == "starfm"
    assert made.attrs["pair_dates"] == "2020-05-01, 2020-07-01"
    assert '"window": 9' in made.attrs["parameters"]
    assert made["fused"].attrs["units"] == "1"
    del fine[0].attrs["data_status"]
    assert run("starfm", pairs_of(fine, coarse), coarse[2]).attrs["data_status"] == "mixed"


@pytest.mark.kernel
@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["starfm", "estarfm", "fsdaf"]),
    st.sampled_from([3, 5, 9]),
    st.floats(0.0, 0.6),
)
def test_no_scene_breaks_the_methods(seed: int, method: str, window: int, gaps: float) -> None:
    rng = np.random.default_rng(seed)
    images = rng.uniform(-0.2, 1.0, (5, 18, 18)).round(rng.integers(1, 6))
    holes = rng.uniform(size=images.shape) < gaps
    holes[:, :SIDE] = False
    fine = [image(np.where(holes[k], np.nan, images[k])) for k in (0, 1)]
    coarse = [image(np.where(holes[k], np.nan, on_fine_grid(images[k], SIDE))) for k in (2, 3, 4)]
    made = fuse(
        pairs_of(fine, coarse), coarse[2], method=method, coarse_pixels=SIDE,
        parameters={"window": window} | ({"classes": 2} if method == "fsdaf" else {}),
    )  # fmt: skip
    missing = made["quality"].to_numpy() == MISSING
    np.testing.assert_array_equal(np.isnan(made["fused"]), missing)
    naive = np.isfinite(made["baseline"].to_numpy())
    np.testing.assert_array_equal(missing, ~naive)
    if method == "starfm":
        moved = np.stack([p.fine + (coarse[2] - p.coarse) for p in pairs_of(fine, coarse)])
        low, high = np.nanmin(moved), np.nanmax(moved)
        values = made["fused"].to_numpy()[~missing]
        assert values.min() >= low - 1e-9
        assert values.max() <= high + 1e-9


def test_parameters_are_checked() -> None:
    with pytest.raises(ValueError, match="must be odd"):
        parameters_of("starfm", {"window": 30})
    with pytest.raises(ValueError, match="whole number"):
        parameters_of("starfm", {"window": 30.5})
    with pytest.raises(ValueError, match="Did you mean 'window'"):
        parameters_of("starfm", {"windows": 31})
    with pytest.raises(ValueError, match="outside its bounds"):
        parameters_of("fsdaf", {"classes": 1})
    with pytest.raises(ValueError, match="Did you mean 'estarfm'"):
        parameters_of("estrfm")
    with pytest.raises(ValueError, match="takes StarfmParameters"):
        parameters_of("starfm", parameters_of("fsdaf"))
