"""The P-model through pyrealm: optimality instead of parameters by type (Stocker et al. 2020).

Steps of a day and longer: the standard model, each step acclimated to its own weather. Shorter
ones: the sub-daily model, in which capacities follow the noons of about a fortnight (Mengoli et al.
2022, doi:10.1029/2021MS002767). Stocker et al. 2020, doi:10.5194/gmd-13-1545-2020; pyrealm 2.0,
MIT licence.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np

from fluxscape.errors import DimsError
from fluxscape.lue._time import DAY
from fluxscape.lue.common import GRAMS_CARBON_PER_MOLE, FloatArray, LueParameters, LueResult
from fluxscape.lue.inputs import Inputs
from fluxscape.parameters import parameter

COLDEST: Final = -25.0
"""Temperature below which pyrealm refuses to run [degC]; the quantum yield is 0 there already."""

_HALF_WINDOW: Final = np.timedelta64(1800, "s")


@dataclass(frozen=True)
class PModelParameters(LueParameters):
    """Parameters of the P-model, one set for all C3 vegetation."""

    leading: ClassVar[str] = "quantum_yield"

    quantum_yield: float = parameter(
        0.081785,
        lower=0.03,
        upper=0.125,
        unit="mol mol-1",
        source="Stocker et al. 2020, doi:10.5194/gmd-13-1545-2020, Table 1, setup BRC, of the "
        "canopy, as pyrealm gives it; 1/8 is that of leaves and of the sub-daily model of Mengoli "
        "et al. 2022, doi:10.1029/2021MS002767",
        description="Quantum yield, times its quadratic of temperature (Bernacchi et al. 2003)",
        group="Efficiency",
        symbol="phi_0",
    )
    acclimation: float = parameter(
        1.0 / 15.0,
        lower=0.01,
        upper=1.0,
        unit="day-1",
        source="Mengoli et al. 2022, doi:10.1029/2021MS002767: 15 days",
        description="Share of the way to the day's optimum that capacities go in a day",
        group="Efficiency",
        symbol="alpha",
    )

    def highest_efficiency(self) -> float:
        """Return the quantum yield [mol mol-1]."""
        return self.quantum_yield


def by_type(plant_type: str) -> PModelParameters:  # noqa: ARG001 (one set for all types)
    """Return the parameters, which do not depend on the type."""
    return PModelParameters()


def simulate(inputs: Inputs, p: PModelParameters, soil: FloatArray) -> LueResult:
    """Return what the P-model gives, times ``soil``."""
    fraction, par = inputs.absorbed_fraction(), inputs.par()
    weather = {
        "tc": np.maximum(inputs.temperature(), COLDEST),
        "vpd": inputs.deficit(),
        "co2": inputs.carbon_dioxide(),
        "patm": inputs.pressure(),
        "fapar": fraction,
        "ppfd": par,
    }
    production = np.empty_like(par)
    warmth = np.empty_like(par)
    for i in range(par.shape[0]):
        row = {name: np.array(values[i]) for name, values in weather.items()}
        if np.isfinite(row["tc"]).any():
            production[i], warmth[i] = _run(inputs, p, row, i)
        else:
            production[i] = warmth[i] = np.nan
    absorbed = par * fraction
    light = absorbed * p.quantum_yield * warmth
    with np.errstate(divide="ignore", invalid="ignore"):
        carbon = np.where(light > 0.0, production / light, np.nan)
    scalars = {"temperature_scalar": warmth, "water_scalar": soil, "carbon_dioxide_scalar": carbon}
    # No light, no production, whatever else is unknown.
    return LueResult(np.where(absorbed == 0.0, 0.0, production * soil), absorbed, scalars)


def _run(
    inputs: Inputs, p: PModelParameters, row: dict[str, FloatArray], pixel: int
) -> tuple[FloatArray, FloatArray]:
    """Return production [umol m-2 s-1] and the scalar of temperature of one pixel."""
    # pyrealm takes a second and a half to import.
    from pyrealm.pmodel import PModel, PModelEnvironment, SubdailyPModel  # noqa: PLC0415

    with warnings.catch_warnings():
        # It warns of its new default, which is not used, and of weather beyond what it expects.
        warnings.simplefilter("ignore")
        environment = PModelEnvironment(**row)
        options: dict[str, Any] = {
            "method_kphio": "temperature",
            "reference_kphio": p.quantum_yield,
        }
        if inputs.subdaily:
            acclimation = _acclimation(inputs, p, pixel)
            model = SubdailyPModel(env=environment, acclim_model=acclimation, **options)
        else:
            model = PModel(env=environment, **options)
    micrograms = np.asarray(model.gpp, np.float64)
    return micrograms / GRAMS_CARBON_PER_MOLE, np.asarray(model.kphio.kphio) / p.quantum_yield


def _acclimation(inputs: Inputs, p: PModelParameters, pixel: int) -> Any:
    """Return pyrealm's model of acclimation to the half hour on either side of local noon."""
    from pyrealm.pmodel import AcclimationModel  # noqa: PLC0415

    step = np.timedelta64(inputs.step_seconds, "s")
    if inputs.times.size * inputs.step_seconds < DAY:
        msg = f"{inputs.where}: the sub-daily P-model needs a day or more"
        raise DimsError(msg)
    ahead = float(inputs.degrees("longitude")[pixel]) / 15.0 * 3600.0
    shift = round(ahead / inputs.step_seconds) * step
    local = (inputs.times + shift).astype("datetime64[s]")
    model = AcclimationModel(
        local, alpha=p.acclimation, allow_partial_data=True, allow_holdover=True
    )
    model.set_window(np.timedelta64(12 * 3600, "s"), max(_HALF_WINDOW, step))
    return model
