"""Light-use efficiency: productivity from light, seven published models behind one face."""

from fluxscape.lue.common import LueParameters
from fluxscape.lue.model import MODELS, find_model, lue_parameters_for, run_lue

__all__ = ["MODELS", "LueParameters", "find_model", "lue_parameters_for", "run_lue"]
