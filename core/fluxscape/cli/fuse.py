"""``fluxscape fuse``: fine images of dates on which only coarse ones were taken."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fluxscape.cli._footprint_outputs import show
from fluxscape.cli._fuse_files import (
    ImageFile,
    check_files,
    check_output,
    join_dates,
    look_at,
    read_image,
    write_result,
)
from fluxscape.cli._output import progress_line
from fluxscape.errors import DimsError, MissingVariableError, OutOfBoundsError

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from fluxscape.fusion import ImagePair

_DESCRIPTION = (
    "Fuse fine but rare with coarse but frequent images: pairs of a fine and a coarse image of one "
    "date and the coarse images of the wanted dates, as GeoTIFF, NetCDF or Zarr. "
    "Grids and reference systems are compared before a pixel is read. Dates are taken from file "
    "names (2020-05-01, 20200501) and tags unless given. The naive prediction, fine plus change "
    "of the coarse image, is always made beside."
)


def register(subparsers: Any) -> None:
    """Add ``fuse``."""
    parser = subparsers.add_parser(
        "fuse", help="fine images of dates with coarse images only", description=_DESCRIPTION
    )
    parser.add_argument(
        "--pair", nargs=2, metavar=("FINE", "COARSE"), action="append",
        help="images of one date; repeat for further dates",
    )  # fmt: skip
    parser.add_argument("--coarse", nargs="+", metavar="FILE", help="images of the wanted dates")
    parser.add_argument(
        "--simulated", metavar="SITE",
        help="instead of files: a daily year of a tower's simulated landscape under two simulated "
        "sensors, with its errors",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, help="with --simulated: of landscape and clouds")
    parser.add_argument(
        "--pair-date", action="append", metavar="DATE", help="date of each pair, in their order"
    )
    parser.add_argument(
        "--date", action="append", metavar="DATE", help="wanted date of each --coarse image"
    )
    parser.add_argument(
        "--method", default="starfm", help="starfm, estarfm, ubestarfm or fsdaf (starfm)"
    )
    parser.add_argument("--window", type=int, help="side of the search window, odd [pixel] (31)")
    parser.add_argument("--classes", type=int, help="number of classes (4)")
    parser.add_argument("--params", metavar="FILE", help="YAML file of parameter names and values")
    parser.add_argument(
        "--scale", type=float,
        help="digital numbers per unit, by which weights count differences (10,000 for unit 1)",
    )  # fmt: skip
    parser.add_argument("--units", help="unit of the images where files say none: 1, K, ...")
    parser.add_argument(
        "--variable", default="", help="of files with several maps; names the images as well"
    )
    parser.add_argument("--nodata", type=float, help="missing value that files do not declare")
    parser.add_argument(
        "--valid-range", type=float, nargs=2, metavar=("LOW", "HIGH"),
        help="bounds of the values (those of the variable's name)",
    )  # fmt: skip
    parser.add_argument("--resampling", default="nearest", help="nearest or bilinear (nearest)")
    parser.add_argument(
        "--coarse-pixels", type=int, metavar="N",
        help="fine pixels along a coarse cell, for fsdaf where both are on the fine grid",
    )  # fmt: skip
    parser.add_argument("--class-map", metavar="FILE", help="classes for fsdaf and for --truth")
    parser.add_argument("--truth", metavar="FILE", help="fine image of the wanted date, to score")
    parser.add_argument(
        "--daily", action="store_true",
        help="a series of every day from all pairs and all coarse images, with origin flags",
    )  # fmt: skip
    parser.add_argument(
        "--composite-days", type=int, default=8,
        help="with --daily: days that a coarse image stands for, from its date on (8)",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=1, help="threads (1)")
    parser.add_argument(
        "--out", metavar="FILE",
        help=".nc or .zarr for everything, or .tif: one file for each image, named after it",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=run_fuse)


def run_fuse(arguments: argparse.Namespace) -> int:
    """Fuse, write and report."""
    import time  # noqa: PLC0415

    from fluxscape.fusion import fuse, parameters_of  # noqa: PLC0415

    method, parameters = _parameters(arguments)
    parameters_of(method, parameters)
    options: dict[str, Any] = {
        "method": method,
        "parameters": parameters,
        "scale": arguments.scale,
        "resampling": arguments.resampling,
        "coarse_pixels": arguments.coarse_pixels,
        "valid_range": tuple(arguments.valid_range) if arguments.valid_range else None,
        "threads": arguments.threads,
        "on_progress": progress_line("fuse") if sys.stderr.isatty() else None,
    }
    if arguments.simulated:
        return _run_simulated(arguments, options)
    if not arguments.pair or not arguments.coarse:
        msg = "give at least one --pair FINE COARSE and --coarse FILE, or --simulated SITE"
        raise MissingVariableError(msg)
    files = _Files(arguments)
    pairs = files.pairs()
    coarse = files.wanted()
    class_map = files.beside(arguments.class_map, "class map")
    options["class_map"] = class_map
    started = time.perf_counter()
    if arguments.daily:
        made = _daily(pairs, coarse, arguments.composite_days, options)
    else:
        made = fuse(pairs, coarse, **options)
    seconds = time.perf_counter() - started
    written = write_result(made, arguments.out) if arguments.out else []
    numbers = _numbers(made, seconds) | {"files": written}
    if arguments.truth:
        truth = files.beside(arguments.truth, "truth")
        numbers["scores"] = _scores(made, truth, pairs, coarse, class_map)
    show(numbers, as_json=arguments.json)
    return 0


def _run_simulated(arguments: argparse.Namespace, options: dict[str, Any]) -> int:
    """Fuse a simulated landscape, whose truth is known, and report with its errors."""
    import time  # noqa: PLC0415

    from fluxscape.fusion import daily_series  # noqa: PLC0415
    from fluxscape.io.climatology import read_climatology  # noqa: PLC0415
    from fluxscape.representativeness.demonstration import SEED  # noqa: PLC0415
    from fluxscape.representativeness.fused_landscape import (  # noqa: PLC0415
        demonstration_scenes,
        errors_by_origin,
    )
    from fluxscape.towers import find_tower  # noqa: PLC0415

    if arguments.pair or arguments.coarse or arguments.truth:
        msg = "--simulated takes no files: leave --pair, --coarse and --truth out"
        raise OutOfBoundsError(msg)
    check_output(arguments.out, [], series=True)
    tower = find_tower(arguments.simulated)
    seed = SEED if arguments.seed is None else arguments.seed
    shown = demonstration_scenes(read_climatology(), tower, seed=seed)
    started = time.perf_counter()
    made = daily_series(shown.scenes.fine, shown.scenes.coarse, **options)
    seconds = time.perf_counter() - started
    written = write_result(made, arguments.out) if arguments.out else []
    numbers = {"site": tower.site, "seed": seed} | _numbers(made, seconds)
    numbers |= {"files": written, "rmse_by_origin": errors_by_origin(made, shown.truth_on)}
    show(numbers, as_json=arguments.json)
    return 0


def _parameters(arguments: argparse.Namespace) -> tuple[str, dict[str, object]]:
    from fluxscape.cli._site import read_parameters  # noqa: PLC0415

    if arguments.threads < 1:
        msg = f"--threads must be at least 1, got {arguments.threads}"
        raise OutOfBoundsError(msg, got=arguments.threads)
    values = read_parameters(arguments.params) if arguments.params else {}
    for name in ("window", "classes"):
        if getattr(arguments, name) is not None:
            values[name] = getattr(arguments, name)
    if arguments.method == "ubestarfm":
        return "estarfm", values | {"unbiased": 1}
    return arguments.method, values


class _Files:
    """The files of a command, compared with each other before any is read."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.fine = [look_at(fine) for fine, _ in arguments.pair]
        self.partners = [look_at(coarse) for _, coarse in arguments.pair]
        self.targets = [look_at(path) for path in arguments.coarse]
        extra = [look_at(path) for path in (arguments.truth,) if path]
        check_files([*self.fine, *extra], [*self.partners, *self.targets])
        check_output(arguments.out, self.fine, series=arguments.daily)
        self.pair_dates = _dates(arguments.pair_date, len(self.fine), "--pair-date")
        self.dates = _dates(arguments.date, len(self.targets), "--date")

    def _read(self, file: ImageFile) -> xr.DataArray:
        return read_image(
            file,
            units=self.arguments.units,
            name=self.arguments.variable or None,
            variable=self.arguments.variable,
            nodata=self.arguments.nodata,
        )

    def pairs(self) -> list[ImagePair]:
        """Return the pairs with their dates."""
        from fluxscape.fusion import ImagePair  # noqa: PLC0415

        made = []
        for number, files in enumerate(zip(self.fine, self.partners, strict=True)):
            fine, coarse = (self._read(file) for file in files)
            for image, file in zip((fine, coarse), files, strict=True):
                if "time" in image.dims:
                    msg = f"{file.name} holds several scenes; a pair is of one date"
                    raise DimsError(msg, file=str(file.path))
            date = self.pair_dates[number] or _date_of(fine) or _date_of(coarse)
            fine, coarse = (image.drop_vars("time", errors="ignore") for image in (fine, coarse))
            made.append(ImagePair(fine, coarse, date))
        return made

    def wanted(self) -> xr.DataArray:
        """Return the coarse images of the wanted dates."""
        images = []
        for file, date in zip(self.targets, self.dates, strict=True):
            image = self._read(file)
            images.append(image if date is None else image.assign_coords(time=date))
        return join_dates(images, self.targets)

    def beside(self, path: str | None, what: str) -> xr.DataArray | None:
        """Return another image on the fine grid, if it is named."""
        if not path:
            return None
        image = read_image(look_at(path), nodata=self.arguments.nodata)
        if "time" in image.dims:
            msg = f"{path}: the {what} holds several scenes"
            raise DimsError(msg, file=path)
        return image.drop_vars("time", errors="ignore")


