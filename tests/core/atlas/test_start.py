"""Runs start near the soil water that their climate sustains."""

from __future__ import annotations

import numpy as np
import pytest

from fluxscape.atlas.start import climate_states, humidity_index
from fluxscape.dlm import LAYER_THICKNESS, parameters_for
from fluxscape.io.climatology import read_climatology
from fluxscape.meteorology.point_climate import point_climates

DESERT, PLAIN, COAST = point_climates(read_climatology(), [39.5, 37.0, 24.0], [84.0, 116.0, 117.0])


def test_the_humidity_index_orders_climates() -> None:
    assert humidity_index(DESERT) < 0.15
    assert 0.3 < humidity_index(PLAIN) < 0.9
    assert humidity_index(COAST) > 1.0


def test_soil_starts_between_wilting_point_and_field_capacity() -> None:
    parameters = [parameters_for(cover) for cover in ("BSV", "CRO", "EBF")]
    states = climate_states(parameters, [DESERT, PLAIN, COAST])
    depth = float(np.sum(LAYER_THICKNESS))
    content = states["soil_liquid"].sum(axis=1) / 1000.0 / depth
    for share, item in zip(content, parameters, strict=True):
        assert item.wilting_point < share <= item.field_capacity
    assert content[2] == pytest.approx(parameters[2].field_capacity)
    assert content[0] < content[1] < content[2]


def test_temperatures_are_annual_means() -> None:
    states = climate_states([parameters_for("CRO")], [PLAIN])
    assert states["soil_temperature"][0] == pytest.approx(np.mean(PLAIN.air_temperature))
