"""``fluxscape footprint``: climatologies of files and the distances of one half-hour."""

from __future__ import annotations

import argparse
import math
import sys
from typing import TYPE_CHECKING, Any, Final

from fluxscape.cli._footprint_outputs import Made, add_outputs, show, write_climatologies
from fluxscape.cli._output import progress_line
from fluxscape.constants import VON_KARMAN
from fluxscape.errors import OutOfBoundsError

if TYPE_CHECKING:
    import xarray as xr

MODEL_HELP: Final = (
    "safe-f, km01, ffp, hsieh, several with commas, or all (default %(default)s); variants of "
    "safe-f: safe-f-analytic, safe-f-draxler, safe-f-analytic-draxler"
)


def register(subparsers: Any) -> None:
    """Add ``footprint`` and its sub-commands to the command line."""
    parser = subparsers.add_parser("footprint", help="flux footprints: where the flux comes from")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _register_climatology(commands)
    _register_compare(commands)
    _register_point(commands)
    _register_sensitivity(commands)


def _register_climatology(commands: Any) -> None:
    """Add ``footprint climatology``."""
    parser = commands.add_parser(
        "climatology",
        help="mean footprint of a flux table on a grid, with source areas",
        description=(
            "Mean footprint of the half-hours of a flux table (FLUXNET2015, AmeriFlux BASE, "
            "EddyPro full output, plain CSV). Densities are absolute; nothing is renormalised."
        ),
    )
    _add_records(parser)
    parser.add_argument("--model", default="ffp", help=MODEL_HELP)
    parser.add_argument("--smooth", action="store_true", help="smooth as Kljun's reference code")
    parser.add_argument(
        "--by",
        metavar="DIVISION",
        help="one climatology each by month, season, year or day-night, or by several joined "
        "with + (month+day-night), on one grid",
    )
    add_outputs(parser)
    parser.set_defaults(run=_climatology)


def _register_compare(commands: Any) -> None:
    """Add ``footprint compare``."""
    parser = commands.add_parser(
        "compare",
        help="several models on the same records and grid",
        description=(
            "Climatologies of several models on one grid, with the overlap of each pair: the "
            "integral of the smaller density, in units of all flux."
        ),
    )
    _add_records(parser)
    parser.add_argument("--model", default="all", help=MODEL_HELP)
    add_outputs(parser)
    parser.set_defaults(run=_compare)


def _register_sensitivity(commands: Any) -> None:
    """Add ``footprint sensitivity``."""
    parser = commands.add_parser(
        "sensitivity",
        help="what each uncertain input moves",
        description="The climatology again with one input changed at a time; relative changes.",
    )
    _add_records(parser)
    parser.add_argument("--model", default="ffp", help="one model (default %(default)s)")
    parser.set_defaults(run=_sensitivity)


def _register_point(commands: Any) -> None:
    """Add ``footprint point``."""
    parser = commands.add_parser(
        "point",
        help="footprint distances of one half-hour",
        description=(
            "Distances of one half-hour's crosswind-integrated footprint: the peak and, exactly, "
            "those within which 10 to 90 % of the flux arises. For FFP the closed form of the "
            "paper's Eq. 25 stands beside them."
        ),
    )
    parser.add_argument(
        "--model",
        default="ffp",
        help="safe-f, km01, ffp, hsieh, safe-f-analytic, safe-f-draxler, safe-f-analytic-draxler "
        "or fsam (default %(default)s)",
    )
    parser.add_argument(
        "--zm", type=float, required=True, help="instrument height above displacement [m]"
    )
    parser.add_argument("--z0", type=float, default=math.nan, help="roughness length [m]")
    parser.add_argument("--L", type=float, required=True, help="Obukhov length [m]")
    parser.add_argument("--ustar", type=float, required=True, help="friction velocity [m/s]")
    parser.add_argument("--u", type=float, default=math.nan, help="wind speed at zm [m/s]")
    parser.add_argument("--sigma-v", type=float, default=math.nan, help="sigma_v [m/s]")
    parser.add_argument("--h", type=float, default=math.nan, help="boundary-layer height [m]")
    parser.add_argument("--k", type=float, default=VON_KARMAN, help="von Karman constant")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_point)


