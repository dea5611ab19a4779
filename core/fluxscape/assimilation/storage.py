"""A calibration in a folder: its passes, so that it can go on, and its result."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import xarray as xr

from fluxscape._version import __version__
from fluxscape.assimilation.calibration import Calibration, CalibrationSettings, settings_text
from fluxscape.assimilation.dlm_forward import SiteProblem
from fluxscape.assimilation.passes import Checkpoint, Result
from fluxscape.assimilation.problem import facts_of
from fluxscape.assimilation.space import ParameterSpace
from fluxscape.contracts import provenance
from fluxscape.dlm import LAND_COVERS, DlmParameters, parameters_for
from fluxscape.errors import FileFormatError, RunError
from fluxscape.io.atomic import json_text, write_bytes, write_netcdf, write_text
from fluxscape.io.parameter_files import ALL, read_parameter_ensemble

FloatArray = npt.NDArray[np.float64]

_PLAN: Final = "plan.json"
_PASS: Final = "pass.npz"  # noqa: S105 (a file's name)
_RESULT: Final = "calibration.json"
_MEMORY: Final = "memory_"
_ENSEMBLE: Final = "ensemble.npz"
_VALIDATION: Final = "validation.json"
IDENTIFIABILITY: Final = "identifiability.json"
POSTERIOR: Final = "posterior.nc"
"""Members by type, as maps read them."""


@dataclass(frozen=True)
class CalibrationFolder:
    """Where a calibration is kept.

    Attributes
    ----------
    folder
        Made when it is not there.
    """

    folder: Path

    @classmethod
    def open(
        cls, folder: Path, settings: CalibrationSettings, problems: Sequence[SiteProblem]
    ) -> CalibrationFolder:
        """Return the folder of a run, new or to go on with.

        Raises
        ------
        RunError
            If it holds a run with other settings or observations.
        MissingVariableError, OutOfBoundsError
            If the settings cannot run at a site; nothing is made then.
        """
        for item in problems:
            ParameterSpace.of(item.parameters, settings.parameters, spread=settings.spread)
        plan = {
            "version": __version__,
            "settings": json.loads(settings_text(settings)),
            "problems": [facts_of(item) | _checksums(item) for item in problems],
        }
        text = json_text(plan, indent=1) + "\n"
        file = folder / _PLAN
        if file.exists():
            if file.read_bytes() != text.encode():
                msg = (
                    f"{folder} holds a calibration with other settings or observations: give "
                    "another folder, or remove it"
                )
                raise RunError(msg, path=str(folder))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(text, file)
        return cls(folder)

    def save_pass(self, checkpoint: Checkpoint) -> None:
        """Keep a pass; the one before is replaced."""
        result = checkpoint.result
        self._save(
            self.folder / _PASS,
            passes=np.array(checkpoint.passes),
            ensemble=checkpoint.ensemble,
            prior=result.prior,
            predicted_prior=result.predicted_prior,
            misfit=np.array(result.misfit),
            alphas=np.array(result.alphas),
            dropped=np.array(result.dropped, np.int64),
            accepted=np.array(result.accepted, np.float64),
            converged=np.array(result.converged),
            **{f"{_MEMORY}{name}": values for name, values in checkpoint.memory.items()},
        )

    def save_identifiability(self, expected: Mapping[str, Mapping[str, float]]) -> None:
        """Keep what observations can tell of each parameter, known before they are used."""
        write_text(json_text(expected, indent=1) + "\n", self.folder / IDENTIFIABILITY)

    def save_validation(self, found: Mapping[str, Any]) -> None:
        """Keep scores of what was left out."""
        write_text(json_text(found, indent=1) + "\n", self.folder / _VALIDATION)

    def last_pass(self) -> Checkpoint | None:
        """Return the last pass, None where there is none.

        Raises
        ------
        FileFormatError
            If it is damaged.
        """
        file = self.folder / _PASS
        if not file.exists():
            return None
        try:
            with file.open("rb") as raw, np.load(raw, allow_pickle=False) as kept:
                ensemble = kept["ensemble"]
                result = Result(
                    prior=kept["prior"],
                    posterior=ensemble,
                    predicted_prior=kept["predicted_prior"],
                    predicted_posterior=np.empty((0, kept["predicted_prior"].shape[1])),
                    misfit=kept["misfit"].tolist(),
                    alphas=kept["alphas"].tolist(),
                    dropped=kept["dropped"].tolist(),
                    accepted=kept["accepted"].tolist(),
                    converged=bool(kept["converged"]),
                )
                memory = {
                    name.removeprefix(_MEMORY): kept[name]
                    for name in kept.files
                    if name.startswith(_MEMORY)
                }
                return Checkpoint(int(kept["passes"]), ensemble, result, memory=memory)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            msg = f"{file} is no sound pass of a calibration: {error}"
            raise FileFormatError(msg, path=str(file)) from error

    def save_result(self, done: Calibration) -> dict[str, Any]:
        """Write report, ensemble and one parameter file a site; return the report."""
        facts = done.to_dict()
        self._save(
            self.folder / _ENSEMBLE,
            parameters=np.array(done.settings.parameters),
            sites=np.array(done.layout.sites),
            prior=np.stack([done.site_values(i, prior=True) for i in range(len(done.problems))]),
            posterior=np.stack([done.site_values(i) for i in range(len(done.problems))]),
        )
        write_netcdf(posterior_dataset(done), self.folder / POSTERIOR)
        for index, problem in enumerate(done.problems):
            medians = done.median_parameters(index).to_dict()
            lines = [f"{name}: {medians[name]!r}" for name in done.settings.parameters]
            name = "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in problem.site)
            write_text("\n".join(lines) + "\n", self.folder / f"parameters_{name}.yaml")
        write_text(json_text(facts, indent=1) + "\n", self.folder / _RESULT)
        return facts

    @staticmethod
    def _save(file: Path, **arrays: Any) -> None:
        """Write arrays into one file, whole or not at all."""
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **arrays)
        write_bytes(buffer.getbuffer(), file)


def posterior_dataset(done: Calibration) -> xr.Dataset:
    """Return the posterior of every type: parameters over ``igbp`` and ``member``.

    Members are those of a place of the type that was not calibrated itself: parameters of the type
    plus departures as wide as assumed. One site alone has no departures, and stands for its type.
    """
    layout = done.layout
    z = done.result.posterior
    values = {
        name: space.outside(layout.new_site(z, space, name, done.settings.seed))
        for name, space in layout.spaces.items()
    }
    return members_dataset(values, done.settings.parameters, _without_clock(done))


def members_dataset(
    values: Mapping[str, FloatArray], names: Sequence[str], attrs: Mapping[str, Any]
) -> xr.Dataset:
    """Return members of parameters over ``igbp`` and ``member``, as maps read them.

    Parameters
    ----------
    values
        By IGBP class, shape (member, parameter), in the parameters' units.
    names
        Of the parameters.
    attrs
        Of the dataset.
    """
    rows = {row.name: row for row in DlmParameters.table()}
    members = next(iter(values.values())).shape[0]
    return xr.Dataset(
        {
            name: (
                ("igbp", "member"),
                np.stack([found[:, i] for found in values.values()]),
                {"units": rows[name].unit, "long_name": rows[name].description},
            )
            for i, name in enumerate(names)
        },
        coords={"igbp": list(values), "member": np.arange(members)},
        attrs=dict(attrs),
    )


def _without_clock(done: Calibration) -> dict[str, Any]:
    """Return the provenance of a posterior; without a date, as a resumed run has the same bytes."""
    facts = provenance(
        status="observed",
        source=f"posterior of a calibration of DLM by {done.settings.method}",
        parameters=asdict(done.settings),
        site=", ".join(done.layout.sites),
        seed=done.settings.seed,
    )
    del facts["history"]
    return facts


def read_posterior(
    path: str | Path, *, soil_texture: str = "loam"
) -> dict[str, list[DlmParameters]]:
    """Return the members of a posterior as full parameter sets by IGBP class.

    Parameters
    ----------
    path
        ``posterior.nc`` of a calibration, or its folder; or any ensemble of parameters that
        :func:`fluxscape.io.parameter_files.read_parameter_ensemble` reads.
    soil_texture
        Of what was not estimated.

    Returns
    -------
    dict
        A list of members for each class, for every one where the file holds values for all; what
        was not estimated has the defaults of the class.

    Raises
    ------
    FileFormatError, DimsError
        If it is no such file.
    MissingVariableError, OutOfBoundsError
        If a class or a parameter is unknown, or a value impossible.
    """
    file = Path(path)
    found = dict(read_parameter_ensemble(file / POSTERIOR if file.is_dir() else file))
    for_all = found.pop(ALL, None)
    if for_all is not None:
        found = dict.fromkeys(LAND_COVERS, for_all) | found
    sets = {}
    for igbp, rows in found.items():
        base = parameters_for(igbp, soil_texture)
        members = min(len(row) for row in rows.values())
        sets[igbp] = [
            base.replace(
                {name: float(row[member]) for name, row in rows.items() if np.isfinite(row[member])}
            )
            for member in range(members)
        ]
    return sets


def _checksums(problem: SiteProblem) -> dict[str, str]:
    """Return what tells observations and forcing from others."""
    seen = hashlib.sha256(problem.observations.values.tobytes())
    seen.update(problem.observations.sigma.tobytes())
    driven = hashlib.sha256()
    for series in problem.forcing:
        driven.update(np.ascontiguousarray(series).tobytes())
    return {"observations_sha256": seen.hexdigest(), "forcing_sha256": driven.hexdigest()}
