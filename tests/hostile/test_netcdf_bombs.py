"""netCDF and HDF5 files that declare too much, point elsewhere or are damaged (H2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr

from fluxscape.errors import FileFormatError, FluxscapeError, RunError, UnsafeInputError
from fluxscape.io.atomic import write_netcdf
from fluxscape.io.guards import DatasetLimits, open_netcdf_guarded, run_in_child
from helpers import damage


def _hdf5(build: Callable[[Any], object]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            build(file)

    return write


def _classic(path: Path) -> None:
    with netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_DATA") as file:
        file.set_fill_off()
        file.createDimension("x", 10)
        file.createVariable("v", "f4", ("x",))
    content = bytearray(path.read_bytes())
    # The length of dimension x stands, as eight bytes, behind its name.
    place = content.index(b"x\0\0\0") + 4
    content[place : place + 8] = (2**40).to_bytes(8, "big")
    path.write_bytes(content)


def _of_149_gib(path: Path) -> None:
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 200_000)
        file.createDimension("y", 200_000)
        file.createVariable("v", "f4", ("y", "x"), zlib=True, chunksizes=(1000, 1000))


def _circle(file: Any) -> None:
    file.create_group("a")["b"] = file["/"]


def _virtual(file: Any) -> None:
    layout = h5py.VirtualLayout((20,), "u1")
    layout[:] = h5py.VirtualSource("/etc/passwd", "p", (20,))
    file.create_virtual_dataset("p", layout)


def _many(file: Any) -> None:
    for i in range(6000):
        file.create_group(f"g{i}")


def _deep(file: Any) -> None:
    group = file
    for _ in range(6000):
        group = group.create_group("g")


REFUSED: dict[str, Callable[[Path], None]] = {
    "149 GiB in 8 kB": _of_149_gib,
    "a classic file of 4 TiB": _classic,
    "a coordinate of 7 TiB": _hdf5(
        lambda f: f.create_dataset("x", (10**12,), "f8", chunks=(1000,)).make_scale("x")
    ),
    "a chunk of 3 GiB": _hdf5(
        lambda f: f.create_dataset("v", (8,), "f8", maxshape=(None,), chunks=(400_000_000,))
    ),
    "an element of 8 GiB": _hdf5(lambda f: f.create_dataset("v", (10**5,), "V100000")),
    "an external link": _hdf5(lambda f: f.__setitem__("v", h5py.ExternalLink("/etc/passwd", "/v"))),
    "a soft link to itself": _hdf5(lambda f: f.__setitem__("v", h5py.SoftLink("/v"))),
    "values in another file": _hdf5(
        lambda f: f.create_dataset("v", (20,), "u1", external=[("/etc/passwd", 0, 20)])
    ),
    "a virtual dataset": _hdf5(_virtual),
    "groups in a circle": _hdf5(_circle),
    "a filter that loads code": _hdf5(
        lambda f: f.create_dataset("v", data=np.zeros(100), chunks=(10,), compression="lzf")
    ),
    "6000 groups": _hdf5(_many),
    "6000 nested groups": _hdf5(_deep),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bomb_is_refused_unread(case: str, tmp_path: Path) -> None:
    path = tmp_path / "upload.nc"
    REFUSED[case](path)
    with pytest.raises(UnsafeInputError, match=r"upload\.nc"):
        open_netcdf_guarded(path)


@pytest.mark.parametrize(
    "content", [b"", b"CDF", b"CDF\x01", b"\x89HDF\r\n\x1a\n", b"GIF89a", bytes(1000)]
)
def test_what_is_no_netcdf_is_a_named_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "upload.nc"
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match=r"upload\.nc"):
        open_netcdf_guarded(path)


@pytest.fixture
def ordinary(tmp_path: Path) -> Path:
    """Return a small product as fluxscape writes it."""
    dataset = xr.Dataset(
        {"gpp": (("time", "y", "x"), np.random.default_rng(1).random((4, 8, 8)))},
        coords={"time": np.arange(4).astype("M8[D]").astype("M8[ns]")},
        attrs={"title": "ordinary", "levels": [1, 2]},
    )
    path = tmp_path / "ordinary.nc"
    write_netcdf(dataset, path)
    return path


def test_an_ordinary_file_passes(ordinary: Path) -> None:
    with open_netcdf_guarded(ordinary) as lazy, xr.open_dataset(ordinary) as plain:
        xr.testing.assert_identical(lazy.load(), plain.load())
    loaded = run_in_child(open_netcdf_guarded, str(ordinary), load=True)
    xr.testing.assert_identical(loaded, plain)
    with pytest.raises(UnsafeInputError, match="declares 4 variables"):
        open_netcdf_guarded(ordinary, limits=DatasetLimits(nbytes=1000))


def test_a_file_cut_at_twenty_places_is_a_named_error(ordinary: Path, tmp_path: Path) -> None:
    content = ordinary.read_bytes()
    path = tmp_path / "cut.nc"
    for length in np.linspace(1, len(content) - 1, 20).astype(int):
        path.write_bytes(content[:length])
        with pytest.raises(FluxscapeError, match=r"cut\.nc"):
            open_netcdf_guarded(path, load=True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scale_factor", "large"),
        ("add_offset", "a lot"),
        ("units", "days since the flood"),
        ("units", "days since 99999999-01-01"),
        ("units", "parsecs since 2000-01-01"),
        ("calendar", "aztec"),
        ("dtype", "datetime64[ns]"),
    ],
)
def test_conventions_that_make_no_sense_are_named_or_kept_as_text(
    name: str, value: str, tmp_path: Path
) -> None:
    path = tmp_path / "odd.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", 3)
        variable = file.createVariable("time", "f8", ("time",))
        variable.units = "days since 2000-01-01"
        variable[:] = [1.0, 2.0, 3.0]
        variable.setncattr(name, value)
    try:
        open_netcdf_guarded(path, load=True)
    except FluxscapeError as error:
        assert "odd.nc" in error.message  # noqa: PT017 - either is right


def test_attributes_come_back_as_bounded_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "talk.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.title = "a\x1b[31m\u202eb\n<img src=x>" + "x" * 1_000_000
        file.setncattr("n\u200bame", 3)
        for i in range(1500):
            file.setncattr(f"a{i}", i)
        variable = file.createVariable("v", "f8", ())
        variable.long_name = "long\x07 name"
    with open_netcdf_guarded(path) as dataset:
        assert dataset.attrs["title"].startswith("a[31mb <img src=x>xxx")
        assert len(dataset.attrs["title"]) == 2000
        assert dataset.attrs["name"] == 3
        assert len(dataset.attrs) == 1000
        assert dataset.v.attrs["long_name"] == "long name"


def _flip_bits(ordinary: Path, scratch: Path, total: int) -> Counter[str]:
    """Open damaged copies in children, going on after each one that a copy ends."""
    counts: Counter[str] = Counter()
    first = 0
    while first < total:
        try:
            counts.update(
                run_in_child(
                    damage.flip_bits,
                    str(ordinary),
                    str(scratch),
                    first,
                    min(100, total - first),
                    cpu_seconds=10,
                )
            )
            first += 100
        except RunError as error:
            if error.details["reason"] not in {"died", "timeout", "memory"}:
                raise
            counts["ended its process"] += 1
            first = int((scratch / "progress").read_text()) + 1
    return counts


def test_100_copies_with_flipped_bits_are_named_errors_and_harm_nobody(
    ordinary: Path, tmp_path: Path
) -> None:
    counts = _flip_bits(ordinary, tmp_path, 100)
    assert counts["refused"] > 10


@pytest.mark.slow
def test_10000_copies_with_flipped_bits_are_named_errors_and_harm_nobody(
    ordinary: Path, tmp_path: Path
) -> None:
    counts = _flip_bits(ordinary, tmp_path, 10_000)
    assert counts["refused"] > 1000
