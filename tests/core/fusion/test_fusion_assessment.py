"""Scores of fused images: closed forms, gaps, classes, bands."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.errors import DimsError, MissingVariableError
from fluxscape.fusion import assess_candidates, assess_image
from fluxscape.fusion.assessment import edge_difference, spectral_angle
from helpers.fusion import image, landscape

TRUTH = image(landscape(30)[0])


def test_the_truth_scores_best() -> None:
    found = assess_image(TRUTH, TRUTH)
    assert (found["rmse"], found["bias"], found["edge"]) == (0.0, 0.0, 0.0)
    assert found["ssim"] == pytest.approx(1.0)
    assert found["nse"] == 1.0
    assert found["n"] == 900


def test_a_shift_is_a_bias_and_leaves_the_edges() -> None:
    found = assess_image(TRUTH + 0.1, TRUTH)
    assert found["rmse"] == pytest.approx(0.1)
    assert found["bias"] == pytest.approx(0.1)
    assert found["edge"] == pytest.approx(0.0, abs=1e-9)
    assert found["ssim"] < 1.0


def test_a_blurred_image_has_weak_edges() -> None:
    blurred = image(np.full((30, 30), float(TRUTH.mean())))
    assert assess_image(blurred, TRUTH)["edge"] == pytest.approx(-1.0)
    rows = np.add.outer(np.arange(4.0), np.zeros(4))
    assert edge_difference(3.0 * rows, rows) == pytest.approx(0.5)


def test_gaps_do_not_enter() -> None:
    holed = TRUTH.copy()
    holed[:5] = np.nan
    made = TRUTH + 0.1
    made[3:6] += 5.0
    made[10:, 25:] = np.nan
    found = assess_image(made.where(np.arange(30)[:, None] > 5), holed)
    assert found["rmse"] == pytest.approx(0.1)
    assert found["n"] == 24 * 30 - 20 * 5
    assert 0.0 < found["ssim"] < 1.0


def test_bands_have_their_scores_and_an_angle() -> None:
    truth = image(np.stack((landscape(20)[0], np.full((20, 20), 0.2))))
    found = assess_image(2.0 * truth, truth)
    assert found["spectral_angle"] == pytest.approx(0.0, abs=1e-5)
    assert len(found["bands"]) == 2
    assert np.isnan(found["bands"][1]["ssim"])
    one, other = np.array([[1.0], [0.0]]), np.array([[1.0], [1.0]])
    assert spectral_angle(one, other) == pytest.approx(45.0)
    assert np.isnan(spectral_angle(0.0 * one, other))


def test_classes_have_their_scores() -> None:
    classes = image((np.arange(900).reshape(30, 30) < 300).astype(float))
    classes[0, 0] = np.nan
    made = TRUTH + 0.2 * classes.fillna(0.0)
    found = assess_image(made, TRUTH, classes=classes, class_names={1: "crops"})["by_class"]
    assert found["crops"]["n"] == 299
    assert found["crops"]["bias"] == pytest.approx(0.2)
    assert found["0"]["rmse"] == 0.0


def test_candidates_are_compared_on_common_pixels() -> None:
    holed = TRUTH.copy()
    holed[:10] = np.nan
    found = assess_candidates({"fused": TRUTH + 0.01, "baseline": holed + 0.02}, TRUTH)
    assert found["fused"]["n"] == found["baseline"]["n"] == 600
    assert found["baseline"]["rmse"] == pytest.approx(0.02)


def test_images_that_do_not_match_are_refused() -> None:
    with pytest.raises(DimsError, match="must share one grid"):
        assess_image(TRUTH[1:], TRUTH)
    with pytest.raises(MissingVariableError, match="no pixel"):
        assess_image(TRUTH * np.nan, TRUTH)
    with pytest.raises(DimsError, match="shape"):
        assess_image(image(np.zeros((2, 30, 30))), TRUTH)
    with pytest.raises(DimsError, match="classes"):
        assess_image(TRUTH, TRUTH, classes=TRUTH[:5])
