"""The late vegetation index of the published monthly table."""

import numpy as np
import pandas as pd

from fluxscape.lue.lag import correct_lag, find_lag
from helpers.shared import shared_file


def test_leaf_area_and_index_of_the_monthly_table_run_three_months_late():
    table = pd.read_csv(shared_file("data/upscaling_monthly_predictors.csv.gz"))
    table = table.sort_values(["Site", "TIMESTAMP"])
    site, production = table["Site"].to_numpy(str), table["GPP_NT_VUT_REF"].to_numpy(float)
    for name in ("LAI", "EVI"):
        index = table[name].to_numpy(float)
        lag = find_lag(index, production, site)
        assert lag.steps == 3
        assert lag.correlation[0] < 0.3
        assert lag.correlation[3] > 0.7
        mended = find_lag(correct_lag(index, site, lag.steps), production, site)
        assert mended.steps == 0
        assert np.isclose(mended.correlation[0], lag.correlation[3], atol=0.05)
