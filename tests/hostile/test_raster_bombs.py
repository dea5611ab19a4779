"""Rasters that declare too much, point elsewhere or are damaged are refused before they are read.

H1 of the reliability table: each refused in less than a second, with less than 200 MB.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from fluxscape.errors import FileFormatError, FluxscapeError, UnsafeInputError
from fluxscape.io.guards import RasterLimits, inspect_raster, open_raster
from helpers import bombs
from helpers.bombs import LONG, SHORT, big_tiff, image_tags, tiff

SMALL = image_tags(16, 16, rows_per_strip=16)
SUB_DIRECTORY = [*SMALL, (330, LONG, [12])]

REFUSED_UNREAD: dict[str, bytes] = {
    "36 GiB in one strip": tiff(image_tags(200_000, 200_000, rows_per_strip=200_000)),
    "36 GiB in tiles": tiff(image_tags(200_000, 200_000, tile_width=512, tile_length=512)),
    "4 GiB wide": tiff(image_tags(2**32 - 1, 1, rows_per_strip=1)),
    "4 GiB high": tiff(image_tags(1, 2**32 - 1, rows_per_strip=1)),
    "no width": tiff(image_tags(0, 16)),
    "no height": tiff(image_tags(16, 0)),
    "65535 bands": tiff(image_tags(1, 1, samples=65535)),
    "65535 bands of 16384 pixels": tiff(image_tags(128, 128, samples=65535)),
    "no band": tiff(image_tags(16, 16, samples=0)),
    "65535 bits": tiff(image_tags(16, 16, bits=65535)),
    "no bits": tiff(image_tags(16, 16, bits=0)),
    "a tile of 2^40 bytes": tiff(image_tags(16, 16, tile_width=2**20, tile_length=2**20)),
    "a tile of width 0": tiff(image_tags(16, 16, tile_width=0, tile_length=16)),
    "a tile of height 0": tiff(image_tags(16, 16, tile_width=16, tile_length=0)),
    "strips of no row": tiff(image_tags(16, 16, rows_per_strip=0)),
    "10^9 tiles of one pixel": tiff(image_tags(32_000, 32_000, tile_width=1, tile_length=1)),
    "10^7 planar tiles": tiff(
        image_tags(20_000, 20_000, samples=4, planar=2, tile_width=16, tile_length=8)
    ),
    "JPEG": tiff(image_tags(16, 16, compression=7)),
    "LERC": tiff(image_tags(16, 16, compression=34887)),
    "WebP": tiff(image_tags(16, 16, compression=50001)),
    "an unknown compression": tiff(image_tags(16, 16, compression=12345)),
    "directories in a circle": tiff(SMALL, SMALL, loop_to=0),
    "a directory that follows itself": tiff(SMALL, loop_to=0),
    "a sub-directory that is its parent": tiff(SUB_DIRECTORY),
    "1000 directories": tiff(*[SMALL] * 1000),
    "an overview larger than the image": tiff(SMALL, image_tags(180_000, 180_000)),
    "big-endian 36 GiB": tiff(image_tags(200_000, 200_000, rows_per_strip=8), order=">"),
    "BigTIFF of 2^64 pixels": big_tiff([(256, bombs.LONG8, [2**32]), (257, bombs.LONG8, [2**32])]),
}

BROKEN: dict[str, bytes] = {
    "empty": b"",
    "three bytes": b"II*",
    "text": b"<html>not found</html>" * 10,
    "a PNG": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "cut in its directory": tiff(SMALL)[:40],
    "a directory beyond the end": b"II*\0\xff\xff\xff\x7f" + bytes(8),
    "no directory at all": b"II*\0\0\0\0\0" + bytes(8),
    "values beyond the end": tiff([*SMALL, (258, SHORT, [8] * 40)])[:-60],
    "no image size": tiff([(258, SHORT, [8])]),
    "BigTIFF beyond the end": big_tiff(SMALL, first=2**63),
    "GDAL recipe": bombs.vrt("/etc/passwd").encode(),
    "GDAL recipe of the web": bombs.vrt("/vsicurl/http://127.0.0.1:9/a").encode(),
    "a TIFF head on a recipe": b"II*\0" + bombs.vrt("/etc/passwd").encode(),
}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load GDAL before time and memory are taken."""
    with rasterio.Env():
        pass


@pytest.mark.parametrize("case", REFUSED_UNREAD)
def test_a_bomb_is_refused_unread(case: str, tmp_path: Path) -> None:
    path = bombs.write(tmp_path, "upload.tif", REFUSED_UNREAD[case])
    before, start = _peak(), time.monotonic()
    with pytest.raises(UnsafeInputError, match=r"upload\.tif"):
        inspect_raster(path)
    assert time.monotonic() - start < 1.0
    assert _peak() - before < 200e6


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_geotiff_is_a_named_error(case: str, tmp_path: Path) -> None:
    path = bombs.write(tmp_path, "upload.tif", BROKEN[case])
    with pytest.raises((FileFormatError, UnsafeInputError), match=r"upload\.tif"):
        inspect_raster(path)