def _date_of(image: xr.DataArray) -> np.datetime64 | None:
    return image["time"].to_numpy().ravel()[0] if "time" in image.coords else None


def _dates(given: Sequence[str] | None, count: int, option: str) -> list[Any]:
    """Return the dates of an option, or nothing for each image.

    Raises
    ------
    OutOfBoundsError
        If their number is another, or one is no date.
    """
    from fluxscape.io.maps import date_in  # noqa: PLC0415

    if given is None:
        return [None] * count
    dates = [date_in(text) for text in given]
    if len(dates) != count or None in dates:
        msg = (
            f"{option} must be given for each of {count} image(s) as YYYY-MM-DD, got "
            f"{', '.join(given)}"
        )
        raise OutOfBoundsError(msg, got=list(given))
    return dates


def _daily(
    pairs: Sequence[ImagePair], coarse: xr.DataArray, composite_days: int, options: dict[str, Any]
) -> xr.Dataset:
    """Return the daily series of dated images; coarse images of pairs are in it by their dates."""
    import xarray as xr  # noqa: PLC0415

    from fluxscape.fusion import SeriesParameters, daily_series  # noqa: PLC0415

    if any(pair.time is None for pair in pairs) or "time" not in coarse.dims:
        msg = "--daily needs a date of every pair and at least two dated --coarse images"
        raise DimsError(msg)
    scenes = [pair.fine.expand_dims(time=[pair.time]) for pair in pairs]
    fine = xr.concat(scenes, dim="time", combine_attrs="override").sortby("time")
    return daily_series(
        fine, coarse, filling=SeriesParameters(composite_days=composite_days), **options
    )


