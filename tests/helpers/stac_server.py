"""A STAC API with real cloud-optimised GeoTIFFs, served on this machine with byte ranges.

It runs in a process of its own: GDAL holds the interpreter's lock while it waits for an answer.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

PLACE = (40.0, 117.0)
"""Latitude and longitude of the toy tower: the middle meridian of UTM zone 50."""

CRS = "EPSG:32650"


@dataclass
class Catalogue:
    """What the server knows; tests change it and :meth:`save` tells the server."""

    folder: Path
    items: list[dict[str, Any]] = field(default_factory=list)
    landing: Any = None
    redirect: str = ""
    silent: float = 0.0
    silent_files: float = 0.0
    flood: bool = False
    ranges: bool = True
    url: str = ""

    def save(self) -> None:
        """Tell the server."""
        state = {
            name: getattr(self, name)
            for name in (
                "items", "redirect", "silent", "silent_files", "flood", "ranges", "url"
            )
        }  # fmt: skip
        state["landing"] = self._landing() if self.landing is None else self.landing
        (self.folder / "state.json").write_text(json.dumps(state))

    def log(self) -> list[dict[str, Any]]:
        """Return what the server was asked."""
        path = self.folder / "log.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def add_raster(self, name: str, values: np.ndarray, *, pixel: float = 10.0, place=PLACE) -> str:
        """Write a COG whose middle is the place and return its name."""
        # The server's own process does without them.
        import numpy as np  # noqa: PLC0415
        import xarray as xr  # noqa: PLC0415
        from pyproj import Transformer  # noqa: PLC0415

        from fluxscape.io.atomic import write_geotiff  # noqa: PLC0415

        x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(place[1], place[0])
        rows, columns = values.shape
        left = round(x / pixel) * pixel - columns // 2 * pixel
        bottom = round(y / pixel) * pixel - rows // 2 * pixel
        array = xr.DataArray(
            values,
            dims=("y", "x"),
            coords={
                "y": bottom + (np.arange(rows) + 0.5) * pixel,
                "x": left + (np.arange(columns) + 0.5) * pixel,
            },
        )
        write_geotiff(array, self.folder / name, crs=CRS, cloud_optimised=True)
        return name

    def add_item(
        self, number: int, collection: str, assets: dict[str, str], day: str, **properties: Any
    ) -> None:
        """Add an entry; assets are file names or whole addresses."""
        west, south, east, north = PLACE[1] - 1, PLACE[0] - 1, PLACE[1] + 1, PLACE[0] + 1
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        self.items.append(
            {
                "type": "Feature",
                "stac_version": "1.0.0",
                "id": f"{collection}-{number}",
                "collection": collection,
                "geometry": {"type": "Polygon", "coordinates": [ring]},
                "bbox": [west, south, east, north],
                "properties": {"datetime": f"{day}T03:00:00Z", **properties},
                "links": [],
                "assets": {
                    name: {
                        "href": file if "://" in file else f"{self.url}/files/{file}",
                        "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                        "roles": ["data"],
                    }
                    for name, file in assets.items()
                },
            }
        )

    def _landing(self) -> dict[str, Any]:
        """Return the landing page of the API."""
        return {
            "type": "Catalog",
            "id": "toy",
            "description": "toy",
            "stac_version": "1.0.0",
            "conformsTo": [
                "https://api.stacspec.org/v1.0.0/core",
                "https://api.stacspec.org/v1.0.0/item-search",
            ],
            "links": [
                {"rel": "self", "href": self.url},
                {"rel": "root", "href": self.url},
                {
                    "rel": "search",
                    "href": f"{self.url}/search",
                    "method": "POST",
                    "type": "application/geo+json",
                },
            ],
        }


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _state(self, body: Any = None) -> dict[str, Any]:
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps({"line": f"{self.command} {self.path}", "body": body}) + "\n")
        return json.loads((self.folder / "state.json").read_text())

    def _send(self, content: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _json(self, value: Any) -> None:
        self._send(json.dumps(value).encode(), Content_Type="application/json")

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state = self._state(question)
        first, _, last = str(question.get("datetime", "../..")).partition("/")
        last = "9999" if last == ".." else last
        items = [
            item
            for item in state["items"]
            if item["collection"] in question["collections"]
            and first[:10] <= item["properties"]["datetime"][:10] <= last[:10]
        ]
        self._json({"type": "FeatureCollection", "features": items, "links": []})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        state = self._state()
        path = self.path.partition("?")[0]
        if path.startswith("/files/"):
            self._file(self.folder / Path(path).name, state)
            return
        time.sleep(state["silent"])
        if state["redirect"]:
            self._send(b"", 302, Location=state["redirect"])
        elif state["flood"]:
            self._send(b" " * (40 * 2**20))
        else:
            self._json(state["landing"])

    def _file(self, file: Path, state: dict[str, Any]) -> None:
        if not file.is_file():
            self._send(b"", 404)
            return
        content = file.read_bytes()
        wanted = self.headers.get("Range")
        if self.headers.get("User-Agent", "").startswith("GDAL"):
            time.sleep(state["silent_files"])
        if not wanted or not state["ranges"]:
            self._send(content, Accept_Ranges="bytes")
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        start, end = int(first), min(int(last or len(content)), len(content) - 1)
        if start > end:
            self._send(b"", 416)
            return
        place = f"bytes {start}-{end}/{len(content)}"
        self._send(content[start : end + 1], 206, Content_Range=place)


@contextmanager
def stac_server(folder: Path) -> Iterator[Catalogue]:
    """Serve a catalogue on a free port of this machine."""
    process = subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        port = int(process.stdout.readline())
        catalogue = Catalogue(folder, url=f"http://127.0.0.1:{port}")
        catalogue.save()
        yield catalogue
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _serve(folder: Path) -> None:
    handler = type("Bound", (_Handler,), {"folder": folder})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    # A client that has given up is no fault of the server.
    server.handle_error = lambda *_: None
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