def test_a_sparse_geotiff_of_450_kb_that_declares_37_gib_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "upload.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=100_000,
        height=100_000,
        count=1,
        dtype="float32",
        SPARSE_OK=True,
        tiled=True,
        blockxsize=512,
        blockysize=512,
        transform=Affine(10, 0, 0, 0, -10, 0),
    ):
        pass
    assert path.stat().st_size < 500_000
    with pytest.raises(UnsafeInputError, match="unpacked size in bytes of 40000000000"):
        inspect_raster(path)


@pytest.mark.parametrize(
    "address",
    [
        "/vsicurl/http://127.0.0.1:9/a.tif",
        "/vsizip//tmp/a.zip/a.tif",
        "vsimem/a.tif",
        "/VSIS3/bucket/a.tif",
        "http://127.0.0.1:9/a.tif",
        "s3://bucket/a.tif",
        "zip:///tmp/a.zip!a.tif",
        "GTIFF_DIR:1:/etc/passwd",
        "NETCDF:/etc/passwd:a",
        "/etc",
        "/dev/zero",
        "a\0.tif",
        '<VRTDataset rasterXSize="1" rasterYSize="1"/>',
    ],
)
def test_nothing_but_a_local_file_is_opened(address: str) -> None:
    with pytest.raises(FluxscapeError):
        inspect_raster(address)


def test_a_recipe_is_unknown_to_gdal_even_without_the_guard(tmp_path: Path) -> None:
    secret = bombs.write(tmp_path, "secret", "secret bytes of another file")
    recipe = bombs.write(tmp_path, "upload.tif", bombs.vrt(str(secret)))
    program = (
        "import sys, fluxscape.io, rasterio\n"
        "try:\n    print(rasterio.open(sys.argv[1]).read())\n"
        "except rasterio.errors.RasterioIOError as error:\n    print('refused', error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, recipe], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("refused"), done.stdout


def test_no_file_beside_the_raster_is_read(tmp_path: Path) -> None:
    path = tmp_path / "upload.tif"
    profile = {"width": 32, "height": 32, "count": 1, "dtype": "uint8", "driver": "GTiff"}
    with rasterio.open(path, "w", transform=Affine(10, 0, 0, 0, -10, 0), **profile) as raster:
        raster.write(np.full((1, 32, 32), 7, np.uint8))
    aux = "<PAMDataset><Metadata><MDI key='planted'>yes</MDI></Metadata></PAMDataset>"
    bombs.write(tmp_path, "upload.tif.aux.xml", aux)
    bombs.write(tmp_path, "upload.tif.ovr", bombs.vrt("/etc/passwd"))
    bombs.write(tmp_path, "upload.tif.msk", bombs.vrt("/etc/passwd"))
    with open_raster(path) as raster:
        assert "planted" not in raster.tags()
        assert raster.overviews(1) == []
        assert raster.files == [str(path)]
        assert (raster.read(1, masked=True) == 7).all()


def test_a_damaged_tile_is_a_named_error(tmp_path: Path) -> None:
    path = tmp_path / "upload.tif"
    profile = {"width": 64, "height": 64, "count": 1, "dtype": "uint8", "driver": "GTiff"}
    draw = np.random.default_rng(1)
    with rasterio.open(
        path, "w", transform=Affine(10, 0, 0, 0, -10, 0), compress="deflate", **profile
    ) as raster:
        raster.write(draw.integers(0, 255, (1, 64, 64), np.uint8))
    content = bytearray(path.read_bytes())
    content[-200:] = bytes(200)
    path.write_bytes(content)

    def read() -> None:
        with open_raster(path) as raster:
            raster.read()

    with pytest.raises(FileFormatError, match=r"upload\.tif cannot be read as GeoTIFF"):
        read()


def test_an_ordinary_raster_passes_and_tells_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ndvi.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=40,
        height=20,
        count=3,
        dtype="float32",
        crs="EPSG:4326",
        nodata=-9999,
        compress="zstd",
        transform=Affine(0.5, 0, 100, 0, -0.5, 40),
    ) as raster:
        raster.write(np.ones((3, 20, 40), np.float32))
    info = inspect_raster(path)
    assert (info.width, info.height, info.bands, info.dtype) == (40, 20, 3, "float32")
    assert info.nbytes == 40 * 20 * 3 * 4
    assert info.bounds == (100.0, 30.0, 120.0, 40.0)
    assert (info.nodata, info.compression, info.overviews) == (-9999.0, "zstd", 0)
    assert "WGS 84" in info.crs
    with pytest.raises(UnsafeInputError, match="number of bands of 3, allowed are 1 to 2"):
        inspect_raster(path, limits=RasterLimits(bands=2))
