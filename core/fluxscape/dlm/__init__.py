"""The land-surface model DLM: two leaves, snow, soil, water and carbon, closed at every step."""

from fluxscape.dlm._records import LAYER_THICKNESS, OUTPUT_NAMES, Forcing
from fluxscape.dlm.alma import alma_names, cmip_names
from fluxscape.dlm.arrays import DlmArrays, compile_dlm, run_dlm_arrays
from fluxscape.dlm.carbon import returning_carbon, steady_carbon
from fluxscape.dlm.forcing import DLM_NEEDS, DlmForcing, prepare_forcing
from fluxscape.dlm.model import run_dlm
from fluxscape.dlm.options import MODES
from fluxscape.dlm.parameters import (
    LAND_COVERS,
    DlmParameters,
    parameter_records,
    parameters_for,
)
from fluxscape.dlm.scores import score_run
from fluxscape.dlm.state import DlmState, start_states
from fluxscape.dlm.streaming import stream_dlm

__all__ = [
    "DLM_NEEDS",
    "LAND_COVERS",
    "LAYER_THICKNESS",
    "MODES",
    "OUTPUT_NAMES",
    "DlmArrays",
    "DlmForcing",
    "DlmParameters",
    "DlmState",
    "Forcing",
    "alma_names",
    "cmip_names",
    "compile_dlm",
    "parameter_records",
    "parameters_for",
    "prepare_forcing",
    "returning_carbon",
    "run_dlm",
    "run_dlm_arrays",
    "score_run",
    "start_states",
    "steady_carbon",
    "stream_dlm",
]
