"""Records count by how much of their footprint lies on the cover that the model stands for."""

import numpy as np
import pytest

from fluxscape.assimilation.footprint_weights import target_shares
from fluxscape.errors import OutOfBoundsError, RunError
from fluxscape.footprint import footprint_climatology
from helpers.footprints import SITE, make_records, varied_records


def north(_east, north_of):
    """Return 1 north of the tower, 0 south of it."""
    return (north_of > 0.0).astype(float)


def test_wind_tells_what_a_record_saw():
    records = make_records(4, wind_from_direction=np.array([0.0, 180.0, 90.0, 270.0]))
    shares = target_shares(records, north, **SITE)
    np.testing.assert_allclose(shares[:2], [1.0, 0.0], atol=1e-9)
    # The middle of the crosswind points lies on the edge.
    np.testing.assert_allclose(shares[2:], 0.5, atol=0.06)
    assert shares.attrs["units"] == "1"
    np.testing.assert_array_equal(shares["time"], records["time"])


@pytest.mark.parametrize("model", ["ffp", "km01"])
def test_shares_are_those_of_a_gridded_footprint(model):
    records = varied_records(6)

    def chequered(east, north_of):
        return (
            (np.floor((east + 31.0) / 200.0) + np.floor((north_of + 31.0) / 150.0)) % 2.0
        ).astype(float)

    found = target_shares(records, chequered, model=model, **SITE)
    for number in range(6):
        one = records.isel(time=[number])
        try:
            grid = footprint_climatology(one, model=model, resolution=3.0, extent=3000.0, **SITE)
        except RunError:
            assert np.isnan(found[number])
            continue
        x, y = np.meshgrid(grid["x"], grid["y"])
        density = grid["footprint"].to_numpy() * 9.0
        inside = float((density * chequered(x, y)).sum())
        # What lies beyond the grid may be target or not.
        beyond = 1.0 - float(density.sum())
        assert inside - 0.04 <= float(found[number]) <= inside + beyond + 0.04


def test_what_is_unknown_is_no_target():
    records = make_records(1, wind_from_direction=0.0)

    def near(east, north_of):
        return np.where(np.hypot(east, north_of) < 60.0, 1.0, np.nan)

    assert 0.0 < float(target_shares(records, near, **SITE)[0]) < 1.0


def test_records_without_a_footprint_have_no_weight():
    records = make_records(2, friction_velocity=np.array([0.4, np.nan]))
    shares = target_shares(records, north, **SITE)
    assert np.isnan(shares[1])
    assert not np.isnan(shares[0])


def test_a_cover_that_is_no_share_is_refused():
    with pytest.raises(OutOfBoundsError, match="share of 0 to 1, got 7 to 7"):
        target_shares(make_records(1), lambda east, _: np.full(east.shape, 7.0), **SITE)
