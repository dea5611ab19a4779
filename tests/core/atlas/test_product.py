"""Statistics and national figures of a product, in closed form and against the map face."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fluxscape.atlas.product import (
    ET,
    GPP,
    figures_attribute,
    figures_of,
    national_figures,
    with_statistics,
)
from fluxscape.atlas.zones import band_area
from fluxscape.errors import MissingVariableError, UnitsError
from fluxscape.vocabulary import VARIABLES

YEARS = np.arange(1979, 2013)


def annual(noise: float = 0.0) -> xr.Dataset:
    """Return a product of 500 + 2 (year - 1979) g m-2, and half of that as water."""
    rng = np.random.default_rng(0)
    values = 500.0 + 2.0 * (YEARS - 1979.0)[:, None, None] * np.ones((34, 4, 6))
    values += noise * rng.normal(size=values.shape)
    values[:, 0, 0] = np.nan
    dims = ("time", "y", "x")
    time = np.array([f"{year}-01-01" for year in YEARS], dtype="datetime64[ns]")
    return xr.Dataset(
        {
            GPP: (dims, values, VARIABLES[GPP].attrs()),
            ET: (dims, values / 2, VARIABLES[ET].attrs()),
        },
        coords={"time": time, "y": 30 + 0.25 * np.arange(4), "x": 100 + 0.25 * np.arange(6)},
    )


def test_each_flux_gets_mean_trend_and_both_p_values() -> None:
    product = with_statistics(annual())
    assert product[f"{GPP}_mean"].to_numpy()[1, 1] == pytest.approx(533.0)
    assert product[f"{GPP}_trend"].to_numpy()[1, 1] == pytest.approx(2.0)
    assert product[f"{ET}_trend"].attrs["units"] == "kg m-2 year-1 year-1"
    assert product[f"{ET}_p_value"].to_numpy()[1, 1] < 1e-10
    assert product[f"{GPP}_p_value_wang_swail"].attrs["pyramid_resampling"] == "nearest"
    assert np.isnan(product[f"{GPP}_trend"].to_numpy()[0, 0])


def test_national_totals_are_area_times_value() -> None:
    gpp, et = national_figures(with_statistics(annual()))
    cells = [band_area(30 + 0.25 * r - 0.125, 30 + 0.25 * r + 0.125, 0.25) for r in range(4)]
    area = 6 * float(sum(cells)) - float(cells[0])
    assert gpp.area == pytest.approx(area, rel=1e-12)
    assert gpp.units == "Pg year-1"
    assert gpp.series[0] == pytest.approx(500.0 * area / 1e15, rel=1e-12)
    assert gpp.trend.slope == pytest.approx(2.0 * area / 1e15, rel=1e-9)
    assert et.mean == pytest.approx(266.5)
    assert et.trend.slope == pytest.approx(1.0)
    assert (et.significant_increase, et.significant_decrease) == pytest.approx((1.0, 0.0))
    assert gpp.years == tuple(YEARS)
    assert gpp.to_dict()["trend"]["count"] == 34


def test_partial_cells_count_with_their_share() -> None:
    product = annual()
    whole = national_figures(product)[0]
    product["land_fraction"] = (("y", "x"), np.full((4, 6), 0.5), {"units": "1"})
    assert national_figures(product)[0].series[3] == pytest.approx(whole.series[3] / 2)


def test_figures_survive_as_an_attribute_of_the_store() -> None:
    figures = national_figures(annual())
    assert figures_of(figures_attribute(figures)) == figures
    with pytest.raises(MissingVariableError, match="atlas build"):
        figures_of({})


def test_noise_is_rarely_called_a_trend() -> None:
    product = annual(noise=5.0)
    product[GPP] = product[GPP] - 2.0 * (product.time.dt.year - 1979.0)
    product[GPP].attrs = VARIABLES[GPP].attrs()
    figures = national_figures(product)[0]
    assert figures.significant_increase + figures.significant_decrease < 0.25


def test_wrong_products_are_named() -> None:
    with pytest.raises(MissingVariableError, match="holds none of"):
        with_statistics(xr.Dataset({"a": ("time", [1.0])}))
    product = annual()
    product[GPP].attrs["units"] = "K"
    with pytest.raises(UnitsError, match="cannot be converted"):
        with_statistics(product)
