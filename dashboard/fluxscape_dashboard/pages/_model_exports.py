"""What the Model page saves and loads: parameters as YAML, series as CSV and netCDF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel_material_ui as pmui
import xarray as xr

from fluxscape.errors import FluxscapeError
from fluxscape.io.atomic import write_netcdf, write_text
from fluxscape.io.exports import write_csv
from fluxscape.io.guards import check_upload_name
from fluxscape.parameters import ParameterSet
from fluxscape_dashboard.pages._downloads import data_button, file_name
from fluxscape_dashboard.pages._model_runs import ModelRun
from fluxscape_dashboard.pages._upload import UploadButton
from fluxscape_dashboard.pages.base import PageView
from fluxscape_dashboard.safe import label
from fluxscape_dashboard.work.parameter_file import LARGEST_FILE, parameter_text, read_parameters


def export_row(page: PageView, run: Callable[[], ModelRun]) -> Any:
    """Return the buttons that save parameters and series."""

    def name(suffix: str) -> Callable[[], str]:
        def made() -> str:
            present = run()
            made_with = present.made_with
            return file_name(made_with.model, present.place.short, made_with.igbp, suffix=suffix)

        return made

    return pmui.FlexBox(
        data_button(
            page,
            "model.save_parameters",
            name(".yaml"),
            lambda path: write_parameters(run(), path),
        ),
        data_button(page, "work.save_csv", name(".csv"), lambda path: write_series(run(), path)),
        data_button(
            page,
            "work.save_netcdf",
            name(".nc"),
            lambda path: write_netcdf(with_names(run()), path),
        ),
        margin=0,
    )


def write_parameters(run: ModelRun, path: Path) -> None:
    """Write all parameters of a run."""
    write_text(parameter_text(run.made_with, site=run.place.short), path)


def write_series(run: ModelRun, path: Path) -> None:
    """Write every scalar output as a table; the unit stands in the heading."""
    data = run.data
    units = {str(name): str(data[name].attrs.get("units", "")) for name in data.data_vars}
    frame = data.to_dataframe().reset_index()
    frame = frame.rename(columns={name: f"{name} [{unit}]" for name, unit in units.items()})
    frame = frame.rename(columns={"time": "time_utc"})
    frame.insert(1, "site", run.place.short)
    frame.insert(2, "data_status", str(data.attrs["data_status"]))
    write_csv(frame, path)


def with_names(run: ModelRun) -> xr.Dataset:
    """Return outputs and daily profiles with the tower's name among the attributes."""
    named: xr.Dataset = run.data.assign_attrs(site=run.place.short)
    if run.profile is not None:
        profiles = {f"daily_{name}_profile": item for name, item in run.profile.items()}
        named = named.assign(profiles)
    return named


class ParameterLoader:
    """A button that takes a parameter file.

    Parameters
    ----------
    page
        The page.
    defaults
        Gives the default parameters that the file is compared with.
    on_load
        Called with the values that differ from the defaults and the file's name.
    on_error
        Called with what is wrong with a file and its name.
    """

    def __init__(
        self,
        page: PageView,
        *,
        defaults: Callable[[], ParameterSet],
        on_load: Callable[[dict[str, float], str], None],
        on_error: Callable[[FluxscapeError, str], None],
    ) -> None:
        self._defaults, self._on_load, self._on_error = defaults, on_load, on_error
        self.button = UploadButton(
            on_refused=lambda: None,
            largest=LARGEST_FILE,
            label=page.bound("model.load_parameters"),
            uploaded_label=page.bound("model.load_parameters"),
            variant="outlined",
            size="small",
            margin=(2, 2),
        )
        self.button.param.watch(self._take, "value")

    def _take(self, event: Any) -> None:
        if not event.new:
            return
        name = str(self.button.filename or "")
        self.button.param.update(value=None)
        clean = label(name, limit=80)
        try:
            check_upload_name(name)
            changes = read_parameters(event.new, clean, self._defaults())
        except FluxscapeError as error:
            self._on_error(error, clean)
            return
        self._on_load(changes, clean)
