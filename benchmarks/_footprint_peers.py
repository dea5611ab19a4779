"""Time one peer's FFP climatology; run by footprint.py with the Python of .venv-peers.

Arguments: name of the peer, .npz with the records, .npy to write the climatology to. Prints one
JSON object: seconds, cpu_seconds, records, sum, peak_rss_mb.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import resource
import sys
import time
from pathlib import Path

import numpy as np

STEP, HALF = 4.0, 1000.0
DOMAIN = [-HALF, HALF, -HALF, HALF]


def pyffp(records):
    from pyffp.calc_footprint_FFP_climatology import FFP_climatology  # noqa: PLC0415

    found = FFP_climatology(
        zm=float(records["zm"]),
        z0=float(records["z0"]),
        umean=None,
        h=records["h"].tolist(),
        ol=records["ol"].tolist(),
        sigmav=records["sigmav"].tolist(),
        ustar=records["ustar"].tolist(),
        wind_dir=records["wind_dir"].tolist(),
        domain=DOMAIN,
        dx=STEP,
        dy=STEP,
        rs=None,
        smooth_data=None,
        verbosity=0,
    )
    return found["fclim_2d"]


def fluxprint(records):
    from fluxprint.model.Kljun_et_al_2015 import calc_ffp_climatology  # noqa: PLC0415

    found = calc_ffp_climatology(
        zm=float(records["zm"]),
        z0=float(records["z0"]),
        pblh=records["h"].tolist(),
        mo_length=records["ol"].tolist(),
        v_sigma=records["sigmav"].tolist(),
        ustar=records["ustar"].tolist(),
        wind_dir=records["wind_dir"].tolist(),
        domain=DOMAIN,
        dx=STEP,
        dy=STEP,
        rs=None,
        smooth_data=0,
        verbosity=0,
    )
    return found.fclim_2d


def fluxfootprints(records):
    import pandas as pd  # noqa: PLC0415
    from fluxfootprints.improved_ffp import FFPModel  # noqa: PLC0415

    frame = pd.DataFrame(
        {
            "zm": float(records["zm"]),
            "z0": float(records["z0"]),
            "umean": records["umean"],
            "h": records["h"],
            "ol": records["ol"],
            "sigmav": records["sigmav"],
            "ustar": records["ustar"],
            "wind_dir": records["wind_dir"],
        },
        index=pd.date_range("2021-01-01", periods=records["h"].size, freq="30min"),
    )
    model = FFPModel(
        frame, domain=DOMAIN, dx=STEP, dy=STEP, smooth_data=False, rs=None, verbosity=0
    )
    model.run()
    return model.fclim_2d.to_numpy().T


PEERS = {"pyffp": pyffp, "fluxprint": fluxprint, "fluxfootprints": fluxfootprints}


def main(name: str, source: str, target: str) -> None:
    logging.disable(logging.CRITICAL)
    records = dict(np.load(source, allow_pickle=False))
    peer = PEERS[name]
    few = {key: value[:2] if value.ndim else value for key, value in records.items()}
    chatter = io.StringIO()
    with contextlib.redirect_stdout(chatter), contextlib.redirect_stderr(chatter):
        peer(few)
        start, cpu = time.perf_counter(), time.process_time()
        field = np.asarray(peer(records), dtype=float)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    np.save(Path(target), field)
    count = int(records["h"].size)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": cpu,
                "records": count,
                "sum": float(np.nansum(field)) * STEP**2,
                "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:4])
