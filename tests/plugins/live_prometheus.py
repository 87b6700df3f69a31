"""A Prometheus of one's own for a moment, which scrapes a text on the loopback."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

__all__ = ["PROGRAMS", "Prometheus"]

# Unpacked by .ci/install-host.
PROGRAMS = Path("/var/cache/zfstune-oracles/prometheus/usr/bin")
PATIENCE_S = 120.0


def _serving(text: str) -> type[BaseHTTPRequestHandler]:
    class Metrics(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Say nothing: stderr is the tests'."""

    return Metrics


class Prometheus:
    """A server that has these rules and scrapes this text; it ends with the block.

    Args:
        folder: An empty folder.
        rules: The file of its rules.
        text: The metrics.
        port: A port of the loopback that is free.
    """

    def __init__(self, folder: Path, rules: Path, text: str, *, port: int) -> None:
        self._api = f"http://127.0.0.1:{port}/api/v1/"
        self._served = HTTPServer(("127.0.0.1", 0), _serving(text))
        target = f"127.0.0.1:{self._served.server_port}"
        scrape = {"job_name": "node", "static_configs": [{"targets": [target]}]}
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [scrape],
        }
        config = folder / "prometheus.yml"
        config.write_text(json.dumps(settings), encoding="utf-8")
        self._log = folder / "log"
        self._argv = [
            str(PROGRAMS / "prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ]

    def __enter__(self) -> Self:
        threading.Thread(target=self._served.serve_forever, daemon=True).start()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(self._argv, stdout=log, stderr=log)
        return self

    def __exit__(self, *_about: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._served.shutdown()
        self._served.server_close()

    def get(self, path: str) -> Any:
        """Return the data of an answer of the server."""
        with urllib.request.urlopen(self._api + path) as answer:  # noqa: S310 (loopback)
            return json.load(answer)["data"]

    def query(self, text: str) -> list[dict[str, Any]]:
        """Return the series that a query gives now, each with its value."""
        found = self.get("query?query=" + urllib.parse.quote(text))
        rows: list[dict[str, Any]] = found["result"]
        return rows

    def wait_for(self, ready: Callable[[], object]) -> None:
        """Return once this is true; the server answers from some moment on."""
        began = time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            try:
                if ready():
                    return
            except OSError:  # it does not listen yet
                pass
            time.sleep(0.2)
        raise AssertionError(self._log.read_text(encoding="utf-8"))
