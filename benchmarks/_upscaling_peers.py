"""Cubist on the same rows; run by upscaling.py with the Python of .venv-peers.

Arguments: .npz with one table a target (x, y, fold) and rows to time, committees, .npz to write to.
Prints one JSON object. Cubist's predictions stand in the .npz, its last model's text in the JSON.
"""

from __future__ import annotations

import json
import sys
import time
import warnings

import numpy as np
from cubist import Cubist

warnings.filterwarnings("ignore")


def main() -> None:
    given, committees, made = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    tables = np.load(given, allow_pickle=False)
    predicted, seconds = {}, {}
    for target in [str(name) for name in tables["targets"]]:
        x, y, fold = (tables[f"{target}_{key}"] for key in ("x", "y", "fold"))
        out = np.empty(y.size)
        start = time.perf_counter()
        for number in np.unique(fold):
            own = fold == number
            model = Cubist(n_committees=committees, random_state=0).fit(x[~own], y[~own])
            out[own] = model.predict(x[own])
        predicted[target] = out
        seconds[target] = time.perf_counter() - start
    rows = tables["rows"]
    cpu, start = time.process_time(), time.perf_counter()
    predicted["timed"] = model.predict(rows)
    timed = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
    np.savez(made, **predicted)
    facts = {"fit_seconds": seconds, "predict": timed, "model": model.model_, "rows": len(rows)}
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
