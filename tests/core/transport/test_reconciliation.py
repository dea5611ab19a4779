"""Budgets across scales: least squares, what each source counts and contributes."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.errors import MissingVariableError, OutOfBoundsError
from fluxscape.transport import Estimate, Link, budget_table, corrected_for_bias, reconcile


def _landscape(source: str, counts: str, flux: float, spread: float, group: str = "") -> Estimate:
    return Estimate(source, "landscape", "Changbai", counts, flux, spread, group)


def test_two_estimates_of_one_flux_meet_at_their_weighted_mean() -> None:
    found = reconcile(
        [_landscape("dlm", "gpp", 1400.0, 200.0), _landscape("lue", "gpp", 1500.0, 100.0)]
    )
    flux, deviation, weights = found.of("Changbai", "gpp")
    assert flux == pytest.approx(1480.0)
    assert deviation == pytest.approx(1.0 / np.sqrt(1 / 200.0**2 + 1 / 100.0**2))
    assert weights == pytest.approx({"dlm, gpp, Changbai": 0.2, "lue, gpp, Changbai": 0.8})
    assert found.leverage.sum() == pytest.approx(1.0)
    assert found.chi_square == pytest.approx(100.0**2 / (200.0**2 + 100.0**2))
    assert found.degrees_of_freedom == 1


def test_exchange_and_production_together_tell_of_respiration() -> None:
    found = reconcile(
        [_landscape("tower", "nee", -300.0, 30.0), _landscape("lue", "gpp", 1500.0, 100.0)]
    )
    flux, deviation, _ = found.of("Changbai", "respiration")
    assert flux == pytest.approx(1200.0)
    assert deviation == pytest.approx(np.hypot(30.0, 100.0))
    with pytest.raises(MissingVariableError, match="do not determine fossil"):
        found.of("Changbai", "fossil")


def test_a_sum_is_known_where_its_parts_are_not() -> None:
    found = reconcile([_landscape("tower", "nee", -300.0, 30.0)])
    assert found.of("Changbai", "nee")[:2] == pytest.approx((-300.0, 30.0))
    assert not found.knows("Changbai", "gpp")
    rows = budget_table(found, [_landscape("tower", "nee", -300.0, 30.0)])
    assert [row["counts"] for row in rows] == ["nee"]


def test_from_above_and_from_below_meet_when_fossil_and_lateral_are_named() -> None:
    estimates = [
        Estimate("inversion", "nation", "China", "atmosphere", 150.0, 60.0),
        Estimate("inventory", "nation", "China", "fossil", 300.0, 15.0),
        Estimate("inventory", "nation", "China", "lateral", 20.0, 10.0),
        Estimate("upscaling", "nation", "China", "nee", -120.0, 40.0, data_status="reconstructed"),
    ]
    found = reconcile(estimates)
    top_down = 150.0 - 300.0 - 20.0
    spread = np.sqrt(60.0**2 + 15.0**2 + 10.0**2)
    expected = np.average([top_down, -120.0], weights=[spread**-2, 40.0**-2])
    assert found.of("China", "nee")[0] == pytest.approx(expected)
    area = 9.6e12
    row = next(
        row for row in budget_table(found, estimates, {"China": area}) if row["counts"] == "nee"
    )
    assert row["total"] == pytest.approx(expected * area / 1e15)
    assert row["sources"]["upscaling"]["data_status"] == "reconstructed"


def test_links_carry_what_is_known_from_scale_to_scale() -> None:
    estimates = [
        Estimate("tower", "landscape", "forest", "nee", -400.0, 40.0),
        Estimate("tower", "landscape", "crop", "nee", -100.0, 50.0),
        Estimate("inversion", "region", "north", "nee", -150.0, 200.0),
    ]
    tight = Link("north", {"forest": 0.4, "crop": 0.6}, 1.0)
    found = reconcile(estimates, [tight])
    flux, deviation, weights = found.of("north", "nee")
    assert flux == pytest.approx(-0.4 * 400.0 - 0.6 * 100.0, abs=8.0)
    assert deviation < 40.0
    assert abs(weights["inversion, nee, north"]) < 0.1
    loose = reconcile(estimates, [Link("north", {"forest": 0.4, "crop": 0.6}, 1e6)])
    assert loose.of("north", "nee")[0] == pytest.approx(-150.0, abs=1.0)
    with pytest.raises(MissingVariableError, match="names 'south'"):
        reconcile(estimates, [Link("south", {"forest": 1.0}, 1.0, ("fossil",))])


def test_estimates_that_share_their_errors_count_less() -> None:
    def spread(group: str) -> float:
        rows = [_landscape(name, "gpp", 1400.0, 100.0, group) for name in ("a", "b", "c")]
        return reconcile(rows, group_correlation=0.8).of("Changbai", "gpp")[1]

    assert spread("") == pytest.approx(100.0 / np.sqrt(3.0))
    assert spread("forcing") == pytest.approx(100.0 * np.sqrt((1 + 2 * 0.8) / 3.0))


def test_an_estimate_that_disagrees_stands_out() -> None:
    rows = [_landscape(name, "gpp", 1400.0, 50.0) for name in ("a", "b", "c")]
    found = reconcile([*rows, _landscape("odd", "gpp", 2200.0, 50.0)])
    assert abs(found.residual[-1]) > 5.0
    assert (np.abs(found.residual[:-1]) < np.abs(found.residual[-1])).all()


def test_a_tower_is_corrected_for_what_its_footprint_overrates() -> None:
    flux, spread = corrected_for_bias(-315.0, 21.0, 0.05, 0.1)
    assert flux == pytest.approx(-300.0)
    assert spread == pytest.approx(np.hypot(20.0, 300.0 * 0.1 / 1.05))
    with pytest.raises(OutOfBoundsError, match="leaves nothing"):
        corrected_for_bias(1.0, 1.0, -1.0, 0.1)


def test_estimates_that_cannot_be_are_refused() -> None:
    with pytest.raises(MissingVariableError, match="Did you mean 'landscape'"):
        Estimate("a", "landscap", "x", "gpp", 1.0, 1.0)
    with pytest.raises(MissingVariableError, match="no counts is called 'npp'"):
        _landscape("a", "npp", 1.0, 1.0)
    with pytest.raises(OutOfBoundsError, match="positive uncertainty"):
        _landscape("a", "gpp", 1.0, 0.0)
    with pytest.raises(MissingVariableError, match="at least one estimate"):
        reconcile([])
    twice = _landscape("a", "gpp", 1.0, 1.0, "g")
    with pytest.raises(OutOfBoundsError, match="singular"):
        reconcile([twice, twice], group_correlation=1.0)
