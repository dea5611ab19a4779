"""Parameters of plants; the defaults are those of a deciduous broadleaf forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fluxscape.parameters import ParameterSet, parameter

_ASSUMED: Final = "assumed; no single published value"
_KATTGE_2009: Final = "Kattge et al. 2009, doi:10.1111/j.1365-2486.2008.01744.x"
_MEDLYN_2002: Final = "Medlyn et al. 2002, doi:10.1046/j.1365-3040.2002.00891.x"
_CLM45: Final = "Oleson et al. 2013, CLM 4.5, doi:10.5065/D6RR1W7M"


@dataclass(frozen=True)
class CanopyParameters(ParameterSet):
    """Structure and optics of the canopy."""

    leaf_area_index: float = parameter(
        4.5,
        lower=0.0,
        upper=12.0,
        unit="1",
        source="Chen et al. 2012, doi:10.1029/2010GB003996; seasonal maximum of the type",
        description="Leaf area index where the forcing brings none",
        group="Canopy",
        symbol="L",
    )
    leaf_area_minimum_share: float = parameter(
        0.1,
        lower=0.0,
        upper=1.0,
        unit="1",
        source=_ASSUMED,
        description="Leaf area out of season over that in season, where the forcing brings none",
        group="Canopy",
        symbol="L_min/L",
    )
    clumping_index: float = parameter(
        0.70,
        lower=0.3,
        upper=1.0,
        unit="1",
        source="Chen et al. 2005, doi:10.1016/j.rse.2005.05.003, means by cover type",
        description="Foliage clumping; 1 where leaves stand at random",
        group="Canopy",
        symbol="Omega",
    )
    understorey_scale: float = parameter(
        0.0,
        lower=0.0,
        upper=2.0,
        unit="1",
        source="0 by definition: the leaf area given is that of both storeys, as satellites see "
        "it; 1 where it is that of the trees alone: 1.18 exp(-0.99 L) as in BEPS, version 4.11",
        description="Leaf area of the understorey over what is expected below the canopy",
        group="Canopy",
        symbol="f_u",
    )
    understorey_capacity: float = parameter(
        1.0,
        lower=0.2,
        upper=2.0,
        unit="1",
        source="1 by definition: the decline of nitrogen goes on below the upper storey",
        description="Carboxylation capacity of the understorey over that of the canopy's profile",
        group="Canopy",
        symbol="f_Vu",
    )
    canopy_height: float = parameter(
        23.0,
        lower=0.05,
        upper=80.0,
        unit="m",
        source="Chen et al. 2012, doi:10.1029/2010GB003996; mean of the type",
        description="Height of the canopy",
        group="Canopy",
        symbol="h",
    )
    leaf_scattering_visible: float = parameter(
        0.15,
        lower=0.02,
        upper=0.4,
        unit="1",
        source=f"{_CLM45}, Table 3.1: leaf reflectance plus transmittance",
        description="Share of visible light that a leaf scatters",
        group="Canopy",
        symbol="sigma_VIS",
    )
    leaf_scattering_near_infrared: float = parameter(
        0.70,
        lower=0.2,
        upper=0.95,
        unit="1",
        source=f"{_CLM45}, Table 3.1: leaf reflectance plus transmittance",
        description="Share of near-infrared light that a leaf scatters",
        group="Canopy",
        symbol="sigma_NIR",
    )
    leaf_emissivity: float = parameter(
        0.98,
        lower=0.9,
        upper=1.0,
        unit="1",
        source="Campbell and Norman 1998, doi:10.1007/978-1-4612-1626-1, Table 11.3",
        description="Longwave emissivity of leaves",
        group="Canopy",
        symbol="epsilon_c",
    )
    leaf_dimension: float = parameter(
        0.04,
        lower=0.002,
        upper=0.3,
        unit="m",
        source=f"{_CLM45}, section 5.3",
        description="Width of a leaf in the direction of the wind",
        group="Canopy",
        symbol="d_l",
    )
    interception_capacity: float = parameter(
        0.2,
        lower=0.0,
        upper=1.0,
        unit="kg m-2",
        source="Dickinson et al. 1993, doi:10.5065/D67W6959: 0.2 mm per leaf area",
        description="Water that a unit of leaf area holds",
        group="Canopy",
        symbol="W_max",
    )
    displacement_ratio: float = parameter(
        0.67,
        lower=0.4,
        upper=0.9,
        unit="1",
        source="Brutsaert 1982, doi:10.1007/978-94-017-1497-6",
        description="Displacement height over canopy height",
        group="Canopy",
        symbol="d/h",
    )
    roughness_ratio: float = parameter(
        0.1,
        lower=0.02,
        upper=0.2,
        unit="1",
        source="Brutsaert 1982, doi:10.1007/978-94-017-1497-6",
        description="Roughness length over canopy height",
        group="Canopy",
        symbol="z_0/h",
    )


@dataclass(frozen=True)
class PhotosynthesisParameters(ParameterSet):
    """Photosynthesis of leaves."""

    vcmax25: float = parameter(
        57.7,
        lower=5.0,
        upper=200.0,
        unit="umol m-2 s-1",
        source=_KATTGE_2009,
        description="Maximum carboxylation rate of top leaves at 25 degrees Celsius",
        group="Photosynthesis",
        symbol="V_cmax25",
    )
    jmax_ratio_scale: float = parameter(
        1.0,
        lower=0.5,
        upper=2.0,
        unit="1",
        source="1 by definition: factor on the acclimated ratio of Kattge and Knorr 2007, "
        "doi:10.1111/j.1365-3040.2007.01690.x",
        description="Factor on the ratio of maximum electron transport to carboxylation",
        group="Photosynthesis",
        symbol="r_JV",
    )
    electron_yield: float = parameter(
        0.3,
        lower=0.1,
        upper=0.5,
        unit="mol mol-1",
        source=_MEDLYN_2002,
        description="Electrons transported per absorbed photon",
        group="Photosynthesis",
        symbol="alpha",
    )
    electron_curvature: float = parameter(
        0.9,
        lower=0.5,
        upper=0.99,
        unit="1",
        source=_MEDLYN_2002,
        description="Curvature of the light response of electron transport",
        group="Photosynthesis",
        symbol="theta_J",
    )
    leaf_respiration_ratio: float = parameter(
        0.015,
        lower=0.002,
        upper=0.05,
        unit="1",
        source="Collatz et al. 1991, doi:10.1016/0168-1923(91)90002-8",
        description="Leaf respiration over carboxylation capacity at 25 degrees Celsius",
        group="Photosynthesis",
        symbol="R_d25/V_cmax25",
    )
    nitrogen_extinction: float = parameter(
        0.3,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="Chen et al. 2012, doi:10.1029/2010GB003996",
        description="Decline of leaf nitrogen with leaf area from the top",
        group="Photosynthesis",
        symbol="K_n",
    )
    c4_fraction: float = parameter(
        0.0,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="0 by type except warm grasslands; the model runs C4 leaves from 0.5 upwards",
        description="Share of C4 plants",
        group="Photosynthesis",
        symbol="f_C4",
    )


@dataclass(frozen=True)
class StomataParameters(ParameterSet):
    """Stomata, and the roots that supply them."""

    stomatal_slope: float = parameter(
        4.45,
        lower=0.5,
        upper=15.0,
        unit="kPa0.5",
        source="De Kauwe et al. 2015, doi:10.5194/gmd-8-431-2015, after Lin et al. 2015, "
        "doi:10.1038/nclimate2550",
        description="Sensitivity of conductance to assimilation",
        group="Stomata",
        symbol="g_1",
    )
    ball_berry_slope: float = parameter(
        0.0,
        lower=0.0,
        upper=20.0,
        unit="1",
        source="0 by definition: Medlyn's law is used; else Ball et al. 1987, "
        "doi:10.1007/978-94-017-0519-6_48, about 9 for C3 and 4 for C4 plants",
        description="Slope of the Ball-Berry law, in place of Medlyn's where above 0",
        group="Stomata",
        symbol="m_BB",
    )
    stomatal_intercept: float = parameter(
        0.0,
        lower=0.0,
        upper=0.2,
        unit="mol m-2 s-1",
        source="De Kauwe et al. 2015, doi:10.5194/gmd-8-431-2015",
        description="Conductance to water vapour without assimilation",
        group="Stomata",
        symbol="g_0",
    )
    stress_threshold: float = parameter(
        0.4,
        lower=0.05,
        upper=1.0,
        unit="1",
        source="Granier et al. 1999, doi:10.1016/S0304-3800(98)00205-1",
        description="Relative extractable water below which stomata close",
        group="Stomata",
        symbol="REW_c",
    )
    root_distribution: float = parameter(
        0.966,
        lower=0.85,
        upper=0.999,
        unit="1",
        source="Jackson et al. 1996, doi:10.1007/BF00333714, Table 1",
        description="Share of roots that each further centimetre leaves below",
        group="Stomata",
        symbol="beta_r",
    )


@dataclass(frozen=True)
class RespirationParameters(ParameterSet):
    """Respiration of plants and soil."""

    heterotrophic_respiration10: float = parameter(
        1.5,
        lower=0.0,
        upper=10.0,
        unit="umol m-2 s-1",
        source=f"{_ASSUMED}; of the order that Lloyd and Taylor 1994, doi:10.2307/2389824, report",
        description="Soil respiration at 10 degrees Celsius in moist soil",
        group="Respiration",
        symbol="R_10",
    )
    respiration_activation: float = parameter(
        308.56,
        lower=50.0,
        upper=600.0,
        unit="K",
        source="Lloyd and Taylor 1994, doi:10.2307/2389824, eq. 11",
        description="Temperature sensitivity of soil respiration",
        group="Respiration",
        symbol="E_0",
    )
    autotrophic_share: float = parameter(
        0.35,
        lower=0.0,
        upper=0.8,
        unit="1",
        source="Waring et al. 1998, doi:10.1093/treephys/18.2.129: plants respire 0.53 of GPP, "
        "about a third of it in leaves, which are counted apart",
        description="Share of recent GPP that stems and roots respire",
        group="Respiration",
        symbol="a_R",
    )
    tissue_turnover_time: float = parameter(
        1.0,
        lower=0.1,
        upper=20.0,
        unit="year",
        source=f"{_ASSUMED}; leaves and fine roots of deciduous plants live about a year",
        description="Mean life of the tissue that growth makes",
        group="Respiration",
        symbol="tau_p",
    )
    decomposable_litter_share: float = parameter(
        0.20,
        lower=0.0,
        upper=1.0,
        unit="1",
        source="Coleman and Jenkinson 1996, doi:10.1007/978-3-642-61094-3_17: decomposable "
        "over resistant litter 0.25 in woods, 0.67 in grass and scrub, 1.44 in crops",
        description="Share of litter that decomposes within weeks",
        group="Respiration",
        symbol="f_DPM",
    )
    slow_carbon_share: float = parameter(
        1.0,
        lower=0.1,
        upper=3.0,
        unit="1",
        source="1 by definition: steady state; Carvalhais et al. 2008, doi:10.1029/2007GB003033, "
        "for soils away from it",
        description="Slow soil carbon at the start over that of the steady state",
        group="Respiration",
        symbol="eta",
    )
