"""From parameters of members to predictions of gross primary production, by light-use efficiency.

The same smoothers, sampler and rankings serve these models as serve the land-surface model: each
sees but a map from z to predictions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape.assimilation.observations import Observations
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.errors import MissingVariableError
from fluxscape.lue import LueParameters, run_lue

FloatArray = npt.NDArray[np.float64]

_STREAM = "gross_primary_production"


class LueForward:
    """Predictions of one site's gross primary production for members of an ensemble."""

    def __init__(
        self,
        forcing: xr.Dataset,
        observations: Observations,
        parameters: LueParameters,
        space: ParameterSpace,
        *,
        model: str,
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> None:
        """Prepare a forward operator.

        Parameters
        ----------
        forcing
            As :func:`fluxscape.lue.run_lue` takes it, over ``time`` alone.
        observations
            On the steps of the forcing, of the stream ``gpp`` alone.
        parameters
            Of the model; those of ``space`` are replaced member by member.
        space
            Parameters that are estimated.
        model, latitude, longitude
            As in :func:`fluxscape.lue.run_lue`.

        Raises
        ------
        MissingVariableError
            If another stream than gross primary production is to be predicted.
        """
        other = [name for name in observations.names if name != _STREAM]
        if other:
            msg = f"models of light-use efficiency give no {other[0]} to compare with"
            raise MissingVariableError(msg, variable=other[0])
        self.forcing, self.observations = forcing, observations
        self.parameters, self.space, self.model = parameters, space, model
        self.latitude, self.longitude = latitude, longitude
        self.groups = observations.groups()

    def __call__(self, z: FloatArray) -> FloatArray:
        """Return predictions (member, observation); NaN for members that failed."""
        count = self.groups.counts.size
        used = self.groups.period >= 0
        period = self.groups.period[used]
        means = np.full((z.shape[0], 1, count), np.nan)
        for member, row in enumerate(self.space.outside(z)):
            changes = dict(zip(self.space.names, map(float, row), strict=True))
            run = run_lue(
                self.forcing,
                self.parameters.replace(changes),
                model=self.model,
                latitude=self.latitude,
                longitude=self.longitude,
            )
            steps = run[_STREAM].to_numpy().astype(np.float64)[used]
            means[member, 0] = np.bincount(period, weights=steps, minlength=count)
        means /= self.groups.counts
        return self.observations.predict(means, self.groups)
