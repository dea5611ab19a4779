"""A flux table that the model made, for commands that calibrate."""

from pathlib import Path

import numpy as np

from fluxscape.dlm import parameters_for, run_dlm
from helpers.dlm_climates import CLIMATES, climate_dataset

PLACE = ["--igbp", "DBF", "--latitude", "42", "--longitude", "0", "--utc-offset", "0"]
"""Options that tell where the table comes from."""


def write_table(folder: Path, days: int = 8) -> Path:
    """Write the table; return its path."""
    forcing = climate_dataset(CLIMATES["temperate summer"], days=days)
    result = run_dlm(forcing, parameters_for("DBF"), latitude=42.0, longitude=0.0)
    names = {
        "air_temperature": forcing["air_temperature"],
        "vapour_pressure_deficit": forcing["vapour_pressure_deficit"],
        "surface_downwelling_shortwave_flux": forcing["surface_downwelling_shortwave_flux"],
        "wind_speed": forcing["wind_speed"],
        "precipitation_flux": forcing["precipitation_flux"],
        "gross_primary_production": result["gross_primary_production"],
    }
    rows = [",".join(["time", *names])]
    columns = [np.datetime_as_string(forcing["time"].to_numpy(), unit="s")]
    columns += [[repr(float(value)) for value in item.to_numpy()] for item in names.values()]
    rows += [",".join(row) for row in zip(*columns, strict=True)]
    file = folder / "table.csv"
    file.write_text("\n".join(rows) + "\n")
    return file
