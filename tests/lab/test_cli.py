"""The command as a tired administrator types it: output, exit status, no traceback."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest

from zfstune.cli.main import main
from zfstune.values.marks import SNAPSHOT_PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from zfstune.engine.protocol import Engine

    Command = Callable[..., str]

pytestmark = pytest.mark.one_release


class Ran(NamedTuple):
    """What became of a command line."""

    status: int
    out: str
    err: str


def zfstune(line: str) -> Ran:
    """Run a command line in this process; words are divided by spaces."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(line.split(" "))
        except SystemExit as end:  # argparse
            status = end.code if isinstance(end.code, int) else 1
    return Ran(status, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def tank(make_pool: Callable[..., str], command: Command) -> Iterator[str]:
    """Give a pool with logs applied, three snapshots of zfstune's, one by hand."""
    name = make_pool(options=("-O", "mountpoint=none"))
    assert zfstune(f"apply logs --pool {name}").status == 0
    command("zfs", "create", f"{name}/other")
    for _ in range(3):
        assert zfstune(f"snapshot {name}/data/logs {name}/other").status == 0
    command("zfs", "snapshot", f"{name}/data/logs@by-hand")
    yield name
    command("zpool", "destroy", "-f", name)


def test_apply_from_plan_to_nothing_to_do(
    make_pool: Callable[..., str], command: Command
) -> None:
    """Plan --check says 4, apply does it, then plan --check says 0 and apply nothing."""
    pool = make_pool(options=("-O", "mountpoint=none"))
    where = f"--root {pool}/cli --pool {pool}"
    planned = zfstune(f"plan logs images {where} --check")
    assert planned.status == 4
    tried = zfstune(f"apply logs images {where} --dry-run")
    assert (tried.status, tried.out) == (0, planned.out)
    assert "create" not in command("zpool", "history", pool).split("\n", 2)[2]
    assert zfstune(f"plan logs images {where}").status == 0
    asked = json.loads(zfstune(f"plan logs images {where} --json").out)
    applied = zfstune(f"apply logs images {where}")
    assert applied.status == 0
    assert applied.out.startswith(planned.out)
    assert applied.out.endswith(f"done: {len(asked['actions'])} steps\n")
    again = zfstune(f"apply logs images {where}")
    assert again.status == 0
    assert again.out.startswith(f"nothing to do: 2 datasets below {pool}/cli are as logs")
    assert zfstune(f"plan logs images {where} --check").status == 0
    as_json = json.loads(zfstune(f"apply logs images {where} --json").out)
    assert (as_json["pending"], as_json["done"]) == (False, 0)
    override = zfstune(f"apply logs {where} -o quota=1G -o recordsize=64K")
    assert override.status == 0
    size = command("zfs", "get", "-Ho", "value", "recordsize", f"{pool}/cli/logs")
    assert size == "64K\n"
    command("zpool", "destroy", "-f", pool)


def test_snapshot_and_prune(tank: str, command: Command) -> None:
    """Names go to stdout, reports of what stayed to stderr, with exit status 3."""
    command("zfs", "create", f"{tank}/pruned")
    names = [zfstune(f"snapshot {tank}/pruned").out.strip() for _ in range(4)]
    assert all(name.startswith(f"{tank}/pruned@zfstune-") for name in names)
    command("zfs", "hold", "keep", names[0])
    tried = zfstune(f"prune --keep 1 {tank}/pruned -n")
    assert tried.status == 3
    assert f"{tank}/pruned: would destroy 2, kept 2" in tried.out
    assert f"kept '{names[0]}': it is held" in tried.err
    as_json = json.loads(zfstune(f"prune --keep 1 {tank}/pruned -n --json").out)
    actions = {each["name"]: each["action"] for each in as_json["snapshots"]}
    assert list(actions.values()).count("destroy") == 2
    assert all(each["reasons"] for each in as_json["snapshots"])
    done = zfstune(f"prune --keep 1 {tank}/pruned")
    assert (done.status, done.out) == (3, f"{tank}/pruned: destroyed 2, kept 2\n")
    command("zfs", "release", "keep", names[0])
    assert zfstune(f"prune --keep 1 {tank}/pruned").status == 0
    assert zfstune(f"prune --keep 1 {tank}/pruned").out == (
        f"{tank}/pruned: destroyed 0, kept 1\n"
    )


def test_list_agrees_with_zfs(tank: str, command: Command) -> None:
    """-H -p prints what `zfs list` knows of the same columns; --json the same again."""
    rows = [line.split("\t") for line in zfstune(f"list -Hp {tank}").out.splitlines()]
    columns = "name,recordsize,compression,mountpoint"
    listed = command("zfs", "list", "-Hpr", "-o", columns, tank)
    theirs = [line.split("\t") for line in listed.splitlines()]
    assert [[row[0], row[2], row[3], row[6]] for row in rows] == theirs
    assert {row[0]: row[1] for row in rows}[f"{tank}/data/logs"] == "logs"
    found = json.loads(zfstune(f"list {tank} --json").out)["datasets"]
    assert [each["name"] for each in found] == [row[0] for row in rows]
    assert [str(each["recordsize_bytes"]) for each in found] == [row[2] for row in rows]


def test_list_of_snapshots_agrees_with_zfs(tank: str, command: Command) -> None:
    """Snapshots come with the time, the holds and who made them, as zfs list has them."""
    words = f"list -t snapshots -Hp {tank}/data"
    rows = [line.split("\t") for line in zfstune(words).out.splitlines()]
    columns = f"name,creation,referenced,userrefs,{SNAPSHOT_PROPERTY}"
    listed = command(
        "zfs", "list", "-Hprt", "snapshot", "-s", "createtxg", "-o", columns, f"{tank}/data"
    )
    theirs = [line.split("\t") for line in listed.splitlines()]
    assert [row[0] for row in rows] == [row[0] for row in theirs]
    assert [(r[1], r[3], r[4]) for r in rows] == [(t[1], t[2], t[3]) for t in theirs]
    made = ["zfstune" if row[4] == "auto" else "-" for row in theirs]
    assert [row[5] for row in rows] == made
    assert made == ["zfstune", "zfstune", "zfstune", "-"]
    found = json.loads(zfstune(f"list -t snapshots --json {tank}/data").out)["snapshots"]
    assert [each["name"] for each in found] == [row[0] for row in rows]


def test_list_for_people(tank: str) -> None:
    """Without options there is a header, and sizes are short."""
    lines = zfstune(f"list {tank}").out.splitlines()
    assert lines[0].split()[:3] == ["NAME", "PROFILE", "RECORDSIZE"]
    assert any("128K" in line for line in lines)
    assert zfstune(f"list -t snapshots {tank}").out.startswith("NAME")


MISTAKES = [
    # line, status, what stderr says
    ("", 2, "usage: zfstune"),
    ("aply logs", 2, "there is no 'aply': did you mean 'apply'?"),
    ("apply", 2, "PROFILE"),
    ("apply postgre", 1, "cannot load profile 'postgre': there is no such profile"),
    ("apply ../../etc/passwd", 1, "passwd"),
    ("plan logs --pool tnak", 1, "cannot use pool 'tnak': no such pool is imported"),
    ("plan logs --pool {tank}/data", 1, "'{tank}/data'"),
    ("plan logs --root {tank}/data@x", 1, "'{tank}/data@x'"),
    ("plan logs --root {tank}/data/", 1, "'{tank}/data/'"),
    ("plan logs --root nosuch/data", 1, "nosuch"),
    ("plan logs --root {tank}/data --pool other", 1, "it is not in pool 'other'"),
    ("plan logs --pool {tank} -o recordsise=8K", 1, "'recordsise'"),
    ("plan logs --pool {tank} -o recordsize=9K", 1, "recordsize"),
    ("plan logs --pool {tank} -o recordsize", 2, "is not PROPERTY=VALUE"),
    ("plan logs --pool {tank} -o sync=disabled", 1, "--allow-unsafe"),
    ("snapshot", 2, "DATASET"),
    ("snapshot {tank}/none", 1, "'{tank}/none': it does not exist"),
    ("snapshot {tank}/data@x", 1, "'{tank}/data@x'"),
    ("snapshot /data/logs", 1, "'/data/logs'"),
    ("snapshot {tank}/data --name bad/name", 1, "bad/name"),
    ("prune --pool {tank}", 2, "give a rule, as in --keep 48"),
    ("prune {tank}/other", 2, "give a rule, as in --keep 48"),
    ("prune --keep -3 {tank}/other", 2, "-3"),
    ("prune --keep=-3 {tank}/other", 2, "-3"),
    ("prune --keep abc {tank}/other", 2, "abc"),
    ("prune --keep 0 {tank}/other", 2, "--all-of-them"),
    ("prune --keep 1 --match @x {tank}/other", 2, "match"),
    ("prune --keep 1 {tank}/other@x", 1, "'{tank}/other@x'"),
    ("prune --keep 1 {tank}/none", 1, "'{tank}/none': it does not exist"),
    ("prune --keep 1 --pool nosuch", 1, "'nosuch'"),
    ("list nosuch", 1, "'nosuch': it does not exist"),
    ("list {tank}/data/logs@by-hand", 1, "'{tank}/data/logs@by-hand'"),
    ("list -t snapshot:x {tank}", 2, "there is no type 'snapshot:x'"),
]


@pytest.mark.parametrize(("line", "status", "said"), MISTAKES, ids=str)
def test_mistakes(tank: str, line: str, status: int, said: str, command: Command) -> None:
    """Each mistake is named on stderr with the right status, and changes nothing."""
    before = command("zpool", "history", "-i", tank)
    ran = zfstune(line.format(tank=tank)) if line else zfstune("--")
    assert (ran.status, ran.out) == (status, ""), ran.err
    assert said.format(tank=tank) in ran.err
    assert "Traceback" not in ran.err
    if status == 1:
        assert ran.err.startswith("zfstune: cannot ")
    assert command("zpool", "history", "-i", tank) == before


def run(line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell."""
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **more},
    )


def test_closed_pipes_and_plain_output(tank: str) -> None:
    """A reader that leaves, a stdout that is closed, colours unwanted: all the same."""
    left = run(f"zfstune list -H {tank} | true; echo ${{PIPESTATUS[*]}}")
    assert (left.stdout, left.stderr) == ("141 0\n", "")
    closed = run(f"zfstune list {tank} >&-")
    assert (closed.returncode, closed.stderr) == (0, "")
    full = run(f"zfstune list {tank} >/dev/full")
    assert full.returncode == 1
    assert full.stderr == "zfstune: cannot write the output: No space left on device\n"
    plain = run(f"zfstune list {tank}", NO_COLOR="1", TERM="xterm")
    assert plain.returncode == 0
    assert "\x1b" not in plain.stdout


def test_interrupt(tank: str, engine: Engine) -> None:
    """Ctrl-C ends the command after the batch it is at, without a word."""
    top = f"{tank}/stopped"
    names = [top, *(f"{top}/{number}" for number in range(1, 20))]
    each = 21  # eight batches, in which the datasets take turns
    for name in names:
        engine.create(name)
    for number in range(1, each + 1):
        taken = [f"{name}@zfstune-20260101T000000Z-{number}" for name in names]
        engine.take_snapshots(taken, properties={SNAPSHOT_PROPERTY: "auto"})

    def count() -> int:
        return sum(len(engine.snapshots(name)) for name in names)

    child = subprocess.Popen(
        ["zfstune", "prune", "--keep", "1", "-r", top],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    limit = time.monotonic() + 300
    # Asking for one name is quick; a listing could take as long as the whole prune.
    oldest = f"{top}@zfstune-20260101T000000Z-1"
    while engine.exists(oldest) and time.monotonic() < limit:
        time.sleep(0.001)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does
    assert child.communicate(timeout=300) == ("", "")
    assert child.returncode == 130
    left = count()
    assert len(names) < left < each * len(names)
    assert (each * len(names) - left) % 50 == 0
    assert zfstune(f"prune --keep 1 -r {top}").status == 0
    assert count() == len(names)
