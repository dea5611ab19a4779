"""The space in which parameters are estimated: bounded outside, unbounded and Gaussian inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from fluxscape.errors import MissingVariableError, OutOfBoundsError, did_you_mean
from fluxscape.parameters import ParameterSet

FloatArray = npt.NDArray[np.float64]

DEFAULT_SPREAD: Final = 0.8
"""Prior standard deviation on the logit scale: with the default in the middle of the bounds, half
of the prior lies within a quarter of their width around it. Wide, and stated with every result."""

_EDGE: Final = 1e-9


@dataclass(frozen=True)
class ParameterSpace:
    """Names, bounds and prior of the parameters that are estimated.

    A value x in (lower, upper) is z = log((x - lower) / (upper - x)) inside, where the prior is
    Gaussian with independent components. Updates move z freely and x never leaves its bounds.

    Attributes
    ----------
    names
        Parameters in order.
    lower, upper
        Bounds, shape (parameter,).
    prior_mean, prior_spread
        Of z, shape (parameter,).
    """

    names: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    prior_mean: FloatArray
    prior_spread: FloatArray

    @classmethod
    def of(
        cls,
        parameters: ParameterSet,
        names: Sequence[str],
        *,
        spread: float | Mapping[str, float] = DEFAULT_SPREAD,
        bounds: Mapping[str, tuple[float, float]] | None = None,
    ) -> Self:
        """Make a space around a parameter set.

        Parameters
        ----------
        parameters
            Prior medians.
        names
            Parameters to estimate.
        spread
            Prior standard deviation of z, one for all or by name.
        bounds
            Narrower bounds by name than those of the table.

        Raises
        ------
        MissingVariableError
            If a name is unknown or comes twice.
        OutOfBoundsError
            If bounds do not enclose the prior median, or a spread is not positive.
        """
        rows = {row.name: row for row in parameters.table()}
        narrowed = dict(bounds or {})
        for name in (*names, *narrowed):
            if name not in rows:
                msg = f"there is no parameter {name!r}.{did_you_mean(name, rows)}"
                raise MissingVariableError(msg, parameter=name)
        if len(set(names)) != len(names) or not names:
            msg = (
                f"parameters to estimate must be named once each, got {', '.join(names) or 'none'}"
            )
            raise MissingVariableError(msg)
        edges = [narrowed.get(name, (rows[name].lower, rows[name].upper)) for name in names]
        lower, upper = (np.array(column, np.float64) for column in zip(*edges, strict=True))
        middle = np.array([float(getattr(parameters, name)) for name in names])
        spreads = np.array(
            [spread[name] if isinstance(spread, Mapping) else spread for name in names], np.float64
        )
        for i, name in enumerate(names):
            if not lower[i] <= middle[i] <= upper[i] or not lower[i] < upper[i]:
                msg = (
                    f"the prior median {middle[i]:g} of {name} does not lie within "
                    f"{lower[i]:g} to {upper[i]:g}"
                )
                raise OutOfBoundsError(msg, parameter=name, got=float(middle[i]))
            if not spreads[i] > 0.0 or not math.isfinite(spreads[i]):
                msg = f"the prior spread of {name} must be positive, got {spreads[i]:g}"
                raise OutOfBoundsError(msg, parameter=name, got=float(spreads[i]))
        return cls(tuple(names), lower, upper, _logit(middle, lower, upper), spreads)

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.names)

    def inside(self, values: FloatArray) -> FloatArray:
        """Return z of values, shape (..., parameter)."""
        return _logit(np.asarray(values, np.float64), self.lower, self.upper)

    def outside(self, z: FloatArray) -> FloatArray:
        """Return values of z, shape (..., parameter), within the bounds."""
        share = 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z, np.float64)))
        return np.asarray(self.lower + (self.upper - self.lower) * share)

    def draw(self, members: int, seed: int) -> FloatArray:
        """Return z of an ensemble from the prior, shape (member, parameter).

        The draw is centred and scaled, so that mean and spread of the ensemble are those of the
        prior whatever its size.

        Raises
        ------
        OutOfBoundsError
            If there are fewer than 4 members.
        """
        if members < 4:
            msg = f"an ensemble needs 4 members or more, got {members}"
            raise OutOfBoundsError(msg, got=members)
        noise = np.random.default_rng(seed).standard_normal((members, self.size))
        noise -= noise.mean(axis=0)
        noise /= noise.std(axis=0, ddof=1)
        return np.asarray(self.prior_mean + self.prior_spread * noise)

    def to_dict(self) -> dict[str, Any]:
        """Return names, bounds and prior as plain numbers, to be saved with a result."""
        median = self.outside(self.prior_mean)
        low, high = (self.outside(self.prior_mean + s * 1.645 * self.prior_spread) for s in (-1, 1))
        return {
            name: {
                "lower": float(self.lower[i]),
                "upper": float(self.upper[i]),
                "prior_median": float(median[i]),
                "prior_5": float(low[i]),
                "prior_95": float(high[i]),
                "prior_spread_logit": float(self.prior_spread[i]),
            }
            for i, name in enumerate(self.names)
        }


def _logit(values: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """Return the logit of values between bounds; values at a bound stay a billionth inside."""
    share = np.clip((values - lower) / (upper - lower), _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(share / (1.0 - share)))
