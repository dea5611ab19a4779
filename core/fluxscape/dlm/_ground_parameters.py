"""Parameters of soil and snow; the defaults are those of loam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fluxscape.parameters import ParameterSet, parameter

_CLM45: Final = "Oleson et al. 2013, CLM 4.5, doi:10.5065/D6RR1W7M"
_CAMPBELL: Final = "Campbell and Norman 1998, doi:10.1007/978-1-4612-1626-1, Table 9.1"
_RAWLS: Final = "Rawls et al. 1982, doi:10.13031/2013.33720, Table 2"
_CARSEL: Final = "Carsel and Parrish 1988, doi:10.1029/WR024i005p00755, Table 6"


@dataclass(frozen=True)
class SoilParameters(ParameterSet):
    """Hydraulics, heat and albedo of the soil."""

    porosity: float = parameter(
        0.463,
        lower=0.25,
        upper=0.9,
        unit="m3 m-3",
        source=_RAWLS,
        description="Water content at saturation",
        group="Soil",
        symbol="theta_s",
    )
    field_capacity: float = parameter(
        0.270,
        lower=0.03,
        upper=0.8,
        unit="m3 m-3",
        source=f"{_RAWLS}, at -33 kPa",
        description="Water content at field capacity",
        group="Soil",
        symbol="theta_fc",
    )
    wilting_point: float = parameter(
        0.117,
        lower=0.01,
        upper=0.5,
        unit="m3 m-3",
        source=f"{_RAWLS}, at -1500 kPa",
        description="Water content at which uptake stops",
        group="Soil",
        symbol="theta_w",
    )
    saturated_conductivity: float = parameter(
        3.7e-6,
        lower=1e-8,
        upper=5e-4,
        unit="m s-1",
        source=_CAMPBELL,
        description="Hydraulic conductivity at saturation",
        group="Soil",
        symbol="K_s",
    )
    saturated_potential: float = parameter(
        0.11,
        lower=0.01,
        upper=2.0,
        unit="m",
        source=_CAMPBELL,
        description="Suction at air entry",
        group="Soil",
        symbol="|psi_s|",
    )
    retention_exponent: float = parameter(
        4.5,
        lower=1.5,
        upper=15.0,
        unit="1",
        source=_CAMPBELL,
        description="Exponent of the retention curve of Clapp and Hornberger",
        group="Soil",
        symbol="b",
    )
    van_genuchten_n: float = parameter(
        0.0,
        lower=0.0,
        upper=4.0,
        unit="1",
        source="0 by definition: the law of Clapp and Hornberger is used; else Carsel and Parrish "
        "1988, doi:10.1029/WR024i005p00755, Table 6",
        description="Shape of van Genuchten's retention curve, used where above 1",
        group="Soil",
        symbol="n",
    )
    van_genuchten_alpha: float = parameter(
        3.6,
        lower=0.1,
        upper=20.0,
        unit="m-1",
        source=_CARSEL,
        description="Inverse of the suction at air entry, of van Genuchten's law",
        group="Soil",
        symbol="alpha",
    )
    residual_water_content: float = parameter(
        0.078,
        lower=0.0,
        upper=0.2,
        unit="m3 m-3",
        source=_CARSEL,
        description="Water content that does not flow, of van Genuchten's law",
        group="Soil",
        symbol="theta_r",
    )
    quartz_fraction: float = parameter(
        0.40,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="Peters-Lidard et al. 1998, doi:10.1175/1520-0469(1998)055<1209:TEOSTC>2.0.CO;2",
        description="Share of quartz in the solids, for heat conduction",
        group="Soil",
        symbol="q",
    )
    clay_fraction: float = parameter(
        0.18,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="Cosby et al. 1984, doi:10.1029/WR020i006p00682, Table 2",
        description="Share of clay in the solids, for what soil keeps of decaying carbon",
        group="Soil",
        symbol="f_clay",
    )
    soil_albedo_dry: float = parameter(
        0.25,
        lower=0.05,
        upper=0.6,
        unit="1",
        source="Dickinson et al. 1993, doi:10.5065/D67W6959, middle colour class",
        description="Broadband albedo of dry soil",
        group="Soil",
        symbol="a_dry",
    )
    soil_albedo_wet: float = parameter(
        0.12,
        lower=0.02,
        upper=0.4,
        unit="1",
        source="Dickinson et al. 1993, doi:10.5065/D67W6959, middle colour class",
        description="Broadband albedo of saturated soil",
        group="Soil",
        symbol="a_wet",
    )
    soil_resistance_scale: float = parameter(
        1.0,
        lower=0.1,
        upper=10.0,
        unit="1",
        source="1 by definition: factor on Sellers et al. 1992, doi:10.1029/92JD01096, eq. 19",
        description="Factor on the resistance of the soil surface to evaporation",
        group="Soil",
        symbol="f_rs",
    )
    ground_roughness: float = parameter(
        0.01,
        lower=0.0005,
        upper=0.1,
        unit="m",
        source=f"{_CLM45}, section 5.1",
        description="Roughness length of the bare ground",
        group="Soil",
        symbol="z_0g",
    )


@dataclass(frozen=True)
class SnowParameters(ParameterSet):
    """Albedo of snow."""

    snow_albedo_fresh: float = parameter(
        0.84,
        lower=0.6,
        upper=0.95,
        unit="1",
        source="Verseghy 1991, doi:10.1002/joc.3370110202",
        description="Albedo of fresh snow",
        group="Snow",
        symbol="a_sn,max",
    )
    snow_albedo_old: float = parameter(
        0.50,
        lower=0.3,
        upper=0.8,
        unit="1",
        source="Verseghy 1991, doi:10.1002/joc.3370110202",
        description="Albedo that melting snow tends to",
        group="Snow",
        symbol="a_sn,min",
    )