def _numbers(made: xr.Dataset, seconds: float) -> dict[str, Any]:
    """Return what is printed of a product."""
    import json  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415

    name = next(iter(made.data_vars))
    image = made[name]
    quality = made["quality"]
    labels = quality.attrs["flag_meanings"].split()
    shares = {
        label: float((quality == value).mean())
        for label, value in zip(labels, quality.attrs["flag_values"], strict=True)
    }
    kept = ("method", "source", "data_status", "digital_numbers_per_unit", "pair_dates", "n_pairs")
    numbers: dict[str, Any] = {key: made.attrs[key] for key in kept if key in made.attrs}
    numbers["parameters"] = json.loads(made.attrs["parameters"])
    numbers |= {
        "size": dict(image.sizes),
        "units": image.attrs.get("units", ""),
        "mean": float(np.nanmean(image)) if bool(np.isfinite(image).any()) else None,
        "quality": shares,
        "seconds": seconds,
    }
    if "time" in made.coords:
        times = np.atleast_1d(made["time"].to_numpy())
        dates = [str(time)[:10] for time in times]
        numbers["dates"] = dates if len(dates) <= 60 else [dates[0], "...", dates[-1]]
    return numbers


def _scores(
    made: xr.Dataset,
    truth: xr.DataArray | None,
    pairs: Sequence[ImagePair],
    coarse: xr.DataArray,
    class_map: xr.DataArray | None,
) -> Mapping[str, Any]:
    """Return scores of the fused image beside those that a method must beat."""
    from fluxscape.fusion import assess_candidates  # noqa: PLC0415
    from fluxscape.fusion.grids import grid_of, to_fine_grid  # noqa: PLC0415

    if truth is None or "fused" not in made or "time" in made["fused"].dims:
        msg = "--truth scores a single wanted date; got several, or --daily"
        raise DimsError(msg)
    fine_grid = grid_of(pairs[0].fine, "the fine image")
    candidates = {
        "fused": made["fused"],
        "baseline": made["baseline"],
        "unchanged_fine": pairs[0].fine,
        "coarse_alone": to_fine_grid(coarse, fine_grid).assign_coords(pairs[0].fine.coords),
    }
    return assess_candidates(candidates, truth, classes=class_map)
