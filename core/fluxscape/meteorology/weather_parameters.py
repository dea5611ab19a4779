"""What the weather generator assumes, as data: every number with unit, bounds and source.

Numbers without a paper are marked *assumed*: they are plausible for China's climates and serve to
make a year that looks like weather; no observation was fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

from fluxscape.parameters import ParameterSet, parameter


@dataclass(frozen=True)
class WeatherParameters(ParameterSet):
    """Parameters of :func:`fluxscape.meteorology.weather.simulate_weather`."""

    wet_days_of_a_millimetre: float = parameter(
        1.25,
        lower=0.5,
        upper=3.0,
        unit="d",
        source="assumed: wet days of a month are a P^b with P its rain in mm",
        description="wet days of a month with 1 mm of rain",
        group="rain",
    )
    wet_day_exponent: float = parameter(
        0.47,
        lower=0.2,
        upper=0.8,
        unit="1",
        source="assumed: gives 11 wet days for 100 mm, 15 for 200 mm",
        description="growth of wet days with rain",
        group="rain",
    )
    annual_rain_variation: float = parameter(
        0.1,
        lower=0.0,
        upper=0.4,
        unit="1",
        source="assumed, at the lower end of humid China, so that 30 years give the climatology",
        description="coefficient of variation of a year's rain",
        group="rain",
    )
    monthly_rain_variation: float = parameter(
        0.08,
        lower=0.0,
        upper=0.6,
        unit="1",
        source="assumed, below nature's, so that 30 years give the climatology",
        description="further coefficient of variation of a month's rain",
        group="rain",
    )
    storm_hours: float = parameter(
        1.5,
        lower=0.5,
        upper=6.0,
        unit="h",
        source="assumed",
        description="length of a rain of hardly any amount",
        group="rain",
    )
    storm_hours_of_amount: float = parameter(
        2.2,
        lower=0.0,
        upper=5.0,
        unit="h mm-0.5",
        source="assumed",
        description="growth of a rain's length with the root of its amount",
        group="rain",
    )
    temperature_persistence: float = parameter(
        0.65,
        lower=0.0,
        upper=0.95,
        unit="1",
        source="assumed",
        description="correlation of the temperature anomalies of successive days",
        group="temperature",
    )
    summer_anomaly: float = parameter(
        1.5,
        lower=0.0,
        upper=5.0,
        unit="K",
        source="assumed",
        description="standard deviation of daily temperature in the warmest month",
        group="temperature",
    )
    anomaly_of_cold: float = parameter(
        0.06,
        lower=0.0,
        upper=0.2,
        unit="1",
        source="assumed: 3.6 K in a month 35 K colder than the warmest",
        description="growth of that deviation with distance from the warmest month",
        group="temperature",
    )
    monthly_damping: float = parameter(
        0.85,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="assumed: the climatology knows no single years, so none is invented in full",
        description="share of a month's mean anomaly that is taken out",
        group="temperature",
    )
    annual_anomaly: float = parameter(
        0.35,
        lower=0.0,
        upper=1.5,
        unit="K",
        source="assumed",
        description="standard deviation of annual means of temperature",
        group="temperature",
    )
    wet_day_cooling: float = parameter(
        1.5,
        lower=0.0,
        upper=5.0,
        unit="K",
        source="assumed; the form is that of Richardson 1981, doi:10.1029/WR017i001p00182",
        description="by how much wet days of the warm season are colder than dry ones",
        group="temperature",
    )
    range_coefficient: float = parameter(
        0.16,
        lower=0.12,
        upper=0.22,
        unit="K-0.5",
        source="Allen et al. 1998, FAO-56, Eq. 50, interior; after Hargreaves and Samani 1982",
        description="k of clearness = k sqrt(daily temperature range)",
        group="temperature",
    )
    cloud_persistence: float = parameter(
        0.3,
        lower=0.0,
        upper=0.9,
        unit="1",
        source="assumed",
        description="correlation of clearness of successive days beyond that of rain",
        group="radiation",
    )
    rain_cloud_correlation: float = parameter(
        0.6,
        lower=0.0,
        upper=0.95,
        unit="1",
        source="assumed",
        description="correlation of clearness with the normal deviate that makes days wet",
        group="radiation",
    )
    cloud_flicker: float = parameter(
        0.5,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="assumed",
        description="standard deviation of the logarithm of irradiance in a day, under full cloud",
        group="radiation",
    )
    wet_day_saturation: float = parameter(
        0.85,
        lower=0.5,
        upper=1.0,
        unit="1",
        source="assumed",
        description="least relative humidity of wet days at their mean temperature",
        group="humidity",
    )
    humidity_variation: float = parameter(
        0.12,
        lower=0.0,
        upper=0.5,
        unit="1",
        source="assumed",
        description="standard deviation of the logarithm of daily vapour pressure",
        group="humidity",
    )
    humidity_of_warmth: float = parameter(
        0.06,
        lower=0.0,
        upper=0.1,
        unit="K-1",
        source="Clausius-Clapeyron at constant relative humidity, near 285 K",
        description="relative growth of vapour pressure with the temperature anomaly",
        group="humidity",
    )
    pressure_variation: float = parameter(
        350.0,
        lower=0.0,
        upper=1500.0,
        unit="Pa",
        source="assumed",
        description="standard deviation of daily pressure at sea level",
        group="humidity",
    )
    mean_wind_speed: float = parameter(
        2.4,
        lower=0.5,
        upper=10.0,
        unit="m s-1",
        source="assumed: no wind climatology is embedded",
        description="annual mean wind speed at the instrument, between open and wooded land",
        group="wind",
    )
    spring_wind: float = parameter(
        0.2,
        lower=0.0,
        upper=0.5,
        unit="1",
        source="assumed",
        description="by how much wind is stronger in April than on average",
        group="wind",
    )
    weibull_shape: float = parameter(
        2.0,
        lower=1.2,
        upper=4.0,
        unit="1",
        source="Justus et al. 1978, doi:10.1175/1520-0450(1978)017<0350:MFEWSF>2.0.CO;2",
        description="shape of the distribution of daily wind speed (2 is Rayleigh's)",
        group="wind",
    )
    wind_persistence: float = parameter(
        0.5,
        lower=0.0,
        upper=0.95,
        unit="1",
        source="assumed",
        description="correlation of wind speed of successive days",
        group="wind",
    )
    afternoon_wind: float = parameter(
        0.3,
        lower=0.0,
        upper=0.8,
        unit="1",
        source="assumed",
        description="relative amplitude of the daily course of wind speed, strongest at 14 h",
        group="wind",
    )
    gustiness: float = parameter(
        0.2,
        lower=0.0,
        upper=0.6,
        unit="1",
        source="assumed",
        description="standard deviation of the logarithm of wind speed within a day",
        group="wind",
    )
    direction_spread: float = parameter(
        50.0,
        lower=5.0,
        upper=120.0,
        unit="degree",
        source="assumed",
        description="standard deviation of wind direction around the prevailing one",
        group="wind",
    )
    direction_memory: float = parameter(
        18.0,
        lower=1.0,
        upper=96.0,
        unit="h",
        source="assumed",
        description="time in which the memory of the wind's direction fades to 1/e",
        group="wind",
    )
    albedo: float = parameter(
        0.2,
        lower=0.05,
        upper=0.6,
        unit="1",
        source="assumed, for stability only",
        description="share of shortwave radiation that the surface sends back",
        group="heat",
    )
    ground_heat_share: float = parameter(
        0.1,
        lower=0.0,
        upper=0.4,
        unit="1",
        source="assumed, for stability only",
        description="share of daytime net radiation that goes into the ground",
        group="heat",
    )
    least_evaporative_fraction: float = parameter(
        0.1,
        lower=0.0,
        upper=0.5,
        unit="1",
        source="assumed, for stability only",
        description="evaporative fraction of a month without rain",
        group="heat",
    )
    most_evaporative_fraction: float = parameter(
        0.75,
        lower=0.5,
        upper=1.0,
        unit="1",
        source="assumed, for stability only",
        description="evaporative fraction of a month of abundant rain",
        group="heat",
    )
    rain_for_evaporation: float = parameter(
        0.35,
        lower=0.05,
        upper=2.0,
        unit="1",
        source="assumed, for stability only",
        description="rain over net radiation's evaporation at which 63 % of the span are reached",
        group="heat",
    )
