"""Published parameter values by plant functional type and by soil texture.

Sources stand beside each parameter in :mod:`fluxscape.dlm.parameters`; this module only holds the
numbers. Vcmax25: Kattge et al. 2009 (tropical trees on non-oxisols for EBF, the mean of
evergreen and deciduous shrubs for shrubs). Stomatal slope: De Kauwe et al. 2015. Optics:
CLM 4.5, Table 3.1. Clumping, height and maximum leaf area: Chen et al. 2005 and 2012. Roots:
Jackson et al. 1996, Table 1. Soils: Rawls et al. 1982, Table 2 (porosity, -33 and -1500 kPa) and
Campbell and Norman 1998, Table 9.1 (conductivity, air entry, exponent); quartz: Peters-Lidard et
al. 1998; clay: Cosby et al. 1984, Table 2. Litter: Coleman and Jenkinson 1996.
"""

from __future__ import annotations

from typing import Final

COLUMNS_BY_TYPE: Final = (
    "leaf_area_index",
    "leaf_area_minimum_share",
    "clumping_index",
    "canopy_height",
    "leaf_scattering_visible",
    "leaf_scattering_near_infrared",
    "vcmax25",
    "stomatal_slope",
    "root_distribution",
    "c4_fraction",
    "heterotrophic_respiration10",
    "decomposable_litter_share",
)

VALUES_BY_TYPE: Final = {
    #      L    Lmin Omega  h     vis   nir   V25    g1    root   C4   R10  fDPM
    "ENF": (4.5, 0.8, 0.62, 20.0, 0.12, 0.45, 62.5, 2.35, 0.976, 0.0, 1.5, 0.20),
    "DNF": (4.5, 0.1, 0.68, 20.0, 0.12, 0.45, 39.1, 2.35, 0.943, 0.0, 1.5, 0.20),
    "EBF": (4.5, 0.9, 0.63, 23.0, 0.15, 0.70, 41.0, 4.12, 0.962, 0.0, 1.5, 0.20),
    "DBF": (4.5, 0.1, 0.70, 23.0, 0.15, 0.70, 57.7, 4.45, 0.966, 0.0, 1.5, 0.20),
    "MF": (4.5, 0.45, 0.69, 20.0, 0.14, 0.58, 60.1, 3.40, 0.970, 0.0, 1.5, 0.20),
    "SHR": (2.0, 0.4, 0.71, 1.0, 0.15, 0.70, 57.9, 4.70, 0.964, 0.0, 1.0, 0.40),
    "SAV": (2.0, 0.4, 0.75, 3.0, 0.16, 0.69, 57.9, 4.70, 0.972, 0.0, 1.0, 0.40),
    "GRA": (2.0, 0.15, 0.75, 0.3, 0.16, 0.69, 78.2, 5.25, 0.943, 0.0, 1.5, 0.40),
    "C4": (2.0, 0.15, 0.75, 0.5, 0.16, 0.69, 30.0, 1.62, 0.943, 1.0, 1.5, 0.40),
    "CRO": (4.0, 0.1, 0.80, 0.8, 0.16, 0.69, 100.7, 5.79, 0.961, 0.0, 1.5, 0.59),
    "WET": (3.0, 0.15, 0.75, 0.5, 0.16, 0.69, 78.2, 5.25, 0.943, 0.0, 1.0, 0.40),
    "BSV": (0.3, 0.4, 0.75, 0.3, 0.15, 0.70, 57.9, 4.70, 0.975, 0.0, 0.5, 0.40),
}

TYPE_BY_IGBP: Final = {
    "ENF": "ENF",
    "EBF": "EBF",
    "DNF": "DNF",
    "DBF": "DBF",
    "MF": "MF",
    "CSH": "SHR",
    "OSH": "SHR",
    "SH": "SHR",
    "WSA": "SAV",
    "SAV": "SAV",
    "GRA": "GRA",
    "WET": "WET",
    "CRO": "CRO",
    "URB": "GRA",
    "CVM": "CRO",
    "BSV": "BSV",
    "C4": "C4",
}
"""Plant functional type of each IGBP class; ``C4`` stands for C4 grass and crops."""

COLUMNS_BY_TEXTURE: Final = (
    "porosity",
    "field_capacity",
    "wilting_point",
    "saturated_conductivity",
    "saturated_potential",
    "retention_exponent",
    "quartz_fraction",
    "clay_fraction",
)

VALUES_BY_TEXTURE: Final = {
    "sand": (0.437, 0.091, 0.033, 5.8e-5, 0.07, 1.7, 0.92, 0.03),
    "loamy sand": (0.437, 0.125, 0.055, 1.7e-5, 0.09, 2.1, 0.82, 0.06),
    "sandy loam": (0.453, 0.207, 0.095, 7.2e-6, 0.15, 3.1, 0.60, 0.10),
    "loam": (0.463, 0.270, 0.117, 3.7e-6, 0.11, 4.5, 0.40, 0.18),
    "silt loam": (0.501, 0.330, 0.133, 1.9e-6, 0.21, 4.7, 0.25, 0.13),
    "sandy clay loam": (0.398, 0.255, 0.148, 1.2e-6, 0.28, 4.0, 0.60, 0.27),
    "clay loam": (0.464, 0.318, 0.197, 6.4e-7, 0.26, 5.2, 0.35, 0.34),
    "silty clay loam": (0.471, 0.366, 0.208, 4.2e-7, 0.33, 6.6, 0.10, 0.34),
    "sandy clay": (0.430, 0.339, 0.239, 3.3e-7, 0.29, 6.0, 0.52, 0.42),
    "silty clay": (0.479, 0.387, 0.250, 2.5e-7, 0.34, 7.9, 0.10, 0.47),
    "clay": (0.475, 0.396, 0.272, 1.7e-7, 0.37, 7.6, 0.25, 0.58),
}

VAN_GENUCHTEN_BY_TEXTURE: Final = {
    #              theta_r theta_s alpha   n     Ks
    #                              [cm-1]        [cm h-1]
    "sand": (0.045, 0.43, 0.145, 2.68, 29.70),
    "loamy sand": (0.057, 0.41, 0.124, 2.28, 14.59),
    "sandy loam": (0.065, 0.41, 0.075, 1.89, 4.42),
    "loam": (0.078, 0.43, 0.036, 1.56, 1.04),
    "silt loam": (0.067, 0.45, 0.020, 1.41, 0.45),
    "sandy clay loam": (0.100, 0.39, 0.059, 1.48, 1.31),
    "clay loam": (0.095, 0.41, 0.019, 1.31, 0.26),
    "silty clay loam": (0.089, 0.43, 0.010, 1.23, 0.07),
    "sandy clay": (0.100, 0.38, 0.027, 1.23, 0.12),
    "silty clay": (0.070, 0.36, 0.005, 1.09, 0.02),
    "clay": (0.068, 0.38, 0.008, 1.09, 0.20),
}
"""Means of Carsel and Parrish 1988, doi:10.1029/WR024i005p00755, Table 6, in their units."""