def _add_records(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the records, the tower and the grid."""
    parser.add_argument("file", metavar="FILE", help="flux table, .csv or .csv.gz")
    parser.add_argument("--height", type=float, help="instrument height above ground [m]")
    parser.add_argument("--canopy", type=float, help="canopy height [m]: d = 0.67 h, z0 = 0.1 h")
    parser.add_argument(
        "--displacement",
        type=_length_or("sectors"),
        help="displacement height [m], or 'sectors' to fit it and the roughness",
    )
    parser.add_argument(
        "--z0", type=_length_or("sectors"), help="roughness length [m], or 'sectors' to fit it"
    )
    parser.add_argument(
        "--resolution", type=_length_or("auto"), default=4.0, help="cell size [m] or 'auto'"
    )
    parser.add_argument(
        "--extent", type=_length_or("auto"), default=1000.0, help="half-width [m] or 'auto'"
    )
    parser.add_argument(
        "--period",
        default="all",
        help="all, day, night, month-07, JJA, 2024, 2024-07; with , between any of several, with "
        "+ all of them: day+month-05,month-06 (default %(default)s)",
    )
    parser.add_argument("--weight", default="equal", help="equal, gpp, et, nee or hours")
    parser.add_argument("--k", type=float, default=VON_KARMAN, help="von Karman constant")
    parser.add_argument("--latitude", type=float, help="of the tower [degrees north]")
    parser.add_argument("--longitude", type=float, help="of the tower [degrees east]")
    parser.add_argument("--utc-offset", type=float, help="local standard time minus UTC [h]")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _length_or(word: str) -> Any:
    """Return a converter of text to a length [m] that lets one word pass."""

    def convert(text: str) -> float | str:
        return word if text == word else float(text)

    # argparse names the converter in its error.
    convert.__name__ = f"length or {word!r}"
    return convert


def _read(arguments: argparse.Namespace) -> tuple[xr.Dataset, dict[str, Any]]:
    """Return the records of the file and the arguments of a climatology."""
    from fluxscape.footprint.models import find_models  # noqa: PLC0415
    from fluxscape.footprint.periods import period_mask  # noqa: PLC0415
    from fluxscape.io.flux_tables import read_flux_table  # noqa: PLC0415

    find_models(arguments.model)
    records = read_flux_table(
        arguments.file,
        measurement_height=arguments.height,
        canopy_height=arguments.canopy,
        utc_offset_hours=arguments.utc_offset,
        longitude=arguments.longitude,
        local_time_allowed=True,
    )
    place = {"latitude": arguments.latitude, "longitude": arguments.longitude}
    options: dict[str, Any] = {
        "measurement_height": arguments.height,
        "canopy_height": arguments.canopy,
        "displacement_height": arguments.displacement,
        "roughness_length": arguments.z0,
        "resolution": arguments.resolution,
        "extent": arguments.extent,
        "weights": arguments.weight,
        "von_karman": arguments.k,
        "on_progress": progress_line("footprint") if sys.stderr.isatty() else None,
        **place,
    }
    if arguments.period != "all":
        options["selected"] = period_mask(records, arguments.period, **place)
    return records, options


def _climatology(arguments: argparse.Namespace) -> int:
    """Compute climatologies, write what was asked for and print their numbers."""
    from fluxscape.footprint.compare import compare_models  # noqa: PLC0415

    records, options = _read(arguments)
    options["smooth"] = arguments.smooth
    if arguments.by is None:
        fields = compare_models(records, arguments.model, **options)
        made = [Made.of(name, arguments.period, field) for name, field in fields.items()]
    else:
        made = _by_period(records, arguments, options)
    files = {"file": arguments.file} | write_climatologies(made, arguments)
    _announce(made)
    shown = {"period": arguments.period, "weight": arguments.weight} | files
    if arguments.by is not None:
        shown["by"] = arguments.by
    show(_nested(made, by_period=arguments.by is not None) | shown, as_json=arguments.json)
    return 0


def _by_period(
    records: xr.Dataset, arguments: argparse.Namespace, options: dict[str, Any]
) -> list[Made]:
    """Return the climatologies of every model and period on one grid."""
    from fluxscape.footprint.compare import domain_options, shared_domain  # noqa: PLC0415
    from fluxscape.footprint.models import find_models  # noqa: PLC0415
    from fluxscape.footprint.periods import periods_by  # noqa: PLC0415
    from fluxscape.footprint.stack import period_climatologies  # noqa: PLC0415

    options = {key: value for key, value in options.items() if key != "selected"}
    names = [model.name for model in find_models(arguments.model)]
    options |= domain_options(shared_domain(records, names, options))
    periods = periods_by(records, arguments.by, within=arguments.period)
    made = []
    for name in names:
        fields = period_climatologies(records, periods, model=name, **options)
        made += [Made.of(name, period, field) for period, field in fields.items()]
    return made


def _nested(made: list[Made], *, by_period: bool) -> dict[str, Any]:
    """Return the numbers: of one climatology plainly, of several by model and period."""
    models = list(dict.fromkeys(one.model for one in made))
    found: dict[str, Any] = {}
    for model in models:
        own = [one for one in made if one.model == model]
        found[model] = (
            {"model": model, "periods": {one.period: one.numbers for one in own}}
            if by_period
            else own[0].numbers
        )
    return found[models[0]] if len(models) == 1 else {"models": found}


def _announce(made: list[Made]) -> None:
    """Say on stderr how an automatic grid was chosen."""
    for one in made:
        if one.field is not None and "grid_choice" in one.field.attrs:
            print(f"fluxscape: {one.model}: {one.field.attrs['grid_choice']}", file=sys.stderr)


def _compare(arguments: argparse.Namespace) -> int:
    """Compute several models on one grid and print how far they are apart."""
    from fluxscape.footprint.compare import compare_models, differences  # noqa: PLC0415

    records, options = _read(arguments)
    fields = compare_models(records, arguments.model, **options)
    if len(fields) < 2:
        msg = f"compare needs two models or more, got {arguments.model!r}"
        raise OutOfBoundsError(msg, model=arguments.model)
    made = [Made.of(name, arguments.period, field) for name, field in fields.items()]
    files = {"file": arguments.file} | write_climatologies(made, arguments)
    _announce(made)
    shown = {"period": arguments.period, "weight": arguments.weight} | files
    numbers = _nested(made, by_period=False) | {"differences": differences(fields)}
    show(numbers | shown, as_json=arguments.json)
    return 0


def _sensitivity(arguments: argparse.Namespace) -> int:
    """Print what each uncertain input moves."""
    from fluxscape.footprint.sensitivity import input_sensitivity  # noqa: PLC0415

    records, options = _read(arguments)
    results = input_sensitivity(records, model=arguments.model, **options)
    base = results.pop("base")
    shown = {"model": arguments.model, "period": arguments.period, "weight": arguments.weight}
    show(shown | {"base": base, "variations": results}, as_json=arguments.json)
    return 0


def _point(arguments: argparse.Namespace) -> int:
    """Print the distances of one half-hour."""
    from fluxscape.footprint.point import point_footprint  # noqa: PLC0415

    result = point_footprint(
        arguments.model,
        height=arguments.zm,
        friction_velocity=arguments.ustar,
        obukhov_length=arguments.L,
        lateral_velocity_std=arguments.sigma_v,
        roughness_length=arguments.z0,
        wind_speed=arguments.u,
        boundary_layer_height=arguments.h,
        von_karman=arguments.k,
    )
    show(result, as_json=arguments.json)
    return 0
