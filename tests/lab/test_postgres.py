"""PostgreSQL itself on what apply makes: crashed, snapshotted, brought back."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import zfstune

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release

SECONDS = 120


class Server:
    """A server of the distribution's, run as its own user, reached by a socket."""

    def __init__(self, dataset: str, root: str) -> None:
        self.dataset = dataset
        [self.programs] = Path("/usr/lib/postgresql").glob("*/bin")
        self.data, self.wal = Path(f"{root}/data/pg"), Path(f"{root}/wal/pg")
        self.socket = Path(f"{root}/run")

    def run(self, program: str, *argv: str) -> str:
        """Run one of its programs; give what it printed."""
        done = subprocess.run(
            [self.programs / program, *argv],
            user="postgres",
            group="postgres",
            extra_groups=[],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={**os.environ, "PGHOST": os.fspath(self.socket)},
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def make(self) -> None:
        """Make a cluster, its WAL on a dataset of its own."""
        self.socket.mkdir(mode=0o755)
        os.chown(self.socket, self.data.parent.stat().st_uid, -1)
        self.run("initdb", "-D", str(self.data), f"--waldir={self.wal}", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-k {self.socket} -c listen_addresses= -c shared_buffers=16MB"
        log = str(self.socket / "log")
        self.run(
            *("pg_ctl", "start", "-w", "-t", str(SECONDS), "-D", str(self.data)),
            *("-l", log, "-o", options),
        )

    def stop(self) -> None:
        """Stop it at once."""
        self.run("pg_ctl", "stop", "-m", "immediate", "-w", "-D", str(self.data))

    def pid(self) -> int:
        """Give the process that all others are children of."""
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def ask(self, query: str) -> str:
        """Run a query; give what it answered."""
        return self.run("psql", "-XAtqc", query, "postgres").strip()


@pytest.fixture
def server(pool: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Give a server on the datasets of the profile."""
    root = f"{pool}/app{secrets.token_hex(3)}"
    zfstune.apply("postgres", root=root, engine=engine)
    made = Server(f"{root}/postgres", engine.mounts()[f"{root}/postgres"].path)
    made.make()
    monkeypatch.setenv("PGHOST", os.fspath(made.socket))
    monkeypatch.setenv("PGDATABASE", "postgres")
    made.start()
    yield made
    if (made.data / "postmaster.pid").exists():
        made.stop()


def test_crash_snapshot_and_rollback(server: Server, engine: Engine) -> None:
    """It recovers from kill -9; a table that was dropped is back after a rollback."""
    server.run("pgbench", "-i", "-q", "postgres")
    server.run("pgbench", "-t", "20", "-n", "postgres")
    os.kill(server.pid(), signal.SIGKILL)
    (server.data / "postmaster.pid").unlink()
    subprocess.run(["pkill", "-9", "-u", "postgres", "postgres"], check=False)
    server.start()
    assert server.ask("SELECT count(*) FROM pgbench_history") == "20"

    database = server.dataset
    postgres = zfstune.Postgres(user="postgres")
    with (
        subprocess.Popen(
            [server.programs / "pgbench", "-n", "-T", "60", "postgres"],
            user="postgres",
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
        ) as busy,
        zfstune.quiesced(postgres),
    ):
        taken = zfstune.checkpoint("before", database, engine=engine)
        busy.kill()
    assert {f"{database}{part}@checkpoint-before" for part in ("/data", "/wal")} <= set(
        taken
    )
    assert len({engine.snapshot(name).createtxg for name in taken}) == 1
    assert "START WAL LOCATION" in postgres.label_file
    assert "LABEL: zfstune" in postgres.label_file

    server.ask("DROP TABLE pgbench_accounts")
    server.stop()
    done = zfstune.rollback("before", database, engine=engine)
    assert set(done.done) == {name.partition("@")[0] for name in taken}
    (server.data / "postmaster.pid").unlink(missing_ok=True)
    server.start()
    assert server.ask("SELECT count(*) FROM pgbench_accounts") == "100000"
    assert int(server.ask("SELECT count(*) FROM pgbench_history")) >= 20
    # what was lost is kept: there the table is dropped
    assert engine.exists(f"{done.escape}/{database}/wal")


def test_the_command_holds_it(server: Server) -> None:
    """`snapshot --postgres` holds the server by one session, and lets go."""
    argv = ["zfstune", "snapshot", "-r", server.dataset, "--postgres", "postgres"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 4
    assert server.ask("SELECT pg_is_in_recovery()") == "f"
    server.stop()
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "psql ended with exit status 2" in done.stderr
