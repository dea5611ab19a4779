"""Small simulated tables of site months with the columns of FLUXNET2015."""

from __future__ import annotations

import numpy as np
import pandas as pd

TYPES = ("ENF", "DBF", "GRA", "CRO")


def site_months(
    sites: int = 16, years: int = 3, *, late: int = 0, seed: int = 0, noise: float = 0.3
) -> pd.DataFrame:
    """Return a simulated table; leaf area and EVI stand ``late`` months after their own."""
    rng = np.random.default_rng(seed)
    frames = []
    n = 12 * years
    month = np.arange(n)
    for i in range(sites):
        latitude = float(rng.uniform(25.0, 60.0)) * (-1.0 if i % 5 == 4 else 1.0)
        wave = -np.cos(2.0 * np.pi * (month - 0.5) / 12.0) * (1.0 if latitude > 0.0 else -1.0)
        warm = 12.0 + 12.0 * wave + rng.normal(0.0, 1.5, n) - 0.2 * (abs(latitude) - 40.0)
        light = np.clip(170.0 + 110.0 * wave + rng.normal(0.0, 12.0, n), 10.0, None)
        high = rng.uniform(1.0, 5.0)
        leaves = np.clip(high * (0.5 + 0.5 * wave) + rng.normal(0.0, 0.1, n), 0.02, None)
        deficit = np.clip(4.0 + 4.0 * wave + rng.normal(0.0, 0.8, n), 0.1, None)
        production = 0.045 * light * (1.0 - np.exp(-0.5 * leaves)) * np.clip(warm / 15.0, 0.0, 1.0)
        production += rng.normal(0.0, noise, n)
        evaporation = 0.3 * light * (0.3 + 0.7 * (1.0 - np.exp(-0.5 * leaves)))
        frames.append(
            pd.DataFrame(
                {
                    "TIMESTAMP": (2001 + month // 12) * 100 + month % 12 + 1,
                    "Site": f"XX-S{i:02d}",
                    "Lat": latitude,
                    "Lon": float(rng.uniform(-20.0, 120.0)),
                    "PFT": TYPES[i % len(TYPES)],
                    "GPP_NT_VUT_REF": production,
                    "NEE_VUT_REF": 1.0 - 0.6 * production,
                    "NEE_VUT_REF_QC": 0.9,
                    "LE_CORR": evaporation + rng.normal(0.0, 4.0, n),
                    "LE_F_MDS_QC": 0.9,
                    "TA_F": warm,
                    "SW_IN_F": light,
                    "LW_IN_F": 320.0 + 3.0 * (warm - 12.0),
                    "VPD_F": deficit,
                    "PA_F": 98.0,
                    "P_F": rng.gamma(2.0, 1.2, n),
                    "WS_F": rng.uniform(1.0, 4.0, n),
                    "LAI": _moved(leaves, late),
                    "EVI": _moved(0.1 + 0.1 * leaves, late),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _moved(values: np.ndarray, late: int) -> np.ndarray:
    out = np.full(values.size, np.nan)
    out[late:] = values[: values.size - late]
    return out
