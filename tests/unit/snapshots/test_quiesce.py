"""Holding applications still: commands, sessions, and PostgreSQL's own words."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from zfstune.snapshots.quiesce import Commands, Postgres, Session, quiesced
from zfstune.values.errors import HookError

if TYPE_CHECKING:
    from pathlib import Path

PSQL = """\
#!/bin/sh
# Answers as psql does with these separators; each line that it reads is noted down.
echo "args: $*" >> {log}
while read -r line; do
    case $line in
    "SHOW server_version_num;") printf '%s\\n' {version};;
    SELECT\\ pg*start*) printf '0/2000028\\n';;
    SELECT\\ lsn*) printf '0/2000100\\037START WAL\\nLABEL: x\\n\\037\\n';;
    '\\echo') echo;;
    '\\echo '*) echo "${{line#* }}";;
    esac
    echo "$line" >> {log}
done
echo end >> {log}
"""


def fake_psql(folder: Path, version: int = 150004) -> tuple[str, Path]:
    """Write a psql that knows three queries; return its path and that of its log."""
    script, log = folder / "psql", folder / "log"
    script.write_text(PSQL.format(log=log, version=version))
    script.chmod(0o755)
    return os.fspath(script), log


def test_begun_in_order_and_ended_in_reverse() -> None:
    """Each session that began is ended, whatever happens in the block or to the others."""
    said: list[str] = []

    class One:
        def __init__(self, name: str, *, fails: bool = False) -> None:
            self.name, self.fails = name, fails

        def begin(self) -> None:
            if self.fails:
                raise HookError(self.name)
            said.append(f"begin {self.name}")

        def end(self) -> None:
            said.append(f"end {self.name}")

    with quiesced(One("a"), One("b")):
        said.append("snapshot")
    assert said == ["begin a", "begin b", "snapshot", "end b", "end a"]
    said.clear()
    with pytest.raises(HookError, match="c"), quiesced(One("a"), One("c", fails=True)):
        said.append("snapshot")
    assert said == ["begin a", "end a"]
    said.clear()
    with pytest.raises(ZeroDivisionError), quiesced(One("a")):
        raise ZeroDivisionError
    assert said == ["begin a", "end a"]


def test_commands_run_before_and_after(tmp_path: Path) -> None:
    """Their environment has the phase and the given variables; their output is dropped."""
    log = tmp_path / "log"
    line = f"echo noise; echo $ZFSTUNE_PHASE $ZFSTUNE_DATASETS >> {log}"
    with quiesced(Commands(line, line, environ={"ZFSTUNE_DATASETS": "tank/a"})):
        assert log.read_text() == "before tank/a\n"
    assert log.read_text() == "before tank/a\nafter tank/a\n"


def test_a_command_that_fails(tmp_path: Path) -> None:
    """A failure before stops block and command after; a failure after is reported."""
    touched = tmp_path / "touched"
    with (
        pytest.raises(HookError, match="--before 'exit 3' ended with exit status 3"),
        quiesced(Commands("exit 3", f"touch {touched}")),
    ):
        pytest.fail("the block was entered")
    assert not touched.exists()
    with (
        pytest.raises(HookError, match=r"--after .* ended with signal 15"),
        quiesced(Commands(None, "kill -TERM $$")),
    ):
        touched.touch()
    assert touched.exists()


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf"), 1e9])
def test_a_time_that_is_none(limit: float, tmp_path: Path) -> None:
    """No command is run that could not be waited for."""
    touched = tmp_path / "touched"
    with (
        pytest.raises(HookError, match=r"cannot wait .* s for the command --before"),
        quiesced(Commands(f"touch {touched}", timeout_seconds=limit)),
    ):
        pytest.fail("the block was entered")
    assert not touched.exists()


def test_a_command_has_its_time(tmp_path: Path) -> None:
    """A command that takes too long is killed with all that it started."""
    pids = tmp_path / "pids"
    begun = time.monotonic()
    line = f"sleep 50 & echo $! > {pids}; wait"
    with (
        pytest.raises(HookError, match=r"wait any longer .*: 0\.5 s") as late,
        quiesced(Commands(line, timeout_seconds=0.5)),
    ):
        pytest.fail("the block was entered")
    assert "--hook-timeout" in late.value.hint
    assert time.monotonic() - begun < 10
    pid = int(pids.read_text())
    while os.path.exists(f"/proc/{pid}"):  # noqa: PTH110 (a plain name)
        assert time.monotonic() - begun < 20
        time.sleep(0.1)


def test_a_session_is_held_around(tmp_path: Path) -> None:
    """The command is awaited until ready, told to let go, and awaited until its end."""
    log = tmp_path / "log"
    line = f"echo lock >> {log}; echo noise; echo ready; cat; echo unlock >> {log}"
    with quiesced(Session(line)):
        assert log.read_text() == "lock\n"
    assert log.read_text() == "lock\nunlock\n"
    with (
        pytest.raises(HookError, match=r"--hook .* ended with exit status 0"),
        quiesced(Session("echo never")),
    ):
        pytest.fail("the block was entered")
    with (
        pytest.raises(HookError, match="any longer"),
        quiesced(Session("echo ready; cat; sleep 50", timeout_seconds=0.5)),
    ):
        pass


@pytest.mark.parametrize(
    ("version", "start", "stop"),
    [
        (150004, "pg_backup_start('zfstune', true)", "pg_backup_stop(false)"),
        (140009, "pg_start_backup('zfstune', true, false)", "pg_stop_backup(false, false)"),
    ],
)
def test_postgres_by_psql(tmp_path: Path, version: int, start: str, stop: str) -> None:
    """One psql begins and ends the backup, by the names that its release has."""
    path, log = fake_psql(tmp_path, version)
    postgres = Postgres(argv=[path], conninfo="db")
    with quiesced(postgres):
        said = log.read_text()
        assert said.startswith("args: -XqAtw -v ON_ERROR_STOP=1 --dbname=db\n")
        assert f"SELECT {start};" in said
        assert "stop" not in said
    assert f"FROM {stop};" in log.read_text()
    assert log.read_text().endswith("end\n")
    assert log.read_text().count("args:") == 1
    assert (postgres.lsn, postgres.tablespace_map) == ("0/2000100", "")
    assert postgres.label_file == "START WAL\nLABEL: x\n"


def test_postgres_by_psql_fails(tmp_path: Path) -> None:
    """A psql that is missing, ends too early or answers nonsense has its own message."""
    with (
        pytest.raises(HookError, match="cannot run psql: No such file"),
        quiesced(Postgres(argv=[os.fspath(tmp_path / "none")])),
    ):
        pytest.fail("the block was entered")
    with (
        pytest.raises(HookError, match="psql ended with exit status 2"),
        quiesced(Postgres(argv=["/bin/sh", "-c", "exit 2"])),
    ):
        pytest.fail("the block was entered")
    with pytest.raises(HookError, match="letters, digits"):
        Postgres(label="x'; DROP TABLE y; --")
    with pytest.raises(HookError, match="no such user"):
        Postgres(argv=["/bin/true"], user="nobody-of-that-name").begin()


def test_postgres_by_a_connection() -> None:
    """A caller's connection of any driver serves, and stays open."""
    asked: list[str] = []

    class Cursor:
        def execute(self, query: str) -> None:
            asked.append(query)

        def fetchall(self) -> list[tuple[Any, ...]]:
            if "version" in asked[-1]:
                return [("160002",)]
            return [("0/1", "label\n", None)] if "stop" in asked[-1] else [("0/0",)]

        def close(self) -> None:
            asked.append("close")

    class Connection:
        def cursor(self) -> Cursor:
            return Cursor()

    postgres = Postgres(Connection(), label="nightly", fast=False)
    with quiesced(postgres):
        assert asked[2] == "SELECT pg_backup_start('nightly', false)"
    assert (postgres.lsn, postgres.label_file, postgres.tablespace_map) == (
        "0/1",
        "label\n",
        "",
    )
