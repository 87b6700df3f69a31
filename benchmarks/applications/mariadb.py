"""MariaDB's InnoDB: pages of 16K, a row for each order with its document as JSON."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from counted import run, scaled
from postgres import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from counted import Cost, InPool
    from recorded import Recorded

ROWS = 20_000
TRANSACTIONS = 80
# ZFS tears no page, so nothing is written twice. Only what is asked for writes pages back.
SETTINGS = (
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=64M",
    "--innodb-doublewrite=0",
    "--innodb-use-native-aio=0",  # which strace does not show
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-io-capacity=20000",
    "--innodb-io-capacity-max=40000",
    "--innodb-max-dirty-pages-pct=99",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--innodb-buffer-pool-load-at-startup=0",
    "--skip-networking",
)
_READY_S = 300


def is_installed() -> bool:
    """Tell whether the server is there."""
    return shutil.which("mariadbd") is not None


def costs(place: InPool | Recorded) -> Iterator[Cost]:
    """Give the cost at each record size and compression."""
    with (
        tempfile.TemporaryDirectory() as folder,
        place.dataset("first", recordsize="16K", compression="lz4") as first,
    ):
        cluster = first / "cluster"
        _fill(cluster, Path(folder))
        for properties in place.candidates:
            yield from _measured(place, cluster, Path(folder), properties)


def _basedir() -> Path:
    program = shutil.which("mariadbd")
    assert program is not None
    return Path(program).resolve().parent.parent


def _ask(folder: Path, sql: str) -> str:
    socket = f"--socket={folder}/socket"
    return run("mariadb", "--no-defaults", "-uroot", "-N", socket, stdin=sql)


@contextmanager
def _running(data: Path, log: Path, folder: Path) -> Iterator[int]:
    """Run the server for a block, its log in a folder of its own; give its process."""
    words = [
        *("mariadbd", "--no-defaults", f"--basedir={_basedir()}", f"--datadir={data}"),
        *(f"--socket={folder}/socket", f"--innodb-log-group-home-dir={log}"),
        *("--user=root", "--skip-grant-tables", *SETTINGS),
    ]
    with (
        (folder / "said").open("w", encoding="utf-8") as said,
        subprocess.Popen(words, stdout=said, stderr=said) as server,
    ):
        try:
            _wait(folder, server)
            yield server.pid
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(_READY_S)


def _wait(folder: Path, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until and server.poll() is None:
        if os.path.exists(folder / "socket"):  # noqa: PTH110 (a socket)
            return
        time.sleep(0.2)
    raise SystemExit((folder / "said").read_text(encoding="utf-8"))


def _document(number: int, random: Random) -> str:
    """Return the values of a row but for its key: a customer, a sum and a document."""
    customer = hashlib.md5(b"c%d" % number, usedforsecurity=False).hexdigest()
    lines = [
        {"sku": f"{random.getrandbits(48):012x}", "text": random.choices(WORDS, k=8)}
        for _ in range(2)
    ]
    note = " ".join(random.choices(WORDS, k=24))
    text = json.dumps({"note": note, "lines": lines})
    return f"'{customer}', {random.randrange(100_000)}, '{text}'"


def _fill(cluster: Path, folder: Path) -> None:
    cluster.mkdir()
    program = "mariadb-install-db"
    base, data = f"--basedir={_basedir()}", f"--datadir={cluster}"
    run(program, "--no-defaults", base, data, "--user=root", "--skip-test-db")
    random = Random(1)  # noqa: S311 (no secret)
    rows = [_document(number, random) for number in range(scaled(ROWS))]
    values = [f"({number + 1}, {row})" for number, row in enumerate(rows)]
    with _running(cluster, cluster, folder):
        _ask(folder, "CREATE DATABASE shop")
        _ask(
            folder,
            "CREATE TABLE shop.orders (id BIGINT PRIMARY KEY AUTO_INCREMENT, customer "
            "CHAR(32) NOT NULL, cents INT NOT NULL, document JSON NOT NULL, "
            "KEY (customer)) ENGINE=InnoDB",
        )
        for start in range(0, len(values), 1000):
            part = ", ".join(values[start : start + 1000])
            _ask(folder, f"INSERT INTO shop.orders VALUES {part}")  # noqa: S608 (our own)


def _measured(
    place: InPool | Recorded, cluster: Path, folder: Path, properties: dict[str, str]
) -> Iterator[Cost]:
    rows = scaled(ROWS)

    def work(transactions: int, seed: int) -> None:
        random = Random(seed)  # noqa: S311 (no secret)
        lines = []
        for _ in range(transactions):
            number = random.randrange(rows)
            customer, cents, document = _document(number, random).split(", ", 2)
            lines.append(
                "START TRANSACTION; "  # noqa: S608 (words and digits of our own)
                f"UPDATE shop.orders SET cents = {cents}, document = {document} "
                f"WHERE id = {number + 1}; "
                "INSERT INTO shop.orders (customer, cents, document) "
                f"VALUES ({customer}, {cents}, {document}); "
                "COMMIT;"
            )
        _ask(folder, "\n".join(lines))
        _write_back(folder)

    with (
        place.dataset("log", recordsize="128K", compression="lz4") as log,
        place.dataset("data", **properties) as data,
    ):
        run("cp", "-a", "--reflink=never", f"{cluster}/.", data)
        shutil.move(data / "ib_logfile0", log / "ib_logfile0")
        with _running(data, log, folder) as server:
            name = "MariaDB, orders"
            many, shop = scaled(TRANSACTIONS), data / "shop"
            yield from place.count(name, many, work, lambda: [server], shop)


def _write_back(folder: Path) -> None:
    """Have all dirty pages written, as a checkpoint does."""
    _ask(folder, "SET GLOBAL innodb_max_dirty_pages_pct_lwm = 0")
    _ask(folder, "SET GLOBAL innodb_max_dirty_pages_pct = 0")
    until = time.monotonic() + _READY_S
    status = "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'"
    while int(_ask(folder, status).split()[-1]):
        if time.monotonic() > until:
            raise SystemExit("cannot measure MariaDB: its pages stay dirty")
        time.sleep(0.2)
    _ask(folder, "SET GLOBAL innodb_max_dirty_pages_pct = 99")
